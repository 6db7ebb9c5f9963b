//! Why a run does not go on: the sentence in French and English.

use crate::model::Lang;
use crate::osm::ReadError;
use crate::store::{Run, RunState, Said};
use crate::tiles::ArchiveError;
use crate::tiles::basemap::BuildError;
use std::io::ErrorKind;

/// A run that does not go on. Nothing was written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.sentence(Lang::En))]
pub enum RunError {
    /// Another run of the territory is under way.
    Busy(Box<Run>),
    /// There is no such run.
    Unknown,
    /// The run is in a state in which this can't be done.
    State(RunState),
    /// A later run of the territory stands applied.
    NotLatest,
    /// What stood before it is not kept any more.
    TooOld,
    /// Its files are in another node's data folder.
    Elsewhere,
    /// Changes to a territory of which no extract is kept.
    NoBase(String),
    /// A file of changes without a territory.
    NeedsTerritory,
    /// The file holds nothing of the territory.
    NothingHere,
    /// More objects than an upload may have.
    TooMany(u64),
    /// Reading took longer than an upload may take, in seconds.
    TooSlow(u64),
    /// There is no room for its files.
    DiskFull,
    /// The disk refuses for another reason.
    Disk(String),
    /// Writing was cut off.
    NotApplied,
    /// Undoing was cut off.
    NotUndone,
    /// The server stopped while it was reading.
    Stopped,
}

impl RunError {
    /// What the disk says.
    pub(super) fn disk(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::FileTooLarge | ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Disk(error.to_string()),
        }
    }

    /// Stable code for clients.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy(_) => "import_busy",
            Self::Unknown => "not_found",
            Self::State(_) => "import_state",
            Self::NotLatest => "import_not_latest",
            Self::TooOld => "import_too_old",
            Self::Elsewhere => "import_elsewhere",
            Self::NoBase(_) => "import_no_base",
            Self::NeedsTerritory => "import_needs_territory",
            Self::NothingHere => "import_nothing_here",
            Self::TooMany(_) | Self::TooSlow(_) => "import_too_large",
            Self::DiskFull | Self::Disk(_) => "not_written",
            Self::Stopped | Self::NotApplied | Self::NotUndone => "import_stopped",
        }
    }

    /// One sentence, with what to do about it.
    pub fn sentence(&self, lang: Lang) -> String {
        match lang {
            Lang::Fr => self.french(),
            Lang::En => self.english(),
        }
    }

    fn french(&self) -> String {
        match self {
            Self::Busy(run) => {
                format!("Un import de ce territoire est déjà en cours ({}, {}). Appliquez-le ou abandonnez-le d’abord.", run.file, run.id)
            }
            Self::Unknown => "Cet import n’existe pas ici.".into(),
            Self::State(state) => format!("Cela n’est pas possible dans l’état où est cet import (« {} »).", state_word(*state)),
            Self::NotLatest => "Seul le dernier import appliqué d’un territoire peut être annulé : annulez d’abord ceux qui l’ont suivi.".into(),
            Self::TooOld => "Ce qui était là avant cet import n’est plus gardé : il ne peut plus être annulé.".into(),
            Self::Elsewhere => "Les fichiers de cet import sont sur un autre serveur de cette installation : demandez-le là-bas.".into(),
            Self::NoBase(slug) => {
                format!("Aucun extrait complet n’est gardé pour « {slug} » : importez d’abord un fichier .osm.pbf, puis ses changements.")
            }
            Self::NeedsTerritory => "Dites à quel territoire ces changements s’appliquent (--territory SLUG).".into(),
            Self::NothingHere => "Ce fichier ne contient aucun acteur de ce territoire : est-ce le bon extrait ?".into(),
            Self::TooMany(n) => format!("Ce fichier contient {n} éléments ; par le site, 5 millions au plus. Importez-le en ligne de commande."),
            Self::TooSlow(seconds) => {
                format!("La lecture a dépassé {seconds} secondes et a été arrêtée. Importez ce fichier en ligne de commande.")
            }
            Self::DiskFull => "Le disque est plein : rien n’a été changé. Libérez de la place, puis recommencez l’import.".into(),
            Self::Disk(message) => format!("Le fichier n’a pas pu être gardé, rien n’a été changé : {message}."),
            Self::NotApplied => "L’import n’a pas pu être écrit jusqu’au bout : appliquez-le à nouveau, ce qui est écrit sera reconnu.".into(),
            Self::NotUndone => "L’import n’a pas pu être annulé jusqu’au bout : annulez-le à nouveau.".into(),
            Self::Stopped => "Le serveur s’est arrêté pendant la lecture : envoyez le fichier à nouveau.".into(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Busy(run) => format!("an import of this territory is already under way ({}, {}): apply it or discard it first", run.file, run.id),
            Self::Unknown => "there is no such import here".into(),
            Self::State(state) => format!("this can't be done with an import that is {}", state.as_str()),
            Self::NotLatest => "only the latest applied import of a territory can be undone: undo those that followed it first".into(),
            Self::TooOld => "what stood before this import is not kept any more: it can't be undone".into(),
            Self::Elsewhere => "the files of this import are on another server of this installation: ask there".into(),
            Self::NoBase(slug) => format!("no whole extract is kept for `{slug}`: import an .osm.pbf file first, then its changes"),
            Self::NeedsTerritory => "say which territory these changes are for (--territory SLUG)".into(),
            Self::NothingHere => "this file holds no actor of this territory: is it the right extract?".into(),
            Self::TooMany(n) => format!("this file holds {n} elements; through the site at most 5 million: import it on the command line"),
            Self::TooSlow(seconds) => format!("reading took more than {seconds} seconds and was stopped: import this file on the command line"),
            Self::DiskFull => "the disk is full: nothing was changed; make room, then run the import again".into(),
            Self::Disk(message) => format!("the file could not be kept, nothing was changed: {message}"),
            Self::NotApplied => "the import could not be written to its end: apply it again, what is written will be recognised".into(),
            Self::NotUndone => "the import could not be undone to its end: undo it again".into(),
            Self::Stopped => "the server stopped while it was reading: send the file again".into(),
        }
    }
}

fn state_word(state: RunState) -> &'static str {
    match state {
        RunState::Reading => "en lecture",
        RunState::Planned => "prévu",
        RunState::Applying => "en cours d’application",
        RunState::Applied => "appliqué",
        RunState::Undoing => "en cours d’annulation",
        RunState::Undone => "annulé",
        RunState::Discarded => "abandonné",
        RunState::Failed => "en échec",
    }
}

/// What people are told of an error: its own sentence where it has one, else that the log has more.
pub(super) fn said(error: &anyhow::Error) -> Said {
    if let Some(error) = error.downcast_ref::<RunError>() {
        return Said { fr: error.sentence(Lang::Fr), en: error.sentence(Lang::En) };
    }
    if let Some(error) = error.downcast_ref::<BuildError>() {
        return Said { fr: error.sentence(Lang::Fr), en: error.sentence(Lang::En) };
    }
    if let Some(error) = error.downcast_ref::<ReadError>() {
        return Said { fr: error.sentence(Lang::Fr), en: error.sentence(Lang::En) };
    }
    if let Some(error) = error.downcast_ref::<ArchiveError>() {
        return Said { fr: format!("Le fond de carte n’a pas pu être fait : {error}."), en: format!("The base map could not be made: {error}.") };
    }
    Said {
        fr: "Le fichier n’a pas pu être lu jusqu’au bout : il est peut-être endommagé, trop grand, ou fait pour nuire. Rien n’a été changé.".into(),
        en: "The file could not be read to its end: it may be damaged, too large, or built to do harm. Nothing was changed.".into(),
    }
}
