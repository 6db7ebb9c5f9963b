//! A wire between a node and its database, on a unix socket, that loses notifications when told to, or cuts every connection.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::broadcast;

/// What PostgreSQL sends to announce something, outside any question: https://www.postgresql.org/docs/15/protocol-message-formats.html.
const NOTIFICATION: u8 = b'A';
/// The question whether to speak TLS, which has no type.
const SSL: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// The wire; it ends with this value.
pub(crate) struct Wire {
    folder: PathBuf,
    deaf: Arc<AtomicBool>,
    dropped: Arc<AtomicU64>,
    cut: broadcast::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Wire {
    /// Listens in a folder of its own beside `data` and leads to the cluster of `database`.
    pub(crate) async fn open(database: &str, data: &Path) -> Self {
        let cluster = PathBuf::from(database.split_once("?host=").unwrap().1).join(".s.PGSQL.5432");
        let folder = PathBuf::from(format!("{}-wire", data.display()));
        std::fs::create_dir_all(&folder).unwrap();
        let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
        let (deaf, dropped, (cut, _)) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), broadcast::channel(4));
        let line = Line { deaf: deaf.clone(), dropped: dropped.clone() };
        let cutting = cut.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (line, cluster, mut cut) = (line.clone(), cluster.clone(), cutting.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = line.carry(client, &cluster) => {}
                        _ = cut.recv() => {}
                    }
                });
            }
        });
        Self { folder, deaf, dropped, cut, task }
    }

    /// The database's address through this wire.
    pub(crate) fn address(&self, database: &str) -> String {
        format!("{}?host={}", database.split_once("?host=").unwrap().0, self.folder.display())
    }

    /// Loses every notification from now on, or none.
    pub(crate) fn deaf(&self, deaf: bool) {
        self.deaf.store(deaf, Ordering::SeqCst);
    }

    /// Notifications lost so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::SeqCst)
    }

    /// Ends every connection, as a router that restarts does.
    pub(crate) fn cut(&self) {
        let _ = self.cut.send(());
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[derive(Clone)]
struct Line {
    deaf: Arc<AtomicBool>,
    dropped: Arc<AtomicU64>,
}

impl Line {
    async fn carry(self, mut client: UnixStream, cluster: &Path) -> std::io::Result<()> {
        let mut first = [0; 8];
        client.read_exact(&mut first).await?;
        if first == SSL {
            client.write_all(b"N").await?;
            client.read_exact(&mut first).await?;
        }
        let (from_server, mut to_server) = UnixStream::connect(cluster).await?.into_split();
        to_server.write_all(&first).await?;
        let (mut from_client, to_client) = client.into_split();
        tokio::select! {
            done = tokio::io::copy(&mut from_client, &mut to_server) => done.map(|_| ()),
            done = self.answers(from_server, to_client) => done,
        }
    }

    /// Message by message: a type, a length that counts itself, and the rest.
    async fn answers(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> std::io::Result<()> {
        loop {
            let mut head = [0; 5];
            from.read_exact(&mut head).await?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let mut body = vec![0; length.saturating_sub(4) as usize];
            from.read_exact(&mut body).await?;
            if head[0] == NOTIFICATION && self.deaf.load(Ordering::SeqCst) {
                self.dropped.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            to.write_all(&[&head[..], &body].concat()).await?;
        }
    }
}
