//! Carto-parties: who comes in and how, which piece of the area is whose, what came of an evening, and undoing it.
//!
//! A séance and the pieces of its area are subjects of the journal; here is what lies around them. No HTTP, no SQL.

mod door;
mod minutes;
mod people;
mod pieces;
mod progress;
mod qr;
mod refused;
mod review;
mod tally;
mod undo;

pub use door::{Doorway, Opening};
pub use minutes::{Minutes, Share};
pub use people::Entrance;
pub use pieces::{Patch, Piece};
pub use progress::{Progress, Told};
pub use qr::Qr;
pub use refused::{Error, Refused, Result};
pub use review::{Line, Wanted};
pub use tally::{Counts, Deed};
pub use undo::{Done, Kept, What};

use crate::geocode::Geocoder;
use crate::journal::Journal;
use std::sync::Arc;

/// What the séances of an installation need; cheap to clone.
#[derive(Debug, Clone)]
pub struct Seances {
    journal: Journal,
    geocoder: Geocoder,
    /// Links are made from it.
    key: Arc<[u8]>,
    tallies: tally::Tallies,
    grids: pieces::Grids,
}

impl Seances {
    /// With the secret that links are made from.
    pub fn new(journal: Journal, geocoder: Geocoder, key: Vec<u8>) -> Self {
        Self { journal, geocoder, key: key.into(), tallies: Arc::default(), grids: Arc::default() }
    }
}
