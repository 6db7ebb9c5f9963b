//! Lines of a tile joined at their ends where all their attributes are the same: a street is mapped in many pieces.

use super::encode::Zoom;
use super::sorter::Piece;
use crate::geo::grid::{Cell, simplify};
use crate::tiles::mvt::geometry;
use std::collections::HashMap;

/// Simplification after joining below this zoom, where pieces are shorter than pixels.
const SIMPLIFY_BELOW: u8 = 12;
/// Cells: a quarter of a pixel, so that it adds little to what was simplified before.
const TOLERANCE: f64 = 2.0;
/// Below the deepest zoom, joined lines shorter than this many cells in both directions are left out.
const SPECK: i32 = 6;

/// The lines of a layer, one feature for each set of attributes, in the order in which sets first come.
pub(super) fn joined(pieces: &[Piece], zoom: Zoom) -> Vec<(u32, Vec<u8>)> {
    let mut order: Vec<u32> = Vec::new();
    let mut by_set: HashMap<u32, Vec<Vec<Cell>>> = HashMap::new();
    for piece in pieces {
        let lines = by_set.entry(piece.head.attributes).or_insert_with(|| {
            order.push(piece.head.attributes);
            Vec::new()
        });
        lines.extend(geometry::read_lines(&piece.geometry));
    }
    let mut out = Vec::with_capacity(order.len());
    for set in order {
        let mut lines = join(by_set.remove(&set).unwrap_or_default());
        if zoom.number < SIMPLIFY_BELOW {
            lines.iter_mut().for_each(|line| *line = simplify(line, TOLERANCE, |_| false));
        }
        if !zoom.deepest {
            lines.retain(|line| !is_speck(line));
        }
        let mut bytes = Vec::new();
        geometry::lines(&mut bytes, &lines, [0, 0]);
        if !bytes.is_empty() {
            out.push((set, bytes));
        }
    }
    out
}

fn is_speck(line: &[Cell]) -> bool {
    let size = |axis: usize| {
        let values = || line.iter().map(|c| c[axis]);
        values().max().unwrap_or(0) - values().min().unwrap_or(0)
    };
    size(0) < SPECK && size(1) < SPECK
}

/// Joins lines where exactly two ends meet: a crossing of three stays one, so that no line turns where the street goes straight on.
fn join(mut lines: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    lines.retain(|line| line.len() > 1);
    let mut ends: HashMap<Cell, Vec<usize>> = HashMap::new();
    for (i, line) in lines.iter().enumerate() {
        ends.entry(line[0]).or_default().push(i);
        ends.entry(line[line.len() - 1]).or_default().push(i);
    }
    let next = |end: Cell, from: usize| match ends.get(&end).map(Vec::as_slice) {
        Some([a, b]) if a != b => Some(if *a == from { *b } else { *a }),
        _ => None,
    };
    let mut used = vec![false; lines.len()];
    let mut out = Vec::new();
    for start in 0..lines.len() {
        if std::mem::replace(&mut used[start], true) {
            continue;
        }
        let mut chain = lines[start].clone();
        // Once to the end, then turned round and to the other end, then turned back.
        for _ in 0..2 {
            let mut last = start;
            while let Some(line) = next(chain[chain.len() - 1], last).filter(|i| !used[*i]) {
                used[line] = true;
                last = line;
                let end = chain[chain.len() - 1];
                if lines[line][0] == end {
                    chain.extend_from_slice(&lines[line][1..]);
                } else {
                    chain.extend(lines[line].iter().rev().skip(1));
                }
            }
            chain.reverse();
        }
        out.push(chain);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_in_any_direction_and_crossings_stay() {
        let joined = join(vec![vec![[5, 0], [9, 0]], vec![[5, 0], [0, 0]], vec![[9, 0], [12, 0]]]);
        assert_eq!(joined, [vec![[0, 0], [5, 0], [9, 0], [12, 0]]]);
        let crossing = join(vec![vec![[0, 0], [5, 0]], vec![[5, 0], [9, 0]], vec![[5, 0], [5, 9]]]);
        assert_eq!(crossing.len(), 3);
    }

    #[test]
    fn a_ring_of_pieces_ends() {
        let ring = join(vec![vec![[0, 0], [5, 0]], vec![[5, 0], [5, 5]], vec![[5, 5], [0, 0]]]);
        assert_eq!(ring.len(), 1);
        assert_eq!(ring[0].len(), 4);
        assert_eq!(join(vec![vec![[0, 0], [5, 0], [0, 0]]]).len(), 1);
    }
}
