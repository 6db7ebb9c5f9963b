//! Static maps: base map, territory, numbered actors, legend and index on one sheet, drawn without a browser.

pub mod base;
mod labels;
mod layout;
mod markers;
pub mod paint;
mod panel;
mod parts;
mod scene;
mod screen;
mod signs;
mod taken;
#[cfg(test)]
mod tests;
pub mod view;
pub mod words;

pub use layout::draw;
pub use paint::Style;
pub use signs::gommette;
pub use view::{BadExtent, Extent, View};

use crate::model::Lang;
use crate::report::paper::MM;
use geo::{Coord, LineString, MultiPolygon, Polygon};
use serde_json::Value;

/// What a map is drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Paper {
    /// 210 × 297 mm.
    #[default]
    A4Portrait,
    /// 297 × 210 mm.
    A4Landscape,
    /// 297 × 420 mm.
    A3Portrait,
    /// 420 × 297 mm.
    A3Landscape,
    /// A picture for a page, without an index.
    Screen {
        /// CSS pixels.
        width: u32,
        /// CSS pixels.
        height: u32,
    },
}

impl Paper {
    /// Width and height, CSS pixels.
    pub fn size(self) -> [f64; 2] {
        match self {
            Self::A4Portrait => [210.0 * MM, 297.0 * MM],
            Self::A4Landscape => [297.0 * MM, 210.0 * MM],
            Self::A3Portrait => [297.0 * MM, 420.0 * MM],
            Self::A3Landscape => [420.0 * MM, 297.0 * MM],
            Self::Screen { width, height } => [f64::from(width), f64::from(height)],
        }
    }
}

/// What to draw, beside the actors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    /// On what.
    pub paper: Paper,
    /// How it looks.
    pub style: Style,
    /// Of its texts.
    pub lang: Lang,
    /// Empty: the place's name.
    pub title: String,
    /// Under the title; may be empty.
    pub caption: String,
    /// Empty: written from the selection.
    pub alt: String,
    /// Printed at the foot; may be empty.
    pub address: String,
    /// Beside OpenStreetMap.
    pub sources: Vec<String>,
    /// What the map shows; none: all that is selected, or the territory.
    pub extent: Option<Extent>,
    /// Stands in a longer document, which lists the actors itself: one page without an index, as high as its map and legend.
    pub in_text: bool,
}

/// The outline of a territory out of its boundary (GeoJSON geometry); nothing for anything else, and no ring that is no ring.
pub fn outline(boundary: &str) -> MultiPolygon<f64> {
    let geometry: Value = serde_json::from_str(boundary).unwrap_or_default();
    let coordinates = geometry["coordinates"].as_array().map(Vec::as_slice).unwrap_or_default();
    match geometry["type"].as_str() {
        Some("Polygon") => MultiPolygon::new(polygon(coordinates).into_iter().collect()),
        Some("MultiPolygon") => MultiPolygon::new(coordinates.iter().filter_map(|p| polygon(p.as_array()?)).collect()),
        _ => MultiPolygon::new(Vec::new()),
    }
}

fn polygon(rings: &[Value]) -> Option<Polygon<f64>> {
    let position = |p: &Value| Some(Coord { x: p.get(0)?.as_f64()?, y: p.get(1)?.as_f64()? });
    let ring = |r: &Value| Some(LineString(r.as_array()?.iter().filter_map(position).collect::<Vec<_>>())).filter(|r| r.0.len() > 3);
    let mut rings = rings.iter().filter_map(ring);
    Some(Polygon::new(rings.next()?, rings.collect()))
}

/// The names of a base map as SVG elements, each whole within the view.
pub fn names(base: &base::Base, view: &View, style: Style) -> String {
    labels::write(base, view, style, &mut taken::Taken::default())
}

/// Why nothing could be drawn.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The base map's archive can't be read.
    #[error(transparent)]
    Base(#[from] base::BadBase),
}
