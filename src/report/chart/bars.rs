//! Horizontal bars, a number at the end of each.

use super::Mark;
use super::sheet::{EDGE, Frame, INK, PETROL, PLAIN, SIZE, Sheet, WIDTH, cut, width};

/// One line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bar {
    /// What is counted.
    pub label: String,
    /// Its theme.
    pub mark: Option<Mark>,
    /// Length of the bar; none when the number is not shown or not known.
    pub value: Option<f64>,
    /// The number as it is printed.
    pub shown: String,
}

/// Lines in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bars {
    /// From the top.
    pub bars: Vec<Bar>,
}

/// Height of a line.
pub(super) const ROW: f64 = 26.0;

/// Draws bars.
pub(super) fn draw(bars: &Bars, frame: &Frame) -> String {
    let mut sheet = Sheet::new(frame);
    let [left, right] = columns(bars.bars.iter().map(|b| (b.label.as_str(), b.mark.is_some(), b.shown.as_str())));
    let longest = bars.bars.iter().filter_map(|b| b.value).fold(0.0, f64::max);
    let room = WIDTH - EDGE - right - left;
    for bar in &bars.bars {
        let middle = sheet.y + ROW / 2.0;
        label(&mut sheet, &bar.label, bar.mark.as_ref(), left, middle);
        let length = if longest > 0.0 { bar.value.unwrap_or(0.0).max(0.0) / longest * room } else { 0.0 };
        if length > 0.0 {
            sheet.bar(left, middle - 8.0, length.max(1.0), 16.0, bar.mark.as_ref().map_or(PETROL, |m| &m.color));
        }
        sheet.text(left + length + 6.0, middle + 5.0, &bar.shown, PLAIN.bold());
        sheet.y += ROW;
    }
    let (top, bottom) = (sheet.y - ROW * bars.bars.len() as f64, sheet.y);
    sheet.line([left, top], [left, bottom], INK, 1.0);
    sheet.finish(frame)
}

/// Where the bars begin, and the room that the numbers take on their right.
pub(super) fn columns<'a>(rows: impl Iterator<Item = (&'a str, bool, &'a str)>) -> [f64; 2] {
    let (mut left, mut right) = (60.0_f64, 30.0_f64);
    for (label, marked, shown) in rows {
        left = left.max(width(label, SIZE) + if marked { 44.0 } else { 0.0 });
        right = right.max(width(shown, SIZE) * 1.08 + 12.0);
    }
    [EDGE + left.min(WIDTH * 0.4) + 10.0, right.min(WIDTH * 0.4)]
}

/// The label of a line, on the left of where its bar begins.
pub(super) fn label(sheet: &mut Sheet, text: &str, mark: Option<&Mark>, left: f64, middle: f64) {
    let start = mark.map_or(EDGE, |mark| {
        sheet.mark(EDGE, middle, mark);
        EDGE + 44.0
    });
    sheet.text(start, middle + 5.0, &cut(text, left - 8.0 - start, SIZE), PLAIN);
}
