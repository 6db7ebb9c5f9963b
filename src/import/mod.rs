//! From what a source holds to edits and candidates. The reading happens elsewhere (`osm`); here it is decided what is new, changed or doubtful.

mod addresses;
mod apply;
mod ban;
mod child;
mod contours;
mod edits;
mod files;
mod items;
mod limited;
mod local;
mod moderate;
mod own;
mod plan;
mod prepare;
mod refusals;
mod renumber;
mod runs;
mod slugs;
mod territories;
mod three_way;
mod undo;

pub use addresses::import_addresses;
pub use ban::{BadAddresses, BanCounts};
pub use child::{read_addresses_in_child, read_contours_in_child, speak, speak_addresses, speak_contours};
pub use contours::{ContoursAsk, ContoursError, LeftOut};
pub use files::{Files, Reading, file_name};
pub use local::Local;
pub use moderate::{Decision, Settled, decide};
pub use own::short_address;
pub use refusals::RunError;
pub use runs::{Imports, Progress, Source, is_changes};
pub use territories::{TerritoriesSummary, import_territories};

use crate::store::{AddressTotals, Item, RunCounts};
use crate::tiles::basemap::Built;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an import reports while it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// How far a step is.
    Progress {
        /// `read` and `draw` (bytes), `write` (edits), `addresses`, `contours`, `unions` or `territories`.
        step: String,
        /// Units done.
        done: u64,
        /// Units in all.
        total: u64,
    },
    /// What came of an extract.
    Summary(Box<Summary>),
    /// What an import would do.
    Plan(Box<PlanSummary>),
    /// What came of a file of addresses.
    Addresses(Box<AddressSummary>),
    /// What came of an import of contours.
    Territories(Box<TerritoriesSummary>),
}

/// What an import of addresses read and left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AddressSummary {
    /// Rows of the file.
    pub rows: u64,
    /// Communes whose addresses were replaced.
    pub communes: u64,
    /// What they hold now.
    pub totals: AddressTotals,
    /// Rows left out, per reason.
    pub skipped: BTreeMap<String, u64>,
}

/// What an import of an extract would do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanSummary {
    /// Short address of the territory.
    pub slug: String,
    /// Figures.
    pub counts: RunCounts,
    /// The list, or the first of each action.
    pub items: Vec<Item>,
    /// A run that was cut off is waiting to be gone on with.
    pub resumes: bool,
}

/// What an import read, published, kept back and skipped.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Short address of the territory; empty when the actors went into those that were here.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// A word about the boundary, when something about it is in doubt.
    pub warning: Option<String>,
    /// Nodes, ways and relations of the file.
    pub read: [u64; 3],
    /// Quartiers and other territories inside.
    pub inside: usize,
    /// New actors per theme; `?` for those without.
    pub published: BTreeMap<String, u64>,
    /// Actors that took over a newer value.
    pub updated: u64,
    /// Actors of the source that were there already and did not change.
    pub unchanged: u64,
    /// Values that citizens had changed, so that the source's were left out.
    pub kept: u64,
    /// Edits that the journal refused, with the first sentence.
    pub refused: BTreeMap<String, u64>,
    /// Candidates per reason.
    pub candidates: BTreeMap<String, u64>,
    /// Objects of the source that were left out, per reason.
    pub skipped: BTreeMap<String, u64>,
    /// Streets, places and house numbers for finding an address.
    pub addresses: AddressTotals,
    /// The base map that was built, if one was.
    pub basemap: Option<Built>,
}
