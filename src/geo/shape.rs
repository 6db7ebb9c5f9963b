//! The shape of a territory, ready to be asked whether it covers a point.

use super::bbox::Bbox;
use geo::{Contains, CoordsIter, Intersects, MultiPolygon, Point};
use serde_json::Value;

/// A multipolygon in degrees, with its box.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    polygons: MultiPolygon<f64>,
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
        Self { polygons, bbox }
    }

    /// Whether a point lies inside or on the edge: what PostGIS calls `ST_Covers`.
    pub fn covers(&self, lon: f64, lat: f64) -> bool {
        let point = Point::new(lon, lat);
        self.bbox.holds(lon, lat) && (self.polygons.contains(&point) || self.polygons.intersects(&point))
    }

    /// The polygons.
    pub fn polygons(&self) -> &MultiPolygon<f64> {
        &self.polygons
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
