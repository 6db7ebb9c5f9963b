//! The passes over a file. Relations come last in most files and say which ways matter, and those say which nodes matter, so a file is
//! read several times and only needed positions are kept: first what may be an actor or a boundary, then, once the territory is known,
//! the base map around it and the addresses of the whole file.

use super::address_book::Commune;
use super::addresses;
use super::blocks::{At, Kind, Member, Object, Source};
use super::coords::{Coords, Ids};
use super::error::ReadError;
use super::features::{self, Outcome, Sink};
use super::fields::fields;
use super::guess::guess;
use super::mapping::mapping;
use super::objects::{Body, Mapped, Nested, Placed, Ways, place, unique};
use super::tags::OwnTags;
use super::territory::{self, Known, Outline, OutlineBody, QUARTIER_PLACES, Territory, admin_level};
use super::{Ask, Boundary, BoundaryAsk, Counts, Doubt, Extract, Found, Verdict, twins};
use crate::geo::{Bbox, Shape};
use std::path::Path;

/// Passes over the file, for the progress bar.
const PASSES: u64 = 7;
/// Bytes that one needed node takes at most, while lists are put together and sorted.
pub(super) const NODE_BYTES: u64 = 48;
/// A file that has no node in a territory's box, grown by this share of its size and at least so many degrees, is about somewhere else.
const MARGIN: (f64, f64) = (0.2, 0.002);
/// Relations inside relations are followed so far.
const NESTING_MAX: usize = 4;

/// Reads a file and takes a territory out of it.
///
/// `progress` is told how much of the work is done, in bytes read of bytes to read; it may jump.
///
/// # Errors
/// [`ReadError`] when the file is not sound, would take more memory than allowed, or lacks the boundary asked for.
pub fn extract(path: &Path, ask: &Ask, progress: &mut dyn FnMut(u64, u64)) -> Result<(Extract, Checked), ReadError> {
    let mut source = Source::open(path)?;
    let total = source.length * PASSES;
    let mut steps = Steps { done: 0, total, progress };
    let mut counts = Counts::default();

    let mut first = first_pass(&mut source, ask, &mut counts, &mut steps)?;
    steps.pass(1);
    let nested = nested_relations(&source, &first.mapped, &mut steps)?;
    let (ways, located) = needed_ways(&source, &mut first, &nested, &mut steps)?;
    steps.pass(2);
    let coords = needed_nodes(&source, &first, &nested, &ways, located, ask, &mut steps)?;
    steps.pass(3);

    let mapped = unique(first.mapped);
    counts.mapped = mapped.len() as u64;
    let placed: Vec<(Mapped, Placed)> = mapped
        .into_iter()
        .filter_map(|m| {
            let placed = place(&m.body, &ways, &nested, &coords);
            if placed.is_none() {
                *counts.skipped.entry("no_position".into()).or_default() += 1;
            }
            Some((m, placed?))
        })
        .collect();

    let territories: Vec<Territory> = outlines(first.outlines).into_iter().map(|o| Territory::new(o, &ways, &coords)).collect();
    let points: Vec<[f64; 2]> = placed.iter().map(|(_, p)| p.point).collect();
    let file_name = file_name(path);
    let known = Known { territories: &territories, points: &points, bbox: file_box(first.header, first.bbox)?, file_name: &file_name };
    let (boundary, shape) = territory::choose(ask.boundary.as_ref(), &known)?;
    let quartiers = territory::nested(&boundary, &shape, &territories);
    let found = judge(placed, &shape, &mut counts);

    steps.pass(4);
    let (book, near) = addresses::read(&source, &shape.bbox.grown(MARGIN.0, MARGIN.1), ask.max_memory, &mut steps)?;
    if near == 0 && found.is_empty() && matches!(ask.boundary, Some(BoundaryAsk::Shape { .. } | BoundaryAsk::Bbox(_))) {
        return Err(ReadError::BoundaryElsewhere);
    }
    let addresses = book.finish(&communes(&boundary, &quartiers, &territories), shape.bbox.center(), &mut counts.skipped);
    steps.pass(PASSES);
    let data_date = first.newest.and_then(|t| time::OffsetDateTime::from_unix_timestamp(t).ok()).map(|t| t.date().to_string());
    Ok((Extract { boundary, quartiers, found, addresses, counts, data_date }, Checked(source)))
}

/// A file whose every block was found sound, ready to be read again.
pub struct Checked(Source);

impl Checked {
    /// Shows everything that is to be drawn to `sink`; see [`features`](super::features).
    ///
    /// # Errors
    /// [`ReadError`] when it takes more than `max_memory` bytes, or the file has changed.
    pub fn features(&self, sink: &impl Sink, max_memory: u64, progress: &mut dyn FnMut(u64)) -> Result<Outcome, ReadError> {
        features::features(&self.0, sink, max_memory, progress)
    }

    /// Bytes that [`Checked::features`] reads, for its progress.
    pub fn feature_bytes(&self) -> u64 {
        self.0.length * features::PASSES
    }
}

/// Every commune whose ring closes in the file: the territory or those inside it, then its neighbours.
fn communes(boundary: &Boundary, nested: &[Boundary], territories: &[Territory]) -> Vec<Commune> {
    let postcode = |b: &Boundary| territories.iter().find(|t| Some(t.osm()) == b.osm).and_then(Territory::postcode);
    let mut own: Vec<Boundary> = std::iter::once(boundary).chain(nested).filter(|b| b.kind == "commune").cloned().collect();
    let neighbours: Vec<Boundary> = territories.iter().filter_map(Territory::as_commune).filter(|b| own.iter().all(|o| o.osm != b.osm)).collect();
    own.extend(neighbours);
    own.iter().filter_map(|b| Commune::new(b, postcode(b))).collect()
}

/// Tells the caller how far the work is.
pub(super) struct Steps<'a> {
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Steps<'_> {
    pub(super) fn read(&mut self, bytes: u64) {
        self.done = (self.done + bytes).min(self.total);
        (self.progress)(self.done, self.total);
    }

    /// A pass that skips blocks has done its share all the same.
    pub(super) fn pass(&mut self, number: u64) {
        self.done = self.done.max(self.total / PASSES * number);
        if number == PASSES {
            self.done = self.total;
        }
        (self.progress)(self.done, self.total);
    }
}

/// What the first pass keeps.
struct First {
    mapped: Vec<Mapped>,
    outlines: Vec<Outline>,
    bbox: Bbox,
    header: Option<Bbox>,
    newest: Option<i64>,
}

/// What the first pass keeps of one block.
struct FirstBlock {
    mapped: Vec<Mapped>,
    outlines: Vec<Outline>,
    bbox: Bbox,
    lost: u64,
}

impl Default for FirstBlock {
    fn default() -> Self {
        Self { mapped: Vec::new(), outlines: Vec::new(), bbox: Bbox::EMPTY, lost: 0 }
    }
}

fn first_pass(source: &mut Source, ask: &Ask, counts: &mut Counts, steps: &mut Steps<'_>) -> Result<First, ReadError> {
    let visit = |block: &mut FirstBlock, object: &Object<'_>| {
        let at = object.at();
        if object.kind() == Kind::Node {
            match at {
                Some(at) => {
                    let [lon, lat] = at.degrees();
                    block.bbox.add(lon, lat);
                }
                None => block.lost += 1,
            }
        }
        for (_, at) in object.located_refs() {
            let [lon, lat] = at.degrees();
            block.bbox.add(lon, lat);
        }
        let mut tags = object.tags();
        if tags.0.is_empty() {
            return;
        }
        if object.kind() == Kind::Relation {
            first_relation(block, object, &tags.own());
        }
        if object.kind() == Kind::Way && is_quartier(&tags.own()) {
            block.outlines.push(outline(object, tags.own(), OutlineBody::Nodes(object.refs())));
        }
        if let Some(rule) = mapping().find(&mut tags) {
            let body = match object.kind() {
                Kind::Node => Body::Node(at),
                Kind::Way => Body::Way(object.refs()),
                Kind::Relation => Body::Relation(object.members()),
            };
            block.mapped.push(Mapped { kind: object.kind(), id: object.id(), version: object.version(), tags: tags.own(), rule, body });
        }
    };
    let (blocks, holds, header) = source.check(ask.max_memory, visit, &mut |bytes| steps.read(bytes))?;
    (counts.nodes, counts.ways, counts.relations) = (holds.nodes, holds.ways, holds.relations);
    let mut first = First { mapped: Vec::new(), outlines: Vec::new(), bbox: Bbox::EMPTY, header: header.bbox, newest: header.newest };
    let mut lost = 0;
    for block in blocks {
        first.mapped.extend(block.mapped);
        first.outlines.extend(block.outlines);
        lost += block.lost;
        if !block.bbox.is_empty() {
            first.bbox.add(block.bbox.west, block.bbox.south);
            first.bbox.add(block.bbox.east, block.bbox.north);
        }
    }
    if lost > 0 {
        counts.skipped.insert("bad_coordinates".into(), lost);
    }
    Ok(first)
}

fn first_relation(block: &mut FirstBlock, object: &Object<'_>, tags: &OwnTags) {
    if admin_level(tags).is_some() || is_quartier(tags) {
        block.outlines.push(outline(object, tags.clone(), OutlineBody::Members(object.members())));
    }
}

fn is_quartier(tags: &OwnTags) -> bool {
    tags.get("place").is_some_and(|p| QUARTIER_PLACES.contains(&p)) && tags.name().is_some() && admin_level(tags).is_none()
}

fn outline(object: &Object<'_>, tags: OwnTags, body: OutlineBody) -> Outline {
    Outline { kind: object.kind(), id: object.id(), version: object.version(), tags, body }
}

/// One outline per type and number, like [`unique`].
fn outlines(mut all: Vec<Outline>) -> Vec<Outline> {
    all.sort_by_key(|o| (o.kind, o.id, o.version));
    all.reverse();
    all.dedup_by_key(|o| (o.kind, o.id));
    all.reverse();
    all
}

/// Members of the relations that mapped relations hold.
fn nested_relations(source: &Source, mapped: &[Mapped], steps: &mut Steps<'_>) -> Result<Nested, ReadError> {
    let mut nested = Nested::new();
    let inner = |members: &[Member]| members.iter().filter(|m| m.kind == Kind::Relation).map(|m| m.id).collect::<Vec<_>>();
    let tops = mapped.iter().filter_map(|m| if let Body::Relation(members) = &m.body { Some(inner(members)) } else { None });
    let mut wanted = Ids::new(tops.flatten().collect());
    for _ in 0..NESTING_MAX {
        if wanted.is_empty() {
            break;
        }
        let visit = |block: &mut Vec<(i64, Vec<Member>)>, object: &Object<'_>| {
            if wanted.holds(object.id()) {
                block.push((object.id(), object.members()));
            }
        };
        let fresh: Vec<_> = source.again(Kind::Relation, visit, &mut |bytes| steps.read(bytes))?.into_iter().flatten().collect();
        let next = fresh.iter().flat_map(|(_, members)| inner(members)).collect::<Vec<_>>();
        nested.extend(fresh);
        wanted = Ids::new(next.into_iter().filter(|id| !nested.contains_key(id)).collect());
    }
    Ok(nested)
}

type Located = Vec<Vec<(i64, At)>>;

/// The nodes of every way that a kept relation needs, and positions that ways bring along.
fn needed_ways(source: &Source, first: &mut First, nested: &Nested, steps: &mut Steps<'_>) -> Result<(Ways, Located), ReadError> {
    let mapped = first.mapped.iter().filter_map(|m| if let Body::Relation(members) = &m.body { Some(members) } else { None });
    let outlines = first.outlines.iter().filter_map(|o| if let OutlineBody::Members(members) = &o.body { Some(members) } else { None });
    let all = mapped.chain(outlines).chain(nested.values());
    let ids = Ids::new(all.flatten().filter(|m| m.kind == Kind::Way).map(|m| m.id).collect());
    let own = Ids::new(first.mapped.iter().filter(|m| m.kind == Kind::Way).map(|m| m.id).collect());
    type Block = (Vec<(i64, Vec<i64>)>, Vec<(i64, At)>);
    let visit = |block: &mut Block, object: &Object<'_>| {
        let member = ids.holds(object.id());
        if member {
            block.0.push((object.id(), object.refs()));
        }
        if member || own.holds(object.id()) {
            block.1.extend(object.located_refs());
        }
    };
    let (mut ways, mut located) = (Ways::new(), Located::new());
    for (block, places) in source.again(Kind::Way, visit, &mut |bytes| steps.read(bytes))? {
        ways.extend(block);
        located.push(places);
    }
    Ok((ways, located))
}

/// Positions of every node that a mapped object or a kept relation needs.
fn needed_nodes(
    source: &Source,
    first: &First,
    nested: &Nested,
    ways: &Ways,
    located: Located,
    ask: &Ask,
    steps: &mut Steps<'_>,
) -> Result<Coords, ReadError> {
    let mut ids: Vec<i64> = ways.values().flatten().copied().collect();
    let nodes = |members: &[Member]| members.iter().filter(|m| m.kind == Kind::Node).map(|m| m.id).collect::<Vec<_>>();
    for mapped in &first.mapped {
        match &mapped.body {
            Body::Node(_) => {}
            Body::Way(refs) => ids.extend(refs),
            Body::Relation(members) => ids.extend(nodes(members)),
        }
    }
    ids.extend(nested.values().flat_map(|members| nodes(members)));
    ids.extend(first.outlines.iter().flat_map(|o| if let OutlineBody::Nodes(refs) = &o.body { refs.as_slice() } else { &[] }));
    let ids = Ids::new(ids);
    fits(ids.len() as u64 * NODE_BYTES, ask.max_memory)?;
    let visit = |block: &mut Vec<(i64, At)>, object: &Object<'_>| {
        if let (true, Some(at)) = (ids.holds(object.id()), object.at()) {
            block.push((object.id(), at));
        }
    };
    let mut lists = located;
    lists.extend(source.again(Kind::Node, visit, &mut |bytes| steps.read(bytes))?);
    Ok(Coords::new(lists))
}

/// Refuses to take more memory than allowed, bytes.
pub(super) fn fits(needs: u64, allowed: u64) -> Result<(), ReadError> {
    if needs > allowed { Err(ReadError::TooBig { needs: needs >> 20, allowed: allowed >> 20 }) } else { Ok(()) }
}

/// The box of the file: what its header says, as far as there are nodes.
fn file_box(header: Option<Bbox>, nodes: Bbox) -> Result<Bbox, ReadError> {
    if nodes.is_empty() {
        return Err(ReadError::NoPosition);
    }
    let Some(header) = header else { return Ok(nodes) };
    let common = Bbox {
        west: header.west.max(nodes.west),
        south: header.south.max(nodes.south),
        east: header.east.min(nodes.east),
        north: header.north.min(nodes.north),
    };
    Ok(if common.west > common.east || common.south > common.north { nodes } else { common })
}

/// A territory's name from a file's: `pont-de-veyle-2021-10.osm.pbf` → `Pont-de-veyle`.
fn file_name(path: &Path) -> String {
    let stem = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
    let stem = stem.strip_suffix(".pbf").unwrap_or(stem);
    let mut stem = stem.strip_suffix(".osm").unwrap_or(stem);
    while let Some((head, tail)) = stem.rsplit_once(['-', '_', '.']) {
        if head.is_empty() || !(tail == "latest" || tail.bytes().all(|b| b.is_ascii_digit())) {
            break;
        }
        stem = head;
    }
    let mut letters = stem.chars();
    let name: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).take(120).collect();
    let name = crate::model::text::clean(&name, false);
    if name.is_empty() { "Territoire".into() } else { name }
}

/// Sorts the mapped objects of the territory into actors and candidates.
fn judge(placed: Vec<(Mapped, Placed)>, shape: &Shape, counts: &mut Counts) -> Vec<Found> {
    let (mut found, mut kinds, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (mapped, placed) in placed {
        let [lon, lat] = placed.point;
        if !shape.covers(lon, lat) {
            counts.outside += 1;
            continue;
        }
        let category = mapped.rule.category.as_deref().or_else(|| guess(&mapped.tags));
        let fields = fields(&mapped.tags, category, placed.point, &mut counts.skipped);
        let verdict = if !fields.contains_key("name") {
            Verdict::Candidate(Doubt::Unnamed)
        } else if category.is_none() {
            Verdict::Candidate(Doubt::ToClassify)
        } else if mapped.rule.default_on {
            Verdict::Publish
        } else {
            Verdict::Candidate(Doubt::OffByDefault)
        };
        found.push(Found {
            osm: format!("{}/{}", mapped.kind.as_str(), mapped.id),
            version: mapped.version,
            fields,
            category: category.map(str::to_owned),
            verdict,
            rule: mapped.rule.label.clone(),
            twin_of: None,
        });
        kinds.push(mapped.kind);
        places.push(placed);
    }
    twins::mark(&mut found, &kinds, &places);
    found
}
