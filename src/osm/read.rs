//! The passes over a file. Relations come last in most files and say which ways matter, and those say which nodes matter, so a file is
//! read several times and only needed positions are kept: first what may be an actor or a boundary, then, once the territory is known,
//! the streets and the base map around it.

use super::base::{self, Base, Class, Drawn, RANKS, classify};
use super::blocks::{At, Kind, Member, Object, Source};
use super::coords::{Coords, Ids};
use super::error::ReadError;
use super::fields::fields;
use super::guess::guess;
use super::mapping::mapping;
use super::objects::{Body, Mapped, Nested, Placed, Ways, place, surface, unique};
use super::streets::{self, Mention, Piece};
use super::tags::OwnTags;
use super::territory::{self, Known, Outline, OutlineBody, QUARTIER_PLACES, Territory, admin_level};
use super::{Ask, BoundaryAsk, Counts, Doubt, Extract, Found, Verdict, twins};
use crate::geo::{Bbox, Shape};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Passes over the file, for the progress bar.
const PASSES: u64 = 6;
/// Share of a territory's width and height that the base map shows around it.
const MARGIN: f64 = 0.2;
/// Corners of the base map beyond which its last ranks are not even kept in memory.
const CORNERS_MAX: u64 = 4_000_000;
/// Bytes that one needed node takes at most, while lists are put together and sorted.
const NODE_BYTES: u64 = 48;
/// Relations inside relations are followed so far.
const NESTING_MAX: usize = 4;

/// Reads a file and takes a territory out of it.
///
/// `progress` is told how much of the work is done, in bytes read of bytes to read; it may jump.
///
/// # Errors
/// [`ReadError`] when the file is not sound, would take more memory than allowed, or lacks the boundary asked for.
pub fn extract(path: &Path, ask: &Ask, progress: &mut dyn FnMut(u64, u64)) -> Result<Extract, ReadError> {
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

    let around = Around { source: &source, window: window(&shape.bbox), ways: &ways, coords: &coords, max_memory: ask.max_memory };
    let (base, pieces, mentions, near) = around.read(first.surfaces, &mut counts, &mut steps)?;
    if near == 0 && found.is_empty() && matches!(ask.boundary, Some(BoundaryAsk::Shape { .. } | BoundaryAsk::Bbox(_))) {
        return Err(ReadError::BoundaryElsewhere);
    }
    let streets = streets::streets(pieces, mentions, &boundary, &shape, &quartiers);
    steps.pass(PASSES);
    let data_date = first.newest.and_then(|t| time::OffsetDateTime::from_unix_timestamp(t).ok()).map(|t| t.date().to_string());
    Ok(Extract { boundary, quartiers, found, streets, base, counts, data_date })
}

/// Tells the caller how far the work is.
struct Steps<'a> {
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Steps<'_> {
    fn read(&mut self, bytes: u64) {
        self.done = (self.done + bytes).min(self.total);
        (self.progress)(self.done, self.total);
    }

    /// A pass that skips blocks has done its share all the same.
    fn pass(&mut self, number: u64) {
        self.done = self.done.max(self.total / PASSES * number);
        if number == PASSES {
            self.done = self.total;
        }
        (self.progress)(self.done, self.total);
    }
}

/// A multipolygon of the base map.
struct SurfaceRelation {
    id: i64,
    class: Class,
    members: Vec<Member>,
}

/// What the first pass keeps.
struct First {
    mapped: Vec<Mapped>,
    outlines: Vec<Outline>,
    surfaces: Vec<SurfaceRelation>,
    bbox: Bbox,
    header: Option<Bbox>,
    newest: Option<i64>,
}

/// What the first pass keeps of one block.
struct FirstBlock {
    mapped: Vec<Mapped>,
    outlines: Vec<Outline>,
    surfaces: Vec<SurfaceRelation>,
    bbox: Bbox,
    lost: u64,
}

impl Default for FirstBlock {
    fn default() -> Self {
        Self { mapped: Vec::new(), outlines: Vec::new(), surfaces: Vec::new(), bbox: Bbox::EMPTY, lost: 0 }
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
    let mut first =
        First { mapped: Vec::new(), outlines: Vec::new(), surfaces: Vec::new(), bbox: Bbox::EMPTY, header: header.bbox, newest: header.newest };
    let mut lost = 0;
    for block in blocks {
        first.mapped.extend(block.mapped);
        first.outlines.extend(block.outlines);
        first.surfaces.extend(block.surfaces);
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
    if tags.is("type", "multipolygon")
        && let Some(class) = classify(tags, true).filter(|c| c.surface)
    {
        block.surfaces.push(SurfaceRelation { id: object.id(), class, members: object.members() });
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
    let all = mapped.chain(outlines).chain(first.surfaces.iter().map(|s| &s.members)).chain(nested.values());
    let ids = Ids::new(all.flatten().filter(|m| m.kind == Kind::Way).map(|m| m.id).collect());
    let own = Ids::new(first.mapped.iter().filter(|m| m.kind == Kind::Way).map(|m| m.id).collect());
    let visit = |block: &mut (Vec<(i64, Vec<i64>)>, Vec<(i64, At)>), object: &Object<'_>| {
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

fn fits(needs: u64, allowed: u64) -> Result<(), ReadError> {
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

/// The box that the base map shows.
fn window(territory: &Bbox) -> Bbox {
    let (x, y) = (((territory.east - territory.west) * MARGIN).max(0.002), ((territory.north - territory.south) * MARGIN).max(0.002));
    Bbox {
        west: (territory.west - x).max(-180.0),
        south: (territory.south - y).max(-90.0),
        east: (territory.east + x).min(180.0),
        north: (territory.north + y).min(90.0),
    }
}

/// The passes that look at everything around the territory.
struct Around<'a> {
    source: &'a Source,
    window: Bbox,
    ways: &'a Ways,
    coords: &'a Coords,
    max_memory: u64,
}

/// A way of the base map.
struct BaseWay {
    id: i64,
    class: Class,
    refs: Vec<i64>,
}

/// What one block of ways gives.
#[derive(Default)]
struct WayBlock {
    base: Vec<BaseWay>,
    pieces: Vec<Piece>,
    mentions: Vec<Mention>,
    located: Vec<(i64, At)>,
}

type AroundResult = (Base, Vec<Piece>, Vec<Mention>, usize);

impl Around<'_> {
    /// Base map, pieces of streets, streets that addresses name, and the number of nodes in the window.
    fn read(&self, surfaces: Vec<SurfaceRelation>, counts: &mut Counts, steps: &mut Steps<'_>) -> Result<AroundResult, ReadError> {
        let (near, mut mentions) = self.nodes(steps)?;
        steps.pass(4);
        let (mut ways, pieces, located) = self.ways(&near, &mut mentions, &mut counts.skipped, steps)?;
        steps.pass(5);
        let far = self.far_nodes(&near, &ways, located, steps)?;
        ways.sort_by_key(|w| w.id);
        ways.dedup_by_key(|w| w.id);
        let position = |id: i64| near.get(id).or_else(|| far.get(id)).map(At::degrees);
        let mut drawn: Vec<Drawn> = Vec::with_capacity(ways.len());
        for way in ways {
            let line: Vec<[f64; 2]> = way.refs.iter().filter_map(|id| position(*id)).collect();
            let shape = if way.class.surface { base::Shape::Surface(super::rings::polygons(vec![line])) } else { base::Shape::Line(line) };
            drawn.push(Drawn { class: way.class, kind: Kind::Way, id: way.id, shape });
        }
        let surfaces: BTreeMap<i64, SurfaceRelation> = surfaces.into_iter().map(|s| (s.id, s)).collect();
        for (id, relation) in surfaces {
            let refs = relation.members.iter().filter(|m| m.kind == Kind::Way).filter_map(|m| self.ways.get(&m.id)).map(Vec::as_slice);
            let polygons = surface(&refs.collect::<Vec<_>>(), self.coords);
            drawn.push(Drawn { class: relation.class, kind: Kind::Relation, id, shape: base::Shape::Surface(polygons) });
        }
        let count = near.len();
        Ok((base::build(drawn, &self.window, &mut counts.skipped), pieces, mentions, count))
    }

    fn nodes(&self, steps: &mut Steps<'_>) -> Result<(Coords, Vec<Mention>), ReadError> {
        let kept = AtomicU64::new(0);
        let visit = |block: &mut (Vec<(i64, At)>, Vec<Mention>), object: &Object<'_>| {
            let Some(at) = object.at() else { return };
            let [lon, lat] = at.degrees();
            if self.window.holds(lon, lat) && kept.fetch_add(NODE_BYTES, Ordering::Relaxed) <= self.max_memory {
                block.0.push((object.id(), at));
                block.1.extend(streets::mention(&object.tags(), || Some([lon, lat])));
            }
        };
        let (near, mentions): (Vec<_>, Vec<_>) = self.source.again(Kind::Node, visit, &mut |bytes| steps.read(bytes))?.into_iter().unzip();
        fits(kept.into_inner(), self.max_memory)?;
        Ok((Coords::new(near), mentions.concat()))
    }

    fn ways(
        &self,
        near: &Coords,
        mentions: &mut Vec<Mention>,
        skipped: &mut BTreeMap<String, u64>,
        steps: &mut Steps<'_>,
    ) -> Result<(Vec<BaseWay>, Vec<Piece>, Vec<(i64, At)>), ReadError> {
        let corners: [AtomicU64; RANKS + 1] = Default::default();
        let before = |rank: usize| corners[..=rank].iter().map(|c| c.load(Ordering::Relaxed)).sum::<u64>();
        let visit = |block: &mut WayBlock, object: &Object<'_>| {
            let tags = object.tags();
            if tags.0.is_empty() {
                return;
            }
            let refs = object.refs();
            let located = object.located_refs();
            let at = |id: &i64| near.get(*id).or_else(|| located.iter().find(|(have, _)| have == id).map(|(_, at)| *at)).map(At::degrees);
            if !refs.iter().any(|id| at(id).is_some_and(|[x, y]| self.window.holds(x, y))) {
                return;
            }
            block.mentions.extend(streets::mention(&tags, || refs.iter().find_map(at)));
            if streets::is_street(&tags) {
                let line: Vec<[f64; 2]> = refs.iter().filter_map(at).collect();
                block.pieces.extend(streets::piece(&tags, &line));
            }
            let closed = refs.len() > 3 && refs.first() == refs.last();
            if let Some(class) = classify(&tags, closed) {
                let rank = class.rank(f64::INFINITY);
                corners[rank].fetch_add(refs.len() as u64, Ordering::Relaxed);
                if before(rank) <= CORNERS_MAX {
                    block.located.extend(located);
                    block.base.push(BaseWay { id: object.id(), class, refs });
                }
            }
        };
        let blocks = self.source.again(Kind::Way, visit, &mut |bytes| steps.read(bytes))?;
        let (mut ways, mut pieces, mut located) = (Vec::new(), Vec::new(), Vec::new());
        let mut dropped: HashMap<&str, u64> = HashMap::new();
        for block in blocks {
            // Which ranks go is settled by the final figures, so that it does not depend on which core was faster.
            let (kept, gone): (Vec<_>, Vec<_>) = block.base.into_iter().partition(|w| before(w.class.rank(f64::INFINITY)) <= CORNERS_MAX);
            for way in gone {
                *dropped.entry(way.class.kind).or_default() += 1;
            }
            ways.extend(kept);
            pieces.extend(block.pieces);
            mentions.extend(block.mentions);
            located.extend(block.located);
        }
        for (kind, count) in dropped {
            *skipped.entry(format!("base/{kind}")).or_default() += count;
        }
        Ok((ways, pieces, located))
    }

    /// Positions outside the window of ways that reach into it.
    fn far_nodes(&self, near: &Coords, ways: &[BaseWay], located: Vec<(i64, At)>, steps: &mut Steps<'_>) -> Result<Coords, ReadError> {
        let missing = Ids::new(ways.iter().flat_map(|w| &w.refs).copied().filter(|id| near.get(*id).is_none()).collect());
        let mut lists = vec![located];
        if !missing.is_empty() {
            let visit = |block: &mut Vec<(i64, At)>, object: &Object<'_>| {
                if let (true, Some(at)) = (missing.holds(object.id()), object.at()) {
                    block.push((object.id(), at));
                }
            };
            lists.extend(self.source.again(Kind::Node, visit, &mut |bytes| steps.read(bytes))?);
        }
        Ok(Coords::new(lists))
    }
}
