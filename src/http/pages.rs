//! The pages: the app's index.html, in which the server writes title, description and content, so that each page says something
//! without JavaScript and to search engines. The app replaces the content when it starts.

use super::extract::{Path, Query};
use super::tiles::own_address;
use super::{App, Error, assets};
use crate::model::field::TERRITORY_KINDS;
use crate::model::{Actor, Lang, State as ActorState, taxonomy};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, PreEscaped, html};
use serde_json::{Value, json};

/// Territories listed on a page without JavaScript, at most.
const ON_A_PAGE: usize = 100;
/// Actors listed on a page without JavaScript, at most.
const LISTED: usize = 1000;

/// What a page without JavaScript needs of a feature.
#[derive(serde::Deserialize)]
struct Listed {
    properties: Named,
}

#[derive(serde::Deserialize)]
struct Named {
    id: uuid::Uuid,
    name: String,
}

/// A page before it is put into index.html.
pub(super) struct Page {
    title: String,
    description: String,
    body: Markup,
    json_ld: Option<Value>,
    head: Option<Markup>,
    /// Address of the picture that a link to the page shows.
    picture: Option<String>,
    status: StatusCode,
}

impl Page {
    pub(super) fn new(title: impl Into<String>, description: impl Into<String>, body: Markup) -> Self {
        Self { title: title.into(), description: description.into(), body, json_ld: None, head: None, picture: None, status: StatusCode::OK }
    }

    /// With data for search engines (schema.org).
    pub(super) fn with_data(self, json_ld: Value) -> Self {
        Self { json_ld: Some(json_ld), ..self }
    }

    /// With more in its head.
    pub(super) fn with_head(self, head: Markup) -> Self {
        Self { head: Some(head), ..self }
    }

    /// With a status that is not 200.
    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn write(self, lang: Lang) -> Response {
        let Some(index) = assets::index() else { return unbuilt() };
        let head = html! {
            title { (self.title) }
            meta name="description" content=(self.description);
            @if let Some(head) = &self.head { (head) }
            @if let Some(picture) = &self.picture {
                meta property="og:type" content="website";
                meta property="og:title" content=(self.title);
                meta property="og:description" content=(self.description);
                meta property="og:image" content=(picture);
                meta property="og:image:width" content="1200";
                meta property="og:image:height" content="630";
                meta name="twitter:card" content="summary_large_image";
            }
            @if let Some(data) = &self.json_ld {
                // `<` is written as an escape, so that no text can close the element.
                script type="application/ld+json" { (PreEscaped(data.to_string().replace('<', "\\u003c"))) }
            }
        };
        let word = if lang == Lang::En { "en" } else { "fr" };
        let page = index.replacen("<!--head-->", &head.into_string(), 1).replacen("<!--body-->", &self.body.into_string(), 1).replacen(
            "lang=\"fr\"",
            &format!("lang=\"{word}\""),
            1,
        );
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        (self.status, headers, page).into_response()
    }
}

/// What a server that was built without the app answers.
fn unbuilt() -> Response {
    let page = html! {
        (maud::DOCTYPE)
        html lang="fr" {
            head { meta charset="utf-8"; title { "Bouillon" } }
            body {
                h1 { "Bouillon" }
                p { "Le serveur marche, mais l’application web n’a pas été construite. Lancez " code { "make run" } ", ou " code { "npm --prefix web ci && npm --prefix web run build" } "." }
                p lang="en" { "The server works, but the web application was not built. Run " code { "make run" } "." }
            }
        }
    };
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page.into_string()).into_response()
}

pub(super) fn say<'a>(lang: Lang, fr: &'a str, en: &'a str) -> &'a str {
    if lang == Lang::Fr { fr } else { en }
}

/// Which page of the directory.
#[derive(Default, serde::Deserialize)]
pub(super) struct Leaf {
    /// Words of a territory's name.
    #[serde(default)]
    q: String,
    /// Territories passed over.
    #[serde(default)]
    from: usize,
}

/// `/`: the directory, or what to do in an empty installation.
pub(super) async fn directory(State(app): State<App>, lang: Lang, leaf: super::Result<Query<Leaf>>) -> Response {
    let Leaf { q, from } = leaf.map(|l| l.0).unwrap_or_default();
    let kinds = TERRITORY_KINDS.iter().filter(|k| **k != "quartier").map(|k| (*k).to_owned()).collect();
    let found = app.journal.atlas.directory(&crate::atlas::Ask { words: q.clone(), kinds, inside: None, offset: from, limit: ON_A_PAGE });
    let next = from.saturating_add(ON_A_PAGE);
    let link = |from: usize| {
        format!("/?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair("q", &q).append_pair("from", &from.to_string()).finish())
    };
    let body = html! {
        h1 { "Bouillon" }
        @if found.total > ON_A_PAGE || !q.is_empty() {
            form action="/" method="get" {
                label { (say(lang, "Chercher un territoire ", "Find a territory ")) input type="search" name="q" value=(q); }
                button { (say(lang, "Chercher", "Find")) }
            }
        }
        @if found.total == 0 && !q.is_empty() {
            p { (say(lang, "Aucun territoire ne porte ce nom ici.", "No territory here has this name.")) }
        } @else if found.total == 0 {
            p { (say(lang, "Il n’y a pas encore de territoire ici. Donnez-lui un extrait d’OpenStreetMap :", "There is no territory here yet. Give it an OpenStreetMap extract:")) }
            pre { code { "bouillon import osm FICHIER.osm.pbf" } }
        } @else {
            ul { @for t in &found.page { li { a href={ "/" (t.slug) } { (t.name) } " · " (t.totals.actors) " " (say(lang, "acteurs", "actors")) } } }
            @if from > 0 { p { a rel="prev" href=(link(from.saturating_sub(ON_A_PAGE))) { (say(lang, "Page précédente", "Page before")) } } }
            @if next < found.total { p { a rel="next" href=(link(next)) { (say(lang, "Page suivante", "Next page")) } } }
        }
    };
    let description = say(lang, "Les cartes ouvertes des acteurs citoyens.", "The open maps of citizen actors.");
    Page::new("Bouillon", description, body).write(lang)
}

/// `/{slug}`, `/{slug}/carte` and the other pages of a territory: its name, and every actor as a link.
pub(super) async fn territory(State(app): State<App>, lang: Lang, headers: HeaderMap, Path(slug): Path<String>) -> Response {
    let Some(t) = app.journal.atlas.territory(&slug) else { return missing(lang) };
    let text = if lang == Lang::Fr {
        format!("{} acteurs citoyens sur la carte ouverte de {}, que chacun peut compléter sans compte.", t.totals.actors, t.name)
    } else {
        format!("{} citizen actors on the open map of {}, which anyone can complete without an account.", t.totals.actors, t.name)
    };
    let filter = crate::atlas::Filter::default();
    let query = crate::atlas::Query { territory: t.id, filter, bbox: None, sort: crate::atlas::Sort::Name, limit: LISTED, cursor: None };
    let features = app.journal.atlas.features(&query).map(|page| page.features).unwrap_or_default();
    let actors: Vec<Listed> = features.iter().filter_map(|f| serde_json::from_str(f).ok()).collect();
    let body = html! {
        h1 { (t.name) }
        p { (text) }
        ul {
            @for a in &actors { li { a href={ "/" (t.slug) "/acteurs/" (a.properties.id) } { (a.properties.name) } } }
        }
    };
    let title = format!("{} · {}", t.name, say(lang, "Carte des acteurs citoyens", "Map of citizen actors"));
    let mut page = Page::new(title, text.clone(), body);
    page.picture = Some(format!("{}/og/{}.png", own_address(&app, &headers), t.slug));
    page.write(lang)
}

/// `/{slug}/acteurs/{id}`.
pub(super) async fn actor(State(app): State<App>, lang: Lang, headers: HeaderMap, Path((slug, id)): Path<(String, String)>) -> Response {
    let found = match (app.journal.atlas.territory(&slug), uuid::Uuid::parse_str(&id)) {
        (Some(t), Ok(id)) => match app.journal.store.read().await {
            Ok(mut tx) => tx.actor(id).await.map(|a| a.map(|a| (t, a))),
            Err(e) => Err(e),
        },
        _ => Ok(None),
    };
    match found {
        Err(e) => Error::from(e).speaking(lang).into_response(),
        Ok(None) => missing(lang),
        Ok(Some((t, a))) if a.state() == ActorState::Deleted => gone(lang, &t.name, &t.slug),
        Ok(Some((t, a))) => {
            let mut page = actor_page(lang, &t.name, &t.slug, &a);
            page.picture = Some(format!("{}/og/{}/{}.png", own_address(&app, &headers), t.slug, a.id));
            page.write(lang)
        }
    }
}

fn actor_page(lang: Lang, territory: &str, slug: &str, a: &Actor) -> Page {
    let label = taxonomy().labels(a.category()).map_or("", |(fr, en)| say(lang, fr, en));
    let rows = facts(lang, a);
    let body = html! {
        article {
            p { (label) }
            h1 { (a.name()) }
            @if !a.doc.text("summary").is_empty() { p { (a.doc.text("summary")) } }
            @for line in a.doc.text("description").lines().filter(|l| !l.is_empty()) { p { (line) } }
            dl { @for (name, value) in &rows { dt { (name) } dd { (value) } } }
            p { a href={ "/" (slug) "/carte" } { (say(lang, "Voir la carte de ", "See the map of ")) (territory) } }
        }
    };
    let summary = match a.doc.text("summary") {
        "" => format!("{} · {label}", a.name()),
        text => text.to_owned(),
    };
    let mut page = Page::new(format!("{} · {territory}", a.name()), summary, body);
    page.json_ld = Some(json_ld(a));
    page
}

fn facts(lang: Lang, a: &Actor) -> Vec<(&'static str, Markup)> {
    let mut rows: Vec<(&'static str, Markup)> = Vec::new();
    let pick = |fr: &'static str, en: &'static str| if lang == Lang::Fr { fr } else { en };
    for place in a.places() {
        let address = a.address(&place.id);
        let part = |key: &str| address.and_then(|v| v.get(key)).and_then(Value::as_str).unwrap_or("").to_owned();
        let line = [a.street(&place.id), format!("{} {}", part("postcode"), part("city"))].join(", ");
        let line = line.trim_matches([',', ' ']).to_owned();
        if !line.is_empty() {
            rows.push((pick("Lieu", "Place"), html! { (line) }));
        }
    }
    for (field, fr, en) in [("opening_hours", "Horaires", "Opening hours"), ("phone", "Téléphone", "Phone"), ("email", "Courriel", "E-mail")] {
        if !a.doc.text(field).is_empty() {
            rows.push((pick(fr, en), html! { (a.doc.text(field)) }));
        }
    }
    let site = a.doc.text("website");
    if !site.is_empty() {
        rows.push((pick("Site", "Website"), html! { a href=(site) rel="ugc nofollow noopener" { (site) } }));
    }
    rows
}

/// schema.org, for search engines.
fn json_ld(a: &Actor) -> Value {
    let kind = match a.doc.text("kind") {
        "person" => "Person",
        "company" | "cooperative" => "LocalBusiness",
        "place" => "Place",
        "association" | "foundation" => "NGO",
        _ => "Organization",
    };
    let mut data = json!({"@context": "https://schema.org", "@type": kind, "name": a.name()});
    for (field, term) in [("summary", "description"), ("website", "url"), ("phone", "telephone"), ("email", "email"), ("short_name", "alternateName")]
    {
        if !a.doc.text(field).is_empty() {
            data[term] = json!(a.doc.text(field));
        }
    }
    if let Some(place) = a.places().first() {
        if let Some([lon, lat]) = place.point {
            let geo = json!({"@type": "GeoCoordinates", "longitude": lon, "latitude": lat});
            if kind == "Place" || kind == "LocalBusiness" {
                data["geo"] = geo;
            } else {
                data["location"] = json!({"@type": "Place", "geo": geo});
            }
        }
        if let Some(address) = a.address(&place.id) {
            let street = a.street(&place.id);
            data["address"] = json!({
                "@type": "PostalAddress", "streetAddress": (!street.is_empty()).then_some(street), "postalCode": address.get("postcode"),
                "addressLocality": address.get("city"),
            });
        }
    }
    data
}

/// `/mentions-legales` and the other pages whose text is the app's.
pub(super) async fn text_page(lang: Lang) -> Response {
    needs_script(lang, "Bouillon")
}

/// A page that says nothing without a script but its title.
pub(super) fn needs_script(lang: Lang, title: &str) -> Response {
    let needs = say(lang, "Cette page a besoin de JavaScript.", "This page needs JavaScript.");
    Page::new(title, title, html! { h1 { (title) } noscript { p { (needs) } } }).write(lang)
}

/// An address that leads nowhere.
pub(super) async fn nowhere(lang: Lang) -> Response {
    missing(lang)
}

pub(super) fn missing(lang: Lang) -> Response {
    let text = say(lang, "Il n’y a rien à cette adresse.", "There is nothing at this address.");
    let mut page = Page::new(text, text, html! { h1 { (text) } p { a href="/" { (say(lang, "Retour à l’accueil", "Back to the start")) } } });
    page.status = StatusCode::NOT_FOUND;
    page.write(lang)
}

fn gone(lang: Lang, territory: &str, slug: &str) -> Response {
    let text = say(lang, "Cet acteur a été retiré de la carte.", "This actor was taken off the map.");
    let mut page = Page::new(text, text, html! { h1 { (text) } p { a href={ "/" (slug) "/carte" } { (territory) } } });
    page.status = StatusCode::GONE;
    page.write(lang)
}
