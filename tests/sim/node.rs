//! A node: it writes what is queued in one transaction, as `journal::writer` does, and follows the journal, as `journal::follower` does.
//! What it decides is decided by the project's own core; only the lookups are the simulation's.

use super::broken::Broken;
use super::client::Intents;
use super::database::{Database, Tx};
use bouillon::journal::Request;
use bouillon::journal::core::{Decision, Known, decide, entry, fallen, groups, is_final, reused, stands};
use bouillon::model::edit::{Ack, EditKind, Outcome};
use bouillon::model::merge::texts_to_look_up;
use bouillon::model::{Doc, Role, Version};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use uuid::Uuid;

/// Jobs that share one transaction, at most.
const BATCH: usize = 3;

/// What a client sent at once, and where the answer goes: a client and which of its connections.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) from: (usize, u64),
    pub(super) requests: Rc<Vec<Request>>,
}

/// What a client sent, and what it will be told.
pub(super) type Answer = (Job, Vec<Ack>);

/// One process.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// How far it has followed.
    pub(super) seen: Version,
    /// Its state in memory.
    pub(super) atlas: BTreeMap<Uuid, Rc<Doc>>,
    /// It was told that there is something new.
    pub(super) woken: bool,
    /// Edits that wait. They stay when the connection that brought them is gone.
    pub(super) queue: VecDeque<Job>,
    /// Its transaction that is not committed yet, with the answers.
    pub(super) open: Option<(Tx, Vec<Answer>)>,
    /// Ranges that it has told.
    pub(super) ranges: u64,
}

/// The role of a client: the first two moderate.
pub(super) fn role(client: usize) -> Role {
    if client < 2 { Role::Moderator } else { Role::Contributor }
}

/// The identity of a client.
pub(super) fn identity(client: usize) -> Uuid {
    Uuid::from_u128(0x5000 + client as u128)
}

impl Node {
    /// Takes what is queued into a transaction; true when it has one now.
    pub(super) fn fill(&mut self, db: &mut Database, rules: &mut Rules<'_>) -> bool {
        let count = self.queue.len().min(BATCH);
        if count == 0 || self.open.is_some() {
            return false;
        }
        let jobs: Vec<Job> = self.queue.drain(..count).collect();
        let outside_lock = rules.broken == Broken::NumberOutsideLock;
        let tx = Tx { head: db.head(), outside_lock, ..Tx::default() };
        let mut writing = Writing { db, tx, rules };
        let answers = jobs.into_iter().map(|job| {
            let acks = groups(&job.requests).flat_map(|group| writing.group(group)).collect();
            (job, acks)
        });
        let answers = answers.collect();
        self.open = Some((writing.tx, answers));
        true
    }
}

/// What the simulation's rules add to a transaction.
pub(super) struct Rules<'a> {
    pub(super) broken: Broken,
    pub(super) intents: &'a Intents,
    pub(super) at: i64,
    /// Edits that had come before.
    pub(super) again: u64,
}

struct Writing<'a, 'b> {
    db: &'a mut Database,
    tx: Tx,
    rules: &'a mut Rules<'b>,
}

impl Writing<'_, '_> {
    fn group(&mut self, group: &[Request]) -> Vec<Ack> {
        let mark = (group.len() > 1).then(|| self.tx.mark());
        let acks: Vec<Ack> = group.iter().map(|request| self.one(request)).collect();
        let Some(mark) = mark.filter(|_| !stands(group, &acks) && self.rules.broken != Broken::HalfGroup) else { return acks };
        self.tx.back_to(mark);
        let acks = fallen(group, &acks, self.tx.head);
        if is_final(&acks) && self.rules.broken != Broken::ForgottenGroup {
            for (request, ack) in group.iter().zip(&acks) {
                if self.tx.ack(self.db, ack.id).is_none() {
                    self.tx.acks.push((request.payload_hash(), ack.clone()));
                }
            }
        }
        acks
    }

    fn keep_ack(&mut self, request: &Request, ack: &Ack) {
        if ack.result != Outcome::Refused {
            self.tx.acks.push((request.payload_hash(), ack.clone()));
        }
    }

    fn one(&mut self, request: &Request) -> Ack {
        let (edit, broken) = (&request.edit, self.rules.broken);
        if broken != Broken::NoIdempotence
            && let Some((hash, ack)) = self.tx.ack(self.db, edit.id)
        {
            self.rules.again += 1;
            return if *hash == request.payload_hash() { ack.clone() } else { reused(request, self.tx.head) };
        }
        let mut doc = self.tx.doc(self.db, edit.subject.id).cloned();
        let undone = edit.reverts.and_then(|seq| self.tx.entry(self.db, seq)).filter(|e| e.subject == edit.subject).cloned();
        let seen = self.rules.intents.get(&edit.id).and_then(|i| i.seen.as_ref());
        let twisted = broken.twist(request, doc.as_deref(), undone.as_deref(), seen);
        let writes = matches!(edit.kind, EditKind::Set | EditKind::Add | EditKind::Remove);
        let raised = broken == Broken::Tombstone && writes && doc.as_ref().is_some_and(|d| d.deleted);
        if raised {
            doc = doc.map(|d| Rc::new(Doc { deleted: false, ..(*d).clone() }));
        }
        let base_texts = self.base_texts(doc.as_deref(), &twisted);
        let number = if self.tx.outside_lock { self.db.taken } else { self.tx.head.seq };
        let next = Version { epoch: self.db.epoch, seq: number + 1 };
        let author = (edit_author(request) - 0x5000) as usize;
        let known = Known {
            doc: doc.as_deref(),
            role: role(author),
            maker: None,
            in_ice: false,
            participant: false,
            next,
            at: self.rules.at,
            base_texts: &base_texts,
            undone: undone.as_deref(),
        };
        let decision = decide(&twisted, &known);
        self.keep(request, decision, next, raised)
    }

    fn keep(&mut self, request: &Request, decision: Decision, next: Version, raised: bool) -> Ack {
        let (edit, at) = (&request.edit, self.rules.at);
        if !decision.conflicts.is_empty() {
            self.tx.conflicts.push(edit.id);
        }
        if let Some(merged) = decision.merged
            && let Some(mut doc) = merged.doc
        {
            doc.deleted |= raised;
            self.tx.head = next;
            self.db.taken = self.db.taken.max(next.seq);
            self.tx.entries.push(Rc::new(entry(request, next, at, merged.before, merged.after)));
            self.tx.docs.insert(edit.subject.id, Rc::new(doc));
        }
        self.keep_ack(request, &decision.ack);
        decision.ack
    }

    /// The text of long fields at the version that the author saw.
    fn base_texts(&self, doc: Option<&Doc>, request: &Request) -> BTreeMap<String, String> {
        let looked = texts_to_look_up(doc, &request.edit).into_iter().filter_map(|(field, seen)| {
            let entry = self.tx.entry(self.db, seen.seq).filter(|e| e.epoch == seen.epoch && e.subject == request.edit.subject)?;
            let text = entry.after.get(&field).and_then(Value::as_str)?.to_owned();
            Some((field, text))
        });
        looked.collect()
    }
}

fn edit_author(request: &Request) -> u128 {
    request.author.identity().unwrap_or_default().as_u128()
}
