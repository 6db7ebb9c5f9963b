//! What was written in a séance so far, entry by entry in memory: read once from the journal, then only what is new, because a projector asks every
//! few seconds.

use super::{Result, Seances};
use crate::model::edit::{EditKind, Entry, Subject, SubjectKind};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// Entries read at once.
const PAGE: i64 = 2000;
/// Séances that are kept in memory.
const KEPT: usize = 64;

/// One entry of the journal, as short as counting needs it.
#[derive(Debug, Clone)]
pub(super) struct Gist {
    pub(super) seq: i64,
    pub(super) at: i64,
    pub(super) kind: EditKind,
    pub(super) subject: Subject,
    pub(super) author: Option<Uuid>,
    /// The fields that it changed.
    pub(super) fields: Vec<Box<str>>,
    /// It was made in the séance; otherwise it only undid something of it.
    within: bool,
    reverts: Option<i64>,
    /// It belongs to an undoing of the séance by a moderator.
    pub(super) undoing: bool,
}

impl Gist {
    fn new(seance: Uuid, e: &Entry) -> Self {
        let undoing = e.reverts.is_some_and(|seq| undo_id(seance, seq) == e.edit_id);
        Self {
            seq: e.seq,
            at: e.at,
            kind: e.kind,
            subject: e.subject,
            author: e.author,
            fields: e.after.keys().map(|f| f.as_str().into()).collect(),
            within: e.seance == Some(seance) && !undoing,
            reverts: e.reverts,
            undoing,
        }
    }

    /// What people see it as.
    pub(super) fn deed(&self) -> Option<Deed> {
        match (self.subject.kind, self.kind) {
            (SubjectKind::Actor, EditKind::Create) => Some(Deed::Added),
            (SubjectKind::Actor, EditKind::Set | EditKind::Add | EditKind::Remove) => {
                let confirms = matches!(self.fields.as_slice(), [one] if &**one == "confirmed_on");
                Some(if confirms { Deed::Confirmed } else { Deed::Completed })
            }
            _ => None,
        }
    }
}

/// What somebody did for an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// A new actor.
    Added,
    /// A value of one that was there.
    Completed,
    /// « C’est juste ».
    Confirmed,
}

/// The edit by which a moderator's undoing takes an entry back: one per entry, so that undoing again does nothing twice.
pub(super) fn undo_id(seance: Uuid, seq: i64) -> Uuid {
    Uuid::new_v5(&seance, format!("undo {seq}").as_bytes())
}

/// Everything written in one séance.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    epoch: i64,
    upto: i64,
    all: Vec<Gist>,
    /// Entries that were taken back and still are.
    dead: HashSet<i64>,
}

impl Tally {
    fn add(&mut self, seance: Uuid, entries: &[Entry]) {
        self.all.extend(entries.iter().map(|e| Gist::new(seance, e)));
        self.upto = entries.last().map_or(self.upto, |e| e.seq);
        // The newest first: what takes back a taking-back brings the first one back.
        self.dead.clear();
        for gist in self.all.iter().rev() {
            if let Some(seq) = gist.reverts.filter(|_| !self.dead.contains(&gist.seq)) {
                self.dead.insert(seq);
            }
        }
    }

    /// What was written in the séance, oldest first, taken back or not.
    pub(super) fn written(&self) -> impl DoubleEndedIterator<Item = &Gist> {
        self.all.iter().filter(|g| g.within)
    }

    /// What stands of it; a participant's own taking-back is not counted either.
    pub(super) fn standing(&self) -> impl DoubleEndedIterator<Item = &Gist> {
        self.written().filter(|g| g.kind != EditKind::Revert && !self.dead.contains(&g.seq))
    }

    /// Numbers of the entries that belong to undoings.
    pub(super) fn undoings(&self) -> HashSet<i64> {
        self.all.iter().filter(|g| g.undoing).map(|g| g.seq).collect()
    }

    /// Whether an entry was taken back.
    pub(super) fn is_dead(&self, seq: i64) -> bool {
        self.dead.contains(&seq)
    }

    /// How many actors were added, completed, confirmed. What was added here is not also completed.
    pub(super) fn counts<'a>(&self, gists: impl Iterator<Item = &'a Gist>) -> Counts {
        let added: HashSet<Uuid> = self.standing().filter(|g| g.deed() == Some(Deed::Added)).map(|g| g.subject.id).collect();
        let (mut counts, mut completed, mut confirmed) = (Counts::default(), HashSet::new(), HashSet::new());
        for gist in gists {
            counts.edits += 1;
            match gist.deed() {
                Some(Deed::Added) => counts.added += 1,
                Some(Deed::Completed) if !added.contains(&gist.subject.id) => _ = completed.insert(gist.subject.id),
                Some(Deed::Confirmed) => _ = confirmed.insert(gist.subject.id),
                _ => {}
            }
        }
        counts.completed = completed.len();
        counts.confirmed = confirmed.len();
        counts
    }
}

/// What came of some edits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// New actors.
    pub added: usize,
    /// Actors that were there and got a value.
    pub completed: usize,
    /// Actors that somebody confirmed.
    pub confirmed: usize,
    /// Edits, those on the pieces of the area too.
    pub edits: usize,
}

impl Seances {
    /// The tally of a séance, as of now.
    pub(super) async fn tally(&self, seance: Uuid) -> Result<Arc<Tally>> {
        let mut kept = self.tallies.lock().await;
        let mut tx = self.journal.store.read().await?;
        let head = tx.head().await?;
        let known = kept.get(&seance).filter(|t| t.epoch == head.epoch && t.upto <= head.seq).cloned();
        let mut tally = known.unwrap_or_else(|| Arc::new(Tally { epoch: head.epoch, ..Tally::default() }));
        loop {
            let entries = tx.written_in_seance(seance, tally.upto, PAGE).await?;
            if entries.is_empty() {
                break;
            }
            Arc::make_mut(&mut tally).add(seance, &entries);
        }
        if kept.len() >= KEPT && !kept.contains_key(&seance) {
            kept.clear();
        }
        kept.insert(seance, tally.clone());
        Ok(tally)
    }
}

/// Tallies by séance.
pub(super) type Tallies = Arc<tokio::sync::Mutex<HashMap<Uuid, Arc<Tally>>>>;
