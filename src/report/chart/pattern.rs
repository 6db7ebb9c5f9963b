//! Surfaces that differ without colour: from white to dark, each with a drawing of its own.

use super::sheet::{PETROL, Sheet};

/// How many there are.
pub(super) const COUNT: usize = 6;

/// Puts the patterns into a chart; `fill(i)` then names one.
pub(super) fn define(sheet: &mut Sheet) {
    let marks = [
        String::new(),
        format!("<rect width=\"8\" height=\"8\" fill=\"{PETROL}\"/>"),
        format!("<path d=\"M-2 2L2 -2M0 8L8 0M6 10L10 6\" stroke=\"{PETROL}\" stroke-width=\"1.6\"/>"),
        format!("<circle cx=\"2\" cy=\"2\" r=\"1.3\" fill=\"{PETROL}\"/><circle cx=\"6\" cy=\"6\" r=\"1.3\" fill=\"{PETROL}\"/>"),
        format!("<path d=\"M0 0L8 8M8 0L0 8\" stroke=\"{PETROL}\" stroke-width=\"1.2\"/>"),
        format!("<path d=\"M0 2H8M0 6H8\" stroke=\"{PETROL}\" stroke-width=\"1.6\"/>"),
    ];
    for (i, mark) in marks.iter().enumerate() {
        sheet.define(&format!("<pattern id=\"p{i}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect width=\"8\" height=\"8\" fill=\"#FFFFFF\"/>{mark}</pattern>"));
    }
}

/// The name of a pattern as a fill.
pub(super) fn fill(i: usize) -> String {
    format!("url(#p{})", i % COUNT)
}
