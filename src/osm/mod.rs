//! From an `.osm.pbf` file to a boundary, actors, candidates, addresses, and features for the base map. No network, no database.
//!
//! [`extract`] runs in a child process that only parses: its result goes to the parent as JSON. A file is hostile until checked, so every
//! block passes `frames` and `check` before `osmpbf` sees it, and a bad file is a [`ReadError`], never a panic. OpenStreetMap user
//! names and user numbers are never looked at.

mod address_book;
mod address_facts;
mod addresses;
mod blocks;
mod changes;
mod check;
mod coords;
mod error;
mod features;
mod fields;
mod frames;
mod guess;
mod mapping;
mod objects;
mod read;
mod rings;
mod streets;
mod tags;
mod territory;
mod twins;
mod wire;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod extracts;

pub use changes::{Merged, merge_changes};
pub use error::{ChangeDamage, Damage, Other, ReadError, Spot};
pub use features::{Feature, Outcome, Shape, Shared, Sink, Wanted};
pub use read::{Checked, extract};
pub use tags::Tags;

pub use crate::store::Address;

use crate::model::Fields;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Which territory to take out of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundaryAsk {
    /// The boundary relation of this number.
    Relation(i64),
    /// The boundary relation of this INSEE code (`ref:INSEE`).
    Code(String),
    /// A shape that comes from elsewhere.
    Shape {
        /// Name of the territory; by default that of the relation of the same code, then of the file.
        name: Option<String>,
        /// INSEE code.
        code: Option<String>,
        /// GeoJSON Polygon or MultiPolygon, degrees.
        geometry: Value,
    },
    /// West, south, east, north, degrees.
    Bbox([f64; 4]),
}

/// What to extract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// None for the default: see [`Boundary`].
    pub boundary: Option<BoundaryAsk>,
    /// Bytes of memory that reading may take, roughly.
    pub max_memory: u64,
}

/// A territory with its shape.
///
/// By default it is the one `admin_level=8` relation (commune) whose ring closes, else the `admin_level=2` one (country). When several
/// communes close, the extract is of something larger: the relation of the lowest level from 2 to 7 that closes and holds most of them
/// and of the mapped objects is taken (a country before a région, a région before a département); if there is none, the commune with the most mapped objects, with
/// the warning `several_communes`. If nothing of that closes, the box of the file, with the warning `no_closed_boundary`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Boundary {
    /// In French when OpenStreetMap has it; for a box, from the file's name.
    pub name: String,
    /// One of `model::field::TERRITORY_KINDS`.
    pub kind: String,
    /// INSEE code, else ISO 3166 code.
    pub code: Option<String>,
    /// Inhabitants.
    pub population: Option<u64>,
    /// `relation/123`.
    pub osm: Option<String>,
    /// GeoJSON Polygon or MultiPolygon, degrees.
    pub geometry: Value,
    /// `no_closed_boundary` or `several_communes`.
    pub warning: Option<String>,
}

/// Everything that a file says about a territory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extract {
    /// The territory.
    pub boundary: Boundary,
    /// Territories inside it: quartiers of a commune; communes and quartiers of something larger.
    pub quartiers: Vec<Boundary>,
    /// Actors and candidates inside it, by type and number.
    pub found: Vec<Found>,
    /// Streets, places, municipalities and public places of the whole file, with their house numbers.
    pub addresses: Vec<Address>,
    /// What was read and what was left out.
    pub counts: Counts,
    /// Day of the data, `YYYY-MM-DD` UTC.
    pub data_date: Option<String>,
}

/// An object that the mapping takes for an actor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// `node/12`.
    pub osm: String,
    /// 0 when the file has no versions.
    pub version: i64,
    /// Values ready for a `create` edit; each has passed `model::field::check`. An unnamed candidate has no `name`.
    pub fields: Fields,
    /// `THEME.sub`; none when somebody must choose.
    pub category: Option<String>,
    /// Put on the map, or offered while people type.
    pub verdict: Verdict,
    /// The line of the mapping: `amenity=library`.
    pub rule: String,
    /// For a duplicate, the object that is published in its place.
    pub twin_of: Option<String>,
}

/// What becomes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Published, to be confirmed by somebody.
    Publish,
    /// Kept aside.
    Candidate(Doubt),
}

/// Why an object is not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It has no name.
    Unnamed,
    /// Its kind is not a citizen actor by itself.
    OffByDefault,
    /// Nothing tells its theme.
    ToClassify,
    /// It is already there as another object.
    Duplicate,
}

/// Figures about the reading.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Nodes in the file.
    pub nodes: u64,
    /// Ways in the file.
    pub ways: u64,
    /// Relations in the file.
    pub relations: u64,
    /// Objects that a line of the mapping takes.
    pub mapped: u64,
    /// Mapped objects outside the territory.
    pub outside: u64,
    /// What was left out, by reason: `bad_coordinates`, `no_position` (objects), `field/website`, `shortened/name` (values),
    /// `base/path` (features of the base map)…
    pub skipped: BTreeMap<String, u64>,
}
