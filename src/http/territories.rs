//! Territories, what they hold, and the lists that the whole site shares.

use super::actors::{Page, told};
use super::extract::{Path, Query};
use super::lists::{Asked, filter};
use super::who::Person;
use super::{App, Error, Result};
use crate::atlas::{self, TerritoryInfo, Totals};
use crate::geo::Bbox;
use crate::model::{Lang, field, taxonomy as all_themes};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Territories told at once, when the address does not say, and at most.
const PAGE: [usize; 2] = [100, 500];
/// Territories inside one that its page draws; a région has hundreds of communes, which are looked for instead.
const DRAWN_INSIDE: usize = 60;

/// Which territories.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Words of the name, or a code.
    q: Option<String>,
    /// `commune`, `epci`, `departement`, `region`, `country`, `quartier` or `custom`; several with commas.
    kind: Option<String>,
    /// Short address of the territory that they lie in.
    inside: Option<String>,
    /// How many at most: 100, up to 500.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<usize>,
}

/// The territories, without boundaries, page by page.
#[utoipa::path(get, path = "/api/v1/territories", tag = "territories", params(Wanted),
    responses((status = 200, description = "Territories with their number of actors, how many there are in all, and where the next page begins"), (status = 404, description = "No such territory to lie in")))]
pub(super) async fn list(State(app): State<App>, lang: Lang, Query(wanted): Query<Wanted>) -> Result<Json<Value>> {
    let inside = wanted.inside.as_deref().map(|slug| find(&app, lang, slug)).transpose()?.map(|t| t.id);
    let kinds = wanted.kind.iter().flat_map(|k| k.split(',')).map(str::to_owned).collect();
    let (offset, limit) = (wanted.cursor.unwrap_or(0), wanted.limit.unwrap_or(PAGE[0]).clamp(1, PAGE[1]));
    let found = app.journal.atlas.directory(&atlas::Ask { words: wanted.q.unwrap_or_default(), kinds, inside, offset, limit });
    let upto = offset.saturating_add(found.page.len());
    let list: Vec<Value> = found.page.iter().map(brief).collect();
    Ok(Json(json!({"territories": list, "total": found.total, "next": (upto < found.total).then_some(upto)})))
}

/// Finds a territory by the slug in the address.
///
/// # Errors
/// 404 when there is none.
pub(super) fn find(app: &App, lang: Lang, slug: &str) -> Result<TerritoryInfo> {
    app.journal.atlas.territory(slug).ok_or_else(|| {
        let french = format!("Il n’y a pas de territoire « {slug} » ici.");
        Error::new(axum::http::StatusCode::NOT_FOUND, "unknown_territory", french, format!("There is no territory “{slug}” here.")).speaking(lang)
    })
}

fn brief(t: &TerritoryInfo) -> Value {
    json!({
        "slug": t.slug, "name": t.name, "kind": t.kind, "code": t.code, "population": t.population, "bbox": t.bbox.map(Bbox::to_array),
        "center": t.bbox.map(|b| b.center()), "actors": t.totals.actors, "to_check": t.totals.to_check, "counts": t.totals.themes,
        "warning": t.warning,
    })
}

/// One territory with its boundary and its quartiers.
#[utoipa::path(get, path = "/api/v1/territories/{slug}", tag = "territories", params(("slug" = String, Path, description = "Short address")),
    responses((status = 200, description = "The territory"), (status = 404, description = "No such territory")))]
pub(super) async fn show(State(app): State<App>, lang: Lang, Path(slug): Path<String>) -> Result<Json<Value>> {
    let t = find(&app, lang, &slug)?;
    let mut whole = brief(&t);
    whole["boundary"] = geometry(&t);
    let mut inside = app.journal.atlas.territories_in(t.id, None);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    inside.iter().for_each(|q| *kinds.entry(q.kind.to_string()).or_default() += 1);
    whole["inside"] = json!(kinds);
    if inside.len() > DRAWN_INSIDE {
        inside.retain(|q| &*q.kind == "quartier");
        inside.truncate(DRAWN_INSIDE);
    }
    whole["quartiers"] = inside.iter().map(|q| {
        json!({"slug": q.slug, "name": q.name, "kind": q.kind, "bbox": q.bbox.map(Bbox::to_array), "actors": q.totals.actors, "boundary": geometry(q)})
    }).collect();
    let mut tx = app.journal.store.read().await?;
    whole["candidates"] = json!(tx.count_candidates(t.id).await?);
    drop(tx);
    whole["basemap"] = super::basemap::of(&app, t.id).await?;
    Ok(Json(whole))
}

fn geometry(t: &TerritoryInfo) -> Value {
    t.boundary.as_ref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

/// Exact counts of what a filter shows.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/counts", tag = "territories", params(("slug" = String, Path, description = "Short address"), Asked),
    responses((status = 200, description = "Actors, per theme, and how many are to check"), (status = 400, description = "Not understood"), (status = 404, description = "No such territory")))]
pub(super) async fn counts(State(app): State<App>, lang: Lang, Path(slug): Path<String>, Query(asked): Query<Asked>) -> Result<Json<Value>> {
    let t = find(&app, lang, &slug)?;
    let (filter, bbox) = filter(&asked).map_err(|e| e.speaking(lang))?;
    let Totals { actors, to_check, themes } = app.journal.atlas.counts(t.id, &filter, bbox).unwrap_or_default();
    Ok(Json(json!({"actors": actors, "to_check": to_check, "themes": themes})))
}

/// The last edits on the actors of a territory.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/history", tag = "territories", params(("slug" = String, Path, description = "Short address"), Page),
    responses((status = 200, description = "Newest first"), (status = 404, description = "No such territory")))]
pub(super) async fn history(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path(slug): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    let t = find(&app, lang, &slug)?;
    let (before, limit) = page.bounds();
    let mut tx = app.journal.store.read().await?;
    let entries = tx.territory_history(t.id, before, limit).await?;
    Ok(Json(told(&mut tx, &person, entries, limit, true).await?))
}

/// The 13 themes and their sub-categories.
#[utoipa::path(get, path = "/api/v1/taxonomy", tag = "lists", responses((status = 200, description = "Themes with labels, colours and icons")))]
pub(super) async fn taxonomy() -> Response {
    kept_a_while(serde_json::value::to_raw_value(all_themes()).ok())
}

/// The fields of an actor and their limits.
#[utoipa::path(get, path = "/api/v1/fields", tag = "lists", responses((status = 200, description = "Type and limits per field")))]
pub(super) async fn fields() -> Response {
    kept_a_while(serde_json::value::to_raw_value(&field::catalogue()).ok())
}

fn kept_a_while(body: Option<Box<RawValue>>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    (headers, Json(body)).into_response()
}

/// Who publishes and hosts this site.
#[utoipa::path(get, path = "/api/v1/site", tag = "lists", responses((status = 200, description = "Publisher, contact and host, as set by the operator")))]
pub(super) async fn site(State(app): State<App>) -> Json<Value> {
    let [publisher, contact, host] = &app.options.legal;
    Json(json!({"publisher": publisher, "contact": contact, "host": host, "version": env!("CARGO_PKG_VERSION")}))
}
