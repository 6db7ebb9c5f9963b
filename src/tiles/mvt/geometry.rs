//! Geometry commands of Mapbox Vector Tiles 2.1 (section 4.3): points, lines and polygons, there and back.

use super::varint;
use crate::geo::grid::Cell;

/// Geometry types.
pub const POINT: u8 = 1;
/// Lines.
pub const LINE: u8 = 2;
/// Polygons.
pub const POLYGON: u8 = 3;

const MOVE: u64 = 1;
const DRAW: u64 = 2;
const CLOSE: u64 = 7;

fn step(out: &mut Vec<u8>, at: &mut Cell, to: Cell) {
    for axis in [0, 1] {
        let delta = i64::from(to[axis]) - i64::from(at[axis]);
        varint(out, ((delta << 1) ^ (delta >> 63)) as u64);
    }
    *at = to;
}

/// One point, in cells from the tile's corner.
pub fn point(out: &mut Vec<u8>, at: Cell) {
    varint(out, 1 << 3 | MOVE);
    step(out, &mut [0, 0], at);
}

/// Lines of two points or more; `corner` is the tile's.
pub fn lines(out: &mut Vec<u8>, parts: &[Vec<Cell>], corner: Cell) {
    let mut at = corner;
    for part in parts.iter().filter(|part| part.len() > 1) {
        path(out, &mut at, part);
    }
}

/// A polygon: closed rings, the outer one first; rings wound as the specification wants, whatever they were.
pub fn polygon(out: &mut Vec<u8>, rings: &[Vec<Cell>], corner: Cell) {
    let mut at = corner;
    for (i, ring) in rings.iter().enumerate() {
        let area = crate::geo::grid::twice_area(ring);
        if area == 0 || ring.len() < 4 {
            continue;
        }
        // The last point is the first again, which closing says.
        let mut open = ring[..ring.len() - 1].to_vec();
        if (area > 0) != (i == 0) {
            open.reverse();
        }
        path(out, &mut at, &open);
        varint(out, 1 << 3 | CLOSE);
    }
}

fn path(out: &mut Vec<u8>, at: &mut Cell, points: &[Cell]) {
    varint(out, 1 << 3 | MOVE);
    step(out, at, points[0]);
    varint(out, ((points.len() - 1) as u64) << 3 | DRAW);
    points[1..].iter().for_each(|point| step(out, at, *point));
}

/// The lines of encoded lines, or the rings of polygons without their last points, in cells from the tile's corner.
pub fn read_lines(mut bytes: &[u8]) -> Vec<Vec<Cell>> {
    let mut out: Vec<Vec<Cell>> = Vec::new();
    let mut at: Cell = [0, 0];
    while let Some(command) = read(&mut bytes) {
        match command & 7 {
            MOVE => out.push(Vec::new()),
            CLOSE => continue,
            _ => {}
        }
        for _ in 0..command >> 3 {
            for axis in &mut at {
                let zigzag = read(&mut bytes).unwrap_or(0);
                *axis += ((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)) as i32;
            }
            if let Some(line) = out.last_mut() {
                line.push(at);
            }
        }
    }
    out
}

/// Takes one of our own varints off the front.
fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_those_of_the_specification() {
        // Examples of section 4.3.5.
        let mut out = Vec::new();
        point(&mut out, [25, 17]);
        assert_eq!(out, [9, 50, 34]);
        out.clear();
        lines(&mut out, &[vec![[2, 2], [2, 10], [10, 10]], vec![[1, 1], [3, 5]]], [0, 0]);
        assert_eq!(out, [9, 4, 4, 18, 0, 16, 16, 0, 9, 17, 17, 10, 4, 8]);
        assert_eq!(read_lines(&out), [vec![[2, 2], [2, 10], [10, 10]], vec![[1, 1], [3, 5]]]);
        out.clear();
        polygon(&mut out, &[vec![[3, 6], [8, 12], [20, 34], [3, 6]]], [0, 0]);
        assert_eq!(out, [9, 6, 12, 18, 10, 12, 24, 44, 15]);
    }

    #[test]
    fn rings_are_wound_whatever_they_were() {
        let square = |a: i32, b: i32| vec![[a, a], [a, b], [b, b], [b, a], [a, a]];
        let (mut one, mut two) = (Vec::new(), Vec::new());
        polygon(&mut one, &[square(0, 10), square(2, 4)], [0, 0]);
        let back = |mut ring: Vec<Cell>| {
            ring.reverse();
            ring
        };
        polygon(&mut two, &[back(square(0, 10)), back(square(2, 4))], [0, 0]);
        let area = |bytes: &[u8]| -> Vec<i64> {
            let close = |mut ring: Vec<Cell>| {
                ring.push(ring[0]);
                ring
            };
            read_lines(bytes).into_iter().map(|ring| crate::geo::grid::twice_area(&close(ring))).collect()
        };
        assert_eq!((area(&one), area(&two)), (vec![200, -8], vec![200, -8]));
    }
}
