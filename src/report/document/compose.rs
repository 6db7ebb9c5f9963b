//! The report as a document: what the software fills in, around the blocks that people write.

use super::drawn::{Drawn, sheet};
use super::inputs::{Inputs, Piece, Told};
use super::outline::OUTLINE;
use super::parts::{Column, Cover, Document, Part, Picture, Run, Table, words};
use super::words::{count, day, say, whole};
use super::{annex, devices, markdown, scheme};
use crate::export::Format;
use crate::model::text::fold;
use crate::model::{Lang, Work, taxonomy};
use crate::report::paper;
use serde_json::Value;
use std::collections::BTreeMap;

/// Measures whose table stands under their chart, because it says what the chart can't.
const WITH_TABLE: &[&str] = &["blank"];
/// A map that somebody cites is followed by the names of its numbers, when they are so few.
const NAMED: usize = 60;
/// Rows of a table that are printed in the text.
const ROWS_IN_TEXT: usize = 12;
/// Dots per inch of pictures in a DOCX, compared with the pixels of their drawing.
const DPI: u32 = 190;
/// Text is this wide, millimetres.
const WIDE: f64 = 170.0;
/// And a page of it this high, with room for a caption.
const HIGH: f64 = 222.0;

/// Blocks as they follow each other: by their number, then by their age.
pub fn in_order(mut blocks: Vec<Work>) -> Vec<Work> {
    blocks.sort_by_key(|b| (b.doc.fields.get("order").and_then(Value::as_i64).unwrap_or(0), b.created_at, b.id));
    blocks
}

/// The whole report.
pub fn compose(inputs: &Inputs, drawn: &Drawn) -> Document {
    let lang = inputs.written.lang;
    let mut composer = Composer { inputs, drawn, lang, figures: 0, tables: 0, parts: Vec::new() };
    for section in OUTLINE {
        // The map has a page of its own; the annex is another document for another reader.
        if matches!(section.code, "map" | "method") {
            composer.parts.push(Part::PageBreak);
        }
        composer.parts.push(Part::Heading(1, words(section.title(lang))));
        composer.section(section.code);
    }
    let parts = composer.parts;
    Document {
        lang,
        title: inputs.written.report.text("title").to_owned(),
        cover: cover(inputs),
        parts,
        address: inputs.written.address.clone(),
        at: inputs.selection.at,
    }
}

fn cover(inputs: &Inputs) -> Cover {
    let (lang, s, written) = (inputs.written.lang, &inputs.selection, &inputs.written);
    let position = format!("{}:{}", s.position.epoch, s.position.seq);
    let state = if written.frozen { say(lang, "Figé le", "Frozen on") } else { say(lang, "Brouillon du", "Draft of") };
    let facts = [
        (say(lang, "Acteurs sur la carte", "Actors on the map"), whole(lang, s.actors.len() as u64)),
        (say(lang, "État des données", "State of the data"), day(lang, s.at)),
        (say(lang, "Position dans l’historique", "Position in the journal"), position),
        (say(lang, "Licence des données", "Licence of the data"), "ODbL 1.0".to_owned()),
    ];
    Cover {
        territory: s.territory.name.clone(),
        kind: unless_said(written.report.text("title"), say(lang, "Diagnostic démocratique", "Democratic diagnosis")),
        summary: written.report.text("summary").to_owned(),
        state: format!("{state} {}", day(lang, s.at)),
        facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// The parts as they come, and the numbers of the last figure and table.
pub(super) struct Composer<'a> {
    pub(super) inputs: &'a Inputs,
    pub(super) drawn: &'a Drawn,
    pub(super) lang: Lang,
    figures: u32,
    tables: u32,
    pub(super) parts: Vec<Part>,
}

impl Composer<'_> {
    fn section(&mut self, code: &'static str) {
        if code == "summary" {
            self.numbers();
        }
        for block in self.inputs.written.blocks.iter().filter(|b| b.text("section") == code) {
            self.block(block);
        }
        match code {
            "governance" => self.scheme(),
            "devices" => devices::fill(self),
            "map" => self.map(),
            "method" => annex::fill(self),
            "analysis" | "network" | "quality" => {
                for measure in self.inputs.measures.iter().filter(|m| section_of(&m.code) == code) {
                    self.measure(measure, 2);
                }
            }
            _ => {}
        }
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Paragraph(words(text)));
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.parts.push(Part::Note(words(text)));
    }

    pub(super) fn heading(&mut self, level: u8, text: &str) {
        self.parts.push(Part::Heading(level, words(text)));
    }

    /// Text that somebody wrote, and the figure that it places.
    fn block(&mut self, block: &Piece) {
        self.parts.extend(markdown::read(block.text("text")));
        let cited = self.inputs.written.cited.iter().find(|c| c.figure.id.to_string() == block.text("figure"));
        let Some(cited) = cited else { return };
        let title = cited.figure.text("title").to_owned();
        let at = day(self.lang, cited.selection.at);
        let caption = match (cited.figure.text("caption"), self.lang) {
            ("", Lang::Fr) => format!("{title} (état au {at})"),
            ("", Lang::En) => format!("{title} (as of {at})"),
            (more, Lang::Fr) => format!("{title}. {more} (état au {at})"),
            (more, Lang::En) => format!("{title}. {more} (as of {at})"),
        };
        let alt = Some(cited.figure.text("alt").to_owned()).filter(|a| !a.is_empty());
        let csv = cited.selection.write(Format::Csv);
        match (self.drawn.cited.get(&cited.figure.id), &cited.measure, cited.figure.text("kind")) {
            (Some(drawing), _, kind @ ("map" | "count" | "chart")) => {
                self.picture(drawing, caption, alt, &format!("figure-{}", short(&cited.figure)), csv);
                if kind == "map" && cited.selection.actors.len() <= NAMED {
                    let words = say(self.lang, "Les numéros de la figure", "The numbers of figure");
                    annex::actors(self, &cited.selection.actors, &format!("{words} {}", self.figures));
                }
            }
            (_, Some(measure), "table") => self.table(&caption, measure, usize::MAX),
            (_, Some(measure), _) if !measure.svg.is_empty() => self.chart(measure, caption, alt),
            _ => annex::actors(self, &cited.selection.actors, &caption),
        }
    }

    /// What one sees at first glance.
    fn numbers(&mut self) {
        let (lang, s) = (self.lang, &self.inputs.selection);
        let themes = s.by_theme().keys().filter(|t| !t.is_empty()).count();
        let mut numbers = vec![
            (whole(lang, s.actors.len() as u64), say(lang, "acteurs sur la carte", "actors on the map").to_owned()),
            (format!("{themes} / {}", taxonomy().themes.len()), say(lang, "thèmes présents", "themes present").to_owned()),
        ];
        if let Some(population) = self.inputs.written.population {
            numbers.push((whole(lang, population), say(lang, "habitants", "inhabitants").to_owned()));
        }
        let devices = self.inputs.written.devices.len();
        numbers.push((whole(lang, devices as u64), count_word(lang, devices)));
        self.parts.push(Part::Numbers(numbers));
    }

    fn scheme(&mut self) {
        let lang = self.lang;
        let Some(brought) = &self.inputs.scheme else {
            let missing = ["Le dessin du schéma de gouvernance n’a pas été déposé.", "The drawing of the governance scheme was not uploaded."];
            return self.note(say(lang, missing[0], missing[1]));
        };
        let Some((png, [width, height])) = scheme::as_points(brought) else { return };
        let caption = say(lang, "Le schéma de gouvernance d’aujourd’hui", "The governance scheme of today").to_owned();
        let alt = match self.inputs.written.report.text("picture_alt") {
            "" => {
                say(lang, "Schéma de gouvernance ; sa description en texte n’a pas été donnée.", "Governance scheme; it was not described in words.")
                    .to_owned()
            }
            text => text.to_owned(),
        };
        let described = alt.clone();
        let ratio = f64::from(height) / f64::from(width);
        let svg = if brought.media_type == "image/svg+xml" { String::from_utf8_lossy(&brought.bytes).into_owned() } else { String::new() };
        let wide = WIDE.min(HIGH / ratio);
        self.figures += 1;
        self.parts.push(Part::Picture(Picture {
            number: self.figures,
            caption,
            alt,
            svg,
            png,
            media_type: "image/png",
            size: [wide, wide * ratio],
            file: "schema-de-gouvernance".into(),
            csv: Vec::new(),
        }));
        self.say(described);
    }

    fn map(&mut self) {
        let (lang, s, drawn) = (self.lang, &self.inputs.selection, self.drawn);
        let mut rows: Vec<(String, usize)> = by_theme(lang, &s.by_theme());
        rows.retain(|(_, n)| *n > 0);
        let described = rows.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ");
        if s.actors.is_empty() {
            return self.note(say(lang, "Il n’y a pas encore d’acteur sur la carte.", "There is no actor on the map yet."));
        }
        if let Some(drawing) = &drawn.overview {
            let caption = match lang {
                Lang::Fr => format!("Les acteurs de {} au {}. La liste est dans l’annexe.", s.territory.name, day(lang, s.at)),
                Lang::En => format!("The actors of {} on {}. Their list is in the annex.", s.territory.name, day(lang, s.at)),
            };
            let alt = match lang {
                Lang::Fr => format!(
                    "Carte de {} avec {} acteurs : {described}. La même information est dans la liste des acteurs, en annexe.",
                    s.territory.name,
                    s.actors.len()
                ),
                Lang::En => format!(
                    "Map of {} with {} actors: {described}. The list of actors in the annex tells the same.",
                    s.territory.name,
                    s.actors.len()
                ),
            };
            self.picture(drawing, caption, Some(alt), "carte", s.write(Format::Csv));
        }
        let counted: Vec<&Told> = self.inputs.measures.iter().filter(|m| section_of(&m.code) == "map").collect();
        for measure in &counted {
            self.measure(measure, 2);
        }
        if counted.is_empty() {
            let head = vec![column(say(lang, "Thème", "Theme"), false, 4), column(say(lang, "Acteurs", "Actors"), true, 1)];
            let cells = rows.iter().map(|(name, n)| vec![words(name.as_str()), words(whole(lang, *n as u64))]).collect();
            let caption = format!(
                "{} ({})",
                say(lang, "Acteurs par thème principal", "Actors by main theme"),
                count(lang, s.actors.len(), "acteur", say(lang, "acteurs", "actors"))
            );
            self.put_table(&caption, head, cells, true);
        }
    }

    /// A measure with its number, its chart, and how to read it.
    fn measure(&mut self, m: &Told, level: u8) {
        self.heading(level, &m.title);
        let mut runs = words(format!("{} ", m.definition));
        match (m.shown.as_str(), m.why.as_str()) {
            ("", "") => {}
            // A number that is not told, because it is of a few people, was measured.
            ("", why) if why.starts_with('<') => runs.extend([Run::bold(why), Run::plain(".")]),
            ("", why) => runs.push(Run::plain(format!("{} {why}.", say(self.lang, "Non mesuré ici\u{a0}:", "Not measured here:")))),
            (shown, _) => runs.extend([Run::bold(shown), Run::plain(".")]),
        }
        self.parts.push(Part::Paragraph(runs));
        if m.svg.is_empty() {
            if !m.rows.is_empty() {
                self.table(&m.title, m, ROWS_IN_TEXT);
            }
        } else {
            let caption = if m.shown.is_empty() { m.title.clone() } else { format!("{}{} {}", m.title, say(self.lang, "\u{a0}:", ":"), m.shown) };
            self.chart(m, caption, None);
            if WITH_TABLE.contains(&m.code.as_str()) && !m.rows.is_empty() {
                self.table(&m.title, m, ROWS_IN_TEXT);
            }
        }
        // What holds for several measures stands once, in the annex.
        let own: Vec<&str> = m.caveats.iter().filter(|c| !self.is_common(c)).map(String::as_str).collect();
        if !own.is_empty() && !m.shown.is_empty() {
            self.note(format!("{}{}", say(self.lang, "À lire avec prudence. ", "Read with care. "), own.join(" ")));
        }
    }

    /// Whether a caveat is that of several measures.
    pub(super) fn is_common(&self, caveat: &str) -> bool {
        self.inputs.measures.iter().filter(|m| m.caveats.iter().any(|c| c == caveat)).count() > 1
    }

    fn chart(&mut self, m: &Told, caption: String, alt: Option<String>) {
        let alt = alt.unwrap_or_else(|| {
            let rows: Vec<String> = m.rows.iter().take(20).map(|row| row.join(", ")).collect();
            format!("{}. {}", m.title, rows.join(" ; "))
        });
        let drawing = sheet(&m.svg, &m.title, &alt, self.lang, self.inputs.selection.at);
        self.picture(&drawing, caption, Some(alt), &m.code, m.csv.clone().into_bytes());
    }

    /// The first page of a drawing, as wide as the text or as high as a page.
    fn picture(&mut self, drawing: &paper::Drawing, caption: String, alt: Option<String>, file: &str, csv: Vec<u8>) {
        let Some(page) = drawing.pages.first() else { return };
        let png = match paper::png(drawing, 0, DPI) {
            Ok(png) => png,
            Err(e) => {
                tracing::error!("a picture of a report could not be drawn: {e}");
                return;
            }
        };
        let wide = WIDE.min(HIGH * page.width / page.height);
        self.figures += 1;
        self.parts.push(Part::Picture(Picture {
            number: self.figures,
            caption,
            alt: alt.unwrap_or_else(|| drawing.alt.clone()),
            svg: paper::svg(drawing),
            png,
            media_type: "image/png",
            size: [wide, wide * page.height / page.width],
            file: file.to_owned(),
            csv,
        }));
    }

    /// A measure's table.
    pub(super) fn table(&mut self, caption: &str, m: &Told, most: usize) {
        let weight = |i: usize| if i == 0 { 3 } else { 2 };
        let head = m.columns.iter().enumerate().map(|(i, (label, number))| column(label, *number, weight(i))).collect();
        let rows = m.rows.iter().take(most).map(|row| row.iter().map(words).collect()).collect();
        self.put_table(caption, head, rows, true);
        if m.rows.len() > most {
            let left = m.rows.len() - most;
            let more = match self.lang {
                Lang::Fr => format!("{} de plus dans l’archive du rapport, en CSV.", count(self.lang, left, "ligne", "lignes")),
                Lang::En => format!("{} more in the archive of the report, as CSV.", count(self.lang, left, "row", "rows")),
            };
            self.note(more);
        }
    }

    pub(super) fn put_table(&mut self, caption: &str, head: Vec<Column>, rows: Vec<Vec<Vec<Run>>>, named_rows: bool) {
        self.tables += 1;
        self.parts.push(Part::Table(Table { number: Some(self.tables), caption: caption.to_owned(), head, rows, named_rows }));
    }

    /// A chart that is not one of a measure.
    pub(super) fn drawing(&mut self, svg: &str, caption: String, alt: String, file: &str, csv: Vec<u8>) {
        let drawing = sheet(svg, &caption, &alt, self.lang, self.inputs.selection.at);
        self.picture(&drawing, caption, Some(alt), file, csv);
    }
}

/// Words that a title does not say already.
fn unless_said(title: &str, words: &str) -> String {
    if fold(title).contains(&fold(words)) { String::new() } else { words.to_owned() }
}

/// A column with its head.
pub(super) fn column(label: &str, number: bool, weight: u32) -> Column {
    Column { label: words(label), number, weight }
}

fn count_word(lang: Lang, n: usize) -> String {
    let one = if lang == Lang::Fr { n < 2 } else { n == 1 };
    match (lang, one) {
        (Lang::Fr, true) => "dispositif de participation",
        (Lang::Fr, false) => "dispositifs de participation",
        (Lang::En, true) => "participation device",
        (Lang::En, false) => "participation devices",
    }
    .to_owned()
}

/// Which section shows a measure.
fn section_of(code: &str) -> &'static str {
    match code {
        "stock" => "map",
        "network" => "network",
        "freshness" | "completeness" | "precision" | "practical" | "sources" | "participation" => "quality",
        _ => "analysis",
    }
}

/// Themes in their own order with their counts; those without a theme last.
fn by_theme(lang: Lang, counts: &BTreeMap<&str, usize>) -> Vec<(String, usize)> {
    let n = |code: &str| counts.get(code).copied().unwrap_or(0);
    let themes = taxonomy().themes.iter().map(|t| (if lang == Lang::Fr { t.fr.clone() } else { t.en.clone() }, n(&t.code)));
    themes.chain([(say(lang, "Sans thème", "No theme").to_owned(), n(""))]).collect()
}

fn short(figure: &Piece) -> String {
    figure.id.simple().to_string().chars().skip(20).collect()
}
