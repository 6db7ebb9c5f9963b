//! Bouillon: the open, collaborative map of a territory's citizen actors. ARCHITECTURE.md is the map of these rooms.

pub mod atlas;
pub mod backup;
pub mod cli;
pub mod export;
pub mod geo;
pub mod geocode;
pub mod http;
pub mod import;
pub mod journal;
pub mod live;
pub mod model;
pub mod osm;
pub mod report;
pub mod seance;
pub mod store;
pub mod tiles;
