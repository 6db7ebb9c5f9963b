//! Text as people type it: cleaned for storing, folded for comparing.

use unicode_normalization::UnicodeNormalization;

/// Stored form: NFC, trimmed, without control characters and bidirectional overrides; `lines` keeps line breaks.
pub fn clean(text: &str, lines: bool) -> String {
    let shown = text.chars().map(|c| if c == '\u{2028}' || c == '\u{2029}' { '\n' } else { c }).filter(|c| (lines && *c == '\n') || !hidden(*c));
    // Composed last: a mark that was taken out may have stood between a letter and its accent.
    let kept: String = shown.nfc().collect();
    if lines {
        return kept.trim().to_owned();
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Control characters and the marks that turn the direction of the text around them: they can only deceive.
fn hidden(c: char) -> bool {
    if c.is_whitespace() && c != '\u{85}' {
        return matches!(c, '\u{b}' | '\u{c}' | '\r');
    }
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Comparing form: lower case, without accents or punctuation, single spaces. `Œuvre d’Été` → `oeuvre d ete`.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.nfd().flat_map(char::to_lowercase) {
        let piece: &str = match c {
            'œ' => "oe",
            'æ' => "ae",
            'ß' => "ss",
            'ø' => "o",
            'ł' => "l",
            'đ' => "d",
            c if c.is_alphanumeric() => {
                push(&mut out, &mut gap, c.encode_utf8(&mut [0; 4]));
                continue;
            }
            c if ('\u{300}'..='\u{36f}').contains(&c) => continue,
            _ => {
                gap = true;
                continue;
            }
        };
        push(&mut out, &mut gap, piece);
    }
    out
}

fn push(out: &mut String, gap: &mut bool, piece: &str) {
    if *gap && !out.is_empty() {
        out.push(' ');
    }
    *gap = false;
    out.push_str(piece);
}

/// A slug of at most 60 characters: `Saint-Aubin-l’Étang` → `saint-aubin-l-etang`.
pub fn slug(text: &str) -> String {
    let joined = fold(text).replace(' ', "-");
    let short: String = joined.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(60).collect();
    short.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_ignores_accents_case_and_punctuation() {
        assert_eq!(fold("Œuvre d’Été — L’ÎLE"), "oeuvre d ete l ile");
        assert_eq!(slug("Saint-Aubin-l’Étang"), "saint-aubin-l-etang");
        assert_eq!(slug("  --  "), "");
    }

    #[test]
    fn cleaning_drops_what_can_only_deceive() {
        assert_eq!(clean("a\u{202e}b\u{0}\tc\n d ", false), "ab c d");
        assert_eq!(clean("e\u{200b}\u{301}", false), "é");
        assert_eq!(clean("un\r\ndeux\u{2066}", true), "un\ndeux");
    }
}
