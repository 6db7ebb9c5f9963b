//! The base map of territories that came as contours alone: their limits and names, so that a map without an extract is never blank.

use super::attributes::Interned;
use super::schema::{Shape as Drawn, schema};
use super::slice::Slicer;
use super::sorter::{Batch, Sorter};
use super::{BuildError, Built, write};
use crate::geo::Bbox;
use crate::osm::{Feature, Shape, Shared, Tags};
use geo::{BoundingRect, CoordsIter, MultiPolygon};
use std::path::Path;

/// Deepest zoom: limits alone need no more, and the tiles of a whole country stay few.
const DEEPEST: u8 = 11;
/// Pieces kept in memory before they go to disk, bytes.
const PIECES: usize = 128 << 20;
/// Contours that are cut before their pieces are handed on.
const AT_ONCE: usize = 256;

/// A territory to draw.
#[derive(Debug, Clone)]
pub struct Contour {
    /// One of `model::field::TERRITORY_KINDS`.
    pub kind: String,
    /// As written on the map.
    pub name: String,
    /// Inhabitants.
    pub population: Option<u64>,
    /// Degrees.
    pub area: MultiPolygon<f64>,
}

/// Builds an archive of limits and names at `out`, like [`super::build`].
///
/// # Errors
/// [`BuildError`] when the disk refuses.
pub fn build_contours(contours: &[Contour], out: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Built, BuildError> {
    let mut window = Bbox::EMPTY;
    for rect in contours.iter().filter_map(|c| c.area.bounding_rect()) {
        window.add(rect.min().x, rect.min().y);
        window.add(rect.max().x, rect.max().y);
    }
    if window.is_empty() {
        window = Bbox { west: -180.0, south: -85.0, east: 180.0, north: 85.0 };
    }
    let shared = Shared::new(contours.iter().map(|c| c.area.coords_count()).sum());
    for line in contours.iter().flat_map(|c| &c.area.0).flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())) {
        line.0.iter().skip(1).for_each(|c| shared.count([c.x, c.y]));
    }
    let (sorter, attributes) = (Sorter::new(out, PIECES), Interned::default());
    let total = contours.len() as u64;
    {
        let slicer = Slicer::new(&sorter, &attributes, &window, DEEPEST);
        for (i, some) in contours.chunks(AT_ONCE).enumerate() {
            let mut batch = Batch::default();
            for (j, contour) in some.iter().enumerate() {
                draw(&slicer, &mut batch, (i * AT_ONCE + j) as i64, contour, &shared);
            }
            sorter.add(batch);
            progress(((i * AT_ONCE) as u64).min(total), total * 2);
        }
    }
    let sets = attributes.into_sets();
    let built =
        write::archive(sorter.finish()?, &sets, &window, DEEPEST, out, &mut |part| progress(total + (part * total as f64) as u64, total * 2))?;
    progress(total * 2, total * 2);
    Ok(built)
}

/// The limit as a line, and the name as OpenStreetMap would have it: a region's on its area, a commune's as a place.
fn draw(slicer: &Slicer<'_>, batch: &mut Batch, id: i64, contour: &Contour, shared: &Shared) {
    let limit = level(&contour.kind).map(|level| Tags::from_pairs([("boundary", "administrative".into()), ("admin_level", level.into())]));
    let limit = limit.map(|tags| tags.with("name", &contour.name));
    let place = place(contour).map(|kind| Tags::from_pairs([("place", kind.into()), ("name", contour.name.clone())]));
    let place = place.map(|tags| contour.population.iter().fold(tags, |tags, n| tags.with("population", &n.to_string())));
    for tags in limit.iter().chain(&place) {
        let feature = Feature { id, tags, shape: Shape::Area(contour.area.clone()) };
        for fit in schema().fits(tags) {
            if schema().layers[usize::from(fit.layer)].draws(Drawn::Line) {
                slicer.outline(batch, fit, &feature, &contour.area, shared);
            } else {
                slicer.slice(batch, &[fit], &feature, Some(shared));
            }
        }
    }
}

/// `admin_level` of a kind of territory in France (<https://wiki.openstreetmap.org/wiki/Tag:boundary%3Dadministrative>).
fn level(kind: &str) -> Option<&'static str> {
    match kind {
        "country" => Some("2"),
        "region" => Some("4"),
        "departement" => Some("6"),
        "epci" => Some("7"),
        "commune" => Some("8"),
        _ => None,
    }
}

/// What a commune or quartier is as a place; the numbers are those at which OpenStreetMap's mappers in France change the word.
fn place(contour: &Contour) -> Option<&'static str> {
    match (contour.kind.as_str(), contour.population.unwrap_or(0)) {
        ("commune", 100_000..) => Some("city"),
        ("commune", 10_000..) => Some("town"),
        ("commune", _) => Some("village"),
        ("quartier", _) => Some("quarter"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(kind: &str, name: &str, west: f64, population: Option<u64>) -> Contour {
        let ring: Vec<[f64; 2]> =
            (0..=20).map(|i| [west + f64::from(i) / 20.0, 45.0]).chain((0..=20).rev().map(|i| [west + f64::from(i) / 20.0, 46.0])).collect();
        let area = MultiPolygon(vec![geo::Polygon::new(geo::LineString::from(ring), Vec::new())]);
        Contour { kind: kind.into(), name: name.into(), population, area }
    }

    #[test]
    fn contours_alone_give_limits_and_names_from_the_first_zooms() {
        let folder = std::env::temp_dir().join(format!("bouillon-contours-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let out = folder.join("x.pmtiles");
        let contours = [square("commune", "Ici", 1.0, Some(120_000)), square("commune", "Là", 2.0, None), square("region", "Tout", 1.0, None)];
        let built = build_contours(&contours, &out, &mut |_, _| {}).unwrap();
        assert!(built.tiles > 80 && built.largest < 5000, "{built:?}");
        assert_eq!(build_contours(&[], &out, &mut |_, _| {}).unwrap().tiles, 0);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
