//! The page of a figure, `/f/{id}`, and its files, `/f/{id}.geojson` and others.

use super::accept::has_tag;
use super::extract::Path;
use super::figures::{failed, page_of, visible};
use super::pages::{Page, missing};
use super::tiles::own_address;
use super::who::Person;
use super::{App, Error, Result};
use crate::model::{Lang, Role, Work};
use crate::report::figure::{self, Definition, data, media_type, words};
use crate::store::{Tx, hash_of};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;

/// Formats that a figure's address may end with.
const FORMATS: [&str; 6] = ["svg", "png", "pdf", "geojson", "csv", "json"];

/// `/f/{id}` and `/f/{id}.{format}`.
pub(super) async fn one(State(app): State<App>, lang: Lang, person: Person, headers: HeaderMap, Path(name): Path<String>) -> Response {
    let split = name.rsplit_once('.').filter(|(_, format)| FORMATS.contains(format));
    let answer = match split {
        Some((id, format)) => file(&app, lang, &person, &headers, id, format).await,
        None => page(&app, lang, &person, &headers, &name).await,
    };
    answer.unwrap_or_else(|e| e.into_response())
}

async fn file(app: &App, lang: Lang, person: &Person, headers: &HeaderMap, id: &str, format: &str) -> Result<Response> {
    let (mut tx, work, _) = visible(app, lang, person, id).await?;
    let (sha256, bytes) = content(app, &mut tx, lang, headers, &work, format).await?;
    Ok(sent(headers, &work, format, &sha256, bytes))
}

/// The bytes of a file and their hash: those that were frozen, or made now.
async fn content(app: &App, tx: &mut Tx, lang: Lang, headers: &HeaderMap, work: &Work, format: &str) -> Result<(String, Vec<u8>)> {
    if work.is_frozen()
        && let Some(kept) = tx.work_file(work.id, format).await?
    {
        return Ok((kept.sha256, kept.bytes));
    }
    let selection = app.figures.selection(tx, work).await.map_err(|e| failed(e, lang))?;
    let at = page_of(&own_address(app, headers), work.id);
    let bytes = data(&Definition::of(work), &selection, format, &at).ok_or_else(|| Error::not_found().speaking(lang))?;
    Ok((hash_of(&bytes), bytes))
}

/// A file with its entity tag, the SHA-256 of its bytes. Even a frozen one is asked for again, because an erasure may have drawn it anew.
fn sent(asked: &HeaderMap, work: &Work, format: &str, sha256: &str, bytes: Vec<u8>) -> Response {
    let etag = format!("\"{sha256}\"");
    let mut out = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            out.insert(name, value);
        }
    };
    set(header::ETAG, &etag);
    set(header::CACHE_CONTROL, if work.is_published() { "no-cache" } else { "no-store" });
    set(header::CONTENT_TYPE, media_type(format));
    if matches!(format, "csv" | "geojson" | "json") {
        set(header::CONTENT_DISPOSITION, &format!("attachment; filename=\"figure-{}.{format}\"", work.id));
    }
    if has_tag(asked, &etag) {
        return (StatusCode::NOT_MODIFIED, out).into_response();
    }
    (out, bytes).into_response()
}

async fn page(app: &App, lang: Lang, person: &Person, headers: &HeaderMap, id: &str) -> Result<Response> {
    let (mut tx, work, _role): (Tx, Work, Role) = match visible(app, lang, person, id).await {
        Ok(found) => found,
        Err(_) => return Ok(missing(lang)),
    };
    let figure = Definition::of(&work);
    let facts = match app.figures.facts(&mut tx, &work).await {
        Ok(facts) => Some(facts),
        Err(figure::Error::NoArea) => None,
        Err(e) => return Err(failed(e, lang)),
    };
    let line = facts.as_ref().map(|f| words::state_line(f.at, f.actors, lang)).unwrap_or_default();
    let _ = headers;
    let body = html! { h1 { (figure.title) } p { (line) } };
    Ok(Page::new(figure.title.clone(), line, body).write(lang))
}
