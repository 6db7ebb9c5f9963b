//! Where the map's content comes from, and how many take part. Of people only counts are told, and no small ones.

use super::input::{Deed, Input};
use super::measure::{BIAS, Measure, Text};
use super::people::{self, FEWEST};
use super::quality::shares;
use super::table::{Cell, Table};
use super::words::{moment, number, say};
use crate::report::chart::{Chart, Line, Point};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

const SOURCES: Text<'static> = Text {
    title: ["D’où viennent les fiches", "Where the entries come from"],
    definition: [
        "Chaque acteur compte une fois : repris d’une source et laissé tel quel, repris puis complété ou confirmé par des personnes, ou ajouté par des personnes.",
        "Each actor counts once: taken from a source and left as it was, taken and then completed or confirmed by people, or added by people.",
    ],
    formula: ["acteurs ajoutés, complétés ou confirmés par des personnes ÷ acteurs", "actors added, completed or confirmed by people ÷ actors"],
    source: ["journal des modifications de Bouillon", "journal of edits of Bouillon"],
    caveats: &[BIAS],
    unit: ["%", "%"],
};

/// Shares of imports and people.
pub(super) fn sources(input: &Input) -> Measure {
    let lang = input.lang;
    let mut measure = SOURCES.measure("sources", lang);
    let mut made: HashMap<Uuid, Option<&str>> = HashMap::new();
    let mut touched: HashSet<Uuid> = HashSet::new();
    for deed in &input.deeds {
        if deed.created {
            made.entry(deed.actor).or_insert(deed.source.as_deref());
        }
        if deed.author.is_some() {
            touched.insert(deed.actor);
        }
    }
    let mut counts = [0_u64; 5];
    for actor in &input.actors {
        let source = made.get(&actor.id).copied().flatten();
        counts[match (source, touched.contains(&actor.id)) {
            (Some("osm"), false) => 0,
            (Some("osm"), true) => 1,
            (_, true) if source.is_none() => 2,
            (_, true) => 4,
            _ => 3,
        }] += 1;
    }
    let names = [
        ["repris d’OpenStreetMap, tel quel", "from OpenStreetMap, as it was"],
        ["repris d’OpenStreetMap, puis complété ou confirmé", "from OpenStreetMap, then completed or confirmed"],
        ["ajouté par des personnes", "added by people"],
        ["repris d’une autre source, tel quel", "from another source, as it was"],
        ["repris d’une autre source, puis complété ou confirmé", "from another source, then completed or confirmed"],
    ];
    let all = input.actors.len() as u64;
    measure.share(lang, counts[1] + counts[2] + counts[4], all);
    let rows = names.iter().zip(counts).map(|([fr, en], n)| (say(lang, fr, en), n)).collect();
    shares(&mut measure, lang, &say(lang, "Origine", "Origin"), rows, all);
    measure
}

const PARTICIPATION: Text<'static> = Text {
    title: ["Participation au fil du temps", "Participation over time"],
    definition: [
        "Nombre de personnes qui ont modifié des acteurs du territoire, et nombre de modifications, mois par mois (UTC). Les imports ne comptent pas.",
        "Number of people who edited actors of the territory, and number of edits, month by month (UTC). Imports do not count.",
    ],
    formula: [
        "personnes = appareils ou comptes différents ; modifications = écritures du journal",
        "people = different devices or accounts; edits = rows of the journal",
    ],
    source: [
        "journal des modifications de Bouillon ; seuls des nombres en sont tirés",
        "journal of edits of Bouillon; only counts are taken from it",
    ],
    caveats: &[
        [
            "Un nombre de personnes de 1 à 4 est écrit « < 5 », pour que personne ne soit reconnu.",
            "A number of people from 1 to 4 is written “< 5”, so that nobody is recognised.",
        ],
        [
            "Une personne sur deux appareils compte deux fois ; une tablette partagée compte une fois.",
            "A person on two devices counts twice; a shared tablet counts once.",
        ],
    ],
    unit: ["personnes", "people"],
};

/// Months that a chart shows, the last ones; the table has them all.
const SHOWN: usize = 36;

/// People and their edits month by month.
pub(super) fn participation(input: &Input) -> Measure {
    let lang = input.lang;
    let mut measure = PARTICIPATION.measure("participation", lang);
    let mut months: BTreeMap<[i32; 2], (HashSet<Uuid>, u64, u64)> = BTreeMap::new();
    let mut everyone = HashSet::new();
    let by_people = |d: &&Deed| d.author.is_some();
    for deed in input.deeds.iter().filter(by_people) {
        let (when, Some(author)) = (moment(deed.at), deed.author) else { continue };
        let month = months.entry([when.year(), i32::from(u8::from(when.month()))]).or_default();
        month.0.insert(author);
        month.1 += 1;
        month.2 += u64::from(deed.created);
        everyone.insert(author);
    }
    let total = people::count(everyone.len() as u64);
    measure.shown = format!("{} {}", total.shown(lang), measure.unit);
    if let Cell::Count(n) = total {
        measure.value = Some(n as f64);
    }
    let mut table = Table::new(&[
        ("month", &say(lang, "Mois", "Month"), ""),
        ("people", &say(lang, "Personnes", "People"), ""),
        ("edits", &say(lang, "Modifications", "Edits"), ""),
        ("added", &say(lang, "Acteurs ajoutés", "Actors added"), ""),
    ]);
    let mut points = Vec::new();
    for month in filled(months.keys().copied()) {
        let name = format!("{}-{:02}", month[0], month[1]);
        let (authors, edits, added) = months.get(&month).map_or((0, 0, 0), |(authors, edits, added)| (authors.len() as u64, *edits, *added));
        let people = people::count(authors);
        points.push(Point { label: name.clone(), value: Some(edits as f64), shown: number(lang, edits as f64, 0), second: people.shown(lang) });
        table.row(vec![Cell::Text(name), people, Cell::Count(edits), Cell::Count(added)]);
    }
    measure.table = table;
    let points = points.split_off(points.len().saturating_sub(SHOWN));
    measure.chart = (!points.is_empty()).then(|| {
        Chart::Line(Line {
            points,
            first: say(lang, "modifications", "edits"),
            second: say(lang, "Sous chaque mois : nombre de personnes", "Under each month: number of people")
                + &format!(" (« < {FEWEST} » : {})", say(lang, "de 1 à 4", "1 to 4")),
        })
    });
    measure
}

/// Every month from the first to the last, also those in which nothing happened.
fn filled(mut known: impl DoubleEndedIterator<Item = [i32; 2]>) -> Vec<[i32; 2]> {
    let Some(first) = known.next() else { return Vec::new() };
    let last = known.next_back().unwrap_or(first);
    let number = |[year, month]: [i32; 2]| year * 12 + month - 1;
    // A clock that was far off must not fill a page with empty years.
    (number(first).max(number(last) - 600)..=number(last)).map(|n| [n.div_euclid(12), n.rem_euclid(12) + 1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_without_an_edit_are_shown_and_few_people_are_not_counted() {
        assert_eq!(filled([[2025, 11], [2026, 2]].into_iter()), [[2025, 11], [2025, 12], [2026, 1], [2026, 2]]);
        assert_eq!(filled(std::iter::empty()), Vec::<[i32; 2]>::new());
        assert_eq!(people::count(0), Cell::Count(0));
        assert!((1..FEWEST).all(|n| people::count(n) == Cell::Few));
        assert_eq!(people::count(FEWEST), Cell::Count(FEWEST));
    }
}
