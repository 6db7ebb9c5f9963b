//! Whether this server should be sent requests, and what it measures of itself when asked.

use super::App;
use crate::backup;
use crate::journal::now;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The database has this long to prove that it can be written.
const PROBE: Duration = Duration::from_secs(3);
/// A proof holds this long, so that asking often costs nothing.
const PROVEN: Duration = Duration::from_secs(2);
/// The atlas may be behind the journal by this much.
const LAG: Duration = Duration::from_secs(5);
/// Edits that may wait for the writer.
const WAITING: usize = 2000;
/// Free space that is enough on any disk, bytes.
const ENOUGH: u64 = 1 << 30;

/// A reason, in French and in English.
type Reason = [String; 2];

/// What is remembered between two questions.
#[derive(Debug, Default)]
pub(super) struct Ready {
    draining: AtomicBool,
    probed: Mutex<Option<(Instant, Option<Reason>)>>,
}

impl Ready {
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

/// Why not; nothing when all is well.
pub(super) async fn reasons(app: &App) -> Vec<Reason> {
    if app.ready.draining.load(Ordering::Relaxed) {
        return vec![["Le serveur s’arrête.".into(), "The server is stopping.".into()]];
    }
    let mut found: Vec<Reason> = probed(app).await.into_iter().collect();
    let lag = app.journal.follower.lag();
    if lag > LAG {
        let s = lag.as_secs();
        found.push([format!("La carte a {s} s de retard sur l’historique."), format!("The map is {s} s behind the journal.")]);
    }
    let waiting = app.journal.writer.waiting();
    if waiting > WAITING {
        found.push([format!("{waiting} modifications attendent d’être écrites."), format!("{waiting} edits are waiting to be written.")]);
    }
    if let Some([free, total]) = backup::space(&app.options.data)
        && free < app.options.min_free.unwrap_or(ENOUGH.min(total / 10))
    {
        let mib = free >> 20;
        found.push([format!("Le disque est presque plein : {mib} Mio libres."), format!("The disk is almost full: {mib} MiB free.")]);
    }
    found
}

/// Whether the database can be written, asked at most every 2 s.
async fn probed(app: &App) -> Option<Reason> {
    let mut last = app.ready.probed.lock().await;
    if let Some((at, known)) = &*last
        && at.elapsed() < PROVEN
    {
        return known.clone();
    }
    let found = match tokio::time::timeout(PROBE, app.journal.store.probe()).await {
        Ok(Ok(())) => None,
        Ok(Err(e)) => {
            tracing::warn!("not ready: {e}");
            Some(["La base de données n’accepte pas d’écriture.".into(), "The database can't be written.".into()])
        }
        Err(_) => Some(["La base de données ne répond pas.".into(), "The database does not answer.".into()]),
    };
    *last = Some((Instant::now(), found.clone()));
    found
}

/// Brings the gauges up to date that nobody else sets.
pub(super) async fn measure(app: &App) {
    let seconds = |at: i64| (now() / 1000 - at).max(0) as f64;
    // Without any backup the age is endless, so that an alert on it rings then too.
    metrics::gauge!("bouillon_backup_age_seconds").set(backup::last_made(&app.options.data).map_or(f64::INFINITY, seconds));
    if let Ok(bytes) = app.journal.store.size().await {
        metrics::gauge!("bouillon_db_size_bytes").set(bytes as f64);
    }
    if let Ok(mut tx) = app.journal.store.read().await
        && let Ok(cases) = tx.count_all_cases().await
    {
        metrics::gauge!("bouillon_moderation_backlog").set(cases as f64);
    }
    if let Some([free, _]) = backup::space(&app.options.data) {
        metrics::gauge!("bouillon_disk_free_bytes").set(free as f64);
    }
    metrics::gauge!("bouillon_writer_queue").set(app.journal.writer.waiting() as f64);
    metrics::gauge!("bouillon_notify_lag_seconds").set(app.journal.follower.lag().as_secs_f64());
    metrics::gauge!("bouillon_ready").set(if reasons(app).await.is_empty() { 1.0 } else { 0.0 });
}
