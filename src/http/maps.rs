//! Static maps of a territory, drawn when asked for: SVG, PNG, PDF, and the pictures that links to a page show.

use super::accept::has_tag;
use super::extract::{Path, Query};
use super::lists::filter_of;
use super::tiles::own_address;
use super::{App, Error, Result, basemap, territories};
use crate::atlas::TerritoryInfo;
use crate::geo::Bbox;
use crate::journal::now;
use crate::model::{Lang, State as ActorState, taxonomy};
use crate::report::map::{self, BadExtent, Extent, Paper, Sheet, Style};
use crate::report::queue::NotDrawn;
use crate::report::{Selection, paper};
use crate::store::hash_of;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

/// Longest title and caption, characters.
const TITLE_MAX: usize = 120;
const CAPTION_MAX: usize = 500;
/// Sides of a picture for a page, CSS pixels.
const SIDES: std::ops::RangeInclusive<u32> = 100..=2400;
/// Dots per inch of a PNG.
const DPI: std::ops::RangeInclusive<u32> = 72..=300;
/// The picture of a shared link.
const OG: Paper = Paper::Screen { width: 1200, height: 630 };
/// A day. What is drawn says the day, and is the same all day when nothing changes.
const DAY: i64 = 86_400_000;

/// Which map.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Only actors in `west,south,east,north`, degrees.
    bbox: Option<String>,
    /// What the map shows, `west,south,east,north`; west after east crosses the antimeridian [default: the territory].
    extent: Option<String>,
    /// `THEME` or `THEME.sub`, several with commas: any of them.
    category: Option<String>,
    /// `to_check` or `confirmed`.
    state: Option<String>,
    /// Words that the actor's text must hold.
    q: Option<String>,
    /// Short address of a territory inside: only its actors, and its outline.
    area: Option<String>,
    /// `a4`, `a3` or `screen` [default: a4].
    format: Option<String>,
    /// `portrait` or `landscape` [default: portrait].
    orientation: Option<String>,
    /// Of `screen`, CSS pixels, 100 to 2400 [default: 1200].
    width: Option<String>,
    /// Of `screen`, CSS pixels, 100 to 2400 [default: 800].
    height: Option<String>,
    /// `light`, `dark` or `impression` [default: light].
    style: Option<String>,
    /// Of a PNG, 72 to 300 [default: 96].
    dpi: Option<String>,
    /// Page, from 1, of an SVG or PNG whose index goes on [default: 1].
    page: Option<String>,
    /// Over the map, at most 120 characters [default: the place's name].
    title: Option<String>,
    /// Under the title, at most 500 characters.
    caption: Option<String>,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Svg,
    Png,
    Pdf,
}

impl Kind {
    fn media(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }
}

/// A static map as SVG.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/map.svg", tag = "figures", params(("slug" = String, Path, description = "Short address"), Asked),
    responses((status = 200, description = "The first page, with its fonts", content_type = "image/svg+xml"), (status = 304, description = "As the client has it"),
        (status = 400, description = "Not understood"), (status = 404, description = "No such territory"), (status = 503, description = "Too many drawings wait")))]
pub(super) async fn svg(app: State<App>, lang: Lang, headers: HeaderMap, Path(slug): Path<String>, asked: Query<Asked>) -> Result<Response> {
    answer(&app, lang, &headers, &slug, &asked.0, Kind::Svg).await.map_err(|e| e.speaking(lang))
}

/// A static map as PNG.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/map.png", tag = "figures", params(("slug" = String, Path, description = "Short address"), Asked),
    responses((status = 200, description = "The first page", content_type = "image/png"), (status = 304, description = "As the client has it"),
        (status = 400, description = "Not understood"), (status = 404, description = "No such territory"), (status = 503, description = "Too many drawings wait")))]
pub(super) async fn png(app: State<App>, lang: Lang, headers: HeaderMap, Path(slug): Path<String>, asked: Query<Asked>) -> Result<Response> {
    answer(&app, lang, &headers, &slug, &asked.0, Kind::Png).await.map_err(|e| e.speaking(lang))
}

/// A static map as tagged PDF, all pages.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/map.pdf", tag = "figures", params(("slug" = String, Path, description = "Short address"), Asked),
    responses((status = 200, description = "All pages", content_type = "application/pdf"), (status = 304, description = "As the client has it"),
        (status = 400, description = "Not understood"), (status = 404, description = "No such territory"), (status = 503, description = "Too many drawings wait")))]
pub(super) async fn pdf(app: State<App>, lang: Lang, headers: HeaderMap, Path(slug): Path<String>, asked: Query<Asked>) -> Result<Response> {
    answer(&app, lang, &headers, &slug, &asked.0, Kind::Pdf).await.map_err(|e| e.speaking(lang))
}

/// One drawing to make.
struct Order {
    territory: TerritoryInfo,
    /// Whose outline is drawn.
    outlined: TerritoryInfo,
    query: crate::report::Query,
    /// Only this actor.
    only: Option<Uuid>,
    sheet: Sheet,
    kind: Kind,
    dpi: u32,
    page: usize,
}

async fn answer(app: &App, lang: Lang, headers: &HeaderMap, slug: &str, asked: &Asked, kind: Kind) -> Result<Response> {
    let territory = territories::find(app, lang, slug)?;
    let area = asked.area.as_deref().filter(|a| !a.is_empty()).map(|area| territories::find(app, lang, area)).transpose()?;
    let filter = filter_of(asked.category.as_deref(), asked.state.as_deref(), asked.q.as_deref())?;
    let bbox = given(&asked.bbox).map(Bbox::parse).transpose()?;
    let sheet = Sheet {
        paper: paper_of(asked)?,
        style: style_of(asked)?,
        lang,
        title: text_of(&asked.title, TITLE_MAX, "title")?,
        caption: text_of(&asked.caption, CAPTION_MAX, "caption")?,
        address: format!("{}/{slug}/carte", own_address(app, headers)),
        extent: given(&asked.extent).map(Extent::parse).transpose()?,
        ..Sheet::default()
    };
    let query = crate::report::Query { territory: territory.id, area: area.as_ref().map(|a| a.id), bbox, filter };
    let outlined = area.unwrap_or_else(|| territory.clone());
    let dpi = number_of(&asked.dpi, 96, DPI, "dpi")?;
    let page = number_of(&asked.page, 1, 1..=1000, "page")? as usize - 1;
    make(app, headers, Order { territory, outlined, query, only: None, sheet, kind, dpi, page }).await
}

/// The picture that a link to a territory shows.
#[utoipa::path(get, path = "/og/{slug}.png", tag = "figures", params(("slug" = String, Path, description = "Short address")),
    responses((status = 200, description = "1200 × 630 pixels", content_type = "image/png"), (status = 304, description = "As the client has it"), (status = 404, description = "No such territory"), (status = 503, description = "Too many drawings wait")))]
pub(super) async fn territory_picture(State(app): State<App>, lang: Lang, headers: HeaderMap, Path(file): Path<String>) -> Result<Response> {
    let drawn = async {
        let slug = file.strip_suffix(".png").ok_or_else(Error::not_found)?;
        let territory = territories::find(&app, lang, slug)?;
        let query = crate::report::Query { territory: territory.id, ..Default::default() };
        let sheet = Sheet { paper: OG, lang, ..Sheet::default() };
        let order = Order { outlined: territory.clone(), territory, query, only: None, sheet, kind: Kind::Png, dpi: 96, page: 0 };
        make(&app, &headers, order).await
    };
    drawn.await.map_err(|e: Error| e.speaking(lang))
}

/// The picture that a link to an actor shows: where it is.
#[utoipa::path(get, path = "/og/{slug}/{actor}.png", tag = "figures", params(("slug" = String, Path, description = "Short address"), ("actor" = String, Path, description = "Id of the actor")),
    responses((status = 200, description = "1200 × 630 pixels", content_type = "image/png"), (status = 304, description = "As the client has it"), (status = 404, description = "No such actor there"), (status = 503, description = "Too many drawings wait")))]
pub(super) async fn actor_picture(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path((slug, file)): Path<(String, String)>,
) -> Result<Response> {
    let drawn = async {
        let id = file.strip_suffix(".png").and_then(|id| Uuid::parse_str(id).ok()).ok_or_else(Error::not_found)?;
        let territory = territories::find(&app, lang, &slug)?;
        let actor = app.journal.store.read().await?.actor(id).await?;
        let actor = actor.filter(|a| a.state() != ActorState::Deleted).ok_or_else(Error::not_found)?;
        let near =
            actor.places().iter().find_map(|p| p.point).map(|[lon, lat]| Bbox { west: lon, south: lat, east: lon, north: lat }.grown(0.0, 0.004));
        let query = crate::report::Query { territory: territory.id, ..Default::default() };
        let label = taxonomy().labels(actor.category()).map_or("", |(french, english)| if lang == Lang::Fr { french } else { english });
        let place = [label, &*territory.name].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ");
        let sheet = Sheet { paper: OG, lang, title: actor.name().to_owned(), caption: place, extent: near.map(Extent::from), ..Sheet::default() };
        let order = Order { outlined: territory.clone(), territory, query, only: Some(id), sheet, kind: Kind::Png, dpi: 96, page: 0 };
        make(&app, &headers, order).await
    };
    drawn.await.map_err(|e: Error| e.speaking(lang))
}

/// Draws it, unless the client has it.
async fn make(app: &App, headers: &HeaderMap, order: Order) -> Result<Response> {
    let at = now().div_euclid(DAY) * DAY;
    let archive = basemap::archive_of(app, order.territory.id).await?;
    let mut tx = app.journal.store.read().await?;
    let head = tx.head().await?;
    let base = archive.as_ref().map_or("", |(_, a)| a.version.as_str());
    let inputs = format!(
        "{}|{head:?}|{at}|{base}|{:?}|{:?}|{:?}|{:?}|{:?}|{}|{}",
        env!("CARGO_PKG_VERSION"),
        order.territory.id,
        order.query,
        order.only,
        order.sheet,
        order.kind,
        order.dpi,
        order.page
    );
    let etag = format!("\"{}\"", &hash_of(inputs.as_bytes())[..32]);
    let mut out = HeaderMap::new();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    out.insert(header::VARY, HeaderValue::from_static("accept-language"));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, value);
    }
    if has_tag(headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, out).into_response());
    }
    let Some(mut selection) = Selection::read(&mut tx, &order.query, at).await? else { return Err(Error::not_found()) };
    drop(tx);
    if let Some(only) = order.only {
        selection.actors.retain(|a| a.id == only);
        if selection.actors.is_empty() {
            return Err(Error::not_found());
        }
    }
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(order.kind.media()));
    let drawn = app.queue.draw(move || {
        let outline = map::outline(order.outlined.boundary.as_deref().unwrap_or(""));
        let drawing = map::draw(&order.sheet, &selection, archive.as_ref().map(|(_, a)| &**a), &outline)?;
        written(&drawing, order.kind, order.page, order.dpi)
    });
    let bytes = drawn.await.map_err(not_drawn)?.map_err(|e: anyhow::Error| match e.downcast::<paper::Error>() {
        Ok(e) => unwritten(&e),
        Err(e) => {
            tracing::error!("a map was not drawn: {e}");
            Error::internal()
        }
    })?;
    Ok((out, bytes).into_response())
}

fn written(drawing: &paper::Drawing, kind: Kind, page: usize, dpi: u32) -> anyhow::Result<Vec<u8>> {
    Ok(match kind {
        Kind::Svg => paper::svg_page(drawing, page).ok_or(paper::Error::Page(page))?.into_bytes(),
        Kind::Png => paper::png(drawing, page, dpi)?,
        Kind::Pdf => paper::pdf(drawing)?,
    })
}

/// Too many drawings wait, or one failed.
pub(super) fn not_drawn(why: NotDrawn) -> Error {
    match why {
        NotDrawn::Full => {
            let french = "Beaucoup de cartes sont en train d’être dessinées. Réessayez dans une minute.";
            Error::new(StatusCode::SERVICE_UNAVAILABLE, "drawing_queue", french, "Many maps are being drawn. Try again in a minute.").retry_after(60)
        }
        NotDrawn::Failed => Error::internal(),
    }
}

fn unwritten(error: &paper::Error) -> Error {
    match error {
        paper::Error::Page(page) => {
            let page = page + 1;
            Error::bad("bad_page", format!("Cette carte n’a pas de page {page}."), format!("This map has no page {page}."))
        }
        paper::Error::Large(width, height) => {
            let french = format!("L’image aurait {width} × {height} points : demandez moins de dpi, ou un format plus petit.");
            Error::bad("too_large", french, format!("The picture would be {width} × {height} pixels: ask for less dpi, or a smaller format."))
        }
        other => {
            tracing::error!("a map was not written: {other}");
            Error::internal()
        }
    }
}

/// A parameter that is there and not empty.
fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|v| !v.is_empty())
}

fn paper_of(asked: &Asked) -> Result<Paper> {
    let format = given(&asked.format).unwrap_or("a4");
    let landscape = match given(&asked.orientation).unwrap_or("portrait") {
        "portrait" => false,
        "landscape" => true,
        other => return Err(unknown("orientation", other, "portrait, landscape")),
    };
    match (format, landscape) {
        ("a4", false) => Ok(Paper::A4Portrait),
        ("a4", true) => Ok(Paper::A4Landscape),
        ("a3", false) => Ok(Paper::A3Portrait),
        ("a3", true) => Ok(Paper::A3Landscape),
        ("screen", _) => {
            Ok(Paper::Screen { width: number_of(&asked.width, 1200, SIDES, "width")?, height: number_of(&asked.height, 800, SIDES, "height")? })
        }
        (other, _) => Err(unknown("format", other, "a4, a3, screen")),
    }
}

fn style_of(asked: &Asked) -> Result<Style> {
    match given(&asked.style).unwrap_or("light") {
        "light" => Ok(Style::Light),
        "dark" => Ok(Style::Dark),
        "impression" => Ok(Style::Impression),
        other => Err(unknown("style", other, "light, dark, impression")),
    }
}

fn unknown(name: &str, value: &str, known: &str) -> Error {
    let value: String = value.chars().take(40).collect();
    Error::bad(
        "bad_query",
        format!("{name} : « {value} » n’est pas connu ; choisissez parmi {known}."),
        format!("{name}: “{value}” is not known; choose among {known}."),
    )
}

fn number_of(value: &Option<String>, default: u32, range: std::ops::RangeInclusive<u32>, name: &str) -> Result<u32> {
    let Some(text) = given(value) else { return Ok(default) };
    text.parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
        let (low, high) = (range.start(), range.end());
        Error::bad(
            "bad_query",
            format!("{name} : écrivez un nombre entier de {low} à {high}."),
            format!("{name}: write a whole number from {low} to {high}."),
        )
    })
}

fn text_of(value: &Option<String>, most: usize, name: &str) -> Result<String> {
    let text = given(value).unwrap_or("");
    if text.chars().count() > most {
        return Err(Error::bad("bad_query", format!("{name} : {most} caractères au plus."), format!("{name}: {most} characters at most.")));
    }
    Ok(text.to_owned())
}

impl From<BadExtent> for Error {
    fn from(bad: BadExtent) -> Self {
        let french = match bad {
            BadExtent::Shape => "extent : écrivez quatre nombres, ouest,sud,est,nord.",
            BadExtent::Range => "extent : les longitudes vont de -180 à 180, les latitudes de -90 à 90.",
            BadExtent::Empty => "extent : le cadre est vide ; le sud doit être sous le nord, et l’ouest ne doit pas être l’est.",
        };
        Self::bad("bad_extent", french, format!("extent: {bad}."))
    }
}
