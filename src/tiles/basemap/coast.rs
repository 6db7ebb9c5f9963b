//! The ocean from `natural=coastline`: OpenStreetMap has no sea, only shores with the land on their left.
//!
//! Shores are joined; those that the extract cuts inside the window are led on to its edge; then the window's edge is walked from where a
//! shore leaves to where the next one enters, with the water on the right.

use crate::geo::{Bbox, Shape};
use geo::{Area, InteriorPoint, LineString, MultiPolygon, Polygon};
use std::collections::{BTreeSet, HashMap};

type Position = [f64; 2];

/// Shores that are looked at in pairs.
const PIECES_MAX: usize = 3000;

/// The ocean inside a window, degrees; empty when there is no shore.
pub(super) fn ocean(shores: &[Vec<Position>], window: &Bbox) -> MultiPolygon<f64> {
    let (mut islands, mut open) = (Vec::new(), Vec::new());
    for chain in join(shores) {
        if chain.len() >= 4 && chain.first() == chain.last() {
            islands.push(chain);
        } else {
            open.push(chain);
        }
    }
    let mut pieces: Vec<Vec<Position>> = mend(open, window).iter().flat_map(|chain| inside(chain, window)).collect();
    let mut whole = Vec::new();
    for island in islands {
        let cut = inside(&island, window);
        match &cut[..] {
            [] => {}
            // An island that the window does not cut.
            [one] if one.first() == one.last() => whole.push(one.clone()),
            _ => pieces.extend(rejoin(cut)),
        }
    }
    let waters = if pieces.is_empty() { round_islands(&whole, window) } else { along_edge(pieces, window) };
    with_islands(waters, whole)
}

/// Joins ways end to start: direction tells land from water, so no way is turned.
fn join(shores: &[Vec<Position>]) -> Vec<Vec<Position>> {
    let key = |p: &Position| [(p[0] * 1e7).round() as i64, (p[1] * 1e7).round() as i64];
    let shores: Vec<&Vec<Position>> = shores.iter().filter(|s| s.len() > 1).collect();
    let mut starts: HashMap<[i64; 2], Vec<usize>> = HashMap::new();
    let mut arrivals: HashMap<[i64; 2], usize> = HashMap::new();
    for (i, shore) in shores.iter().enumerate() {
        starts.entry(key(&shore[0])).or_default().push(i);
        *arrivals.entry(key(&shore[shore.len() - 1])).or_default() += 1;
    }
    let mut used = vec![false; shores.len()];
    let mut out = Vec::new();
    // Chains begin where nothing arrives; what is left are rings.
    let mut order: Vec<usize> = (0..shores.len()).collect();
    order.sort_by_key(|i| arrivals.contains_key(&key(&shores[*i][0])));
    for first in order {
        if std::mem::replace(&mut used[first], true) {
            continue;
        }
        let mut chain = shores[first].clone();
        while key(&chain[0]) != key(&chain[chain.len() - 1])
            && let Some(next) = starts.get(&key(&chain[chain.len() - 1])).into_iter().flatten().copied().find(|i| !used[*i])
        {
            used[next] = true;
            chain.extend_from_slice(&shores[next][1..]);
        }
        out.push(chain);
    }
    out
}

fn gap(a: Position, b: Position) -> f64 {
    let shrink = a[1].to_radians().cos();
    ((a[0] - b[0]) * shrink).hypot(a[1] - b[1])
}

/// The nearest point on the window's edge, and how far it is.
fn to_edge(p: Position, window: &Bbox) -> (Position, f64) {
    let sides = [[window.west, p[1]], [window.east, p[1]], [p[0], window.south], [p[0], window.north]];
    let nearest = sides.into_iter().min_by(|a, b| gap(p, *a).total_cmp(&gap(p, *b))).unwrap_or(p);
    (nearest, gap(p, nearest))
}

/// Closes what the extract has cut: an end inside the window is joined to the start of another shore when that is nearer than the window's
/// edge, else led straight to the edge.
fn mend(mut open: Vec<Vec<Position>>, window: &Bbox) -> Vec<Vec<Position>> {
    let loose = |p: Position| window.holds(p[0], p[1]);
    // A coast in more pieces than that is not cut but broken; each piece then goes to the edge on its own.
    let near = open.len() <= PIECES_MAX;
    let mut joints: Vec<(f64, usize, usize)> = Vec::new();
    for (i, a) in open.iter().enumerate().filter(|(_, a)| near && loose(a[a.len() - 1])) {
        let end = a[a.len() - 1];
        for (j, b) in open.iter().enumerate().filter(|(_, b)| loose(b[0])) {
            let far = gap(end, b[0]);
            if far < to_edge(end, window).1 && far < to_edge(b[0], window).1 {
                joints.push((far, i, j));
            }
        }
    }
    joints.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut next, mut before) = (HashMap::new(), HashMap::new());
    for (_, i, j) in joints {
        if !next.contains_key(&i) && !before.contains_key(&j) {
            next.insert(i, j);
            before.insert(j, i);
        }
    }
    for (i, chain) in open.iter_mut().enumerate() {
        let (start, end) = (chain[0], chain[chain.len() - 1]);
        if loose(start) && !before.contains_key(&i) {
            chain.insert(0, beyond(to_edge(start, window).0, window));
        }
        if loose(end) && !next.contains_key(&i) {
            chain.push(beyond(to_edge(end, window).0, window));
        }
    }
    let mut out = Vec::new();
    let mut used = vec![false; open.len()];
    let mut order: Vec<usize> = (0..open.len()).collect();
    order.sort_by_key(|i| before.contains_key(i));
    for first in order {
        if used[first] {
            continue;
        }
        let (mut chain, mut here) = (Vec::new(), Some(first));
        while let Some(i) = here.filter(|i| !used[*i]) {
            used[i] = true;
            chain.extend_from_slice(&open[i]);
            here = next.get(&i).copied();
        }
        if here == Some(first) {
            chain.push(chain[0]);
        }
        out.push(chain);
    }
    out
}

/// A little outside, so that cutting finds a crossing.
fn beyond(p: Position, window: &Bbox) -> Position {
    let middle = window.center();
    [p[0] + (p[0] - middle[0]) * 1e-6, p[1] + (p[1] - middle[1]) * 1e-6]
}

/// The pieces of a shore inside the window.
fn inside(chain: &[Position], window: &Bbox) -> Vec<Vec<Position>> {
    let (mut pieces, mut current): (Vec<Vec<Position>>, Vec<Position>) = (Vec::new(), Vec::new());
    for pair in chain.windows(2) {
        let Some((from, to)) = window.cut(pair[0], pair[1]) else {
            pieces.push(std::mem::take(&mut current));
            continue;
        };
        if current.last() != Some(&from) {
            pieces.push(std::mem::take(&mut current));
            current.push(from);
        }
        current.push(to);
    }
    pieces.push(current);
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// A ring that begins inside the window is cut at its beginning too: there its last piece goes on with the first.
fn rejoin(mut pieces: Vec<Vec<Position>>) -> Vec<Vec<Position>> {
    if let [first, .., last] = &pieces[..]
        && first.first() == last.last()
        && let Some(mut last) = pieces.pop()
    {
        last.extend_from_slice(&pieces[0][1..]);
        pieces[0] = last;
    }
    pieces
}

/// How far a point of the window's edge is along it, clockwise from the north-west corner, in sides.
fn along(p: Position, window: &Bbox) -> f64 {
    let (x, y) = ((p[0] - window.west) / (window.east - window.west), (window.north - p[1]) / (window.north - window.south));
    let distances = [y.abs(), (1.0 - x).abs(), (1.0 - y).abs(), x.abs()];
    match distances.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i) {
        Some(0) => x.clamp(0.0, 1.0),
        Some(1) => 1.0 + y.clamp(0.0, 1.0),
        Some(2) => 3.0 - x.clamp(0.0, 1.0),
        _ => 4.0 - y.clamp(0.0, 1.0),
    }
}

/// Walks from where a shore leaves the window clockwise along its edge to where the next one enters: the water lies on the right.
fn along_edge(pieces: Vec<Vec<Position>>, window: &Bbox) -> Vec<Polygon<f64>> {
    let corners = [[window.east, window.north], [window.east, window.south], [window.west, window.south], [window.west, window.north]];
    let entries: Vec<f64> = pieces.iter().map(|p| along(p[0], window)).collect();
    // In the order of the walk; bits of numbers that are not negative sort as the numbers do.
    let mut waiting: BTreeSet<(u64, usize)> = entries.iter().enumerate().map(|(i, at)| (at.to_bits(), i)).collect();
    let mut out = Vec::new();
    while let Some(&(_, first)) = waiting.first() {
        let (mut ring, mut here) = (Vec::new(), first);
        loop {
            ring.extend_from_slice(&pieces[here]);
            let leave = along(pieces[here][pieces[here].len() - 1], window);
            // The first piece waits until the walk is back at it, so there is always a next one.
            let Some(next) = waiting.range((leave.to_bits(), 0)..).next().or_else(|| waiting.first()).copied() else { break };
            waiting.remove(&next);
            let reach = (entries[next.1] - leave).rem_euclid(4.0);
            let from = leave.floor() as usize;
            ring.extend((0..4).filter(|k| (from + k + 1) as f64 - leave < reach).map(|k| corners[(from + k) % 4]));
            here = next.1;
            if here == first {
                break;
            }
        }
        if let Some(start) = ring.first().copied() {
            ring.push(start);
        }
        let polygon = Polygon::new(LineString::from(ring), Vec::new());
        if polygon.exterior().0.len() >= 4 && polygon.unsigned_area() > 0.0 {
            out.push(polygon);
        }
    }
    out
}

/// Without a shore that reaches the edge: all is sea if there is an island (land inside, so it runs counter-clockwise).
fn round_islands(whole: &[Vec<Position>], window: &Bbox) -> Vec<Polygon<f64>> {
    let land = |ring: &Vec<Position>| Polygon::new(LineString::from(ring.clone()), Vec::new()).signed_area() > 0.0;
    if whole.iter().any(land) { vec![Polygon::new(window.ring(), Vec::new())] } else { Vec::new() }
}

/// Cuts islands out of the waters they lie in.
fn with_islands(mut waters: Vec<Polygon<f64>>, whole: Vec<Vec<Position>>) -> MultiPolygon<f64> {
    // A shape answers quickly, which an archipelago of thousands of islands needs.
    let shapes: Vec<Shape> = waters.iter().map(|water| Shape::new(MultiPolygon(vec![water.clone()]))).collect();
    for ring in whole {
        let island = Polygon::new(LineString::from(ring), Vec::new());
        let Some(point) = island.interior_point().filter(|_| island.signed_area() > 0.0) else { continue };
        if let Some(water) = shapes.iter().position(|shape| shape.covers(point.x(), point.y())) {
            waters[water].interiors_push(island.exterior().clone());
        }
    }
    MultiPolygon(waters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Intersects, Point};

    const WINDOW: Bbox = Bbox { west: 0.0, south: 0.0, east: 10.0, north: 10.0 };

    fn wet(shores: &[Vec<Position>], points: &[(f64, f64)]) -> Vec<bool> {
        let ocean = ocean(shores, &WINDOW);
        points.iter().map(|(x, y)| ocean.intersects(&Point::new(*x, *y))).collect()
    }

    #[test]
    fn the_water_is_on_the_right_of_a_shore() {
        // To the east: land in the north, sea in the south.
        assert_eq!(wet(&[vec![[-1.0, 5.0], [11.0, 5.0]]], &[(5.0, 2.0), (5.0, 8.0), (0.1, 0.1), (9.9, 9.9)]), [true, false, true, false]);
        assert_eq!(wet(&[vec![[11.0, 5.0], [-1.0, 5.0]]], &[(5.0, 2.0), (5.0, 8.0)]), [false, true]);
    }

    #[test]
    fn two_shores_make_a_strait_and_an_island_is_land() {
        let strait = [vec![[4.0, -1.0], [4.0, 4.0]], vec![[4.0, 4.0], [4.0, 11.0]], vec![[6.0, 11.0], [6.0, -1.0]]];
        assert_eq!(wet(&strait, &[(2.0, 5.0), (5.0, 5.0), (8.0, 5.0)]), [false, true, false]);
        let mut with_island = strait.to_vec();
        with_island.push(vec![[4.5, 4.5], [5.5, 4.5], [5.5, 5.5], [4.5, 5.5], [4.5, 4.5]]);
        assert_eq!(wet(&with_island, &[(5.0, 5.0), (5.0, 6.0)]), [false, true]);
    }

    #[test]
    fn a_shore_that_the_extract_cuts_goes_on_to_the_edge() {
        // Like Monaco: the shore begins and ends inside the window, and a pier's worth of it is missing.
        let cut = [vec![[2.0, 3.0], [4.0, 5.0]], vec![[4.2, 5.2], [6.0, 8.0]]];
        assert_eq!(wet(&cut, &[(8.0, 2.0), (5.0, 5.0), (2.0, 8.0), (0.2, 9.0)]), [true, true, false, false]);
    }

    #[test]
    fn only_islands_mean_sea_around_and_no_shore_means_land() {
        let island = vec![[4.0, 4.0], [6.0, 4.0], [6.0, 6.0], [4.0, 6.0], [4.0, 4.0]];
        assert_eq!(wet(&[island], &[(5.0, 5.0), (1.0, 1.0)]), [false, true]);
        assert_eq!(wet(&[], &[(5.0, 5.0)]), [false]);
        // An island that the window cuts, begun inside the window.
        let cut = vec![[8.0, 4.0], [12.0, 4.0], [12.0, 6.0], [8.0, 6.0], [8.0, 4.0]];
        assert_eq!(wet(&[cut], &[(9.0, 5.0), (9.0, 3.0), (1.0, 1.0)]), [false, true, true]);
    }

    #[test]
    fn an_archipelago_on_the_edge_is_walked_in_time() {
        // 50,000 teeth across the southern edge, and as many islets in the sea north of it.
        let (mut teeth, n) = (Vec::new(), 50_000);
        for i in 0..n {
            let x = 10.0 - 10.0 * f64::from(i) / f64::from(n);
            teeth.extend([[x, -0.1], [x - 0.5 / f64::from(n), 0.1]]);
        }
        let islet = |i: i32| {
            let (x, y) = (f64::from(i % 200) / 20.0 + 0.01, f64::from(i / 200) / 30.0 + 1.0);
            vec![[x, y], [x + 0.01, y], [x + 0.01, y + 0.01], [x, y + 0.01], [x, y]]
        };
        let shores: Vec<Vec<Position>> = std::iter::once(teeth).chain((0..n).map(islet)).collect();
        let ocean = ocean(&shores, &WINDOW);
        assert_eq!(ocean.0.iter().map(|p| p.interiors().len()).sum::<usize>(), n as usize);
        assert!(ocean.intersects(&Point::new(5.0, 0.5)) && !ocean.intersects(&Point::new(0.015, 1.005)));
    }

    #[test]
    fn a_hostile_coast_ends() {
        let mut shores = Vec::new();
        for i in 0..400 {
            let at = |n: i32| [f64::from(n * 7919 % 1200) / 100.0 - 1.0, f64::from(n * 104_729 % 1200) / 100.0 - 1.0];
            shores.push(vec![at(i), at(i + 1), at(i + 5)]);
        }
        shores.push(vec![[5.0, 5.0]]);
        shores.push(vec![[5.0, 5.0], [5.0, 5.0]]);
        ocean(&shores, &WINDOW);
    }
}
