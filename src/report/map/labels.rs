//! Names on a map: each where it fits, the important ones first, none over a marker or another name.

use super::base::{Base, Label, Path};
use super::paint::{Color, Paint, PaintLayer, Style, table};
use super::taken::{Rect, Taken, around};
use super::view::View;
use crate::report::paper::{escape, fonts};
use std::collections::HashMap;
use std::fmt::Write;

/// Height of a line of text, for size 1.
const LINE: f64 = 1.15;
/// A name on a point is broken at this width, for size 1.
const WRAP: f64 = 8.0;
/// Pixels between two names that are the same.
const APART: f64 = 220.0;
/// Names on one map, at most.
const MOST: usize = 1500;

struct Look {
    ink: Color,
    halo: Color,
    size: f64,
    bold: bool,
    wide: f64,
}

/// Writes the names of a base map where nothing is taken, and takes their places.
pub(super) fn write(base: &Base, view: &View, style: Style, taken: &mut Taken) -> String {
    let mut out = String::new();
    let mut written: HashMap<String, Vec<[f64; 2]>> = HashMap::new();
    let mut count = 0;
    // What comes later in the table is placed first.
    for PaintLayer { class, paint, .. } in table().layers(style, view.zoom()).iter().rev() {
        let Paint::Text { ink, halo, size, bold, along, dodge } = paint else { continue };
        let look = Look { ink: *ink, halo: *halo, size: *size, bold: *bold, wide: if style == Style::Impression { 4.0 } else { 3.0 } };
        let mut labels: Vec<&Label> = base.labels.iter().filter(|l| l.class == *class).collect();
        labels.sort_by(|a, b| {
            b.weight.total_cmp(&a.weight).then_with(|| length(&b.place).total_cmp(&length(&a.place))).then_with(|| a.text.cmp(&b.text))
        });
        for label in labels {
            let text = fonts::clean(&label.text);
            let near = written.entry(text.clone()).or_default();
            let far = |p: [f64; 2]| near.iter().all(|q| (q[0] - p[0]).hypot(q[1] - p[1]) > APART);
            let drawn = if along.is_some() && label.place.len() > 1 {
                follow(&label.place, &text, &look, view, taken, far)
            } else {
                stand(&label.place, &text, &look, *dodge, view, taken, far)
            };
            if let Some((at, svg)) = drawn {
                near.push(at);
                out.push_str(&svg);
                count += 1;
                if count == MOST {
                    return out;
                }
            }
        }
    }
    out
}

fn length(line: &Path) -> f32 {
    line.windows(2).map(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1])).sum()
}

fn inside(view: &View, r: &Rect) -> bool {
    r[0] >= 2.0 && r[1] >= 2.0 && r[2] <= view.width - 2.0 && r[3] <= view.height - 2.0
}

/// A name on or beside a point, in several lines if it is long.
fn stand(
    place: &Path,
    text: &str,
    look: &Look,
    dodge: bool,
    view: &View,
    taken: &mut Taken,
    far: impl Fn([f64; 2]) -> bool,
) -> Option<([f64; 2], String)> {
    let [x, y] = place.first()?.map(f64::from);
    let lines = fonts::wrapped(text, look.size, look.bold, look.size * WRAP, 3);
    let width = lines.iter().map(|l| fonts::width(l, look.size, look.bold)).fold(0.0, f64::max) + 4.0;
    let height = look.size * LINE * lines.len() as f64;
    let (dx, dy) = (width / 2.0 + 10.0, height / 2.0 + 10.0);
    // The name of a town is worth a place further away, where markers stand on its middle.
    let steps = if dodge { [1.0, 1.9, 2.8, 4.0, 5.5, 7.0].as_slice() } else { [1.0, 1.5].as_slice() };
    let beside = steps.iter().flat_map(|f| [[0.0, -dy * f], [0.0, dy * f], [dx * f.sqrt(), -dy * (f - 1.0)], [-dx * f.sqrt(), -dy * (f - 1.0)]]);
    for [ox, oy] in std::iter::once([0.0, 0.0]).chain(beside) {
        let middle = [x + ox, y + oy];
        let r = around(middle, width, height);
        if inside(view, &r) && far(middle) && taken.free(&r) {
            taken.take(r);
            let mut svg = open(look);
            for (i, line) in lines.iter().enumerate() {
                let base = middle[1] - height / 2.0 + look.size * (LINE * i as f64 + 0.9);
                let _ = write!(svg, "<text x=\"{:.1}\" y=\"{base:.1}\" text-anchor=\"middle\">{}</text>", middle[0], escape(line));
            }
            return Some((middle, svg + "</g>"));
        }
    }
    None
}

/// A name along the straightest long part of its line.
fn follow(line: &Path, text: &str, look: &Look, view: &View, taken: &mut Taken, far: impl Fn([f64; 2]) -> bool) -> Option<([f64; 2], String)> {
    let width = fonts::width(text, look.size, look.bold) + 4.0;
    for (a, b) in straight(line, width) {
        let long = (b[0] - a[0]).hypot(b[1] - a[1]);
        let free = (long - width) / long / 2.0;
        for part in [0.5, 0.5 - free * 0.6, 0.5 + free * 0.6] {
            let middle = [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part];
            let mut turn = (b[1] - a[1]).atan2(b[0] - a[0]);
            if turn.cos() < 0.0 {
                turn += std::f64::consts::PI;
            }
            let boxes = pearls(middle, turn, width, look.size);
            if far(middle) && boxes.iter().all(|r| inside(view, r) && taken.free(r)) {
                boxes.into_iter().for_each(|r| taken.take(r));
                let (x, y) = (middle[0], middle[1]);
                let turned = format!("translate({x:.1} {y:.1}) rotate({:.1})", turn.to_degrees());
                let svg = format!(
                    "{}<text y=\"{:.1}\" text-anchor=\"middle\" transform=\"{turned}\">{}</text></g>",
                    open(look),
                    look.size * 0.33,
                    escape(text)
                );
                return Some((middle, svg));
            }
        }
    }
    None
}

/// Squares along a turned text, which together cover it.
fn pearls([x, y]: [f64; 2], turn: f64, width: f64, size: f64) -> Vec<Rect> {
    let side = size * 1.05;
    let count = (width / (side * 0.8)).ceil().max(1.0);
    let step = (width - side).max(0.0) / (count - 1.0).max(1.0);
    (0..count as usize)
        .map(|i| {
            let at = -(width - side).max(0.0) / 2.0 + step * i as f64;
            around([x + at * turn.cos(), y + at * turn.sin()], side, side)
        })
        .collect()
}

/// Parts of a line that are nearly straight and long enough, the longest first.
fn straight(line: &Path, width: f64) -> Vec<([f64; 2], [f64; 2])> {
    let points: Vec<[f64; 2]> = line.iter().map(|p| p.map(f64::from)).collect();
    let mut found: Vec<([f64; 2], [f64; 2])> = Vec::new();
    let mut start = 0;
    while start + 1 < points.len() {
        let mut end = start + 1;
        while end + 1 < points.len() && bend(&points[start..=end + 1]) < 3.0 {
            end += 1;
        }
        found.push((points[start], points[end]));
        start = end;
    }
    let long = |(a, b): &([f64; 2], [f64; 2])| (b[0] - a[0]).hypot(b[1] - a[1]);
    found.retain(|part| long(part) >= width * 0.95);
    found.sort_by(|a, b| long(b).total_cmp(&long(a)));
    found.truncate(4);
    found
}

/// How far a line goes from the straight line between its ends.
fn bend(points: &[[f64; 2]]) -> f64 {
    let ([ax, ay], [bx, by]) = match points {
        [a, .., b] => (*a, *b),
        _ => return 0.0,
    };
    let long = (bx - ax).hypot(by - ay).max(1e-6);
    points.iter().map(|[x, y]| ((bx - ax) * (ay - y) - (ax - x) * (by - ay)).abs() / long).fold(0.0, f64::max)
}

fn open(look: &Look) -> String {
    let weight = if look.bold { " font-weight=\"700\"" } else { "" };
    format!(
        "<g font-size=\"{:.1}\"{weight} fill=\"{}\" stroke=\"{}\" stroke-opacity=\"{:.2}\" stroke-width=\"{}\" stroke-linejoin=\"round\" paint-order=\"stroke\">",
        look.size,
        look.ink.hex(),
        look.halo.hex(),
        look.halo.opacity,
        look.wide
    )
}
