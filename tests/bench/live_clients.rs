//! The crowd of the live bench: editors that send on time, viewers, and what each of them was told of.

use crate::actors::{Draw, SLUG};
use crate::load::Connection;
use anyhow::{Context, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use uuid::Uuid;

/// Edits in one turn at most.
const EDITS: usize = 1 << 17;
/// What comes later than this after the last edit is lost.
const LAST: Duration = Duration::from_secs(3);
/// Marks the ids of the bench's edits, which hold their number.
const MARK: u64 = 0x0190_0000_0000_7bec;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) editors: usize,
    pub(crate) viewers: usize,
    pub(crate) seconds: f64,
    pub(crate) per_second: usize,
}

impl Sizes {
    /// From `BENCH_LIVE`, or those of the design.
    ///
    /// # Errors
    /// When it is not four numbers.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let text = std::env::var("BENCH_LIVE").unwrap_or_else(|_| "200,800,60,50".into());
        let numbers: Vec<usize> =
            text.split(',').map(str::parse).collect::<Result<_, _>>().context("BENCH_LIVE=editors,viewers,seconds,per_second")?;
        let [editors, viewers, seconds, per_second] = numbers[..] else { bail!("BENCH_LIVE=editors,viewers,seconds,per_second") };
        ensure!(editors > 0 && per_second > 0, "BENCH_LIVE needs an editor and an edit");
        Ok(Self { editors, viewers, seconds: seconds as f64, per_second })
    }
}

/// What was heard in one turn.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    micros: Vec<u32>,
    due: u64,
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
}

impl Heard {
    /// Seconds from sending to decoding.
    pub(crate) fn percentile(&self, of_hundred: usize) -> f64 {
        let at = (self.micros.len() * of_hundred / 100).min(self.micros.len().saturating_sub(1));
        self.micros.get(at).map_or(f64::NAN, |m| f64::from(*m) / 1e6)
    }

    /// How much of what was due came.
    pub(crate) fn share(&self) -> f64 {
        (self.due - self.lost) as f64 / self.due as f64
    }
}

/// What a message of either server holds, as far as it is needed.
#[derive(Deserialize)]
struct Told<'a> {
    r#type: &'a str,
    #[serde(default)]
    edits: Vec<Named>,
    #[serde(default)]
    results: Vec<Answer>,
}

#[derive(Deserialize)]
struct Named {
    id: Uuid,
}

#[derive(Deserialize)]
struct Answer {
    result: String,
    seq: Option<i64>,
    epoch: i64,
}

/// When each edit of a turn was sent, by its number.
struct Clock {
    start: Instant,
    sent: Vec<AtomicU64>,
    next: AtomicU64,
}

/// One of the crowd.
struct One {
    socket: Socket,
    writes: Option<Writes>,
}

/// What an editor writes: the summary of an actor of its own.
#[derive(Clone)]
struct Writes {
    actor: Uuid,
    base: Value,
    /// One unacknowledged edit per subject: the next one waits for this answer.
    waits: bool,
    every: Duration,
    first: Duration,
}

/// Everybody on one server.
pub(crate) struct Crowd {
    all: Vec<One>,
    turns: u64,
}

impl Crowd {
    /// Everybody at Bouillon: editors have added an actor each, and everybody has said hello.
    ///
    /// # Errors
    /// When somebody can't come.
    pub(crate) async fn ours(url: &str, sizes: &Sizes) -> anyhow::Result<Self> {
        let (mut connection, mut all) = (Connection::open(url)?, Vec::new());
        for number in 0..sizes.editors + sizes.viewers {
            let mut cookie = None;
            let mut writes = (number < sizes.editors).then(|| Writes::of(number, sizes));
            if let Some(writes) = &mut writes {
                let (known, base) = add(&mut connection, writes.actor, number)?;
                (cookie, writes.base) = (Some(known), base);
            }
            all.push(One { socket: enter(url, cookie.as_deref(), SLUG, true).await?, writes });
        }
        Ok(Self { all, turns: 0 })
    }

    /// Everybody at the bare server.
    ///
    /// # Errors
    /// When somebody can't come.
    pub(crate) async fn bare(url: &str, sizes: &Sizes) -> anyhow::Result<Self> {
        let mut all = Vec::new();
        for number in 0..sizes.editors + sizes.viewers {
            let writes = (number < sizes.editors).then(|| Writes::of(number, sizes));
            all.push(One { socket: enter(url, None, SLUG, false).await?, writes });
        }
        Ok(Self { all, turns: 0 })
    }

    /// Sockets that have said hello and are left alone.
    ///
    /// # Errors
    /// When one can't be opened.
    pub(crate) async fn idle(url: &str, count: usize, answers: bool) -> anyhow::Result<Vec<Socket>> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(enter(url, None, SLUG, answers).await?);
        }
        Ok(all)
    }

    /// Everybody writes and listens for some time.
    ///
    /// # Errors
    /// When a socket ends, or an edit is not applied.
    pub(crate) async fn turn(&mut self, lasts: Duration) -> anyhow::Result<Heard> {
        self.turns += 1;
        let from = (self.turns - 1) * EDITS as u64;
        let clock = Clock { start: Instant::now(), sent: (0..EDITS).map(|_| AtomicU64::new(0)).collect(), next: AtomicU64::new(0) };
        let (clock, people) = (Arc::new(clock), self.all.len() as u64);
        let mut tasks = JoinSet::new();
        for one in self.all.drain(..) {
            tasks.spawn(one.live(clock.clone(), from, lasts));
        }
        let mut heard = Heard::default();
        let mut received = 0;
        while let Some(done) = tasks.join_next().await {
            let (one, micros, doubled) = done??;
            received += micros.len() as u64;
            heard.doubled += doubled;
            heard.micros.extend(micros);
            self.all.push(one);
        }
        heard.due = clock.next.load(Ordering::SeqCst) * (people - 1);
        heard.lost = heard.due.saturating_sub(received);
        heard.micros.sort_unstable();
        Ok(heard)
    }
}

impl Writes {
    fn of(number: usize, sizes: &Sizes) -> Self {
        let every = Duration::from_secs_f64(sizes.editors as f64 / sizes.per_second as f64);
        let first = every.mul_f64((number as f64 + 0.5) / sizes.editors as f64);
        Self { actor: Uuid::now_v7(), base: Value::Null, waits: false, every, first }
    }

    fn edit(&self, number: u64) -> String {
        let base = if self.base.is_null() { json!({}) } else { json!({"summary": self.base}) };
        let set = json!({"summary": format!("Ouvert le mardi et le jeudi de 14 h à 18 h, {number}.")});
        let subject = json!({"kind": "actor", "id": self.actor});
        let edit = json!({"id": Uuid::from_u64_pair(MARK, number), "subject": subject, "kind": "set", "set": set, "base": base});
        // The bare server passes this on as it is, so that both send messages of about the same length.
        format!("{{\"type\":\"edits\",\"edits\":[{edit}],\"form\":null}}")
    }
}

impl One {
    /// Sends on time and listens; itself, the microseconds of each edit of others, and how many came twice.
    async fn live(mut self, clock: Arc<Clock>, from: u64, lasts: Duration) -> anyhow::Result<(Self, Vec<u32>, u64)> {
        let (mut micros, mut seen, mut own, mut doubled) = (Vec::new(), HashSet::new(), HashSet::new(), 0);
        let end = clock.start + lasts;
        let mut due = self.writes.as_ref().map(|w| clock.start + w.first);
        loop {
            let ready = self.writes.as_ref().is_some_and(|w| !w.waits);
            let writing = due.filter(|d| *d < end && ready);
            tokio::select! {
                () = sleep_until(writing.unwrap_or(end).into()), if writing.is_some() => {
                    let Some((writes, at)) = self.writes.as_mut().zip(due) else { continue };
                    let number = clock.next.fetch_add(1, Ordering::SeqCst);
                    let text = writes.edit(from + number);
                    own.insert(number);
                    let slot = clock.sent.get(number as usize).context("too many edits for one turn")?;
                    // From when it was due: an answer that is late must not make the next edit look quick.
                    slot.store((at - clock.start).as_micros() as u64, Ordering::SeqCst);
                    due = Some(at + writes.every);
                    writes.waits = !writes.base.is_null();
                    self.socket.send(Message::text(text)).await?;
                }
                received = self.socket.next() => {
                    let Message::Text(text) = received.context("a socket has ended")?? else { continue };
                    let told: Told = serde_json::from_str(&text).with_context(|| text.as_str().to_owned())?;
                    let now = clock.start.elapsed().as_micros() as u64;
                    match told.r#type {
                        "edits" => for edit in told.edits {
                            let (mark, number) = edit.id.as_u64_pair();
                            let Some(number) = number.checked_sub(from).filter(|_| mark == MARK) else { continue };
                            if own.contains(&number) {
                                continue;
                            }
                            if !seen.insert(number) {
                                doubled += 1;
                                continue;
                            }
                            let sent = clock.sent.get(number as usize).map_or(0, |s| s.load(Ordering::SeqCst));
                            micros.push(now.saturating_sub(sent) as u32);
                        },
                        "acks" => for answer in told.results {
                            ensure!(answer.result == "applied", "an edit was not applied: {}", text.as_str());
                            self.writes.iter_mut().for_each(|w| (w.base, w.waits) = (json!([answer.epoch, answer.seq]), false));
                        },
                        "refused" | "bye" | "busy" | "snapshot" => bail!("not expected: {}", text.as_str()),
                        _ => {}
                    }
                }
                () = sleep_until((end + LAST).into()) => return Ok((self, micros, doubled)),
            }
        }
    }
}

/// Somebody without an invitation adds an actor: their cookie, and the version of its summary.
fn add(connection: &mut Connection, actor: Uuid, number: usize) -> anyhow::Result<(String, Value)> {
    let form: Value = serde_json::from_slice(&connection.get("/api/v1/form", "")?.body)?;
    let [lon, lat] = Draw::new(number as u64).point();
    let set = json!({"name": format!("Lieu {number}"), "summary": "Ouvert.", "place/p1/position": {"lon": lon, "lat": lat, "precision": "exact"}});
    let edit = json!({"id": Uuid::now_v7(), "subject": {"kind": "actor", "id": actor}, "kind": "create", "territory": SLUG, "set": set});
    let body = json!({"edits": [edit], "form": {"token": form["token"], "trap": ""}}).to_string();
    let answer = connection.post("/api/v1/edits", "", &body)?;
    let said: Value = serde_json::from_slice(&answer.body)?;
    let version = said["results"][0]["actor"]["versions"]["summary"].clone();
    ensure!(answer.status == 200 && !version.is_null(), "an actor was not added: {said}");
    Ok((answer.cookie.context("no cookie")?, version))
}

/// Opens a socket and says hello; at Bouillon it waits until its position is told.
async fn enter(url: &str, cookie: Option<&str>, territory: &str, answers: bool) -> anyhow::Result<Socket> {
    let mut request = format!("{}/api/v1/live", url.replacen("http", "ws", 1)).into_client_request()?;
    if let Some(cookie) = cookie {
        request.headers_mut().insert("cookie", cookie.parse()?);
    }
    let (mut socket, _) = connect_async_with_config(request, None, true).await?;
    let hello = json!({"type": "hello", "v": 1, "territory": territory, "seen": null, "nickname": null, "seance": null});
    socket.send(Message::text(hello.to_string())).await?;
    // The bare server says nothing to a newcomer.
    if !answers {
        return Ok(socket);
    }
    loop {
        let received = timeout(Duration::from_secs(5), socket.next()).await?.context("a socket has ended")??;
        if matches!(received, Message::Text(text) if text.contains("\"beat\"")) {
            return Ok(socket);
        }
    }
}
