//! Charts as SVG: numbers are printed beside what is drawn and surfaces differ by pattern, so that they are read without colour too.
//! No chart shows a share without the number behind it.

mod bars;
mod grid;
mod heat;
mod line;
mod lorenz;
mod network;
mod pattern;
mod sheet;
mod spread;
mod stacked;

pub use bars::{Bar, Bars};
pub use grid::{Class, GridMap};
pub use heat::Heat;
pub use line::{Line, Point};
pub use lorenz::Lorenz;
pub use network::{Edge, Network, Node};
pub use sheet::{Frame, WIDTH};
pub use stacked::{Stacked, StackedRow};

/// The code of a theme and its colour, as on the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// `ALI`.
    pub code: String,
    /// `#RRGGBB`.
    pub color: String,
}

/// What a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Chart {
    /// One number per line.
    Bars(Bars),
    /// Parts of a number per line.
    Stacked(Stacked),
    /// Numbers month by month.
    Line(Line),
    /// Squares of a territory.
    Grid(GridMap),
    /// How unevenly something is spread.
    Lorenz(Lorenz),
    /// Counts by two words.
    Heat(Heat),
    /// Actors and their links.
    Network(Network),
}

impl Chart {
    /// Draws it.
    pub fn svg(&self, frame: &Frame) -> String {
        match self {
            Self::Bars(bars) => bars::draw(bars, frame),
            Self::Stacked(stacked) => stacked::draw(stacked, frame),
            Self::Line(line) => line::draw(line, frame),
            Self::Grid(grid) => grid::draw(grid, frame),
            Self::Lorenz(lorenz) => lorenz::draw(lorenz, frame),
            Self::Heat(heat) => heat::draw(heat, frame),
            Self::Network(network) => network::draw(network, frame),
        }
    }
}
