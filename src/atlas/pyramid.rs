//! The cluster pyramid of a territory: for every crowded tile of every zoom, how many points of which class each cell holds.
//!
//! A tile of 512 px has 8 × 8 cells of 64 px; a cell of zoom z is a tile of zoom z + 3, so each point lies in one cell of one tile, and
//! the counts of a zoom sum to the number of points. Sums are whole numbers: adding and taking away any number of times leaves no drift.
//! Tiles of at most [`CROWD`] points have no node: reading their points is as quick as reading a node, and the answer is the same.

use super::spots::{Spot, Spots};
use crate::geo::world::{World, tile_number};
use std::collections::HashMap;

/// A tile with more points than this has a node. Low in the tests, so that a few hundred actors make a pyramid of many nodes.
pub(super) const CROWD: usize = if cfg!(test) { 24 } else { 1024 };
/// The deepest zoom with nodes.
pub(super) const DEEPEST: u8 = 20;
/// Zooms from a tile to its cells: 8 × 8.
pub(super) const CELL_ZOOMS: u8 = 3;

/// The points of one class in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Place of the cell in its tile, 0 to 63, in Morton order.
    pub(super) cell: u8,
    /// Themes and state.
    pub(super) class: u16,
    pub(super) count: u32,
    /// Sums of the points' columns and rows.
    pub(super) sums: [u64; 2],
    /// The box around the points: lowest column, lowest row, highest column, highest row.
    pub(super) extent: [u32; 4],
}

impl Part {
    pub(super) const fn empty(cell: u8, class: u16) -> Self {
        Self { cell, class, count: 0, sums: [0; 2], extent: [u32::MAX, u32::MAX, 0, 0] }
    }

    pub(super) fn add(&mut self, p: World) {
        self.count += 1;
        self.sums = [self.sums[0] + u64::from(p.x), self.sums[1] + u64::from(p.y)];
        self.widen([p.x, p.y, p.x, p.y]);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sums = [self.sums[0] + other.sums[0], self.sums[1] + other.sums[1]];
        self.widen(other.extent);
    }

    fn widen(&mut self, e: [u32; 4]) {
        self.extent = [self.extent[0].min(e[0]), self.extent[1].min(e[1]), self.extent[2].max(e[2]), self.extent[3].max(e[3])];
    }
}

/// One crowded tile.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    count: u32,
    /// Ordered by cell, then class.
    parts: Vec<Part>,
}

/// The nodes of a territory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pyramid {
    nodes: HashMap<u64, Node>,
}

impl Pyramid {
    /// Counts all points of a territory.
    pub(super) fn new(spots: &Spots) -> Self {
        let sorted: Vec<Spot> = spots.iter().copied().collect();
        let mut pyramid = Self::default();
        pyramid.grow(&sorted, 0);
        pyramid
    }

    fn grow(&mut self, spots: &[Spot], z: u8) {
        if spots.len() <= CROWD || z > DEEPEST {
            return;
        }
        self.nodes.insert(key(z, spots[0].code), Node::new(z, spots.iter()));
        for quarter in spots.chunk_by(|a, b| tile_number(a.code, z + 1) == tile_number(b.code, z + 1)) {
            self.grow(quarter, z + 1);
        }
    }

    /// Counts a point that was just put among the points.
    pub(super) fn add(&mut self, spots: &Spots, spot: Spot) {
        for z in 0..=DEEPEST {
            if let Some(node) = self.nodes.get_mut(&key(z, spot.code)) {
                node.add(z, spot);
                continue;
            }
            let tile = tile_codes(spot.code, z);
            if spots.range(tile).take(CROWD + 1).count() <= CROWD {
                return;
            }
            self.nodes.insert(key(z, spot.code), Node::new(z, spots.range(tile)));
        }
    }

    /// Stops counting a point that was just taken from among the points.
    pub(super) fn remove(&mut self, spots: &Spots, spot: Spot) {
        let deepest = (0..=DEEPEST).take_while(|z| self.nodes.contains_key(&key(*z, spot.code))).last();
        // From the deepest tile up: the box around a cell's points follows from the finer cells inside it.
        for z in (0..=deepest.unwrap_or(0)).rev() {
            let Some(mut node) = self.nodes.remove(&key(z, spot.code)) else { return };
            if node.count as usize <= CROWD + 1 {
                continue;
            }
            if let Some(part) = node.take(z, spot) {
                part.extent = self.extent(spots, z, spot).extent;
            }
            self.nodes.insert(key(z, spot.code), node);
        }
    }

    /// The box around the points that share cell and class with a point: from the finer node, or from the points themselves.
    fn extent(&self, spots: &Spots, z: u8, spot: Spot) -> Part {
        let cell = cell_of(spot.code, z);
        let mut whole = Part::empty(cell, spot.class);
        if let Some(finer) = self.nodes.get(&key(z + 1, spot.code)) {
            let first = (cell & 15) << 2;
            (first..first + 4).filter_map(|c| finer.find(c, spot.class).ok()).for_each(|i| whole.merge(&finer.parts[i]));
        } else {
            spots.range(tile_codes(spot.code, z + CELL_ZOOMS)).filter(|s| s.class == spot.class).for_each(|s| whole.add(World::from_code(s.code)));
        }
        whole
    }

    /// The cells of a tile by class, when the tile is crowded.
    pub(super) fn tile(&self, z: u8, number: u64) -> Option<&[Part]> {
        self.nodes.get(&(u64::from(z) << 48 | number)).map(|node| node.parts.as_slice())
    }

    /// All nodes in a fixed order, for the digest.
    pub(super) fn sorted(&self) -> Vec<(u64, &[Part])> {
        let mut all: Vec<(u64, &[Part])> = self.nodes.iter().map(|(key, node)| (*key, node.parts.as_slice())).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }
}

impl Node {
    fn new<'a>(z: u8, spots: impl Iterator<Item = &'a Spot>) -> Self {
        let mut node = Self::default();
        let mut first = 0;
        for spot in spots {
            let cell = cell_of(spot.code, z);
            // The points come in Morton order, so that cells come one after the other: only the last cell's parts are looked through.
            if node.parts.get(first).is_some_and(|part| part.cell != cell) {
                first = node.parts.len();
            }
            let at = match node.parts[first..].iter().position(|part| part.class == spot.class) {
                Some(i) => first + i,
                None => {
                    node.parts.push(Part::empty(cell, spot.class));
                    node.parts.len() - 1
                }
            };
            node.parts[at].add(World::from_code(spot.code));
            node.count += 1;
        }
        node.parts.sort_unstable_by_key(|part| (part.cell, part.class));
        node
    }

    fn find(&self, cell: u8, class: u16) -> Result<usize, usize> {
        self.parts.binary_search_by_key(&(cell, class), |part| (part.cell, part.class))
    }

    fn add(&mut self, z: u8, spot: Spot) {
        let cell = cell_of(spot.code, z);
        let at = self.find(cell, spot.class).unwrap_or_else(|at| {
            self.parts.insert(at, Part::empty(cell, spot.class));
            at
        });
        self.parts[at].add(World::from_code(spot.code));
        self.count += 1;
    }

    /// Takes a point away; gives the part back when its box has to be found anew.
    fn take(&mut self, z: u8, spot: Spot) -> Option<&mut Part> {
        let at = self.find(cell_of(spot.code, z), spot.class).ok()?;
        self.count -= 1;
        if self.parts[at].count == 1 {
            self.parts.remove(at);
            return None;
        }
        let p = World::from_code(spot.code);
        let part = &mut self.parts[at];
        part.count -= 1;
        part.sums = [part.sums[0] - u64::from(p.x), part.sums[1] - u64::from(p.y)];
        let [west, north, east, south] = part.extent;
        (p.x == west || p.x == east || p.y == north || p.y == south).then_some(part)
    }
}

fn key(z: u8, code: u64) -> u64 {
    u64::from(z) << 48 | tile_number(code, z)
}

/// Place of a point's cell in its tile of a zoom, 0 to 63.
pub(super) fn cell_of(code: u64, z: u8) -> u8 {
    (tile_number(code, z + CELL_ZOOMS) & 63) as u8
}

/// First and last code of the tile of a zoom that holds a point.
pub(super) fn tile_codes(code: u64, z: u8) -> (u64, u64) {
    let inside = u64::MAX.checked_shr(2 * u32::from(z)).unwrap_or(0);
    (code & !inside, code | inside)
}
