//! A selection → the files of a figure. The same selection gives the same bytes.

use super::definition::{Definition, Kind};
use super::numbers::Numbers;
use super::numbers::{Around, by_theme};
use super::shown::alternative;
use super::words;
use crate::export::Format;
use crate::model::{Actor, Lang, Version, label};
use crate::report::Selection;
use crate::store::FrozenFile;
pub use crate::store::SELECTION;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The file that says how many there were, and when, without reading everything.
pub const FACTS: &str = "facts.json";
/// The file with the values of the statistic that a frozen figure shows.
pub const MEASURE: &str = "measure.json";

/// What a page says of a selection before it shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The journal's head when the actors were read.
    pub position: Version,
    /// When they were read, UTC, milliseconds since 1970.
    pub at: i64,
    /// How many there are.
    pub actors: usize,
}

impl Facts {
    /// Of a selection.
    pub fn of(selection: &Selection) -> Self {
        Self { position: selection.position, at: selection.at, actors: selection.actors.len() }
    }
}

/// The media type of a file of a figure, by its extension.
pub fn media_type(name: &str) -> &'static str {
    match name {
        "geojson" => "application/geo+json",
        "csv" => "text/csv; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "pdf" => "application/pdf",
        _ => "application/json",
    }
}

/// One line: house number and street, postcode and town.
pub fn address(actor: &Actor) -> String {
    let Some(place) = actor.places().into_iter().next() else { return String::new() };
    let part = |key: &str| actor.address(&place.id).and_then(|v| v.get(key)).and_then(Value::as_str).unwrap_or("").to_owned();
    let town = format!("{} {}", part("postcode"), part("city"));
    let parts = [actor.street(&place.id), town.trim().to_owned()];
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", ")
}

/// An actor as the JSON of a figure has it.
fn row(actor: &Actor) -> Value {
    let theme = actor.category().split('.').next().unwrap_or("");
    let points: Vec<[f64; 2]> = actor.places().into_iter().filter_map(|p| p.point).collect();
    json!({
        "id": actor.id, "name": actor.name(), "category": actor.category(), "theme": theme, "kind": actor.doc.text("kind"), "state": actor.state(),
        "summary": actor.doc.text("summary"), "address": address(actor), "website": actor.doc.text("website"), "points": points,
        "version": actor.doc.version,
    })
}

/// What the files of a figure are made from.
#[derive(Debug, Clone)]
pub struct Content {
    /// The figure.
    pub figure: Definition,
    /// Its actors.
    pub selection: Selection,
    /// The values of its statistic, if it shows one.
    pub numbers: Option<Numbers>,
    /// Address of its page.
    pub at: String,
    /// Language of the words.
    pub lang: Lang,
}

impl Content {
    /// The numbers that the figure shows: of its statistic, or its actors by theme.
    pub fn numbers(&self) -> Numbers {
        self.numbers.clone().unwrap_or_else(|| {
            let alt = alternative(&self.figure, &self.selection, self.lang);
            by_theme(&self.selection, &Around { title: &self.figure.title, alt: &alt, lang: self.lang })
        })
    }

    /// The figure and its actors as JSON, for programs.
    fn json(&self) -> Vec<u8> {
        let Self { figure, selection, .. } = self;
        let named = |n: &crate::report::Named| json!({"slug": n.slug, "name": n.name});
        let numbers = self.is_numbers().then(|| {
            let n = self.numbers();
            json!({"code": n.code, "title": n.title, "reading": n.reading, "formula": n.formula, "source": n.source, "caveats": n.caveats,
                "shown": n.shown, "columns": n.columns, "rows": n.rows})
        });
        let body = json!({
            "id": figure.id, "kind": figure.kind.as_str(), "title": figure.title, "caption": figure.caption, "address": self.at,
            "territory": named(&selection.territory), "area": selection.area.as_ref().map(named), "position": selection.position,
            "at": label::moment(selection.at), "licence": words::LICENCE, "sources": words::sources(&selection.territory.name, self.lang),
            "numbers": numbers, "actors": selection.actors.iter().map(row).collect::<Vec<_>>(),
        });
        let mut bytes = serde_json::to_vec(&body).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    fn is_numbers(&self) -> bool {
        matches!(self.figure.kind, Kind::Table | Kind::Chart)
    }

    /// The figure in one format of data: for a table or chart the CSV is that of its numbers.
    pub fn data(&self, format: &str) -> Option<Vec<u8>> {
        match format {
            "geojson" => Some(self.selection.write(Format::Geojson)),
            "csv" if self.is_numbers() => Some(self.numbers().csv.into_bytes()),
            "csv" => Some(self.selection.write(Format::Csv)),
            "json" => Some(self.json()),
            _ => None,
        }
    }

    /// Everything that a frozen figure keeps but its pictures.
    ///
    /// # Errors
    /// When something can't be written as JSON, which would be a mistake of the program.
    pub(super) fn kept(&self, erased_at: Option<i64>) -> serde_json::Result<Vec<FrozenFile>> {
        let file = |name: &str, bytes: Vec<u8>| FrozenFile { name: name.into(), media_type: media_type(name).into(), bytes, erased_at };
        let mut files = vec![file(SELECTION, serde_json::to_vec(&self.selection)?), file(FACTS, serde_json::to_vec(&Facts::of(&self.selection))?)];
        if let Some(numbers) = &self.numbers {
            files.push(file(MEASURE, serde_json::to_vec(numbers)?));
        }
        for name in ["geojson", "csv", "json"] {
            files.extend(self.data(name).map(|bytes| file(name, bytes)));
        }
        Ok(files)
    }
}
