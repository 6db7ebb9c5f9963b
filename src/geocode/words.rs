//! The words of an address as they are compared: folded, cut apart, abbreviations written out. The same for what is stored and what is typed.

use crate::model::text::fold;

/// Abbreviations and what they stand for, in folded words; many write the number words too.
const SHORT: &[(&str, &str)] = &[
    ("av", "avenue"),
    ("ave", "avenue"),
    ("aven", "avenue"),
    ("bd", "boulevard"),
    ("bld", "boulevard"),
    ("blvd", "boulevard"),
    ("bvd", "boulevard"),
    ("boul", "boulevard"),
    ("r", "rue"),
    ("pl", "place"),
    ("plce", "place"),
    ("imp", "impasse"),
    ("ch", "chemin"),
    ("che", "chemin"),
    ("chem", "chemin"),
    ("chm", "chemin"),
    ("rte", "route"),
    ("all", "allee"),
    ("allees", "allee"),
    ("sq", "square"),
    ("crs", "cours"),
    ("qu", "quai"),
    ("fg", "faubourg"),
    ("fbg", "faubourg"),
    ("pass", "passage"),
    ("pas", "passage"),
    ("esp", "esplanade"),
    ("prom", "promenade"),
    ("res", "residence"),
    ("lot", "lotissement"),
    ("carr", "carrefour"),
    ("crf", "carrefour"),
    ("ham", "hameau"),
    ("mte", "montee"),
    ("sent", "sentier"),
    ("sen", "sentier"),
    ("pte", "porte"),
    ("pt", "pont"),
    ("rpt", "rond point"),
    ("za", "zone artisanale"),
    ("zi", "zone industrielle"),
    ("zac", "zone d amenagement concerte"),
    ("st", "saint"),
    ("ste", "sainte"),
    ("sts", "saints"),
    ("stes", "saintes"),
    ("nd", "notre dame"),
    ("gal", "general"),
    ("gen", "general"),
    ("mal", "marechal"),
    ("mar", "marechal"),
    ("dr", "docteur"),
    ("doct", "docteur"),
    ("pdt", "president"),
    ("pres", "president"),
    ("cdt", "commandant"),
    ("cne", "capitaine"),
    ("cap", "capitaine"),
    ("col", "colonel"),
    ("lt", "lieutenant"),
    ("sgt", "sergent"),
    ("adj", "adjudant"),
    ("prof", "professeur"),
    ("pr", "professeur"),
    ("mgr", "monseigneur"),
    ("gd", "grand"),
    ("gde", "grande"),
    ("grd", "grand"),
    ("gds", "grands"),
    ("un", "1"),
    ("deux", "2"),
    ("trois", "3"),
    ("quatre", "4"),
    ("cinq", "5"),
    ("six", "6"),
    ("sept", "7"),
    ("huit", "8"),
    ("neuf", "9"),
    ("dix", "10"),
    ("onze", "11"),
    ("douze", "12"),
    ("treize", "13"),
    ("quatorze", "14"),
    ("quinze", "15"),
    ("seize", "16"),
    ("vingt", "20"),
    ("trente", "30"),
    ("cent", "100"),
    ("premier", "1er"),
    ("premiere", "1er"),
    ("1ere", "1er"),
    ("ier", "1er"),
    ("deuxieme", "2e"),
    ("troisieme", "3e"),
    ("quatrieme", "4e"),
    ("cinquieme", "5e"),
    ("sixieme", "6e"),
    ("septieme", "7e"),
    ("huitieme", "8e"),
    ("neuvieme", "9e"),
    ("dixieme", "10e"),
    ("ii", "2"),
    ("iii", "3"),
    ("iv", "4"),
    ("vii", "7"),
    ("viii", "8"),
    ("ix", "9"),
    ("xi", "11"),
    ("xii", "12"),
    ("xiii", "13"),
    ("xiv", "14"),
    ("xv", "15"),
    ("xvi", "16"),
    ("xviii", "18"),
    ("xxiii", "23"),
];

/// Words that say nothing by themselves.
const SMALL: [&str; 20] =
    ["d", "l", "de", "du", "des", "la", "le", "les", "a", "au", "aux", "en", "et", "sur", "sous", "s", "lez", "lès", "dit", "dite"];

/// Words that stand in addresses and in no name.
const NOISE: [&str; 5] = ["cedex", "france", "bp", "cs", "tsa"];

/// House-number suffixes of more than a letter.
const SUFFIXES: [&str; 3] = ["bis", "ter", "quater"];

/// The words that count, in order: small ones are left out unless there is nothing else.
pub(super) fn words(text: &str) -> Vec<String> {
    let all: Vec<String> = raw(text).into_iter().flat_map(|w| long(&w).split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    let telling: Vec<String> = all.iter().filter(|w| !is_small(w)).cloned().collect();
    if telling.is_empty() { all } else { telling }
}

/// Folded words, cut where letters run into a long number (`eloy59133`) and where a number runs into a word (`8mai`).
pub(super) fn raw(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for word in fold(text).split(' ').filter(|w| !w.is_empty()) {
        match cut(word) {
            Some(at) => out.extend([word[..at].to_owned(), word[at..].to_owned()]),
            None => out.push(word.to_owned()),
        }
    }
    out
}

fn cut(word: &str) -> Option<usize> {
    let digits_first = word.starts_with(|c: char| c.is_ascii_digit());
    let at = word.find(|c: char| c.is_ascii_digit() != digits_first)?;
    let (head, tail) = word.split_at(at);
    let letters = |t: &str| t.chars().all(char::is_alphabetic);
    let numbers = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let run_on = if digits_first {
        letters(tail) && tail.chars().count() >= 3 && !SUFFIXES.contains(&tail) && !matches!(tail, "eme" | "ere" | "ieme")
    } else {
        letters(head) && head.chars().count() >= 3 && numbers(tail)
    };
    run_on.then_some(at)
}

/// What an abbreviation stands for; the word itself when it is none. `10eme` → `10e`.
pub(super) fn long(word: &str) -> &str {
    if let Some((_, long)) = SHORT.iter().find(|(short, _)| *short == word) {
        return long;
    }
    let number = word.trim_end_matches("ieme").trim_end_matches("eme");
    if number.len() < word.len() && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
        // The digits and the first letter of what follows: `10eme` → `10e`; of `10ieme` only the digits are kept.
        return if word.ends_with("ieme") { number } else { &word[..=number.len()] };
    }
    word
}

/// Whether a word says nothing by itself.
pub(super) fn is_small(word: &str) -> bool {
    SMALL.contains(&word)
}

/// Whether a word of a query is better ignored.
pub(super) fn is_noise(word: &str) -> bool {
    NOISE.contains(&word)
}

/// A house number: its digits and what follows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plate {
    pub(super) number: u32,
    /// `bis`, `b`, or empty.
    pub(super) suffix: String,
}

impl Plate {
    /// Reads a stored house number: `12 bis`, `12B`, `A3`, `2-4`.
    pub(super) fn stored(label: &str) -> Self {
        let label = label.trim();
        let digits = label.bytes().take_while(u8::is_ascii_digit).count().min(6);
        let (number, rest) = label.split_at(digits);
        let suffix = fold(rest).replace(' ', "");
        // The end of a range is no part of the number in front of it.
        let range = digits > 0 && suffix.starts_with(|c: char| c.is_ascii_digit());
        Self { number: number.parse().unwrap_or(0), suffix: if range { format!("-{suffix}") } else { suffix } }
    }

    /// Reads the house number that starts with a word of a query, and tells how many words it takes.
    pub(super) fn typed(words: &[String]) -> Option<(Self, usize)> {
        let first = words.first()?;
        let digits = first.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 5 {
            return None;
        }
        let (number, suffix) = first.split_at(digits);
        let number = number.parse().ok()?;
        if !suffix.is_empty() {
            let known = suffix.len() == 1 || SUFFIXES.contains(&suffix);
            return known.then(|| (Self { number, suffix: suffix.to_owned() }, 1));
        }
        let next = words.get(1).filter(|w| SUFFIXES.contains(&w.as_str()) || is_letter(w));
        Some(match next {
            Some(suffix) => (Self { number, suffix: suffix.clone() }, 2),
            None => (Self { number, suffix: String::new() }, 1),
        })
    }

    /// Whether a plate that was typed means a stored one: `b` is short for `bis`, `t` for `ter`, `q` for `quater`; 2 is in `2-4`.
    pub(super) fn means(&self, stored: &Self) -> bool {
        let same = self.suffix == stored.suffix;
        let short = |a: &str, b: &str| a.len() == 1 && SUFFIXES.contains(&b) && b.starts_with(a);
        let range = self.suffix.is_empty() && stored.suffix.starts_with('-');
        self.number == stored.number && (same || range || short(&self.suffix, &stored.suffix) || short(&stored.suffix, &self.suffix))
    }
}

/// A letter after a house number; `d`, `l` and `r` are more often the beginning of a street's name.
fn is_letter(word: &str) -> bool {
    matches!(word, "a" | "b" | "c" | "e" | "f" | "g" | "h" | "t" | "q")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> String {
        words(text).join(" ")
    }

    #[test]
    fn abbreviations_numbers_and_ligatures_come_to_one_form() {
        for (short, long) in [
            ("12 bd St-Michel", "12 Boulevard Saint Michel"),
            ("AV DU GAL DE GAULLE", "avenue du général de gaulle"),
            ("r du 8mai 1945", "Rue du Huit Mai 1945"),
            ("pl. de l’Hôtel-de-Ville", "Place Hotel Ville"),
            ("rue du Sacré-Cœur", "Rue Sacré Coeur"),
            ("rue du 10ème RI", "Rue du Dixième RI"),
            ("ZA des Landes", "Zone artisanale des Landes"),
            ("rue docteur eloy59133", "rue dr Eloy 59133"),
            ("ND de Lorette", "Notre-Dame-de-Lorette"),
        ] {
            assert_eq!(split(short), split(long), "{short}");
        }
        assert_eq!(split("Les"), "les");
        assert_eq!(split("12bis rue"), "12bis rue");
    }

    #[test]
    fn house_numbers_are_read_in_every_spelling() {
        let typed = |text: &str| Plate::typed(&raw(text)).map(|(p, n)| (p.number, p.suffix, n));
        assert_eq!(typed("12bis rue"), Some((12, "bis".into(), 1)));
        assert_eq!(typed("12 bis rue"), Some((12, "bis".into(), 2)));
        assert_eq!(typed("12 B rue"), Some((12, "b".into(), 2)));
        assert_eq!(typed("12 rue"), Some((12, String::new(), 1)));
        assert_eq!(typed("12 d arc"), Some((12, String::new(), 1)));
        assert_eq!(typed("10e rue"), Some((10, "e".into(), 1)));
        assert_eq!(typed("rue"), None);
        assert_eq!(typed("1234567"), None);
        let means = |typed: &str, stored: &str| Plate::typed(&raw(typed)).unwrap().0.means(&Plate::stored(stored));
        assert!(means("12 b", "12 bis") && means("12bis", "12B") && means("12", "12") && means("12 ter", "12ter"));
        assert!(means("2", "2-4") && means("2", "2 - 4") && !means("24", "2-4"));
        assert!(!means("12", "12 bis") && !means("12 bis", "12") && !means("12 b", "12c"));
    }
}
