//! What sheets say, in French and English.

use super::Sheet;
use crate::model::{Lang, taxonomy};
use crate::report::Selection;
use crate::report::paper::fonts::{date, number};

/// One of two texts.
pub(super) fn say<'a>(lang: Lang, french: &'a str, english: &'a str) -> &'a str {
    if lang == Lang::Fr { french } else { english }
}

/// `État au 12 mars 2027 · 214 acteurs`.
pub fn state(selection: &Selection, lang: Lang) -> String {
    let day = date(selection.at, lang);
    format!("{} · {}", if lang == Lang::Fr { format!("État au {day}") } else { format!("As of {day}") }, actors(selection.actors.len(), lang))
}

/// `214 acteurs`.
pub fn actors(n: usize, lang: Lang) -> String {
    let word = match (lang, n) {
        (Lang::Fr, 0 | 1) => "acteur",
        (Lang::Fr, _) => "acteurs",
        (Lang::En, 1) => "actor",
        (Lang::En, _) => "actors",
    };
    format!("{}\u{a0}{word}", number(n, lang))
}

/// The title given, else the place's name.
pub fn title(sheet: &Sheet, selection: &Selection) -> String {
    if !sheet.title.trim().is_empty() {
        return sheet.title.clone();
    }
    let place = selection.area.as_ref().unwrap_or(&selection.territory);
    match sheet.lang {
        Lang::Fr => format!("Les acteurs citoyens {}", of(&place.name)),
        Lang::En => format!("Citizen actors of {}", place.name),
    }
}

/// `de Redon`, `d’Albi`, `du Havre`, `des Herbiers`.
fn of(name: &str) -> String {
    let vowel = |c: char| "aeiouyhàâéèêëîïôœAEIOUYHÀÂÉÈÊËÎÏÔŒ".contains(c);
    match name.split_once(' ') {
        Some(("Le", rest)) => format!("du {rest}"),
        Some(("Les", rest)) => format!("des {rest}"),
        _ if name.starts_with(vowel) => format!("d’{name}"),
        _ => format!("de {name}"),
    }
}

/// What the picture shows, for those who don't see it.
pub fn alt(sheet: &Sheet, selection: &Selection) -> String {
    if !sheet.alt.trim().is_empty() {
        return sheet.alt.clone();
    }
    let place = selection.area.as_ref().unwrap_or(&selection.territory);
    let themes = selection.by_theme();
    let mut counts: Vec<(&str, usize)> = themes.iter().map(|(t, n)| (*t, *n)).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let list: Vec<String> = counts.iter().take(5).map(|(t, n)| format!("{} {n}", theme(t, sheet.lang))).collect();
    let what = if sheet.lang == Lang::Fr {
        format!("Carte {} avec {} au {}", of(&place.name), actors(selection.actors.len(), sheet.lang), date(selection.at, sheet.lang))
    } else {
        format!("Map of {} with {} on {}", place.name, actors(selection.actors.len(), sheet.lang), date(selection.at, sheet.lang))
    };
    let colon = say(sheet.lang, "\u{a0}: ", ": ");
    if list.is_empty() { format!("{what}.") } else { format!("{what}{colon}{}.", list.join(", ")) }
}

/// The name of a theme.
pub fn theme(code: &str, lang: Lang) -> String {
    match taxonomy().labels(code) {
        Some((french, english)) => say(lang, french, english).to_owned(),
        None => say(lang, "Sans thème", "No theme").to_owned(),
    }
}

/// The licence line and who made the base map.
pub(super) fn licence(lang: Lang) -> &'static str {
    say(
        lang,
        "© les contributeurs d’OpenStreetMap et les personnes qui tiennent cette carte · données sous licence ODbL 1.0",
        "© OpenStreetMap contributors and the people who keep this map · data under the ODbL 1.0 licence",
    )
}
