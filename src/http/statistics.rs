//! Statistics of a territory: as JSON, and each measure as a table and as a chart; the links between its actors.

use super::accept::has_tag;
use super::extract::{Path, Query};
use super::lists::filter_of;
use super::territories::find;
use super::{App, Error, HEAD, Result};
use crate::model::work::RELATIONS;
use crate::model::{Lang, Version, label};
use crate::report::statistics::{ACTORS_MAX, Ask, At, Link, Measure, Statistics, Tied, Unread};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Which statistics.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Short address of a quartier or another territory inside.
    area: Option<String>,
    /// `THEME` or `THEME.sub`, several with commas: any of them.
    category: Option<String>,
    /// As of this position of the journal: `seq` or `epoch:seq` [default: now].
    at: Option<String>,
    /// With the numbers of this earlier position beside them: `seq` or `epoch:seq`.
    before: Option<String>,
    /// `fr` or `en`.
    #[expect(dead_code, reason = "Lang reads it from the address; here it is described")]
    lang: Option<String>,
}

/// Reads what is asked for.
async fn read(app: &App, lang: Lang, slug: &str, asked: &Asked) -> Result<Arc<Statistics>> {
    let territory = find(app, lang, slug)?;
    let area = asked.area.as_deref().filter(|a| !a.is_empty()).map(|slug| find(app, lang, slug)).transpose()?;
    let filter = filter_of(asked.category.as_deref(), None, None).map_err(|e| e.speaking(lang))?;
    let position = |text: &Option<String>| position(text.as_deref()).map_err(|e| e.speaking(lang));
    let (at, before) = (position(&asked.at)?, position(&asked.before)?);
    let ask = Ask { territory: territory.id, area: area.map(|a| a.id).filter(|a| *a != territory.id), filter, at, before, lang };
    app.statistics.read(&app.journal, &app.archives, &ask).await.map_err(|e| unread(&e).speaking(lang))
}

/// Reads `seq` or `epoch:seq`.
fn position(text: Option<&str>) -> Result<Option<At>> {
    let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else { return Ok(None) };
    let (epoch, seq) = text.split_once(':').map_or((None, text), |(epoch, seq)| (Some(epoch), seq));
    let bad = || {
        let french = "at, before : écrivez un numéro du journal, comme 120 ou 1:120.";
        Error::bad("bad_position", french, "at, before: write a number of the journal, like 120 or 1:120.")
    };
    let epoch = epoch.map(|e| e.parse::<i64>().map_err(|_| bad())).transpose()?;
    Ok(Some((epoch, seq.parse::<i64>().map_err(|_| bad())?)))
}

fn unread(why: &Unread) -> Error {
    match why {
        Unread::NoTerritory => Error::not_found(),
        Unread::Beyond(head) => {
            let french = format!("at, before : le journal va de 1 à {head}.");
            Error::bad("bad_position", french, format!("at, before: the journal goes from 1 to {head}."))
        }
        Unread::OtherEpoch => {
            let french = "at, before : cette position vient d’une histoire qu’une sauvegarde remise en place a remplacée.";
            Error::bad("other_epoch", french, "at, before: this position is of a history that a restored backup has replaced.")
        }
        Unread::NotYet => {
            let french = "at, before : le territoire n’existait pas encore à cette position.";
            Error::bad("not_yet", french, "at, before: the territory was not there yet at that position.")
        }
        Unread::TooMany => {
            let french = format!(
                "Ce territoire a plus de {ACTORS_MAX} acteurs : c’est trop pour les compter à la demande. Choisissez un territoire plus petit."
            );
            let english = format!("This territory has more than {ACTORS_MAX} actors: too many to count on request. Choose a smaller territory.");
            Error::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_actors", french, english)
        }
        Unread::Outside => {
            let french = "area : ce territoire n’est pas à l’intérieur de l’autre.";
            Error::bad("bad_area", french, "area: this territory does not lie inside the other.")
        }
        Unread::Store(_) | Unread::Broken => {
            tracing::error!("statistics: {why}");
            Error::internal()
        }
    }
}

/// The measures of a territory.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/statistics", tag = "statistics", params(("slug" = String, Path, description = "Short address"), Asked),
    responses((status = 200, description = "Each measure with its definition, formula, source, caveats, value and table"), (status = 304, description = "As the client has it"),
        (status = 400, description = "Not understood"), (status = 404, description = "No such territory or area"), (status = 422, description = "Too many actors")))]
pub(super) async fn all(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let found = read(&app, lang, &slug, &asked).await?;
    let before = found.before.map(|(position, at)| json!({"position": position, "at": label::moment(at)}));
    let body = json!({
        "territory": found.territory, "area": found.area, "position": found.position, "at": label::moment(found.at), "population": found.population,
        "actors": found.actors, "before": before, "measures": found.measures,
    });
    Ok(answer(&headers, found.position, "application/json", body.to_string().into_bytes()))
}

/// One measure as a table or as a chart.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/statistics/{file}", tag = "statistics",
    params(("slug" = String, Path, description = "Short address"), ("file" = String, Path, description = "Code of a measure with `.csv` or `.svg`"), Asked),
    responses((status = 200, description = "The measure's table (CSV, UTF-8 with a byte order mark) or chart (SVG)", content_type = "text/csv", body = String), (status = 304, description = "As the client has it"),
        (status = 400, description = "Not understood"), (status = 404, description = "No such territory, area or measure"), (status = 422, description = "Too many actors")))]
pub(super) async fn one(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path((slug, file)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let (code, ending) = file.rsplit_once('.').ok_or_else(|| Error::not_found().speaking(lang))?;
    let found = read(&app, lang, &slug, &asked).await?;
    let measure = found.measure(code).ok_or_else(|| no_measure(code).speaking(lang))?;
    match ending {
        "csv" => Ok(table(&headers, &found, measure)),
        "svg" => {
            let chart = found.chart(code, lang).ok_or_else(|| no_chart().speaking(lang))?;
            Ok(answer(&headers, found.position, "image/svg+xml", chart.into_bytes()))
        }
        _ => Err(Error::not_found().speaking(lang)),
    }
}

fn table(headers: &HeaderMap, found: &Statistics, measure: &Measure) -> Response {
    let mut response = answer(headers, found.position, "text/csv; charset=utf-8", measure.table.csv());
    let slug = found.area.as_ref().map_or(&found.territory.slug, |a| &a.slug);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{slug}-{}.csv\"", measure.code)) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

fn no_measure(code: &str) -> Error {
    let french = format!("Il n’y a pas de mesure « {code} ».");
    Error::new(StatusCode::NOT_FOUND, "unknown_measure", french, format!("There is no measure “{code}”."))
}

fn no_chart() -> Error {
    let french = "Cette mesure n’a pas de graphique ici : il manque ce qu’il faudrait pour la calculer.";
    Error::new(StatusCode::NOT_FOUND, "no_chart", french, "This measure has no chart here: what it would be computed from is missing.")
}

/// The links between the actors of a territory.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/relations", tag = "statistics", params(("slug" = String, Path, description = "Short address"), Asked),
    responses((status = 200, description = "Actors with a link, the links, and how many links lead to actors that are not among them"), (status = 304, description = "As the client has it"),
        (status = 400, description = "Not understood"), (status = 404, description = "No such territory or area"), (status = 422, description = "Too many actors")))]
pub(super) async fn relations(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let found = read(&app, lang, &slug, &asked).await?;
    let ties = &found.ties;
    let actor = |a: &Tied| json!({"id": a.id, "name": a.name, "theme": a.theme});
    let link = |l: &Link| json!({"from": ties.actors[l.from].id, "to": ties.actors[l.to].id, "kind": RELATIONS[l.kind]});
    let body = json!({
        "position": found.position, "actors": ties.actors.iter().map(actor).collect::<Vec<_>>(),
        "relations": ties.links.iter().map(link).collect::<Vec<_>>(), "left_out": ties.left_out,
    });
    Ok(answer(&headers, found.position, "application/json", body.to_string().into_bytes()))
}

/// The same as a drawing.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/relations.svg", tag = "statistics", params(("slug" = String, Path, description = "Short address"), Asked),
    responses((status = 200, description = "Actors and their links", content_type = "image/svg+xml", body = String), (status = 304, description = "As the client has it"),
        (status = 400, description = "Not understood"), (status = 404, description = "No such territory or area"), (status = 422, description = "Too many actors")))]
pub(super) async fn relations_drawn(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let found = read(&app, lang, &slug, &asked).await?;
    let chart = found.chart("network", lang).ok_or_else(|| no_chart().speaking(lang))?;
    Ok(answer(&headers, found.position, "image/svg+xml", chart.into_bytes()))
}

/// Bytes with a tag made of them; 304 when the client has the same.
fn answer(asked: &HeaderMap, position: Version, kind: &'static str, bytes: Vec<u8>) -> Response {
    let etag = format!("\"{}\"", &crate::store::hash_of(&bytes)[..32]);
    let mut response =
        if has_tag(asked, &etag) { StatusCode::NOT_MODIFIED.into_response() } else { ([(header::CONTENT_TYPE, kind)], bytes).into_response() };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, value);
    }
    if let Ok(value) = HeaderValue::from_str(&format!("{}:{}", position.epoch, position.seq)) {
        headers.insert(HEAD, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
