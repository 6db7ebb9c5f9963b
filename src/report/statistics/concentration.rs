//! Whether actors are where people are, or all in one place.

use super::grid::{Grid, SIDE};
use super::input::Input;
use super::measure::{BIAS, Measure, SEAT, Text};
use super::table::{Cell, Table};
use super::words::{number, say};
use crate::report::chart::{Chart, Lorenz};
use std::collections::BTreeMap;

/// Squares of 200 m along the side of a larger one, where there are no quartiers.
const LARGER: usize = 5;

const TEXT: Text<'static> = Text {
    title: ["Concentration des acteurs", "Concentration of actors"],
    definition: [
        "Indice de Gini : 0 quand chaque lieu a autant d’acteurs que sa part d’habitants (ou de bâti), proche de 1 quand tous les acteurs sont au même endroit. Il compare les quartiers par leur population si elle est donnée pour tous, sinon par leur surface bâtie ; sans quartiers, des carrés de 1 km par leur surface bâtie.",
        "Gini index: 0 when each place has as many actors as its share of inhabitants (or of built area), near 1 when all actors are in one place. It compares quartiers by population if given for all, else by built area; without quartiers, squares of 1 km by built area.",
    ],
    formula: [
        "Lieux rangés du moins au plus d’acteurs par habitant (ou par m² bâti) ; x et y = parts cumulées des habitants et des acteurs ; G = 1 − Σ (xᵢ − xᵢ₋₁) × (yᵢ + yᵢ₋₁)",
        "Places ordered from fewest to most actors per inhabitant (or per built m²); x and y = cumulated shares of inhabitants and of actors; G = 1 − Σ (xᵢ − xᵢ₋₁) × (yᵢ + yᵢ₋₁)",
    ],
    source: [
        "population : champ « population » des quartiers ; surface bâtie : fond de carte (© les contributeurs d’OpenStreetMap, ODbL) ; acteurs : Bouillon (ODbL)",
        "population: field “population” of the quartiers; built area: base map (© OpenStreetMap contributors, ODbL); actors: Bouillon (ODbL)",
    ],
    caveats: &[
        BIAS,
        SEAT,
        [
            "L’indice dépend du découpage : on ne compare que des territoires découpés de la même façon. Un acteur présent dans deux lieux compte dans les deux.",
            "The index depends on how the territory is cut: compare only territories cut in the same way. An actor with places in two of them counts in both.",
        ],
    ],
    unit: ["", ""],
};

/// A place that is compared: its name, its actors, and its inhabitants or built area.
#[derive(Debug, Clone, PartialEq)]
struct Unit {
    name: String,
    actors: u64,
    weight: f64,
}

/// Gini of actors over inhabitants or built area.
pub(super) fn concentration(input: &Input) -> Measure {
    let lang = input.lang;
    let mut measure = TEXT.measure("concentration", lang);
    let (mut units, people) = units(input);
    let [weight, actors] = [units.iter().map(|u| u.weight).sum::<f64>(), units.iter().map(|u| u.actors as f64).sum()];
    if units.len() < 2 || weight <= 0.0 || actors <= 0.0 {
        measure.shown = say(lang, "rien à comparer", "nothing to compare");
        return measure;
    }
    let rank = |u: &Unit| if u.weight > 0.0 { u.actors as f64 / u.weight } else { f64::INFINITY };
    units.sort_by(|a, b| rank(a).total_cmp(&rank(b)).then_with(|| a.name.cmp(&b.name)));
    let mut curve = vec![[0.0, 0.0]];
    let (mut x, mut y) = (0.0, 0.0);
    let word = if people { say(lang, "Population", "Population") } else { say(lang, "Surface bâtie", "Built area") };
    let unit = if people { "" } else { "ha" };
    let mut table = Table::new(&[
        ("area", &say(lang, "Quartier ou carré de 1 km", "Quartier or square of 1 km"), ""),
        ("actors", &say(lang, "Acteurs", "Actors"), ""),
        ("weight", &word, unit),
        ("actors_share", &say(lang, "Part des acteurs", "Share of actors"), "%"),
        ("weight_share", &say(lang, "Part de la population ou du bâti", "Share of population or built area"), "%"),
    ]);
    for u in &units {
        x += u.weight;
        y += u.actors as f64;
        curve.push([x / weight, y / actors]);
        let shown = if people { u.weight } else { u.weight / 10_000.0 };
        let shares = [u.actors as f64 * 100.0 / actors, u.weight * 100.0 / weight].map(Cell::Number);
        let [a, w] = shares;
        table.row(vec![Cell::Text(u.name.clone()), Cell::Count(u.actors), Cell::Number(shown), a, w]);
    }
    let gini = gini(&curve);
    measure.number(lang, Some(gini), 2);
    let what = if people {
        say(lang, "quartiers, par habitant", "quartiers, per inhabitant")
    } else {
        say(lang, "lieux, par surface bâtie", "places, by built area")
    };
    measure.shown = format!("{} {} 1 ({} {what})", number(lang, gini, 2), say(lang, "sur", "of"), units.len());
    measure.table = table;
    let axis = if people {
        say(lang, "part cumulée de la population", "cumulated share of the population")
    } else {
        say(lang, "part cumulée de la surface bâtie", "cumulated share of the built area")
    };
    measure.chart = Some(Chart::Lorenz(Lorenz {
        curve,
        across: axis,
        up: say(lang, "part cumulée des acteurs", "cumulated share of actors"),
        shown: format!("Gini = {}", number(lang, gini, 2)),
        equal: say(lang, "répartition égale", "equal spread"),
    }));
    measure
}

/// One minus twice the area under a curve.
fn gini(curve: &[[f64; 2]]) -> f64 {
    1.0 - curve.windows(2).map(|w| (w[1][0] - w[0][0]) * (w[1][1] + w[0][1])).sum::<f64>()
}

/// What is compared, and whether by inhabitants.
fn units(input: &Input) -> (Vec<Unit>, bool) {
    let quartiers = &input.quartiers;
    let actors = |id: uuid::Uuid| input.actors.iter().filter(|a| a.territories.contains(&id)).count() as u64;
    let people = quartiers.len() >= 2 && quartiers.iter().all(|q| q.population.is_some());
    let of = |q: &super::input::Quartier, weight: f64| Unit { name: q.named.name.clone(), actors: actors(q.named.id), weight };
    if people {
        return (quartiers.iter().map(|q| of(q, q.population.unwrap_or(0) as f64)).collect(), true);
    }
    let Some(grid) = input.grid.as_deref() else { return (Vec::new(), false) };
    if quartiers.len() >= 2 {
        let area = |q: &super::input::Quartier| q.squares(grid).iter().map(|s| f64::from(grid.built[*s])).sum::<f64>() * Grid::POINT;
        return (quartiers.iter().map(|q| of(q, area(q))).collect(), false);
    }
    (squares(input, grid), false)
}

/// Squares of 1 km with something built or an actor in them, named by column and row from the south-west.
fn squares(input: &Input, grid: &Grid) -> Vec<Unit> {
    let mut found: BTreeMap<[usize; 2], (u64, f64)> = BTreeMap::new();
    for (square, built) in grid.built.iter().enumerate().filter(|(_, b)| **b > 0) {
        let at = [square / grid.columns / LARGER, square % grid.columns / LARGER];
        found.entry(at).or_default().1 += f64::from(*built) * Grid::POINT;
    }
    for (_, point) in input.points() {
        let [x, y] = grid.metres.to(point);
        let larger = SIDE * LARGER as f64;
        if x >= 0.0 && y >= 0.0 && x <= grid.columns as f64 * SIDE && y <= grid.rows as f64 * SIDE {
            found.entry([(y / larger) as usize, (x / larger) as usize]).or_default().0 += 1;
        }
    }
    found.into_iter().map(|([row, column], (actors, weight))| Unit { name: format!("{}-{}", column + 1, row + 1), actors, weight }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gini_of_an_equal_spread_is_zero_and_of_one_place_among_many_nearly_one() {
        assert!(gini(&[[0.0, 0.0], [0.3, 0.3], [1.0, 1.0]]).abs() < 1e-12);
        assert!((gini(&[[0.0, 0.0], [0.99, 0.0], [1.0, 1.0]]) - 0.99).abs() < 1e-12);
    }
}
