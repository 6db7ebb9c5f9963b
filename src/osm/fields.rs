//! The values of an actor from its tags. What the model refuses is dropped and counted, never forced in.
//!
//! Only what is about the organisation is read: no contact person, no OpenStreetMap user.

use super::tags::{Tags, values};
use crate::model::field::{ADDRESS_PARTS, check, spec};
use crate::model::text::clean;
use crate::model::{Fields, SubjectKind};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Longest name, from the model.
fn name_max() -> usize {
    spec(SubjectKind::Actor, "name").map_or(120, |s| s.max)
}

/// Fields of an object of a category at a point (degrees); `skipped` counts what was dropped.
pub(super) fn fields(tags: &Tags<'_>, category: Option<&str>, point: [f64; 2], skipped: &mut BTreeMap<String, u64>) -> Fields {
    let mut out = Fields::new();
    let mut put = |field: &str, value: Option<Value>| {
        let Some(value) = value else { return };
        match check(SubjectKind::Actor, field, &value) {
            Ok(Value::Null) => {}
            Ok(stored) => drop(out.insert(field.to_owned(), stored)),
            Err(_) => *skipped.entry(format!("field/{field}")).or_default() += 1,
        }
    };
    let text = |keys: &[&str]| tags.first(keys).map(|v| json!(v));
    let first = |keys: &[&str]| tags.first(keys).and_then(|v| values(v).next()).map(|v| json!(v));
    let shortened = tags.name().map(|name| shorten(name, name_max()));
    let cut = shortened.as_ref().is_some_and(|(_, cut)| *cut);
    put("name", shortened.map(|(name, _)| json!(name)).filter(|name| !clean(name.as_str().unwrap_or(""), false).is_empty()));
    put("short_name", text(&["short_name:fr", "short_name"]));
    put("former_names", tags.first(&["old_name:fr", "old_name"]).map(|v| json!(values(v).take(5).collect::<Vec<_>>())));
    put("description", text(&["description:fr", "description"]));
    put("kind", kind(tags).map(|k| json!(k)));
    put("primary_category", category.map(|c| json!(c)));
    put("website", first(&["website", "contact:website", "url", "contact:url"]).and_then(|v| website(&v)));
    put("email", first(&["email", "contact:email"]));
    put("phone", first(&["phone", "contact:phone", "mobile", "contact:mobile"]));
    put("opening_hours", text(&["opening_hours"]));
    put("wheelchair", text(&["wheelchair"]).filter(|v| v != "unknown"));
    put("rna", first(&["ref:FR:RNA"]));
    put("siret", first(&["ref:FR:SIRET"]).map(|v| json!(v.as_str().unwrap_or("").replace([' ', '\u{a0}'], ""))));
    put("founded_on", text(&["start_date"]));
    put("place/p1/position", Some(json!({"lon": point[0], "lat": point[1], "precision": "exact"})));
    put("place/p1/address", address(tags));
    if cut {
        *skipped.entry("shortened/name".into()).or_default() += 1;
    }
    out
}

/// How much an object tells about itself: of two twins the richer one is kept.
pub(super) fn richness(fields: &Fields) -> usize {
    fields.keys().filter(|key| !matches!(key.as_str(), "name" | "kind" | "primary_category" | "place/p1/position")).count()
}

/// A name that fits, cut between two words; OpenStreetMap allows 255 characters.
fn shorten(name: &str, max: usize) -> (String, bool) {
    let name = clean(name, false);
    if name.chars().count() <= max {
        return (name, false);
    }
    let head: String = name.chars().take(max - 1).collect();
    let head = head.rfind(' ').filter(|at| *at > max / 2).map_or(head.as_str(), |at| &head[..at]);
    (format!("{}…", head.trim_end_matches([' ', ',', '-', '–', '('])), true)
}

/// `www.ruche.example.org` → `https://www.ruche.example.org`.
fn website(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    let scheme = text.split_once("://").is_some() || text.split_once(':').is_some_and(|(head, _)| !head.contains(['.', '/']));
    Some(if scheme { json!(text) } else { json!(format!("https://{}", text.trim_start_matches('/'))) })
}

/// `addr:*`, else `contact:*`, as the six parts that the model knows; a part that is too long is left out.
fn address(tags: &Tags<'_>) -> Option<Value> {
    let mut parts = Map::new();
    let mut part = |name: &str, keys: &[&str]| {
        let text = tags.first(keys).map(|v| clean(v, false)).filter(|v| v.chars().count() <= 120);
        if let (Some(text), true) = (text, ADDRESS_PARTS.contains(&name)) {
            parts.insert(name.to_owned(), json!(text));
        }
    };
    part("housenumber", &["addr:housenumber", "contact:housenumber"]);
    part("street", &["addr:street", "contact:street", "addr:place"]);
    part("postcode", &["addr:postcode", "contact:postcode"]);
    part("city", &["addr:city", "contact:city"]);
    (!parts.is_empty()).then_some(Value::Object(parts))
}

/// Type of actor, where the tags say it without doubt.
fn kind(tags: &Tags<'_>) -> Option<&'static str> {
    let has = |key: &str, words: &[&str]| tags.get(key).is_some_and(|v| values(v).any(|v| words.contains(&v)));
    let ours = |words: &[&str]| has("operator:type", words);
    Some(if has("office", &["association", "ngo", "charity", "union", "political_party"]) || tags.get("club").is_some() {
        "association"
    } else if has("office", &["foundation"]) {
        "foundation"
    } else if has("office", &["cooperative"]) || ours(&["cooperative"]) {
        "cooperative"
    } else if has("office", &["newspaper"]) || has("amenity", &["studio"]) {
        "media"
    } else if has("office", &["government", "employment_agency"])
        || has("amenity", &["townhall", "courthouse", "post_office", "polling_station"])
        || ours(&["public", "government"])
    {
        "public_body"
    } else if has("shop", &["farm", "clothes", "convenience", "supermarket", "bicycle", "repair"]) || tags.get("craft").is_some() {
        "company"
    } else if tags.first(&["amenity", "leisure", "tourism", "landuse"]).is_some() || has("office", &["coworking"]) {
        "place"
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[(&str, &str)]) -> (Fields, BTreeMap<String, u64>) {
        let mut skipped = BTreeMap::new();
        (fields(&Tags::of(list), Some("LIE.library"), [1.5, 47.25], &mut skipped), skipped)
    }

    #[test]
    fn tags_become_values_that_the_model_accepts() {
        let (fields, skipped) = of(&[
            ("name", "Library"),
            ("name:fr", " Médiathèque  du Port "),
            ("old_name", "Bibliothèque;Ancienne salle"),
            ("contact:website", "www.mediatheque.example.org;https://b.example.org"),
            ("phone", "+33 1 99 00 12 34; +33 1 99 00 12 35"),
            ("contact:email", "bonjour@example.org"),
            ("wheelchair", "limited"),
            ("addr:housenumber", "3 bis"),
            ("contact:street", "Quai Duguay-Trouin"),
            ("ref:FR:SIRET", "732 829 320 00074"),
            ("start_date", "1998-05"),
            ("amenity", "library"),
            ("contact:person", "Madame X"),
        ]);
        assert_eq!(skipped, BTreeMap::new());
        assert_eq!(
            serde_json::to_value(&fields).unwrap(),
            json!({
                "name": "Médiathèque du Port", "former_names": ["Bibliothèque", "Ancienne salle"], "kind": "place",
                "website": "https://www.mediatheque.example.org", "phone": "+33 1 99 00 12 34", "email": "bonjour@example.org",
                "wheelchair": "limited", "siret": "73282932000074", "founded_on": "1998-05", "primary_category": "LIE.library",
                "place/p1/position": {"lon": 1.5, "lat": 47.25, "precision": "exact"},
                "place/p1/address": {"housenumber": "3 bis", "street": "Quai Duguay-Trouin"},
            })
        );
    }

    #[test]
    fn what_the_model_refuses_is_dropped_and_counted() {
        let (fields, skipped) = of(&[
            ("name", "A"),
            ("website", "javascript:alert(1)"),
            ("phone", "call me"),
            ("ref:FR:SIRET", "1"),
            ("ref:FR:RNA", "W1"),
            ("start_date", "~1900"),
            ("opening_hours", &"x".repeat(256)),
            ("wheelchair", "unknown"),
        ]);
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["name", "place/p1/position", "primary_category"]);
        let counted: Vec<&str> = skipped.keys().map(String::as_str).collect();
        assert_eq!(counted, ["field/founded_on", "field/opening_hours", "field/phone", "field/rna", "field/siret", "field/website"]);
    }

    #[test]
    fn a_long_name_is_cut_between_two_words() {
        let (fields, skipped) = of(&[("name", &"mot ".repeat(60))]);
        let name = fields["name"].as_str().unwrap();
        assert!(name.ends_with("mot…") && name.chars().count() <= 120, "{name}");
        assert_eq!(skipped["shortened/name"], 1);
        assert!(!of(&[("name", "\u{202e}\u{0} ")]).0.contains_key("name"));
        assert_eq!(of(&[("name", &"é".repeat(300))]).0["name"].as_str().unwrap().chars().count(), 120);
    }
}
