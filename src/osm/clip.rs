//! Cuts lines and rings to a box.

use crate::geo::Bbox;

type Position = [f64; 2];

/// The pieces of a line inside a box.
pub(super) fn line(line: &[Position], bbox: &Bbox) -> Vec<Vec<Position>> {
    let mut pieces: Vec<Vec<Position>> = Vec::new();
    let mut current: Vec<Position> = Vec::new();
    for pair in line.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1], bbox) else {
            pieces.push(std::mem::take(&mut current));
            continue;
        };
        if current.last() != Some(&from) {
            pieces.push(std::mem::take(&mut current));
            current.push(from);
        }
        current.push(to);
    }
    pieces.push(current);
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// The part of a segment inside a box (Liang and Barsky, 1984).
fn segment(a: Position, b: Position, bbox: &Bbox) -> Option<(Position, Position)> {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (p, q) in [(-dx, a[0] - bbox.west), (dx, bbox.east - a[0]), (-dy, a[1] - bbox.south), (dy, bbox.north - a[1])] {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            enter = enter.max(q / p);
        } else {
            leave = leave.min(q / p);
        }
    }
    let at = |t: f64| {
        if t == 0.0 {
            a
        } else if t == 1.0 {
            b
        } else {
            [a[0] + t * dx, a[1] + t * dy]
        }
    };
    (enter <= leave).then(|| (at(enter), at(leave)))
}

/// A closed ring cut to a box (Sutherland and Hodgman, 1974); parts that leave and come back stay joined along the edge, which a filled
/// surface does not show. Empty when nothing is left.
pub(super) fn ring(ring: &[Position], bbox: &Bbox) -> Vec<Position> {
    let sides: [(usize, f64, f64); 4] = [(0, 1.0, bbox.west), (0, -1.0, -bbox.east), (1, 1.0, bbox.south), (1, -1.0, -bbox.north)];
    let mut out: Vec<Position> = ring.to_vec();
    out.pop();
    for (axis, sign, limit) in sides {
        let corners = std::mem::take(&mut out);
        for (i, &to) in corners.iter().enumerate() {
            let from = corners[(i + corners.len() - 1) % corners.len()];
            let (was, is) = (sign * from[axis] - limit, sign * to[axis] - limit);
            if (was < 0.0) != (is < 0.0) {
                let part = was / (was - is);
                out.push([from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])]);
            }
            if is >= 0.0 {
                out.push(to);
            }
        }
    }
    if out.len() < 3 {
        return Vec::new();
    }
    out.push(out[0]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Bbox = Bbox { west: 0.0, south: 0.0, east: 10.0, north: 10.0 };

    #[test]
    fn a_line_that_leaves_and_comes_back_gives_two_pieces() {
        let pieces = line(&[[1.0, 1.0], [1.0, 12.0], [5.0, 12.0], [5.0, 5.0]], &BOX);
        assert_eq!(pieces, [[[1.0, 1.0], [1.0, 10.0]], [[5.0, 10.0], [5.0, 5.0]]]);
        assert_eq!(line(&[[-5.0, 5.0], [15.0, 5.0]], &BOX), [[[0.0, 5.0], [10.0, 5.0]]]);
        assert!(line(&[[11.0, 0.0], [12.0, 3.0]], &BOX).is_empty());
        assert_eq!(line(&[[1.0, 1.0], [2.0, 2.0], [3.0, 1.0]], &BOX).concat().len(), 3);
    }

    #[test]
    fn a_ring_is_cut_to_the_box() {
        let cut = ring(&[[5.0, 5.0], [15.0, 5.0], [15.0, 15.0], [5.0, 15.0], [5.0, 5.0]], &BOX);
        assert_eq!(cut.first(), cut.last());
        let mut corners = cut[1..].to_vec();
        corners.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(corners, [[5.0, 5.0], [5.0, 10.0], [10.0, 5.0], [10.0, 10.0]]);
        assert!(ring(&[[11.0, 0.0], [12.0, 0.0], [12.0, 3.0], [11.0, 0.0]], &BOX).is_empty());
        assert!(ring(&[], &BOX).is_empty());
    }
}
