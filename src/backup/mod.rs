//! Whole copies of an installation: made while it serves, checked, put back, thinned out.
//!
//! A backup is a folder `bouillon-YYYY-MM-DDTHHMMSSZ` that appears by a rename only when it is whole: the database's copy, the base maps and
//! extracts of the data folder, and `manifest.json` with size and SHA-256 of each. `SHA256SUMS` says the same to `sha256sum -c`.

mod files;
mod keep;
mod make;
mod manifest;
mod restore;

pub use keep::Keep;
pub use make::{Made, Source, automatic, folder_of_automatic, last_made, make, remember};
pub use manifest::{Backup, Engine};
pub use restore::{Restored, restore, verify_files};

/// A backup that can't be used: what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadBackup(pub String);

/// Folders of the data folder that go into a backup, and how their files end.
const FOLDERS: [(&str, &str); 2] = [("basemaps", ".pmtiles"), ("extracts", ".osm.pbf")];
