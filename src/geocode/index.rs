//! The index: every address once, its words in one vocabulary, house numbers in one list under their street.

use super::france::department;
use super::vocabulary::Vocabulary;
use super::words::{Plate, words};
use crate::geo::mercator::project;
use crate::model::text::fold;
use crate::store::{AddressKind, AddressSource, HouseNumber, StoredAddress};
use rstar::RTree;
use rstar::primitives::GeomWithData;
use std::collections::HashMap;
use std::ops::Range;

/// Positions are kept as whole steps of 1e-7 degrees.
pub(super) const STEP: f64 = 1e7;

/// One street, place, municipality or public place.
#[derive(Debug)]
pub(super) struct Doc {
    pub(super) kind: AddressKind,
    pub(super) source: AddressSource,
    pub(super) name: Box<str>,
    pub(super) reference: Box<str>,
    pub(super) poi: Option<Box<str>>,
    pub(super) area: u32,
    pub(super) lon: i32,
    pub(super) lat: i32,
    pub(super) population: u32,
    /// 0 to 1.
    pub(super) importance: f32,
    pub(super) numbers: Range<u32>,
}

/// One of the names of an address.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) doc: u32,
    pub(super) words: Range<u32>,
}

/// A commune's part with one postcode: what stands behind the name of a street.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Area {
    pub(super) city: Option<Box<str>>,
    pub(super) old_city: Option<Box<str>>,
    pub(super) postcode: Option<Box<str>>,
    pub(super) citycode: Option<Box<str>>,
}

/// A house number: 16 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    pub(super) number: u32,
    /// Of the list of suffixes; 0 is none.
    pub(super) suffix: u32,
    pub(super) lon: i32,
    pub(super) lat: i32,
}

/// A point for the way back, in Mercator: address, and its house number.
pub(super) type Spot = GeomWithData<[f64; 2], (u32, u32)>;

/// No house number.
pub(super) const NO_NUMBER: u32 = u32::MAX;

/// Which names or areas hold a word: lists end to end.
#[derive(Debug, Default)]
pub(super) struct Postings {
    ends: Vec<u32>,
    list: Vec<u32>,
}

impl Postings {
    fn new(words: usize, mut pairs: Vec<(u32, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let mut out = Self { ends: Vec::with_capacity(words), list: Vec::with_capacity(pairs.len()) };
        let mut pairs = pairs.into_iter().peekable();
        for word in 0..words as u32 {
            while let Some((_, holder)) = pairs.next_if(|(w, _)| *w == word) {
                out.list.push(holder);
            }
            out.ends.push(out.list.len() as u32);
        }
        out
    }

    pub(super) fn of(&self, word: u32) -> &[u32] {
        let i = word as usize;
        let from = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.list[from..self.ends[i] as usize]
    }
}

/// Everything that can be found.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) vocabulary: Vocabulary,
    pub(super) docs: Vec<Doc>,
    pub(super) names: Vec<Name>,
    pub(super) areas: Vec<Area>,
    pub(super) numbers: Vec<Number>,
    pub(super) suffixes: Vec<Box<str>>,
    /// Words of names, end to end.
    pub(super) name_words: Vec<u32>,
    /// Words of each area.
    pub(super) area_words: Vec<Box<[u32]>>,
    pub(super) in_names: Postings,
    pub(super) in_areas: Postings,
    /// How much each word tells: 1 for a rare one, a third for one that stands everywhere.
    pub(super) weights: Vec<f32>,
    pub(super) spots: RTree<Spot>,
    /// Municipality by INSEE code.
    pub(super) communes: HashMap<Box<str>, u32>,
}

impl Index {
    /// Builds the index; what two sources say of one thing becomes one.
    pub(super) fn new(addresses: Vec<StoredAddress>) -> Self {
        let mut build = Build::default();
        for same in merged(addresses) {
            build.add(same);
        }
        build.finish()
    }

    /// The label of a house number.
    pub(super) fn label(&self, n: Number) -> String {
        let suffix = &self.suffixes[n.suffix as usize];
        match n.number {
            0 if !suffix.is_empty() => suffix.to_uppercase(),
            n if suffix.is_empty() => n.to_string(),
            n => format!("{n}{suffix}"),
        }
    }

    /// The house number of a street that a plate means: the very one, else one that is written shorter or longer.
    pub(super) fn number_of(&self, doc: &Doc, plate: &Plate) -> Option<u32> {
        let (from, to) = (doc.numbers.start as usize, doc.numbers.end as usize);
        let list = &self.numbers[from..to];
        let first = list.partition_point(|n| n.number < plate.number);
        let same = list[first..].iter().take_while(|n| n.number == plate.number).enumerate();
        let stored = |n: &Number| Plate { number: n.number, suffix: self.suffixes[n.suffix as usize].to_string() };
        let fitting = same.filter(|(_, n)| plate.means(&stored(n)));
        fitting.min_by_key(|(_, n)| *self.suffixes[n.suffix as usize] != *plate.suffix).map(|(i, _)| (from + first + i) as u32)
    }
}

/// One address per thing: of two sources that know a street the BAN is taken, since its numbers are official; of one source, the union.
fn merged(mut all: Vec<StoredAddress>) -> Vec<Vec<StoredAddress>> {
    // A commune is better known to OpenStreetMap (population, the point of its centre), everything else to the BAN.
    all.sort_by_key(|a| (a.source == AddressSource::Osm) != (a.address.kind == AddressKind::Municipality));
    let mut seen: HashMap<(AddressKind, String, String, (i32, i32)), usize> = HashMap::new();
    let mut out: Vec<Vec<StoredAddress>> = Vec::with_capacity(all.len());
    for stored in all {
        let address = &stored.address;
        let area = address.citycode.clone().unwrap_or_else(|| fold(address.city.as_deref().unwrap_or("")));
        let cell = match address.kind {
            AddressKind::Street | AddressKind::Municipality => (0, 0),
            AddressKind::Locality | AddressKind::Poi => ((address.lon * 70.0) as i32, (address.lat * 100.0) as i32),
        };
        let name =
            if address.kind == AddressKind::Municipality && address.citycode.is_some() { String::new() } else { words(&address.name).join(" ") };
        match seen.entry((address.kind, area, name, cell)) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(out.len());
                out.push(vec![stored]);
            }
            std::collections::hash_map::Entry::Occupied(place) => {
                let same = &mut out[*place.get()];
                let (population, postcode, source) = (address.population, address.postcode.clone(), stored.source);
                let Some(kept) = same.first_mut() else { continue };
                kept.address.population = kept.address.population.or(population);
                kept.address.postcode = kept.address.postcode.take().or(postcode);
                if kept.source == source {
                    same.push(stored);
                }
            }
        }
    }
    out
}

#[derive(Default)]
struct Build {
    docs: Vec<Doc>,
    /// Words of each name, with its address.
    names: Vec<(u32, Vec<String>)>,
    areas: HashMap<Area, u32>,
    numbers: Vec<Number>,
    suffixes: HashMap<String, u32>,
}

impl Build {
    /// Takes what one source says of one thing, once or several times: the first with the house numbers of all.
    fn add(&mut self, same: Vec<StoredAddress>) {
        let numbers: Vec<HouseNumber> = same.iter().flat_map(StoredAddress::numbers).collect();
        let Some(StoredAddress { source, address: a, .. }) = same.into_iter().next() else { return };
        let number = self.docs.len() as u32;
        let short = |t: Option<String>| t.map(String::into_boxed_str);
        let area = Area { city: short(a.city), old_city: short(a.old_city), postcode: short(a.postcode), citycode: short(a.citycode) };
        let next = self.areas.len() as u32;
        let area = *self.areas.entry(area).or_insert(next);
        let from = self.numbers.len() as u32;
        let mut list: Vec<Number> = numbers.iter().map(|n| self.number(&n.0, n.1, n.2)).collect();
        list.sort_by_key(|n| (n.number, n.suffix));
        list.dedup_by_key(|n| (n.number, n.suffix));
        self.numbers.append(&mut list);
        for name in std::iter::once(&a.name).chain(&a.other) {
            let words = words(name);
            if !words.is_empty() && !self.names.iter().rev().take_while(|(d, _)| *d == number).any(|(_, w)| *w == words) {
                self.names.push((number, words));
            }
        }
        self.docs.push(Doc {
            kind: a.kind,
            source,
            name: a.name.into(),
            reference: a.reference.into(),
            poi: a.poi.map(Into::into),
            area,
            lon: (a.lon * STEP).round() as i32,
            lat: (a.lat * STEP).round() as i32,
            population: a.population.and_then(|p| u32::try_from(p).ok()).unwrap_or(0),
            importance: 0.0,
            numbers: from..self.numbers.len() as u32,
        });
    }

    fn number(&mut self, label: &str, lon: f64, lat: f64) -> Number {
        let plate = Plate::stored(label);
        let next = self.suffixes.len() as u32 + 1;
        let suffix = if plate.suffix.is_empty() { 0 } else { *self.suffixes.entry(plate.suffix).or_insert(next) };
        Number { number: plate.number, suffix, lon: (lon * STEP).round() as i32, lat: (lat * STEP).round() as i32 }
    }

    fn finish(self) -> Index {
        let Self { mut docs, names, areas, numbers, suffixes } = self;
        let mut area_list: Vec<(Area, u32)> = areas.into_iter().collect();
        area_list.sort_by_key(|(_, i)| *i);
        let areas: Vec<Area> = area_list.into_iter().map(|(a, _)| a).collect();
        let texts: Vec<Vec<String>> = areas.iter().map(area_text).collect();
        let vocabulary = Vocabulary::new(names.iter().flat_map(|(_, w)| w).chain(texts.iter().flatten()).cloned().collect());
        let id = |w: &String| vocabulary.exact(w).unwrap_or(0);
        let (mut name_words, mut list, mut pairs) = (Vec::new(), Vec::with_capacity(names.len()), Vec::new());
        for (doc, words) in &names {
            let from = name_words.len() as u32;
            name_words.extend(words.iter().map(id));
            pairs.extend(words.iter().map(|w| (id(w), list.len() as u32)));
            list.push(Name { doc: *doc, words: from..name_words.len() as u32 });
        }
        let in_names = Postings::new(vocabulary.len(), pairs);
        let area_words: Vec<Box<[u32]>> = texts.iter().map(|t| t.iter().map(id).collect()).collect();
        let pairs = area_words.iter().enumerate().flat_map(|(a, words)| words.iter().map(move |w| (*w, a as u32))).collect();
        let in_areas = Postings::new(vocabulary.len(), pairs);
        let weights = (0..vocabulary.len() as u32).map(|w| weight(in_names.of(w).len(), list.len())).collect();
        let mut suffix_list: Vec<(u32, String)> = suffixes.into_iter().map(|(s, i)| (i, s)).collect();
        suffix_list.push((0, String::new()));
        suffix_list.sort();
        let communes = communes(&docs, &areas);
        rank(&mut docs, &areas, &communes);
        Index {
            spots: RTree::bulk_load(spots(&docs, &numbers)),
            suffixes: suffix_list.into_iter().map(|(_, s)| s.into()).collect(),
            vocabulary,
            docs,
            names: list,
            areas,
            numbers,
            name_words,
            area_words,
            in_names,
            in_areas,
            weights,
            communes,
        }
    }
}

/// The words that may stand behind a street's name.
fn area_text(a: &Area) -> Vec<String> {
    let department = a.citycode.as_deref().and_then(department).map(|(_, name, _)| name);
    let mut out: Vec<String> = [a.city.as_deref(), a.old_city.as_deref(), department].into_iter().flatten().flat_map(words).collect();
    out.extend([&a.postcode, &a.citycode].into_iter().flatten().map(|t| fold(t)));
    out
}

/// A third for a word of every name, 1 for a word of one.
fn weight(holders: usize, names: usize) -> f32 {
    let (holders, names) = (holders as f32 + 1.0, names as f32 + 2.0);
    0.3 + 0.7 * (names / holders).ln() / names.ln()
}

fn communes(docs: &[Doc], areas: &[Area]) -> HashMap<Box<str>, u32> {
    let of = |(i, d): (usize, &Doc)| Some((areas[d.area as usize].citycode.clone()?, i as u32));
    docs.iter().enumerate().filter(|(_, d)| d.kind == AddressKind::Municipality).filter_map(of).collect()
}

/// A town before a village, a long street of a town before a short one of a village.
fn rank(docs: &mut [Doc], areas: &[Area], communes: &HashMap<Box<str>, u32>) {
    let size = |population: u32| (f64::from(population) + 1.0).log10() / 7.0;
    let people: Vec<u32> =
        areas.iter().map(|a| a.citycode.as_ref().and_then(|c| communes.get(c)).map_or(0, |i| docs[*i as usize].population)).collect();
    for doc in docs {
        let town = size(people[doc.area as usize]);
        let along = f64::from(doc.numbers.end - doc.numbers.start);
        doc.importance = match doc.kind {
            AddressKind::Municipality => 0.2 + 0.8 * size(doc.population),
            AddressKind::Street => 0.1 + 0.5 * town + 0.2 * ((along + 1.0).ln() / 6.0).min(1.0),
            AddressKind::Locality => 0.1 + 0.3 * town + 0.3 * size(doc.population),
            AddressKind::Poi => 0.1 + 0.4 * town,
        }
        .min(1.0) as f32;
    }
}

fn spots(docs: &[Doc], numbers: &[Number]) -> Vec<Spot> {
    let spot = |lon: i32, lat: i32, doc: usize, number: u32| {
        let [x, y] = project(f64::from(lon) / STEP, f64::from(lat) / STEP);
        GeomWithData::new([x, y], (doc as u32, number))
    };
    let mut out = Vec::with_capacity(docs.len() + numbers.len());
    for (i, doc) in docs.iter().enumerate() {
        out.push(spot(doc.lon, doc.lat, i, NO_NUMBER));
        out.extend(doc.numbers.clone().map(|n| spot(numbers[n as usize].lon, numbers[n as usize].lat, i, n)));
    }
    out
}
