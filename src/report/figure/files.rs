//! A selection → the files of a figure. The same selection gives the same bytes.

use super::definition::Definition;
use super::words;
use crate::export::Format;
use crate::model::{Actor, Lang, Version, label};
use crate::report::Selection;
use crate::store::FrozenFile;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The file that a frozen work is drawn from again.
pub const SELECTION: &str = "selection.json";
/// The file that says how many there were, and when, without reading everything.
pub const FACTS: &str = "facts.json";

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

/// The figure and its actors as JSON, for programs.
pub(super) fn json(figure: &Definition, selection: &Selection, at: &str) -> Vec<u8> {
    let named = |n: &crate::report::Named| json!({"slug": n.slug, "name": n.name});
    let body = json!({
        "id": figure.id, "kind": figure.kind.as_str(), "title": figure.title, "caption": figure.caption, "address": at,
        "territory": named(&selection.territory), "area": selection.area.as_ref().map(named), "position": selection.position,
        "at": label::moment(selection.at), "licence": words::LICENCE, "sources": words::sources(&selection.territory.name, Lang::Fr),
        "actors": selection.actors.iter().map(row).collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec(&body).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The data of a figure in one format, if it is a format of data.
pub fn data(figure: &Definition, selection: &Selection, name: &str, at: &str) -> Option<Vec<u8>> {
    match name {
        "geojson" => Some(selection.write(Format::Geojson)),
        "csv" => Some(selection.write(Format::Csv)),
        "json" => Some(json(figure, selection, at)),
        _ => None,
    }
}

/// Everything that a frozen figure keeps but its pictures.
///
/// # Errors
/// When the selection can't be written as JSON, which would be a mistake of the program.
pub(super) fn kept(figure: &Definition, selection: &Selection, at: &str, erased_at: Option<i64>) -> serde_json::Result<Vec<FrozenFile>> {
    let file = |name: &str, bytes: Vec<u8>| FrozenFile { name: name.into(), media_type: media_type(name).into(), bytes, erased_at };
    let mut files = vec![file(SELECTION, serde_json::to_vec(selection)?), file(FACTS, serde_json::to_vec(&Facts::of(selection))?)];
    for name in ["geojson", "csv", "json"] {
        files.extend(data(figure, selection, name, at).map(|bytes| file(name, bytes)));
    }
    Ok(files)
}
