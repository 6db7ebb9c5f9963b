//! The folder of base-map archives: `basemaps/NAME.pmtiles` in the data folder. Archives come into it whole (written beside, then renamed), and
//! a running server takes a new one up within a second.

use super::archive::{Archive, Stamp};
use super::archive_error::ArchiveError;
use crate::model::text::slug;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// An archive's file is looked at again after this long.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The folder of archives inside a data folder.
pub fn folder(data: &Path) -> PathBuf {
    data.join("basemaps")
}

/// The name under which a file's archive is kept: its stem in lower case without accents. None when nothing is left of it.
pub fn name_of(file: &Path) -> Option<String> {
    let name = slug(&file.file_stem()?.to_string_lossy());
    is_name(&name).then_some(name)
}

/// Whether a text can be an archive's name: it becomes a file's name and part of an address.
pub fn is_name(name: &str) -> bool {
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.len() <= 60 && name.bytes().all(known)
}

/// Where the archive of a name lies.
pub fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.pmtiles"))
}

/// A file of this process beside the archive of a name, to be written and then renamed; [`sweep`] removes it if this process dies before.
pub fn temporary(folder: &Path, name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    folder.join(format!("{name}.pmtiles.{}-{}.tmp", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// Gives a finished temporary file the name of an archive, durably.
///
/// # Errors
/// When the disk refuses; the old archive of that name, if any, stays.
pub fn put_in_place(temporary: &Path, folder: &Path, name: &str) -> io::Result<()> {
    File::open(temporary)?.sync_all()?;
    std::fs::rename(temporary, path(folder, name))?;
    File::open(folder)?.sync_all()
}

/// Copies an archive into the folder under a name. The caller has checked it with [`Archive::open`].
///
/// # Errors
/// When the disk refuses; nothing is left behind and the old archive of that name, if any, stays.
pub fn adopt(source: &Path, folder: &Path, name: &str) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let target = path(folder, name);
    if target.exists() && source.canonicalize()? == target.canonicalize()? {
        return Ok(());
    }
    let beside = temporary(folder, name);
    let done = std::fs::copy(source, &beside).and_then(|_| put_in_place(&beside, folder, name));
    if done.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    done
}

/// Removes what killed processes left unfinished; gives how many files. Files of a living bouillon stay, this process's own only unless it
/// has just started (`fresh`): in a container the next process often gets the number of the killed one.
pub fn sweep(folder: &Path, fresh: bool) -> usize {
    let Ok(list) = std::fs::read_dir(folder) else { return 0 };
    let left = list.flatten().filter(|file| writer_of(&file.file_name().to_string_lossy()).is_some_and(|pid| !is_writing(pid, fresh)));
    left.filter(|file| match std::fs::remove_file(file.path()) {
        Ok(()) => true,
        Err(e) => {
            tracing::warn!("{} is left over and can't be removed: {e}", file.path().display());
            false
        }
    })
    .count()
}

/// The process that was writing a temporary file: `NAME.pmtiles.PID.tmp` or `NAME.pmtiles.PID-N.tmp`.
fn writer_of(file: &str) -> Option<u32> {
    let (_, pid) = file.strip_suffix(".tmp")?.rsplit_once('.')?;
    pid.split('-').next()?.parse().ok()
}

/// Whether a process lives and is a bouillon: numbers are given again, and another program writes no archive here.
fn is_writing(pid: u32, fresh: bool) -> bool {
    if pid == std::process::id() {
        return !fresh;
    }
    let program = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    program(&pid.to_string()).is_some_and(|its| program("self").is_none_or(|ours| ours == its))
}

#[derive(Debug)]
struct Slot {
    archive: Arc<Archive>,
    /// Of the file when it was last looked at; another one than the archive's when the new file was refused.
    stamp: Stamp,
    looked: Instant,
}

/// The archives that are being served, opened when first asked for. Any file of the folder may be replaced at any time.
#[derive(Debug)]
pub struct Archives {
    folder: PathBuf,
    open: RwLock<HashMap<String, Slot>>,
}

impl Archives {
    /// Serves the archives of a folder, which need not exist yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, open: RwLock::default() }
    }

    /// The archive of a name. When its file was replaced, the new one; while that is not whole, the old one.
    pub async fn get(&self, name: &str) -> Option<Arc<Archive>> {
        let known = self.open.read().unwrap_or_else(PoisonError::into_inner).get(name).map(|s| (s.archive.clone(), s.stamp, s.looked));
        if let Some((archive, _, looked)) = &known
            && looked.elapsed() < LOOK_AGAIN
        {
            return Some(archive.clone());
        }
        if !is_name(name) {
            return None;
        }
        let file = path(&self.folder, name);
        let Ok(stamp) = std::fs::metadata(&file).map(|about| Stamp::of(&about)) else {
            self.write().remove(name);
            return None;
        };
        let archive = match known {
            Some((archive, seen, _)) if seen == stamp => archive,
            known => match Archive::open(&file).await {
                Ok(archive) => Arc::new(archive),
                Err(error) => {
                    tracing::warn!("{}: {error}", file.display());
                    known?.0
                }
            },
        };
        self.write().insert(name.to_owned(), Slot { archive: archive.clone(), stamp, looked: Instant::now() });
        Some(archive)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<String, Slot>> {
        self.open.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks a file that is to become an archive.
///
/// # Errors
/// What is wrong with it.
pub async fn check(file: &Path) -> Result<(), ArchiveError> {
    Archive::open(file).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_the_writers_of_temporary_files_are_read() {
        assert_eq!(name_of(Path::new("/a/Île-de-France (2026).pmtiles")).as_deref(), Some("ile-de-france-2026"));
        assert_eq!(name_of(Path::new("/a/東京.pmtiles")), None);
        assert!(!is_name("../a") && !is_name("") && !is_name("a.b") && is_name("solvigne"));
        assert_eq!(writer_of("redon.pmtiles.123.tmp"), Some(123));
        assert_eq!(writer_of("redon.pmtiles.123-4.tmp"), Some(123));
        assert_eq!(writer_of("redon.pmtiles"), None);
        assert_eq!(writer_of("notes.tmp"), None);
    }
}
