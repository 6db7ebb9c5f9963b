//! The passes for addresses: what in the whole file has a house number, is a named street, a place or a public place, and where it lies.

use super::address_book::AddressBook;
use super::address_facts::{Facts, facts};
use super::blocks::{At, Kind, Member, Object, Source};
use super::coords::{Coords, Ids};
use super::error::ReadError;
use super::objects::inside;
use super::read::{NODE_BYTES, Steps, fits};
use super::rings::polygons;
use super::streets::middle;
use crate::geo::Bbox;
use std::collections::HashMap;

/// An object whose tags say something about an address.
struct Item {
    kind: Kind,
    id: i64,
    facts: Facts,
    /// Nodes of a way; of a relation, those of the way or node that stands for it.
    body: Body,
}

enum Body {
    At(At),
    Nodes(Vec<i64>),
    Members(Vec<Member>),
}

/// What the pass over relations keeps.
#[derive(Default)]
struct RelationBlock {
    items: Vec<Item>,
    /// Members of an `associatedStreet` or `street` relation, with the street's name.
    streets: Vec<(String, Vec<Member>)>,
}

/// What the pass over ways keeps.
#[derive(Default)]
struct WayBlock {
    items: Vec<Item>,
    /// Nodes of the ways that relations need.
    members: Vec<(i64, Vec<i64>)>,
    located: Vec<(i64, At)>,
}

/// What the pass over nodes keeps.
#[derive(Default)]
struct NodeBlock {
    /// Nodes in the window.
    near: u64,
    items: Vec<Item>,
    positions: Vec<(i64, At)>,
}

/// Reads everything that helps to find an address, in the whole file; also counts the nodes in a window.
pub(super) fn read(source: &Source, window: &Bbox, max_memory: u64, steps: &mut Steps<'_>) -> Result<(AddressBook, u64), ReadError> {
    let visit = |block: &mut RelationBlock, object: &Object<'_>| relation(block, object);
    let (mut items, mut streets) = (Vec::new(), Vec::new());
    for block in source.again(Kind::Relation, visit, &mut |bytes| steps.read(bytes))? {
        items.extend(block.items);
        streets.extend(block.streets);
    }
    let ways = Ids::new(items.iter().filter_map(|i: &Item| outline(&i.body)).collect());
    let (members, mut located) = ways_pass(source, &ways, &mut items, steps)?;
    for item in &mut items {
        if let Some(way) = outline(&item.body) {
            item.body = Body::Nodes(members.get(&way).cloned().unwrap_or_default());
        }
    }
    let needed = Ids::new(items.iter().flat_map(|i| if let Body::Nodes(refs) = &i.body { refs.as_slice() } else { &[] }).copied().collect());
    fits(needed.len() as u64 * NODE_BYTES, max_memory)?;
    let visit = |block: &mut NodeBlock, object: &Object<'_>| node(block, object, &needed, window);
    let mut near = 0;
    for block in source.again(Kind::Node, visit, &mut |bytes| steps.read(bytes))? {
        items.extend(block.items);
        located.push(block.positions);
        near += block.near;
    }
    let coords = Coords::new(located);
    let mut book = AddressBook::new(streets.iter().flat_map(|(name, members)| members.iter().map(|m| ((m.kind, m.id), name.clone()))).collect());
    for item in items {
        if let Some((point, metres)) = place(&item, &coords) {
            book.add((item.kind, item.id), item.facts, point, metres);
        }
    }
    Ok((book, near))
}

/// The way that stands for a relation: its first outer one.
fn outline(body: &Body) -> Option<i64> {
    let Body::Members(members) = body else { return None };
    members.iter().find(|m| m.kind == Kind::Way && !m.inner).map(|m| m.id)
}

fn relation(block: &mut RelationBlock, object: &Object<'_>) {
    let tags = object.tags();
    if tags.0.is_empty() {
        return;
    }
    if (tags.is("type", "associatedStreet") || tags.is("type", "street"))
        && let Some(name) = tags.first(&["name:fr", "name", "addr:street"])
    {
        block.streets.push((name.to_owned(), object.members()));
    } else if let Some(facts) = facts(&tags) {
        block.items.push(Item { kind: Kind::Relation, id: object.id(), facts, body: Body::Members(object.members()) });
    }
}

type Located = Vec<Vec<(i64, At)>>;

fn ways_pass(source: &Source, wanted: &Ids, items: &mut Vec<Item>, steps: &mut Steps<'_>) -> Result<(HashMap<i64, Vec<i64>>, Located), ReadError> {
    let visit = |block: &mut WayBlock, object: &Object<'_>| {
        let (member, facts) = (wanted.holds(object.id()), facts(&object.tags()));
        if member || facts.is_some() {
            block.located.extend(object.located_refs());
        }
        if member {
            block.members.push((object.id(), object.refs()));
        }
        if let Some(facts) = facts {
            block.items.push(Item { kind: Kind::Way, id: object.id(), facts, body: Body::Nodes(object.refs()) });
        }
    };
    let (mut members, mut located) = (HashMap::new(), Located::new());
    for block in source.again(Kind::Way, visit, &mut |bytes| steps.read(bytes))? {
        items.extend(block.items);
        members.extend(block.members);
        located.push(block.located);
    }
    Ok((members, located))
}

fn node(block: &mut NodeBlock, object: &Object<'_>, needed: &Ids, window: &Bbox) {
    let Some(at) = object.at() else { return };
    let [lon, lat] = at.degrees();
    block.near += u64::from(window.holds(lon, lat));
    if needed.holds(object.id()) {
        block.positions.push((object.id(), at));
    }
    if let Some(facts) = facts(&object.tags()) {
        block.items.push(Item { kind: Kind::Node, id: object.id(), facts, body: Body::At(at) });
    }
}

/// Where an item lies, degrees, and the length of a line, metres: a point inside a surface, the middle of a line.
fn place(item: &Item, coords: &Coords) -> Option<([f64; 2], f64)> {
    let refs = match &item.body {
        Body::At(at) => return Some((at.degrees(), 0.0)),
        Body::Nodes(refs) => refs,
        Body::Members(members) => {
            let node = members.iter().filter(|m| m.kind == Kind::Node).max_by_key(|m| m.label)?;
            return Some((coords.get(node.id)?.degrees(), 0.0));
        }
    };
    let line = coords.line(refs);
    let closed = refs.len() > 3 && refs.first() == refs.last();
    if closed
        && !item.facts.is_line()
        && let Some(point) = if item.facts.poi.is_some() { inside(&polygons(vec![line.clone()])) } else { centre(&line) }
    {
        return Some((point, 0.0));
    }
    middle(&line)
}

/// The middle of a building's corners: not always inside it, but near its address, and a hundred times as quick as looking for a point that is.
fn centre(ring: &[[f64; 2]]) -> Option<[f64; 2]> {
    let corners = ring.get(1..)?;
    let n = corners.len() as f64;
    (n > 0.0).then(|| [corners.iter().map(|c| c[0]).sum::<f64>() / n, corners.iter().map(|c| c[1]).sum::<f64>() / n])
}
