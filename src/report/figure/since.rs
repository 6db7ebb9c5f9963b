//! What has changed since a figure was frozen: its actors then, and those that its query finds now.

use crate::model::text::fold;
use crate::model::{Actor, Version};
use crate::report::Selection;
use std::collections::HashMap;
use uuid::Uuid;

/// An actor by name.
pub type Line = (Uuid, String);

/// The difference between two selections of one query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Since {
    /// The newer one's position.
    pub head: Version,
    /// Found now and not then.
    pub added: Vec<Line>,
    /// Found both times, and edited between.
    pub changed: Vec<Line>,
    /// Found then and not now: taken off the map, closed, or no longer what the query asks for.
    pub closed: Vec<Line>,
}

/// Compares; each list is by name.
pub(super) fn since(then: &Selection, now: &Selection) -> Since {
    let before: HashMap<Uuid, Version> = then.actors.iter().map(|a| (a.id, a.doc.version)).collect();
    let after: HashMap<Uuid, Version> = now.actors.iter().map(|a| (a.id, a.doc.version)).collect();
    Since {
        head: now.position,
        added: lines(now.actors.iter().filter(|a| !before.contains_key(&a.id))),
        changed: lines(now.actors.iter().filter(|a| before.get(&a.id).is_some_and(|v| *v != a.doc.version))),
        closed: lines(then.actors.iter().filter(|a| !after.contains_key(&a.id))),
    }
}

fn lines<'a>(actors: impl Iterator<Item = &'a Actor>) -> Vec<Line> {
    let mut lines: Vec<Line> = actors.map(|a| (a.id, a.name().to_owned())).collect();
    lines.sort_by_cached_key(|(id, name)| (fold(name), *id));
    lines
}
