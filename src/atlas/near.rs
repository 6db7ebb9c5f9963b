//! Actors around a point, actors that a person may mean, and actors that may be the same as a new one.

use super::entry::Entry;
use super::filter::{Filter, Lens};
use super::state::Inner;
use super::territory::TerritoryMap;
use super::text::{Match, TextIndex};
use super::words;
use crate::geo::{World, mercator};
use crate::model::similar::{PROBABLY_THE_SAME, likeness};
use crate::model::text::fold;
use std::collections::BTreeSet;
use std::f64::consts::PI;
use std::sync::Arc;

/// Radius of the sphere that distances are measured on, metres.
const EARTH: f64 = 6_371_008.8;
/// Columns of the world's grid.
const WORLD: f64 = 4_294_967_296.0;
/// So near, a name that is less alike may still be the same actor.
const NEAR_M: f64 = 200.0;
/// Likeness from which an actor so near is shown.
const ALIKE_NEARBY: f64 = 0.7;
/// Territories of at most so many actors are looked through whole for duplicates.
const SMALL_TERRITORY: usize = 1_000;
/// So many points around a person are looked at for a search.
const LOOKED_AT: usize = 5_000;

/// An actor near a point.
#[derive(Debug, Clone)]
pub struct Nearby {
    /// The actor.
    pub entry: Arc<Entry>,
    /// Which of its points is the nearest.
    pub point: usize,
    /// Metres.
    pub distance_m: f64,
}

/// An actor that was searched for or that looks like another.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The actor.
    pub entry: Arc<Entry>,
    /// Metres from the point that was given to its nearest point.
    pub distance_m: Option<f64>,
    /// Higher is better; for a duplicate the likeness, 0 to 1.
    pub score: f64,
}

/// The nearest actors first, each once with its nearest point; exact. Looks at `looks` points at most.
pub(super) fn nearest(
    inner: &Inner,
    at: [f64; 2],
    limit: usize,
    radius_m: f64,
    looks: usize,
    passes: Option<&dyn Fn(&Entry) -> bool>,
) -> Vec<Nearby> {
    let mut best: Vec<(f64, u32, u8)> = Vec::with_capacity(limit + 1);
    let reach = reach(at[1], radius_m);
    let p = World::at(at[0], at[1]);
    let (x, y) = (f64::from(p.x), f64::from(p.y));
    // Beyond the antimeridian the world goes on at its other edge.
    let centres = [Some(x), (x < reach).then_some(x + WORLD), (x + reach > WORLD).then_some(x - WORLD)];
    for centre in centres.into_iter().flatten() {
        let mut stop = reach;
        for (leaf, distance_2) in inner.tree.nearest_neighbor_iter_with_distance_2([centre, y]).take(looks) {
            if distance_2.sqrt() > stop {
                break;
            }
            let metres = mercator::metres(at, leaf.position);
            let full = best.len() == limit;
            let worse = metres > radius_m || (full && best.last().is_some_and(|last| metres >= last.0));
            if worse || passes.is_some_and(|passes| !inner.entry(leaf.slot).is_some_and(|e| passes(e))) {
                continue;
            }
            if let Some(known) = best.iter().position(|b| b.1 == leaf.slot) {
                if best[known].0 <= metres {
                    continue;
                }
                best.remove(known);
            }
            let place = best.partition_point(|b| b.0 <= metres);
            best.insert(place, (metres, leaf.slot, leaf.point));
            best.truncate(limit);
            if best.len() == limit
                && let Some(last) = best.last()
            {
                stop = stop.min(self::reach(at[1], last.0));
            }
        }
    }
    best.into_iter()
        .filter_map(|(distance_m, slot, point)| Some(Nearby { entry: inner.entry(slot)?.clone(), point: usize::from(point), distance_m }))
        .collect()
}

/// So far from a point, in columns of the grid, everything within some metres lies. On its way no path of that length leaves a band of
/// latitudes, and in that band a metre is at most so long on the grid.
fn reach(lat: f64, metres: f64) -> f64 {
    let highest = lat.to_radians().abs() + metres / EARTH;
    if highest >= mercator::MAX_LATITUDE.to_radians() {
        return f64::INFINITY;
    }
    // Two columns for the rounding of both points to the grid.
    metres * WORLD / (2.0 * PI * EARTH * highest.cos()) + 2.0
}

/// What the text index knows of some words, asked for before the atlas is locked: it may take milliseconds, and edits must not wait for it.
/// An index that fails answers nothing; what lies near is still found.
pub(super) fn ask(text: &TextIndex, words: &[String], number: Option<u32>, ways: &[Match], limit: usize) -> Vec<u32> {
    let mut found = ways.iter().map(|how| text.find(words, number, *how, limit).unwrap_or_default());
    found.find(|slots| !slots.is_empty()).unwrap_or_default()
}

/// Actors that the words may mean, the best first, out of the slots that the index found and those around a point.
pub(super) fn search(inner: &Inner, typed: &str, found: Vec<u32>, number: Option<u32>, near: Option<[f64; 2]>, limit: usize) -> Vec<Hit> {
    let words = words::query(typed);
    if words.is_empty() {
        return Vec::new();
    }
    let belongs = |entry: &Entry| number.is_none_or(|n| inner.belongs(entry, n));
    let mut slots: BTreeSet<u32> = found.into_iter().collect();
    if let Some(at) = near {
        // Among thousands of equals the index does not know which are near.
        let lens = Lens::new(&Filter { text: Some(typed.to_owned()), ..Filter::default() });
        let around = nearest(inner, at, limit, 30_000.0, LOOKED_AT, Some(&|e| lens.entry(e)));
        slots.extend(around.iter().filter_map(|n| inner.by_id.get(&n.entry.id)));
    }
    let folded = fold(typed);
    let mut hits: Vec<Hit> = slots
        .into_iter()
        .filter_map(|slot| inner.entry(slot))
        .filter(|entry| belongs(entry))
        .map(|entry| {
            let distance_m = near.and_then(|at| distance(entry, at));
            let closeness = distance_m.map_or(0.0, |m| 2.0 / (1.0 + m / 1000.0));
            Hit { entry: entry.clone(), distance_m, score: worth(entry, &words, &folded) + closeness }
        })
        .collect();
    sort(&mut hits, limit);
    hits
}

/// How well an actor answers the words.
fn worth(entry: &Entry, words: &[String], folded: &str) -> f64 {
    let name = entry.sort_name();
    let one = |word: &String| {
        let held = |text: &str| {
            let best = text.split([' ', '\n']).filter_map(|w| w.starts_with(word.as_str()).then_some(if w.len() == word.len() { 1.0 } else { 0.7 }));
            best.fold(0.0, f64::max)
        };
        (2.0 * held(name)).max(held(entry.text())).max(0.3 * strsim::jaro_winkler(name, word))
    };
    let whole = if name == folded {
        3.0
    } else if name.starts_with(folded) {
        1.0
    } else {
        0.0
    };
    words.iter().map(one).sum::<f64>() / words.len() as f64 + whole
}

/// Whether a territory is looked through whole for duplicates, without asking the text index.
pub(super) fn is_small(map: &TerritoryMap) -> bool {
    map.spots.len() + map.nowhere.len() <= SMALL_TERRITORY
}

/// Actors that may be the one that somebody is about to add, out of the slots that the index found, those around a point, and all that the
/// index has not read yet: the check never lags.
pub(super) fn duplicates(inner: &Inner, name: &str, found: Vec<u32>, near: Option<[f64; 2]>, number: Option<u32>, limit: usize) -> Vec<Hit> {
    let mut slots: BTreeSet<u32> = match number.and_then(|n| inner.map(n)).filter(|map| is_small(map)) {
        Some(map) => map.spots.iter().map(|s| s.slot).chain(map.nowhere.iter().copied()).collect(),
        None => found.into_iter().chain(inner.unread.iter().copied()).collect(),
    };
    if let Some(at) = near {
        let around = nearest(inner, at, 50, NEAR_M, LOOKED_AT, None);
        slots.extend(around.iter().filter_map(|n| inner.by_id.get(&n.entry.id)));
    }
    let mut hits: Vec<Hit> = slots
        .into_iter()
        .filter_map(|slot| inner.entry(slot))
        .filter(|entry| number.is_none_or(|n| inner.belongs(entry, n)))
        .filter_map(|entry| {
            let (score, distance_m) = (likeness(name, &entry.name), near.and_then(|at| distance(entry, at)));
            let alike = score >= PROBABLY_THE_SAME || (score >= ALIKE_NEARBY && distance_m.is_some_and(|m| m <= NEAR_M));
            alike.then(|| Hit { entry: entry.clone(), distance_m, score })
        })
        .collect();
    sort(&mut hits, limit);
    hits
}

fn sort(hits: &mut Vec<Hit>, limit: usize) {
    let metres = |hit: &Hit| hit.distance_m.unwrap_or(f64::INFINITY);
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(metres(a).total_cmp(&metres(b))).then(a.entry.id.cmp(&b.entry.id)));
    hits.truncate(limit);
}

/// Metres to the nearest point of an actor.
fn distance(entry: &Entry, at: [f64; 2]) -> Option<f64> {
    entry.points().iter().map(|p| mercator::metres(at, [p.lon, p.lat])).min_by(f64::total_cmp)
}
