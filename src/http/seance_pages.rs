//! The pages of séances as they are without JavaScript: the list, one séance with its numbers, and its minutes for those who may read them.

use super::extract::Path;
use super::pages::{Page, missing, needs_script, say};
use super::seances::{failed, knows_them};
use super::who::Person;
use super::{App, Error};
use crate::atlas::TerritoryInfo;
use crate::journal::now;
use crate::model::seance::SeanceState;
use crate::model::{Lang, Seance, label, taxonomy};
use crate::seance::{Counts, Minutes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use uuid::Uuid;

/// `/{slug}/seances`.
pub(super) async fn list(State(app): State<App>, lang: Lang, Path(slug): Path<String>) -> Response {
    let Some(t) = app.journal.atlas.territory(&slug) else { return missing(lang) };
    let found = match app.journal.store.read().await {
        Ok(mut tx) => tx.seances_of(t.id).await,
        Err(e) => Err(e),
    };
    let seances = match found {
        Ok(seances) => seances,
        Err(e) => return Error::from(e).speaking(lang).into_response(),
    };
    let body = html! {
        h1 { (say(lang, "Séances", "Séances")) " · " (t.name) }
        @if seances.is_empty() { p { (say(lang, "Aucune séance n’est annoncée.", "No séance is announced.")) } }
        ul { @for s in &seances { li { a href={ "/" (t.slug) "/seances/" (s.id) } { (s.title()) } " · " (when(lang, s)) " · " (state(lang, s)) } } }
        p { a href={ "/" (t.slug) "/carte" } { (say(lang, "Voir la carte de ", "See the map of ")) (t.name) } }
    };
    let text = format!("{} {}", say(lang, "Les séances de cartographie à", "Mapping séances in"), t.name);
    Page::new(format!("{} · {}", say(lang, "Séances", "Séances"), t.name), text, body).write(lang)
}

/// `/{slug}/seances/{id}`: never kept by caches, because the minutes are only for some.
pub(super) async fn one(State(app): State<App>, lang: Lang, person: Person, Path((slug, id)): Path<(String, String)>) -> Response {
    let mut answer = match page(&app, lang, &person, &slug, &id).await {
        Ok(answer) => answer,
        Err(e) => e.into_response(),
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

async fn page(app: &App, lang: Lang, person: &Person, slug: &str, id: &str) -> super::Result<Response> {
    let Some((t, s)) = find(app, slug, id).await.map_err(|e| e.speaking(lang))? else { return Ok(missing(lang)) };
    let mut tx = app.journal.store.read().await?;
    let inside = knows_them(&mut tx, person, &s).await?;
    drop(tx);
    let progress = app.seances.progress(&s, false).await.map_err(|e| failed(e, lang))?;
    let minutes = if inside { Some(app.seances.minutes(&s).await.map_err(|e| failed(e, lang))?) } else { None };
    let summary = s.doc.text("summary");
    let body = html! {
        article {
            h1 { (s.title()) }
            @if !summary.is_empty() { p { (summary) } }
            p { (when(lang, &s)) " · " (state(lang, &s)) }
            p { (numbers(lang, &progress.counts)) " · " (progress.people) " " (say(lang, "personnes", "people")) }
            p { (progress.done + progress.nothing) " / " (progress.total) " " (say(lang, "morceaux de la zone sont faits.", "pieces of the area are done.")) }
            @if let Some(m) = &minutes { (told(lang, &t, &s, m)) }
            @else { p { (say(lang, "Le compte rendu est pour les personnes qui ont participé.", "The minutes are for those who took part.")) } }
            p { a href={ "/" (t.slug) "/carte" } { (say(lang, "Voir la carte de ", "See the map of ")) (t.name) } }
        }
    };
    let text = if summary.is_empty() { format!("{} · {}", s.title(), t.name) } else { summary.to_owned() };
    Ok(Page::new(format!("{} · {}", s.title(), t.name), text, body).write(lang))
}

/// The minutes.
fn told(lang: Lang, t: &TerritoryInfo, s: &Seance, m: &Minutes) -> Markup {
    let themes: Vec<(String, &Counts)> = m
        .themes
        .iter()
        .map(|theme| {
            let label = taxonomy().labels(&theme.key).map_or(say(lang, "Sans thème", "No theme"), |(fr, en)| say(lang, fr, en));
            (label.to_owned(), &theme.counts)
        })
        .collect();
    let people: Vec<(String, &Counts)> = m.people.iter().map(|(p, counts)| (p.name(), counts)).collect();
    let outside = (say(lang, "Ailleurs", "Elsewhere").to_owned(), &m.outside);
    let pieces: Vec<(String, &Counts)> = m.pieces.iter().map(|p| (p.name.clone(), &p.counts)).chain([outside]).collect();
    html! {
        h2 { (say(lang, "Compte rendu", "Minutes")) }
        p { a href={ "/api/v1/seances/" (s.id) "/minutes.csv" } { (say(lang, "Le même en tableau (CSV)", "The same as a table (CSV)")) } }
        h3 { (say(lang, "Qui a participé", "Who took part")) } (table(lang, &people))
        h3 { (say(lang, "Par thème", "Per theme")) } (table(lang, &themes))
        h3 { (say(lang, "Par morceau de la zone", "Per piece of the area")) } (table(lang, &pieces))
        h3 { (say(lang, "Les acteurs", "The actors")) }
        ul {
            @for a in &m.actors {
                li { a href={ "/" (t.slug) "/acteurs/" (a.id) } { (a.name) } @if a.added { " · " (say(lang, "ajouté", "added")) } }
            }
        }
    }
}

fn table(lang: Lang, rows: &[(String, &Counts)]) -> Markup {
    let head = if lang == Lang::Fr {
        ["", "Ajoutés", "Complétés", "Confirmés", "Modifications"]
    } else {
        ["", "Added", "Completed", "Confirmed", "Edits"]
    };
    html! {
        table {
            thead { tr { @for name in head { th scope="col" { (name) } } } }
            tbody {
                @for (name, c) in rows {
                    tr { th scope="row" { (name) } @for n in [c.added, c.completed, c.confirmed, c.edits] { td { (n) } } }
                }
            }
        }
    }
}

fn numbers(lang: Lang, c: &Counts) -> String {
    match lang {
        Lang::Fr => format!("{} acteurs ajoutés, {} complétés, {} confirmés", c.added, c.completed, c.confirmed),
        Lang::En => format!("{} actors added, {} completed, {} confirmed", c.added, c.completed, c.confirmed),
    }
}

/// From when to when; the page's script says it in the reader's own time.
fn when(lang: Lang, s: &Seance) -> Markup {
    let moment = |at: i64| {
        let exact = label::moment(at);
        html! { time datetime=(exact) { (exact.get(..16).unwrap_or_default().replace('T', " ")) " UTC" } }
    };
    html! { (say(lang, "du ", "from ")) (moment(s.starts_at())) (say(lang, " au ", " to ")) (moment(s.ends_at())) }
}

fn state(lang: Lang, s: &Seance) -> &'static str {
    let (french, english) = match s.state(now()) {
        SeanceState::Planned => ("à venir", "to come"),
        SeanceState::Open => ("en cours", "open now"),
        SeanceState::Over => ("finie", "over"),
        SeanceState::Cancelled => ("annulée", "cancelled"),
    };
    if lang == Lang::Fr { french } else { english }
}

/// `/{slug}/seances/{id}/ecran`: what the projector shows needs a script; its token is in the part of the address that no server sees.
pub(super) async fn screen(State(app): State<App>, lang: Lang, Path((slug, id)): Path<(String, String)>) -> Response {
    match find(&app, &slug, &id).await {
        Ok(Some((t, s))) => needs_script(lang, &format!("{} · {}", s.title(), t.name)),
        Ok(None) => missing(lang),
        Err(e) => e.speaking(lang).into_response(),
    }
}

async fn find(app: &App, slug: &str, id: &str) -> super::Result<Option<(TerritoryInfo, Seance)>> {
    let (Some(t), Ok(id)) = (app.journal.atlas.territory(slug), Uuid::parse_str(id)) else { return Ok(None) };
    let found = app.journal.store.read().await?.seance(id).await?;
    Ok(found.filter(|s| s.home == t.id && !s.doc.deleted).map(|s| (t, s)))
}
