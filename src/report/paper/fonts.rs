//! The fonts of sheets, which are part of the program, and the widths of words in them.

use crate::model::Lang;
use resvg::usvg;
use std::sync::{Arc, LazyLock};
use ttf_parser::Face;

/// The family that texts are written in.
pub const FAMILY: &str = "Atkinson Hyperlegible Next";

/// Regular, bold, and those for letters that it has not.
const FILES: [&[u8]; 4] = [
    include_bytes!("../../../tiles/fonts/AtkinsonHyperlegibleNext-Regular.ttf"),
    include_bytes!("../../../tiles/fonts/AtkinsonHyperlegibleNext-Bold.ttf"),
    include_bytes!("../../../tiles/fonts/NotoSansArabic-Regular.ttf"),
    include_bytes!("../../../tiles/fonts/NotoSansHebrew-Regular.ttf"),
];

/// For SVG files: [regular, bold], in the coding of the web.
pub(super) const WEB: [&[u8]; 2] = [include_bytes!("../../../tiles/fonts/latin-400.woff2"), include_bytes!("../../../tiles/fonts/latin-700.woff2")];

/// The place of a font in the list of files.
pub(super) type FontId = usize;

fn faces() -> &'static [Face<'static>] {
    static FACES: LazyLock<Vec<Face<'static>>> = LazyLock::new(|| FILES.iter().filter_map(|f| Face::parse(f, 0).ok()).collect());
    &FACES
}

/// The bytes of a font.
pub(super) fn file(id: FontId) -> &'static [u8] {
    FILES.get(id).copied().unwrap_or(FILES[0])
}

/// The fonts for drawing SVG, and no others: the same picture on every machine.
pub fn database() -> Arc<usvg::fontdb::Database> {
    static DATABASE: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
        let mut db = usvg::fontdb::Database::new();
        FILES.iter().for_each(|f| db.load_font_data(f.to_vec()));
        db.set_sans_serif_family(FAMILY);
        db.set_serif_family(FAMILY);
        db.set_monospace_family(FAMILY);
        Arc::new(db)
    });
    DATABASE.clone()
}

/// The font that has a letter.
fn font_of(c: char, bold: bool) -> Option<FontId> {
    let own = usize::from(bold);
    let faces = faces();
    [own, 2, 3].into_iter().find(|id| faces.get(*id).is_some_and(|f| f.glyph_index(c).is_some()))
}

/// A text without what can't be written: control characters, marks of direction, and pictures that no font here has. Letters that no font has become `?`.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '\u{202f}' | '\u{2009}' => out.push('\u{a0}'),
            '\u{2010}' | '\u{2011}' => out.push('-'),
            '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{200b}'..='\u{200d}'
            | '\u{feff}'
            | '\u{fe00}'..='\u{fe0f}' => {}
            c if c.is_control() => {}
            c if font_of(c, false).is_some() => out.push(c),
            c if c.is_alphanumeric() => out.push('?'),
            _ => {}
        }
    }
    let words: Vec<&str> = out.split(' ').filter(|w| !w.is_empty()).collect();
    if words.is_empty() && !text.trim().is_empty() { "?".into() } else { words.join(" ") }
}

/// Runs of letters of one font.
pub(super) fn runs(text: &str, bold: bool) -> Vec<(FontId, String)> {
    let mut runs: Vec<(FontId, String)> = Vec::new();
    for c in text.chars() {
        let font = font_of(c, bold).unwrap_or(usize::from(bold));
        match runs.last_mut() {
            // A space between two words of another script stays in their run.
            Some((last, run)) if *last == font || c == ' ' => run.push(c),
            _ => runs.push((font, c.to_string())),
        }
    }
    runs
}

/// Width of a text, CSS pixels.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    text.chars().map(|c| advance(c, bold)).sum::<f64>() * size
}

/// Width of a letter of size 1.
fn advance(c: char, bold: bool) -> f64 {
    let id = font_of(c, bold).unwrap_or(usize::from(bold));
    let Some(face) = faces().get(id) else { return 0.5 };
    let glyph = face.glyph_index(c).unwrap_or_default();
    f64::from(face.glyph_hor_advance(glyph).unwrap_or(500)) / f64::from(face.units_per_em())
}

/// A text cut to a width, with an ellipsis where something is missing.
pub fn shortened(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut left = room - width("…", size, bold);
    let mut out = String::new();
    for c in text.chars() {
        left -= advance(c, bold) * size;
        if left < 0.0 {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

/// Lines of at most a width, at most so many; the last one is shortened. A word that is longer than a line is broken.
pub fn wrapped(text: &str, size: f64, bold: bool, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let fits = |line: &str| width(line, size, bold) <= room;
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match (lines.last_mut(), longer) {
            (Some(line), Some(longer)) if fits(&longer) => *line = longer,
            _ => lines.push(word.to_owned()),
        }
        while let Some(line) = lines.last().filter(|l| !fits(l) && l.chars().count() > 1).cloned() {
            let mut taken = 0.0;
            let first = line.chars().take_while(|c| {
                taken += advance(*c, bold) * size;
                taken <= room
            });
            let at = first.map(char::len_utf8).sum::<usize>().max(line.chars().next().map_or(1, char::len_utf8));
            let (head, tail) = line.split_at(at);
            if let Some(last) = lines.last_mut() {
                head.clone_into(last);
            }
            lines.push(tail.to_owned());
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = shortened(&format!("{last} …………"), size, bold, room).replace(" ……", "").trim_end_matches('…').trim_end().to_owned() + "…";
        }
    }
    lines
}

/// `12 mars 2027` or `12 March 2027`, of milliseconds since 1970, UTC.
pub fn date(at: i64, lang: Lang) -> String {
    let french = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"];
    let english = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    let day = time::OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let month = usize::from(u8::from(day.month())) - 1;
    match lang {
        Lang::Fr if day.day() == 1 => format!("1er {} {}", french[month], day.year()),
        Lang::Fr => format!("{} {} {}", day.day(), french[month], day.year()),
        Lang::En => format!("{} {} {}", day.day(), english[month], day.year()),
    }
}

/// A whole number as people write it: `20 000` in French, `20,000` in English.
pub fn number(n: usize, lang: Lang) -> String {
    let digits = n.to_string();
    let gap = if lang == Lang::Fr { '\u{a0}' } else { ',' };
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push(gap);
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fonts_are_read_and_know_french_and_arabic() {
        assert_eq!(faces().len(), FILES.len());
        assert_eq!(database().faces().count(), FILES.len());
        assert!("aàâçéèêëîïôœùûüÿÀÉŒÆ’«»…–—€·©0123456789".chars().all(|c| font_of(c, false) == Some(0) && font_of(c, true) == Some(1)));
        assert_eq!(font_of('م', true), Some(2));
        assert_eq!(font_of('ש', false), Some(3));
        assert!(width("Solvigné", 10.0, true) > 30.0 && width("iii", 10.0, false) < width("mmm", 10.0, false));
    }

    #[test]
    fn hostile_texts_become_something_that_can_be_written() {
        assert_eq!(clean("a\u{0}b\u{202e}c\n d"), "abc d");
        assert_eq!(clean("🥕 Carotte ❤️"), "Carotte");
        assert_eq!(clean("🥕"), "?");
        assert_eq!(clean("株式会社"), "????");
        assert_eq!(clean("مقهى الحي"), "مقهى الحي");
        assert_eq!(clean(""), "");
    }

    #[test]
    fn texts_are_wrapped_and_shortened_to_their_room() {
        let long = "x".repeat(500);
        for text in [long.as_str(), "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze", "", "é"] {
            let lines = wrapped(text, 10.0, false, 80.0, 3);
            assert!(lines.len() <= 3 && lines.iter().all(|l| width(l, 10.0, false) <= 92.0), "{lines:?}");
        }
        assert_eq!(wrapped("un deux", 10.0, false, 200.0, 3), ["un deux"]);
        assert!(wrapped(&long, 10.0, false, 80.0, 3)[2].ends_with('…'));
        assert!(width(&shortened(&long, 10.0, true, 60.0), 10.0, true) <= 60.0);
        assert_eq!(shortened("court", 10.0, true, 60.0), "court");
    }

    #[test]
    fn dates_and_numbers_are_written_as_people_do() {
        assert_eq!(date(1_804_809_600_000, Lang::Fr), "12 mars 2027");
        assert_eq!(date(1_804_809_600_000, Lang::En), "12 March 2027");
        assert_eq!(number(20_000, Lang::Fr), "20\u{a0}000");
        assert_eq!((number(1234, Lang::En).as_str(), number(20_000, Lang::En).as_str()), ("1234", "20,000"));
    }
}
