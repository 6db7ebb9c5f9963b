//! The follower: reads committed entries in order and feeds the atlas. Nothing else does, this node's own commits included.

use super::broken;
use super::loading::load;
use super::membership::Areas;
use crate::atlas::{Atlas, Change, Mark};
use crate::geo::Shape;
use crate::model::{Entry, SubjectKind, Version};
use crate::store::{self, Store, Tx};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, broadcast, watch};
use uuid::Uuid;

/// A node looks for new entries at least this often, whatever notifications say.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Entries applied at once.
const PAGE: i64 = 500;

/// Steps that a listener may be behind before it loses the oldest.
const STEPS: usize = 64;

/// What the follower has just done to the atlas.
#[derive(Debug)]
pub enum Step {
    /// It took these entries, the last of which is the head now.
    Applied {
        /// The new head.
        head: Version,
        /// In order, without a gap.
        entries: Vec<Entry>,
    },
    /// The journal is another one, and everything was read again.
    Reread(Version),
}

/// Handle on the follower; cheap to clone.
#[derive(Debug, Clone)]
pub struct Follower {
    head: watch::Receiver<Version>,
    steps: broadcast::Sender<Arc<Step>>,
    caught_up: watch::Receiver<Instant>,
    look: Arc<Notify>,
}

impl Follower {
    /// Loads head and state in one snapshot, then follows until the store is closed.
    ///
    /// # Errors
    /// When the first load fails.
    pub async fn start(store: Store, atlas: Arc<Atlas>, committed: Arc<Notify>) -> store::Result<(Self, tokio::task::JoinHandle<()>)> {
        let (caught_up, when) = watch::channel(Instant::now());
        let (steps, _) = broadcast::channel(STEPS);
        let mut task = Task { store, atlas, seen: Version::default(), caught_up, steps: steps.clone() };
        task.load().await?;
        let (publish, head) = watch::channel(task.seen);
        let look = committed.clone();
        let handle = tokio::spawn(async move { task.run(committed, publish).await });
        Ok((Self { head, steps, caught_up: when, look }, handle))
    }

    /// How far the atlas has followed.
    pub fn head(&self) -> Version {
        *self.head.borrow()
    }

    /// Every step from now on, each told after the atlas holds it.
    pub fn steps(&self) -> broadcast::Receiver<Arc<Step>> {
        self.steps.subscribe()
    }

    /// For how long the atlas may have missed something: since the last time that it held everything committed. Up to 2 s when all is well.
    pub fn lag(&self) -> Duration {
        self.caught_up.borrow().elapsed()
    }

    /// Whether what a reader has seen elsewhere is no future here: looks for it at once, as [`Follower::reach`] does. A version of another epoch is another history,
    /// and nothing to wait for.
    pub async fn reach_version(&self, seen: Version) -> bool {
        let head = self.head();
        head.epoch != seen.epoch || head.seq >= seen.seq || self.reach(seen.seq).await || self.head().epoch != seen.epoch
    }

    /// Looks for new entries at once and waits up to 2 s until the atlas holds a number; false when it does not by then.
    pub async fn reach(&self, seq: i64) -> bool {
        if self.head().seq < seq && !broken("only-listen") {
            self.look.notify_one();
        }
        let mut head = self.head.clone();
        let reached = head.wait_for(|h| h.seq >= seq);
        matches!(tokio::time::timeout(Duration::from_secs(2), reached).await, Ok(Ok(_)))
    }
}

struct Task {
    store: Store,
    atlas: Arc<Atlas>,
    seen: Version,
    caught_up: watch::Sender<Instant>,
    steps: broadcast::Sender<Arc<Step>>,
}

impl Task {
    async fn load(&mut self) -> store::Result<()> {
        let begun = Instant::now();
        self.seen = load(&mut self.store.read().await?, self.atlas.clone()).await?;
        let _ = self.caught_up.send(begun);
        Ok(())
    }

    async fn run(mut self, committed: Arc<Notify>, publish: watch::Sender<Version>) {
        let mut listener = match self.store.listen().await {
            Ok(listener) => listener,
            Err(e) => {
                tracing::warn!("no notifications from PostgreSQL, looking every 2 s instead: {e}");
                None
            }
        };
        loop {
            // First look, then wait: a commit between the two leaves a permit in `committed`, so no wake-up is lost.
            if let Err(e) = self.catch_up().await {
                if matches!(&e, store::Error::Database(sqlx_error) if store::is_closed(sqlx_error)) {
                    return;
                }
                tracing::error!("following the journal: {e}");
            }
            publish.send_if_modified(|head| std::mem::replace(head, self.seen) != self.seen);
            metrics::gauge!("bouillon_atlas_seq").set(self.seen.seq as f64);
            tokio::select! {
                () = committed.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY), if !broken("only-listen") => {}
                // A lost connection gives an error at once and is opened again by the listener; the sleep keeps that from spinning.
                heard = store::hear(listener.as_mut()) => if !heard { tokio::time::sleep(Duration::from_millis(500)).await },
            }
        }
    }

    async fn catch_up(&mut self) -> store::Result<()> {
        loop {
            let looked = Instant::now();
            let mut tx = self.store.read().await?;
            let head = tx.head().await?;
            if head.epoch != self.seen.epoch || head.seq < self.seen.seq {
                drop(tx);
                tracing::info!("the journal was replaced (epoch {}), reading everything again", head.epoch);
                metrics::counter!("bouillon_resyncs_total").increment(1);
                self.load().await?;
                let _ = self.steps.send(Arc::new(Step::Reread(self.seen)));
                return Ok(());
            }
            let entries = tx.entries_after(self.seen.seq, PAGE).await?;
            let Some(last) = entries.last() else {
                let _ = self.caught_up.send(looked);
                return Ok(());
            };
            let all = last.seq == head.seq;
            let reached = Version { epoch: head.epoch, seq: last.seq };
            let changes = self.changes(&mut tx, &entries).await?;
            let marks = marks(&mut tx, &entries).await?;
            self.atlas.apply(changes, marks, reached);
            self.seen = reached;
            let _ = self.steps.send(Arc::new(Step::Applied { head: reached, entries }));
            if all {
                let _ = self.caught_up.send(looked);
            }
        }
    }

    /// Where the shapes of changed territories were and are.
    fn areas(&self, changes: &[Change]) -> Areas {
        let mut boxes = Vec::new();
        for change in changes {
            let Change::Territory(territory) = change else { continue };
            boxes.extend(self.atlas.shape_bbox(territory.id));
            boxes.extend(territory.boundary().and_then(Shape::from_geojson).map(|s| s.bbox));
        }
        Areas::new(&boxes)
    }

    async fn changes(&self, tx: &mut Tx, entries: &[Entry]) -> store::Result<Vec<Change>> {
        let of = |kind: SubjectKind| entries.iter().filter(move |e| e.subject.kind == kind).map(|e| e.subject.id).collect::<BTreeSet<Uuid>>();
        let territories = of(SubjectKind::Territory);
        let mut actors = of(SubjectKind::Actor);
        let mut changes = Vec::new();
        for id in &territories {
            changes.extend(tx.territory(*id).await?.map(|t| Change::Territory(Box::new(t))));
        }
        if !territories.is_empty() {
            // A new or moved boundary changes the memberships of actors that no entry names: those where it was and where it is.
            let areas = self.areas(&changes);
            let points = tx.points().await?;
            let before = actors.len();
            actors.extend(points.iter().filter(|(_, lon, lat)| areas.hold(*lon, *lat)).map(|(actor, ..)| *actor));
            if (actors.len() - before) * 8 > points.len() {
                changes.extend(tx.actors().await?.into_iter().map(|a| Change::Actor(Box::new(a))));
                actors.clear();
            }
        }
        let actors: Vec<Uuid> = actors.into_iter().collect();
        changes.extend(tx.actors_among(&actors).await?.into_iter().map(|a| Change::Actor(Box::new(a))));
        Ok(changes)
    }
}

/// What the readers of a territory are told of the entries. The atlas holds no séances and no works, so that theirs come with the territory that they are held in.
async fn marks(tx: &mut Tx, entries: &[Entry]) -> store::Result<Vec<Mark>> {
    let of = |kind: SubjectKind| entries.iter().filter(|e| e.subject.kind == kind).map(|e| e.subject.id).collect::<BTreeSet<Uuid>>();
    let (seances, cells) = (Vec::from_iter(of(SubjectKind::Seance)), Vec::from_iter(of(SubjectKind::Cell)));
    let works: Vec<Uuid> = entries.iter().filter(|e| e.subject.kind.is_work()).map(|e| e.subject.id).collect();
    let mut homes: HashMap<Uuid, Uuid> = HashMap::new();
    if !works.is_empty() {
        homes.extend(tx.homes_of_works(&works).await?);
    }
    if !seances.is_empty() {
        homes.extend(tx.homes_of_seances(&seances).await?);
    }
    if !cells.is_empty() {
        homes.extend(tx.homes_of_cells(&cells).await?);
    }
    let mark = |e: &Entry| Mark {
        seq: e.seq,
        id: e.edit_id,
        at: e.at,
        kind: e.kind,
        subject: e.subject,
        author: e.author,
        source: e.source.clone(),
        seance: e.seance,
        home: homes.get(&e.subject.id).copied(),
    };
    Ok(entries.iter().map(mark).collect())
}
