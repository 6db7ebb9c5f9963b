//! An edit and what became of it. The wire and the journal share these types.

use super::doc::{Fields, Version};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What people write together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// One actor of the map.
    Actor,
    /// A territory, with its boundary.
    Territory,
    /// A carto-party: when, where, about what.
    Seance,
    /// A piece of a séance's area, which a team takes and marks done.
    Cell,
    /// A figure: what a committee shows and cites of the map.
    Figure,
    /// A report made of blocks, figures and statistics.
    Report,
    /// A piece of text in a report.
    Block,
    /// A participation device of the territory: a council, a budget, a vote…
    Device,
}

impl SubjectKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [Self::Actor, Self::Territory, Self::Seance, Self::Cell, Self::Figure, Self::Report, Self::Block, Self::Device];

    /// Whether it is something that a committee writes: a figure, a report, a block, a device.
    pub fn is_work(self) -> bool {
        matches!(self, Self::Figure | Self::Report | Self::Block | Self::Device)
    }

    /// The word kept in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Territory => "territory",
            Self::Seance => "seance",
            Self::Cell => "cell",
            Self::Figure => "figure",
            Self::Report => "report",
            Self::Block => "block",
            Self::Device => "device",
        }
    }

    /// Reads the word kept in the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == word)
    }
}

/// The thing an edit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Which kind of thing.
    pub kind: SubjectKind,
    /// Its id, made by the client that created it (UUIDv7).
    pub id: Uuid,
}

/// What an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// Makes a new subject.
    Create,
    /// Gives fields a value; `null` clears one.
    Set,
    /// Adds members to sets.
    Add,
    /// Removes members from sets.
    Remove,
    /// Takes the subject off the map; its history stays.
    Delete,
    /// Brings a deleted subject back.
    Restore,
    /// Undoes one earlier edit, field by field, where nobody changed it since.
    Revert,
}

impl EditKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 7] = [Self::Create, Self::Set, Self::Add, Self::Remove, Self::Delete, Self::Restore, Self::Revert];

    /// The word kept in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Set => "set",
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Revert => "revert",
        }
    }

    /// Reads the word kept in the database.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == word)
    }
}

/// One change to one subject, by one author, against the versions that the author saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Made by the client (UUIDv7): sending the same edit again gives the same ack and no second effect.
    pub id: Uuid,
    /// What is changed.
    pub subject: Subject,
    /// How it is changed.
    pub kind: EditKind,
    /// Slug of the home territory; `create` of an actor, a séance, a figure, a report or a device only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub territory: Option<String>,
    /// `create`, `set`: new values. `add`, `remove`: field → list of members.
    #[serde(default)]
    pub set: Fields,
    /// The version seen of each field; `*` stands for the whole subject (`delete`). Of a `revert` it is that of the edit undone, unless given, and `*`, if given, is the
    /// version of that edit: a number alone may be another edit's after a restore.
    #[serde(default)]
    pub base: BTreeMap<String, Option<Version>>,
    /// `revert`: the journal number to undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<i64>,
    /// Edits of one request with the same group commit or fail together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Uuid>,
    /// The import candidate that this `create` takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<Uuid>,
    /// Made as a participant of this séance: refused unless it is open, the author joined it, and the subject lies in its area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seance: Option<Uuid>,
}

/// What became of one field of an edit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum FieldResult {
    /// The value is now the one sent.
    Applied,
    /// Both changes fitted together: a set delta, or a long text whose lines did not clash.
    Merged,
    /// It already had this value: nothing was written.
    Same,
    /// Somebody changed it since the base; nothing was written, both values are kept.
    Conflict {
        /// Row in the table of conflicts.
        conflict: Uuid,
        /// The value that was sent.
        mine: Value,
        /// The value that stands.
        theirs: Value,
        /// Public label of whoever wrote the standing value.
        by: String,
        /// When it was written, RFC 3339 UTC.
        at: String,
        /// Base for a fresh edit.
        version: Version,
    },
    /// The value breaks a limit.
    Refused {
        /// Stable code.
        code: String,
        /// A sentence in the client's language.
        message: String,
    },
}

/// The fate of a whole edit, from the fates of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// At least one field changed; the edit has a number.
    Applied,
    /// Nothing to change.
    Same,
    /// Nothing changed because of others' changes.
    Conflict,
    /// Not allowed, or not valid.
    Refused,
}

impl Outcome {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Same => "same",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
        }
    }
}

/// The answer to one edit, given after the commit and kept for a client that asks again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ack {
    /// Id of the edit.
    pub id: Uuid,
    /// Fate of the whole edit.
    pub result: Outcome,
    /// Journal number, when something was applied.
    pub seq: Option<i64>,
    /// Epoch of that number.
    pub epoch: i64,
    /// Fate of each field.
    #[serde(default)]
    pub fields: BTreeMap<String, FieldResult>,
    /// The subject is deleted: restore it first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Stable code when the whole edit is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Sentence when the whole edit is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Ack {
    /// An ack that refuses the whole edit.
    pub fn refused(id: Uuid, epoch: i64, code: &str, message: String) -> Self {
        Self {
            id,
            result: Outcome::Refused,
            seq: None,
            epoch,
            fields: BTreeMap::new(),
            deleted: false,
            code: Some(code.into()),
            message: Some(message),
        }
    }
}

/// One row of the journal: an edit that was applied, with what it changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Number in the one gap-free sequence.
    pub seq: i64,
    /// Epoch in which it was written.
    pub epoch: i64,
    /// The edit's own id.
    pub edit_id: Uuid,
    /// Its group.
    pub group: Option<Uuid>,
    /// What it did.
    pub kind: EditKind,
    /// To what.
    pub subject: Subject,
    /// By whom; none for an import.
    pub author: Option<Uuid>,
    /// `osm` for an import.
    pub source: Option<String>,
    /// UTC, milliseconds since 1970.
    pub at: i64,
    /// Values before; a field that had none is absent.
    pub before: Fields,
    /// Values after; a field that was cleared is `null`.
    pub after: Fields,
    /// For a revert, the number it undid.
    pub reverts: Option<i64>,
    /// The import run that wrote it.
    pub run: Option<Uuid>,
    /// The séance that it was made in.
    pub seance: Option<Uuid>,
}
