//! Actors → files that other tools open. Only public fields; never an author.

mod csv;
mod geojson;

pub use csv::harmless;

use crate::model::Actor;
use std::io::Write;

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// RFC 7946, one feature per place.
    Geojson,
    /// RFC 4180 with a byte order mark, one line per place.
    Csv,
}

/// Writes actors in a format.
///
/// # Errors
/// When the output can't be written.
pub fn write_actors(out: &mut impl Write, actors: &[Actor], format: Format) -> std::io::Result<()> {
    match format {
        Format::Geojson => geojson::write(out, actors),
        Format::Csv => csv::write(out, actors),
    }
}
