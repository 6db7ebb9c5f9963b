//! What a client does with a message, and how a run ends: everybody connected, nothing lost any more, until all is quiet.

use super::broken::Broken;
use super::client::{Down, Item};
use super::world::Sim;
use bouillon::live::Reader;
use bouillon::model::edit::{Ack, Entry, FieldResult, Outcome};
use bouillon::model::{Doc, Version};
use std::rc::Rc;

/// Rounds after which a run that is not quiet has failed.
const ROUNDS: usize = 500;

impl Sim {
    /// A client reads the next message of its connection.
    pub(super) fn receive(&mut self, c: usize) {
        let Some(message) = self.clients[c].line.as_mut().and_then(|l| l.down.pop_front()) else { return };
        match message {
            Down::Range { epoch, after, upto, edits } => self.range(c, epoch, after, upto, &edits),
            Down::Snapshot(head) => self.snapshot(c, head),
            Down::Acks(acks) => self.acks(c, acks),
            Down::Busy(requests) => {
                let first = requests.first().map(|r| r.edit.id);
                let refused = |item: &&mut Item| item.pieces.first().map(|p| p.edit.id) == first;
                self.clients[c].queue.iter_mut().filter(refused).for_each(|item| item.sent = false);
            }
        }
        self.clients[c].wake();
    }

    fn range(&mut self, c: usize, epoch: i64, after: i64, upto: i64, edits: &[Rc<Entry>]) {
        let blind = self.broken == Broken::NoGap;
        let Some(reader) = &mut self.clients[c].reader else { return };
        let held = match reader.take(epoch, after, upto) {
            Some(held) => held,
            None if blind && epoch == reader.at.epoch => std::mem::replace(&mut reader.at.seq, upto),
            None if blind => return,
            None => {
                let at = reader.at;
                self.tally.gaps += 1;
                self.tell(|| format!("client {c} at {at:?} is told ({after}, {upto}] of epoch {epoch}: hello again"));
                let hello = super::client::Up::Hello(Some(at));
                self.clients[c].line.iter_mut().for_each(|l| l.up.push_back(hello.clone()));
                return;
            }
        };
        for entry in edits.iter().filter(|e| e.seq > held) {
            if entry.epoch != epoch {
                self.fail(|| format!("I12 a message tells of another epoch: {epoch} of edit {} of epoch {}", entry.seq, entry.epoch));
            }
            self.clients[c].learn(entry);
        }
        if !edits.is_empty() {
            self.tell(|| format!("client {c} takes ({after}, {upto}] with {} edits", edits.len()));
        }
    }

    fn snapshot(&mut self, c: usize, head: Version) {
        self.tally.snapshots += 1;
        self.tell(|| format!("client {c} reads everything at {head:?}"));
        let before = self.clients[c].reader.map(|r| r.at);
        if before.is_some_and(|b| head < b) {
            self.fail(|| format!("I6 a position went back: of client {c}, from {before:?} to {head:?}"));
        }
        let state = self.read(c, head);
        let client = &mut self.clients[c];
        client.reader = Some(Reader { at: head });
        client.state = state;
        if self.broken == Broken::QueueForgotten {
            client.queue.clear();
        }
        if before.is_some_and(|b| b.epoch != head.epoch) && self.broken != Broken::NoReoffer {
            self.tally.offered_again += client.kept.len() as u64;
            client.offer_again();
        }
    }

    /// The lists over HTTP, from any node: it answers as one that has followed at least so far (`Bouillon-Head`).
    fn read(&mut self, c: usize, head: Version) -> std::collections::BTreeMap<uuid::Uuid, Rc<Doc>> {
        let n = self.rng.below(self.nodes.len());
        if self.nodes[n].seen < head {
            self.follow(n, true);
        }
        let territory = self.clients[c].territory;
        let here = self.nodes[n].atlas.iter().filter(|(id, _)| self.homes.get(id) == Some(&territory));
        here.map(|(id, doc)| (*id, doc.clone())).collect()
    }

    fn acks(&mut self, c: usize, acks: Vec<(Ack, Option<Rc<Doc>>)>) {
        // A group that was refused without meeting a conflict may be tried again, as a refused edit alone may.
        let stands = acks.iter().all(|(ack, _)| matches!(ack.result, Outcome::Applied | Outcome::Same));
        let binding = acks.len() == 1 || stands || acks.iter().any(|(ack, _)| ack.result == Outcome::Conflict);
        for (ack, doc) in &acks {
            self.tell(|| format!("client {c} is answered {} {:?} {:?}", ack.id.as_u128() & 0xffff, ack.result, ack.seq));
            self.count(ack);
            if binding {
                self.same_answer(c, ack);
            }
            if let (Some(doc), Some(intent)) = (doc, self.intents.get(&ack.id)) {
                self.clients[c].learn_whole(intent.edit.subject.id, doc.clone());
            }
        }
        let client = &mut self.clients[c];
        let first = acks.first().map(|(ack, _)| ack.id);
        let Some(place) = client.queue.iter().position(|i| i.sent && i.pieces.first().map(|p| p.edit.id) == first) else { return };
        let Some(item) = client.queue.remove(place) else { return };
        let unknown = acks.iter().any(|(ack, _)| ack.code.as_deref() == Some("unknown_subject"));
        if unknown && acks.iter().all(|(ack, _)| ack.result != Outcome::Conflict) {
            // A restore took the subject away, and whoever made it may not have offered it again yet.
            client.waiting.push(Item { sent: false, ..item });
            return;
        }
        for (ack, _) in &acks {
            client.answered.insert(ack.id, ack.clone());
            // Of a group that does not stand its author is shown every edit, those too that would have changed nothing.
            if !stands || conflicts(ack).next().is_some() {
                client.shown.insert(ack.id);
            }
        }
        if stands {
            client.kept.push(item);
        }
        if !self.calm && self.rng.chance(250) {
            self.insist(c, &acks);
        }
    }

    /// « Mettre la mienne », after having seen both values.
    fn insist(&mut self, c: usize, acks: &[(Ack, Option<Rc<Doc>>)]) {
        for (ack, _) in acks {
            let Some(subject) = self.intents.get(&ack.id).map(|i| i.edit.subject.id) else { continue };
            let Some((field, mine)) = conflicts(ack).find(|(field, _)| *field != "*" && *field != "tags" && *field != "description") else {
                continue;
            };
            let client = &mut self.clients[c];
            let Some(item) = self.drafts.mine_after_all(client, subject, field, mine) else { continue };
            client.made.extend(item.pieces.iter().map(|p| p.edit.id));
            client.queue.push_back(item);
        }
    }

    fn count(&mut self, ack: &Ack) {
        self.tally.refused += u64::from(ack.result == Outcome::Refused);
        self.tally.conflicts += u64::from(conflicts(ack).next().is_some());
        self.tally.merged += u64::from(ack.fields.values().any(|f| matches!(f, FieldResult::Merged)));
    }

    /// One edit has one answer in an epoch, however often it is asked for.
    fn same_answer(&mut self, c: usize, ack: &Ack) {
        if ack.code.as_deref() == Some("edit_id_reused") {
            self.fail(|| format!("I5 an edit was sent again, and it was not the same: {} of client {c}", ack.id));
        }
        if ack.result == Outcome::Refused {
            // Refusals are not kept: what is refused today may be allowed tomorrow.
            return;
        }
        let before = self.clients[c].answers.insert((ack.id, ack.epoch), ack.clone());
        if let Some(before) = before.filter(|b| b.result != ack.result || b.seq != ack.seq) {
            self.fail(|| {
                format!("I5 one edit got two answers: {} was {:?} {:?}, then {:?} {:?}", ack.id, before.result, before.seq, ack.result, ack.seq)
            });
        }
    }

    /// No faults any more: everybody connects and goes on until nothing is left to do.
    pub(super) fn calm_down(&mut self) {
        self.calm = true;
        for round in 0..ROUNDS {
            self.clock += 1;
            for c in 0..self.clients.len() {
                if self.clients[c].line.is_none() {
                    self.connect(c);
                }
                self.pump(c);
                self.serve(c);
                self.serve(c);
            }
            for n in 0..self.nodes.len() {
                self.fill(n);
                self.commit(n);
                self.follow(n, true);
                if round % 5 == 0 {
                    self.beat(n);
                }
            }
            for c in 0..self.clients.len() {
                (0..6).for_each(|_| self.receive(c));
            }
            if self.is_quiet() {
                return;
            }
        }
    }

    fn is_quiet(&self) -> bool {
        let head = self.db.head();
        let done = |n: &super::node::Node| n.queue.is_empty() && n.open.is_none() && n.seen == head;
        let settled = |c: &super::client::Client| {
            let line = c.line.as_ref().is_some_and(|l| l.up.is_empty() && l.down.is_empty());
            line && c.queue.is_empty() && c.reader.is_some_and(|r| r.at == head)
        };
        self.nodes.iter().all(done) && self.clients.iter().all(settled)
    }
}

/// Fields of which both values are shown, with the author's.
fn conflicts(ack: &Ack) -> impl Iterator<Item = (&str, &serde_json::Value)> {
    ack.fields.iter().filter_map(|(field, result)| match result {
        FieldResult::Conflict { mine, .. } => Some((field.as_str(), mine)),
        _ => None,
    })
}
