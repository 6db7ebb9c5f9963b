//! Who has an actor nearby: the share of the built area within 500 m of one, and the squares without any.

use super::input::{self, Input};
use super::measure::{BIAS, Measure, SEAT, Text};
use super::table::{Cell, Table};
use super::words::{number, say};
use crate::model::{Lang, taxonomy};
use crate::report::chart::{Bar, Bars, Chart, Class, GridMap};

/// What counts as nearby, metres as the crow flies.
pub const NEAR: f64 = 500.0;

const PROXY: [&str; 2] = [
    "Faute de savoir où habite chaque personne, la surface bâtie en tient lieu : bâtiments et zones résidentielles du fond de carte. Une usine y compte comme une maison ; ce que l’extrait d’OpenStreetMap ne contient pas n’est pas compté.",
    "As nobody tells where each person lives, the built area stands for inhabitants: buildings and residential land of the base map. A factory counts as a house does; what the OpenStreetMap extract does not hold is not counted.",
];
const CROW: [&str; 2] = [
    "500 m à vol d’oiseau : une rivière ou une voie ferrée peut allonger le chemin. Les acteurs hors du territoire ne comptent pas.",
    "500 m as the crow flies: a river or a railway can make the way longer. Actors outside the territory do not count.",
];
const SOURCE: [&str; 2] = [
    "surface bâtie : fond de carte (© les contributeurs d’OpenStreetMap, ODbL) ; acteurs : Bouillon (ODbL)",
    "built area: base map (© OpenStreetMap contributors, ODbL); actors: Bouillon (ODbL)",
];

const COVERAGE: Text<'static> = Text {
    title: ["Surface bâtie à moins de 500 m d’un acteur", "Built area within 500 m of an actor"],
    definition: [
        "Part de la surface bâtie du territoire qui a au moins un acteur à 500 m ou moins, en tout et par thème principal. La surface bâtie tient lieu d’habitants.",
        "Share of the territory’s built area that has at least one actor at 500 m or less, in all and by main theme. The built area stands for inhabitants.",
    ],
    formula: [
        "Σ surface bâtie des carrés de 200 m dont le milieu est à 500 m ou moins d’un acteur ÷ Σ surface bâtie ; surface bâtie = points tous les 20 m dans un bâtiment ou une zone résidentielle × 400 m² ; mètres locaux à la latitude du milieu du territoire",
        "Σ built area of the 200 m squares whose middle is at 500 m or less from an actor ÷ Σ built area; built area = points every 20 m inside a building or residential land × 400 m²; local metres at the territory’s middle latitude",
    ],
    source: SOURCE,
    caveats: &[PROXY, CROW, BIAS, SEAT],
    unit: ["%", "%"],
};

const BLANK: Text<'static> = Text {
    title: ["Zones blanches : carrés bâtis sans acteur à 500 m", "Blank areas: built squares with no actor within 500 m"],
    definition: [
        "Carrés de 200 m où il y a du bâti et aucun acteur à 500 m ou moins de leur milieu. Le tableau classe les manques par quartier et par thème, du plus grand au plus petit. La surface bâtie tient lieu d’habitants.",
        "Squares of 200 m with some built area and no actor at 500 m or less from their middle. The table ranks what is missing by quartier and theme, the largest first. The built area stands for inhabitants.",
    ],
    formula: [
        "nombre de carrés bâtis sans acteur à 500 m ; manque(quartier, thème) = surface bâtie des carrés du quartier sans acteur de ce thème à 500 m",
        "number of built squares with no actor within 500 m; missing(quartier, theme) = built area of the quartier’s squares with no actor of that theme within 500 m",
    ],
    source: SOURCE,
    caveats: &[PROXY, CROW, BIAS, SEAT],
    unit: ["carrés", "squares"],
};

/// Why a measure of the built area has no number.
fn missing(measure: &mut Measure, lang: Lang) {
    measure.shown = say(lang, "pas de fond de carte avec du bâti", "no base map with built area");
}

/// Printed where only residential land was read.
fn about_land(measure: &mut Measure, lang: Lang, buildings: bool) {
    if !buildings {
        let fr = "Le territoire est grand : seules les zones résidentielles du fond de carte comptent comme surface bâtie, pas chaque bâtiment.";
        measure.caveats.push(say(lang, fr, "The territory is large: only residential land of the base map counts as built area, not each building."));
    }
}

/// Square metres → hectares.
fn hectares(area: f64) -> f64 {
    area / 10_000.0
}

/// For each square, one bit per theme that has an actor nearby; one more bit stands for an actor of any theme or none.
pub(super) fn reached(input: &Input) -> Vec<u16> {
    let Some(grid) = &input.grid else { return Vec::new() };
    let mut near = vec![0_u16; grid.built.len()];
    let any = 1 << taxonomy().themes.len();
    for (actor, point) in input.points() {
        let bits = any | (1 << input::theme(actor));
        grid.around(grid.metres.to(point), NEAR).for_each(|square| near[square] |= bits);
    }
    near
}

/// Share of the built area near an actor.
pub(super) fn coverage(input: &Input, near: &[u16]) -> Measure {
    let lang = input.lang;
    let mut measure = COVERAGE.measure("coverage", lang);
    let Some(grid) = input.grid.as_deref().filter(|g| g.area() > 0.0) else {
        missing(&mut measure, lang);
        return measure;
    };
    about_land(&mut measure, lang, grid.buildings);
    let themes = taxonomy().themes.len();
    let points: u64 = grid.built.iter().map(|b| u64::from(*b)).sum();
    let reached = |bit: usize| grid.built.iter().zip(near).filter(|(_, n)| **n >> bit & 1 == 1).map(|(b, _)| u64::from(*b)).sum::<u64>();
    let area = |points: u64| hectares(points as f64 * super::grid::Grid::POINT);
    let told = |part: u64| {
        let [a, b] = [part, points].map(|p| number(lang, area(p), 0));
        let percent = number(lang, part as f64 * 100.0 / points as f64, 0);
        if lang == Lang::Fr { format!("{percent}\u{a0}% ({a} ha sur {b} ha)") } else { format!("{percent}% ({a} ha of {b} ha)") }
    };
    let mut table = Table::new(&[
        ("code", "Code", ""),
        ("theme", &say(lang, "Thème", "Theme"), ""),
        ("covered", &say(lang, "Surface bâtie couverte", "Built area covered"), "ha"),
        ("built", &say(lang, "Surface bâtie", "Built area"), "ha"),
        ("share", &say(lang, "Part", "Share"), "%"),
    ]);
    let mut bars = Vec::new();
    for theme in std::iter::once(themes).chain(0..themes) {
        let part = reached(theme);
        let mark = input::mark(theme);
        let label = if mark.is_some() { input::label(lang, theme) } else { say(lang, "Tous les thèmes", "All themes") };
        let code = mark.as_ref().map_or(Cell::Nothing, |m| Cell::Text(m.code.clone()));
        table.row(vec![
            code,
            Cell::Text(label.clone()),
            Cell::Number(area(part)),
            Cell::Number(area(points)),
            Cell::Number(part as f64 * 100.0 / points as f64),
        ]);
        bars.push(Bar { label, mark, value: Some(part as f64), shown: told(part) });
    }
    measure.value = Some((reached(themes) as f64 * 1e8 / points as f64).round() / 1e6);
    measure.shown = told(reached(themes));
    measure.table = table;
    measure.chart = Some(Chart::Bars(Bars { bars }));
    measure
}

/// The squares with nobody near, and what is missing where.
pub(super) fn blank(input: &Input, near: &[u16]) -> Measure {
    let lang = input.lang;
    let mut measure = BLANK.measure("blank", lang);
    let Some(grid) = input.grid.as_deref().filter(|g| g.area() > 0.0) else {
        missing(&mut measure, lang);
        return measure;
    };
    about_land(&mut measure, lang, grid.buildings);
    let themes = taxonomy().themes.len();
    let built = || grid.built.iter().enumerate().filter(|(_, b)| **b > 0);
    let (all, none) = (built().count(), built().filter(|(i, _)| near[*i] == 0).count());
    measure.value = Some(none as f64);
    let [a, b] = [none, all].map(|n| number(lang, n as f64, 0));
    measure.shown = if lang == Lang::Fr { format!("{a} carrés sur {b}") } else { format!("{a} squares of {b}") };
    measure.table = gaps(input, near);
    let count = |square: usize| (near[square] & ((1 << themes) - 1)).count_ones();
    // From nobody near to most themes near.
    let class = |square: usize| match (near[square], count(square)) {
        (0, _) => 1,
        (_, 0..=3) => 2,
        (_, 4..=7) => 3,
        _ => 4,
    };
    let classes: Vec<u8> = (0..grid.built.len()).map(|i| if grid.built[i] == 0 { 0 } else { class(i) }).collect();
    let names = [
        ["aucun acteur à 500 m", "no actor within 500 m"],
        ["1 à 3 thèmes à 500 m", "1 to 3 themes within 500 m"],
        ["4 à 7 thèmes à 500 m", "4 to 7 themes within 500 m"],
        ["8 thèmes ou plus à 500 m", "8 themes or more within 500 m"],
    ];
    let legend = names.iter().zip(1..).map(|([fr, en], class)| {
        let count = classes.iter().filter(|c| **c == class).count();
        Class { label: say(lang, fr, en), shown: format!("{} {}", number(lang, count as f64, 0), say(lang, "carrés", "squares")) }
    });
    let outlines = input.shape.iter().chain(input.quartiers.iter().map(|q| &q.shape)).flat_map(|shape| {
        shape
            .polygons()
            .iter()
            .flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
            .map(|r| r.coords().map(|c| grid.metres.to([c.x, c.y])).collect())
    });
    measure.chart = Some(Chart::Grid(GridMap {
        columns: grid.columns,
        rows: grid.rows,
        side: super::grid::SIDE,
        legend: legend.collect(),
        outlines: outlines.collect(),
        names: input.quartiers.iter().filter_map(|q| Some((q.named.name.clone(), grid.metres.to(q.middle()?)))).collect(),
        north: say(lang, "nord", "north"),
        classes,
    }));
    measure
}

/// What is missing by quartier and theme, the largest first.
fn gaps(input: &Input, near: &[u16]) -> Table {
    let lang = input.lang;
    let mut table = Table::new(&[
        ("area", &say(lang, "Territoire ou quartier", "Territory or quartier"), ""),
        ("code", "Code", ""),
        ("theme", &say(lang, "Thème", "Theme"), ""),
        ("missing", &say(lang, "Surface bâtie sans acteur de ce thème à 500 m", "Built area without an actor of this theme within 500 m"), "ha"),
        ("built", &say(lang, "Surface bâtie", "Built area"), "ha"),
        ("share", &say(lang, "Part", "Share"), "%"),
    ]);
    let Some(grid) = input.grid.as_deref() else { return table };
    let themes = taxonomy().themes.len();
    let mut lines = Vec::new();
    for (name, squares) in input.squares(grid) {
        let built: u64 = squares.iter().map(|s| u64::from(grid.built[*s])).sum();
        for theme in 0..themes {
            let missing: u64 = squares.iter().filter(|s| near[**s] >> theme & 1 == 0).map(|s| u64::from(grid.built[*s])).sum();
            if missing > 0 {
                lines.push((missing, name.clone(), theme, built));
            }
        }
    }
    lines.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (&a.1, a.2).cmp(&(&b.1, b.2))));
    let area = |points: u64| Cell::Number(hectares(points as f64 * super::grid::Grid::POINT));
    for (missing, name, theme, built) in lines {
        let code = taxonomy().themes[theme].code.clone();
        let share = Cell::Number(missing as f64 * 100.0 / built as f64);
        table.row(vec![Cell::Text(name), Cell::Text(code), Cell::Text(input::label(lang, theme)), area(missing), area(built), share]);
    }
    table
}
