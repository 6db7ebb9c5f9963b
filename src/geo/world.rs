//! The world as an integer grid: 2^32 columns and rows of the Mercator square, and their Morton codes, so that every tile is one range.

use super::bbox::Bbox;
use super::mercator::{TileId, project};

/// A point on the grid: units of 1/2^32 of the world's side (under a centimetre), x to the east, y to the south.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct World {
    /// Column.
    pub x: u32,
    /// Row.
    pub y: u32,
}

impl World {
    /// The grid point that holds a position in degrees; the poles and the antimeridian fall on the grid's edge.
    pub fn at(lon: f64, lat: f64) -> Self {
        let [x, y] = project(lon, lat);
        // The conversion saturates, so 180° east is the last column and not a column outside the world.
        let unit = |v: f64| (v * 4_294_967_296.0) as u32;
        Self { x: unit(x), y: unit(y) }
    }

    /// Morton code: the bits of x and y interleaved, so that the points of a tile of any zoom are neighbours.
    pub fn code(self) -> u64 {
        spread(self.x) | (spread(self.y) << 1)
    }

    /// The grid point of a Morton code.
    pub fn from_code(code: u64) -> Self {
        Self { x: squeeze(code), y: squeeze(code >> 1) }
    }

    /// West and north edge of the grid square, degrees.
    pub fn degrees(self) -> [f64; 2] {
        super::mercator::unproject(f64::from(self.x) / 4_294_967_296.0, f64::from(self.y) / 4_294_967_296.0)
    }

    /// The tile of a zoom (0 to 31) that holds the point.
    pub fn tile(self, z: u8) -> TileId {
        let shift = |v: u32| v.checked_shr(32 - u32::from(z)).unwrap_or(0);
        TileId { z, x: shift(self.x), y: shift(self.y) }
    }
}

/// First and last Morton code of a tile (zoom 0 to 31).
pub fn codes(tile: TileId) -> (u64, u64) {
    let free = 64 - 2 * u32::from(tile.z);
    let first = World { x: tile.x, y: tile.y }.code().checked_shl(free).unwrap_or(0);
    (first, first | 1_u64.checked_shl(free).unwrap_or(0).wrapping_sub(1))
}

/// The tile of a zoom that a Morton code lies in, as a number: the code's first 2·z bits.
pub fn tile_number(code: u64, z: u8) -> u64 {
    code.checked_shr(64 - 2 * u32::from(z)).unwrap_or(0)
}

/// A box on the grid: tells of most points without their degrees whether they lie inside.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    low: World,
    high: World,
}

impl Window {
    /// The box of some degrees.
    pub fn new(bbox: Bbox) -> Self {
        Self { low: World::at(bbox.west, bbox.north), high: World::at(bbox.east, bbox.south) }
    }

    /// Whether a point lies inside; none when it is so near the edge that only its degrees can tell.
    pub fn holds(&self, p: World) -> Option<bool> {
        let (low, high) = (self.low, self.high);
        // Rounding may move a point by one row; the grid's own edge holds all that lies beyond, so that degrees must tell there too.
        let inside = low.x < p.x && p.x < high.x && low.y.saturating_add(1) < p.y && p.y < high.y.saturating_sub(1);
        let near = low.x <= p.x && p.x <= high.x && low.y <= p.y.saturating_add(1) && p.y <= high.y.saturating_add(1);
        if inside {
            Some(true)
        } else if near {
            None
        } else {
            Some(false)
        }
    }
}

/// Ranges of Morton codes, ascending and apart, that together hold every point of a box; they hold others too, so the caller checks each point.
pub fn cover(bbox: Bbox) -> Vec<(u64, u64)> {
    if bbox.is_empty() {
        return Vec::new();
    }
    let (a, b) = (World::at(bbox.west, bbox.north), World::at(bbox.east, bbox.south));
    // One row more on each side: the projection's rounding may put a point on the edge one row further.
    let (top, bottom) = (a.y.saturating_sub(1), b.y.saturating_add(1));
    let side = (b.x - a.x).max(bottom - top);
    // The deepest zoom at which the box spans at most five tiles each way.
    let z = (side.leading_zeros() + 2).min(24) as u8;
    let drop = 32 - u32::from(z);
    let mut ranges: Vec<(u64, u64)> =
        (top >> drop..=bottom >> drop).flat_map(|y| (a.x >> drop..=b.x >> drop).map(move |x| codes(TileId { z, x, y }))).collect();
    ranges.sort_unstable();
    ranges.dedup_by(|next, last| {
        let touches = next.0 == last.1.wrapping_add(1);
        if touches {
            last.1 = next.1;
        }
        touches
    });
    ranges
}

/// Puts a zero before every bit.
fn spread(v: u32) -> u64 {
    let mut v = u64::from(v);
    v = (v | v << 16) & 0x0000_ffff_0000_ffff;
    v = (v | v << 8) & 0x00ff_00ff_00ff_00ff;
    v = (v | v << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    v = (v | v << 2) & 0x3333_3333_3333_3333;
    (v | v << 1) & 0x5555_5555_5555_5555
}

/// Takes every second bit.
fn squeeze(v: u64) -> u32 {
    let mut v = v & 0x5555_5555_5555_5555;
    v = (v | v >> 1) & 0x3333_3333_3333_3333;
    v = (v | v >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    v = (v | v >> 4) & 0x00ff_00ff_00ff_00ff;
    v = (v | v >> 8) & 0x0000_ffff_0000_ffff;
    (v | v >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_its_point_are_the_same_thing() {
        for (lon, lat) in [(0.0, 0.0), (-2.08, 47.65), (180.0, -90.0), (-180.0, 90.0), (179.999_999_9, 12.0)] {
            let point = World::at(lon, lat);
            assert_eq!(World::from_code(point.code()), point);
            for z in 0..=25 {
                assert_eq!(point.tile(z), TileId::at(z, lon, lat), "{lon} {lat} at {z}");
                let (first, last) = codes(point.tile(z));
                assert!((first..=last).contains(&point.code()));
                assert_eq!(tile_number(first, z), tile_number(last, z));
                assert_eq!(tile_number(first, z), tile_number(point.code(), z));
            }
        }
        assert_eq!(World::at(180.0, -90.0), World { x: u32::MAX, y: u32::MAX });
        assert_eq!(World::at(-180.0, 90.0), World { x: 0, y: 0 });
    }

    #[test]
    fn the_ranges_of_a_box_hold_its_corners_and_stay_few() {
        for (w, s, e, n) in [
            (-180.0, -90.0, 180.0, 90.0),
            (-2.1, 47.6, -2.0, 47.7),
            (1.0, 1.0, 1.0, 1.0),
            (-180.0, 89.0, -179.0, 90.0),
            (-0.001, -0.001, 0.001, 0.001),
        ] {
            let ranges = cover(Bbox { west: w, south: s, east: e, north: n });
            assert!(!ranges.is_empty() && ranges.len() <= 36, "{}", ranges.len());
            assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
            for (lon, lat) in [(w, s), (w, n), (e, s), (e, n), (f64::midpoint(w, e), f64::midpoint(s, n))] {
                let code = World::at(lon, lat).code();
                assert!(ranges.iter().any(|(a, b)| (*a..=*b).contains(&code)), "{lon} {lat}");
                assert_ne!(Window::new(Bbox { west: w, south: s, east: e, north: n }).holds(World::at(lon, lat)), Some(false));
            }
        }
    }
}
