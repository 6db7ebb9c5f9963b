//! What moderators decide about the cases that imports leave, through the journal like any edit of theirs.

use super::edits::{new_edit, submit};
use crate::journal::{Beside, Journal, Request, now};
use crate::model::edit::{Ack, Edit, EditKind, Outcome, SubjectKind};
use crate::model::{Fields, Lang};
use crate::store::{Case, CaseKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a moderator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The value here stays.
    Here,
    /// The value of the source is taken.
    Source,
    /// The actor has closed.
    Close,
    /// The actor is there.
    Stay,
}

impl Decision {
    fn word(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Source => "source",
            Self::Close => "close",
            Self::Stay => "stay",
        }
    }
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// It is done.
    Done,
    /// There is no such case, or it is settled already.
    Gone,
    /// The decision does not fit this kind of case.
    Unfit,
    /// The value here has changed since it was shown: the case stays, with the new one.
    MovedOn(Value),
    /// The journal refused the edit.
    Refused(Box<Ack>),
}

/// Settles a case for somebody who may.
///
/// # Errors
/// When the journal or the database refuses.
pub async fn decide(journal: &Journal, case: &Case, decision: Decision, by: Uuid, lang: Lang) -> anyhow::Result<Settled> {
    let (field, value) = match (case.kind, decision) {
        (CaseKind::Conflict, Decision::Here | Decision::Source) => (case.field.as_deref().unwrap_or(""), case.source.clone()),
        (CaseKind::Closing, Decision::Close | Decision::Stay) => ("status", json!("closed")),
        _ => return Ok(Settled::Unfit),
    };
    let mut tx = journal.store.read().await?;
    let Some(actor) = tx.actor(case.actor).await? else { return Ok(Settled::Gone) };
    drop(tx);
    let here = actor.doc.fields.get(field).cloned().unwrap_or(Value::Null);
    if here != case.here {
        return moved_on(journal, case, here).await;
    }
    if matches!(decision, Decision::Here | Decision::Stay) {
        let mut tx = journal.store.write().await?;
        let settled = tx.settle_case(case.id, decision.word(), Some(by), now()).await?;
        tx.commit().await?;
        return Ok(if settled { Settled::Done } else { Settled::Gone });
    }
    let edit = new_edit(SubjectKind::Actor, case.actor, EditKind::Set, Fields::from([(field.to_owned(), value)]));
    let edit = Edit { base: BTreeMap::from([(field.to_owned(), Some(actor.doc.version_of(field)))]), ..edit };
    let beside = Beside::Settles { case: case.id, decision: decision.word() };
    let acks = submit(journal, vec![Request { beside, ..Request::by(by, lang, edit) }]).await?;
    let Some(ack) = acks.into_iter().next() else { return Ok(Settled::Gone) };
    match ack.result {
        Outcome::Applied | Outcome::Same => Ok(Settled::Done),
        Outcome::Refused => Ok(Settled::Refused(Box::new(ack))),
        Outcome::Conflict => {
            let mut tx = journal.store.read().await?;
            let actor = tx.actor(case.actor).await?;
            drop(tx);
            let here = actor.and_then(|a| a.doc.fields.get(field).cloned()).unwrap_or(Value::Null);
            moved_on(journal, case, here).await
        }
    }
}

/// Shows the new value in the case from now on.
async fn moved_on(journal: &Journal, case: &Case, here: Value) -> anyhow::Result<Settled> {
    let mut tx = journal.store.write().await?;
    tx.show_case(case.id, &here).await?;
    tx.commit().await?;
    Ok(Settled::MovedOn(here))
}
