//! Whole copies of an installation: made while it serves, checked, put back, thinned out.
//!
//! A backup is a folder `bouillon-YYYY-MM-DDTHHMMSSZ` that appears by a rename only when it is whole: the database's copy, the base maps and
//! files of imports in the data folder, and `manifest.json` with size and SHA-256 of each. `SHA256SUMS` says the same to `sha256sum -c`.

mod files;
mod keep;
mod make;
mod manifest;
mod restore;

pub use keep::Keep;
pub use make::{Made, Source, automatic, last_made, make, remember};
pub use manifest::{Backup, Engine};
pub use restore::{Restored, restore, verify_files};

use std::path::Path;

/// A backup that can't be used: what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadBackup(pub String);

/// Free and total bytes of the disk that holds a folder, as far as this user may fill it; none when the system does not say.
pub fn space(folder: &Path) -> Option<[u64; 2]> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some([found.f_bavail, found.f_blocks].map(|blocks| blocks.saturating_mul(found.f_frsize)))
}

/// Folders of the data folder that go into a backup with all they hold: base maps, extracts, and what undoing an import needs.
const FOLDERS: [&str; 3] = ["basemaps", "extracts", "imports"];
