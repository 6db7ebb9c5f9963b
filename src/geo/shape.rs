//! The shape of a territory, ready to be asked whether it covers a point.

use super::bands::Bands;
use super::bbox::Bbox;
use geo::{Contains, Coord, CoordsIter, Intersects, MultiPolygon, Point};
use serde_json::Value;

/// A multipolygon in degrees, with its box.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    polygons: MultiPolygon<f64>,
    bands: Option<Bands>,
    /// The box around it.
    pub bbox: Bbox,
}

impl Shape {
    /// Reads a GeoJSON Polygon or MultiPolygon.
    pub fn from_geojson(value: &Value) -> Option<Self> {
        let geometry: geojson::Geometry = serde_json::from_value(value.clone()).ok()?;
        let polygons = match geo::Geometry::<f64>::try_from(&geometry).ok()? {
            geo::Geometry::Polygon(p) => MultiPolygon(vec![p]),
            geo::Geometry::MultiPolygon(m) => m,
            _ => return None,
        };
        Some(Self::new(polygons))
    }

    /// Takes a multipolygon in degrees.
    pub fn new(polygons: MultiPolygon<f64>) -> Self {
        let mut bbox = Bbox::EMPTY;
        for c in polygons.coords_iter() {
            bbox.add(c.x, c.y);
        }
        let bands = Bands::new(&polygons, bbox.south, bbox.north);
        Self { polygons, bands, bbox }
    }

    /// Whether a point lies inside or on the edge: what PostGIS calls `ST_Covers`.
    pub fn covers(&self, lon: f64, lat: f64) -> bool {
        if !self.bbox.holds(lon, lat) {
            return false;
        }
        match &self.bands {
            Some(bands) => bands.covers(Coord { x: lon, y: lat }),
            None => {
                let point = Point::new(lon, lat);
                self.polygons.contains(&point) || self.polygons.intersects(&point)
            }
        }
    }

    /// The polygons.
    pub fn polygons(&self) -> &MultiPolygon<f64> {
        &self.polygons
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{LineString, Polygon};
    use serde_json::json;

    #[test]
    fn a_shape_covers_its_edge_and_not_its_hole() {
        let shape = Shape::from_geojson(&json!({"type": "Polygon", "coordinates": [
            [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [1, 3], [3, 3], [3, 1], [1, 1]]]}))
        .unwrap();
        assert!(shape.covers(0.5, 0.5) && shape.covers(0.0, 2.0) && shape.covers(4.0, 4.0) && shape.covers(1.0, 2.0));
        assert!(!shape.covers(2.0, 2.0) && !shape.covers(5.0, 2.0));
        assert!(Shape::from_geojson(&json!({"type": "Point", "coordinates": [0, 0]})).is_none());
    }

    /// A star around a point; corners on a coarse grid, so that points meet edges and corners.
    fn star(corners: usize, middle: f64, next: &mut impl FnMut() -> f64) -> LineString<f64> {
        let on_grid = |v: f64| (v * 64.0).round() / 64.0;
        let ring = (0..corners).map(|i| {
            let (angle, radius) = (i as f64 / corners as f64 * std::f64::consts::TAU, 0.5 + 1.5 * next());
            (on_grid(middle + radius * angle.cos()), on_grid(middle + radius * angle.sin()))
        });
        ring.collect::<Vec<_>>().into()
    }

    #[test]
    fn a_large_shape_answers_as_one_that_is_asked_edge_by_edge() {
        let mut state = 42_u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut seen = [0, 0, 0];
        for corners in [60, 300, 5000] {
            let hole: Vec<_> = vec![(5.9, 5.9), (5.9, 6.1), (6.1, 6.1), (6.1, 5.9), (5.9, 5.9)];
            let first = Polygon::new(star(corners, 6.0, &mut next), vec![hole.into()]);
            let polygons = MultiPolygon(vec![first, Polygon::new(star(corners, 12.0, &mut next), Vec::new())]);
            let shape = Shape::new(polygons);
            assert!(shape.bands.is_some());
            for _ in 0..3_000 {
                let (mut x, mut y) = (3.0 + 12.0 * next(), 3.0 + 12.0 * next());
                if next() < 0.5 {
                    (x, y) = ((x * 64.0).round() / 64.0, (y * 64.0).round() / 64.0);
                }
                let point = Point::new(x, y);
                let (inside, touches) = (shape.polygons.contains(&point), shape.polygons.intersects(&point));
                assert_eq!(shape.covers(x, y), inside || touches, "{x} {y} and {corners} corners");
                seen[usize::from(inside) + usize::from(touches)] += 1;
            }
        }
        assert!(seen.iter().all(|n| *n > 20), "outside, on the edge and inside were all asked: {seen:?}");
    }
}
