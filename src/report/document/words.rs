//! Words and numbers as a document writes them.

use crate::model::Lang;
use time::OffsetDateTime;

/// One of two texts.
pub(super) fn say<'a>(lang: Lang, french: &'a str, english: &'a str) -> &'a str {
    if lang == Lang::Fr { french } else { english }
}

const MONTHS: [[&str; 12]; 2] = [
    ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
];

/// A day in words: « 1er mars 2027 », `1 March 2027`; from UTC milliseconds since 1970.
pub(super) fn day(lang: Lang, at: i64) -> String {
    let Ok(t) = OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)) else { return String::new() };
    let [french, english] = MONTHS;
    let month = usize::from(u8::from(t.month())).saturating_sub(1);
    let name = if lang == Lang::Fr { french } else { english }.get(month).copied().unwrap_or_default();
    let number = if lang == Lang::Fr && t.day() == 1 { "1er".to_owned() } else { t.day().to_string() };
    format!("{number} {name} {}", t.year())
}

/// A date as a person knows it, `2019`, `2019-05` or `2019-05-12`, in words.
pub(super) fn date(lang: Lang, text: &str) -> String {
    let parts: Vec<&str> = text.split('-').collect();
    let [french, english] = MONTHS;
    let months = if lang == Lang::Fr { french } else { english };
    let month = parts.get(1).and_then(|m| m.parse::<usize>().ok()).and_then(|m| months.get(m.checked_sub(1)?));
    match (parts.as_slice(), month) {
        ([year, _], Some(month)) => format!("{month} {year}"),
        ([year, _, day], Some(month)) => {
            let number = day.trim_start_matches('0');
            format!("{} {month} {year}", if lang == Lang::Fr && number == "1" { "1er" } else { number })
        }
        _ => text.to_owned(),
    }
}

/// A count with its noun, in French with the narrow space between thousands.
pub(super) fn count(lang: Lang, n: usize, one: &str, many: &str) -> String {
    let singular = if lang == Lang::Fr { n < 2 } else { n == 1 };
    format!("{} {}", whole(lang, n as u64), if singular { one } else { many })
}

/// A whole number with its thousands apart.
pub(super) fn whole(lang: Lang, n: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_numbers_read_as_people_write_them() {
        assert_eq!(day(Lang::Fr, 1_709_251_200_000), "1er mars 2024");
        assert_eq!(day(Lang::En, 1_709_251_200_000), "1 March 2024");
        assert_eq!(date(Lang::Fr, "2019"), "2019");
        assert_eq!(date(Lang::Fr, "2019-05"), "mai 2019");
        assert_eq!(date(Lang::Fr, "2019-05-01"), "1er mai 2019");
        assert_eq!(date(Lang::En, "2019-05-12"), "12 May 2019");
        assert_eq!(count(Lang::Fr, 0, "acteur", "acteurs"), "0 acteur");
        assert_eq!(count(Lang::En, 0, "actor", "actors"), "0 actors");
        assert_eq!(count(Lang::Fr, 1_234_567, "acteur", "acteurs"), "1\u{202f}234\u{202f}567 acteurs");
    }
}
