//! GeoJSON (RFC 7946): one feature per place, all public fields as properties.

use crate::model::{Actor, field::place_part, label};
use serde_json::{Map, Value, json};
use std::io::Write;

pub(super) fn write(out: &mut impl Write, actors: &[Actor]) -> std::io::Result<()> {
    out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
    let mut first = true;
    for feature in actors.iter().flat_map(features) {
        out.write_all(if first { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &feature)?;
        first = false;
    }
    out.write_all(b"\n]}\n")
}

fn features(a: &Actor) -> Vec<Value> {
    let places = a.places();
    if places.is_empty() {
        return vec![json!({"type": "Feature", "id": a.id, "geometry": null, "properties": properties(a, None)})];
    }
    let one = |(i, p): (usize, &crate::model::Place)| {
        let id = if i == 0 { a.id.to_string() } else { format!("{}/{}", a.id, p.id) };
        let geometry = p.point.map(|c| json!({"type": "Point", "coordinates": c}));
        json!({"type": "Feature", "id": id, "geometry": geometry, "properties": properties(a, Some(&p.id))})
    };
    places.iter().enumerate().map(one).collect()
}

fn properties(a: &Actor, place: Option<&str>) -> Map<String, Value> {
    let mut all: Map<String, Value> = Map::from_iter([("id".into(), json!(a.id)), ("state".into(), json!(a.state()))]);
    all.extend(a.doc.fields.iter().filter(|(f, _)| place_part(f).is_none()).map(|(f, v)| (f.clone(), v.clone())));
    if let Some(place) = place {
        all.insert("place".into(), json!(place));
        all.insert("precision".into(), a.doc.fields.get(&format!("place/{place}/position")).map_or(Value::Null, |p| p["precision"].clone()));
        if let Some(Value::Object(address)) = a.address(place) {
            all.extend(address.clone());
        }
    }
    if let Some(origin) = &a.origin {
        all.insert("source".into(), json!(origin.reference));
        all.insert("licence".into(), json!(origin.licence));
    }
    all.insert("updated_at".into(), json!(label::moment(a.updated_at)));
    all
}
