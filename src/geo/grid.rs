//! Lines and rings on a zoom's grid of whole numbers: snapping, simplifying and cutting into tiles.
//!
//! Every step depends only on the positions themselves, never on the tile: two tiles, or two polygons that share an edge, get the same
//! points, so that no crack opens between them.

use std::ops::RangeInclusive;

/// Columns and rows of a tile.
pub const EXTENT: i32 = 4096;

/// A position in 1/[`EXTENT`] of a tile from the north-west corner of the world. Zoom 14 needs 26 bits.
pub type Cell = [i32; 2];

/// Positions of the unit square on the grid of a zoom; neighbours that fall together become one.
pub fn snap(line: &[[f64; 2]], zoom: u8) -> Vec<Cell> {
    let side = f64::from(EXTENT) * f64::from(1_u32 << zoom);
    let mut out: Vec<Cell> = Vec::with_capacity(line.len());
    for [x, y] in line {
        let cell = [(x * side).round() as i32, (y * side).round() as i32];
        if out.last() != Some(&cell) {
            out.push(cell);
        }
    }
    out
}

/// Twice the signed area of a closed ring; positive when it runs clockwise on the screen (y goes down), as an outer ring of a tile does.
pub fn twice_area(ring: &[Cell]) -> i64 {
    let Some(first) = ring.first() else { return 0 };
    // Relative to the first point, so that products stay small.
    let at = |p: &Cell| (i64::from(p[0] - first[0]), i64::from(p[1] - first[1]));
    ring.windows(2).map(|w| (at(&w[0]), at(&w[1]))).map(|((ax, ay), (bx, by))| ax * by - bx * ay).sum()
}

/// Whether the simplification keeps a point whatever happens: a hash picks one in 512, so that a hostile line of a million points does not
/// take the square of a million steps; both directions, and every line through the point, pick the same ones.
fn stays([x, y]: Cell) -> bool {
    let mixed = (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77);
    (mixed ^ (mixed >> 15)).wrapping_mul(0x2C1B_3C6D) >> 23 == 0
}

/// Douglas–Peucker: drops points closer than `tolerance` to the line that is left; the ends stay, and so does where `anchor` says so.
pub fn simplify(line: &[Cell], tolerance: f64, anchor: impl Fn(usize) -> bool) -> Vec<Cell> {
    if line.len() < 3 {
        return line.to_vec();
    }
    let mut keep = vec![false; line.len()];
    let mut from = 0;
    for to in 1..line.len() {
        if to + 1 == line.len() || anchor(to) || stays(line[to]) {
            stretch(line, from, to, tolerance, &mut keep);
            from = to;
        }
    }
    keep[0] = true;
    line.iter().zip(keep).filter(|(_, keep)| *keep).map(|(cell, _)| *cell).collect()
}

fn stretch(line: &[Cell], from: usize, to: usize, tolerance: f64, keep: &mut [bool]) {
    let mut todo = vec![(from, to)];
    let limit = tolerance * tolerance;
    while let Some((from, to)) = todo.pop() {
        keep[to] = true;
        let mut farthest = (0.0, [i32::MIN; 2], from);
        for i in from + 1..to {
            let far = distance_squared(line[i], line[from], line[to]);
            // Of two equally far points their position decides, so that both directions take the same one.
            if (far, line[i]) > (farthest.0, farthest.1) {
                farthest = (far, line[i], i);
            }
        }
        if farthest.0 > limit {
            todo.push((from, farthest.2));
            todo.push((farthest.2, to));
        }
    }
}

fn distance_squared(p: Cell, a: Cell, b: Cell) -> f64 {
    // The ends are put in order, so that both directions give the same number to the last bit.
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    let (dx, dy) = (f64::from(b[0] - a[0]), f64::from(b[1] - a[1]));
    let (px, py) = (f64::from(p[0] - a[0]), f64::from(p[1] - a[1]));
    let length = dx * dx + dy * dy;
    let t = if length == 0.0 { 0.0 } else { ((px * dx + py * dy) / length).clamp(0.0, 1.0) };
    (px - t * dx).powi(2) + (py - t * dy).powi(2)
}

/// Simplifies a closed ring between its anchors; without any, between its first and last points by position, so that two polygons which
/// share the whole ring agree wherever it begins. None when nothing is enclosed any more.
pub fn simplify_ring(ring: &[Cell], tolerance: f64, anchor: impl Fn(usize) -> bool) -> Option<Vec<Cell>> {
    let open = ring.len().checked_sub(1).filter(|n| *n >= 3)?;
    let start = (0..open).find(|i| anchor(*i)).or_else(|| (0..open).min_by_key(|i| ring[*i]))?;
    let other = (0..open).max_by_key(|i| ring[*i]);
    let anchored = (0..open).any(&anchor);
    let turned: Vec<Cell> = (0..=open).map(|i| ring[(start + i) % open]).collect();
    let out = simplify(&turned, tolerance, |i| {
        let place = (start + i) % open;
        anchor(place) || (!anchored && Some(place) == other)
    });
    (out.len() >= 4 && twice_area(&out) != 0).then_some(out)
}

/// The tiles of a row or column that a range of cells touches, with a buffer around each, within `tiles`.
fn touched(low: i32, high: i32, buffer: i32, tiles: &RangeInclusive<i32>) -> Option<(i32, i32)> {
    let from = (low - buffer).div_euclid(EXTENT).max(*tiles.start());
    let to = (high + buffer).div_euclid(EXTENT).min(*tiles.end());
    (from <= to).then_some((from, to))
}

fn extent(parts: &[Vec<Cell>], axis: usize) -> Option<(i32, i32)> {
    let values = || parts.iter().flatten().map(|c| c[axis]);
    Some((values().min()?, values().max()?))
}

/// What is cut: lines, or the rings of one polygon (the outer one first).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Each part is a line.
    Lines,
    /// The parts are rings.
    Rings,
}

/// Cuts into tiles and hands each its parts, still in cells of the world. Halves again and again, so that a large polygon is not walked
/// once per tile.
pub fn tiles(
    parts: &[Vec<Cell>],
    cut: Cut,
    buffer: i32,
    columns: &RangeInclusive<i32>,
    rows: &RangeInclusive<i32>,
    each: &mut impl FnMut(i32, i32, &[Vec<Cell>]),
) {
    let Some((low, high)) = extent(parts, 0) else { return };
    let Some((from, to)) = touched(low, high, buffer, columns) else { return };
    halve(parts.to_vec(), cut, 0, buffer, from, to, &mut |column, parts| {
        let Some((low, high)) = extent(&parts, 1) else { return };
        let Some((from, to)) = touched(low, high, buffer, rows) else { return };
        halve(parts, cut, 1, buffer, from, to, &mut |row, parts| each(column, row, &parts));
    });
}

fn halve(parts: Vec<Vec<Cell>>, cut: Cut, axis: usize, buffer: i32, from: i32, to: i32, each: &mut dyn FnMut(i32, Vec<Vec<Cell>>)) {
    let parts = clip(parts, cut, axis, from * EXTENT - buffer, (to + 1) * EXTENT + buffer);
    if parts.is_empty() {
        return;
    }
    if from == to {
        each(from, parts);
        return;
    }
    let middle = i32::midpoint(from, to);
    halve(parts.clone(), cut, axis, buffer, from, middle, each);
    halve(parts, cut, axis, buffer, middle + 1, to, each);
}

/// The part between two parallels to an axis.
fn clip(parts: Vec<Vec<Cell>>, cut: Cut, axis: usize, low: i32, high: i32) -> Vec<Vec<Cell>> {
    let Some((least, most)) = extent(&parts, axis) else { return Vec::new() };
    if least >= low && most <= high {
        return parts;
    }
    if least > high || most < low {
        return Vec::new();
    }
    match cut {
        Cut::Lines => parts.iter().flat_map(|line| clip_line(line, axis, low, high)).collect(),
        Cut::Rings => {
            let mut rings = parts.iter().map(|ring| clip_ring(&clip_ring(ring, axis, low, 1), axis, high, -1));
            let Some(outer) = rings.next().filter(|ring| twice_area(ring) != 0) else { return Vec::new() };
            std::iter::once(outer).chain(rings.filter(|ring| twice_area(ring) != 0)).collect()
        }
    }
}

/// Where a segment crosses a parallel to an axis; the same from both ends.
fn crossing(a: Cell, b: Cell, axis: usize, limit: i32) -> Cell {
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    let other = 1 - axis;
    let part = f64::from(limit - a[axis]) / f64::from(b[axis] - a[axis]);
    let mut cell = [limit; 2];
    cell[other] = (f64::from(a[other]) + part * f64::from(b[other] - a[other])).round() as i32;
    cell
}

fn clip_line(line: &[Cell], axis: usize, low: i32, high: i32) -> Vec<Vec<Cell>> {
    let (mut pieces, mut current): (Vec<Vec<Cell>>, Vec<Cell>) = (Vec::new(), Vec::new());
    for pair in line.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if a[axis].max(b[axis]) < low || a[axis].min(b[axis]) > high {
            pieces.push(std::mem::take(&mut current));
            continue;
        }
        let inside = |p: Cell, from: Cell, to: Cell| match p[axis] {
            v if v < low => crossing(from, to, axis, low),
            v if v > high => crossing(from, to, axis, high),
            _ => p,
        };
        let (from, to) = (inside(a, a, b), inside(b, a, b));
        if current.last() != Some(&from) {
            pieces.push(std::mem::take(&mut current));
            current.push(from);
        }
        if to != from {
            current.push(to);
        }
    }
    pieces.push(current);
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// Sutherland and Hodgman (1974) against one side; parts that leave and come back stay joined along the cut, which lies in the buffer.
fn clip_ring(ring: &[Cell], axis: usize, limit: i32, sign: i32) -> Vec<Cell> {
    let inside = |p: &Cell| (p[axis] - limit) * sign >= 0;
    let mut out: Vec<Cell> = Vec::with_capacity(ring.len() + 4);
    let mut put = |cell: Cell| {
        if out.last() != Some(&cell) {
            out.push(cell);
        }
    };
    for pair in ring.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if inside(&a) {
            put(a);
        }
        if inside(&a) != inside(&b) {
            put(crossing(a, b, axis, limit));
        }
    }
    if let Some(first) = out.first().copied()
        && out.last() != Some(&first)
    {
        out.push(first);
    }
    if out.len() < 4 { Vec::new() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn square(x: i32, y: i32, side: i32) -> Vec<Cell> {
        vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    }

    fn cut(parts: &[Vec<Cell>], how: Cut, buffer: i32) -> Vec<(i32, i32, Vec<Vec<Cell>>)> {
        let mut out = Vec::new();
        tiles(parts, how, buffer, &(0..=63), &(0..=63), &mut |x, y, parts| out.push((x, y, parts.to_vec())));
        out
    }

    #[test]
    fn the_pieces_of_a_polygon_cover_it_exactly() {
        let (outer, hole) = (square(100, 100, 20_000), square(5000, 5000, 3000));
        let pieces = cut(&[outer.clone(), hole.iter().rev().copied().collect()], Cut::Rings, 0);
        let area: i64 = pieces.iter().flat_map(|(_, _, rings)| rings.iter().map(|r| twice_area(r))).sum();
        assert_eq!(area, twice_area(&outer) - twice_area(&hole));
        assert_eq!(pieces.len(), 25);
        let whole = pieces.iter().find(|(x, y, _)| (*x, *y) == (3, 3)).unwrap();
        assert_eq!(twice_area(&whole.2[0]), 2 * i64::from(EXTENT) * i64::from(EXTENT), "a tile inside is filled to its edge");
    }

    #[test]
    fn a_line_that_leaves_and_comes_back_is_two_pieces() {
        let pieces = cut(&[vec![[10, 10], [5000, 10], [5000, 20], [10, 20]]], Cut::Lines, 64);
        assert_eq!(pieces.len(), 2);
        assert_eq!(pieces[0].2, [vec![[10, 10], [4160, 10]], vec![[4160, 20], [10, 20]]]);
    }

    proptest! {
        #[test]
        fn both_directions_of_a_line_are_simplified_alike(line in prop::collection::vec(prop::array::uniform2(0..3000_i32), 3..60)) {
            let there = simplify(&line, 40.0, |_| false);
            let turned: Vec<Cell> = line.iter().rev().copied().collect();
            let mut back = simplify(&turned, 40.0, |_| false);
            back.reverse();
            prop_assert_eq!(there, back);
        }

        #[test]
        fn a_ring_is_simplified_alike_wherever_it_begins(ring in prop::collection::vec(prop::array::uniform2(0..3000_i32), 4..40), turn in 0..40_usize) {
            let mut unique = ring.clone();
            unique.sort_unstable();
            unique.dedup();
            prop_assume!(unique.len() == ring.len());
            let close = |r: &[Cell]| { let mut r = r.to_vec(); r.push(r[0]); r };
            let mut turned = ring.clone();
            turned.rotate_left(turn % ring.len());
            let (a, b) = (simplify_ring(&close(&ring), 30.0, |_| false), simplify_ring(&close(&turned), 30.0, |_| false));
            prop_assert_eq!(a, b);
        }

        #[test]
        fn pieces_of_any_ring_add_up_to_its_area(ring in prop::collection::vec(prop::array::uniform2(0..40_i32), 3..12)) {
            // On multiples of the tile's side cuts are exact, whatever the shape.
            let mut ring: Vec<Cell> = ring.into_iter().map(|[x, y]| [x * EXTENT / 2, y * EXTENT / 2]).collect();
            ring.push(ring[0]);
            ring.dedup();
            let pieces = cut(std::slice::from_ref(&ring), Cut::Rings, 0);
            let area: i64 = pieces.iter().map(|(_, _, rings)| twice_area(&rings[0])).sum();
            let rounding = i64::from(EXTENT) * 40 * 12;
            prop_assert!((area - twice_area(&ring)).abs() <= rounding);
        }
    }
}
