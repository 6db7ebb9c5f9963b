//! What a map should show, worked out the slow way from the actors' own JSON, and a reader of vector tiles. Shares no code with the server.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::PI;

/// A territory with straight edges, degrees.
#[derive(Debug, Clone)]
pub(crate) struct Square {
    pub(crate) slug: &'static str,
    pub(crate) west: f64,
    pub(crate) south: f64,
    pub(crate) east: f64,
    pub(crate) north: f64,
}

impl Square {
    pub(crate) fn covers(&self, [lon, lat]: [f64; 2]) -> bool {
        self.west <= lon && lon <= self.east && self.south <= lat && lat <= self.north
    }
}

/// What is asked of a tile, a list or a count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    pub(crate) categories: Vec<String>,
    pub(crate) state: Option<&'static str>,
    pub(crate) q: Option<String>,
}

impl Choice {
    /// As a query string, without the question mark.
    pub(crate) fn query(&self) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        if !self.categories.is_empty() {
            out.append_pair("category", &self.categories.join(","));
        }
        if let Some(state) = self.state {
            out.append_pair("state", state);
        }
        if let Some(q) = &self.q {
            out.append_pair("q", q);
        }
        out.finish()
    }

    fn takes(&self, actor: &Truth) -> bool {
        let under = |asked: &String| actor.categories.iter().any(|c| c == asked || c.starts_with(&format!("{asked}.")));
        let word = |word: &str| actor.words.iter().any(|w| w.starts_with(word));
        (self.categories.is_empty() || self.categories.iter().any(under))
            && self.state.is_none_or(|s| s == actor.state)
            && self.q.as_ref().is_none_or(|q| fold(q).split(' ').filter(|w| !w.is_empty()).all(word))
    }
}

/// One actor as `GET /api/v1/actors/{id}` tells it.
#[derive(Debug)]
pub(crate) struct Truth {
    pub(crate) id: String,
    pub(crate) json: Value,
    pub(crate) categories: Vec<String>,
    state: String,
    words: Vec<String>,
    /// Place, position, precision; ordered by place.
    points: Vec<(String, [f64; 2], String)>,
}

impl Truth {
    /// None when it is deleted. `labels`: folded labels of every sub-category.
    pub(crate) fn new(json: Value, labels: &BTreeMap<String, String>) -> Option<Self> {
        if json["state"] == "deleted" {
            return None;
        }
        let fields = &json["fields"];
        let text = |v: &Value| v.as_str().unwrap_or("").to_owned();
        let many = |v: &Value| v.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
        let mut categories = vec![text(&fields["primary_category"])];
        categories.extend(many(&fields["categories"]));
        categories.retain(|c| !c.is_empty());
        let mut said = vec![text(&fields["name"]), text(&fields["summary"])];
        said.extend(many(&fields["tags"]));
        let addresses = fields.as_object().unwrap().iter().filter(|(field, _)| field.ends_with("/address"));
        said.extend(addresses.flat_map(|(_, a)| [text(&a["street"]), text(&a["city"])]));
        said.extend(categories.iter().filter_map(|c| labels.get(c)).cloned());
        let words = said.iter().flat_map(|s| fold(s).split(' ').map(str::to_owned).collect::<Vec<_>>()).filter(|w| !w.is_empty()).collect();
        let points = json["places"].as_array().unwrap().iter().filter(|p| !p["lon"].is_null());
        let points = points.map(|p| (text(&p["id"]), [p["lon"].as_f64().unwrap(), p["lat"].as_f64().unwrap()], text(&p["precision"]))).collect();
        Some(Self { id: text(&json["id"]), state: text(&json["state"]), categories, words, points, json })
    }

    fn themes(&self) -> BTreeSet<String> {
        self.categories.iter().map(|c| c.split('.').next().unwrap().to_owned()).collect()
    }

    /// Slugs of the territories that cover one of its places, or its home when none does.
    pub(crate) fn territories(&self, squares: &[Square]) -> BTreeSet<String> {
        let covering = squares.iter().filter(|s| self.points.iter().any(|p| s.covers(p.1)));
        let slugs: BTreeSet<String> = covering.map(|s| s.slug.to_owned()).collect();
        if slugs.is_empty() { BTreeSet::from([self.json["territory"].as_str().unwrap().to_owned()]) } else { slugs }
    }

    /// Its points on the map of a territory: those inside, and at home also those that lie in no territory. None when it does not belong there.
    fn on(&self, squares: &[Square], slug: &str) -> Option<Vec<&(String, [f64; 2], String)>> {
        if !self.territories(squares).contains(slug) {
            return None;
        }
        let here = squares.iter().find(|s| s.slug == slug).unwrap();
        let stray = |p: [f64; 2]| self.json["territory"] == slug && !squares.iter().any(|s| s.covers(p));
        Some(self.points.iter().filter(|p| here.covers(p.1) || stray(p.1)).collect())
    }
}

/// One point of a territory's map.
#[derive(Debug)]
pub(crate) struct Dot<'a> {
    pub(crate) actor: &'a Truth,
    place: &'a str,
    pub(crate) at: [f64; 2],
    precision: &'a str,
    world: [u32; 2],
}

/// Every point that a territory's map shows for a choice.
pub(crate) fn dots<'a>(all: &'a [Truth], squares: &[Square], slug: &str, choice: &Choice) -> Vec<Dot<'a>> {
    let chosen = all.iter().filter(|a| choice.takes(a)).filter_map(|a| Some((a, a.on(squares, slug)?)));
    chosen
        .flat_map(|(actor, points)| {
            points.into_iter().map(move |(place, at, precision)| Dot { actor, place, at: *at, precision, world: world(*at) }).collect::<Vec<_>>()
        })
        .collect()
}

/// The square Mercator world of side 2^32.
fn world([lon, lat]: [f64; 2]) -> [u32; 2] {
    let (x, y) = ((lon + 180.0) / 360.0, 0.5 - lat.to_radians().tan().asinh() / (2.0 * PI));
    [(x * 4_294_967_296.0) as u32, (y * 4_294_967_296.0) as u32]
}

/// Column and row of the tile that holds a point.
pub(crate) fn tile_of(at: [f64; 2], z: u32) -> [u32; 2] {
    world(at).map(|v| ((u64::from(v) << z) >> 32) as u32)
}

/// West, south, east, north of a tile, degrees.
pub(crate) fn edges(z: u32, [x, y]: [u32; 2]) -> [f64; 4] {
    let side = f64::from(1_u32 << z);
    let lat = |row: u32| (PI * (1.0 - 2.0 * f64::from(row) / side)).sinh().atan().to_degrees();
    let lon = |column: u32| f64::from(column) / side * 360.0 - 180.0;
    [lon(x), lat(y + 1), lon(x + 1), lat(y)]
}

/// Compares a tile with the points that it should show: lone points as actors, several in one of its 8 × 8 cells as a cluster.
pub(crate) fn compare_tile(bytes: &[u8], z: u32, tile: [u32; 2], dots: &[Dot<'_>]) -> Result<(), String> {
    let cell = |d: &Dot| d.world.map(|v| ((u64::from(v) << (z + 3)) >> 32) as u32);
    let mut cells: BTreeMap<[u32; 2], Vec<&Dot>> = BTreeMap::new();
    for dot in dots.iter().filter(|d| tile_of(d.at, z) == tile) {
        cells.entry(cell(dot)).or_default().push(dot);
    }
    let layers = decode(bytes);
    let shown = |layer: &str, key: &str| -> BTreeMap<String, &Drawn> {
        let drawn = layers.get(layer).into_iter().flatten();
        drawn.map(|f| (format!("{}{}", f.said["id"].as_str().unwrap(), if key.is_empty() { "" } else { f.said[key].as_str().unwrap() }), f)).collect()
    };
    let (mut actors, mut clusters) = (shown("actors", "place"), shown("clusters", ""));
    for ([x, y], dots) in &cells {
        if let [dot] = dots[..] {
            let drawn = actors.remove(&format!("{}{}", dot.actor.id, dot.place)).ok_or_else(|| format!("{dot:?} is missing"))?;
            compare_actor(drawn, dot, z)?;
        } else {
            let id = format!("{}/{x}/{y}", z + 3);
            let drawn = clusters.remove(&id).ok_or_else(|| format!("cluster {id} of {} is missing", dots.len()))?;
            compare_cluster(drawn, dots, z).map_err(|e| format!("cluster {id}: {e}"))?;
        }
    }
    let extra: Vec<&String> = actors.keys().chain(clusters.keys()).collect();
    if extra.is_empty() { Ok(()) } else { Err(format!("too much: {extra:?}")) }
}

fn compare_actor(drawn: &Drawn, dot: &Dot, z: u32) -> Result<(), String> {
    let category = dot.actor.json["fields"]["primary_category"].as_str().unwrap_or("");
    let theme = category.split('.').next().unwrap();
    let told = json!({"id": dot.actor.id, "place": dot.place, "name": dot.actor.json["fields"]["name"], "category": category, "theme": theme,
        "state": dot.actor.state, "precision": dot.precision});
    if drawn.said != told {
        return Err(format!("{} is not {told}", drawn.said));
    }
    near(drawn.at, dot.world, z)
}

fn compare_cluster(drawn: &Drawn, dots: &[&Dot], z: u32) -> Result<(), String> {
    let mut told = json!({"count": dots.len()});
    for theme in dots.iter().flat_map(|d| d.actor.themes()) {
        told[&theme] = json!(told[&theme].as_u64().unwrap_or(0) + 1);
    }
    let mut said = drawn.said.clone();
    for (key, lon_or_lat, lowest) in [("west", 0, true), ("south", 1, true), ("east", 0, false), ("north", 1, false)] {
        let values = dots.iter().map(|d| d.at[lon_or_lat]);
        let edge = if lowest { values.fold(f64::INFINITY, f64::min) } else { values.fold(f64::NEG_INFINITY, f64::max) };
        let got = said[key].as_f64().ok_or(format!("no {key}"))?;
        let holds = if lowest { got <= edge } else { got >= edge };
        if !holds || (got - edge).abs() > 5e-7 {
            return Err(format!("{key} is {got}, the points say {edge}"));
        }
        said.as_object_mut().unwrap().remove(key);
    }
    said.as_object_mut().unwrap().remove("id");
    if said != told {
        return Err(format!("{said} is not {told}"));
    }
    let mean = |i: usize| (dots.iter().map(|d| u64::from(d.world[i])).sum::<u64>() / dots.len() as u64) as u32;
    near(drawn.at, [mean(0), mean(1)], z)
}

/// Within a pixel: a tile is 512 pixels and 4096 units wide.
fn near(drawn: [i64; 2], world: [u32; 2], z: u32) -> Result<(), String> {
    let inside = world.map(|v| ((((u64::from(v) << z) & 0xffff_ffff) * 4096) >> 32) as i64);
    let close = drawn.iter().zip(inside).all(|(a, b)| (a - b).abs() <= 4);
    if close { Ok(()) } else { Err(format!("drawn at {drawn:?}, not at {inside:?}")) }
}

/// The features that a list should hold, by their id, and how many actors they are; with or without a box.
pub(crate) fn features(all: &[Truth], squares: &[Square], slug: &str, choice: &Choice, bbox: Option<[f64; 4]>) -> (BTreeMap<String, Value>, Counts) {
    let (mut out, mut counts) = (BTreeMap::new(), Counts::default());
    for actor in all.iter().filter(|a| choice.takes(a)) {
        let Some(mut points) = actor.on(squares, slug) else { continue };
        if let Some([west, south, east, north]) = bbox {
            points.retain(|(_, [lon, lat], _)| west <= *lon && *lon <= east && south <= *lat && *lat <= north);
        }
        let places = actor.json["places"].as_array().unwrap();
        if points.is_empty() && (bbox.is_some() || !actor.points.is_empty()) {
            continue;
        }
        counts.actors += 1;
        counts.to_check += u64::from(actor.state == "to_check");
        actor.themes().into_iter().for_each(|t| *counts.themes.entry(t).or_default() += 1);
        if points.is_empty() {
            // Online, or with an address that nobody has placed on the map yet.
            let address = actor.json["fields"].as_object().unwrap().iter().find(|(field, _)| field.ends_with("/address"));
            let address = address.map(|(field, a)| json!({"id": field.split('/').nth(1), "street": a["street"]}));
            out.insert(actor.id.clone(), told(actor, places.first().or(address.as_ref()), Value::Null));
        }
        for (place, at, _) in points {
            let first = places[0]["id"] == place.as_str();
            let id = if first { actor.id.clone() } else { format!("{}/{place}", actor.id) };
            let place = places.iter().find(|p| p["id"] == place.as_str());
            out.insert(id, told(actor, place, json!({"type": "Point", "coordinates": at})));
        }
    }
    (out, counts)
}

/// How many actors, and per theme.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) actors: u64,
    pub(crate) to_check: u64,
    pub(crate) themes: BTreeMap<String, u64>,
}

/// The parts of a feature that the actor's JSON tells too.
fn told(actor: &Truth, place: Option<&Value>, geometry: Value) -> Value {
    let fields = &actor.json["fields"];
    let category = fields["primary_category"].as_str().unwrap_or("");
    json!({"geometry": geometry, "id": actor.id, "name": fields["name"], "category": category, "theme": category.split('.').next(),
        "categories": actor.categories, "state": actor.state, "summary": fields["summary"].as_str().unwrap_or(""),
        "place": place.map(|p| &p["id"]), "precision": place.map(|p| &p["precision"]), "street": place.map_or("", |p| p["street"].as_str().unwrap()),
        "confirmed_on": fields["confirmed_on"], "updated_at": actor.json["updated_at"], "source": null, "closing": !fields["closing"].is_null()})
}

/// The same parts of a feature that was served.
pub(crate) fn served(feature: &Value) -> Value {
    let mut out = feature["properties"].clone();
    out["geometry"] = feature["geometry"].clone();
    out
}

/// Lower case, without the accents of French, words apart by one space.
pub(crate) fn fold(text: &str) -> String {
    let plain = |c: char| match c {
        'à' | 'â' | 'ä' => "a".into(),
        'é' | 'è' | 'ê' | 'ë' => "e".into(),
        'î' | 'ï' => "i".into(),
        'ô' | 'ö' => "o".into(),
        'ù' | 'û' | 'ü' => "u".into(),
        'ç' => "c".into(),
        'œ' => "oe".into(),
        c if c.is_alphanumeric() => c.to_string(),
        _ => " ".into(),
    };
    let plain: String = text.to_lowercase().chars().map(plain).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A point of a tile: its attributes, and where it is drawn.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) said: Value,
    pub(crate) at: [i64; 2],
}

/// The features of every layer of a vector tile (version 2).
pub(crate) fn decode(bytes: &[u8]) -> BTreeMap<String, Vec<Drawn>> {
    parts(bytes).into_iter().map(|(field, part)| (assert_eq!(field, 3), layer(part.bytes())).1).collect()
}

fn layer(bytes: &[u8]) -> (String, Vec<Drawn>) {
    let (mut name, mut keys, mut values, mut features) = (String::new(), Vec::new(), Vec::new(), Vec::new());
    for (field, part) in parts(bytes) {
        match field {
            1 => name = part.text(),
            2 => features.push(part.bytes()),
            3 => keys.push(part.text()),
            4 => values.push(value(part.bytes())),
            5 => assert_eq!(part.number(), 4096),
            15 => assert_eq!(part.number(), 2),
            other => panic!("field {other} in a layer"),
        }
    }
    let drawn = features.into_iter().map(|bytes| {
        let mut out = Drawn { said: json!({}), at: [0, 0] };
        for (field, part) in parts(bytes) {
            match field {
                1 => {}
                2 => packed(part.bytes()).chunks(2).for_each(|pair| out.said[&keys[pair[0] as usize]] = values[pair[1] as usize].clone()),
                3 => assert_eq!(part.number(), 1, "a point"),
                4 => {
                    let geometry = packed(part.bytes());
                    let unzigzag = |n: u64| (n >> 1) as i64 ^ -((n & 1) as i64);
                    assert_eq!((geometry.len(), geometry[0]), (3, 9), "one MoveTo");
                    out.at = [unzigzag(geometry[1]), unzigzag(geometry[2])];
                }
                other => panic!("field {other} in a feature"),
            }
        }
        out
    });
    (name, drawn.collect())
}

fn value(bytes: &[u8]) -> Value {
    match &parts(bytes)[..] {
        [(1, part)] => json!(part.text()),
        [(3, Part::Fixed(bits))] => json!(f64::from_bits(*bits)),
        [(4 | 5, part)] => json!(part.number()),
        other => panic!("{other:?} is no value that a tile of actors holds"),
    }
}

#[derive(Debug)]
enum Part<'a> {
    Number(u64),
    Fixed(u64),
    Bytes(&'a [u8]),
}

impl<'a> Part<'a> {
    fn bytes(&self) -> &'a [u8] {
        if let Part::Bytes(bytes) = self { bytes } else { panic!("{self:?} is not bytes") }
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes().to_vec()).unwrap()
    }

    fn number(&self) -> u64 {
        if let Part::Number(n) = self { *n } else { panic!("{self:?} is no number") }
    }
}

/// The fields of a protocol-buffer message.
fn parts(mut bytes: &[u8]) -> Vec<(u64, Part<'_>)> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let part = match key & 7 {
            0 => Part::Number(varint(&mut bytes)),
            1 => Part::Fixed(u64::from_le_bytes(take(&mut bytes, 8).try_into().unwrap())),
            2 => {
                let length = varint(&mut bytes) as usize;
                Part::Bytes(take(&mut bytes, length))
            }
            other => panic!("wire type {other}"),
        };
        out.push((key >> 3, part));
    }
    out
}

fn packed(mut bytes: &[u8]) -> Vec<u64> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        out.push(varint(&mut bytes));
    }
    out
}

fn take<'a>(bytes: &mut &'a [u8], n: usize) -> &'a [u8] {
    let (head, rest) = bytes.split_at(n);
    *bytes = rest;
    head
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)[0];
        n |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return n;
        }
    }
    panic!("a number without an end")
}
