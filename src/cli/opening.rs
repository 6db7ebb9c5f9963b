//! Opening the database: older tables are brought up to date, after a backup of their own; newer ones are left alone.

use super::{BadInput, Settings, lock};
use crate::backup::{Source, automatic};
use crate::store::{Store, is_postgres};
use anyhow::Context;
use std::fs::File;
use std::path::Path;

/// Opens the database for a process that holds the data folder (or, with PostgreSQL, is one of several nodes).
///
/// # Errors
/// When the database is not fit or newer than this program, or the backup before a migration can't be made.
pub(super) async fn for_writing(settings: &Settings) -> anyhow::Result<Store> {
    let url = settings.database()?;
    let store = Store::connect(&url).await?;
    let schema = store.schema().await?;
    schema.check()?;
    if schema.is_behind() && !settings.no_backup() {
        back_up(settings, &store, &url).await?;
    }
    store.migrate().await?;
    Ok(store)
}

/// Opens the database for a command that only reads and may run beside a server. It never changes the tables under a server of another version.
///
/// # Errors
/// As [`for_writing`]; or when the tables are older than this program and a server is using them.
pub(super) async fn for_reading(settings: &Settings) -> anyhow::Result<Store> {
    let store = Store::connect(&settings.database()?).await?;
    let schema = store.schema().await?;
    schema.check()?;
    if schema.applied == schema.known {
        return Ok(store);
    }
    store.close().await;
    let _lock = lock::take(&settings.data()?).context("the database is of an older version and has to be brought up to date first")?;
    for_writing(settings).await
}

/// The data folder's lock, for a command that writes alone; with PostgreSQL several processes may write.
///
/// # Errors
/// When another process holds it.
pub(super) fn lock_if_alone(settings: &Settings, data: &Path) -> anyhow::Result<Option<File>> {
    if is_postgres(&settings.database()?) { Ok(None) } else { lock::take(data).map(Some) }
}

async fn back_up(settings: &Settings, store: &Store, url: &str) -> anyhow::Result<()> {
    let data = settings.data()?;
    let made = automatic(Source { data: &data, url, store }).await;
    let made = made.map_err(|e| BadInput(format!("the tables must be brought up to date, and no backup could be made before: {e:#}. Nothing was changed. With a backup of your own, start again with --no-backup")))?;
    tracing::info!("the tables are brought up to date; before, a backup went to {}", made.backup.folder.display());
    Ok(())
}
