//! Counts by two words, darker where there are more; the number stands in each square.

use super::sheet::{EDGE, Frame, INK, PLAIN, Sheet, WIDTH, cut, wrap};

/// A table of counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heat {
    /// From the left.
    pub columns: Vec<String>,
    /// From the top.
    pub rows: Vec<String>,
    /// One list per row.
    pub counts: Vec<Vec<u32>>,
    /// What the columns are.
    pub across: String,
    /// What the rows are.
    pub down: String,
}

/// Height of a row.
const ROW: f64 = 34.0;
/// Inks from few to many, each dark enough against its neighbour; the last ones carry white numbers.
const INKS: [&str; 4] = ["#DCE9EA", "#9CC3C9", "#3E7E8A", "#0F4550"];

/// Draws counts by two words.
pub(super) fn draw(heat: &Heat, frame: &Frame) -> String {
    let mut sheet = Sheet::new(frame);
    let left = EDGE + 210.0;
    let step = (WIDTH - EDGE - left) / heat.columns.len().max(1) as f64;
    sheet.text(left, sheet.y + 12.0, &heat.across, PLAIN.soft());
    sheet.text(EDGE, sheet.y + 12.0, &heat.down, PLAIN.soft());
    sheet.y += 20.0;
    let heads: Vec<Vec<String>> = heat.columns.iter().map(|c| wrap(c, step - 6.0, 12.0)).collect();
    let tall = heads.iter().map(Vec::len).max().unwrap_or(0) as f64 * 15.0;
    for (i, lines) in heads.iter().enumerate() {
        for (j, line) in lines.iter().enumerate() {
            let up = tall - 15.0 * (lines.len() - j) as f64;
            sheet.text(left + step * (i as f64 + 0.5), sheet.y + up + 14.0, line, PLAIN.size(12.0).middle());
        }
    }
    sheet.y += tall + 8.0;
    let most = heat.counts.iter().flatten().copied().max().unwrap_or(0).max(1);
    for (row, counts) in heat.rows.iter().zip(&heat.counts) {
        let middle = sheet.y + ROW / 2.0;
        sheet.text(EDGE, middle + 5.0, &cut(row, left - EDGE - 10.0, 14.0), PLAIN);
        for (i, count) in counts.iter().enumerate() {
            let x = left + step * i as f64;
            let class = (count * INKS.len() as u32).div_ceil(most).clamp(1, INKS.len() as u32) as usize - 1;
            sheet.bar(x, sheet.y, step, ROW, if *count == 0 { "#FFFFFF" } else { INKS[class] });
            let style = PLAIN.bold().middle().ink(if *count > 0 && class >= 2 { "#FFFFFF" } else { INK });
            if *count > 0 {
                sheet.text(x + step / 2.0, middle + 5.0, &count.to_string(), style);
            }
        }
        sheet.y += ROW;
    }
    sheet.finish(frame)
}
