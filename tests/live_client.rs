//! A WebSocket client for tests: says hello, keeps its position by the reader's rule, and remembers what it was told and answered.
//!
//! Everything received goes through [`Live::take`], whoever waits for what; so a test may wait for one message without losing another.

use crate::app::Person;
use bouillon::live::Reader;
use bouillon::model::Version;
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A message of the server, as the contract has it; one that is not in it fails the test.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Said {
    /// Answer to a hello; the catch-up follows.
    Welcome(Value),
    /// The edits of `(after, upto]` that concern this socket.
    Edits(Range),
    /// A range without edits.
    Beat(Range),
    /// Read everything again; the position is then this one.
    Snapshot { epoch: i64, head: i64 },
    /// Answers to edits, after the commit.
    Acks { results: Vec<Value> },
    /// A whole request that was not tried.
    Refused(Value),
    /// Who is here.
    People(Value),
    /// Who adds something alike nearby.
    Radar { near: Vec<Value> },
    /// The rights have changed.
    Revoked(Value),
    /// Come back later.
    Busy(Value),
    /// The server closes.
    Bye(Value),
}

/// A range of the journal, with the edits in it that concern this socket.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Range {
    pub(crate) epoch: i64,
    pub(crate) after: i64,
    pub(crate) upto: i64,
    #[serde(default)]
    pub(crate) edits: Vec<Value>,
    #[serde(default)]
    pub(crate) features: Vec<Value>,
    #[serde(default)]
    pub(crate) gone: Vec<Value>,
}

/// An open socket and what came over it.
pub(crate) struct Live {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    hello: Value,
    /// The position; none until the first range or snapshot has told it.
    pub(crate) reader: Option<Reader>,
    /// Edits taken, by number.
    pub(crate) edits: BTreeMap<i64, Value>,
    /// Actors as the last message that touched them showed them.
    pub(crate) features: BTreeMap<String, Value>,
    /// Answers, by id of the edit.
    pub(crate) acks: BTreeMap<String, Value>,
    /// Refusals of whole requests, by id of the edit.
    pub(crate) refused: BTreeMap<String, Value>,
    /// What the last welcome said.
    pub(crate) welcome: Value,
    /// People that were told of and have not left, by session.
    pub(crate) people: BTreeMap<String, Value>,
    /// How many are here.
    pub(crate) here: i64,
    /// Ranges that left something out, after which hello was said again.
    pub(crate) gaps: u64,
    /// Snapshots told.
    pub(crate) snapshots: u64,
    /// It was told of a position before its own.
    pub(crate) went_back: bool,
    /// Numbers told twice on this connection by messages that follow on.
    pub(crate) doubled: u64,
}

impl Live {
    /// Opens a socket as somebody, without a word.
    pub(crate) async fn open(person: &Person) -> Result<Self, Error> {
        Self::open_with(person, &[]).await
    }

    /// Opens another socket after the last one ended, and says hello with the position that is held.
    pub(crate) async fn reopen(&mut self, person: &Person) -> Result<(), Error> {
        self.socket = connect(person, &[]).await?;
        self.hello["seen"] = json!(self.reader.map(|r| r.at));
        self.send(&self.hello.clone()).await
    }

    /// The same with more headers.
    pub(crate) async fn open_with(person: &Person, headers: &[(&str, &str)]) -> Result<Self, Error> {
        let socket = connect(person, headers).await?;
        Ok(Self {
            socket,
            hello: Value::Null,
            reader: None,
            edits: BTreeMap::new(),
            features: BTreeMap::new(),
            acks: BTreeMap::new(),
            refused: BTreeMap::new(),
            welcome: Value::Null,
            people: BTreeMap::new(),
            here: 0,
            gaps: 0,
            snapshots: 0,
            doubled: 0,
            went_back: false,
        })
    }

    /// Opens a socket, says hello for a territory as one that holds nothing, and waits until its position is known.
    pub(crate) async fn join(person: &Person, territory: &str) -> Self {
        let mut live = Self::open(person).await.unwrap();
        live.hello(territory, None, json!({})).await.unwrap();
        live.until(|live| live.reader.is_some()).await;
        live
    }

    /// Says hello; `more` may hold `nickname` and `seance`.
    pub(crate) async fn hello(&mut self, territory: &str, seen: Option<Version>, more: Value) -> Result<(), Error> {
        self.hello = json!({"type": "hello", "v": 1, "territory": territory, "seen": seen, "nickname": null, "seance": null});
        self.hello.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.reader = seen.map(|at| Reader { at });
        self.send(&self.hello.clone()).await
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, message: &Value) -> Result<(), Error> {
        self.send_text(&message.to_string()).await
    }

    /// Sends any text.
    pub(crate) async fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.socket.send(Message::text(text)).await
    }

    /// Sends edits without waiting for the answers.
    pub(crate) async fn offer(&mut self, edits: &[Value]) -> Result<(), Error> {
        self.send(&json!({"type": "edits", "edits": edits, "form": null})).await
    }

    /// Sends edits and waits for the answer to each, in order.
    pub(crate) async fn write(&mut self, edits: &[Value]) -> Vec<Value> {
        self.offer(edits).await.unwrap();
        let ids: Vec<&str> = edits.iter().filter_map(|e| e["id"].as_str()).collect();
        self.until(|live| ids.iter().all(|id| live.acks.contains_key(*id) || live.refused.contains_key(*id))).await;
        ids.iter().map(|id| self.acks.get(*id).cloned().unwrap_or_else(|| panic!("not tried: {}", self.refused[*id]))).collect()
    }

    /// Tells where this person is and what they do.
    pub(crate) async fn present(&mut self, presence: Value) -> Result<(), Error> {
        let mut message = json!({"type": "presence", "actor": null, "field": null, "view": null, "typing": null, "nickname": null});
        message.as_object_mut().unwrap().extend(presence.as_object().unwrap().clone());
        self.send(&message).await
    }

    /// Reads on until something holds, [`PATIENCE`] long.
    pub(crate) async fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            match self.next_before(end).await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the server said nothing more; at {:?}, {} edits, welcome {}", self.reader, self.edits.len(), self.welcome),
                Err(e) => panic!("the socket ended: {e}"),
            }
        }
    }

    /// Reads on until a message of a kind comes, and gives it.
    pub(crate) async fn hear<T>(&mut self, pick: impl Fn(Said) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.next_before(end).await {
                Ok(Some(said)) => {
                    if let Some(found) = pick(said) {
                        return found;
                    }
                }
                Ok(None) => panic!("what the test waits for was not said"),
                Err(e) => panic!("the socket ended: {e}"),
            }
        }
    }

    /// Reads on until the position is at least this number.
    pub(crate) async fn reach(&mut self, seq: i64) {
        self.until(|live| live.reader.is_some_and(|r| r.at.seq >= seq)).await;
    }

    /// Reads what comes until the server closes; the close code, if it gave one.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        let end = Instant::now() + PATIENCE;
        loop {
            match timeout_at(end, self.socket.next()).await.expect("the server did not close") {
                None | Some(Err(_)) => return None,
                Some(Ok(Message::Close(frame))) => return frame.map(|f| f.code.into()),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Closes the socket properly.
    pub(crate) async fn leave(mut self) {
        let _ = self.socket.close(None).await;
    }

    /// `Ok(None)`: nothing in time. `Err`: the socket has ended.
    pub(crate) async fn next_before(&mut self, end: Instant) -> Result<Option<Said>, Error> {
        loop {
            let Ok(received) = timeout_at(end, self.socket.next()).await else { return Ok(None) };
            match received {
                None | Some(Ok(Message::Close(_))) => return Err(Error::ConnectionClosed),
                Some(Err(e)) => return Err(e),
                Some(Ok(Message::Text(text))) => {
                    let said: Said = serde_json::from_str(&text).unwrap_or_else(|e| panic!("not in the contract ({e}): {}", text.as_str()));
                    self.take(&said).await?;
                    return Ok(Some(said));
                }
                Some(Ok(_)) => {}
            }
        }
    }

    /// Keeps what a message tells; says hello again when something is missing.
    async fn take(&mut self, said: &Said) -> Result<(), Error> {
        match said {
            Said::Welcome(welcome) => self.welcome = welcome.clone(),
            Said::Edits(range) | Said::Beat(range) => return self.take_range(range).await,
            Said::Snapshot { epoch, head } => {
                self.snapshots += 1;
                let now = Version { epoch: *epoch, seq: *head };
                self.went_back |= self.reader.is_some_and(|r| r.at > now);
                self.reader = Some(Reader { at: now });
            }
            Said::Acks { results } => {
                self.acks.extend(results.iter().map(|r| (r["id"].as_str().unwrap().to_owned(), r.clone())));
            }
            Said::Refused(refusal) => {
                let ids = refusal["ids"].as_array().into_iter().flatten();
                self.refused.extend(ids.map(|id| (id.as_str().unwrap().to_owned(), refusal.clone())));
            }
            Said::People(people) => {
                self.here = people["here"].as_i64().unwrap();
                for left in people["left"].as_array().into_iter().flatten() {
                    self.people.remove(left.as_str().unwrap());
                }
                let told = people["people"].as_array().into_iter().flatten();
                self.people.extend(told.map(|p| (p["session"].as_str().unwrap().to_owned(), p.clone())));
            }
            Said::Radar { .. } | Said::Revoked(_) | Said::Busy(_) | Said::Bye(_) => {}
        }
        Ok(())
    }

    async fn take_range(&mut self, range: &Range) -> Result<(), Error> {
        // Who holds nothing starts where the server says that it is.
        let reader = self.reader.get_or_insert(Reader { at: Version { epoch: range.epoch, seq: range.after } });
        let Some(held) = reader.take(range.epoch, range.after, range.upto) else {
            self.gaps += 1;
            let mut hello = self.hello.clone();
            hello["seen"] = json!(reader.at);
            return self.send(&hello).await;
        };
        for edit in &range.edits {
            let seq = edit["seq"].as_i64().unwrap();
            assert!(seq > range.after && seq <= range.upto, "edit {seq} is outside ({}, {}]", range.after, range.upto);
            if seq <= held {
                self.doubled += 1;
            } else {
                let new = self.edits.insert(seq, edit.clone()).is_none();
                assert!(new || self.went_back, "number {seq} was taken twice");
            }
        }
        for feature in &range.features {
            self.features.insert(feature["id"].as_str().unwrap().to_owned(), feature.clone());
        }
        for gone in &range.gone {
            self.features.remove(gone.as_str().unwrap());
        }
        Ok(())
    }
}

async fn connect(person: &Person, headers: &[(&str, &str)]) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, Error> {
    let url = format!("{}/api/v1/live", person.url.replacen("http", "ws", 1));
    let mut request = url.into_client_request()?;
    let cookie = person.cookie.as_deref().map(|c| ("cookie", c));
    for (name, value) in headers.iter().copied().chain(cookie) {
        request.headers_mut().insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    Ok(connect_async(request).await?.0)
}
