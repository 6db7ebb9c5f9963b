//! How a socket is kept at one gap-free sequence although most numbers do not concern it: the rule of each end, without IO.
//!
//! Every message that tells of edits says which range `(after, upto]` it covers, also when nothing in it concerns this subscriber. A reader whose own
//! position is not `after` has missed something and says hello again. Source: ../shared/design/sync-protocol.md, its first table.

use crate::model::Version;

/// A client that is further behind reads the lists again instead of being told edit by edit.
pub const BEHIND_MAX: i64 = 5_000;

/// The server's end: what this socket has been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feed {
    at: Version,
}

/// What to send next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The edits of `(after, upto]`; as a beat when there are none.
    Range {
        /// The last number told before.
        after: i64,
        /// The last number that this message covers.
        upto: i64,
    },
    /// The reader's state is of another history, or too old: it must read everything again, which is then at this position.
    Snapshot(Version),
}

impl Feed {
    /// A feed that has told everything up to a position.
    pub fn at(at: Version) -> Self {
        Self { at }
    }

    /// Answers a hello: `seen` is the reader's position (none: it holds nothing yet), `head` how far this node has followed. The caller subscribes the socket
    /// *before* it reads the head, so that no edit falls between.
    pub fn hello(seen: Option<Version>, head: Version) -> (Self, Told) {
        match seen {
            Some(seen) if seen.epoch == head.epoch && seen.seq <= head.seq && head.seq - seen.seq <= BEHIND_MAX => {
                (Self { at: head }, Told::Range { after: seen.seq, upto: head.seq })
            }
            _ => (Self { at: head }, Told::Snapshot(head)),
        }
    }

    /// The node has followed up to `head`, or only says that it is alive.
    pub fn moved(&mut self, head: Version) -> Told {
        let before = std::mem::replace(&mut self.at, head);
        if before.epoch == head.epoch && before.seq <= head.seq { Told::Range { after: before.seq, upto: head.seq } } else { Told::Snapshot(head) }
    }

    /// What this socket has been told.
    pub fn position(&self) -> Version {
        self.at
    }
}

/// The client's end: what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reader {
    /// Its position.
    pub at: Version,
}

impl Reader {
    /// Whether to take the edits of a message. `None`: something is missing, say hello again with [`Reader::at`]. Otherwise the caller applies those with a number
    /// greater than the one returned; the position has moved.
    pub fn take(&mut self, epoch: i64, after: i64, upto: i64) -> Option<i64> {
        if epoch != self.at.epoch || after > self.at.seq {
            return None;
        }
        let held = self.at.seq;
        self.at.seq = held.max(upto);
        Some(held)
    }
}
