//! Figures: saved views of the map with a permanent address, live or frozen at one position of the journal.
//!
//! Everything that a frozen figure shows comes from one selection, read in one snapshot, and is written in the transaction of the edit that sets `frozen`:
//! there is no moment at which half of it is there. The selection is kept with it (`selection.json`), so that variants, and what an erasure leaves, are drawn
//! from what was frozen and from nothing newer.

mod definition;
mod erase;
mod files;
mod freeze;
mod numbers;
mod picture;
mod plate;
mod read;
mod shown;
mod since;
pub mod words;

pub use definition::{Definition, Kind};
pub use erase::Erased;
pub use files::{Content, FACTS, Facts, MEASURE, SELECTION, address, media_type};
pub use numbers::{Numbers, place_and_date};
pub use picture::{DPI, Ground, Look, PICTURES, paper, style};
pub use read::Figures;
pub use shown::{LISTED, Row, Shown};
pub use since::{Line, Since};

use crate::journal::Refused;
use crate::model::Ack;
use crate::report::queue::NotDrawn;
use crate::store;

/// What a wish about a figure meets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such figure, or it was taken away.
    #[error("there is no such figure")]
    Unknown,
    /// The part of the territory that it shows is no longer there, or does not lie in it.
    #[error("the part of the territory that the figure shows is not there")]
    NoArea,
    /// There is no such statistic.
    #[error("there is no such statistic")]
    NoMeasure,
    /// Others go on changing what is being frozen.
    #[error("the figure or its actors are being changed")]
    Moving,
    /// The rights, or the merge rule, say no.
    #[error("refused")]
    Refused(Box<Ack>),
    /// The journal could not write.
    #[error("{0}")]
    Journal(#[from] Refused),
    /// The database did not answer.
    #[error("{0}")]
    Store(#[from] store::Error),
    /// Too many drawings are waiting.
    #[error("too many drawings are waiting")]
    Busy,
    /// A file could not be made; details are for the log.
    #[error("a file of the figure could not be made: {0}")]
    Drawing(String),
}

impl From<NotDrawn> for Error {
    fn from(why: NotDrawn) -> Self {
        match why {
            NotDrawn::Full => Self::Busy,
            NotDrawn::Failed => Self::Drawing(why.to_string()),
        }
    }
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;
