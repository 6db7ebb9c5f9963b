//! One socket's side of the hub: its hello, its catch-up, and what it says of itself.

use super::feed::{Feed, Told};
use super::hub::Hub;
use super::outbox::{Outbox, Text};
use super::people::{Person, Shown};
use super::room::{Room, Seat};
use super::words::{self, Presence};
use crate::journal::now;
use crate::model::{Role, Version};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::Instant;
use uuid::Uuid;

/// One socket, known by a number that others are told. Dropping it leaves its room.
#[derive(Debug)]
pub struct Socket {
    hub: Hub,
    number: u64,
    outbox: Arc<Outbox>,
    identity: Option<Uuid>,
    territory: Option<Uuid>,
    catching_up: Option<CatchUp>,
}

/// How far a socket that does not follow yet has been told.
#[derive(Debug, Clone, Copy)]
struct CatchUp {
    at: Version,
    upto: i64,
    /// What must be said before any page.
    first: First,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// Read everything again.
    Snapshot,
    /// The position: no page will tell it.
    Position,
    Nothing,
}

/// Who says hello, and where.
#[derive(Debug)]
pub struct Newcomer {
    /// The territory to follow.
    pub territory: Uuid,
    /// The position of what the browser holds; none when it holds nothing.
    pub seen: Option<Version>,
    /// What the person wants to be called.
    pub nickname: Option<String>,
    /// The colour that they chose; without one they get the rarest here.
    pub color: Option<u8>,
    /// What the journal calls them, when it knows them.
    pub pseudonym: Option<String>,
    /// What they may do here.
    pub role: Role,
}

impl Hub {
    /// A new socket, which follows nothing yet.
    pub fn open(&self, identity: Option<Uuid>) -> Socket {
        let number = self.0.next_session.fetch_add(1, Ordering::Relaxed);
        Socket { hub: self.clone(), number, outbox: Arc::default(), identity, territory: None, catching_up: None }
    }
}

impl Socket {
    /// What waits to be sent to this socket.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// The territory that it follows.
    pub fn territory(&self) -> Option<Uuid> {
        self.territory
    }

    /// Takes a hello: what to send at once. Then comes what [`Socket::catch_up`] gives.
    pub fn hello(&mut self, newcomer: Newcomer) -> Vec<Text> {
        if self.territory.is_some_and(|t| t != newcomer.territory) {
            self.leave();
        }
        self.territory = Some(newcomer.territory);
        let mut state = self.hub.state();
        let followed = state.followed;
        let room = state.rooms.entry(newcomer.territory).or_insert_with(|| Room::new(Feed::at(followed), Instant::now()));
        if let Some(seat) = room.seats.get_mut(&self.number) {
            seat.follows = false;
            if seat.person.call(newcomer.nickname.as_deref().unwrap_or_default()) {
                room.rename(self.number);
            }
        } else {
            let mut person = Person::new(self.identity, newcomer.pseudonym, room.rarest_color(), now());
            person.dye(newcomer.color);
            person.call(newcomer.nickname.as_deref().unwrap_or_default());
            let seat = Seat { outbox: self.outbox.clone(), person, follows: false, ahead: 0, shown: false, radar: json!([]) };
            room.seat(self.number, seat);
        }
        // The seat is taken before the head is read: an edit after it will find this socket.
        let head = self.hub.0.atlas.head();
        let (_, told) = Feed::hello(newcomer.seen, head);
        self.catching_up = Some(match told {
            Told::Range { after, upto } => {
                let first = if after == upto { First::Position } else { First::Nothing };
                CatchUp { at: Version { seq: after, ..head }, upto, first }
            }
            Told::Snapshot(head) => {
                let first = if newcomer.seen.is_some() { First::Snapshot } else { First::Position };
                CatchUp { at: head, upto: head.seq, first }
            }
        });
        let you = room.seats.get(&self.number).map(|seat| {
            let Person { name, visitor, color, .. } = &seat.person;
            words::welcome(head, &Shown { session: self.number, name, visitor: *visitor, color: *color }, newcomer.role)
        });
        let all = you.into_iter().chain(room.everybody()).collect();
        drop(state);
        self.hub.0.people.notify_one();
        all
    }

    /// The next message that brings this socket to where its room is; none when it is there, and follows from now on.
    pub fn catch_up(&mut self) -> Option<Text> {
        let (territory, mut now) = (self.territory?, self.catching_up?);
        match std::mem::replace(&mut now.first, First::Nothing) {
            First::Snapshot => {
                self.catching_up = Some(now);
                return Some(words::snapshot(now.at));
            }
            First::Position => {
                self.catching_up = Some(now);
                return Some(words::beat(now.at.epoch, now.at.seq, now.at.seq));
            }
            First::Nothing => {}
        }
        if now.at.seq >= now.upto {
            let mut state = self.hub.state();
            let room = state.rooms.get_mut(&territory)?;
            let told = room.feed.position();
            // A room of an older history is about to be told of the new one, and this socket with it.
            let current = self.hub.0.atlas.head().epoch == now.at.epoch;
            if current && (told.epoch != now.at.epoch || told.seq <= now.at.seq) {
                self.catching_up = None;
                // Cut off meanwhile: its own queue says so.
                let seat = room.seats.get_mut(&self.number)?;
                seat.follows = true;
                seat.ahead = if told.epoch == now.at.epoch && told.seq < now.at.seq { now.at.seq } else { 0 };
                return None;
            }
            now.upto = told.seq.max(now.at.seq);
        }
        let (text, reached) = self.hub.page(territory, now.at, now.upto);
        now.upto = if reached.epoch == now.at.epoch { now.upto } else { reached.seq };
        now.at = reached;
        self.catching_up = Some(now);
        Some(text)
    }

    /// Takes what the person says of themselves.
    pub fn present(&self, mut said: Presence) {
        self.with_room(|room, number| {
            let Some(seat) = room.seats.get_mut(&number) else { return };
            let called = said.nickname.take().is_some_and(|n| seat.person.call(&n));
            let typed = seat.person.typing.clone();
            let news = seat.person.present(said);
            let typed = typed != seat.person.typing;
            room.typed |= typed;
            if called {
                room.rename(number);
            } else if news {
                room.tell(number);
            }
        });
    }

    /// Edits with these ids are about to be written for this socket.
    pub fn sends(&self, edits: impl Iterator<Item = Uuid>) {
        let mut recent = self.hub.recent();
        edits.for_each(|id| recent.sent(id, self.number));
    }

    /// Something that this socket sent was written: others see its person by name from now on.
    pub fn has_edited(&self) {
        self.with_room(|room, number| {
            if room.seats.get_mut(&number).is_some_and(|seat| seat.person.has_edited()) {
                room.tell(number);
            }
        });
    }

    fn with_room(&self, act: impl FnOnce(&mut Room, u64)) {
        let mut state = self.hub.state();
        if let Some(room) = self.territory.and_then(|t| state.rooms.get_mut(&t)) {
            act(room, self.number);
        }
        drop(state);
        self.hub.0.people.notify_one();
    }

    fn leave(&mut self) {
        self.with_room(|room, number| room.leave(number));
        (self.territory, self.catching_up) = (None, None);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.leave();
    }
}
