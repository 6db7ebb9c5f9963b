//! Where the actors of a network stand: neighbours near, others apart. The same links give the same places.

/// Rounds of moving.
const ROUNDS: usize = 260;

/// Places in the unit square for so many nodes, by the method of Fruchterman and Reingold (1991), from a spiral and without chance.
pub(super) fn spread(count: usize, edges: &[[usize; 2]]) -> Vec<[f64; 2]> {
    let turn = |i: usize| (i as f64 * 2.399_963_229_728_653, (i as f64 / count.max(1) as f64).sqrt() * 0.4);
    let mut places: Vec<[f64; 2]> = (0..count).map(turn).map(|(angle, r)| [0.5 + r * angle.cos(), 0.5 + r * angle.sin()]).collect();
    let ideal = 0.8 / (count.max(1) as f64).sqrt();
    for round in 0..ROUNDS {
        let heat = 0.09 * (1.0 - round as f64 / ROUNDS as f64);
        let mut moves = vec![[0.0_f64; 2]; count];
        for a in 0..count {
            for b in 0..a {
                let (away, far) = between(places[a], places[b]);
                // Groups that are not linked need not flee one another for ever.
                if far > 3.0 * ideal {
                    continue;
                }
                let push = ideal * ideal / far;
                for axis in 0..2 {
                    moves[a][axis] += away[axis] * push;
                    moves[b][axis] -= away[axis] * push;
                }
            }
        }
        for [a, b] in edges {
            let (away, far) = between(places[*a], places[*b]);
            let pull = far * far / ideal;
            for axis in 0..2 {
                moves[*a][axis] -= away[axis] * pull;
                moves[*b][axis] += away[axis] * pull;
            }
        }
        for (place, step) in places.iter_mut().zip(&moves) {
            let pull = [0.5 - place[0], 0.5 - place[1]].map(|d| d * ideal * 0.9);
            let step = [step[0] + pull[0], step[1] + pull[1]];
            let long = step[0].hypot(step[1]).max(1e-9);
            for axis in 0..2 {
                place[axis] += step[axis] / long * long.min(heat);
            }
        }
    }
    fitted(places)
}

/// Direction from one place to another, and how far they are apart; never nothing.
fn between(a: [f64; 2], b: [f64; 2]) -> ([f64; 2], f64) {
    let (x, y) = (a[0] - b[0], a[1] - b[1]);
    let far = x.hypot(y).max(1e-4);
    ([x / far, y / far], far)
}

/// Stretched so that they fill the unit square.
fn fitted(mut places: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    for axis in 0..2 {
        let (low, high) = places.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p[axis]), h.max(p[axis])));
        for place in &mut places {
            place[axis] = if high > low { (place[axis] - low) / (high - low) } else { 0.5 };
        }
    }
    places
}

/// Moves places (pixels) apart until no two boxes of a size lie over one another, as far as the room allows.
pub(super) fn apart(places: &mut [[f64; 2]], size: [f64; 2], room: [[f64; 2]; 2]) {
    for _ in 0..400 {
        let mut moved = false;
        for a in 0..places.len() {
            for b in 0..a {
                let over: [f64; 2] = std::array::from_fn(|i| size[i] - (places[a][i] - places[b][i]).abs());
                if over[0] <= 0.0 || over[1] <= 0.0 {
                    continue;
                }
                moved = true;
                // Along the axis on which the way is shorter; the later one goes right or down when they are level.
                let axis = usize::from(over[1] / size[1] <= over[0] / size[0]);
                let step = if places[a][axis] < places[b][axis] { -over[axis] } else { over[axis] } * 0.51;
                places[a][axis] += step;
                places[b][axis] -= step;
            }
        }
        for place in places.iter_mut() {
            for axis in 0..2 {
                place[axis] = place[axis].clamp(room[0][axis], room[1][axis]);
            }
        }
        if !moved {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_links_give_the_same_places_and_linked_ones_stand_nearer() {
        let edges = [[0, 1], [1, 2], [2, 0], [3, 4], [4, 5], [5, 3]];
        let places = spread(6, &edges);
        assert_eq!(places, spread(6, &edges));
        assert!(places.iter().flatten().all(|v| (0.0..=1.0).contains(v)));
        let far = |a: usize, b: usize| between(places[a], places[b]).1;
        assert!(far(0, 1) < far(0, 3) && far(3, 4) < far(4, 1));
        let mut pixels = vec![[100.0, 100.0]; 12];
        apart(&mut pixels, [80.0, 30.0], [[0.0, 0.0], [700.0, 400.0]]);
        let over = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).abs() < 79.0 && (a[1] - b[1]).abs() < 29.0;
        assert!((0..12).all(|a| (0..a).all(|b| !over(pixels[a], pixels[b]))), "{pixels:?}");
        assert_eq!(spread(1, &[]), [[0.5, 0.5]]);
        assert!(spread(0, &[]).is_empty());
    }
}
