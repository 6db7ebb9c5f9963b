//! What the map shows: tiles, lists and counts held against a plain scan, and how tiles travel.

#[path = "tiles_truth.rs"]
pub(crate) mod truth;

use crate::app::{App, Backend, Person, at, create, edit, set_edit};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use truth::{Choice, Counts, Square, Truth, compare_tile, decode, dots, edges, features, fold, served, tile_of};
use uuid::Uuid;

const VILLE: Square = Square { slug: "ville", west: 2.0, south: 48.0, east: 3.0, north: 49.0 };
/// Shares an edge with the first.
const VOISINE: Square = Square { slug: "voisine", west: 3.0, south: 48.0, east: 4.0, north: 49.0 };
/// Inside the first.
const QUARTIER: Square = Square { slug: "quartier", west: 2.4, south: 48.4, east: 2.6, north: 48.6 };
const CATEGORIES: [&str; 9] = ["ALI.shared_garden", "ALI.amap", "ALI", "SOL.food_aid", "SOL.clothing", "DEM.council", "CUL", "SPO", "ENV"];
const NAMES: [&str; 8] =
    ["La Ruche", "Jardin du Canal", "Été solidaire", "L’Atelier", "Boulangerie Ôsier", "Le Verger", "Maison verte", "Cœur de ville"];
const WORDS: [&str; 10] = ["jardin", "ete", "Verg", "ateli", "CŒUR", "osier", "ruche can", "partage", "garden", "introuvable"];

on_both! {
    async fn tiles_lists_and_counts_show_what_a_plain_scan_of_the_actors_shows(backend: Backend) {
        let mut rng = seeded();
        let app = App::start(backend).await;
        let mut town = Town::found(&app).await;
        for _ in 0..8 {
            town.work(&mut rng, 100, true).await;
        }
        for _ in 0..10 {
            town.work(&mut rng, 100, false).await;
        }
        assert!(town.applied > 1650, "only {} of 1800 edits applied", town.applied);
        let (all, squares) = (town.truth().await, [VILLE, VOISINE, QUARTIER]);
        for actor in &all {
            let told: BTreeSet<String> = actor.json["territories"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect();
            assert_eq!(told, actor.territories(&squares), "{}", actor.json);
        }
        let everything = dots(&all, &squares, "ville", &Choice::default());
        assert!(everything.len() > 1100, "{} points: enough for tiles with a node in the pyramid", everything.len());
        for _ in 0..500 {
            let choice = choice(&mut rng);
            let square = squares.choose(&mut rng).unwrap();
            let shown = dots(&all, &squares, square.slug, &choice);
            let z = rng.random_range(0..=20);
            let mut tile = tile_of(somewhere(&mut rng, square, &all), z);
            if rng.random_ratio(1, 5) {
                tile = tile.map(|v| (v + rng.random_range(0..=1)).min((1 << z) - 1));
            }
            let path = format!("/tiles/actors/{}/{z}/{}/{}.mvt?{}", square.slug, tile[0], tile[1], choice.query());
            if let Err(e) = compare_tile(&bytes(&mut town.ana, &path).await, z, tile, &shown) {
                panic!("{path}: {e}");
            }
            let bbox = rng.random_ratio(5, 6).then(|| edges(z, tile));
            compare_list(&mut town.ana, &all, &squares, square.slug, &choice, bbox).await;
        }
    }
}

on_both! {
    async fn at_every_zoom_the_counts_of_all_tiles_sum_to_the_number_of_points(backend: Backend) {
        let mut rng = seeded();
        let app = App::start(backend).await;
        let mut town = Town::found(&app).await;
        for round in 0..14 {
            town.work(&mut rng, 100, round < 13).await;
        }
        let (all, squares) = (town.truth().await, [VILLE, VOISINE, QUARTIER]);
        for choice in [Choice::default(), Choice { categories: vec!["ALI".into()], state: Some("to_check"), q: None }] {
            let shown = dots(&all, &squares, "ville", &choice);
            for z in 0..=20 {
                let tiles: BTreeSet<[u32; 2]> = shown.iter().map(|d| tile_of(d.at, z)).collect();
                let (mut points, mut aliments) = (0, 0);
                for [x, y] in tiles {
                    let layers = decode(&bytes(&mut town.ana, &format!("/tiles/actors/ville/{z}/{x}/{y}.mvt?{}", choice.query())).await);
                    points += layers.get("actors").map_or(0, Vec::len) as u64;
                    for cluster in layers.get("clusters").into_iter().flatten() {
                        points += cluster.said["count"].as_u64().unwrap();
                        aliments += cluster.said["ALI"].as_u64().unwrap_or(0);
                    }
                }
                assert_eq!(points, shown.len() as u64, "{choice:?} at zoom {z}");
                assert!(choice.categories.is_empty() || aliments <= points);
            }
        }
    }
}

on_both! {
    async fn an_edit_renews_the_tiles_that_show_it_and_no_others(backend: Backend) {
        let app = App::start(backend).await;
        app.territory("ville", 2.0, 48.0).await;
        let mut ana = app.person();
        let ruche = ana.add("ville", json!({"name": "La Ruche", "place/p1/position": at(2.2, 48.2)})).await;
        ana.add("ville", json!({"name": "Le Verger", "place/p1/position": at(2.8, 48.8)})).await;
        let path = |lon, lat, z: u32| {
            let [x, y] = tile_of([lon, lat], z);
            format!("/tiles/actors/ville/{z}/{x}/{y}.mvt")
        };
        let (near, far, whole) = (path(2.2, 48.2, 14), path(2.8, 48.8, 14), path(2.2, 48.2, 8));
        let before = [etag(&mut ana, &near).await, etag(&mut ana, &far).await, etag(&mut ana, &whole).await];
        let known = ana.send(Method::GET, &near, None, &[("if-none-match", &before[0])]).await;
        assert_eq!((known.status().as_u16(), known.headers()["etag"].to_str().unwrap()), (304, before[0].as_str()));

        assert_eq!(ana.set(&ruche, json!({"name": "La Ruche bleue"})).await.0, 200);
        let after = [etag(&mut ana, &near).await, etag(&mut ana, &far).await, etag(&mut ana, &whole).await];
        assert_ne!(before[0], after[0]);
        assert_eq!(before[1], after[1]);
        // From a hundred kilometres the actor is still a point of its own, so that the new name shows there too.
        assert_ne!(before[2], after[2]);
        let renewed = ana.send(Method::GET, &near, None, &[("if-none-match", &before[0])]).await;
        assert_eq!(renewed.status(), 200);
        let layers = decode(&renewed.bytes().await.unwrap());
        assert_eq!(layers["actors"][0].said["name"], "La Ruche bleue");

        // A move empties one tile and fills another.
        let now = ana.actor(ruche["id"].as_str().unwrap()).await;
        ana.set(&now, json!({"place/p1/position": at(2.8001, 48.8001)})).await;
        assert!(bytes(&mut ana, &near).await.is_empty());
        assert_ne!(etag(&mut ana, &far).await, after[1]);
    }
}

#[tokio::test]
async fn an_actor_that_has_only_a_second_theme_is_to_classify_everywhere() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    ana.add("ville", json!({"name": "La Ruche", "categories": ["CUL"], "place/p1/position": at(2.5, 48.5)})).await;
    let (_, list) = ana.get("/api/v1/territories/ville/actors.geojson").await;
    assert_eq!(list["features"][0]["properties"]["category"], "");
    let (_, near) = ana.get("/api/v1/nearby?lon=2.5&lat=48.5").await;
    assert_eq!(near["actors"][0]["category"], "");
    let [x, y] = tile_of([2.5, 48.5], 8);
    assert_eq!(decode(&bytes(&mut ana, &format!("/tiles/actors/ville/8/{x}/{y}.mvt")).await)["actors"][0].said["category"], "");
}

#[tokio::test]
async fn a_tile_is_the_same_packed_and_plain() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let many: Vec<Value> = (0..90)
        .map(|i| create("ville", json!({"name": format!("Acteur {i}"), "place/p1/position": at(2.01 + f64::from(i) / 100.0, 48.5)})))
        .collect();
    assert_eq!(ana.edits(&many).await.0, 200);
    let [x, y] = tile_of([2.5, 48.5], 8);
    let path = format!("/tiles/actors/ville/8/{x}/{y}.mvt");
    // A client that does not unpack by itself.
    ana.http = reqwest::Client::builder().no_gzip().build().unwrap();
    let plain = ana.send(Method::GET, &path, None, &[("accept-encoding", "identity")]).await;
    assert_eq!(plain.headers()["content-type"], "application/vnd.mapbox-vector-tile");
    assert!(plain.headers().get("content-encoding").is_none());
    assert_eq!(plain.headers()["access-control-allow-origin"], "*");
    let plain = plain.bytes().await.unwrap();
    let packed = ana.send(Method::GET, &path, None, &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.headers()["vary"].to_str().unwrap().contains("accept-encoding"));
    let packed = packed.bytes().await.unwrap();
    assert!(packed.len() < plain.len());
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
    assert!(!decode(&plain).is_empty());
}

#[tokio::test]
async fn the_tilejson_says_where_the_tiles_are_and_what_they_hold() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    ana.add("ville", json!({"name": "La Ruche", "primary_category": "ALI", "place/p1/position": at(2.5, 48.5)})).await;
    let (status, tilejson) = ana.get("/tiles/actors/ville.json?category=ALI,SOL.food_aid").await;
    assert_eq!(status, 200);
    assert_eq!((&tilejson["tilejson"], &tilejson["minzoom"], &tilejson["maxzoom"]), (&json!("3.0.0"), &json!(0), &json!(20)));
    assert_eq!(tilejson["bounds"], json!([2.0, 48.0, 3.0, 49.0]));
    let layers: Vec<&str> = tilejson["vector_layers"].as_array().unwrap().iter().map(|l| l["id"].as_str().unwrap()).collect();
    assert_eq!(layers.iter().collect::<BTreeSet<_>>(), BTreeSet::from([&"actors", &"clusters"]));
    for layer in tilejson["vector_layers"].as_array().unwrap() {
        assert!(layer["fields"].as_object().unwrap().contains_key("id"), "{layer}");
    }
    // Its template leads to a tile with the same filter.
    let template = tilejson["tiles"][0].as_str().unwrap();
    assert!(template.starts_with(&app.url), "{template}");
    let [x, y] = tile_of([2.5, 48.5], 9);
    let address = template.replace("{z}", "9").replace("{x}", &x.to_string()).replace("{y}", &y.to_string());
    assert_eq!(decode(&bytes(&mut ana, address.strip_prefix(&app.url).unwrap()).await)["actors"].len(), 1);
    assert!(address.contains("category=ALI"), "{address}");
    assert_eq!(ana.get("/tiles/actors/nulle-part.json").await.0, 404);
}

#[tokio::test]
async fn what_is_no_tile_or_no_filter_is_refused_with_a_sentence_in_both_languages() {
    let app = App::start(Backend::Sqlite).await;
    app.territory("ville", 2.0, 48.0).await;
    let mut ana = app.person();
    let huge = "9".repeat(40);
    for (path, code) in [
        ("21/0/0.mvt", "bad_tile"),
        ("3/8/0.mvt", "bad_tile"),
        ("3/0/8.mvt", "bad_tile"),
        ("-1/0/0.mvt", "bad_tile"),
        ("1.5/0/0.mvt", "bad_tile"),
        ("3/x/0.mvt", "bad_tile"),
        ("3/0/0", "bad_tile"),
        ("3/0/0.png", "bad_tile"),
        (&format!("{huge}/{huge}/{huge}.mvt"), "bad_tile"),
        ("3/4/2.mvt?category=XYZ", "bad_category"),
        ("3/4/2.mvt?category=ALI.rien", "bad_category"),
        ("3/4/2.mvt?category=ALI,,SOL.rien", "bad_category"),
        ("3/4/2.mvt?state=deleted", "bad_state"),
        ("3/4/2.mvt?state=peut-%C3%AAtre", "bad_state"),
        (&format!("3/4/2.mvt?q={}", "a".repeat(201)), "bad_text"),
    ] {
        let mut said = Vec::new();
        for lang in ["fr", "en"] {
            let answer = ana.send(Method::GET, &format!("/tiles/actors/ville/{path}"), None, &[("accept-language", lang)]).await;
            assert_eq!(answer.status(), 400, "{path}");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["code"], code, "{path}");
            said.push(problem["detail"].as_str().unwrap().to_owned());
        }
        assert!(said[0].ends_with('.') && said[1].ends_with('.') && said[0] != said[1], "{path}: {said:?}");
    }
    assert_eq!(ana.get("/tiles/actors/nulle-part/3/4/2.mvt").await.0, 404);
}

fn seeded() -> StdRng {
    let seed = std::env::var("BOUILLON_TEST_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("BOUILLON_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// People who fill three territories.
struct Town {
    ana: Person,
    moderator: Person,
    /// Every actor ever made, as last answered, with the number of the last edit on it.
    seen: HashMap<String, (Value, Value)>,
    applied: usize,
}

impl Town {
    async fn found(app: &App) -> Self {
        let mut admin = app.with_role("admin").await;
        for (s, kind) in [(VILLE, "commune"), (VOISINE, "commune"), (QUARTIER, "quartier")] {
            let ring = json!([[s.west, s.south], [s.east, s.south], [s.east, s.north], [s.west, s.north], [s.west, s.south]]);
            let fields = json!({"slug": s.slug, "name": s.slug, "kind": kind, "boundary": {"type": "Polygon", "coordinates": [ring]}});
            let subject = json!({"kind": "territory", "id": Uuid::now_v7()});
            let made = json!({"id": Uuid::now_v7(), "subject": subject, "kind": "create", "set": fields});
            assert_eq!(admin.edits(&[made]).await.0, 200);
        }
        Self { ana: app.person(), moderator: app.with_role("moderator").await, seen: HashMap::new(), applied: 0 }
    }

    /// Random edits, each on another actor.
    async fn work(&mut self, rng: &mut StdRng, n: usize, only_new: bool) {
        let mut ids: Vec<String> = self.seen.keys().cloned().collect();
        ids.sort_unstable();
        ids.shuffle(rng);
        let (mut by_ana, mut by_moderator) = (Vec::new(), Vec::new());
        for _ in 0..n {
            let known = if only_new || rng.random_ratio(1, 4) { None } else { ids.pop() };
            let Some((seen, seq)) = known.map(|id| &self.seen[&id]) else {
                by_ana.push(create(["ville", "ville", "voisine", "quartier"].choose(rng).unwrap(), newcomer(rng)));
                continue;
            };
            match rng.random_range(0..10) {
                _ if seen["state"] == "deleted" => by_moderator.push(edit("restore", seen, json!({}))),
                0 => by_moderator.push(edit("delete", seen, json!({"base": {"*": seen["version"]}}))),
                1 => by_moderator.push(edit("revert", seen, json!({"reverts": seq}))),
                2 => by_ana.push(edit("add", seen, json!({"set": {"categories": [CATEGORIES.choose(rng).unwrap()]}}))),
                3 => by_ana.push(set_edit(seen, json!({"primary_category": category(rng)}))),
                4 => by_ana.push(set_edit(seen, json!({"confirmed_on": rng.random_ratio(3, 4).then_some("2026-03-01")}))),
                5 => by_ana.push(set_edit(seen, json!({"name": name(rng), "place/p1/address": {"street": "rue du Jardin", "city": "Été"}}))),
                _ => {
                    let place = format!("place/p{}/position", rng.random_range(1..=3));
                    by_ana.push(set_edit(seen, json!({place: position(rng)})));
                }
            }
        }
        for (edits, by) in [(by_ana, &mut self.ana), (by_moderator, &mut self.moderator)] {
            if edits.is_empty() {
                continue;
            }
            let (_, body) = by.edits(&edits).await;
            for result in body["results"].as_array().unwrap_or_else(|| panic!("{body}")) {
                // A third secondary category is refused; everything else has an actor.
                let Some(id) = result["actor"]["id"].as_str() else {
                    assert_eq!(result["code"], "too_many", "{result}");
                    continue;
                };
                self.applied += usize::from(matches!(result["result"].as_str(), Some("applied" | "same")));
                let before = self.seen.remove(id).map_or(Value::Null, |(_, seq)| seq);
                let seq = if result["seq"].is_null() { before } else { result["seq"].clone() };
                self.seen.insert(id.to_owned(), (result["actor"].clone(), seq));
            }
        }
    }

    /// Every actor, asked one by one.
    async fn truth(&mut self) -> Vec<Truth> {
        let (_, taxonomy) = self.ana.get("/api/v1/taxonomy").await;
        let mut labels = BTreeMap::new();
        for theme in taxonomy["themes"].as_array().unwrap() {
            for sub in theme["sub"].as_array().unwrap() {
                let code = format!("{}.{}", theme["code"].as_str().unwrap(), sub["slug"].as_str().unwrap());
                labels.insert(code, fold(&format!("{} {}", sub["fr"], sub["en"])));
            }
        }
        let mut all = Vec::new();
        for id in self.seen.keys() {
            all.extend(Truth::new(self.ana.actor(id).await, &labels));
        }
        all
    }
}

fn newcomer(rng: &mut StdRng) -> Value {
    let mut fields = json!({"name": name(rng), "primary_category": category(rng)});
    for i in 1..=rng.random_range(0..=5).min(2) {
        fields[format!("place/p{i}/position")] = position(rng);
    }
    if rng.random_ratio(1, 4) {
        fields["categories"] = json!([CATEGORIES.choose(rng).unwrap()]);
    }
    if rng.random_ratio(1, 4) {
        fields["confirmed_on"] = json!("2026-02-02");
    }
    if rng.random_ratio(1, 8) {
        fields["summary"] = json!("On y partage des graines");
        fields["tags"] = json!(["jardinage", "été"]);
    }
    fields
}

fn name(rng: &mut StdRng) -> String {
    format!("{} {}", NAMES.choose(rng).unwrap(), rng.random_range(10..99))
}

fn category(rng: &mut StdRng) -> Option<&'static str> {
    CATEGORIES.choose(rng).copied().filter(|_| rng.random_ratio(9, 10))
}

/// Mostly in one of a few spots, from the same door to some kilometres around; at times anywhere, on an edge, outside, online or nowhere.
fn position(rng: &mut StdRng) -> Value {
    let around = |rng: &mut StdRng, [lon, lat]: [f64; 2]| {
        let wide = [0.0, 1e-6, 1e-5, 1e-4, 1e-3].choose(rng).unwrap();
        [lon + rng.random_range(-1.0..=1.0) * wide, lat + rng.random_range(-1.0..=1.0) * wide]
    };
    let [lon, lat] = match rng.random_range(0..40) {
        0 => return Value::Null,
        1 => return json!({"precision": "online"}),
        2 => [3.0, 48.25],
        3 => [2.4, 48.4],
        4 => [rng.random_range(-170.0..170.0), rng.random_range(-80.0..80.0)],
        5 => [rng.random_range(2.0..4.0), rng.random_range(48.0..49.0)],
        6..=9 => around(rng, [3.5, 48.5]),
        10..=12 => around(rng, [2.2, 48.7]),
        _ => around(rng, [2.5, 48.5]),
    };
    let precision = ["exact", "street", "quartier", "commune"].choose(rng).unwrap();
    json!({"lon": lon, "lat": lat, "precision": precision})
}

fn choice(rng: &mut StdRng) -> Choice {
    let mut out = Choice::default();
    if rng.random_ratio(1, 2) {
        out.categories = (0..rng.random_range(1..=3)).map(|_| (*CATEGORIES.choose(rng).unwrap()).to_owned()).collect();
    }
    if rng.random_ratio(1, 3) {
        out.state = ["to_check", "confirmed"].choose(rng).copied();
    }
    if rng.random_ratio(1, 4) {
        out.q = WORDS.choose(rng).map(|w| (*w).to_owned());
    }
    out
}

/// Mostly where an actor is.
fn somewhere(rng: &mut StdRng, square: &Square, all: &[Truth]) -> [f64; 2] {
    let squares = [VILLE, VOISINE, QUARTIER];
    let shown = dots(all, &squares, square.slug, &Choice::default());
    match shown.choose(rng) {
        Some(dot) if rng.random_ratio(9, 10) => dot.at,
        _ => [rng.random_range(square.west..square.east), rng.random_range(square.south..square.north)],
    }
}

/// Compares a list, all its pages, and the counts.
async fn compare_list(who: &mut Person, all: &[Truth], squares: &[Square], slug: &str, choice: &Choice, bbox: Option<[f64; 4]>) {
    let (wanted, counts) = features(all, squares, slug, choice, bbox);
    let area = bbox.map(|b| format!("&bbox={}", b.map(|v| v.to_string()).join(","))).unwrap_or_default();
    let query = format!("{}{area}", choice.query());
    let (mut got, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let (status, page) = who.get(&format!("/api/v1/territories/{slug}/actors.geojson?limit=1000&{query}{cursor}")).await;
        assert_eq!(status, 200, "{query}: {page}");
        assert_eq!(page["numberMatched"], counts.actors, "{slug} {query}");
        for feature in page["features"].as_array().unwrap() {
            let twice = got.insert(feature["id"].as_str().unwrap().to_owned(), served(feature));
            assert_eq!(twice, None, "{slug} {query}: twice in the list");
        }
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={}", url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>());
    }
    assert_eq!(got.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{slug} {query}");
    for (id, feature) in &wanted {
        assert_eq!(&got[id], feature, "{slug} {query}");
    }
    let (_, told) = who.get(&format!("/api/v1/territories/{slug}/counts?{query}")).await;
    let themes = serde_json::from_value(told["themes"].clone()).unwrap();
    let told = Counts { actors: told["actors"].as_u64().unwrap(), to_check: told["to_check"].as_u64().unwrap(), themes };
    assert_eq!(told, counts, "{slug} {query}");
}

async fn bytes(who: &mut Person, path: &str) -> Vec<u8> {
    let answer = who.send(Method::GET, path, None, &[]).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.unwrap().to_vec()
}

async fn etag(who: &mut Person, path: &str) -> String {
    let answer = who.send(Method::GET, path, None, &[]).await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.headers()["etag"].to_str().unwrap().to_owned()
}
