//! Figures that a committee prints and cites: selections, static maps, statistics, charts, and the report that holds them. No HTTP, no SQL.

pub mod chart;
pub mod document;
pub mod figure;
pub mod map;
pub mod paper;
pub mod queue;
pub mod raster;
mod selection;
pub mod statistics;

pub use queue::Queue;
pub use selection::{Named, Query, Selection};
