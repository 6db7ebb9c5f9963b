//! Somebody who goes on writing over a WebSocket whatever happens to it, and keeps a log of their own: the witness of the fault tests.

use crate::app::{Person, create};
use crate::crash::Log;
use crate::live_client::{Live, Said};
use crate::sim::rng::Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Error;
use uuid::Uuid;

/// An answer that takes longer is not waited for: the same edit is sent again over another socket.
const ANSWER: Duration = Duration::from_millis(2_500);

/// What all editors of a test share.
#[derive(Clone)]
pub(crate) struct Hall {
    /// Where the server is just now; several: hop between them.
    pub(crate) urls: Arc<Mutex<Vec<String>>>,
    pub(crate) log: Arc<Mutex<Log>>,
    /// No more new edits; an editor ends when its last one is answered.
    pub(crate) stop: Arc<AtomicBool>,
    /// Actors that everybody changes.
    pub(crate) shared: Arc<Vec<Value>>,
}

impl Hall {
    pub(crate) fn new(url: &str, shared: Vec<Value>) -> Self {
        Self { urls: Arc::new(Mutex::new(vec![url.to_owned()])), log: Arc::default(), stop: Arc::default(), shared: Arc::new(shared) }
    }

    pub(crate) fn is_at(&self, urls: &[&str]) {
        *self.urls.lock().unwrap() = urls.iter().map(|u| (*u).to_owned()).collect();
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.log.lock().unwrap().acknowledged.len()
    }
}

/// One of them.
pub(crate) struct Editor {
    hall: Hall,
    pub(crate) live: Live,
    person: Person,
    number: usize,
    rng: Rng,
    connected: bool,
    /// Edits that it writes before it changes to another node, or for who only looks on whether they do; 0: never.
    hops: usize,
    /// It was told to read everything again and has not yet.
    stale: bool,
    /// Reconnections.
    pub(crate) again: usize,
}

impl Editor {
    /// Somebody whom the server knows, connected and at the head.
    pub(crate) async fn new(hall: &Hall, mut person: Person, number: usize, hops: usize) -> Self {
        person.add("ville", json!({"name": format!("De {number}")})).await;
        let live = Live::join(&person, "ville").await;
        let rng = Rng::new(number as u64);
        Self { hall: hall.clone(), live, person, number, rng, connected: true, hops, stale: false, again: 0 }
    }

    /// Writes until told to stop, and then until everything is answered. Gives itself back, with what it was told.
    pub(crate) async fn write(mut self) -> Result<Self, String> {
        for i in 0.. {
            if self.hall.stop.load(Ordering::Relaxed) {
                break;
            }
            let edit = self.next_edit(i);
            let id = edit["id"].as_str().unwrap().to_owned();
            self.hall.log.lock().unwrap().sent.insert(id.clone(), edit.clone());
            let ack = self.insist(&id, &edit).await?;
            if let Some(seq) = ack["seq"].as_i64() {
                self.hall.log.lock().unwrap().acknowledged.insert(id, seq);
            }
            if self.hops > 0 && i % self.hops == self.hops - 1 {
                self.connected = false;
            }
            // The server asks for at most 20 messages in a second.
            sleep(Duration::from_millis(55)).await;
        }
        Ok(self)
    }

    /// Only reads, and is told everything, until told to stop.
    pub(crate) async fn look(mut self) -> Result<Self, String> {
        while !self.hall.stop.load(Ordering::Relaxed) {
            self.connect().await;
            let end = Instant::now() + Duration::from_millis(300);
            while self.connected && Instant::now() < end {
                self.connected = self.hear(end).await.is_ok();
            }
            self.connected &= self.hops == 0;
        }
        Ok(self)
    }

    /// Every fourth edit is of an actor that the others change too, on the version that this client knows.
    fn next_edit(&mut self, i: usize) -> Value {
        if i % 4 != 3 {
            return create("ville", json!({"name": format!("Acteur {} {i}", self.number)}));
        }
        let actor = &self.hall.shared[self.rng.below(self.hall.shared.len())];
        let of = |e: &&Value| e["subject"]["id"] == actor["id"] && !e["fields"]["summary"].is_null();
        let epoch = self.live.reader.map(|r| r.at.epoch);
        let newest = self.live.edits.values().rev().find(of).map(|e| json!([epoch, e["seq"]]));
        let base: BTreeMap<&str, Value> = newest.into_iter().map(|v| ("summary", v)).collect();
        let set = json!({"summary": format!("vu par {}, {i}", self.number)});
        json!({"id": Uuid::now_v7(), "subject": {"kind": "actor", "id": actor["id"]}, "kind": "set", "set": set, "base": base})
    }

    /// Sends one edit as often as it takes, always the same, until it is answered.
    async fn insist(&mut self, id: &str, edit: &Value) -> Result<Value, String> {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if let Some(ack) = self.live.acks.get(id) {
                return Ok(ack.clone());
            }
            self.connect().await;
            self.connected = self.live.offer(std::slice::from_ref(edit)).await.is_ok();
            let patience = Instant::now() + ANSWER;
            self.live.refused.remove(id);
            while self.connected && !self.live.acks.contains_key(id) && !self.live.refused.contains_key(id) {
                let said = self.hear(patience).await;
                self.connected = matches!(&said, Ok(Some(said)) if !matches!(said, Said::Bye(_)));
            }
            if let Some(refusal) = self.live.refused.get(id) {
                let later = refusal["status"].as_u64().is_some_and(|s| s == 429 || s >= 500);
                if !later {
                    return Err(format!("not tried: {refusal}"));
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
        Err(format!("edit {id} of {} was never answered", self.number))
    }

    /// Opens another socket when the last one has ended, as often as it takes.
    async fn connect(&mut self) {
        while !self.connected {
            self.again += 1;
            let urls = self.hall.urls.lock().unwrap().clone();
            if let Some(url) = self.rng.pick(&urls) {
                let person = Person { url: url.clone(), ..self.person.clone() };
                let opened = timeout(Duration::from_secs(2), self.live.reopen(&person)).await;
                self.connected = matches!(opened, Ok(Ok(())));
                self.person.url = person.url;
                self.connected &= self.read_again().await;
            }
            if !self.connected {
                sleep(Duration::from_millis(20 + self.rng.next() % 100)).await;
            }
        }
    }

    /// The next message. When it says so, everything is read again.
    async fn hear(&mut self, end: Instant) -> Result<Option<Said>, Error> {
        let said = self.live.next_before(end).await?;
        self.stale |= matches!(said, Some(Said::Snapshot { .. }));
        if self.read_again().await { Ok(said) } else { Err(Error::ConnectionClosed) }
    }

    /// Reads the list over HTTP if that is due; false when it did not come. What is told later comes on top.
    async fn read_again(&mut self) -> bool {
        if !self.stale {
            return true;
        }
        let path = format!("{}/api/v1/territories/ville/actors.geojson?limit=1000", self.person.url);
        let read = async { self.person.http.get(path).timeout(ANSWER).send().await?.json::<Value>().await };
        let Ok(list) = read.await else { return false };
        let Some(features) = list["features"].as_array() else { return false };
        self.live.features = features.iter().map(|f| (f["id"].as_str().unwrap().to_owned(), f.clone())).collect();
        self.stale = false;
        true
    }

    /// In fine weather: reads on until it holds everything up to a number.
    pub(crate) async fn reach(&mut self, seq: i64) -> Result<(), String> {
        let end = Instant::now() + Duration::from_secs(25);
        while Instant::now() < end {
            if !self.stale && self.live.reader.is_some_and(|r| r.at.seq >= seq) {
                return Ok(());
            }
            self.connect().await;
            self.connected = self.hear(end.min(Instant::now() + Duration::from_secs(17))).await.is_ok();
        }
        Err(format!("{} never got to {seq}: it is at {:?}", self.number, self.live.reader))
    }
}

/// Nobody overwrote what they had not seen (I4): each summary that was written stands on the one written before it.
pub(crate) fn nothing_overwritten(log: &Log) -> Result<usize, String> {
    let mut written: BTreeMap<&str, Vec<(i64, &Value)>> = BTreeMap::new();
    for (id, seq) in &log.acknowledged {
        let edit = &log.sent[id];
        if edit["kind"] == "set" {
            written.entry(edit["subject"]["id"].as_str().unwrap()).or_default().push((*seq, &edit["base"]["summary"]));
        }
    }
    let mut pairs = 0;
    for rows in written.values_mut() {
        rows.sort_by_key(|(seq, _)| *seq);
        for pair in rows.windows(2) {
            let ([before, _], base) = ([pair[0].0, pair[1].0], pair[1].1);
            pairs += 1;
            if base[1].as_i64().is_none_or(|seen| seen < before) {
                return Err(format!("row {} was written by somebody who had seen {base}, not row {before}", pair[1].0));
            }
        }
    }
    Ok(pairs)
}
