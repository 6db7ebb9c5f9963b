//! What a backup says of itself, and whether its bytes agree.

use super::files::{self, Sum};
use super::{BadBackup, FOLDERS};
use crate::store::Facts;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Its name inside a backup.
const MANIFEST: &str = "manifest.json";
/// The same sums for `sha256sum -c`.
const SUMS: &str = "SHA256SUMS";

/// Which database a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// A SQLite file.
    Sqlite,
    /// A dump of PostgreSQL with PostGIS.
    Postgis,
}

impl Engine {
    /// The engine behind a database's address.
    pub fn of(url: &str) -> Self {
        if crate::store::is_postgres(url) { Self::Postgis } else { Self::Sqlite }
    }

    /// Name of the database's copy inside a backup.
    pub fn file(self) -> &'static str {
        match self {
            Self::Sqlite => "bouillon.sqlite",
            Self::Postgis => "bouillon.pgdump",
        }
    }
}

/// `manifest.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the program that made it.
    pub bouillon: String,
    /// UTC, as in the folder's name.
    pub made_at: String,
    /// The database.
    pub engine: Engine,
    /// What the database holds.
    #[serde(flatten)]
    pub facts: Facts,
    /// Every file.
    pub files: Vec<Listed>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Inside the folder: the database's copy, or a file of `basemaps/`, `extracts/` or `imports/`.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

impl Listed {
    pub(super) fn new(path: String, sum: Sum) -> Self {
        Self { path, bytes: sum.bytes, sha256: sum.sha256 }
    }
}

/// A backup on disk, its manifest read.
#[derive(Debug, Clone)]
pub struct Backup {
    /// Its folder.
    pub folder: PathBuf,
    /// What it says.
    pub manifest: Manifest,
}

impl Backup {
    /// Reads the manifest of a backup; of a folder of backups, that of the newest.
    ///
    /// # Errors
    /// [`BadBackup`] when there is none, or it makes no sense.
    pub fn open(folder: &Path) -> Result<Self, BadBackup> {
        let folder = match folder.join(MANIFEST).exists() {
            true => folder.to_owned(),
            false => newest_in(folder).ok_or_else(|| BadBackup(format!("{} holds no backup (no {MANIFEST})", folder.display())))?,
        };
        let bad = |why: String| BadBackup(format!("{}: {why}", folder.display()));
        let text = std::fs::read_to_string(folder.join(MANIFEST)).map_err(|e| bad(format!("{MANIFEST} can't be read: {e}")))?;
        let listed_sum = std::fs::read_to_string(folder.join(SUMS)).map_err(|e| bad(format!("{SUMS} can't be read: {e}")))?;
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| bad(format!("{MANIFEST} is not understood: {e}")))?;
        let sum = files::sum(&folder.join(MANIFEST)).map_err(|e| bad(format!("{MANIFEST} can't be read: {e}")))?;
        if listed_sum != sums(&manifest, &sum) {
            return Err(bad(format!("{MANIFEST} and {SUMS} do not agree: one of them was changed")));
        }
        if let Some(file) = manifest.files.iter().find(|f| !may_be_listed(manifest.engine, &f.path)) {
            return Err(bad(format!("{MANIFEST} names a file that is none of a backup's: {}", file.path)));
        }
        if !manifest.files.iter().any(|f| f.path == manifest.engine.file()) {
            return Err(bad(format!("{MANIFEST} names no {}", manifest.engine.file())));
        }
        Ok(Self { folder, manifest })
    }

    /// Reads every file and compares sizes and hashes.
    ///
    /// # Errors
    /// [`BadBackup`] with the first file that is missing, too short, or changed.
    pub fn check(&self) -> Result<(), BadBackup> {
        for listed in &self.manifest.files {
            let bad = |why: String| BadBackup(format!("{}: {why}; this backup can't be used", self.folder.join(&listed.path).display()));
            let sum = files::sum(&self.folder.join(&listed.path)).map_err(|e| bad(format!("can't be read ({e})")))?;
            if sum.bytes != listed.bytes {
                return Err(bad(format!("{} bytes, and {} were written", sum.bytes, listed.bytes)));
            }
            if sum.sha256 != listed.sha256 {
                return Err(bad("its content was changed (SHA-256 differs)".into()));
            }
        }
        Ok(())
    }

    /// Writes the manifest of a backup that is being made.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        let path = self.folder.join(MANIFEST);
        files::write(&path, &format!("{}\n", serde_json::to_string_pretty(&self.manifest)?))?;
        files::write(&self.folder.join(SUMS), &sums(&self.manifest, &files::sum(&path)?))
    }

    /// The files beside the database.
    pub(super) fn others(&self) -> impl Iterator<Item = &Listed> {
        let database = self.manifest.engine.file();
        self.manifest.files.iter().filter(move |f| f.path != database)
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.manifest.files.iter().map(|f| f.bytes).sum()
    }
}

fn sums(manifest: &Manifest, own: &Sum) -> String {
    let lines = manifest.files.iter().map(|f| format!("{}  {}\n", f.sha256, f.path));
    lines.chain([format!("{}  {MANIFEST}\n", own.sha256)]).collect()
}

/// A manifest may come from anywhere: it names the database's copy and files below the known folders, and nothing else.
fn may_be_listed(engine: Engine, path: &str) -> bool {
    let below = FOLDERS.iter().find_map(|folder| path.strip_prefix(folder)?.strip_prefix('/'));
    path == engine.file() || below.is_some_and(|rest| rest.split('/').all(is_kept))
}

/// Whether a file or folder of this name goes into a backup: those that are being written end in `.tmp`.
pub(super) fn is_kept(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.ends_with(".tmp") && !name.contains(|c: char| c == '\\' || c.is_control())
}

/// The whole backups of a folder, oldest first.
pub(super) fn all_in(folder: &Path) -> Vec<PathBuf> {
    let list = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = list.filter(|e| super::make::time_of(&e.file_name().to_string_lossy()).is_some());
    let mut found: Vec<PathBuf> = named.map(|e| e.path()).filter(|p| p.join(MANIFEST).is_file()).collect();
    found.sort();
    found
}

pub(super) fn newest_in(folder: &Path) -> Option<PathBuf> {
    all_in(folder).pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_can_name_nothing_outside_its_folder() {
        let ok = |path| may_be_listed(Engine::Sqlite, path);
        assert!(ok("bouillon.sqlite") && ok("basemaps/redon.pmtiles") && ok("extracts/redon.osm.pbf") && ok("imports/0192/file/mon extrait.osm.pbf"));
        for bad in [
            "bouillon.pgdump",
            "../x.pmtiles",
            "basemaps/../../x.pmtiles",
            "basemaps/.pmtiles",
            "basemaps//b.pmtiles",
            "imports/../x",
            "imports/a/./b",
            "basemaps/a.tmp",
            "basemaps",
            "/etc/passwd",
            "lock",
        ] {
            assert!(!ok(bad), "{bad}");
        }
    }
}
