//! The numbers of a table, a chart or a count: a statistic of the territory, or the actors by theme.

use super::words::{actors, number, pick, state_line};
use crate::model::{Lang, taxonomy};
use crate::report::Selection;
use crate::report::chart::{Bar, Bars, Chart, Frame, Mark};
use crate::report::statistics::{Measure, Table};
use serde::{Deserialize, Serialize};

/// Numbers with what is needed to read them rightly. Written as JSON they are what a frozen figure keeps of its statistic (`measure.json`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// Code of the statistic; empty for actors by theme.
    pub code: String,
    /// What is measured.
    pub title: String,
    /// How to read it: the « Lecture » of a plate.
    pub reading: String,
    /// How it is computed.
    pub formula: String,
    /// From what.
    pub source: String,
    /// What it does not say.
    pub caveats: Vec<String>,
    /// The number as it is printed, with its unit.
    pub shown: String,
    /// Heads of the columns.
    pub columns: Vec<String>,
    /// Cells as people read them.
    pub rows: Vec<Vec<String>>,
    /// The table for programs.
    pub csv: String,
    /// The drawing, under the figure's own title.
    pub chart: Option<String>,
}

impl Numbers {
    /// The same without the rows that name somebody, and without the drawing if it does. Numbers stay as they were adopted.
    #[must_use]
    pub(super) fn without(mut self, name: &str) -> Self {
        if name.is_empty() || !(self.csv.contains(name) || self.rows.iter().flatten().any(|cell| cell.contains(name))) {
            return self;
        }
        self.rows.retain(|row| !row.iter().any(|cell| cell.contains(name)));
        self.csv = self.csv.lines().filter(|l| !l.contains(name)).map(|l| format!("{l}\r\n")).collect();
        self.chart = None;
        self
    }
}

/// What stands around a drawing: the figure's title and where it is found.
#[derive(Debug, Clone)]
pub(super) struct Around<'a> {
    /// The figure's title.
    pub title: &'a str,
    /// The same in words, for whoever does not see it.
    pub alt: &'a str,
    /// Of its words.
    pub lang: Lang,
}

/// `Quartier, Commune · État au 12 mars 2027 · 214 acteurs`.
pub fn place_and_date(selection: &Selection, lang: Lang) -> String {
    let place = match &selection.area {
        Some(area) => format!("{}, {}", area.name, selection.territory.name),
        None => selection.territory.name.clone(),
    };
    format!("{place} · {}", state_line(selection.at, selection.actors.len(), lang))
}

fn frame(selection: &Selection, around: &Around<'_>, note: &str) -> Frame {
    Frame {
        title: around.title.to_owned(),
        subtitle: place_and_date(selection, around.lang),
        description: around.alt.to_owned(),
        note: note.to_owned(),
        lang: around.lang,
    }
}

/// The actors of a selection by main theme, in the order of the legend.
pub(super) fn by_theme(selection: &Selection, around: &Around<'_>) -> Numbers {
    let lang = around.lang;
    let counts = selection.by_theme();
    let known = taxonomy().themes.iter().map(|t| (t.code.as_str(), pick(lang, &t.fr, &t.en), Some(t.color.clone())));
    let lines: Vec<(&str, &str, Option<String>, usize)> = known
        .chain([("", pick(lang, "sans thème", "no theme"), None)])
        .filter_map(|(code, label, color)| Some((code, label, color, *counts.get(code)?)))
        .collect();
    let bar = |(code, label, color, n): &(&str, &str, Option<String>, usize)| Bar {
        label: (*label).to_owned(),
        mark: color.clone().map(|color| Mark { code: (*code).to_owned(), color }),
        value: Some(*n as f64),
        shown: number(*n, lang),
    };
    let reading = match lines.iter().max_by_key(|l| l.3) {
        Some((_, label, _, n)) if lang == Lang::Fr => format!("Lecture : {} ont pour thème principal « {label} ».", actors(*n, lang)),
        Some((_, label, _, n)) => format!("Reading: the main theme of {} is “{label}”.", actors(*n, lang)),
        None => pick(lang, "Lecture : aucun acteur ne correspond.", "Reading: no actor matches.").to_owned(),
    };
    let source = super::words::sources(&selection.territory.name, lang).join(" ; ");
    let chart = Chart::Bars(Bars { bars: lines.iter().map(bar).collect() }).svg(&frame(selection, around, &reading));
    let columns = [pick(lang, "Code", "Code"), pick(lang, "Thème", "Theme"), pick(lang, "Acteurs", "Actors")].map(str::to_owned).to_vec();
    Numbers {
        code: String::new(),
        title: pick(lang, "Acteurs par thème", "Actors by theme").to_owned(),
        reading,
        formula: pick(lang, "Chaque acteur compte une fois, sous son thème principal.", "Each actor counts once, under its main theme.").to_owned(),
        source,
        caveats: Vec::new(),
        shown: actors(selection.actors.len(), lang),
        rows: lines.iter().map(|(code, label, _, n)| vec![(*code).to_owned(), (*label).to_owned(), number(*n, lang)]).collect(),
        csv: csv(&columns, lines.iter().map(|(code, label, _, n)| [(*code).to_owned(), (*label).to_owned(), n.to_string()])),
        columns,
        chart: Some(chart),
    }
}

/// RFC 4180 with a byte order mark, as every table here.
fn csv(head: &[String], rows: impl Iterator<Item = [String; 3]>) -> String {
    let mut csv = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    // Memory takes everything.
    let _ = csv.write_record(head);
    for row in rows {
        let _ = csv.write_record(row);
    }
    String::from_utf8(csv.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// A statistic, drawn under the figure's title.
pub(super) fn of_measure(measure: &Measure, selection: &Selection, around: &Around<'_>) -> Numbers {
    let lang = around.lang;
    let reading = format!("{} {}", pick(lang, "Lecture :", "Reading:"), measure.definition);
    let note = format!("{reading} {} {}.", pick(lang, "Source :", "Source:"), measure.source);
    let unit = if measure.value.is_some() && !measure.unit.is_empty() { format!(" {}", measure.unit) } else { String::new() };
    let Table { columns, rows } = &measure.table;
    let head = |c: &crate::report::statistics::Column| if c.unit.is_empty() { c.label.clone() } else { format!("{} ({})", c.label, c.unit) };
    Numbers {
        code: measure.code.to_owned(),
        title: measure.title.clone(),
        reading,
        formula: measure.formula.clone(),
        source: measure.source.clone(),
        caveats: measure.caveats.clone(),
        shown: format!("{}{unit}", measure.shown),
        columns: columns.iter().map(head).collect(),
        rows: rows.iter().map(|row| row.iter().map(|c| c.shown(lang)).collect()).collect(),
        csv: String::from_utf8(measure.table.csv()).unwrap_or_default(),
        chart: measure.chart.as_ref().map(|c| c.svg(&frame(selection, around, &note))),
    }
}
