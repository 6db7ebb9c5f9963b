//! Rings from the ways of a multipolygon, in any order and direction, and polygons with holes from rings.

use geo::{Area, BoundingRect, Contains, InteriorPoint, LineString, MultiPolygon, Point, Polygon, Rect, Winding};
use std::collections::{HashMap, HashSet};

/// What a list of ways gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rings {
    /// Closed: first and last node are the same, no other node comes twice.
    pub(super) rings: Vec<Vec<i64>>,
    /// Whether something was left that does not close.
    pub(super) open: bool,
}

/// Joins ways at their ends. Rings that touch in a node are kept apart; `at` gives positions, needed only where edges are shared.
pub(super) fn assemble(ways: &[&[i64]], at: impl Fn(i64) -> Option<[f64; 2]>) -> Rings {
    let mut out = Rings::default();
    let mut pieces: Vec<Vec<i64>> = Vec::new();
    for way in ways {
        let mut nodes = way.to_vec();
        nodes.dedup();
        if nodes.len() > 1 {
            pieces.push(nodes);
        }
    }
    once(&mut pieces);
    if let Some(edges) = tangled(&pieces) {
        return walk(edges, at);
    }
    let ends = |piece: &[i64]| (piece[0], piece[piece.len() - 1]);
    let mut at_end: HashMap<i64, Vec<usize>> = HashMap::new();
    for (i, piece) in pieces.iter().enumerate() {
        let (first, last) = ends(piece);
        if first != last {
            at_end.entry(first).or_default().push(i);
            at_end.entry(last).or_default().push(i);
        }
    }
    let mut used = vec![false; pieces.len()];
    out.open |= prune(&pieces, &mut at_end, &mut used);
    for start in 0..pieces.len() {
        if used[start] {
            continue;
        }
        used[start] = true;
        let mut chain = pieces[start].clone();
        while let (first, last) = ends(&chain)
            && first != last
        {
            let next = at_end.get(&last).into_iter().flatten().copied().find(|i| !used[*i]);
            let Some(next) = next else { break };
            used[next] = true;
            let piece = &pieces[next];
            if piece[0] == last { chain.extend(&piece[1..]) } else { chain.extend(piece.iter().rev().skip(1)) }
        }
        out.open |= ends(&chain).0 != ends(&chain).1;
        split(&chain, &mut out.rings);
    }
    out
}

/// A way that is listed twice, in either direction, counts once.
fn once(pieces: &mut Vec<Vec<i64>>) {
    let mut seen = HashSet::new();
    pieces.retain(|piece| {
        let back: Vec<i64> = piece.iter().rev().copied().collect();
        seen.insert(piece.clone().min(back))
    });
}

/// The single edges of ways that meet in more than their ends, or share edges; none in the plain case, and where something hangs loose.
/// Edges that come twice are taken away: two surfaces that share an edge are one, and so are two holes.
fn tangled(pieces: &[Vec<i64>]) -> Option<Vec<(i64, i64)>> {
    let edges = || pieces.iter().flat_map(|piece| piece.windows(2)).map(|w| (w[0].min(w[1]), w[0].max(w[1])));
    let mut degree: HashMap<i64, usize> = HashMap::new();
    edges().for_each(|(a, b)| [a, b].into_iter().for_each(|node| *degree.entry(node).or_default() += 1));
    if degree.values().all(|n| *n <= 2) {
        return None;
    }
    let mut count: HashMap<(i64, i64), usize> = HashMap::new();
    edges().for_each(|edge| *count.entry(edge).or_default() += 1);
    let left: Vec<(i64, i64)> = edges().filter(|edge| count.get_mut(edge).is_some_and(|n| std::mem::take(n) % 2 == 1)).collect();
    degree.values_mut().for_each(|n| *n = 0);
    left.iter().flat_map(|(a, b)| [a, b]).for_each(|node| *degree.entry(*node).or_default() += 1);
    degree.values().all(|n| n % 2 == 0).then_some(left)
}

/// Walks along single edges and, where several go on, always takes the sharpest turn to one side, so that rings never cross.
fn walk(edges: Vec<(i64, i64)>, at: impl Fn(i64) -> Option<[f64; 2]>) -> Rings {
    let angle = |from: i64, to: i64| {
        let (Some(a), Some(b)) = (at(from), at(to)) else { return 0.0 };
        (b[1] - a[1]).atan2(b[0] - a[0])
    };
    let mut at_node: HashMap<i64, Vec<usize>> = HashMap::new();
    for (i, (a, b)) in edges.iter().enumerate() {
        at_node.entry(*a).or_default().push(i);
        at_node.entry(*b).or_default().push(i);
    }
    let mut out = Rings::default();
    let mut used = vec![false; edges.len()];
    // A walk from a node where nothing meets can't begin with a wrong pair of edges.
    let mut starts: Vec<usize> = (0..edges.len()).collect();
    starts.sort_by_key(|i| at_node[&edges[*i].0].len());
    for start in starts {
        if std::mem::replace(&mut used[start], true) {
            continue;
        }
        let mut chain = vec![edges[start].0, edges[start].1];
        while let [.., before, here] = chain[..]
            && here != chain[0]
        {
            let back = angle(here, before);
            let turn = |i: &usize| (angle(here, other(edges[*i], here)) - back).rem_euclid(std::f64::consts::TAU);
            let next = at_node[&here].iter().copied().filter(|i| !used[*i]).min_by(|i, j| turn(i).total_cmp(&turn(j)));
            let Some(next) = next else { break };
            used[next] = true;
            chain.push(other(edges[next], here));
        }
        out.open |= chain.first() != chain.last();
        split(&chain, &mut out.rings);
    }
    out
}

fn other((a, b): (i64, i64), node: i64) -> i64 {
    if a == node { b } else { a }
}

/// Takes away, again and again, ways that hang at one end only; answers whether there were any.
fn prune(pieces: &[Vec<i64>], at_end: &mut HashMap<i64, Vec<usize>>, used: &mut [bool]) -> bool {
    let mut loose: Vec<i64> = at_end.iter().filter(|(_, ways)| ways.len() == 1).map(|(node, _)| *node).collect();
    let mut any = false;
    while let Some(node) = loose.pop() {
        let Some(way) = at_end.get(&node).and_then(|ways| if ways.len() == 1 { ways.first().copied() } else { None }) else { continue };
        any = true;
        used[way] = true;
        for end in [pieces[way][0], pieces[way][pieces[way].len() - 1]] {
            if let Some(ways) = at_end.get_mut(&end) {
                ways.retain(|w| *w != way);
                if ways.len() == 1 {
                    loose.push(end);
                }
            }
        }
    }
    any
}

/// Cuts a chain where it meets itself: every loop is a ring of its own.
fn split(chain: &[i64], rings: &mut Vec<Vec<i64>>) {
    let mut path: Vec<i64> = Vec::with_capacity(chain.len());
    let mut place: HashMap<i64, usize> = HashMap::new();
    for node in chain {
        if let Some(&from) = place.get(node) {
            let mut ring = path.split_off(from);
            for gone in &ring {
                place.remove(gone);
            }
            ring.push(*node);
            // Two nodes there and back are a spike, not a ring.
            if ring.len() >= 4 {
                rings.push(ring);
            }
        }
        place.insert(*node, path.len());
        path.push(*node);
    }
}

/// Polygons from closed rings in degrees, by how they lie in each other (roles in the data are often wrong): a ring inside an odd
/// number of others is a hole. Outer rings come out counter-clockwise and holes clockwise, as RFC 7946 wants.
pub(super) fn polygons(rings: Vec<Vec<[f64; 2]>>) -> MultiPolygon<f64> {
    let mut all: Vec<Ring> = rings.into_iter().filter_map(Ring::new).collect();
    all.sort_by(|a, b| b.area.total_cmp(&a.area));
    all.dedup_by(|b, a| a.area == b.area && a.inside == b.inside);
    // The parent of a ring is the smallest that holds it; larger rings come first.
    let parents: Vec<Option<usize>> = (0..all.len()).map(|i| (0..i).rev().find(|j| all[*j].holds(&all[i]))).collect();
    let mut depth: Vec<usize> = Vec::with_capacity(all.len());
    for parent in &parents {
        depth.push(parent.map_or(0, |p| depth[p] + 1));
    }
    let mut holes: Vec<Vec<LineString<f64>>> = vec![Vec::new(); all.len()];
    for (i, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent.filter(|_| depth[i] % 2 == 1) {
            let mut line = all[i].polygon.exterior().clone();
            line.make_cw_winding();
            holes[parent].push(line);
        }
    }
    let outer = all.into_iter().zip(holes).enumerate().filter(|(i, _)| depth[*i].is_multiple_of(2));
    let polygons = outer.map(|(_, (ring, holes))| {
        let mut line = ring.polygon.exterior().clone();
        line.make_ccw_winding();
        Polygon::new(line, holes)
    });
    MultiPolygon(polygons.collect())
}

struct Ring {
    polygon: Polygon<f64>,
    area: f64,
    bounds: Rect<f64>,
    inside: Point<f64>,
}

impl Ring {
    /// None when the ring encloses nothing.
    fn new(line: Vec<[f64; 2]>) -> Option<Self> {
        if line.len() < 4 {
            return None;
        }
        let polygon = Polygon::new(LineString::from(line), Vec::new());
        let area = polygon.unsigned_area();
        if area <= 0.0 {
            return None;
        }
        let (bounds, inside) = (polygon.bounding_rect()?, polygon.interior_point()?);
        Some(Self { polygon, area, bounds, inside })
    }

    fn holds(&self, other: &Self) -> bool {
        let (a, b) = (self.bounds, other.bounds);
        let boxes = a.min().x <= b.min().x && a.min().y <= b.min().y && a.max().x >= b.max().x && a.max().y >= b.max().y;
        boxes && self.polygon.contains(&other.inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(ways: &[&[i64]]) -> Rings {
        super::assemble(ways, |_| None)
    }

    fn sorted(mut rings: Rings) -> Rings {
        for ring in &mut rings.rings {
            ring.sort_unstable();
            ring.dedup();
        }
        rings.rings.sort();
        rings
    }

    #[test]
    fn ways_join_in_any_order_and_direction() {
        let rings = assemble(&[&[1, 2, 3], &[5, 4, 3], &[5, 1]]);
        assert_eq!(rings, Rings { rings: vec![vec![1, 2, 3, 4, 5, 1]], open: false });
        assert_eq!(assemble(&[&[1, 2, 3, 1]]).rings.len(), 1);
    }

    #[test]
    fn what_does_not_close_is_told() {
        assert_eq!(assemble(&[&[1, 2, 3], &[3, 4]]), Rings { rings: vec![], open: true });
        let spur = assemble(&[&[2, 9], &[1, 2], &[2, 3], &[3, 1], &[9, 8]]);
        assert_eq!(sorted(spur), Rings { rings: vec![vec![1, 2, 3]], open: true });
        assert_eq!(assemble(&[]), Rings::default());
        assert_eq!(assemble(&[&[1], &[2, 2]]), Rings::default());
    }

    #[test]
    fn rings_that_touch_are_kept_apart() {
        let eight = assemble(&[&[1, 2, 3], &[3, 1, 4], &[4, 5, 1]]);
        assert_eq!(sorted(eight), Rings { rings: vec![vec![1, 2, 3], vec![1, 4, 5]], open: false });
        let spike = assemble(&[&[1, 2, 3, 2, 4, 1]]);
        assert_eq!(spike.rings, [[1, 2, 4, 1]]);
    }

    #[test]
    fn rings_that_share_an_edge_are_one_and_a_way_listed_twice_counts_once() {
        let joined = assemble(&[&[1, 2, 3, 4, 1], &[2, 3, 6, 5, 2]]);
        assert_eq!(sorted(joined), Rings { rings: vec![vec![1, 2, 3, 4, 5, 6]], open: false });
        assert_eq!(assemble(&[&[1, 2, 3], &[3, 1], &[3, 2, 1]]).rings.len(), 1);
    }

    fn square(x: f64, y: f64, side: f64) -> Vec<[f64; 2]> {
        vec![[x, y], [x, y + side], [x + side, y + side], [x + side, y], [x, y]]
    }

    #[test]
    fn rings_nest_into_polygons_with_holes() {
        let found = polygons(vec![square(2.0, 2.0, 1.0), square(0.0, 0.0, 9.0), square(1.0, 1.0, 5.0), square(20.0, 0.0, 2.0)]);
        assert_eq!(found.0.len(), 3);
        assert_eq!(found.0[0].interiors().len(), 1);
        assert!((found.unsigned_area() - (81.0 - 25.0 + 1.0 + 4.0)).abs() < 1e-9);
        assert!(found.0.iter().all(|p| p.exterior().is_ccw() && p.interiors().iter().all(Winding::is_cw)));
        assert!(polygons(vec![vec![[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]], vec![]]).0.is_empty());
    }

    #[test]
    fn a_hole_may_touch_the_edge() {
        let found = polygons(vec![square(0.0, 0.0, 4.0), square(0.0, 1.0, 1.0)]);
        assert_eq!((found.0.len(), found.0[0].interiors().len()), (1, 1));
    }
}
