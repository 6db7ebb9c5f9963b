//! How alike two names are, for the duplicate check: acronyms, "Asso/Association" and accents do not count.

use super::text::fold;

/// Words that say nothing about which actor it is.
const EMPTY: [&str; 22] = [
    "association",
    "asso",
    "les",
    "le",
    "la",
    "l",
    "d",
    "de",
    "du",
    "des",
    "et",
    "a",
    "au",
    "aux",
    "en",
    "pour",
    "un",
    "une",
    "the",
    "of",
    "collectif",
    "club",
];

/// Likeness of two names from 0 (nothing in common) to 1 (the same but for spelling).
pub fn likeness(a: &str, b: &str) -> f64 {
    let (a, b) = (fold(a), fold(b));
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    if a == b {
        return 1.0;
    }
    let (core_a, core_b) = (core(&a), core(&b));
    if core_a == core_b {
        return 0.97;
    }
    if initials(&core_a) == b.replace(' ', "") || initials(&core_b) == a.replace(' ', "") {
        return 0.9;
    }
    let whole = strsim::jaro_winkler(&core_a.join(" "), &core_b.join(" "));
    words_in_common(&core_a, &core_b).max(if whole > 0.88 { whole } else { whole * 0.6 })
}

/// Two actors of this likeness, near each other, are probably one.
pub const PROBABLY_THE_SAME: f64 = 0.85;

fn core(folded: &str) -> Vec<&str> {
    let kept: Vec<&str> = folded.split(' ').filter(|w| !EMPTY.contains(w)).collect();
    if kept.is_empty() { folded.split(' ').collect() } else { kept }
}

fn initials(words: &[&str]) -> String {
    if words.len() < 3 {
        return String::from("\u{0}");
    }
    words.iter().filter_map(|w| w.chars().next()).collect()
}

/// Share of the shorter name's words that the longer one holds, spelling mistakes forgiven.
fn words_in_common(a: &[&str], b: &[&str]) -> f64 {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let found: f64 = short.iter().map(|w| long.iter().map(|v| strsim::jaro_winkler(w, v)).fold(0.0, f64::max)).filter(|best| *best > 0.9).sum();
    let (n, m) = (short.len() as f64, long.len() as f64);
    let cover = found / n;
    cover * (0.75 + 0.25 * n / m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_articles_and_acronyms_do_not_hide_a_twin() {
        for (a, b) in [
            ("Repair Café de Redon", "repair cafe Redon"),
            ("Association Les Jardins du Canal", "Jardins du Canal"),
            ("Amicale Laïque Saint Michel", "ALSM"),
            ("Bibliothèque municipale", "Biblioteque municipale"),
        ] {
            assert!(likeness(a, b) >= PROBABLY_THE_SAME, "{a} / {b}: {}", likeness(a, b));
        }
        for (a, b) in
            [("Club de tennis", "Club de judo"), ("École Jean Moulin", "Collège Anne Frank"), ("Les Amis de la Vilaine", "Les Amis du Musée")]
        {
            assert!(likeness(a, b) < PROBABLY_THE_SAME, "{a} / {b}: {}", likeness(a, b));
        }
    }
}
