//! Bouillon.
pub mod geo;
pub mod model;
pub mod osm;
