//! The passes around a territory, once it is known: the simple base map.

use super::base::{self, Base, Class, Drawn, RANKS, classify};
use super::blocks::{At, Kind, Member, Object, Source};
use super::coords::{Coords, Ids};
use super::error::ReadError;
use super::objects::{Ways, surface};
use super::read::{NODE_BYTES, Steps, fits};
use super::rings::polygons;
use crate::geo::Bbox;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

/// Share of a territory's width and height that the base map shows around it.
const MARGIN: f64 = 0.2;
/// Corners of the base map beyond which its last ranks are not even kept in memory.
const CORNERS_MAX: u64 = 4_000_000;

/// The box that the base map shows.
pub(super) fn window(territory: &Bbox) -> Bbox {
    let (x, y) = (((territory.east - territory.west) * MARGIN).max(0.002), ((territory.north - territory.south) * MARGIN).max(0.002));
    Bbox {
        west: (territory.west - x).max(-180.0),
        south: (territory.south - y).max(-90.0),
        east: (territory.east + x).min(180.0),
        north: (territory.north + y).min(90.0),
    }
}

/// A multipolygon of the base map.
pub(super) struct SurfaceRelation {
    pub(super) id: i64,
    pub(super) class: Class,
    pub(super) members: Vec<Member>,
}

/// The passes that look at everything around the territory.
pub(super) struct Around<'a> {
    pub(super) source: &'a Source,
    pub(super) window: Bbox,
    pub(super) ways: &'a Ways,
    pub(super) coords: &'a Coords,
    pub(super) max_memory: u64,
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
    located: Vec<(i64, At)>,
}

/// What stands around a territory.
pub(super) struct Surroundings {
    pub(super) base: Base,
    /// Nodes in the window.
    pub(super) nodes: usize,
}

/// What the pass over ways gives: those of the base map, positions that ways bring along.
type WayPass = (Vec<BaseWay>, Vec<(i64, At)>);

impl Around<'_> {
    /// Reads nodes, then ways, then the nodes that those need from farther away; `skipped` counts what the base map left out.
    pub(super) fn read(
        &self,
        surfaces: Vec<SurfaceRelation>,
        skipped: &mut BTreeMap<String, u64>,
        steps: &mut Steps<'_>,
    ) -> Result<Surroundings, ReadError> {
        let near = self.nodes(steps)?;
        steps.pass(4);
        let (mut ways, located) = self.ways(&near, skipped, steps)?;
        steps.pass(5);
        let far = self.far_nodes(&near, &ways, located, steps)?;
        ways.sort_by_key(|w| w.id);
        ways.dedup_by_key(|w| w.id);
        let position = |id: i64| near.get(id).or_else(|| far.get(id)).map(At::degrees);
        let mut drawn: Vec<Drawn> = Vec::with_capacity(ways.len());
        for way in ways {
            let line: Vec<[f64; 2]> = way.refs.iter().filter_map(|id| position(*id)).collect();
            let shape = if way.class.surface { base::Shape::Surface(polygons(vec![line])) } else { base::Shape::Line(line) };
            drawn.push(Drawn { class: way.class, kind: Kind::Way, id: way.id, shape });
        }
        let surfaces: BTreeMap<i64, SurfaceRelation> = surfaces.into_iter().map(|s| (s.id, s)).collect();
        for (id, relation) in surfaces {
            let refs = relation.members.iter().filter(|m| m.kind == Kind::Way).filter_map(|m| self.ways.get(&m.id)).map(Vec::as_slice);
            let area = surface(&refs.collect::<Vec<_>>(), self.coords);
            drawn.push(Drawn { class: relation.class, kind: Kind::Relation, id, shape: base::Shape::Surface(area) });
        }
        Ok(Surroundings { base: base::build(drawn, &self.window, skipped), nodes: near.len() })
    }

    fn nodes(&self, steps: &mut Steps<'_>) -> Result<Coords, ReadError> {
        let kept = AtomicU64::new(0);
        let visit = |block: &mut Vec<(i64, At)>, object: &Object<'_>| {
            let Some(at) = object.at() else { return };
            let [lon, lat] = at.degrees();
            if self.window.holds(lon, lat) && kept.fetch_add(NODE_BYTES, Ordering::Relaxed) <= self.max_memory {
                block.push((object.id(), at));
            }
        };
        let near = self.source.again(Kind::Node, visit, &mut |bytes| steps.read(bytes))?;
        fits(kept.into_inner(), self.max_memory)?;
        Ok(Coords::new(near))
    }

    fn ways(&self, near: &Coords, skipped: &mut BTreeMap<String, u64>, steps: &mut Steps<'_>) -> Result<WayPass, ReadError> {
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
        let (mut ways, mut located) = (Vec::new(), Vec::new());
        let mut dropped: HashMap<&str, u64> = HashMap::new();
        for block in blocks {
            // Which ranks go is settled by the final figures, so that it does not depend on which core was faster.
            let (kept, gone): (Vec<_>, Vec<_>) = block.base.into_iter().partition(|w| before(w.class.rank(f64::INFINITY)) <= CORNERS_MAX);
            for way in gone {
                *dropped.entry(way.class.kind).or_default() += 1;
            }
            ways.extend(kept);
            located.extend(block.located);
        }
        for (kind, count) in dropped {
            *skipped.entry(format!("base/{kind}")).or_default() += count;
        }
        Ok((ways, located))
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
