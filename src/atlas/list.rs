//! Lists of a territory's actors: filtered, inside a box, sorted, page by page.
//!
//! A cursor is the sort key and id of the last actor given, not a count: actors that nobody edits between two pages come exactly once.

use super::entry::Entry;
use super::filter::{Filter, Lens};
use super::state::Inner;
use super::territory::{TerritoryMap, Totals};
use crate::geo::{Bbox, mercator, world};
use crate::model::Version;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use uuid::Uuid;

/// In which order a list comes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Sort {
    /// By name, without accents or case.
    #[default]
    Name,
    /// By distance from a longitude and latitude; actors that lie nowhere come last.
    Nearest([f64; 2]),
    /// Least recently changed first.
    Oldest,
}

/// What a list shall hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Of which territory.
    pub territory: Uuid,
    /// Which actors.
    pub filter: Filter,
    /// Only points inside or on the edge of this box; actors that lie nowhere are then left out.
    pub bbox: Option<Bbox>,
    /// In which order.
    pub sort: Sort,
    /// At most so many actors; an actor with several points gives several features.
    pub limit: usize,
    /// [`Page::next`] of the page before, with the same order.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// GeoJSON features: one for each point of an actor that the map of the territory (and the box) holds, or one without geometry.
    pub features: Vec<Arc<str>>,
    /// How many actors the whole list has.
    pub matched: usize,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// What the list is as of.
    pub head: Version,
}

impl Page {
    /// A GeoJSON FeatureCollection, made by copying.
    pub fn to_geojson(&self) -> String {
        let mut out = String::with_capacity(200 + self.features.iter().map(|f| f.len() + 1).sum::<usize>());
        let next = self.next.as_ref().map_or_else(|| "null".to_owned(), |n| serde_json::Value::from(n.as_str()).to_string());
        let Version { epoch, seq } = self.head;
        let (matched, returned) = (self.matched, self.features.len());
        let _ = write!(
            out,
            "{{\"type\":\"FeatureCollection\",\"numberMatched\":{matched},\"numberReturned\":{returned},\"next\":{next},\"head\":[{epoch},{seq}],\"features\":["
        );
        for (i, feature) in self.features.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            out.push_str(feature);
        }
        out.push_str("]}");
        out
    }
}

/// Why there is no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// No such territory.
    #[error("there is no such territory")]
    NoTerritory,
    /// The cursor was not given by this list.
    #[error("this cursor does not belong to this list")]
    BadCursor,
}

/// An actor that the list holds.
struct Candidate<'a> {
    entry: &'a Entry,
    metres: f64,
}

/// Place in a list: after everything that sorts before it.
#[derive(Debug, PartialEq)]
enum Key {
    Name(String),
    Metres(f64),
    At(i64),
}

pub(super) fn features(inner: &Inner, query: &Query) -> Result<Page, ListError> {
    let (number, map) = inner.find(query.territory).ok_or(ListError::NoTerritory)?;
    let after = query.cursor.as_deref().map(|c| read_cursor(query.sort, c).ok_or(ListError::BadCursor)).transpose()?;
    let lens = Lens::new(&query.filter);
    let mut found = candidates(inner, map, &lens, query.bbox, query.sort);
    let matched = found.len();
    if let Some((key, id)) = &after {
        found.retain(|c| against(c, key).then(c.entry.id.cmp(id)) == Ordering::Greater);
    }
    let more = found.len() > query.limit;
    let order = |a: &Candidate, b: &Candidate| compare(query.sort, a, b);
    if more {
        found.select_nth_unstable_by(query.limit, order);
        found.truncate(query.limit);
    }
    found.sort_unstable_by(order);
    let next = found.last().filter(|_| more).map(|c| write_cursor(query.sort, c));
    let mut features = Vec::with_capacity(found.len());
    found.iter().for_each(|c| features_on(inner, number, c.entry, query.bbox, &mut features));
    Ok(Page { features, matched, next, head: inner.head })
}

/// The features of an actor on the map of a territory that it belongs to.
pub(super) fn features_on(inner: &Inner, number: u32, entry: &Entry, bbox: Option<Bbox>, out: &mut Vec<Arc<str>>) {
    if entry.points.is_empty() {
        if bbox.is_none() {
            out.extend(entry.bare().cloned());
        }
        return;
    }
    let mut points = Vec::new();
    inner.points_on(entry, number, &mut points);
    let shown = points.iter().map(|i| &entry.points[usize::from(*i)]).filter(|p| bbox.is_none_or(|b| b.holds(p.lon, p.lat)));
    out.extend(shown.map(|p| p.fragment.clone()));
}

/// Exact numbers of the actors that a list would hold.
pub(super) fn counts(inner: &Inner, territory: Uuid, filter: &Filter, bbox: Option<Bbox>) -> Option<Totals> {
    let (_, map) = inner.find(territory)?;
    let lens = Lens::new(filter);
    if bbox.is_none() && lens.by_class() {
        return Some(map.totals(|class| lens.class(class)));
    }
    let mut classes: HashMap<u16, u64> = HashMap::new();
    for candidate in candidates(inner, map, &lens, bbox, Sort::Name) {
        *classes.entry(candidate.entry.class()).or_default() += 1;
    }
    let mut totals = Totals::default();
    classes.into_iter().for_each(|(class, n)| totals.add(class, n));
    Some(totals)
}

/// Every actor of a territory that passes, once, with the distance of its nearest point when the order needs it.
fn candidates<'a>(inner: &'a Inner, map: &'a TerritoryMap, lens: &Lens, bbox: Option<Bbox>, sort: Sort) -> Vec<Candidate<'a>> {
    let mut found: Vec<Candidate> = Vec::new();
    // Where an actor with several points stands in the list, none when it did not pass.
    let mut several: HashMap<u32, Option<usize>> = HashMap::new();
    let ranges = bbox.map_or_else(|| vec![(0, u64::MAX)], world::cover);
    for spot in ranges.into_iter().flat_map(|range| map.spots.range(range)).filter(|spot| lens.class(spot.class)) {
        let Some(entry) = inner.entry(spot.slot) else { continue };
        let Some(point) = entry.points.get(usize::from(spot.point)) else { continue };
        if bbox.is_some_and(|b| !b.holds(point.lon, point.lat)) {
            continue;
        }
        let metres = if let Sort::Nearest(from) = sort { mercator::metres(from, [point.lon, point.lat]) } else { 0.0 };
        if spot.many
            && let Some(seen) = several.get(&spot.slot)
        {
            if let Some(at) = *seen {
                found[at].metres = found[at].metres.min(metres);
            }
            continue;
        }
        let passes = lens.entry(entry);
        if spot.many {
            several.insert(spot.slot, passes.then_some(found.len()));
        }
        if passes {
            found.push(Candidate { entry, metres });
        }
    }
    if bbox.is_none() {
        let nowhere = map.nowhere.iter().filter_map(|slot| inner.entry(*slot)).filter(|e| lens.entry(e));
        found.extend(nowhere.map(|entry| Candidate { entry, metres: f64::INFINITY }));
    }
    found
}

fn compare(sort: Sort, a: &Candidate, b: &Candidate) -> Ordering {
    let first = match sort {
        Sort::Name => a.entry.sort_name().cmp(b.entry.sort_name()),
        Sort::Nearest(_) => a.metres.total_cmp(&b.metres),
        Sort::Oldest => a.entry.updated_at.cmp(&b.entry.updated_at),
    };
    first.then(a.entry.id.cmp(&b.entry.id))
}

fn against(candidate: &Candidate, key: &Key) -> Ordering {
    match key {
        Key::Name(name) => candidate.entry.sort_name().cmp(name),
        Key::Metres(metres) => candidate.metres.total_cmp(metres),
        Key::At(at) => candidate.entry.updated_at.cmp(at),
    }
}

fn write_cursor(sort: Sort, last: &Candidate) -> String {
    let id = last.entry.id.simple();
    match sort {
        Sort::Name => format!("n{id}{}", last.entry.sort_name()),
        Sort::Nearest(_) => format!("d{id}{:x}", last.metres.to_bits()),
        Sort::Oldest => format!("o{id}{}", last.entry.updated_at),
    }
}

fn read_cursor(sort: Sort, cursor: &str) -> Option<(Key, Uuid)> {
    let id = Uuid::try_parse(cursor.get(1..33)?).ok()?;
    let rest = cursor.get(33..)?;
    let key = match (sort, cursor.as_bytes().first()?) {
        (Sort::Name, b'n') => Key::Name(rest.to_owned()),
        (Sort::Nearest(_), b'd') => Key::Metres(f64::from_bits(u64::from_str_radix(rest, 16).ok()?)),
        (Sort::Oldest, b'o') => Key::At(rest.parse().ok()?),
        _ => return None,
    };
    Some((key, id))
}
