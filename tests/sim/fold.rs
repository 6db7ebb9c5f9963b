//! The journal replayed row by row, with what each author meant and saw: nothing was overwritten unseen (I4), a revert leaves alone what changed since (I9).

use super::client::{Intent, lines, put};
use super::world::Sim;
use bouillon::model::edit::{EditKind, Entry};
use bouillon::model::{Doc, Version};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use uuid::Uuid;

/// Replays the journal; what it leads to, or the first row that breaks a promise.
pub(super) fn fold(sim: &Sim) -> Result<BTreeMap<Uuid, Doc>, String> {
    let mut docs: BTreeMap<Uuid, Doc> = BTreeMap::new();
    for entry in &sim.db.journal {
        let intent = sim.intents.get(&entry.edit_id).ok_or_else(|| format!("nobody sent the edit of row {}", entry.seq))?;
        let doc = docs.get(&entry.subject.id);
        row(entry, intent, doc).map_err(|why| format!("{why}: row {}, {}", entry.seq, super::world::brief(&intent.edit)))?;
        let version = Version { epoch: entry.epoch, seq: entry.seq };
        put(docs.entry(entry.subject.id).or_default(), entry, version);
    }
    Ok(docs)
}

fn row(entry: &Entry, intent: &Intent, doc: Option<&Doc>) -> Result<(), &'static str> {
    let none = Doc::default();
    let was = doc.unwrap_or(&none);
    let writes = matches!(intent.edit.kind, EditKind::Create | EditKind::Set | EditKind::Add | EditKind::Remove);
    if writes && was.deleted {
        return Err("I4 something deleted was written to");
    }
    if (intent.edit.kind == EditKind::Create) != doc.is_none() {
        return Err("I5 something was created twice, or written before it was created");
    }
    for field in entry.after.keys().filter(|f| *f != "deleted") {
        if entry.before.get(field) != was.fields.get(field) {
            return Err("I3 a row's value before is not the one that stood there");
        }
    }
    match intent.edit.kind {
        EditKind::Create => Ok(()),
        EditKind::Set => entry.after.keys().try_for_each(|field| set(entry, intent, was, field)),
        EditKind::Add | EditKind::Remove => entry.after.keys().try_for_each(|field| members(entry, intent, field)),
        EditKind::Delete => delete(intent, was),
        EditKind::Restore => {
            if was.deleted {
                Ok(())
            } else {
                Err("I4 something was restored that was there")
            }
        }
        EditKind::Revert => revert(entry, intent, was),
    }
}

/// The value before is the one that the author saw, or both texts are in the one after.
fn set(entry: &Entry, intent: &Intent, was: &Doc, field: &str) -> Result<(), &'static str> {
    let saw = |doc: &Option<Rc<Doc>>, value| doc.as_ref().and_then(|d| d.fields.get(field)) == value;
    let (stood, after, mine) = (was.fields.get(field), entry.after.get(field), intent.edit.set.get(field));
    if (saw(&intent.seen, stood) || saw(&intent.held, stood)) && after == mine {
        return Ok(());
    }
    if field != "description" {
        return Err("I4 a field was overwritten unseen and without a conflict");
    }
    let base: BTreeSet<&str> = intent.base_text.lines().collect();
    let [stood, mine, after] = [stood, mine, after].map(lines);
    let kept = |added: &[&str]| added.iter().all(|l| base.contains(l) || after.contains(l));
    let gone = base.iter().filter(|l| !stood.contains(l) || !mine.contains(l)).all(|l| !after.contains(l));
    if kept(&stood) && kept(&mine) && gone { Ok(()) } else { Err("I4 a line of a long text was lost or came back") }
}

/// Members come and go one by one; those of others stay.
fn members(entry: &Entry, intent: &Intent, field: &str) -> Result<(), &'static str> {
    let mut expected = list(entry.before.get(field));
    let mine = list(intent.edit.set.get(field));
    if intent.edit.kind == EditKind::Add {
        expected.extend(mine);
    } else {
        expected.retain(|m| !mine.contains(m));
    }
    if list(entry.after.get(field)) == expected { Ok(()) } else { Err("I4 a member of a set was lost or added that the author did not mean") }
}

fn delete(intent: &Intent, was: &Doc) -> Result<(), &'static str> {
    let saw = [&intent.seen, &intent.held].into_iter().flatten().any(|s| s.fields == was.fields);
    if saw && !was.deleted { Ok(()) } else { Err("I4 something was deleted over a change that its author had not seen") }
}

/// Undoes the edit that its author meant, and of it only what stands as it wrote it, or as its author has seen since.
fn revert(entry: &Entry, intent: &Intent, was: &Doc) -> Result<(), &'static str> {
    let Some(undone) = &intent.undoes else { return Err("a revert of nothing") };
    if undone.kind == EditKind::Create {
        let made = Version { epoch: undone.epoch, seq: undone.seq };
        return if was.version == made { Ok(()) } else { Err("I9 a creation was undone on which somebody had built") };
    }
    for (field, after) in &entry.after {
        if field == "deleted" {
            if undone.before.get(field) != Some(after) {
                return Err("I9 a revert undid another edit than its author meant");
            }
            continue;
        }
        if was.deleted {
            return Err("I4 something deleted was written to");
        }
        let (Some(written), before) = (undone.after.get(field), undone.before.get(field)) else {
            return Err("I9 a revert undid another edit than its author meant");
        };
        if field == "tags" {
            let (before, written, stood) = (list(before), list(Some(written)), list(was.fields.get(field)));
            let expected: BTreeSet<&str> =
                stood.iter().filter(|m| before.contains(*m) || !written.contains(*m)).chain(before.difference(&written)).copied().collect();
            if list(Some(after)) != expected {
                return Err("I9 a revert took members that others had added, or left what it should undo");
            }
            continue;
        }
        let seen = intent.seen.as_ref().filter(|_| intent.edit.base.contains_key(field)).and_then(|s| s.meta.get(field)).map(|m| m.v);
        let own = Version { epoch: undone.epoch, seq: undone.seq };
        if was.version_of(field) != seen.unwrap_or(own) {
            return Err("I9 a revert overwrote what somebody has changed since");
        }
        if before.unwrap_or(&Value::Null) != after {
            return Err("I9 a revert wrote something else than the value before");
        }
    }
    Ok(())
}

fn list(value: Option<&Value>) -> BTreeSet<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
