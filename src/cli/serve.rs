//! `bouillon serve`: everything in one process, until it is asked to stop.

use super::control::{Answer, Ask};
use super::{Settings, disk, lock, opening, supervisor};
use crate::geocode::Geocoder;
use crate::http::{self, App, Tls};
use crate::import::{Event, Imports};
use crate::journal::Journal;
use crate::store::{Store, is_postgres};
use crate::tiles::{Archives, archives};
use anyhow::Context;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};

/// From SIGTERM until requests that have not ended are left. Then the journal has 6 s and the runtime 1 s: less than 20 in all.
const LAST_REQUESTS: Duration = Duration::from_secs(12);

/// How often another node's imports of addresses are looked for.
const ADDRESSES_EVERY: Duration = Duration::from_secs(10);

/// Runs the server until SIGTERM or Ctrl-C.
///
/// # Errors
/// When the data folder is in use, the database is not fit, or the address is taken.
pub(super) async fn run(settings: Settings) -> anyhow::Result<()> {
    let data = settings.data()?;
    allow_many_connections();
    let tls = settings.tls()?.map(|[cert, key]| Tls::open(cert, key)).transpose()?;
    let _lock = lock::take(&data)?;
    if !is_postgres(&settings.database()?) {
        disk::refuse_network(&data)?;
    }
    let store = opening::for_writing(&settings).await?;
    let journal = Journal::open(store).await?;
    let listener = TcpListener::bind(settings.listen()?)
        .await
        .with_context(|| format!("{} can't be listened on", settings.listen().map_or_else(|_| String::new(), |a| a.to_string())))?;
    let address = listener.local_addr()?;
    let metrics = http::metrics_handle();
    let folder = archives::folder(&data);
    archives::sweep(&folder, true);
    let geocoder = Geocoder::open(&journal.store).await?;
    let imports = Imports::new(journal.clone(), &data, Some(geocoder.clone()))?;
    imports.pick_up().await?;
    let app = App::new(journal.clone(), geocoder.clone(), settings.http()?, Archives::new(folder), imports.clone()).await?;
    let (stop, stopped) = watch::channel(false);
    let beside = Beside { journal: journal.clone(), geocoder: geocoder.clone(), imports };
    let control = control_socket(&data, &beside, &settings, address, stopped.clone());
    if let Some(at) = settings.metrics_listen()? {
        let listener = TcpListener::bind(at).await.with_context(|| format!("{at} can't be listened on"))?;
        let mut stopped = stopped.clone();
        let router = http::metrics_router(metrics, app.clone());
        tokio::spawn(async move { http::serve(listener, None, router, async move { drop(stopped.wait_for(|s| *s).await) }).await });
    }
    println_line(&format!("Bouillon : {}", settings.shown(address)?));
    let mut stopping = stopped.clone();
    let following = tokio::spawn(follow_addresses(journal.store.clone(), geocoder));
    let server = http::serve(listener, tls, http::router(app.clone()), async move { drop(stopping.wait_for(|s| *s).await) });
    supervisor::ready();
    // Sockets are none of the listener's requests; what they have sent is written and answered before the writer stops.
    let served = async {
        server.await?;
        app.sockets_ended().await;
        std::io::Result::Ok(())
    };
    tokio::select! {
        done = served => done?,
        () = asked_to_stop(&app, settings.drain(), stop) => {}
    }
    if let Some(socket) = control {
        let _ = std::fs::remove_file(socket);
    }
    following.abort();
    journal.close().await;
    Ok(())
}

/// Every open map holds a connection, and a shell allows about a thousand files; the system lets a program raise that by itself, to a limit.
fn allow_many_connections() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(e) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::warn!("no more than {current:?} files and connections can be open: {e}");
    }
}

/// Looks now and then whether another node imported addresses.
async fn follow_addresses(store: Store, geocoder: Geocoder) {
    loop {
        tokio::time::sleep(ADDRESSES_EVERY).await;
        if let Err(e) = geocoder.refresh(&store).await {
            tracing::warn!("the addresses could not be read again: {e}");
        }
    }
}

/// What commands beside the server work on.
#[derive(Clone)]
struct Beside {
    journal: Journal,
    geocoder: Geocoder,
    imports: Imports,
}

/// The one line on standard output: where to go.
#[expect(clippy::print_stdout, reason = "scripts and people read the address here")]
fn println_line(line: &str) {
    println!("{line}");
}

/// Waits for SIGTERM or Ctrl-C, tells everybody, and returns when requests have had their time to end.
async fn asked_to_stop(app: &App, drain: Duration, stop: watch::Sender<bool>) {
    let mut term = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(term) => term,
        Err(e) => {
            tracing::error!("SIGTERM can't be heard: {e}");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping");
    supervisor::stopping();
    app.drain();
    tokio::time::sleep(drain).await;
    let _ = stop.send(true);
    app.stop_sockets();
    tokio::time::sleep(LAST_REQUESTS.saturating_sub(drain)).await;
}

/// Opens the socket through which commands beside this server hand their work over.
fn control_socket(
    data: &std::path::Path,
    beside: &Beside,
    settings: &Settings,
    address: SocketAddr,
    stopped: watch::Receiver<bool>,
) -> Option<std::path::PathBuf> {
    let path = lock::socket(data);
    let _ = std::fs::remove_file(&path);
    let listener = match UnixListener::bind(&path) {
        Ok(listener) => listener,
        Err(e) => {
            tracing::warn!("no control socket at {}: {e}; imports beside this server will have to wait for it to stop", path.display());
            return None;
        }
    };
    // Whoever may write the data folder may command the server, and nobody else.
    if let Err(e) = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)) {
        tracing::warn!("the control socket's permissions could not be set: {e}");
    }
    let (beside, settings) = (beside.clone(), Arc::new(settings.clone()));
    tokio::spawn(async move {
        let mut stopped = stopped;
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    let (beside, settings) = (beside.clone(), settings.clone());
                    tokio::spawn(async move {
                        if let Err(e) = answer(stream, beside, settings, address).await {
                            tracing::warn!("a command beside this server: {e:#}");
                        }
                    });
                }
                _ = stopped.wait_for(|s| *s) => return,
            }
        }
    });
    Some(path)
}

async fn answer(stream: UnixStream, beside: Beside, settings: Arc<Settings>, address: SocketAddr) -> anyhow::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let ask: Ask = serde_json::from_str(&line)?;
    let (report, mut events) = mpsc::channel::<Event>(64);
    let Beside { journal, geocoder, imports } = beside;
    // A task of its own: when the command goes away, what it asked for is done all the same.
    let mut work = tokio::spawn(async move {
        match ask {
            Ask::ImportOsm(what) => {
                let data = settings.data()?;
                archives::sweep(&archives::folder(&data), false);
                super::import::into_journal(&imports, &what, &report).await?;
                Ok(None)
            }
            Ask::Runs(ask) => super::runs::answer(&imports, &ask, &report).await.map(Some),
            Ask::ImportTerritories(what) => super::territories::into_journal(&journal, &settings.data()?, &what, &report).await.map(|_| None),
            Ask::ImportBasemap(what) => super::basemap::into_store(&journal.store, &settings.data()?, &what).await.map(Some),
            Ask::ImportAddresses(what) => {
                super::import::addresses_into(&journal.store, &what, &report).await?;
                geocoder.refresh(&journal.store).await?;
                Ok(None)
            }
            Ask::Digest => {
                let (head, digest) = (journal.atlas.head(), journal.atlas.digest());
                Ok(Some(format!("{}:{} {digest}", head.epoch, head.seq)))
            }
            Ask::Invite { territory, role } => {
                let base = settings.shown(address)?;
                super::admin::make(&journal.store, territory.as_deref(), &role, &base).await.map(Some)
            }
        }
    });
    let done = loop {
        tokio::select! {
            // Events first, so that the summary is not lost when the work is done at the same moment.
            biased;
            Some(event) = events.recv() => send(&mut stream, &Answer::Event(event)).await?,
            done = &mut work => break done.map_err(anyhow::Error::from).and_then(|done| done),
        }
    };
    while let Ok(event) = events.try_recv() {
        send(&mut stream, &Answer::Event(event)).await?;
    }
    let last = match done {
        Ok(text) => Answer::Done(text),
        Err(e) => Answer::failed(&e),
    };
    send(&mut stream, &last).await
}

async fn send(stream: &mut BufReader<UnixStream>, answer: &Answer) -> anyhow::Result<()> {
    stream.write_all(format!("{}\n", serde_json::to_string(answer)?).as_bytes()).await?;
    Ok(())
}
