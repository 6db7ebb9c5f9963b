//! From what a source holds to edits and candidates. The reading happens elsewhere (`osm`); here it is decided what is new, changed or doubtful.

mod child;
mod contours;
mod edits;
mod osm;
mod plan;
mod slugs;
mod territories;

pub use child::{read_contours_in_child, read_in_child, speak, speak_contours};
pub use contours::{ContoursAsk, ContoursError, LeftOut};
pub use osm::{Target, import_osm};
pub use territories::{TerritoriesSummary, import_territories};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an import reports while it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// How far a step is.
    Progress {
        /// `read` (bytes), `write` (actors), `contours`, `unions` or `territories`.
        step: String,
        /// Units done.
        done: u64,
        /// Units in all.
        total: u64,
    },
    /// What came of it.
    Summary(Box<Summary>),
    /// What came of an import of contours.
    Territories(Box<TerritoriesSummary>),
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
    /// Street names for placing actors.
    pub streets: usize,
}
