//! The sentences of figures: their date and count, their sources, how to cite them.

use super::files::Facts;
use crate::model::Lang;
use crate::model::taxonomy;
use crate::report::Selection;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// Licence of the data behind every figure (domain/legal.md R7).
pub const LICENCE: &str = "ODbL-1.0";
/// Where the licence is explained.
pub const LICENCE_URL: &str = "https://opendatacommons.org/licenses/odbl/1-0/";
/// The attribution that OpenStreetMap asks for, in French, as on every map of the site.
pub const OSM: &str = "© les contributeurs d’OpenStreetMap";

const MONTHS_FR: [&str; 12] =
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];
const MONTHS_EN: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// One of two sentences.
pub(crate) fn pick<'a>(lang: Lang, fr: &'a str, en: &'a str) -> &'a str {
    if lang == Lang::Fr { fr } else { en }
}

/// `12 mars 2027`, `1er avril 2027`, `12 March 2027`; the day is that of UTC.
pub fn day(at: i64, lang: Lang) -> String {
    let Ok(moment) = OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)) else { return String::new() };
    let month = usize::from(u8::from(moment.month())) - 1;
    match lang {
        Lang::Fr if moment.day() == 1 => format!("1er {} {}", MONTHS_FR[month], moment.year()),
        Lang::Fr => format!("{} {} {}", moment.day(), MONTHS_FR[month], moment.year()),
        Lang::En => format!("{} {} {}", moment.day(), MONTHS_EN[month], moment.year()),
    }
}

/// A number with its thousands apart: `20 000` with a narrow space that does not break, `20,000`.
pub fn number(n: usize, lang: Lang) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(if lang == Lang::Fr { '\u{202f}' } else { ',' });
        }
        out.push(digit);
    }
    out
}

/// `214 acteurs`, `1 acteur`, `aucun acteur`.
pub fn actors(n: usize, lang: Lang) -> String {
    match (n, lang) {
        (0, Lang::Fr) => "aucun acteur".into(),
        (0, Lang::En) => "no actor".into(),
        (1, Lang::Fr) => "1 acteur".into(),
        (1, Lang::En) => "1 actor".into(),
        (n, Lang::Fr) => format!("{} acteurs", number(n, lang)),
        (n, Lang::En) => format!("{} actors", number(n, lang)),
    }
}

/// `État au 12 mars 2027 · 214 acteurs`.
pub fn state_line(at: i64, count: usize, lang: Lang) -> String {
    format!("{} {} · {}", pick(lang, "État au", "As of"), day(at, lang), actors(count, lang))
}

/// Who made the data. OpenStreetMap stands first as soon as an actor or the base map comes from there; the base map always does.
pub fn sources(territory: &str, lang: Lang) -> Vec<String> {
    let people = match lang {
        Lang::Fr => format!("Contributions à la carte ouverte de {territory} (Bouillon)"),
        Lang::En => format!("Contributions to the open map of {territory} (Bouillon)"),
    };
    vec![OSM.to_owned(), people]
}

/// How to name a figure in a text: title, territory, date, position of the journal when it is frozen, address, licence.
pub fn citation(title: &str, territory: &str, facts: &Facts, frozen: bool, address: &str, lang: Lang) -> String {
    let date = day(facts.at, lang);
    let position = format!("{}:{}", facts.position.epoch, facts.position.seq);
    match (lang, frozen) {
        (Lang::Fr, true) => {
            format!("« {title} », {territory}, état au {date} (position {position} du journal), Bouillon, {address}. Données : ODbL 1.0, {OSM}.")
        }
        (Lang::Fr, false) => format!("« {title} », {territory}, figure vivante consultée le {date}, Bouillon, {address}. Données : ODbL 1.0, {OSM}."),
        (Lang::En, true) => {
            format!("“{title}”, {territory}, as of {date} (journal position {position}), Bouillon, {address}. Data: ODbL 1.0, {OSM}.")
        }
        (Lang::En, false) => format!("“{title}”, {territory}, live figure seen on {date}, Bouillon, {address}. Data: ODbL 1.0, {OSM}."),
    }
}

/// What a picture says to somebody who does not see it, when its author has not said it: what, where, when, how many, and of which themes most.
pub fn alternative(title: &str, selection: &Selection, lang: Lang) -> String {
    let place = selection.area.as_ref().map_or(&selection.territory.name, |a| &a.name);
    let line = state_line(selection.at, selection.actors.len(), lang);
    let mut counts: Vec<(&str, usize)> = selection.by_theme().into_iter().filter(|(code, _)| !code.is_empty()).collect();
    counts.sort_by_key(|(code, n)| (std::cmp::Reverse(*n), *code));
    let most: Vec<String> = counts
        .iter()
        .take(3)
        .filter_map(|(code, n)| taxonomy().labels(code).map(|(fr, en)| format!("{} ({})", pick(lang, fr, en), number(*n, lang))))
        .collect();
    let themes = if most.is_empty() { String::new() } else { format!("{} {}.", pick(lang, " Surtout :", " Mostly:"), most.join(", ")) };
    format!("{title}. {place}. {line}.{themes}")
}

/// Codes of the themes that a selection holds, in the order of the legend.
pub fn themes(selection: &Selection) -> Vec<&'static str> {
    let held: BTreeSet<&str> = selection.by_theme().into_keys().collect();
    taxonomy().themes.iter().map(|t| t.code.as_str()).filter(|c| held.contains(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_read_as_people_write_them() {
        let march = 1_804_809_600_000; // 2027-03-12
        assert_eq!(state_line(march, 214, Lang::Fr), "État au 12 mars 2027 · 214 acteurs");
        assert_eq!(state_line(march, 1, Lang::En), "As of 12 March 2027 · 1 actor");
        assert_eq!(day(0, Lang::Fr), "1er janvier 1970");
        assert_eq!(actors(20_000, Lang::Fr), "20\u{202f}000 acteurs");
        assert_eq!(number(1_234_567, Lang::En), "1,234,567");
        assert_eq!(actors(0, Lang::Fr), "aucun acteur");
    }
}
