//! The simulated world: one database, two nodes, six clients, and everything that goes wrong between them. A seed determines all of it.

use super::broken::Broken;
use super::client::{Client, Down, Intents, Up};
use super::database::Database;
use super::drafts::Drafts;
use super::node::{Answer, Job, Node, Rules};
use super::rng::Rng;
use bouillon::live::{Feed, Told};
use bouillon::model::edit::{Edit, EditKind, Entry};
use std::collections::BTreeMap;
use std::rc::Rc;
use uuid::Uuid;

const NODES: usize = 2;
const CLIENTS: usize = 6;
/// Messages that a socket may hold.
const SOCKET: usize = 8;
/// Jobs that a node lets wait.
const QUEUE: usize = 12;
/// Entries that a node follows at once.
const PAGE: usize = 6;

/// What happened, for the summary and to be sure that it did happen.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) decided: u64,
    pub(super) written: u64,
    pub(super) conflicts: u64,
    pub(super) refused: u64,
    pub(super) merged: u64,
    pub(super) again: u64,
    pub(super) crashes: u64,
    pub(super) restores: u64,
    pub(super) snapshots: u64,
    pub(super) gaps: u64,
    pub(super) cuts: u64,
    pub(super) lost_wakes: u64,
    pub(super) offered_again: u64,
}

impl Tally {
    fn numbers(&mut self) -> [&mut u64; 13] {
        let Self { decided, written, conflicts, refused, merged, again, crashes, restores, snapshots, gaps, cuts, lost_wakes, offered_again } = self;
        [decided, written, conflicts, refused, merged, again, crashes, restores, snapshots, gaps, cuts, lost_wakes, offered_again]
    }

    /// Adds what happened in another run.
    pub(super) fn add(&mut self, other: &Self) {
        let mut other = *other;
        self.numbers().into_iter().zip(other.numbers()).for_each(|(all, one)| *all += *one);
    }

    /// A fault that never happens proves nothing. Only gaps never happen when no message is lost inside a connection.
    pub(super) fn everything_happened(mut self, seeds: u64) {
        let said = format!("{self:?}");
        self.gaps = seeds;
        assert!(self.numbers().into_iter().all(|n| *n * 10 > seeds), "something hardly ever happened: {said}");
    }
}

/// Everything.
pub(super) struct Sim {
    pub(super) rng: Rng,
    pub(super) broken: Broken,
    pub(super) db: Database,
    pub(super) backup: Option<Database>,
    pub(super) nodes: Vec<Node>,
    pub(super) clients: Vec<Client>,
    pub(super) intents: Intents,
    /// The territory of each subject.
    pub(super) homes: BTreeMap<Uuid, usize>,
    pub(super) drafts: Drafts,
    pub(super) tally: Tally,
    pub(super) clock: i64,
    /// The end: no faults and nothing new any more.
    pub(super) calm: bool,
    /// The story so far, when somebody wants to read it.
    pub(super) story: Option<String>,
    /// The first promise that was broken.
    pub(super) wrong: Option<String>,
}

impl Sim {
    pub(super) fn new(seed: u64, broken: Broken, tells: bool) -> Self {
        let mut sim = Self {
            rng: Rng::new(seed),
            broken,
            db: Database::default(),
            backup: None,
            nodes: (0..NODES).map(|_| Node::default()).collect(),
            clients: (0..CLIENTS).map(|number| Client { number, territory: usize::from(number > 3), ..Client::default() }).collect(),
            intents: Intents::new(),
            homes: BTreeMap::new(),
            drafts: Drafts::default(),
            tally: Tally::default(),
            clock: 0,
            calm: false,
            story: tells.then(String::new),
            wrong: None,
        };
        (0..CLIENTS).for_each(|c| sim.connect(c));
        sim
    }

    /// Adds a line to the story.
    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push_str(&format!("{:>5}  {}\n", self.clock, line()));
        }
    }

    /// A promise was broken; only the first one counts.
    pub(super) fn fail(&mut self, why: impl FnOnce() -> String) {
        if self.wrong.is_none() {
            let why = why();
            self.tell(|| format!("WRONG: {why}"));
            self.wrong = Some(why);
        }
    }

    /// Something happens.
    pub(super) fn step(&mut self) {
        self.clock += 1;
        let what = self.rng.below(1000);
        let c = self.rng.below(CLIENTS);
        let n = self.rng.below(NODES);
        match what {
            0..180 => self.draft(c),
            180..330 if self.clients[c].line.is_none() => self.connect(c),
            180..330 => self.pump(c),
            330..450 => (0..2).for_each(|_| self.serve(c)),
            450..560 => self.fill(n),
            560..670 => self.commit(self.db.lock.unwrap_or(n)),
            670..850 => (0..3).for_each(|_| self.receive(c)),
            850..920 => self.follow(n, false),
            920..945 => self.follow(n, true),
            945..955 => self.beat(n),
            955..970 => self.drop_line(c),
            970..976 => self.crash(n),
            976..984 => self.back_up(),
            984..987 => self.restore(),
            _ => {}
        }
    }

    fn draft(&mut self, c: usize) {
        let client = &mut self.clients[c];
        if client.reader.is_none() || client.queue.len() > 8 {
            return;
        }
        let Some(item) = self.drafts.item(&mut self.rng, client) else { return };
        client.made.extend(item.pieces.iter().map(|p| p.edit.id));
        let edits: Vec<_> = item.pieces.iter().map(|p| p.edit.clone()).collect();
        let home = client.territory;
        self.homes.extend(edits.iter().filter(|e| e.kind == EditKind::Create).map(|e| (e.subject.id, home)));
        client.queue.push_back(item);
        self.tell(|| edits.iter().fold(format!("client {c} writes"), |out, e| format!("{out} {}", brief(e))));
    }

    pub(super) fn connect(&mut self, c: usize) {
        let n = self.rng.below(NODES);
        self.clients[c].connect(n);
        self.tell(|| format!("client {c} connects to node {n}"));
    }

    pub(super) fn drop_line(&mut self, c: usize) {
        if self.clients[c].line.is_some() {
            self.clients[c].drop_line();
            self.tell(|| format!("client {c} is cut off"));
        }
    }

    pub(super) fn pump(&mut self, c: usize) {
        let fresh = self.clients[c].pump(self.broken == Broken::Thawed);
        for intent in fresh {
            self.tell(|| format!("client {c} sends {}", brief(&intent.edit)));
            self.intents.insert(intent.edit.id, intent);
        }
    }

    /// A node reads the next message of a connection.
    pub(super) fn serve(&mut self, c: usize) {
        let Some(line) = &mut self.clients[c].line else { return };
        let (n, number) = (line.node, line.number);
        match line.up.pop_front() {
            None => {}
            Some(Up::Hello(seen)) => {
                // Who comes from a node that was quicker must not be told of a past: this node looks first.
                let behind = seen.is_some_and(|s| s > self.nodes[n].seen) || self.db.epoch != self.nodes[n].seen.epoch;
                if behind && self.broken != Broken::LateNode {
                    self.catch_up(n);
                }
                let (feed, told) = Feed::hello(seen, self.nodes[n].seen);
                self.clients[c].line.iter_mut().for_each(|l| l.feed = Some(feed));
                self.told(c, told, None);
            }
            Some(Up::Edits(requests)) if self.nodes[n].queue.len() >= QUEUE => self.deliver(c, Down::Busy(requests)),
            Some(Up::Edits(requests)) => self.nodes[n].queue.push_back(Job { from: (c, number), requests }),
        }
    }

    /// A node begins a transaction, if the head is free.
    pub(super) fn fill(&mut self, n: usize) {
        if self.db.lock.is_some() && self.broken != Broken::NumberOutsideLock {
            return;
        }
        let mut rules = Rules { broken: self.broken, intents: &self.intents, at: self.clock, again: 0 };
        if !self.nodes[n].fill(&mut self.db, &mut rules) {
            return;
        }
        self.tally.again += rules.again;
        self.db.lock = Some(n);
        self.tell(|| format!("node {n} takes the lock"));
        if self.broken == Broken::AckEarly {
            let answers = self.nodes[n].open.as_ref().map(|(_, answers)| answers.clone()).unwrap_or_default();
            self.answer(n, answers);
        }
    }

    /// A node commits; it may die just after.
    pub(super) fn commit(&mut self, n: usize) {
        let Some((tx, answers)) = self.nodes[n].open.take() else { return };
        self.db.commit(&tx);
        self.db.lock = None;
        self.tally.written += tx.entries.len() as u64;
        self.tell(|| tx.entries.iter().fold(format!("node {n} commits up to {:?}", tx.head), |out, e| format!("{out} {}", row(e))));
        if !tx.entries.is_empty() {
            for other in 0..NODES {
                // Notifications are only a wake-up, and may be lost.
                if self.rng.chance(850) {
                    self.nodes[other].woken = true;
                } else {
                    self.tally.lost_wakes += 1;
                }
            }
        }
        if !self.calm && self.rng.chance(30) {
            return self.crash(n);
        }
        if self.broken != Broken::AckEarly {
            self.answer(n, answers);
        }
    }

    fn answer(&mut self, n: usize, answers: Vec<Answer>) {
        for (job, acks) in answers {
            self.tally.decided += acks.len() as u64;
            let (c, number) = job.from;
            if self.clients[c].line.as_ref().is_none_or(|l| l.number != number || l.node != n) {
                continue;
            }
            let acks = acks.into_iter().zip(job.requests.iter()).map(|(ack, r)| (ack, self.db.docs.get(&r.edit.subject.id).cloned()));
            let acks = acks.collect();
            self.deliver(c, Down::Acks(acks));
        }
    }

    /// A node dies and starts again.
    pub(super) fn crash(&mut self, n: usize) {
        self.tally.crashes += 1;
        self.tell(|| format!("node {n} dies"));
        if self.db.lock == Some(n) {
            self.db.lock = None;
        }
        for c in 0..CLIENTS {
            if self.clients[c].line.as_ref().is_some_and(|l| l.node == n) {
                self.drop_line(c);
            }
        }
        let ranges = self.nodes[n].ranges;
        self.nodes[n] = Node { seen: self.db.head(), atlas: self.db.docs.clone(), ranges, ..Node::default() };
    }

    fn back_up(&mut self) {
        self.backup = Some(Database { lock: None, ..self.db.clone() });
        self.tell(|| "a backup is made".into());
    }

    /// An older state takes the place of the database, with an epoch of its own. The nodes start again, or notice it while they run.
    fn restore(&mut self) {
        let Some(backup) = self.backup.take() else { return };
        self.tally.restores += 1;
        self.db = Database { epoch: self.db.epoch + 1, ..backup };
        self.db.taken = self.db.head().seq;
        self.tell(|| "the backup is restored".into());
        let running = self.rng.chance(300);
        for n in 0..NODES {
            let open = self.nodes[n].open.take();
            if !running {
                self.crash(n);
                continue;
            }
            // The transaction fails, and those who wait are told that nothing was written.
            for (job, _) in open.into_iter().flat_map(|(_, answers)| answers) {
                let (c, number) = job.from;
                if self.clients[c].line.as_ref().is_some_and(|l| l.number == number) {
                    self.deliver(c, Down::Busy(job.requests));
                }
            }
        }
    }

    /// A node looks for new entries, when it was told of some or by its clock, and tells its sockets.
    pub(super) fn follow(&mut self, n: usize, clock: bool) {
        if !std::mem::take(&mut self.nodes[n].woken) && !clock {
            return;
        }
        self.catch_up(n);
    }

    fn catch_up(&mut self, n: usize) {
        loop {
            let (seen, head) = (self.nodes[n].seen, self.db.head());
            if head.epoch != seen.epoch || head.seq < seen.seq {
                self.nodes[n].atlas = self.db.docs.clone();
                self.nodes[n].seen = head;
                self.tell(|| format!("node {n} reads everything again"));
                self.publish(n, &[]);
                continue;
            }
            let page = self.db.after(seen.seq, PAGE);
            let Some(last) = page.last().map(|e| e.seq) else { return };
            for entry in &page {
                if let Some(doc) = self.db.docs.get(&entry.subject.id) {
                    self.nodes[n].atlas.insert(entry.subject.id, doc.clone());
                }
            }
            self.nodes[n].seen.seq = last;
            self.publish(n, &page);
        }
    }

    /// Tells every socket of a node how far it is.
    fn publish(&mut self, n: usize, page: &[Rc<Entry>]) {
        let head = self.nodes[n].seen;
        for c in 0..CLIENTS {
            let Some(line) = self.clients[c].line.as_mut().filter(|l| l.node == n) else { continue };
            if let Some(told) = line.feed.as_mut().map(|feed| feed.moved(head)) {
                self.told(c, told, Some(page));
            }
        }
    }

    /// A node says that it is alive and how far it is.
    pub(super) fn beat(&mut self, n: usize) {
        self.publish(n, &[]);
    }

    /// Sends what the feed's rule says; `page` are the entries of the range when the node has them at hand.
    fn told(&mut self, c: usize, told: Told, page: Option<&[Rc<Entry>]>) {
        let Some(n) = self.clients[c].line.as_ref().map(|l| l.node) else { return };
        match told {
            Told::Snapshot(head) => self.deliver(c, Down::Snapshot(head)),
            Told::Range { after, upto } => {
                let read = page.map_or_else(|| self.db.after(after, usize::MAX), <[_]>::to_vec);
                let territory = self.clients[c].territory;
                let here = |e: &Rc<Entry>| e.seq > after && e.seq <= upto && self.homes.get(&e.subject.id) == Some(&territory);
                let mut edits: Vec<Rc<Entry>> = read.into_iter().filter(here).collect();
                if !edits.is_empty() {
                    self.nodes[n].ranges += 1;
                    if self.broken == Broken::Skips && self.nodes[n].ranges.is_multiple_of(7) {
                        edits.clear();
                    }
                }
                self.deliver(c, Down::Range { epoch: self.nodes[n].seen.epoch, after, upto, edits });
            }
        }
    }

    /// Queues a message for a socket; one that is full is cut and catches up later.
    fn deliver(&mut self, c: usize, message: Down) {
        let Some(line) = &mut self.clients[c].line else { return };
        let full = if self.broken.loses() { 3 } else { SOCKET };
        if line.down.len() < full || (self.broken.loses() && !matches!(message, Down::Range { .. })) {
            line.down.push_back(message);
        } else if !self.broken.loses() {
            self.tally.cuts += 1;
            self.tell(|| format!("client {c} is too slow"));
            self.drop_line(c);
        }
    }
}

/// An edit in one line.
pub(super) fn brief(edit: &Edit) -> String {
    let short = |id: Uuid| id.as_u128() & 0xffff;
    let set = serde_json::to_string(&edit.set).unwrap_or_default();
    let base = serde_json::to_string(&edit.base).unwrap_or_default();
    let group = edit.group.map(|g| format!(" group {}", short(g))).unwrap_or_default();
    let reverts = edit.reverts.map(|r| format!(" of {r}")).unwrap_or_default();
    format!("[{} {}{reverts} on {} {set} base {base}{group}]", short(edit.id), edit.kind.as_str(), short(edit.subject.id))
}

fn row(e: &Entry) -> String {
    format!("{}={}", e.seq, e.edit_id.as_u128() & 0xffff)
}
