//! `bouillon check`: whether settings, database, data folder and atlas are as they should be.

use super::control::{Ask, hand_over};
use super::{Settings, disk, lock, opening};
use crate::atlas::Atlas;
use crate::backup;
use crate::journal::{load, now};
use crate::store::{Store, is_postgres};
use anyhow::Context;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// A backup every day, and two hours for it to be late.
const BACKUP_HOURS: i64 = 26;

/// Prints a line per check.
///
/// # Errors
/// When one of them fails.
pub(super) async fn run(settings: Settings) -> anyhow::Result<()> {
    let mut failed = say("settings", readable_settings(&settings));
    failed += say("data folder", writable(&settings));
    failed += say("disk", disk_space(&settings));
    failed += say("backups", last_backup(&settings));
    let store = opening::for_reading(&settings).await.context("the database can't be opened")?;
    failed += inspect(&store).await;
    if let Some(live) = live_digest(&settings).await? {
        failed += say("atlas kept live", live_matches(&store, &settings, live).await);
    }
    store.close().await;
    if failed > 0 {
        anyhow::bail!("{failed} of these checks failed");
    }
    Ok(())
}

/// The checks of a database, also of one that was just restored; gives how many failed.
pub(super) async fn inspect(store: &Store) -> usize {
    let atlas = Atlas::new();
    let mut failed = say("database", described(store).await);
    failed += say("journal", journal(store).await);
    failed += say("atlas against the store", atlas_matches(store, &atlas).await);
    if store.is_postgis() {
        failed += say("territories against ST_Covers", covers(store).await);
        failed += say("distances against ST_DWithin", within(store, &atlas).await);
    }
    failed
}

/// Prints a check's line; 1 when it failed.
#[expect(clippy::print_stdout, reason = "the lines are what the command is for")]
fn say(what: &str, result: anyhow::Result<String>) -> usize {
    match result {
        Ok(detail) => {
            println!("ok    {what}: {detail}");
            0
        }
        Err(e) => {
            println!("FAIL  {what}: {e:#}");
            1
        }
    }
}

async fn described(store: &Store) -> anyhow::Result<String> {
    Ok(format!("{}, schema {}", store.describe().await?, store.schema().await?.applied))
}

fn readable_settings(settings: &Settings) -> anyhow::Result<String> {
    let base = settings.base_url()?.unwrap_or_else(|| "no base URL set".into());
    settings.metrics_listen()?;
    if let Ok(promise) = std::env::var("BOUILLON_BREAK")
        && crate::journal::broken(&promise)
    {
        anyhow::bail!("BOUILLON_BREAK={promise} breaks a promise on purpose: for fault tests only");
    }
    Ok(format!("listening on {}, {base}", settings.listen()?))
}

fn writable(settings: &Settings) -> anyhow::Result<String> {
    let folder = settings.data()?;
    let probe = folder.join(".probe");
    std::fs::write(&probe, b"probe").context("it can't be written")?;
    std::fs::remove_file(&probe)?;
    Ok(folder.display().to_string())
}

/// Local, and who holds it; how much room is left.
fn disk_space(settings: &Settings) -> anyhow::Result<String> {
    let data = settings.data()?;
    if !is_postgres(&settings.database()?) {
        disk::refuse_network(&data)?;
    }
    let holder = if lock::take(&data).is_ok() { "no server is running on it" } else { "a server is running on it" };
    let space = backup::space(&data).map_or_else(String::new, |[free, total]| format!("{} of {} MiB free, ", free >> 20, total >> 20));
    Ok(format!("{space}local, {holder}"))
}

/// Once backups are made, they should go on being made.
fn last_backup(settings: &Settings) -> anyhow::Result<String> {
    let Some(at) = backup::last_made(&settings.data()?) else { return Ok("none was made yet (`bouillon backup DIR`)".into()) };
    let hours = (now() / 1000 - at).max(0) / 3600;
    anyhow::ensure!(hours <= BACKUP_HOURS, "the last one is {hours} h old");
    Ok(format!("the last one is {hours} h old"))
}

async fn journal(store: &Store) -> anyhow::Result<String> {
    let mut tx = store.read().await?;
    let (head, (rows, max)) = (tx.head().await?, tx.journal_extent().await?);
    anyhow::ensure!(rows == head.seq && max == head.seq, "the head says {}, there are {rows} entries up to {max}", head.seq);
    Ok(format!("{rows} entries without a gap, epoch {}", head.epoch))
}

/// Builds the atlas from the store and compares what it answers with a plain scan.
async fn atlas_matches(store: &Store, atlas: &Atlas) -> anyhow::Result<String> {
    let mut tx = store.read().await?;
    let (head, territories, actors) = (tx.head().await?, tx.territories().await?, tx.actors().await?);
    drop(tx);
    let known: BTreeSet<_> = territories.iter().map(|t| t.id).collect();
    let mut counted = 0;
    atlas.load(&territories, &actors, head)?;
    let mut scan: HashMap<Uuid, u64> = HashMap::new();
    for a in actors.iter().filter(|a| !a.doc.deleted) {
        let mut on: BTreeSet<_> = a.territories.iter().copied().filter(|t| known.contains(t)).collect();
        if on.is_empty() {
            on.insert(a.home);
        }
        on.into_iter().for_each(|t| *scan.entry(t).or_default() += 1);
    }
    for t in &territories {
        let scanned = scan.get(&t.id).copied().unwrap_or(0);
        let answered = atlas.territory(t.slug()).map_or(0, |i| i.totals.actors);
        anyhow::ensure!(scanned == answered, "{}: {scanned} actors in the store, {answered} in the atlas", t.slug());
        counted += scanned;
    }
    Ok(format!("{} actors in {} territories, {counted} memberships", actors.iter().filter(|a| !a.doc.deleted).count(), territories.len()))
}

/// `epoch:seq digest` of the server that holds the data folder, if there is one.
async fn live_digest(settings: &Settings) -> anyhow::Result<Option<String>> {
    Ok(hand_over(&settings.data()?, &Ask::Digest, |_| {}).await?.flatten())
}

/// The atlas rebuilt from the store equals the one that the running server has kept up to date, at the same number.
async fn live_matches(store: &Store, settings: &Settings, mut live: String) -> anyhow::Result<String> {
    for _ in 0..20 {
        let mut tx = store.read().await?;
        let head = tx.head().await?;
        if live.starts_with(&format!("{}:{} ", head.epoch, head.seq)) {
            let rebuilt = Arc::new(Atlas::new());
            load(&mut tx, rebuilt.clone()).await?;
            anyhow::ensure!(live.ends_with(&rebuilt.digest()), "it differs from the atlas rebuilt from the store at {}", head.seq);
            return Ok(format!("equals the atlas rebuilt from the store at {}", head.seq));
        }
        drop(tx);
        // Somebody wrote between the two readings: look again.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        live = live_digest(settings).await?.context("the server went away")?;
    }
    anyhow::bail!("people write too fast to compare; run it again in a quiet moment")
}

async fn covers(store: &Store) -> anyhow::Result<String> {
    let mut tx = store.read().await?;
    let stored = tx.memberships().await?;
    let Some(postgis) = tx.memberships_by_postgis().await? else { return Ok(String::new()) };
    anyhow::ensure!(stored == postgis, "{} memberships stored, {} by PostGIS", stored.len(), postgis.len());
    Ok(format!("{} memberships", stored.len()))
}

/// Around a sample of actors: whoever PostGIS finds within 500 m, the atlas finds too. Its sphere differs from the spheroid by up to 0.5 %.
async fn within(store: &Store, atlas: &Atlas) -> anyhow::Result<String> {
    const RADIUS: f64 = 500.0;
    let mut tx = store.read().await?;
    let points = tx.points().await?;
    let step = (points.len() / 20).max(1);
    let mut compared = 0;
    for (_, lon, lat) in points.iter().step_by(step) {
        let Some(theirs) = tx.within_by_postgis(*lon, *lat, RADIUS).await? else { continue };
        let ours: BTreeSet<_> = atlas.nearest(*lon, *lat, 100_000, RADIUS * 1.005).into_iter().map(|n| n.entry.id).collect();
        for (id, distance) in &theirs {
            anyhow::ensure!(ours.contains(id), "actor {id}, {distance:.1} m from {lon},{lat}, is missing from the atlas");
            compared += 1;
        }
        let sure: Vec<_> = atlas.nearest(*lon, *lat, 100_000, RADIUS * 0.995).into_iter().map(|n| n.entry.id).collect();
        let named: BTreeSet<_> = theirs.iter().map(|(id, _)| *id).collect();
        anyhow::ensure!(sure.iter().all(|id| named.contains(id)), "the atlas finds an actor near {lon},{lat} that PostGIS does not");
    }
    Ok(format!("{compared} pairs"))
}
