//! Figures over the API: lists, one figure, what changed since, freezing, making anew. Their page and files are in figure_pages.rs.

use super::actors::parse_id;
use super::extract::{Body, Path};
use super::imports::allowed;
use super::seances::role;
use super::tiles::own_address;
use super::who::Person;
use super::{App, Error, Result, territories};
use crate::model::{Lang, Role, SubjectKind, Work, label};
use crate::report::figure::{self, Definition, Facts, Since, words};
use crate::store::Tx;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The figures of a territory, the newest first: those that are published, and for their author and for organisers drafts too.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/figures", tag = "figures", params(("slug" = String, Path, description = "Short address")),
    responses((status = 200, description = "Figures; `since` is null here"), (status = 404, description = "No such territory")))]
pub(super) async fn list(State(app): State<App>, lang: Lang, person: Person, headers: HeaderMap, Path(slug): Path<String>) -> Result<Json<Value>> {
    let t = territories::find(&app, lang, &slug)?;
    let mut tx = app.journal.store.read().await?;
    let role = role(&mut tx, &person, t.id).await?;
    let mut figures = Vec::new();
    for work in tx.works_of(t.id, SubjectKind::Figure).await? {
        if shown_to(&work, &person, role) {
            figures.push(told(&app, &mut tx, &work, &Asker { lang, role, person: &person, base: &own_address(&app, &headers) }, None).await?);
        }
    }
    Ok(Json(json!({"figures": figures})))
}

/// One figure.
#[utoipa::path(get, path = "/api/v1/figures/{id}", tag = "figures", params(("id" = Uuid, Path, description = "The figure")),
    responses((status = 200, description = "The figure, with what changed since it was frozen"), (status = 404, description = "No such figure, or a draft of somebody else")))]
pub(super) async fn show(State(app): State<App>, lang: Lang, person: Person, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<Value>> {
    let (mut tx, work, role) = visible(&app, lang, &person, &id).await?;
    whole(&app, &mut tx, &work, &Asker { lang, role, person: &person, base: &own_address(&app, &headers) }).await.map(Json)
}

/// What changed since a figure was frozen, by name.
#[utoipa::path(get, path = "/api/v1/figures/{id}/since", tag = "figures", params(("id" = Uuid, Path, description = "The figure")),
    responses((status = 200, description = "Actors added, changed and gone; nothing for a live figure"), (status = 404, description = "No such figure, or a draft of somebody else")))]
pub(super) async fn since(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<String>) -> Result<Json<Value>> {
    let (mut tx, work, _) = visible(&app, lang, &person, &id).await?;
    let facts = app.figures.facts(&mut tx, &work).await.map_err(|e| failed(e, lang))?;
    let found = if work.is_frozen() {
        app.figures.since(&mut tx, &work).await.map_err(|e| failed(e, lang))?
    } else {
        std::sync::Arc::new(Since { head: facts.position, ..Since::default() })
    };
    let lines = |lines: &[figure::Line]| lines.iter().map(|(id, name)| json!({"id": id, "name": name})).collect::<Vec<_>>();
    Ok(Json(json!({
        "position": facts.position, "head": found.head, "added": lines(&found.added), "changed": lines(&found.changed), "closed": lines(&found.closed),
    })))
}

/// Freezes a figure at the journal's present position. Again, it changes nothing.
#[utoipa::path(post, path = "/api/v1/figures/{id}/freeze", tag = "figures", params(("id" = Uuid, Path, description = "The figure")),
    responses((status = 200, description = "The figure, frozen"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an organiser"),
        (status = 404, description = "No such figure"), (status = 409, description = "It is being changed, or shows a part of the territory that is gone")))]
pub(super) async fn freeze(State(app): State<App>, lang: Lang, person: Person, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<Value>> {
    let work = for_organisers(&app, lang, &person, &id).await?;
    let by = person.id.ok_or_else(|| Error::not_found().speaking(lang))?;
    let base = own_address(&app, &headers);
    let (figures, at) = (app.figures.clone(), page_of(&base, work.id));
    // On its own: whoever goes away while it is drawn finds it frozen when they come back.
    let freezing = tokio::spawn(async move { figures.freeze(by, lang, work.id, &at).await });
    freezing.await.map_err(|_| Error::internal().speaking(lang))?.map_err(|e| failed(e, lang))?;
    let (mut tx, work, role) = visible(&app, lang, &person, &id).await?;
    whole(&app, &mut tx, &work, &Asker { lang, role, person: &person, base: &base }).await.map(Json)
}

/// Makes a live copy, a draft of whoever asks.
#[utoipa::path(post, path = "/api/v1/figures/{id}/remake", tag = "figures", params(("id" = Uuid, Path, description = "The figure")),
    responses((status = 200, description = "Id of the copy"), (status = 404, description = "No such figure, or a draft of somebody else"), (status = 429, description = "Too much for one hour")))]
pub(super) async fn remake(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    address: super::who::Address,
    Path(id): Path<String>,
) -> Result<Response> {
    let (tx, work, role) = visible(&app, lang, &person, &id).await?;
    drop(tx);
    let (by, jar) = person.known();
    if role < Role::Organiser {
        app.quotas.take(by, address, 0, 1).map_err(|e| e.speaking(lang))?;
    }
    let made = app.figures.remake(by, lang, &work).await.map_err(|e| failed(e, lang))?;
    Ok((jar, Json(json!({"id": made}))).into_response())
}

/// Whom to erase.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Erasure {
    /// The actor.
    actor: Uuid,
}

/// Takes an actor off the map, and out of every frozen figure and report: their files are drawn again without it, and their pages say so.
#[utoipa::path(post, path = "/api/v1/territories/{slug}/erasures", tag = "figures", request_body = Erasure, params(("slug" = String, Path, description = "Short address")),
    responses((status = 200, description = "The figures and reports whose files were drawn again"), (status = 400, description = "Not understood"), (status = 401, description = "Nobody known"),
        (status = 403, description = "Not a moderator"), (status = 404, description = "No such territory, or no such actor in it"), (status = 409, description = "Others go on changing it")))]
pub(super) async fn erase(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path(slug): Path<String>,
    Body(asked): Body<Erasure>,
) -> Result<Json<Value>> {
    let t = territories::find(&app, lang, &slug)?;
    allowed(&app, lang, &person, &[t.id], Role::Moderator).await?;
    let none = || Error::not_found().speaking(lang);
    let actor = app.journal.store.read().await?.actor(asked.actor).await?;
    let actor = actor.filter(|a| a.home == t.id || a.territories.contains(&t.id)).ok_or_else(none)?;
    let by = person.id.ok_or_else(none)?;
    let erased = app.figures.erase(by, lang, actor.id).await.map_err(|e| failed(e, lang))?;
    Ok(Json(json!({"actor": actor.id, "figures": erased.figures, "reports": erased.reports})))
}

/// Whoever asks.
pub(super) struct Asker<'a> {
    pub(super) lang: Lang,
    pub(super) role: Role,
    pub(super) person: &'a Person,
    /// The address that people type, without the path.
    pub(super) base: &'a str,
}

/// Whether somebody sees a work: everybody what is published, its author and organisers a draft.
pub(super) fn shown_to(work: &Work, person: &Person, role: Role) -> bool {
    work.is_published() || role >= Role::Organiser || (work.author.is_some() && work.author == person.id)
}

/// A figure that whoever asks may see, with their role.
///
/// # Errors
/// 404 when there is none, also for a draft of somebody else.
pub(super) async fn visible(app: &App, lang: Lang, person: &Person, id: &str) -> Result<(Tx, Work, Role)> {
    let id = parse_id(id).map_err(|e| e.speaking(lang))?;
    let mut tx = app.journal.store.read().await?;
    let work = app.figures.find(&mut tx, id).await.map_err(|e| failed(e, lang))?;
    let role = role(&mut tx, person, work.home).await?;
    if shown_to(&work, person, role) { Ok((tx, work, role)) } else { Err(Error::not_found().speaking(lang)) }
}

/// A figure, for those who may freeze it.
async fn for_organisers(app: &App, lang: Lang, person: &Person, id: &str) -> Result<Work> {
    let french = "Seules les personnes qui organisent dans ce territoire peuvent figer une figure.";
    let refuse = |status| Error::new(status, "needs_organiser", french, "Only the organisers of this territory can freeze a figure.").speaking(lang);
    if person.id.is_none() {
        return Err(refuse(StatusCode::UNAUTHORIZED));
    }
    let (_, work, role) = visible(app, lang, person, id).await?;
    if role >= Role::Organiser { Ok(work) } else { Err(refuse(StatusCode::FORBIDDEN)) }
}

/// The address of a figure's page.
pub(super) fn page_of(base: &str, id: Uuid) -> String {
    format!("{base}/f/{id}")
}

/// A figure with what changed since it was frozen.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn whole(app: &App, tx: &mut Tx, work: &Work, asker: &Asker<'_>) -> Result<Value> {
    let since = match work.is_frozen() {
        true => app.figures.since(tx, work).await.ok(),
        false => None,
    };
    told(app, tx, work, asker, since.as_deref()).await
}

async fn told(app: &App, tx: &mut Tx, work: &Work, asker: &Asker<'_>, since: Option<&Since>) -> Result<Value> {
    let figure = Definition::of(work);
    let named = |t: crate::atlas::TerritoryInfo| json!({"slug": t.slug, "name": t.name});
    let territory = app.journal.atlas.territory_by_id(work.home);
    let name = territory.as_ref().map(|t| t.name.to_string()).unwrap_or_default();
    let area = figure.area.as_deref().and_then(|slug| app.journal.atlas.territory(slug)).map(named);
    let versions: Map<String, Value> = work.doc.meta.iter().map(|(f, m)| (f.clone(), json!(m.v))).collect();
    // A part of the territory that is gone shows nobody, and the page says why.
    let (facts, problem) = match app.figures.facts(tx, work).await {
        Ok(facts) => (facts, None),
        Err(figure::Error::NoArea) => (Facts { position: tx.head().await?, at: crate::journal::now(), actors: 0 }, Some("unknown_area")),
        Err(e) => return Err(failed(e, asker.lang)),
    };
    let frozen = if work.is_frozen() { Some(ice(tx, work, &facts).await?) } else { None };
    let address = page_of(asker.base, work.id);
    let citation = words::citation(&figure.title, &name, &facts, work.is_frozen(), &address, asker.lang);
    let edit =
        !work.is_frozen() && (asker.role >= Role::Organiser || (!work.is_published() && work.author.is_some() && work.author == asker.person.id));
    Ok(json!({
        "id": work.id, "kind": "figure", "territory": territory.map(named), "area": area, "fields": work.doc.fields, "versions": versions,
        "version": work.doc.version, "status": if work.is_published() { "published" } else { "draft" },
        "author": label::author(work.author, None), "created_at": label::moment(work.created_at), "updated_at": label::moment(work.updated_at),
        "actors": facts.actors, "state_line": words::state_line(facts.at, facts.actors, asker.lang), "problem": problem, "frozen": frozen,
        "since": since.map(|s| json!({"added": s.added.len(), "changed": s.changed.len(), "closed": s.closed.len()})),
        "licence": words::LICENCE, "sources": words::sources(&name, asker.lang), "citation": citation, "address": address,
        "may": {"edit": edit, "publish": asker.role >= Role::Organiser},
    }))
}

/// What a frozen figure says of its files.
async fn ice(tx: &mut Tx, work: &Work, facts: &Facts) -> Result<Value> {
    let files = tx.work_files(work.id).await?;
    let erased = files.iter().filter_map(|f| f.erased_at).max().map(label::moment);
    let files: Map<String, Value> =
        files.into_iter().filter(|f| !is_inner(&f.name)).map(|f| (f.name, json!({"sha256": f.sha256, "bytes": f.size}))).collect();
    Ok(json!({"position": facts.position, "at": label::moment(facts.at), "actors": facts.actors, "files": files, "erased_at": erased}))
}

/// Files that the server keeps for itself, to draw the others again.
pub(super) fn is_inner(name: &str) -> bool {
    matches!(name, figure::SELECTION | figure::FACTS | figure::MEASURE)
}

/// What a wish about a figure met, as a problem document.
pub(super) fn failed(error: figure::Error, lang: Lang) -> Error {
    let told = match error {
        figure::Error::Unknown => {
            Error::new(StatusCode::NOT_FOUND, "unknown_figure", "Cette figure n’existe pas ici.", "This figure does not exist here.")
        }
        figure::Error::NoArea => Error::new(
            StatusCode::CONFLICT,
            "unknown_area",
            "Cette figure montre un quartier ou un territoire qui n’est plus là. Choisissez-en un autre.",
            "This figure shows a quartier or territory that is no longer there. Choose another one.",
        ),
        figure::Error::NoMeasure => {
            let french = "Cette figure montre une statistique qui n’existe pas ici. Choisissez-en une autre.";
            Error::new(StatusCode::CONFLICT, "unknown_measure", french, "This figure shows a statistic that does not exist here. Choose another one.")
        }
        figure::Error::Moving => Error::new(
            StatusCode::CONFLICT,
            "moved_on",
            "La figure, ou ses acteurs, sont en train de changer. Rien n’a été figé ; réessayez dans un instant.",
            "The figure or its actors are being changed. Nothing was frozen; try again in a moment.",
        ),
        figure::Error::Busy => {
            let french = "Beaucoup d’images sont demandées en même temps. Rien n’a été changé ; réessayez dans un instant.";
            let english = "Many pictures are asked for at the same time. Nothing was changed; try again in a moment.";
            Error::new(StatusCode::SERVICE_UNAVAILABLE, "drawings", french, english).retry_after(10)
        }
        figure::Error::Refused(ack) => refused(&ack),
        figure::Error::Journal(e) => e.into(),
        figure::Error::Store(e) => e.into(),
        figure::Error::Drawing(why) => {
            tracing::error!("a figure: {why}");
            Error::internal()
        }
    };
    told.speaking(lang)
}

/// A refusal of the journal keeps its code and sentence.
fn refused(ack: &crate::model::Ack) -> Error {
    let sentence = ack.message.clone().unwrap_or_default();
    let status = match ack.code.as_deref() {
        Some("needs_organiser" | "needs_moderator" | "read_only" | "not_yours") => StatusCode::FORBIDDEN,
        Some("moved_on" | "frozen") => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Error::new(status, "refused", sentence.clone(), sentence).with(json!({"reason": ack.code}))
}
