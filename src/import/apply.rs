//! A run's writing: territory first, then the objects in batches that citizens' edits can slip between, then what stands
//! beside them. A run that was cut off is simply planned again: what is there already is recognised.

use super::edits::{BATCH, new_edit, sentence, submit, with_base};
use super::files::{Before, Reading};
use super::items::count_of;
use super::plan::{Home, Step};
use super::refusals::{RunError, said};
use super::runs::Imports;
use super::{Event, Summary, own};
use crate::journal::{Beside, Request, now};
use crate::model::edit::{Ack, Edit, EditKind, Outcome, SubjectKind};
use crate::model::{Fields, Territory, taxonomy};
use crate::osm::{Boundary, Extract};
use crate::store::{Action, AddressSource, AddressTotals, Note, Run, RunCounts, RunState};
use anyhow::Context;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Runs of a territory of which is kept what stood before, so that they can be undone one after the other.
const UNDOABLE: usize = 3;

impl Imports {
    /// Writes a claimed run from what was read for its plan.
    ///
    /// # Errors
    /// As [`Imports::apply`].
    pub async fn apply_claimed(&self, run: Run, report: &mpsc::Sender<Event>) -> anyhow::Result<Summary> {
        match self.files.reading(run.id) {
            Ok(reading) => self.apply(run, reading, report).await,
            Err(error) => self.stays_planned(&run, error).await,
        }
    }

    /// Takes a planned run for applying; nobody else can.
    ///
    /// # Errors
    /// [`RunError`] when it is not planned, or its files are elsewhere.
    pub async fn claim(&self, id: Uuid) -> anyhow::Result<Run> {
        let mut tx = self.journal.store.write().await?;
        let run = tx.run(id).await?.ok_or(RunError::Unknown)?;
        if !self.is_mine(&run) {
            return Err(RunError::Elsewhere.into());
        }
        if !tx.move_run(id, RunState::Planned, RunState::Applying).await? {
            return Err(RunError::State(run.state).into());
        }
        let mut claimed = Run { state: RunState::Applying, ..run };
        claimed.facts.error = None;
        tx.put_run(&claimed).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Writes a claimed run. On failure it stays planned: what was written is recognised when it is applied again.
    ///
    /// # Errors
    /// When the journal, the database or the disk refuses.
    pub async fn apply(&self, run: Run, reading: Reading, report: &mpsc::Sender<Event>) -> anyhow::Result<Summary> {
        let one = self.writing.clone().lock_owned().await;
        let mut work = Work { imports: self, run: run.clone(), report, summary: Summary::default() };
        let done = work.all(reading).await;
        drop(one);
        match done {
            Ok(()) => {
                self.refresh_addresses().await;
                Ok(work.summary)
            }
            Err(error) => self.stays_planned(&run, error).await,
        }
    }

    async fn stays_planned<T>(&self, run: &Run, error: anyhow::Error) -> anyhow::Result<T> {
        tracing::error!("the import {} was not written to its end: {error:#}", run.id);
        let mut planned = Run { state: RunState::Planned, ..run.clone() };
        planned.facts.error = Some(said(&RunError::NotApplied.into()));
        self.put(&planned).await?;
        Err(error)
    }
}

struct Work<'a> {
    imports: &'a Imports,
    run: Run,
    report: &'a mpsc::Sender<Event>,
    summary: Summary,
}

impl Work<'_> {
    async fn all(&mut self, mut reading: Reading) -> anyhow::Result<()> {
        let extract = &mut reading.extract;
        let home = if self.run.slug.is_empty() { None } else { Some(self.own(extract).await?) };
        self.tell(extract);
        if let Some(home) = &home {
            self.keep_before(home).await?;
        }
        let plan = self.imports.make(&self.run, home.as_ref(), extract).await?;
        let already = self.objects(plan.steps).await?;
        let mut counts = RunCounts { unchanged: plan.counts.unchanged.saturating_sub(already), ..plan.counts };
        self.summary.kept += counts.kept;
        self.summary.skipped.insert("outside".into(), counts.outside);
        let store = &self.imports.journal.store;
        let mut tx = store.write().await?;
        for (territory, list) in &plan.candidates {
            for c in list {
                *self.summary.candidates.entry(c.reason.clone()).or_default() += 1;
            }
            tx.put_candidates(*territory, self.run.id, list).await?;
        }
        if let Some(home) = &home {
            tx.put_addresses(AddressSource::Osm, &home.id.to_string(), &extract.addresses).await?;
        }
        for (action, n) in tx.count_items(self.run.id).await? {
            if let Some(count) = count_of(&mut counts, action).filter(|_| action != Action::Same) {
                *count = u64::try_from(n).unwrap_or(0);
            }
        }
        tx.commit().await?;
        self.summary.unchanged = counts.unchanged;
        self.summary.basemap = reading.built;
        self.finish(home.as_ref(), counts).await
    }

    /// What was read, for whoever asked.
    fn tell(&mut self, extract: &Extract) {
        let counts = &extract.counts;
        self.summary.read = [counts.nodes, counts.ways, counts.relations];
        self.summary.skipped.clone_from(&counts.skipped);
        self.summary.addresses = AddressTotals::of(&extract.addresses);
    }

    /// The run's own territory, made or brought up to date, with its quartiers.
    async fn own(&mut self, extract: &Extract) -> anyhow::Result<Home> {
        let (slug, name) = (self.run.slug.clone(), self.run.facts.name.clone());
        let home = self.territory(&extract.boundary, &slug, name.as_deref()).await?;
        for quartier in &extract.quartiers {
            let slug = own::short_address(&quartier.name, Some(home.slug()));
            self.territory(quartier, &slug, None).await?;
        }
        self.summary.slug = home.slug().into();
        self.summary.name = home.name().into();
        self.summary.warning.clone_from(&extract.boundary.warning);
        self.summary.inside = extract.quartiers.len();
        Ok(Home { id: home.id, slug: home.slug().into() })
    }

    /// Makes a territory, or brings it up to date where nobody changed it by hand.
    async fn territory(&mut self, b: &Boundary, slug: &str, name: Option<&str>) -> anyhow::Result<Territory> {
        let store = &self.imports.journal.store;
        let mut tx = store.read().await?;
        let known = tx.territory_by_slug(slug).await?;
        drop(tx);
        let mut fields = own::territory_fields(b, name.unwrap_or(&b.name), slug);
        let edit = match &known {
            None => Some(new_edit(SubjectKind::Territory, Uuid::now_v7(), EditKind::Create, fields)),
            Some(t) => {
                // The name of a box is that of its file, which is another one each time.
                if b.osm.is_none() && name.is_none() {
                    fields.remove("name");
                }
                let changed = own::changed(&t.doc, &fields);
                self.summary.kept += changed.kept;
                (!changed.set.is_empty()).then(|| with_base(new_edit(SubjectKind::Territory, t.id, EditKind::Set, changed.set), &changed.base))
            }
        };
        if let Some(edit) = edit {
            let acks = submit(&self.imports.journal, vec![Request::from_source("osm", Some(self.run.id), edit)]).await?;
            if let Some(refused) = acks.iter().find(|a| a.result == Outcome::Refused) {
                anyhow::bail!("the territory « {slug} » was not accepted: {}", sentence(refused));
            }
        }
        let mut tx = store.read().await?;
        tx.territory_by_slug(slug).await?.context("the territory was written but is not there")
    }

    /// Keeps what the run replaces, for undoing.
    async fn keep_before(&self, home: &Home) -> anyhow::Result<()> {
        let (imports, id) = (self.imports, self.run.id);
        if imports.files.has_before(id) {
            return Ok(());
        }
        let mut tx = imports.journal.store.read().await?;
        let before = Before {
            addresses: tx.addresses_of(AddressSource::Osm, &home.id.to_string()).await?,
            candidates: tx.candidates(home.id).await?,
            archive: tx.basemap(home.id).await?,
        };
        drop(tx);
        let (files, slug) = (imports.files.clone(), home.slug.clone());
        tokio::task::spawn_blocking(move || files.keep_before(id, &slug, &before)).await?
    }

    /// Writes the steps; gives how many actors the run had written before it was cut off, which are as the source has them by now.
    async fn objects(&mut self, mut steps: Vec<Step>) -> anyhow::Result<u64> {
        let store = &self.imports.journal.store;
        let mut tx = store.write().await?;
        tx.forget_plan(self.run.id).await?;
        let (mut number, _) = tx.done_items(self.run.id).await?;
        let actors = [Action::Create, Action::Update, Action::Conflict, Action::Renumber, Action::Reappear];
        let done: i64 = tx.count_items(self.run.id).await?.into_iter().filter(|(action, _)| actors.contains(action)).map(|(_, n)| n).sum();
        tx.commit().await?;
        let total = steps.len() as u64;
        while !steps.is_empty() {
            let rest = steps.split_off(steps.len().min(BATCH));
            let mut batch = std::mem::replace(&mut steps, rest);
            for step in &mut batch {
                number += 1;
                step.note.item.number = number;
            }
            self.batch(batch).await?;
            let _ = self.report.try_send(Event::Progress { step: "write".into(), done: total - steps.len() as u64, total });
        }
        Ok(u64::try_from(done).unwrap_or(0))
    }

    async fn batch(&mut self, batch: Vec<Step>) -> anyhow::Result<()> {
        let (with, without): (Vec<Step>, Vec<Step>) = batch.into_iter().partition(|s| s.edit.is_some());
        let mut notes: Vec<Note> = without.into_iter().map(|s| s.note).collect();
        let (mut requests, mut written) = (Vec::with_capacity(with.len()), Vec::with_capacity(with.len()));
        for Step { edit, note } in with {
            let Some(edit) = edit else { continue };
            written.push((edit.kind, theme(&edit), note.clone()));
            requests.push(self.request(edit, note));
        }
        for (ack, (kind, theme, note)) in submit(&self.imports.journal, requests).await?.iter().zip(written) {
            self.count(ack, kind, theme);
            if ack.result == Outcome::Refused {
                notes.push(refused(note, sentence(ack)));
            }
        }
        if notes.is_empty() {
            return Ok(());
        }
        let mut tx = self.imports.journal.store.write().await?;
        for note in &notes {
            tx.put_note(note, now()).await?;
        }
        tx.put_items(&notes.iter().map(Note::line).collect::<Vec<_>>(), true).await?;
        tx.commit().await?;
        Ok(())
    }

    fn request(&self, edit: Edit, note: Note) -> Request {
        Request { beside: Beside::Note(Box::new(note)), ..Request::from_source("osm", Some(self.run.id), edit) }
    }

    fn count(&mut self, ack: &Ack, kind: EditKind, theme: String) {
        match (ack.result, kind) {
            (Outcome::Applied, EditKind::Create) => *self.summary.published.entry(theme).or_default() += 1,
            (Outcome::Applied, _) => self.summary.updated += 1,
            (Outcome::Refused, _) => *self.summary.refused.entry(sentence(ack)).or_default() += 1,
            (Outcome::Same | Outcome::Conflict, _) => {}
        }
    }

    /// Base map and extract in their places, and the run applied.
    async fn finish(&mut self, home: Option<&Home>, counts: RunCounts) -> anyhow::Result<()> {
        let (imports, id) = (self.imports, self.run.id);
        let drawn = imports.files.basemap(id).exists();
        if let Some(home) = home {
            let (files, slug, file) = (imports.files.clone(), home.slug.clone(), self.run.file.clone());
            tokio::task::spawn_blocking(move || files.put_in_place(id, &slug, &file)).await??;
        }
        let mut tx = imports.journal.store.write().await?;
        let archive = self.run.facts.archive.clone().or_else(|| home.filter(|_| drawn).map(|h| h.slug.clone()));
        if let (Some(home), Some(archive)) = (home, archive) {
            tx.put_basemap(home.id, &archive, now()).await?;
        }
        let applied = tx.applied_runs(&self.run.slug).await?;
        self.run.state = RunState::Applied;
        self.run.applied_at = Some(now());
        self.run.facts.counts = counts;
        self.run.facts.error = None;
        tx.put_run(&self.run).await?;
        tx.commit().await?;
        imports.files.tidy(id);
        for old in applied.iter().filter(|r| r.id != id && imports.is_mine(r)).skip(UNDOABLE - 1) {
            imports.files.forget(old.id);
        }
        Ok(())
    }
}

/// What the list says of an object that the journal did not take; its origin stays as it was.
fn refused(mut note: Note, reason: String) -> Note {
    note.item.action = Action::Refused;
    note.item.reason = Some(reason);
    Note { before: None, origin: None, cases: Vec::new(), ended: Vec::new(), ..note }
}

fn theme(edit: &Edit) -> String {
    let category = |set: &Fields| set.get("primary_category").and_then(|c| c.as_str().map(str::to_owned)).unwrap_or_default();
    taxonomy().theme_index(&category(&edit.set)).map_or_else(|| "?".into(), |i| taxonomy().themes[i].code.clone())
}
