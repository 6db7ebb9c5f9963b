//! The styles of the DOCX, with the names that Word and LibreOffice know, and its lists.

use super::{W, code};
use crate::model::Lang;
use maud::{Markup, html};

const INK: &str = "14282C";
const SOFT: &str = "47595D";
const PETROL: &str = "0F4550";
const FONT: &str = "Arial";

/// Id, Word's name, size in half points, colour, bold, space before and after in twentieths of a point, level of the outline.
type Heading = (&'static str, &'static str, u32, &'static str, u32, u32, Option<u8>);

const HEADINGS: [Heading; 5] = [
    ("Titre", "Title", 64, PETROL, 240, 120, None),
    ("Soustitre", "Subtitle", 36, INK, 0, 240, None),
    ("Titre1", "heading 1", 34, PETROL, 480, 160, Some(0)),
    ("Titre2", "heading 2", 26, INK, 320, 100, Some(1)),
    ("Titre3", "heading 3", 22, INK, 240, 80, Some(2)),
];

/// `word/styles.xml`.
pub(super) fn styles(lang: Lang) -> Markup {
    html! {
        w:styles xmlns:w=(W) {
            w:docDefaults {
                w:rPrDefault {
                    w:rPr {
                        w:rFonts w:ascii=(FONT) w:hAnsi=(FONT) w:eastAsia=(FONT) w:cs=(FONT) {}
                        w:color w:val=(INK) {} w:sz w:val="21" {} w:szCs w:val="21" {}
                        w:lang w:val=(code(lang)) w:eastAsia=(code(lang)) w:bidi="ar-SA" {}
                    }
                }
                w:pPrDefault { w:pPr { w:spacing w:after="120" w:line="276" w:lineRule="auto" {} } }
            }
            w:style w:type="paragraph" w:default="1" w:styleId="Normal" { w:name w:val="Normal" {} w:qFormat {} }
            w:style w:type="character" w:default="1" w:styleId="Policepardefaut" { w:name w:val="Default Paragraph Font" {} w:uiPriority w:val="1" {} w:semiHidden {} }
            w:style w:type="table" w:default="1" w:styleId="TableauNormal" {
                w:name w:val="Normal Table" {} w:uiPriority w:val="99" {} w:semiHidden {}
                w:tblPr { w:tblInd w:w="0" w:type="dxa" {} (cell_margins(0)) }
            }
            w:style w:type="numbering" w:default="1" w:styleId="Aucuneliste" { w:name w:val="No List" {} w:uiPriority w:val="99" {} w:semiHidden {} }
            @for heading in HEADINGS { (heading_style(heading)) }
            (paragraph("Corpsdetexte", "Body Text", html! { w:widowControl {} }, html! {}))
            (paragraph("Lgende", "caption", html! { w:keepLines {} w:spacing w:before="80" w:after="280" {} }, html! { w:color w:val=(SOFT) {} w:sz w:val="19" {} }))
            (paragraph("TitreTableau", "Table Caption", html! { w:keepNext {} w:spacing w:before="160" w:after="80" {} }, html! { w:color w:val=(SOFT) {} w:sz w:val="19" {} }))
            (paragraph("Listepuces", "List Bullet", html! { w:spacing w:after="60" {} }, html! {}))
            (paragraph("Listenumros", "List Number", html! { w:spacing w:after="60" {} }, html! {}))
            (paragraph("Citation", "Quote", html! { w:pBdr { w:left w:val="single" w:sz="18" w:space="8" w:color="6B7F82" {} } w:ind w:left="300" {} }, html! { w:color w:val=(SOFT) {} }))
            (paragraph("Remarque", "Remark", html! { w:spacing w:after="100" {} }, html! { w:color w:val=(SOFT) {} w:sz w:val="18" {} }))
            (paragraph("Code", "HTML Preformatted", html! {}, html! { w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New" {} w:sz w:val="18" {} }))
            (paragraph("Nombre", "Number", html! { w:keepLines {} w:spacing w:before="60" w:after="60" {} }, html! {}))
            (paragraph("Cellule", "Table Text", html! { w:spacing w:before="30" w:after="30" w:line="252" w:lineRule="auto" {} }, html! { w:sz w:val="18" {} }))
            (paragraph("Pieddepage", "footer", html! { w:tabs { w:tab w:val="right" w:pos="9638" {} } w:spacing w:after="0" {} }, html! { w:color w:val=(SOFT) {} w:sz w:val="16" {} }))
            (paragraph("Titresommaire", "TOC Heading", html! { w:keepNext {} w:spacing w:after="200" {} }, html! { w:b {} w:color w:val=(PETROL) {} w:sz w:val="34" {} }))
            (paragraph("TM1", "toc 1", html! { w:tabs { w:tab w:val="right" w:leader="dot" w:pos="9638" {} } w:spacing w:before="120" w:after="40" {} }, html! { w:b {} }))
            (paragraph("TM2", "toc 2", html! { w:tabs { w:tab w:val="right" w:leader="dot" w:pos="9638" {} } w:spacing w:after="20" {} w:ind w:left="300" {} }, html! {}))
            w:style w:type="character" w:styleId="Lienhypertexte" { w:name w:val="Hyperlink" {} w:rPr { w:color w:val="0B5563" {} w:u w:val="single" {} } }
            (table())
        }
    }
}

fn heading_style((id, name, size, color, before, after, level): (&str, &str, u32, &str, u32, u32, Option<u8>)) -> Markup {
    let first = level == Some(0);
    html! {
        w:style w:type="paragraph" w:styleId=(id) {
            w:name w:val=(name) {} w:basedOn w:val="Normal" {} w:next w:val="Corpsdetexte" {} w:qFormat {}
            w:pPr {
                w:keepNext {} w:keepLines {}
                @if first { w:pBdr { w:bottom w:val="single" w:sz="12" w:space="3" w:color=(PETROL) {} } }
                w:spacing w:before=(before) w:after=(after) w:line="240" w:lineRule="auto" {}
                @if let Some(level) = level { w:outlineLvl w:val=(level) {} }
            }
            w:rPr { @if name != "Subtitle" { w:b {} w:bCs {} } w:color w:val=(color) {} w:sz w:val=(size) {} w:szCs w:val=(size) {} }
        }
    }
}

fn paragraph(id: &str, name: &str, about: Markup, letters: Markup) -> Markup {
    html! {
        w:style w:type="paragraph" w:styleId=(id) {
            w:name w:val=(name) {} w:basedOn w:val="Normal" {} w:qFormat {}
            w:pPr { (about) } w:rPr { (letters) }
        }
    }
}

fn cell_margins(sides: u32) -> Markup {
    html! {
        w:tblCellMar {
            w:top w:w="0" w:type="dxa" {} w:left w:w=(sides) w:type="dxa" {} w:bottom w:w="0" w:type="dxa" {} w:right w:w=(sides) w:type="dxa" {}
        }
    }
}

/// Thin lines between rows, a stronger one under the head.
fn table() -> Markup {
    html! {
        w:style w:type="table" w:styleId="Tableau" {
            w:name w:val="Tableau Bouillon" {} w:basedOn w:val="TableauNormal" {} w:qFormat {}
            w:tblPr {
                w:tblBorders {
                    w:bottom w:val="single" w:sz="4" w:space="0" w:color="C9D3D1" {}
                    w:insideH w:val="single" w:sz="4" w:space="0" w:color="C9D3D1" {}
                }
                (cell_margins(80))
            }
            w:tblStylePr w:type="firstRow" {
                w:rPr { w:b {} w:bCs {} }
                w:tcPr { w:tcBorders { w:bottom w:val="single" w:sz="12" w:space="0" w:color=(PETROL) {} } }
            }
            w:tblStylePr w:type="firstCol" { w:rPr { w:b {} w:bCs {} } }
        }
    }
}

/// `word/numbering.xml`: dots, numbers, and where each list with numbers begins.
pub(super) fn numbering(lists: &[Option<u64>]) -> Markup {
    let level = |i: usize, format: &str, text: String| {
        html! {
            w:lvl w:ilvl=(i) {
                w:start w:val="1" {} w:numFmt w:val=(format) {} w:lvlText w:val=(text) {} w:lvlJc w:val="left" {}
                w:pPr { w:ind w:left=(360 * (i + 1)) w:hanging="360" {} }
            }
        }
    };
    html! {
        w:numbering xmlns:w=(W) {
            w:abstractNum w:abstractNumId="0" {
                w:multiLevelType w:val="hybridMultilevel" {}
                @for i in 0..9 { (level(i, "bullet", if i % 2 == 0 { "•" } else { "–" }.to_owned())) }
            }
            w:abstractNum w:abstractNumId="1" {
                w:multiLevelType w:val="hybridMultilevel" {}
                @for i in 0..9 { (level(i, if i % 2 == 0 { "decimal" } else { "lowerLetter" }, format!("%{}.", i + 1))) }
            }
            @for (i, first) in lists.iter().enumerate() {
                w:num w:numId=(i + 1) {
                    w:abstractNumId w:val=(u8::from(first.is_some())) {}
                    @if let Some(first) = first {
                        @for level in 0..9 { w:lvlOverride w:ilvl=(level) { w:startOverride w:val=((*first).min(32_767)) {} } }
                    }
                }
            }
        }
    }
}
