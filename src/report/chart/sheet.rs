//! The paper of a chart: an SVG text under construction. Whatever people wrote is escaped here, and nowhere else.

use crate::model::Lang;
use std::fmt::{Display, Write};

/// Charts are this wide, in pixels of a screen; their height follows from what they show.
pub const WIDTH: f64 = 720.0;
/// Space around everything.
pub(super) const EDGE: f64 = 20.0;
/// The one family, whose files lie in tiles/fonts/.
const FAMILY: &str = "Atkinson Hyperlegible Next";
/// Ink of text (design/ui.md §2), of secondary text, of what structures, and of thin lines.
pub(super) const INK: &str = "#14282C";
pub(super) const SOFT: &str = "#47595D";
pub(super) const PETROL: &str = "#0F4550";
pub(super) const LINE: &str = "#C9D3D1";
/// Size of usual text.
pub(super) const SIZE: f64 = 14.0;

/// What stands around the drawing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    /// What is shown.
    pub title: String,
    /// Where, as of when: a line under the title.
    pub subtitle: String,
    /// The same told in words, for whoever does not see it.
    pub description: String,
    /// Source and licence, at the foot.
    pub note: String,
    /// Of numbers.
    pub lang: Lang,
}

/// Where a text is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) ink: &'static str,
    pub(super) anchor: Anchor,
}

/// Usual text.
pub(super) const PLAIN: Style = Style { size: SIZE, bold: false, ink: INK, anchor: Anchor::Start };

impl Style {
    pub(super) const fn end(mut self) -> Self {
        self.anchor = Anchor::End;
        self
    }

    pub(super) const fn middle(mut self) -> Self {
        self.anchor = Anchor::Middle;
        self
    }

    pub(super) const fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    pub(super) const fn soft(mut self) -> Self {
        self.ink = SOFT;
        self
    }

    pub(super) const fn size(mut self, size: f64) -> Self {
        self.size = size;
        self
    }

    pub(super) const fn ink(mut self, ink: &'static str) -> Self {
        self.ink = ink;
        self
    }
}

/// A chart being drawn, from the top.
#[derive(Debug)]
pub(super) struct Sheet {
    body: String,
    defs: String,
    /// How far down it is drawn.
    pub(super) y: f64,
}

impl Sheet {
    /// With its title on it.
    pub(super) fn new(frame: &Frame) -> Self {
        let mut sheet = Self { body: String::new(), defs: String::new(), y: EDGE };
        for line in wrap(&frame.title, WIDTH - 2.0 * EDGE, 20.0) {
            sheet.y += 20.0;
            sheet.text(EDGE, sheet.y, &line, PLAIN.size(20.0).bold());
            sheet.y += 4.0;
        }
        for line in wrap(&frame.subtitle, WIDTH - 2.0 * EDGE, SIZE) {
            sheet.y += 18.0;
            sheet.text(EDGE, sheet.y, &line, PLAIN.soft());
        }
        sheet.y += 16.0;
        sheet
    }

    /// Adds markup that holds no text of people.
    pub(super) fn raw(&mut self, markup: std::fmt::Arguments<'_>) {
        // A text takes everything.
        let _ = self.body.write_fmt(markup);
    }

    /// Adds a definition, a pattern for example.
    pub(super) fn define(&mut self, markup: &str) {
        self.defs.push_str(markup);
    }

    /// Writes one line of text with its base line at a point.
    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, style: Style) {
        let anchor = match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let weight = if style.bold { " font-weight=\"700\"" } else { "" };
        let (x, y, size, ink) = (Px(x), Px(y), Px(style.size), style.ink);
        self.raw(format_args!("<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{weight}{anchor} fill=\"{ink}\">{}</text>\n", Escaped(text)));
    }

    /// A line.
    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2], ink: &str, width: f64) {
        let [a, b, c, d] = [Px(from[0]), Px(from[1]), Px(to[0]), Px(to[1])];
        self.raw(format_args!("<path d=\"M{a} {b}L{c} {d}\" stroke=\"{ink}\" stroke-width=\"{}\" fill=\"none\"/>\n", Px(width)));
    }

    /// A filled rectangle with a thin edge, which keeps it visible where the ink of its fill is missing.
    pub(super) fn bar(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        let [x, y, width, height] = [Px(x), Px(y), Px(width), Px(height)];
        self.raw(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{}\" stroke=\"{INK}\" stroke-width=\"0.75\"/>\n",
            Escaped(fill)
        ));
    }

    /// The code of a theme on its colour, 36 wide and 18 high, with its middle line at `y`.
    pub(super) fn mark(&mut self, x: f64, y: f64, mark: &super::Mark) {
        let color = if is_color(&mark.color) { &*mark.color } else { PETROL };
        self.raw(format_args!("<rect x=\"{}\" y=\"{}\" width=\"36\" height=\"18\" rx=\"9\" fill=\"{color}\"/>\n", Px(x), Px(y - 9.0)));
        self.text(x + 18.0, y + 4.0, &mark.code, PLAIN.size(11.0).bold().middle().ink("#FFFFFF"));
    }

    /// The whole, with the note at its foot.
    pub(super) fn finish(mut self, frame: &Frame) -> String {
        self.y += 8.0;
        for line in wrap(&frame.note, WIDTH - 2.0 * EDGE, 12.0) {
            self.y += 15.0;
            self.text(EDGE, self.y, &line, PLAIN.soft().size(12.0));
        }
        let height = Px((self.y + EDGE).ceil());
        let (title, description) = (Escaped(&frame.title), Escaped(&frame.description));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
             aria-label=\"{title}\" font-family=\"'{FAMILY}', sans-serif\" lang=\"{}\">\n<title>{title}</title>\n<desc>{description}</desc>\n\
             <defs>{}</defs>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#FFFFFF\"/>\n{}</svg>\n",
            if frame.lang == Lang::Fr { "fr" } else { "en" },
            self.defs,
            self.body
        )
    }
}

/// `#RRGGBB`.
fn is_color(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit())
}

/// A length with at most two decimals: the same bytes everywhere, and no longer than needed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Px(pub(super) f64);

impl Display for Px {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded = (self.0 * 100.0).round() / 100.0;
        // Minus zero is written as zero.
        write!(f, "{}", if rounded == 0.0 { 0.0 } else { rounded })
    }
}

/// Text inside markup. Characters that XML forbids are left out.
#[derive(Debug)]
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\t' | '\n' | '\r' => f.write_str(" ")?,
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// About how wide a text is: the letters of the family are 0.54 of their size on average, capitals and digits more.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let one = |c: char| match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'I' | '.' | ',' | ':' | ';' | '\'' | '’' | ' ' | '\u{a0}' | '|' | '(' | ')' => 0.32,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.86,
        c if c.is_ascii_digit() => 0.6,
        c if c.is_uppercase() => 0.66,
        c if c > '\u{2e80}' => 1.0,
        _ => 0.55,
    };
    text.chars().map(one).sum::<f64>() * size
}

/// A text cut to a width, with an ellipsis where something is missing.
pub(super) fn cut(text: &str, room: f64, size: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if width(&out, size) + size > room {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

/// A text in lines of at most a width; words that are longer are cut.
pub(super) fn wrap(text: &str, room: f64, size: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace_but_nbsp() {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(word, size) + 0.32 * size <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(cut(word, room, size)),
        }
    }
    lines
}

trait Words {
    /// Words between spaces that may be broken.
    fn split_whitespace_but_nbsp(&self) -> impl Iterator<Item = &str>;
}

impl Words for str {
    fn split_whitespace_but_nbsp(&self) -> impl Iterator<Item = &str> {
        self.split([' ', '\n', '\t', '\r']).filter(|w| !w.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_cut_and_wrapped() {
        assert_eq!(Escaped("<b>&\"\u{0}\u{1b}'\n").to_string(), "&lt;b&gt;&amp;&quot;' ");
        assert_eq!(Px(-0.001).to_string(), "0");
        assert_eq!(Px(1.0 / 3.0).to_string(), "0.33");
        assert!(cut(&"a".repeat(500), 100.0, 14.0).ends_with('…'));
        assert!(wrap("un deux trois quatre cinq six sept huit", 100.0, 14.0).len() > 2);
        assert!(!is_color("#12345") && !is_color("red\"><x") && is_color("#5B2A86"));
    }
}
