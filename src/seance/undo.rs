//! Undoing a participant, a piece of the area, or the whole séance: through the journal, newest first, field by field where nobody else changed them
//! since. Cut off, it can be asked for again; what was taken back is not taken back twice.

use super::progress::names;
use super::review::Line;
use super::tally::undo_id;
use super::{Refused, Result, Seances};
use crate::journal::{Beside, Request, broken, now};
use crate::model::edit::{Ack, Edit, EditKind, Entry, FieldResult, Outcome, Subject, SubjectKind};
use crate::model::field::{self, Type};
use crate::model::merge::{Context, FieldFate, Merged, merge};
use crate::model::{Doc, Fields, Lang, Seance, Version, label};
use crate::store::Tx;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet, VecDeque};
use uuid::Uuid;

/// Edits that share one transaction, so that others' come in between.
const BATCH: usize = 200;
/// Entries of an actor that are looked at for what others did to it.
const LOOKED_AT: i64 = 1000;

/// What is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// All that one participant wrote.
    Participant(Uuid),
    /// All that was written about a piece of the area and the actors in it.
    Cell(Uuid),
    /// Everything.
    Whole,
}

/// What an undoing did, or would do.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// Numbers of the entries that were taken back, newest first.
    pub reverted: Vec<i64>,
    /// What stays.
    pub kept: Vec<Kept>,
}

/// A value that stays, because others have been there since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The entry that wrote it.
    pub seq: i64,
    /// On what.
    pub subject: Subject,
    /// Which field; `*` for a whole actor.
    pub field: String,
    /// `changed_since`, `used_by_others` or `not_allowed`.
    pub why: &'static str,
    /// Who changed it since, or empty.
    pub by: String,
}

/// What is left to take back of one subject, newest first.
struct Work {
    steps: VecDeque<Entry>,
    /// The numbers that go when the creation is taken back.
    with_it: Vec<i64>,
}

/// Whoever undoes.
#[derive(Debug, Clone, Copy)]
struct By {
    identity: Uuid,
    lang: Lang,
}

impl Seances {
    /// The lines of some entries, for telling what was or would be undone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lines_of(&self, seance: &Seance, numbers: &[i64]) -> Result<Vec<Line>> {
        let (tally, known) = (self.tally(seance.id).await?, self.known(seance).await?);
        self.lines(&known, &tally, numbers).await
    }

    /// Undoes, or with `preview` only says what would be undone.
    ///
    /// # Errors
    /// When there is no such participant or piece, or the database does not answer.
    pub async fn undo(&self, seance: &Seance, what: What, by: Uuid, lang: Lang, preview: bool) -> Result<Done> {
        let by = By { identity: by, lang };
        let (tally, known) = (self.tally(seance.id).await?, self.known(seance).await?);
        let (participant, cell) = match what {
            What::Participant(id) => (Some(id), None),
            What::Cell(id) => (None, Some(id)),
            What::Whole => (None, None),
        };
        if participant.is_some_and(|id| !known.people().iter().any(|p| p.id == id)) {
            return Err(Refused::Unknown.into());
        }
        let targets: Vec<i64> = tally.written().filter(|g| self.concerns(&known, seance.id, g, participant, cell)).map(|g| g.seq).collect();
        let mut done = Done::default();
        let mut ours = tally.undoings();
        let mut work = self.work(&targets, &ours, &mut done).await?;
        while work.values().any(|w| !w.steps.is_empty()) {
            self.round(seance.id, by, &mut work, &mut ours, &mut done, preview).await?;
        }
        done.reverted.sort_unstable_by_key(|seq| std::cmp::Reverse(*seq));
        let names = names(known.people(), true);
        for kept in &mut done.kept {
            // The label is made from an identity; the nickname says more to whoever was there.
            let nickname = names.iter().find(|(id, _)| label::pseudonym(**id) == kept.by).map(|(_, (name, _))| name.clone());
            kept.by = nickname.unwrap_or_else(|| std::mem::take(&mut kept.by));
        }
        Ok(done)
    }

    /// What is to be taken back, by subject. An actor that was added and that nobody else touched goes as a whole.
    async fn work(&self, targets: &[i64], ours: &HashSet<i64>, done: &mut Done) -> Result<BTreeMap<Uuid, Work>> {
        let mut tx = self.journal.store.read().await?;
        let mut entries = tx.entries_among(targets).await?;
        entries.sort_unstable_by_key(|e| std::cmp::Reverse(e.seq));
        let taken = tx.entries_among(&Vec::from_iter(ours.iter().copied())).await?;
        let taken: HashSet<i64> = taken.iter().filter_map(|e| e.reverts).collect();
        let all: HashSet<i64> = targets.iter().copied().collect();
        let mut work: BTreeMap<Uuid, Work> = BTreeMap::new();
        for entry in entries.into_iter().filter(|e| !taken.contains(&e.seq)) {
            let one = work.entry(entry.subject.id).or_insert_with(|| Work { steps: VecDeque::new(), with_it: Vec::new() });
            if entry.kind != EditKind::Create {
                one.steps.push_back(entry);
                continue;
            }
            let history = tx.history(entry.subject.id, i64::MAX, LOOKED_AT).await?;
            let foreign = |e: &&Entry| e.seq > entry.seq && !all.contains(&e.seq) && !ours.contains(&e.seq);
            match history.iter().find(foreign) {
                Some(other) => done.kept.push(Kept {
                    seq: entry.seq,
                    subject: entry.subject,
                    field: "*".into(),
                    why: "used_by_others",
                    by: label::author(other.author, other.source.as_deref()),
                }),
                None => {
                    one.with_it = one.steps.iter().map(|e| e.seq).collect();
                    one.steps = VecDeque::from([entry]);
                }
            }
        }
        Ok(work)
    }

    /// Takes back the newest entry of each subject: each is based on what the one before has left.
    async fn round(
        &self,
        seance: Uuid,
        by: By,
        work: &mut BTreeMap<Uuid, Work>,
        ours: &mut HashSet<i64>,
        done: &mut Done,
        preview: bool,
    ) -> Result<()> {
        let mut tx = self.journal.store.read().await?;
        let head = tx.head().await?;
        let mut requests: Vec<(Request, Entry, Vec<i64>)> = Vec::new();
        for one in work.values_mut() {
            let Some(entry) = one.steps.pop_front() else { continue };
            let Some(mut doc) = read(&mut tx, entry.subject).await? else { continue };
            // What would come of all steps is only known when each is done: a preview does them on a copy.
            let mut step = Some(entry);
            let mut next = head.seq;
            while let Some(entry) = step.take() {
                next += 1;
                let tried = attempt(seance, by, &doc, &entry, ours, Version { epoch: head.epoch, seq: next });
                if let Some((edit, merged)) = tried {
                    note(&entry, &merged, done);
                    let with_it = if entry.kind == EditKind::Create { one.with_it.clone() } else { Vec::new() };
                    if let (Some(new), true) = (&merged.doc, preview) {
                        ours.insert(next);
                        done.reverted.push(entry.seq);
                        done.reverted.extend(with_it);
                        doc = new.clone();
                    } else if merged.doc.is_some() {
                        let request = Request { beside: Beside::Within(seance), ..Request::by(by.identity, by.lang, edit) };
                        requests.push((request, entry, with_it));
                    }
                }
                step = if preview { one.steps.pop_front() } else { None };
            }
        }
        drop(tx);
        for some in requests.chunks(BATCH) {
            let acks = self.journal.writer.write(some.iter().map(|(request, ..)| request.clone()).collect()).await?;
            for (ack, (_, entry, with_it)) in acks.iter().zip(some) {
                settle(ack, entry, with_it, ours, done);
            }
            if let Some(seq) = acks.iter().filter_map(|a| a.seq).max() {
                self.journal.follower.reach(seq).await;
            }
        }
        Ok(())
    }
}

async fn read(tx: &mut Tx, subject: Subject) -> Result<Option<Doc>> {
    Ok(match subject.kind {
        SubjectKind::Actor => tx.actor(subject.id).await?.map(|a| a.doc),
        SubjectKind::Cell => tx.cell(subject.id).await?.map(|c| c.doc),
        _ => None,
    })
}

/// The edit that takes an entry back, and what the merge rule will make of it; none when there is nothing to do.
fn attempt(seance: Uuid, by: By, doc: &Doc, entry: &Entry, ours: &HashSet<i64>, next: Version) -> Option<(Edit, Merged)> {
    let moves = entry.after.contains_key("deleted");
    let untouched = doc.version == (Version { epoch: entry.epoch, seq: entry.seq }) || ours.contains(&doc.version.seq);
    if (doc.deleted && !moves) || (moves && !untouched) {
        return None;
    }
    let mut base: BTreeMap<String, Option<Version>> = BTreeMap::new();
    if entry.kind == EditKind::Create {
        base.insert("deleted".into(), Some(doc.version));
    }
    for (name, after) in entry.after.iter().filter(|(name, _)| !is_set(entry.subject.kind, name)) {
        let version = doc.version_of(name);
        let as_written = version == (Version { epoch: entry.epoch, seq: entry.seq });
        let as_left = ours.contains(&version.seq) && doc.fields.get(name).unwrap_or(&Value::Null) == after;
        if as_written || as_left || broken("undo-overwrites") {
            base.insert(name.clone(), Some(version));
        }
    }
    let edit = Edit {
        id: undo_id(seance, entry.seq),
        subject: entry.subject,
        kind: EditKind::Revert,
        territory: None,
        set: Fields::new(),
        base,
        reverts: Some(entry.seq),
        group: None,
        candidate: None,
        seance: None,
    };
    let texts = BTreeMap::new();
    let context = Context { next, at: now(), author: Some(by.identity), source: None, lang: by.lang, base_texts: &texts, undone: Some(entry) };
    let merged = merge(Some(doc), &edit, &context);
    Some((edit, merged))
}

fn is_set(kind: SubjectKind, name: &str) -> bool {
    field::spec(kind, name).is_some_and(|s| s.kind == Type::Set)
}

/// What the merge rule would leave as it is.
fn note(entry: &Entry, merged: &Merged, done: &mut Done) {
    for (name, fate) in &merged.fields {
        let FieldFate::Conflict(_, _, meta) = fate else { continue };
        let by = meta.as_ref().map(|m| label::author(m.by, m.source.as_deref())).unwrap_or_default();
        done.kept.push(Kept { seq: entry.seq, subject: entry.subject, field: name.clone(), why: "changed_since", by });
    }
}

/// What the journal has made of it: somebody may have been there in between.
fn settle(ack: &Ack, entry: &Entry, with_it: &[i64], ours: &mut HashSet<i64>, done: &mut Done) {
    if let Some(seq) = ack.seq {
        ours.insert(seq);
        done.reverted.push(entry.seq);
        done.reverted.extend(with_it);
        return;
    }
    let mut keep = |field: &str, why: &'static str, by: &str| {
        let kept = Kept { seq: entry.seq, subject: entry.subject, field: field.to_owned(), why, by: by.to_owned() };
        if !done.kept.contains(&kept) {
            done.kept.push(kept);
        }
    };
    match ack.result {
        // Another undoing was faster.
        Outcome::Refused if ack.code.as_deref() == Some("edit_id_reused") => {}
        Outcome::Refused => keep("*", "not_allowed", ""),
        _ => {
            for (name, result) in &ack.fields {
                if let FieldResult::Conflict { by, .. } = result {
                    keep(name, "changed_since", by);
                }
            }
        }
    }
}
