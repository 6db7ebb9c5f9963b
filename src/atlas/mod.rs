//! The atlas: the read model in memory. Fed only by the journal's follower, strictly in sequence order; the rest of the server asks it.
//!
//! Architecture invariant: no SQL, no HTTP, no async, no clock. It can be thrown away and rebuilt from the store at any time, and the atlas
//! rebuilt equals the atlas kept live ([`Atlas::digest`]).
//!
//! - `entry`: one actor, with its GeoJSON written once per change. `state`: who belongs where, and how an edit moves that.
//! - `territory`, `spots`, `pyramid`, `cells`: the map of a territory, its points in Morton order, their counts, and what a tile shows.
//! - `filter`, `sieve`, `list`, `near`, `text`, `words`: choosing, listing, finding. `ring`: what changed lately.

mod category;
mod cells;
mod digest;
mod directory;
mod entry;
mod filter;
mod list;
mod load;
mod near;
mod pyramid;
mod ring;
mod sieve;
mod spots;
mod state;
mod territory;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod words;

pub use category::THEME_COUNT;
pub use cells::{Cell, Cluster, TileContent};
pub use directory::{Ask, Directory};
pub use entry::{Entry, PlacePoint};
pub use filter::Filter;
pub use list::{ListError, Page, Query, Sort};
pub use load::Loader;
pub use near::{Hit, Nearby};
pub use ring::{Changes, Mark, PER_ANSWER, REMEMBERED};
pub use territory::{TerritoryInfo, Totals};
pub use text::TextError;

use crate::geo::{Bbox, TileId};
use crate::model::{Actor, SubjectKind, Territory, Version};
use entry::Draft;
use sieve::Sieve;
use state::Inner;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use territory::TerritoryDraft;
use text::{Match, TextIndex};
use uuid::Uuid;

/// The state of a subject after an edit.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Its `territories` are those whose shape covers one of its places; a deleted actor comes with `doc.deleted`.
    Actor(Box<Actor>),
    /// When the shape changes, the actors whose `territories` change by it come in the same batch.
    Territory(Box<Territory>),
}

/// The read model. Cheap to share in an `Arc`; every method may be called from any thread.
#[derive(Debug)]
pub struct Atlas {
    inner: RwLock<Inner>,
    text: TextIndex,
    /// Held while the text index is refreshed, so that two refreshes do not mix.
    refreshing: Mutex<()>,
}

impl Default for Atlas {
    fn default() -> Self {
        Self::new()
    }
}

impl Atlas {
    /// An empty atlas.
    ///
    /// # Panics
    /// When the system gives no thread for the text index.
    pub fn new() -> Self {
        let text = TextIndex::new().expect("an index in memory with a fixed schema can be made");
        Self { inner: RwLock::default(), text, refreshing: Mutex::new(()) }
    }

    /// Fills the atlas at the start. For a large journal feed a [`Loader`] piece by piece and [`Atlas::install`] it.
    ///
    /// # Errors
    /// The text index could not be filled; everything else is.
    pub fn load(&self, territories: &[Territory], actors: &[Actor], head: Version) -> Result<(), TextError> {
        let mut loader = Loader::default();
        loader.add_territories(territories);
        loader.add(actors);
        self.install(loader, head)
    }

    /// Puts what was loaded in the place of everything that the atlas held.
    ///
    /// # Errors
    /// The text index could not be filled; everything else is.
    pub fn install(&self, loader: Loader, head: Version) -> Result<(), TextError> {
        let _one = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut fresh, indexed) = loader.finish(head, &self.text);
        let mut inner = self.write();
        fresh.tick = inner.tick.max(fresh.tick) + 1;
        let tick = fresh.tick;
        fresh.territories.iter_mut().flatten().for_each(|map| map.touch_all(tick));
        *inner = fresh;
        indexed
    }

    /// Takes one batch of journal entries: readers see all of it or nothing. A territory's change comes before those of its actors.
    pub fn apply(&self, changes: Vec<Change>, marks: Vec<Mark>, head: Version) {
        enum Ready {
            Actor(Uuid, Option<Box<Draft>>),
            Territory(Box<TerritoryDraft>),
        }
        // Reading shapes and writing GeoJSON is the slow part; it needs no lock.
        let ready: Vec<Ready> = changes
            .iter()
            .map(|change| match change {
                Change::Actor(actor) => Ready::Actor(actor.id, Draft::new(actor).map(Box::new)),
                Change::Territory(territory) => Ready::Territory(Box::new(TerritoryDraft::new(territory))),
            })
            .collect();
        let mut inner = self.write();
        inner.tick += 1;
        let mut touched: HashMap<Uuid, Vec<u32>> = HashMap::new();
        for one in ready {
            match one {
                Ready::Actor(id, draft) => touched.entry(id).or_default().extend(inner.put(id, draft.map(|d| *d))),
                Ready::Territory(draft) => inner.put_territory(*draft),
            }
        }
        for mark in marks {
            let id = mark.subject.id;
            let numbers: Arc<[u32]> = match mark.subject.kind {
                SubjectKind::Territory => vec![inner.number(id)].into(),
                SubjectKind::Seance | SubjectKind::Cell | SubjectKind::Figure | SubjectKind::Report | SubjectKind::Block | SubjectKind::Device => {
                    mark.home.map(|home| inner.number(home)).into_iter().collect::<Vec<u32>>().into()
                }
                SubjectKind::Actor => match touched.get(&id) {
                    Some(numbers) => numbers.as_slice().into(),
                    None => inner.by_id.get(&id).and_then(|s| inner.entry(*s)).map(|e| inner.territories_of(e)).unwrap_or_default().into(),
                },
            };
            inner.ring.push(mark, numbers);
        }
        inner.head = head;
    }

    /// Lets the text index catch up. Called by a timer about every half second; a call without news costs nothing.
    ///
    /// # Errors
    /// The index failed; what was to be read will be tried again.
    pub fn refresh_text(&self) -> Result<(), TextError> {
        let _one = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, entries) = {
            let inner = self.read();
            if inner.unread.is_empty() {
                return Ok(());
            }
            let slots: HashSet<u32> = inner.unread.iter().copied().collect();
            let entries: Vec<(u32, Option<Arc<Entry>>, Vec<u32>)> = slots
                .into_iter()
                .map(|slot| {
                    let entry = inner.entry(slot).cloned();
                    let territories = entry.as_ref().map(|e| inner.territories_of(e)).unwrap_or_default();
                    (slot, entry, territories)
                })
                .collect();
            (inner.unread.len(), entries)
        };
        self.text.write(false, entries.iter().map(|(slot, entry, territories)| (*slot, entry.as_deref(), territories.clone())))?;
        // Only now: until the index can be asked about them, the duplicate check looks at them one by one.
        self.write().unread.drain(..seen);
        Ok(())
    }

    /// Version of the newest edit that readers see.
    pub fn head(&self) -> Version {
        self.read().head
    }

    /// Hash of all content: equal for an atlas rebuilt from the store and one kept live.
    pub fn digest(&self) -> String {
        digest::of(&self.read())
    }

    /// The territory at an address.
    pub fn territory(&self, slug: &str) -> Option<TerritoryInfo> {
        let inner = self.read();
        Some(inner.map(*inner.by_slug.get(slug)?)?.info())
    }

    /// The territory of an id.
    pub fn territory_by_id(&self, id: Uuid) -> Option<TerritoryInfo> {
        Some(self.read().find(id)?.1.info())
    }

    /// Id of the territory at an address.
    pub fn territory_id(&self, slug: &str) -> Option<Uuid> {
        let inner = self.read();
        Some(inner.map(*inner.by_slug.get(slug)?)?.facts.id)
    }

    /// Address of a territory.
    pub fn slug(&self, territory: Uuid) -> Option<Box<str>> {
        Some(self.read().find(territory)?.1.facts.slug.clone())
    }

    /// The territories whose shape covers a point (degrees), smallest first: what the writer stores as an actor's `territories`.
    pub fn territories_at(&self, lon: f64, lat: f64) -> Vec<Uuid> {
        self.read().territories_at(lon, lat)
    }

    /// The quartiers of a territory, by slug.
    pub fn quartiers(&self, parent: Uuid) -> Vec<TerritoryInfo> {
        self.territories_in(parent, Some("quartier"))
    }

    /// One actor, unless it is deleted.
    pub fn actor(&self, id: Uuid) -> Option<Arc<Entry>> {
        let inner = self.read();
        inner.entry(*inner.by_id.get(&id)?).cloned()
    }

    /// Slug of the territory that an actor was created in, while it exists.
    pub fn home_of(&self, entry: &Entry) -> Option<Box<str>> {
        Some(self.read().map(entry.home_number)?.facts.slug.clone())
    }

    /// Slugs of the territories that an actor belongs to, sorted.
    pub fn slugs_of(&self, entry: &Entry) -> Vec<Box<str>> {
        let inner = self.read();
        let mut slugs: Vec<Box<str>> = inner.territories_of(entry).iter().filter_map(|n| inner.map(*n)).map(|m| m.facts.slug.clone()).collect();
        slugs.sort_unstable();
        slugs
    }

    /// How many actors there are, in all territories.
    pub fn len(&self) -> usize {
        self.read().by_id.len()
    }

    /// Whether there is no actor.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One page of a list.
    ///
    /// # Errors
    /// No such territory, or a cursor of another list.
    pub fn features(&self, query: &Query) -> Result<Page, ListError> {
        list::features(&self.read(), query)
    }

    /// Ids of the actors of a territory, in no order; none when there is no such territory.
    pub fn ids(&self, territory: Uuid) -> Option<Vec<Uuid>> {
        list::ids(&self.read(), territory)
    }

    /// Exact numbers of the actors that a list would hold; none when there is no such territory.
    pub fn counts(&self, territory: Uuid, filter: &Filter, bbox: Option<Bbox>) -> Option<Totals> {
        list::counts(&self.read(), territory, filter, bbox)
    }

    /// The nearest actors first, at most `limit` and within `radius_m` metres; exact.
    pub fn nearest(&self, lon: f64, lat: f64, limit: usize, radius_m: f64) -> Vec<Nearby> {
        near::nearest(&self.read(), [lon, lat], limit, radius_m, usize::MAX, None)
    }

    /// Actors that the words may mean, the best first: accents, unfinished words, initials and one mistake per word are forgiven.
    /// May lag an edit until [`Atlas::refresh_text`].
    pub fn search(&self, text: &str, territory: Option<Uuid>, near: Option<[f64; 2]>, limit: usize) -> Vec<Hit> {
        let Some(number) = self.number(territory) else { return Vec::new() };
        let words = words::query(text);
        if words.is_empty() {
            return Vec::new();
        }
        let found = near::ask(&self.text, &words, number, &[Match::Every, Match::Any], limit * 8 + 50);
        near::search(&self.read(), text, found, number, near, limit)
    }

    /// Actors that may be the one that somebody is about to add. Never lags.
    pub fn duplicates(&self, name: &str, near: Option<[f64; 2]>, territory: Option<Uuid>, limit: usize) -> Vec<Hit> {
        let Some(number) = self.number(territory) else { return Vec::new() };
        let words = words::weighty(words::query(name));
        if words.is_empty() {
            return Vec::new();
        }
        // The unread come before the question to the index: what it reads in between is then known from one side or the other.
        let (small, mut found) = {
            let inner = self.read();
            (number.and_then(|n| inner.map(n)).is_some_and(near::is_small), inner.unread.clone())
        };
        if !small {
            found.extend(near::ask(&self.text, &words, number, &[Match::Any], 200));
        }
        near::duplicates(&self.read(), name, found, near, number, limit)
    }

    /// What changed after a number, in one territory or anywhere; none when so old edits are forgotten and the reader must start afresh.
    pub fn changes(&self, after: i64, territory: Option<Uuid>) -> Option<Changes> {
        self.changes_until(after, i64::MAX, PER_ANSWER, territory)
    }

    /// The same, up to a number, with at most so many edits.
    pub fn changes_until(&self, after: i64, upto: i64, limit: usize, territory: Option<Uuid>) -> Option<Changes> {
        let inner = self.read();
        let number = territory.map(|id| inner.find(id).map(|(number, _)| number));
        let mut out = Changes { head: inner.head, upto: inner.head.seq, ..Changes::default() };
        let mut actors: Vec<Uuid> = Vec::new();
        for (mark, touched) in inner.ring.after(after)?.take_while(|(mark, _)| mark.seq <= upto) {
            if number.is_some_and(|n| n.is_none_or(|n| !touched.contains(&n))) {
                continue;
            }
            if out.marks.len() == limit {
                out.more = true;
                break;
            }
            out.upto = mark.seq;
            out.marks.push(mark.clone());
            if mark.subject.kind == SubjectKind::Actor {
                actors.push(mark.subject.id);
            }
        }
        if !out.more {
            out.upto = inner.head.seq.min(upto).max(after);
        }
        actors.sort_unstable();
        actors.dedup();
        for id in actors {
            let entry = inner.by_id.get(&id).and_then(|slot| inner.entry(*slot));
            match (entry, number) {
                (Some(e), Some(Some(n))) if inner.belongs(e, n) => list::features_on(&inner, n, e, None, &mut out.features),
                (Some(e), None) => out.features.extend(e.points().iter().map(|p| &p.fragment).chain(e.bare()).cloned()),
                _ => out.gone.push(id),
            }
        }
        Some(out)
    }

    /// The territories that edits after one number and up to another concern; none when so old edits are forgotten.
    pub fn touched(&self, after: i64, upto: i64) -> Option<HashSet<Uuid>> {
        let inner = self.read();
        let numbers = inner.ring.after(after)?.take_while(|(mark, _)| mark.seq <= upto).flat_map(|(_, touched)| touched.iter());
        Some(numbers.filter_map(|n| inner.map(*n)).map(|map| map.facts.id).collect())
    }

    /// Whether an actor belongs to a territory.
    pub fn is_in(&self, entry: &Entry, territory: Uuid) -> bool {
        let inner = self.read();
        inner.find(territory).is_some_and(|(number, _)| inner.belongs(entry, number))
    }

    /// What a tile of a territory shows; none when there is no such territory.
    pub fn tile(&self, territory: Uuid, tile: TileId, filter: &Filter) -> Option<TileContent> {
        let inner = self.read();
        let (_, map) = inner.find(territory)?;
        Some(cells::tile(&inner, map, tile, &Sieve::new(&inner, filter)))
    }

    /// Changes whenever something that a tile shows may have changed; never comes back to an old value while the server runs.
    pub fn tile_stamp(&self, territory: Uuid, tile: TileId) -> Option<u64> {
        Some(self.read().find(territory)?.1.stamp(tile))
    }

    /// The number of a territory, when one is given; none when it does not exist.
    fn number(&self, territory: Option<Uuid>) -> Option<Option<u32>> {
        territory.map_or(Some(None), |id| self.read().find(id).map(|(number, _)| Some(number)))
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}
