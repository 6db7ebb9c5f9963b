//! The last edits, for readers who ask what changed since a number.

use crate::model::{EditKind, Subject};
use std::collections::VecDeque;
use std::sync::Arc;
use uuid::Uuid;

/// So many edits are remembered.
pub const REMEMBERED: usize = 10_000;
/// At most so many edits are in one answer.
pub const PER_ANSWER: usize = 1_000;

/// One journal entry as its readers are told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Number in the journal.
    pub seq: i64,
    /// The edit's own id.
    pub id: Uuid,
    /// UTC, milliseconds since 1970.
    pub at: i64,
    /// What it did.
    pub kind: EditKind,
    /// To what.
    pub subject: Subject,
    /// By whom; none for an import.
    pub author: Option<Uuid>,
    /// `osm` for an import.
    pub source: Option<String>,
    /// The séance that it was made in.
    pub seance: Option<Uuid>,
    /// The territory of a séance, or of a piece of its area; of other subjects the atlas knows it.
    pub home: Option<Uuid>,
}

/// What changed since a number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// The newest number that the atlas knows.
    pub head: crate::model::Version,
    /// Everything up to this number is told; ask again after it.
    pub upto: i64,
    /// The edits, oldest first.
    pub marks: Vec<Mark>,
    /// The features of the touched actors as they are now.
    pub features: Vec<Arc<str>>,
    /// Touched actors that are not, or no longer, in the territory.
    pub gone: Vec<Uuid>,
    /// Whether there are more edits after `upto`.
    pub more: bool,
}

/// The last edits, oldest first, each with the numbers of the territories that its subject was or is in.
#[derive(Debug, Default)]
pub(super) struct Ring {
    marks: VecDeque<(Mark, Arc<[u32]>)>,
    /// The newest number that is not remembered.
    floor: i64,
}

impl Ring {
    pub(super) fn starting_after(seq: i64) -> Self {
        Self { marks: VecDeque::new(), floor: seq }
    }

    pub(super) fn push(&mut self, mark: Mark, touched: Arc<[u32]>) {
        if self.marks.len() == REMEMBERED
            && let Some((old, _)) = self.marks.pop_front()
        {
            self.floor = old.seq;
        }
        self.marks.push_back((mark, touched));
    }

    /// The edits after a number; none when some of them are forgotten.
    pub(super) fn after(&self, seq: i64) -> Option<impl Iterator<Item = &(Mark, Arc<[u32]>)>> {
        if seq < self.floor {
            return None;
        }
        let first = self.marks.partition_point(|(mark, _)| mark.seq <= seq);
        Some(self.marks.range(first..))
    }
}
