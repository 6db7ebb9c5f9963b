//! The pages of reports as they are without JavaScript: the list, and one report with its files.

use super::extract::Path;
use super::pages::{Page, missing, say};
use super::reports::find;
use super::seances::role;
use super::who::Person;
use super::{App, Error};
use crate::model::{Lang, Role, SubjectKind};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::html;

/// `/{slug}/rapports`: never kept by caches, because drafts are only for some.
pub(super) async fn list(State(app): State<App>, lang: Lang, person: Person, Path(slug): Path<String>) -> Response {
    unkept(listed(&app, lang, &person, &slug).await.unwrap_or_else(|e| e.speaking(lang).into_response()))
}

async fn listed(app: &App, lang: Lang, person: &Person, slug: &str) -> super::Result<Response> {
    let Some(t) = app.journal.atlas.territory(slug) else { return Ok(missing(lang)) };
    let mut tx = app.journal.store.read().await?;
    let organiser = role(&mut tx, person, t.id).await? >= Role::Organiser;
    let mut reports = tx.works_of(t.id, SubjectKind::Report).await?;
    reports.retain(|r| organiser || r.is_published());
    let title = format!("{} · {}", say(lang, "Rapports", "Reports"), t.name);
    let body = html! {
        h1 { (title) }
        @if reports.is_empty() { p { (say(lang, "Aucun rapport n’est publié.", "No report is published.")) } }
        ul { @for r in &reports { li { a href={ "/" (t.slug) "/rapports/" (r.id) } { (r.doc.text("title")) } } } }
        p { a href={ "/" (t.slug) "/carte" } { (say(lang, "Voir la carte de ", "See the map of ")) (t.name) } }
    };
    let text = format!("{} {}", say(lang, "Les diagnostics démocratiques de", "The democratic diagnoses of"), t.name);
    Ok(Page::new(title, text, body).write(lang))
}

/// `/{slug}/rapports/{id}`.
pub(super) async fn one(State(app): State<App>, lang: Lang, person: Person, Path((slug, id)): Path<(String, String)>) -> Response {
    unkept(page(&app, lang, &person, &slug, &id).await.unwrap_or_else(|e| e.speaking(lang).into_response()))
}

async fn page(app: &App, lang: Lang, person: &Person, slug: &str, id: &str) -> Result<Response, Error> {
    let Some(t) = app.journal.atlas.territory(slug) else { return Ok(missing(lang)) };
    let mut tx = app.journal.store.read().await?;
    let Some(seen) = find(&mut tx, lang, person, id).await.ok().filter(|s| s.report.home == t.id) else { return Ok(missing(lang)) };
    let (report, summary) = (&seen.report, seen.report.doc.text("summary"));
    let body = html! {
        article {
            h1 { (report.doc.text("title")) }
            @if !summary.is_empty() { p { (summary) } }
            ul {
                li { a href={ "/r/" (report.id) ".html" } { (say(lang, "Lire et imprimer", "Read and print")) } }
                @for format in ["docx", "pdf", "zip"] { li { a href={ "/r/" (report.id) "." (format) } { (format.to_uppercase()) } } }
            }
            p { a href={ "/" (t.slug) "/rapports" } { (say(lang, "Tous les rapports", "All reports")) } }
        }
    };
    let text = if summary.is_empty() { format!("{} · {}", report.doc.text("title"), t.name) } else { summary.to_owned() };
    Ok(Page::new(format!("{} · {}", report.doc.text("title"), t.name), text, body).write(lang))
}

fn unkept(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
