//! How well the map is known: when actors were last confirmed, which fields are known, how exactly they lie.

use super::input::Input;
use super::measure::{ACTORS, BIAS, Measure, Text};
use super::table::{Cell, Table};
use super::words::{moment, say, share};
use crate::model::{Actor, Lang, Precision};
use crate::report::chart::{Bar, Bars, Chart};
use time::Date;
use time::macros::format_description;

const FRESHNESS: Text<'static> = Text {
    title: ["Fraîcheur des fiches", "Freshness of the entries"],
    definition: [
        "Depuis quand quelqu’un a dit « C’est juste » de chaque acteur : âge médian de la dernière vérification, et part vérifiée depuis moins de 12 mois.",
        "Since when somebody has confirmed each actor: median age of the last confirmation, and share confirmed within 12 months.",
    ],
    formula: [
        "âge = date de l’état − date de dernière confirmation, en jours entiers ; médiane parmi les acteurs confirmés ; 12 mois = 365 jours",
        "age = date of the state − date of the last confirmation, in whole days; median of the confirmed actors; 12 months = 365 days",
    ],
    source: ACTORS,
    caveats: &[[
        "Un acteur jamais confirmé n’entre pas dans la médiane, mais compte dans les parts. Une fiche confirmée peut avoir changé depuis.",
        "An actor never confirmed is not in the median, but counts in the shares. A confirmed entry may have changed since.",
    ]],
    unit: ["jours", "days"],
};

/// Upper ends of the classes of age, days, and their names.
const AGES: [(i64, [&str; 2]); 4] = [
    (183, ["moins de 6 mois", "under 6 months"]),
    (365, ["de 6 à 12 mois", "6 to 12 months"]),
    (730, ["de 12 à 24 mois", "12 to 24 months"]),
    (i64::MAX, ["plus de 24 mois", "over 24 months"]),
];

/// Days since an actor was confirmed; none when it never was.
fn age(actor: &Actor, at: i64) -> Option<i64> {
    let day = Date::parse(actor.doc.text("confirmed_on"), format_description!("[year]-[month]-[day]")).ok()?;
    Some((moment(at).date() - day).whole_days().max(0))
}

/// Median age of the last confirmation.
pub(super) fn freshness(input: &Input) -> Measure {
    let lang = input.lang;
    let mut measure = FRESHNESS.measure("freshness", lang);
    let mut ages: Vec<i64> = input.actors.iter().filter_map(|a| age(a, input.at)).collect();
    ages.sort_unstable();
    let (all, recent) = (input.actors.len() as u64, ages.iter().filter(|a| **a < 365).count() as u64);
    let since = say(lang, "vérifiés depuis moins de 12 mois", "confirmed within 12 months");
    measure.number(lang, median(&ages), 0);
    if measure.value.is_some() {
        let unit = &measure.unit;
        measure.shown = format!("{} {unit} ; {} {since}", measure.shown, share(lang, recent, all));
    } else if all > 0 {
        measure.shown = say(lang, "aucun acteur vérifié", "no actor confirmed");
    }
    let mut counts = [0_u64; AGES.len() + 1];
    ages.iter().for_each(|age| counts[AGES.iter().position(|(end, _)| age < end).unwrap_or(AGES.len() - 1)] += 1);
    counts[AGES.len()] = all - ages.len() as u64;
    let names = AGES.iter().map(|(_, name)| *name).chain([["jamais vérifié", "never confirmed"]]);
    let rows = names.zip(counts).map(|([fr, en], n)| (say(lang, fr, en), n)).collect();
    shares(&mut measure, lang, &say(lang, "Dernière vérification", "Last confirmation"), rows, all);
    measure
}

/// The middle of sorted numbers.
fn median(sorted: &[i64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let high = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 { high as f64 } else { f64::midpoint(sorted[middle - 1] as f64, high as f64) })
}

/// Fills a measure's table and chart with counts out of one whole.
pub(super) fn shares(measure: &mut Measure, lang: Lang, what: &str, rows: Vec<(String, u64)>, whole: u64) {
    let mut table = Table::new(&[("what", what, ""), ("count", &say(lang, "Nombre", "Count"), ""), ("share", &say(lang, "Part", "Share"), "%")]);
    let mut bars = Vec::new();
    for (label, count) in rows {
        let percent = (whole > 0).then(|| count as f64 * 100.0 / whole as f64);
        table.row(vec![Cell::Text(label.clone()), Cell::Count(count), Cell::of(percent)]);
        bars.push(Bar { label, mark: None, value: Some(count as f64), shown: share(lang, count, whole) });
    }
    measure.table = table;
    measure.chart = Some(Chart::Bars(Bars { bars }));
}

const COMPLETENESS: Text<'static> = Text {
    title: ["Fiches complètes", "Completeness of the entries"],
    definition: [
        "Part des huit informations utiles qui sont connues, en moyenne sur tous les acteurs : forme, thème, une phrase, point sur la carte, adresse, moyen de contact, horaires, accès en fauteuil roulant.",
        "Share of eight useful pieces of information that are known, on average over all actors: kind, theme, a sentence, point on the map, address, a way of contact, opening hours, wheelchair access.",
    ],
    formula: ["informations connues ÷ (8 × acteurs)", "known pieces ÷ (8 × actors)"],
    source: ACTORS,
    caveats: &[[
        "Une information connue n’est pas forcément juste. Certains acteurs n’ont ni local ni horaires : 100 % n’est pas un but.",
        "What is known is not always right. Some actors have no premises or hours: 100% is not a goal.",
    ]],
    unit: ["%", "%"],
};

/// The eight pieces: label and whether an actor has it.
type Piece = ([&'static str; 2], fn(&Actor) -> bool);

const PIECES: [Piece; 8] = [
    (["forme", "kind"], |a| has(a, "kind")),
    (["thème", "theme"], |a| has(a, "primary_category")),
    (["une phrase", "a sentence"], |a| has(a, "summary")),
    (["point sur la carte", "point on the map"], |a| a.doc.fields.iter().any(|(f, v)| f.ends_with("/position") && !v["lon"].is_null())),
    (["adresse", "address"], |a| a.doc.fields.keys().any(|f| f.starts_with("place/") && f.ends_with("/address"))),
    (["moyen de contact", "a way of contact"], |a| ["website", "email", "phone"].iter().any(|f| has(a, f))),
    (["horaires", "opening hours"], |a| has(a, "opening_hours")),
    (["accès en fauteuil roulant", "wheelchair access"], |a| has(a, "wheelchair")),
];

fn has(actor: &Actor, field: &str) -> bool {
    !actor.doc.text(field).is_empty()
}

/// Share of what could be known.
pub(super) fn completeness(input: &Input) -> Measure {
    let lang = input.lang;
    let mut measure = COMPLETENESS.measure("completeness", lang);
    let all = input.actors.len() as u64;
    let known = |has: fn(&Actor) -> bool| input.actors.iter().filter(|a| has(a)).count() as u64;
    let rows: Vec<(String, u64)> = PIECES.iter().map(|([fr, en], has)| (say(lang, fr, en), known(*has))).collect();
    measure.share(lang, rows.iter().map(|r| r.1).sum(), all * PIECES.len() as u64);
    shares(&mut measure, lang, &say(lang, "Information", "Piece of information"), rows, all);
    measure
}

const PRECISION: Text<'static> = Text {
    title: ["Précision des lieux", "Precision of the places"],
    definition: [
        "Comment le lieu de chaque acteur est connu. Un acteur à deux lieux compte deux fois.",
        "How exactly the place of each actor is known. An actor with two places counts twice.",
    ],
    formula: ["lieux exacts ÷ lieux", "exact places ÷ places"],
    source: ACTORS,
    caveats: &[[
        "Un lieu volontairement imprécis protège une personne : 100 % n’est pas un but.",
        "A place that is imprecise on purpose protects a person: 100% is not a goal.",
    ]],
    unit: ["%", "%"],
};

/// Words for how exactly a place is known.
const PRECISIONS: [(Precision, [&str; 2]); 5] = [
    (Precision::Exact, ["exact", "exact"]),
    (Precision::Street, ["la rue", "the street"]),
    (Precision::Quartier, ["le quartier", "the quartier"]),
    (Precision::Commune, ["la commune", "the commune"]),
    (Precision::Online, ["en ligne, sans lieu", "online, no place"]),
];

/// How exactly places are known.
pub(super) fn precision(input: &Input) -> Measure {
    let lang = input.lang;
    let mut measure = PRECISION.measure("precision", lang);
    let places: Vec<Precision> = input.places.iter().flatten().map(|p| p.precision).collect();
    let all = places.len() as u64;
    let rows: Vec<(String, u64)> =
        PRECISIONS.iter().map(|(word, [fr, en])| (say(lang, fr, en), places.iter().filter(|p| *p == word).count() as u64)).collect();
    measure.share(lang, rows[0].1, all);
    shares(&mut measure, lang, &say(lang, "Le lieu est connu à", "The place is known to"), rows, all);
    measure
}

const PRACTICAL: Text<'static> = Text {
    title: ["Horaires et accessibilité", "Opening hours and accessibility"],
    definition: [
        "Parmi les acteurs qui ont un point sur la carte : ceux dont les horaires et l’accès en fauteuil roulant sont connus tous les deux, l’un ou l’autre.",
        "Among the actors with a point on the map: those whose opening hours and wheelchair access are both known, or one of them.",
    ],
    formula: ["acteurs dont les deux sont connus ÷ acteurs avec un point", "actors with both known ÷ actors with a point"],
    source: ACTORS,
    caveats: &[BIAS, ["« Accessible » est ce que des personnes ont noté, pas un contrôle.", "“Accessible” is what people noted, not an inspection."]],
    unit: ["%", "%"],
};

/// Opening hours and wheelchair access.
pub(super) fn practical(input: &Input) -> Measure {
    let lang = input.lang;
    let mut measure = PRACTICAL.measure("practical", lang);
    let somewhere: Vec<&Actor> = input.somewhere().collect();
    let count = |test: &dyn Fn(&Actor) -> bool| somewhere.iter().filter(|a| test(a)).count() as u64;
    let (hours, chair) = (|a: &Actor| has(a, "opening_hours"), |a: &Actor| has(a, "wheelchair"));
    let word = |word: &'static str| move |a: &Actor| a.doc.text("wheelchair") == word;
    let rows = vec![
        (say(lang, "horaires et accès connus", "hours and access known"), count(&|a| hours(a) && chair(a))),
        (say(lang, "horaires connus", "hours known"), count(&hours)),
        (say(lang, "accès en fauteuil connu", "wheelchair access known"), count(&chair)),
        (say(lang, "– accessible", "– accessible"), count(&word("yes"))),
        (say(lang, "– en partie", "– limited"), count(&word("limited"))),
        (say(lang, "– non accessible", "– not accessible"), count(&word("no"))),
    ];
    let all = somewhere.len() as u64;
    measure.share(lang, rows[0].1, all);
    shares(&mut measure, lang, &say(lang, "Connu", "Known"), rows, all);
    measure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_numbers() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3]), Some(3.0));
        assert_eq!(median(&[1, 2, 10, 11]), Some(6.0));
    }
}
