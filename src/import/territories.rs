//! Contours into the journal: territories in groups of 500, so that citizens' edits go on in between and a cut run can be run again.

use super::Event;
use super::contours::{Contour, Gathered, LeftOut};
use super::edits::{BATCH, new_edit, sentence, submit, with_base};
use super::own;
use super::slugs::{Placed, Standing, place};
use crate::journal::{Journal, Request};
use crate::model::Fields;
use crate::model::edit::{EditKind, Outcome, SubjectKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use uuid::Uuid;

/// What an import of contours wrote and left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TerritoriesSummary {
    /// Contours per kind, those made of others included.
    pub read: BTreeMap<String, u64>,
    /// Those made of the contours of their communes.
    pub made: usize,
    /// New territories.
    pub created: u64,
    /// Territories that were there and changed.
    pub updated: u64,
    /// Territories that were there, as they are.
    pub unchanged: u64,
    /// Values that people had changed here, so that the file's were left out.
    pub kept: u64,
    /// Edits that the journal refused, with the first sentence.
    pub refused: BTreeMap<String, u64>,
    /// Features that are no territory: reason, number, an example.
    pub left_out: Vec<(LeftOut, u64, String)>,
}

/// Writes what was gathered into the journal. What is there already is recognised by kind and code; it keeps its id and its address.
///
/// # Errors
/// When the journal can't be written.
pub async fn import_territories(journal: &Journal, gathered: Gathered, report: &mpsc::Sender<Event>) -> anyhow::Result<TerritoriesSummary> {
    let mut summary = TerritoriesSummary { made: gathered.made, ..TerritoriesSummary::default() };
    summary.left_out = gathered.left_out.into_iter().map(|(reason, (count, example))| (reason, count, example)).collect();
    let facts = journal.atlas.facts();
    let standing: Vec<Standing<Uuid>> = facts
        .iter()
        .map(|t| Standing { id: t.id, kind: t.kind.to_string(), code: t.code.as_deref().map(str::to_owned), slug: t.slug.to_string() })
        .collect();
    drop(facts);
    let contours = gathered.contours;
    for contour in &contours {
        *summary.read.entry(contour.kind.clone()).or_default() += 1;
    }
    let placed = place(&contours, &standing);
    let total = contours.len() as u64;
    for (i, (contours, placed)) in contours.chunks(BATCH).zip(placed.chunks(BATCH)).enumerate() {
        let mut requests = Vec::with_capacity(contours.len());
        for (contour, placed) in contours.iter().zip(placed) {
            match request(journal, contour, placed, &mut summary).await? {
                Some(request) => requests.push(request),
                None => summary.unchanged += 1,
            }
        }
        let kinds: Vec<EditKind> = requests.iter().map(|r| r.edit.kind).collect();
        for (ack, kind) in submit(journal, requests).await?.iter().zip(kinds) {
            match (ack.result, kind) {
                (Outcome::Applied, EditKind::Create) => summary.created += 1,
                (Outcome::Applied, _) => summary.updated += 1,
                (Outcome::Refused, _) => *summary.refused.entry(sentence(ack)).or_default() += 1,
                (Outcome::Same, _) => summary.unchanged += 1,
                (Outcome::Conflict, _) => summary.kept += 1,
            }
        }
        let _ = report.try_send(Event::Progress { step: "territories".into(), done: total.min(((i + 1) * BATCH) as u64), total });
    }
    Ok(summary)
}

/// The edit that brings a territory to what the file says; none when it is so already.
async fn request(journal: &Journal, contour: &Contour, placed: &Placed<Uuid>, summary: &mut TerritoriesSummary) -> anyhow::Result<Option<Request>> {
    let fields = fields(contour, &placed.slug)?;
    let edit = match placed.known {
        None => new_edit(SubjectKind::Territory, Uuid::now_v7(), EditKind::Create, fields),
        Some(id) => {
            let mut tx = journal.store.read().await?;
            let Some(standing) = tx.territory(id).await? else { return Ok(None) };
            let changed = own::changed(&standing.doc, &fields);
            summary.kept += changed.kept;
            if changed.set.is_empty() {
                return Ok(None);
            }
            with_base(new_edit(SubjectKind::Territory, id, EditKind::Set, changed.set), &changed.base)
        }
    };
    Ok(Some(Request::from_source("contours", None, edit)))
}

fn fields(contour: &Contour, slug: &str) -> anyhow::Result<Fields> {
    let geometry: Value = serde_json::from_str(contour.geometry.get())?;
    let mut fields = Fields::from([
        ("slug".into(), json!(slug)),
        ("name".into(), json!(contour.name)),
        ("kind".into(), json!(contour.kind)),
        ("boundary".into(), geometry),
    ]);
    fields.extend(contour.code.as_ref().map(|code| ("code".into(), json!(code))));
    fields.extend(contour.population.map(|n| ("population".into(), json!(n))));
    Ok(fields)
}
