//! The merge rule: what an edit does to a subject that others may have changed since the author saw it. Pure.
//!
//! Per field: base current → applied; equal value → same; sets → members added and removed; long text → merged line by line when the
//! lines do not clash; everything else stale → not applied, and both values are handed back. Nothing is ever overwritten unseen.
//! Source: ../shared/design/sync-protocol.md §1.2, "Merge rule per field".

use super::doc::{Doc, FieldMeta, Fields, Version};
use super::edit::{Edit, EditKind, Entry, FieldResult, Outcome, SubjectKind};
use super::field::{self, CATEGORIES_MAX, PLACES_MAX, Type};
use super::invalid::{Invalid, Lang, Reason};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What the writer knows when it applies an edit.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The number the edit gets if something applies.
    pub next: Version,
    /// UTC, milliseconds since 1970.
    pub at: i64,
    /// Who writes; none for an import.
    pub author: Option<Uuid>,
    /// `osm` for an import.
    pub source: Option<&'a str>,
    /// Language of the sentences.
    pub lang: Lang,
    /// For a long text whose base is stale: the text at that base.
    pub base_texts: &'a BTreeMap<String, String>,
    /// For a revert: the journal row it undoes.
    pub undone: Option<&'a Entry>,
}

/// The fate of an edit: the new state when something applied, and what became of each field.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// Fate of the whole edit.
    pub outcome: Outcome,
    /// The state after; none when nothing applied.
    pub doc: Option<Doc>,
    /// Values before, of the fields that changed.
    pub before: Fields,
    /// Values after, of the fields that changed; a cleared field is `null`.
    pub after: Fields,
    /// Fate of each field.
    pub fields: BTreeMap<String, FieldFate>,
    /// The subject is deleted.
    pub deleted: bool,
}

/// What became of one field.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldFate {
    /// See [`FieldResult`].
    Applied,
    /// See [`FieldResult`].
    Merged,
    /// See [`FieldResult`].
    Same,
    /// The value sent, and the one that stands with its mark.
    Conflict(Value, Value, Option<FieldMeta>),
    /// Why the value is refused.
    Refused(Invalid),
}

/// Applies an edit to the state of its subject (`None` when there is none yet). Validation of values happens here; rights are checked before.
pub fn merge(doc: Option<&Doc>, edit: &Edit, ctx: &Context<'_>) -> Merged {
    match (edit.kind, doc) {
        (EditKind::Create, None) => create(edit, ctx),
        // A piece of a séance's area always has the same id: taken again after an undoing, it begins anew.
        (EditKind::Create, Some(doc)) if doc.deleted && edit.subject.kind == SubjectKind::Cell => create(edit, ctx),
        (EditKind::Create | EditKind::Set | EditKind::Add | EditKind::Remove, Some(doc)) if doc.deleted => gone(doc, edit),
        (EditKind::Create, Some(doc)) => Work::new(doc, edit, ctx).set_all(&edit.set),
        (_, None) => Merged::nothing(Outcome::Refused, BTreeMap::new(), false),
        (EditKind::Delete, Some(doc)) => delete(doc, edit, ctx),
        (EditKind::Restore, Some(doc)) => toggle(doc, ctx, false),
        (EditKind::Revert, Some(doc)) => revert(doc, edit, ctx),
        (EditKind::Set, Some(doc)) => Work::new(doc, edit, ctx).set_all(&edit.set),
        (EditKind::Add | EditKind::Remove, Some(doc)) => Work::new(doc, edit, ctx).members_all(),
    }
}

impl Merged {
    fn nothing(outcome: Outcome, fields: BTreeMap<String, FieldFate>, deleted: bool) -> Self {
        Self { outcome, doc: None, before: Fields::new(), after: Fields::new(), fields, deleted }
    }
}

fn create(edit: &Edit, ctx: &Context<'_>) -> Merged {
    let empty = Doc::default();
    let mut work = Work::new(&empty, edit, ctx);
    for field in field::at_creation(edit.subject.kind).iter().filter(|f| !edit.set.contains_key(**f)) {
        work.fates.insert((*field).into(), FieldFate::Refused(Invalid::new(field, Reason::Required)));
    }
    for (field, value) in &edit.set {
        work.set_one(field, value);
    }
    // A new subject is written whole or not at all: a half-filled actor would surprise its author.
    if work.fates.values().any(|f| matches!(f, FieldFate::Refused(_))) {
        work.fates.retain(|_, f| matches!(f, FieldFate::Refused(_)));
        return Merged::nothing(Outcome::Refused, work.fates, false);
    }
    work.finish()
}

fn delete(doc: &Doc, edit: &Edit, ctx: &Context<'_>) -> Merged {
    if doc.deleted {
        return Merged::nothing(Outcome::Same, BTreeMap::new(), true);
    }
    let seen = edit.base.get("*").copied().flatten().unwrap_or_default();
    if seen != doc.version {
        let newest = doc.meta.values().max_by_key(|m| m.v).cloned();
        let theirs = json!(doc.fields);
        let fate = FieldFate::Conflict(Value::Null, theirs, newest.map(|m| FieldMeta { v: doc.version, ..m }));
        return Merged::nothing(Outcome::Conflict, BTreeMap::from([("*".to_owned(), fate)]), false);
    }
    toggle(doc, ctx, true)
}

fn toggle(doc: &Doc, ctx: &Context<'_>, deleted: bool) -> Merged {
    if doc.deleted == deleted {
        return Merged::nothing(Outcome::Same, BTreeMap::new(), doc.deleted);
    }
    let next = Doc { deleted, version: ctx.next, ..doc.clone() };
    Merged {
        outcome: Outcome::Applied,
        doc: Some(next),
        before: Fields::from([("deleted".into(), json!(doc.deleted))]),
        after: Fields::from([("deleted".into(), json!(deleted))]),
        fields: BTreeMap::from([("*".to_owned(), FieldFate::Applied)]),
        deleted,
    }
}

/// Writing to something that was taken away: each value is handed back, and the client offers to restore.
fn gone(doc: &Doc, edit: &Edit) -> Merged {
    let fates = edit.set.iter().map(|(field, mine)| {
        let theirs = doc.fields.get(field).cloned().unwrap_or(Value::Null);
        (field.clone(), FieldFate::Conflict(mine.clone(), theirs, doc.meta.get(field).cloned()))
    });
    Merged::nothing(Outcome::Conflict, fates.collect(), true)
}

fn revert(doc: &Doc, edit: &Edit, ctx: &Context<'_>) -> Merged {
    let Some(undone) = ctx.undone else {
        return Merged::nothing(Outcome::Refused, BTreeMap::new(), doc.deleted);
    };
    match undone.kind {
        // Undoing a creation takes the subject away, unless somebody built on it since.
        EditKind::Create => {
            let made = Version { epoch: undone.epoch, seq: undone.seq };
            // Whoever looked at what became of it, and says so (`*` names the entry itself), takes that away.
            let seen = edit.base.get("deleted").copied().flatten().unwrap_or(made);
            let whole = Edit { base: BTreeMap::from([("*".to_owned(), Some(seen))]), ..edit.clone() };
            return delete(doc, &whole, ctx);
        }
        _ if undone.after.contains_key("deleted") => {
            let was = undone.before.get("deleted").and_then(Value::as_bool).unwrap_or(false);
            return toggle(doc, ctx, was);
        }
        _ if doc.deleted => return gone(doc, &Edit { set: undone.before.clone(), ..edit.clone() }),
        _ => {}
    }
    let mut work = Work::new(doc, edit, ctx);
    let written = Version { epoch: undone.epoch, seq: undone.seq };
    for (field, after) in &undone.after {
        let before = undone.before.get(field).cloned().unwrap_or(Value::Null);
        let is_set = field::spec(edit.subject.kind, field).is_some_and(|s| s.kind == Type::Set);
        if is_set {
            work.undo_members(field, &before, after);
        } else {
            // Whoever looked at what stands now, and says so, undoes it also when others were there in between.
            let seen = edit.base.get(field).copied().flatten().unwrap_or(written);
            work.compare_and_set(field, before, seen);
        }
    }
    work.finish()
}

/// The state being changed, with a note of every change.
struct Work<'a> {
    doc: Doc,
    edit: &'a Edit,
    ctx: &'a Context<'a>,
    before: Fields,
    after: Fields,
    fates: BTreeMap<String, FieldFate>,
}

impl<'a> Work<'a> {
    fn new(doc: &Doc, edit: &'a Edit, ctx: &'a Context<'a>) -> Self {
        Self { doc: doc.clone(), edit, ctx, before: Fields::new(), after: Fields::new(), fates: BTreeMap::new() }
    }

    fn set_all(mut self, values: &Fields) -> Merged {
        for (field, value) in values {
            self.set_one(field, value);
        }
        self.finish()
    }

    fn set_one(&mut self, field: &str, value: &Value) {
        let kind = self.edit.subject.kind;
        let value = match field::check(kind, field, value).and_then(|v| self.fits(field, v)) {
            Ok(value) => value,
            Err(why) => return self.fate(field, FieldFate::Refused(why)),
        };
        let seen = self.edit.base.get(field).copied().flatten().unwrap_or_default();
        let is_text = field::spec(kind, field).is_some_and(|s| s.kind == Type::Text);
        if is_text && seen != self.doc.version_of(field) && self.merge_text(field, &value) {
            return;
        }
        self.compare_and_set(field, value, seen);
    }

    /// Rules that look at more than one field: the number of categories and of places.
    fn fits(&self, field: &str, value: Value) -> Result<Value, Invalid> {
        if field == "primary_category" && self.doc.set("categories").count() + 1 > CATEGORIES_MAX {
            return Err(Invalid::new(field, Reason::TooMany(CATEGORIES_MAX)));
        }
        // Which piece of which séance it is makes a cell's id.
        let identity = self.edit.subject.kind == SubjectKind::Cell && (field == "seance" || field == "key");
        if identity && self.doc.fields.get(field).is_some_and(|known| *known != value) {
            return Err(Invalid::new(field, Reason::Fixed));
        }
        let new_place = field.starts_with("place/") && !self.doc.fields.contains_key(field) && !value.is_null();
        if new_place && self.doc.fields.keys().filter(|f| f.ends_with("/position")).count() >= PLACES_MAX {
            return Err(Invalid::new(field, Reason::TooMany(PLACES_MAX)));
        }
        Ok(value)
    }

    fn compare_and_set(&mut self, field: &str, value: Value, seen: Version) {
        let current = self.doc.fields.get(field).cloned().unwrap_or(Value::Null);
        if current == value {
            self.fate(field, FieldFate::Same);
        } else if seen == self.doc.version_of(field) {
            self.write(field, current, value, FieldFate::Applied);
        } else {
            let meta = self.doc.meta.get(field).cloned();
            self.fate(field, FieldFate::Conflict(value, current, meta));
        }
    }

    /// Three-way merge of a long text by lines; false when the base is unknown or the lines clash.
    fn merge_text(&mut self, field: &str, value: &Value) -> bool {
        let (Some(base), Some(mine)) = (self.ctx.base_texts.get(field), value.as_str()) else { return false };
        let current = self.doc.text(field).to_owned();
        if current == mine {
            return false;
        }
        // `diffy` compares whole lines, the last one too.
        let end = |s: &str| format!("{s}\n");
        let Ok(both) = diffy::merge(&end(base), &end(mine), &end(&current)) else { return false };
        let Ok(value) = field::check(self.edit.subject.kind, field, &Value::String(both)) else { return false };
        if value == json!(current) {
            self.fate(field, FieldFate::Same);
        } else {
            self.write(field, json!(current), value, FieldFate::Merged);
        }
        true
    }

    fn members_all(mut self) -> Merged {
        for (field, members) in &self.edit.set {
            let members: Vec<Value> = members.as_array().cloned().unwrap_or_default();
            match self.edit.kind {
                EditKind::Add => self.delta(field, &members, &[]),
                _ => self.delta(field, &[], &members),
            }
        }
        self.finish()
    }

    fn undo_members(&mut self, field: &str, before: &Value, after: &Value) {
        let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
        let (before, after) = (list(before), list(after));
        let added: Vec<Value> = after.iter().filter(|m| !before.contains(m)).cloned().collect();
        let removed: Vec<Value> = before.iter().filter(|m| !after.contains(m)).cloned().collect();
        self.delta(field, &removed, &added);
    }

    /// Adds and removes members; what others did to other members stays.
    fn delta(&mut self, field: &str, add: &[Value], remove: &[Value]) {
        let kind = self.edit.subject.kind;
        let is_set = field::spec(kind, field).is_some_and(|s| s.kind == Type::Set);
        if !is_set {
            return self.fate(field, FieldFate::Refused(Invalid::new(field, Reason::UnknownField)));
        }
        let current = self.doc.fields.get(field).cloned().unwrap_or(Value::Null);
        let mut members: Vec<Value> = current.as_array().cloned().unwrap_or_default();
        let clean = |list: &[Value]| match field::check(kind, field, &json!(list)) {
            Ok(Value::Array(list)) => Ok(list),
            Ok(_) => Ok(Vec::new()),
            Err(why) => Err(why),
        };
        let (add, remove) = match (clean(add), clean(remove)) {
            (Ok(add), Ok(remove)) => (add, remove),
            (Err(why), _) | (_, Err(why)) => return self.fate(field, FieldFate::Refused(why)),
        };
        members.retain(|m| !remove.contains(m));
        members.extend(add.into_iter().filter(|m| !members.contains(m)).collect::<Vec<_>>());
        match field::check(kind, field, &json!(members)) {
            Err(why) => self.fate(field, FieldFate::Refused(why)),
            Ok(value) if value == current => self.fate(field, FieldFate::Same),
            Ok(value) => self.write(field, current, value, FieldFate::Merged),
        }
    }

    fn write(&mut self, field: &str, before: Value, after: Value, fate: FieldFate) {
        let meta = FieldMeta { v: self.ctx.next, by: self.ctx.author, at: self.ctx.at, source: self.ctx.source.map(Into::into) };
        self.doc.meta.insert(field.into(), meta);
        if after.is_null() {
            self.doc.fields.remove(field);
        } else {
            self.doc.fields.insert(field.into(), after.clone());
        }
        if !before.is_null() {
            self.before.insert(field.into(), before);
        }
        self.after.insert(field.into(), after);
        self.fate(field, fate);
    }

    fn fate(&mut self, field: &str, fate: FieldFate) {
        self.fates.insert(field.into(), fate);
    }

    fn finish(mut self) -> Merged {
        let deleted = self.doc.deleted;
        // Two fields that are each right can be wrong together; then nothing of the edit is written.
        if !self.after.is_empty()
            && let Some(why) = super::seance::contradiction(self.edit.subject.kind, &self.doc)
        {
            let fates = BTreeMap::from([(why.field.clone(), FieldFate::Refused(why))]);
            return Merged::nothing(Outcome::Refused, fates, deleted);
        }
        if !self.after.is_empty() {
            self.doc.version = self.ctx.next;
            return Merged { outcome: Outcome::Applied, doc: Some(self.doc), before: self.before, after: self.after, fields: self.fates, deleted };
        }
        let outcome = if self.fates.values().any(|f| matches!(f, FieldFate::Conflict(..))) {
            Outcome::Conflict
        } else if self.fates.values().any(|f| matches!(f, FieldFate::Refused(_))) || self.fates.is_empty() {
            Outcome::Refused
        } else {
            Outcome::Same
        };
        Merged::nothing(outcome, self.fates, deleted)
    }
}

impl FieldFate {
    /// The fate as it goes over the wire.
    pub fn on_the_wire(&self, conflict: Uuid, by: String, at: String, lang: Lang) -> FieldResult {
        match self {
            Self::Applied => FieldResult::Applied,
            Self::Merged => FieldResult::Merged,
            Self::Same => FieldResult::Same,
            Self::Conflict(mine, theirs, meta) => FieldResult::Conflict {
                conflict,
                mine: mine.clone(),
                theirs: theirs.clone(),
                by,
                at,
                version: meta.as_ref().map(|m| m.v).unwrap_or_default(),
            },
            Self::Refused(why) => FieldResult::Refused { code: why.code().into(), message: why.sentence(lang) },
        }
    }
}

/// The long-text fields of an edit whose base is not the current version: the writer looks up their text at that base.
pub fn texts_to_look_up(doc: Option<&Doc>, edit: &Edit) -> Vec<(String, Version)> {
    let Some(doc) = doc else { return Vec::new() };
    let kind: SubjectKind = edit.subject.kind;
    edit.set
        .keys()
        .filter(|f| field::spec(kind, f).is_some_and(|s| s.kind == Type::Text))
        .filter_map(|f| Some((f.clone(), edit.base.get(f).copied().flatten()?)))
        .filter(|(f, seen)| *seen != doc.version_of(f))
        .collect()
}
