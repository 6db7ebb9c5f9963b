//! Bouillon.
pub mod atlas;
pub mod geo;
pub mod model;
pub mod tiles;
