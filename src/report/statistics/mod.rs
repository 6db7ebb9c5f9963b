//! Statistics of a territory: each measure with what it means, how it is computed, from what, what it does not say, its table and its chart.
//!
//! Everything here is computed from one [`Input`], which is of one position of the journal; the same input gives the same answer.

mod input;
mod measure;
mod people;
mod reader;
mod stock;
mod table;
mod words;

pub use input::{Input, Quartier};
pub use measure::{Measure, Statistics};
pub use people::FEWEST;
pub use reader::{Ask, Reader, Unread};
pub use table::{Cell, Column, Table};
pub use words::{day, number};

/// The codes of the measures, in their order.
pub const CODES: &[&str] = &["stock"];

/// Computes every measure.
pub fn all(input: &Input) -> Statistics {
    let measures = vec![stock::stock(input)];
    Statistics {
        territory: input.territory.clone(),
        area: input.area.clone(),
        position: input.position,
        at: input.at,
        population: input.population,
        actors: input.actors.len(),
        measures,
    }
}
