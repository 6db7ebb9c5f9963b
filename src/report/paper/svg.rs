//! A page as an SVG file that looks the same everywhere: its fonts are inside.

use super::fonts::{FAMILY, WEB};
use super::{Anchor, Block, Drawing, Page, Role, Words};
use std::fmt::Write;

/// Text for XML, in elements and attributes. Control characters, which XML forbids, are left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || ['\u{fffe}', '\u{ffff}'].contains(&c) => {}
            c => out.push(c),
        }
    }
    out
}

/// The first page as an SVG file.
pub fn svg(drawing: &Drawing) -> String {
    page(drawing, 0).unwrap_or_default()
}

/// Any page as an SVG file, from 0.
pub fn page(drawing: &Drawing, at: usize) -> Option<String> {
    drawing.pages.get(at).map(|p| document(p, &drawing.title, &drawing.alt, true))
}

/// The file; without fonts for those that bring their own.
pub(super) fn document(page: &Page, title: &str, alt: &str, fonts: bool) -> String {
    let (w, h) = (page.width, page.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w:.2}\" height=\"{h:.2}\" viewBox=\"0 0 {w:.2} {h:.2}\" role=\"img\" font-family=\"'{FAMILY}', sans-serif\">\
         <title>{}</title><desc>{}</desc>",
        escape(title),
        escape(alt)
    );
    if fonts {
        out.push_str("<style>");
        for (file, weight) in WEB.iter().zip([400, 700]) {
            let _ = write!(
                out,
                "@font-face{{font-family:'{FAMILY}';font-weight:{weight};src:url(data:font/woff2;base64,{}) format('woff2')}}",
                base64(file)
            );
        }
        out.push_str("</style>");
    }
    let _ = write!(out, "<rect width=\"{w:.2}\" height=\"{h:.2}\" fill=\"#FFFFFF\"/>");
    blocks(&page.blocks, &mut out);
    out.push_str("</svg>\n");
    out
}

fn blocks(all: &[Block], out: &mut String) {
    for block in all {
        match block {
            Block::Group(Role::Figure(alt), inner) => {
                let _ = write!(out, "<g role=\"img\" aria-label=\"{}\">", escape(alt));
                blocks(inner, out);
                out.push_str("</g>");
            }
            Block::Group(_, inner) => blocks(inner, out),
            Block::Graphic(svg) => out.push_str(svg),
            Block::Words(words) => out.push_str(&text(words)),
        }
    }
}

/// One line of text as an element.
pub(super) fn text(words: &Words) -> String {
    let anchor = match words.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let weight = if words.bold { " font-weight=\"700\"" } else { "" };
    let whole = words.whole.as_ref().map_or(String::new(), |w| format!("<title>{}</title>", escape(w)));
    let (x, y, size, color) = (words.x, words.y, words.size, &words.color);
    format!("<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size:.2}\"{weight}{anchor} fill=\"{color}\">{whole}{}</text>", escape(&words.text))
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let three = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let sign = SIGNS[(three >> (18 - 6 * i)) as usize & 63];
            out.push(if i <= chunk.len() { char::from(sign) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_everybody() {
        assert_eq!([&b""[..], b"f", b"fo", b"foo", b"foobar"].map(base64), ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"]);
    }

    #[test]
    fn texts_cannot_leave_their_element() {
        assert_eq!(escape("<script>&\"']]>\u{0}\u{8}"), "&lt;script&gt;&amp;&quot;&#39;]]&gt;");
    }
}
