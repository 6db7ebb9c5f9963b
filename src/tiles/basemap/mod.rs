//! The base map: a checked extract → one PMTiles archive of vector tiles in the Shortbread schema, zooms 0 to 14.
//!
//! Features are cut into pieces of tiles on all cores, pieces are sorted (on disk when they are many), and each tile is written once.

mod attributes;
mod coast;
mod contours;
mod encode;
mod error;
mod lines;
mod schema;
mod slice;
mod sorter;
mod write;

pub use contours::{Contour, build_contours};
pub use error::BuildError;
pub use schema::MAX_ZOOM;

use crate::geo::Bbox;
use crate::osm::{Checked, Feature, Shape, Tags};
use attributes::Interned;
use serde::{Deserialize, Serialize};
use slice::Slicer;
use sorter::{Batch, Sorter};
use std::path::Path;

/// Pieces kept in memory before they go to disk, bytes, unless less memory is allowed.
const PIECES_MAX: u64 = 192 << 20;

/// What came of a build.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Built {
    /// Tiles written.
    pub tiles: u64,
    /// Size of the archive, bytes.
    pub bytes: u64,
    /// Largest tile, gzipped bytes.
    pub largest: u64,
    /// Tiles from which something was left out because they were too large.
    pub thinned: u64,
    /// Multipolygons of which a ring does not close.
    pub open: u64,
}

/// Builds the base map of a window of an extract at `out`, which must not be in use: the caller renames it when all is well.
///
/// `progress` is told how much of the work is done, of how much.
///
/// # Errors
/// [`BuildError`] when the extract can't be read again, needs more memory than `max_memory` bytes, or the disk refuses.
pub fn build(extract: &Checked, window: &Bbox, out: &Path, max_memory: u64, progress: &mut dyn FnMut(u64, u64)) -> Result<Built, BuildError> {
    let passes = extract.feature_bytes();
    // Writing takes about as long as two passes over the file.
    let total = passes + passes / 2;
    let sorter = Sorter::new(out, PIECES_MAX.min(max_memory / 4) as usize);
    let attributes = Interned::default();
    let mut done = 0;
    let outcome = {
        let slicer = Slicer::new(&sorter, &attributes, window, MAX_ZOOM);
        let outcome = extract.features(&slicer, max_memory, &mut |bytes| {
            done = (done + bytes).min(passes);
            progress(done, total);
        })?;
        sea(&slicer, &outcome.coast, window);
        outcome
    };
    let sets = attributes.into_sets();
    let sorted = sorter.finish()?;
    let mut built =
        write::archive(sorted, &sets, window, MAX_ZOOM, out, &mut |part| progress(passes + (part * (total - passes) as f64) as u64, total))?;
    built.open = outcome.open;
    progress(total, total);
    Ok(built)
}

/// Cuts the ocean like any other area.
fn sea(slicer: &Slicer<'_>, coast: &[Vec<[f64; 2]>], window: &Bbox) {
    let ocean = coast::ocean(coast, &window.grown(0.02, 0.001));
    let Some(layer) = schema::schema().layer("ocean").filter(|_| !ocean.0.is_empty()) else { return };
    let mut batch = Batch::default();
    let tags = Tags::default();
    slicer.slice(&mut batch, &[schema::Fit { layer, rule: 0 }], &Feature { id: 0, tags: &tags, shape: Shape::Area(ocean) }, None);
    slicer.sorter.add(batch);
}
