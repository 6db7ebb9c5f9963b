//! The report as a document: what the software fills in, between the blocks that people write.

use super::markdown;
use super::outline::OUTLINE;
use super::parts::{Cover, Document, Part, words};
use super::words::{count, day, say};
use crate::model::work::STEPS;
use crate::model::{Lang, Work};
use crate::report::Selection;
use serde_json::Value;

/// Everything that a report is made from, of one position of the journal.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// In which language it speaks.
    pub lang: Lang,
    /// The report.
    pub report: Work,
    /// Its blocks.
    pub blocks: Vec<Work>,
    /// The participation devices of its territory.
    pub devices: Vec<Work>,
    /// The actors of its territory.
    pub selection: Selection,
    /// Where it is found.
    pub address: String,
}

/// Blocks as they follow each other: by their number, then by their age.
pub fn in_order(mut blocks: Vec<Work>) -> Vec<Work> {
    blocks.sort_by_key(|b| (b.doc.fields.get("order").and_then(Value::as_i64).unwrap_or(0), b.created_at, b.id));
    blocks
}

/// Devices by step of the governance cycle, then by name; those without a step last.
pub fn by_step(mut devices: Vec<Work>) -> Vec<Work> {
    let step = |d: &Work| STEPS.iter().position(|s| *s == d.doc.text("step")).unwrap_or(STEPS.len());
    devices.sort_by_cached_key(|d| (step(d), crate::model::text::fold(d.doc.text("name")), d.id));
    devices
}

/// The whole report.
pub fn compose(inputs: &Inputs) -> Document {
    let lang = inputs.lang;
    let mut parts = Vec::new();
    for section in OUTLINE {
        parts.push(Part::Heading(1, words(section.title(lang))));
        for block in inputs.blocks.iter().filter(|b| b.doc.text("section") == section.code) {
            parts.extend(markdown::read(block.doc.text("text")));
        }
    }
    Document {
        lang,
        title: inputs.report.doc.text("title").to_owned(),
        cover: cover(inputs),
        parts,
        address: inputs.address.clone(),
        at: inputs.selection.at,
    }
}

fn cover(inputs: &Inputs) -> Cover {
    let (lang, s) = (inputs.lang, &inputs.selection);
    let position = format!("{}:{}", s.position.epoch, s.position.seq);
    let state = if inputs.report.is_frozen() { say(lang, "Figé le", "Frozen on") } else { say(lang, "Brouillon du", "Draft of") };
    let facts = [
        (say(lang, "Acteurs", "Actors"), count(lang, s.actors.len(), "acteur", say(lang, "acteurs", "actors"))),
        (say(lang, "Position dans l’historique", "Position in the journal"), position),
    ];
    Cover {
        territory: s.territory.name.clone(),
        kind: say(lang, "Diagnostic démocratique", "Democratic diagnosis").to_owned(),
        summary: inputs.report.doc.text("summary").to_owned(),
        state: format!("{state} {}", day(lang, s.at)),
        facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}
