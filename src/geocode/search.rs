//! From words to addresses: first every name that shares some, counted roughly; then the best of them, compared word by word.

use super::index::{Area, Doc, Index, NO_NUMBER, Name, STEP};
use super::query::{Effort, Typed, Word, typed};
use super::words::raw;
use super::{Filter, Found};
use crate::geo::mercator::metres;
use crate::store::AddressKind;
use std::collections::HashMap;

/// Names compared word by word.
const CANDIDATES: usize = 160;
/// Below this the thorough look is worth its time.
const GOOD: f32 = 0.86;
/// Distance at which a place counts half as near, metres.
const NEAR: f64 = 5_000.0;

/// What to look for.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// As typed.
    pub text: &'a str,
    /// Whether the last word may be unfinished.
    pub autocomplete: bool,
    /// Nearer answers first: degrees.
    pub near: Option<[f64; 2]>,
    /// What to leave out.
    pub filter: Filter<'a>,
    /// Answers at most.
    pub limit: usize,
}

/// The best answers first.
pub(super) fn search(index: &Index, query: &Query<'_>) -> Vec<Found> {
    let mut best: HashMap<(u32, u32), Found> = HashMap::new();
    for effort in [Effort::Quick, Effort::Thorough] {
        let typed = typed(index, query.text, query.autocomplete, effort);
        for found in round(index, query, &typed) {
            let known = best.entry((found.doc, found.number)).or_insert(found);
            if found.score > known.score {
                *known = found;
            }
        }
        if best.values().any(|f| f.text >= GOOD) {
            break;
        }
    }
    let mut out: Vec<Found> = best.into_values().collect();
    out.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.doc.cmp(&b.doc)));
    out.truncate(query.limit);
    out
}

fn round(index: &Index, query: &Query<'_>, typed: &Typed) -> Vec<Found> {
    let plain = raw(query.text).join(" ");
    let mut found: Vec<Found> = candidates(index, query, typed).into_iter().filter_map(|name| judge(index, query, typed, name)).collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.doc.cmp(&b.doc)));
    found.dedup_by_key(|f| (f.doc, f.number));
    found.truncate(query.limit.max(10) * 3);
    // Among equals the one that is written more like what was typed, articles included.
    for f in &mut found {
        let name = raw(&index.docs[f.doc as usize].name).join(" ");
        f.score += 0.02 * strsim::normalized_levenshtein(&plain, &name) as f32;
    }
    found
}

/// The names with the most words in common, by number.
fn candidates(index: &Index, query: &Query<'_>, typed: &Typed) -> Vec<u32> {
    let mut by_name = Tally::new(index.names.len());
    let mut by_area = Tally::new(index.areas.len());
    for word in &typed.words {
        by_name.next_word();
        by_area.next_word();
        for (term, quality) in &word.hits {
            let points = quality * word.weight * if word.optional { 0.2 } else { 1.0 };
            index.in_names.of(*term).iter().for_each(|n| by_name.add(*n, points));
            index.in_areas.of(*term).iter().for_each(|a| by_area.add(*a, points));
        }
    }
    let allowed: Vec<bool> = index.areas.iter().map(|a| query.filter.allows_area(a)).collect();
    let mut scored: Vec<(f32, u32)> = Vec::new();
    for (i, points) in by_name.points.iter().enumerate().filter(|(_, p)| **p > 0.0) {
        let doc = &index.docs[index.names[i].doc as usize];
        if !allowed[doc.area as usize] || !query.filter.allows(doc) {
            continue;
        }
        let near = query.near.map_or(0.0, |from| 0.15 * closeness(doc, from));
        scored.push((points + by_area.points[doc.area as usize] + 0.1 * doc.importance + near, i as u32));
    }
    if scored.len() > CANDIDATES {
        scored.select_nth_unstable_by(CANDIDATES, |a, b| b.0.total_cmp(&a.0));
        scored.truncate(CANDIDATES);
    }
    scored.into_iter().map(|(_, n)| n).collect()
}

/// Points per holder; of the words of the index that one word may be, the best counts.
struct Tally {
    points: Vec<f32>,
    /// For which word the holder got its last points, and how many.
    last: Vec<(u16, f32)>,
    word: u16,
}

impl Tally {
    fn new(holders: usize) -> Self {
        Self { points: vec![0.0; holders], last: vec![(0, 0.0); holders], word: 0 }
    }

    fn next_word(&mut self) {
        self.word += 1;
    }

    fn add(&mut self, holder: u32, points: f32) {
        let i = holder as usize;
        let (word, had) = self.last[i];
        let had = if word == self.word { had } else { 0.0 };
        if points > had {
            self.points[i] += points - had;
            self.last[i] = (self.word, points);
        }
    }
}

fn closeness(doc: &Doc, from: [f64; 2]) -> f32 {
    let away = metres([f64::from(doc.lon) / STEP, f64::from(doc.lat) / STEP], from);
    (NEAR / (NEAR + away)) as f32
}

/// Compares a name and its commune with what was typed, word by word.
fn judge(index: &Index, query: &Query<'_>, typed: &Typed, number: u32) -> Option<Found> {
    let name = &index.names[number as usize];
    let doc = &index.docs[name.doc as usize];
    let mut fit = Fit::new(index, name, &index.area_words[doc.area as usize], typed);
    if !fit.used.iter().any(|u| *u > 0.0) {
        return None;
    }
    fit.weak_matches(index, typed, &index.areas[doc.area as usize]);
    let plate = fit.plate(index, doc, typed);
    if query.filter.houses_only() && plate.is_none() {
        return None;
    }
    let plate = plate.filter(|_| query.filter.houses());
    let text = fit.score(index, typed, query.autocomplete);
    let near = query.near.map(|from| closeness(doc, from));
    let score = match near {
        Some(near) => 0.84 * text + 0.04 * doc.importance + 0.1 * near,
        None => 0.93 * text + 0.05 * doc.importance,
    };
    Some(Found { doc: name.doc, number: plate.unwrap_or(NO_NUMBER), score, text })
}

/// How the words of a query lie on those of a name and its commune.
struct Fit<'a> {
    name: &'a [u32],
    /// How well each word of the name was met.
    used: Vec<f32>,
    /// How well each word of the query is explained.
    met: Vec<f32>,
}

impl<'a> Fit<'a> {
    fn new(index: &'a Index, name: &Name, area: &[u32], typed: &Typed) -> Self {
        let name = &index.name_words[name.words.start as usize..name.words.end as usize];
        let mut fit = Self { name, used: vec![0.0; name.len()], met: vec![0.0; typed.words.len()] };
        for (i, word) in typed.words.iter().enumerate() {
            let free = name.iter().enumerate().filter(|(j, _)| fit.used[*j] == 0.0).map(|(j, w)| (word.fits(*w), j));
            let in_name = free.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).unwrap_or((0.0, 0));
            let in_area = area.iter().map(|w| word.fits(*w)).fold(0.0, f32::max);
            if in_name.0 > 0.0 && in_name.0 >= in_area {
                fit.used[in_name.1] = in_name.0;
            }
            fit.met[i] = in_name.0.max(in_area);
        }
        fit
    }

    /// Initials (`j` for Jean) and postcodes of the same département.
    fn weak_matches(&mut self, index: &Index, typed: &Typed, area: &Area) {
        for (i, word) in typed.words.iter().enumerate().filter(|(_, w)| !w.text.is_empty()) {
            if self.met[i] > 0.0 {
                continue;
            }
            let text = word.text.as_str();
            if text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit()) {
                let same = |code: &Option<Box<str>>| code.as_deref().is_some_and(|c| c.as_bytes().starts_with(&text.as_bytes()[..2]));
                self.met[i] = if same(&area.postcode) || same(&area.citycode) { 0.4 } else { 0.0 };
                continue;
            }
            let initial = |j: &usize| {
                let own = index.vocabulary.word(self.name[*j]);
                own.chars().next() == text.chars().next() && (text.chars().count() == 1 || own.chars().count() == 1)
            };
            if let Some(j) = (0..self.name.len()).filter(|j| self.used[*j] == 0.0).find(initial) {
                (self.used[j], self.met[i]) = (0.6, 0.6);
            }
        }
    }

    /// The house number: the first plate none of whose words the name needed and that stands in the street.
    fn plate(&mut self, index: &Index, doc: &Doc, typed: &Typed) -> Option<u32> {
        for plate in &typed.plates {
            // The beginning of a postcode is a house number all the same.
            let needed = plate.words.iter().any(|w| self.met[*w] > 0.99);
            // « 8 rue du huit mai »: the name took the first eight, and the second is free.
            let twin = plate.words.first().filter(|_| needed && plate.words.len() == 1).and_then(|w| {
                let same = |i: &usize| self.met[*i] == 0.0 && typed.words[*i].text == typed.words[*w].text;
                (0..typed.words.len()).find(same)
            });
            if needed && twin.is_none() {
                continue;
            }
            if let Some(number) = index.number_of(doc, &plate.plate) {
                plate.words.iter().chain(&twin).for_each(|w| self.met[*w] = 1.0);
                return Some(number);
            }
        }
        None
    }

    /// 1 when every word of the query and of the name is met.
    fn score(&self, index: &Index, typed: &Typed, autocomplete: bool) -> f32 {
        let in_plate = |i: usize| typed.plates.iter().any(|p| p.words.contains(&i));
        let (mut sum, mut all) = (0.0, 0.0);
        for (i, (word, met)) in typed.words.iter().zip(&self.met).enumerate() {
            let weight = self.weight(word, *met, in_plate(i));
            sum += weight * met;
            all += weight;
        }
        let (mut own, mut whole) = (0.0, 0.0);
        for (word, used) in self.name.iter().zip(&self.used) {
            let weight = index.weights[*word as usize];
            own += weight * used;
            // What is not typed yet counts half against a name.
            whole += if *used == 0.0 && autocomplete { weight * 0.5 } else { weight };
        }
        let (asked, named) = (if all > 0.0 { sum / all } else { 0.0 }, if whole > 0.0 { own / whole } else { 0.0 });
        asked * (0.78 + 0.22 * named)
    }

    /// A number that the street does not have, or noise that fits nothing, counts less than a name that is missing.
    fn weight(&self, word: &Word, met: f32, plate: bool) -> f32 {
        match (met > 0.0, word.optional, plate) {
            (false, true, _) => 0.0,
            (true, true, _) => 0.1,
            (false, _, true) => 0.25,
            (false, _, _) => word.weight * 0.9,
            (true, _, true) => word.weight.clamp(0.4, 0.6),
            (true, _, _) => word.weight,
        }
    }
}

impl Filter<'_> {
    fn allows_area(&self, area: &Area) -> bool {
        let is = |wanted: Option<&str>, have: &Option<Box<str>>| wanted.is_none_or(|w| have.as_deref() == Some(w));
        is(self.postcode, &area.postcode) && is(self.citycode, &area.citycode)
    }

    fn allows(&self, doc: &Doc) -> bool {
        let kind = match self.kind {
            None => true,
            Some(super::Kind::House) => matches!(doc.kind, AddressKind::Street | AddressKind::Locality),
            Some(super::Kind::Of(kind)) => kind == doc.kind,
        };
        kind && self.within.is_none_or(|b| b.holds(f64::from(doc.lon) / STEP, f64::from(doc.lat) / STEP))
    }

    /// Whether an answer may be a house number.
    fn houses(&self) -> bool {
        matches!(self.kind, None | Some(super::Kind::House))
    }

    fn houses_only(&self) -> bool {
        self.kind == Some(super::Kind::House)
    }
}
