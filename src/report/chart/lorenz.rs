//! The Lorenz curve: how much of one thing falls to how much of another.

use super::sheet::{EDGE, Frame, INK, LINE, PETROL, PLAIN, Px, Sheet, WIDTH};
use std::fmt::Write;

/// A curve from 0, 0 to 1, 1.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lorenz {
    /// Its positions.
    pub curve: Vec<[f64; 2]>,
    /// What goes across.
    pub across: String,
    /// What goes up.
    pub up: String,
    /// The index as it is printed.
    pub shown: String,
    /// What the straight line stands for.
    pub equal: String,
}

/// Side of the drawing.
const SIDE: f64 = 340.0;

/// Draws a curve beside the line of an equal spread.
pub(super) fn draw(lorenz: &Lorenz, frame: &Frame) -> String {
    let mut sheet = Sheet::new(frame);
    sheet.text(EDGE, sheet.y + 10.0, &lorenz.up, PLAIN.soft());
    let (left, top) = (EDGE + 50.0, sheet.y + 22.0);
    let at = |[x, y]: [f64; 2]| [left + x * SIDE, top + (1.0 - y) * SIDE];
    for part in [0.0, 0.25, 0.5, 0.75, 1.0] {
        sheet.line(at([part, 0.0]), at([part, 1.0]), LINE, 1.0);
        sheet.line(at([0.0, part]), at([1.0, part]), LINE, 1.0);
        let percent = format!("{} %", part * 100.0);
        sheet.text(left - 8.0, at([0.0, part])[1] + 5.0, &percent, PLAIN.size(12.0).end());
        sheet.text(at([part, 0.0])[0], top + SIDE + 18.0, &percent, PLAIN.size(12.0).middle());
    }
    let mut path = String::new();
    for (i, point) in lorenz.curve.iter().enumerate() {
        let [x, y] = at(*point);
        // A text takes everything.
        let _ = write!(path, "{}{} {}", if i == 0 { 'M' } else { 'L' }, Px(x), Px(y));
    }
    let ([ax, ay], [bx, by]) = (at([0.0, 0.0]), at([1.0, 1.0]));
    sheet.raw(format_args!(
        "<path d=\"M{} {}L{} {}\" stroke=\"{INK}\" stroke-width=\"1.5\" stroke-dasharray=\"6 5\" fill=\"none\"/>\n",
        Px(ax),
        Px(ay),
        Px(bx),
        Px(by)
    ));
    sheet.raw(format_args!("<path d=\"{path}\" stroke=\"{PETROL}\" stroke-width=\"3\" fill=\"none\" stroke-linejoin=\"round\"/>\n"));
    if lorenz.curve.len() <= 60 {
        for point in &lorenz.curve {
            let [x, y] = at(*point);
            sheet.raw(format_args!(
                "<circle cx=\"{}\" cy=\"{}\" r=\"3.5\" fill=\"#FFFFFF\" stroke=\"{PETROL}\" stroke-width=\"2\"/>\n",
                Px(x),
                Px(y)
            ));
        }
    }
    let side = left + SIDE + 24.0;
    sheet.text(side, top + 30.0, &lorenz.shown, PLAIN.size(20.0).bold());
    sheet.raw(format_args!("<path d=\"M{} {}h28\" stroke=\"{PETROL}\" stroke-width=\"3\"/>\n", Px(side), Px(top + 61.0)));
    for (i, line) in super::sheet::wrap(&format!("{} / {}", lorenz.up, lorenz.across), WIDTH - EDGE - side - 36.0, 14.0).iter().enumerate() {
        sheet.text(side + 36.0, top + 66.0 + 18.0 * i as f64, line, PLAIN);
    }
    sheet.raw(format_args!("<path d=\"M{} {}h28\" stroke=\"{INK}\" stroke-width=\"1.5\" stroke-dasharray=\"6 5\"/>\n", Px(side), Px(top + 131.0)));
    sheet.text(side + 36.0, top + 136.0, &lorenz.equal, PLAIN);
    sheet.text(at([1.0, 0.0])[0], top + SIDE + 38.0, &lorenz.across, PLAIN.soft().end());
    sheet.y = top + SIDE + 46.0;
    sheet.finish(frame)
}
