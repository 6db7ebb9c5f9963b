//! Which territories cover a point: the shapes of all territories, behind an R-tree of their boxes.

use crate::geo::Shape;
use crate::model::{Actor, Territory};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use uuid::Uuid;

/// The shapes of all territories as of one journal number.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    /// The newest number that touched a territory.
    pub(super) seq: i64,
    shapes: Vec<(Uuid, Shape)>,
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

impl Shapes {
    pub(super) fn new(territories: &[Territory], seq: i64) -> Self {
        let read = |t: &Territory| Some((t.id, Shape::from_geojson(t.boundary()?)?));
        let shapes: Vec<(Uuid, Shape)> = territories.iter().filter(|t| !t.doc.deleted).filter_map(read).collect();
        let boxes = shapes.iter().enumerate().map(|(i, (_, s))| {
            let b = s.bbox;
            GeomWithData::new(Rectangle::from_corners([b.west, b.south], [b.east, b.north]), i)
        });
        let boxes = RTree::bulk_load(boxes.collect());
        Self { seq, shapes, boxes }
    }

    /// The territories that cover one of the points (degrees), sorted.
    pub(super) fn covering(&self, points: impl Iterator<Item = [f64; 2]>) -> Vec<Uuid> {
        let mut found: Vec<Uuid> = Vec::new();
        for [lon, lat] in points {
            let near = self.boxes.locate_in_envelope_intersecting(AABB::from_point([lon, lat]));
            found.extend(near.map(|b| &self.shapes[b.data]).filter(|(_, s)| s.covers(lon, lat)).map(|(id, _)| *id));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(super) fn of_actor(&self, actor: &Actor) -> Vec<Uuid> {
        self.covering(actor.places().into_iter().filter_map(|p| p.point))
    }
}
