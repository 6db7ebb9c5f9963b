//! Vector tiles: what the atlas shows, written as Mapbox Vector Tiles and kept compressed.

pub mod actors;
pub mod basemap;
#[cfg(test)]
pub(crate) mod decode;
pub mod mvt;
#[cfg(test)]
mod tests;

pub use actors::{ActorTiles, Tile, tilejson};
