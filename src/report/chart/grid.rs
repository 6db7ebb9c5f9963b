//! Squares of a territory, each with its class: the same class, the same pattern.

use super::pattern;
use super::sheet::{EDGE, Frame, INK, PLAIN, Px, SOFT, Sheet, WIDTH, width};
use std::fmt::Write;

/// What one class means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Class {
    /// In words.
    pub label: String,
    /// How many squares.
    pub shown: String,
}

/// Squares over a territory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GridMap {
    /// Squares from west to east.
    pub columns: usize,
    /// Squares from south to north.
    pub rows: usize,
    /// Side of a square, metres.
    pub side: f64,
    /// Class of each square, row by row from the south; 0 is not drawn, 1 is the first of the legend.
    pub classes: Vec<u8>,
    /// What the classes mean.
    pub legend: Vec<Class>,
    /// Rings of boundaries, metres from the south-west.
    pub outlines: Vec<Vec<[f64; 2]>>,
    /// Names of places, at metres from the south-west.
    pub names: Vec<(String, [f64; 2])>,
    /// The word for north.
    pub north: String,
}

/// The drawing is at most so high.
const HIGHEST: f64 = 620.0;
/// Pattern of each class: crosses for nothing near, then from white to dark.
const PATTERNS: [usize; 4] = [0, 3, 4, 1];
/// The first class is what one looks for: it stays white within a strong edge.
const EDGES: [(&str, f64); 4] = [(INK, 1.8), (SOFT, 0.4), (SOFT, 0.4), (SOFT, 0.4)];

/// Draws squares, boundaries, names, a scale and where north is.
pub(super) fn draw(grid: &GridMap, frame: &Frame) -> String {
    let mut sheet = Sheet::new(frame);
    pattern::define(&mut sheet);
    for (class, pattern) in grid.legend.iter().zip(PATTERNS) {
        sheet.bar(EDGE, sheet.y, 20.0, 14.0, &pattern::fill(pattern));
        sheet.text(EDGE + 28.0, sheet.y + 12.0, &format!("{} : {}", class.label, class.shown), PLAIN);
        sheet.y += 22.0;
    }
    sheet.y += 8.0;
    let (wide, tall) = (grid.columns as f64 * grid.side, grid.rows as f64 * grid.side);
    let scale = ((WIDTH - 2.0 * EDGE) / wide).min(HIGHEST / tall);
    let (left, bottom) = ((WIDTH - wide * scale) / 2.0, sheet.y + tall * scale);
    let at = |[x, y]: [f64; 2]| [left + x * scale, bottom - y * scale];
    for (i, pattern) in PATTERNS.iter().enumerate().take(grid.legend.len()) {
        let path = squares(grid, i as u8 + 1, &at, grid.side * scale);
        if !path.is_empty() {
            let fill = pattern::fill(*pattern);
            let (ink, wide) = EDGES[i];
            sheet.raw(format_args!("<path d=\"{path}\" fill=\"{fill}\" stroke=\"{ink}\" stroke-width=\"{wide}\"/>\n"));
        }
    }
    for ring in &grid.outlines {
        let path = outline(ring, &at);
        sheet.raw(format_args!("<path d=\"{path}Z\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"1.4\" stroke-linejoin=\"round\"/>\n"));
    }
    for (name, place) in &grid.names {
        let [x, y] = at(*place);
        let room = width(name, 13.0) * 1.1 + 10.0;
        sheet.raw(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"20\" rx=\"4\" fill=\"#FFFFFF\" fill-opacity=\"0.92\"/>\n",
            Px(x - room / 2.0),
            Px(y - 10.0),
            Px(room)
        ));
        sheet.text(x, y + 4.5, name, PLAIN.size(13.0).bold().middle());
    }
    sheet.y = bottom + 26.0;
    bar(&mut sheet, scale);
    sheet.raw(format_args!("<path d=\"M{} {}l6 15l-6 -4l-6 4z\" fill=\"{INK}\"/>\n", Px(WIDTH - EDGE - 12.0), Px(sheet.y - 26.0)));
    sheet.text(WIDTH - EDGE, sheet.y + 5.0, &grid.north, PLAIN.end());
    sheet.y += 6.0;
    sheet.finish(frame)
}

/// The squares of a class: neighbours in a row become one rectangle.
fn squares(grid: &GridMap, class: u8, at: &impl Fn([f64; 2]) -> [f64; 2], side: f64) -> String {
    let mut path = String::new();
    for (row, classes) in grid.classes.chunks(grid.columns.max(1)).enumerate() {
        let mut column = 0;
        for run in classes.chunk_by(|a, b| a == b) {
            if run[0] == class {
                let [x, y] = at([column as f64 * grid.side, (row + 1) as f64 * grid.side]);
                let _ = write!(path, "M{} {}h{}v{}h-{}z", Px(x), Px(y), Px(side * run.len() as f64), Px(side), Px(side * run.len() as f64));
            }
            column += run.len();
        }
    }
    path
}

/// A ring without positions that nobody could tell from their neighbours.
fn outline(ring: &[[f64; 2]], at: &impl Fn([f64; 2]) -> [f64; 2]) -> String {
    let (mut path, mut last) = (String::new(), [f64::NEG_INFINITY; 2]);
    for point in ring {
        let [x, y] = at(*point);
        if (x - last[0]).hypot(y - last[1]) >= 0.7 {
            let _ = write!(path, "{}{} {}", if path.is_empty() { 'M' } else { 'L' }, Px(x), Px(y));
            last = [x, y];
        }
    }
    if path.is_empty() { "M0 0".into() } else { path }
}

/// A scale bar of a round number of metres.
fn bar(sheet: &mut Sheet, scale: f64) {
    let lengths = [200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0, 500_000.0];
    let metres = lengths.into_iter().rev().find(|m| m * scale <= 160.0).unwrap_or(lengths[0]);
    let (y, end) = (sheet.y, EDGE + metres * scale);
    for (from, to) in [([EDGE, y], [end, y]), ([EDGE, y - 5.0], [EDGE, y + 5.0]), ([end, y - 5.0], [end, y + 5.0])] {
        sheet.line(from, to, INK, 1.5);
    }
    let text = if metres >= 1000.0 { format!("{} km", metres / 1000.0) } else { format!("{metres} m") };
    sheet.text(end + 8.0, y + 5.0, &text, PLAIN);
}
