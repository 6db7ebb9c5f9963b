//! The subject of an edit as it is under the lock, whatever its kind.

use super::batch::Batch;
use crate::model::edit::{Edit, EditKind, SubjectKind};
use crate::model::seance::cell_id;
use crate::model::work::named_report;
use crate::model::{Actor, Cell, Doc, Seance, Territory, Work};
use crate::store;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// A subject; none inside when there is none yet.
pub(super) enum Loaded {
    Actor(Option<Arc<Actor>>),
    Territory(Option<Box<Territory>>),
    Seance(Option<Box<Seance>>),
    /// With the séance that it belongs to, or would.
    Cell(Option<Box<Cell>>, Option<Uuid>),
    Work(Option<Box<Work>>),
}

impl Loaded {
    pub(super) async fn read(batch: &mut Batch, edit: &Edit) -> store::Result<Self> {
        let id = edit.subject.id;
        Ok(match edit.subject.kind {
            SubjectKind::Actor => Self::Actor(batch.actor(id).await?),
            SubjectKind::Territory => Self::Territory(batch.tx.territory(id).await?.map(Box::new)),
            SubjectKind::Seance => Self::Seance(batch.tx.seance(id).await?.map(Box::new)),
            SubjectKind::Cell => {
                let cell = batch.tx.cell(id).await?.map(Box::new);
                let seance = cell.as_ref().map(|c| c.seance).or_else(|| named(edit));
                Self::Cell(cell, seance)
            }
            SubjectKind::Figure | SubjectKind::Report | SubjectKind::Block | SubjectKind::Device => {
                let work = batch.tx.work(id).await?;
                Self::Work(work.filter(|w| w.kind == edit.subject.kind).map(Box::new))
            }
        })
    }

    pub(super) fn doc(&self) -> Option<&Doc> {
        match self {
            Self::Actor(a) => a.as_ref().map(|a| &a.doc),
            Self::Territory(t) => t.as_ref().map(|t| &t.doc),
            Self::Seance(s) => s.as_ref().map(|s| &s.doc),
            Self::Cell(c, _) => c.as_ref().map(|c| &c.doc),
            Self::Work(w) => w.as_ref().map(|w| &w.doc),
        }
    }

    pub(super) fn actor(&self) -> Option<&Actor> {
        match self {
            Self::Actor(a) => a.as_deref(),
            _ => None,
        }
    }

    pub(super) fn work(&self) -> Option<&Work> {
        match self {
            Self::Work(w) => w.as_deref(),
            _ => None,
        }
    }

    /// The séance of a piece of its area.
    pub(super) fn seance(&self) -> Option<Uuid> {
        match self {
            Self::Cell(_, seance) => *seance,
            _ => None,
        }
    }

    pub(super) fn territories(&self) -> &[Uuid] {
        self.actor().map_or(&[], |a| &a.territories)
    }

    pub(super) fn created_at(&self) -> Option<i64> {
        match self {
            Self::Actor(a) => a.as_ref().map(|a| a.created_at),
            Self::Seance(s) => s.as_ref().map(|s| s.created_at),
            Self::Work(w) => w.as_ref().map(|w| w.created_at),
            Self::Territory(_) | Self::Cell(..) => None,
        }
    }

    /// Whether it is a block of a frozen report, which shows one state for ever.
    pub(super) async fn in_ice(&self, batch: &mut Batch, edit: &Edit) -> store::Result<bool> {
        let report = match self {
            Self::Work(w) if edit.subject.kind == SubjectKind::Block => w.as_ref().map_or_else(|| named_report(edit), |w| w.parent),
            _ => None,
        };
        let Some(report) = report else { return Ok(false) };
        Ok(batch.tx.work(report).await?.is_some_and(|w| w.is_frozen()))
    }

    /// The home territory: kept from creation; none when a new subject names no territory, or a piece no séance, that exists.
    pub(super) async fn home(&self, batch: &mut Batch, edit: &Edit) -> store::Result<Option<Uuid>> {
        match (self, edit.kind) {
            (Self::Territory(_), _) => Ok(Some(edit.subject.id)),
            (Self::Actor(Some(a)), _) => Ok(Some(a.home)),
            (Self::Seance(Some(s)), _) => Ok(Some(s.home)),
            (Self::Cell(_, Some(seance)), _) => Ok(batch.ground(*seance).await?.map(|g| g.seance.home)),
            (Self::Work(Some(w)), _) => Ok(Some(w.home)),
            (Self::Work(None), EditKind::Create) if edit.subject.kind == SubjectKind::Block => {
                let Some(report) = named_report(edit) else { return Ok(None) };
                Ok(batch.tx.work(report).await?.filter(|w| w.kind == SubjectKind::Report && !w.doc.deleted).map(|w| w.home))
            }
            (Self::Actor(None) | Self::Seance(None) | Self::Work(None), EditKind::Create) => {
                let Some(slug) = &edit.territory else { return Ok(None) };
                batch.territory_id(slug).await
            }
            (Self::Cell(..), EditKind::Create) => Ok(None),
            _ => Ok(Some(Uuid::nil())),
        }
    }
}

/// The séance that a new piece names, if the id is made from it and the key.
fn named(edit: &Edit) -> Option<Uuid> {
    let text = |field: &str| edit.set.get(field).and_then(Value::as_str);
    let seance = Uuid::parse_str(text("seance")?).ok()?;
    (edit.kind == EditKind::Create && cell_id(seance, text("key")?) == edit.subject.id).then_some(seance)
}
