//! The files of a report: DOCX, HTML, and the archive with every figure and the actors.

use super::archive::Archive;
use super::inputs::Inputs;
use super::parts::{Document, Part, Picture};
use super::words::say;
use super::{docx, html};
use crate::export::Format;
use crate::model::Lang;

/// What a report gives away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// To go on writing.
    pub docx: Vec<u8>,
    /// To print and publish.
    pub html: Vec<u8>,
    /// All of it, with figures and data.
    pub zip: Vec<u8>,
}

/// Writes every file.
pub fn files(document: &Document, inputs: &Inputs) -> Files {
    let (docx, html) = (docx::write(document), html::write(document));
    let zip = archive(document, inputs, &docx, &html);
    Files { docx, html, zip }
}

fn archive(document: &Document, inputs: &Inputs, docx: &[u8], html: &[u8]) -> Vec<u8> {
    let lang = document.lang;
    let report = say(lang, "rapport", "report");
    let mut zip = Archive::default();
    zip.add(say(lang, "LISEZMOI.txt", "README.txt"), readme(document));
    zip.add(&format!("{report}.docx"), docx);
    zip.add(&format!("{report}.html"), html);
    let pictures = document.parts.iter().filter_map(|p| if let Part::Picture(p) = p { Some(p) } else { None });
    for picture in pictures {
        let name = format!("figures/{}", name_of(picture));
        if !picture.svg.is_empty() {
            zip.add(&format!("{name}.svg"), picture.svg.as_bytes());
        }
        zip.add(&format!("{name}.png"), picture.png.as_slice());
        if !picture.csv.is_empty() {
            zip.add(&format!("{name}.csv"), picture.csv.as_slice());
        }
    }
    zip.add(say(lang, "acteurs.csv", "actors.csv"), inputs.selection.write(Format::Csv));
    zip.bytes()
}

fn name_of(p: &Picture) -> String {
    format!("{:02}-{}", p.number, p.file)
}

fn readme(document: &Document) -> String {
    let (lang, cover) = (document.lang, &document.cover);
    let between = say(lang, "\u{a0}: ", ": ");
    let mut text = format!("{}\r\n{}\r\n{}\r\n\r\n", document.title, cover.territory, cover.state);
    for (name, value) in &cover.facts {
        text.push_str(&format!("{name}{between}{value}\r\n"));
    }
    text.push_str(match lang {
        Lang::Fr => {
            "\r\nrapport.docx   pour continuer à écrire (Word, LibreOffice)\r\nrapport.html   pour lire et imprimer dans un navigateur\r\n\
             figures/       chaque figure en SVG, en PNG, et ses nombres en CSV\r\nacteurs.csv    les acteurs de la carte\r\n\r\n\
             Données : ODbL 1.0, © les contributeurs d’OpenStreetMap pour ce qui en vient.\r\n\
             https://opendatacommons.org/licenses/odbl/1-0/\r\n"
        }
        Lang::En => {
            "\r\nreport.docx    to go on writing (Word, LibreOffice)\r\nreport.html    to read and print in a browser\r\n\
             figures/       each figure as SVG, as PNG, and its numbers as CSV\r\nactors.csv     the actors of the map\r\n\r\n\
             Data: ODbL 1.0, © OpenStreetMap contributors for what comes from there.\r\n\
             https://opendatacommons.org/licenses/odbl/1-0/\r\n"
        }
    });
    text.push_str(&format!("\r\n{}\r\n", document.address));
    text
}
