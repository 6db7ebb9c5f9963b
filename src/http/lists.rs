//! Lists of actors: by filter, by text, by distance, by what changed.

use super::extract::{Path, Query};
use super::territories::find;
use super::{App, Error, HEAD, Result};
use crate::atlas::{Entry, Filter, ListError, Sort, TerritoryInfo};
use crate::geo::Bbox;
use crate::geocode;
use crate::model::text::fold;
use crate::model::{Lang, State as ActorState, Version, label, taxonomy};
use crate::store::Candidate;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;

/// Longest text searched for, characters.
const TEXT_MAX: usize = 200;

/// What a list of actors is asked for.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// `west,south,east,north`, degrees.
    bbox: Option<String>,
    /// `THEME` or `THEME.sub`, several with commas: any of them.
    category: Option<String>,
    /// `to_check` or `confirmed`.
    state: Option<String>,
    /// Words that the actor's text must hold.
    q: Option<String>,
    /// Actors per page, 1 to 1000 [default: 500].
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// `name`, `nearest` or `oldest`.
    sort: Option<String>,
    /// `longitude,latitude`, for `nearest`.
    near: Option<String>,
}

/// Reads the filter and the box.
///
/// # Errors
/// 400 with a sentence.
pub(super) fn filter(asked: &Asked) -> Result<(Filter, Option<Bbox>)> {
    let bbox = asked.bbox.as_deref().map(Bbox::parse).transpose()?;
    Ok((filter_of(asked.category.as_deref(), asked.state.as_deref(), asked.q.as_deref())?, bbox))
}

/// Reads a filter from its three words.
///
/// # Errors
/// 400 for an unknown category or state, or a text that is too long.
pub(super) fn filter_of(category: Option<&str>, state: Option<&str>, text: Option<&str>) -> Result<Filter> {
    let categories: Vec<String> = category.unwrap_or("").split(',').map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect();
    if let Some(unknown) = categories.iter().find(|c| !taxonomy().holds(c)) {
        let french = format!("category : « {unknown} » n’est pas un thème.");
        return Err(Error::bad("bad_category", french, format!("category: “{unknown}” is not a theme.")));
    }
    let state = match state.unwrap_or("") {
        "" => None,
        "to_check" => Some(ActorState::ToCheck),
        "confirmed" => Some(ActorState::Confirmed),
        _ => return Err(Error::bad("bad_state", "state : écrivez to_check ou confirmed.", "state: write to_check or confirmed.")),
    };
    let text = text.map(str::trim).filter(|t| !t.is_empty());
    if text.is_some_and(|t| t.chars().count() > TEXT_MAX) {
        let french = format!("q : {TEXT_MAX} caractères au plus.");
        return Err(Error::bad("bad_text", french, format!("q: {TEXT_MAX} characters at most.")));
    }
    Ok(Filter { categories, state, text: text.map(str::to_owned) })
}

fn sort(asked: &Asked) -> Result<Sort> {
    match asked.sort.as_deref().unwrap_or("name") {
        "name" => Ok(Sort::Name),
        "oldest" => Ok(Sort::Oldest),
        "nearest" => Ok(Sort::Nearest(point(asked.near.as_deref().unwrap_or(""))?)),
        _ => Err(Error::bad("bad_sort", "sort : écrivez name, nearest ou oldest.", "sort: write name, nearest or oldest.")),
    }
}

/// Reads `longitude,latitude`.
fn point(text: &str) -> Result<[f64; 2]> {
    let numbers: Vec<f64> = text.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    match numbers[..] {
        [lon, lat] if lon.abs() <= 180.0 && lat.abs() <= 90.0 => Ok([lon, lat]),
        _ => Err(Error::bad("bad_point", "Écrivez un point en degrés : longitude,latitude.", "Write a point in degrees: longitude,latitude.")),
    }
}

fn etag(head: Version) -> String {
    format!("W/\"{}:{}\"", head.epoch, head.seq)
}

/// Whether the client has what depends on the journal alone, as of this head.
pub(super) fn known(asked: &HeaderMap, head: Version) -> bool {
    let etag = etag(head);
    asked.get_all(header::IF_NONE_MATCH).iter().any(|v| v.to_str().is_ok_and(|v| v.split(',').any(|e| e.trim() == etag)))
}

/// An ETag for what depends on the journal alone; 304 when the client has it.
pub(super) fn unless_known(asked: &HeaderMap, head: Version, body: impl FnOnce() -> Response) -> Response {
    let mut response = if known(asked, head) { StatusCode::NOT_MODIFIED.into_response() } else { body() };
    let etag = etag(head);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, value);
    }
    if let Ok(value) = HeaderValue::from_str(&format!("{}:{}", head.epoch, head.seq)) {
        headers.insert(HEAD, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A territory's actors as GeoJSON.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/actors.geojson", tag = "actors", params(("slug" = String, Path, description = "Short address"), Asked),
    responses((status = 200, description = "RFC 7946 FeatureCollection, one feature per place", content_type = "application/geo+json"),
        (status = 304, description = "As the client has it"), (status = 400, description = "Not understood"), (status = 404, description = "No such territory")))]
pub(super) async fn actors_geojson(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let t = find(&app, lang, &slug)?;
    let (filter, bbox) = filter(&asked).map_err(|e| e.speaking(lang))?;
    let sort = sort(&asked).map_err(|e| e.speaking(lang))?;
    let limit = asked.limit.unwrap_or(500).clamp(1, 1000);
    let query = crate::atlas::Query { territory: t.id, filter, bbox, sort, limit, cursor: asked.cursor };
    let page = app.journal.atlas.features(&query).map_err(|e| list_error(e).speaking(lang))?;
    let body = || ([(header::CONTENT_TYPE, "application/geo+json")], page.to_geojson()).into_response();
    Ok(unless_known(&headers, page.head, body))
}

fn list_error(e: ListError) -> Error {
    match e {
        ListError::NoTerritory => Error::not_found(),
        ListError::BadCursor => {
            Error::bad("bad_cursor", "cursor : reprenez le « next » de la page précédente, avec le même tri.", format!("cursor: {e}."))
        }
    }
}

fn line(app: &App, e: &Entry, distance: Option<f64>, score: Option<f64>) -> Value {
    let first = e.points().first();
    let home = app.journal.atlas.home_of(e).unwrap_or_default();
    json!({
        "id": e.id, "name": e.name, "category": e.category(), "theme": e.theme(), "street": e.street(), "state": e.state,
        "lon": first.map(|p| p.lon), "lat": first.map(|p| p.lat), "url": format!("/{home}/acteurs/{}", e.id),
        "distance_m": distance.map(|m| m.round()), "score": score,
    })
}

/// What is searched for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Searched {
    /// Words as people type them.
    #[serde(default)]
    q: String,
    /// Short address of the territory.
    territory: Option<String>,
    /// `longitude,latitude`: nearer answers first.
    near: Option<String>,
    /// Answers per kind, 1 to 50 [default: 8].
    limit: Option<usize>,
}

/// Actors, addresses, themes and candidates for a text.
#[utoipa::path(get, path = "/api/v1/search", tag = "actors", params(Searched), responses((status = 200, description = "Actors, addresses, categories, candidates"), (status = 400, description = "Not understood"), (status = 404, description = "No such territory")))]
pub(super) async fn search(State(app): State<App>, lang: Lang, Query(asked): Query<Searched>) -> Result<Json<Value>> {
    let territory = asked.territory.as_deref().map(|slug| find(&app, lang, slug)).transpose()?;
    let near = asked.near.as_deref().map(point).transpose().map_err(|e| e.speaking(lang))?;
    let limit = asked.limit.unwrap_or(8).clamp(1, 50);
    let filter = filter_of(None, None, Some(&asked.q)).map_err(|e| e.speaking(lang))?;
    let folded = fold(filter.text.as_deref().unwrap_or(""));
    if folded.is_empty() {
        return Ok(Json(json!({"actors": [], "addresses": [], "categories": [], "candidates": []})));
    }
    let hits = app.journal.atlas.search(&asked.q, territory.as_ref().map(|t| t.id), near, limit);
    let actors: Vec<Value> = hits.iter().map(|h| line(&app, &h.entry, h.distance_m, Some(h.score))).collect();
    let (mut addresses, mut candidates) = (Vec::new(), Vec::new());
    if let Some(t) = &territory {
        let mut tx = app.journal.store.read().await?;
        addresses = addresses_in(&app, t, &asked.q, near, limit).await?;
        // A public place that is an actor too is shown once, as the actor.
        let shown: HashSet<String> = hits.iter().map(|h| fold(&h.entry.name)).collect();
        addresses.retain(|a| !a["properties"]["name"].as_str().is_some_and(|name| shown.contains(&fold(name))));
        candidates = alike(tx.candidates(t.id).await?, &asked.q, limit);
    }
    let candidates: Vec<Value> = candidates.iter().map(offered).collect();
    Ok(Json(json!({"actors": actors, "addresses": addresses, "categories": categories(&folded, limit), "candidates": candidates})))
}

/// Addresses in a territory's box, those near the point or the middle first.
async fn addresses_in(app: &App, t: &TerritoryInfo, text: &str, near: Option<[f64; 2]>, limit: usize) -> Result<Vec<Value>> {
    let middle = |b: Bbox| [(b.west + b.east) / 2.0, (b.south + b.north) / 2.0];
    let (near, within, text, geocoder) = (near.or(t.bbox.map(middle)), t.bbox, text.to_owned(), app.geocoder.clone());
    let hits = tokio::task::spawn_blocking(move || {
        let filter = geocode::Filter { within, ..geocode::Filter::default() };
        geocoder.search(&geocode::Query { text: &text, autocomplete: true, near, filter, limit })
    });
    let hits = hits.await.map_err(|_| Error::internal())?;
    // Half of the words are a street that happens to share one with the name of an actor.
    let good = hits.iter().filter(|h| h.score >= 0.55);
    Ok(good.map(|h| json!({"lon": h.lon, "lat": h.lat, "properties": super::geocode::properties(h)})).collect())
}

/// Categories one of whose words starts with the folded text, in either language.
fn categories(folded: &str, limit: usize) -> Vec<Value> {
    let starts = |text: &str| format!(" {}", fold(text)).contains(&format!(" {folded}"));
    let all = taxonomy().themes.iter().flat_map(|t| {
        let theme = (t.code.clone(), t.code.clone(), t.fr.clone(), t.en.clone());
        std::iter::once(theme).chain(t.sub.iter().map(|s| (format!("{}.{}", t.code, s.slug), t.code.clone(), s.fr.clone(), s.en.clone())))
    });
    all.filter(|(_, _, fr, en)| starts(fr) || starts(en))
        .take(limit)
        .map(|(code, theme, fr, en)| json!({"code": code, "theme": theme, "fr": fr, "en": en}))
        .collect()
}

fn alike(candidates: Vec<Candidate>, name: &str, limit: usize) -> Vec<Candidate> {
    let folded = fold(name);
    let score = |c: &Candidate| {
        let own = fold(&c.name);
        let starts = !own.is_empty() && format!(" {own}").contains(&format!(" {folded}"));
        crate::model::similar::likeness(&c.name, name).max(if starts { 0.9 } else { 0.0 })
    };
    let mut scored: Vec<(f64, Candidate)> = candidates.into_iter().map(|c| (score(&c), c)).filter(|(s, _)| *s >= 0.7).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(limit).map(|(_, c)| c).collect()
}

/// A candidate as the form offers it: « Reprendre » copies its fields.
fn offered(c: &Candidate) -> Value {
    let text = |field: &str| c.fields.get(field).cloned().unwrap_or(Value::Null);
    json!({
        "id": c.id, "name": c.name, "category": c.category, "lon": c.lon, "lat": c.lat, "address": text("place/p1/address"), "website": text("website"),
        "phone": text("phone"), "opening_hours": text("opening_hours"), "source": c.reference, "reason": c.reason, "fields": c.fields,
    })
}

/// Around which point.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Around {
    /// Degrees.
    lon: f64,
    /// Degrees.
    lat: f64,
    /// 1 to 100 [default: 10].
    limit: Option<usize>,
    /// Metres, up to 50 000 [default: 500].
    radius: Option<f64>,
}

/// The nearest actors.
#[utoipa::path(get, path = "/api/v1/nearby", tag = "actors", params(Around), responses((status = 200, description = "Nearest first, with the distance in metres"), (status = 400, description = "Not understood")))]
pub(super) async fn nearby(State(app): State<App>, lang: Lang, Query(asked): Query<Around>) -> Result<Json<Value>> {
    let [lon, lat] = point(&format!("{},{}", asked.lon, asked.lat)).map_err(|e| e.speaking(lang))?;
    let radius = asked.radius.filter(|r| r.is_finite()).unwrap_or(500.0).clamp(0.0, 50_000.0);
    let found = app.journal.atlas.nearest(lon, lat, asked.limit.unwrap_or(10).clamp(1, 100), radius);
    let actors: Vec<Value> = found.iter().map(|n| line(&app, &n.entry, Some(n.distance_m), None)).collect();
    Ok(Json(json!({"actors": actors})))
}

/// A name that somebody is typing.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Typed {
    /// The name so far.
    #[serde(default)]
    name: String,
    /// Short address of the territory.
    territory: String,
    /// Degrees.
    lon: Option<f64>,
    /// Degrees.
    lat: Option<f64>,
}

/// Actors and candidates that may be the one being typed.
#[utoipa::path(get, path = "/api/v1/duplicates", tag = "actors", params(Typed), responses((status = 200, description = "Actors on the map and candidates, likest first"), (status = 400, description = "Not understood"), (status = 404, description = "No such territory")))]
pub(super) async fn duplicates(State(app): State<App>, lang: Lang, Query(asked): Query<Typed>) -> Result<Json<Value>> {
    let t = find(&app, lang, &asked.territory)?;
    let near = match (asked.lon, asked.lat) {
        (Some(lon), Some(lat)) => Some(point(&format!("{lon},{lat}")).map_err(|e| e.speaking(lang))?),
        _ => None,
    };
    let name: String = asked.name.chars().take(TEXT_MAX).collect();
    if fold(&name).len() < 2 {
        return Ok(Json(json!({"actors": [], "candidates": []})));
    }
    let hits = app.journal.atlas.duplicates(&name, near, Some(t.id), 5);
    let actors: Vec<Value> = hits.iter().map(|h| line(&app, &h.entry, h.distance_m, Some(h.score))).collect();
    let mut tx = app.journal.store.read().await?;
    let candidates: Vec<Value> = alike(tx.candidates(t.id).await?, &name, 5).iter().map(offered).collect();
    Ok(Json(json!({"actors": actors, "candidates": candidates})))
}

/// Since when, and where.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// The last number seen.
    after: i64,
    /// Short address of the territory.
    territory: String,
}

/// What changed since a number; an ETag makes polling cheap.
#[utoipa::path(get, path = "/api/v1/changes", tag = "actors", params(Since), responses((status = 200, description = "Edits, the touched actors as they are now, and those that are gone"),
    (status = 304, description = "Nothing new"), (status = 404, description = "No such territory"), (status = 410, description = "Too long ago: read the list again")))]
pub(super) async fn changes(State(app): State<App>, lang: Lang, headers: HeaderMap, Query(asked): Query<Since>) -> Result<Response> {
    let t = find(&app, lang, &asked.territory)?;
    let Some(c) = app.journal.atlas.changes(asked.after, Some(t.id)) else {
        let french = "Cette page est restée longtemps sans nouvelles ; elle relit tout.";
        return Err(Error::new(StatusCode::GONE, "too_old", french, "This page was without news for long; it reads everything again.").speaking(lang));
    };
    let body = || {
        let edits: Vec<Value> = c
            .marks
            .iter()
            .map(|m| json!({"seq": m.seq, "kind": m.kind, "by": label::author(m.author, m.source.as_deref()), "at": label::moment(m.at), "subject": m.subject}))
            .collect();
        let head =
            json!({"epoch": c.head.epoch, "head": c.head.seq, "after": asked.after, "upto": c.upto, "edits": edits, "gone": c.gone, "more": c.more});
        // The features are text already: they are put in as they are.
        let text = head.to_string();
        let open = text.trim_end_matches('}');
        ([(header::CONTENT_TYPE, "application/json")], format!("{open},\"features\":[{}]}}", c.features.join(","))).into_response()
    };
    Ok(unless_known(&headers, c.head, body))
}
