//! What a page says of a figure in words: its actors by name and its numbers, without the map.

use super::definition::{Definition, Kind};
use super::files::{Facts, address};
use super::numbers::{Around, Numbers, by_theme};
use super::words;
use crate::geo::Bbox;
use crate::model::{Lang, State};
use crate::report::{Named, Selection};
use uuid::Uuid;

/// Actors that a page lists; a longer list is a file.
pub const LISTED: usize = 1000;

/// One actor of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which one.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its category, or nothing.
    pub category: String,
    /// One line.
    pub address: String,
    /// Nobody has confirmed it yet.
    pub to_check: bool,
}

/// A figure in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Position, date, number of actors.
    pub facts: Facts,
    /// Of which territory.
    pub territory: Named,
    /// Of which part of it.
    pub area: Option<Named>,
    /// The first actors, by name.
    pub rows: Vec<Row>,
    /// Of a statistic, or of the actors by theme.
    pub numbers: Numbers,
    /// What the picture says.
    pub alt: String,
    /// The box around the points.
    pub bbox: Option<Bbox>,
}

impl Shown {
    /// Reads it out of a selection. Numbers are those of the figure's statistic, if it shows one.
    pub fn of(figure: &Definition, selection: &Selection, numbers: Option<Numbers>, lang: Lang) -> Self {
        let alt = alternative(figure, selection, lang);
        let around = Around { title: &figure.title, alt: &alt, lang };
        let row = |a: &crate::model::Actor| Row {
            id: a.id,
            name: a.name().to_owned(),
            category: a.category().to_owned(),
            address: address(a),
            to_check: a.state() == State::ToCheck,
        };
        let mut bbox = Bbox::EMPTY;
        selection.points().for_each(|(_, [lon, lat])| bbox.add(lon, lat));
        Self {
            facts: Facts::of(selection),
            territory: selection.territory.clone(),
            area: selection.area.clone(),
            rows: selection.actors.iter().take(LISTED).map(row).collect(),
            numbers: numbers.unwrap_or_else(|| by_theme(selection, &around)),
            alt,
            bbox: (bbox.west <= bbox.east).then_some(bbox),
        }
    }

    /// Whether a figure of this kind is read as names; the others as numbers.
    pub fn is_names(figure: &Definition) -> bool {
        matches!(figure.kind, Kind::Map | Kind::List)
    }
}

/// The alternative text: the author's, or one made of what, where, when and how many.
pub(super) fn alternative(figure: &Definition, selection: &Selection, lang: Lang) -> String {
    if figure.alt.is_empty() { words::alternative(&figure.title, selection, lang) } else { figure.alt.clone() }
}
