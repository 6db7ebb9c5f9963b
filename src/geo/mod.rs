//! Geometry without IO: boxes, tile coordinates, Mercator, and shapes that cover points.

pub mod bbox;
pub mod mercator;
pub mod shape;

pub use bbox::Bbox;
pub use mercator::TileId;
pub use shape::Shape;
