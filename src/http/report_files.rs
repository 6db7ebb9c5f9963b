//! A report's files, its picture, freezing it, making it anew: what takes longer than other requests.

use super::accept::has_tag;
use super::extract::Path;
use super::reports::{Seen, find, told};
use super::tiles::own_address;
use super::who::Person;
use super::{App, Error, Result};
use crate::model::text::slug;
use crate::model::{Ack, Lang};
use crate::report::document::{self, BadPicture, DOCX, Files, NoPdf, with_pages_asked};
use crate::report::queue::NotDrawn;
use crate::store::hash_of;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

/// The policy of a report as a page: it holds its own style and pictures, and nothing else.
const CSP: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `/r/{id}.docx|.html|.pdf|.zip`: kept bytes of a frozen report; of a live one they are made from what is there now.
pub(super) async fn file(State(app): State<App>, lang: Lang, person: Person, headers: HeaderMap, Path(file): Path<String>) -> Result<Response> {
    let none = || Error::not_found().speaking(lang);
    let (id, format) = file.rsplit_once('.').ok_or_else(none)?;
    if !["docx", "html", "pdf", "zip"].contains(&format) {
        return Err(none());
    }
    let mut tx = app.journal.store.read().await?;
    let Seen { report, .. } = find(&mut tx, lang, &person, id).await?;
    let made_of = if format == "pdf" { "docx" } else { format };
    let kept = if report.is_frozen() { tx.work_file(report.id, made_of).await? } else { None };
    drop(tx);
    let bytes = match kept {
        Some(file) => file.bytes,
        None => one(app.reports.live(lang, report.id, &page_of(&app, &headers, report.id)).await.map_err(|e| failed(e, lang))?, made_of),
    };
    // The tag of a PDF is that of what it is made of: LibreOffice writes the hour into each.
    let etag = format!("\"{}-{format}\"", &hash_of(&bytes)[..32]);
    let name = slug(report.doc.text("title"));
    if has_tag(&headers, &etag) {
        return Ok(answer(StatusCode::NOT_MODIFIED, format, &etag, &name, Vec::new()));
    }
    let bytes = if format == "pdf" {
        let asked = with_pages_asked(&bytes).unwrap_or(bytes);
        app.office.pdf(&asked).await.map_err(|e| no_pdf(&e, report.id).speaking(lang))?
    } else {
        bytes
    };
    Ok(answer(StatusCode::OK, format, &etag, &name, bytes))
}

fn one(files: Files, format: &str) -> Vec<u8> {
    match format {
        "docx" => files.docx,
        "zip" => files.zip,
        _ => files.html,
    }
}

fn answer(status: StatusCode, format: &str, etag: &str, name: &str, bytes: Vec<u8>) -> Response {
    let kind = match format {
        "docx" => DOCX,
        "zip" => "application/zip",
        "pdf" => "application/pdf",
        _ => "text/html; charset=utf-8",
    };
    let how = if matches!(format, "docx" | "zip") { "attachment" } else { "inline" };
    let mut answer = (status, bytes).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    for (name, value) in [(header::ETAG, etag.to_owned()), (header::CONTENT_DISPOSITION, format!("{how}; filename=\"{name}.{format}\""))] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    if format == "html" {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    }
    answer
}

fn page_of(app: &App, headers: &HeaderMap, id: Uuid) -> String {
    format!("{}/r/{id}.html", own_address(app, headers))
}

/// A report, for somebody who organises in its territory, and who that is.
async fn for_organisers(app: &App, lang: Lang, person: &Person, id: &str) -> Result<(Seen, Uuid)> {
    let french = "Seules les personnes qui organisent dans ce territoire peuvent faire cela.";
    let no = |status| Error::new(status, "needs_organiser", french, "Only the organisers of this territory can do this.").speaking(lang);
    let Some(by) = person.id else { return Err(no(StatusCode::UNAUTHORIZED)) };
    let seen = find(&mut app.journal.store.read().await?, lang, person, id).await?;
    if seen.organiser { Ok((seen, by)) } else { Err(no(StatusCode::FORBIDDEN)) }
}

/// Keeps the drawing of the governance scheme, drawn anew from what is sent: PNG, JPEG or SVG, 5 MiB at most.
#[utoipa::path(post, path = "/api/v1/reports/{id}/picture", tag = "reports", params(("id" = Uuid, Path, description = "The report")),
    request_body(content = String, content_type = "image/png", description = "image/png, image/jpeg or image/svg+xml"),
    responses((status = 200, description = "The hash that the report's field `picture` now has"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an organiser"),
    (status = 404, description = "No such report"), (status = 409, description = "The report is frozen"), (status = 413, description = "More than 5 MiB"), (status = 422, description = "Not a picture that can be read")))]
pub(super) async fn picture(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path(id): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<Value>> {
    let (seen, by) = for_organisers(&app, lang, &person, &id).await?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if !["image/png", "image/jpeg", "image/svg+xml"].iter().any(|k| kind.starts_with(k)) {
        let french = "Envoyez une image PNG, JPEG ou SVG.";
        return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "picture_kind", french, "Send a PNG, JPEG or SVG picture.").speaking(lang));
    }
    let scheme = app.reports.scheme(bytes.to_vec()).await.map_err(|e| failed(e, lang))?.map_err(|e| bad_picture(e).speaking(lang))?;
    let sha256 = app.reports.put_scheme(by, lang, &seen.report, &scheme).await.map_err(|e| failed(e, lang))?;
    Ok(Json(json!({"sha256": sha256})))
}

/// Freezes a report at the journal's present position: its files no longer change.
#[utoipa::path(post, path = "/api/v1/reports/{id}/freeze", tag = "reports", params(("id" = Uuid, Path, description = "The report")),
    responses((status = 200, description = "The frozen report"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an organiser"), (status = 404, description = "No such report"), (status = 409, description = "It goes on changing")))]
pub(super) async fn freeze(State(app): State<App>, lang: Lang, person: Person, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<Value>> {
    let (seen, by) = for_organisers(&app, lang, &person, &id).await?;
    app.reports.freeze(by, lang, seen.report.id, &page_of(&app, &headers, seen.report.id)).await.map_err(|e| failed(e, lang))?;
    let mut tx = app.journal.store.read().await?;
    let seen = find(&mut tx, lang, &person, &id).await?;
    told(&app, &mut tx, lang, &seen).await.map(Json)
}

/// Makes a live copy of a report with its blocks and picture, as a draft.
#[utoipa::path(post, path = "/api/v1/reports/{id}/remake", tag = "reports", params(("id" = Uuid, Path, description = "The report")),
    responses((status = 200, description = "Id of the copy"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an organiser"), (status = 404, description = "No such report")))]
pub(super) async fn remake(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<String>) -> Result<Json<Value>> {
    let (seen, by) = for_organisers(&app, lang, &person, &id).await?;
    let made = app.reports.remake(by, lang, &seen.report).await.map_err(|e| failed(e, lang))?;
    Ok(Json(json!({"id": made})))
}

fn bad_picture(bad: BadPicture) -> Error {
    let (french, english) = match bad {
        BadPicture::Kind => ("Ce fichier n’est pas une image PNG, JPEG ou SVG.", "This file is not a PNG, JPEG or SVG picture."),
        BadPicture::Large => (
            "L’image a trop de points : 12 000 de côté et 40 millions en tout, au plus.",
            "The picture has too many pixels: 12,000 on a side and 40 million in all, at most.",
        ),
        BadPicture::Broken => ("L’image ne se lit pas, ou elle est vide.", "The picture can’t be read, or is empty."),
    };
    Error::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_picture", french, english)
}

fn no_pdf(why: &NoPdf, report: Uuid) -> Error {
    match why {
        NoPdf::NoOffice => {
            let french = "Ce serveur ne fait pas de PDF. Ouvrez la page HTML du rapport et imprimez-la, ou enregistrez le DOCX en PDF.";
            let english = "This server makes no PDF. Open the report’s HTML page and print it, or save the DOCX as PDF.";
            Error::new(StatusCode::NOT_IMPLEMENTED, "no_pdf", french, english)
        }
        NoPdf::Slow | NoPdf::Failed(_) | NoPdf::Disk(_) => {
            tracing::error!("the PDF of report {report}: {why}");
            let french = "Le PDF n’a pas pu être fait. Ouvrez la page HTML du rapport et imprimez-la, ou réessayez dans un instant.";
            let english = "The PDF could not be made. Open the report’s HTML page and print it, or try again in a moment.";
            Error::new(StatusCode::SERVICE_UNAVAILABLE, "pdf_failed", french, english).retry_after(60)
        }
    }
}

/// What a wish about a report met, as a problem document.
pub(super) fn failed(error: document::Error, lang: Lang) -> Error {
    let told = match error {
        document::Error::Unknown => Error::not_found(),
        document::Error::Moving => {
            let french = "Beaucoup de personnes écrivent en ce moment. Rien n’a été figé ; réessayez dans un instant.";
            Error::new(StatusCode::CONFLICT, "moved_on", french, "Many people are writing right now. Nothing was frozen; try again in a moment.")
        }
        document::Error::Refused(ack) => refused(&ack),
        document::Error::Journal(e) => e.into(),
        document::Error::Store(e) => e.into(),
        document::Error::Queue(NotDrawn::Full) => {
            let french = "Beaucoup de dessins attendent leur tour. Réessayez dans un instant.";
            Error::new(StatusCode::SERVICE_UNAVAILABLE, "busy", french, "Many drawings wait for their turn. Try again in a moment.").retry_after(10)
        }
        document::Error::Queue(NotDrawn::Failed) => Error::internal(),
        document::Error::Broken(why) => {
            tracing::error!("a report: {why}");
            Error::internal()
        }
    };
    told.speaking(lang)
}

/// A refusal of the journal keeps its code and sentence.
fn refused(ack: &Ack) -> Error {
    let sentence = ack.message.clone().unwrap_or_default();
    let (status, code) = match ack.code.as_deref() {
        Some("needs_organiser") => (StatusCode::FORBIDDEN, "needs_organiser"),
        Some("frozen") => (StatusCode::CONFLICT, "frozen"),
        _ => (StatusCode::CONFLICT, "refused"),
    };
    Error::new(status, code, sentence.clone(), sentence)
}
