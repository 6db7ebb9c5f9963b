//! Imports of extracts: what was imported, what a file would change, applying it, undoing it. For the admins of a territory; moderators read.

use super::extract::{Path, Query, piece};
use super::who::Person;
use super::{App, Error, Result, territories};
use crate::import::{RunError, Source, file_name, is_changes};
use crate::journal::Refused;
use crate::model::{Lang, Role, label};
use crate::store::{self, Action, Item, Run, RunState};
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// An uploaded file may have this many bytes: 1 GiB.
const UPLOAD_MAX: u64 = 1 << 30;
/// An upload that sends nothing for this long is given up.
const UPLOAD_IDLE: Duration = Duration::from_secs(30);
/// Runs told at once.
const RUNS: i64 = 50;
/// Items told at once, at most.
const ITEMS: i64 = 200;

/// Which runs.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Before {
    /// `next` of the page before.
    before: Option<Uuid>,
}

/// The imports of a territory, newest first.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/imports", tag = "imports", params(("slug" = String, Path, description = "Short address"), Before),
    responses((status = 200, description = "Runs, 50 at a time"), (status = 400, description = "Not understood"), (status = 401, description = "Nobody known"), (status = 403, description = "Not a moderator"), (status = 404, description = "No such territory")))]
pub(super) async fn list(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path(slug): Path<String>,
    Query(page): Query<Before>,
) -> Result<Json<Value>> {
    may(&app, lang, &person, &slug, Role::Moderator).await?;
    let mut tx = app.journal.store.read().await?;
    let runs = tx.runs(Some(&slug), page.before, RUNS).await?;
    drop(tx);
    let next = (runs.len() as i64 == RUNS).then(|| runs.last().map(|r| r.id)).flatten();
    Ok(Json(json!({"runs": runs.iter().map(|r| told(&app, lang, r)).collect::<Vec<_>>(), "next": next})))
}

/// The name of an uploaded file.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Named {
    /// Ends in `.osm.pbf` or `.osc.gz`.
    name: Option<String>,
}

/// Takes a file in and reads it: what it would change is known when the run is `planned`. Nothing is written to the map.
#[utoipa::path(post, path = "/api/v1/territories/{slug}/imports", tag = "imports", params(("slug" = String, Path, description = "Short address"), Named),
    request_body(content = String, content_type = "application/octet-stream", description = "An .osm.pbf extract, or .osc.gz changes to the last one; 1 GiB at most"),
    responses((status = 202, description = "The run, being read"), (status = 400, description = "Not a file of these kinds, or cut off"), (status = 401, description = "Nobody known"),
    (status = 403, description = "Not an admin"), (status = 404, description = "No such territory"), (status = 408, description = "Nothing came for 30 s"),
    (status = 409, description = "Another import of this territory is under way"), (status = 413, description = "More than 1 GiB"), (status = 507, description = "No room on the disk")))]
pub(super) async fn upload(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path(slug): Path<String>,
    Query(named): Query<Named>,
    request: Request,
) -> Result<Response> {
    may(&app, lang, &person, &slug, Role::Admin).await?;
    let name = file_name(named.name.as_deref().unwrap_or("extrait.osm.pbf"));
    if !is_changes(&name) && !name.to_lowercase().ends_with(".pbf") {
        let french = "Envoyez un extrait .osm.pbf, ou des changements .osc.gz.";
        return Err(Error::bad("import_kind", french, "Send an .osm.pbf extract, or .osc.gz changes.").speaking(lang));
    }
    let length = request.headers().get(axum::http::header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|n| n > UPLOAD_MAX) {
        return Err(too_large().speaking(lang));
    }
    let imports = app.imports.clone();
    let mut run = imports.begin(&slug, &name).await.map_err(|e| refusal(&app, lang, &e))?;
    let file = imports.files().source(run.id, &name);
    if let Err(error) = receive(request.into_body(), &file).await {
        imports.drop_run(&run).await.map_err(|e| refusal(&app, lang, &e))?;
        return Err(error.speaking(lang));
    }
    let answer = (StatusCode::ACCEPTED, Json(told(&app, lang, &run))).into_response();
    let source = Source { file, slug: Some(slug), draw: true, uploaded: true, ..Source::default() };
    tokio::spawn(async move {
        let report = imports.watch(run.id);
        let id = run.id;
        let done = match imports.read(&mut run, &source, &report).await {
            Ok(reading) => imports.plan(&mut run, reading).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::warn!("the import {id} failed: {error:#}");
        }
    });
    Ok(answer)
}

/// Writes a body to a file as it comes.
async fn receive(mut body: Body, file: &std::path::Path) -> Result<()> {
    let disk = |e: std::io::Error| {
        tracing::error!("an upload could not be written: {e}");
        match e.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Refused::Full.into(),
            _ => Error::internal(),
        }
    };
    let mut out = tokio::fs::File::create(file).await.map_err(disk)?;
    let mut size = 0;
    loop {
        let next = tokio::time::timeout(UPLOAD_IDLE, piece(&mut body)).await.map_err(|_| {
            let french = "L’envoi s’est interrompu. Rien n’a été changé ; envoyez le fichier à nouveau.";
            Error::new(StatusCode::REQUEST_TIMEOUT, "upload_idle", french, "The upload stopped. Nothing was changed; send the file again.")
        })?;
        let Some(chunk) = next else { break };
        let chunk = chunk.map_err(|_| {
            let french = "L’envoi a été coupé. Rien n’a été changé ; envoyez le fichier à nouveau.";
            Error::bad("upload_cut", french, "The upload was cut off. Nothing was changed; send the file again.")
        })?;
        size += chunk.len() as u64;
        if size > UPLOAD_MAX {
            return Err(too_large());
        }
        out.write_all(&chunk).await.map_err(disk)?;
    }
    out.flush().await.map_err(disk)
}

fn too_large() -> Error {
    let french = "Ce fichier dépasse 1 Gio. Importez-le en ligne de commande (bouillon import osm).";
    Error::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        french,
        "This file is larger than 1 GiB. Import it on the command line (bouillon import osm).",
    )
}

/// One import.
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "imports", params(("id" = Uuid, Path, description = "Id of the run")),
    responses((status = 200, description = "The run"), (status = 401, description = "Nobody known"), (status = 403, description = "Not a moderator"), (status = 404, description = "No such run")))]
pub(super) async fn show(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<Uuid>) -> Result<Json<Value>> {
    let run = found(&app, lang, &person, id, Role::Moderator).await?;
    Ok(Json(told(&app, lang, &run)))
}

/// Which items.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// `create`, `update`, `conflict`, `close`, `reappear`, `renumber`, `candidate` or `refused`; all without it.
    action: Option<String>,
    /// `next` of the page before.
    after: Option<i64>,
    /// How many at most: 200.
    limit: Option<i64>,
}

/// What a run changes, object by object.
#[utoipa::path(get, path = "/api/v1/imports/{id}/items", tag = "imports", params(("id" = Uuid, Path, description = "Id of the run"), Which),
    responses((status = 200, description = "Items in order"), (status = 400, description = "No such action"), (status = 401, description = "Nobody known"), (status = 403, description = "Not a moderator"), (status = 404, description = "No such run")))]
pub(super) async fn items(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path(id): Path<Uuid>,
    Query(which): Query<Which>,
) -> Result<Json<Value>> {
    found(&app, lang, &person, id, Role::Moderator).await?;
    let action = match which.action.as_deref().filter(|a| !a.is_empty()) {
        Some(word) => Some(Action::parse(word).ok_or_else(|| {
            let french = "action : create, update, conflict, close, reappear, renumber, candidate ou refused.";
            Error::bad("bad_action", french, "action: create, update, conflict, close, reappear, renumber, candidate or refused.").speaking(lang)
        })?),
        None => None,
    };
    let limit = which.limit.unwrap_or(ITEMS).clamp(1, ITEMS);
    let mut tx = app.journal.store.read().await?;
    let items = tx.items(id, action, which.after.unwrap_or(0), limit).await?;
    let next = (items.len() as i64 == limit).then(|| items.last().map(|i: &Item| i.number)).flatten();
    Ok(Json(json!({"items": items, "next": next})))
}

/// Writes a planned run.
#[utoipa::path(post, path = "/api/v1/imports/{id}/apply", tag = "imports", params(("id" = Uuid, Path, description = "Id of the run")),
    responses((status = 202, description = "Being applied"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an admin"), (status = 404, description = "No such run"), (status = 409, description = "Not planned")))]
pub(super) async fn apply(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<Uuid>) -> Result<Response> {
    found(&app, lang, &person, id, Role::Admin).await?;
    let run = app.imports.claim(id).await.map_err(|e| refusal(&app, lang, &e))?;
    let imports = app.imports.clone();
    let answer = (StatusCode::ACCEPTED, Json(told(&app, lang, &run))).into_response();
    tokio::spawn(async move {
        let report = imports.watch(id);
        // What went wrong is in the log, and the run is planned again.
        let _ = imports.apply_claimed(run, &report).await;
    });
    Ok(answer)
}

/// Undoes an applied run: what somebody changed since stays.
#[utoipa::path(post, path = "/api/v1/imports/{id}/undo", tag = "imports", params(("id" = Uuid, Path, description = "Id of the run")),
    responses((status = 202, description = "Being undone"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an admin"), (status = 404, description = "No such run"), (status = 409, description = "Not applied, not the latest, or another import is under way")))]
pub(super) async fn undo(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<Uuid>) -> Result<Response> {
    found(&app, lang, &person, id, Role::Admin).await?;
    let run = app.imports.claim_undo(id).await.map_err(|e| refusal(&app, lang, &e))?;
    let imports = app.imports.clone();
    let answer = (StatusCode::ACCEPTED, Json(told(&app, lang, &run))).into_response();
    tokio::spawn(async move {
        let report = imports.watch(id);
        let _ = imports.undo(run, &report).await;
    });
    Ok(answer)
}

/// Gives a planned run up.
#[utoipa::path(post, path = "/api/v1/imports/{id}/discard", tag = "imports", params(("id" = Uuid, Path, description = "Id of the run")),
    responses((status = 202, description = "Given up"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an admin"), (status = 404, description = "No such run"), (status = 409, description = "Not planned, or applied in part")))]
pub(super) async fn discard(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<Uuid>) -> Result<Response> {
    found(&app, lang, &person, id, Role::Admin).await?;
    let run = app.imports.discard(id).await.map_err(|e| refusal(&app, lang, &e))?;
    Ok((StatusCode::ACCEPTED, Json(told(&app, lang, &run))).into_response())
}

/// A run that this person may look at or change.
async fn found(app: &App, lang: Lang, person: &Person, id: Uuid, least: Role) -> Result<Run> {
    let mut tx = app.journal.store.read().await?;
    let run = tx.run(id).await?;
    drop(tx);
    // Whoever is nobody learns nothing about what there is.
    let territory = run.as_ref().and_then(|run| app.journal.atlas.territory(&run.slug)).map(|t| t.id);
    allowed(app, lang, person, territory.as_slice(), least).await?;
    run.ok_or_else(|| Error::not_found().speaking(lang))
}

async fn may(app: &App, lang: Lang, person: &Person, slug: &str, least: Role) -> Result<()> {
    let territory = territories::find(app, lang, slug)?;
    allowed(app, lang, person, &[territory.id], least).await
}

/// Whether somebody has at least a role, for one of some territories or everywhere.
///
/// # Errors
/// 401 for nobody known, 403 for others.
pub(super) async fn allowed(app: &App, lang: Lang, person: &Person, territories: &[Uuid], least: Role) -> Result<()> {
    let french = match least {
        Role::Admin => "Seule l’administration du territoire peut faire cela.",
        _ => "Seule l’équipe de modération peut voir cela.",
    };
    let english = match least {
        Role::Admin => "Only the territory's administrators can do this.",
        _ => "Only the moderators can see this.",
    };
    let Some(id) = person.id else {
        return Err(Error::new(StatusCode::UNAUTHORIZED, "needs_role", french, english).speaking(lang));
    };
    let mut tx = app.journal.store.read().await?;
    let grants = tx.grants(id).await?;
    let has = grants.iter().any(|g| g.role >= least && g.territory.is_none_or(|t| territories.contains(&t)));
    if has { Ok(()) } else { Err(Error::new(StatusCode::FORBIDDEN, "needs_role", french, english).speaking(lang)) }
}

/// A run as it goes over the wire.
fn told(app: &App, lang: Lang, run: &Run) -> Value {
    let live = matches!(run.state, RunState::Reading | RunState::Applying | RunState::Undoing);
    let progress = app.imports.progress(run.id).filter(|_| live).map(|(step, done, total)| json!({"step": step, "done": done, "total": total}));
    let error = run.facts.error.as_ref().map(|said| if lang == Lang::Fr { &said.fr } else { &said.en });
    json!({
        "id": run.id, "territory": run.slug, "source": "osm", "file": run.file, "kind": run.kind, "data_date": run.data_date,
        "state": run.state, "progress": progress, "error": error, "created_at": label::moment(run.created_at),
        "applied_at": run.applied_at.map(label::moment), "undone_at": run.undone_at.map(label::moment), "counts": run.facts.counts,
        "undo": run.facts.undo,
    })
}

/// What the database or the journal said, as a problem document.
pub(super) fn failed(error: &anyhow::Error) -> Error {
    if error.downcast_ref::<store::Error>().is_some_and(store::Error::is_full) {
        return Refused::Full.into();
    }
    match error.downcast_ref::<Refused>() {
        Some(refused) => refused.clone().into(),
        None => {
            tracing::error!("an import: {error:#}");
            Error::internal()
        }
    }
}

/// Why an import does not go on, as a problem document.
fn refusal(app: &App, lang: Lang, error: &anyhow::Error) -> Error {
    let Some(why) = error.downcast_ref::<RunError>() else {
        return failed(error).speaking(lang);
    };
    let status = if matches!(why, RunError::Unknown) { StatusCode::NOT_FOUND } else { StatusCode::CONFLICT };
    let refused = Error::new(status, why.code(), why.sentence(Lang::Fr), why.sentence(Lang::En)).speaking(lang);
    match why {
        RunError::Busy(run) => refused.with(json!({"run": told(app, lang, run)})),
        _ => refused,
    }
}
