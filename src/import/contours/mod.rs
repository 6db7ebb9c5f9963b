//! Contours of communes, EPCI, départements and régions out of GeoJSON, with what lists of the administration know of them. In the reading
//! process: nothing here sees the database.

mod error;
mod lists;
mod read;
mod rings;
mod unions;

pub use error::{ContoursError, LeftOut};

use lists::Lists;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What to read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
pub struct ContoursAsk {
    /// GeoJSON file of contours (also .gz): a FeatureCollection, or one Feature.
    pub file: PathBuf,
    /// What the contours are: quartier, commune, epci, departement, region, country or custom; by default told from the file's name and the codes.
    #[arg(long, value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(crate::model::field::TERRITORY_KINDS))]
    pub kind: Option<String>,
    /// JSON list of communes with `code`, `population`, `departement`, `region`, `anciensCodes` (also .gz).
    #[arg(long, value_name = "FILE")]
    pub population: Option<PathBuf>,
    /// JSON list of EPCI (with `membres`), départements or régions (also .gz); those without a contour are made of their communes. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub groups: Vec<PathBuf>,
}

/// One territory with its contour.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Contour {
    /// One of `model::field::TERRITORY_KINDS`.
    pub kind: String,
    /// INSEE code, SIREN of an EPCI…
    pub code: Option<String>,
    /// As written on the map.
    pub name: String,
    /// Inhabitants.
    pub population: Option<u64>,
    /// Code of the département that a commune lies in: tells communes of one name apart.
    pub departement: Option<String>,
    /// GeoJSON MultiPolygon or Polygon, degrees, as text.
    pub geometry: Box<RawValue>,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Every usable contour, and those made of others.
    pub contours: Vec<Contour>,
    /// How many of the contours were made of others.
    pub made: usize,
    /// Features that are no territory, per reason, with the first of each.
    pub left_out: BTreeMap<LeftOut, (u64, String)>,
}

/// Reads contours and lists, and makes the groups that have no contour of their own. `progress` gets a step (`contours`, `unions`), units
/// done and units in all.
///
/// # Errors
/// When a file is not what it should be: nothing of it is then used.
pub(super) fn gather(ask: &ContoursAsk, progress: &mut dyn FnMut(&str, u64, u64)) -> Result<Gathered, ContoursError> {
    let lists = Lists::read(ask.population.as_deref(), &ask.groups)?;
    let (mut shapes, left_out) = read::contours(&ask.file, ask.kind.as_deref(), progress)?;
    if shapes.is_empty() {
        return Err(if left_out.is_empty() { ContoursError::NoFeature } else { ContoursError::NothingUsable(error::told(&left_out)) });
    }
    for shape in &mut shapes {
        lists.complete(shape);
    }
    let made = unions::groups(&shapes, &lists, progress);
    let count = made.len();
    let contours = shapes.into_iter().chain(made).map(read::Shaped::finish).collect::<Result<_, _>>()?;
    Ok(Gathered { contours, made: count, left_out })
}
