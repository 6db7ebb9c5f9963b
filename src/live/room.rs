//! One territory and the sockets that follow it.

use super::feed::Feed;
use super::outbox::{Outbox, Text};
use super::people::{COLORS, Person};
use super::words::{Typing, session};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// People are told of one another this often at most.
pub(super) const PEOPLE_EVERY: Duration = Duration::from_millis(250);
/// As many sockets in a room are told so often; more are told less often.
const FEW: usize = 100;
/// People in one message, at most.
const PEOPLE: usize = 100;

/// One socket in a room.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) outbox: Arc<Outbox>,
    pub(super) person: Person,
    /// Whether it has caught up and is sent what the room is sent.
    pub(super) follows: bool,
    /// A number up to which it was told more than the room, when it caught up; 0 afterwards.
    pub(super) ahead: i64,
    /// Whether others were told of it by name.
    pub(super) shown: bool,
    /// What the radar has last told it.
    pub(super) radar: Value,
}

/// The sockets of one territory.
#[derive(Debug)]
pub(super) struct Room {
    /// What everybody here has been told.
    pub(super) feed: Feed,
    pub(super) seats: BTreeMap<u64, Seat>,
    changed: BTreeSet<u64>,
    left: Vec<u64>,
    /// Somebody came or went, or somebody typed or added something, since the last time that people were told.
    counted: bool,
    pub(super) typed: bool,
    /// When people were last told of one another.
    told: Instant,
}

impl Room {
    pub(super) fn new(feed: Feed, now: Instant) -> Self {
        Self { feed, seats: BTreeMap::new(), changed: BTreeSet::new(), left: Vec::new(), counted: false, typed: false, told: now }
    }

    /// The colour that the fewest here have.
    pub(super) fn rarest_color(&self) -> u8 {
        let count = |color: u8| self.seats.values().filter(|s| s.person.color == color).count();
        (0..COLORS).min_by_key(|c| count(*c)).unwrap_or_default()
    }

    /// Puts a socket in, with a name of its own.
    pub(super) fn seat(&mut self, number: u64, mut seat: Seat) {
        seat.person.name_among(self.seats.values().map(|s| &s.person));
        self.seats.insert(number, seat);
        self.counted = true;
        self.tell(number);
    }

    /// Names a socket again after its wish changed.
    pub(super) fn rename(&mut self, number: u64) {
        if let Some(mut seat) = self.seats.remove(&number) {
            seat.person.name_among(self.seats.values().map(|s| &s.person));
            self.seats.insert(number, seat);
            self.tell(number);
        }
    }

    /// Others will be told what this person does.
    pub(super) fn tell(&mut self, number: u64) {
        self.changed.insert(number);
    }

    /// Takes a socket out.
    pub(super) fn leave(&mut self, number: u64) {
        if let Some(seat) = self.seats.remove(&number) {
            self.changed.remove(&number);
            self.counted = true;
            self.typed |= seat.person.typing.is_some();
            if seat.shown {
                self.left.push(number);
            }
        }
    }

    /// Sends a message to everybody who follows and is where the room is; those who are too slow are gone.
    pub(super) fn send(&mut self, text: &Text) {
        self.send_to(text, |seat| seat.follows && seat.ahead == 0);
    }

    /// Those who follow and were told more than the room, by the number up to which they were.
    pub(super) fn ahead(&self) -> BTreeMap<i64, Vec<u64>> {
        let mut ahead: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
        for (number, seat) in self.seats.iter().filter(|(_, s)| s.follows && s.ahead > 0) {
            ahead.entry(seat.ahead).or_default().push(*number);
        }
        ahead
    }

    /// The room has been told up to this number: whoever was not ahead of that goes on with it.
    pub(super) fn level(&mut self, seq: i64) {
        self.seats.values_mut().filter(|s| s.ahead <= seq).for_each(|s| s.ahead = 0);
    }

    /// Sends something to one socket, which is then where the room is.
    pub(super) fn send_one(&mut self, number: u64, texts: &[Text]) {
        let Some(seat) = self.seats.get_mut(&number) else { return };
        seat.ahead = 0;
        if !texts.iter().all(|text| seat.outbox.push(text.clone())) {
            self.leave(number);
        }
    }

    fn send_to(&mut self, text: &Text, whom: impl Fn(&Seat) -> bool) {
        let pushed = self.seats.iter().filter(|(_, seat)| whom(seat)).filter(|(_, seat)| !seat.outbox.push(text.clone()));
        let slow: Vec<u64> = pushed.map(|(number, _)| *number).collect();
        slow.into_iter().for_each(|number| self.leave(number));
    }

    /// Whether there is something to tell of people.
    pub(super) fn is_dirty(&self) -> bool {
        self.counted || self.typed || !self.changed.is_empty()
    }

    /// Whether people may be told of one another again. A full room is told less often: everybody hears of everybody.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let times = (self.seats.len() / FEW + 1).min(4) as u32;
        now.duration_since(self.told) >= PEOPLE_EVERY * times
    }

    /// Everybody here who is seen by name.
    pub(super) fn everybody(&self) -> Vec<Text> {
        let listed: Vec<Value> = self.seats.iter().filter(|(_, s)| s.person.is_listed()).map(|(n, s)| s.person.told(*n)).collect();
        self.people(&listed, &[])
    }

    /// Tells everybody who came, went, or does something else than before.
    pub(super) fn flush(&mut self, now: Instant) {
        let changed = std::mem::take(&mut self.changed);
        let (mut told, mut left) = (Vec::new(), std::mem::take(&mut self.left));
        for number in changed {
            let Some(seat) = self.seats.get_mut(&number) else { continue };
            let shown = std::mem::replace(&mut seat.shown, seat.person.is_listed());
            if seat.shown {
                told.push(seat.person.told(number));
            } else if shown {
                left.push(number);
            }
        }
        if std::mem::take(&mut self.counted) || !told.is_empty() || !left.is_empty() {
            self.people(&told, &left).iter().for_each(|text| self.send_to(text, |_| true));
        }
        self.told = now;
    }

    /// People as messages of a fair size; one at least, because of `here`.
    fn people(&self, people: &[Value], left: &[u64]) -> Vec<Text> {
        let left: Vec<String> = left.iter().copied().map(session).collect();
        let some = |people: &[Value], left: &[String]| {
            json!({"type": "people", "here": self.seats.len(), "people": people, "left": left}).to_string().into()
        };
        if people.is_empty() {
            return vec![some(&[], &left)];
        }
        people.chunks(PEOPLE).enumerate().map(|(i, people)| some(people, if i == 0 { &left } else { &[] })).collect()
    }

    /// What the person of a session or of an identity is called here.
    pub(super) fn name_of(&self, session: Option<u64>, identity: Uuid) -> Option<String> {
        let same = session.and_then(|n| self.seats.get(&n)).filter(|s| s.person.identity == Some(identity));
        let seat = same.or_else(|| self.seats.values().find(|s| s.person.identity == Some(identity)))?;
        Some(seat.person.name.clone())
    }

    /// Those who type a new name now.
    pub(super) fn typing(&self) -> Vec<Typist> {
        let one = |(number, seat): (&u64, &Seat)| {
            let typing = seat.person.typing.clone()?;
            let points = typing.lon.zip(typing.lat).map(|(lon, lat)| [lon, lat]).into_iter().collect();
            Some(Typist { number: *number, identity: seat.person.identity, name: seat.person.name.clone(), typing, points })
        };
        self.seats.iter().filter_map(one).collect()
    }

    /// Tells each socket what the radar sees for it, unless it was told so already.
    pub(super) fn tell_radar(&mut self, mut sees: impl FnMut(u64) -> Value) {
        let mut slow = Vec::new();
        for (number, seat) in &mut self.seats {
            let near = sees(*number);
            if near == seat.radar {
                continue;
            }
            if !seat.outbox.push(json!({"type": "radar", "near": near}).to_string().into()) {
                slow.push(*number);
            }
            seat.radar = near;
        }
        slow.into_iter().for_each(|number| self.leave(number));
    }
}

/// Somebody who types a new name.
#[derive(Debug)]
pub(super) struct Typist {
    pub(super) number: u64,
    pub(super) identity: Option<Uuid>,
    pub(super) name: String,
    pub(super) typing: Typing,
    /// Where, if they have said so.
    pub(super) points: Vec<[f64; 2]>,
}
