//! Made-up actors, the same in every run: many in a few towns, few in many, each with what an actor of the map usually has.

use bouillon::geo::Bbox;
use bouillon::model::{Actor, Doc, FieldMeta, Territory, Version, actor::Origin, taxonomy};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rstar::primitives::GeomWithData;
use rstar::{AABB, RTree};
use serde_json::json;
use uuid::Uuid;

/// Address of the territory that holds everybody.
pub(crate) const SLUG: &str = "banc";
/// Towns; the first are the largest.
const TOWNS: usize = 2000;
/// West, south, east and north of everything.
const SIDES: [f64; 4] = [-6.0, 41.0, 10.0, 53.0];
const KINDS: [&str; 10] = [
    "AMAP",
    "Repair Café",
    "Jardin partagé",
    "Atelier vélo",
    "Ressourcerie",
    "Bibliothèque associative",
    "Boîte à livres",
    "Club sportif",
    "Chorale",
    "Association de parents d’élèves",
];
const OF: [&str; 10] = [
    "des Lilas",
    "du Vieux Pont",
    "de l’Étoile",
    "du Marché",
    "des Trois Rivières",
    "du Faubourg",
    "de la Gare",
    "Louise-Michel",
    "du Cœur",
    "du Bout du Monde",
];

/// A tree of points with the number of their actor.
pub(crate) type Tree = RTree<GeomWithData<[f64; 2], u32>>;

/// Draws towns, points and actors.
pub(crate) struct Draw {
    rng: StdRng,
    towns: Vec<[f64; 3]>,
    reach: Vec<f64>,
    codes: Vec<String>,
}

impl Draw {
    /// The same seed draws the same points; the towns are the same for all.
    pub(crate) fn new(seed: u64) -> Self {
        let mut towns_rng = StdRng::seed_from_u64(1);
        let mut total = 0.0;
        let (mut towns, mut reach) = (Vec::with_capacity(TOWNS), Vec::with_capacity(TOWNS));
        for i in 0..TOWNS {
            let weight = 1.0 / (i as f64 + 3.0);
            towns.push([towns_rng.random_range(-4.5..8.0), towns_rng.random_range(42.5..51.0), weight.sqrt() * 0.3 + 0.004]);
            total += weight;
            reach.push(total);
        }
        let codes = taxonomy().themes.iter().flat_map(|t| t.sub.iter().map(move |s| format!("{}.{}", t.code, s.slug))).collect();
        Self { rng: StdRng::seed_from_u64(seed), towns, reach, codes }
    }

    /// A point, degrees, where actors are.
    pub(crate) fn point(&mut self) -> [f64; 2] {
        let drawn = self.rng.random_range(0.0..self.reach[TOWNS - 1]);
        let [lon, lat, size] = self.towns[self.reach.partition_point(|r| *r < drawn).min(TOWNS - 1)];
        let mut off = || (0..4).map(|_| self.rng.random_range(-1.0..1.0)).sum::<f64>() / 2.0;
        let (x, y) = (lon + off() * size * 1.4, lat + off() * size);
        [(x * 1e7).round() / 1e7, (y * 1e7).round() / 1e7]
    }

    fn any<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.rng.random_range(0..words.len())]
    }

    fn code(&mut self) -> String {
        self.codes[self.rng.random_range(0..self.codes.len())].clone()
    }

    fn actor(&mut self, number: u32) -> Actor {
        let [lon, lat] = self.point();
        let town = format!("Ville{}", self.rng.random_range(0..TOWNS));
        let mut doc = Doc::default();
        let f = &mut doc.fields;
        f.insert("name".into(), json!(format!("{} {} de {town}", self.any(&KINDS), self.any(&OF))));
        f.insert("primary_category".into(), json!(self.code()));
        if self.rng.random_ratio(1, 5) {
            f.insert("categories".into(), json!([self.code()]));
        }
        if self.rng.random_ratio(1, 4) {
            f.insert("confirmed_on".into(), json!("2024-03-01"));
        }
        if self.rng.random_ratio(3, 10) {
            f.insert("summary".into(), json!("Lieu ouvert à tous, atelier chaque semaine."));
        }
        f.insert("place/p1/position".into(), json!({"lon": lon, "lat": lat, "precision": "exact"}));
        let (house, street) = (self.rng.random_range(1..200).to_string(), format!("rue {}", self.any(&OF)));
        f.insert("place/p1/address".into(), json!({"housenumber": house, "street": street, "city": town, "postcode": "35000"}));
        let v = Version { epoch: 1, seq: 1 };
        doc.version = v;
        doc.meta = doc.fields.keys().map(|field| (field.clone(), FieldMeta { v, by: None, at: AT, source: Some("osm".into()) })).collect();
        Actor {
            id: id(number),
            home: territory_id(),
            doc,
            created_at: AT,
            updated_at: AT + i64::from(number) * 1000,
            territories: vec![territory_id(), square_id(lon, lat)],
            origin: Some(Origin { reference: format!("osm:node/{number}"), version: 1, licence: "ODbL-1.0".into() }),
        }
    }
}

const AT: i64 = 1_700_000_000_000;

/// The actors, in order; asking again gives the same ones.
pub(crate) fn actors(count: u32) -> impl Iterator<Item = Actor> {
    let mut draw = Draw::new(2);
    (0..count).map(move |number| draw.actor(number))
}

/// Id of an actor.
pub(crate) fn id(number: u32) -> Uuid {
    Uuid::from_u128((0x0190 << 112) + u128::from(number) * 0x9E37_79B9_7F4A_7C15)
}

/// Id of the territory that holds everybody.
pub(crate) fn territory_id() -> Uuid {
    Uuid::from_u128(1)
}

fn square_id(lon: f64, lat: f64) -> Uuid {
    Uuid::from_u128(1000 + ((lon - SIDES[0]) as u128) * 100 + (lat - SIDES[1]) as u128)
}

/// The territory that holds everybody, and one of each degree.
pub(crate) fn territories() -> Vec<Territory> {
    let [west, south, east, north] = SIDES;
    let mut all = vec![territory(territory_id(), SLUG, "country", SIDES)];
    for x in west as i32..east as i32 {
        for y in south as i32..north as i32 {
            let (w, s) = (f64::from(x), f64::from(y));
            all.push(territory(square_id(w, s), &format!("carre-{}-{y}", x + 10), "departement", [w, s, w + 1.0, s + 1.0]));
        }
    }
    all
}

fn territory(id: Uuid, slug: &str, kind: &str, [w, s, e, n]: [f64; 4]) -> Territory {
    let mut doc = Doc { version: Version { epoch: 1, seq: 1 }, ..Doc::default() };
    for (field, text) in [("slug", slug), ("name", slug), ("kind", kind)] {
        doc.fields.insert(field.into(), json!(text));
    }
    let ring = json!([[w, s], [e, s], [e, n], [w, n], [w, s]]);
    doc.fields.insert("boundary".into(), json!({"type": "Polygon", "coordinates": [ring]}));
    Territory { id, doc }
}

/// The points of all actors in a bare tree.
pub(crate) fn tree(count: u32) -> Tree {
    let points = actors(count).filter_map(|a| a.places().first().and_then(|p| p.point));
    RTree::bulk_load(points.zip(0..).map(|(point, number)| GeomWithData::new(point, number)).collect())
}

/// Boxes around points, each with about so many actors.
pub(crate) fn boxes(tree: &Tree, how_many: usize, hits: std::ops::RangeInclusive<usize>) -> Vec<Bbox> {
    let (mut draw, mut found) = (Draw::new(3), Vec::new());
    for _ in 0..how_many * 200 {
        let [lon, lat] = draw.point();
        let (mut low, mut high) = (0.0, 2.0);
        for _ in 0..24 {
            let r = f64::midpoint(low, high);
            let bbox = Bbox { west: lon - r, south: lat - r, east: lon + r, north: lat + r };
            let count = tree.locate_in_envelope(envelope(&bbox)).count();
            if hits.contains(&count) {
                found.push(bbox);
                break;
            }
            if count < *hits.start() { low = r } else { high = r }
        }
        if found.len() == how_many {
            break;
        }
    }
    found
}

/// The same box for `rstar`.
pub(crate) fn envelope(b: &Bbox) -> AABB<[f64; 2]> {
    AABB::from_corners([b.west, b.south], [b.east, b.north])
}
