//! A figure as SVG, PNG or PDF, in its own look or another.

use super::definition::{Definition, Kind};
use super::files::{Content, media_type};
use super::read::Figures;
use super::{Error, Result, plate, words};
use crate::report::map::{self, Extent, Paper, Sheet, Style};
use crate::report::paper::{self, Drawing};
use crate::store::{FrozenFile, Tx};
use crate::tiles::Archive;
use geo::MultiPolygon;
use std::sync::Arc;

/// Formats that are pictures.
pub const PICTURES: [&str; 3] = ["svg", "png", "pdf"];
/// Dots per inch of a PNG when the address does not say.
pub const DPI: u32 = 150;

/// How a figure is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// On what.
    pub paper: Paper,
    /// In which inks.
    pub style: Style,
    /// Of a PNG.
    pub dpi: u32,
}

impl Look {
    /// The figure's own.
    pub fn of(figure: &Definition) -> Self {
        let paper = paper(&figure.format, &figure.orientation);
        Self { paper, style: style(&figure.style), dpi: DPI }
    }
}

/// `a4` or `a3`, `portrait` or `landscape`.
pub fn paper(format: &str, orientation: &str) -> Paper {
    match (format, orientation) {
        ("a3", "portrait") => Paper::A3Portrait,
        ("a3", _) => Paper::A3Landscape,
        (_, "portrait") => Paper::A4Portrait,
        _ => Paper::A4Landscape,
    }
}

/// `light` or `impression`.
pub fn style(word: &str) -> Style {
    if word == "impression" { Style::Impression } else { Style::Light }
}

/// What a map stands on: the base map's archive and the outline of what is shown.
#[derive(Debug, Clone)]
pub struct Ground {
    base: Option<Arc<Archive>>,
    outline: MultiPolygon<f64>,
}

impl Figures {
    /// What a figure's map stands on today.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ground(&self, tx: &mut Tx, content: &Content) -> Result<Ground> {
        let shown = content.selection.area.as_ref().unwrap_or(&content.selection.territory);
        let boundary = tx.territory(shown.id).await?.and_then(|t| t.boundary().map(ToString::to_string)).unwrap_or_default();
        let mut base = None;
        for around in self.journal.atlas.territories_around(shown.id) {
            // An archive that is missing or broken leaves the next larger one.
            if let Some(name) = tx.basemap(around).await?
                && let Some(archive) = self.archives.get(&name).await
            {
                base = Some(archive);
                break;
            }
        }
        Ok(Ground { base, outline: map::outline(&boundary) })
    }

    /// One picture of a figure, when its turn has come.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait.
    pub async fn picture(&self, content: Content, ground: Ground, look: Look, format: &'static str) -> Result<Vec<u8>> {
        self.queue.draw(move || written(&drawn(&content, &ground, look)?, format, look.dpi)).await.map_err(Error::from)?
    }
}

/// The three pictures that a frozen figure keeps.
pub(super) fn kept(content: &Content, ground: &Ground, erased_at: Option<i64>) -> Result<Vec<FrozenFile>> {
    let look = Look::of(&content.figure);
    let drawing = drawn(content, ground, look)?;
    let file = |name: &str| {
        let bytes = written(&drawing, name, look.dpi)?;
        Ok(FrozenFile { name: name.to_owned(), media_type: media_type(name).to_owned(), bytes, erased_at })
    };
    PICTURES.into_iter().map(file).collect()
}

fn drawn(content: &Content, ground: &Ground, look: Look) -> Result<Drawing> {
    let Content { figure, selection, at, lang, .. } = content;
    if figure.kind != Kind::Map {
        let size = look.paper.size();
        return Ok(if matches!(look.paper, Paper::Screen { .. }) { plate::link(content, size) } else { plate::draw(content, size) });
    }
    let sheet = Sheet {
        paper: look.paper,
        style: look.style,
        lang: *lang,
        title: figure.title.clone(),
        caption: figure.caption.clone(),
        alt: figure.alt.clone(),
        address: at.clone(),
        sources: words::sources(&selection.territory.name, *lang).into_iter().skip(1).collect(),
        extent: figure.extent.map(|[west, south, east, north]| Extent { west, south, east, north }),
        in_text: false,
    };
    map::draw(&sheet, selection, ground.base.as_deref(), &ground.outline).map_err(|e| Error::Drawing(e.to_string()))
}

fn written(drawing: &Drawing, format: &str, dpi: u32) -> Result<Vec<u8>> {
    let failed = |e: paper::Error| Error::Drawing(e.to_string());
    match format {
        "png" => paper::png(drawing, 0, dpi).map_err(failed),
        "pdf" => paper::pdf(drawing).map_err(failed),
        _ => Ok(paper::svg(drawing).into_bytes()),
    }
}
