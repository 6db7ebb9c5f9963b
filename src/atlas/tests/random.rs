//! Random edits, and after them lists, counts, digests and pages against a plain scan.

use super::town::{Town, passes, square, within};
use crate::atlas::{Atlas, Filter, Query, Sort};
use crate::geo::Bbox;
use crate::model::{Actor, State, Version, taxonomy};
use rand::Rng;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn query(territory: Uuid) -> Query {
    Query { territory, filter: Filter::default(), bbox: None, sort: Sort::Name, limit: 1000, cursor: None }
}

fn random_box(town: &mut Town) -> Option<Bbox> {
    match town.rng.random_range(0..5) {
        0 | 1 => None,
        2 => Some(Bbox { west: -180.0, south: -90.0, east: 180.0, north: 90.0 }),
        3 => {
            // Two corners that points lie on exactly: the edge is inside.
            let (a, b) = (town.somewhere(), town.somewhere());
            Some(Bbox { west: a[0].min(b[0]), south: a[1].min(b[1]), east: a[0].max(b[0]), north: a[1].max(b[1]) })
        }
        _ => Some(Bbox { west: -2.1, south: 47.6, east: -2.0, north: 47.65 }),
    }
}

/// Actor id and, per feature, place and coordinates; sorted.
fn expected(town: &Town, territory: Uuid, filter: &Filter, bbox: Option<Bbox>) -> BTreeMap<Uuid, BTreeSet<String>> {
    let mut out = BTreeMap::new();
    for actor in town.actors.values().filter(|a| town.belongs(a, territory) && passes(filter, a)) {
        let shown = town.shown(actor, territory);
        let features: BTreeSet<String> = shown.iter().filter(|p| within(bbox, p)).map(|p| format!("{} {:?}", p.id, p.point.unwrap())).collect();
        if !features.is_empty() {
            out.insert(actor.id, features);
        } else if bbox.is_none() && shown.is_empty() {
            out.insert(actor.id, BTreeSet::from(["nowhere".to_owned()]));
        }
    }
    out
}

fn read(features: &[std::sync::Arc<str>]) -> BTreeMap<Uuid, BTreeSet<String>> {
    let mut out: BTreeMap<Uuid, BTreeSet<String>> = BTreeMap::new();
    for feature in features {
        let _: geojson::Feature = feature.parse().expect("RFC 7946");
        let value: Value = serde_json::from_str(feature).unwrap();
        let properties = &value["properties"];
        let id: Uuid = properties["id"].as_str().unwrap().parse().unwrap();
        let at = match &value["geometry"] {
            Value::Null => "nowhere".to_owned(),
            point => {
                let at: [f64; 2] = serde_json::from_value(point["coordinates"].clone()).unwrap();
                format!("{} {at:?}", properties["place"].as_str().unwrap())
            }
        };
        assert!(out.entry(id).or_default().insert(at), "a feature twice");
    }
    out
}

fn check(town: &mut Town) {
    let territory = Uuid::from_u128(town.rng.random_range(1..=6));
    let (filter, bbox) = (town.filter(), random_box(town));
    let Some(counts) = town.atlas.counts(territory, &filter, bbox) else {
        assert!(town.territories[&territory].doc.deleted);
        return;
    };
    let page = town.atlas.features(&Query { filter: filter.clone(), bbox, ..query(territory) }).unwrap();
    let truth = expected(town, territory, &filter, bbox);
    assert_eq!(read(&page.features), truth, "{territory} {filter:?} {bbox:?}");
    assert_eq!(page.matched, truth.len());
    let actors: Vec<&Actor> = truth.keys().map(|id| &town.actors[id]).collect();
    assert_eq!(counts.actors, truth.len() as u64);
    assert_eq!(counts.to_check, actors.iter().filter(|a| a.state() == State::ToCheck).count() as u64);
    for (i, theme) in taxonomy().themes.iter().enumerate() {
        let of_theme = actors.iter().filter(|a| a.themes() & (1 << i) != 0).count() as u64;
        assert_eq!(counts.themes.get(theme.code.as_str()).copied().unwrap_or(0), of_theme, "{}", theme.code);
    }
}

fn rebuilt(town: &Town) -> String {
    let fresh = Atlas::new();
    let (territories, actors): (Vec<_>, Vec<_>) = (town.territories.values().cloned().collect(), town.actors.values().cloned().collect());
    fresh.load(&territories, &actors, Version { epoch: 1, seq: town.seq }).unwrap();
    fresh.digest()
}

#[test]
fn lists_and_counts_agree_with_a_plain_scan_and_live_with_rebuilt_after_random_edits() {
    for seed in 0..3 {
        let mut town = Town::new(seed);
        for step in 0..400 {
            for _ in 0..town.rng.random_range(1..6) {
                town.edit();
            }
            town.flush();
            check(&mut town);
            if step % 50 == 49 {
                assert_eq!(town.atlas.digest(), rebuilt(&town), "seed {seed} step {step}");
            }
        }
        assert_eq!(town.atlas.head(), Version { epoch: 1, seq: town.seq });
        // Everything deleted: not a trace stays.
        for mut actor in town.actors.values().cloned().collect::<Vec<_>>() {
            actor.doc.deleted = true;
            town.write(actor, crate::model::EditKind::Delete);
        }
        town.flush();
        assert!(town.atlas.is_empty());
        assert_eq!(town.atlas.digest(), rebuilt(&town));
    }
}

#[test]
fn a_territory_that_changes_its_shape_or_goes_takes_its_actors_along() {
    let mut town = Town::new(7);
    for _ in 0..400 {
        town.edit();
    }
    town.flush();
    for round in 0..8 {
        let id = Uuid::from_u128([1, 3, 4, 3, 1, 2, 4, 3][round]);
        let mut territory = town.territories[&id].clone();
        match round % 3 {
            0 => territory.doc.deleted = !territory.doc.deleted,
            1 => {
                territory.doc.fields.insert("boundary".into(), square(-2.11, 47.645, -2.05 + round as f64 / 100.0, 47.7));
            }
            _ => {
                territory.doc.fields.insert("name".into(), Value::from(format!("Renamed {round}")));
            }
        }
        town.write_territory(territory);
        town.flush();
        (0..20).for_each(|_| check(&mut town));
        assert_eq!(town.atlas.digest(), rebuilt(&town), "round {round}");
    }
}

#[test]
fn pages_give_every_actor_that_nobody_edits_exactly_once_while_others_are_edited() {
    let mut town = Town::new(11);
    for _ in 0..300 {
        town.edit();
    }
    town.flush();
    let territory = Uuid::from_u128(1);
    for sort in [Sort::Name, Sort::Oldest, Sort::Nearest([-2.1, 47.65])] {
        for edits in [0, 3] {
            let at_start: BTreeMap<Uuid, Actor> = town.actors.values().filter(|a| town.belongs(a, territory)).map(|a| (a.id, a.clone())).collect();
            let mut seen: BTreeMap<Uuid, usize> = BTreeMap::new();
            let mut cursor = None;
            loop {
                let page = town.atlas.features(&Query { sort, limit: 7, cursor, ..query(territory) }).unwrap();
                read(&page.features).keys().for_each(|id| *seen.entry(*id).or_default() += 1);
                cursor = page.next;
                (0..edits).for_each(|_| town.edit());
                town.flush();
                if cursor.is_none() {
                    break;
                }
            }
            for (id, _) in at_start.iter().filter(|(id, before)| town.actors[*id] == **before) {
                assert_eq!(seen.get(id), Some(&1), "{sort:?} {edits}");
            }
        }
    }
    let other = town.atlas.features(&Query { sort: Sort::Oldest, cursor: Some("n0".into()), ..query(territory) });
    assert_eq!(other.unwrap_err(), crate::atlas::ListError::BadCursor);
    let none = town.atlas.features(&query(Uuid::nil()));
    assert_eq!(none.unwrap_err(), crate::atlas::ListError::NoTerritory);
}

#[test]
fn lists_come_in_their_order() {
    let mut town = Town::new(5);
    for _ in 0..150 {
        town.edit();
    }
    town.flush();
    let names = |page: &crate::atlas::Page, key: &str| -> Vec<String> {
        page.features.iter().map(|f| serde_json::from_str::<Value>(f).unwrap()["properties"][key].as_str().unwrap().to_owned()).collect()
    };
    let by_name = town.atlas.features(&query(Uuid::from_u128(4))).unwrap();
    assert!(names(&by_name, "name").iter().map(|n| crate::model::text::fold(n)).is_sorted());
    let oldest = town.atlas.features(&Query { sort: Sort::Oldest, ..query(Uuid::from_u128(4)) }).unwrap();
    assert!(names(&oldest, "updated_at").is_sorted());
    let collection: geojson::FeatureCollection = by_name.to_geojson().parse().unwrap();
    assert_eq!(collection.features.len(), by_name.features.len());
    assert_eq!(collection.foreign_members.unwrap()["numberMatched"], by_name.matched);
}
