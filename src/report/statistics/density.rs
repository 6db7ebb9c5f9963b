//! Actors per 1,000 inhabitants, and how many themes there are.

use super::input::{self, Input};
use super::measure::{ACTORS, BIAS, Measure, SEAT, Text};
use super::table::{Cell, Table};
use super::words::{number, say};
use crate::model::{Actor, taxonomy};
use crate::report::chart::{Bar, Bars, Chart};

/// Below so many inhabitants a density says little: one actor more or less changes it much.
const FEW_INHABITANTS: u64 = 500;

const DENSITY: Text<'static> = Text {
    title: ["Acteurs pour 1 000 personnes", "Actors per 1,000 inhabitants"],
    definition: [
        "Nombre d’acteurs rapporté au nombre de personnes qui habitent le territoire, et chaque quartier dont la population est donnée.",
        "Number of actors compared with the number of inhabitants of the territory, and of each quartier whose population is given.",
    ],
    formula: ["1 000 × acteurs ÷ population", "1,000 × actors ÷ population"],
    source: [
        "population : champ « population » du territoire et des quartiers ; acteurs : Bouillon (ODbL)",
        "population: field “population” of the territory and quartiers; actors: Bouillon (ODbL)",
    ],
    caveats: &[
        BIAS,
        SEAT,
        [
            "La population d’un quartier n’est jamais estimée : un quartier sans population donnée n’a pas de densité. Sous 500 personnes, la densité change beaucoup pour un seul acteur.",
            "The population of a quartier is never estimated: a quartier without a given population has no density. Below 500 inhabitants, one actor changes the density a lot.",
        ],
    ],
    unit: ["pour 1 000 personnes", "per 1,000 inhabitants"],
};

/// Actors per 1,000 inhabitants.
pub(super) fn density(input: &Input) -> Measure {
    let lang = input.lang;
    let mut measure = DENSITY.measure("density", lang);
    let per_1000 = |actors: u64, population: Option<u64>| population.filter(|p| *p > 0).map(|p| actors as f64 * 1000.0 / p as f64);
    measure.number(lang, per_1000(input.actors.len() as u64, input.population), 2);
    let mut table = Table::new(&[
        ("area", &say(lang, "Territoire ou quartier", "Territory or quartier"), ""),
        ("actors", &say(lang, "Acteurs", "Actors"), ""),
        ("population", "Population", ""),
        ("density", &say(lang, "Densité", "Density"), &say(lang, "pour 1 000 personnes", "per 1,000 inhabitants")),
        ("note", "Note", ""),
    ]);
    let mut bars = Vec::new();
    for (name, actors, population) in areas(input) {
        let (actors, small) = (actors.len() as u64, population.is_some_and(|p| p < FEW_INHABITANTS));
        let density = per_1000(actors, population);
        let note = if small { say(lang, "moins de 500 personnes", "fewer than 500 inhabitants") } else { String::new() };
        table.row(vec![
            Cell::Text(name.clone()),
            Cell::Count(actors),
            population.map_or(Cell::Nothing, Cell::Count),
            Cell::of(density),
            Cell::Text(note),
        ]);
        let people = population.map(|p| number(lang, p as f64, 0)).unwrap_or_default();
        let told = |d: f64| {
            let of = say(lang, "acteurs, ", "actors, ");
            let inhabitants = say(lang, "personnes", "inhabitants");
            format!("{} ({} {of}{people} {inhabitants})", number(lang, d, 2), number(lang, actors as f64, 0))
        };
        let unknown = || say(lang, "population inconnue", "population unknown");
        bars.push(Bar { label: name, mark: None, value: density, shown: density.map_or_else(unknown, told) });
    }
    measure.table = table;
    measure.chart = bars.iter().any(|b| b.value.is_some()).then_some(Chart::Bars(Bars { bars }));
    measure
}

/// The territory, then its quartiers: name, actors, inhabitants.
fn areas(input: &Input) -> impl Iterator<Item = (String, Vec<&Actor>, Option<u64>)> {
    let whole = (input.shown().name.clone(), input.actors.iter().collect(), input.population);
    let part = |q: &super::input::Quartier| {
        (q.named.name.clone(), input.actors.iter().filter(|a| a.territories.contains(&q.named.id)).collect(), q.population)
    };
    std::iter::once(whole).chain(input.quartiers.iter().map(part))
}

const DIVERSITY: Text<'static> = Text {
    title: ["Diversité des thèmes", "Diversity of themes"],
    definition: [
        "Combien des 13 thèmes sont présents, et à quel point les acteurs se répartissent entre eux : l’indice de Shannon vaut 0 quand tous ont le même thème, et 2,56 (ln 13) quand chaque thème en a autant.",
        "How many of the 13 themes are present, and how evenly actors are spread over them: the Shannon index is 0 when all share one theme, and 2.56 (ln 13) when each theme has as many.",
    ],
    formula: [
        "H = −Σ p × ln(p), où p est la part de chaque thème principal parmi les acteurs qui en ont un",
        "H = −Σ p × ln(p), where p is the share of each main theme among the actors that have one",
    ],
    source: ACTORS,
    caveats: &[
        BIAS,
        [
            "Avec peu d’acteurs, l’indice est bas même si les thèmes sont tous différents. Un acteur présent dans deux quartiers compte dans les deux.",
            "With few actors the index is low even if all themes differ. An actor with places in two quartiers counts in both.",
        ],
    ],
    unit: ["", ""],
};

/// Shannon over the 13 themes, and how many there are.
pub(super) fn diversity(input: &Input) -> Measure {
    let lang = input.lang;
    let mut measure = DIVERSITY.measure("diversity", lang);
    let all = taxonomy().themes.len();
    let mut table = Table::new(&[
        ("area", &say(lang, "Territoire ou quartier", "Territory or quartier"), ""),
        ("actors", &say(lang, "Acteurs avec un thème", "Actors with a theme"), ""),
        ("themes", &say(lang, "Thèmes présents sur 13", "Themes present of 13"), ""),
        ("shannon", &say(lang, "Indice de Shannon", "Shannon index"), ""),
        ("evenness", &say(lang, "Part du maximum (ln 13)", "Share of the maximum (ln 13)"), "%"),
    ]);
    let mut bars = Vec::new();
    for (i, (name, actors, _)) in areas(input).enumerate() {
        let mut counts = vec![0_u64; all];
        for actor in &actors {
            if let Some(count) = counts.get_mut(input::theme(actor)) {
                *count += 1;
            }
        }
        let (index, sum) = (shannon(&counts), counts.iter().sum::<u64>());
        let themes = counts.iter().filter(|n| **n > 0).count();
        let present = say(lang, "thèmes sur 13", "themes of 13");
        let behind = format!("({themes} {present}, {} {})", number(lang, sum as f64, 0), say(lang, "acteurs", "actors"));
        if i == 0 {
            measure.number(lang, index, 2);
            // The number beside the most it can be, so that it says whether it is high.
            let most = number(lang, (all as f64).ln(), 2);
            measure.shown = index.map_or(measure.shown, |h| format!("{} {} {most} {behind}", number(lang, h, 2), say(lang, "sur", "of")));
        }
        let evenness = index.map(|h| h * 100.0 / (all as f64).ln());
        table.row(vec![Cell::Text(name.clone()), Cell::Count(sum), Cell::Count(themes as u64), Cell::of(index), Cell::of(evenness)]);
        bars.push(Bar {
            label: name,
            mark: None,
            value: index,
            shown: index.map_or_else(|| say(lang, "aucun acteur", "no actor"), |h| format!("{} {behind}", number(lang, h, 2))),
        });
    }
    measure.table = table;
    measure.chart = Some(Chart::Bars(Bars { bars }));
    measure
}

/// The Shannon index of counts, natural logarithm; none of nothing.
fn shannon(counts: &[u64]) -> Option<f64> {
    let sum: u64 = counts.iter().sum();
    let term = |n: &u64| {
        let p = *n as f64 / sum as f64;
        p * p.ln()
    };
    // Taken from zero, so that one theme alone gives 0 and not minus 0.
    (sum > 0).then(|| 0.0 - counts.iter().filter(|n| **n > 0).map(term).sum::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shannon_is_zero_for_one_theme_and_the_logarithm_for_as_many_of_each() {
        assert_eq!(shannon(&[7, 0, 0]), Some(0.0));
        assert!((shannon(&[3; 13]).unwrap() - 13_f64.ln()).abs() < 1e-12);
        assert_eq!(shannon(&[0, 0]), None);
    }
}
