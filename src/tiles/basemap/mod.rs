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

use crate::geo::{Bbox, TileId};
use crate::osm::{Checked, Feature, Shape, Tags};
use attributes::Interned;
use serde::{Deserialize, Serialize};
use slice::Slicer;
use sorter::{Batch, Sorter};
use std::path::Path;

/// Pieces kept in memory before they go to disk, bytes, unless less memory is allowed.
const PIECES_MAX: u64 = 192 << 20;

/// Tiles of the deepest zoom that a window may have: a square of 3,400 km in France. Sea fills every one of them.
const TILES_MAX: u64 = 4_000_000;

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
    let deepest = deepest(window);
    let sorter = Sorter::new(out, PIECES_MAX.min(max_memory / 4) as usize);
    let attributes = Interned::default();
    let mut done = 0;
    let outcome = {
        let slicer = Slicer::new(&sorter, &attributes, window, deepest);
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
        write::archive(sorted, &sets, window, deepest, out, &mut |part| progress(passes + (part * (total - passes) as f64) as u64, total))?;
    built.open = outcome.open;
    progress(total, total);
    Ok(built)
}

/// The deepest zoom that is built: less than [`MAX_ZOOM`] only for a window the size of a continent.
fn deepest(window: &Bbox) -> u8 {
    let tiles = |z: u8| {
        let (nw, se) = (TileId::at(z, window.west, window.north), TileId::at(z, window.east, window.south));
        u64::from(se.x - nw.x + 1) * u64::from(se.y - nw.y + 1)
    };
    (0..=MAX_ZOOM).rev().find(|z| tiles(*z) <= TILES_MAX).unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_built_to_the_deepest_zoom_and_the_world_is_not() {
        let window = |west, south, east, north| Bbox { west, south, east, north };
        assert_eq!(deepest(&window(-6.0, 41.0, 10.0, 51.5)), MAX_ZOOM);
        assert_eq!(deepest(&window(-180.0, -85.0, 180.0, 85.0)), 10);
        assert_eq!(deepest(&window(2.0, 48.0, 2.0, 48.0)), MAX_ZOOM);
    }
}
