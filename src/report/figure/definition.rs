//! What a figure asks for, read from its fields.

use crate::atlas::Filter;
use crate::geo::Bbox;
use crate::model::{State, Work};
use crate::report::Query;
use uuid::Uuid;

/// What a figure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbered markers on a base map, with their index.
    Map,
    /// Names and addresses.
    List,
    /// Numbers, or actors, in rows.
    Table,
    /// One number.
    Count,
    /// A drawing of a table.
    Chart,
}

impl Kind {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::List => "list",
            Self::Table => "table",
            Self::Count => "count",
            Self::Chart => "chart",
        }
    }

    /// Reads the word; a map when it says nothing.
    pub fn parse(word: &str) -> Self {
        [Self::List, Self::Table, Self::Count, Self::Chart].into_iter().find(|k| k.as_str() == word).unwrap_or(Self::Map)
    }
}

/// A figure as its fields say.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// The figure.
    pub id: Uuid,
    /// What it shows.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// What stands below.
    pub caption: String,
    /// What it says to somebody who does not see it, in the author's words.
    pub alt: String,
    /// Of which territory.
    pub territory: Uuid,
    /// Short address of the only part of it that is shown.
    pub area: Option<String>,
    /// Only actors in this box.
    pub bbox: Option<Bbox>,
    /// Only these themes, words, state.
    pub filter: Filter,
    /// What a map shows: west, south, east, north. East may be less than west.
    pub extent: Option<[f64; 4]>,
    /// `a4` or `a3`.
    pub format: String,
    /// `portrait` or `landscape`.
    pub orientation: String,
    /// `light` or `impression`.
    pub style: String,
    /// Code of the statistic that a chart or table shows; none shows the actors.
    pub measure: Option<String>,
}

impl Definition {
    /// Reads it. Values were checked when they were written.
    pub fn of(work: &Work) -> Self {
        let text = |field: &str| work.doc.text(field).to_owned();
        let some = |field: &str| Some(text(field)).filter(|t| !t.is_empty());
        let or = |field: &str, default: &str| some(field).unwrap_or_else(|| default.to_owned());
        let state = match work.doc.text("state") {
            "to_check" => Some(State::ToCheck),
            "confirmed" => Some(State::Confirmed),
            _ => None,
        };
        Self {
            id: work.id,
            kind: Kind::parse(work.doc.text("kind")),
            title: text("title"),
            caption: text("caption"),
            alt: text("alt"),
            territory: work.home,
            area: some("area"),
            bbox: Bbox::parse(work.doc.text("bbox")).ok(),
            filter: Filter { categories: work.doc.set("themes").map(str::to_owned).collect(), state, text: some("text") },
            extent: four(work.doc.text("extent")),
            format: or("format", "a4"),
            orientation: or("orientation", "landscape"),
            style: or("style", "light"),
            measure: some("measure").filter(|_| matches!(work.doc.text("kind"), "table" | "chart" | "count")),
        }
    }

    /// Which actors it shows; `area` is the id of the part, once it is known to lie in the territory.
    pub fn query(&self, area: Option<Uuid>) -> Query {
        // A statistic is of a whole territory or quartier, so that what stands beside it is too.
        let bbox = if self.measure.is_some() { None } else { self.bbox };
        Query { territory: self.territory, area, bbox, filter: self.filter.clone() }
    }
}

fn four(text: &str) -> Option<[f64; 4]> {
    let numbers: Vec<f64> = text.split(',').filter_map(|n| n.trim().parse().ok()).collect();
    numbers.try_into().ok()
}
