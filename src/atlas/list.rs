//! Lists of a territory's actors: filtered, inside a box, sorted, page by page.
//!
//! A cursor is the sort key and id of the last actor given, not a count: actors that nobody edits between two pages come exactly once.

use super::entry::Entry;
use super::filter::Filter;
use super::sieve::Sieve;
use super::spots::Spot;
use super::state::{ByName, Inner};
use super::territory::{Tally, TerritoryMap, Totals};
use crate::geo::{Bbox, World, mercator, world};
use crate::model::Version;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt::Write;
use std::ops::Bound;
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
    /// The first 16 bytes of its name: most comparisons need no more.
    lead: u128,
    metres: f64,
}

impl<'a> Candidate<'a> {
    fn new(entry: &'a Entry, metres: f64) -> Self {
        let mut lead = [0; 16];
        lead.iter_mut().zip(entry.sort_name().bytes()).for_each(|(to, from)| *to = from);
        Self { entry, lead: u128::from_be_bytes(lead), metres }
    }
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
    let sieve = Sieve::new(inner, &query.filter);
    let slots = passing(inner, map, &sieve, query.bbox);
    let matched = slots.len();
    let wanted = query.limit.saturating_add(1);
    // One more than the page holds is found, to know whether there is a next page. Of many actors by name, the first are quicker found
    // by going through all actors in the order of names than by sorting; how far one must go follows from the share that the list has.
    let share = inner.by_name.len().saturating_mul(wanted) / matched.max(1);
    let mut found = if query.sort == Sort::Name && share < matched / 2 {
        by_name(inner, number, &sieve, query.bbox, after, wanted)
    } else {
        sorted(inner, number, query, &slots, after.as_ref(), wanted)
    };
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    let next = found.last().filter(|_| more).map(|c| write_cursor(query.sort, c));
    let mut features = Vec::with_capacity(found.len());
    found.iter().for_each(|c| features_on(inner, number, c.entry, query.bbox, &mut features));
    Ok(Page { features, matched, next, head: inner.head })
}

/// The first actors of a list after a place in it, out of the slots that it has.
fn sorted<'a>(inner: &'a Inner, number: u32, query: &Query, slots: &[u32], after: Option<&(Key, Uuid)>, wanted: usize) -> Vec<Candidate<'a>> {
    let mut points = Vec::new();
    let mut candidate = |slot: &u32| {
        let entry: &Entry = inner.entry(*slot)?;
        let mut metres = f64::INFINITY;
        if let Sort::Nearest(from) = query.sort {
            inner.points_on(entry, number, &mut points);
            let shown = points.iter().map(|i| &entry.points()[usize::from(*i)]).filter(|p| query.bbox.is_none_or(|b| b.holds(p.lon, p.lat)));
            metres = shown.map(|p| mercator::metres(from, [p.lon, p.lat])).fold(metres, f64::min);
        }
        Some(Candidate::new(entry, metres))
    };
    let is_after = |c: &Candidate| after.is_none_or(|(key, id)| against(c, key).then(c.entry.id.cmp(id)) == Ordering::Greater);
    let mut found: Vec<Candidate> = slots.iter().filter_map(&mut candidate).filter(is_after).collect();
    let order = |a: &Candidate, b: &Candidate| compare(query.sort, a, b);
    if found.len() > wanted {
        found.select_nth_unstable_by(wanted, order);
        found.truncate(wanted);
    }
    found.sort_unstable_by(order);
    found
}

/// The same by going through all actors in the order of names.
fn by_name<'a>(inner: &'a Inner, number: u32, sieve: &Sieve, bbox: Option<Bbox>, after: Option<(Key, Uuid)>, wanted: usize) -> Vec<Candidate<'a>> {
    let start = match after {
        Some((Key::Name(name), id)) => Bound::Excluded(ByName::After(name, id)),
        _ => Bound::Unbounded,
    };
    let mut points = Vec::new();
    let mut shown = |entry: &Entry| {
        let Some(bbox) = bbox else { return true };
        inner.points_on(entry, number, &mut points);
        points.iter().map(|i| &entry.points()[usize::from(*i)]).any(|p| bbox.holds(p.lon, p.lat))
    };
    let walk = inner.by_name.range((start, Bound::Unbounded)).filter_map(|one| match one {
        ByName::Actor(entry, slot) => Some((&**entry, *slot)),
        ByName::After(..) => None,
    });
    walk.filter(|(entry, slot)| inner.belongs(entry, number) && sieve.entry(*slot, entry) && shown(entry))
        .map(|(entry, _)| Candidate::new(entry, 0.0))
        .take(wanted)
        .collect()
}

/// The features of an actor on the map of a territory that it belongs to.
pub(super) fn features_on(inner: &Inner, number: u32, entry: &Entry, bbox: Option<Bbox>, out: &mut Vec<Arc<str>>) {
    if entry.points().is_empty() {
        if bbox.is_none() {
            out.extend(entry.bare().cloned());
        }
        return;
    }
    let mut points = Vec::new();
    inner.points_on(entry, number, &mut points);
    let shown = points.iter().map(|i| &entry.points()[usize::from(*i)]).filter(|p| bbox.is_none_or(|b| b.holds(p.lon, p.lat)));
    out.extend(shown.map(|p| p.fragment.clone()));
}

/// Exact numbers of the actors that a list would hold.
pub(super) fn counts(inner: &Inner, territory: Uuid, filter: &Filter, bbox: Option<Bbox>) -> Option<Totals> {
    let (_, map) = inner.find(territory)?;
    let sieve = Sieve::new(inner, filter);
    if bbox.is_none() && sieve.by_class() {
        return Some(map.totals(|class| sieve.class(class)));
    }
    let mut tally = Tally::default();
    each(inner, map, &sieve, bbox, |_, class| tally.add(class, 1));
    Some(tally.totals())
}

/// The actors of a territory.
pub(super) fn ids(inner: &Inner, territory: Uuid) -> Option<Vec<Uuid>> {
    let (_, map) = inner.find(territory)?;
    let slots = passing(inner, map, &Sieve::new(inner, &Filter::default()), None);
    Some(slots.iter().filter_map(|slot| Some(inner.entry(*slot)?.id)).collect())
}

/// Slots of the actors of a territory that pass.
fn passing(inner: &Inner, map: &TerritoryMap, sieve: &Sieve, bbox: Option<Bbox>) -> Vec<u32> {
    let mut slots = Vec::new();
    each(inner, map, sieve, bbox, |slot, _| slots.push(slot));
    slots
}

/// Tells slot and class of every actor of a territory that passes, each once. Most are told without looking at the actor itself.
fn each(inner: &Inner, map: &TerritoryMap, sieve: &Sieve, bbox: Option<Bbox>, mut tell: impl FnMut(u32, u16)) {
    let mut several: HashSet<u32> = HashSet::new();
    let window = bbox.map(|b| (b, world::Window::new(b)));
    let in_box = |spot: &Spot| {
        let Some((bbox, window)) = &window else { return true };
        let by_degrees = || inner.entry(spot.slot)?.points().get(usize::from(spot.point)).map(|p| bbox.holds(p.lon, p.lat));
        window.holds(World::from_code(spot.code)).or_else(by_degrees).unwrap_or(false)
    };
    let ranges = bbox.map_or_else(|| vec![(0, u64::MAX)], world::cover);
    for spot in ranges.into_iter().flat_map(|range| map.spots.range(range)) {
        if in_box(spot) && sieve.spot(spot) && (!spot.many || several.insert(spot.slot)) {
            tell(spot.slot, spot.class);
        }
    }
    if bbox.is_none() {
        let nowhere = map.nowhere.iter().filter_map(|slot| Some((*slot, inner.entry(*slot)?)));
        nowhere.filter(|(slot, entry)| sieve.entry(*slot, entry)).for_each(|(slot, entry)| tell(slot, entry.class()));
    }
}

fn compare(sort: Sort, a: &Candidate, b: &Candidate) -> Ordering {
    let first = match sort {
        Sort::Name => a.lead.cmp(&b.lead).then_with(|| a.entry.sort_name().cmp(b.entry.sort_name())),
        Sort::Nearest(_) => a.metres.total_cmp(&b.metres),
        Sort::Oldest => a.entry.updated_at.cmp(&b.entry.updated_at),
    };
    first.then_with(|| a.entry.id.cmp(&b.entry.id))
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
