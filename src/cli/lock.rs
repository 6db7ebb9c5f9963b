//! One writing process per data folder: the lock on it, and the way to a server that holds it.

use super::BadInput;
use anyhow::Context;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The socket through which commands reach a running server.
pub(super) fn socket(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Takes the data folder for this process; the lock ends with the returned file.
///
/// # Errors
/// When another process holds it.
pub(super) fn take(data: &Path) -> anyhow::Result<File> {
    let path = data.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path).with_context(|| format!("{} can't be opened", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BadInput(format!("the data folder {} is used by another bouillon", data.display())).into()),
        Err(TryLockError::Error(e)) => Err(e).with_context(|| format!("{} can't be locked", path.display())),
    }
}
