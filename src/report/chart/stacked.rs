//! Bars made of parts, each part with a pattern and its number.

use super::bars::{ROW, columns, label};
use super::sheet::{EDGE, Frame, INK, PLAIN, SIZE, Sheet, WIDTH, width};
use super::{Mark, pattern};

/// One line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StackedRow {
    /// What is counted.
    pub label: String,
    /// Its theme.
    pub mark: Option<Mark>,
    /// One number per part, and as it is printed.
    pub parts: Vec<(f64, String)>,
    /// The sum as it is printed.
    pub shown: String,
}

/// Lines in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stacked {
    /// What the parts are, six at most.
    pub parts: Vec<String>,
    /// From the top.
    pub rows: Vec<StackedRow>,
}

/// Draws bars made of parts.
pub(super) fn draw(stacked: &Stacked, frame: &Frame) -> String {
    let mut sheet = Sheet::new(frame);
    pattern::define(&mut sheet);
    legend(&mut sheet, &stacked.parts);
    let [left, right] = columns(stacked.rows.iter().map(|r| (r.label.as_str(), r.mark.is_some(), r.shown.as_str())));
    let sum = |row: &StackedRow| row.parts.iter().map(|p| p.0).sum::<f64>();
    let longest = stacked.rows.iter().map(sum).fold(0.0, f64::max);
    let scale = if longest > 0.0 { (WIDTH - EDGE - right - left) / longest } else { 0.0 };
    for row in &stacked.rows {
        let middle = sheet.y + ROW / 2.0;
        label(&mut sheet, &row.label, row.mark.as_ref(), left, middle);
        let mut x = left;
        for (i, (value, shown)) in row.parts.iter().enumerate().filter(|(_, p)| p.0 > 0.0) {
            let long = value * scale;
            sheet.bar(x, middle - 9.0, long, 18.0, &pattern::fill(i));
            let room = width(shown, 12.0) + 6.0;
            if long > room {
                // A white ground under the number, so that it is read on every pattern.
                sheet.raw(format_args!(
                    "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{room:.2}\" height=\"13\" rx=\"3\" fill=\"#FFFFFF\"/>\n",
                    x + (long - room) / 2.0,
                    middle - 6.5
                ));
                sheet.text(x + long / 2.0, middle + 4.2, shown, PLAIN.size(12.0).middle());
            }
            x += long;
        }
        sheet.text(x + 6.0, middle + 5.0, &row.shown, PLAIN.bold());
        sheet.y += ROW;
    }
    let (top, bottom) = (sheet.y - ROW * stacked.rows.len() as f64, sheet.y);
    sheet.line([left, top], [left, bottom], INK, 1.0);
    sheet.finish(frame)
}

/// What the patterns mean, in lines.
pub(super) fn legend(sheet: &mut Sheet, names: &[String]) {
    let mut x = EDGE;
    for (i, name) in names.iter().enumerate() {
        let long = 26.0 + width(name, SIZE) * 1.05 + 18.0;
        if x > EDGE && x + long > WIDTH - EDGE {
            x = EDGE;
            sheet.y += 24.0;
        }
        sheet.bar(x, sheet.y, 20.0, 14.0, &pattern::fill(i));
        sheet.text(x + 26.0, sheet.y + 12.0, name, PLAIN);
        x += long;
    }
    sheet.y += 30.0;
}
