//! The state of one subject as the journal sees it: named values, each with the version that last changed it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Field name → value. A field that is absent has no value; `null` is never stored.
pub type Fields = BTreeMap<String, Value>;

/// When a field was last changed: the epoch and number of the edit in the journal. Written `[epoch, seq]` on the wire.
/// The epoch is part of it because after a restored backup the same number comes back for another edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "(i64, i64)", into = "(i64, i64)")]
pub struct Version {
    /// Raised on every restore.
    pub epoch: i64,
    /// Number of the edit in the journal, from 1.
    pub seq: i64,
}

impl From<(i64, i64)> for Version {
    fn from((epoch, seq): (i64, i64)) -> Self {
        Self { epoch, seq }
    }
}

impl From<Version> for (i64, i64) {
    fn from(v: Version) -> Self {
        (v.epoch, v.seq)
    }
}

/// Who last changed a field, when, and from which source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldMeta {
    /// Version to send back as the base of a change.
    pub v: Version,
    /// Identity of the author; none for an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Uuid>,
    /// UTC, milliseconds since 1970.
    pub at: i64,
    /// `osm` when the value was taken from OpenStreetMap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// One subject: its values, the history mark of each field (kept when the value is cleared), and whether it was deleted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Doc {
    /// Present values.
    pub fields: Fields,
    /// History mark of every field ever set.
    pub meta: BTreeMap<String, FieldMeta>,
    /// A deleted subject keeps its values so that it can be restored.
    pub deleted: bool,
    /// The newest version of any field, also raised by delete and restore.
    pub version: Version,
}

impl Doc {
    /// The text of a scalar field, or an empty string.
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or("")
    }

    /// The members of a set field.
    pub fn set(&self, field: &str) -> impl Iterator<Item = &str> {
        self.fields.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The version of a field; zero when it was never set.
    pub fn version_of(&self, field: &str) -> Version {
        self.meta.get(field).map(|m| m.v).unwrap_or_default()
    }
}
