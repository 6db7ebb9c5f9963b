//! Last imported value, value of the source now, value here: what becomes of each field of an actor. Pure.
//!
//! Who changed a field is told by the values alone: here as last imported → untouched, and it follows the source; changed here only → it
//! stays; changed on both sides to different values → a conflict for the moderators, and nothing is written. Of a set each member is looked at
//! by itself. Values are compared as they would be stored, so that another way of writing the same is no change.

use crate::model::field::{self, Type};
use crate::model::{Doc, Fields, SubjectKind, Version};
use crate::store::{ItemField, What};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of an actor.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Outcome {
    /// Fields of which the source, the last import or the actor say different things.
    pub(super) fields: Vec<ItemField>,
    /// Values to write.
    pub(super) set: Fields,
    /// The versions that they are based on.
    pub(super) base: BTreeMap<String, Version>,
    /// What is remembered of the source from now on.
    pub(super) values: Fields,
}

impl Outcome {
    /// Whether a field changed on both sides.
    pub(super) fn clashes(&self) -> bool {
        self.fields.iter().any(|f| f.what == What::Conflict)
    }

    /// Fields that only people changed.
    pub(super) fn kept(&self) -> u64 {
        self.fields.iter().filter(|f| f.what == What::Kept).count() as u64
    }
}

/// Compares the three. `overwrite` breaks the promise on purpose: what people changed does not count.
pub(super) fn three_way(doc: &Doc, last: &Fields, source: &Fields, overwrite: bool) -> Outcome {
    let mut out = Outcome { values: source.clone(), ..Outcome::default() };
    let names: BTreeSet<&String> = last.keys().chain(source.keys()).collect();
    for name in names {
        let of = |fields: &Fields| stored(name, fields.get(name));
        let (old, new, here) = (of(last), of(source), of(&doc.fields));
        // A name is needed: what has lost its own keeps the last one.
        if new.is_null() && name == "name" {
            out.values.extend(last.get(name).map(|v| (name.clone(), v.clone())));
            continue;
        }
        let Some((what, value)) = decide(name, &old, &new, &here, overwrite) else { continue };
        if what == What::Set {
            out.set.insert(name.clone(), value);
            out.base.insert(name.clone(), doc.version_of(name));
        }
        out.fields.push(ItemField { field: name.clone(), last: old, source: new, here, what });
    }
    out
}

/// The fate of one field and the value to write; none when there is nothing to do or to say.
fn decide(name: &str, old: &Value, new: &Value, here: &Value, overwrite: bool) -> Option<(What, Value)> {
    let is_set = field::spec(SubjectKind::Actor, name).is_some_and(|s| s.kind == Type::Set);
    let same = |a: &Value, b: &Value| if is_set { members(a) == members(b) } else { a == b };
    if same(new, here) {
        return None;
    }
    if same(old, here) || overwrite {
        return Some((What::Set, new.clone()));
    }
    if same(old, new) {
        return Some((What::Kept, Value::Null));
    }
    if !is_set {
        return Some((What::Conflict, Value::Null));
    }
    let merged = merged(old, new, here);
    if same(&merged, here) {
        return Some((What::Kept, Value::Null));
    }
    // More members than fit: people choose.
    Some(field::check(SubjectKind::Actor, name, &merged).map_or((What::Conflict, Value::Null), |value| (What::Set, value)))
}

/// The members here, without those that the source dropped and with those that it added.
fn merged(old: &Value, new: &Value, here: &Value) -> Value {
    let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
    let (old, new) = (list(old), list(new));
    let mut kept = list(here);
    kept.retain(|m| new.contains(m) || !old.contains(m));
    let added: Vec<Value> = new.into_iter().filter(|m| !old.contains(m) && !kept.contains(m)).collect();
    kept.extend(added);
    if kept.is_empty() { Value::Null } else { json!(kept) }
}

fn members(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A value as the journal would store it.
fn stored(name: &str, value: Option<&Value>) -> Value {
    let Some(value) = value else { return Value::Null };
    field::check(SubjectKind::Actor, name, value).unwrap_or_else(|_| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FieldMeta;

    fn fields(value: Value) -> Fields {
        serde_json::from_value(value).unwrap()
    }

    fn doc(value: Value) -> Doc {
        let mut doc = Doc { fields: fields(value), ..Doc::default() };
        for (i, name) in doc.fields.keys().enumerate() {
            let v = Version { epoch: 1, seq: i as i64 + 1 };
            doc.meta.insert(name.clone(), FieldMeta { v, by: None, at: 0, source: None });
        }
        doc
    }

    /// last, source, here → what, and what stands afterwards.
    fn one(name: &str, last: Value, source: Value, here: Value) -> (Option<What>, Value) {
        let of = |v: &Value| if v.is_null() { Fields::new() } else { Fields::from([(name.to_owned(), v.clone())]) };
        let doc = Doc { fields: of(&here), ..Doc::default() };
        let out = three_way(&doc, &of(&last), &of(&source), false);
        assert_eq!(out.values, of(&source), "what the source says is remembered");
        (out.fields.first().map(|f| f.what), out.set.get(name).cloned().unwrap_or(here))
    }

    #[test]
    fn every_way_in_which_three_values_can_differ_has_its_fate() {
        let (a, b, c, none) = (json!("01 99 00 00 01"), json!("01 99 00 00 02"), json!("01 99 00 00 03"), Value::Null);
        let values = [&a, &b, &c, &none];
        for last in values {
            for source in values {
                for here in values {
                    let (what, after) = one("phone", last.clone(), source.clone(), here.clone());
                    // Of what only people ever wrote nothing is said.
                    let wanted = if source == here || (last.is_null() && source.is_null()) {
                        (None, here)
                    } else if last == here {
                        (Some(What::Set), source)
                    } else if last == source {
                        (Some(What::Kept), here)
                    } else {
                        (Some(What::Conflict), here)
                    };
                    assert_eq!((what, &after), wanted, "last {last}, source {source}, here {here}");
                }
            }
        }
    }

    #[test]
    fn members_of_a_set_are_added_and_removed_one_by_one() {
        let of = |list: &[&str]| if list.is_empty() { Value::Null } else { json!(list) };
        for (last, source, here, what, after) in [
            (&["A"][..], &["A", "B"][..], &["A", "X"][..], Some(What::Set), &["A", "X", "B"][..]),
            (&["A", "B"], &["A"], &["A", "B", "X"], Some(What::Set), &["A", "X"]),
            (&["A", "B"], &["A", "B"], &["B"], Some(What::Kept), &["B"]),
            (&["A", "B"], &["B", "A"], &["B", "A"], None, &["B", "A"]),
            (&["A", "B"], &["B", "A"], &["A", "B"], None, &["A", "B"]),
            (&["A"], &["B"], &["A"], Some(What::Set), &["B"]),
            (&["A"], &[], &["A"], Some(What::Set), &[]),
            (&["A"], &["A", "B"], &["1", "2", "3", "4", "5"], Some(What::Conflict), &["1", "2", "3", "4", "5"]),
        ] {
            let got = one("former_names", of(last), of(source), of(here));
            assert_eq!(got, (what, of(after)), "{last:?} {source:?} {here:?}");
        }
    }

    #[test]
    fn another_way_of_writing_the_same_is_no_change() {
        let here = doc(json!({"name": "La Ruche", "place/p1/position": {"lon": 1.5, "lat": 47.0, "precision": "exact"}}));
        let last = fields(json!({"name": " La  Ruche", "place/p1/position": {"lon": 1.500_000_001, "lat": 47, "precision": "exact"}}));
        let source = fields(json!({"name": "La Ruche ", "place/p1/position": {"lon": 1.5, "lat": 47.0}}));
        assert_eq!(three_way(&here, &last, &source, false), Outcome { values: source, ..Outcome::default() });
    }

    #[test]
    fn a_name_that_the_source_has_lost_stays_and_follows_again_later() {
        let here = doc(json!({"name": "Ruche"}));
        let named = fields(json!({"name": "Ruche"}));
        let out = three_way(&here, &named, &Fields::new(), false);
        assert_eq!((out.fields.len(), &out.values), (0, &named));
        let out = three_way(&here, &out.values, &fields(json!({"name": "La Ruche"})), false);
        assert_eq!(out.set["name"], json!("La Ruche"));
        assert_eq!(out.base["name"], Version { epoch: 1, seq: 1 });
    }

    #[test]
    fn the_broken_variant_overwrites() {
        let (here, last) = (doc(json!({"phone": "01 99 00 00 02"})), fields(json!({"phone": "01 99 00 00 01"})));
        assert!(three_way(&here, &last, &last, false).set.is_empty());
        assert_eq!(three_way(&here, &last, &last, true).set["phone"], json!("01 99 00 00 01"));
    }
}
