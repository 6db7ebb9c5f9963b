//! The table beside each chart: the same numbers, for whoever reads or computes.

use super::words::number;
use crate::export::harmless;
use crate::model::Lang;
use serde::{Serialize, Serializer};

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Stable name.
    pub key: String,
    /// Head in the language of whoever asked.
    pub label: String,
    /// Unit of its numbers, or empty.
    pub unit: String,
}

/// What stands in a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// How many.
    Count(u64),
    /// A quantity.
    Number(f64),
    /// A few people: how many is not told.
    Few,
    /// Not known.
    Nothing,
}

impl Cell {
    /// A quantity, or nothing.
    pub fn of(number: Option<f64>) -> Self {
        number.filter(|n| n.is_finite()).map_or(Self::Nothing, Self::Number)
    }

    /// As people read it.
    pub fn shown(&self, lang: Lang) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Count(n) => number(lang, *n as f64, 0),
            Self::Number(n) => number(lang, *n, decimals(*n)),
            Self::Few => super::people::few(),
            Self::Nothing => "–".into(),
        }
    }

    /// As a program reads it: no space in numbers, a point before decimals.
    fn plain(&self) -> String {
        match self {
            Self::Text(text) => harmless(text),
            Self::Count(n) => n.to_string(),
            Self::Number(n) => rounded(*n).to_string(),
            Self::Few => super::people::few(),
            Self::Nothing => String::new(),
        }
    }
}

/// Numbers are told to six digits after the point: more would be noise.
fn rounded(n: f64) -> f64 {
    (n * 1e6).round() / 1e6
}

/// Digits after the point that people need.
pub(super) fn decimals(n: f64) -> usize {
    if n == n.round() && n.abs() >= 1.0 {
        0
    } else if n.abs() < 10.0 {
        2
    } else {
        1
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::Count(n) => to.serialize_u64(*n),
            Self::Number(n) => to.serialize_f64(rounded(*n)),
            Self::Few => to.serialize_str(&super::people::few()),
            Self::Nothing => to.serialize_none(),
        }
    }
}

/// Columns and rows; every row has a cell per column.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Table {
    /// From the left.
    pub columns: Vec<Column>,
    /// From the top.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table with columns of key, label and unit.
    pub(super) fn new(columns: &[(&str, &str, &str)]) -> Self {
        let column = |(key, label, unit): &(&str, &str, &str)| Column { key: (*key).into(), label: (*label).into(), unit: (*unit).into() };
        Self { columns: columns.iter().map(column).collect(), rows: Vec::new() }
    }

    /// Adds a column.
    pub(super) fn column(&mut self, key: &str, label: &str, unit: &str) {
        self.columns.push(Column { key: key.into(), label: label.into(), unit: unit.into() });
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// RFC 4180 with a byte order mark, so that spreadsheets read accents; the first line holds the labels with their units.
    pub fn csv(&self) -> Vec<u8> {
        let mut csv = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
        let head = self.columns.iter().map(|c| if c.unit.is_empty() { c.label.clone() } else { format!("{} ({})", c.label, c.unit) });
        // Memory takes everything.
        let _ = csv.write_record(head);
        for row in &self.rows {
            let _ = csv.write_record(row.iter().map(Cell::plain));
        }
        csv.into_inner().unwrap_or_default()
    }
}
