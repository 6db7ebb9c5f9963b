//! A territory: a commune, a quartier, a département… with a boundary. Territories nest by geometry.

use super::doc::Doc;
use super::invalid::{Invalid, Reason};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Words that are already addresses of the site and so can't be a territory's.
pub const RESERVED: [&str; 20] = [
    "api",
    "tiles",
    "assets",
    "embed",
    "invitation",
    "mentions-legales",
    "donnees-personnelles",
    "accessibilite",
    "healthz",
    "readyz",
    "metrics",
    "favicon",
    "robots",
    "static",
    "territoires",
    "aide",
    "contours",
    "s",
    "f",
    "og",
];

/// A territory and its history marks.
#[derive(Debug, Clone, PartialEq)]
pub struct Territory {
    /// Id of the subject.
    pub id: Uuid,
    /// Its fields.
    pub doc: Doc,
}

impl Territory {
    /// Address of its pages.
    pub fn slug(&self) -> &str {
        self.doc.text("slug")
    }

    /// Name as written on the map.
    pub fn name(&self) -> &str {
        self.doc.text("name")
    }

    /// One of `field::TERRITORY_KINDS`.
    pub fn kind(&self) -> &str {
        self.doc.text("kind")
    }

    /// GeoJSON geometry (degrees), when it has a boundary.
    pub fn boundary(&self) -> Option<&Value> {
        self.doc.fields.get("boundary")
    }
}

/// Checks a boundary: a Polygon or MultiPolygon of closed rings with at least four positions on Earth.
pub(super) fn boundary_value(field: &str, map: &Map<String, Value>) -> Result<Value, Invalid> {
    let bad = || Invalid::new(field, Reason::Boundary);
    let coordinates = map.get("coordinates").and_then(Value::as_array).ok_or_else(bad)?;
    let good = match map.get("type").and_then(Value::as_str) {
        Some("Polygon") => polygon(coordinates),
        Some("MultiPolygon") => !coordinates.is_empty() && coordinates.iter().all(|p| p.as_array().is_some_and(|p| polygon(p))),
        _ => false,
    };
    if !good {
        return Err(bad());
    }
    Ok(json!({"type": map["type"], "coordinates": coordinates}))
}

fn polygon(rings: &[Value]) -> bool {
    !rings.is_empty() && rings.iter().all(|r| r.as_array().is_some_and(|r| ring(r)))
}

fn ring(positions: &[Value]) -> bool {
    let on_earth = |p: &Value| {
        let Some([lon, lat]) = p.as_array().map(Vec::as_slice) else { return false };
        lon.as_f64().is_some_and(|x| x.abs() <= 180.0) && lat.as_f64().is_some_and(|y| y.abs() <= 90.0)
    };
    positions.len() >= 4 && positions.first() == positions.last() && positions.iter().all(on_earth)
}
