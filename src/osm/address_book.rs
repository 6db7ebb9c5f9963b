//! Puts addresses together: house numbers under their street, streets under their commune, and a name of its own for each commune.

use super::Boundary;
use super::address_facts::Facts;
use super::blocks::Kind;
use super::streets::plate_name;
use crate::geo::Shape;
use crate::geo::mercator::metres;
use crate::model::text::fold;
use crate::store::{Address, AddressKind, HouseNumber};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use std::collections::{BTreeMap, HashMap, HashSet};

/// House numbers kept of one file; beyond, those of the streets farthest from the territory are left out.
pub(super) const NUMBERS_MAX: usize = 500_000;
/// Streets, places and public places kept of one file.
pub(super) const NAMES_MAX: usize = 200_000;
/// A commune with its shape.
pub(super) struct Commune {
    pub(super) name: String,
    pub(super) code: Option<String>,
    pub(super) population: Option<u64>,
    pub(super) postcode: Option<String>,
    pub(super) point: [f64; 2],
    pub(super) shape: Shape,
}

impl Commune {
    /// From a territory; none when its geometry can't be read.
    pub(super) fn new(b: &Boundary, postcode: Option<String>) -> Option<Self> {
        let shape = Shape::from_geojson(&b.geometry)?;
        let point = super::objects::inside(shape.polygons())?;
        Some(Self { name: b.name.clone(), code: b.code.clone(), population: b.population, postcode, point, shape })
    }
}

/// One object with its place.
struct Entry {
    facts: Facts,
    point: [f64; 2],
    metres: f64,
}

/// Everything that a file says about addresses, before it is put together.
pub(super) struct AddressBook {
    /// Streets by the members of `associatedStreet` relations.
    members: HashMap<(Kind, i64), String>,
    entries: Vec<Entry>,
}

impl AddressBook {
    pub(super) fn new(members: HashMap<(Kind, i64), String>) -> Self {
        Self { members, entries: Vec::new() }
    }

    /// Takes an object at a point; `metres` is the length of a line.
    pub(super) fn add(&mut self, id: (Kind, i64), mut facts: Facts, point: [f64; 2], metres: f64) {
        if facts.street.is_none() && facts.hamlet.is_none() && !facts.numbers.is_empty() {
            facts.street = self.members.get(&id).and_then(|name| plate_name(name));
        }
        self.entries.push(Entry { facts, point, metres });
    }

    /// Puts it together. `near` is where the territory is: of too much, what is nearest to it stays; `skipped` counts the rest.
    pub(super) fn finish(self, communes: &[Commune], near: [f64; 2], skipped: &mut BTreeMap<String, u64>) -> Vec<Address> {
        let towns: Vec<([f64; 2], String, Option<String>)> = self.entries.iter().filter_map(town).collect();
        let mut places = Places::new(communes, towns);
        let mut drafts: BTreeMap<Key, Draft> = BTreeMap::new();
        let mut streetless = 0;
        for entry in self.entries {
            let area = places.area(entry.point, &entry.facts);
            streetless += u64::from(
                !entry.facts.numbers.is_empty() && entry.facts.street.is_none() && entry.facts.hamlet.is_none() && entry.facts.poi.is_none(),
            );
            take(&mut drafts, entry, area, area == places.nowhere);
        }
        if streetless > 0 {
            skipped.insert("address/no_street".into(), streetless);
        }
        let mut postcodes: HashMap<Area, BTreeMap<String, usize>> = HashMap::new();
        for (key, draft) in &drafts {
            for (postcode, n) in &draft.postcodes {
                *postcodes.entry(key.area).or_default().entry(postcode.clone()).or_default() += n;
            }
        }
        // A road into a hamlet bears its name; the hamlet says more.
        let hamlets: HashSet<(Area, String)> =
            drafts.keys().filter(|k| k.kind == AddressKind::Locality).map(|k| (k.area, k.folded.clone())).collect();
        drafts.retain(|k, d| k.kind != AddressKind::Street || !d.numbers.is_empty() || !hamlets.contains(&(k.area, k.folded.clone())));
        let usual: HashMap<Area, String> = postcodes.into_iter().filter_map(|(area, words)| Some((area, most(words)?))).collect();
        let own: HashSet<(Area, String)> = communes.iter().zip(0..).map(|(c, area)| (area, fold(&c.name))).collect();
        let centres: HashMap<(Area, String), &Draft> = drafts
            .iter()
            .filter(|(k, _)| k.kind == AddressKind::Locality)
            .map(|(k, d)| ((k.area, k.folded.clone()), d))
            .filter(|(place, _)| own.contains(place))
            .collect();
        let mut out: Vec<Address> = communes.iter().zip(0..).map(|(c, area)| municipality(c, area, &centres, &usual)).collect();
        for (key, draft) in drafts {
            if key.kind != AddressKind::Locality || !own.contains(&(key.area, key.folded.clone())) {
                out.push(draft.address(&key, &places, &usual));
            }
        }
        bounded(out, near, skipped)
    }
}

/// A place that may lend its name to addresses outside every commune of the file.
fn town(entry: &Entry) -> Option<([f64; 2], String, Option<String>)> {
    let is = matches!(entry.facts.place?, "city" | "town" | "village");
    is.then(|| Some((entry.point, entry.facts.name.clone()?, entry.facts.citycode.clone())))?
}

/// Name and code of a commune, by their number in the list.
type Area = u32;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    area: Area,
    kind: AddressKind,
    folded: String,
    /// Public places of one name far from each other are two: their cell of a kilometre or so.
    cell: (i32, i32),
}

/// What is known of one address while it is put together.
#[derive(Default)]
struct Draft {
    /// Length of the piece that gave name and point; negative for a mention in an address.
    weight: f64,
    name: String,
    point: [f64; 2],
    other: Vec<String>,
    postcodes: BTreeMap<String, usize>,
    numbers: BTreeMap<(u32, String), [f64; 2]>,
    population: Option<u64>,
    poi: Option<String>,
}

fn most(words: BTreeMap<String, usize>) -> Option<String> {
    words.into_iter().max_by_key(|(_, n)| *n).map(|(word, _)| word)
}

fn grid(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

/// Sorts one object into the drafts that it says something about.
fn take(drafts: &mut BTreeMap<Key, Draft>, entry: Entry, area: Area, nowhere: bool) {
    let Entry { facts, point, metres } = entry;
    let mut put = |kind: AddressKind, name: &str, weight: f64| {
        let one = kind == AddressKind::Street || (kind == AddressKind::Locality && !nowhere);
        let cell = if one { (0, 0) } else { ((point[0] * 70.0).floor() as i32, (point[1] * 100.0).floor() as i32) };
        let key = Key { area, kind, folded: fold(name), cell };
        let draft = drafts.entry(key).or_insert_with(|| Draft { weight: -2.0, ..Draft::default() });
        // Of two pieces of one length the name decides, so that the order of reading does not.
        if draft.name.is_empty() || weight > draft.weight || (weight == draft.weight && name < draft.name.as_str()) {
            (draft.weight, draft.name, draft.point) = (weight, name.to_owned(), point);
        }
        if let Some(postcode) = &facts.postcode {
            *draft.postcodes.entry(postcode.clone()).or_default() += 1;
        }
        if weight >= 0.0 {
            draft.other.extend(facts.other.iter().filter(|o| draft.other.len() < 8 && !draft.other.contains(o)).cloned().collect::<Vec<_>>());
            draft.population = draft.population.max(facts.population);
            draft.poi = draft.poi.take().or_else(|| facts.poi.clone());
        } else {
            for number in &facts.numbers {
                draft.numbers.entry((leading(number), number.clone())).or_insert(point);
            }
        }
    };
    if let Some(street) = &facts.street {
        put(AddressKind::Street, street, -1.0);
    }
    if let Some(hamlet) = &facts.hamlet {
        put(AddressKind::Locality, hamlet, -1.0);
    }
    let Some(name) = &facts.name else { return };
    if facts.way {
        put(AddressKind::Street, name, metres);
    } else if facts.place.is_some() {
        put(AddressKind::Locality, name, 0.0);
    } else if facts.poi.is_some() {
        put(AddressKind::Poi, name, 0.0);
    }
}

/// The number in front: `12 bis` → 12.
fn leading(number: &str) -> u32 {
    number.chars().take_while(char::is_ascii_digit).take(6).collect::<String>().parse().unwrap_or(0)
}

impl Draft {
    fn address(self, key: &Key, places: &Places<'_>, usual: &HashMap<Area, String>) -> Address {
        let (city, citycode) = places.areas[key.area as usize].clone();
        let numbers = self.numbers.into_iter().map(|((_, label), [lon, lat])| HouseNumber(label, grid(lon), grid(lat))).collect();
        Address {
            kind: key.kind,
            reference: String::new(),
            name: self.name,
            other: self.other,
            postcode: most(self.postcodes).or_else(|| usual.get(&key.area).cloned()),
            city,
            old_city: None,
            citycode,
            lon: grid(self.point[0]),
            lat: grid(self.point[1]),
            population: self.population,
            poi: self.poi,
            numbers,
        }
    }
}

/// The commune itself; its point is that of the place of its name, when there is one.
fn municipality(c: &Commune, area: Area, centres: &HashMap<(Area, String), &Draft>, usual: &HashMap<Area, String>) -> Address {
    let place = centres.get(&(area, fold(&c.name)));
    let [lon, lat] = place.map_or(c.point, |d| d.point);
    Address {
        kind: AddressKind::Municipality,
        reference: c.code.clone().unwrap_or_default(),
        name: c.name.clone(),
        other: place.map(|d| d.other.clone()).unwrap_or_default(),
        postcode: c.postcode.clone().or_else(|| usual.get(&area).cloned()),
        city: Some(c.name.clone()),
        old_city: None,
        citycode: c.code.clone(),
        lon: grid(lon),
        lat: grid(lat),
        population: c.population.or_else(|| place.and_then(|d| d.population)),
        poi: None,
        numbers: Vec::new(),
    }
}

/// Keeps what a database and a message can bear: what is nearest to the territory.
fn bounded(mut all: Vec<Address>, near: [f64; 2], skipped: &mut BTreeMap<String, u64>) -> Vec<Address> {
    let numbers: usize = all.iter().map(|a| a.numbers.len()).sum();
    if all.len() > NAMES_MAX || numbers > NUMBERS_MAX {
        all.sort_by(|a, b| metres([a.lon, a.lat], near).total_cmp(&metres([b.lon, b.lat], near)));
        let mut room = NUMBERS_MAX;
        let fits = all.iter().take(NAMES_MAX).take_while(|a| {
            let more = room >= a.numbers.len();
            room = room.saturating_sub(a.numbers.len());
            more
        });
        let keep = fits.count();
        skipped.insert("address/too_many".into(), (all.len() - keep) as u64);
        all.truncate(keep);
        all.sort_by(|a, b| (a.kind, &a.citycode, &a.name).cmp(&(b.kind, &b.citycode, &b.name)));
    }
    all
}

/// A town's point with its name and INSEE code.
type Town = GeomWithData<[f64; 2], (String, Option<String>)>;

/// Finds the commune of a point.
struct Places<'a> {
    communes: &'a [Commune],
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
    towns: RTree<Town>,
    /// INSEE codes by folded name of town.
    codes: HashMap<String, Option<String>>,
    /// Name and code by number: the communes first.
    areas: Vec<(Option<String>, Option<String>)>,
    numbers: HashMap<(Option<String>, Option<String>), Area>,
    /// The number of no commune at all.
    nowhere: Area,
}

impl<'a> Places<'a> {
    fn new(communes: &'a [Commune], towns: Vec<([f64; 2], String, Option<String>)>) -> Self {
        let boxed = |(i, c): (usize, &Commune)| {
            let b = c.shape.bbox;
            GeomWithData::new(Rectangle::from_corners([b.west, b.south], [b.east, b.north]), i)
        };
        let boxes = RTree::bulk_load(communes.iter().enumerate().map(boxed).collect());
        let codes = towns.iter().rev().map(|(_, name, code)| (fold(name), code.clone())).collect();
        let towns = RTree::bulk_load(towns.into_iter().map(|(point, name, code)| GeomWithData::new(point, (name, code))).collect());
        let mut areas: Vec<_> = communes.iter().map(|c| (Some(c.name.clone()), c.code.clone())).collect();
        let nowhere = areas.len() as Area;
        areas.push((None, None));
        let numbers = areas.iter().cloned().zip(0..).collect();
        Self { communes, boxes, towns, codes, areas, numbers, nowhere }
    }

    /// The commune around a point; else the one that the tags name; else the nearest town, within ten kilometres.
    fn area(&mut self, [lon, lat]: [f64; 2], facts: &Facts) -> Area {
        let around = self.boxes.locate_in_envelope_intersecting(AABB::from_point([lon, lat]));
        if let Some(inside) = around.map(|b| b.data).find(|i| self.communes[*i].shape.covers(lon, lat)) {
            return inside as Area;
        }
        let named = match &facts.city {
            Some(city) => (Some(city.clone()), self.codes.get(&fold(city)).cloned().flatten()),
            None => {
                let nearest = self.towns.nearest_neighbor([lon, lat]).filter(|t| metres(*t.geom(), [lon, lat]) < 10_000.0);
                nearest.map_or((None, None), |t| (Some(t.data.0.clone()), t.data.1.clone()))
            }
        };
        let next = self.areas.len() as Area;
        let number = *self.numbers.entry(named.clone()).or_insert(next);
        if number == next {
            self.areas.push(named);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::super::address_facts::facts;
    use super::super::tags::Tags;
    use super::*;
    use serde_json::json;

    fn commune(name: &str, code: &str, west: f64) -> Commune {
        let east = west + 1.0;
        let geometry = json!({"type": "Polygon", "coordinates": [[[west, 0.0], [east, 0.0], [east, 1.0], [west, 1.0], [west, 0.0]]]});
        let boundary = Boundary {
            name: name.into(),
            kind: "commune".into(),
            code: Some(code.into()),
            population: Some(900),
            osm: None,
            geometry,
            warning: None,
        };
        Commune::new(&boundary, None).unwrap()
    }

    /// Tags, point, length.
    type Drawn<'a> = (&'a [(&'a str, &'a str)], [f64; 2], f64);

    fn book(entries: &[Drawn<'_>]) -> AddressBook {
        let mut book = AddressBook::new(HashMap::from([((Kind::Way, 7), "Rue du Port".to_owned())]));
        for (i, (tags, point, metres)) in entries.iter().enumerate() {
            book.add((Kind::Way, i as i64), facts(&Tags::of(tags)).unwrap(), *point, *metres);
        }
        book
    }

    fn seen(list: &[Address]) -> Vec<String> {
        let numbers = |a: &Address| a.numbers.iter().map(|n| n.0.clone()).collect::<Vec<_>>().join(",");
        list.iter()
            .map(|a| {
                format!(
                    "{} {} [{}] {} {}",
                    a.kind.as_str(),
                    a.name,
                    numbers(a),
                    a.postcode.as_deref().unwrap_or("-"),
                    a.city.as_deref().unwrap_or("-")
                )
            })
            .collect()
    }

    #[test]
    fn house_numbers_stand_under_their_street_and_streets_under_their_commune() {
        let book = book(&[
            (&[("highway", "residential"), ("name", "Rue de l'Eglise")], [0.1, 0.1], 10.0),
            (&[("highway", "residential"), ("name", "Rue de l’Église")], [0.2, 0.1], 90.0),
            (&[("addr:housenumber", "12 Bis;2"), ("addr:street", "rue de l'église"), ("addr:postcode", "35600")], [0.21, 0.1], 0.0),
            (&[("highway", "residential"), ("name", "Rue de l'Église")], [1.2, 0.1], 5.0),
            (&[("place", "village"), ("name", "Ici"), ("alt_name", "Ici-Bas")], [0.4, 0.4], 0.0),
            (&[("amenity", "library"), ("name", "Bibliothèque")], [0.3, 0.3], 0.0),
        ]);
        let found = book.finish(&[commune("Ici", "35001", 0.0), commune("Là", "35002", 1.0)], [0.0, 0.0], &mut BTreeMap::new());
        let expected = [
            "municipality Ici [] 35600 Ici",
            "municipality Là [] - Là",
            "street Rue de l’Église [2,12 bis] 35600 Ici",
            "poi Bibliothèque [] 35600 Ici",
            "street Rue de l'Église [] - Là",
        ];
        assert_eq!(seen(&found), expected);
        assert_eq!((found[0].lon, found[0].other.as_slice()), (0.4, ["Ici-Bas".to_owned()].as_slice()));
        assert_eq!((found[2].lon, found[2].citycode.as_deref()), (0.2, Some("35001")));
    }

    #[test]
    fn a_house_without_a_street_has_that_of_its_relation_or_is_counted() {
        let mut book = book(&[(&[("addr:housenumber", "3")], [5.0, 5.0], 0.0)]);
        book.add((Kind::Way, 7), facts(&Tags::of(&[("addr:housenumber", "5"), ("addr:city", "Ville")])).unwrap(), [5.0, 5.0], 0.0);
        let mut skipped = BTreeMap::new();
        assert_eq!(seen(&book.finish(&[], [0.0, 0.0], &mut skipped)), ["street Rue du Port [5] - Ville"]);
        assert_eq!(skipped["address/no_street"], 1);
    }
}
