//! What one tile shows: in each of its 8 × 8 cells nothing, one actor, or a cluster.

use super::category::{THEME_COUNT, each_theme};
use super::entry::Entry;
use super::pyramid::{CELL_ZOOMS, DEEPEST, Part, cell_of};
use super::sieve::Sieve;
use super::spots::Spot;
use super::state::Inner;
use super::territory::TerritoryMap;
use crate::geo::world::{codes, tile_number};
use crate::geo::{Bbox, TileId, World};
use std::sync::Arc;

/// What a tile shows, and the stamp that tells whether it still does.
#[derive(Debug)]
pub struct TileContent {
    /// See [`super::Atlas::tile_stamp`].
    pub stamp: u64,
    /// In Morton order of the cells; cells without a point are left out.
    pub cells: Vec<Cell>,
}

/// One cell that is not empty.
#[derive(Debug)]
pub enum Cell {
    /// Its only point: the actor, and which of its points.
    Actor(Arc<Entry>, usize),
    /// Several points.
    Cluster(Cluster),
}

/// Several points of one cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// The cell, as the tile of three zooms deeper that it is.
    pub cell: TileId,
    /// How many points, from 2.
    pub count: u32,
    /// How many of them per theme, in taxonomy order; a point of two themes counts in both.
    pub themes: [u32; THEME_COUNT],
    /// The middle of the points, inside the cell.
    pub mean: World,
    /// The box around the points, degrees, rounded outwards to seven decimals.
    pub bbox: Bbox,
}

/// The points of one cell, being counted.
struct Gather {
    sum: Part,
    themes: [u32; THEME_COUNT],
    /// The last point added one by one: the only one when the count is 1.
    last: Option<Spot>,
}

impl Gather {
    fn new(cell: u8) -> Self {
        Self { sum: Part::empty(cell, 0), themes: [0; THEME_COUNT], last: None }
    }

    fn themes(&mut self, class: u16, count: u32) {
        each_theme(class, |i| self.themes[i] += count);
    }
}

/// Reads a tile: from the pyramid when the tile is crowded and the filter looks at themes and state alone, otherwise from the points.
pub(super) fn tile(inner: &Inner, map: &TerritoryMap, tile: TileId, sieve: &Sieve) -> TileContent {
    let (first, last) = codes(tile);
    let number = tile_number(first, tile.z);
    let node = if sieve.by_class() && tile.z <= DEEPEST { map.pyramid.tile(tile.z, number) } else { None };
    let gathered = match node {
        Some(parts) => from_parts(parts, sieve),
        None => from_spots(map.spots.range((first, last)), tile.z, sieve),
    };
    let cells = gathered.into_iter().filter_map(|g| cell(inner, map, tile, number, &g, sieve)).collect();
    TileContent { stamp: map.stamp(tile), cells }
}

fn from_parts(parts: &[Part], sieve: &Sieve) -> Vec<Gather> {
    let mut out: Vec<Gather> = Vec::with_capacity(64);
    for part in parts.iter().filter(|part| sieve.class(part.class)) {
        if out.last().is_none_or(|g| g.sum.cell != part.cell) {
            out.push(Gather::new(part.cell));
        }
        if let Some(gather) = out.last_mut() {
            gather.sum.merge(part);
            gather.themes(part.class, part.count);
        }
    }
    out
}

fn from_spots<'a>(spots: impl Iterator<Item = &'a Spot>, z: u8, sieve: &Sieve) -> Vec<Gather> {
    let mut out: Vec<Gather> = Vec::new();
    for spot in spots.filter(|spot| sieve.spot(spot)) {
        let cell = cell_of(spot.code, z);
        if out.last().is_none_or(|g| g.sum.cell != cell) {
            out.push(Gather::new(cell));
        }
        if let Some(gather) = out.last_mut() {
            gather.sum.add(World::from_code(spot.code));
            gather.themes(spot.class, 1);
            gather.last = Some(*spot);
        }
    }
    out
}

fn cell(inner: &Inner, map: &TerritoryMap, tile: TileId, number: u64, gather: &Gather, sieve: &Sieve) -> Option<Cell> {
    let sum = &gather.sum;
    let [west, north, east, south] = sum.extent;
    if sum.count == 1 {
        // A lone point's box is the point itself, which leads back to the actor.
        let code = World { x: west, y: north }.code();
        let spot = gather.last.or_else(|| map.spots.range((code, code)).find(|s| sieve.class(s.class)).copied())?;
        return Some(Cell::Actor(inner.entry(spot.slot)?.clone(), usize::from(spot.point)));
    }
    let z = tile.z + CELL_ZOOMS;
    let corner = World::from_code((number << 6 | u64::from(sum.cell)) << (64 - 2 * u32::from(z)));
    let n = u64::from(sum.count);
    let mean = World { x: (sum.sums[0] / n) as u32, y: (sum.sums[1] / n) as u32 };
    Some(Cell::Cluster(Cluster { cell: corner.tile(z), count: sum.count, themes: gather.themes, mean, bbox: outward(west, north, east, south) }))
}

/// The box in degrees that holds some grid squares, and all of the pole when it reaches the edge of the grid.
fn outward(west: u32, north: u32, east: u32, south: u32) -> Bbox {
    let side = 4_294_967_296.0;
    let [w, n] = World { x: west, y: north }.degrees();
    let [e, s] = crate::geo::mercator::unproject((f64::from(east) + 1.0) / side, (f64::from(south) + 1.0) / side);
    let (down, up) = (|v: f64| (v * 1e7).floor() / 1e7, |v: f64| (v * 1e7).ceil() / 1e7);
    Bbox {
        west: down(w).max(-180.0),
        south: if south == u32::MAX { -90.0 } else { down(s) },
        east: up(e).min(180.0),
        north: if north == 0 { 90.0 } else { up(n) },
    }
}
