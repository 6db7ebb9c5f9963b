//! The messages of a socket: what a browser says, read from JSON, and what it is told, written once for all who are told it.

use super::outbox::Text;
use super::people::Shown;
use super::recent::Recent;
use crate::atlas::Changes;
use crate::model::{Role, Version, label};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// The protocol's version.
pub const VERSION: i64 = 1;
/// Every socket is told its position at least this often, seconds.
pub const BEAT_SECONDS: u64 = 15;
/// A message is about this long at most, unless one edit alone is longer; what a socket has once sent stays in its memory.
pub(super) const PAGE_BYTES: usize = 48 * 1024;
/// Edits in one message, at most.
pub(super) const PAGE_EDITS: usize = 500;

/// The first thing that a browser says, and again when it has missed something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The protocol's version.
    pub v: i64,
    /// Short address of the territory.
    pub territory: String,
    /// The position of what the browser holds; none when it holds nothing.
    #[serde(default)]
    pub seen: Option<Version>,
    /// What the person wants to be called.
    #[serde(default)]
    pub nickname: Option<String>,
    /// The colour that the person chose, 0 to 4.
    #[serde(default)]
    pub color: Option<u8>,
    /// The séance that the person takes part in.
    #[serde(default)]
    pub seance: Option<Uuid>,
}

/// What somebody looks at and does just now.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// The actor whose sheet is open.
    #[serde(default)]
    pub actor: Option<Uuid>,
    /// The field being written.
    #[serde(default)]
    pub field: Option<String>,
    /// What the map shows: west, south, east, north.
    #[serde(default)]
    pub view: Option<[f64; 4]>,
    /// A new actor whose name is being written.
    #[serde(default)]
    pub typing: Option<Typing>,
    /// A new nickname.
    #[serde(default)]
    pub nickname: Option<String>,
    /// A new colour, 0 to 4.
    #[serde(default)]
    pub color: Option<u8>,
}

/// A new actor whose name is being written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typing {
    /// The name so far.
    pub name: String,
    /// Degrees.
    #[serde(default)]
    pub lon: Option<f64>,
    /// Degrees.
    #[serde(default)]
    pub lat: Option<f64>,
}

/// The name of a session on the wire.
pub(super) fn session(number: u64) -> String {
    format!("s{number}")
}

fn text(value: &Value) -> Text {
    value.to_string().into()
}

/// Who the browser is here, and where the journal stands.
pub(super) fn welcome(head: Version, you: &Shown<'_>, role: Role) -> Text {
    let limits = json!({"edits": 100, "message_bytes": MESSAGE_BYTES, "presence_per_second": 4, "messages_per_second": 20});
    text(&json!({
        "type": "welcome", "v": VERSION, "epoch": head.epoch, "head": head.seq, "role": role, "beat_seconds": BEAT_SECONDS, "limits": limits,
        "you": {"session": session(you.session), "name": you.name, "visitor": you.visitor, "color": you.color},
    }))
}

/// A message from a browser may be this long, bytes.
pub const MESSAGE_BYTES: usize = 64 * 1024;

/// A range without edits.
pub(super) fn beat(epoch: i64, after: i64, upto: i64) -> Text {
    text(&json!({"type": "beat", "epoch": epoch, "after": after, "upto": upto}))
}

/// Everything must be read again.
pub(super) fn snapshot(head: Version) -> Text {
    text(&json!({"type": "snapshot", "epoch": head.epoch, "head": head.seq}))
}

/// The edits of a range; as a beat when there are none.
pub(super) fn edits(after: i64, c: &Changes, recent: &Recent) -> Text {
    if c.marks.is_empty() {
        return beat(c.head.epoch, after, c.upto);
    }
    let edits: Vec<Value> = c
        .marks
        .iter()
        .map(|m| {
            let mut edit = json!({
                "seq": m.seq, "id": m.id, "kind": m.kind, "subject": m.subject, "by": label::author(m.author, m.source.as_deref()),
                "session": recent.session_of(m.id).map(session), "at": label::moment(m.at),
                "seance": m.seance,
            });
            if let Some(fields) = recent.fields_of(m.seq) {
                edit["fields"] = fields;
            }
            edit
        })
        .collect();
    // The features are text already: they are put in as they are.
    let head = json!({"type": "edits", "epoch": c.head.epoch, "after": after, "upto": c.upto, "gone": c.gone, "edits": edits}).to_string();
    format!("{},\"features\":[{}]}}", head.trim_end_matches('}'), c.features.join(",")).into()
}

/// What became of edits.
pub fn acks(answer: &Value) -> Text {
    text(&json!({"type": "acks", "results": answer["results"], "epoch": answer["epoch"], "head": answer["head"]}))
}

/// A whole request was not tried.
pub fn refused(ids: &[Uuid], status: u16, code: &str, detail: &str, retry_after: Option<u64>) -> Text {
    text(&json!({"type": "refused", "ids": ids, "status": status, "code": code, "detail": detail, "retry_after": retry_after}))
}

/// The rights of this socket's identity have changed.
pub fn revoked(role: Role) -> Text {
    text(&json!({"type": "revoked", "role": role}))
}

/// The browser said too much at once; what it says next is read after this time.
pub fn busy(retry_ms: u64) -> Text {
    text(&json!({"type": "busy", "retry_ms": retry_ms}))
}

/// The last thing that a socket is told.
pub fn bye(code: &str, detail: &str, retry_ms: u64) -> Text {
    text(&json!({"type": "bye", "code": code, "detail": detail, "retry_ms": retry_ms}))
}
