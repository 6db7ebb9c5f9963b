//! A measure, and the statistics that are made of measures.

use super::table::Table;
use super::words::{self, say};
use crate::model::{Lang, Version};
use crate::report::Named;
use crate::report::chart::{Chart, Frame};
use serde::{Serialize, Serializer};

/// One number with everything that it needs to be read rightly.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    /// Stable name, part of its address.
    pub code: &'static str,
    /// What is measured.
    pub title: String,
    /// What the number means.
    pub definition: String,
    /// How it is computed.
    pub formula: String,
    /// From what.
    pub source: String,
    /// What it does not say; printed with it.
    pub caveats: Vec<String>,
    /// Of `value`.
    pub unit: String,
    /// The number; none when it is not known or not told.
    pub value: Option<f64>,
    /// The number as it is printed, with the count behind a share.
    pub shown: String,
    /// The number at an earlier position, when one was asked for.
    pub before: Option<f64>,
    /// That number as it is printed.
    pub before_shown: Option<String>,
    /// The numbers behind it.
    pub table: Table,
    /// The same drawn. Written as whether there is one.
    #[serde(serialize_with = "whether")]
    pub chart: Option<Chart>,
}

fn whether<S: Serializer>(chart: &Option<Chart>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bool(chart.is_some())
}

/// Every measure of a territory at one position.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statistics {
    /// Of which territory.
    pub territory: Named,
    /// Of which area inside it.
    pub area: Option<Named>,
    /// Position of the journal.
    pub position: Version,
    /// When that was, UTC, milliseconds since 1970.
    pub at: i64,
    /// Inhabitants, when somebody gave their number.
    pub population: Option<u64>,
    /// How many actors are counted.
    pub actors: usize,
    /// Position and moment of the numbers beside these, when some were asked for.
    pub before: Option<(Version, i64)>,
    /// The links behind the measure `network`.
    #[serde(skip)]
    pub ties: super::network::Ties,
    /// The measures, in the order of [`super::CODES`].
    pub measures: Vec<Measure>,
}

impl Statistics {
    /// The measure of a code.
    pub fn measure(&self, code: &str) -> Option<&Measure> {
        self.measures.iter().find(|m| m.code == code)
    }

    /// Puts the numbers of another position beside these.
    pub(super) fn beside(&mut self, other: &Self) {
        for measure in &mut self.measures {
            let was = other.measure(measure.code);
            measure.before = was.and_then(|m| m.value);
            measure.before_shown = was.map(|m| m.shown.clone());
        }
        self.before = Some((other.position, other.at));
    }

    /// The chart of a measure as SVG; none when it has none.
    pub fn chart(&self, code: &str, lang: Lang) -> Option<String> {
        let measure = self.measure(code)?;
        Some(measure.chart.as_ref()?.svg(&self.frame(measure, lang)))
    }

    /// What stands around a measure's chart: where, as of when, how many, from what.
    fn frame(&self, measure: &Measure, lang: Lang) -> Frame {
        let place = match &self.area {
            Some(area) => format!("{}, {}", area.name, self.territory.name),
            None => self.territory.name.clone(),
        };
        let date = words::day(lang, self.at);
        let actors = words::number(lang, self.actors as f64, 0);
        let state = match lang {
            Lang::Fr => format!("{place} · état au {date} · {actors} acteurs"),
            Lang::En => format!("{place} · as of {date} · {actors} actors"),
        };
        let unit = if measure.unit.is_empty() { String::new() } else { format!(" {}", measure.unit) };
        let summed = if measure.value.is_some() { format!(" {}{unit}.", measure.shown) } else { String::new() };
        let rows =
            measure.table.rows.iter().take(20).map(|row| row.iter().map(|c| c.shown(lang)).collect::<Vec<_>>().join(" : ").replace(" : ", ", "));
        let told = rows.collect::<Vec<_>>().join(" ; ");
        Frame {
            title: measure.title.clone(),
            subtitle: state,
            description: format!("{}{summed} {told}", measure.definition),
            note: format!("{}{}", say(lang, "Source : ", "Source: "), measure.source),
            lang,
        }
    }
}

/// The words of a measure in two languages, French first.
pub(super) struct Text<'a> {
    pub(super) title: [&'a str; 2],
    pub(super) definition: [&'a str; 2],
    pub(super) formula: [&'a str; 2],
    pub(super) source: [&'a str; 2],
    pub(super) caveats: &'a [[&'a str; 2]],
    pub(super) unit: [&'a str; 2],
}

/// Where the actors come from.
pub(super) const ACTORS: [&str; 2] = [
    "acteurs de Bouillon (ODbL), dont une part reprise d’OpenStreetMap © les contributeurs d’OpenStreetMap",
    "actors of Bouillon (ODbL), part of them from OpenStreetMap © OpenStreetMap contributors",
];
/// Printed with every measure that counts actors.
pub(super) const BIAS: [&str; 2] = [
    "La carte montre ce que des personnes y ont mis : là où l’on contribue peu, elle montre moins d’acteurs qu’il n’y en a.",
    "The map shows what people put on it: where few contribute, it shows fewer actors than there are.",
];
/// Printed with every measure that looks at where actors are.
pub(super) const SEAT: [&str; 2] =
    ["Le lieu d’un acteur est souvent son siège, pas l’endroit où il agit.", "The place of an actor is often its seat, not where it is active."];

impl Text<'_> {
    /// A measure with these words and nothing in it.
    pub(super) fn measure(&self, code: &'static str, lang: Lang) -> Measure {
        let one = |pair: &[&str; 2]| say(lang, pair[0], pair[1]);
        Measure {
            code,
            title: one(&self.title),
            definition: one(&self.definition),
            formula: one(&self.formula),
            source: one(&self.source),
            caveats: self.caveats.iter().map(one).collect(),
            unit: one(&self.unit),
            value: None,
            shown: say(lang, "inconnu", "unknown"),
            before: None,
            before_shown: None,
            table: Table::default(),
            chart: None,
        }
    }
}

impl Measure {
    /// Gives it its number, printed with so many digits after the point.
    pub(super) fn number(&mut self, lang: Lang, value: Option<f64>, decimals: usize) {
        let Some(value) = value.filter(|v| v.is_finite()) else { return };
        self.value = Some((value * 1e6).round() / 1e6);
        self.shown = words::number(lang, value, decimals);
    }

    /// Gives it a share, printed with the count behind it; in percent.
    pub(super) fn share(&mut self, lang: Lang, part: u64, whole: u64) {
        if whole > 0 {
            self.value = Some((part as f64 * 1e8 / whole as f64).round() / 1e6);
            self.shown = words::share(lang, part, whole);
        }
    }
}
