//! The document as one HTML file that prints well: nothing in it comes from elsewhere, and it has no script.

use super::parts::{Cover, Document, Part, Picture, Run, Table, text_of};
use super::words::say;
use crate::model::Lang;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const CSS: &str = include_str!("print.css");

/// The file.
pub(super) fn write(document: &Document) -> Vec<u8> {
    let lang = document.lang;
    let page = html! {
        (DOCTYPE)
        html lang=(if lang == Lang::Fr { "fr" } else { "en" }) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (document.title) " · " (document.cover.territory) }
                meta name="description" content=(document.cover.summary);
                meta name="generator" content="Bouillon";
                style { (PreEscaped(CSS)) }
            }
            body {
                a.skip href="#texte" { (say(lang, "Aller au texte", "Skip to the text")) }
                header.cover { (cover(document, &document.cover)) }
                nav.contents aria-labelledby="contents" {
                    p.contents-title #contents { (say(lang, "Sommaire", "Contents")) }
                    ol { (contents(&document.parts)) }
                }
                main #texte { (parts(&document.parts, lang, &mut 0)) }
                footer.foot { p { (document.name()) " · " (document.cover.state) br; (document.address) } }
            }
        }
    };
    page.into_string().into_bytes()
}

fn cover(document: &Document, cover: &Cover) -> Markup {
    html! {
        @if !cover.kind.is_empty() { p.kind { (cover.kind) } }
        h1 { (document.title) }
        p.territory { (cover.territory) }
        @if !cover.summary.is_empty() { p.lead { (cover.summary) } }
        div.rim {}
        p.state { (cover.state) }
        dl { @for (name, value) in &cover.facts { dt { (name) } dd { (value) } } }
        p.address { (document.address) }
    }
}

/// The sections and what lies directly in them.
fn contents(all: &[Part]) -> Markup {
    let headings: Vec<(usize, u8, String)> = all
        .iter()
        .filter_map(|p| if let Part::Heading(level, runs) = p { Some((*level, text_of(runs))) } else { None })
        .enumerate()
        .map(|(i, (level, text))| (i, level, text))
        .filter(|(_, level, _)| *level <= 2)
        .collect();
    html! {
        @for (i, level, text) in &headings { li.sub[*level == 2] { a href={ "#t" (i) } { (text) } } }
    }
}

/// `next` numbers the headings, which the table of contents leads to.
fn parts(all: &[Part], lang: Lang, next: &mut usize) -> Markup {
    html! {
        @for part in all {
            @match part {
                Part::Heading(level, words) => (heading(*level, words, next)),
                Part::Paragraph(words) => p { (runs(words)) },
                Part::Note(words) => p.note { (runs(words)) },
                Part::Quote(inner) => blockquote { (inside(inner, lang)) },
                Part::List(first, items) => (list(*first, items, lang)),
                Part::Code(lines) => pre { code { (lines) } },
                Part::Numbers(numbers) => dl.numbers { @for (number, what) in numbers { div { dt { (what) } dd { (number) } } } },
                Part::Table(t) => (table(t, lang)),
                Part::Picture(p) => (picture(p)),
                Part::PageBreak => div.page {},
            }
        }
    }
}

/// Headings inside lists and quotes have no place in the table of contents, and no number.
fn inside(all: &[Part], lang: Lang) -> Markup {
    parts(all, lang, &mut usize::MAX.clone())
}

fn heading(level: u8, words: &[Run], next: &mut usize) -> Markup {
    let id = (*next < usize::MAX).then(|| format!("t{next}"));
    *next = next.saturating_add(1);
    match level {
        1 => html! { h2 id=[id] { (runs(words)) } },
        2 => html! { h3 id=[id] { (runs(words)) } },
        _ => html! { h4 id=[id] { (runs(words)) } },
    }
}

fn list(first: Option<u64>, items: &[Vec<Part>], lang: Lang) -> Markup {
    let item = |item: &[Part]| match item {
        [Part::Paragraph(words), rest @ ..] => html! { li { (runs(words)) (inside(rest, lang)) } },
        all => html! { li { (inside(all, lang)) } },
    };
    match first {
        None => html! { ul { @for i in items { (item(i)) } } },
        Some(1) => html! { ol { @for i in items { (item(i)) } } },
        Some(n) => html! { ol start=(n) { @for i in items { (item(i)) } } },
    }
}

fn runs(all: &[Run]) -> Markup {
    html! { @for run in all { (run_of(run)) } }
}

fn run_of(run: &Run) -> Markup {
    let mut words = html! { @for (i, line) in run.text.split('\n').enumerate() { @if i > 0 { br; } (line) } };
    if run.style.code {
        words = html! { code { (words) } };
    }
    if run.style.struck {
        words = html! { s { (words) } };
    }
    if run.style.italic {
        words = html! { em { (words) } };
    }
    if run.style.bold {
        words = html! { strong { (words) } };
    }
    match &run.link {
        Some(target) => html! { a href=(target) rel="ugc nofollow noopener" { (words) } },
        None => words,
    }
}

fn table(t: &Table, lang: Lang) -> Markup {
    let class = |i: usize| t.head.get(i).is_some_and(|c| c.number).then_some("number");
    html! {
        div.table role="region" tabindex="0" aria-label=(if t.caption.is_empty() { say(lang, "Tableau", "Table") } else { &t.caption }) {
            table {
                @if let Some(n) = t.number { caption { strong { (say(lang, "Tableau", "Table")) " " (n) } " · " (t.caption) } }
                thead { tr { @for (i, c) in t.head.iter().enumerate() { th scope="col" class=[class(i)] { (runs(&c.label)) } } } }
                tbody {
                    @for row in &t.rows {
                        tr {
                            @for (i, cell) in row.iter().enumerate() {
                                @if i == 0 && t.named_rows { th scope="row" { (runs(cell)) } } @else { td class=[class(i)] { (runs(cell)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn picture(p: &Picture) -> Markup {
    let (kind, bytes) = if p.svg.is_empty() { (p.media_type, p.png.as_slice()) } else { ("image/svg+xml", p.svg.as_bytes()) };
    let data = format!("data:{kind};base64,{}", base64(bytes));
    let tall = p.size[1] > p.size[0] * 1.2;
    html! {
        figure.tall[tall] {
            img src=(data) alt=(p.alt) width=(pixels(p.size[0])) height=(pixels(p.size[1]));
            figcaption { strong { "Figure " (p.number) } " · " (p.caption) }
        }
    }
}

/// Millimetres in CSS pixels.
fn pixels(mm: f64) -> u32 {
    (mm / 25.4 * 96.0).round() as u32
}

/// RFC 4648, section 4.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let number = three.iter().fold(0_u32, |sum, b| sum << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for i in 0..4 {
            let letter = char::from(LETTERS[(number >> (18 - 6 * i) & 63) as usize]);
            out.push(if i <= three.len() { letter } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
