//! What an imported object becomes: a new actor, an update of the fields nobody touched, a candidate, or nothing. Pure.

use crate::journal::Request;
use crate::model::text::slug;
use crate::model::{Doc, Fields, Version};
use crate::osm::{Boundary, Found};
use crate::store::Candidate;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What to do with one object.
pub(super) enum Planned {
    /// Submit an edit.
    Write(Box<Request>),
    /// Keep it as a candidate.
    Candidate(Box<Candidate>),
    /// It is there already, as it is.
    Nothing,
}

/// The fields to write, with their bases, and how many were left out because people changed them here.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changed {
    pub(super) set: Fields,
    pub(super) base: BTreeMap<String, Version>,
    pub(super) kept: u64,
}

/// Compares new values from a source with what stands here. `last` holds the values of the last import; without it a field follows the
/// source unless a person wrote it.
pub(super) fn changed(doc: &Doc, new: &Fields, last: Option<&Fields>) -> Changed {
    let mut out = Changed::default();
    let null = Value::Null;
    let fields = new.keys().chain(last.into_iter().flat_map(|l| l.keys().filter(|f| !new.contains_key(*f))));
    for field in fields {
        let value = new.get(field).unwrap_or(&null);
        let standing = doc.fields.get(field).unwrap_or(&null);
        if value == standing || last.is_some_and(|l| l.get(field).unwrap_or(&null) == value) {
            continue;
        }
        let untouched = match last {
            Some(last) => last.get(field).unwrap_or(&null) == standing,
            None => doc.meta.get(field).is_none_or(|m| m.by.is_none()),
        };
        if untouched {
            out.set.insert(field.clone(), value.clone());
            out.base.insert(field.clone(), doc.version_of(field));
        } else {
            out.kept += 1;
        }
    }
    out
}

/// The fields of a territory from its boundary.
pub(super) fn territory_fields(b: &Boundary, name: &str, short: &str) -> Fields {
    let mut fields = Fields::from([
        ("slug".into(), json!(short)),
        ("name".into(), json!(name)),
        ("kind".into(), json!(b.kind)),
        ("boundary".into(), b.geometry.clone()),
    ]);
    if let Some(code) = &b.code {
        fields.insert("code".into(), json!(code));
    }
    if let Some(population) = b.population {
        fields.insert("population".into(), json!(population));
    }
    if let Some(warning) = &b.warning {
        fields.insert("warning".into(), json!(warning));
    }
    fields
}

/// `Saint-Aubin` → `saint-aubin`; a territory inside another one carries its address in front.
pub(super) fn short_address(name: &str, inside: Option<&str>) -> String {
    let own = match slug(name) {
        s if s.len() < 2 => format!("territoire-{s}").trim_end_matches('-').to_owned(),
        s if crate::model::territory::RESERVED.contains(&s.as_str()) => format!("{s}-territoire"),
        s => s,
    };
    let whole = inside.map_or(own.clone(), |parent| format!("{parent}-{own}"));
    whole.chars().take(60).collect::<String>().trim_end_matches('-').to_owned()
}

/// The point of an object's place, degrees.
pub(super) fn point(fields: &Fields) -> Option<[f64; 2]> {
    let position = fields.get("place/p1/position")?;
    Some([position.get("lon")?.as_f64()?, position.get("lat")?.as_f64()?])
}

/// An object that is not published; none when it has no point.
pub(super) fn candidate(territory: Uuid, found: &Found, reference: String, reason: &str) -> Option<Candidate> {
    let [lon, lat] = point(&found.fields)?;
    Some(Candidate {
        id: Uuid::new_v5(&territory, reference.as_bytes()),
        reference,
        name: found.fields.get("name").and_then(Value::as_str).unwrap_or("").into(),
        category: found.category.clone().unwrap_or_default(),
        reason: reason.into(),
        lon,
        lat,
        fields: found.fields.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FieldMeta;

    fn doc(fields: &[(&str, &str, Option<u128>)]) -> Doc {
        let mut doc = Doc::default();
        for (i, (field, value, by)) in fields.iter().enumerate() {
            let v = Version { epoch: 1, seq: i as i64 + 1 };
            doc.fields.insert((*field).into(), json!(value));
            doc.meta.insert((*field).into(), FieldMeta { v, by: by.map(Uuid::from_u128), at: 0, source: None });
        }
        doc
    }

    #[test]
    fn a_newer_extract_never_overwrites_what_a_citizen_wrote() {
        let doc = doc(&[("name", "Ruche", None), ("phone", "01 99 00 00 01", Some(7)), ("website", "https://a.example.org", None)]);
        let values = |list: &[(&str, &str)]| -> Fields { list.iter().map(|(f, v)| ((*f).to_owned(), json!(v))).collect() };
        let last = values(&[("name", "Ruche"), ("phone", "01 99 00 00 00"), ("website", "https://a.example.org")]);
        let new = values(&[("name", "La Ruche"), ("phone", "01 99 00 00 02")]);
        let out = changed(&doc, &new, Some(&last));
        assert_eq!(out.set, Fields::from([("name".into(), json!("La Ruche")), ("website".into(), Value::Null)]));
        assert_eq!(out.base["name"], Version { epoch: 1, seq: 1 });
        assert_eq!(out.kept, 1);
        assert_eq!(changed(&doc, &last, Some(&last)), Changed::default());
    }

    #[test]
    fn short_addresses_are_free_of_reserved_words() {
        assert_eq!(short_address("Aide", None), "aide-territoire");
        assert_eq!(short_address("Y", None), "territoire-y");
        assert_eq!(short_address("Le Port", Some("saint-aubin")), "saint-aubin-le-port");
        assert!(short_address("東京", None).len() > 2);
    }
}
