//! One WebSocket from its first word to its last: reads what the browser says, and sends what waits for it.

use super::edits::{self, Body};
use super::who::Address;
use super::{App, Result};
use crate::journal::broken;
use crate::live::words::{self, BEAT_SECONDS, Hello, MESSAGE_BYTES, Presence};
use crate::live::{Newcomer, Next, Socket, Text};
use crate::model::{Lang, Role, label};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::SinkExt;
use serde::Deserialize;
use std::borrow::Cow;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use uuid::Uuid;

/// A socket that reads nothing for so long while something waits is closed.
const WRITE: Duration = Duration::from_secs(10);
/// A socket that says no hello within this time is closed.
const HELLO: Duration = Duration::from_secs(10);
/// How often a socket is looked after.
const LOOK: Duration = Duration::from_secs(BEAT_SECONDS);
/// A socket that is heard of no more, not even by a pong, is closed after this time.
const SILENT: Duration = Duration::from_secs(3 * BEAT_SECONDS);
/// Edits that are being written when the server stops are waited for, so long.
const LAST_EDITS: Duration = Duration::from_secs(6);
/// The last word has this long to be read.
const LAST_WORD: Duration = Duration::from_secs(2);
/// What a browser may say at once and in a second, in messages; a hello, which is answered with a catch-up, counts for several.
const BURST: f64 = 40.0;
const PER_SECOND: f64 = 20.0;
const HELLO_COUNTS: f64 = 8.0;
/// Whoever says more is not listened to for so long.
const DEAF: Duration = Duration::from_secs(1);
/// Clients come back after a goodbye spread over this time, milliseconds.
const BACK_MS: u64 = 1_000;

/// What a browser says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Hello(Hello),
    Edits(Body),
    Presence(Presence),
    /// Edits of which the ids are known and no more.
    #[serde(skip)]
    NotUnderstood {
        ids: Vec<Uuid>,
        why: String,
    },
}

/// What can be read of any message, whatever its version.
#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    v: Option<i64>,
}

/// The ids of edits that are not understood as a whole.
#[derive(Debug, Deserialize)]
struct Ids {
    edits: Vec<Id>,
}

#[derive(Debug, Deserialize)]
struct Id {
    id: Uuid,
}

/// Why a socket ends.
#[derive(Debug)]
enum End {
    /// The other side is gone, or does not read any more: there is nobody to tell.
    Gone(&'static str),
    /// The other side is told why.
    Bye { code: &'static str, detail: String, close: u16 },
}

/// What is said of edits that were sent, and whether one was written.
type Answer = (Text, bool);

type Going<T> = std::result::Result<T, End>;

/// Counts an open socket, however it ends.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("bouillon_live_sockets").increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("bouillon_live_sockets").decrement(1.0);
    }
}

/// One socket.
pub(super) struct Session {
    app: App,
    lang: Lang,
    identity: Option<Uuid>,
    address: Address,
    socket: Socket,
    role: Role,
    /// Edits that are being written. Until they are, nothing else is read from this socket.
    writing: Option<JoinHandle<Answer>>,
    allowance: f64,
    counted: Instant,
    /// Until when nothing is read, because too much was said.
    deaf: Option<Instant>,
    heard: Instant,
    /// When to look whether the other side is still there.
    look: Instant,
}

impl Session {
    pub(super) fn new(app: App, lang: Lang, identity: Option<Uuid>, address: Address, socket: Socket) -> Self {
        let now = Instant::now();
        Self {
            app,
            lang,
            identity,
            address,
            socket,
            role: Role::Visitor,
            writing: None,
            allowance: BURST,
            counted: now,
            deaf: None,
            heard: now,
            look: now + HELLO,
        }
    }

    /// Serves the socket to its end.
    pub(super) async fn run(mut self, mut ws: WebSocket) {
        let _counted = Counted::new();
        let end = self.talk(&mut ws).await;
        if let Err(end) = end {
            self.part(&mut ws, end).await;
        }
    }

    async fn talk(&mut self, ws: &mut WebSocket) -> Going<()> {
        let outbox = self.socket.outbox().clone();
        let stopping = self.app.live.stopping.clone();
        loop {
            let listening = self.writing.is_none() && self.deaf.is_none();
            tokio::select! {
                () = stopping.cancelled() => return Err(End::bye("stopping", close_code::RESTART, self.says("Le serveur redémarre.", "The server restarts."))),
                next = outbox.next() => self.send_all(ws, next).await?,
                received = ws.recv(), if listening => self.hear(ws, received).await?,
                answer = written(&mut self.writing) => {
                    self.writing = None;
                    self.answer(ws, answer).await?;
                }
                () = sleep_until(self.deaf.unwrap_or(self.look)) => match self.deaf.take() {
                    Some(_) => {}
                    None => self.look_after(ws).await?,
                }
            }
        }
    }

    /// Sends what waits, all in one go.
    async fn send_all(&mut self, ws: &mut WebSocket, next: Next) -> Going<()> {
        let outbox = self.socket.outbox().clone();
        let mut next = Some(next);
        let sending = async {
            let mut count = 0;
            while let Some(one) = next.take() {
                let Next::Send(text) = one else { return Ok(None) };
                ws.feed(message(text)).await?;
                count += 1;
                next = outbox.take();
            }
            ws.flush().await.map(|()| Some(count))
        };
        let sent = timeout(WRITE, sending).await;
        match sent {
            Ok(Ok(Some(count))) => {
                metrics::counter!("bouillon_live_messages_total").increment(count);
                Ok(())
            }
            Ok(Ok(None)) => Err(End::bye(
                "slow",
                close_code::AGAIN,
                self.says("La connexion est trop lente : la carte se reconnecte.", "The connection is too slow: the map connects again."),
            )),
            Ok(Err(_)) => Err(End::Gone("lost")),
            Err(_) => Err(End::Gone("slow")),
        }
    }

    async fn send(&mut self, ws: &mut WebSocket, text: Text) -> Going<()> {
        self.send_all(ws, Next::Send(text)).await
    }

    async fn hear(&mut self, ws: &mut WebSocket, received: Option<std::result::Result<Message, axum::Error>>) -> Going<()> {
        self.heard = Instant::now();
        let text = match received {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => {
                let detail = self.says("Ici on n’envoie que du texte.", "Only text is sent here.");
                return Err(End::bye("bad_message", close_code::UNSUPPORTED, detail));
            }
            Some(Ok(Message::Close(_))) | None => return Err(End::Gone("left")),
            // The library says it in words only.
            Some(Err(e)) if e.to_string().contains("too long") => {
                let french = format!("Ce message est trop long ({} Kio au plus).", MESSAGE_BYTES >> 10);
                let detail = self.says(&french, &format!("This message is too long ({} KiB at most).", MESSAGE_BYTES >> 10));
                return Err(End::bye("too_large", close_code::SIZE, detail));
            }
            Some(Err(_)) => {
                let detail = self.says("Ce qui a été envoyé n’est pas un message.", "What was sent is no message.");
                return Err(End::bye("bad_message", close_code::PROTOCOL, detail));
            }
        };
        let said = self.understand(&text)?;
        let counts = if matches!(said, Said::Hello(_)) { HELLO_COUNTS } else { 1.0 };
        if !self.allowed(counts) {
            self.deaf = Some(Instant::now() + DEAF);
            self.send(ws, words::busy(DEAF.as_millis() as u64)).await?;
        }
        match said {
            Said::Hello(hello) => self.greet(ws, hello).await,
            _ if self.socket.territory().is_none() => {
                let detail = self.says("Le premier message est « hello ».", "The first message is “hello”.");
                Err(End::bye("hello_first", close_code::POLICY, detail))
            }
            Said::Edits(body) => self.write(ws, body).await,
            Said::Presence(presence) => {
                self.socket.present(presence);
                Ok(())
            }
            Said::NotUnderstood { ids, why } => {
                let detail = self.says("Le corps de la demande n’est pas compris.", &format!("The body is not understood: {why}"));
                self.send(ws, words::refused(&ids, 400, "bad_body", &detail, None)).await
            }
        }
    }

    fn understand(&self, text: &str) -> Going<Said> {
        let text = edits::without_nulls(text.as_bytes());
        let not_understood = |e: serde_json::Error| {
            let detail = self.says("Ce message n’est pas compris.", &format!("This message is not understood: {e}"));
            End::bye("bad_message", close_code::POLICY, detail)
        };
        let envelope: Envelope<'_> = serde_json::from_slice(&text).map_err(not_understood)?;
        if envelope.kind == "hello" && envelope.v != Some(words::VERSION) {
            let detail = self.says("Cette page est d’une autre version : rechargez-la.", "This page is of another version: reload it.");
            return Err(End::bye("upgrade_required", close_code::POLICY, detail));
        }
        serde_json::from_slice(&text).or_else(|e| match serde_json::from_slice::<Ids>(&text) {
            // Which edits are meant is known: they are refused as by POST, and the socket goes on.
            Ok(Ids { edits }) if envelope.kind == "edits" => {
                Ok(Said::NotUnderstood { ids: edits.into_iter().map(|e| e.id).collect(), why: e.to_string() })
            }
            _ => Err(not_understood(e)),
        })
    }

    /// Whether this may be said now; it counts in any case.
    fn allowed(&mut self, counts: f64) -> bool {
        let passed = self.counted.elapsed().as_secs_f64();
        self.counted = Instant::now();
        self.allowance = (self.allowance + passed * PER_SECOND).min(BURST) - counts;
        self.allowance >= 0.0
    }

    async fn greet(&mut self, ws: &mut WebSocket, hello: Hello) -> Going<()> {
        let Some(territory) = self.app.journal.atlas.territory_id(&hello.territory) else {
            let detail = self.says("Ce territoire n’existe pas.", "There is no such territory.");
            return Err(End::bye("not_found", close_code::POLICY, detail));
        };
        // On the heap: a query's future would make every idle socket larger.
        let Ok(known) = Box::pin(known(&self.app, self.identity, territory, hello.seance)).await else {
            let detail = self.says("Le serveur n’a pas pu répondre ; la carte réessaie.", "The server could not answer; the map tries again.");
            return Err(End::bye("internal", close_code::ERROR, detail));
        };
        self.role = known.role;
        self.look = Instant::now() + LOOK;
        // Whoever comes from a node that was quicker must not be told of a past.
        if let Some(seen) = hello.seen.filter(|_| !broken("live-late"))
            && !self.app.journal.follower.reach_version(seen).await
        {
            let detail = self.says("Le serveur n’a pas pu répondre ; la carte réessaie.", "The server could not answer; the map tries again.");
            return Err(End::bye("behind", close_code::AGAIN, detail));
        }
        let nickname = known.nickname.or(hello.nickname);
        let newcomer =
            Newcomer { territory, seen: hello.seen, nickname, color: known.color.or(hello.color), pseudonym: known.pseudonym, role: known.role };
        let first = self.socket.hello(newcomer);
        for text in first {
            self.send(ws, text).await?;
        }
        while let Some(text) = self.socket.catch_up() {
            self.send(ws, text).await?;
        }
        Ok(())
    }

    async fn write(&mut self, ws: &mut WebSocket, body: Body) -> Going<()> {
        let ids = body.ids();
        let Some(identity) = self.identity else {
            let french = "Ce navigateur n’est pas encore connu : envoyez la première modification par POST.";
            let detail = self.says(french, "This browser is not known yet: send the first edit by POST.");
            return self.send(ws, words::refused(&ids, 401, "no_identity", &detail, None)).await;
        };
        self.socket.sends(ids.iter().copied());
        let (app, lang, address) = (self.app.clone(), self.lang, self.address);
        let task = async move {
            match edits::write(&app, lang, identity, address, body).await {
                Ok(written) => (words::acks(&written.answer), written.is_applied()),
                Err(e) => {
                    let (status, code, detail, retry_after) = e.said(lang);
                    (words::refused(&ids, status, code, detail, retry_after), false)
                }
            }
        };
        self.writing = Some(self.app.live.tasks.spawn(task));
        Ok(())
    }

    async fn answer(&mut self, ws: &mut WebSocket, answer: Option<Answer>) -> Going<()> {
        let Some((text, applied)) = answer else {
            let detail = self.says("Le serveur n’a pas pu répondre ; la carte réessaie.", "The server could not answer; the map tries again.");
            return Err(End::bye("internal", close_code::ERROR, detail));
        };
        if applied {
            self.socket.has_edited();
        }
        self.send(ws, text).await
    }

    /// Whether the other side is there, and whether it may still do what it could.
    async fn look_after(&mut self, ws: &mut WebSocket) -> Going<()> {
        self.look = Instant::now() + LOOK;
        if self.socket.territory().is_none() {
            let detail = self.says("Rien n’a été dit.", "Nothing was said.");
            return Err(End::bye("no_hello", close_code::POLICY, detail));
        }
        if self.heard.elapsed() > SILENT {
            return Err(End::Gone("silent"));
        }
        if self.heard.elapsed() >= LOOK / 2 {
            let pinged = timeout(WRITE, ws.send(Message::Ping(Default::default()))).await;
            pinged.map_err(|_| End::Gone("slow"))?.map_err(|_| End::Gone("lost"))?;
        }
        // Rights are read again with every edit; this only spares the others their next refusal.
        if self.role > Role::Contributor
            && let Some(territory) = self.socket.territory()
            && let Ok(known) = Box::pin(known(&self.app, self.identity, territory, None)).await
            && known.role != self.role
        {
            self.role = known.role;
            self.send(ws, words::revoked(known.role)).await?;
        }
        Ok(())
    }

    /// The last word: what was being written is answered first.
    async fn part(&mut self, ws: &mut WebSocket, end: End) {
        let (code, detail, close) = match end {
            End::Gone(why) => {
                if why != "left" {
                    metrics::counter!("bouillon_live_cut_total", "why" => why).increment(1);
                }
                return;
            }
            End::Bye { code, detail, close } => (code, detail, close),
        };
        metrics::counter!("bouillon_live_cut_total", "why" => code).increment(1);
        if self.writing.is_some()
            && let Ok(answer) = timeout(LAST_EDITS, written(&mut self.writing)).await
        {
            self.writing = None;
            let _ = self.answer(ws, answer).await;
        }
        if let Some(next @ Next::Send(_)) = self.socket.outbox().take() {
            let _ = self.send_all(ws, next).await;
        }
        let last = async {
            let frame = CloseFrame { code: close, reason: Utf8Bytes::from_static(code) };
            ws.feed(message(words::bye(code, &detail, BACK_MS))).await?;
            ws.send(Message::Close(Some(frame))).await?;
            // A connection that is closed while the other side still sends takes the last word with it.
            while let Some(Ok(_)) = ws.recv().await {}
            Ok::<(), axum::Error>(())
        };
        let _ = timeout(LAST_WORD, last).await;
    }

    fn says(&self, french: &str, english: &str) -> String {
        if self.lang == Lang::Fr { french.to_owned() } else { english.to_owned() }
    }
}

impl End {
    fn bye(code: &'static str, close: u16, detail: String) -> Self {
        Self::Bye { code, detail, close }
    }
}

/// Waits for edits that are being written, for ever when there are none; nothing when that broke off.
async fn written(writing: &mut Option<JoinHandle<Answer>>) -> Option<Answer> {
    match writing {
        Some(task) => task.await.ok(),
        None => std::future::pending().await,
    }
}

fn message(text: Text) -> Message {
    Message::Text(Utf8Bytes::try_from(text).unwrap_or_default())
}

/// What the database knows of whoever says hello.
#[derive(Debug, Default)]
struct Known {
    /// What they may do in the territory.
    role: Role,
    /// What the journal calls them.
    pseudonym: Option<String>,
    /// As they joined the séance.
    nickname: Option<String>,
    color: Option<u8>,
}

async fn known(app: &App, identity: Option<Uuid>, territory: Uuid, seance: Option<Uuid>) -> Result<Known> {
    let Some(id) = identity else { return Ok(Known::default()) };
    let mut tx = app.journal.store.read().await?;
    let granted = tx.grants(id).await?.into_iter().filter(|g| g.territory.is_none_or(|t| t == territory)).map(|g| g.role).max();
    let pseudonym = tx.identity(id).await?.map(|_| label::pseudonym(id));
    let participant = match seance {
        Some(seance) => tx.participant(seance, id).await?.filter(|p| p.revoked_at.is_none()),
        None => None,
    };
    Ok(Known {
        role: granted.unwrap_or(if pseudonym.is_some() { Role::Contributor } else { Role::Visitor }),
        pseudonym,
        color: participant.as_ref().and_then(|p| u8::try_from(p.color).ok()),
        nickname: participant.and_then(|p| p.nickname),
    })
}
