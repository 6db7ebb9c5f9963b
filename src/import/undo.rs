//! Undoing a whole run: its edits through the journal, field by field where nobody changed them since, then origins, queue, candidates,
//! addresses, base map and extract as they were. Cut off, it can be asked for again.

use super::Event;
use super::edits::{BATCH, new_edit, submit};
use super::refusals::{RunError, said};
use super::runs::Imports;
use crate::journal::{Request, now};
use crate::model::Fields;
use crate::model::edit::{Ack, Edit, EditKind, Entry, FieldResult, Outcome, SubjectKind};
use crate::store::{AddressSource, Run, RunState, UndoCounts};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio::sync::mpsc;
use uuid::Uuid;

impl Imports {
    /// Takes an applied run for undoing; nobody else can.
    ///
    /// # Errors
    /// [`RunError`] when it is not applied, or not the latest of its territory, or its files are not here.
    pub async fn claim_undo(&self, id: Uuid) -> anyhow::Result<Run> {
        let mut tx = self.journal.store.write().await?;
        let run = tx.run(id).await?.ok_or(RunError::Unknown)?;
        let newest = tx.applied_runs(&run.slug).await?.into_iter().next();
        if run.state != RunState::Applied {
            return Err(RunError::State(run.state).into());
        }
        if newest.is_some_and(|newest| newest.id != id) {
            return Err(RunError::NotLatest.into());
        }
        if !self.is_mine(&run) {
            return Err(RunError::Elsewhere.into());
        }
        if !run.slug.is_empty() && !self.files.has_before(id) {
            return Err(RunError::TooOld.into());
        }
        let active = tx.active_run(&run.slug).await?.filter(|_| !run.slug.is_empty());
        if let Some(active) = active {
            return Err(RunError::Busy(Box::new(active)).into());
        }
        if !tx.move_run(id, RunState::Applied, RunState::Undoing).await? {
            return Err(RunError::State(run.state).into());
        }
        tx.commit().await?;
        Ok(Run { state: RunState::Undoing, ..run })
    }

    /// Undoes a claimed run. On failure it stands applied, and can be undone again.
    ///
    /// # Errors
    /// When the journal, the database or the disk refuses.
    pub async fn undo(&self, mut run: Run, report: &mpsc::Sender<Event>) -> anyhow::Result<UndoCounts> {
        let one = self.writing.clone().lock_owned().await;
        let done = self.undo_all(&mut run, report).await;
        drop(one);
        match done {
            Ok(counts) => {
                self.refresh_addresses().await;
                Ok(counts)
            }
            Err(error) => {
                tracing::error!("the import {} was not undone to its end: {error:#}", run.id);
                run.state = RunState::Applied;
                run.undone_at = None;
                run.facts.error = Some(said(&RunError::NotUndone.into()));
                self.put(&run).await?;
                Err(error)
            }
        }
    }

    async fn undo_all(&self, run: &mut Run, report: &mpsc::Sender<Event>) -> anyhow::Result<UndoCounts> {
        let mut tx = self.journal.store.read().await?;
        let made: HashSet<Uuid> = tx.made_in(run.id).await?.into_iter().collect();
        drop(tx);
        let mut counts = UndoCounts::default();
        let left = self.revert(run.id, &made, &mut counts, report).await?;
        let stayed = self.take_away(run.id, left, &mut counts, report).await?;
        self.origins_back(run.id, &stayed).await?;
        self.beside_back(run).await?;
        run.state = RunState::Undone;
        run.undone_at = Some(now());
        run.facts.undo = Some(counts);
        run.facts.error = None;
        let mut tx = self.journal.store.write().await?;
        tx.undo_cases(run.id).await?;
        tx.put_run(run).await?;
        tx.commit().await?;
        self.files.forget(run.id);
        Ok(counts)
    }

    /// Reverts what the run changed on what was there before it, the newest first. Gives the actors that it made, as it left them.
    async fn revert(&self, run: Uuid, made: &HashSet<Uuid>, counts: &mut UndoCounts, report: &mpsc::Sender<Event>) -> anyhow::Result<Made> {
        let (mut before, mut done) = (i64::MAX, 0);
        let mut ours = Made::new();
        loop {
            let mut tx = self.journal.store.read().await?;
            let entries = tx.written_in(run, before, BATCH as i64).await?;
            drop(tx);
            let Some(last) = entries.last() else { return Ok(ours) };
            before = last.seq;
            done += entries.len() as u64;
            for e in entries.iter().filter(|e| made.contains(&e.subject.id)) {
                let fields = ours.entry(e.subject.id).or_default();
                for (field, value) in &e.after {
                    fields.entry(field.clone()).or_insert_with(|| value.clone());
                }
            }
            // Territories that the run made stay: others may have come to lie in them.
            let undoes = |e: &Entry| e.kind != EditKind::Create && !made.contains(&e.subject.id);
            let mut left: Vec<Entry> = entries.into_iter().filter(undoes).collect();
            while !left.is_empty() {
                // One entry per subject at a time, since each is based on what the one before has left.
                let mut seen = HashSet::new();
                let (now, later): (Vec<Entry>, Vec<Entry>) = left.into_iter().partition(|e| seen.insert(e.subject.id));
                left = later;
                for ack in submit(&self.journal, self.reverts(run, &now).await?).await? {
                    count(counts, &ack);
                }
            }
            let _ = report.try_send(Event::Progress { step: "write".into(), done, total: done.max(BATCH as u64) });
        }
    }

    /// The edits that undo entries. A field that holds what the run wrote is undone, also when a later run came and was undone in between.
    async fn reverts(&self, run: Uuid, entries: &[Entry]) -> anyhow::Result<Vec<Request>> {
        let mut tx = self.journal.store.read().await?;
        let mut requests = Vec::with_capacity(entries.len());
        for e in entries {
            let doc = match e.subject.kind {
                SubjectKind::Actor => tx.actor(e.subject.id).await?.map(|a| a.doc),
                SubjectKind::Territory => tx.territory(e.subject.id).await?.map(|t| t.doc),
                // An import writes none of these.
                _ => None,
            };
            let as_left = |(field, after): (&String, &Value)| {
                let doc = doc.as_ref()?;
                let same = doc.fields.get(field).unwrap_or(&Value::Null) == after;
                same.then(|| (field.clone(), Some(doc.version_of(field))))
            };
            let base = e.after.iter().filter_map(as_left).collect();
            let edit = new_edit(e.subject.kind, e.subject.id, EditKind::Revert, Fields::new());
            requests.push(again(Edit { id: undo_id(run, e.seq), reverts: Some(e.seq), base, ..edit }));
        }
        Ok(requests)
    }

    /// Takes the actors off the map that the run made, where they are as it left them. Gives those that stay.
    async fn take_away(&self, run: Uuid, made: Made, counts: &mut UndoCounts, report: &mpsc::Sender<Event>) -> anyhow::Result<HashSet<Uuid>> {
        let mut stayed = HashSet::new();
        let made: Vec<(Uuid, Fields)> = made.into_iter().collect();
        for (i, some) in made.chunks(BATCH).enumerate() {
            let mut tx = self.journal.store.read().await?;
            let mut requests = Vec::with_capacity(some.len());
            for (id, left) in some {
                let Some(actor) = tx.actor(*id).await? else { continue };
                if actor.doc.fields == present(left) {
                    let edit = new_edit(SubjectKind::Actor, *id, EditKind::Delete, Fields::new());
                    let id = Uuid::new_v5(&run, format!("undo {id}").as_bytes());
                    requests.push(again(Edit { id, base: BTreeMap::from([("*".into(), Some(actor.doc.version))]), ..edit }));
                } else {
                    stayed.insert(*id);
                    counts.kept += 1;
                }
            }
            drop(tx);
            let ids: Vec<Uuid> = requests.iter().map(|r| r.edit.subject.id).collect();
            for (ack, id) in submit(&self.journal, requests).await?.iter().zip(ids) {
                // Somebody else took it off the map, or changed it just now.
                if matches!(ack.result, Outcome::Conflict | Outcome::Same) {
                    stayed.insert(id);
                    counts.kept += 1;
                } else {
                    counts.undone += 1;
                }
            }
            let (done, total) = (((i + 1) * BATCH).min(made.len()) as u64, made.len() as u64);
            let _ = report.try_send(Event::Progress { step: "write".into(), done, total });
        }
        Ok(stayed)
    }

    /// Origins as they were before. An actor that stays keeps its own, or the next import would offer its object once more.
    async fn origins_back(&self, run: Uuid, stayed: &HashSet<Uuid>) -> anyhow::Result<()> {
        let mut after = 0;
        loop {
            let mut tx = self.journal.store.write().await?;
            let items = tx.items_done(run, after, BATCH as i64).await?;
            let Some((last, _)) = items.last() else { return Ok(()) };
            after = last.number;
            for (item, before) in &items {
                let stays = before.is_none() && item.actor.is_some_and(|actor| stayed.contains(&actor));
                if !stays {
                    tx.put_origin_back(run, &item.reference, before.as_ref(), now()).await?;
                }
            }
            tx.commit().await?;
        }
    }

    /// Candidates, addresses, base map and extract as they were.
    async fn beside_back(&self, run: &Run) -> anyhow::Result<()> {
        if run.slug.is_empty() {
            return Ok(());
        }
        let before = self.files.before(run.id)?;
        let mut tx = self.journal.store.write().await?;
        let Some(home) = tx.territory_by_slug(&run.slug).await? else { return Ok(()) };
        tx.put_candidates(home.id, Uuid::now_v7(), &before.candidates).await?;
        tx.put_addresses(AddressSource::Osm, &home.id.to_string(), &before.addresses).await?;
        match &before.archive {
            Some(archive) => tx.put_basemap(home.id, archive, now()).await?,
            None => tx.take_basemap(home.id).await?,
        }
        tx.commit().await?;
        let (files, id, slug) = (self.files.clone(), run.id, run.slug.clone());
        tokio::task::spawn_blocking(move || files.put_back(id, &slug, before.archive.as_deref())).await?
    }
}

/// Actors that a run made, with the values that it left; a cleared one is null.
type Made = HashMap<Uuid, Fields>;

/// Values that are there.
fn present(left: &Fields) -> Fields {
    left.iter().filter(|(_, value)| !value.is_null()).map(|(field, value)| (field.clone(), value.clone())).collect()
}

/// One edit per run and entry, so that undoing again after a cut does nothing twice.
fn undo_id(run: Uuid, seq: i64) -> Uuid {
    Uuid::new_v5(&run, format!("undo {seq}").as_bytes())
}

/// What comes back was the source's: nobody had changed it.
fn again(edit: Edit) -> Request {
    Request::from_source("osm", None, edit)
}

fn count(counts: &mut UndoCounts, ack: &Ack) {
    let clashes = ack.fields.values().filter(|f| matches!(f, FieldResult::Conflict { .. })).count() as u64;
    counts.kept += clashes;
    // An edit of this number that was written before the undoing was cut off had seen other versions.
    let before = ack.code.as_deref() == Some("edit_id_reused");
    counts.undone += u64::from(before || matches!(ack.result, Outcome::Applied | Outcome::Same));
}
