//! A séance at work and the morning after: progress, pieces of the area, people, minutes, review, undoing.

use super::actors::parse_id;
use super::extract::{Body, Path, Query};
use super::seances::{SCREEN, failed, find, for_team, knows_them, told};
use super::who::Person;
use super::{App, Error, Result};
use crate::journal::now;
use crate::model::edit::SubjectKind;
use crate::model::{Lang, Role, Seance, Version, label, taxonomy};
use crate::seance::{Counts, Line, Patch, Share, Wanted, What};
use crate::store::Participant;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Lines of an undoing that are told.
const LINES: usize = 200;

/// Who takes part, with the number of their edits.
#[utoipa::path(get, path = "/api/v1/seances/{id}/participants", tag = "seances", params(("id" = Uuid, Path, description = "The séance")),
    responses((status = 200, description = "The first to come first, those who were sent away too"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an organiser"), (status = 404, description = "No such séance")))]
pub(super) async fn participants(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<String>) -> Result<Json<Value>> {
    let s = for_team(&app, lang, &person, &id, Role::Organiser).await?;
    let minutes = app.seances.minutes(&s).await.map_err(|e| failed(e, lang))?;
    let people: Vec<Value> = minutes.people.iter().map(|(p, counts)| with(listed(p), "edits", json!(counts.edits))).collect();
    Ok(Json(json!({"participants": people})))
}

/// The body of `POST …/revoke`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    /// Erase the nickname too.
    #[serde(default)]
    forget: bool,
}

/// Sends a participant away, or leaves oneself; the edits stay until they are undone.
#[utoipa::path(post, path = "/api/v1/seances/{id}/participants/{participant}/revoke", tag = "seances", request_body = Revoke,
    params(("id" = Uuid, Path, description = "The séance"), ("participant" = Uuid, Path, description = "The participant")),
    responses((status = 200, description = "The participant as they are now"), (status = 401, description = "Nobody known"), (status = 403, description = "Neither an organiser nor this participant"), (status = 404, description = "No such séance or participant")))]
pub(super) async fn revoke(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path((id, participant)): Path<(String, String)>,
    Body(body): Body<Revoke>,
) -> Result<Json<Value>> {
    // Whoever takes part may take the own nickname away again.
    let own = match (person.id, parse_id(&id)) {
        (Some(identity), Ok(seance)) => app.journal.store.read().await?.participant(seance, identity).await?,
        _ => None,
    };
    let s = match own.filter(|p| p.id.to_string() == participant) {
        Some(_) => find(&mut app.journal.store.read().await?, lang, &id).await?,
        None => for_team(&app, lang, &person, &id, Role::Organiser).await?,
    };
    let participant = parse_id(&participant).map_err(|e| e.speaking(lang))?;
    let gone = app.seances.send_away(s.id, participant, body.forget).await.map_err(|e| failed(e, lang))?;
    Ok(Json(listed(&gone)))
}

fn listed(p: &Participant) -> Value {
    json!({"id": p.id, "nickname": p.name(), "color": p.color, "joined_at": label::moment(p.joined_at), "revoked_at": p.revoked_at.map(label::moment)})
}

fn with(mut value: Value, member: &str, more: Value) -> Value {
    value[member] = more;
    value
}

/// Numbers, last deeds and coverage. Nicknames are for those who are in, organisers, and the projector; others read public labels.
#[utoipa::path(get, path = "/api/v1/seances/{id}/progress", tag = "seances", params(("id" = Uuid, Path, description = "The séance")),
    responses((status = 200, description = "How it goes now"), (status = 404, description = "No such séance")))]
pub(super) async fn progress(State(app): State<App>, lang: Lang, person: Person, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<Value>> {
    let mut tx = app.journal.store.read().await?;
    let s = find(&mut tx, lang, &id).await?;
    drop(tx);
    let screen = headers.get(SCREEN).and_then(|v| v.to_str().ok());
    let nicknames = match screen {
        Some(token) if app.seances.is_screen(s.id, token).await.map_err(|e| failed(e, lang))? => true,
        _ => knows_them(&mut app.journal.store.read().await?, &person, &s).await?,
    };
    let p = app.seances.progress(&s, nicknames).await.map_err(|e| failed(e, lang))?;
    let last: Vec<Value> = p
        .last
        .iter()
        .map(|t| {
            json!({
                "nickname": t.nickname, "color": t.color, "actor": t.actor, "name": t.name, "category": t.category, "kind": t.deed, "field": t.field,
                "at": label::moment(t.at),
            })
        })
        .collect();
    Ok(Json(json!({
        "added": p.counts.added, "completed": p.counts.completed, "confirmed": p.counts.confirmed, "people": p.people, "last": last,
        "coverage": {"total": p.total, "claimed": p.claimed, "done": p.done, "nothing": p.nothing}, "ends_at": label::moment(s.ends_at()),
        "state": s.state(now()),
    })))
}

/// The pieces of the area: what is on them, who has them.
#[utoipa::path(get, path = "/api/v1/seances/{id}/cells", tag = "seances", params(("id" = Uuid, Path, description = "The séance")),
    responses((status = 200, description = "Quartiers by name, or tiles from the north-west; at most 400"), (status = 404, description = "No such séance")))]
pub(super) async fn cells(State(app): State<App>, lang: Lang, Path(id): Path<String>) -> Result<Json<Value>> {
    let mut tx = app.journal.store.read().await?;
    let s = find(&mut tx, lang, &id).await?;
    drop(tx);
    let patches = app.seances.patches(&s).await.map_err(|e| failed(e, lang))?;
    Ok(Json(json!({"cells": patches.iter().map(patch).collect::<Vec<_>>()})))
}

/// Where somebody is, degrees.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Here {
    /// Degrees.
    lon: f64,
    /// Degrees.
    lat: f64,
}

/// The next piece to look at: free, with most to do, and not far.
#[utoipa::path(get, path = "/api/v1/seances/{id}/cells/next", tag = "seances", params(("id" = Uuid, Path, description = "The séance"), Here),
    responses((status = 200, description = "A free piece; null when there is none"), (status = 400, description = "Not understood"), (status = 404, description = "No such séance")))]
pub(super) async fn next_cell(State(app): State<App>, lang: Lang, Path(id): Path<String>, Query(here): Query<Here>) -> Result<Json<Value>> {
    if !(-180.0..=180.0).contains(&here.lon) || !(-90.0..=90.0).contains(&here.lat) {
        let french = "La longitude va de -180 à 180 et la latitude de -90 à 90.";
        return Err(Error::bad("bad_point", french, "Longitude goes from -180 to 180 and latitude from -90 to 90.").speaking(lang));
    }
    let mut tx = app.journal.store.read().await?;
    let s = find(&mut tx, lang, &id).await?;
    drop(tx);
    let next = app.seances.next_patch(&s, [here.lon, here.lat]).await.map_err(|e| failed(e, lang))?;
    Ok(Json(json!({"cell": next.as_ref().map(patch)})))
}

fn patch(p: &Patch) -> Value {
    let text = |field: &str| p.cell.as_ref().map(|c| c.doc.text(field)).filter(|t| !t.is_empty());
    let versions: Map<String, Value> = p.cell.iter().flat_map(|c| &c.doc.meta).map(|(f, m)| (f.clone(), json!(m.v))).collect();
    let boundary: Option<Value> = p.piece.boundary.as_ref().and_then(|b| serde_json::from_str(b).ok());
    let version = p.cell.as_ref().map_or(Version::default(), |c| c.doc.version);
    json!({
        "id": p.id, "key": p.piece.key, "name": p.piece.name, "bbox": p.piece.bbox.to_array(), "boundary": boundary, "state": text("state"),
        "team": text("team"), "note": text("note"), "actors": p.actors, "to_check": p.to_check, "edits": p.edits, "version": version, "versions": versions,
    })
}

/// The séance, for those who may read its minutes: participants and organisers.
async fn for_those_inside(app: &App, lang: Lang, person: &Person, id: &str) -> Result<Seance> {
    let refused = |status| {
        let french = "Le compte rendu est pour les personnes qui ont participé et celles qui organisent.";
        Error::new(status, "needs_role", french, "The minutes are for those who took part and those who organise.").speaking(lang)
    };
    if person.id.is_none() {
        return Err(refused(StatusCode::UNAUTHORIZED));
    }
    let mut tx = app.journal.store.read().await?;
    let s = find(&mut tx, lang, id).await?;
    if knows_them(&mut tx, person, &s).await? { Ok(s) } else { Err(refused(StatusCode::FORBIDDEN)) }
}

/// Who took part and what changed.
#[utoipa::path(get, path = "/api/v1/seances/{id}/minutes", tag = "seances", params(("id" = Uuid, Path, description = "The séance")),
    responses((status = 200, description = "By person, theme and piece of the area"), (status = 401, description = "Nobody known"), (status = 403, description = "Neither participant nor organiser"), (status = 404, description = "No such séance")))]
pub(super) async fn minutes(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<String>) -> Result<Json<Value>> {
    let s = for_those_inside(&app, lang, &person, &id).await?;
    let m = app.seances.minutes(&s).await.map_err(|e| failed(e, lang))?;
    let mut tx = app.journal.store.read().await?;
    let seance = told(&app, &mut tx, &person, &s).await?;
    let people: Vec<Value> = m.people.iter().map(|(p, counts)| counted(listed(p), counts)).collect();
    let themes: Vec<Value> = m.themes.iter().map(|t| theme(t, lang)).collect();
    let piece = |s: &Share| counted(json!({"key": s.key, "name": s.name, "state": s.state, "team": s.team, "note": s.note}), &s.counts);
    let actors: Vec<Value> = m
        .actors
        .iter()
        .map(|a| json!({"id": a.id, "name": a.name, "category": a.category, "piece": a.piece, "added": a.added, "fields": a.fields}))
        .collect();
    Ok(Json(json!({
        "seance": seance, "counts": m.counts, "people": people, "others": m.others, "themes": themes,
        "pieces": m.pieces.iter().map(piece).collect::<Vec<_>>(), "outside": m.outside, "actors": actors,
    })))
}

fn counted(value: Value, counts: &Counts) -> Value {
    let counts = [("added", counts.added), ("completed", counts.completed), ("confirmed", counts.confirmed), ("edits", counts.edits)];
    counts.into_iter().fold(value, |value, (name, n)| with(value, name, json!(n)))
}

fn theme(share: &Share, lang: Lang) -> Value {
    let label = taxonomy().labels(&share.key).map(|(fr, en)| if lang == Lang::Fr { fr } else { en });
    counted(json!({"code": share.key, "label": label}), &share.counts)
}

/// The same as a table, a line per value.
#[utoipa::path(get, path = "/api/v1/seances/{id}/minutes.csv", tag = "seances", params(("id" = Uuid, Path, description = "The séance")),
    responses((status = 200, description = "RFC 4180, UTF-8 with a byte order mark", content_type = "text/csv", body = String), (status = 401, description = "Nobody known"), (status = 403, description = "Neither participant nor organiser"), (status = 404, description = "No such séance")))]
pub(super) async fn minutes_csv(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<String>) -> Result<Response> {
    let s = for_those_inside(&app, lang, &person, &id).await?;
    let table = app.seances.minutes_table(&s).await.map_err(|e| failed(e, lang))?;
    let name = format!("attachment; filename=\"seance-{}.csv\"", s.id);
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)], table).into_response())
}

/// Which lines of the review.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Lines {
    /// Of one participant.
    participant: Option<Uuid>,
    /// Of one piece of the area.
    cell: Option<Uuid>,
    /// `next` of the page before.
    before: Option<i64>,
}

/// Every edit of the séance, newest first, 100 at a time.
#[utoipa::path(get, path = "/api/v1/seances/{id}/edits", tag = "seances", params(("id" = Uuid, Path, description = "The séance"), Lines),
    responses((status = 200, description = "Edits with values before and after"), (status = 400, description = "Not understood"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an organiser"), (status = 404, description = "No such séance")))]
pub(super) async fn edits(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path(id): Path<String>,
    Query(lines): Query<Lines>,
) -> Result<Json<Value>> {
    let s = for_team(&app, lang, &person, &id, Role::Organiser).await?;
    let wanted = Wanted { participant: lines.participant, cell: lines.cell, before: lines.before };
    let (lines, next) = app.seances.review(&s, wanted).await.map_err(|e| failed(e, lang))?;
    Ok(Json(json!({"edits": lines.iter().map(line).collect::<Vec<_>>(), "next": next})))
}

fn line(l: &Line) -> Value {
    let fields: BTreeMap<&String, Value> = l.after.iter().map(|(f, after)| (f, json!({"before": l.before.get(f), "after": after}))).collect();
    json!({
        "seq": l.seq, "at": label::moment(l.at), "kind": l.kind, "subject": l.subject, "deed": l.deed, "by": l.by,
        "participant": l.participant.as_ref().map(super::seances::known_as), "actor": actor(l), "name": l.name, "category": l.category, "piece": l.piece,
        "fields": fields, "reverted": l.reverted,
    })
}

fn actor(l: &Line) -> Option<Uuid> {
    (l.subject.kind == SubjectKind::Actor).then_some(l.subject.id)
}

/// The body of `POST …/undo`: one of `participant`, `cell` and `whole`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Undo {
    /// All that this participant wrote.
    participant: Option<Uuid>,
    /// All that was written about this piece of the area.
    cell: Option<Uuid>,
    /// Everything.
    #[serde(default)]
    whole: bool,
    /// Only say what would be undone.
    #[serde(default)]
    preview: bool,
}

/// Undoes a participant, a piece or the whole, newest first; what others changed since stays and is told.
#[utoipa::path(post, path = "/api/v1/seances/{id}/undo", tag = "seances", params(("id" = Uuid, Path, description = "The séance")), request_body = Undo,
    responses((status = 200, description = "How many edits were taken back, what stays, and the lines of what was taken back (200 at most)"), (status = 400, description = "Not understood"), (status = 401, description = "Nobody known"), (status = 403, description = "Not a moderator"), (status = 404, description = "No such séance or participant")))]
pub(super) async fn undo(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<String>, Body(body): Body<Undo>) -> Result<Json<Value>> {
    let s = for_team(&app, lang, &person, &id, Role::Moderator).await?;
    let what = match (body.participant, body.cell, body.whole) {
        (Some(participant), None, false) => What::Participant(participant),
        (None, Some(cell), false) => What::Cell(cell),
        (None, None, true) => What::Whole,
        _ => {
            let french = "Dites ce qu’il faut annuler : une personne, un morceau de la zone, ou toute la séance.";
            return Err(Error::bad("bad_body", french, "Say what to undo: a participant, a piece of the area, or the whole séance.").speaking(lang));
        }
    };
    let Some(by) = person.id else { return Err(Error::not_found().speaking(lang)) };
    let done = app.seances.undo(&s, what, by, lang, body.preview).await.map_err(|e| failed(e, lang))?;
    let told: Vec<i64> = done.reverted.iter().copied().take(LINES).collect();
    let lines = app.seances.lines_of(&s, &told).await.map_err(|e| failed(e, lang))?;
    let kept: Vec<i64> = done.kept.iter().map(|k| k.seq).collect();
    let names = app.seances.lines_of(&s, &kept).await.map_err(|e| failed(e, lang))?;
    let names: HashMap<i64, String> = names.into_iter().map(|l| (l.seq, l.name)).collect();
    let kept = |k: &crate::seance::Kept| {
        let actor = (k.subject.kind == SubjectKind::Actor).then_some(k.subject.id);
        json!({"seq": k.seq, "actor": actor, "subject": k.subject, "name": names.get(&k.seq), "field": k.field, "why": k.why, "by": k.by})
    };
    Ok(Json(json!({
        "reverted": done.reverted.len(), "kept": done.kept.iter().map(kept).collect::<Vec<_>>(), "lines": lines.iter().map(line).collect::<Vec<_>>(),
    })))
}
