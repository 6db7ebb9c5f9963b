//! The fields of a territory from its boundary, and what of them follows the source: there is no memory of what was imported before, so a field
//! follows unless a person wrote it. Pure.

use crate::model::text::slug;
use crate::model::{Doc, Fields, Version};
use crate::osm::Boundary;
use serde_json::json;
use std::collections::BTreeMap;

/// The fields to write, with their bases, and how many were left out because people changed them here.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changed {
    pub(super) set: Fields,
    pub(super) base: BTreeMap<String, Version>,
    pub(super) kept: u64,
}

/// Compares new values from a source with what stands here.
pub(super) fn changed(doc: &Doc, new: &Fields) -> Changed {
    let mut out = Changed::default();
    for (field, value) in new.iter().filter(|(field, value)| doc.fields.get(*field) != Some(value)) {
        if doc.meta.get(field).is_none_or(|m| m.by.is_none()) {
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
pub fn short_address(name: &str, inside: Option<&str>) -> String {
    let own = match slug(name) {
        s if s.len() < 2 => format!("territoire-{s}").trim_end_matches('-').to_owned(),
        s if crate::model::territory::RESERVED.contains(&s.as_str()) => format!("{s}-territoire"),
        s => s,
    };
    let whole = inside.map_or(own.clone(), |parent| format!("{parent}-{own}"));
    whole.chars().take(60).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FieldMeta;
    use uuid::Uuid;

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
    fn a_territory_follows_its_source_unless_a_person_wrote_the_field() {
        let doc = doc(&[("name", "Redon", None), ("code", "35236", Some(7))]);
        let new = Fields::from([("name".into(), json!("Redon-sur-Vilaine")), ("code".into(), json!("35000")), ("kind".into(), json!("commune"))]);
        let out = changed(&doc, &new);
        assert_eq!(out.set, Fields::from([("kind".into(), json!("commune")), ("name".into(), json!("Redon-sur-Vilaine"))]));
        assert_eq!((out.base["name"], out.kept), (Version { epoch: 1, seq: 1 }, 1));
        assert_eq!(changed(&doc, &doc.fields.clone()), Changed::default());
    }

    #[test]
    fn short_addresses_are_free_of_reserved_words() {
        assert_eq!(short_address("Aide", None), "aide-territoire");
        assert_eq!(short_address("Y", None), "territoire-y");
        assert_eq!(short_address("Le Port", Some("saint-aubin")), "saint-aubin-le-port");
        assert!(short_address("東京", None).len() > 2);
    }
}
