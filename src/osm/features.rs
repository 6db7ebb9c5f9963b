//! The features of a file for the base map: nodes, lines and areas with their tags and positions, block by block on all cores.
//!
//! Only positions, the ways of multipolygons and the coastline are kept in memory; everything else is shown once and forgotten.

use super::blocks::{At, Kind, Member, Object, Source};
use super::coords::{Coords, Ids};
use super::error::ReadError;
use super::objects::closed;
use super::read::fits;
use super::rings::{assemble, polygons};
use super::tags::{OwnTags, Tags};
use geo::{Area, LineString, MultiPolygon, Polygon};
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

/// Passes over the file.
pub(super) const PASSES: u64 = 4;
/// Relations that are assembled before their features are handed on.
const RELATIONS_AT_ONCE: usize = 64;

/// Something to draw.
#[derive(Debug)]
pub struct Feature<'a> {
    /// Number of the object; unique together with the kind of shape, nearly always.
    pub id: i64,
    /// Its tags.
    pub tags: &'a Tags<'a>,
    /// Its positions, degrees.
    pub shape: Shape,
}

/// Where a feature is, degrees.
#[derive(Debug)]
pub enum Shape {
    /// A node.
    Point([f64; 2]),
    /// A way.
    Line(Vec<[f64; 2]>),
    /// A closed way or a multipolygon; outer rings counter-clockwise.
    Area(MultiPolygon<f64>),
}

/// As what an object would be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// A node as a point.
    pub point: bool,
    /// A way as a line.
    pub line: bool,
    /// A closed way or a multipolygon as an area.
    pub area: bool,
}

/// Who takes the features.
pub trait Sink: Sync {
    /// What comes of one block.
    type Block: Default + Send;

    /// Whether and as what an object of these tags is drawn.
    fn wants(&self, tags: &Tags<'_>) -> Wanted;

    /// One feature; `shared` tells where its areas touch others.
    fn take(&self, block: &mut Self::Block, feature: &Feature<'_>, shared: &Shared);

    /// A block is done.
    fn done(&self, block: Self::Block);
}

/// How many lines and rings go through a position, to find where two polygons begin to share their edge.
#[derive(Debug)]
pub struct Shared(Vec<AtomicU8>);

impl Shared {
    /// For so many positions.
    pub fn new(positions: usize) -> Self {
        let slots = (positions * 2).next_power_of_two().max(1024);
        Self(std::iter::repeat_with(AtomicU8::default).take(slots).collect())
    }

    /// Counts by a hash of the position: where two fall together there is an anchor too many, which costs a point and harms nothing.
    fn slot(&self, at: At) -> &AtomicU8 {
        let mixed = (at.lon as u32 as u64) << 32 | u64::from(at.lat as u32);
        let hash = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        &self.0[(hash >> 20) as usize & (self.0.len() - 1)]
    }

    /// Counts one more line or ring through a position in degrees.
    pub fn count(&self, [lon, lat]: [f64; 2]) {
        self.add(At { lon: grid(lon), lat: grid(lat) });
    }

    fn add(&self, at: At) {
        let _ = self.slot(at).fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_add(1));
    }

    /// Lines and rings through a position in degrees.
    pub fn of(&self, [lon, lat]: [f64; 2]) -> u8 {
        self.slot(At { lon: grid(lon), lat: grid(lat) }).load(Ordering::Relaxed)
    }
}

/// Degrees on OpenStreetMap's grid of 1e-7.
fn grid(degrees: f64) -> i32 {
    (degrees * 1e7).round() as i32
}

/// What the base map needs besides features.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Ways of the coastline, degrees: land on the left.
    pub coast: Vec<Vec<[f64; 2]>>,
    /// Multipolygons of which a ring does not close.
    pub open: u64,
}

/// A relation that is an area, or whose ways are boundaries.
struct Relation {
    id: i64,
    tags: OwnTags,
    members: Vec<i64>,
}

/// Shows every wanted feature of a checked file to `sink`.
///
/// # Errors
/// [`ReadError`] when positions would take more than `max_memory` bytes or the file has changed since it was checked.
pub(super) fn features<S: Sink>(source: &Source, sink: &S, max_memory: u64, progress: &mut dyn FnMut(u64)) -> Result<Outcome, ReadError> {
    let (areas, levels) = relations(source, sink, progress)?;
    let members = Ids::new(areas.iter().flat_map(|r| r.members.iter().copied()).collect());
    let coords = positions(source, max_memory, progress)?;
    let shared = Shared::new(coords.len());
    points(source, sink, &shared, progress)?;
    let (ways, coast) = kept_ways(source, sink, &members, &coords, &shared, progress)?;
    let visit = |block: &mut S::Block, object: &Object<'_>| way(block, object, sink, &levels, &coords, &shared);
    source.stream(Kind::Way, visit, |block| sink.done(block), progress)?;
    let open = assemble_areas(&areas, &ways, &coords, &shared, sink);
    let coast = coast.iter().map(|refs| coords.line(refs)).collect();
    Ok(Outcome { coast, open })
}

/// Multipolygons and boundaries that are drawn, and the lowest administrative level of each way of a boundary.
type Relations = (Vec<Relation>, HashMap<i64, u8>);

fn relations(source: &Source, sink: &impl Sink, progress: &mut dyn FnMut(u64)) -> Result<Relations, ReadError> {
    let visit = |block: &mut (Vec<Relation>, Vec<(i64, u8)>), object: &Object<'_>| {
        let tags = object.tags();
        let kind = tags.get("type");
        if !matches!(kind, Some("multipolygon" | "boundary")) {
            return;
        }
        let ways = || object.members().iter().filter(|m| m.kind == Kind::Way).map(|m: &Member| m.id).collect::<Vec<_>>();
        if tags.is("boundary", "administrative")
            && let Some(level) = tags.get("admin_level").and_then(|l| l.parse().ok())
        {
            block.1.extend(ways().into_iter().map(|way| (way, level)));
        }
        if sink.wants(&tags).area {
            block.0.push(Relation { id: object.id(), tags: tags.own(), members: ways() });
        }
    };
    let mut areas = Vec::new();
    let mut levels: HashMap<i64, u8> = HashMap::new();
    for (block, found) in source.again(Kind::Relation, visit, progress)? {
        areas.extend(block);
        for (way, level) in found {
            levels.entry(way).and_modify(|known| *known = level.min(*known)).or_insert(level);
        }
    }
    // Of a relation given twice the last counts, as for ways and nodes.
    areas.reverse();
    areas.sort_by_key(|r: &Relation| r.id);
    areas.dedup_by_key(|r| r.id);
    Ok((areas, levels))
}

fn positions(source: &Source, max_memory: u64, progress: &mut dyn FnMut(u64)) -> Result<Coords, ReadError> {
    fits(source.nodes() * super::read::NODE_BYTES, max_memory)?;
    let nodes = source.again(Kind::Node, |block: &mut Vec<(i64, At)>, object| block.extend(object.at().map(|at| (object.id(), at))), progress)?;
    let mut coords = Coords::new(nodes);
    // A file whose ways bring their positions along may have no node at all.
    if coords.len() == 0 {
        let visit = |block: &mut Vec<(i64, At)>, object: &Object<'_>| block.extend(object.located_refs());
        let more = source.again(Kind::Way, visit, &mut |_| {})?;
        coords = Coords::new(more);
    }
    Ok(coords)
}

fn points<S: Sink>(source: &Source, sink: &S, shared: &Shared, progress: &mut dyn FnMut(u64)) -> Result<(), ReadError> {
    let visit = |block: &mut S::Block, object: &Object<'_>| {
        if !object.has_tags() {
            return;
        }
        let (Some(at), tags) = (object.at(), object.tags()) else { return };
        if sink.wants(&tags).point {
            sink.take(block, &Feature { id: object.id(), tags: &tags, shape: Shape::Point(at.degrees()) }, shared);
        }
    };
    source.stream(Kind::Node, visit, |block| sink.done(block), progress)
}

/// Nodes of the ways that multipolygons hold, and of the coastline; counts on the way who shares positions.
type Kept = (HashMap<i64, Vec<i64>>, Vec<Vec<i64>>);
/// The same of one block.
type KeptBlock = (Vec<(i64, Vec<i64>)>, Vec<Vec<i64>>);

fn kept_ways(
    source: &Source,
    sink: &impl Sink,
    members: &Ids,
    coords: &Coords,
    shared: &Shared,
    progress: &mut dyn FnMut(u64),
) -> Result<Kept, ReadError> {
    let visit = |block: &mut KeptBlock, object: &Object<'_>| {
        let tags = object.tags();
        let member = members.holds(object.id());
        let coast = tags.is("natural", "coastline");
        let refs = object.refs();
        if member || (is_closed(&refs) && sink.wants(&tags).area) {
            let ring = if is_closed(&refs) { &refs[1..] } else { &refs[..] };
            let mut hint = 0;
            ring.iter().filter_map(|id| coords.near(*id, &mut hint)).for_each(|at| shared.add(at));
        }
        if coast {
            block.1.push(refs.clone());
        }
        if member {
            block.0.push((object.id(), refs));
        }
    };
    let (mut ways, mut coast) = (HashMap::new(), Vec::new());
    for (kept, lines) in source.again(Kind::Way, visit, progress)? {
        ways.extend(kept);
        coast.extend(lines);
    }
    Ok((ways, coast))
}

fn is_closed(refs: &[i64]) -> bool {
    refs.len() >= 4 && refs.first() == refs.last()
}

fn way<S: Sink>(block: &mut S::Block, object: &Object<'_>, sink: &S, levels: &HashMap<i64, u8>, coords: &Coords, shared: &Shared) {
    let mut tags = object.tags();
    if let Some(level) = levels.get(&object.id()) {
        tags.set("boundary", Some("administrative".into()));
        tags.set("admin_level", Some(level.to_string()));
    }
    let wanted = sink.wants(&tags);
    if !wanted.line && !wanted.area {
        return;
    }
    let refs = object.refs();
    let mut hint = 0;
    let line: Vec<[f64; 2]> = refs.iter().filter_map(|id| coords.near(*id, &mut hint)).map(At::degrees).collect();
    if line.len() < 2 {
        return;
    }
    let area = wanted.area && is_closed(&refs) && !tags.is("area", "no");
    if wanted.line {
        let shape = Shape::Line(line.clone());
        sink.take(block, &Feature { id: object.id(), tags: &tags, shape }, shared);
    }
    if area {
        let shape = Shape::Area(simple_area(line));
        sink.take(block, &Feature { id: object.id(), tags: &tags, shape }, shared);
    }
}

/// The area of one closed way, wound counter-clockwise; empty when nothing is enclosed.
fn simple_area(line: Vec<[f64; 2]>) -> MultiPolygon<f64> {
    let mut polygon = Polygon::new(LineString::from(line), Vec::new());
    let area = polygon.signed_area();
    if area < 0.0 {
        polygon.exterior_mut(|ring| ring.0.reverse());
    }
    MultiPolygon(if area == 0.0 { Vec::new() } else { vec![polygon] })
}

fn assemble_areas<S: Sink>(areas: &[Relation], ways: &HashMap<i64, Vec<i64>>, coords: &Coords, shared: &Shared, sink: &S) -> u64 {
    let next = Mutex::new(areas.chunks(RELATIONS_AT_ONCE));
    let open = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..super::blocks::threads() {
            scope.spawn(|| {
                while let Some(chunk) = next.lock().ok().and_then(|mut chunks| chunks.next()) {
                    let mut block = S::Block::default();
                    for relation in chunk {
                        let refs: Vec<&[i64]> = relation.members.iter().filter_map(|id| ways.get(id)).map(Vec::as_slice).collect();
                        let rings = assemble(&refs, |id| coords.get(id).map(At::degrees));
                        open.fetch_add(u64::from(rings.open), Ordering::Relaxed);
                        let area = polygons(rings.rings.iter().map(|ring| closed(coords.line(ring))).collect());
                        if !area.0.is_empty() {
                            sink.take(&mut block, &Feature { id: relation.id, tags: &relation.tags, shape: Shape::Area(area) }, shared);
                        }
                    }
                    sink.done(block);
                }
            });
        }
    });
    open.into_inner()
}
