//! Lambert-93 (EPSG:2154), the projection of French public data: degrees (RGF93, taken for WGS84) ↔ metres.
//!
//! Formulas: IGN, « Projection cartographique conique conforme de Lambert », NTG 71; a conformal cone that touches at 44° and 49°.

use std::f64::consts::FRAC_PI_2;

/// First eccentricity of GRS 80.
const E: f64 = 0.081_819_191_042_815_8;
/// Exponent of the projection.
const N: f64 = 0.725_607_765_053_267;
/// Constant of the projection, metres.
const C: f64 = 11_754_255.426_096;
/// The pole in the plane, metres.
const POLE: [f64; 2] = [700_000.0, 12_655_612.049_876];
/// Central meridian, degrees.
const MERIDIAN: f64 = 3.0;

/// Degrees → metres east and north.
pub fn project(lon: f64, lat: f64) -> [f64; 2] {
    let phi = lat.to_radians();
    let latitude = (phi.sin().atanh()) - E * (E * phi.sin()).atanh();
    let radius = C * (-N * latitude).exp();
    let angle = N * (lon - MERIDIAN).to_radians();
    [POLE[0] + radius * angle.sin(), POLE[1] - radius * angle.cos()]
}

/// Metres east and north → degrees.
pub fn unproject(x: f64, y: f64) -> [f64; 2] {
    let (dx, dy) = (x - POLE[0], POLE[1] - y);
    let latitude = -(dx.hypot(dy) / C).ln() / N;
    let mut phi = 2.0 * latitude.exp().atan() - FRAC_PI_2;
    // Each step is right to about three more digits.
    for _ in 0..8 {
        phi = 2.0 * (latitude + E * (E * phi.sin()).atanh()).exp().atan() - FRAC_PI_2;
    }
    [MERIDIAN + (dx.atan2(dy) / N).to_degrees(), phi.to_degrees()]
}

/// Whether a point lies where the projection is meant to be used: metropolitan France and its seas.
pub fn is_meant_for(lon: f64, lat: f64) -> bool {
    (-9.86..=10.38).contains(&lon) && (41.15..=51.56).contains(&lat)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_points_come_out_and_go_back() {
        // Two addresses as the BAN's API gives them, in both systems.
        for (lon, lat, x, y) in [(2.290_084, 49.897_443, 648_952.58, 6_977_867.25), (3.605_884, 43.425_225, 749_085.29, 6_258_645.39)] {
            let [px, py] = project(lon, lat);
            assert!((px - x).abs() < 0.2 && (py - y).abs() < 0.2, "{px} {py}");
            let [lon2, lat2] = unproject(px, py);
            assert!((lon2 - lon).abs() < 1e-9 && (lat2 - lat).abs() < 1e-9);
        }
        assert!(is_meant_for(2.0, 47.0) && !is_meant_for(55.5, -21.1));
    }
}
