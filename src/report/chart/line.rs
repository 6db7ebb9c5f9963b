//! Numbers month by month: columns, with a second number under each.

use super::sheet::{EDGE, Frame, INK, LINE, PETROL, PLAIN, Px, Sheet, WIDTH};

/// One month.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Point {
    /// `2026-11`.
    pub label: String,
    /// Height; none when it is not told.
    pub value: Option<f64>,
    /// The number as it is printed.
    pub shown: String,
    /// The second number as it is printed.
    pub second: String,
}

/// Months in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// From the left.
    pub points: Vec<Point>,
    /// What the heights are.
    pub first: String,
    /// What the second numbers are.
    pub second: String,
}

/// Height of the drawing.
const HEIGHT: f64 = 220.0;

/// Draws months.
pub(super) fn draw(line: &Line, frame: &Frame) -> String {
    let mut sheet = Sheet::new(frame);
    let left = EDGE;
    sheet.y += 12.0;
    sheet.bar(left, sheet.y - 11.0, 10.0, 13.0, PETROL);
    sheet.text(left + 16.0, sheet.y, &line.first, PLAIN.ink(PETROL).bold());
    sheet.y += 28.0;
    let base = sheet.y + HEIGHT;
    let highest = line.points.iter().filter_map(|p| p.value).fold(0.0, f64::max);
    let step = ((WIDTH - 2.0 * EDGE) / line.points.len().max(1) as f64).min(90.0);
    let turned = step < 44.0;
    for part in 0..=2 {
        let y = base - HEIGHT * f64::from(part) / 2.0;
        sheet.line([left, y], [WIDTH - EDGE, y], LINE, 1.0);
    }
    for (i, point) in line.points.iter().enumerate() {
        let x = left + step * (i as f64 + 0.5);
        let height = if highest > 0.0 { point.value.unwrap_or(0.0) / highest * (HEIGHT - 10.0) } else { 0.0 };
        if height > 0.0 {
            sheet.bar(x - step * 0.32, base - height.max(1.0), step * 0.64, height.max(1.0), PETROL);
        }
        let size = if turned { 10.0 } else { 13.0 };
        sheet.text(x, base - height - 5.0, &point.shown, PLAIN.bold().size(size).middle());
        if turned {
            turn(&mut sheet, x + 4.0, base + 8.0, &format!("{}   {}", point.label, point.second));
        } else {
            sheet.text(x, base + 18.0, &point.label, PLAIN.size(12.0).middle());
            sheet.text(x, base + 36.0, &point.second, PLAIN.size(13.0).middle().bold());
        }
    }
    sheet.line([left, base], [WIDTH - EDGE, base], INK, 1.0);
    sheet.y = base + if turned { 100.0 } else { 44.0 };
    sheet.y += 16.0;
    sheet.text(left, sheet.y, &line.second, PLAIN.soft());
    sheet.finish(frame)
}

/// A text that goes down, where many stand side by side.
fn turn(sheet: &mut Sheet, x: f64, y: f64, text: &str) {
    sheet.raw(format_args!("<g transform=\"translate({} {}) rotate(90)\">", Px(x - 8.0), Px(y)));
    sheet.text(0.0, 0.0, text, PLAIN.size(11.0));
    sheet.raw(format_args!("</g>\n"));
}
