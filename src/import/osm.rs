//! Importing an extract: territory first, then actors in batches that citizens' edits can slip between, then what stands beside them.

use super::plan::{self, Planned};
use super::{Event, Summary};
use crate::journal::{Author, Journal, Request};
use crate::model::edit::{Ack, Edit, EditKind, FieldResult, Outcome, Subject, SubjectKind};
use crate::model::{Actor, Fields, Lang, Territory, taxonomy};
use crate::osm::{Boundary, Doubt, Extract, Found, Verdict};
use crate::store::{AddressSource, Candidate, Imported};
use anyhow::Context;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Edits that share one transaction, so that citizens' edits come in between.
const BATCH: usize = 500;

/// Writes what an extract holds into the journal, as a territory with this slug and name (by default the boundary's).
/// A run that was cut off can simply be run again: what is there already is recognised.
///
/// # Errors
/// When the journal can't be written.
pub async fn import_osm(
    journal: &Journal,
    extract: Extract,
    wanted_slug: Option<&str>,
    name: Option<&str>,
    report: &mpsc::Sender<Event>,
) -> anyhow::Result<Summary> {
    let run = Uuid::now_v7();
    let mut work = Work { journal, run, report, summary: Summary::default() };
    let home = work.territory(&extract.boundary, wanted_slug, name, None).await?;
    for quartier in &extract.quartiers {
        work.territory(quartier, None, None, Some(home.slug())).await?;
    }
    let counts = &extract.counts;
    work.summary.slug = home.slug().into();
    work.summary.name = home.name().into();
    work.summary.warning.clone_from(&extract.boundary.warning);
    work.summary.read = [counts.nodes, counts.ways, counts.relations];
    work.summary.inside = extract.quartiers.len();
    work.summary.skipped.clone_from(&counts.skipped);
    work.summary.skipped.insert("outside".into(), counts.outside);
    work.summary.addresses = crate::store::AddressTotals::of(&extract.addresses);
    let doubtful = work.actors(&home, &extract.found).await?;
    work.beside(&home, &extract, doubtful).await?;
    Ok(work.summary)
}

struct Work<'a> {
    journal: &'a Journal,
    run: Uuid,
    report: &'a mpsc::Sender<Event>,
    summary: Summary,
}

impl Work<'_> {
    /// Makes the territory, or brings it up to date where nobody changed it by hand.
    async fn territory(&mut self, b: &Boundary, wanted: Option<&str>, name: Option<&str>, inside: Option<&str>) -> anyhow::Result<Territory> {
        let name = name.unwrap_or(&b.name);
        let short = wanted.map_or_else(|| plan::short_address(name, inside), str::to_owned);
        let fields = plan::territory_fields(b, name, &short);
        let mut tx = self.journal.store.read().await?;
        let known = tx.territory_by_slug(&short).await?;
        drop(tx);
        let edit = match &known {
            None => Some(new_edit(SubjectKind::Territory, Uuid::now_v7(), EditKind::Create, fields)),
            Some(t) => {
                let changed = plan::changed(&t.doc, &fields, None);
                self.summary.kept += changed.kept;
                (!changed.set.is_empty()).then(|| with_base(new_edit(SubjectKind::Territory, t.id, EditKind::Set, changed.set), &changed.base))
            }
        };
        if let Some(edit) = edit {
            let acks = self.submit(vec![self.request(edit, None)]).await?;
            if let Some(refused) = acks.iter().find(|a| a.result == Outcome::Refused) {
                anyhow::bail!("the territory « {short} » was not accepted: {}", sentence(refused));
            }
        }
        let mut tx = self.journal.store.read().await?;
        tx.territory_by_slug(&short).await?.context("the territory was written but is not there")
    }

    /// Publishes what is new, updates what changed at the source only, and gives back what is in doubt.
    async fn actors(&mut self, home: &Territory, found: &[Found]) -> anyhow::Result<Vec<Candidate>> {
        let mut doubtful: Vec<Candidate> = Vec::new();
        let total = found.len() as u64;
        for (i, chunk) in found.chunks(BATCH).enumerate() {
            let mut requests = Vec::with_capacity(chunk.len());
            for one in chunk {
                match self.plan(home, one).await? {
                    Planned::Write(request) => requests.push(*request),
                    Planned::Candidate(candidate) => doubtful.push(*candidate),
                    Planned::Nothing => self.summary.unchanged += 1,
                }
            }
            let kinds: Vec<(EditKind, String)> = requests.iter().map(|r| (r.edit.kind, theme(&r.edit.set))).collect();
            for (ack, (kind, theme)) in self.submit(requests).await?.iter().zip(kinds) {
                self.count(ack, kind, theme);
            }
            let done = total.min(((i + 1) * BATCH) as u64);
            let _ = self.report.try_send(Event::Progress { step: "write".into(), done, total });
        }
        Ok(doubtful)
    }

    async fn plan(&mut self, home: &Territory, found: &Found) -> anyhow::Result<Planned> {
        let reference = format!("osm:{}", found.osm);
        let mut tx = self.journal.store.read().await?;
        let known = tx.imported(&reference).await?;
        let actor = match &known {
            Some(known) => tx.actor(known.actor).await?,
            None => None,
        };
        drop(tx);
        match (known, actor) {
            (Some(known), Some(actor)) => Ok(self.plan_update(found, &known, &actor)),
            _ => Ok(self.plan_new(home, found, reference)),
        }
    }

    /// An object that is an actor already: a field follows the source where nobody changed it here.
    fn plan_update(&mut self, found: &Found, known: &Imported, actor: &Actor) -> Planned {
        let changed = plan::changed(&actor.doc, &found.fields, Some(&known.values));
        self.summary.kept += changed.kept;
        if changed.set.is_empty() || actor.doc.deleted {
            return Planned::Nothing;
        }
        let edit = with_base(new_edit(SubjectKind::Actor, actor.id, EditKind::Set, changed.set), &changed.base);
        let imported = Imported { version: found.version, values: found.fields.clone(), run: self.run, ..known.clone() };
        Planned::Write(Box::new(self.request(edit, Some(imported))))
    }

    fn plan_new(&self, home: &Territory, found: &Found, reference: String) -> Planned {
        let reason = match &found.verdict {
            Verdict::Candidate(reason) => Some(word(*reason)),
            Verdict::Publish if self.twin_here(home, found) => Some("duplicate"),
            Verdict::Publish => None,
        };
        if let Some(reason) = reason {
            return plan::candidate(home.id, found, reference, reason).map_or(Planned::Nothing, |c| Planned::Candidate(Box::new(c)));
        }
        let id = Uuid::now_v7();
        let mut edit = new_edit(SubjectKind::Actor, id, EditKind::Create, found.fields.clone());
        edit.territory = Some(home.slug().into());
        let licence = "ODbL-1.0".into();
        let imported = Imported { reference, actor: id, version: found.version, licence, values: found.fields.clone(), run: self.run };
        Planned::Write(Box::new(self.request(edit, Some(imported))))
    }

    /// Somebody added the same actor by hand before the import: same place, same name.
    fn twin_here(&self, home: &Territory, found: &Found) -> bool {
        let name = found.fields.get("name").and_then(Value::as_str).unwrap_or("");
        let twins = self.journal.atlas.duplicates(name, plan::point(&found.fields), Some(home.id), 3);
        twins.iter().any(|t| t.score >= crate::model::similar::PROBABLY_THE_SAME && t.distance_m.is_some_and(|m| m <= 30.0))
    }

    /// Candidates and addresses: read by people, but nothing that they write together.
    async fn beside(&mut self, home: &Territory, extract: &Extract, doubtful: Vec<Candidate>) -> anyhow::Result<()> {
        for c in &doubtful {
            *self.summary.candidates.entry(c.reason.clone()).or_default() += 1;
        }
        let mut tx = self.journal.store.write().await?;
        tx.put_candidates(home.id, self.run, &doubtful).await?;
        tx.put_addresses(AddressSource::Osm, &home.id.to_string(), &extract.addresses).await?;
        tx.commit().await?;
        Ok(())
    }

    fn request(&self, edit: Edit, imported: Option<Imported>) -> Request {
        Request { edit, author: Author::System, source: Some("osm"), lang: Lang::Fr, imported }
    }

    async fn submit(&self, requests: Vec<Request>) -> anyhow::Result<Vec<Ack>> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let acks = self.journal.writer.write(requests).await?;
        // The next batch looks for twins in the atlas, so it must hold this one.
        if let Some(seq) = acks.iter().filter_map(|a| a.seq).max() {
            self.journal.follower.reach(seq).await;
        }
        Ok(acks)
    }

    fn count(&mut self, ack: &Ack, kind: EditKind, theme: String) {
        match (ack.result, kind) {
            (Outcome::Applied, EditKind::Create) => *self.summary.published.entry(theme).or_default() += 1,
            (Outcome::Applied, _) => self.summary.updated += 1,
            (Outcome::Refused, _) => *self.summary.refused.entry(sentence(ack)).or_default() += 1,
            (Outcome::Same, _) => self.summary.unchanged += 1,
            (Outcome::Conflict, _) => self.summary.kept += 1,
        }
    }
}

fn new_edit(kind: SubjectKind, id: Uuid, what: EditKind, set: Fields) -> Edit {
    Edit {
        id: Uuid::now_v7(),
        subject: Subject { kind, id },
        kind: what,
        territory: None,
        set,
        base: BTreeMap::new(),
        reverts: None,
        group: None,
        candidate: None,
    }
}

fn with_base(edit: Edit, base: &BTreeMap<String, crate::model::Version>) -> Edit {
    Edit { base: base.iter().map(|(f, v)| (f.clone(), Some(*v))).collect(), ..edit }
}

/// The word under which a candidate's reason is kept.
fn word(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Unnamed => "unnamed",
        Doubt::OffByDefault => "off_by_default",
        Doubt::ToClassify => "to_classify",
        Doubt::Duplicate => "duplicate",
    }
}

fn theme(set: &Fields) -> String {
    let category = set.get("primary_category").and_then(Value::as_str).unwrap_or("");
    taxonomy().theme_index(category).map_or_else(|| "?".into(), |i| taxonomy().themes[i].code.clone())
}

fn sentence(ack: &Ack) -> String {
    let of_field = ack.fields.values().find_map(|f| match f {
        FieldResult::Refused { message, .. } => Some(message.clone()),
        _ => None,
    });
    of_field.or_else(|| ack.message.clone()).unwrap_or_else(|| json!(ack.result).to_string())
}
