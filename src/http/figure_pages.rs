//! The page of a figure, `/f/{id}`, and its files, `/f/{id}.geojson` and others.

use super::accept::has_tag;
use super::extract::{Path, Query};
use super::figure_body::{counted, told};
use super::figure_data::dataset;
use super::figures::{failed, page_of, visible};
use super::pages::{Page, missing, say};
use super::tiles::own_address;
use super::who::Person;
use super::{App, Error, Result};
use crate::model::work::{ORIENTATIONS, STYLES};
use crate::model::{Lang, SubjectKind, Work, label};
use crate::report::figure::{self, DPI, Definition, Kind, Line, Look, PICTURES, Shown, Since, media_type, paper, style, words};
use crate::report::map::Paper;
use crate::store::{FileFacts, hash_of};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

/// Formats that a figure's address may end with.
pub(super) const FORMATS: [&str; 6] = ["svg", "png", "pdf", "geojson", "csv", "json"];
/// Names of a list of changes on a page.
const NAMES: usize = 100;

/// Another look than the figure's own: a picture of a frozen figure is then drawn from what was frozen, over today's base map.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// `a4`, `a3`, or `og` for the picture of a shared link.
    format: Option<String>,
    /// `portrait` or `landscape`.
    orientation: Option<String>,
    /// 72 to 300, of a PNG.
    dpi: Option<u32>,
    /// `light` or `impression`.
    style: Option<String>,
}

impl Asked {
    fn look(&self, figure: &Definition) -> Result<Look> {
        let word = |asked: &Option<String>, own: &str, all: &[&str], name: &str| {
            let word = asked.as_deref().filter(|w| !w.is_empty()).unwrap_or(own);
            if all.contains(&word) {
                return Ok(word.to_owned());
            }
            let list = all.join(", ");
            Err(Error::bad("bad_look", format!("{name} : écrivez l’un de {list}."), format!("{name}: write one of {list}.")))
        };
        let format = word(&self.format, &figure.format, &["a4", "a3", "og"], "format")?;
        let orientation = word(&self.orientation, &figure.orientation, ORIENTATIONS, "orientation")?;
        let inks = word(&self.style, &figure.style, STYLES, "style")?;
        let dpi = self.dpi.unwrap_or(DPI);
        if !(72..=300).contains(&dpi) {
            return Err(Error::bad("bad_look", "dpi : de 72 à 300.", "dpi: from 72 to 300."));
        }
        if format == "og" {
            // A shared link has one size, 1200 × 630; letters are large enough to be read in a list of messages.
            let (width, height, dpi) = if figure.kind == Kind::Map { (1200, 630, 96) } else { (600, 315, 192) };
            return Ok(Look { paper: Paper::Screen { width, height }, style: style(&inks), dpi });
        }
        Ok(Look { paper: paper(&format, &orientation), style: style(&inks), dpi })
    }
}

/// `/f/{id}` and `/f/{id}.{format}`.
pub(super) async fn one(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let split = name.rsplit_once('.').filter(|(_, format)| FORMATS.contains(format));
    let answer = match split {
        Some((id, format)) => file(&app, lang, &person, &headers, (id, format), &asked).await,
        None => page(&app, lang, &person, &headers, &name).await,
    };
    answer.unwrap_or_else(|e| e.into_response())
}

async fn file(app: &App, lang: Lang, person: &Person, headers: &HeaderMap, (id, format): (&str, &str), asked: &Asked) -> Result<Response> {
    let (mut tx, work, _) = visible(app, lang, person, id).await?;
    let look = asked.look(&Definition::of(&work)).map_err(|e| e.speaking(lang))?;
    if work.is_frozen()
        && look == Look::of(&Definition::of(&work))
        && let Some(kept) = tx.work_file(work.id, format).await?
    {
        return Ok(sent(headers, &work, format, &kept.sha256, kept.bytes));
    }
    let at = page_of(&own_address(app, headers), work.id);
    let content = app.figures.content(&mut tx, &work, &at, lang).await.map_err(|e| failed(e, lang))?;
    let bytes = match PICTURES.into_iter().find(|p| *p == format) {
        Some(picture) => {
            let ground = app.figures.ground(&mut tx, &content).await.map_err(|e| failed(e, lang))?;
            drop(tx);
            app.figures.picture(content, ground, look, picture).await.map_err(|e| failed(e, lang))?
        }
        None => content.data(format).ok_or_else(|| Error::not_found().speaking(lang))?,
    };
    Ok(sent(headers, &work, format, &hash_of(&bytes), bytes))
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

/// What a page is written from.
struct Read<'a> {
    lang: Lang,
    work: &'a Work,
    figure: Definition,
    shown: std::sync::Arc<Shown>,
    since: Option<std::sync::Arc<Since>>,
    files: Vec<FileFacts>,
    at: String,
    base: String,
}

async fn page(app: &App, lang: Lang, person: &Person, headers: &HeaderMap, id: &str) -> Result<Response> {
    let Ok((mut tx, work, _)) = visible(app, lang, person, id).await else { return absent(app, lang, id).await };
    let figure = Definition::of(&work);
    let base = own_address(app, headers);
    let at = page_of(&base, work.id);
    let shown = match app.figures.shown(&mut tx, &figure, Some(&work), &at, lang).await {
        Ok(shown) => shown,
        // The figure is there; only what it asks for is not, and the page says which.
        Err(e @ (figure::Error::NoArea | figure::Error::NoMeasure)) => return Ok(broken(lang, &figure, &failed(e, lang))),
        Err(e) => return Err(failed(e, lang)),
    };
    let since = if work.is_frozen() { app.figures.since(&mut tx, &work).await.ok() } else { None };
    let files = tx.work_files(work.id).await?;
    drop(tx);
    let read = Read { lang, work: &work, figure, shown, since, files, at, base };
    let mut response = written(&read).write(lang);
    if !work.is_published() {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// A figure that was published and taken away is gone; of everything else nobody is told that it ever was.
async fn absent(app: &App, lang: Lang, id: &str) -> Result<Response> {
    let Ok(id) = Uuid::parse_str(id) else { return Ok(missing(lang)) };
    let work = app.journal.store.read().await?.work(id).await?;
    let Some(work) = work.filter(|w| w.kind == SubjectKind::Figure && w.doc.deleted && w.is_published()) else { return Ok(missing(lang)) };
    let text = say(lang, "Cette figure a été retirée.", "This figure was taken away.");
    let territory = app.journal.atlas.territory_by_id(work.home);
    let body = html! { h1 { (text) } @if let Some(t) = territory { p { a href={ "/" (t.slug) "/figures" } { (say(lang, "Les figures de ", "Figures of ")) (t.name) } } } };
    Ok(Page::new(text, text, body).with_status(StatusCode::GONE).write(lang))
}

fn broken(lang: Lang, figure: &Definition, why: &Error) -> Response {
    let (_, _, sentence, _) = why.said(lang);
    Page::new(figure.title.clone(), sentence, html! { article { h1 { (figure.title) } p role="status" { (sentence) } } }).write(lang)
}

fn written(read: &Read<'_>) -> Page {
    let Read { lang, work, figure, shown, at, base, .. } = read;
    let lang = *lang;
    let frozen = work.is_frozen();
    let line = words::state_line(shown.facts.at, shown.facts.actors, lang);
    let (t, slug) = (&shown.territory.name, &shown.territory.slug);
    let place = shown.area.as_ref().map_or_else(|| t.clone(), |a| format!("{}, {t}", a.name));
    let citation = words::citation(&figure.title, t, &shown.facts, frozen, at, lang);
    let body = html! {
        article class="figure-page" {
            p { strong { (seal(work, lang)) } " · " a href={ "/" (slug) } { (t) } }
            h1 { (figure.title) }
            p { (place) " · " (line) }
            @if let Some(sentence) = erased(&read.files, lang) { p role="note" { (sentence) } }
            @if figure.kind == Kind::Count { p { strong { (counted(figure, shown, lang)) } } }
            figure {
                img src={ "/f/" (work.id) ".svg" } alt=(shown.alt);
                @if !figure.caption.is_empty() { figcaption { (figure.caption) } }
            }
            (told(figure, shown, lang))
            @if let Some(since) = &read.since { (changes(since, slug, lang)) }
            h2 { (say(lang, "Sources et licence", "Sources and licence")) }
            ul { @for s in words::sources(t, lang) { li { (s) } } }
            p { (say(lang, "Données sous licence ", "Data under the licence ")) a rel="license" href=(words::LICENCE_URL) { "ODbL 1.0" } "." }
            h2 { (say(lang, "Citer cette figure", "Cite this figure")) }
            p { cite { (citation) } }
            h2 { (say(lang, "Télécharger", "Download")) }
            ul { @for (format, name) in downloads(figure, lang) { li { a href={ "/f/" (work.id) "." (format) } { (name) } } } }
        }
    };
    let description = if figure.caption.is_empty() { format!("{line}. {}", shown.alt) } else { format!("{line}. {}", figure.caption) };
    let picture = format!("{base}/f/{}.png?format=og", work.id);
    let head = html! {
        link rel="canonical" href=(at);
        meta property="og:type" content="article";
        meta property="og:title" content=(figure.title);
        meta property="og:description" content=(description);
        meta property="og:url" content=(at);
        meta property="og:image" content=(picture);
        meta property="og:image:width" content="1200";
        meta property="og:image:height" content="630";
        meta property="og:image:alt" content=(shown.alt);
        meta name="twitter:card" content="summary_large_image";
        @if !work.is_published() { meta name="robots" content="noindex"; }
    };
    let title = format!("{} · {t}", figure.title);
    Page::new(title, description, body).with_head(head).with_data(dataset(work, figure, shown, at, &citation, lang))
}

/// Whether what is shown will change.
fn seal(work: &Work, lang: Lang) -> &'static str {
    let draft = !work.is_published();
    match (work.is_frozen(), draft) {
        (true, false) => say(lang, "Figure figée", "Frozen figure"),
        (true, true) => say(lang, "Figure figée, brouillon", "Frozen figure, draft"),
        (false, false) => say(lang, "Figure vivante", "Live figure"),
        (false, true) => say(lang, "Figure vivante, brouillon", "Live figure, draft"),
    }
}

/// What an erasure did to the files.
fn erased(files: &[FileFacts], lang: Lang) -> Option<String> {
    let day = words::day(files.iter().filter_map(|f| f.erased_at).max()?, lang);
    Some(match lang {
        Lang::Fr => format!("Un acteur a été retiré de cette figure le {day}, à sa demande. Ses fichiers ont été refaits sans lui."),
        Lang::En => format!("An actor was taken out of this figure on {day}, at its request. Its files were made again without it."),
    })
}

fn changes(since: &Since, slug: &str, lang: Lang) -> Markup {
    let lists = [
        (say(lang, "Ajoutés", "Added"), &since.added, true),
        (say(lang, "Changés", "Changed"), &since.changed, true),
        (say(lang, "Retirés ou sortis de la sélection", "Gone, or no longer in the selection"), &since.closed, false),
    ];
    let none = lists.iter().all(|(_, lines, _)| lines.is_empty());
    html! {
        h2 { (say(lang, "Ce qui a changé depuis", "What has changed since")) }
        @if none { p { (say(lang, "Rien n’a changé depuis.", "Nothing has changed since.")) } }
        @for (name, lines, linked) in lists { @if !lines.is_empty() {
            h3 { (name) " (" (words::number(lines.len(), lang)) ")" }
            ul { @for line in lines.iter().take(NAMES) { li { (one_line(line, slug, linked)) } } }
        } }
    }
}

fn one_line((id, name): &Line, slug: &str, linked: bool) -> Markup {
    html! { @if linked { a href={ "/" (slug) "/acteurs/" (id) } { (name) } } @else { (name) } }
}

/// Files by format and by name.
fn downloads(figure: &Definition, lang: Lang) -> Vec<(&'static str, &'static str)> {
    let numbers = matches!(figure.kind, Kind::Table | Kind::Chart);
    vec![
        ("svg", say(lang, "Image vectorielle (SVG)", "Vector picture (SVG)")),
        ("png", say(lang, "Image (PNG)", "Picture (PNG)")),
        ("pdf", say(lang, "À imprimer (PDF)", "To print (PDF)")),
        ("csv", if numbers { say(lang, "Le tableau (CSV)", "The table (CSV)") } else { say(lang, "Les acteurs (CSV)", "The actors (CSV)") }),
        ("geojson", say(lang, "Les acteurs (GeoJSON)", "The actors (GeoJSON)")),
        ("json", say(lang, "La figure entière (JSON)", "The whole figure (JSON)")),
    ]
}

/// When the figure last changed, for programs.
pub(super) fn modified(work: &Work, shown: &Shown) -> String {
    label::moment(if work.is_frozen() { shown.facts.at } else { work.updated_at.max(shown.facts.at) })
}
