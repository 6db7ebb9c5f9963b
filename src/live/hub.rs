//! The hub: follows the journal's follower, and tells every room what concerns it.

use super::feed::{Feed, Told};
use super::outbox::Text;
use super::radar::{self, Other};
use super::recent::Recent;
use super::room::{PEOPLE_EVERY, Room};
use super::words::{self, BEAT_SECONDS, PAGE_BYTES, PAGE_EDITS};
use crate::atlas::Atlas;
use crate::journal::{Step, broken};
use crate::model::{EditKind, Entry, SubjectKind, Version, label};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;
use uuid::Uuid;

/// For so long the radar knows that somebody added something.
const JUST: Duration = Duration::from_secs(600);
/// Actors that the radar knows of, at most.
const ADDED: usize = 1_000;

/// The hub; cheap to clone.
#[derive(Debug, Clone)]
pub struct Hub(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) atlas: Arc<Atlas>,
    pub(super) state: Mutex<State>,
    pub(super) recent: Mutex<Recent>,
    pub(super) next_session: AtomicU64,
    /// Something about people has changed.
    pub(super) people: Notify,
}

/// What changes while the hub runs.
#[derive(Debug)]
pub(super) struct State {
    pub(super) rooms: HashMap<Uuid, Room>,
    /// How far the hub has followed: nothing between a room's position and this concerns the room.
    pub(super) followed: Version,
    added: VecDeque<Added>,
}

/// An actor that a person has just added.
#[derive(Debug, Clone, Copy)]
struct Added {
    actor: Uuid,
    author: Uuid,
    session: Option<u64>,
    when: Instant,
}

impl Hub {
    /// A hub without a socket. Subscribe to the steps before, so that none falls between.
    pub fn new(atlas: Arc<Atlas>) -> Self {
        let state = State { rooms: HashMap::new(), followed: atlas.head(), added: VecDeque::new() };
        let recent = Mutex::default();
        Self(Arc::new(Shared { atlas, state: Mutex::new(state), recent, next_session: AtomicU64::new(1), people: Notify::new() }))
    }

    /// Follows until the follower is gone.
    pub async fn run(self, mut steps: broadcast::Receiver<Arc<Step>>) {
        let mut beat = tokio::time::interval(Duration::from_secs(BEAT_SECONDS));
        let mut told = Instant::now();
        let mut due: Option<Instant> = None;
        loop {
            tokio::select! {
                step = steps.recv() => {
                    let mut all = Vec::new();
                    let mut lost = false;
                    match step {
                        Ok(step) => all.push(step),
                        Err(broadcast::error::RecvError::Lagged(_)) => lost = true,
                        Err(broadcast::error::RecvError::Closed) => return,
                    }
                    // Steps that came meanwhile are told together.
                    loop {
                        match steps.try_recv() {
                            Ok(step) => all.push(step),
                            Err(broadcast::error::TryRecvError::Lagged(_)) => lost = true,
                            Err(_) => break,
                        }
                    }
                    self.follow(&all, lost);
                }
                _ = beat.tick() => self.beat(),
                () = self.0.people.notified(), if due.is_none() => due = Some(Instant::now().max(told + PEOPLE_EVERY)),
                () = tokio::time::sleep_until(due.unwrap_or(told)), if due.is_some() => {
                    (due, told) = (None, Instant::now());
                    self.tell_people(told);
                }
            }
        }
    }

    /// Tells each room what concerns it of some steps.
    fn follow(&self, steps: &[Arc<Step>], lost: bool) {
        let (mut first, mut head) = (None, None);
        for step in steps {
            match step.as_ref() {
                Step::Applied { head: reached, entries } => {
                    first = first.or(entries.first().map(|e| e.seq - 1));
                    head = Some(*reached);
                    self.remember(entries);
                }
                Step::Reread(reached) => {
                    (first, head) = (None, Some(*reached));
                    self.recent().forget();
                }
            }
        }
        let Some(head) = head else { return };
        // Steps that were lost may have touched any room: all are looked at.
        let touched = first.filter(|_| !lost).and_then(|after| self.0.atlas.touched(after, head.seq));
        let rooms: Vec<(Uuid, Version)> = {
            let mut state = self.state();
            state.followed = head;
            state.rooms.iter().map(|(id, room)| (*id, room.feed.position())).collect()
        };
        for (territory, at) in rooms {
            let concerned = at.epoch != head.epoch || touched.as_ref().is_none_or(|t| t.contains(&territory));
            if concerned && at != head {
                self.tell(territory, at, head);
            }
        }
        self.0.people.notify_one();
    }

    /// Tells one room everything after its position. Only the hub's own task moves a room.
    fn tell(&self, territory: Uuid, at: Version, head: Version) {
        let mut pages = self.pages(territory, at, head);
        if broken("live-skips") && head.seq % 7 == 0 {
            pages = vec![words::beat(head.epoch, at.seq, head.seq)];
        }
        let mut state = self.state();
        let Some(room) = state.rooms.get_mut(&territory).filter(|room| room.feed.position() == at) else { return };
        let _ = room.feed.moved(head);
        let mut ahead = room.ahead();
        for text in &pages {
            room.send(text);
        }
        if at.epoch == head.epoch {
            // They caught up while the room was behind: they are told the rest only. Those further still hear of it later.
            ahead.retain(|told, _| *told < head.seq);
        }
        for (told, seats) in ahead {
            let from = if at.epoch == head.epoch { Version { seq: told, ..at } } else { at };
            let rest = self.pages(territory, from, head);
            seats.into_iter().for_each(|number| room.send_one(number, &rest));
        }
        room.level(head.seq);
    }

    /// Everything after a position up to the head, in messages of a fair size.
    fn pages(&self, territory: Uuid, at: Version, head: Version) -> Vec<Text> {
        let mut pages = Vec::new();
        let Told::Range { upto, .. } = Feed::at(at).moved(head) else { return vec![words::snapshot(head)] };
        let mut at = at;
        loop {
            let (text, reached) = self.page(territory, at, upto);
            pages.push(text);
            if reached.epoch != at.epoch || reached.seq >= upto {
                return pages;
            }
            at = reached;
        }
    }

    /// The next message after a position, and the position after it; a snapshot when those edits are forgotten.
    pub(super) fn page(&self, territory: Uuid, at: Version, upto: i64) -> (Text, Version) {
        let mut limit = PAGE_EDITS;
        loop {
            let found = self.0.atlas.changes_until(at.seq, upto, limit, Some(territory));
            let Some(changes) = found.filter(|c| c.head.epoch == at.epoch) else {
                let head = self.0.atlas.head();
                return (words::snapshot(head), head);
            };
            let text = words::edits(at.seq, &changes, &self.recent());
            let edits = changes.marks.len();
            if text.len() <= PAGE_BYTES || edits <= 1 {
                return (text, Version { seq: changes.upto, ..at });
            }
            limit = (edits * PAGE_BYTES / text.len()).clamp(1, edits - 1);
        }
    }

    /// Says to every room where the journal stands: no edit up to there concerns it.
    fn beat(&self) {
        let now = Instant::now();
        let mut state = self.state();
        let followed = state.followed;
        let before = state.added.len();
        state.added.retain(|a| now.duration_since(a.when) < JUST);
        let forgotten = state.added.len() < before;
        for room in state.rooms.values_mut() {
            let text = match room.feed.moved(followed) {
                Told::Range { after, upto } => words::beat(followed.epoch, after, upto),
                Told::Snapshot(head) => words::snapshot(head),
            };
            room.level(followed.seq);
            room.send(&text);
            room.typed |= forgotten;
        }
        drop(state);
        self.0.people.notify_one();
    }

    /// Keeps what sockets are told of entries beside what the atlas remembers.
    fn remember(&self, entries: &[Entry]) {
        let mut recent = self.recent();
        recent.remember(entries);
        let by_people = entries.iter().filter(|e| e.kind == EditKind::Create && e.subject.kind == SubjectKind::Actor && e.source.is_none());
        let when = Instant::now();
        let fresh: Vec<Added> =
            by_people.filter_map(|e| Some(Added { actor: e.subject.id, author: e.author?, session: recent.session_of(e.edit_id), when })).collect();
        drop(recent);
        if fresh.is_empty() {
            return;
        }
        let mut state = self.state();
        state.added.extend(fresh);
        let over = state.added.len().saturating_sub(ADDED);
        state.added.drain(..over);
        state.rooms.values_mut().for_each(|room| room.typed = true);
    }

    /// Tells every room of people what is new.
    fn tell_people(&self, now: Instant) {
        let mut typed = Vec::new();
        let mut state = self.state();
        for (territory, room) in state.rooms.iter_mut().filter(|(_, room)| room.is_dirty() && room.is_due(now)) {
            room.flush(now);
            if std::mem::take(&mut room.typed) {
                typed.push(*territory);
            }
        }
        drop(state);
        typed.into_iter().for_each(|territory| self.look_for_twins(territory));
        // Whoever was too slow for this left by it.
        let mut state = self.state();
        state.rooms.retain(|_, room| !room.seats.is_empty());
        if state.rooms.values().any(Room::is_dirty) {
            self.0.people.notify_one();
        }
    }

    /// Tells those who type a new name who else adds something like it, when that has changed.
    fn look_for_twins(&self, territory: Uuid) {
        let (typing, added) = {
            let state = self.state();
            let Some(room) = state.rooms.get(&territory) else { return };
            let typing = room.typing();
            if typing.is_empty() {
                (typing, Vec::new())
            } else {
                let named = |a: &Added| (*a, room.name_of(a.session, a.author).unwrap_or_else(|| label::pseudonym(a.author)));
                (typing, state.added.iter().map(named).collect())
            }
        };
        let actors: Vec<_> = added
            .iter()
            .filter_map(|(a, person)| {
                let entry = self.0.atlas.actor(a.actor).filter(|e| self.0.atlas.is_in(e, territory))?;
                let points: Vec<[f64; 2]> = entry.points().iter().map(|p| [p.lon, p.lat]).collect();
                Some((a, person, entry, points))
            })
            .collect();
        let mut found: HashMap<u64, Value> = HashMap::new();
        for one in &typing {
            let others = typing.iter().filter(|o| o.number != one.number && (o.identity.is_none() || o.identity != one.identity));
            let others = others.map(|o| Other { session: Some(o.number), person: &o.name, title: &o.typing.name, points: &o.points, actor: None });
            let just = actors.iter().filter(|(a, ..)| Some(a.author) != one.identity);
            let just = just.map(|(a, person, entry, points)| Other { session: a.session, person, title: &entry.name, points, actor: Some(a.actor) });
            found.insert(one.number, radar::near(&one.typing, others.chain(just)));
        }
        let mut state = self.state();
        let Some(room) = state.rooms.get_mut(&territory) else { return };
        room.tell_radar(|number| found.remove(&number).unwrap_or_else(|| json!([])));
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn recent(&self) -> MutexGuard<'_, Recent> {
        self.0.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
