//! Which territories cover a point: the shapes of all territories, behind an R-tree of their boxes.

use crate::geo::{Bbox, Shape};
use crate::model::{Actor, Territory};
use crate::store::{self, Tx};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use std::collections::HashMap;
use uuid::Uuid;

/// Territories read at once.
const READ_AT_ONCE: i64 = 2000;

type Boxed = GeomWithData<Rectangle<[f64; 2]>, Uuid>;

/// The shapes of all territories as of one journal number.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    /// The newest number that touched a territory.
    pub(super) seq: i64,
    shapes: HashMap<Uuid, Shape>,
    boxes: RTree<Boxed>,
}

impl Shapes {
    /// Reads all shapes from the store, as of the journal number `seq`.
    pub(super) async fn read(tx: &mut Tx, seq: i64) -> store::Result<Self> {
        let mut shapes = HashMap::new();
        let mut last = String::new();
        loop {
            let page = tx.territories_after(&last, READ_AT_ONCE).await?;
            let Some(end) = page.last() else { break };
            last = end.slug().to_owned();
            let shape = |t: &Territory| Some((t.id, Shape::from_geojson(t.boundary()?)?));
            shapes.extend(page.iter().filter(|t| !t.doc.deleted).filter_map(shape));
        }
        let boxes = RTree::bulk_load(shapes.iter().map(|(id, shape)| boxed(*id, shape.bbox)).collect());
        Ok(Self { seq, shapes, boxes })
    }

    /// Puts a territory's new state in. Gives the box in which memberships may have changed; none when its shape is the same.
    pub(super) fn put(&mut self, territory: &Territory) -> Option<Bbox> {
        self.seq = territory.doc.version.seq;
        let new = territory.boundary().filter(|_| !territory.doc.deleted).and_then(Shape::from_geojson);
        let old = self.shapes.remove(&territory.id);
        let same = old == new;
        let mut area = Bbox::EMPTY;
        if let Some(old) = old {
            self.boxes.remove(&boxed(territory.id, old.bbox));
            area.add(old.bbox.west, old.bbox.south);
            area.add(old.bbox.east, old.bbox.north);
        }
        if let Some(new) = new {
            self.boxes.insert(boxed(territory.id, new.bbox));
            area.add(new.bbox.west, new.bbox.south);
            area.add(new.bbox.east, new.bbox.north);
            self.shapes.insert(territory.id, new);
        }
        (!same && !area.is_empty()).then_some(area)
    }

    /// Whether a territory covers a point (degrees); none when it has no boundary.
    pub(super) fn covers(&self, territory: Uuid, lon: f64, lat: f64) -> Option<bool> {
        self.shapes.get(&territory).map(|s| s.covers(lon, lat))
    }

    /// The territories that cover one of the points (degrees), sorted.
    pub(super) fn covering(&self, points: impl Iterator<Item = [f64; 2]>) -> Vec<Uuid> {
        let mut found: Vec<Uuid> = Vec::new();
        for [lon, lat] in points {
            let near = self.boxes.locate_in_envelope_intersecting(AABB::from_point([lon, lat]));
            found.extend(near.map(|b| b.data).filter(|id| self.shapes.get(id).is_some_and(|s| s.covers(lon, lat))));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(super) fn of_actor(&self, actor: &Actor) -> Vec<Uuid> {
        self.covering(actor.places().into_iter().filter_map(|p| p.point))
    }
}

/// Boxes, asked together whether one of them holds a point.
#[derive(Debug)]
pub(super) struct Areas(RTree<Rectangle<[f64; 2]>>);

impl Areas {
    pub(super) fn new(boxes: &[Bbox]) -> Self {
        Self(RTree::bulk_load(boxes.iter().map(|b| Rectangle::from_corners([b.west, b.south], [b.east, b.north])).collect()))
    }

    pub(super) fn hold(&self, lon: f64, lat: f64) -> bool {
        self.0.locate_in_envelope_intersecting(AABB::from_point([lon, lat])).next().is_some()
    }
}

fn boxed(id: Uuid, b: Bbox) -> Boxed {
    GeomWithData::new(Rectangle::from_corners([b.west, b.south], [b.east, b.north]), id)
}
