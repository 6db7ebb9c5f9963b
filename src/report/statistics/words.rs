//! Words and numbers in the reader's language.

use crate::model::{Lang, taxonomy};
use time::OffsetDateTime;

/// The sentence of a language.
pub(super) fn say(lang: Lang, fr: &str, en: &str) -> String {
    if lang == Lang::Fr { fr.into() } else { en.into() }
}

/// A number as people write it: `1 234,5` or `1,234.5`.
pub fn number(lang: Lang, n: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", n.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let (between, point) = if lang == Lang::Fr { ('\u{a0}', ',') } else { (',', '.') };
    let mut out = String::new();
    if n < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(between);
        }
        out.push(digit);
    }
    if !rest.is_empty() {
        out.push(point);
        out.push_str(rest);
    }
    out
}

/// A share with the count behind it: `62 % (31 sur 50)`.
pub(super) fn share(lang: Lang, part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".into();
    }
    let percent = number(lang, part as f64 * 100.0 / whole as f64, 0);
    let [part, whole] = [part, whole].map(|n| number(lang, n as f64, 0));
    if lang == Lang::Fr { format!("{percent}\u{a0}% ({part} sur {whole})") } else { format!("{percent}% ({part} of {whole})") }
}

const MONTHS: [[&str; 12]; 2] = [
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
];

/// A moment in milliseconds since 1970 as a day of UTC.
pub(super) fn moment(at: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// `12 mars 2027`.
pub fn day(lang: Lang, at: i64) -> String {
    let t = moment(at);
    let month = MONTHS[usize::from(lang != Lang::Fr)][usize::from(u8::from(t.month())) - 1];
    let first = if lang == Lang::Fr && t.day() == 1 { "1er".to_owned() } else { t.day().to_string() };
    format!("{first} {month} {}", t.year())
}

/// Label of a theme or category.
pub(super) fn category(lang: Lang, code: &str) -> String {
    match taxonomy().labels(code) {
        Some((fr, en)) => say(lang, fr, en),
        None => say(lang, "sans thème", "no theme"),
    }
}

/// Kinds of actor with their French and English labels, in the order of tables.
pub(super) const KINDS: [(&str, &str, &str); 10] = [
    ("association", "Association", "Association"),
    ("collective", "Collectif", "Collective"),
    ("company", "Entreprise", "Company"),
    ("cooperative", "Coopérative", "Cooperative"),
    ("public_body", "Service public", "Public body"),
    ("foundation", "Fondation", "Foundation"),
    ("place", "Lieu", "Place"),
    ("media", "Média", "Media"),
    ("network", "Réseau", "Network"),
    ("person", "Personne", "Person"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::KINDS as ALL;

    #[test]
    fn numbers_and_days_are_written_as_people_write_them() {
        assert_eq!(number(Lang::Fr, 1_234_567.891, 1), "1\u{a0}234\u{a0}567,9");
        assert_eq!(number(Lang::En, -1234.0, 0), "−1,234");
        assert_eq!(number(Lang::En, -0.001, 1), "0.0");
        assert_eq!(share(Lang::Fr, 1, 3), "33\u{a0}% (1 sur 3)");
        assert_eq!(share(Lang::En, 0, 0), "–");
        assert_eq!(day(Lang::Fr, 1_709_251_200_000), "1er mars 2024");
        assert_eq!(day(Lang::En, 1_709_251_200_000), "1 March 2024");
    }

    #[test]
    fn every_kind_has_a_label() {
        assert_eq!(KINDS.len(), ALL.len());
        assert!(ALL.iter().all(|kind| KINDS.iter().any(|(code, ..)| code == kind)));
    }
}
