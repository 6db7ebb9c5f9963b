//! The ways in which the protocol can be broken: each must be noticed by an invariant, or the invariants prove nothing.

use bouillon::journal::Request;
use bouillon::model::edit::{EditKind, Entry};
use bouillon::model::{Doc, Version};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::rc::Rc;

/// One promise that is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The protocol as it is.
    Nothing,
    /// A socket that is full loses messages instead of being cut. The reader's rule heals that: this one must *not* fail.
    Drops,
    /// Messages are lost and the reader does not look for gaps.
    NoGap,
    /// Numbers are taken outside the head's lock.
    NumberOutsideLock,
    /// The answer goes out before the commit.
    AckEarly,
    /// The last write wins.
    LastWins,
    /// An edit that comes again is written again.
    NoIdempotence,
    /// A base without its epoch.
    BaseWithoutEpoch,
    /// Nothing is offered again after a restore.
    NoReoffer,
    /// A deletion does not look at what its author saw.
    DeleteUnseen,
    /// A set is overwritten as a whole.
    SetOverwritten,
    /// What was written of a group stays although another edit of it failed.
    HalfGroup,
    /// The answers to a group that failed are forgotten: the same group may be written later.
    ForgottenGroup,
    /// A revert undoes what was changed since.
    RevertOver,
    /// A revert names a number without its epoch.
    RevertWithoutEpoch,
    /// An edit of something deleted is written as if it were there.
    Tombstone,
    /// A node answers a hello before it has caught up with the reader.
    LateNode,
    /// The hub leaves every seventh range's edits out and says that they were told.
    Skips,
    /// A client changes an edit that it has already sent.
    Thawed,
    /// A client lets a snapshot take the place of what waits to be sent.
    QueueForgotten,
}

impl Broken {
    /// Every variant that must be noticed, with as many seeds as show it a few times.
    pub(super) const ALL: [(Self, u64); 18] = [
        (Self::NumberOutsideLock, 60),
        (Self::AckEarly, 300),
        (Self::LastWins, 60),
        (Self::NoIdempotence, 60),
        (Self::NoGap, 60),
        (Self::BaseWithoutEpoch, 1500),
        (Self::NoReoffer, 60),
        (Self::DeleteUnseen, 60),
        (Self::SetOverwritten, 60),
        (Self::HalfGroup, 60),
        (Self::ForgottenGroup, 60),
        (Self::RevertOver, 400),
        (Self::RevertWithoutEpoch, 400),
        (Self::Tombstone, 60),
        (Self::LateNode, 200),
        (Self::Skips, 60),
        (Self::Thawed, 60),
        (Self::QueueForgotten, 60),
    ];

    /// Whether a full socket loses messages.
    pub(super) fn loses(self) -> bool {
        matches!(self, Self::Drops | Self::NoGap)
    }

    /// The request as a node with this fault sees it. `seen` is what the author saw.
    pub(super) fn twist<'a>(self, request: &'a Request, doc: Option<&Doc>, undone: Option<&Entry>, seen: Option<&Rc<Doc>>) -> Cow<'a, Request> {
        let (kind, Some(doc)) = (request.edit.kind, doc) else { return Cow::Borrowed(request) };
        let mut twisted = request.clone();
        let edit = &mut twisted.edit;
        match (self, kind) {
            (Self::LastWins, EditKind::Set) => {
                edit.base = edit.set.keys().map(|f| (f.clone(), Some(doc.version_of(f)))).collect();
            }
            (Self::BaseWithoutEpoch, EditKind::Set) => {
                for (field, base) in &mut edit.base {
                    let now = doc.version_of(field);
                    *base = base.map(|b| Version { epoch: if b.seq == now.seq { now.epoch } else { b.epoch }, ..b });
                }
            }
            (Self::BaseWithoutEpoch, EditKind::Delete) => {
                let alike = edit.base.get("*").copied().flatten().is_some_and(|b| b.seq == doc.version.seq);
                edit.base.extend(alike.then(|| ("*".into(), Some(doc.version))));
            }
            (Self::DeleteUnseen, EditKind::Delete) => {
                edit.base.insert("*".into(), Some(doc.version));
            }
            (Self::SetOverwritten, EditKind::Add | EditKind::Remove) => {
                for (field, members) in &mut edit.set {
                    let mut whole: Vec<Value> = seen.map(|s| s.set(field).map(|m| json!(m)).collect()).unwrap_or_default();
                    let mine = members.as_array().cloned().unwrap_or_default();
                    whole.retain(|m| !mine.contains(m));
                    if kind == EditKind::Add {
                        whole.extend(mine);
                    }
                    *members = json!(whole);
                }
                edit.base = edit.set.keys().map(|f| (f.clone(), Some(doc.version_of(f)))).collect();
                edit.kind = EditKind::Set;
            }
            (Self::RevertOver, EditKind::Revert) => {
                let fields = undone.into_iter().flat_map(|u| u.after.keys());
                edit.base.extend(fields.map(|f| (f.clone(), Some(doc.version_of(f)))));
            }
            (Self::RevertWithoutEpoch, EditKind::Revert) => {
                edit.base.remove("*");
            }
            _ => return Cow::Borrowed(request),
        }
        Cow::Owned(twisted)
    }
}
