//! Statistics of a territory: as JSON, and each measure as a table and as a chart.

use super::accept::has_tag;
use super::extract::{Path, Query};
use super::lists::filter_of;
use super::territories::find;
use super::{App, Error, HEAD, Result};
use crate::model::{Lang, Version, label};
use crate::report::statistics::{Ask, Measure, Statistics, Unread};
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
    /// `fr` or `en`.
    #[expect(dead_code, reason = "Lang reads it from the address; here it is described")]
    lang: Option<String>,
}

/// Reads what is asked for.
async fn read(app: &App, lang: Lang, slug: &str, asked: &Asked) -> Result<Arc<Statistics>> {
    let territory = find(app, lang, slug)?;
    let area = asked.area.as_deref().filter(|a| !a.is_empty()).map(|slug| find(app, lang, slug)).transpose()?;
    let filter = filter_of(asked.category.as_deref(), None, None).map_err(|e| e.speaking(lang))?;
    let ask = Ask { territory: territory.id, area: area.map(|a| a.id), filter, lang };
    app.statistics.read(&app.journal, &app.archives, &ask).await.map_err(|e| unread(&e).speaking(lang))
}

fn unread(why: &Unread) -> Error {
    match why {
        Unread::NoTerritory => Error::not_found(),
        Unread::Store(_) | Unread::Broken => {
            tracing::error!("statistics: {why}");
            Error::internal()
        }
    }
}

/// The measures of a territory.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/statistics", tag = "statistics", params(("slug" = String, Path, description = "Short address"), Asked),
    responses((status = 200, description = "Each measure with its definition, formula, source, caveats, value and table"), (status = 304, description = "As the client has it"),
        (status = 400, description = "Not understood"), (status = 404, description = "No such territory or area")))]
pub(super) async fn all(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let found = read(&app, lang, &slug, &asked).await?;
    let body = json!({
        "territory": found.territory, "area": found.area, "position": found.position, "at": label::moment(found.at), "population": found.population,
        "actors": found.actors, "measures": found.measures,
    });
    Ok(answer(&headers, found.position, "application/json", body.to_string().into_bytes()))
}

/// One measure as a table or as a chart.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/statistics/{file}", tag = "statistics",
    params(("slug" = String, Path, description = "Short address"), ("file" = String, Path, description = "Code of a measure with `.csv` or `.svg`"), Asked),
    responses((status = 200, description = "The measure's table (CSV, UTF-8 with a byte order mark) or chart (SVG)", content_type = "text/csv", body = String), (status = 304, description = "As the client has it"),
        (status = 400, description = "Not understood"), (status = 404, description = "No such territory, area or measure")))]
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
