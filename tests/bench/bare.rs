//! The simplest server that does the same work: axum, a broadcast channel, and one writer that makes whatever is queued durable before it passes it on.
//! It is a process of its own, as ours is: this program, started again with `BENCH_BARE`.

use anyhow::{Context, ensure};
use axum::Router;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use axum::extract::{State, WebSocketUpgrade};
use axum::routing::get;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tokio::sync::{broadcast, mpsc};

const FILE: &str = "BENCH_BARE";

/// A running bare server.
pub(crate) struct Bare {
    pub(crate) url: String,
    child: Child,
}

impl Bare {
    /// Starts it with its file in a folder.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).env(FILE, folder.join("bare.log")).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().context("no standard output")?).read_line(&mut line)?;
        let bare = Self { url: line.trim().to_owned(), child };
        ensure!(bare.url.starts_with("http://"), "the bare server did not start: {line:?}");
        Ok(bare)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory, bytes.
///
/// # Errors
/// Where the system does not say.
pub(crate) fn memory(bare: &Bare) -> anyhow::Result<f64> {
    crate::server::resident(bare.child.id())
}

/// Serves, when this process was started to be the bare server; false otherwise.
///
/// # Errors
/// When it can't serve.
pub(crate) fn serve_if_asked() -> anyhow::Result<bool> {
    let Some(file) = std::env::var_os(FILE) else { return Ok(false) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(PathBuf::from(file)))?;
    Ok(true)
}

#[derive(Clone)]
struct Wires {
    said: mpsc::Sender<Utf8Bytes>,
    told: broadcast::Sender<Utf8Bytes>,
}

async fn serve(file: PathBuf) -> anyhow::Result<()> {
    let (said, mut queue) = mpsc::channel::<Utf8Bytes>(4096);
    let (told, _) = broadcast::channel(256);
    let mut log = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
    let all = told.clone();
    std::thread::spawn(move || {
        let mut batch = Vec::new();
        while queue.blocking_recv_many(&mut batch, 512) > 0 {
            let bytes: Vec<u8> = batch.iter().flat_map(|text| text.as_bytes()).copied().collect();
            if log.write_all(&bytes).and_then(|()| log.sync_data()).is_err() {
                return;
            }
            for text in batch.drain(..) {
                let _ = all.send(text);
            }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    crate::say(&format!("http://{}", listener.local_addr()?));
    let upgrade = |upgrade: WebSocketUpgrade, State(wires): State<Wires>| async move { upgrade.on_upgrade(|socket| pass_on(socket, wires)) };
    axum::serve(listener, Router::new().route("/api/v1/live", get(upgrade)).with_state(Wires { said, told })).await?;
    Ok(())
}

async fn pass_on(mut socket: WebSocket, wires: Wires) {
    let mut told = wires.told.subscribe();
    loop {
        tokio::select! {
            text = told.recv() => {
                let Ok(text) = text else { return };
                if socket.send(Message::Text(text)).await.is_err() {
                    return;
                }
            }
            said = socket.recv() => match said {
                Some(Ok(Message::Text(text))) if text.starts_with("{\"type\":\"edits\"") => drop(wires.said.send(text).await),
                Some(Ok(_)) => {}
                _ => return,
            }
        }
    }
}
