//! Sheets of paper and screens: what stands where and what it means, written as SVG, PNG or tagged PDF.
//!
//! A page is a tree of blocks in reading order. SVG and PNG draw its items; the PDF keeps the tree too, for screen readers.

pub mod fonts;
mod pdf;
mod png;
mod svg;

pub use pdf::pdf;
pub use png::png;
pub use svg::{escape, page as svg_page, svg};

use crate::model::Lang;

/// CSS pixels of a millimetre.
pub const MM: f64 = 96.0 / 25.4;

/// A finished drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// Of the document.
    pub title: String,
    /// Says what the picture shows, for those who don't see it.
    pub alt: String,
    /// Of its texts.
    pub lang: Lang,
    /// Its date, UTC, milliseconds since 1970.
    pub at: i64,
    /// The first shows the map, the others go on with its index.
    pub pages: Vec<Page>,
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// CSS pixels.
    pub width: f64,
    /// CSS pixels.
    pub height: f64,
    /// In reading order, which is also the order of drawing.
    pub blocks: Vec<Block>,
}

/// Something on a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Blocks that mean one thing together.
    Group(Role, Vec<Block>),
    /// SVG elements in the page's pixels.
    Graphic(String),
    /// One line of text.
    Words(Words),
}

/// What a group of blocks is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Decoration, which is not read aloud.
    Artifact,
    /// A heading, 1 is the title.
    Heading(u16),
    /// A paragraph.
    Paragraph,
    /// A picture, with the text that stands for it.
    Figure(String),
    /// A list of items.
    List,
    /// One of them: a label and a body.
    Item,
    /// What stands before an item.
    Label,
    /// What an item says.
    Body,
    /// A table of rows.
    Table,
    /// One of them.
    Row,
    /// The cell that names its row.
    RowHeader,
    /// The cell that names its column.
    ColumnHeader,
    /// Any other cell.
    Cell,
}

/// Where a line of text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anchor {
    /// It begins at its point.
    #[default]
    Start,
    /// Its middle is its point.
    Middle,
    /// It ends at its point.
    End,
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// CSS pixels.
    pub x: f64,
    /// Of the baseline.
    pub y: f64,
    /// CSS pixels.
    pub size: f64,
    /// 700 instead of 400.
    pub bold: bool,
    /// `#RRGGBB`.
    pub color: String,
    /// Where it begins.
    pub anchor: Anchor,
    /// What it says.
    pub text: String,
    /// What it stands for where it was shortened.
    pub whole: Option<String>,
}

/// Ink of texts.
pub const INK: &str = "#14282C";
/// Ink of secondary texts.
pub const SOFT: &str = "#47595D";

impl Words {
    /// A line in the common ink.
    pub fn new(x: f64, y: f64, size: f64, text: impl Into<String>) -> Self {
        Self { x, y, size, bold: false, color: INK.into(), anchor: Anchor::Start, text: text.into(), whole: None }
    }

    /// In bold letters.
    #[must_use]
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// In another ink.
    #[must_use]
    pub fn ink(mut self, color: &str) -> Self {
        color.clone_into(&mut self.color);
        self
    }

    /// Anchored elsewhere.
    #[must_use]
    pub fn at(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }

    /// Shortened to a width, if it must be.
    #[must_use]
    pub fn within(mut self, width: f64) -> Self {
        let short = fonts::shortened(&self.text, self.size, self.bold, width);
        if short != self.text {
            self.whole = Some(std::mem::replace(&mut self.text, short));
        }
        self
    }

    /// Its width, CSS pixels.
    pub fn width(&self) -> f64 {
        fonts::width(&self.text, self.size, self.bold)
    }

    /// Where it begins, whatever its anchor.
    pub fn left(&self) -> f64 {
        match self.anchor {
            Anchor::Start => self.x,
            Anchor::Middle => self.x - self.width() / 2.0,
            Anchor::End => self.x - self.width(),
        }
    }
}

impl From<Words> for Block {
    fn from(words: Words) -> Self {
        Self::Words(words)
    }
}

impl Block {
    /// A paragraph of lines.
    pub fn paragraph(lines: impl IntoIterator<Item = Words>) -> Self {
        Self::Group(Role::Paragraph, lines.into_iter().map(Self::Words).collect())
    }

    /// Decoration.
    pub fn artifact(svg: impl Into<String>) -> Self {
        Self::Group(Role::Artifact, vec![Self::Graphic(svg.into())])
    }

    /// A picture that another program, or another part of this one, wrote as a whole SVG document, put into a rectangle of the page.
    pub fn picture(svg: &str, alt: impl Into<String>, [x, y, width, height]: [f64; 4]) -> Self {
        let start = svg.find("<svg").unwrap_or(0);
        let inner = svg.get(start..).unwrap_or("").replacen("<svg", &format!("<svg x=\"{x:.2}\" y=\"{y:.2}\" data-in=\"page\""), 1);
        Self::Group(Role::Figure(alt.into()), vec![Self::Graphic(sized(&inner, width, height))])
    }
}

/// Replaces width and height of an SVG's first element.
fn sized(svg: &str, width: f64, height: f64) -> String {
    let end = svg.find('>').unwrap_or(0);
    let (head, rest) = svg.split_at(end);
    let kept: Vec<&str> = head.split(' ').filter(|part| !part.starts_with("width=") && !part.starts_with("height=")).collect();
    let viewed = if head.contains("viewBox=") { String::new() } else { viewbox(head) };
    format!("{} width=\"{width:.2}\" height=\"{height:.2}\"{viewed}{rest}", kept.join(" "))
}

fn viewbox(head: &str) -> String {
    let number = |name: &str| -> Option<f64> {
        let text = head.split(name).nth(1)?.split('"').next()?;
        text.trim_end_matches("px").parse().ok()
    };
    match (number(" width=\""), number(" height=\"")) {
        (Some(w), Some(h)) => format!(" viewBox=\"0 0 {w} {h}\""),
        _ => String::new(),
    }
}

/// Why a drawing could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More pixels than a sheet of A3 at 300 dpi has.
    #[error("the picture would be {0} × {1} pixels large; it may have {max} at most", max = png::PIXELS)]
    Large(u32, u32),
    /// There is no such page.
    #[error("the drawing has no page {0}")]
    Page(usize),
    /// The drawing's SVG is not understood.
    #[error("the drawing can't be read: {0}")]
    Svg(String),
    /// The picture can't be written.
    #[error("the picture can't be written: {0}")]
    Png(String),
    /// The document can't be written.
    #[error("the document can't be written: {0}")]
    Pdf(String),
}
