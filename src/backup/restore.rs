//! Putting a backup back: everything is staged beside, checked, and takes its place only then.

use super::BadBackup;
use super::files;
use super::manifest::{Backup, Engine, Listed};
use crate::journal::now;
use crate::store::{Facts, Store, copies, sqlite_file};
use crate::tiles::archives;
use anyhow::Context;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// What came back.
#[derive(Debug)]
pub struct Restored {
    /// What the database holds.
    pub facts: Facts,
    /// The journal's new epoch.
    pub epoch: i64,
    /// Files beside the database.
    pub files: usize,
}

/// Checks every file of a backup, base maps as the server would.
///
/// # Errors
/// [`BadBackup`] with the first one that is wrong.
pub async fn verify_files(backup: &Backup) -> Result<(), BadBackup> {
    let whole = backup.clone();
    let checked = tokio::task::spawn_blocking(move || whole.check()).await;
    checked.map_err(|e| BadBackup(format!("the backup could not be read: {e}")))??;
    for listed in backup.others().filter(|f| f.path.starts_with("basemaps/") && f.path.ends_with(".pmtiles")) {
        let file = backup.folder.join(&listed.path);
        archives::check(&file).await.map_err(|e| BadBackup(format!("{}: {e}", file.display())))?;
    }
    Ok(())
}

/// Puts a backup into an empty data folder, which the caller holds, and an empty database.
///
/// # Errors
/// When the backup is not sound, does not fit, or something is in the way: nothing was written then.
pub async fn restore(backup: &Backup, data: &Path, url: &str) -> anyhow::Result<Restored> {
    let engine = backup.manifest.engine;
    if Engine::of(url) != engine {
        let hint = match engine {
            Engine::Sqlite => "this backup is of SQLite: restore it without --database, then `bouillon move --to postgres://…`",
            Engine::Postgis => "this backup is of PostgreSQL: give an empty database with --database postgres://…",
        };
        return Err(BadBackup(hint.into()).into());
    }
    verify_files(backup).await?;
    let stage = Stage::new(data)?;
    // What a killed restore had put in place already is not in the way.
    let is_here = |f: &Listed| files::sum(&data.join(&f.path)).is_ok_and(|sum| sum.sha256 == f.sha256);
    let missing: Vec<&Listed> = backup.others().filter(|f| !is_here(f)).collect();
    let in_the_way = missing.iter().map(|f| data.join(&f.path)).chain(database_files(engine, url)?).find(|p| p.exists());
    if let Some(file) = in_the_way {
        let sentence = format!("{} exists, and nothing is ever overwritten: move it away, or give another --data folder", file.display());
        return Err(BadBackup(sentence).into());
    }
    // PostgreSQL's tool reads the dump where it lies.
    let database = backup.manifest.files.iter().filter(|f| engine == Engine::Sqlite && f.path == engine.file());
    for listed in database.chain(missing) {
        let (mut from, to) = (File::open(backup.folder.join(&listed.path))?, stage.0.join(&listed.path));
        std::fs::create_dir_all(to.parent().unwrap_or(data)).context("nothing was restored")?;
        let sum = files::copy(&mut from, &to).context("nothing was restored")?;
        anyhow::ensure!(sum.sha256 == listed.sha256, "{} changed while it was read; nothing was restored", listed.path);
    }
    let epoch = match engine {
        Engine::Sqlite => into_sqlite(backup, &stage, data, url).await?,
        Engine::Postgis => into_postgis(backup, &stage, data, url).await?,
    };
    Ok(Restored { facts: backup.manifest.facts.clone(), epoch, files: backup.others().count() })
}

/// The database's own files, which must not be there.
fn database_files(engine: Engine, url: &str) -> anyhow::Result<Vec<PathBuf>> {
    if engine == Engine::Postgis {
        return Ok(Vec::new());
    }
    let file = sqlite_file(url)?;
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", file.display()));
    Ok(vec![file.clone(), beside("-wal"), beside("-shm")])
}

/// The database takes its place last: without it a data folder is empty to the server.
async fn into_sqlite(backup: &Backup, stage: &Stage, data: &Path, url: &str) -> anyhow::Result<i64> {
    let staged = stage.0.join(Engine::Sqlite.file());
    let facts = copies::inspect_copy(&staged).await?;
    check_facts(backup, &facts)?;
    let store = Store::connect(&format!("sqlite:{}", staged.display())).await?;
    store.schema().await?.check()?;
    let epoch = store.start_epoch(&facts, now() / 1000).await?;
    store.close().await;
    let log = PathBuf::from(format!("{}-wal", staged.display()));
    anyhow::ensure!(log.metadata().map_or(0, |m| m.len()) == 0, "the database could not be closed; nothing was restored");
    File::open(&staged)?.sync_all()?;
    place_files(backup, stage, data)?;
    let target = sqlite_file(url)?;
    std::fs::rename(&staged, &target).with_context(|| format!("{} could not be put in place", target.display()))?;
    files::sync(target.parent().unwrap_or(data))?;
    Ok(epoch)
}

/// The journal's head takes its place last: without it a database refuses to be served.
async fn into_postgis(backup: &Backup, stage: &Stage, data: &Path, url: &str) -> anyhow::Result<i64> {
    let facts = &backup.manifest.facts;
    let known = Store::connect(url).await?;
    crate::store::Schema { applied: facts.schema, ..known.schema().await? }.check()?;
    known.close().await;
    let store = copies::restore_dump(url, &backup.folder.join(Engine::Postgis.file()), facts, &stage.0).await?;
    place_files(backup, stage, data)?;
    let epoch = store.start_epoch(facts, now() / 1000).await?;
    store.close().await;
    Ok(epoch)
}

fn check_facts(backup: &Backup, found: &Facts) -> Result<(), BadBackup> {
    if *found == backup.manifest.facts {
        return Ok(());
    }
    Err(BadBackup(format!("{}: the database does not hold what the manifest says", backup.folder.display())))
}

fn place_files(backup: &Backup, stage: &Stage, data: &Path) -> anyhow::Result<()> {
    let mut folders = BTreeSet::from([data.to_owned()]);
    for listed in backup.others() {
        let (staged, target) = (stage.0.join(&listed.path), data.join(&listed.path));
        if !staged.exists() {
            continue;
        }
        let folder = target.parent().unwrap_or(data);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::rename(staged, &target))
            .with_context(|| format!("{} could not be put in place", target.display()))?;
        folders.extend(folder.ancestors().take_while(|f| f.starts_with(data)).map(Path::to_owned));
    }
    folders.iter().try_for_each(|folder| files::sync(folder))
}

/// The folder in which a restore prepares everything; it goes away with this value.
struct Stage(PathBuf);

impl Stage {
    fn new(data: &Path) -> anyhow::Result<Self> {
        let folder = data.join(".restoring");
        // The caller holds the data folder, so what is there was left by a restore that was killed.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
