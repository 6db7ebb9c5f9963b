//! Which parts of a map are taken: nothing that must be read is drawn over something else that must be read.

use std::collections::HashMap;

/// Left, top, right, bottom in pixels.
pub(super) type Rect = [f64; 4];

/// Side of a cell of the index, pixels.
const CELL: f64 = 32.0;

/// Rectangles that are taken, found by the cells of a grid.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    cells: HashMap<(i32, i32), Vec<Rect>>,
}

/// A rectangle around a point.
pub(super) fn around([x, y]: [f64; 2], width: f64, height: f64) -> Rect {
    [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0]
}

fn cells(r: &Rect) -> impl Iterator<Item = (i32, i32)> + use<> {
    let cell = |v: f64| (v / CELL).floor().clamp(-10_000.0, 10_000.0) as i32;
    let (left, top, right, bottom) = (cell(r[0]), cell(r[1]), cell(r[2]), cell(r[3]));
    (left..=right).flat_map(move |x| (top..=bottom).map(move |y| (x, y)))
}

impl Taken {
    /// Takes a rectangle.
    pub(super) fn take(&mut self, r: Rect) {
        cells(&r).for_each(|cell| self.cells.entry(cell).or_default().push(r));
    }

    /// Whether no part of a rectangle is taken.
    pub(super) fn free(&self, r: &Rect) -> bool {
        let meets = |o: &Rect| o[0] < r[2] && o[2] > r[0] && o[1] < r[3] && o[3] > r[1];
        cells(r).all(|cell| self.cells.get(&cell).is_none_or(|all| !all.iter().any(meets)))
    }

    /// Whether a straight line crosses nothing that is taken, looked at every few pixels.
    pub(super) fn free_line(&self, a: [f64; 2], b: [f64; 2]) -> bool {
        let steps = ((b[0] - a[0]).hypot(b[1] - a[1]) / 3.0).ceil().max(1.0);
        (0..=steps as usize).all(|i| {
            let part = i as f64 / steps;
            self.free(&around([a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part], 1.0, 1.0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_not_free_and_what_touches_it_is() {
        let mut taken = Taken::default();
        taken.take([10.0, 10.0, 100.0, 20.0]);
        assert!(!taken.free(&[90.0, 15.0, 130.0, 40.0]) && !taken.free(&[50.0, 12.0, 51.0, 13.0]));
        assert!(taken.free(&[100.0, 10.0, 130.0, 20.0]) && taken.free(&[10.0, 20.0, 100.0, 30.0]));
        assert!(!taken.free_line([0.0, 0.0], [60.0, 30.0]) && taken.free_line([0.0, 30.0], [60.0, 30.0]));
    }
}
