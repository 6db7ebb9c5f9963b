//! Edits as imports write them, and the way to the journal.

use crate::journal::{Journal, Request};
use crate::model::Fields;
use crate::model::edit::{Ack, Edit, EditKind, FieldResult, Subject, SubjectKind};
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Edits that share one transaction, so that citizens' edits come in between.
pub(super) const BATCH: usize = 500;

pub(super) fn new_edit(kind: SubjectKind, id: Uuid, what: EditKind, set: Fields) -> Edit {
    Edit {
        id: Uuid::now_v7(),
        subject: Subject { kind, id },
        kind: what,
        territory: None,
        set,
        base: BTreeMap::new(),
        reverts: None,
        group: None,
        candidate: None,
        seance: None,
    }
}

pub(super) fn with_base(edit: Edit, base: &BTreeMap<String, crate::model::Version>) -> Edit {
    Edit { base: base.iter().map(|(f, v)| (f.clone(), Some(*v))).collect(), ..edit }
}

/// Writes edits, and waits until the atlas holds them: the next ones look there.
pub(super) async fn submit(journal: &Journal, requests: Vec<Request>) -> anyhow::Result<Vec<Ack>> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let acks = journal.writer.write(requests).await?;
    if let Some(seq) = acks.iter().filter_map(|a| a.seq).max() {
        journal.follower.reach(seq).await;
    }
    Ok(acks)
}

/// What an answer says.
pub(super) fn sentence(ack: &Ack) -> String {
    let of_field = ack.fields.values().find_map(|f| match f {
        FieldResult::Refused { message, .. } => Some(message.clone()),
        _ => None,
    });
    of_field.or_else(|| ack.message.clone()).unwrap_or_else(|| json!(ack.result).to_string())
}
