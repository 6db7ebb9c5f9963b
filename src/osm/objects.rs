//! Objects kept from the file, and where each of them lies: an area's point is inside it, and parts that the file lacks are done without.

use super::blocks::{At, Kind, Member};
use super::coords::Coords;
use super::mapping::Rule;
use super::rings::{assemble, polygons};
use super::tags::OwnTags;
use geo::{Centroid, InteriorPoint, Intersects, MultiPolygon, Point};
use std::collections::{HashMap, HashSet};

/// Ways that some relation needs: their nodes.
pub(super) type Ways = HashMap<i64, Vec<i64>>;
/// Relations that some relation needs: their members.
pub(super) type Nested = HashMap<i64, Vec<Member>>;

/// The parts of an object.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// Position, when it is on Earth.
    Node(Option<At>),
    /// Its nodes.
    Way(Vec<i64>),
    /// Its members.
    Relation(Vec<Member>),
}

/// An object that the mapping takes.
#[derive(Debug, Clone)]
pub(super) struct Mapped {
    pub(super) kind: Kind,
    pub(super) id: i64,
    pub(super) version: i64,
    pub(super) tags: OwnTags,
    pub(super) rule: &'static Rule,
    pub(super) body: Body,
}

/// Where an object lies, degrees.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) point: [f64; 2],
    /// Its surface, when it has one.
    pub(super) area: Option<MultiPolygon<f64>>,
}

/// One object per type and number: the highest version, and of equal versions the last in the file. Sorted by type and number.
pub(super) fn unique(mut all: Vec<Mapped>) -> Vec<Mapped> {
    all.sort_by_key(|m| (m.kind, m.id, m.version));
    all.reverse();
    all.dedup_by_key(|m| (m.kind, m.id));
    all.reverse();
    all
}

/// Finds the place of an object; none when no part of it has a position.
pub(super) fn place(body: &Body, ways: &Ways, nested: &Nested, coords: &Coords) -> Option<Placed> {
    match body {
        Body::Node(at) => at.map(|at| Placed { point: at.degrees(), area: None }),
        Body::Way(refs) => place_ways(&[refs.as_slice()], coords),
        Body::Relation(members) => {
            let (mut refs, mut nodes) = (Vec::new(), Vec::new());
            gather(members, ways, nested, &mut HashSet::new(), &mut refs, &mut nodes);
            let placed = place_ways(&refs, coords);
            // The node that mappers chose to stand for the whole is better than a point on its edge, not than one inside.
            let node = nodes.iter().find_map(|(id, _)| coords.get(*id)).map(|at| Placed { point: at.degrees(), area: None });
            match placed {
                Some(placed) if placed.area.is_some() => Some(placed),
                other => node.or(other),
            }
        }
    }
}

/// Collects the ways and nodes of a relation and of the relations in it; a relation that holds itself is entered once.
fn gather<'a>(
    members: &[Member],
    ways: &'a Ways,
    nested: &'a Nested,
    seen: &mut HashSet<i64>,
    refs: &mut Vec<&'a [i64]>,
    nodes: &mut Vec<(i64, bool)>,
) {
    for member in members {
        match member.kind {
            Kind::Node => nodes.push((member.id, member.label)),
            Kind::Way => refs.extend(ways.get(&member.id).map(Vec::as_slice)),
            Kind::Relation => {
                if seen.insert(member.id)
                    && let Some(inner) = nested.get(&member.id)
                {
                    gather(inner, ways, nested, seen, refs, nodes);
                }
            }
        }
    }
    nodes.sort_by_key(|(_, label)| !*label);
}

fn place_ways(ways: &[&[i64]], coords: &Coords) -> Option<Placed> {
    let area = surface(ways, coords);
    if let Some(point) = inside(&area) {
        return Some(Placed { point, area: Some(area) });
    }
    // No ring: the middle node of the way of which most is known.
    let lines = ways.iter().map(|refs| coords.line(refs));
    let longest = lines.rev().max_by_key(Vec::len)?;
    let point = *longest.get(longest.len() / 2)?;
    Some(Placed { point, area: None })
}

/// The surface that ways enclose; nodes without a position are left out.
pub(super) fn surface(ways: &[&[i64]], coords: &Coords) -> MultiPolygon<f64> {
    let rings = assemble(ways, |id| coords.get(id).map(At::degrees)).rings;
    polygons(rings.iter().map(|ring| closed(coords.line(ring))).collect())
}

pub(super) fn closed(mut line: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    if let (Some(first), Some(last)) = (line.first().copied(), line.last())
        && first != *last
    {
        line.push(first);
    }
    line
}

/// A point inside a surface, on the grid of 1e-7 degrees that positions are stored on.
pub(super) fn inside(area: &MultiPolygon<f64>) -> Option<[f64; 2]> {
    let good = |p: &Point<f64>| area.intersects(p);
    let grid = |p: Point<f64>| Point::new((p.x() * 1e7).round() / 1e7, (p.y() * 1e7).round() / 1e7);
    let first_node = || area.0.first().and_then(|p| p.exterior().0.first()).map(|c| Point::new(c.x, c.y));
    let point = area.interior_point().map(grid).filter(good).or_else(|| area.centroid().map(grid).filter(good)).or_else(first_node)?;
    Some([point.x(), point.y()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(kind: Kind, id: i64) -> Member {
        Member { kind, id, inner: false, label: false }
    }

    fn coords(list: &[(i64, i32, i32)]) -> Coords {
        Coords::new(vec![list.iter().map(|(id, lon, lat)| (*id, At { lon: lon * 1000, lat: lat * 1000 })).collect()])
    }

    #[test]
    fn the_point_of_an_area_is_inside_it_even_when_nodes_are_missing() {
        // A horseshoe: its centre of gravity lies in the gap.
        let coords = coords(&[(1, 0, 0), (2, 9, 0), (3, 9, 9), (4, 6, 9), (5, 6, 2), (6, 3, 2), (7, 3, 9), (8, 0, 9)]);
        let placed = place(&Body::Way(vec![1, 2, 99, 3, 4, 5, 6, 7, 8, 1]), &Ways::new(), &Nested::new(), &coords).unwrap();
        let area = placed.area.unwrap();
        assert!(area.intersects(&Point::from(placed.point)));
        let [x, y] = placed.point;
        assert!(!((0.00031..0.00059).contains(&x) && y > 0.0002), "{x} {y}");
    }

    #[test]
    fn what_is_left_of_an_object_is_used() {
        let coords = coords(&[(1, 0, 0), (2, 1, 0), (3, 2, 0)]);
        let at = |body: Body| place(&body, &Ways::new(), &Nested::new(), &coords).map(|p| p.point);
        assert_eq!(at(Body::Way(vec![1, 2, 3])), Some([0.0001, 0.0]));
        assert_eq!(at(Body::Way(vec![1, 50, 51, 1])), Some([0.0, 0.0]));
        assert_eq!(at(Body::Way(vec![50, 51])), None);
        assert_eq!(at(Body::Way(vec![])), None);
        assert_eq!(at(Body::Relation(vec![member(Kind::Way, 7), member(Kind::Node, 3)])), Some([0.0002, 0.0]));
        assert_eq!(at(Body::Relation(vec![])), None);
        assert_eq!(at(Body::Node(None)), None);
    }

    #[test]
    fn a_relation_that_holds_itself_ends() {
        let nested = Nested::from([(1, vec![member(Kind::Relation, 2)]), (2, vec![member(Kind::Relation, 1), member(Kind::Node, 5)])]);
        let placed = place(&Body::Relation(vec![member(Kind::Relation, 1)]), &Ways::new(), &nested, &coords(&[(5, 3, 4)]));
        assert_eq!(placed.unwrap().point, [0.0003, 0.0004]);
    }
}
