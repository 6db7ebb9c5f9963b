//! What a figure's page and an embed say without a script: the actors by name, or the numbers in a table, with their date and sources.

use super::pages::say;
use crate::model::{Lang, taxonomy};
use crate::report::figure::{Definition, Kind, LISTED, Row, Shown, words};
use maud::{Markup, html};

/// Rows of numbers that a page shows.
const NUMBERS: usize = 300;

/// The figure as a table, or as one number.
pub(super) fn told(figure: &Definition, shown: &Shown, lang: Lang) -> Markup {
    html! {
        @if shown.facts.actors == 0 {
            p role="status" { (say(lang, "Aucun acteur ne correspond à ce qui est demandé.", "No actor matches what is asked for.")) }
        } @else if Shown::is_names(figure) {
            (names(shown, lang))
        } @else if figure.kind == Kind::Count {
            p class="figure-count" { strong { (counted(figure, shown, lang)) } }
            p { (shown.numbers.reading) }
        } @else {
            (numbers(shown))
        }
    }
}

/// The number of a count.
pub(super) fn counted(figure: &Definition, shown: &Shown, lang: Lang) -> String {
    if figure.measure.is_some() { shown.numbers.shown.clone() } else { words::actors(shown.facts.actors, lang) }
}

/// The index: number, name, theme, address.
fn names(shown: &Shown, lang: Lang) -> Markup {
    let slug = &shown.territory.slug;
    html! {
        table class="figure-index" {
            caption { (say(lang, "Les acteurs de la figure", "The actors of the figure")) }
            thead { tr {
                th scope="col" { "N°" }
                th scope="col" { (say(lang, "Nom", "Name")) }
                th scope="col" { (say(lang, "Thème", "Theme")) }
                th scope="col" { (say(lang, "Adresse", "Address")) }
            } }
            tbody { @for (i, row) in shown.rows.iter().enumerate() { tr {
                td { (i + 1) }
                th scope="row" { a href={ "/" (slug) "/acteurs/" (row.id) } { (row.name) } @if row.to_check { " " small { (say(lang, "(à confirmer)", "(to be confirmed)")) } } }
                td { (label(row, lang)) }
                td { (row.address) }
            } } }
        }
        @if shown.facts.actors > shown.rows.len() {
            p { (more(shown.facts.actors - LISTED, lang)) }
        }
    }
}

fn more(n: usize, lang: Lang) -> String {
    let n = words::actors(n, lang);
    if lang == Lang::Fr { format!("Et {n} de plus, dans le fichier CSV.") } else { format!("And {n} more, in the CSV file.") }
}

fn label(row: &Row, lang: Lang) -> &'static str {
    taxonomy().labels(&row.category).map_or("", |(fr, en)| if lang == Lang::Fr { fr } else { en })
}

/// The table of a statistic, how to read it, and what it does not say.
fn numbers(shown: &Shown) -> Markup {
    let n = &shown.numbers;
    html! {
        table class="figure-numbers" {
            caption { (n.title) }
            thead { tr { @for column in &n.columns { th scope="col" { (column) } } } }
            tbody { @for row in n.rows.iter().take(NUMBERS) { tr { @for cell in row { td { (cell) } } } } }
        }
        p { (n.reading) }
        @if !n.formula.is_empty() { p { small { (n.formula) } } }
        @if !n.caveats.is_empty() { ul { @for c in &n.caveats { li { (c) } } } }
    }
}
