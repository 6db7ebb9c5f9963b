//! Geometry without IO: boxes, tile coordinates, Mercator, the integer grid, and shapes that cover points.

mod bands;
pub mod bbox;
pub mod grid;
pub mod lambert93;
pub mod mercator;
pub mod shape;
pub mod valid;
pub mod world;

pub use bbox::Bbox;
pub use mercator::TileId;
pub use shape::Shape;
pub use world::World;
