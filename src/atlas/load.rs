//! Filling the atlas at the start: everything is sorted once instead of being put in one by one, with the same result.

use super::entry::{Draft, Entry};
use super::ring::Ring;
use super::spots::Spot;
use super::state::{ByName, Inner, Leaf, leaves};
use super::territory::TerritoryDraft;
use super::text::{TextError, TextIndex};
use crate::model::{Actor, Territory, Version};
use rstar::RTree;
use std::sync::Arc;

/// Actors per block that the cores share.
const BLOCK: usize = 4096;

/// Takes the state of the journal piece by piece, so that not all of it needs to be in memory at once.
#[derive(Debug, Default)]
pub struct Loader {
    inner: Inner,
    spots: Vec<Vec<Spot>>,
    leaves: Vec<Leaf>,
}

impl Loader {
    /// Takes some territories, each only once, all of them before the first actor.
    pub fn add_territories(&mut self, territories: &[Territory]) {
        for block in territories.chunks(BLOCK) {
            shared_out(block, BLOCK / 16, TerritoryDraft::new).into_iter().for_each(|draft| self.inner.put_territory(draft));
        }
    }

    /// Takes some actors, each only once; deleted ones are passed over.
    pub fn add(&mut self, actors: &[Actor]) {
        for block in actors.chunks(BLOCK * cores()) {
            shared_out(block, BLOCK, Draft::new).into_iter().flatten().for_each(|draft| self.add_one(draft));
        }
    }

    fn add_one(&mut self, draft: Draft) {
        let inner = &mut self.inner;
        let entry: Entry = draft.finish(|territory| inner.number(territory));
        let slot = inner.slots.len() as u32;
        self.spots.resize_with(inner.territories.len(), Vec::new);
        for number in inner.territories_of(&entry) {
            let spots = inner.spots_on(slot, &entry, number);
            if let Some(map) = inner.territories[number as usize].as_mut() {
                map.count(entry.class());
                if spots.is_empty() {
                    map.nowhere.insert(slot);
                }
            }
            self.spots[number as usize].extend(spots);
        }
        self.leaves.extend(leaves(slot, &entry));
        inner.by_id.insert(entry.id, slot);
        inner.slots.push(Some(Arc::new(entry)));
    }

    /// Sorts everything, while the text index reads the actors beside it.
    pub(super) fn finish(self, head: Version, text: &TextIndex) -> (Inner, Result<(), TextError>) {
        let Self { mut inner, spots, leaves } = self;
        inner.head = head;
        inner.ring = Ring::starting_after(head.seq);
        inner.slots.shrink_to_fit();
        let exists: Vec<bool> = inner.territories.iter().map(Option::is_some).collect();
        let Inner { slots, territories, tree, by_name, .. } = &mut inner;
        let slots: &[Option<Arc<Entry>>] = slots;
        let indexed = std::thread::scope(|scope| {
            let all = (0..).zip(slots).filter_map(|(slot, entry)| {
                let entry = entry.as_deref()?;
                Some((slot, Some(entry), entry.territories(|n| exists.get(n as usize).copied().unwrap_or(false))))
            });
            let indexing = scope.spawn(|| text.write(true, all));
            for (map, spots) in territories.iter_mut().zip(spots) {
                if let Some(map) = map {
                    map.fill(spots);
                }
            }
            *tree = RTree::bulk_load(leaves);
            *by_name = (0..).zip(slots).filter_map(|(slot, entry)| Some(ByName::Actor(entry.clone()?, slot))).collect();
            indexing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        (inner, indexed)
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Does the same to every item on all cores, if there are at least `worth` items; in order.
fn shared_out<T: Sync, U: Send>(items: &[T], worth: usize, work: impl Fn(&T) -> U + Copy + Send) -> Vec<U> {
    let cores = cores();
    if items.len() < worth || cores == 1 {
        return items.iter().map(work).collect();
    }
    let done: Vec<Vec<U>> = std::thread::scope(|scope| {
        let share = items.len().div_ceil(cores);
        let threads: Vec<_> = items.chunks(share).map(|part| scope.spawn(move || part.iter().map(work).collect())).collect();
        threads.into_iter().map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    done.into_iter().flatten().collect()
}
