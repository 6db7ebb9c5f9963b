//! One actor, and its history.

use super::extract::{Path, Query};
use super::seances::{self, Nicknames};
use super::who::Person;
use super::{App, Error, Result};
use crate::journal::broken;
use crate::model::edit::{EditKind, Entry};
use crate::model::rights::{Deed, may};
use crate::model::{Actor, Lang, Role, label};
use crate::store::{Grant, Tx};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// One actor with its fields, versions and provenance.
#[utoipa::path(get, path = "/api/v1/actors/{id}", tag = "actors", params(("id" = Uuid, Path, description = "The actor")),
    responses((status = 200, description = "The actor, also when it was deleted (state)"), (status = 404, description = "No such actor")))]
pub(super) async fn show(State(app): State<App>, lang: Lang, Path(id): Path<String>) -> Result<Json<Value>> {
    let id = parse_id(&id).map_err(|e| e.speaking(lang))?;
    let mut tx = app.journal.store.read().await?;
    json(&app, &mut tx, id).await?.map(Json).ok_or_else(|| Error::not_found().speaking(lang))
}

/// Which part of a history.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Only entries before this number.
    before: Option<i64>,
    /// 1 to 200 [default: 50].
    limit: Option<i64>,
}

impl Page {
    /// (before, limit), within bounds.
    pub(super) fn bounds(&self) -> (i64, i64) {
        (self.before.unwrap_or(i64::MAX), self.limit.unwrap_or(50).clamp(1, 200))
    }
}

/// The edits of one actor, newest first.
#[utoipa::path(get, path = "/api/v1/actors/{id}/history", tag = "actors", params(("id" = Uuid, Path, description = "The actor"), Page),
    responses((status = 200, description = "Who changed what, when, before and after"), (status = 404, description = "No such actor")))]
pub(super) async fn history(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    let id = parse_id(&id).map_err(|e| e.speaking(lang))?;
    let (before, limit) = page.bounds();
    let mut tx = app.journal.store.read().await?;
    if tx.actor(id).await?.is_none() {
        return Err(Error::not_found().speaking(lang));
    }
    let entries = tx.history(id, before, limit).await?;
    Ok(Json(told(&mut tx, &person, entries, limit, false).await?))
}

/// Entries as people read them. `named` adds the subject and its name to each.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn told(tx: &mut Tx, person: &Person, mut entries: Vec<Entry>, limit: i64, named: bool) -> Result<Value> {
    if broken("clock-order") {
        entries.sort_by_key(|e| std::cmp::Reverse(e.at));
    }
    let grants = match person.id {
        Some(id) => tx.grants(id).await?,
        None => Vec::new(),
    };
    let nicknames = seances::nicknames(tx, person, &entries).await?;
    let next = if entries.len() as i64 == limit { entries.last().map(|e| e.seq) } else { None };
    let mut edits = Vec::with_capacity(entries.len());
    let mut actor: Option<Actor> = None;
    for e in entries {
        if actor.as_ref().is_none_or(|a| a.id != e.subject.id) {
            actor = tx.actor(e.subject.id).await?;
        }
        let mine = e.author.is_some() && e.author == person.id;
        let reverted_by = tx.reverted_by(e.seq).await?;
        let mut told = json!({
            "seq": e.seq, "epoch": e.epoch, "id": e.edit_id, "kind": e.kind, "by": by(&e, &nicknames), "mine": mine, "seance": e.seance,
            "at": label::moment(e.at), "source": e.source, "fields": changes(&e), "reverts": e.reverts, "reverted_by": reverted_by,
            "can_revert": reverted_by.is_none() && may_revert(&grants, mine, &e, actor.as_ref()),
        });
        if named {
            told["subject"] = json!(e.subject);
            told["name"] = json!(actor.as_ref().map(|a| a.name().to_owned()));
            told["deleted"] = json!(actor.as_ref().is_some_and(|a| a.doc.deleted));
        }
        edits.push(told);
    }
    Ok(json!({"edits": edits, "next": next}))
}

/// Who wrote an entry: in a séance the nickname, for those who may read it.
fn by(e: &Entry, nicknames: &Nicknames) -> String {
    let known = e.seance.zip(e.author).and_then(|key| nicknames.get(&key));
    known.cloned().unwrap_or_else(|| label::author(e.author, e.source.as_deref()))
}

/// What the rights table will say of a revert, so that no button is shown that can only be refused.
fn may_revert(grants: &[Grant], mine: bool, e: &Entry, actor: Option<&Actor>) -> bool {
    let here = |t: Uuid| t == e.subject.id || actor.is_some_and(|a| t == a.home || a.territories.contains(&t));
    let granted = grants.iter().filter(|g| g.territory.is_none_or(here)).map(|g| g.role).max().unwrap_or_default();
    let deed = Deed {
        kind: EditKind::Revert,
        subject: e.subject.kind,
        deleted: actor.is_some_and(|a| a.doc.deleted),
        own: mine,
        closes: false,
        participant: false,
        mine: false,
        publishes: true,
        thaws: e.subject.kind.is_work(),
    };
    may(granted.max(Role::Contributor), deed).is_ok()
}

fn changes(e: &Entry) -> Map<String, Value> {
    e.after.iter().map(|(field, after)| (field.clone(), json!({"before": e.before.get(field), "after": after}))).collect()
}

/// The JSON of an actor; none when there is no such actor.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn json(app: &App, tx: &mut Tx, id: Uuid) -> Result<Option<Value>> {
    let Some(actor) = tx.actor(id).await? else { return Ok(None) };
    Ok(whole(app, tx, &[actor]).await?.pop())
}

/// Actors as the API writes them, each with those that it stands to.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn whole(app: &App, tx: &mut Tx, actors: &[Actor]) -> Result<Vec<Value>> {
    let ids: Vec<Uuid> = actors.iter().map(|a| a.id).collect();
    let [own, theirs] = tx.relations_among(&ids).await?;
    let mut others: Vec<Uuid> = own.iter().map(|r| r.2).chain(theirs.iter().map(|r| r.0)).collect();
    others.sort_unstable();
    others.dedup();
    let others = if others.is_empty() { Vec::new() } else { tx.actors_among(&others).await? };
    let others: HashMap<Uuid, &Actor> = others.iter().filter(|a| !a.doc.deleted).map(|a| (a.id, a)).collect();
    let mut related: HashMap<Uuid, Vec<Value>> = HashMap::new();
    let to = own.iter().map(|(actor, kind, other)| (actor, kind, other, "to"));
    for (actor, kind, other, direction) in to.chain(theirs.iter().map(|(other, kind, actor)| (actor, kind, other, "from"))) {
        let Some(found) = others.get(other) else { continue };
        let theme = found.category().split('.').next();
        let line = json!({"id": other, "name": found.name(), "theme": theme, "kind": kind, "direction": direction});
        related.entry(*actor).or_default().push(line);
    }
    let with = |a: &Actor| {
        let mut one = written(app, a);
        one["related"] = related.remove(&a.id).unwrap_or_default().into();
        one
    };
    Ok(actors.iter().map(with).collect())
}

/// An actor as the API writes it, but for those that it stands to.
fn written(app: &App, a: &Actor) -> Value {
    let slug = |id: &Uuid| app.journal.atlas.slug(*id).map(String::from);
    let home = slug(&a.home).unwrap_or_default();
    let mut territories: Vec<String> = a.territories.iter().filter_map(&slug).collect();
    if territories.is_empty() {
        territories.push(home.clone());
    }
    let versions: Map<String, Value> = a.doc.meta.iter().map(|(f, m)| (f.clone(), json!(m.v))).collect();
    let provenance: Map<String, Value> = a.doc.meta.iter().map(|(f, m)| (f.clone(), mark(m))).collect();
    let places: Vec<Value> = a.places().iter().map(|p| place(a, p)).collect();
    json!({
        "id": a.id, "territory": home, "state": a.state(), "fields": a.doc.fields, "versions": versions, "version": a.doc.version,
        "provenance": provenance, "places": places, "territories": territories, "source": source(a), "licence": "ODbL-1.0",
        "created_at": label::moment(a.created_at), "updated_at": label::moment(a.updated_at), "url": format!("/{home}/acteurs/{}", a.id),
    })
}

fn mark(m: &crate::model::FieldMeta) -> Value {
    json!({"by": label::author(m.by, m.source.as_deref()), "at": label::moment(m.at), "source": m.source})
}

fn place(a: &Actor, p: &crate::model::Place) -> Value {
    json!({
        "id": p.id, "lon": p.point.map(|c| c[0]), "lat": p.point.map(|c| c[1]), "precision": p.precision, "address": a.address(&p.id),
        "street": a.street(&p.id),
    })
}

fn source(a: &Actor) -> Option<Value> {
    let origin = a.origin.as_ref()?;
    let url = origin.reference.strip_prefix("osm:").map(|object| format!("https://www.openstreetmap.org/{object}"));
    Some(json!({"ref": origin.reference, "url": url, "version": origin.version, "licence": origin.licence}))
}

/// Reads an id from the path.
///
/// # Errors
/// 404: what is no id names nothing.
pub(super) fn parse_id(text: &str) -> Result<Uuid> {
    Uuid::parse_str(text).map_err(|_| Error::not_found())
}
