//! Squares of 200 m over a territory, each with the built area in it: where people live, as far as a map tells.

use crate::geo::{Bbox, Shape};
use std::f64::consts::PI;

/// Side of a square, metres.
pub(super) const SIDE: f64 = 200.0;
/// The built area of a square is felt at so many points along each side: one every 20 m.
pub(super) const PER_SIDE: usize = 10;
/// A territory may take so many squares.
const MOST: usize = 2_000_000;
/// Mean radius of the Earth, metres, as in `geo::mercator::metres`.
const RADIUS: f64 = 6_371_008.8;

/// Metres east and north of a corner. True to scale at one latitude; over a département the error stays under 2 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metres {
    west: f64,
    south: f64,
    /// Metres per degree.
    scale: [f64; 2],
}

impl Metres {
    /// From the south-west corner of a box, to scale at its middle latitude.
    pub fn of(bbox: Bbox) -> Self {
        let north = RADIUS * PI / 180.0;
        let middle = f64::midpoint(bbox.south, bbox.north).to_radians();
        Self { west: bbox.west, south: bbox.south, scale: [north * middle.cos(), north] }
    }

    /// Degrees → metres.
    pub fn to(self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        [(lon - self.west) * self.scale[0], (lat - self.south) * self.scale[1]]
    }

    /// Metres → degrees.
    pub fn from(self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.west + x / self.scale[0], self.south + y / self.scale[1]]
    }
}

/// The built area of a territory, by square.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Its projection.
    pub metres: Metres,
    /// Squares from west to east.
    pub columns: usize,
    /// Squares from south to north.
    pub rows: usize,
    /// How many of the 100 points of each square are built, row by row from the south.
    pub built: Vec<u8>,
    /// Buildings count too; over a large territory residential land alone.
    pub buildings: bool,
}

impl Grid {
    /// Square metres that one point stands for.
    pub const POINT: f64 = (SIDE / PER_SIDE as f64) * (SIDE / PER_SIDE as f64);

    /// Square metres of built area.
    pub fn area(&self) -> f64 {
        self.built.iter().map(|b| f64::from(*b)).sum::<f64>() * Self::POINT
    }

    /// The middle of a square, metres.
    pub fn middle(&self, square: usize) -> [f64; 2] {
        [((square % self.columns) as f64 + 0.5) * SIDE, ((square / self.columns) as f64 + 0.5) * SIDE]
    }

    /// Squares whose middle is at most so many metres from a point, which may lie outside.
    pub fn around(&self, [x, y]: [f64; 2], radius: f64) -> impl Iterator<Item = usize> + '_ {
        let first = |v: f64| (((v - radius) / SIDE - 0.5).ceil().max(0.0)) as usize;
        let last = |v: f64, most: usize| ((((v + radius) / SIDE - 0.5).floor() + 1.0).max(0.0) as usize).min(most);
        let (rows, columns) = (first(y)..last(y, self.rows), first(x)..last(x, self.columns));
        rows.flat_map(move |row| columns.clone().map(move |column| row * self.columns + column)).filter(move |square| {
            let [mx, my] = self.middle(*square);
            (mx - x).powi(2) + (my - y).powi(2) <= radius * radius
        })
    }
}

/// A grid whose built points are being marked.
#[derive(Debug)]
pub struct Marking {
    metres: Metres,
    columns: usize,
    rows: usize,
    /// One bit per point, row by row from the south.
    points: Vec<u64>,
}

impl Marking {
    /// Nothing built yet; none for a territory that is too large, or that crosses the antimeridian and so has a box around the Earth.
    pub fn new(bbox: Bbox) -> Option<Self> {
        let metres = Metres::of(bbox);
        let [width, height] = metres.to([bbox.east, bbox.north]);
        if !(width.is_finite() && height.is_finite()) || width > 4e6 || height > 4e6 {
            return None;
        }
        let (columns, rows) = ((width / SIDE).ceil().max(1.0) as usize, (height / SIDE).ceil().max(1.0) as usize);
        if columns.checked_mul(rows)? > MOST {
            return None;
        }
        let points = columns * rows * PER_SIDE * PER_SIDE;
        Some(Self { metres, columns, rows, points: vec![0; points.div_ceil(64)] })
    }

    /// Marks what lies inside rings (degrees), holes turning the other way. What is marked twice counts once.
    pub fn fill(&mut self, rings: &[Vec<[f64; 2]>]) {
        let step = SIDE / PER_SIDE as f64;
        let rings: Vec<Vec<[f64; 2]>> =
            rings.iter().map(|r| r.iter().map(|p| self.metres.to(*p)).map(|[x, y]| [x / step, y / step]).collect()).collect();
        let ys = || rings.iter().flatten().map(|p| p[1]);
        let (low, high) = (ys().fold(f64::INFINITY, f64::min), ys().fold(f64::NEG_INFINITY, f64::max));
        if !(low.is_finite() && high.is_finite()) {
            return;
        }
        let (wide, tall) = (self.columns * PER_SIDE, self.rows * PER_SIDE);
        let index = |v: f64, most: usize| ((v - 0.5).ceil().max(0.0) as usize).min(most);
        let mut crossings: Vec<(f64, i32)> = Vec::new();
        for row in index(low, tall)..index(high, tall) {
            let y = row as f64 + 0.5;
            crossings.clear();
            for ring in &rings {
                let edges = ring.iter().zip(ring.iter().cycle().skip(1));
                let crossed = edges.filter(|(a, b)| (a[1] <= y) != (b[1] <= y));
                crossings.extend(crossed.map(|(a, b)| (a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]), if a[1] <= y { 1 } else { -1 })));
            }
            crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
            // Parts of one feature may lie over one another: what rings turn around more often than not at all is inside.
            let mut turns = 0;
            for pair in crossings.windows(2) {
                turns += pair[0].1;
                if turns == 0 {
                    continue;
                }
                for column in index(pair[0].0, wide)..index(pair[1].0, wide) {
                    let bit = row * wide + column;
                    self.points[bit / 64] |= 1 << (bit % 64);
                }
            }
        }
    }

    /// Counts the marked points that lie in a shape.
    pub fn count(self, shape: &Shape, buildings: bool) -> Grid {
        let (wide, step) = (self.columns * PER_SIDE, SIDE / PER_SIDE as f64);
        let mut built = vec![0; self.columns * self.rows];
        for (word, bits) in self.points.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            for bit in (0..64).filter(|bit| bits >> bit & 1 == 1) {
                let point = word * 64 + bit;
                let (row, column) = (point / wide, point % wide);
                let [lon, lat] = self.metres.from([(column as f64 + 0.5) * step, (row as f64 + 0.5) * step]);
                if shape.covers(lon, lat) {
                    built[row / PER_SIDE * self.columns + column / PER_SIDE] += 1;
                }
            }
        }
        Grid { metres: self.metres, columns: self.columns, rows: self.rows, built, buildings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{LineString, MultiPolygon, Polygon};

    fn square(metres: Metres, from: f64, to: f64) -> Vec<[f64; 2]> {
        [[from, from], [to, from], [to, to], [from, to]].map(|p| metres.from(p)).to_vec()
    }

    #[test]
    fn built_area_is_that_of_what_was_drawn_once_and_inside() {
        let bbox = Bbox::new(-2.1, 47.6, -2.08, 47.62).unwrap();
        let metres = Metres::of(bbox);
        let whole = Shape::new(MultiPolygon(vec![Polygon::new(bbox.ring(), Vec::new())]));
        let mut marking = Marking::new(bbox).unwrap();
        // 400 m × 400 m with a hole of 200 m × 200 m, drawn twice.
        for _ in 0..2 {
            let hole: Vec<[f64; 2]> = square(metres, 200.0, 400.0).into_iter().rev().collect();
            // A part of the same feature over it fills nothing twice and cuts nothing out.
            marking.fill(&[square(metres, 0.0, 400.0), hole, square(metres, 0.0, 200.0)]);
        }
        let grid = marking.count(&whole, true);
        assert_eq!(grid.area(), 400.0 * 400.0 - 200.0 * 200.0);
        assert_eq!((grid.built[0], grid.built[1], grid.built[grid.columns], grid.built[grid.columns + 1]), (100, 100, 100, 0));
        // Only what the shape covers counts.
        let [east, north] = metres.from([100.0, 5000.0]);
        let strip = LineString::from(vec![[-2.1, 47.6], [east, 47.6], [east, north], [-2.1, north], [-2.1, 47.6]]);
        let mut marking = Marking::new(bbox).unwrap();
        marking.fill(&[square(metres, 0.0, 400.0)]);
        assert_eq!(marking.count(&Shape::new(MultiPolygon(vec![Polygon::new(strip, Vec::new())])), true).area(), 100.0 * 400.0);
    }

    #[test]
    fn squares_around_a_point_are_those_within_the_radius() {
        let bbox = Bbox::new(2.0, 48.0, 2.05, 48.03).unwrap();
        let whole = Shape::new(MultiPolygon(vec![Polygon::new(bbox.ring(), Vec::new())]));
        let grid = Marking::new(bbox).unwrap().count(&whole, true);
        for point in [[0.0, 0.0], [777.0, 1234.0], [-300.0, 100.0], [3600.0, 3300.0], [9e6, -9e6]] {
            let found: Vec<usize> = grid.around(point, 500.0).collect();
            let near = |s: &usize| grid.middle(*s).iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum::<f64>() <= 250_000.0;
            let slow: Vec<usize> = (0..grid.built.len()).filter(near).collect();
            assert_eq!(found, slow, "{point:?}");
        }
    }

    #[test]
    fn a_box_around_the_earth_has_no_grid() {
        assert!(Marking::new(Bbox::new(-180.0, -20.0, 180.0, -10.0).unwrap()).is_none());
        assert!(Marking::new(Bbox::new(2.0, 48.0, 2.0, 48.0).unwrap()).is_some());
    }
}
