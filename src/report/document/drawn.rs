//! The drawings of a report, made before it is composed.

use crate::model::Lang;
use crate::report::chart;
use crate::report::paper::{Block, Drawing, Page};
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
