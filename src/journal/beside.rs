//! What is written beside an edit, in its transaction: what an import leaves of an object, or a moderator's decision.

use super::batch::Batch;
use super::core::Request;
use crate::model::edit::{Ack, Edit, FieldResult, Outcome};
use crate::store::{self, Action, Case, CaseKind, FrozenFile, ItemField, Note, SELECTION, What, broken};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// What goes with an edit.
#[derive(Debug, Clone, Default)]
pub enum Beside {
    /// Nothing.
    #[default]
    Nothing,
    /// The edit undoes something of this séance, and is written down under it.
    Within(Uuid),
    /// The files of a work that the edit freezes, or that an erasure draws again.
    Files(Arc<[FrozenFile]>),
    /// An actor is erased, and the files of the frozen works that held it are drawn again.
    Redrawn(Arc<[Redrawn]>),
    /// What an import run leaves of the object.
    Note(Box<Note>),
    /// A case of the moderators' queue is settled by this edit.
    Settles {
        /// The case.
        case: Uuid,
        /// `source` or `close`.
        decision: &'static str,
    },
}

/// The files of a frozen work, drawn again without an actor.
#[derive(Debug, Clone)]
pub struct Redrawn {
    /// The work.
    pub work: Uuid,
    /// Hash of the selection that they were drawn from.
    pub drawn_from: String,
    /// All of them.
    pub files: Vec<FrozenFile>,
}

/// Whether the files that go with an edit are no longer those to write: an actor was taken off the map after the position that they show, or
/// another erasure has drawn the same work again. Written all the same, they would bring somebody back.
pub(super) async fn is_late(batch: &mut Batch, request: &Request) -> store::Result<bool> {
    match &request.beside {
        Beside::Files(_) => match frozen_at(&request.edit) {
            Some(seq) => batch.taken_off_since(seq).await,
            None => Ok(false),
        },
        Beside::Redrawn(works) => {
            for redrawn in works.iter() {
                if batch.tx.work_file_hash(redrawn.work, SELECTION).await?.as_deref() != Some(&redrawn.drawn_from) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => Ok(false),
    }
}

/// The position that an edit freezes a work at.
fn frozen_at(edit: &Edit) -> Option<i64> {
    edit.set.get("frozen").and_then(Value::as_str)?.split_once(':')?.1.parse().ok()
}

/// Writes it, unless the edit was refused or met a subject that was taken away.
pub(super) async fn write(batch: &mut Batch, request: &Request, ack: &Ack, home: Uuid, at: i64) -> store::Result<()> {
    let gone = ack.deleted && ack.result == Outcome::Conflict;
    match &request.beside {
        _ if gone || ack.result == Outcome::Refused => Ok(()),
        Beside::Nothing | Beside::Within(_) => Ok(()),
        Beside::Note(note) => batch.put_note(&with_clashes(note, ack, home, at), at).await,
        Beside::Files(_) if ack.result == Outcome::Conflict || broken("half-frozen") => Ok(()),
        Beside::Files(files) => batch.tx.put_work_files(request.edit.subject.id, files).await,
        Beside::Redrawn(_) if ack.result == Outcome::Conflict && !ack.deleted => Ok(()),
        Beside::Redrawn(works) => {
            for redrawn in works.iter() {
                batch.tx.put_work_files(redrawn.work, &redrawn.files).await?;
            }
            Ok(())
        }
        Beside::Settles { .. } if ack.result == Outcome::Conflict => Ok(()),
        Beside::Settles { case, decision } => batch.tx.settle_case(*case, decision, request.author.identity(), at).await.map(|_| ()),
    }
}

/// A field that somebody changed between the plan and the writing is a case like any other: nothing was overwritten.
fn with_clashes(note: &Note, ack: &Ack, home: Uuid, at: i64) -> Note {
    let mut note = note.clone();
    let (Some(actor), Some(origin)) = (note.item.actor, note.origin.clone()) else { return note };
    for (name, result) in &ack.fields {
        let FieldResult::Conflict { mine, theirs, .. } = result else { continue };
        let last = note.before.as_ref().and_then(|b| b.values.get(name)).cloned().unwrap_or(Value::Null);
        let source = origin.values.get(name).cloned().unwrap_or_else(|| mine.clone());
        let changed = ItemField { field: name.clone(), last: last.clone(), source: source.clone(), here: theirs.clone(), what: What::Conflict };
        note.item.fields.retain(|f| f.field != *name);
        note.item.fields.push(changed);
        note.item.action = Action::Conflict;
        note.cases.push(Case {
            id: case_id(note.run, actor, name),
            kind: CaseKind::Conflict,
            territory: home,
            actor,
            field: Some(name.clone()),
            reference: origin.reference.clone(),
            last,
            here: theirs.clone(),
            source,
            run: note.run,
            at,
            decision: None,
        });
    }
    note
}

/// One case per run, actor and field.
pub fn case_id(run: Uuid, actor: Uuid, field: &str) -> Uuid {
    Uuid::new_v5(&run, format!("{actor}/{field}").as_bytes())
}
