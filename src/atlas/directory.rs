//! Looking through the territories, of which there may be as many as a country has communes.

use super::{Atlas, TerritoryInfo};
use crate::geo::Bbox;
use crate::model::text::fold;
use geo::MultiPolygon;
use std::cmp::Reverse;
use uuid::Uuid;

/// Which territories are looked for.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// Words of the name, or a code; empty for all.
    pub words: String,
    /// Of these kinds; empty for all.
    pub kinds: Vec<String>,
    /// Inside this one.
    pub inside: Option<Uuid>,
    /// How many of the first ones are passed over.
    pub offset: usize,
    /// How many are told at most.
    pub limit: usize,
}

/// One page of the territories that were looked for.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// The larger kinds first, then by slug; when words are given, names that begin with them first, then the more populous.
    pub page: Vec<TerritoryInfo>,
    /// How many there are in all.
    pub total: usize,
}

/// Kinds from the largest to the smallest.
const KINDS: [&str; 7] = ["country", "region", "departement", "epci", "custom", "commune", "quartier"];

impl Atlas {
    /// One page of the territories that are looked for.
    pub fn directory(&self, ask: &Ask) -> Directory {
        let inner = self.read();
        let words = fold(&ask.words);
        let around = ask.inside.map(|id| inner.find(id));
        let fits = |map: &&super::territory::TerritoryMap| {
            let facts = &map.facts;
            let kind = ask.kinds.is_empty() || ask.kinds.iter().any(|k| **k == *facts.kind);
            let word =
                words.is_empty() || map.folded.contains(&words) || facts.code.as_deref().is_some_and(|c| c.eq_ignore_ascii_case(ask.words.trim()));
            kind && word && around.is_none_or(|around| around.is_some_and(|(_, around)| map.lies_in(around)))
        };
        let mut found: Vec<_> = inner.territories.iter().flatten().filter(fits).collect();
        if words.is_empty() {
            found.sort_by_key(|map| (KINDS.iter().position(|k| **k == *map.facts.kind), &map.facts.slug));
        } else {
            found.sort_by_key(|map| (!map.folded.starts_with(&words), Reverse(map.facts.population), &map.facts.slug));
        }
        let page = found.iter().skip(ask.offset).take(ask.limit).map(|map| map.info()).collect();
        Directory { page, total: found.len() }
    }

    /// The smallest territory that covers a point (degrees) and is no quartier, with its slug; a quartier when there is nothing else.
    pub fn home_at(&self, lon: f64, lat: f64) -> Option<(Uuid, Box<str>)> {
        let inner = self.read();
        let all: Vec<_> = inner.territories_at(lon, lat).into_iter().filter_map(|id| Some(inner.find(id)?.1)).collect();
        let home = all.iter().find(|map| &*map.facts.kind != "quartier").or(all.first())?;
        Some((home.facts.id, home.facts.slug.clone()))
    }

    /// What all territories say of themselves, in any order and without their totals: for looking through all of a country's communes.
    pub fn facts(&self) -> Vec<TerritoryInfo> {
        self.read().territories.iter().flatten().map(|map| map.facts.clone()).collect()
    }

    /// The shapes of all territories, degrees, with what they say of themselves.
    pub fn shapes(&self) -> Vec<(TerritoryInfo, MultiPolygon<f64>)> {
        let inner = self.read();
        inner.territories.iter().flatten().filter_map(|map| Some((map.facts.clone(), map.shape.as_ref()?.polygons().clone()))).collect()
    }

    /// The territories with a shape that lie in no other.
    pub fn outermost(&self) -> Vec<Uuid> {
        let inner = self.read();
        let alone = inner.territories.iter().flatten().filter(|map| {
            let around = map.inner_point().map(|[lon, lat]| inner.territories_at(lon, lat)).unwrap_or_default();
            map.shape.is_some() && !around.iter().any(|id| inner.find(*id).is_some_and(|(_, other)| map.lies_in(other)))
        });
        alone.map(|map| map.facts.id).collect()
    }

    /// The box around a territory's shape, degrees.
    pub fn shape_bbox(&self, id: Uuid) -> Option<Bbox> {
        Some(self.read().find(id)?.1.shape.as_ref()?.bbox)
    }

    /// All territories, by slug.
    pub fn territories(&self) -> Vec<TerritoryInfo> {
        sorted(self.read().territories.iter().flatten().map(|map| map.info()).collect())
    }

    /// The territories inside one, by slug: those of a kind, or all.
    pub fn territories_in(&self, parent: Uuid, kind: Option<&str>) -> Vec<TerritoryInfo> {
        let inner = self.read();
        let Some((_, parent)) = inner.find(parent) else { return Vec::new() };
        let Some(shape) = &parent.shape else { return Vec::new() };
        let children = inner.meeting(shape.bbox).filter(|map| kind.is_none_or(|k| *map.facts.kind == *k) && map.lies_in(parent));
        sorted(children.map(|map| map.info()).collect())
    }

    /// A territory and those around it, smallest first.
    pub fn territories_around(&self, child: Uuid) -> Vec<Uuid> {
        let inner = self.read();
        let Some((_, child)) = inner.find(child) else { return Vec::new() };
        let around = child.inner_point().map(|[lon, lat]| inner.territories_at(lon, lat)).unwrap_or_default();
        let larger = around.into_iter().filter(|id| inner.find(*id).is_some_and(|(_, map)| child.lies_in(map)));
        std::iter::once(child.facts.id).chain(larger).collect()
    }
}

fn sorted(mut territories: Vec<TerritoryInfo>) -> Vec<TerritoryInfo> {
    territories.sort_by(|a, b| a.slug.cmp(&b.slug));
    territories
}
