//! Writing as a participant of a séance: who takes part, whether it is open, and whether the subject lies in its area. Asked under the lock for
//! each edit, so that a right that ended is gone at once.

use super::batch::Batch;
use super::beside::Beside;
use super::core::{Author, Request};
use super::membership::Shapes;
use crate::geo::Shape;
use crate::model::field::place_part;
use crate::model::rights::{NOT_A_PARTICIPANT, OUTSIDE_AREA, Refusal, SEANCE_OVER};
use crate::model::seance::SeanceState;
use crate::model::{Actor, Doc, Seance, SubjectKind};
use crate::store;
use serde_json::Value;
use uuid::Uuid;

/// A séance with its area, ready to be asked about points.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) seance: Seance,
    area: Option<Shape>,
}

impl Ground {
    pub(super) fn new(seance: Seance) -> Self {
        let area = seance.area().and_then(Shape::from_geojson);
        Self { seance, area }
    }

    /// Whether it covers a point; without an area of its own it is the territory, and a territory without a boundary is everywhere.
    fn covers(&self, shapes: &Shapes, [lon, lat]: [f64; 2]) -> bool {
        match &self.area {
            Some(area) => area.covers(lon, lat),
            None => shapes.covers(self.seance.home, lon, lat).unwrap_or(true),
        }
    }
}

/// The séance that an edit is written down under: the one it names, and for a piece of an area always its own.
pub(super) fn seance_of(request: &Request, own: Option<Uuid>) -> Option<Uuid> {
    if let Beside::Within(seance) = request.beside {
        return Some(seance);
    }
    match request.edit.subject.kind {
        SubjectKind::Actor => request.edit.seance,
        SubjectKind::Cell => own,
        _ => None,
    }
}

/// Whether the author takes part in a séance that is open now.
pub(super) async fn takes_part(batch: &mut Batch, author: Author, seance: Uuid, at: i64) -> store::Result<bool> {
    Ok(standing(batch, author, seance, at).await?.is_none())
}

/// Why somebody may not write as a participant of a séance; none when they may.
async fn standing(batch: &mut Batch, author: Author, seance: Uuid, at: i64) -> store::Result<Option<Refusal>> {
    let (Author::Identity(id), Some(ground)) = (author, batch.ground(seance).await?) else { return Ok(Some(NOT_A_PARTICIPANT)) };
    let Some(participant) = batch.participant(seance, id).await? else { return Ok(Some(NOT_A_PARTICIPANT)) };
    if ground.seance.state(at) != SeanceState::Open {
        return Ok(Some(SEANCE_OVER));
    }
    Ok(participant.revoked_at.map(|_| NOT_A_PARTICIPANT))
}

/// Why an edit that names a séance is refused; none when it names none or may be written. `own` is the séance of a piece of an area.
pub(super) async fn refusal(
    batch: &mut Batch,
    shapes: &Shapes,
    request: &Request,
    actor: Option<&Actor>,
    own: Option<Uuid>,
    at: i64,
) -> store::Result<Option<Refusal>> {
    let Some(named) = request.edit.seance else { return Ok(None) };
    let not = standing(batch, request.author, named, at).await?;
    let Some(ground) = batch.ground(named).await?.filter(|_| not.is_none()) else { return Ok(not) };
    let inside = match request.edit.subject.kind {
        SubjectKind::Cell => own == Some(named),
        SubjectKind::Actor => lies_in(&ground, shapes, batch, request, actor).await?,
        _ => false,
    };
    Ok((!inside).then_some(OUTSIDE_AREA))
}

/// Whether an actor lies in the area and goes on lying there. One without a point is allowed, if its home is the séance's.
async fn lies_in(ground: &Ground, shapes: &Shapes, batch: &mut Batch, request: &Request, actor: Option<&Actor>) -> store::Result<bool> {
    let sent: Vec<[f64; 2]> = request.edit.set.iter().filter_map(|(field, value)| point(field, value)).collect();
    let held = actor.map(|a| points(&a.doc)).unwrap_or_default();
    let good = |p: &[f64; 2]| ground.covers(shapes, *p);
    if held.is_empty() && sent.is_empty() {
        let home = match (actor, &request.edit.territory) {
            (Some(actor), _) => Some(actor.home),
            (None, Some(slug)) => batch.territory_id(slug).await?,
            (None, None) => None,
        };
        return Ok(home.is_none_or(|home| home == ground.seance.home));
    }
    Ok((held.is_empty() || held.iter().any(good)) && sent.iter().all(good))
}

fn points(doc: &Doc) -> Vec<[f64; 2]> {
    doc.fields.iter().filter_map(|(field, value)| point(field, value)).collect()
}

fn point(field: &str, value: &Value) -> Option<[f64; 2]> {
    place_part(field).filter(|(_, part)| *part == "position")?;
    Some([value.get("lon")?.as_f64()?, value.get("lat")?.as_f64()?])
}
