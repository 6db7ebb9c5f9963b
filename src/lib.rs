//! Bouillon.
pub mod geo;
pub mod model;
