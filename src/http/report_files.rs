//! The files of a report.

use super::extract::Path;
use super::reports::find;
use super::tiles::own_address;
use super::who::Person;
use super::{App, Error, Result};
use crate::journal::now;
use crate::model::{Lang, SubjectKind};
use crate::report::document::{self, Inputs};
use crate::report::{Query, Selection};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// The policy of a report as a page: it holds its own style and pictures, and nothing else.
const CSP: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `/r/{id}.html`: the report, to print.
pub(super) async fn file(State(app): State<App>, lang: Lang, person: Person, headers: HeaderMap, Path(file): Path<String>) -> Result<Response> {
    let none = || Error::not_found().speaking(lang);
    let (id, format) = file.rsplit_once('.').ok_or_else(none)?;
    if format != "html" {
        return Err(none());
    }
    let mut tx = app.journal.store.read().await?;
    let seen = find(&mut tx, lang, &person, id).await?;
    let query = Query { territory: seen.report.home, ..Query::default() };
    let selection = Selection::read(&mut tx, &query, now()).await?.ok_or_else(none)?;
    let blocks = tx.blocks_of(seen.report.id).await?;
    let devices = tx.works_of(seen.report.home, SubjectKind::Device).await?;
    drop(tx);
    let address = format!("{}/r/{}", own_address(&app, &headers), seen.report.id);
    let inputs = Inputs { lang, report: seen.report, blocks, devices, selection, address };
    let page = document::html(&document::compose(&inputs));
    let mut answer = page.into_response();
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    Ok(answer)
}
