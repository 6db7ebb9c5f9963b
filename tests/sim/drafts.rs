//! What clients write: every kind of edit, alone and in groups, on few subjects, so that they meet.

use super::client::{Client, Item, Piece, lines};
use super::node::role;
use super::rng::Rng;
use bouillon::model::edit::{EditKind, Entry};
use bouillon::model::{Doc, Role};
use serde_json::{Value, json};
use std::rc::Rc;
use uuid::Uuid;

/// Makes edits; no two get the same id or, but for a few, the same value.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    made: u64,
}

const TAGS: [&str; 7] = ["vélo", "jardin", "repair", "café", "livres", "graines", "compost"];

impl Drafts {
    /// Something that a client writes now; none when it finds nothing to write.
    pub(super) fn item(&mut self, rng: &mut Rng, client: &Client) -> Option<Item> {
        let pieces = if rng.chance(90) { self.group(rng, client) } else { vec![self.piece(rng, client, None)?] };
        (!pieces.is_empty()).then_some(Item { pieces, frozen: None, sent: false })
    }

    /// Two or three edits of different subjects that hold together.
    fn group(&mut self, rng: &mut Rng, client: &Client) -> Vec<Piece> {
        let group = self.id();
        let mut subjects: Vec<Uuid> = client.state.keys().copied().collect();
        let mut pieces = Vec::new();
        for _ in 0..2 + rng.below(2) {
            if subjects.is_empty() {
                break;
            }
            let subject = subjects.swap_remove(rng.below(subjects.len()));
            pieces.extend(self.piece(rng, client, Some(subject)));
        }
        if pieces.len() < 2 {
            return Vec::new();
        }
        pieces.iter_mut().for_each(|p| p.edit.group = Some(group));
        pieces
    }

    fn piece(&mut self, rng: &mut Rng, client: &Client, subject: Option<Uuid>) -> Option<Piece> {
        let grouped = subject.is_some();
        if !grouped && (client.state.is_empty() || rng.chance(25)) {
            return Some(self.create(rng, client));
        }
        let moderator = role(client.number) >= Role::Moderator;
        if !grouped && rng.chance(130) {
            return self.revert(rng, client, moderator);
        }
        let known: Vec<Uuid> = client.state.keys().copied().collect();
        let subject = subject.or_else(|| rng.pick(&known).copied())?;
        let view = client.view(subject)?;
        let what = match rng.below(100) {
            0..8 if moderator => json!({"kind": "delete"}),
            _ if view.deleted && moderator && rng.chance(600) => json!({"kind": "restore"}),
            0..32 => self.scalar(rng),
            32..44 => json!({"kind": "set", "set": {"place/p1/position": {"lon": self.number(), "lat": 48.5, "precision": "exact"}}}),
            44..62 => json!({"kind": "set", "set": {"description": self.text(rng, &view)}}),
            62..66 => json!({"kind": "set", "set": {"tags": tags(rng)}}),
            66..84 => json!({"kind": "add", "set": {"tags": tags(rng)}}),
            84..94 => json!({"kind": "remove", "set": {"tags": tags(rng)}}),
            _ => json!({"kind": "set", "set": {"name": self.word(), "summary": self.word(), "description": self.text(rng, &view)}}),
        };
        Some(self.on(client, subject, Some(view), what))
    }

    fn create(&mut self, rng: &mut Rng, client: &Client) -> Piece {
        let set = json!({"name": self.word(), "tags": tags(rng), "description": "début", "place/p1/position": {"lon": self.number(), "lat": 48.25, "precision": "exact"}});
        let subject = self.id();
        self.on(client, subject, None, json!({"kind": "create", "territory": format!("t{}", client.territory), "set": set}))
    }

    /// Of one's own edits, or as a moderator of anybody's; now and then on purpose over what others wrote since, having seen it.
    fn revert(&mut self, rng: &mut Rng, client: &Client, moderator: bool) -> Option<Piece> {
        let own = |e: &&Rc<Entry>| moderator || e.author == Some(super::node::identity(client.number));
        let entries: Vec<Rc<Entry>> = client.told.iter().filter(own).cloned().collect();
        let entry = rng.pick(&entries)?.clone();
        let subject = entry.subject.id;
        if client.waits(subject) {
            return None;
        }
        let mut base = serde_json::Map::from_iter([("*".to_owned(), json!([entry.epoch, entry.seq]))]);
        let held = client.state.get(&subject)?;
        if rng.chance(300) {
            base.extend(entry.after.keys().filter(|f| held.meta.contains_key(*f)).map(|f| (f.clone(), json!(held.version_of(f)))));
        }
        let view = (**held).clone();
        let mut piece = self.on(client, subject, Some(view), json!({"kind": "revert", "reverts": entry.seq, "base": base}));
        piece.undoes = Some(entry);
        Some(piece)
    }

    /// From JSON, as it comes over the wire: members that an edit may have and these do not need are left out.
    fn on(&mut self, client: &Client, subject: Uuid, view: Option<Doc>, mut what: Value) -> Piece {
        what["id"] = json!(self.id());
        what["subject"] = json!({"kind": "actor", "id": subject});
        let edit = serde_json::from_value(what).unwrap();
        Piece { edit, seen: view.map(Rc::new), held: client.state.get(&subject).cloned(), undoes: None }
    }

    fn scalar(&mut self, rng: &mut Rng) -> Value {
        let field = if rng.chance(500) { "name" } else { "summary" };
        let value = match rng.below(10) {
            0 if field == "summary" => Value::Null,
            1 | 2 => json!("comme d’autres"),
            _ => json!(self.word()),
        };
        json!({"kind": "set", "set": {field: value}})
    }

    /// A long text with one line more, less or changed.
    fn text(&mut self, rng: &mut Rng, view: &Doc) -> String {
        let mut text: Vec<String> = lines(view.fields.get("description")).into_iter().map(str::to_owned).collect();
        let at = rng.below(text.len() + 1);
        let line = self.word();
        match rng.below(4) {
            0 if text.len() > 2 && at < text.len() => drop(text.remove(at)),
            1 if at < text.len() => text[at] = line,
            _ => text.insert(at, line),
        }
        text.join("\n")
    }

    /// A fresh edit with the value that was not written: « mettre la mienne ».
    pub(super) fn mine_after_all(&mut self, client: &Client, subject: Uuid, field: &str, mine: &Value) -> Option<Item> {
        let view = client.view(subject).filter(|v| !v.deleted)?;
        let piece = self.on(client, subject, Some(view), json!({"kind": "set", "set": {field: mine}}));
        (piece.edit.kind == EditKind::Set).then(|| Item { pieces: vec![piece], frozen: None, sent: false })
    }

    fn id(&mut self) -> Uuid {
        self.made += 1;
        Uuid::from_u64_pair(0x0190_0000_0000_7000, 0x8000_0000_0000_0000 + self.made)
    }

    fn word(&mut self) -> String {
        self.made += 1;
        format!("valeur {}", self.made)
    }

    fn number(&mut self) -> f64 {
        self.made += 1;
        self.made as f64 / 64.0 % 90.0
    }
}

/// One or two members.
fn tags(rng: &mut Rng) -> Value {
    let first = rng.below(TAGS.len());
    let second = (first + 1 + rng.below(3)) % TAGS.len();
    if rng.chance(300) { json!([TAGS[first], TAGS[second]]) } else { json!([TAGS[first]]) }
}
