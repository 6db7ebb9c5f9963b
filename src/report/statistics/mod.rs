//! Statistics of a territory: each measure with what it means, how it is computed, from what, what it does not say, its table and its chart.
//!
//! Everything here is computed from one [`Input`], which is of one position of the journal; the same input gives the same answer.

mod concentration;
mod coverage;
mod density;
mod grid;
mod ground;
mod input;
mod measure;
mod network;
mod origins;
mod people;
mod quality;
mod reader;
mod stock;
mod table;
mod words;

pub use coverage::NEAR;
pub use grid::{Grid, Marking};
pub use input::{Deed, Input, Quartier};
pub use measure::{Measure, Statistics};
pub use network::{Link, Tied, Ties};
pub use people::FEWEST;
pub use reader::{ACTORS_MAX, Ask, At, Reader, Unread};
pub use table::{Cell, Column, Table};
pub use words::{day, number};

/// The codes of the measures, in their order.
pub const CODES: &[&str] = &[
    "stock",
    "density",
    "diversity",
    "coverage",
    "blank",
    "concentration",
    "freshness",
    "completeness",
    "precision",
    "practical",
    "sources",
    "participation",
    "network",
];

/// Computes every measure.
pub fn all(input: &Input) -> Statistics {
    let (near, ties) = (coverage::reached(input), network::ties(&input.actors));
    let measures = vec![
        stock::stock(input),
        density::density(input),
        density::diversity(input),
        coverage::coverage(input, &near),
        coverage::blank(input, &near),
        concentration::concentration(input),
        quality::freshness(input),
        quality::completeness(input),
        quality::precision(input),
        quality::practical(input),
        origins::sources(input),
        origins::participation(input),
        network::network(input, &ties),
    ];
    Statistics {
        territory: input.territory.clone(),
        area: input.area.clone(),
        position: input.position,
        at: input.at,
        population: input.population,
        actors: input.actors.len(),
        before: None,
        ties,
        measures,
    }
}
