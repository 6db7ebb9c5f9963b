//! How many actors, of which theme and kind.

use super::input::{self, Input};
use super::measure::{ACTORS, BIAS, Measure, Text};
use super::table::{Cell, Table};
use super::words::{KINDS, number, say};
use crate::report::chart::{Chart, Stacked, StackedRow};

const TEXT: Text<'static> = Text {
    title: ["Acteurs par thème et par forme", "Actors by theme and kind"],
    definition: [
        "Nombre d’acteurs de la carte, chacun compté une fois sous son thème principal, par forme juridique ou d’usage.",
        "Number of actors on the map, each counted once under its main theme, by kind.",
    ],
    formula: [
        "N(thème, forme) = nombre d’acteurs non supprimés de ce thème principal et de cette forme",
        "N(theme, kind) = number of actors, not deleted, of this main theme and kind",
    ],
    source: ACTORS,
    caveats: &[
        BIAS,
        [
            "Un registre comme le RNA contient des associations en sommeil ; un acteur repris d’un registre n’est pas toujours actif.",
            "A register such as the RNA holds dormant associations; an actor taken from a register is not always active.",
        ],
    ],
    unit: ["acteurs", "actors"],
};

/// Kinds with a pattern of their own.
const PARTS: usize = 5;

/// Stock by theme × kind.
pub(super) fn stock(input: &Input) -> Measure {
    let lang = input.lang;
    let mut measure = TEXT.measure("stock", lang);
    measure.number(lang, Some(input.actors.len() as f64), 0);
    let themes = input.by_theme();
    // One more for actors whose kind nobody said.
    let mut counts = vec![[0_u64; KINDS.len() + 1]; themes.len()];
    for actor in &input.actors {
        let kind = KINDS.iter().position(|(code, ..)| *code == actor.doc.text("kind")).unwrap_or(KINDS.len());
        counts[input::theme(actor)][kind] += 1;
    }
    let used: Vec<usize> = (0..=KINDS.len()).filter(|k| counts.iter().any(|row| row[*k] > 0)).collect();
    let mut table = Table::new(&[("code", "Code", ""), ("theme", &say(lang, "Thème", "Theme"), ""), ("total", "Total", "")]);
    for kind in &used {
        match KINDS.get(*kind) {
            Some((code, fr, en)) => table.column(code, &say(lang, fr, en), ""),
            None => table.column("unknown", &say(lang, "Forme inconnue", "Kind unknown"), ""),
        }
    }
    // A bar has the five commonest kinds, and one part for all others.
    let mut common = used.clone();
    common.sort_by_key(|k| std::cmp::Reverse(counts.iter().map(|row| row[*k]).sum::<u64>()));
    let kind = |k: &usize| KINDS.get(*k).map_or_else(|| say(lang, "Forme inconnue", "Kind unknown"), |(_, fr, en)| say(lang, fr, en));
    let more = common.len() > PARTS + 1;
    let named = if more { PARTS } else { common.len() };
    let mut parts: Vec<String> = common.iter().take(named).map(kind).collect();
    parts.extend(more.then(|| say(lang, "autres formes", "other kinds")));
    let mut rows = Vec::new();
    for (theme, total) in themes.iter().enumerate() {
        let mark = input::mark(theme);
        // The line of actors without a theme only stands where there are any.
        if mark.is_none() && *total == 0 {
            continue;
        }
        let code = mark.as_ref().map_or(Cell::Nothing, |m| Cell::Text(m.code.clone()));
        let mut row = vec![code, Cell::Text(input::label(lang, theme)), Cell::Count(*total)];
        row.extend(used.iter().map(|kind| Cell::Count(counts[theme][*kind])));
        table.row(row);
        let mut numbers: Vec<u64> = common.iter().take(named).map(|k| counts[theme][*k]).collect();
        numbers.extend(more.then(|| common.iter().skip(named).map(|k| counts[theme][*k]).sum::<u64>()));
        let parts = numbers.into_iter().map(|n| (n as f64, number(lang, n as f64, 0))).collect();
        rows.push(StackedRow { label: input::label(lang, theme), mark, parts, shown: number(lang, *total as f64, 0) });
    }
    measure.table = table;
    measure.chart = Some(Chart::Stacked(Stacked { parts, rows }));
    measure
}
