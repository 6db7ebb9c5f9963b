//! Why a wish about a séance is not granted, with the sentence to show.

use crate::journal;
use crate::model::Lang;
use crate::store;

/// A wish that is not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence(Lang::En))]
pub enum Refused {
    /// No open door has this code or link.
    UnknownCode,
    /// It ended, or was cancelled.
    Over,
    /// As many people as the organiser wanted are in.
    Full,
    /// Sent away by the organiser.
    SentAway,
    /// A nickname that is too long.
    Nickname,
    /// No séance, participant or piece of this id.
    Unknown,
}

impl Refused {
    /// Stable code for clients.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownCode => "unknown_code",
            Self::Over => "seance_over",
            Self::Full => "seance_full",
            Self::SentAway => "not_a_participant",
            Self::Nickname => "too_long",
            Self::Unknown => "not_found",
        }
    }

    /// What happened, then what can be done.
    pub fn sentence(self, lang: Lang) -> &'static str {
        let (french, english) = match self {
            Self::UnknownCode => (
                "Ce code n’ouvre aucune séance. Regardez l’écran de la salle : il a pu changer.",
                "This code opens no séance. Look at the screen in the hall: it may have changed.",
            ),
            Self::Over => (
                "La séance est finie. Vous pouvez continuer à la maison, sur la carte du territoire.",
                "The séance is over. You can go on at home, on the territory's map.",
            ),
            Self::Full => (
                "La séance est complète. Demandez à la personne qui l’organise, ou contribuez sans elle.",
                "The séance is full. Ask whoever organises it, or contribute without it.",
            ),
            Self::SentAway => (
                "Vous ne participez plus à cette séance. Demandez à la personne qui l’organise.",
                "You do not take part in this séance any more. Ask whoever organises it.",
            ),
            Self::Nickname => ("Gardez 30 caractères au plus pour le prénom ou surnom.", "Keep the nickname to 30 characters at most."),
            Self::Unknown => ("Il n’y a rien à cette adresse.", "There is nothing at this address."),
        };
        if lang == Lang::Fr { french } else { english }
    }
}

/// A refusal, or a failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not granted.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The journal did not take edits.
    #[error(transparent)]
    Journal(#[from] journal::Refused),
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;
