//! The last edits as sockets are told of them: what the ring of the atlas does not keep, that is values and who sent them from which socket.

use crate::model::{Entry, Fields};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use uuid::Uuid;

/// So many edits are remembered with their values.
const REMEMBERED: usize = 1_000;
/// Edits sent over sockets whose session is remembered.
const SENT: usize = 4_096;
/// Values longer than this are left out: a reader who has that actor or territory open asks for it.
const FIELDS_BYTES: usize = 16 * 1024;

/// The memory of the hub.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// Numbers without a gap, ascending.
    values: VecDeque<(i64, Option<Fields>)>,
    sessions: HashMap<Uuid, u64>,
    sent: VecDeque<Uuid>,
}

impl Recent {
    /// Remembers the values of entries, which come in order.
    pub(super) fn remember(&mut self, entries: &[Entry]) {
        for entry in entries {
            if self.values.len() == REMEMBERED {
                self.values.pop_front();
            }
            // Most values are short: counting letters is enough, and cheaper than writing them.
            let long = entry.after.values().map(size).sum::<usize>() > FIELDS_BYTES;
            self.values.push_back((entry.seq, (!long).then(|| entry.after.clone())));
        }
    }

    /// Forgets values: their numbers belong to another history.
    pub(super) fn forget(&mut self) {
        self.values.clear();
    }

    /// An edit is about to be written for a session.
    pub(super) fn sent(&mut self, edit: Uuid, session: u64) {
        if self.sessions.insert(edit, session).is_none() {
            self.sent.push_back(edit);
        }
        if self.sent.len() > SENT
            && let Some(old) = self.sent.pop_front()
        {
            self.sessions.remove(&old);
        }
    }

    /// The session that sent an edit, when it came over a socket of this node.
    pub(super) fn session_of(&self, edit: Uuid) -> Option<u64> {
        self.sessions.get(&edit).copied()
    }

    /// The values that an edit left; none when they are forgotten or long.
    pub(super) fn fields_of(&self, seq: i64) -> Option<Value> {
        let place = self.values.partition_point(|(s, _)| *s < seq);
        let (found, fields) = self.values.get(place)?;
        if *found == seq { serde_json::to_value(fields.as_ref()?).ok() } else { None }
    }
}

/// About how long a value is when it is written.
fn size(value: &Value) -> usize {
    match value {
        Value::String(s) => s.len() + 2,
        Value::Array(all) => 2 + all.iter().map(size).sum::<usize>(),
        Value::Object(all) => 2 + all.iter().map(|(name, v)| name.len() + 3 + size(v)).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}
