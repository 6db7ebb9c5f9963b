//! Polygons on the grid made valid: rounding and cutting can make a ring cross or touch itself.

use super::grid::{Cell, twice_area};
use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::{IntOverlayOptions, Overlay};
use i_overlay::i_float::int::point::IntPoint;

/// Rings of at most so many points are looked at edge by edge, which is faster for nearly all buildings.
const SMALL: usize = 12;

/// The polygons that rings (the outer one first, closed) cover by the even-odd rule; each valid in the sense of OGC Simple Features.
pub fn polygons(rings: &[Vec<Cell>]) -> Vec<Vec<Vec<Cell>>> {
    if let [ring] = rings
        && ring.len() <= SMALL
        && is_simple(ring)
    {
        return vec![rings.to_vec()];
    }
    let contours: Vec<Vec<IntPoint>> = rings.iter().map(|ring| ring[1..].iter().map(|[x, y]| IntPoint::new(*x, *y)).collect()).collect();
    let options = IntOverlayOptions { ogc: true, ..IntOverlayOptions::default() };
    let mut overlay = Overlay::new_custom(contours.iter().map(Vec::len).sum(), options, Default::default());
    let Some(shapes) = overlay.simplify_shape(&contours, FillRule::EvenOdd) else { return vec![rings.to_vec()] };
    let closed = |contour: Vec<IntPoint>| -> Vec<Cell> { contour.iter().chain(contour.first()).map(|p| [p.x, p.y]).collect() };
    let polygons = shapes.into_iter().map(|shape| shape.into_iter().map(closed).filter(|ring| ring.len() >= 4 && twice_area(ring) != 0).collect());
    polygons.filter(|rings: &Vec<Vec<Cell>>| !rings.is_empty()).collect()
}

/// Whether no two edges of a closed ring have a point in common but neighbours their corner.
fn is_simple(ring: &[Cell]) -> bool {
    let edges = ring.len() - 1;
    (0..edges).all(|i| {
        // A neighbour that turns straight back lies on the edge.
        let (a, b, c) = (ring[i], ring[i + 1], ring[if i + 2 < ring.len() { i + 2 } else { 1 }]);
        let back = side(a, b, c) == 0 && between(a, b, c, true);
        let meets = (i + 2..edges).filter(|j| !(i == 0 && *j == edges - 1)).any(|j| touch([a, b], [ring[j], ring[j + 1]]));
        a != b && !back && !meets
    })
}

/// On which side of the line from `a` to `b` a point lies; 0 on it.
fn side(a: Cell, b: Cell, p: Cell) -> i64 {
    let d = |from: Cell, to: Cell, axis: usize| i64::from(to[axis]) - i64::from(from[axis]);
    (d(a, b, 0) * d(a, p, 1) - d(a, b, 1) * d(a, p, 0)).signum()
}

/// Of points on one line: whether `c` lies on the same side of `b` as `a` (`back`), or between them.
fn between(a: Cell, b: Cell, c: Cell, back: bool) -> bool {
    let dot = (0..2).map(|axis| (i64::from(a[axis]) - i64::from(b[axis])) * (i64::from(c[axis]) - i64::from(b[axis]))).sum::<i64>();
    if back { dot > 0 } else { (0..2).all(|axis| c[axis] >= a[axis].min(b[axis]) && c[axis] <= a[axis].max(b[axis])) }
}

/// Whether two segments have a point in common.
fn touch([a, b]: [Cell; 2], [c, d]: [Cell; 2]) -> bool {
    let (ca, cb, ac, ad) = (side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b));
    (ca * cb < 0 && ac * ad < 0)
        || (ca == 0 && between(a, b, c, false))
        || (cb == 0 && between(a, b, d, false))
        || (ac == 0 && between(c, d, a, false))
        || (ad == 0 && between(c, d, b, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bow_tie_becomes_two_triangles_and_a_square_stays() {
        let square = vec![[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]];
        assert_eq!(polygons(std::slice::from_ref(&square)), vec![vec![square]]);
        let tie = vec![[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]];
        let parts = polygons(&[tie]);
        assert_eq!(parts.iter().map(|p| twice_area(&p[0]).abs()).collect::<Vec<_>>(), [50, 50]);
    }

    #[test]
    fn a_spike_goes_and_a_hole_that_touches_the_edge_is_valid_too() {
        let spike = vec![[0, 0], [10, 0], [10, 10], [10, 20], [10, 10], [0, 10], [0, 0]];
        assert_eq!(polygons(&[spike]).iter().map(|p| p[0].len()).collect::<Vec<_>>(), [5]);
        let (outer, hole) = (vec![[0, 0], [30, 0], [30, 30], [0, 30], [0, 0]], vec![[0, 10], [10, 20], [10, 10], [0, 10]]);
        let parts = polygons(&[outer, hole]);
        let area: i64 = parts.iter().map(|p| twice_area(&p[0]).abs() - p[1..].iter().map(|h| twice_area(h).abs()).sum::<i64>()).sum();
        assert_eq!(area, 2 * 900 - 100);
    }

    #[test]
    fn small_rings_are_judged_as_the_general_way_judges_them() {
        let mut seed = 7_u32;
        let mut next = |n: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((seed >> 16) % n) as i32
        };
        for _ in 0..5000 {
            let mut ring: Vec<Cell> = (0..3 + next(5)).map(|_| [next(7), next(7)]).collect();
            ring.dedup();
            ring.push(ring[0]);
            if ring.len() < 4 || !is_simple(&ring) {
                continue;
            }
            let contour: Vec<IntPoint> = ring[1..].iter().map(|[x, y]| IntPoint::new(*x, *y)).collect();
            let options = IntOverlayOptions { preserve_output_collinear: true, ..IntOverlayOptions::default() };
            let shapes = Overlay::new_custom(8, options, Default::default()).simplify_shape(&[contour], FillRule::EvenOdd);
            assert!(shapes.is_none_or(|s| s.len() == 1 && s[0].len() == 1), "{ring:?}");
        }
    }
}
