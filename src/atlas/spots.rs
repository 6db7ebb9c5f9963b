//! The points of one territory in Morton order: every tile and every cell of a tile is one range.

use std::collections::BTreeSet;

/// One point of one actor on the map of one territory: 16 bytes, so that a thousand are read in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    /// Morton code of the point.
    pub(super) code: u64,
    /// Where the atlas keeps the actor.
    pub(super) slot: u32,
    /// Themes and state of the actor.
    pub(super) class: u16,
    /// Which of the actor's points.
    pub(super) point: u8,
    /// Whether the actor has others.
    pub(super) many: bool,
}

/// The points of one territory.
#[derive(Debug, Default)]
pub(super) struct Spots(BTreeSet<Spot>);

impl Spots {
    /// Takes points in any order.
    pub(super) fn new(mut spots: Vec<Spot>) -> Self {
        spots.sort_unstable();
        Self(spots.into_iter().collect())
    }

    pub(super) fn insert(&mut self, spot: Spot) {
        self.0.insert(spot);
    }

    pub(super) fn remove(&mut self, spot: &Spot) {
        self.0.remove(spot);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Spot> {
        self.0.iter()
    }

    /// The points from the first to the last code, both included.
    pub(super) fn range(&self, (first, last): (u64, u64)) -> impl Iterator<Item = &Spot> {
        let low = Spot { code: first, slot: 0, class: 0, point: 0, many: false };
        let high = Spot { code: last, slot: u32::MAX, class: u16::MAX, point: u8::MAX, many: true };
        self.0.range(low..=high)
    }
}
