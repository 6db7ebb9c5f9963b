//! Making a backup: the database first, then the files that it names, then the rename.

use super::files;
use super::keep::keep_newest;
use super::manifest::{Backup, Engine, Listed, Manifest, is_kept, newest_in};
use super::{BadBackup, FOLDERS};
use crate::journal::{broken, now};
use crate::store::{Facts, Store, copies, sqlite_file};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// How a backup's folder is named.
const NAME: &[BorrowedFormatItem<'static>] = format_description!("bouillon-[year]-[month]-[day]T[hour][minute][second]Z");
/// How a folder that is not whole yet, or is being removed, begins.
const UNFINISHED: &str = ".unfinished-";
/// Automatic backups that stay.
const AUTOMATIC: usize = 5;

/// What is backed up.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// The database's address.
    pub url: &'a str,
    /// The open database.
    pub store: &'a Store,
}

/// A finished backup.
#[derive(Debug)]
pub struct Made {
    /// The backup.
    pub backup: Backup,
    /// Files that are the same bytes on disk as in the backup before.
    pub linked: usize,
}

/// Makes a backup into a folder, beside a running server or without one.
///
/// # Errors
/// When the disk or the database refuses; nothing is left that looks like a backup.
pub async fn make(source: Source<'_>, into: &Path) -> anyhow::Result<Made> {
    build(source, into, &FOLDERS).await
}

/// Makes a backup of the database alone, in `backups/` of the data folder, before a migration changes it. Base maps are not touched by migrations.
///
/// # Errors
/// As [`make`].
pub async fn automatic(source: Source<'_>) -> anyhow::Result<Made> {
    let into = source.data.join("backups");
    let made = build(source, &into, &[]).await?;
    keep_newest(&into, AUTOMATIC)?;
    Ok(made)
}

async fn build(source: Source<'_>, into: &Path, folders: &[&'static str]) -> anyhow::Result<Made> {
    std::fs::create_dir_all(into).with_context(|| format!("the folder {} can't be made", into.display()))?;
    let _alone = only_one(into)?;
    sweep(into);
    let before = newest_in(into).and_then(|folder| Backup::open(&folder).ok());
    let work = Unfinished::new(into)?;
    let engine = Engine::of(source.url);
    let copy = work.0.join(engine.file());
    let facts = copy_database(source, &copy).await.context("the database could not be copied; no backup was made")?;
    File::open(&copy)?.sync_all()?;
    let mut listed = vec![Listed::new(engine.file().into(), files::sum(&copy)?)];
    let mut linked = 0;
    for folder in folders.iter().copied() {
        let (data, work, before) = (source.data.to_owned(), work.0.clone(), before.clone());
        let copied = tokio::task::spawn_blocking(move || copy_folder(&data, &work, before.as_ref(), folder)).await??;
        linked += copied.iter().filter(|(_, linked)| *linked).count();
        listed.extend(copied.into_iter().map(|(listed, _)| listed));
    }
    finish(work, into, engine, facts, listed).map(|backup| Made { backup, linked })
}

async fn copy_database(source: Source<'_>, copy: &Path) -> anyhow::Result<Facts> {
    if broken("backup-copy") && !source.store.is_postgis() {
        std::fs::copy(sqlite_file(source.url)?, copy)?;
        return Ok(copies::inspect_copy(copy).await?);
    }
    let facts = source.store.copy_to(source.url, copy).await?;
    let entries = facts.rows.get("journal").copied().unwrap_or(0);
    anyhow::ensure!(entries == facts.head, "the journal has {entries} entries and ends at {}; run `bouillon check`", facts.head);
    Ok(facts)
}

/// Copies the files below one folder of the data folder; says which are links to the backup before.
fn copy_folder(data: &Path, work: &Path, before: Option<&Backup>, folder: &str) -> anyhow::Result<Vec<(Listed, bool)>> {
    let mut copied = Vec::new();
    let mut entries: Vec<_> = std::fs::read_dir(data.join(folder)).into_iter().flatten().flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let Some(name) = entry.file_name().to_str().filter(|n| is_kept(n)).map(str::to_owned) else { continue };
        let path = format!("{folder}/{name}");
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => copied.extend(copy_folder(data, work, before, &path)?),
            Ok(kind) if kind.is_file() => copied.extend(copy_file(data, work, before, path)?),
            _ => {}
        }
    }
    if work.join(folder).exists() {
        files::sync(&work.join(folder))?;
    }
    Ok(copied)
}

/// Copies one file; none when it went away meanwhile, as files of imports do.
fn copy_file(data: &Path, work: &Path, before: Option<&Backup>, path: String) -> anyhow::Result<Option<(Listed, bool)>> {
    let (from, to) = (data.join(&path), work.join(&path));
    // Opened once: an archive that is replaced meanwhile is copied as it was.
    let mut open = match File::open(&from) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e).with_context(|| format!("{} can't be read", from.display())),
    };
    std::fs::create_dir_all(to.parent().unwrap_or(work))?;
    if let Some(listed) = link_to_same(before, &path, &from, &to)? {
        return Ok(Some((listed, true)));
    }
    Ok(Some((Listed::new(path, files::copy(&mut open, &to)?), false)))
}

/// Gigabytes that did not change since the last backup take no new room. Both files are read again first: a link to a copy that went bad
/// would be a bad copy too.
fn link_to_same(before: Option<&Backup>, path: &str, from: &Path, to: &Path) -> anyhow::Result<Option<Listed>> {
    let Some(before) = before else { return Ok(None) };
    let Some(old) = before.manifest.files.iter().find(|f| f.path == path) else { return Ok(None) };
    let size = |file: &Path| file.metadata().map(|m| m.len()).ok();
    let copy = before.folder.join(path);
    if size(from) != Some(old.bytes) || size(&copy) != Some(old.bytes) {
        return Ok(None);
    }
    if files::sum(from).map(|s| s.sha256).ok().as_ref() != Some(&old.sha256) || files::sum(&copy).map(|s| s.sha256).ok().as_ref() != Some(&old.sha256)
    {
        return Ok(None);
    }
    Ok(std::fs::hard_link(&copy, to).ok().map(|()| old.clone()))
}

fn finish(work: Unfinished, into: &Path, engine: Engine, facts: Facts, files: Vec<Listed>) -> anyhow::Result<Backup> {
    let name = free_name(into)?;
    let made_at = name.trim_start_matches("bouillon-").to_owned();
    let manifest = Manifest { bouillon: env!("CARGO_PKG_VERSION").into(), made_at, engine, facts, files };
    let backup = Backup { folder: work.0.clone(), manifest };
    backup.write()?;
    files::sync(&work.0)?;
    let folder = into.join(name);
    std::fs::rename(&work.0, &folder).with_context(|| format!("{} could not be put in place", folder.display()))?;
    files::sync(into)?;
    Ok(Backup { folder, ..backup })
}

/// The name of now; a second later if that is taken.
fn free_name(into: &Path) -> anyhow::Result<String> {
    let mut at = now() / 1000;
    loop {
        let name = OffsetDateTime::from_unix_timestamp(at)?.format(NAME)?;
        if !into.join(&name).exists() {
            return Ok(name);
        }
        at += 1;
    }
}

/// Seconds since 1970 of a backup's folder name; none when it is another name.
pub(super) fn time_of(name: &str) -> Option<i64> {
    Some(PrimitiveDateTime::parse(name, NAME).ok()?.assume_utc().unix_timestamp())
}

/// One backup at a time goes into a folder; the lock ends with the returned file.
fn only_one(into: &Path) -> anyhow::Result<File> {
    let path = into.join(".bouillon-backup.lock");
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).with_context(|| format!("{} can't be written", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BadBackup(format!("another backup is being made into {}", into.display())).into()),
        Err(TryLockError::Error(e)) => Err(e).with_context(|| format!("{} can't be locked", path.display())),
    }
}

/// Removes what killed backups left; whoever holds the lock of the folder knows that nobody is at work there.
fn sweep(into: &Path) {
    let list = std::fs::read_dir(into).into_iter().flatten().flatten();
    for left in list.filter(|e| e.file_name().to_string_lossy().starts_with(UNFINISHED)) {
        if let Err(e) = std::fs::remove_dir_all(left.path()) {
            tracing::warn!("{} is left over and can't be removed: {e}", left.path().display());
        }
    }
}

/// A name for a folder that must not look whole.
pub(super) fn unfinished(into: &Path, what: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    into.join(format!("{UNFINISHED}{what}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// A backup on its way: the folder goes away with this value unless it was renamed.
struct Unfinished(PathBuf);

impl Unfinished {
    fn new(into: &Path) -> anyhow::Result<Self> {
        let folder = unfinished(into, "backup");
        // It holds the keys that sign cookies.
        std::fs::DirBuilder::new().mode(0o750).create(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the data folder remembers of the last backup, for `/metrics`.
#[derive(Debug, Serialize, Deserialize)]
struct Last {
    /// Seconds since 1970.
    at: i64,
    /// Where it is.
    folder: PathBuf,
}

/// Notes a backup in the data folder.
///
/// # Errors
/// When the folder can't be written.
pub fn remember(data: &Path, made: &Made) -> anyhow::Result<()> {
    let last = Last { at: now() / 1000, folder: made.backup.folder.clone() };
    let (file, beside) = (data.join("last-backup.json"), data.join(".last-backup.json.tmp"));
    files::write(&beside, &serde_json::to_string(&last)?)?;
    std::fs::rename(beside, file)?;
    Ok(())
}

/// When the last backup of a data folder was made, seconds since 1970.
pub fn last_made(data: &Path) -> Option<i64> {
    let text = std::fs::read_to_string(data.join("last-backup.json")).ok()?;
    serde_json::from_str::<Last>(&text).ok().map(|last| last.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_read_as_times() {
        assert_eq!(time_of("bouillon-2026-11-22T061500Z"), Some(1_795_328_100));
        assert_eq!(time_of("bouillon-2026-11-22"), None);
        assert_eq!(time_of(".unfinished-backup-1-0"), None);
    }
}
