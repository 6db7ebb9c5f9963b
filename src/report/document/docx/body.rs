//! `word/document.xml`: cover, table of contents, and every part of the document.

use super::super::parts::{Cover, Document, Part, Picture, Run, Table, text_of};
use super::super::words::say;
use super::{FOOTER, Links, R, W};
use crate::model::Lang;
use maud::{Markup, PreEscaped, html};

/// The field around the table of contents, as it is written.
pub(in super::super) const CONTENTS_BEGIN: &str = "<w:r><w:fldChar w:fldCharType=\"begin\"></w:fldChar></w:r><w:r><w:instrText xml:space=\"preserve\"> TOC \\o \"1-2\" \\h \\z \\u </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"></w:fldChar></w:r>";
/// Its end.
pub(in super::super) const CONTENTS_END: &str = "<w:p><w:r><w:fldChar w:fldCharType=\"end\"></w:fldChar></w:r></w:p>";
/// Text is this wide, in twentieths of a point: 170 mm.
const WIDTH: u32 = 9638;
/// English Metric Units of a millimetre.
const EMU: f64 = 36_000.0;
/// A picture may be this wide and high, millimetres.
const ROOM: [f64; 2] = [170.0, 225.0];

/// Where a part stands.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Quotes around it.
    quotes: u32,
    /// Lists around it.
    lists: u32,
}

struct Writer<'a> {
    links: &'a mut Links,
    lang: Lang,
    headings: usize,
    pictures: usize,
}

/// The body.
pub(super) fn write(document: &Document, links: &mut Links) -> Markup {
    let mut writer = Writer { links, lang: document.lang, headings: 0, pictures: 0 };
    let parts = writer.parts(&document.parts, Place::default());
    html! {
        w:document xmlns:w=(W) xmlns:r=(R) xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
            xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" {
            w:body {
                (cover(document, &document.cover))
                (contents(document))
                (parts)
                w:sectPr {
                    w:footerReference w:type="default" r:id=(FOOTER) {}
                    w:pgSz w:w="11906" w:h="16838" {}
                    w:pgMar w:top="1134" w:right="1134" w:bottom="1247" w:left="1134" w:header="567" w:footer="454" w:gutter="0" {}
                    w:titlePg {}
                }
            }
        }
    }
}

fn paragraph(style: &str, text: &str) -> Markup {
    html! { w:p { w:pPr { w:pStyle w:val=(style) {} } w:r { (letters(text)) } } }
}

/// A text in which line feeds break lines.
fn letters(text: &str) -> Markup {
    html! { @for (i, line) in text.split('\n').enumerate() { @if i > 0 { w:br {} } w:t xml:space="preserve" { (line) } } }
}

fn page_break() -> Markup {
    html! { w:p { w:r { w:br w:type="page" {} } } }
}

fn cover(document: &Document, cover: &Cover) -> Markup {
    let rim = |color: &str, size: u32| {
        html! { w:p { w:pPr { w:pBdr { w:top w:val="single" w:sz=(size) w:space="1" w:color=(color) {} } w:spacing w:before="0" w:after="0" w:line="60" w:lineRule="exact" {} } } }
    };
    html! {
        w:p { w:pPr { w:pStyle w:val="Remarque" {} w:spacing w:before="2400" w:after="0" {} } w:r { w:rPr { w:sz w:val="26" {} } w:t { (cover.kind) } } }
        (paragraph("Titre", &document.title))
        (paragraph("Soustitre", &cover.territory))
        @if !cover.summary.is_empty() { (paragraph("Corpsdetexte", &cover.summary)) }
        w:p { w:pPr { w:spacing w:before="360" w:after="0" {} } }
        (rim("0F4550", 16)) (rim("F6BE3B", 24))
        w:p { w:pPr { w:pStyle w:val="Corpsdetexte" {} w:spacing w:before="360" {} } w:r { w:rPr { w:b {} } w:t { (cover.state) } } }
        @for (name, value) in &cover.facts {
            w:p {
                w:pPr { w:pStyle w:val="Corpsdetexte" {} w:spacing w:after="40" {} }
                w:r { w:rPr { w:color w:val="47595D" {} } w:t xml:space="preserve" { (name) (say(document.lang, "\u{a0}: ", ": ")) } } w:r { w:t { (value) } }
            }
        }
        w:p { w:pPr { w:pStyle w:val="Corpsdetexte" {} w:spacing w:before="240" {} } w:r { w:t { (document.address) } } }
        (page_break())
    }
}

/// A field that whoever writes on can refresh; until then its entries stand without page numbers, because only a program that sets pages knows them.
fn contents(document: &Document) -> Markup {
    let headings = document.parts.iter().filter_map(|p| if let Part::Heading(level, runs) = p { Some((*level, text_of(runs))) } else { None });
    let entries: Vec<(usize, u8, String)> = headings.enumerate().map(|(i, (level, text))| (i, level, text)).filter(|(_, l, _)| *l <= 2).collect();
    html! {
        (paragraph("Titresommaire", say(document.lang, "Sommaire", "Contents")))
        @for (n, (i, level, text)) in entries.iter().enumerate() {
            w:p {
                w:pPr { w:pStyle w:val={ "TM" (level) } {} }
                @if n == 0 { (PreEscaped(CONTENTS_BEGIN)) }
                w:hyperlink w:anchor={ "_Toc" (i) } w:history="1" {
                    w:r { w:t xml:space="preserve" { (text) } } w:r { w:tab {} }
                    w:r { w:fldChar w:fldCharType="begin" {} } w:r { w:instrText xml:space="preserve" { " PAGEREF _Toc" (i) " \\h " } }
                    w:r { w:fldChar w:fldCharType="separate" {} } w:r { w:t {} } w:r { w:fldChar w:fldCharType="end" {} }
                }
            }
        }
        @if !entries.is_empty() { (PreEscaped(CONTENTS_END)) }
        (page_break())
    }
}

impl Writer<'_> {
    fn parts(&mut self, parts: &[Part], place: Place) -> Markup {
        html! { @for part in parts { (self.part(part, place)) } }
    }

    fn part(&mut self, part: &Part, place: Place) -> Markup {
        match part {
            Part::Heading(level, runs) if place.lists == 0 && place.quotes == 0 => self.heading(*level, runs),
            Part::Heading(_, runs) => self.words("Corpsdetexte", runs, place),
            Part::Paragraph(runs) => self.words(if place.quotes > 0 { "Citation" } else { "Corpsdetexte" }, runs, place),
            Part::Note(runs) => self.words("Remarque", runs, place),
            Part::Quote(parts) => self.parts(parts, Place { quotes: place.quotes + 1, ..place }),
            Part::List(first, items) => self.list(*first, items, place),
            Part::Code(lines) => paragraph("Code", lines),
            Part::Numbers(numbers) => html! {
                @for (number, what) in numbers {
                    w:p {
                        w:pPr { w:pStyle w:val="Nombre" {} }
                        w:r { w:rPr { w:b {} w:sz w:val="40" {} } w:t { (number) } } w:r { w:t xml:space="preserve" { "  " (what) } }
                    }
                }
            },
            Part::Table(table) => self.table(table),
            Part::Picture(picture) => self.picture(picture),
            Part::PageBreak => page_break(),
        }
    }

    fn heading(&mut self, level: u8, runs: &[Run]) -> Markup {
        let n = self.headings;
        self.headings += 1;
        html! {
            w:p {
                w:pPr { w:pStyle w:val={ "Titre" (level) } {} }
                w:bookmarkStart w:id=(n) w:name={ "_Toc" (n) } {} (self.runs(runs)) w:bookmarkEnd w:id=(n) {}
            }
        }
    }

    fn words(&mut self, style: &str, runs: &[Run], place: Place) -> Markup {
        let left = 360 * place.lists + 300 * place.quotes;
        html! { w:p { w:pPr { w:pStyle w:val=(style) {} @if left > 0 { w:ind w:left=(left) {} } } (self.runs(runs)) } }
    }

    fn list(&mut self, first: Option<u64>, items: &[Vec<Part>], place: Place) -> Markup {
        let number = self.links.list(first);
        let (style, level) = (if first.is_some() { "Listenumros" } else { "Listepuces" }, place.lists);
        let inside = Place { lists: place.lists + 1, ..place };
        html! {
            @for item in items {
                @let (words, rest) = if let [Part::Paragraph(words), rest @ ..] = item.as_slice() { (words.as_slice(), rest) } else { (&[][..], item.as_slice()) };
                w:p {
                    w:pPr { w:pStyle w:val=(style) {} w:numPr { w:ilvl w:val=(level) {} w:numId w:val=(number) {} } }
                    (self.runs(words))
                }
                (self.parts(rest, inside))
            }
        }
    }

    fn runs(&mut self, runs: &[Run]) -> Markup {
        html! {
            @for run in runs {
                @match &run.link {
                    Some(url) => w:hyperlink r:id=(self.links.target(url)) w:history="1" { (letters_of(run)) },
                    None => (letters_of(run)),
                }
            }
        }
    }

    fn table(&mut self, t: &Table) -> Markup {
        let all: u32 = t.head.iter().map(|c| c.weight.max(1)).sum::<u32>().max(1);
        let widths: Vec<u32> = t.head.iter().map(|c| WIDTH * c.weight.max(1) / all).collect();
        let described = if t.caption.is_empty() { say(self.lang, "Tableau", "Table") } else { &t.caption };
        html! {
            @if let Some(n) = t.number { (caption("TitreTableau", say(self.lang, "Tableau", "Table"), "Tableau", n, &t.caption)) }
            w:tbl {
                w:tblPr {
                    w:tblStyle w:val="Tableau" {} w:tblW w:w=(WIDTH) w:type="dxa" {} w:tblLayout w:type="fixed" {}
                    w:tblLook w:val=(if t.named_rows { "06A0" } else { "0620" }) w:firstRow="1" w:lastRow="0" w:firstColumn=(u8::from(t.named_rows)) w:lastColumn="0" w:noHBand="1" w:noVBand="1" {}
                    w:tblCaption w:val=(described) {}
                }
                w:tblGrid { @for w in &widths { w:gridCol w:w=(w) {} } }
                w:tr {
                    w:trPr { w:cantSplit {} w:tblHeader {} }
                    @for (column, width) in t.head.iter().zip(&widths) { (self.cell(&column.label, *width, column.number)) }
                }
                @for row in &t.rows {
                    w:tr {
                        w:trPr { w:cantSplit {} }
                        @for ((cell, column), width) in row.iter().zip(&t.head).zip(&widths) { (self.cell(cell, *width, column.number)) }
                    }
                }
            }
            // Two tables that touch would become one.
            w:p { w:pPr { w:pStyle w:val="Remarque" {} } }
        }
    }

    fn cell(&mut self, runs: &[Run], width: u32, right: bool) -> Markup {
        html! {
            w:tc {
                w:tcPr { w:tcW w:w=(width) w:type="dxa" {} }
                w:p { w:pPr { w:pStyle w:val="Cellule" {} @if right { w:jc w:val="right" {} } } (self.runs(runs)) }
            }
        }
    }

    fn picture(&mut self, p: &Picture) -> Markup {
        let link = self.links.picture(p);
        self.pictures += 1;
        let id = self.pictures;
        let shrunk = (ROOM[0] / p.size[0]).min(ROOM[1] / p.size[1]).min(1.0);
        let [cx, cy] = p.size.map(|mm| (mm * shrunk * EMU).round() as i64);
        html! {
            w:p {
                w:pPr { w:pStyle w:val="Corpsdetexte" {} w:keepNext {} w:spacing w:before="160" w:after="0" w:line="240" w:lineRule="auto" {} }
                w:r {
                    w:drawing {
                        wp:inline distT="0" distB="0" distL="0" distR="0" {
                            wp:extent cx=(cx) cy=(cy) {} wp:effectExtent l="0" t="0" r="0" b="0" {}
                            wp:docPr id=(id) name={ "Figure " (p.number) } descr=(p.alt) {}
                            wp:cNvGraphicFramePr { a:graphicFrameLocks noChangeAspect="1" {} }
                            a:graphic {
                                a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture" {
                                    pic:pic {
                                        pic:nvPicPr { pic:cNvPr id=(id) name=(p.file) descr=(p.alt) {} pic:cNvPicPr {} }
                                        pic:blipFill { a:blip r:embed=(link) {} a:stretch { a:fillRect {} } }
                                        pic:spPr { a:xfrm { a:off x="0" y="0" {} a:ext cx=(cx) cy=(cy) {} } a:prstGeom prst="rect" { a:avLst {} } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            (caption("Lgende", "Figure", "Figure", p.number, &p.caption))
        }
    }
}

/// A caption whose number Word counts.
fn caption(style: &str, word: &str, sequence: &str, number: u32, text: &str) -> Markup {
    html! {
        w:p {
            w:pPr { w:pStyle w:val=(style) {} }
            w:r { w:rPr { w:b {} } w:t xml:space="preserve" { (word) " " } }
            w:fldSimple w:instr={ " SEQ " (sequence) " \\* ARABIC " } { w:r { w:rPr { w:b {} } w:t { (number) } } }
            w:r { w:t xml:space="preserve" { " · " (text) } }
        }
    }
}

fn letters_of(run: &Run) -> Markup {
    let s = run.style;
    html! {
        w:r {
            w:rPr {
                @if run.link.is_some() { w:rStyle w:val="Lienhypertexte" {} }
                @if s.code { w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New" {} }
                @if s.bold { w:b {} } @if s.italic { w:i {} } @if s.struck { w:strike {} }
            }
            (letters(&run.text))
        }
    }
}
