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
    /// Begins with all territories.
    pub fn new(territories: &[Territory]) -> Self {
        let mut loader = Self::default();
        territories.iter().for_each(|t| loader.inner.put_territory(TerritoryDraft::new(t)));
        loader
    }

    /// Takes some actors, each only once; deleted ones are passed over.
    pub fn add(&mut self, actors: &[Actor]) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for block in actors.chunks(BLOCK * cores) {
            let drafts: Vec<Vec<Option<Draft>>> = if block.len() < BLOCK || cores == 1 {
                vec![block.iter().map(Draft::new).collect()]
            } else {
                std::thread::scope(|scope| {
                    let share = block.len().div_ceil(cores);
                    let threads: Vec<_> = block.chunks(share).map(|part| scope.spawn(move || part.iter().map(Draft::new).collect())).collect();
                    threads.into_iter().map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
                })
            };
            drafts.into_iter().flatten().flatten().for_each(|draft| self.add_one(draft));
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
