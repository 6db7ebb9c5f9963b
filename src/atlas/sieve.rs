//! A filter at work: it looks at an actor's words only once, however many tiles and lists ask.

use super::entry::Entry;
use super::filter::{Filter, Lens};
use super::spots::Spot;
use super::state::Inner;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Filters that are remembered.
const REMEMBERED: usize = 16;
const UNKNOWN: u8 = 0;
const PASSES: u8 = 1;
const FAILS: u8 = 2;

/// Which actors a filter lets through, as far as somebody asked; one byte per slot.
#[derive(Debug)]
struct Memo {
    key: String,
    verdicts: Vec<AtomicU8>,
}

/// The verdicts of the filters that were used last. An edit forgets those about its actor, so that no verdict is ever old.
#[derive(Debug, Default)]
pub(super) struct Memos(Mutex<Vec<Arc<Memo>>>);

impl Memos {
    /// The actor of a slot has changed.
    pub(super) fn forget(&mut self, slot: u32) {
        for memo in self.0.get_mut().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(verdict) = memo.verdicts.get(slot as usize) {
                verdict.store(UNKNOWN, Ordering::Relaxed);
            }
        }
    }

    fn of(&self, key: String, slots: usize) -> Arc<Memo> {
        let mut memos = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = memos.iter().position(|memo| memo.key == key).map(|at| memos.remove(at));
        let memo = known.unwrap_or_else(|| Arc::new(Memo { key, verdicts: (0..slots).map(|_| AtomicU8::new(UNKNOWN)).collect() }));
        if memos.len() == REMEMBERED {
            memos.remove(0);
        }
        memos.push(memo.clone());
        memo
    }
}

/// A filter that can be asked about slots.
pub(super) struct Sieve<'a> {
    inner: &'a Inner,
    lens: Lens,
    memo: Option<Arc<Memo>>,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(inner: &'a Inner, filter: &Filter) -> Self {
        let lens = Lens::new(filter);
        let memo = (!lens.by_class()).then(|| inner.memos.of(filter.key(), inner.slots.len()));
        Self { inner, lens, memo }
    }

    /// Whether themes and state decide alone.
    pub(super) fn by_class(&self) -> bool {
        self.lens.by_class()
    }

    /// Whether actors of a class may pass; final when [`Sieve::by_class`].
    pub(super) fn class(&self, class: u16) -> bool {
        self.lens.class(class)
    }

    /// Whether the actor of a point passes.
    pub(super) fn spot(&self, spot: &Spot) -> bool {
        self.lens.class(spot.class) && (self.memo.is_none() || self.slot(spot.slot, None))
    }

    /// Whether an actor passes.
    pub(super) fn entry(&self, slot: u32, entry: &Entry) -> bool {
        self.lens.class(entry.class()) && (self.memo.is_none() || self.slot(slot, Some(entry)))
    }

    fn slot(&self, slot: u32, entry: Option<&Entry>) -> bool {
        let look = || entry.or_else(|| self.inner.entry(slot).map(|e| &**e)).is_some_and(|e| self.lens.entry(e));
        let Some(verdict) = self.memo.as_ref().and_then(|memo| memo.verdicts.get(slot as usize)) else { return look() };
        match verdict.load(Ordering::Relaxed) {
            UNKNOWN => {
                let passes = look();
                verdict.store(if passes { PASSES } else { FAILS }, Ordering::Relaxed);
                passes
            }
            known => known == PASSES,
        }
    }
}
