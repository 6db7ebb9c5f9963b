//! A little world for tests: the subjects as the journal knows them, an atlas fed with every edit, and the plain truth about both.

use crate::atlas::{Atlas, Change, Filter, Mark};
use crate::geo::{Bbox, Shape};
use crate::model::{Actor, Doc, EditKind, Place, State, Subject, SubjectKind, Territory, Version};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

pub(crate) const NAMES: [&str; 8] = [
    "Repair Café",
    "La Ruche",
    "Amicale Laïque Saint Michel",
    "Jardin partagé des Lilas",
    "Épicerie solidaire",
    "M.J.C. du Port",
    "Œuvre d’Été",
    "Club de judo",
];
pub(crate) const CATEGORIES: [&str; 6] = ["ALI.shared_garden", "ALI", "SOL.food_aid", "CUL.centre", "REE.repair", "SPO.club"];
pub(crate) const HOUR: i64 = 3_600_000;

pub(crate) struct Town {
    pub(crate) atlas: Arc<Atlas>,
    pub(crate) actors: BTreeMap<Uuid, Actor>,
    pub(crate) territories: BTreeMap<Uuid, Territory>,
    pub(crate) seq: i64,
    pub(crate) rng: StdRng,
    pending: (Vec<Change>, Vec<Mark>),
}

pub(crate) fn square(w: f64, s: f64, e: f64, n: f64) -> Value {
    json!({"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]})
}

pub(crate) fn territory(number: u128, slug: &str, kind: &str, boundary: Option<Value>) -> Territory {
    let mut doc = Doc::default();
    doc.fields.insert("slug".into(), json!(slug));
    doc.fields.insert("name".into(), json!(slug.to_uppercase()));
    doc.fields.insert("kind".into(), json!(kind));
    if let Some(boundary) = boundary {
        doc.fields.insert("boundary".into(), boundary);
    }
    Territory { id: Uuid::from_u128(number), doc }
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

impl Town {
    /// A département of two communes, one with a quartier; an island at the antimeridian; a territory without a boundary. No actor.
    pub(crate) fn new(seed: u64) -> Self {
        let list = [
            territory(1, "aubin", "commune", Some(square(-2.2, 47.6, -2.0, 47.75))),
            territory(2, "brion", "commune", Some(square(-2.0, 47.6, -1.8, 47.75))),
            territory(3, "centre", "quartier", Some(square(-2.12, 47.64, -2.08, 47.68))),
            territory(4, "departement", "departement", Some(square(-2.5, 47.4, -1.5, 47.9))),
            territory(5, "edge", "commune", Some(square(179.0, -1.0, 180.0, 1.0))),
            territory(6, "far", "custom", None),
        ];
        let atlas = Arc::new(Atlas::new());
        atlas.load(&list, &[], Version { epoch: 1, seq: 0 }).unwrap();
        let territories = list.into_iter().map(|t| (t.id, t)).collect();
        Self { atlas, actors: BTreeMap::new(), territories, seq: 0, rng: StdRng::seed_from_u64(seed), pending: (vec![], vec![]) }
    }

    /// An actor that is written in the journal but not yet sent.
    pub(crate) fn blank(&self, name: &str, home: u128) -> Actor {
        let number = (0x0190_0000_u128 << 96) + self.actors.len() as u128 + 1;
        let mut doc = Doc::default();
        doc.fields.insert("name".into(), json!(name));
        Actor { id: id(number), home: id(home), doc, created_at: HOUR, updated_at: HOUR, territories: vec![], origin: None }
    }

    /// A named actor with one place, sent.
    pub(crate) fn plant(&mut self, name: &str, category: &str, lon: f64, lat: f64) -> Uuid {
        let mut actor = self.blank(name, 1);
        set(&mut actor, "primary_category", json!(category));
        set(&mut actor, "place/p1/position", json!({"lon": lon, "lat": lat, "precision": "exact"}));
        let id = actor.id;
        self.write(actor, EditKind::Create);
        self.flush();
        id
    }

    /// Writes an actor's new state; it goes to the atlas with the next flush.
    pub(crate) fn write(&mut self, mut actor: Actor, kind: EditKind) {
        self.seq += 1;
        actor.updated_at = self.seq / 3 * HOUR;
        actor.territories = self.covering(&actor);
        self.pending.0.push(Change::Actor(Box::new(actor.clone())));
        self.mark(SubjectKind::Actor, actor.id, kind);
        self.actors.insert(actor.id, actor);
    }

    /// Writes a territory's new state with every actor whose territories it changes, as the journal's writer does.
    pub(crate) fn write_territory(&mut self, territory: Territory) {
        self.seq += 1;
        self.mark(SubjectKind::Territory, territory.id, EditKind::Set);
        self.pending.0.push(Change::Territory(Box::new(territory.clone())));
        self.territories.insert(territory.id, territory);
        for id in self.actors.keys().copied().collect::<Vec<_>>() {
            let now = self.covering(&self.actors[&id]);
            let actor = self.actors.get_mut(&id).unwrap();
            if actor.territories != now {
                actor.territories = now;
                self.pending.0.push(Change::Actor(Box::new(actor.clone())));
            }
        }
    }

    fn mark(&mut self, kind: SubjectKind, id: Uuid, edit: EditKind) {
        let subject = Subject { kind, id };
        self.pending.1.push(Mark {
            seq: self.seq,
            id: Uuid::nil(),
            at: self.seq * HOUR,
            kind: edit,
            subject,
            author: None,
            source: None,
            seance: None,
            home: None,
        });
    }

    /// Sends what was written as one batch.
    pub(crate) fn flush(&mut self) {
        let (changes, marks) = std::mem::take(&mut self.pending);
        self.atlas.apply(changes, marks, Version { epoch: 1, seq: self.seq });
    }

    /// One edit of a random kind.
    pub(crate) fn edit(&mut self) {
        let dice = self.rng.random_range(0..100);
        let pick = |town: &mut Self| town.actors.values().nth(town.rng.random_range(0..town.actors.len().max(1))).cloned();
        let old = if dice < 25 { None } else { pick(self) };
        let Some(mut actor) = old else {
            let name = format!("{} {}", NAMES[self.rng.random_range(0..NAMES.len())], self.actors.len());
            let home = self.rng.random_range(1..=6);
            let mut actor = self.blank(&name, home);
            for place in 0..[0, 1, 1, 1, 1, 2, 3][self.rng.random_range(0..7)] {
                self.place(&mut actor, place);
            }
            self.classify(&mut actor);
            self.write(actor, EditKind::Create);
            return;
        };
        match dice {
            25..50 => {
                let place = self.rng.random_range(0..2);
                self.place(&mut actor, place);
            }
            50..65 => self.classify(&mut actor),
            65..75 => {
                let day = if actor.doc.text("confirmed_on").is_empty() { json!("2024-05-01") } else { Value::Null };
                set(&mut actor, "confirmed_on", day);
            }
            75..85 => set(&mut actor, "name", json!(NAMES[self.rng.random_range(0..NAMES.len())])),
            85..90 => set(&mut actor, "place/p1/position", Value::Null),
            _ => actor.doc.deleted = !actor.doc.deleted,
        }
        self.write(actor, EditKind::Set);
    }

    fn classify(&mut self, actor: &mut Actor) {
        let mut one = || json!(CATEGORIES[self.rng.random_range(0..CATEGORIES.len())]);
        let (first, second) = (one(), one());
        let n = self.rng.random_range(0..5);
        set(actor, "primary_category", if n == 0 { Value::Null } else { first });
        set(actor, "categories", if n < 3 { Value::Null } else { json!([second]) });
    }

    fn place(&mut self, actor: &mut Actor, number: usize) {
        let [lon, lat] = self.somewhere();
        let position =
            if self.rng.random_ratio(1, 12) { json!({"precision": "online"}) } else { json!({"lon": lon, "lat": lat, "precision": "street"}) };
        set(actor, &format!("place/p{}/position", number + 1), position);
        set(actor, &format!("place/p{}/address", number + 1), json!({"street": "rue du Port", "housenumber": "3", "city": "Aubin"}));
    }

    /// Mostly in town, often at one of few addresses, sometimes on an edge, at the antimeridian, at a pole or outside every boundary.
    pub(crate) fn somewhere(&mut self) -> [f64; 2] {
        let within = |v: f64| (v * 1e7).round() / 1e7;
        let rng = &mut self.rng;
        match rng.random_range(0..20) {
            0..8 => [within(rng.random_range(-2.2..-1.8)), within(rng.random_range(47.6..47.75))],
            8..13 => [within(rng.random_range(-2.12..-2.08)), within(rng.random_range(47.64..47.68))],
            13..15 => [-2.1, 47.65 + f64::from(rng.random_range(0..3_u8)) * 1e-7],
            15 => [-2.0, within(rng.random_range(47.6..47.75))],
            16 => [if rng.random() { 180.0 } else { within(rng.random_range(179.9..180.0)) }, within(rng.random_range(-1.0..1.0))],
            17 => [within(rng.random_range(-180.0..180.0)), if rng.random() { 90.0 } else { -89.0 }],
            18 => [-180.0, 0.5],
            _ => [within(rng.random_range(-10.0..10.0)), within(rng.random_range(40.0..50.0))],
        }
    }

    /// Ids of the territories that cover a place of an actor, by plain geometry.
    pub(crate) fn covering(&self, actor: &Actor) -> Vec<Uuid> {
        let points: Vec<[f64; 2]> = actor.places().iter().filter_map(|p| p.point).collect();
        let covers = |t: &&Territory| !t.doc.deleted && points.iter().any(|p| covers(t, *p));
        self.territories.values().filter(covers).map(|t| t.id).collect()
    }

    /// The plain rule of who belongs where, written a second time.
    pub(crate) fn belongs(&self, actor: &Actor, territory: Uuid) -> bool {
        let alive = |id: &Uuid| self.territories.get(id).is_some_and(|t| !t.doc.deleted);
        let listed: Vec<&Uuid> = actor.territories.iter().filter(|id| alive(id)).collect();
        !actor.doc.deleted && alive(&territory) && (listed.contains(&&territory) || (listed.is_empty() && actor.home == territory))
    }

    /// The points of an actor that lie on a territory's map.
    pub(crate) fn shown(&self, actor: &Actor, territory: Uuid) -> Vec<Place> {
        if !self.belongs(actor, territory) {
            return Vec::new();
        }
        let here = |p: &Place| covers(&self.territories[&territory], p.point.unwrap());
        let stray = |p: &Place| actor.home == territory && self.covering_point(p.point.unwrap()).is_empty();
        actor.places().into_iter().filter(|p| p.point.is_some() && (here(p) || stray(p))).collect()
    }

    fn covering_point(&self, point: [f64; 2]) -> Vec<Uuid> {
        self.territories.values().filter(|t| !t.doc.deleted && covers(t, point)).map(|t| t.id).collect()
    }

    /// A random filter that an index can answer in different ways.
    pub(crate) fn filter(&mut self) -> Filter {
        let mut filter = Filter::default();
        match self.rng.random_range(0..6) {
            0 => {}
            1 => filter.categories = vec!["ALI".into()],
            2 => filter.categories = vec!["SOL".into(), "REE".into()],
            3 => filter.categories = vec!["ALI.shared_garden".into(), "CUL".into()],
            4 => filter.text = Some(["jard lila", "mjc", "épicerie", "rue port", "alsm", "oeuvre"][self.rng.random_range(0..6)].into()),
            _ => filter.categories = vec!["XXX".into()],
        }
        filter.state = [None, None, Some(State::ToCheck), Some(State::Confirmed)][self.rng.random_range(0..4)];
        filter
    }
}

/// The filter's rule, written a second time and with words instead of numbers.
pub(crate) fn passes(filter: &Filter, actor: &Actor) -> bool {
    let fold = crate::model::text::fold;
    let category =
        filter.categories.is_empty() || filter.categories.iter().any(|f| actor.categories().any(|c| c == f || c.starts_with(&format!("{f}."))));
    let state = filter.state.is_none_or(|s| s == actor.state());
    let mut words: Vec<String> = fold(actor.name()).split(' ').map(String::from).collect();
    if actor.doc.fields.keys().any(|field| field.ends_with("/address")) {
        words.extend(["rue", "du", "port", "aubin"].map(String::from));
    }
    for (name, other) in [("m j c", "mjc"), ("amicale laique saint michel", "alsm")] {
        if fold(actor.name()).starts_with(name) {
            words.push(other.into());
        }
    }
    for (code, labels) in [("ALI.shared_garden", "jardin partage shared garden"), ("SOL.food_aid", "aide alimentaire")] {
        if actor.categories().any(|c| c == code) {
            words.extend(labels.split(' ').map(String::from));
        }
    }
    let text = filter.text.as_deref().unwrap_or("");
    category && state && fold(text).split(' ').filter(|q| !q.is_empty()).all(|q| words.iter().any(|w| w.starts_with(q)))
}

pub(crate) fn set(actor: &mut Actor, field: &str, value: Value) {
    if value.is_null() {
        actor.doc.fields.remove(field);
    } else {
        actor.doc.fields.insert(field.into(), value);
    }
}

pub(crate) fn covers(territory: &Territory, point: [f64; 2]) -> bool {
    territory.boundary().and_then(Shape::from_geojson).is_some_and(|shape| shape.covers(point[0], point[1]))
}

pub(crate) fn within(bbox: Option<Bbox>, place: &Place) -> bool {
    bbox.is_none_or(|b| place.point.is_some_and(|[lon, lat]| b.west <= lon && lon <= b.east && b.south <= lat && lat <= b.north))
}
