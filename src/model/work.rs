//! What a committee writes: figures, reports with their blocks, participation devices. Their words and limits.

use super::doc::Doc;
use super::edit::{Edit, EditKind, SubjectKind};
use super::field::slug;
use crate::geo::Bbox;
use serde_json::Value;
use uuid::Uuid;

/// What a figure shows.
pub const FIGURE_KINDS: &[&str] = &["map", "list", "table", "count", "chart"];
/// Paper sizes.
pub const FORMATS: &[&str] = &["a4", "a3"];
/// How paper lies.
pub const ORIENTATIONS: &[&str] = &["portrait", "landscape"];
/// Inks of a static map.
pub const STYLES: &[&str] = &["light", "impression"];
/// Who sees a work: its author and the organisers, or everybody.
pub const STATUSES: &[&str] = &["draft", "published"];
/// The steps of the governance cycle, to inform oneself first; an editable default of the programme's proposal (domain/dashboard.md).
pub const STEPS: &[&str] = &["inform", "express", "design", "decide", "act", "evaluate"];
/// Arnstein's ladder: 1 manipulation, 2 therapy, 3 informing, 4 consultation, 5 placation, 6 partnership, 7 delegated power, 8 citizen control.
pub const RUNGS: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8"];
/// The parts of a report that hold text, in their order (domain/diagnosis-report.md).
pub const SECTIONS: &[&str] = &["summary", "governance", "devices", "map", "analysis", "network", "quality", "priorities", "method"];
/// Fields of a frozen work that may still change.
pub const STILL_FREE: &[&str] = &["status", "embedders"];

/// A figure, a report, a block or a device, and its history marks.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// Id of the subject.
    pub id: Uuid,
    /// Which of the four.
    pub kind: SubjectKind,
    /// The territory that it is about.
    pub home: Uuid,
    /// The report that a block belongs to.
    pub parent: Option<Uuid>,
    /// Who made it; none for the installation itself.
    pub author: Option<Uuid>,
    /// Its fields.
    pub doc: Doc,
    /// UTC, milliseconds since 1970.
    pub created_at: i64,
    /// UTC, milliseconds since 1970.
    pub updated_at: i64,
}

impl Work {
    /// Whether everybody sees it.
    pub fn is_published(&self) -> bool {
        self.doc.text("status") == "published"
    }

    /// Whether it shows one state for ever.
    pub fn is_frozen(&self) -> bool {
        is_frozen(&self.doc)
    }
}

/// Whether a work shows one state for ever.
pub fn is_frozen(doc: &Doc) -> bool {
    !doc.text("frozen").is_empty()
}

/// Whether an edit would change what a frozen work shows. To take it away, and to say who sees it, stays possible.
pub fn breaks_the_ice(doc: Option<&Doc>, edit: &Edit) -> bool {
    doc.is_some_and(is_frozen)
        && match edit.kind {
            EditKind::Delete | EditKind::Restore => false,
            EditKind::Revert => true,
            EditKind::Create | EditKind::Set | EditKind::Add | EditKind::Remove => edit.set.keys().any(|f| !STILL_FREE.contains(&f.as_str())),
        }
}

/// The report that a new block names.
pub fn named_report(edit: &Edit) -> Option<Uuid> {
    Uuid::parse_str(edit.set.get("report").and_then(Value::as_str)?).ok()
}

/// `https://host` or `http://host:port`: who may show a figure in a frame.
pub(super) fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.origin().ascii_serialization() == text)
}

/// `west,south,east,north` in degrees. East may be less than west: the box then crosses the antimeridian.
pub(super) fn is_extent(text: &str) -> bool {
    let numbers: Vec<f64> = text.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    match numbers[..] {
        [w, s, e, n] => [w, e].iter().all(|l| l.abs() <= 180.0) && [s, n].iter().all(|l| l.abs() <= 90.0) && s < n && w != e,
        _ => false,
    }
}

/// `west,south,east,north` as everywhere in the API.
pub(super) fn is_bbox(text: &str) -> bool {
    Bbox::parse(text).is_ok()
}

/// 64 hexadecimal digits.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// `kind:uuid`: how an actor stands to another.
pub(super) fn is_relation(text: &str) -> bool {
    text.split_once(':').is_some_and(|(kind, id)| RELATIONS.contains(&kind) && Uuid::parse_str(id).is_ok_and(|u| u.to_string() == id))
}

/// How an actor stands to another.
pub const RELATIONS: &[&str] = &["partner", "member_of", "funds", "hosts", "shares_place"];

/// A code: lower-case letters, digits, `_` and `-`.
pub(super) fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

/// `epoch:seq`.
pub(super) fn is_position(text: &str) -> bool {
    text.split_once(':').is_some_and(|(epoch, seq)| epoch.parse::<i64>().is_ok() && seq.parse::<i64>().is_ok())
}

/// The short address of a territory, as a filter.
pub(super) fn is_area(text: &str) -> bool {
    slug(text)
}
