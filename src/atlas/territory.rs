//! One territory with what lies on its map: points, pyramid, totals, and the stamps that tell when a tile changed.

use super::category::{self, CONFIRMED, THEME_COUNT};
use super::pyramid::Pyramid;
use super::spots::{Spot, Spots};
use crate::geo::world::tile_number;
use crate::geo::{Bbox, Shape, TileId, World};
use crate::model::text::fold;
use crate::model::{Territory, taxonomy};
use geo::{Area, CoordsIter, InteriorPoint, MultiPolygon, Simplify};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Tiles deeper than this share the stamp of their ancestor of this zoom.
const STAMP_ZOOM: u8 = 13;

/// What a territory says of itself.
#[derive(Debug, Clone)]
pub struct TerritoryInfo {
    /// Id.
    pub id: Uuid,
    /// Address of its pages.
    pub slug: Box<str>,
    /// Name as written on the map.
    pub name: Box<str>,
    /// One of `model::field::TERRITORY_KINDS`.
    pub kind: Box<str>,
    /// INSEE code or the like.
    pub code: Option<Box<str>>,
    /// Inhabitants.
    pub population: Option<u64>,
    /// What its import warned of.
    pub warning: Option<Box<str>>,
    /// GeoJSON geometry as text, degrees: for drawing, so that a long one is simplified. What it covers is told by the whole shape.
    pub boundary: Option<Arc<str>>,
    /// The box around its boundary, or around its points when it has none; degrees.
    pub bbox: Option<Bbox>,
    /// How many actors of which theme and state it holds.
    pub totals: Totals,
}

/// How many actors, exactly. An actor of two themes counts once in `actors` and in both themes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// All of them.
    pub actors: u64,
    /// Those that nobody confirmed yet.
    pub to_check: u64,
    /// Per theme code, themes without an actor left out.
    pub themes: BTreeMap<&'static str, u64>,
}

/// Totals while they are being counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    actors: u64,
    to_check: u64,
    themes: [u64; THEME_COUNT],
}

impl Tally {
    /// Counts some actors of one class.
    pub(super) fn add(&mut self, class: u16, count: u64) {
        self.actors += count;
        if class & CONFIRMED == 0 {
            self.to_check += count;
        }
        category::each_theme(class, |i| self.themes[i] += count);
    }

    pub(super) fn totals(&self) -> Totals {
        let themes = taxonomy().themes.iter().map(|t| t.code.as_str()).zip(self.themes);
        Totals { actors: self.actors, to_check: self.to_check, themes: themes.filter(|(_, n)| *n > 0).collect() }
    }
}

/// A territory read from the journal's state, before it is put in; the slow part is done outside the atlas's lock.
#[derive(Debug)]
pub(super) struct TerritoryDraft {
    pub(super) info: TerritoryInfo,
    pub(super) shape: Option<Shape>,
    inside: Inside,
    pub(super) deleted: bool,
}

/// A point inside the shape, degrees, and the shape's area in square degrees.
type Inside = Option<([f64; 2], f64)>;

impl TerritoryDraft {
    pub(super) fn new(territory: &Territory) -> Self {
        let shape = territory.boundary().and_then(Shape::from_geojson);
        let text = |field: &str| Some(territory.doc.text(field)).filter(|t| !t.is_empty()).map(Box::from);
        let info = TerritoryInfo {
            id: territory.id,
            slug: territory.slug().into(),
            name: territory.name().into(),
            kind: territory.kind().into(),
            code: text("code"),
            population: territory.doc.fields.get("population").and_then(Value::as_u64),
            warning: text("warning"),
            boundary: shape.as_ref().zip(territory.boundary()).map(|(shape, whole)| outline(shape, whole)),
            bbox: shape.as_ref().map(|s| s.bbox),
            totals: Totals::default(),
        };
        let inside = shape.as_ref().and_then(|s| Some((s.polygons().interior_point()?.into(), s.polygons().unsigned_area())));
        Self { info, shape, inside, deleted: territory.doc.deleted }
    }
}

/// Boundaries with more positions are simplified for drawing: a région made of its communes has a hundred thousand.
const DRAWN_WHOLE: usize = 4000;

/// The boundary for drawing, as GeoJSON text.
fn outline(shape: &Shape, whole: &Value) -> Arc<str> {
    if shape.polygons().coords_count() <= DRAWN_WHOLE {
        return whole.to_string().into();
    }
    let b = shape.bbox;
    // A pixel or so on a screen that shows all of it.
    let tolerance = (b.east - b.west).max(b.north - b.south) / 3000.0;
    let simple = shape.polygons().simplify(tolerance);
    // An island that simplifying flattened is too small to be seen.
    let drawn = MultiPolygon(simple.into_iter().filter(|p| p.exterior().0.len() >= 4 && p.unsigned_area() > 0.0).collect());
    let geometry = geojson::Geometry::from(&drawn);
    geometry.to_string().into()
}

/// A territory with its map.
#[derive(Debug)]
pub(super) struct TerritoryMap {
    /// The name, for looking it up.
    pub(super) folded: Box<str>,
    /// Without totals; see [`TerritoryMap::info`].
    pub(super) facts: TerritoryInfo,
    pub(super) shape: Option<Shape>,
    inside: Inside,
    pub(super) spots: Spots,
    pub(super) pyramid: Pyramid,
    /// Actors of this territory that have no point on its map, by slot.
    pub(super) nowhere: BTreeSet<u32>,
    classes: BTreeMap<u16, u64>,
    stamps: HashMap<u64, u64>,
    first_stamp: u64,
}

impl TerritoryMap {
    pub(super) fn new(draft: TerritoryDraft, stamp: u64) -> Self {
        Self {
            folded: fold(&draft.info.name).into(),
            facts: draft.info,
            shape: draft.shape,
            inside: draft.inside,
            spots: Spots::default(),
            pyramid: Pyramid::default(),
            nowhere: BTreeSet::new(),
            classes: BTreeMap::new(),
            stamps: HashMap::new(),
            first_stamp: stamp,
        }
    }

    /// Takes another shape, and what it says of itself with it.
    pub(super) fn reshape(&mut self, draft: TerritoryDraft) {
        self.tell(draft.info);
        self.shape = draft.shape;
        self.inside = draft.inside;
    }

    /// Takes what it now says of itself.
    pub(super) fn tell(&mut self, facts: TerritoryInfo) {
        self.folded = fold(&facts.name).into();
        self.facts = facts;
    }

    /// Actors on its list, by slot.
    pub(super) fn members(&self) -> BTreeSet<u32> {
        self.spots.iter().map(|s| s.slot).chain(self.nowhere.iter().copied()).collect()
    }

    /// A point inside it, degrees.
    pub(super) fn inner_point(&self) -> Option<[f64; 2]> {
        self.inside.map(|(point, _)| point)
    }

    /// All points at once, when the atlas is loaded.
    pub(super) fn fill(&mut self, spots: Vec<Spot>) {
        self.spots = Spots::new(spots);
        self.pyramid = Pyramid::new(&self.spots);
    }

    pub(super) fn add_spot(&mut self, spot: Spot) {
        self.spots.insert(spot);
        self.pyramid.add(&self.spots, spot);
    }

    pub(super) fn remove_spot(&mut self, spot: Spot) {
        self.spots.remove(&spot);
        self.pyramid.remove(&self.spots, spot);
    }

    pub(super) fn count(&mut self, class: u16) {
        *self.classes.entry(class).or_default() += 1;
    }

    pub(super) fn uncount(&mut self, class: u16) {
        if let Some(n) = self.classes.get_mut(&class) {
            *n -= 1;
            if *n == 0 {
                self.classes.remove(&class);
            }
        }
    }

    /// How many actors of which class.
    pub(super) fn classes(&self) -> &BTreeMap<u16, u64> {
        &self.classes
    }

    /// Totals over the actors whose class passes.
    pub(super) fn totals(&self, passes: impl Fn(u16) -> bool) -> Totals {
        let mut tally = Tally::default();
        self.classes.iter().filter(|(class, _)| passes(**class)).for_each(|(class, n)| tally.add(*class, *n));
        tally.totals()
    }

    /// What it says of itself, counts included.
    pub(super) fn info(&self) -> TerritoryInfo {
        let mut info = self.facts.clone();
        info.totals = self.totals(|_| true);
        if info.bbox.is_none() && self.spots.len() > 0 {
            let mut bbox = Bbox::EMPTY;
            for spot in self.spots.iter() {
                let [lon, lat] = World::from_code(spot.code).degrees();
                bbox.add(lon, lat);
            }
            info.bbox = Some(bbox);
        }
        info
    }

    /// Whether it lies inside another territory: a point of its inside does, and it is the smaller one.
    pub(super) fn lies_in(&self, other: &Self) -> bool {
        let (Some((point, area)), Some((_, whole))) = (self.inside, other.inside) else { return false };
        area < whole && other.shape.as_ref().is_some_and(|s| s.covers(point[0], point[1]))
    }

    /// Area of its shape, square degrees.
    pub(super) fn area(&self) -> f64 {
        self.inside.map_or(0.0, |(_, area)| area)
    }

    /// Marks every tile that shows a point as changed.
    pub(super) fn touch(&mut self, code: u64, stamp: u64) {
        for z in 0..=STAMP_ZOOM {
            self.stamps.insert(u64::from(z) << 48 | tile_number(code, z), stamp);
        }
    }

    /// Marks every tile as changed.
    pub(super) fn touch_all(&mut self, stamp: u64) {
        self.stamps.clear();
        self.first_stamp = stamp;
    }

    /// Changes whenever something that the tile shows may have changed.
    pub(super) fn stamp(&self, tile: TileId) -> u64 {
        let z = tile.z.min(STAMP_ZOOM);
        let (first, _) = crate::geo::world::codes(tile);
        self.stamps.get(&(u64::from(z) << 48 | tile_number(first, z))).copied().unwrap_or(self.first_stamp)
    }
}
