//! Features → pieces of tiles: which zooms, simplified, cut, encoded, ready to be sorted.

use super::attributes::Interned;
use super::schema::{Fit, Layer, Shape as Drawn, schema};
use super::sorter::{Batch, Sorter};
use crate::geo::grid::{Cell, Cut, EXTENT, simplify, simplify_ring, snap, tiles, twice_area};
use crate::geo::mercator::project;
use crate::geo::{Bbox, TileId, valid};
use crate::osm::{Feature, Shape, Shared, Sink, Tags, Wanted};
use crate::tiles::mvt::geometry;
use geo::{Area, Centroid, InteriorPoint, Intersects, MultiPolygon, Polygon};
use std::ops::RangeInclusive;

/// What lines and areas keep beyond the edge of their tile, so that strokes meet: 8 pixels of 512.
const BUFFER: i32 = 64;
/// Cells to a pixel of a 512 pixel tile.
const PIXEL: i32 = EXTENT / 512;
/// Simplification below the deepest zoom: half a pixel.
const TOLERANCE: f64 = PIXEL as f64 / 2.0;
/// At the deepest zoom only what the grid itself blurs.
const FINEST: f64 = 0.6;
/// Holes below the deepest zoom must have this many square pixels.
const HOLE: i64 = 3;

/// Takes features and hands their pieces to the sorter.
pub(super) struct Slicer<'a> {
    pub(super) sorter: &'a Sorter,
    pub(super) attributes: &'a Interned,
    /// Columns and rows per zoom.
    windows: Vec<(RangeInclusive<i32>, RangeInclusive<i32>)>,
    /// The archive's deepest zoom.
    deepest: u8,
}

impl<'a> Slicer<'a> {
    /// Only tiles that touch the window are made.
    pub(super) fn new(sorter: &'a Sorter, attributes: &'a Interned, window: &Bbox, deepest: u8) -> Self {
        let windows = (0..=deepest).map(|z| {
            let (nw, se) = (TileId::at(z, window.west, window.north), TileId::at(z, window.east, window.south));
            (nw.x as i32..=se.x as i32, nw.y as i32..=se.y as i32)
        });
        Self { sorter, attributes, windows: windows.collect(), deepest }
    }

    fn tolerance(&self, zoom: u8) -> f64 {
        if zoom == self.deepest { FINEST } else { TOLERANCE }
    }

    /// Cuts the edges of an area as lines of a layer; where areas share an edge both give the same points.
    pub(super) fn outline(&self, batch: &mut Batch, fit: Fit, feature: &Feature<'_>, area: &MultiPolygon<f64>, shared: &Shared) {
        let layer = &schema().layers[usize::from(fit.layer)];
        let attributes = self.attributes.intern(&layer.attributes(fit.rule, feature.tags, || 0.0));
        for line in area.0.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())) {
            let ring = Ring::new(&line.0, Some(shared));
            for zoom in layer.zoom(fit.rule)..=self.deepest {
                let Some(cells) = ring.cells(zoom, self.tolerance(zoom), true) else { continue };
                let (columns, rows) = &self.windows[usize::from(zoom)];
                tiles(&[cells], Cut::Lines, BUFFER, columns, rows, &mut |column, row, parts| {
                    let rank = rank(fit, u32::from(fit.rule), feature.id);
                    batch.add(tile(zoom, column, row), rank, attributes, geometry::LINE, |out| geometry::lines(out, parts, corner(column, row)));
                });
            }
        }
    }

    /// Cuts one feature for all layers that it fits, or for the one layer that is named.
    pub(super) fn slice(&self, batch: &mut Batch, fits: &[Fit], feature: &Feature<'_>, shared: Option<&Shared>) {
        for fit in fits {
            let layer = &schema().layers[usize::from(fit.layer)];
            match &feature.shape {
                Shape::Point(at) if layer.draws(Drawn::Point) || layer.draws(Drawn::Label) => {
                    self.label(batch, *fit, layer, feature, *at, 0.0);
                }
                Shape::Line(line) if layer.draws(Drawn::Line) => self.line(batch, *fit, layer, feature, line),
                Shape::Area(area) if layer.draws(Drawn::Area) => self.area(batch, *fit, layer, feature, area, shared),
                Shape::Area(area) if layer.draws(Drawn::Label) => {
                    if let Some(at) = label_point(area) {
                        self.label(batch, *fit, layer, feature, at, square_metres(area));
                    }
                }
                _ => {}
            }
        }
    }

    fn label(&self, batch: &mut Batch, fit: Fit, layer: &Layer, feature: &Feature<'_>, at: [f64; 2], ground: f64) {
        let attributes = layer.attributes(fit.rule, feature.tags, || ground);
        let weight = attributes.iter().find_map(|(key, value)| value.number().filter(|_| *key == "population")).unwrap_or(0);
        let attributes = self.attributes.intern(&attributes);
        let unit = project(at[0], at[1]);
        for zoom in layer.zoom(fit.rule)..=self.deepest {
            let [x, y] = snap(&[unit], zoom)[0];
            let pixel = metres_to_pixel(zoom, at[1]);
            if ground > 0.0 && zoom < self.deepest && ground / (pixel * pixel) < f64::from(layer.min_area) {
                continue;
            }
            let (column, row) = (x.div_euclid(EXTENT), y.div_euclid(EXTENT));
            let (columns, rows) = &self.windows[usize::from(zoom)];
            if columns.contains(&column) && rows.contains(&row) {
                let rank = rank(fit, u32::MAX - weight.min(u64::from(u32::MAX)) as u32, feature.id);
                batch.add(tile(zoom, column, row), rank, attributes, geometry::POINT, |out| {
                    geometry::point(out, [x - column * EXTENT, y - row * EXTENT]);
                });
            }
        }
    }

    fn line(&self, batch: &mut Batch, fit: Fit, layer: &Layer, feature: &Feature<'_>, line: &[[f64; 2]]) {
        let unit: Vec<[f64; 2]> = line.iter().map(|[lon, lat]| project(*lon, *lat)).collect();
        let mut attributes = None;
        for zoom in layer.zoom(fit.rule)..=self.deepest {
            let cells = simplify(&snap(&unit, zoom), self.tolerance(zoom), |_| false);
            if cells.len() < 2 {
                continue;
            }
            let attributes = *attributes.get_or_insert_with(|| self.attributes.intern(&layer.attributes(fit.rule, feature.tags, || 0.0)));
            let (columns, rows) = &self.windows[usize::from(zoom)];
            tiles(&[cells], Cut::Lines, BUFFER, columns, rows, &mut |column, row, parts| {
                let rank = rank(fit, u32::from(fit.rule), feature.id);
                batch.add(tile(zoom, column, row), rank, attributes, geometry::LINE, |out| geometry::lines(out, parts, corner(column, row)));
            });
        }
    }

    fn area(&self, batch: &mut Batch, fit: Fit, layer: &Layer, feature: &Feature<'_>, area: &MultiPolygon<f64>, shared: Option<&Shared>) {
        let ground = square_metres(area);
        let attributes = self.attributes.intern(&layer.attributes(fit.rule, feature.tags, || ground));
        for polygon in &area.0 {
            let rings: Vec<Ring> = std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(|line| Ring::new(&line.0, shared)).collect();
            let size = twice_area(&snap(&rings[0].unit, self.deepest)).unsigned_abs() / 2;
            let rank = rank(fit, u32::MAX - (size >> 4).min(u64::from(u32::MAX)) as u32, feature.id);
            for zoom in layer.zoom(fit.rule)..=self.deepest {
                let least = if zoom == self.deepest { 0 } else { u64::from(layer.min_area) * (PIXEL * PIXEL) as u64 };
                if (size >> (2 * (self.deepest - zoom))) < least {
                    continue;
                }
                let cells = polygon_cells(&rings, zoom, self.tolerance(zoom));
                let (columns, rows) = &self.windows[usize::from(zoom)];
                tiles(&cells, Cut::Rings, BUFFER, columns, rows, &mut |column, row, parts| {
                    for polygon in valid::polygons(parts) {
                        batch.add(tile(zoom, column, row), rank, attributes, geometry::POLYGON, |out| {
                            geometry::polygon(out, &polygon, corner(column, row));
                        });
                    }
                });
            }
        }
    }
}

impl Sink for Slicer<'_> {
    type Block = Batch;

    fn wants(&self, tags: &Tags<'_>) -> Wanted {
        let mut wanted = Wanted::default();
        for fit in schema().fits(tags) {
            let layer = &schema().layers[usize::from(fit.layer)];
            wanted.point |= layer.draws(Drawn::Point) || layer.draws(Drawn::Label);
            wanted.line |= layer.draws(Drawn::Line);
            wanted.area |= layer.draws(Drawn::Area) || layer.draws(Drawn::Label);
        }
        wanted
    }

    fn take(&self, batch: &mut Batch, feature: &Feature<'_>, shared: &Shared) {
        self.slice(batch, &schema().fits(feature.tags), feature, Some(shared));
    }

    fn done(&self, batch: Batch) {
        self.sorter.add(batch);
    }
}

/// A ring on the unit square, and where other polygons begin or end to share its edge.
struct Ring {
    unit: Vec<[f64; 2]>,
    anchors: Vec<bool>,
}

impl Ring {
    fn new(line: &[geo::Coord<f64>], shared: Option<&Shared>) -> Self {
        let unit = line.iter().map(|c| project(c.x, c.y)).collect();
        let Some(shared) = shared else { return Self { unit, anchors: vec![false; line.len()] } };
        let counts: Vec<u8> = line.iter().map(|c| shared.of([c.x, c.y])).collect();
        let open = counts.len().saturating_sub(1).max(1);
        let anchors = (0..counts.len()).map(|i| {
            let (i, before, after) = (i % open, (i % open + open - 1) % open, (i % open + 1) % open);
            counts[i] != counts[before] || counts[i] != counts[after]
        });
        Self { unit, anchors: anchors.collect() }
    }

    /// On the grid of a zoom, simplified; wound as asked, since rounding may turn a thin ring round.
    fn cells(&self, zoom: u8, tolerance: f64, outer: bool) -> Option<Vec<Cell>> {
        let side = f64::from(EXTENT) * f64::from(1_u32 << zoom);
        let (mut cells, mut anchors): (Vec<Cell>, Vec<bool>) = (Vec::with_capacity(self.unit.len()), Vec::new());
        for ([x, y], anchor) in self.unit.iter().zip(&self.anchors) {
            let cell = [(x * side).round() as i32, (y * side).round() as i32];
            if cells.last() == Some(&cell) {
                // Where points fall together, one anchor among them is enough.
                *anchors.last_mut()? |= anchor;
            } else {
                cells.push(cell);
                anchors.push(*anchor);
            }
        }
        let mut ring = simplify_ring(&cells, tolerance, |i| anchors[i])?;
        if (twice_area(&ring) > 0) != outer {
            ring.reverse();
        }
        Some(ring)
    }
}

/// The rings of a polygon at a zoom; empty when its outer ring is gone.
fn polygon_cells(rings: &[Ring], zoom: u8, tolerance: f64) -> Vec<Vec<Cell>> {
    let Some(outer) = rings.first().and_then(|ring| ring.cells(zoom, tolerance, true)) else { return Vec::new() };
    let least = if tolerance == FINEST { 1 } else { 2 * HOLE * i64::from(PIXEL * PIXEL) };
    let holes = rings[1..].iter().filter_map(|ring| ring.cells(zoom, tolerance, false)).filter(|ring| -twice_area(ring) >= least);
    std::iter::once(outer).chain(holes).collect()
}

/// The place of a feature in its tile: layer, then weight (larger areas and greater towns first), then a number that keeps builds alike.
fn rank(fit: Fit, weight: u32, id: i64) -> u64 {
    u64::from(fit.layer) << 56 | u64::from(weight) << 24 | (id as u64 & 0xFF_FFFF)
}

fn corner(column: i32, row: i32) -> Cell {
    [column * EXTENT, row * EXTENT]
}

fn tile(zoom: u8, column: i32, row: i32) -> TileId {
    TileId { z: zoom, x: column as u32, y: row as u32 }
}

/// Side of a pixel of a 512 pixel tile, metres.
fn metres_to_pixel(zoom: u8, latitude: f64) -> f64 {
    40_075_016.7 * latitude.to_radians().cos() / (512.0 * f64::from(1_u32 << zoom))
}

fn square_metres(area: &MultiPolygon<f64>) -> f64 {
    let of = |p: &Polygon<f64>| p.unsigned_area() * p.exterior().0.first().map_or(0.0, |c| c.y.to_radians().cos());
    area.0.iter().map(of).sum::<f64>() * 111_195.0 * 111_195.0
}

/// Where an area's name stands: its middle when that is inside, else a point that is.
fn label_point(area: &MultiPolygon<f64>) -> Option<[f64; 2]> {
    let largest = area.0.iter().max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()))?;
    let point = largest.centroid().filter(|p| largest.intersects(p)).or_else(|| largest.interior_point())?;
    Some([point.x(), point.y()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Coord;
    use std::collections::HashSet;

    /// A border of many corners from (0, 0) to (0, 1), never straight.
    fn border() -> Vec<[f64; 2]> {
        (0..=400).map(|i| [f64::from(i * 7919 % 97) / 20_000.0, f64::from(i) / 400.0]).collect()
    }

    fn ring(points: &[[f64; 2]]) -> Vec<Coord<f64>> {
        points.iter().chain(points.first()).map(|[x, y]| Coord { x: *x, y: *y }).collect()
    }

    #[test]
    fn two_areas_that_share_a_border_share_it_at_every_zoom() {
        let there = border();
        let mut west: Vec<[f64; 2]> = there.clone();
        west.extend([[-1.0, 1.0], [-1.0, 0.0]]);
        let mut east: Vec<[f64; 2]> = there.iter().rev().copied().collect();
        east.extend([[1.0, 0.0], [1.0, 1.0]]);
        // Each begins elsewhere, and one of them is wound the other way.
        west.rotate_left(123);
        east.rotate_left(300);
        east.reverse();
        let (west, east) = (ring(&west), ring(&east));
        let shared = Shared::new(1000);
        west.iter().skip(1).chain(east.iter().skip(1)).for_each(|c| shared.count([c.x, c.y]));
        let cells = |line: &[Coord<f64>], zoom: u8, tolerance: f64| -> HashSet<Cell> {
            Ring::new(line, Some(&shared)).cells(zoom, tolerance, true).unwrap().into_iter().collect()
        };
        for zoom in 6..=14 {
            let side = f64::from(EXTENT) * f64::from(1_u32 << zoom);
            let on_border: HashSet<Cell> =
                there.iter().map(|[lon, lat]| project(*lon, *lat)).map(|[x, y]| [(x * side).round() as i32, (y * side).round() as i32]).collect();
            let (a, b) = (cells(&west, zoom, TOLERANCE), cells(&east, zoom, TOLERANCE));
            let (a, b): (HashSet<_>, HashSet<_>) = (a.intersection(&on_border).copied().collect(), b.intersection(&on_border).copied().collect());
            assert_eq!(a, b, "zoom {zoom}");
            assert!(zoom > 7 || a.len() < 200, "something is left out at zoom {zoom}: {}", a.len());
        }
    }

    #[test]
    fn a_name_stands_inside_its_area() {
        let horseshoe = [[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [6.0, 9.0], [6.0, 2.0], [3.0, 2.0], [3.0, 9.0], [0.0, 9.0]];
        let area = MultiPolygon(vec![Polygon::new(geo::LineString(ring(&horseshoe)), Vec::new())]);
        let [x, y] = label_point(&area).unwrap();
        assert!(area.intersects(&geo::Point::new(x, y)));
    }
}
