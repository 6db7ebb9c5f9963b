//! The database of the simulation: what survives a crash, and a transaction that is not committed yet.

use bouillon::model::edit::{Ack, Entry};
use bouillon::model::{Doc, Version};
use std::collections::BTreeMap;
use std::rc::Rc;
use uuid::Uuid;

/// What is durable. A clone is a backup.
#[derive(Debug, Clone, Default)]
pub(super) struct Database {
    pub(super) epoch: i64,
    pub(super) journal: Vec<Rc<Entry>>,
    pub(super) docs: BTreeMap<Uuid, Rc<Doc>>,
    pub(super) acks: BTreeMap<Uuid, (String, Ack)>,
    /// Edits with a conflict that was kept.
    pub(super) conflicts: Vec<Uuid>,
    /// The node that holds the head's lock.
    pub(super) lock: Option<usize>,
    /// For numbers taken outside the lock.
    pub(super) taken: i64,
}

impl Database {
    pub(super) fn head(&self) -> Version {
        Version { epoch: self.epoch, seq: self.journal.last().map_or(0, |e| e.seq) }
    }

    /// Entries after a number, in their order, at most `page`.
    pub(super) fn after(&self, seq: i64, page: usize) -> Vec<Rc<Entry>> {
        let from = self.journal.iter().rposition(|e| e.seq <= seq).map_or(0, |at| at + 1);
        self.journal.iter().skip(from).take(page).cloned().collect()
    }

    pub(super) fn entry(&self, seq: i64) -> Option<&Rc<Entry>> {
        // The journal has no gaps, so a number is a place; the broken variant that makes gaps searches.
        let place = usize::try_from(seq - 1).ok()?;
        self.journal.get(place).filter(|e| e.seq == seq).or_else(|| self.journal.iter().find(|e| e.seq == seq))
    }

    /// Makes a transaction durable.
    pub(super) fn commit(&mut self, tx: &Tx) {
        self.journal.extend(tx.entries.iter().cloned());
        if tx.outside_lock {
            self.journal.sort_by_key(|e| e.seq);
        }
        self.docs.extend(tx.docs.iter().map(|(id, doc)| (*id, doc.clone())));
        self.acks.extend(tx.acks.iter().map(|(hash, ack)| (ack.id, (hash.clone(), ack.clone()))));
        self.conflicts.extend(&tx.conflicts);
    }
}

/// What a node has worked out under the lock and not committed.
#[derive(Debug, Default)]
pub(super) struct Tx {
    pub(super) docs: BTreeMap<Uuid, Rc<Doc>>,
    pub(super) entries: Vec<Rc<Entry>>,
    pub(super) acks: Vec<(String, Ack)>,
    pub(super) conflicts: Vec<Uuid>,
    pub(super) head: Version,
    pub(super) outside_lock: bool,
}

/// A point to go back to.
pub(super) struct Mark {
    docs: BTreeMap<Uuid, Rc<Doc>>,
    entries: usize,
    acks: usize,
    conflicts: usize,
    head: Version,
}

impl Tx {
    pub(super) fn doc<'a>(&'a self, db: &'a Database, id: Uuid) -> Option<&'a Rc<Doc>> {
        self.docs.get(&id).or_else(|| db.docs.get(&id))
    }

    pub(super) fn ack<'a>(&'a self, db: &'a Database, id: Uuid) -> Option<&'a (String, Ack)> {
        self.acks.iter().find(|(_, ack)| ack.id == id).or_else(|| db.acks.get(&id))
    }

    pub(super) fn entry<'a>(&'a self, db: &'a Database, seq: i64) -> Option<&'a Rc<Entry>> {
        self.entries.iter().find(|e| e.seq == seq).or_else(|| db.entry(seq))
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { docs: self.docs.clone(), entries: self.entries.len(), acks: self.acks.len(), conflicts: self.conflicts.len(), head: self.head }
    }

    pub(super) fn back_to(&mut self, mark: Mark) {
        self.docs = mark.docs;
        self.entries.truncate(mark.entries);
        self.acks.truncate(mark.acks);
        self.conflicts.truncate(mark.conflicts);
        self.head = mark.head;
    }
}
