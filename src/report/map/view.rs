//! What a drawing shows of the world: a rectangle of the Mercator square in CSS pixels.

use crate::geo::mercator::{MAX_ZOOM, project, unproject};
use crate::geo::{Bbox, TileId};

/// A box of degrees that a map shows; one that crosses the antimeridian has its west after its east.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Longitude of the left edge.
    pub west: f64,
    /// Latitude of the lower edge.
    pub south: f64,
    /// Longitude of the right edge.
    pub east: f64,
    /// Latitude of the upper edge.
    pub north: f64,
}

/// Why four numbers are no extent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadExtent {
    /// Not four numbers.
    #[error("an extent is four numbers: west,south,east,north")]
    Shape,
    /// A number is not finite or not on Earth.
    #[error("longitudes go from -180 to 180 and latitudes from -90 to 90")]
    Range,
    /// South is not under north, or west is east.
    #[error("the extent is empty: south must be under north, and west must not be east")]
    Empty,
}

impl Extent {
    /// Reads `west,south,east,north`.
    ///
    /// # Errors
    /// [`BadExtent`].
    pub fn parse(text: &str) -> Result<Self, BadExtent> {
        let numbers: Vec<f64> = text.split(',').map(|part| part.trim().parse()).collect::<Result<_, _>>().map_err(|_| BadExtent::Shape)?;
        let [west, south, east, north] = numbers[..] else { return Err(BadExtent::Shape) };
        if ![west, east].iter().all(|x| x.abs() <= 180.0) || ![south, north].iter().all(|y| y.abs() <= 90.0) {
            return Err(BadExtent::Range);
        }
        if south >= north || west == east {
            return Err(BadExtent::Empty);
        }
        Ok(Self { west, south, east, north })
    }
}

impl From<Bbox> for Extent {
    fn from(b: Bbox) -> Self {
        Self { west: b.west, south: b.south, east: b.east, north: b.north }
    }
}

/// The rectangle, in units of the Mercator square; it may go beyond its right edge, where the world begins again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Left edge, 0 to 1.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Size of a CSS pixel.
    pub pixel: f64,
    /// CSS pixels.
    pub width: f64,
    /// CSS pixels.
    pub height: f64,
}

/// The deepest that a map of one point is drawn, zoom of 512-pixel tiles.
const DEEPEST: f64 = 17.0;

impl View {
    /// The smallest view of this size that shows all of an extent, in its middle.
    pub fn of(extent: Extent, width: f64, height: f64) -> Self {
        let ([left, top], [mut right, bottom]) = (project(extent.west, extent.north), project(extent.east, extent.south));
        if extent.east < extent.west {
            right += 1.0;
        }
        let deepest = 1.0 / (512.0 * DEEPEST.exp2());
        // Nothing is to be seen beyond the world once around.
        let pixel = ((right - left) / width).max((bottom - top) / height).max(deepest).min(1.0 / width);
        let view = Self {
            left: f64::midpoint(left, right) - pixel * width / 2.0,
            top: f64::midpoint(top, bottom) - pixel * height / 2.0,
            pixel,
            width,
            height,
        };
        Self { left: view.left.rem_euclid(1.0), ..view }
    }

    /// One tile, drawn with a side of so many CSS pixels.
    pub fn tile(tile: TileId, side: f64) -> Self {
        let count = f64::from(tile.z).exp2();
        Self { left: f64::from(tile.x) / count, top: f64::from(tile.y) / count, pixel: 1.0 / (count * side), width: side, height: side }
    }

    /// The zoom whose 512-pixel tiles have this scale.
    pub fn zoom(&self) -> f64 {
        (1.0 / (512.0 * self.pixel)).log2()
    }

    /// Pixels from the upper left corner to a position in degrees; the copy of the world that is nearest to the middle.
    pub fn place(&self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        let [x, y] = project(lon, lat);
        let middle = self.left + self.pixel * self.width / 2.0;
        let x = x + (middle - x).round();
        [(x - self.left) / self.pixel, (y - self.top) / self.pixel]
    }

    /// Whether a place in pixels lies in it.
    pub fn holds(&self, [x, y]: [f64; 2]) -> bool {
        (0.0..=self.width).contains(&x) && (0.0..=self.height).contains(&y)
    }

    /// The position of a place in pixels, degrees.
    pub fn degrees(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        unproject((self.left + x * self.pixel).rem_euclid(1.0), (self.top + y * self.pixel).clamp(0.0, 1.0))
    }

    /// Metres of a pixel in its middle.
    pub fn metres(&self) -> f64 {
        let [_, lat] = self.degrees([self.width / 2.0, self.height / 2.0]);
        self.pixel * 40_030_228.88 * lat.to_radians().cos()
    }

    /// The zoom of the tiles to draw it from, among those of an archive.
    pub fn tile_zoom(&self, [low, high]: [u8; 2]) -> u8 {
        ((self.zoom() + 1e-6).floor().max(0.0) as u8).clamp(low, high.min(MAX_ZOOM))
    }

    /// The tiles of a zoom that it shows, by rows, each with the pixels of its upper left corner and its side; none when they are more than `most`.
    pub fn tiles(&self, z: u8, most: usize) -> Vec<(TileId, [f64; 2], f64)> {
        let count = f64::from(z).exp2();
        let cell = |v: f64| (v * count).floor() as i64;
        let (first, last) = (cell(self.left), cell(self.left + self.width * self.pixel - 1e-12));
        let (upper, lower) = (cell(self.top).max(0), cell(self.top + self.height * self.pixel - 1e-12).min(count as i64 - 1));
        let (columns, rows) = ((last - first + 1).max(0), (lower - upper + 1).max(0));
        if columns.saturating_mul(rows) > most as i64 {
            return Vec::new();
        }
        let side = 1.0 / (count * self.pixel);
        let corner = |x: i64, y: i64| [(x as f64 / count - self.left) / self.pixel, (y as f64 / count - self.top) / self.pixel];
        (upper..=lower)
            .flat_map(|y| (first..=last).map(move |x| (x, y)))
            .filter_map(|(x, y)| Some((TileId::new(z, x.rem_euclid(count as i64) as u32, y as u32)?, corner(x, y), side)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extent_is_shown_whole_and_in_the_middle() {
        let extent = Extent::parse("-2.2,47.6,-2.0,47.7").unwrap();
        let view = View::of(extent, 600.0, 400.0);
        for corner in [[-2.2, 47.6], [-2.0, 47.7]] {
            let [x, y] = view.place(corner);
            assert!((-1e-6..600.0 + 1e-6).contains(&x) && (-1e-6..400.0 + 1e-6).contains(&y), "{x} {y}");
            let [lon, lat] = view.degrees(view.place(corner));
            assert!((lon - corner[0]).abs() < 1e-9 && (lat - corner[1]).abs() < 1e-9);
        }
        let [x, _] = view.place([-2.1, 47.65]);
        assert!((x - 300.0).abs() < 1e-6);
        // 512 pixels of a whole world are zoom 0.
        assert!((View::tile(TileId { z: 3, x: 1, y: 2 }, 512.0).zoom() - 3.0).abs() < 1e-9);
        assert!((View::tile(TileId { z: 3, x: 1, y: 2 }, 256.0).zoom() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn an_extent_across_the_antimeridian_is_narrow_and_takes_tiles_of_both_ends() {
        let extent = Extent::parse("179,-18,-179,-16").unwrap();
        let view = View::of(extent, 400.0, 400.0);
        assert!(view.zoom() > 5.0, "{}", view.zoom());
        let ([a, _], [b, _]) = (view.place([179.5, -17.0]), view.place([-179.5, -17.0]));
        assert!(a < b && view.holds([a, 200.0]) && view.holds([b, 200.0]));
        let columns: Vec<u32> = view.tiles(6, 100).iter().map(|(t, ..)| t.x).collect();
        assert!(columns.contains(&63) && columns.contains(&0));
    }

    #[test]
    fn what_is_no_extent_is_refused_and_a_point_or_the_world_is_a_view() {
        assert_eq!(Extent::parse("1,2,3"), Err(BadExtent::Shape));
        assert_eq!(Extent::parse("1,2,NaN,3"), Err(BadExtent::Range));
        assert_eq!(Extent::parse("1,3,2,2"), Err(BadExtent::Empty));
        let point = View::of(Extent { west: 1.0, south: 2.0, east: 1.0, north: 2.0 }, 300.0, 300.0);
        assert!((point.zoom() - DEEPEST).abs() < 1e-9);
        let world = View::of(Extent { west: -180.0, south: -90.0, east: 180.0, north: 90.0 }, 800.0, 400.0);
        assert!(world.pixel * 800.0 <= 1.0 + 1e-12 && !world.tiles(0, 10).is_empty());
        assert!(world.tiles(10, 100).is_empty(), "too many");
    }

    #[test]
    fn a_pixel_is_as_long_as_the_earth_says() {
        let view = View::of(Extent::parse("-2.01,47.64,-1.99,47.66").unwrap(), 512.0, 512.0);
        let across = crate::geo::mercator::metres(view.degrees([0.0, 256.0]), view.degrees([512.0, 256.0]));
        assert!((view.metres() * 512.0 / across - 1.0).abs() < 1e-3);
    }
}
