//! The document as DOCX (ECMA-376): a zip of XML parts that name each other. Styles are Word's own, so that whoever goes on writing finds them in the menu.

mod body;
mod styles;

use super::archive::Archive;
use super::parts::{Document, Part, Picture};
use super::words::say;
use crate::model::{Lang, label};
use maud::{Markup, html};
use std::collections::BTreeMap;

pub(super) use body::{CONTENTS_BEGIN, CONTENTS_END};

/// The media type of the file.
pub const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const W: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const R: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";

/// Parts of every file: path below `word/`, their kind of relationship, and their content type.
const OWN_PARTS: [(&str, &str, &str); 4] = [
    ("styles.xml", "styles", "styles"),
    ("numbering.xml", "numbering", "numbering"),
    ("settings.xml", "settings", "settings"),
    ("footer1.xml", "footer", "footer"),
];
/// The id of the footer among the relationships.
const FOOTER: &str = "rId4";

/// The file.
pub(in crate::report::document) fn write(document: &Document) -> Vec<u8> {
    let mut links = Links::default();
    let body = body::write(document, &mut links);
    let mut file = Archive::default();
    file.add("[Content_Types].xml", xml(content_types()));
    file.add("_rels/.rels", xml(package_links()));
    file.add("docProps/core.xml", xml(core(document)));
    file.add(
        "docProps/app.xml",
        xml(html! { Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties" { Application { "Bouillon" } } }),
    );
    file.add("word/document.xml", xml(body));
    file.add("word/styles.xml", xml(styles::styles(document.lang)));
    file.add("word/numbering.xml", xml(styles::numbering(&links.lists)));
    file.add("word/settings.xml", xml(settings(document.lang)));
    file.add("word/footer1.xml", xml(footer(document)));
    file.add("word/_rels/document.xml.rels", xml(document_links(&links)));
    for (i, picture) in pictures(&document.parts).enumerate() {
        file.add(&format!("word/{}", media(i, picture)), picture.png.clone());
    }
    file.bytes()
}

fn xml(markup: Markup) -> Vec<u8> {
    format!("{XML}{}", markup.into_string()).into_bytes()
}

/// What the body refers to outside itself.
#[derive(Default)]
struct Links {
    /// Web pages and mail addresses, each once, with their id.
    targets: BTreeMap<String, String>,
    /// The pictures that were placed, by their file below `word/`.
    media: Vec<String>,
    /// The first number of each list with numbers, in order; none for those with dots.
    lists: Vec<Option<u64>>,
}

impl Links {
    /// The relationship of a link.
    fn target(&mut self, url: &str) -> String {
        let next = format!("rIdL{}", self.targets.len() + 1);
        self.targets.entry(url.to_owned()).or_insert(next).clone()
    }

    /// The relationship of the next picture.
    fn picture(&mut self, picture: &Picture) -> String {
        self.media.push(media(self.media.len(), picture));
        format!("rIdP{}", self.media.len())
    }

    /// The number of a list.
    fn list(&mut self, first: Option<u64>) -> usize {
        self.lists.push(first);
        self.lists.len()
    }
}

fn pictures(parts: &[Part]) -> impl Iterator<Item = &Picture> {
    parts.iter().filter_map(|p| if let Part::Picture(p) = p { Some(p) } else { None })
}

fn media(i: usize, picture: &Picture) -> String {
    format!("media/figure{}.{}", i + 1, if picture.media_type == "image/jpeg" { "jpeg" } else { "png" })
}

fn content_types() -> Markup {
    html! {
        Types xmlns={ (PACKAGE) "/content-types" } {
            Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" {}
            Default Extension="xml" ContentType="application/xml" {}
            Default Extension="png" ContentType="image/png" {}
            Default Extension="jpeg" ContentType="image/jpeg" {}
            Override PartName="/word/document.xml" ContentType={ (WORD) ".document.main+xml" } {}
            @for (path, _, kind) in OWN_PARTS { Override PartName={ "/word/" (path) } ContentType={ (WORD) "." (kind) "+xml" } {} }
            Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml" {}
            Override PartName="/docProps/app.xml" ContentType="application/vnd.openxmlformats-officedocument.extended-properties+xml" {}
        }
    }
}

fn package_links() -> Markup {
    html! {
        Relationships xmlns={ (PACKAGE) "/relationships" } {
            Relationship Id="rId1" Type={ (R) "/officeDocument" } Target="word/document.xml" {}
            Relationship Id="rId2" Type={ (PACKAGE) "/relationships/metadata/core-properties" } Target="docProps/core.xml" {}
            Relationship Id="rId3" Type={ (R) "/extended-properties" } Target="docProps/app.xml" {}
        }
    }
}

fn document_links(links: &Links) -> Markup {
    html! {
        Relationships xmlns={ (PACKAGE) "/relationships" } {
            @for (i, (path, kind, _)) in OWN_PARTS.iter().enumerate() {
                Relationship Id={ "rId" (i + 1) } Type={ (R) "/" (kind) } Target=(path) {}
            }
            @for (i, path) in links.media.iter().enumerate() { Relationship Id={ "rIdP" (i + 1) } Type={ (R) "/image" } Target=(path) {} }
            @for (url, id) in &links.targets { Relationship Id=(id) Type={ (R) "/hyperlink" } Target=(url) TargetMode="External" {} }
        }
    }
}

fn core(document: &Document) -> Markup {
    let at = label::moment(document.at.div_euclid(1000) * 1000);
    let language = code(document.lang);
    html! {
        cp:coreProperties xmlns:cp={ (PACKAGE) "/metadata/core-properties" } xmlns:dc="http://purl.org/dc/elements/1.1/"
            xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {
            dc:title { (document.title) }
            dc:subject { (document.cover.kind) " · " (document.cover.territory) }
            dc:creator { "Bouillon" }
            dc:description { (document.cover.state) " · " (document.address) }
            dc:language { (language) }
            dcterms:created xsi:type="dcterms:W3CDTF" { (at) }
            dcterms:modified xsi:type="dcterms:W3CDTF" { (at) }
        }
    }
}

fn code(lang: Lang) -> &'static str {
    if lang == Lang::Fr { "fr-FR" } else { "en-GB" }
}

fn settings(lang: Lang) -> Markup {
    html! {
        w:settings xmlns:w=(W) {
            w:zoom w:percent="100" {}
            w:defaultTabStop w:val="709" {}
            w:compat { w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15" {} }
            w:themeFontLang w:val=(code(lang)) {}
            w:decimalSymbol w:val=(say(lang, ",", ".")) {}
            w:listSeparator w:val=";" {}
        }
    }
}

/// The rim, what this is, and where on the paper one is.
fn footer(document: &Document) -> Markup {
    let border = |color: &str, size: u32| html! { w:pBdr { w:top w:val="single" w:sz=(size) w:space="1" w:color=(color) {} } };
    let field = |name: &str| html! { w:fldSimple w:instr={ " " (name) " " } { w:r { w:t { "1" } } } };
    let page = say(document.lang, "page ", "page ");
    html! {
        w:ftr xmlns:w=(W) xmlns:r=(R) {
            w:p { w:pPr { w:pStyle w:val="Pieddepage" {} (border("0F4550", 16)) w:spacing w:before="0" w:after="0" w:line="60" w:lineRule="exact" {} } }
            w:p {
                w:pPr { w:pStyle w:val="Pieddepage" {} (border("F6BE3B", 24)) }
                w:r { w:t xml:space="preserve" { (document.name()) " · " (document.cover.state) } }
                w:r { w:tab {} }
                w:r { w:t xml:space="preserve" { (page) } } (field("PAGE")) w:r { w:t xml:space="preserve" { " / " } } (field("NUMPAGES"))
            }
            w:p { w:pPr { w:pStyle w:val="Pieddepage" {} } w:r { w:t { (document.address) } } }
        }
    }
}

/// The same file for a program that computes page numbers only outside a table of contents: its entries become usual paragraphs.
pub fn with_pages_asked(docx: &[u8]) -> Option<Vec<u8>> {
    super::archive::changed(docx, "word/document.xml", |text| text.replace(CONTENTS_BEGIN, "").replace(CONTENTS_END, ""))
}
