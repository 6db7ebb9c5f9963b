//! A wire between browsers and a server that behaves like a hall's Wi-Fi, by a seed: slow, late, reset, deaf in the middle, cut for a while.

use crate::sim::rng::Rng;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// The wire; it ends with this value.
pub(crate) struct Proxy {
    /// Where to connect.
    pub(crate) url: String,
    weather: Arc<Weather>,
    reset: broadcast::Sender<()>,
    task: JoinHandle<()>,
}

/// How the wire is at the moment.
#[derive(Debug, Default)]
struct Weather {
    /// Milliseconds that each piece takes.
    late: AtomicU64,
    /// Bytes in a second; 0 is no limit.
    rate: AtomicU64,
    /// Pieces are taken and go nowhere, and nobody is told.
    deaf: AtomicBool,
    /// Nobody gets through.
    cut: AtomicBool,
}

impl Proxy {
    /// A wire to a server (`http://HOST:PORT`).
    pub(crate) async fn open(server: &str) -> Self {
        let server: SocketAddr = server.trim_start_matches("http://").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (weather, (reset, _)) = (Arc::new(Weather::default()), broadcast::channel(4));
        let (above, resets) = (weather.clone(), reset.clone());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if above.cut.load(Ordering::Relaxed) {
                    let _ = client.set_zero_linger();
                    continue;
                }
                tokio::spawn(carry(client, server, above.clone(), resets.subscribe()));
            }
        });
        Self { url, weather, reset, task }
    }

    /// Every connection ends with a reset.
    pub(crate) fn reset(&self) {
        let _ = self.reset.send(());
    }

    /// Fine weather.
    pub(crate) fn clear(&self) {
        self.weather.late.store(0, Ordering::Relaxed);
        self.weather.rate.store(0, Ordering::Relaxed);
        self.weather.cut.store(false, Ordering::Relaxed);
        if self.weather.deaf.swap(false, Ordering::Relaxed) {
            // What was swallowed is missing, so these connections can't go on.
            self.reset();
        }
    }

    /// Weather by a seed for some time, a different one every moment; how many there were of each kind.
    pub(crate) async fn storm(&self, seed: u64, moments: usize, cut: Duration) -> [usize; 5] {
        let mut rng = Rng::new(seed);
        let mut seen = [0; 5];
        for moment in 0..moments {
            // Each kind at least once, then as it comes.
            let kind = if moment < 5 { moment } else { rng.below(5) };
            seen[kind] += 1;
            let mut lasts = Duration::from_millis(150 + rng.next() % 350);
            match kind {
                0 => self.weather.late.store(5 + rng.next() % 60, Ordering::Relaxed),
                1 => self.weather.rate.store(20_000, Ordering::Relaxed),
                2 => self.reset(),
                3 => self.weather.deaf.store(true, Ordering::Relaxed),
                _ => {
                    self.weather.cut.store(true, Ordering::Relaxed);
                    self.reset();
                    lasts = cut;
                }
            }
            sleep(lasts).await;
            self.clear();
            sleep(Duration::from_millis(rng.next() % 250)).await;
        }
        seen
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.reset();
    }
}

async fn carry(client: TcpStream, server: SocketAddr, weather: Arc<Weather>, mut reset: broadcast::Receiver<()>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    for end in [&client, &server] {
        let _ = end.set_nodelay(true);
        // Whatever ends this connection ends it with a reset.
        let _ = end.set_zero_linger();
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        () = pump(from_client, to_server, &weather) => {}
        () = pump(from_server, to_client, &weather) => {}
        _ = reset.recv() => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, weather: &Weather) {
    let mut piece = vec![0; 2048];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let rate = weather.rate.load(Ordering::Relaxed);
        let slow = (length as u64 * 1000).checked_div(rate).unwrap_or(0);
        let wait = slow + weather.late.load(Ordering::Relaxed);
        if wait > 0 {
            sleep(Duration::from_millis(wait)).await;
        }
        if !weather.deaf.load(Ordering::Relaxed) && to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
