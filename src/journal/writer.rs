//! The batching writer: whatever is queued goes into one transaction, and nobody is answered before its commit.

use super::batch::Batch;
use super::core::{Author, Decision, Known, Request, decide, entry, fallen, groups, is_final, moved_on, reused, say, stands};
use super::loaded::Loaded;
use super::membership::{Areas, Shapes};
use super::{beside, broken, now, participation};
use crate::geo::Bbox;
use crate::model::edit::{Ack, Edit, EditKind, Entry, Outcome, SubjectKind};
use crate::model::merge::texts_to_look_up;
use crate::model::{Actor, Cell, Doc, Role, Seance, Territory, Version, Work, actor::Origin};
use crate::store::journal::Conflict;
use crate::store::{self, Imported, Store, Tx};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use uuid::Uuid;

/// Requests that wait for the writer; more are told to come back.
const QUEUE: usize = 4096;
/// Jobs that share one transaction at most.
const BATCH: usize = 512;

/// Why a job was not even tried, or not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The queue is full.
    #[error("too many edits are waiting")]
    Busy,
    /// The disk is full; nothing of it was written.
    #[error("the disk is full")]
    Full,
    /// The database refused the batch; nothing of it was written.
    #[error("the database could not write")]
    NotWritten,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
}

struct Job {
    requests: Vec<Request>,
    answer: oneshot::Sender<Result<Vec<Ack>, Refused>>,
}

/// Handle on the writer; cheap to clone.
#[derive(Debug, Clone)]
pub struct Writer {
    queue: mpsc::Sender<Job>,
    stop: Arc<Notify>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("requests", &self.requests.len()).finish()
    }
}

impl Writer {
    /// Starts the writer; `committed` is notified after every commit that moved the head.
    pub fn start(store: Store, committed: Arc<Notify>) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let stop = Arc::new(Notify::new());
        let task = tokio::spawn(Task { store, committed, shapes: Shapes::default(), moved: Vec::new() }.run(jobs, stop.clone()));
        (Self { queue, stop }, task)
    }

    /// Writes edits in order and answers when they are durable. Edits with the same group commit or fail together.
    ///
    /// # Errors
    /// [`Refused`]: nothing of these edits was written.
    pub async fn write(&self, requests: Vec<Request>) -> Result<Vec<Ack>, Refused> {
        let (answer, answered) = oneshot::channel();
        let started = std::time::Instant::now();
        self.queue.try_send(Job { requests, answer }).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => Refused::Busy,
            mpsc::error::TrySendError::Closed(_) => Refused::Stopping,
        })?;
        let answer = answered.await.map_err(|_| Refused::Stopping)?;
        metrics::histogram!("bouillon_op_ack_seconds").record(started.elapsed().as_secs_f64());
        answer
    }

    /// Takes no more edits; the task ends when those that wait are written.
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// Edits that wait now.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

struct Task {
    store: Store,
    committed: Arc<Notify>,
    shapes: Shapes,
    /// Where territories have changed in this transaction and memberships were not looked at again yet.
    moved: Vec<Bbox>,
}

impl Task {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>, stop: Arc<Notify>) {
        // Not when the first edit comes: with all communes of a country it takes seconds.
        if let Ok(mut tx) = self.store.read().await
            && let Err(e) = self.refresh_shapes(&mut tx).await
        {
            tracing::warn!("the territories' shapes could not be read yet: {e}");
        }
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                () = stop.notified() => jobs.close(),
                received = jobs.recv_many(&mut batch, BATCH) => match received {
                    0 => return,
                    _ => self.write_batch(std::mem::take(&mut batch)).await,
                },
            }
        }
    }

    async fn write_batch(&mut self, jobs: Vec<Job>) {
        let started = std::time::Instant::now();
        match self.fill(&jobs).await {
            Ok((tx, acks, moved)) => self.commit(tx, jobs, acks, moved).await,
            Err(e) => self.not_written(jobs, &e),
        }
        metrics::histogram!("bouillon_write_batch_seconds").record(started.elapsed().as_secs_f64());
    }

    /// Nothing of the batch was written, and everybody is told so.
    fn not_written(&mut self, jobs: Vec<Job>, e: &store::Error) {
        let why = if e.is_full() {
            tracing::warn!("a batch of {} was not written, the disk is full: {e}", jobs.len());
            Refused::Full
        } else {
            tracing::error!("a batch of {} was not written: {e}", jobs.len());
            Refused::NotWritten
        };
        // Shapes may have been read inside the transaction that is now undone.
        self.shapes = Shapes::default();
        self.moved.clear();
        for job in jobs {
            let _ = job.answer.send(if broken("full-forgets") { Ok(Vec::new()) } else { Err(why.clone()) });
        }
    }

    async fn commit(&mut self, tx: Tx, jobs: Vec<Job>, acks: Vec<Vec<Ack>>, moved: bool) {
        let answer = |jobs: Vec<Job>, acks: Vec<Vec<Ack>>| {
            for (job, acks) in jobs.into_iter().zip(acks) {
                for ack in &acks {
                    metrics::counter!("bouillon_edits_total", "result" => ack.result.as_str()).increment(1);
                }
                let _ = job.answer.send(Ok(acks));
            }
        };
        let mut late = Some((jobs, acks));
        if broken("ack-early") {
            if let Some((jobs, acks)) = late.take() {
                answer(jobs, acks);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if let Err(e) = tx.commit().await {
            return self.not_written(late.map(|(jobs, _)| jobs).unwrap_or_default(), &e);
        }
        if moved {
            self.committed.notify_one();
        }
        if let Some((jobs, acks)) = late {
            answer(jobs, acks);
        }
    }

    /// Runs every job inside one transaction that is not committed yet.
    async fn fill(&mut self, jobs: &[Job]) -> store::Result<(Tx, Vec<Vec<Ack>>, bool)> {
        let mut tx = self.store.write().await?;
        let start = tx.lock_head().await?;
        self.refresh_shapes(&mut tx).await?;
        let mut batch = Batch::read(tx, jobs.iter().flat_map(|job| &job.requests)).await?;
        let mut head = start;
        let mut all = Vec::with_capacity(jobs.len());
        for job in jobs {
            let mut acks = Vec::with_capacity(job.requests.len());
            for group in groups(&job.requests) {
                acks.extend(self.write_group(&mut batch, group, &mut head).await?);
            }
            all.push(acks);
        }
        self.recompute_memberships(&mut batch).await?;
        let mut tx = batch.finish().await?;
        let moved = head.seq != start.seq;
        if moved {
            tx.set_head(head.seq).await?;
            tx.wake_others(head.seq).await?;
        }
        Ok((tx, all, moved))
    }

    async fn refresh_shapes(&mut self, tx: &mut Tx) -> store::Result<()> {
        let seq = tx.territories_seq().await?;
        if seq != self.shapes.seq {
            self.shapes = Shapes::read(tx, seq).await?;
        }
        Ok(())
    }

    /// One edit, or several of one group: if one of a group is not applied, none is.
    async fn write_group(&mut self, batch: &mut Batch, group: &[Request], head: &mut Version) -> store::Result<Vec<Ack>> {
        if group.iter().any(|r| r.edit.subject.kind == SubjectKind::Actor) {
            // Rights may hang on memberships, so those that a territory before it changed come first.
            self.recompute_memberships(batch).await?;
        }
        if let [alone] = group
            && alone.edit.subject.kind == SubjectKind::Actor
        {
            // Nothing that it writes can be refused by a constraint, so there is nothing to go back to.
            return Ok(vec![self.write_one(batch, alone, head).await?]);
        }
        let mark = batch.mark().await?;
        let before = *head;
        let mut acks = Vec::with_capacity(group.len());
        for request in group {
            match self.write_one(batch, request, head).await {
                Ok(ack) => acks.push(ack),
                Err(store::Error::Database(e)) if e.as_database_error().is_some_and(|d| d.is_unique_violation()) => {
                    acks.push(taken(request, *head));
                    break;
                }
                Err(e) => return Err(e),
            }
        }
        let unique = acks.last().is_some_and(|a| a.code.as_deref() == Some("taken"));
        if stands(group, &acks) && !unique {
            batch.tx.keep_since_mark().await?;
            return Ok(acks);
        }
        batch.back_to(&mark).await?;
        *head = before;
        self.refresh_shapes(&mut batch.tx).await?;
        let acks = fallen(group, &acks, before);
        if is_final(&acks) {
            let at = now();
            for (request, ack) in group.iter().zip(&acks) {
                if batch.ack(ack.id).is_none() {
                    batch.keep_ack(&request.payload_hash(), ack, at);
                }
            }
        }
        Ok(acks)
    }

    async fn write_one(&mut self, batch: &mut Batch, request: &Request, head: &mut Version) -> store::Result<Ack> {
        let edit = &request.edit;
        let hash = request.payload_hash();
        if let Some((known, ack)) = batch.ack(edit.id) {
            return Ok(if *known == hash { ack.clone() } else { reused(request, *head) });
        }
        let at = now();
        let subject = Loaded::read(batch, edit).await?;
        let Some(home) = subject.home(batch, edit).await? else { return Ok(homeless(request, *head)) };
        let role = role(batch, request.author, home, subject.territories());
        if let Some(why) = participation::refusal(batch, &self.shapes, request, subject.actor(), subject.seance(), at).await? {
            return Ok(Ack::refused(edit.id, head.epoch, why.code, why.sentence(request.lang).into()));
        }
        if beside::is_late(batch, request).await? {
            return Ok(moved_on(request, head.epoch));
        }
        let participant = match subject.seance() {
            Some(seance) => participation::takes_part(batch, request.author, seance, at).await?,
            None => false,
        };
        let undone = undone_by(batch, edit).await?;
        let base_texts = base_texts(batch, subject.doc(), edit).await?;
        let next = Version { epoch: head.epoch, seq: head.seq + 1 };
        let maker = subject.work().and_then(|w| w.author);
        let in_ice = subject.in_ice(batch, edit).await?;
        let known = Known { doc: subject.doc(), role, maker, in_ice, participant, next, at, base_texts: &base_texts, undone: undone.as_ref() };
        let decision = decide(request, &known);
        self.keep(batch, request, &subject, home, decision, &hash, at, head).await
    }

    #[expect(clippy::too_many_arguments, reason = "everything that was looked up under the lock, used once")]
    async fn keep(
        &mut self,
        batch: &mut Batch,
        request: &Request,
        subject: &Loaded,
        home: Uuid,
        decision: Decision,
        hash: &str,
        at: i64,
        head: &mut Version,
    ) -> store::Result<Ack> {
        let Decision { ack, merged, conflicts } = decision;
        let edit = &request.edit;
        for c in &conflicts {
            let author = request.author.identity();
            let kept = Conflict { id: c.id, edit: edit.id, subject: edit.subject, field: &c.field, mine: &c.mine, theirs: &c.theirs, author, at };
            batch.tx.keep_conflict(&kept).await?;
        }
        if let Some(merged) = merged
            && let Some(mut doc) = merged.doc
        {
            head.seq += 1;
            let origin = self.origin(&mut batch.tx, request, &mut doc, *head).await?;
            let seance = participation::seance_of(request, subject.seance());
            batch.add_entry(request.author, Entry { seance, ..entry(request, *head, at, merged.before, merged.after) });
            self.put_subject(batch, request, subject, home, doc, at).await?;
            if let Some(origin) = origin {
                batch.tx.put_imported(&origin, at).await?;
            }
        }
        beside::write(batch, request, &ack, home, at).await?;
        if ack.result != Outcome::Refused {
            batch.keep_ack(hash, &ack, at);
        }
        Ok(ack)
    }

    /// What to remember about the source of a candidate that somebody took over.
    async fn origin(&self, tx: &mut Tx, request: &Request, doc: &mut Doc, next: Version) -> store::Result<Option<Imported>> {
        let Some(id) = request.edit.candidate.filter(|_| request.edit.kind == EditKind::Create) else { return Ok(None) };
        let Some(candidate) = tx.candidate(id).await? else { return Ok(None) };
        tx.take_candidate(id, request.edit.subject.id).await?;
        for (field, meta) in doc.meta.iter_mut().filter(|(_, m)| m.v == next) {
            if doc.fields.get(field).is_some_and(|v| candidate.fields.get(field) == Some(v)) {
                meta.source = Some("osm".into());
            }
        }
        Ok(Some(Imported {
            reference: candidate.reference,
            actor: request.edit.subject.id,
            version: 0,
            licence: "ODbL-1.0".into(),
            values: candidate.fields,
            run: id,
        }))
    }

    async fn put_subject(&mut self, batch: &mut Batch, request: &Request, before: &Loaded, home: Uuid, doc: Doc, at: i64) -> store::Result<()> {
        let (edit, author) = (&request.edit, request.author.identity());
        match edit.subject.kind {
            SubjectKind::Actor => {
                let created_at = before.created_at().unwrap_or(at);
                let none: Option<Origin> = None;
                let mut actor = Actor { id: edit.subject.id, home, doc, created_at, updated_at: at, territories: Vec::new(), origin: none };
                actor.territories = self.shapes.of_actor(&actor);
                batch.put_actor(actor, before.created_at().is_none()).await
            }
            SubjectKind::Territory => {
                let territory = Territory { id: edit.subject.id, doc };
                batch.put_territory(&territory, at).await?;
                self.moved.extend(self.shapes.put(&territory));
                Ok(())
            }
            SubjectKind::Seance => {
                let created_at = before.created_at().unwrap_or(at);
                batch.put_seance(Seance { id: edit.subject.id, home, doc, created_at, updated_at: at }).await
            }
            SubjectKind::Cell => {
                let seance = before.seance().unwrap_or_default();
                batch.put_cell(&Cell { id: edit.subject.id, seance, doc }, at).await
            }
            kind @ (SubjectKind::Figure | SubjectKind::Report | SubjectKind::Block | SubjectKind::Device) => {
                let (author, created_at) = before.work().map_or((author, at), |w| (w.author, w.created_at));
                let parent = Uuid::parse_str(doc.text("report")).ok().filter(|_| kind == SubjectKind::Block);
                batch.tx.put_work(&Work { id: edit.subject.id, kind, home, parent, author, doc, created_at, updated_at: at }).await
            }
        }
    }

    /// After shapes changed: the memberships of every actor with a place where they did, once for all of them, writing only what differs.
    async fn recompute_memberships(&mut self, batch: &mut Batch) -> store::Result<()> {
        if self.moved.is_empty() {
            return Ok(());
        }
        batch.forget_actors();
        let tx = &mut batch.tx;
        let moved = Areas::new(&std::mem::take(&mut self.moved));
        let mut points: BTreeMap<Uuid, Vec<[f64; 2]>> = BTreeMap::new();
        for (actor, lon, lat) in tx.points().await? {
            points.entry(actor).or_default().push([lon, lat]);
        }
        let all = points.len();
        points.retain(|_, places| places.iter().any(|[lon, lat]| moved.hold(*lon, *lat)));
        let mut stored: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        // One reading of everything, or one per actor, whichever is less.
        let whole = points.len() * 8 > all;
        if whole && all > 0 {
            for (actor, territory) in tx.memberships().await? {
                stored.entry(actor).or_default().push(territory);
            }
        }
        for (actor, points) in points {
            let covering = self.shapes.covering(points.into_iter());
            let mut old = if whole { stored.remove(&actor).unwrap_or_default() } else { tx.memberships_of(actor).await? };
            old.sort_unstable();
            if covering != old {
                tx.put_memberships(actor, &covering).await?;
            }
        }
        Ok(())
    }
}

/// Rights are read for every batch, under the lock: a revoked role is gone at once.
fn role(batch: &Batch, author: Author, home: Uuid, territories: &[Uuid]) -> Role {
    let Author::Identity(id) = author else { return Role::Admin };
    let grants = batch.grants(id);
    let fits = |t: &Option<Uuid>| t.is_none_or(|t| t == home || territories.contains(&t));
    grants.iter().filter(|g| fits(&g.territory)).map(|g| g.role).max().unwrap_or(Role::Contributor).max(Role::Contributor)
}

/// The entry that a revert undoes.
async fn undone_by(batch: &mut Batch, edit: &Edit) -> store::Result<Option<Entry>> {
    let (EditKind::Revert, Some(seq)) = (edit.kind, edit.reverts) else { return Ok(None) };
    Ok(batch.entry(seq).await?.filter(|e| e.subject == edit.subject))
}

/// The text of long fields at the version that the author saw, from the journal.
async fn base_texts(batch: &mut Batch, doc: Option<&Doc>, edit: &Edit) -> store::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for (field, seen) in texts_to_look_up(doc, edit) {
        let entry = batch.entry(seen.seq).await?.filter(|e| e.epoch == seen.epoch && e.subject == edit.subject);
        if let Some(text) = entry.as_ref().and_then(|e| e.after.get(&field)).and_then(Value::as_str) {
            texts.insert(field, text.to_owned());
        }
    }
    Ok(texts)
}

fn taken(request: &Request, head: Version) -> Ack {
    let fr = "Cette adresse courte est déjà prise.";
    say(request, head, "taken", fr, "This short address is already taken.")
}

fn homeless(request: &Request, head: Version) -> Ack {
    if request.edit.subject.kind == SubjectKind::Cell {
        let fr = "Ce morceau n’est d’aucune séance : il faut le numéro de la séance, la clé du morceau, et l’identifiant qui en est tiré.";
        return say(request, head, "unknown_seance", fr, "This piece belongs to no séance: send the séance, the key, and the id made from both.");
    }
    if request.edit.subject.kind == SubjectKind::Block {
        return say(request, head, "unknown_report", "Ce rapport n’existe pas ici.", "This report does not exist here.");
    }
    let fr = "Ce territoire n’existe pas ici.";
    say(request, head, "unknown_territory", fr, "This territory does not exist here.")
}
