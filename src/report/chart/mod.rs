//! Charts as SVG: numbers are printed beside what is drawn and surfaces differ by pattern, so that they are read without colour too.
//! No chart shows a share without the number behind it.

mod bars;
mod sheet;

pub use bars::{Bar, Bars};
pub use sheet::{Frame, WIDTH};

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
}

impl Chart {
    /// Draws it.
    pub fn svg(&self, frame: &Frame) -> String {
        match self {
            Self::Bars(bars) => bars::draw(bars, frame),
        }
    }
}
