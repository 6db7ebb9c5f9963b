//! Tiles of actors against a plain scan, after random edits.

use super::decode::{Layer, Value, decode};
use super::{ActorTiles, tilejson};
use crate::atlas::Filter;
use crate::atlas::tests::town::{HOUR, Town, id, passes, set};
use crate::geo::TileId;
use crate::model::{Actor, EditKind, Place, taxonomy};
use flate2::read::GzDecoder;
use rand::Rng;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;
use uuid::Uuid;

fn layers(town: &Town, tiles: &ActorTiles, territory: Uuid, tile: TileId, filter: &Filter) -> Option<(Layer, Layer)> {
    let made = tiles.tile(territory, tile, filter)?;
    let fresh = ActorTiles::new(town.atlas.clone(), 0).tile(territory, tile, filter)?;
    assert_eq!(made.bytes, fresh.bytes, "a cached tile is as good as a new one");
    assert_eq!(made.etag(false), fresh.etag(false));
    let mut unzipped = Vec::new();
    GzDecoder::new(&*made.gzip()).read_to_end(&mut unzipped).unwrap();
    assert_eq!(unzipped, *made.bytes);
    let mut found = decode(&made.bytes);
    assert!(found.iter().all(|l| l.version == 2 && l.extent == 4096 && !l.features.is_empty()));
    let mut take = |name: &str| {
        let at = found.iter().position(|l| l.name == name);
        at.map(|i| found.remove(i)).unwrap_or(Layer { name: name.into(), version: 2, extent: 4096, features: vec![] })
    };
    let both = (take("actors"), take("clusters"));
    assert!(found.is_empty());
    Some(both)
}

fn text(value: &Value) -> &str {
    let Value::Text(text) = value else { panic!("{value:?}") };
    text
}

fn number(value: Option<&Value>) -> u64 {
    match value {
        None => 0,
        Some(Value::Uint(n)) => *n,
        other => panic!("{other:?}"),
    }
}

fn decimal(value: &Value) -> f64 {
    let Value::Double(number) = value else { panic!("{value:?}") };
    *number
}

/// The points that a tile shows, by cell, found by looking at everything.
fn expected<'a>(town: &'a Town, territory: Uuid, tile: TileId, filter: &Filter) -> BTreeMap<(u32, u32), Vec<(&'a Actor, Place)>> {
    let mut cells: BTreeMap<(u32, u32), Vec<(&Actor, Place)>> = BTreeMap::new();
    for actor in town.actors.values().filter(|a| passes(filter, a)) {
        for place in town.shown(actor, territory) {
            let [lon, lat] = place.point.unwrap();
            if TileId::at(tile.z, lon, lat) == tile {
                let cell = TileId::at(tile.z + 3, lon, lat);
                cells.entry((cell.x, cell.y)).or_default().push((actor, place));
            }
        }
    }
    cells
}

/// Column or row inside the tile, 0 to 4096, as the projection of a plain formula gives it.
fn position(tile: TileId, lon: f64, lat: f64) -> [f64; 2] {
    let side = f64::from(1_u32 << tile.z);
    let lat = lat.clamp(-85.051_128_779_8, 85.051_128_779_8).to_radians();
    let y = 0.5 - lat.tan().asinh() / std::f64::consts::TAU;
    [((lon + 180.0) / 360.0 * side - f64::from(tile.x)) * 4096.0, (y * side - f64::from(tile.y)) * 4096.0]
}

/// Within a column of the tile and two of the world's grid, which is the coarser one below zoom 20: a point and the mean are both rounded.
fn near(tile: TileId, at: i64, exact: f64) -> bool {
    (at as f64 - exact).abs() <= 1.01 + 2_f64.powi(i32::from(tile.z) - 19) && (0..4096).contains(&at)
}

fn check(town: &Town, tiles: &ActorTiles, territory: Uuid, tile: TileId, filter: &Filter) {
    let Some((actors, clusters)) = layers(town, tiles, territory, tile, filter) else {
        assert!(town.territories[&territory].doc.deleted);
        return;
    };
    let mut cells = expected(town, territory, tile, filter);
    for feature in &clusters.features {
        let name: Vec<u32> = text(&feature.tags["id"]).split('/').map(|n| n.parse().unwrap()).collect();
        assert_eq!(name[0], u32::from(tile.z) + 3);
        let points = cells.remove(&(name[1], name[2])).expect("a cluster where there is nothing");
        assert!(points.len() > 1);
        assert_eq!(number(feature.tags.get("count")), points.len() as u64);
        for (i, theme) in taxonomy().themes.iter().enumerate() {
            let of_theme = points.iter().filter(|(a, _)| a.themes() & (1 << i) != 0).count() as u64;
            assert_eq!(number(feature.tags.get(theme.code.as_str())), of_theme, "{}", theme.code);
        }
        let at: Vec<[f64; 2]> = points.iter().map(|(_, p)| p.point.unwrap()).collect();
        let mean = |axis: usize| at.iter().map(|p| position(tile, p[0], p[1])[axis]).sum::<f64>() / at.len() as f64;
        assert!(near(tile, feature.x, mean(0)) && near(tile, feature.y, mean(1)), "{feature:?} {} {}", mean(0), mean(1));
        let edges = ["west", "south", "east", "north"].map(|e| decimal(&feature.tags[e]));
        let least = |axis: usize| at.iter().map(|p| p[axis]).min_by(f64::total_cmp).unwrap();
        let most = |axis: usize| at.iter().map(|p| p[axis]).max_by(f64::total_cmp).unwrap();
        for (edge, point, sign) in [(edges[0], least(0), 1.0), (edges[1], least(1), 1.0), (edges[2], most(0), -1.0), (edges[3], most(1), -1.0)] {
            // The box holds its points and is at most a grid square larger; beyond the map's pole it reaches to the pole.
            let beyond = (point - edge) * sign;
            assert!((0.0..4e-7).contains(&beyond) || edge.abs() == 90.0, "{edges:?} {at:?}");
        }
    }
    for feature in &actors.features {
        let tags = &feature.tags;
        let of = |a: &Actor, p: &Place| a.id.to_string() == text(&tags["id"]) && p.id == text(&tags["place"]);
        let cell = cells.iter().find(|(_, points)| points.iter().any(|(a, p)| of(a, p))).map(|(cell, _)| *cell).expect("an actor that is not there");
        let points = cells.remove(&cell).unwrap();
        let [(actor, place)] = &points[..] else { panic!("{} points drawn as one", points.len()) };
        let [lon, lat] = place.point.unwrap();
        let [x, y] = position(tile, lon, lat);
        assert!(near(tile, feature.x, x) && near(tile, feature.y, y), "{feature:?} {x} {y}");
        let expected = [
            ("name", actor.name()),
            ("category", actor.category()),
            ("theme", actor.category().split('.').next().unwrap()),
            ("state", actor.state().as_str()),
            ("precision", place.precision.as_str()),
        ];
        expected.iter().for_each(|(key, value)| assert_eq!(text(&tags[*key]), *value, "{key}"));
    }
    assert!(cells.is_empty(), "left out of {territory} {tile:?} {filter:?}: {cells:?}");
}

/// A tile where something is, of any zoom.
fn random_tile(town: &mut Town) -> TileId {
    let z = town.rng.random_range(0..=22);
    let [lon, lat] = town.somewhere();
    let points: Vec<[f64; 2]> = town.actors.values().flat_map(Actor::places).filter_map(|p| p.point).collect();
    let [lon, lat] = if points.is_empty() || town.rng.random_ratio(1, 5) { [lon, lat] } else { points[town.rng.random_range(0..points.len())] };
    TileId::at(z, lon, lat)
}

#[test]
fn tiles_agree_with_a_plain_scan_feature_by_feature_after_every_few_edits() {
    for seed in [21, 22] {
        let mut town = Town::new(seed);
        let tiles = ActorTiles::new(town.atlas.clone(), 200_000);
        for step in 0..500 {
            (0..if step < 20 { 20 } else { 2 }).for_each(|_| town.edit());
            town.flush();
            let (territory, tile, filter) = (id(town.rng.random_range(1..=6)), random_tile(&mut town), town.filter());
            check(&town, &tiles, territory, tile, &filter);
            if step % 100 == 99 {
                let mut quartier = town.territories[&id(3)].clone();
                quartier.doc.deleted = !quartier.doc.deleted;
                town.write_territory(quartier);
            }
        }
    }
}

#[test]
fn the_counts_of_every_zoom_sum_to_the_number_of_points() {
    let mut town = Town::new(23);
    (0..700).for_each(|_| town.edit());
    town.flush();
    let tiles = ActorTiles::new(town.atlas.clone(), 10_000_000);
    for (territory, filter) in [(1, Filter::default()), (4, Filter::default()), (1, Filter { categories: vec!["ALI".into()], ..Filter::default() })] {
        let territory = id(territory);
        let points: Vec<[f64; 2]> =
            town.actors.values().filter(|a| passes(&filter, a)).flat_map(|a| town.shown(a, territory)).filter_map(|p| p.point).collect();
        assert!(points.len() > 20);
        for z in 0..=20 {
            let of_zoom: BTreeSet<(u32, u32)> = points.iter().map(|p| TileId::at(z, p[0], p[1])).map(|t| (t.x, t.y)).collect();
            let count = |(x, y): (u32, u32)| {
                let (actors, clusters) = layers(&town, &tiles, territory, TileId { z, x, y }, &filter).unwrap();
                actors.features.len() as u64 + clusters.features.iter().map(|f| number(f.tags.get("count"))).sum::<u64>()
            };
            assert_eq!(of_zoom.into_iter().map(count).sum::<u64>(), points.len() as u64, "zoom {z}");
        }
    }
}

#[test]
fn actors_of_one_address_stay_a_cluster_at_every_zoom_and_two_places_of_one_actor_count_twice() {
    let mut town = Town::new(24);
    for name in ["Un", "Deux"] {
        town.plant(name, "ALI.amap", -2.1, 47.65);
    }
    let tiles = ActorTiles::new(town.atlas.clone(), 1_000_000);
    for z in 0..=22 {
        let (actors, clusters) = layers(&town, &tiles, id(1), TileId::at(z, -2.1, 47.65), &Filter::default()).unwrap();
        assert_eq!((actors.features.len(), clusters.features.len()), (0, 1), "zoom {z}");
        assert_eq!(number(clusters.features[0].tags.get("ALI")), 2);
    }
    let mut twice = town.blank("Deux lieux", 2);
    for place in ["p1", "p2"] {
        set(&mut twice, &format!("place/{place}/position"), json!({"lon": -1.9, "lat": 47.65, "precision": "exact"}));
    }
    town.write(twice, EditKind::Create);
    town.flush();
    let (_, clusters) = layers(&town, &tiles, id(2), TileId::at(15, -1.9, 47.65), &Filter::default()).unwrap();
    assert_eq!(number(clusters.features[0].tags.get("count")), 2, "a tile counts points");
    assert_eq!(town.atlas.counts(id(2), &Filter::default(), None).unwrap().actors, 1, "a list counts actors");
}

#[test]
fn an_edit_makes_new_only_the_tiles_that_it_touches() {
    let mut town = Town::new(25);
    let there = town.plant("Ici", "ALI.amap", -2.19, 47.61);
    town.plant("Là", "ALI.amap", -2.01, 47.74);
    let tiles = ActorTiles::new(town.atlas.clone(), 1_000_000);
    let get = |lon, lat, z| tiles.tile(id(1), TileId::at(z, lon, lat), &Filter::default()).unwrap();
    let before = (get(-2.19, 47.61, 13), get(-2.01, 47.74, 13), get(-2.1, 47.65, 3), get(-2.01, 47.74, 18));
    assert!(Arc::ptr_eq(&before.0, &get(-2.19, 47.61, 13)), "kept while nobody edits");
    let mut actor = town.actors[&there].clone();
    set(&mut actor, "name", json!("Ici même"));
    town.write(actor, EditKind::Set);
    town.flush();
    let after = (get(-2.19, 47.61, 13), get(-2.01, 47.74, 13), get(-2.1, 47.65, 3), get(-2.01, 47.74, 18));
    assert!(!Arc::ptr_eq(&before.0, &after.0) && before.0.etag(false) != after.0.etag(false));
    assert!(Arc::ptr_eq(&before.1, &after.1) && Arc::ptr_eq(&before.3, &after.3), "far from the edit nothing is made again");
    assert_eq!(before.2.etag(false), after.2.etag(false), "a cluster shows no name: made again, but the same");
    assert!(tiles.tile(Uuid::nil(), TileId { z: 0, x: 0, y: 0 }, &Filter::default()).is_none());
    assert_eq!(HOUR, 3_600_000);
}

#[test]
fn the_tilejson_names_layers_fields_and_bounds() {
    let town = Town::new(26);
    let json = tilejson(&town.atlas.territory("aubin").unwrap(), "https://example.org/tiles/actors/aubin/{z}/{x}/{y}.mvt");
    assert_eq!(json["tilejson"], "3.0.0");
    assert_eq!(json["bounds"], json!([-2.2, 47.6, -2.0, 47.75]));
    assert_eq!(json["vector_layers"][0]["fields"]["ALI"], "Number");
    assert_eq!(json["vector_layers"][1]["id"], "actors");
}
