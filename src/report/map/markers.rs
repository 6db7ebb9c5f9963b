//! Numbered markers: each on its point with its number beside it; where that does not fit, moved aside with a line to its point;
//! where even that does not fit, together in one sign that says which numbers it stands for.

use super::signs;
use super::taken::{Rect, Taken, around};
use crate::report::paper::fonts;
use std::collections::{BTreeMap, HashMap};
use std::f64::consts::TAU;
use std::fmt::Write;

/// A point of an actor on a map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    /// Of its actor in the index, from 1.
    pub number: usize,
    /// Its theme's code.
    pub theme: String,
    /// Whether somebody has confirmed the actor.
    pub confirmed: bool,
    /// Pixels.
    pub at: [f64; 2],
}

/// How large markers are, pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sizes {
    /// Radius of a gommette.
    pub radius: f64,
    /// Of numbers; none where markers have none.
    pub number: Option<f64>,
    /// Whether the theme's code is written beside the number, for paper without colours.
    pub codes: bool,
}

/// What became of the spots.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Placed {
    /// SVG elements.
    pub svg: String,
    /// Spots that stand for themselves.
    pub alone: usize,
    /// Spots that are in a sign with others.
    pub together: usize,
}

/// Spots that are drawn as one.
#[derive(Debug, Clone)]
struct Party {
    spots: Vec<usize>,
    at: [f64; 2],
}

struct Place {
    party: Party,
    sign: [f64; 2],
    label: Option<(String, Rect)>,
}

/// Rounds of putting together what does not fit, before markers may lie over one another.
const ROUNDS: usize = 12;

/// Finds a place for every spot, and takes it.
pub(super) fn place(spots: &[Spot], size: [f64; 2], sizes: Sizes, taken: &mut Taken) -> Placed {
    let room = size[0] * size[1];
    let mut near = sizes.radius * 0.7;
    let mut parties = together(spots, near);
    // More signs than this never fit.
    while parties.len() as f64 * sizes.radius * sizes.radius * 9.0 > room && near < size[0] {
        near *= 1.4;
        parties = together(spots, near);
    }
    for round in 0..=ROUNDS {
        let mut here = taken.clone();
        let (placed, left) = attempt(spots, &parties, size, sizes, &mut here, round == ROUNDS);
        if left.is_empty() {
            *taken = here;
            return draw(spots, &placed, sizes);
        }
        parties = join(placed.into_iter().map(|p| p.party).collect(), left);
    }
    Placed::default()
}

/// Puts spots together that are nearer to one another than `near`, in their order.
fn together(spots: &[Spot], near: f64) -> Vec<Party> {
    let cell = |p: [f64; 2]| ((p[0] / near).floor() as i64, (p[1] / near).floor() as i64);
    let mut parties: Vec<Party> = Vec::new();
    let mut cells: HashMap<(i64, i64), Vec<usize>> = HashMap::new();
    for (i, spot) in spots.iter().enumerate() {
        let (x, y) = cell(spot.at);
        let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy)));
        let found = around.filter_map(|c| cells.get(&c)).flatten().copied().find(|p| far(parties[*p].at, spot.at) < near);
        match found {
            Some(party) => parties[party].spots.push(i),
            None => {
                cells.entry((x, y)).or_default().push(parties.len());
                parties.push(Party { spots: vec![i], at: spot.at });
            }
        }
    }
    parties
}

fn far(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Each party that found no place goes to the nearest one that has one, or to another without.
fn join(mut placed: Vec<Party>, left: Vec<Party>) -> Vec<Party> {
    for party in left {
        let nearest = placed.iter().enumerate().min_by(|(_, a), (_, b)| far(a.at, party.at).total_cmp(&far(b.at, party.at))).map(|(i, _)| i);
        match nearest {
            Some(i) => {
                let (a, b) = (placed[i].spots.len() as f64, party.spots.len() as f64);
                let mean = |axis: usize| (placed[i].at[axis] * a + party.at[axis] * b) / (a + b);
                placed[i].at = [mean(0), mean(1)];
                placed[i].spots.extend(party.spots);
            }
            None => placed.push(party),
        }
    }
    placed
}

/// One try: the places found, and the parties without.
fn attempt(spots: &[Spot], parties: &[Party], size: [f64; 2], sizes: Sizes, taken: &mut Taken, last: bool) -> (Vec<Place>, Vec<Party>) {
    let mut order: Vec<&Party> = parties.iter().collect();
    // The large ones first; then from the north, so that the same spots always find the same places.
    order.sort_by(|a, b| b.spots.len().cmp(&a.spots.len()).then(a.at[1].total_cmp(&b.at[1])).then(a.at[0].total_cmp(&b.at[0])));
    let (mut placed, mut crowded): (Vec<Place>, Vec<&Party>) = (Vec::new(), Vec::new());
    // Points are kept free of other markers' numbers as long as it can be.
    let mut points = Taken::default();
    order.iter().for_each(|p| points.take(around(p.at, sizes.radius * 1.2, sizes.radius * 1.2)));
    for party in order {
        match seat(spots, party, &[[0.0, 0.0]], size, sizes, taken, Some(&points)) {
            Some(place) => placed.push(place),
            None => crowded.push(party),
        }
    }
    let mut left = Vec::new();
    for party in crowded {
        // Without numbers nobody looks for a marker that was moved: it joins its neighbours.
        let offsets = if sizes.number.is_some() { rings(sizes.radius) } else { Vec::new() };
        match seat(spots, party, &[[0.0, 0.0]], size, sizes, taken, None).or_else(|| seat(spots, party, &offsets, size, sizes, taken, None)) {
            Some(place) => placed.push(place),
            None if last => placed.push(Place { party: party.clone(), sign: party.at, label: None }),
            None => left.push(party.clone()),
        }
    }
    (placed, left)
}

/// Where a marker may be moved, the nearest first.
fn rings(radius: f64) -> Vec<[f64; 2]> {
    let ring = |(i, far): (usize, f64)| (0..16).map(move |k| (far * radius, TAU * (f64::from(k) + 0.5 * (i % 2) as f64) / 16.0));
    [2.3, 3.2, 4.2, 5.5, 7.0].into_iter().enumerate().flat_map(ring).map(|(r, angle)| [r * angle.cos(), r * angle.sin()]).collect()
}

/// The first place, of those allowed, where sign, number and line to the point are free.
fn seat(
    spots: &[Spot],
    party: &Party,
    offsets: &[[f64; 2]],
    size: [f64; 2],
    sizes: Sizes,
    taken: &mut Taken,
    points: Option<&Taken>,
) -> Option<Place> {
    let radius = radius_of(party, sizes);
    let inside = |r: &Rect| r[0] >= 1.0 && r[1] >= 1.0 && r[2] <= size[0] - 1.0 && r[3] <= size[1] - 1.0;
    for [dx, dy] in offsets {
        let sign = [party.at[0] + dx, party.at[1] + dy];
        let disc = around(sign, radius * 1.9, radius * 1.9);
        let moved = *dx != 0.0 || *dy != 0.0;
        if !inside(&disc) || !taken.free(&disc) {
            continue;
        }
        let away = if moved { [party.at[0] + dx * 0.15, party.at[1] + dy * 0.15] } else { sign };
        if moved && !taken.free_line(away, [sign[0] - dx * 0.35, sign[1] - dy * 0.35]) {
            continue;
        }
        let label = match sizes.number.and_then(|height| Some((says(spots, party, sizes)?, height))) {
            None => None,
            Some((text, height)) => {
                let wide = fonts::width(&text, height, true) + 2.0;
                let beside = sides(sign, radius, wide, height * 0.95);
                let own = |r: &Rect| moved && crosses(r, party.at, sign);
                let Some(rect) = beside.into_iter().find(|r| inside(r) && taken.free(r) && !own(r) && points.is_none_or(|p| p.free(r))) else {
                    continue;
                };
                Some((text, rect))
            }
        };
        taken.take(disc);
        label.iter().for_each(|(_, rect)| taken.take(*rect));
        if moved {
            taken.take(around(party.at, 4.0, 4.0));
            for part in [0.2, 0.4, 0.6] {
                taken.take(around([party.at[0] + dx * part, party.at[1] + dy * part], 2.0, 2.0));
            }
        }
        return Some(Place { party: party.clone(), sign, label });
    }
    None
}

/// Whether a line goes through a rectangle.
fn crosses(r: &Rect, a: [f64; 2], b: [f64; 2]) -> bool {
    (0..=20).map(|i| f64::from(i) / 20.0).any(|part| {
        let [x, y] = [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part];
        r[0] - 1.5 < x && x < r[2] + 1.5 && r[1] - 1.5 < y && y < r[3] + 1.5
    })
}

fn radius_of(party: &Party, sizes: Sizes) -> f64 {
    match party.spots.len() {
        1 => sizes.radius,
        2..=9 => sizes.radius * 1.2,
        10..=99 => sizes.radius * 1.4,
        100..=999 => sizes.radius * 1.7,
        _ => sizes.radius * 2.0,
    }
}

/// Rectangles for a number: right, left, under, over, then the corners.
fn sides([x, y]: [f64; 2], radius: f64, wide: f64, high: f64) -> [Rect; 8] {
    let (dx, dy) = (radius + wide / 2.0, radius + high / 2.0);
    let (cx, cy) = (radius * 0.72 + wide / 2.0, radius * 0.72 + high / 2.0);
    [[dx, 0.0], [-dx, 0.0], [0.0, dy], [0.0, -dy], [cx, cy], [cx, -cy], [-cx, cy], [-cx, -cy]].map(|[ox, oy]| around([x + ox, y + oy], wide, high))
}

/// What is written beside a sign; a large group's members are found by the index.
fn says(spots: &[Spot], party: &Party, sizes: Sizes) -> Option<String> {
    let mut numbers: Vec<usize> = party.spots.iter().map(|i| spots[*i].number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if let ([one], true, Some(first)) = (&numbers[..], sizes.codes, party.spots.first()) {
        let theme = &spots[*first].theme;
        return Some(if theme.is_empty() { one.to_string() } else { format!("{one} {theme}") });
    }
    let text = ranges(&numbers);
    (text.chars().count() <= 16).then_some(text)
}

/// `3, 12–19`.
fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [one] => one.to_string(),
        [a, b] => format!("{a}, {b}"),
        [a, .., b] => format!("{a}–{b}"),
        [] => String::new(),
    });
    runs.collect::<Vec<_>>().join(", ")
}

fn draw(spots: &[Spot], places: &[Place], sizes: Sizes) -> Placed {
    let mut lines = String::new();
    let mut drawn = Placed::default();
    let mut signs_of = String::new();
    for Place { party, sign, label } in places {
        let radius = radius_of(party, sizes);
        if far(party.at, *sign) > 1.0 {
            let ([x, y], [a, b]) = (party.at, *sign);
            let line = format!("M{x:.2} {y:.2}L{a:.2} {b:.2}");
            let _ = write!(
                lines,
                "<path stroke=\"#FFFFFF\" stroke-width=\"2.4\" d=\"{line}\"/><path stroke=\"#14282C\" stroke-width=\"0.9\" d=\"{line}\"/>"
            );
            let _ = write!(lines, "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"1.9\" fill=\"#14282C\" stroke=\"#FFFFFF\" stroke-width=\"0.7\"/>");
        }
        if let ([one], Some(spot)) = (&party.spots[..], party.spots.first().and_then(|i| spots.get(*i))) {
            signs_of.push_str(&signs::gommette(&spots[*one].theme, spot.confirmed, *sign, radius));
            drawn.alone += 1;
        } else {
            let mut themes: BTreeMap<&str, usize> = BTreeMap::new();
            party.spots.iter().for_each(|i| *themes.entry(spots[*i].theme.as_str()).or_default() += 1);
            signs_of.push_str(&signs::ring(&themes, *sign, radius));
            // Where the numbers are written beside it, a count would be taken for one of them.
            if label.is_none() {
                let count = if sizes.number.is_some() { format!("×{}", party.spots.len()) } else { party.spots.len().to_string() };
                let size = (radius * 0.95).min(radius * 2.3 / count.chars().count() as f64);
                signs_of.push_str(&signs::number(&count, &around(*sign, 1.0, 1.0), size, false));
            }
            drawn.together += party.spots.len();
        }
        if let (Some((text, rect)), Some(height)) = (label, sizes.number) {
            signs_of.push_str(&signs::number(text, rect, height, true));
        }
    }
    drawn.svg = lines + &signs_of;
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { radius: 8.0, number: Some(9.0), codes: false };

    fn spot(number: usize, x: f64, y: f64) -> Spot {
        Spot { number, theme: ["ALI", "SOL", "CUL"][number % 3].into(), confirmed: number.is_multiple_of(2), at: [x, y] }
    }

    #[test]
    fn a_few_spots_stand_alone_and_each_number_is_written_once() {
        let spots: Vec<Spot> = (1..=40).map(|i| spot(i, 60.0 + (i % 8) as f64 * 90.0, 50.0 + (i / 8) as f64 * 80.0)).collect();
        let placed = place(&spots, [800.0, 600.0], SIZES, &mut Taken::default());
        assert_eq!((placed.alone, placed.together), (40, 0));
        for i in 1..=40 {
            assert_eq!(placed.svg.matches(&format!(">{i}</text>")).count(), 1, "{i}");
        }
        assert!(!placed.svg.contains("stroke-width=\"0.9\""), "nobody was moved");
    }

    #[test]
    fn a_few_at_one_crossing_are_moved_aside_with_a_line() {
        let spots: Vec<Spot> = (1..=6).map(|i| spot(i, 400.0 + i as f64 * 7.0, 300.0)).collect();
        let placed = place(&spots, [800.0, 600.0], SIZES, &mut Taken::default());
        assert_eq!((placed.alone, placed.together), (6, 0));
        assert!(placed.svg.contains("stroke=\"#14282C\" stroke-width=\"0.9\""), "a leader line");
    }

    #[test]
    fn two_hundred_at_the_same_door_are_one_sign_with_their_count() {
        let spots: Vec<Spot> = (1..=200).map(|i| spot(i, 400.0, 300.0)).collect();
        let placed = place(&spots, [800.0, 600.0], SIZES, &mut Taken::default());
        assert_eq!((placed.alone, placed.together), (0, 200));
        assert!(!placed.svg.contains(">×200</text>") && placed.svg.contains(">1–200</text>"));
    }

    #[test]
    fn twenty_thousand_spots_all_have_a_place_in_the_end() {
        // A spiral with a dense middle.
        let spots: Vec<Spot> = (1..=20_000)
            .map(|i| {
                let (r, a) = (f64::from(i as u32) / 20_000.0, i as f64 * 2.399);
                spot(i, 400.0 + 380.0 * r * r * a.cos(), 300.0 + 280.0 * r * r * a.sin())
            })
            .collect();
        let placed = place(&spots, [800.0, 600.0], SIZES, &mut Taken::default());
        assert_eq!(placed.alone + placed.together, 20_000);
        assert!(placed.together > 19_000);
    }

    #[test]
    fn numbers_in_a_row_are_written_as_a_range() {
        assert_eq!(ranges(&[3, 12, 13, 14, 19, 20]), "3, 12–14, 19, 20");
        assert_eq!(ranges(&[]), "");
    }

    #[test]
    fn placing_is_the_same_every_time() {
        let spots: Vec<Spot> = (1..=300).map(|i| spot(i, (i * 37 % 211) as f64 * 3.5, (i * 53 % 197) as f64 * 2.8)).collect();
        let once = place(&spots, [800.0, 600.0], SIZES, &mut Taken::default());
        assert_eq!(once, place(&spots, [800.0, 600.0], SIZES, &mut Taken::default()));
        assert_eq!(once.alone + once.together, 300);
    }
}
