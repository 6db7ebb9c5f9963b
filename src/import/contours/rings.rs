//! A GeoJSON geometry as a multipolygon, or what is wrong with it; and a multipolygon as GeoJSON.

use super::error::LeftOut;
use geo::{Area, Coord, LineString, MultiPolygon, Polygon};
use serde_json::Value;
use std::fmt::Write;

/// Reads a Polygon or MultiPolygon in degrees; heights are dropped.
pub(super) fn read(geometry: &Value) -> Result<MultiPolygon<f64>, LeftOut> {
    let coordinates = geometry["coordinates"].as_array().ok_or(LeftOut::NoPolygon)?;
    let polygons: Vec<Polygon<f64>> = match geometry["type"].as_str() {
        Some("Polygon") => vec![polygon(coordinates)?],
        Some("MultiPolygon") => coordinates.iter().map(|p| polygon(p.as_array().ok_or(LeftOut::NoPolygon)?)).collect::<Result<_, _>>()?,
        _ => return Err(LeftOut::NoPolygon),
    };
    if polygons.is_empty() { Err(LeftOut::NoPolygon) } else { Ok(MultiPolygon(polygons)) }
}

fn polygon(rings: &[Value]) -> Result<Polygon<f64>, LeftOut> {
    let mut rings = rings.iter().map(|r| ring(r.as_array().ok_or(LeftOut::NoPolygon)?));
    let outer = rings.next().ok_or(LeftOut::NoPolygon)??;
    Ok(Polygon::new(outer, rings.collect::<Result<_, _>>()?))
}

fn ring(positions: &[Value]) -> Result<LineString<f64>, LeftOut> {
    let coords = positions.iter().map(position).collect::<Result<Vec<_>, _>>()?;
    if coords.len() < 4 {
        return Err(LeftOut::FlatRing);
    }
    if coords.first() != coords.last() {
        return Err(LeftOut::OpenRing);
    }
    let ring = LineString(coords);
    if Polygon::new(ring.clone(), Vec::new()).unsigned_area() > 0.0 { Ok(ring) } else { Err(LeftOut::FlatRing) }
}

fn position(value: &Value) -> Result<Coord<f64>, LeftOut> {
    let (x, y) = match value.as_array().map(Vec::as_slice) {
        Some([x, y] | [x, y, _] | [x, y, _, _]) => (x.as_f64(), y.as_f64()),
        _ => (None, None),
    };
    match (x, y) {
        (Some(x), Some(y)) if x.abs() <= 180.0 && y.abs() <= 90.0 => Ok(rounded(Coord { x, y })),
        _ => Err(LeftOut::OffEarth),
    }
}

/// A centimetre: more digits only make files larger, and union leaves noise in the last ones.
pub(super) fn rounded(c: Coord<f64>) -> Coord<f64> {
    let round = |v: f64| (v * 1e7).round() / 1e7;
    Coord { x: round(c.x), y: round(c.y) }
}

/// Writes a multipolygon as GeoJSON; one polygon as Polygon.
pub(super) fn write(polygons: &MultiPolygon<f64>) -> String {
    let mut out = String::new();
    let each = |out: &mut String, polygon: &Polygon<f64>| {
        out.push('[');
        for (i, ring) in std::iter::once(polygon.exterior()).chain(polygon.interiors()).enumerate() {
            out.push_str(if i == 0 { "[" } else { ",[" });
            for (i, c) in ring.0.iter().enumerate() {
                // Writing into a text does not fail.
                let _ = write!(out, "{}[{},{}]", if i == 0 { "" } else { "," }, c.x, c.y);
            }
            out.push(']');
        }
        out.push(']');
    };
    if let [polygon] = &polygons.0[..] {
        out.push_str("{\"type\":\"Polygon\",\"coordinates\":");
        each(&mut out, polygon);
    } else {
        out.push_str("{\"type\":\"MultiPolygon\",\"coordinates\":[");
        for (i, polygon) in polygons.iter().enumerate() {
            out.push_str(if i == 0 { "" } else { "," });
            each(&mut out, polygon);
        }
        out.push(']');
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_read_is_written_again_and_what_is_wrong_is_named() {
        let square = json!([[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]);
        let hole = json!([[0.5, 0.5], [0.5, 1.5], [1.500_000_049, 1.5], [0.5, 0.5]]);
        let polygon = json!({"type": "Polygon", "coordinates": [square, hole]});
        let again: Value = serde_json::from_str(&write(&read(&polygon).unwrap())).unwrap();
        assert_eq!(again["type"], "Polygon");
        assert_eq!(again["coordinates"][1][2], json!([1.5, 1.5]), "seven digits");
        let two = json!({"type": "MultiPolygon", "coordinates": [[square], [[[5, 5, 100], [6, 5, 100], [6, 6, 100], [5, 5, 100]]]]});
        let again: Value = serde_json::from_str(&write(&read(&two).unwrap())).unwrap();
        assert_eq!(again["coordinates"][1][0], json!([[5, 5], [6, 5], [6, 6], [5, 5]]), "heights are dropped");
        for (geometry, why) in [
            (json!(null), LeftOut::NoPolygon),
            (json!({"type": "Point", "coordinates": [1, 2]}), LeftOut::NoPolygon),
            (json!({"type": "Polygon", "coordinates": []}), LeftOut::NoPolygon),
            (json!({"type": "Polygon", "coordinates": [[1, 2]]}), LeftOut::OffEarth),
            (json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 0]]]}), LeftOut::FlatRing),
            (json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [2, 0], [0, 0]]]}), LeftOut::FlatRing),
            (json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}), LeftOut::OpenRing),
            (json!({"type": "Polygon", "coordinates": [[[652_000, 6_862_000], [1, 0], [1, 1], [0, 1]]]}), LeftOut::OffEarth),
            (json!({"type": "Polygon", "coordinates": [[["0", 0], [1, 0], [1, 1], [0, 1]]]}), LeftOut::OffEarth),
        ] {
            assert_eq!(read(&geometry), Err(why), "{geometry}");
        }
    }
}
