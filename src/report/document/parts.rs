//! What a document is made of, before it is written as DOCX or HTML.

use crate::model::Lang;

/// A document: a cover, then parts.
#[derive(Debug, Clone)]
pub struct Document {
    /// In which language it speaks.
    pub lang: Lang,
    /// Its name.
    pub title: String,
    /// What stands on the first page.
    pub cover: Cover,
    /// Everything after it, in order.
    pub parts: Vec<Part>,
    /// Where it is found, for the foot of each page.
    pub address: String,
    /// The day that the files carry, UTC, milliseconds since 1970.
    pub at: i64,
}

impl Document {
    /// Its title, and the territory unless the title says it.
    pub(super) fn name(&self) -> String {
        if self.title.contains(&self.cover.territory) { self.title.clone() } else { format!("{} · {}", self.title, self.cover.territory) }
    }
}

/// The first page.
#[derive(Debug, Clone, Default)]
pub struct Cover {
    /// The territory's name.
    pub territory: String,
    /// What kind of document this is.
    pub kind: String,
    /// One or two sentences.
    pub summary: String,
    /// Whether it still changes: « Brouillon du … » or « Figé le … ».
    pub state: String,
    /// Name and value: actors, position, licence…
    pub facts: Vec<(String, String)>,
}

/// One piece of the document.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A heading: 1 is a section of the report, 2 and 3 lie inside.
    Heading(u8, Vec<Run>),
    /// A paragraph.
    Paragraph(Vec<Run>),
    /// What somebody else said.
    Quote(Vec<Part>),
    /// Items in no order, or from a first number.
    List(Option<u64>, Vec<Vec<Part>>),
    /// Lines of code.
    Code(String),
    /// A remark in smaller letters: how a number is to be read.
    Note(Vec<Run>),
    /// A large number and what it counts, several side by side.
    Numbers(Vec<(String, String)>),
    /// Rows and columns.
    Table(Table),
    /// A picture with its number and caption.
    Picture(Picture),
    /// Goes on with a new page.
    PageBreak,
}

/// Some words in one style.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// The words; a line feed breaks the line.
    pub text: String,
    /// How they look.
    pub style: Style,
    /// Where they lead.
    pub link: Option<String>,
}

/// How words look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Heavier.
    pub bold: bool,
    /// Leaning.
    pub italic: bool,
    /// As typed in a machine.
    pub code: bool,
    /// Taken back.
    pub struck: bool,
}

impl Run {
    /// Words without style.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Heavier words.
    pub fn bold(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style { bold: true, ..Style::default() }, link: None }
    }
}

/// Words without style, as a list of runs.
pub(super) fn words(text: impl Into<String>) -> Vec<Run> {
    vec![Run::plain(text)]
}

/// The words of some runs.
pub(super) fn text_of(runs: &[Run]) -> String {
    runs.iter().map(|r| r.text.as_str()).collect::<String>().replace('\n', " ")
}

/// Rows and columns. The first row of each page says what the columns hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Number among the tables, from 1; none without a caption.
    pub number: Option<u32>,
    /// What it shows; empty for a table that somebody wrote.
    pub caption: String,
    /// Heads of the columns.
    pub head: Vec<Column>,
    /// Its rows, each as long as the head.
    pub rows: Vec<Vec<Vec<Run>>>,
    /// Whether the first cell of each row names it.
    pub named_rows: bool,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    /// Its head.
    pub label: Vec<Run>,
    /// Numbers stand at the right.
    pub number: bool,
    /// Its part of the width, compared with that of the others.
    pub weight: u32,
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Number among the figures, from 1.
    pub number: u32,
    /// What it shows.
    pub caption: String,
    /// What it shows, for those who don't see it.
    pub alt: String,
    /// As lines and letters; empty when it came as points.
    pub svg: String,
    /// As points, for DOCX.
    pub png: Vec<u8>,
    /// The media type of `png`, which may be `image/jpeg` for a picture that somebody brought.
    pub media_type: &'static str,
    /// Width and height on paper, millimetres.
    pub size: [f64; 2],
    /// The name of its files in the archive, without ending.
    pub file: String,
    /// What it shows as a table (CSV), where there is one.
    pub csv: Vec<u8>,
}
