//! What a report is made from. It is kept as JSON beside a frozen report, so that the report can be drawn again without an actor and with nothing newer.

use crate::model::{Doc, Fields, Lang, SubjectKind, Work};
use crate::report::Selection;
use crate::report::figure::Numbers;
use crate::report::statistics::{Cell, Column, Measure, Statistics};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A report, a block, a device or a figure: its fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Id of the subject.
    pub id: Uuid,
    /// Its values.
    pub fields: Fields,
}

impl Piece {
    /// Of a work.
    pub fn of(work: &Work) -> Self {
        Self { id: work.id, fields: work.doc.fields.clone() }
    }

    /// The text of a field, or an empty one.
    pub fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or("")
    }

    /// As a work again, for what reads works.
    pub fn work(&self, kind: SubjectKind, home: Uuid) -> Work {
        let doc = Doc { fields: self.fields.clone(), ..Doc::default() };
        Work { id: self.id, kind, home, parent: None, author: None, doc, created_at: 0, updated_at: 0 }
    }
}

/// A measure of the statistics, as it is printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Stable name.
    pub code: String,
    /// What is measured.
    pub title: String,
    /// What the number means.
    pub definition: String,
    /// How it is computed.
    pub formula: String,
    /// From what.
    pub source: String,
    /// What it does not say.
    pub caveats: Vec<String>,
    /// The number with its unit; empty when it is not known.
    pub shown: String,
    /// Why it is not known, where it is not.
    pub why: String,
    /// Heads of the table, and whether a column holds numbers.
    pub columns: Vec<(String, bool)>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// The table as CSV.
    pub csv: String,
    /// The chart as SVG; empty without one.
    pub svg: String,
}

impl From<Numbers> for Told {
    fn from(n: Numbers) -> Self {
        let number = |i: usize| n.rows.iter().all(|r| r.get(i).is_some_and(|c| is_number(c)));
        let columns = n.columns.iter().enumerate().map(|(i, label)| (label.clone(), i > 0 && number(i))).collect();
        Self {
            columns,
            code: n.code,
            title: n.title,
            definition: n.reading,
            formula: n.formula,
            source: n.source,
            caveats: n.caveats,
            shown: n.shown,
            why: String::new(),
            rows: n.rows,
            csv: n.csv,
            svg: n.chart.unwrap_or_default(),
        }
    }
}

/// Digits, or the dash of what is not known.
fn is_number(cell: &str) -> bool {
    cell == "–" || cell.starts_with(|c: char| c.is_ascii_digit() || c == '−' || c == '<')
}

impl Told {
    /// A measure of the statistics, with its chart.
    pub fn of(all: &Statistics, m: &Measure, lang: Lang) -> Self {
        let numeric = |i: usize| !m.table.rows.is_empty() && m.table.rows.iter().all(|row| !matches!(row.get(i), None | Some(Cell::Text(_))));
        let label = |c: &Column| if c.unit.is_empty() { c.label.clone() } else { format!("{} ({})", c.label, c.unit) };
        // Some numbers carry their unit, and the count behind them, already.
        let bare = m.shown.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || ",.−-".contains(c));
        let shown = if bare && !m.unit.is_empty() { format!("{} {}", m.shown, m.unit) } else { m.shown.clone() };
        Self {
            code: m.code.to_owned(),
            title: m.title.clone(),
            definition: m.definition.clone(),
            formula: m.formula.clone(),
            source: m.source.clone(),
            caveats: m.caveats.clone(),
            why: if m.value.is_none() { m.shown.clone() } else { String::new() },
            shown: m.value.map(|_| shown).unwrap_or_default(),
            columns: m.table.columns.iter().enumerate().map(|(i, c)| (label(c), numeric(i))).collect(),
            rows: m.table.rows.iter().map(|row| row.iter().map(|c| c.shown(lang)).collect()).collect(),
            csv: String::from_utf8(m.table.csv()).unwrap_or_default(),
            svg: all.chart(m.code, lang).unwrap_or_default(),
        }
    }

    /// The same without what names somebody: rows of the table that do, and the chart if it does.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        let escaped = crate::report::paper::escape(name);
        let before = self.rows.len();
        self.rows.retain(|row| !row.iter().any(|cell| cell.contains(name)));
        // A name may be written shorter where there is little room.
        let short: String = escaped.chars().take(8).collect();
        if self.rows.len() != before || self.csv.contains(name) || (!short.is_empty() && self.svg.contains(&short)) {
            self.svg.clear();
            let lines = self.csv.lines().filter(|l| !l.contains(name)).collect::<Vec<_>>().join("\r\n");
            self.csv = lines + "\r\n";
        }
        self
    }
}

/// A figure that a block places in the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cited {
    /// The figure.
    pub figure: Piece,
    /// What it shows.
    pub selection: Selection,
    /// The measure that it draws, if it is a chart or table of one.
    pub measure: Option<Told>,
}

/// The words of a report, all but the actors and measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// In which language the software speaks.
    pub lang: Lang,
    /// Where the report is found.
    pub address: String,
    /// Whether it shows one state for ever.
    pub frozen: bool,
    /// The report.
    pub report: Piece,
    /// Its blocks, in order.
    pub blocks: Vec<Piece>,
    /// The participation devices of its territory, in order.
    pub devices: Vec<Piece>,
    /// The figures that blocks name.
    pub cited: Vec<Cited>,
    /// Inhabitants of the territory, when somebody gave their number.
    pub population: Option<u64>,
    /// Whether maps show a base map.
    pub has_base_map: bool,
}

/// Everything, of one position of the journal. Written as JSON it is what a frozen report is built from again (`selection.json`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Inputs {
    /// What people wrote.
    pub written: Written,
    /// The actors of the territory.
    pub selection: Selection,
    /// Its statistics.
    pub measures: Vec<Told>,
    /// The governance scheme that somebody brought; kept as a file of its own.
    #[serde(skip)]
    pub scheme: Option<Scheme>,
}

/// A picture that somebody brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// `image/png` or `image/svg+xml`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Inputs {
    /// The same without an actor: off the lists and maps, out of rows and charts that name it. Numbers stay as they were adopted.
    #[must_use]
    pub fn without(mut self, actor: Uuid) -> Self {
        let named = self.selection.actors.iter().chain(self.written.cited.iter().flat_map(|c| &c.selection.actors));
        let Some(name) = named.into_iter().find(|a| a.id == actor).map(|a| a.name().to_owned()) else { return self };
        self.selection = self.selection.without(actor);
        self.measures = self.measures.into_iter().map(|m| m.without(&name)).collect();
        for cited in &mut self.written.cited {
            cited.selection = cited.selection.clone().without(actor);
            cited.measure = cited.measure.take().map(|m| m.without(&name));
        }
        self
    }
}
