//! Vector tiles: what the atlas shows, written as Mapbox Vector Tiles and kept compressed; and archives of base-map tiles.

pub mod actors;
mod archive;
mod archive_error;
pub mod archives;
pub mod basemap;
#[cfg(test)]
pub(crate) mod decode;
pub mod mvt;
#[cfg(test)]
mod tests;

pub use actors::{ActorTiles, Tile, gzip, tilejson};
pub use archive::{Archive, SHORTBREAD};
pub use archive_error::ArchiveError;
pub use archives::Archives;
