//! `/embed/{slug}`: the map, a list, a table, a number or a chart in a frame of another site. No cookie is read or set here; without scripts the same
//! selection stands in the page as a table, and a map as a picture.

use super::extract::{Path, Query};
use super::figure_body::told;
use super::figures::{failed, page_of};
use super::guard::Embedders;
use super::lists::filter_of;
use super::pages::{Page, missing, say};
use super::tiles::own_address;
use super::{App, Result};
use crate::atlas::TerritoryInfo;
use crate::geo::Bbox;
use crate::model::{Lang, Work};
use crate::report::figure::{self, Definition, Kind, Shown, words};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

/// What a frame shows.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    mode: Option<String>,
    bbox: Option<String>,
    category: Option<String>,
    state: Option<String>,
    q: Option<String>,
    area: Option<String>,
    figure: Option<String>,
    measure: Option<String>,
}

/// What stands in a frame.
struct Frame {
    figure: Definition,
    work: Option<Work>,
    shown: Arc<Shown>,
}

/// `/embed/{slug}`.
pub(super) async fn one(State(app): State<App>, lang: Lang, headers: HeaderMap, Path(slug): Path<String>, asked: Result<Query<Asked>>) -> Response {
    let Some(t) = app.journal.atlas.territory(&slug) else { return missing(lang) };
    let asked = asked.map(|q| q.0).unwrap_or_default();
    let base = own_address(&app, &headers);
    match frame(&app, lang, &t, &asked, &base).await {
        Ok(Some(frame)) => answer(&t, &frame, &asked, lang),
        Ok(None) => nothing(lang, &t),
        Err(e) => {
            // Whoever sees the frame is no program: a page with the sentence.
            let (status, _, sentence, _) = e.said(lang);
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Page::new(sentence, sentence, html! { h1 { (sentence) } }).with_status(status).write(lang)
        }
    }
}

/// Reads what is asked for; none for a figure that is not there, not published, or of another territory.
async fn frame(app: &App, lang: Lang, t: &TerritoryInfo, asked: &Asked, base: &str) -> Result<Option<Frame>> {
    let mut tx = app.journal.store.read().await?;
    let work = match asked.figure.as_deref().filter(|f| !f.is_empty()) {
        None => None,
        Some(id) => {
            let Ok(id) = Uuid::parse_str(id) else { return Ok(None) };
            match app.figures.find(&mut tx, id).await {
                Ok(work) if work.is_published() && work.home == t.id => Some(work),
                Ok(_) | Err(figure::Error::Unknown) => return Ok(None),
                Err(e) => return Err(failed(e, lang)),
            }
        }
    };
    let (figure, at) = match &work {
        Some(work) => (Definition::of(work), page_of(base, work.id)),
        None => (loose(t, asked, lang)?, format!("{base}/{}/carte", t.slug)),
    };
    match app.figures.shown(&mut tx, &figure, work.as_ref(), &at, lang).await {
        Ok(shown) => Ok(Some(Frame { figure, work, shown })),
        Err(figure::Error::NoArea | figure::Error::NoMeasure) => Ok(None),
        Err(e) => Err(failed(e, lang)),
    }
}

/// The view of an address, which is no figure that anybody made.
fn loose(t: &TerritoryInfo, asked: &Asked, lang: Lang) -> Result<Definition> {
    let word = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
    let kind = Kind::parse(asked.mode.as_deref().unwrap_or("map"));
    Ok(Definition {
        id: Uuid::nil(),
        kind,
        title: say(lang, "Les acteurs citoyens", "The citizen actors").into(),
        caption: String::new(),
        alt: String::new(),
        territory: t.id,
        area: word(&asked.area),
        bbox: asked.bbox.as_deref().filter(|b| !b.is_empty()).map(Bbox::parse).transpose()?,
        filter: filter_of(asked.category.as_deref(), asked.state.as_deref(), asked.q.as_deref())?,
        extent: None,
        format: "a4".into(),
        orientation: "landscape".into(),
        style: "light".into(),
        measure: word(&asked.measure).filter(|_| matches!(kind, Kind::Table | Kind::Chart | Kind::Count)),
    })
}

fn answer(t: &TerritoryInfo, frame: &Frame, asked: &Asked, lang: Lang) -> Response {
    let Frame { figure, work, shown } = frame;
    // A figure may be shown in another way than its own: its list, for example.
    let mode = asked.mode.as_deref().filter(|m| !m.is_empty()).map_or(figure.kind, Kind::parse);
    let as_asked = Definition { kind: mode, ..figure.clone() };
    let line = line(shown, lang);
    let body = html! {
        article class={ "embed-figure embed-" (mode.as_str()) } {
            h1 { (figure.title) }
            p { (line) }
            @if mode == Kind::Map { noscript { (picture(t, frame, asked)) } }
            @if mode == Kind::Chart { (picture(t, frame, asked)) }
            (told(&as_asked, shown, lang))
            p { a href=(whole_page(t, frame, asked)) target="_blank" rel="noopener" { (say(lang, "Ouvrir la carte de ", "Open the map of ")) (t.name) } }
            p { small { (words::sources(&t.name, lang).join(" · ")) " · ODbL 1.0" } }
        }
    };
    let mut response = Page::new(format!("{} · {}", figure.title, t.name), line, body).write(lang);
    if let Some(embedders) = work.as_ref().and_then(embedders) {
        response.extensions_mut().insert(embedders);
    }
    response
}

fn line(shown: &Shown, lang: Lang) -> String {
    words::state_line(shown.facts.at, shown.facts.actors, lang)
}

/// The origins that a figure names; none when it names no one, and everybody may show it.
pub(super) fn embedders(work: &Work) -> Option<Embedders> {
    let origins: Vec<&str> = work.doc.set("embedders").collect();
    (!origins.is_empty()).then(|| Embedders(origins.join(" ")))
}

/// The static picture: the figure's own, or one of the same view.
fn picture(t: &TerritoryInfo, frame: &Frame, asked: &Asked) -> Markup {
    let address = match &frame.work {
        Some(work) => format!("/f/{}.svg", work.id),
        None if frame.figure.kind == Kind::Chart => return chart(frame),
        None => format!("/api/v1/territories/{}/map.svg?{}", t.slug, query(asked)),
    };
    html! { img src=(address) alt=(frame.shown.alt) width="1123" height="794"; }
}

/// A chart stands in the page as it is drawn: its text can be read and selected.
fn chart(frame: &Frame) -> Markup {
    let drawn = frame.shown.numbers.chart.as_deref().unwrap_or("");
    html! { (maud::PreEscaped(drawn)) }
}

/// The same filter as an address.
fn query(asked: &Asked) -> String {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in [("bbox", &asked.bbox), ("category", &asked.category), ("state", &asked.state), ("q", &asked.q), ("area", &asked.area)] {
        if let Some(value) = value.as_ref().filter(|v| !v.is_empty()) {
            out.append_pair(key, value);
        }
    }
    out.finish()
}

fn whole_page(t: &TerritoryInfo, frame: &Frame, asked: &Asked) -> String {
    match &frame.work {
        Some(work) => format!("/f/{}", work.id),
        None => format!("/{}/carte?{}", t.slug, query(asked)),
    }
}

/// A frame that has nothing to show says so, and where the map is.
fn nothing(lang: Lang, t: &TerritoryInfo) -> Response {
    let text = say(lang, "Cette figure n’est pas publiée, ou n’existe plus.", "This figure is not published, or no longer exists.");
    let body = html! { h1 { (text) } p { a href={ "/" (t.slug) "/carte" } target="_blank" rel="noopener" { (say(lang, "Ouvrir la carte de ", "Open the map of ")) (t.name) } } };
    Page::new(text, text, body).with_status(StatusCode::NOT_FOUND).write(lang)
}
