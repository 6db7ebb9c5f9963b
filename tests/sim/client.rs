//! A client: what it holds, what it has yet to send, and what it was answered. Its rules are those of `web/src/lib/outbox`:
//! first in, first out per subject, one unacknowledged edit per subject, and an edit that was sent once never changes.

use super::node::identity;
use bouillon::journal::Request;
use bouillon::live::{Feed, Reader};
use bouillon::model::edit::{Ack, Edit, EditKind, Entry};
use bouillon::model::{Doc, FieldMeta, Fields, Lang, Version};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use uuid::Uuid;

/// What each author meant and saw, by id of the edit: the truth that the invariants are checked against.
pub(super) type Intents = BTreeMap<Uuid, Intent>;

/// What the author of one edit meant and saw.
#[derive(Debug, Clone)]
pub(super) struct Intent {
    /// The edit as sent.
    pub(super) edit: Edit,
    /// The subject as the author saw it, with their own edits that were on their way.
    pub(super) seen: Option<Rc<Doc>>,
    /// The subject as the server had told it when this was written: seen too, under the author's own edits.
    pub(super) held: Option<Rc<Doc>>,
    /// The long text that the base stands for.
    pub(super) base_text: String,
    /// The edit that a revert undoes.
    pub(super) undoes: Option<Rc<Entry>>,
    pub(super) by: usize,
}

/// One edit that waits: it gets its base when it is sent for the first time.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) edit: Edit,
    pub(super) seen: Option<Rc<Doc>>,
    /// The subject as the server had told it when this was written.
    pub(super) held: Option<Rc<Doc>>,
    pub(super) undoes: Option<Rc<Entry>>,
}

/// Edits that are sent together: one, or a group.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) pieces: Vec<Piece>,
    /// As it was sent the first time.
    pub(super) frozen: Option<Rc<Vec<Request>>>,
    /// Sent on this connection.
    pub(super) sent: bool,
}

impl Item {
    pub(super) fn subjects(&self) -> impl Iterator<Item = Uuid> {
        self.pieces.iter().map(|p| p.edit.subject.id)
    }
}

/// What goes up a connection.
#[derive(Debug, Clone)]
pub(super) enum Up {
    Hello(Option<Version>),
    Edits(Rc<Vec<Request>>),
}

/// What comes down a connection.
#[derive(Debug, Clone)]
pub(super) enum Down {
    Range { epoch: i64, after: i64, upto: i64, edits: Vec<Rc<Entry>> },
    Snapshot(Version),
    Acks(Vec<(Ack, Option<Rc<Doc>>)>),
    Busy(Rc<Vec<Request>>),
}

/// A connection, with the server's end of it.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) node: usize,
    pub(super) number: u64,
    pub(super) up: VecDeque<Up>,
    pub(super) down: VecDeque<Down>,
    pub(super) feed: Option<Feed>,
}

/// Somebody with a page open.
#[derive(Debug, Default)]
pub(super) struct Client {
    pub(super) number: usize,
    pub(super) territory: usize,
    pub(super) line: Option<Line>,
    pub(super) lines: u64,
    /// None until the first snapshot.
    pub(super) reader: Option<Reader>,
    pub(super) state: BTreeMap<Uuid, Rc<Doc>>,
    /// Edits that it was told of lately, to revert.
    pub(super) told: VecDeque<Rc<Entry>>,
    pub(super) queue: VecDeque<Item>,
    /// Edits of something that a restore took away, until it is back.
    pub(super) waiting: Vec<Item>,
    /// Acknowledged edits, to offer again when the history is another one.
    pub(super) kept: Vec<Item>,
    /// Every answer, by edit and epoch of the answer.
    pub(super) answers: BTreeMap<(Uuid, i64), Ack>,
    /// The last answer to each edit.
    pub(super) answered: BTreeMap<Uuid, Ack>,
    /// Edits whose conflict or refusal its author was shown.
    pub(super) shown: BTreeSet<Uuid>,
    /// Every edit that its author has made.
    pub(super) made: Vec<Uuid>,
}

impl Client {
    /// The connection is gone; what was sent and not answered is sent again later.
    pub(super) fn drop_line(&mut self) {
        self.line = None;
        self.queue.iter_mut().for_each(|item| item.sent = false);
    }

    /// Opens a connection to a node and says hello.
    pub(super) fn connect(&mut self, node: usize) {
        self.drop_line();
        self.lines += 1;
        let hello = Up::Hello(self.reader.map(|r| r.at));
        self.line = Some(Line { node, number: self.lines, up: VecDeque::from([hello]), down: VecDeque::new(), feed: None });
    }

    /// Sends what may be sent; gives what was sent for the first time.
    pub(super) fn pump(&mut self, thaw: bool) -> Vec<Intent> {
        let Some(line) = &mut self.line else { return Vec::new() };
        let (mut busy, mut fresh) = (BTreeSet::new(), Vec::new());
        for item in &mut self.queue {
            let free = !item.sent && item.subjects().all(|s| !busy.contains(&s));
            busy.extend(item.subjects());
            if !free {
                continue;
            }
            item.sent = true;
            if item.frozen.is_none() || thaw {
                fresh.extend(freeze(item, &self.state, self.number));
            }
            line.up.extend(item.frozen.clone().map(Up::Edits));
        }
        fresh
    }

    /// The subject as its author sees it: as told, with their own edits that wait on top.
    pub(super) fn view(&self, subject: Uuid) -> Option<Doc> {
        let mut doc = self.state.get(&subject).map(|d| (**d).clone());
        for piece in self.queue.iter().flat_map(|i| &i.pieces).filter(|p| p.edit.subject.id == subject) {
            match piece.edit.kind {
                EditKind::Create => overlay(&mut doc.get_or_insert_default().fields, &piece.edit.set),
                EditKind::Delete => doc.iter_mut().for_each(|d| d.deleted = true),
                EditKind::Restore => doc.iter_mut().for_each(|d| d.deleted = false),
                EditKind::Set => doc.iter_mut().for_each(|d| overlay(&mut d.fields, &piece.edit.set)),
                EditKind::Add | EditKind::Remove | EditKind::Revert => {}
            }
        }
        doc
    }

    /// Whether an own edit of a subject is on its way.
    pub(super) fn waits(&self, subject: Uuid) -> bool {
        self.queue.iter().chain(&self.waiting).any(|item| item.subjects().any(|s| s == subject))
    }

    /// Puts an entry of the journal into the state; false when it is about something that this client should know and does not.
    pub(super) fn learn(&mut self, entry: &Rc<Entry>) -> bool {
        let version = Version { epoch: entry.epoch, seq: entry.seq };
        let new = !self.state.contains_key(&entry.subject.id);
        if new && entry.kind != EditKind::Create {
            return false;
        }
        let doc = self.state.entry(entry.subject.id).or_default();
        if doc.version < version {
            put(Rc::make_mut(doc), entry, version);
        }
        self.told.push_back(entry.clone());
        if self.told.len() > 16 {
            self.told.pop_front();
        }
        true
    }

    /// Puts a whole subject into the state, unless a newer one is known.
    pub(super) fn learn_whole(&mut self, subject: Uuid, doc: Rc<Doc>) {
        if self.state.get(&subject).is_none_or(|known| known.version < doc.version) {
            self.state.insert(subject, doc);
        }
    }

    /// Takes back into the queue what waited for subjects that are there again.
    pub(super) fn wake(&mut self) {
        let (back, still) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|item: &Item| item.subjects().all(|s| self.state.contains_key(&s) || creates(item, s)));
        self.waiting = still;
        let back: Vec<Item> = back;
        back.into_iter().rev().for_each(|item| self.queue.push_front(item));
    }

    /// Another history: what was acknowledged is offered again, before what waits.
    pub(super) fn offer_again(&mut self) {
        self.queue.iter_mut().for_each(|item| item.sent = false);
        let kept = std::mem::take(&mut self.kept);
        kept.into_iter().rev().for_each(|item| self.queue.push_front(Item { sent: false, ..item }));
    }
}

fn creates(item: &Item, subject: Uuid) -> bool {
    item.pieces.iter().any(|p| p.edit.kind == EditKind::Create && p.edit.subject.id == subject)
}

/// Writes what an entry changed.
pub(super) fn put(doc: &mut Doc, entry: &Entry, version: Version) {
    for (field, value) in &entry.after {
        if field == "deleted" {
            doc.deleted = value == &json!(true);
            continue;
        }
        if value.is_null() {
            doc.fields.remove(field);
        } else {
            doc.fields.insert(field.clone(), value.clone());
        }
        doc.meta.insert(field.clone(), FieldMeta { v: version, by: entry.author, at: entry.at, source: entry.source.clone() });
    }
    doc.version = version;
}

fn overlay(fields: &mut Fields, set: &Fields) {
    for (field, value) in set {
        if value.is_null() {
            fields.remove(field);
        } else {
            fields.insert(field.clone(), value.clone());
        }
    }
}

/// Gives the edits of an item their base: the newest version that is known whose value is the one that the author saw; failing that, the one that was known when
/// they wrote, which is then stale, and both values are shown.
fn freeze(item: &mut Item, state: &BTreeMap<Uuid, Rc<Doc>>, by: usize) -> Vec<Intent> {
    let mut intents = Vec::new();
    for piece in &mut item.pieces {
        let (now, then) = (state.get(&piece.edit.subject.id), piece.held.as_ref());
        let mut base_text = String::new();
        match piece.edit.kind {
            EditKind::Set => {
                let fields: Vec<String> = piece.edit.set.keys().cloned().collect();
                for field in fields {
                    let saw = piece.seen.as_ref().and_then(|s| s.fields.get(&field));
                    let stands = now.filter(|d| d.fields.get(&field) == saw).or(then);
                    if field == "description" {
                        base_text = stands.map(|d| d.text(&field).to_owned()).unwrap_or_default();
                    }
                    let version = stands.map(|d| d.version_of(&field)).filter(|v| *v != Version::default());
                    piece.edit.base.insert(field, version);
                }
            }
            EditKind::Delete => {
                let stands = now.filter(|d| piece.seen.as_ref().is_some_and(|s| s.fields == d.fields)).or(then);
                piece.edit.base.insert("*".into(), stands.map(|d| d.version));
            }
            _ => {}
        }
        intents.push(Intent {
            edit: piece.edit.clone(),
            seen: piece.seen.clone(),
            held: piece.held.clone(),
            base_text,
            undoes: piece.undoes.clone(),
            by,
        });
    }
    item.frozen = Some(Rc::new(item.pieces.iter().map(|p| Request::by(identity(by), Lang::En, p.edit.clone())).collect()));
    intents
}

/// The lines of a long text.
pub(super) fn lines(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_str).map(|t| t.lines().collect()).unwrap_or_default()
}
