//! Importing an extract: territory first, then actors in batches that citizens' edits can slip between, then what stands beside them.

use super::edits::{BATCH, new_edit, sentence, submit, with_base};
use super::plan::{self, Planned};
use super::{Event, Summary};
use crate::journal::{Author, Journal, Request};
use crate::model::edit::{Ack, Edit, EditKind, Outcome, SubjectKind};
use crate::model::similar::{PROBABLY_THE_SAME, likeness};
use crate::model::{Actor, Fields, Lang, Territory, taxonomy};
use crate::osm::{Boundary, Doubt, Extract, Found, Verdict};
use crate::store::{AddressSource, Candidate, Imported};
use anyhow::Context;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Where the actors of an extract go.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Into a territory made or updated from the extract's boundary, with this slug and name (by default the boundary's).
    Own {
        /// Short address.
        slug: Option<&'a str>,
        /// As written on the map.
        name: Option<&'a str>,
    },
    /// Into the territories that are here already and cover them; those that none covers are left out.
    Existing,
}

/// An actor that stands here already is looked for within so many metres of an object of the source.
const TWIN_METRES: f64 = 30.0;
/// Actors that are compared by name there.
const NEIGHBOURS: usize = 50;

/// A territory that actors are created in.
#[derive(Debug, Clone)]
struct Home {
    id: Uuid,
    slug: String,
}

/// Writes what an extract holds into the journal, as a territory of its own or into those that are here.
/// A run that was cut off can simply be run again: what is there already is recognised.
///
/// # Errors
/// When the journal can't be written.
pub async fn import_osm(journal: &Journal, extract: Extract, target: Target<'_>, report: &mpsc::Sender<Event>) -> anyhow::Result<Summary> {
    let run = Uuid::now_v7();
    let mut work = Work { journal, run, report, summary: Summary::default() };
    let counts = &extract.counts;
    let own = match target {
        Target::Existing => None,
        Target::Own { slug, name } => Some(work.own(&extract, slug, name).await?),
    };
    work.summary.read = [counts.nodes, counts.ways, counts.relations];
    work.summary.skipped.clone_from(&counts.skipped);
    work.summary.skipped.insert("outside".into(), counts.outside);
    let doubtful = work.actors(own.as_ref(), &extract.found).await?;
    work.beside(own.as_ref(), &extract, doubtful).await?;
    Ok(work.summary)
}

struct Work<'a> {
    journal: &'a Journal,
    run: Uuid,
    report: &'a mpsc::Sender<Event>,
    summary: Summary,
}

impl Work<'_> {
    /// The extract's own territory, with its quartiers.
    async fn own(&mut self, extract: &Extract, slug: Option<&str>, name: Option<&str>) -> anyhow::Result<Home> {
        let home = self.territory(&extract.boundary, slug, name, None).await?;
        for quartier in &extract.quartiers {
            self.territory(quartier, None, None, Some(home.slug())).await?;
        }
        self.summary.slug = home.slug().into();
        self.summary.name = home.name().into();
        self.summary.warning.clone_from(&extract.boundary.warning);
        self.summary.inside = extract.quartiers.len();
        Ok(Home { id: home.id, slug: home.slug().into() })
    }

    /// The territory that an object is created in: the extract's own, else the smallest here that covers it and is no quartier.
    fn home(&self, own: Option<&Home>, found: &Found) -> Option<Home> {
        if let Some(own) = own {
            return Some(own.clone());
        }
        let [lon, lat] = plan::point(&found.fields)?;
        let (id, slug) = self.journal.atlas.home_at(lon, lat)?;
        Some(Home { id, slug: slug.into() })
    }

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
            let acks = submit(self.journal, vec![self.request(edit, None)]).await?;
            if let Some(refused) = acks.iter().find(|a| a.result == Outcome::Refused) {
                anyhow::bail!("the territory « {short} » was not accepted: {}", sentence(refused));
            }
        }
        let mut tx = self.journal.store.read().await?;
        tx.territory_by_slug(&short).await?.context("the territory was written but is not there")
    }

    /// Publishes what is new, updates what changed at the source only, and gives back what is in doubt.
    async fn actors(&mut self, own: Option<&Home>, found: &[Found]) -> anyhow::Result<BTreeMap<Uuid, Vec<Candidate>>> {
        let mut doubtful: BTreeMap<Uuid, Vec<Candidate>> = own.map(|home| (home.id, Vec::new())).into_iter().collect();
        let total = found.len() as u64;
        for (i, chunk) in found.chunks(BATCH).enumerate() {
            let mut requests = Vec::with_capacity(chunk.len());
            for one in chunk {
                let Some(home) = self.home(own, one) else {
                    *self.summary.skipped.entry("outside".into()).or_default() += 1;
                    continue;
                };
                match self.plan(&home, one).await? {
                    Planned::Write(request) => requests.push(*request),
                    Planned::Candidate(candidate) => doubtful.entry(home.id).or_default().push(*candidate),
                    Planned::Nothing => self.summary.unchanged += 1,
                }
            }
            let kinds: Vec<(EditKind, String)> = requests.iter().map(|r| (r.edit.kind, theme(&r.edit.set))).collect();
            for (ack, (kind, theme)) in submit(self.journal, requests).await?.iter().zip(kinds) {
                self.count(ack, kind, theme);
            }
            let done = total.min(((i + 1) * BATCH) as u64);
            let _ = self.report.try_send(Event::Progress { step: "write".into(), done, total });
        }
        Ok(doubtful)
    }

    async fn plan(&mut self, home: &Home, found: &Found) -> anyhow::Result<Planned> {
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

    fn plan_new(&self, home: &Home, found: &Found, reference: String) -> Planned {
        let reason = match &found.verdict {
            Verdict::Candidate(reason) => Some(word(*reason)),
            Verdict::Publish if self.twin_here(found) => Some("duplicate"),
            Verdict::Publish => None,
        };
        if let Some(reason) = reason {
            return plan::candidate(home.id, found, reference, reason).map_or(Planned::Nothing, |c| Planned::Candidate(Box::new(c)));
        }
        let id = Uuid::now_v7();
        let mut edit = new_edit(SubjectKind::Actor, id, EditKind::Create, found.fields.clone());
        edit.territory = Some(home.slug.clone());
        let licence = "ODbL-1.0".into();
        let imported = Imported { reference, actor: id, version: found.version, licence, values: found.fields.clone(), run: self.run };
        Planned::Write(Box::new(self.request(edit, Some(imported))))
    }

    /// Somebody added the same actor by hand before the import: same place, same name.
    fn twin_here(&self, found: &Found) -> bool {
        let name = found.fields.get("name").and_then(Value::as_str).unwrap_or("");
        let Some([lon, lat]) = plan::point(&found.fields) else { return false };
        let near = self.journal.atlas.nearest(lon, lat, NEIGHBOURS, TWIN_METRES);
        near.iter().any(|n| likeness(name, &n.entry.name) >= PROBABLY_THE_SAME)
    }

    /// Candidates and addresses: read by people, but nothing that they write together.
    async fn beside(&mut self, own: Option<&Home>, extract: &Extract, doubtful: BTreeMap<Uuid, Vec<Candidate>>) -> anyhow::Result<()> {
        for c in doubtful.values().flatten() {
            *self.summary.candidates.entry(c.reason.clone()).or_default() += 1;
        }
        let mut tx = self.journal.store.write().await?;
        for (home, list) in &doubtful {
            tx.put_candidates(*home, self.run, list).await?;
        }
        if let Some(home) = own {
            self.summary.addresses = crate::store::AddressTotals::of(&extract.addresses);
            tx.put_addresses(AddressSource::Osm, &home.id.to_string(), &extract.addresses).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    fn request(&self, edit: Edit, imported: Option<Imported>) -> Request {
        Request { edit, author: Author::System, source: Some("osm"), lang: Lang::Fr, imported }
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
