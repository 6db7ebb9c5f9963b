//! Why a base map could not be built, in a sentence.

use crate::model::Lang;
use crate::osm::ReadError;
use serde::{Deserialize, Serialize};

/// Why a base map could not be built. The one that was there stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", self.sentence(Lang::En))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum BuildError {
    /// The extract can't be read.
    Read {
        /// Why.
        error: ReadError,
    },
    /// There is no room left on the disk.
    DiskFull,
    /// The disk refuses for another reason.
    Disk {
        /// What the operating system says.
        message: String,
    },
}

impl BuildError {
    /// The reason as a sentence.
    pub fn sentence(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Read { error }, _) => error.sentence(lang),
            (Self::DiskFull, Lang::Fr) => "Le disque est plein : le fond de carte n’a pas pu être construit, l’ancien reste en service. Libérez de la place, puis recommencez l’import.".into(),
            (Self::DiskFull, Lang::En) => "The disk is full: the base map could not be built, the old one stays in use. Make room, then run the import again.".into(),
            (Self::Disk { message }, Lang::Fr) => format!("Le fond de carte n’a pas pu être écrit, l’ancien reste en service : {message}."),
            (Self::Disk { message }, Lang::En) => format!("The base map could not be written, the old one stays in use: {message}."),
        }
    }
}

impl From<ReadError> for BuildError {
    fn from(error: ReadError) -> Self {
        Self::Read { error }
    }
}

impl From<std::io::Error> for BuildError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded | std::io::ErrorKind::FileTooLarge => Self::DiskFull,
            _ => Self::Disk { message: error.to_string() },
        }
    }
}

impl From<pmtiles::PmtError> for BuildError {
    fn from(error: pmtiles::PmtError) -> Self {
        match error {
            pmtiles::PmtError::Reading(error) => error.into(),
            other => Self::Disk { message: other.to_string() },
        }
    }
}
