//! Finding: words, neighbours, duplicates, changes, territories.

use super::town::{HOUR, Town, id, set, square, territory};
use crate::atlas::{Cell, Filter, Hit, PER_ANSWER, Query, REMEMBERED, Sort};
use crate::geo::{Bbox, TileId, mercator::metres};
use crate::model::{EditKind, Place};
use rand::Rng;
use serde_json::{Value, json};
use uuid::Uuid;

fn names(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|h| &*h.entry.name).collect()
}

#[test]
fn a_search_forgives_accents_unfinished_words_initials_and_one_mistake() {
    let mut town = Town::new(1);
    for name in super::town::NAMES {
        town.plant(name, "CUL.centre", -2.1, 47.65);
    }
    town.plant("Bibliothèque municipale", "LIE.library", -2.1, 47.65);
    assert!(town.atlas.search("ruche", None, None, 5).is_empty(), "the index has not been refreshed yet");
    town.atlas.refresh_text().unwrap();
    for (typed, expected) in [
        ("repair cafe", "Repair Café"),
        ("EPIC", "Épicerie solidaire"),
        ("oeuvre", "Œuvre d’Été"),
        ("alsm", "Amicale Laïque Saint Michel"),
        ("mjc", "M.J.C. du Port"),
        ("m.j.c", "M.J.C. du Port"),
        ("jardin lils", "Jardin partagé des Lilas"),
        ("biblioteque", "Bibliothèque municipale"),
        ("médiathèque", "Bibliothèque municipale"),
        ("jduo", "Club de judo"),
        ("club jud", "Club de judo"),
    ] {
        assert_eq!(names(&town.atlas.search(typed, Some(id(1)), None, 5)).first(), Some(&expected), "{typed}");
    }
    for nothing in ["", " ' ", "xylophone", "\u{0}"] {
        assert!(town.atlas.search(nothing, Some(id(1)), None, 5).is_empty(), "{nothing:?}");
    }
    assert!(town.atlas.search("ruche", Some(id(2)), None, 5).is_empty(), "it lies in the other commune");
    assert!(town.atlas.search("ruche", Some(Uuid::nil()), None, 5).is_empty());
}

#[test]
fn a_search_never_shows_what_is_gone_and_prefers_what_is_near() {
    let mut town = Town::new(2);
    let far = town.plant("AMAP du Canal", "ALI.amap", -2.15, 47.7);
    let near = town.plant("AMAP du Canal", "ALI.amap", -2.1, 47.65);
    town.atlas.refresh_text().unwrap();
    let hits = town.atlas.search("amap", None, Some([-2.1, 47.65]), 5);
    assert_eq!(hits.iter().map(|h| h.entry.id).collect::<Vec<_>>(), [near, far]);
    assert!(hits[0].distance_m.unwrap() < 1.0);
    let mut actor = town.actors[&near].clone();
    actor.doc.deleted = true;
    town.write(actor, EditKind::Delete);
    town.flush();
    assert_eq!(town.atlas.search("amap", None, None, 5).len(), 1, "deleted before the index knows");
    town.atlas.refresh_text().unwrap();
    assert_eq!(town.atlas.search("amap", None, None, 5).len(), 1);
    assert!(town.atlas.actor(near).is_none());
}

#[test]
fn the_duplicate_check_sees_an_actor_of_a_moment_ago() {
    let mut town = Town::new(3);
    let found = |town: &Town, name: &str| {
        names(&town.atlas.duplicates(name, Some([-2.1, 47.65]), Some(id(1)), 5)).into_iter().map(String::from).collect::<Vec<_>>()
    };
    assert!(found(&town, "Repair Café de Redon").is_empty());
    town.plant("Repair Café de Redon", "REE.repair", -2.1001, 47.65);
    town.plant("Club de tennis", "SPO.club", -2.1001, 47.65);
    for typed in ["repair cafe redon", "Repair café", "REPAIR CAFÉ DE REDON"] {
        assert_eq!(found(&town, typed), ["Repair Café de Redon"], "{typed}");
    }
    assert!(found(&town, "Chorale").is_empty());
    // A territory too large to be looked through whole: by the index, and by what it has not read yet.
    let everywhere = town.atlas.duplicates("repair cafe redon", None, None, 5);
    assert_eq!(names(&everywhere), ["Repair Café de Redon"]);
    town.atlas.refresh_text().unwrap();
    assert_eq!(names(&town.atlas.duplicates("repair cafe redon", None, None, 5)), ["Repair Café de Redon"]);
}

#[test]
fn the_nearest_actors_are_those_of_a_plain_scan_even_across_the_antimeridian() {
    let mut town = Town::new(4);
    for _ in 0..500 {
        town.edit();
    }
    town.flush();
    for step in 0..200 {
        let from = if step % 4 == 0 { [-179.99, 0.3] } else { town.somewhere() };
        let (limit, radius) = ([1, 10, 50][step % 3], [500.0, 5_000.0, 300_000.0][town.rng.random_range(0..3)]);
        let distance = |p: &Place| metres(from, p.point.unwrap());
        let live = town.actors.values().filter(|a| !a.doc.deleted);
        let nearest = |a: &crate::model::Actor| a.places().iter().filter(|p| p.point.is_some()).map(distance).min_by(f64::total_cmp);
        let mut truth: Vec<f64> = live.filter_map(nearest).filter(|m| *m <= radius).collect();
        truth.sort_by(f64::total_cmp);
        truth.truncate(limit);
        let found = town.atlas.nearest(from[0], from[1], limit, radius);
        assert_eq!(found.iter().map(|n| n.distance_m).collect::<Vec<_>>(), truth, "{from:?} {limit} {radius}");
    }
}

#[test]
fn the_edge_of_a_box_is_inside_and_a_place_beyond_the_pole_of_the_map_is_found() {
    let mut town = Town::new(6);
    let (lon, lat) = (-2.123_456_7, 47.612_345_6);
    town.plant("Edge", "", lon, lat);
    let count = |town: &Town, territory: u128, west, south, east, north| {
        town.atlas.counts(id(territory), &Filter::default(), Some(Bbox { west, south, east, north })).unwrap().actors
    };
    assert_eq!(count(&town, 1, lon, lat, lon, lat), 1);
    assert_eq!(count(&town, 1, lon, lat, lon + 1.0, lat + 1.0), 1);
    assert_eq!(count(&town, 1, lon - 1.0, lat - 1.0, lon, lat), 1);
    assert_eq!(count(&town, 1, lon + 1e-7, lat, lon + 1.0, lat + 1.0), 0);
    assert_eq!(count(&town, 1, lon, lat + 1e-7, lon + 1.0, lat + 1.0), 0);
    assert_eq!(count(&town, 1, lon - 1.0, lat - 1.0, lon - 1e-7, lat), 0);
    let mut actor = town.blank("Pole", 6);
    set(&mut actor, "place/p1/position", json!({"lon": 180.0, "lat": 89.9, "precision": "exact"}));
    town.write(actor, EditKind::Create);
    town.flush();
    assert_eq!(count(&town, 6, 170.0, 89.5, 180.0, 90.0), 1);
    assert_eq!(count(&town, 6, 170.0, 86.0, 180.0, 89.5), 0);
}

#[test]
fn an_actor_outside_every_boundary_or_without_a_place_is_held_by_its_home() {
    let mut town = Town::new(8);
    let mut online = town.blank("En ligne", 1);
    set(&mut online, "place/p1/address", json!({"street": "rue du Port", "housenumber": "3"}));
    let (nowhere, mut outside) = (online.id, online.clone());
    outside.id = id(99);
    set(&mut outside, "place/p1/position", json!({"lon": 5.0, "lat": 45.0, "precision": "exact"}));
    town.write(online, EditKind::Create);
    town.write(outside, EditKind::Create);
    town.flush();
    let list = |town: &Town, territory: u128| {
        let query = Query { territory: id(territory), filter: Filter::default(), bbox: None, sort: Sort::Name, limit: 9, cursor: None };
        town.atlas.features(&query).unwrap()
    };
    assert_eq!(list(&town, 1).matched, 2);
    assert_eq!(list(&town, 4).matched, 0, "the département holds places, not homes");
    let page = list(&town, 1);
    let feature: Value = serde_json::from_str(&page.features[1]).unwrap();
    let properties = &feature["properties"];
    assert_eq!((&feature["geometry"], &properties["id"]), (&Value::Null, &json!(nowhere)));
    assert_eq!((&properties["street"], &properties["precision"]), (&json!("3 rue du Port"), &Value::Null), "an address that nobody placed yet");
    // One point at home and a stray one: both at home, only the one that it covers in the département.
    let mut both = town.actors[&id(99)].clone();
    set(&mut both, "place/p2/position", json!({"lon": -2.1, "lat": 47.65, "precision": "exact"}));
    town.write(both, EditKind::Set);
    town.flush();
    assert_eq!(list(&town, 1).features.len(), 3);
    assert_eq!((list(&town, 4).features.len(), list(&town, 3).features.len()), (1, 1));
    let far: Value = serde_json::from_str(&list(&town, 4).features[0]).unwrap();
    assert_eq!(far["id"], format!("{}/p2", id(99)));
    assert_eq!(town.atlas.slugs_of(&town.atlas.actor(id(99)).unwrap()).iter().map(|s| &**s).collect::<Vec<_>>(), ["aubin", "centre", "departement"]);
}

#[test]
fn changes_tell_what_is_there_and_what_is_gone() {
    let mut town = Town::new(9);
    let stays = town.plant("Reste", "", -2.1, 47.65);
    let moves = town.plant("Part", "", -2.1, 47.65);
    let from = town.seq;
    assert_eq!(town.atlas.changes(from, None).unwrap().marks, []);
    let mut actor = town.actors[&moves].clone();
    set(&mut actor, "place/p1/position", json!({"lon": -1.9, "lat": 47.65, "precision": "exact"}));
    town.write(actor, EditKind::Set);
    town.flush();
    let told = |town: &Town, territory| {
        let changes = town.atlas.changes(from, Some(id(territory))).unwrap();
        (changes.marks.len(), changes.features.len(), changes.gone, changes.upto)
    };
    assert_eq!(told(&town, 1), (1, 0, vec![moves], from + 1), "it left the commune");
    assert_eq!(told(&town, 2), (1, 1, vec![], from + 1));
    assert_eq!(told(&town, 4), (1, 1, vec![], from + 1));
    assert_eq!(told(&town, 5), (0, 0, vec![], from + 1), "nobody there hears of it");
    let mut actor = town.actors[&stays].clone();
    actor.doc.deleted = true;
    town.write(actor, EditKind::Delete);
    town.flush();
    assert_eq!(town.atlas.changes(from, None).unwrap().gone, [stays]);
    for _ in 0..=REMEMBERED {
        let actor = town.actors[&moves].clone();
        town.write(actor, EditKind::Set);
    }
    town.flush();
    assert!(town.atlas.changes(from, None).is_none(), "so old edits are forgotten");
    let mut after = town.seq - 2 * PER_ANSWER as i64 - 5;
    let mut answers = 0;
    while town.atlas.changes(after, Some(id(2))).unwrap().more {
        after = town.atlas.changes(after, Some(id(2))).unwrap().upto;
        answers += 1;
    }
    assert_eq!(answers, 2);
}

#[test]
fn readers_see_all_of_a_batch_or_nothing() {
    let mut town = Town::new(12);
    let pair = [town.plant("Un", "ALI", -2.1, 47.65), town.plant("Deux", "ALI", -2.1, 47.65)];
    let atlas = town.atlas.clone();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) || reads < 100 {
                let counts = atlas.counts(id(1), &Filter::default(), None).unwrap();
                assert!([0, 2].contains(&counts.actors), "half a batch");
                let tile = atlas.tile(id(1), TileId::at(14, -2.1, 47.65), &Filter::default()).unwrap();
                assert!(tile.cells.iter().all(|cell| matches!(cell, Cell::Cluster(c) if c.count == 2)), "half a batch");
                reads += 1;
            }
        });
        for _ in 0..300 {
            for id in pair {
                let mut actor = town.actors[&id].clone();
                actor.doc.deleted = !actor.doc.deleted;
                town.write(actor, EditKind::Delete);
            }
            town.flush();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[test]
fn territories_nest_by_geometry() {
    let town = Town::new(10);
    let slugs = |list: Vec<crate::atlas::TerritoryInfo>| list.into_iter().map(|t| t.slug.into_string()).collect::<Vec<_>>();
    assert_eq!(slugs(town.atlas.quartiers(id(1))), ["centre"]);
    assert_eq!(slugs(town.atlas.territories_in(id(4), None)), ["aubin", "brion", "centre"]);
    assert_eq!(slugs(town.atlas.territories_in(id(6), None)), [""; 0]);
    assert_eq!(slugs(town.atlas.territories()).len(), 6);
    assert_eq!(town.atlas.territories_at(-2.1, 47.65), [id(3), id(1), id(4)]);
    let info = town.atlas.territory("aubin").unwrap();
    assert_eq!((&*info.kind, info.bbox.unwrap().west, info.totals.actors), ("commune", -2.2, 0));
    assert!(town.atlas.territory("nowhere").is_none());
    let mut town = town;
    town.write_territory(territory(1, "saint-aubin", "commune", Some(square(-2.2, 47.6, -2.0, 47.75))));
    town.flush();
    assert!(town.atlas.territory("aubin").is_none());
    assert_eq!(town.atlas.territory_id("saint-aubin"), Some(id(1)));
    assert_eq!(HOUR, 3_600_000);
}
