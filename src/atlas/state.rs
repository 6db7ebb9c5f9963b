//! What the atlas holds, behind its lock: the actors, where each of them shows, and how an edit moves them.
//!
//! Who belongs where. An actor belongs to the territories that its `territories` name, as far as they exist; when none of them does, it
//! belongs to its home. On a territory's map lie the actor's points that the territory's shape covers, and on its home's map, if the actor
//! belongs to it, also the points that none of its territories covers. If that leaves no point, all its points lie on the map, and an
//! actor without a point is on the list alone.

use super::entry::{Draft, Entry};
use super::ring::Ring;
use super::sieve::Memos;
use super::spots::Spot;
use super::territory::{TerritoryDraft, TerritoryMap};
use crate::geo::Bbox;
use crate::model::Version;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, PointDistance, RTree, RTreeObject};
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// A point in the R*-tree: columns and rows of the world's grid, exact as floating-point numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Leaf {
    pub(super) at: [f64; 2],
    /// Longitude and latitude, degrees. They cost no memory: a leaf takes the room of an inner node anyway.
    pub(super) position: [f64; 2],
    pub(super) slot: u32,
    pub(super) point: u8,
}

impl RTreeObject for Leaf {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        AABB::from_point(self.at)
    }
}

impl PointDistance for Leaf {
    fn distance_2(&self, point: &[f64; 2]) -> f64 {
        self.at.distance_2(point)
    }
}

/// An actor's place in the order of names, or a place to begin at.
#[derive(Debug)]
pub(super) enum ByName {
    Actor(Arc<Entry>, u32),
    After(String, Uuid),
}

impl ByName {
    fn key(&self) -> (&str, Uuid) {
        match self {
            Self::Actor(entry, _) => (entry.sort_name(), entry.id),
            Self::After(name, id) => (name, *id),
        }
    }
}

impl Ord for ByName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for ByName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByName {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ByName {}

type Boxed = GeomWithData<Rectangle<[f64; 2]>, u32>;

fn boxed(number: u32, b: Bbox) -> Boxed {
    GeomWithData::new(Rectangle::from_corners([b.west, b.south], [b.east, b.north]), number)
}

/// Everything behind the lock.
#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) head: Version,
    /// Raised by every batch; the source of tile stamps.
    pub(super) tick: u64,
    numbers: HashMap<Uuid, u32>,
    /// The boxes of the territories that have a shape, by number.
    boxes: RTree<Boxed>,
    ids: Vec<Uuid>,
    pub(super) territories: Vec<Option<TerritoryMap>>,
    pub(super) by_slug: HashMap<Box<str>, u32>,
    /// Actors by slot. A slot is never given to another actor while the atlas runs: the text index may still know the old one.
    pub(super) slots: Vec<Option<Arc<Entry>>>,
    pub(super) by_id: HashMap<Uuid, u32>,
    pub(super) tree: RTree<Leaf>,
    /// All actors by folded name, then id.
    pub(super) by_name: BTreeSet<ByName>,
    pub(super) memos: Memos,
    pub(super) ring: Ring,
    /// Slots that changed since the text index was last refreshed.
    pub(super) unread: Vec<u32>,
}

impl Inner {
    /// The number of a territory, known or only named.
    pub(super) fn number(&mut self, id: Uuid) -> u32 {
        let next = self.territories.len() as u32;
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.territories.push(None);
            self.ids.push(id);
        }
        number
    }

    /// The id of a territory's number.
    pub(super) fn id_of(&self, number: u32) -> Option<Uuid> {
        self.ids.get(number as usize).copied()
    }

    /// The map of a territory that exists.
    pub(super) fn map(&self, number: u32) -> Option<&TerritoryMap> {
        self.territories.get(number as usize)?.as_ref()
    }

    /// The map of a territory that exists, with its number.
    pub(super) fn find(&self, id: Uuid) -> Option<(u32, &TerritoryMap)> {
        let number = *self.numbers.get(&id)?;
        Some((number, self.map(number)?))
    }

    pub(super) fn entry(&self, slot: u32) -> Option<&Arc<Entry>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Numbers of the territories that an actor belongs to, ascending.
    pub(super) fn territories_of(&self, entry: &Entry) -> Vec<u32> {
        entry.territories(|n| self.map(n).is_some())
    }

    /// Whether an actor belongs to a territory that exists.
    pub(super) fn belongs(&self, entry: &Entry, number: u32) -> bool {
        entry.listed.contains(&number) || (entry.home_number == number && !entry.listed.iter().any(|n| self.map(*n).is_some()))
    }

    /// The territories whose shape covers a point, smallest first.
    pub(super) fn territories_at(&self, lon: f64, lat: f64) -> Vec<Uuid> {
        let near = self.boxes.locate_in_envelope_intersecting(AABB::from_point([lon, lat]));
        let covers = |map: &&TerritoryMap| map.shape.as_ref().is_some_and(|shape| shape.covers(lon, lat));
        let mut found: Vec<&TerritoryMap> = near.filter_map(|b| self.map(b.data)).filter(covers).collect();
        found.sort_by(|a, b| a.area().total_cmp(&b.area()).then(a.facts.id.cmp(&b.facts.id)));
        found.iter().map(|map| map.facts.id).collect()
    }

    /// The territories whose box meets a box (degrees).
    pub(super) fn meeting(&self, b: Bbox) -> impl Iterator<Item = &TerritoryMap> {
        self.boxes.locate_in_envelope_intersecting(AABB::from_corners([b.west, b.south], [b.east, b.north])).filter_map(|b| self.map(b.data))
    }

    /// Which points of an actor lie on the map of a territory that it belongs to.
    pub(super) fn points_on(&self, entry: &Entry, number: u32, out: &mut Vec<u8>) {
        out.clear();
        let all = 0..entry.points().len().min(usize::from(u8::MAX)) as u8;
        if all.len() > 1 {
            let covers = |n: u32, i: u8| {
                let point = &entry.points()[usize::from(i)];
                self.map(n).and_then(|map| map.shape.as_ref()).is_some_and(|shape| shape.covers(point.lon, point.lat))
            };
            let stray = |i: u8| number == entry.home_number && !entry.listed.iter().any(|n| covers(*n, i));
            out.extend(all.clone().filter(|i| covers(number, *i) || stray(*i)));
        }
        if out.is_empty() {
            out.extend(all);
        }
    }

    /// The points that an actor puts on a territory's map.
    pub(super) fn spots_on(&self, slot: u32, entry: &Entry, number: u32) -> Vec<Spot> {
        let mut points = Vec::new();
        self.points_on(entry, number, &mut points);
        let many = entry.points().len() > 1;
        points.iter().map(|i| Spot { code: entry.points()[usize::from(*i)].code, slot, class: entry.class(), point: *i, many }).collect()
    }

    /// Puts an actor's new state in the place of the old one; none takes it off the map. Gives the territories it was or is on.
    pub(super) fn put(&mut self, id: Uuid, draft: Option<Draft>) -> Vec<u32> {
        let slot = self.by_id.get(&id).copied();
        let old = slot.and_then(|s| self.entry(s)).cloned();
        let new = draft.map(|d| Arc::new(d.finish(|territory| self.number(territory))));
        if old.is_none() && new.is_none() {
            return Vec::new();
        }
        let slot = slot.unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        let before = old.as_ref().map(|e| self.territories_of(e)).unwrap_or_default();
        let after = new.as_ref().map(|e| self.territories_of(e)).unwrap_or_default();
        self.move_on_maps(slot, old.as_deref().map(|e| (e, before.as_slice())), new.as_deref().map(|e| (e, after.as_slice())));
        self.move_in_tree(slot, old.as_deref(), new.as_deref());
        if new.is_some() {
            self.by_id.insert(id, slot);
        } else {
            self.by_id.remove(&id);
        }
        self.memos.forget(slot);
        if let Some(old) = old {
            self.by_name.remove(&ByName::Actor(old, slot));
        }
        if let Some(new) = &new {
            self.by_name.insert(ByName::Actor(new.clone(), slot));
        }
        self.slots[slot as usize] = new;
        self.unread.push(slot);
        let mut touched = before;
        touched.extend(after);
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// Takes what the old state put on the maps away and puts what the new one does; what stays is not moved.
    fn move_on_maps(&mut self, slot: u32, old: Option<(&Entry, &[u32])>, new: Option<(&Entry, &[u32])>) {
        let spots = |inner: &Self, side: Option<(&Entry, &[u32])>| -> Vec<(u32, u16, Vec<Spot>)> {
            let Some((entry, numbers)) = side else { return Vec::new() };
            numbers.iter().map(|n| (*n, entry.class(), inner.spots_on(slot, entry, *n))).collect()
        };
        let (gone, come) = (spots(self, old), spots(self, new));
        let stamp = self.tick;
        for (number, class, spots) in &gone {
            let Some(map) = self.territories[*number as usize].as_mut() else { continue };
            map.uncount(*class);
            map.nowhere.remove(&slot);
            let stays = come.iter().find(|(n, ..)| n == number).map_or(&[][..], |(_, _, s)| s.as_slice());
            for spot in spots {
                map.touch(spot.code, stamp);
                if !stays.contains(spot) {
                    map.remove_spot(*spot);
                }
            }
        }
        for (number, class, spots) in &come {
            let Some(map) = self.territories[*number as usize].as_mut() else { continue };
            map.count(*class);
            if spots.is_empty() {
                map.nowhere.insert(slot);
            }
            let was = gone.iter().find(|(n, ..)| n == number).map_or(&[][..], |(_, _, s)| s.as_slice());
            for spot in spots {
                map.touch(spot.code, stamp);
                if !was.contains(spot) {
                    map.add_spot(*spot);
                }
            }
        }
    }

    fn move_in_tree(&mut self, slot: u32, old: Option<&Entry>, new: Option<&Entry>) {
        let (gone, come) = (old.map(|e| leaves(slot, e)).unwrap_or_default(), new.map(|e| leaves(slot, e)).unwrap_or_default());
        gone.iter().filter(|leaf| !come.contains(leaf)).for_each(|leaf| {
            self.tree.remove(leaf);
        });
        come.iter().filter(|leaf| !gone.contains(leaf)).for_each(|leaf| self.tree.insert(*leaf));
    }

    /// Puts a territory's new state in. When its shape changes, or it comes or goes, every actor that names it is placed anew.
    pub(super) fn put_territory(&mut self, draft: TerritoryDraft) {
        // Nobody can name a territory that has no number yet; one that has a map has everybody who names it on that map.
        let unheard = !self.numbers.contains_key(&draft.info.id);
        let number = self.number(draft.info.id);
        let old = self.map(number);
        if old.is_none() && draft.deleted {
            return;
        }
        if let Some(slug) = old.map(|map| map.facts.slug.clone())
            && self.by_slug.get(&slug) == Some(&number)
        {
            self.by_slug.remove(&slug);
        }
        if !draft.deleted {
            self.by_slug.insert(draft.info.slug.clone(), number);
        }
        let same = !draft.deleted && self.map(number).is_some_and(|map| map.shape == draft.shape);
        if same {
            if let Some(map) = self.territories[number as usize].as_mut() {
                map.tell(draft.info);
            }
            return;
        }
        let slots: Vec<u32> = match self.map(number) {
            _ if unheard => Vec::new(),
            Some(map) => map.members().into_iter().collect(),
            None => (0..self.slots.len() as u32).collect(),
        };
        let named: Vec<(u32, Arc<Entry>)> = slots
            .into_iter()
            .filter_map(|slot| Some((slot, self.entry(slot)?.clone())))
            .filter(|(_, e)| e.home_number == number || e.listed.contains(&number))
            .collect();
        if let Some(old) = self.map(number).and_then(|map| map.shape.as_ref()).map(|s| s.bbox) {
            self.boxes.remove(&boxed(number, old));
        }
        if let Some(shape) = draft.shape.as_ref().filter(|_| !draft.deleted) {
            self.boxes.insert(boxed(number, shape.bbox));
        }
        for (slot, entry) in &named {
            let numbers = self.territories_of(entry);
            self.move_on_maps(*slot, Some((entry, &numbers)), None);
        }
        if draft.deleted {
            self.territories[number as usize] = None;
        } else if let Some(map) = self.territories[number as usize].as_mut() {
            map.reshape(draft);
            map.touch_all(self.tick);
        } else {
            self.territories[number as usize] = Some(TerritoryMap::new(draft, self.tick));
        }
        for (slot, entry) in &named {
            let numbers = self.territories_of(entry);
            self.move_on_maps(*slot, None, Some((entry, &numbers)));
            self.unread.push(*slot);
        }
    }
}

/// The points of an actor as the R*-tree keeps them.
pub(super) fn leaves(slot: u32, entry: &Entry) -> Vec<Leaf> {
    let leaf = |(i, point): (usize, &super::entry::PlacePoint)| {
        let p = crate::geo::World::from_code(point.code);
        Leaf { at: [f64::from(p.x), f64::from(p.y)], position: [point.lon, point.lat], slot, point: i as u8 }
    };
    entry.points().iter().enumerate().map(leaf).collect()
}
