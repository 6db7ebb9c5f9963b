//! The drawings of a report, made before it is composed.

use super::inputs::{Cited, Inputs};
use super::words::say;
use crate::model::{Lang, SubjectKind};
use crate::report::figure::{Definition, Kind};
use crate::report::map::{self, Extent, Paper, Sheet, Style};
use crate::report::paper::{Block, Drawing, Page};
use crate::report::{Selection, chart};
use crate::tiles::Archive;
use geo::MultiPolygon;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Maps: the overview, and those of cited figures.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    /// All actors on one page.
    pub overview: Option<Drawing>,
    /// Figures that blocks place, by their id.
    pub cited: BTreeMap<Uuid, Drawing>,
}

/// Draws the maps of a report. Blocks. A map that can't be drawn is left out, and the log says why.
pub(super) fn draw(inputs: &Inputs, base: Option<&Archive>, outline: &MultiPolygon<f64>) -> Drawn {
    let (lang, s) = (inputs.written.lang, &inputs.selection);
    let whole = Sheet {
        paper: Paper::A4Portrait,
        lang,
        title: format!("{} · {}", s.territory.name, say(lang, "les acteurs", "the actors")),
        address: inputs.written.address.clone(),
        in_text: true,
        ..Sheet::default()
    };
    let overview = (!s.actors.is_empty()).then(|| drawing(&whole, s, base, outline)).flatten();
    let mapped = inputs.written.cited.iter().filter(|c| c.measure.is_none() && c.figure.text("kind") != "list");
    let cited = mapped.filter_map(|c| Some((c.figure.id, one(c, lang, base, outline)?))).collect();
    Drawn { overview, cited }
}

/// A figure that is a map.
fn one(cited: &Cited, lang: Lang, base: Option<&Archive>, outline: &MultiPolygon<f64>) -> Option<Drawing> {
    let figure = Definition::of(&cited.figure.work(SubjectKind::Figure, cited.selection.territory.id));
    if figure.kind != Kind::Map {
        return None;
    }
    // Whatever its own paper: in the text it is as wide as the text, and its letters stay legible.
    let paper = Paper::A4Portrait;
    let style = if figure.style == "impression" { Style::Impression } else { Style::Light };
    let extent = figure.extent.map(|[west, south, east, north]| Extent { west, south, east, north });
    let sheet =
        Sheet { paper, style, lang, title: figure.title, caption: figure.caption, alt: figure.alt, extent, in_text: true, ..Sheet::default() };
    drawing(&sheet, &cited.selection, base, outline)
}

fn drawing(sheet: &Sheet, selection: &Selection, base: Option<&Archive>, outline: &MultiPolygon<f64>) -> Option<Drawing> {
    map::draw(sheet, selection, base, outline).map_err(|e| tracing::error!("a map of a report could not be drawn: {e}")).ok()
}

/// A chart as a page of its own size.
pub(super) fn sheet(svg: &str, title: &str, alt: &str, lang: Lang, at: i64) -> Drawing {
    let height = height_of(svg).unwrap_or(chart::WIDTH);
    let page = Page { width: chart::WIDTH, height, blocks: vec![Block::picture(svg, alt, [0.0, 0.0, chart::WIDTH, height])] };
    Drawing { title: title.to_owned(), alt: alt.to_owned(), lang, at, pages: vec![page] }
}

/// The height that an SVG says in its first element.
fn height_of(svg: &str) -> Option<f64> {
    let head = svg.get(svg.find("<svg")?..)?.split('>').next()?;
    head.split(" height=\"").nth(1)?.split('"').next()?.trim_end_matches("px").parse().ok()
}
