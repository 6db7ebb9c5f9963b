//! https without a proxy: the certificate is read at the start and again whenever its files change.

use axum::serve::Listener;
use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// The files are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A client may take this long to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Clients that may be doing so at once.
const HANDSHAKES: usize = 512;

/// A certificate that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadTls(String);

/// A certificate with its key, and where they came from.
#[derive(Debug)]
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// When a file can't be read, holds no certificate or key, or the two do not belong together.
    pub fn open(cert: &Path, key: &Path) -> Result<Arc<Self>, BadTls> {
        let current = RwLock::new(Arc::new(read(cert, key)?));
        Ok(Arc::new(Self { cert: cert.into(), key: key.into(), current }))
    }

    /// Accepts connections and agrees on keys with each, several at a time.
    pub(super) fn listen(self: Arc<Self>, listener: TcpListener) -> io::Result<TlsListener> {
        let address = listener.local_addr()?;
        let (ready, agreed) = mpsc::channel(64);
        tokio::spawn(accept(self.clone(), listener, ready.clone()));
        tokio::spawn(self.follow_files(ready));
        Ok(TlsListener { agreed, address })
    }

    /// Takes up renewed files; broken ones leave the certificate that works. Ends with the listener.
    async fn follow_files(self: Arc<Self>, listening: mpsc::Sender<Agreed>) {
        let mut known = self.stamps();
        while tokio::time::timeout(LOOK_EVERY, listening.closed()).await.is_err() {
            let now = self.stamps();
            if now == known {
                continue;
            }
            match read(&self.cert, &self.key) {
                Ok(config) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                    tracing::info!("the certificate was renewed from {}", self.cert.display());
                    known = now;
                }
                // Perhaps only one of the two files is there yet: the next look tries again.
                Err(e) => tracing::warn!("the certificate that is in use stays: {e}"),
            }
        }
    }

    fn stamps(&self) -> [Option<(SystemTime, u64)>; 2] {
        [&self.cert, &self.key].map(|file| std::fs::metadata(file).ok().and_then(|m| Some((m.modified().ok()?, m.len()))))
    }

    fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn read(cert: &Path, key: &Path) -> Result<ServerConfig, BadTls> {
    let bad = |file: &Path, why: &dyn Display| BadTls(format!("{} can't be used: {why}", file.display()));
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(cert).and_then(|list| list.collect()).map_err(|e| bad(cert, &e))?;
    if chain.is_empty() {
        return Err(BadTls(format!("{} holds no certificate (PEM)", cert.display())));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| bad(key, &e))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|b| b.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|e| BadTls(format!("{} and {} can't be used together: {e}", cert.display(), key.display())))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// A connection whose keys are agreed on, and from where.
type Agreed = (TlsStream<TcpStream>, SocketAddr);

/// Slow clients are waited for beside each other, so that none holds up the next.
async fn accept(tls: Arc<Tls>, mut listener: TcpListener, ready: mpsc::Sender<Agreed>) {
    let places = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let (stream, address) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = ready.closed() => return,
        };
        let (acceptor, ready) = (tls.acceptor(), ready.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => drop(ready.send((stream, address)).await),
                Ok(Err(e)) => tracing::debug!("{address}: no keys were agreed on: {e}"),
                Err(_) => tracing::debug!("{address}: took too long to agree on keys"),
            }
            drop(place);
        });
    }
}

/// Connections that are ready to be spoken to.
pub(super) struct TlsListener {
    agreed: mpsc::Receiver<Agreed>,
    address: SocketAddr,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.agreed.recv().await {
            Some(agreed) => agreed,
            // The accepting task ends only with this listener.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
