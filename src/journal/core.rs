//! Deciding about an edit: rights, then the merge rule. No IO: the writer, and later the live hub's simulator, bring what it must know.

use super::beside::Beside;
use crate::model::edit::{Ack, Edit, EditKind, Entry, FieldResult, Outcome};
use crate::model::merge::{Context, FieldFate, Merged, merge};
use crate::model::rights::{Deed, Role, may};
use crate::model::text::clean;
use crate::model::work::breaks_the_ice;
use crate::model::{Doc, Fields, Lang, SubjectKind, Version, label};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Who sends an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Somebody known by a device or an invitation.
    Identity(Uuid),
    /// The installation itself: an import or a command. It may do everything.
    System,
}

impl Author {
    /// The identity, if it is somebody.
    pub fn identity(self) -> Option<Uuid> {
        match self {
            Self::Identity(id) => Some(id),
            Self::System => None,
        }
    }
}

/// An edit on its way to the journal.
#[derive(Debug, Clone)]
pub struct Request {
    /// The edit as sent.
    pub edit: Edit,
    /// Who sends it.
    pub author: Author,
    /// `osm` for an import.
    pub source: Option<&'static str>,
    /// Language of the sentences in the answer.
    pub lang: Lang,
    /// The import run that it belongs to.
    pub run: Option<Uuid>,
    /// What is written with it.
    pub beside: Beside,
}

impl Request {
    /// An edit sent by somebody.
    pub fn by(identity: Uuid, lang: Lang, edit: Edit) -> Self {
        Self { edit, author: Author::Identity(identity), source: None, lang, run: None, beside: Beside::Nothing }
    }

    /// An edit by the installation itself, from a source.
    pub fn from_source(source: &'static str, run: Option<Uuid>, edit: Edit) -> Self {
        Self { edit, author: Author::System, source: Some(source), lang: Lang::Fr, run, beside: Beside::Nothing }
    }

    /// Hash of the author and the edit: the same id with another hash is a mistake of the client, and is said so.
    pub fn payload_hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.author.identity().unwrap_or_default().as_bytes());
        hash.update(serde_json::to_vec(&self.edit).unwrap_or_default());
        format!("{:x}", hash.finalize())
    }
}

/// What the writer has looked up about an edit's subject, under the head lock.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// The subject as it is.
    pub doc: Option<&'a Doc>,
    /// The author's role for this subject.
    pub role: Role,
    /// Who made the subject, if it is a work.
    pub maker: Option<Uuid>,
    /// The subject is a block of a frozen report.
    pub in_ice: bool,
    /// The author takes part in the open séance that the subject, a piece of its area, belongs to.
    pub participant: bool,
    /// The number the edit gets if something applies.
    pub next: Version,
    /// UTC, milliseconds since 1970.
    pub at: i64,
    /// For a long text whose base is stale: the text at that base.
    pub base_texts: &'a BTreeMap<String, String>,
    /// For a revert: the entry it undoes.
    pub undone: Option<&'a Entry>,
}

/// A value that was not written, to be kept beside the one that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Id given to the client.
    pub id: Uuid,
    /// Which field.
    pub field: String,
    /// The value sent.
    pub mine: Value,
    /// The value that stands.
    pub theirs: Value,
}

/// What to write and what to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The answer, to be given after the commit.
    pub ack: Ack,
    /// The new state and what changed; its `doc` is none when nothing applied.
    pub merged: Option<Merged>,
    /// Conflicts to keep.
    pub conflicts: Vec<Kept>,
}

/// Decides about one edit.
pub fn decide(request: &Request, known: &Known<'_>) -> Decision {
    if let Some(refused) = refusal(request, known) {
        return Decision { ack: refused, merged: None, conflicts: Vec::new() };
    }
    let context = Context {
        next: known.next,
        at: known.at,
        author: request.author.identity(),
        source: request.source,
        lang: request.lang,
        base_texts: known.base_texts,
        undone: known.undone,
    };
    let merged = merge(known.doc, &request.edit, &context);
    answer(request, known, merged)
}

/// Rights, and edits that point at nothing.
fn refusal(request: &Request, known: &Known<'_>) -> Option<Ack> {
    let edit = &request.edit;
    let refuse = |code: &str, fr: &str, en: &str| {
        let message = if request.lang == Lang::Fr { fr } else { en };
        Some(Ack::refused(edit.id, known.next.epoch, code, message.into()))
    };
    let own = known.undone.is_some_and(|e| e.author.is_some() && e.author == request.author.identity());
    let deed = Deed {
        kind: edit.kind,
        subject: edit.subject.kind,
        deleted: known.doc.is_some_and(|d| d.deleted),
        own,
        // As it would be stored: spaces around the word do not make it another one.
        closes: edit.set.get("status").and_then(Value::as_str).is_some_and(|s| clean(s, false) == "closed"),
        participant: known.participant,
        // What is published is no longer its author's alone.
        mine: known.maker.is_some() && known.maker == request.author.identity() && known.doc.is_none_or(|d| d.text("status") != "published"),
        publishes: edit.set.contains_key("status") || edit.set.contains_key("frozen") || edit.kind == EditKind::Revert,
        thaws: known.in_ice || (edit.subject.kind.is_work() && breaks_the_ice(known.doc, edit)),
    };
    if let Err(why) = may(known.role, deed) {
        return Some(Ack::refused(edit.id, known.next.epoch, why.code, why.sentence(request.lang).into()));
    }
    if edit.subject.kind.is_work() && edit.set.contains_key("frozen") && !matches!(request.beside, Beside::Files(_)) {
        let fr = "Une figure ou un rapport se fige par son bouton, car le serveur en garde alors les fichiers.";
        return refuse("not_by_edit", fr, "A figure or report is frozen by its button, because the server then keeps its files.");
    }
    if freezes(request) && known.doc.is_some_and(|d| edit.base.get("*").copied().flatten().is_some_and(|seen| seen != d.version)) {
        return Some(moved_on(request, known.next.epoch));
    }
    if edit.subject.kind == SubjectKind::Block && edit.kind != EditKind::Create && edit.set.contains_key("report") {
        // Rights were asked for its own report's territory only.
        return refuse("block_stays", "Un texte reste dans son rapport.", "A text stays in its report.");
    }
    if edit.kind != EditKind::Create && known.doc.is_none() {
        let (fr, en) = match edit.subject.kind {
            SubjectKind::Seance => ("Cette séance n’existe pas ici.", "This séance does not exist here."),
            SubjectKind::Cell => ("Personne n’a encore pris ce morceau de la zone.", "Nobody has taken this piece of the area yet."),
            SubjectKind::Figure => ("Cette figure n’existe pas ici.", "This figure does not exist here."),
            SubjectKind::Report => ("Ce rapport n’existe pas ici.", "This report does not exist here."),
            SubjectKind::Block => ("Ce texte n’est plus dans le rapport.", "This text is not in the report."),
            SubjectKind::Device => ("Ce dispositif n’existe pas ici.", "This device does not exist here."),
            SubjectKind::Actor | SubjectKind::Territory => ("Cet acteur n’existe pas ici.", "This actor does not exist here."),
        };
        return refuse("unknown_subject", fr, en);
    }
    if edit.kind == EditKind::Revert && !known.undone.is_some_and(|entry| is_meant(edit, entry)) {
        return refuse("unknown_entry", "Cette modification n’existe pas dans l’historique.", "This edit is not in the history.");
    }
    None
}

/// Whether an edit freezes a work, with its files.
fn freezes(request: &Request) -> bool {
    matches!(request.beside, Beside::Files(_)) && request.edit.set.contains_key("frozen")
}

/// What is being frozen is no longer what its files show.
pub(super) fn moved_on(request: &Request, epoch: i64) -> Ack {
    let french = "Quelqu’un a changé la figure, ou retiré un acteur, pendant qu’elle se figeait. Rien n’a été figé ; réessayez.";
    let english = "Somebody changed the figure, or took an actor off the map, while it was being frozen. Nothing was frozen; try again.";
    let sentence = if request.lang == Lang::Fr { french } else { english };
    Ack::refused(request.edit.id, epoch, "moved_on", sentence.into())
}

/// Whether an entry is the one that a revert names. After a restored backup its number may be that of another edit; its version, if the author gives it, tells them apart.
fn is_meant(edit: &Edit, entry: &Entry) -> bool {
    let named = edit.base.get("*").copied().flatten();
    named.is_none_or(|v| v == Version { epoch: entry.epoch, seq: entry.seq })
}

fn answer(request: &Request, known: &Known<'_>, merged: Merged) -> Decision {
    let edit = &request.edit;
    let mut conflicts = Vec::new();
    let mut fields = BTreeMap::new();
    for (field, fate) in &merged.fields {
        fields.insert(field.clone(), field_result(request, field, fate, &mut conflicts));
    }
    let applied = merged.doc.is_some();
    let refused = (merged.outcome == Outcome::Refused).then(|| first_refusal(&fields, request.lang));
    let (code, message) = refused.unzip();
    let ack = Ack {
        id: edit.id,
        result: merged.outcome,
        seq: applied.then_some(known.next.seq),
        epoch: known.next.epoch,
        fields,
        deleted: merged.deleted && edit.subject.kind != SubjectKind::Territory,
        code,
        message,
    };
    Decision { ack, merged: applied.then_some(merged), conflicts }
}

fn field_result(request: &Request, field: &str, fate: &FieldFate, conflicts: &mut Vec<Kept>) -> FieldResult {
    // Deterministic, so that deciding has no randomness: one id per edit and field.
    let id = Uuid::new_v5(&request.edit.id, field.as_bytes());
    let (mut by, mut at) = (String::new(), String::new());
    if let FieldFate::Conflict(mine, theirs, meta) = fate {
        if let Some(meta) = meta {
            by = label::author(meta.by, meta.source.as_deref());
            at = label::moment(meta.at);
        }
        conflicts.push(Kept { id, field: field.into(), mine: mine.clone(), theirs: theirs.clone() });
    }
    fate.on_the_wire(id, by, at, request.lang)
}

fn first_refusal(fields: &BTreeMap<String, FieldResult>, lang: Lang) -> (String, String) {
    let found = fields.values().find_map(|f| match f {
        FieldResult::Refused { code, message } => Some((code.clone(), message.clone())),
        _ => None,
    });
    found.unwrap_or_else(|| {
        let sentence = if lang == Lang::Fr { "Cette modification ne contient rien à écrire." } else { "This edit holds nothing to write." };
        ("empty_edit".into(), sentence.into())
    })
}

/// The row of the journal for an edit that changed something.
pub fn entry(request: &Request, next: Version, at: i64, before: Fields, after: Fields) -> Entry {
    let edit = &request.edit;
    Entry {
        seq: next.seq,
        epoch: next.epoch,
        edit_id: edit.id,
        group: edit.group,
        kind: edit.kind,
        subject: edit.subject,
        author: request.author.identity(),
        source: request.source.map(Into::into),
        at,
        before,
        after,
        reverts: edit.reverts.filter(|_| edit.kind == EditKind::Revert),
        run: request.run,
        seance: None,
    }
}

/// Neighbours with the same group stay together; every other edit stands alone.
pub fn groups(requests: &[Request]) -> impl Iterator<Item = &[Request]> {
    requests.chunk_by(|a, b| a.edit.group.is_some() && a.edit.group == b.edit.group)
}

/// Whether a group stands as a whole: an edit alone always does, several only when each is applied or was so already.
pub fn stands(group: &[Request], acks: &[Ack]) -> bool {
    acks.len() == group.len() && (group.len() == 1 || acks.iter().all(|a| matches!(a.result, Outcome::Applied | Outcome::Same)))
}

/// The answers to a group that does not stand, after everything of it was taken back.
pub fn fallen(group: &[Request], acks: &[Ack], head: Version) -> Vec<Ack> {
    let own = |i: usize| acks.get(i).filter(|a| a.seq.is_none()).cloned();
    group.iter().enumerate().map(|(i, request)| own(i).unwrap_or_else(|| undone(request, head))).collect()
}

/// Whether the answers to a group that does not stand are kept. A conflict is final: were it forgotten, a copy of the request that comes late could still be written, after
/// its author was shown both values and chose. What was only refused may be tried again, as a refused edit alone may.
pub fn is_final(acks: &[Ack]) -> bool {
    acks.iter().any(|a| a.result == Outcome::Conflict)
}

/// The answer to another edit under a number that was used.
pub fn reused(request: &Request, head: Version) -> Ack {
    let fr = "Ce numéro de modification a déjà servi pour autre chose.";
    say(request, head, "edit_id_reused", fr, "This edit id was already used for something else.")
}

fn undone(request: &Request, head: Version) -> Ack {
    let fr = "Rien n’a été écrit, car une autre modification du même groupe n’a pas pu l’être.";
    say(request, head, "group_failed", fr, "Nothing was written, because another edit of the same group could not be.")
}

/// A refusal in the author's language.
pub(super) fn say(request: &Request, head: Version, code: &str, fr: &str, en: &str) -> Ack {
    Ack::refused(request.edit.id, head.epoch, code, if request.lang == Lang::Fr { fr } else { en }.into())
}
