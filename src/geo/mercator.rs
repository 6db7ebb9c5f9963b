//! Web Mercator (EPSG:3857) as used by map tiles: the world is a square of side 1, x to the east, y to the south.

use super::bbox::Bbox;
use std::f64::consts::PI;

/// Latitude at which the square ends, degrees.
pub const MAX_LATITUDE: f64 = 85.051_128_779_806_6;

/// The deepest zoom served.
pub const MAX_ZOOM: u8 = 22;

/// A tile address that exists: `z` ≤ 22, `x` and `y` < 2^z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TileId {
    /// Zoom.
    pub z: u8,
    /// Column from the west.
    pub x: u32,
    /// Row from the north.
    pub y: u32,
}

impl TileId {
    /// None when there is no such tile.
    pub fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        (z <= MAX_ZOOM && x < 1 << z && y < 1 << z).then_some(Self { z, x, y })
    }

    /// The area of the tile, degrees.
    pub fn bbox(self) -> Bbox {
        let side = f64::from(1_u32 << self.z);
        let [west, north] = unproject(f64::from(self.x) / side, f64::from(self.y) / side);
        let [east, south] = unproject(f64::from(self.x + 1) / side, f64::from(self.y + 1) / side);
        Bbox { west, south, east, north }
    }

    /// The tile of a zoom that holds a point.
    pub fn at(z: u8, lon: f64, lat: f64) -> Self {
        let side = f64::from(1_u32 << z);
        let [x, y] = project(lon, lat);
        let cell = |v: f64| ((v * side) as u32).min((1 << z) - 1);
        Self { z, x: cell(x), y: cell(y) }
    }
}

/// Degrees → the unit square; latitudes beyond [`MAX_LATITUDE`] are clamped.
pub fn project(lon: f64, lat: f64) -> [f64; 2] {
    let lat = lat.clamp(-MAX_LATITUDE, MAX_LATITUDE).to_radians();
    let y = 0.5 - ((PI / 4.0 + lat / 2.0).tan().ln()) / (2.0 * PI);
    [(lon + 180.0) / 360.0, y.clamp(0.0, 1.0)]
}

/// The unit square → degrees.
pub fn unproject(x: f64, y: f64) -> [f64; 2] {
    [x * 360.0 - 180.0, (PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees()]
}

/// Distance in metres on a sphere of radius 6 371 008.8 m (haversine).
pub fn metres(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (lat1, lat2) = (a[1].to_radians(), b[1].to_radians());
    let (half_lat, half_lon) = ((lat2 - lat1) / 2.0, (b[0] - a[0]).to_radians() / 2.0);
    let h = half_lat.sin().powi(2) + lat1.cos() * lat2.cos() * half_lon.sin().powi(2);
    2.0 * 6_371_008.8 * h.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projecting_there_and_back_gives_the_same_point() {
        for (lon, lat) in [(0.0, 0.0), (-2.08, 47.65), (179.9, -85.0), (-180.0, 85.0)] {
            let [x, y] = project(lon, lat);
            let [lon2, lat2] = unproject(x, y);
            assert!((lon - lon2).abs() < 1e-9 && (lat - lat2).abs() < 1e-9);
        }
        assert_eq!(TileId::at(14, -2.0837, 47.6513), TileId { z: 14, x: 8097, y: 5718 });
        assert_eq!(TileId::new(3, 8, 0), None);
        assert_eq!(TileId::new(23, 0, 0), None);
    }
}
