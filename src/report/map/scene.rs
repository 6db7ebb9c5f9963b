//! Base map and territory as SVG elements: areas, lines, veil and outline. Names are in `labels.rs`.

use super::base::{Base, Path, Shape};
use super::paint::{Color, Group, Paint, PaintLayer, Pattern, Style, Ways, table};
use super::view::View;
use geo::MultiPolygon;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Areas and lines of a base map.
pub(super) fn ground(base: &Base, view: &View, style: Style, id: &str) -> String {
    let layers = table().layers(style, view.zoom());
    let mut out = String::new();
    let mut patterns = BTreeSet::new();
    if let Some(PaintLayer { paint: Paint::Area { fill, .. }, .. }) = table().own(Group::Area, "land", style, view.zoom()) {
        let _ = write!(out, "<rect width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\"/>", view.width, view.height, fill.hex());
    }
    for layer in &layers {
        match &layer.paint {
            Paint::Area { fill, edge, pattern } => areas(base, layer.class, *fill, *edge, *pattern, id, &mut patterns, &mut out),
            Paint::Line { color, width, dash, ways } => lines(base, layer.class, *color, *width, dash, *ways, &mut out),
            Paint::Text { .. } => {}
        }
    }
    let defs: String = patterns.into_iter().map(|(pattern, ink)| definition(pattern, &ink, id)).collect();
    if defs.is_empty() { out } else { format!("<defs>{defs}</defs>{out}") }
}

#[allow(clippy::too_many_arguments, reason = "they are the parts of one paint layer and where to write")]
fn areas(
    base: &Base,
    class: usize,
    fill: Color,
    edge: Option<Color>,
    pattern: Option<Pattern>,
    id: &str,
    patterns: &mut BTreeSet<(Pattern, String)>,
    out: &mut String,
) {
    let shapes: Vec<&Shape> = base.areas.iter().filter(|s| s.class == class).collect();
    // One path per tile: within a tile the shapes' rings turn as the format says, so that overlapping ones leave no hole.
    for tile in shapes.chunk_by(|a, b| a.tile == b.tile) {
        let mut d = String::new();
        tile.iter().flat_map(|s| &s.parts).for_each(|ring| ring_path(ring, &mut d));
        let _ = write!(out, "<path fill=\"{}\"{} d=\"{d}\"/>", fill.hex(), seen("fill", fill));
        if let (Some(pattern), Some(ink)) = (pattern, edge) {
            let _ = write!(out, "<path fill=\"url(#{})\" d=\"{d}\"/>", pattern_id(pattern, &ink.hex(), id));
            patterns.insert((pattern, ink.hex()));
        }
    }
    let mut rims = String::new();
    shapes.iter().flat_map(|s| &s.rim).for_each(|line| line_path(line, &mut rims));
    if let (None, Some(edge), false) = (pattern, edge, rims.is_empty()) {
        let _ = write!(out, "<path fill=\"none\" stroke=\"{}\"{} stroke-width=\"0.6\" d=\"{rims}\"/>", edge.hex(), seen("stroke", edge));
    }
}

fn lines(base: &Base, class: usize, color: Color, width: f64, dash: &[f64], ways: Ways, out: &mut String) {
    let mut d = String::new();
    base.lines.iter().filter(|s| s.class == class && s.ways == ways).flat_map(|s| &s.parts).for_each(|line| line_path(line, &mut d));
    if !d.is_empty() {
        stroke(&d, color, width, dash, out);
    }
}

fn stroke(d: &str, color: Color, width: f64, dash: &[f64], out: &mut String) {
    let dashes: Vec<String> = dash.iter().map(|v| format!("{v:.2}")).collect();
    let dashed = dash.iter().any(|v| *v > 0.0) && dash.get(1) != Some(&0.0);
    let how = if dashed { format!(" stroke-dasharray=\"{}\"", dashes.join(" ")) } else { " stroke-linecap=\"round\"".into() };
    let _ = write!(
        out,
        "<path fill=\"none\" stroke=\"{}\"{} stroke-width=\"{width:.2}\" stroke-linejoin=\"round\"{how} d=\"{d}\"/>",
        color.hex(),
        seen("stroke", color)
    );
}

fn seen(what: &str, color: Color) -> String {
    if color.opacity < 1.0 { format!(" {what}-opacity=\"{:.2}\"", color.opacity) } else { String::new() }
}

fn line_path(line: &Path, d: &mut String) {
    for (i, [x, y]) in line.iter().enumerate() {
        let _ = write!(d, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
    }
}

fn ring_path(ring: &Path, d: &mut String) {
    line_path(ring, d);
    d.push('Z');
}

fn pattern_id(pattern: Pattern, ink: &str, id: &str) -> String {
    format!("{id}-{pattern:?}-{}", ink.trim_start_matches('#')).to_lowercase()
}

/// Side of a pattern's square, which repeats without a seam.
const SQUARE: f64 = 32.0;

/// As web/src/map/patterns.ts draws it.
fn definition(pattern: Pattern, ink: &str, id: &str) -> String {
    let places = |n: usize| {
        let step = SQUARE / n as f64;
        (0..n).flat_map(move |row| (row % 2..n).step_by(2).map(move |column| ((column as f64 + 0.5) * step, (row as f64 + 0.5) * step)))
    };
    let mut d = String::new();
    let mut drawn = "fill=\"none\" stroke";
    match pattern {
        Pattern::Dots => {
            drawn = "stroke-linecap=\"round\" stroke-width=\"1.8\" stroke";
            places(4).for_each(|(x, y)| {
                let _ = write!(d, "M{x} {y}h0.01");
            });
        }
        Pattern::Trees => places(2).for_each(|(x, y)| {
            let _ = write!(d, "M{x} {}L{} {}H{}ZM{x} {}v1.5", y - 3.5, x + 2.5, y + 2.0, x - 2.5, y + 2.0);
        }),
        Pattern::Waves => [4, 12, 20, 28].iter().for_each(|y| {
            let _ = write!(d, "M0 {y}C8 {0} 8 {0} 16 {y}C24 {1} 24 {1} 32 {y}", y - 3, y + 3);
        }),
        Pattern::Hatch => (-4..4).for_each(|i| {
            let _ = write!(d, "M{} 32L{} 0", i * 8, i * 8 + 32);
        }),
        Pattern::Cross => places(2).for_each(|(x, y)| {
            let _ = write!(d, "M{} {y}h4M{x} {}v5", x - 2.0, y - 2.5);
        }),
    }
    format!(
        "<pattern id=\"{}\" width=\"{SQUARE}\" height=\"{SQUARE}\" patternUnits=\"userSpaceOnUse\"><path {drawn}=\"{ink}\" d=\"{d}\"/></pattern>",
        pattern_id(pattern, ink, id)
    )
}

/// What lies outside the territory is veiled, and its outline drawn.
pub(super) fn territory(outline: &MultiPolygon<f64>, view: &View, style: Style) -> String {
    let mut out = String::new();
    let rings: Vec<Path> = outline.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors())).map(|ring| ring_in(ring, view)).collect();
    let mut d = String::new();
    rings.iter().filter(|r| r.len() > 3).for_each(|ring| ring_path(ring, &mut d));
    if d.is_empty() {
        return out;
    }
    if let Some(PaintLayer { paint: Paint::Area { fill, .. }, .. }) = table().own(Group::Area, "outside", style, view.zoom()) {
        let (w, h) = (view.width, view.height);
        let _ = write!(out, "<path fill=\"{}\"{} fill-rule=\"evenodd\" d=\"M0 0H{w:.1}V{h:.1}H0Z{d}\"/>", fill.hex(), seen("fill", fill));
    }
    if let Some(PaintLayer { paint: Paint::Line { color, width, dash, .. }, .. }) = table().own(Group::Line, "territory", style, view.zoom()) {
        stroke(&d, color, width, &dash, &mut out);
    }
    out
}

/// A ring in pixels, in the copy of the world that the view shows most of, without the positions that no pixel tells apart.
fn ring_in(ring: &geo::LineString<f64>, view: &View) -> Path {
    let Some(first) = ring.0.first() else { return Path::new() };
    let world = 1.0 / view.pixel;
    let mut last = view.place([first.x, first.y]);
    let mut path: Vec<[f64; 2]> = vec![last];
    for c in ring.0.iter().skip(1) {
        let [x, y] = view.place([c.x, c.y]);
        // The next position lies less than half a world away.
        let next = [x + ((last[0] - x) / world).round() * world, y];
        if (next[0] - last[0]).abs() + (next[1] - last[1]).abs() > 0.3 {
            path.push(next);
            last = next;
        }
    }
    path.iter().map(|[x, y]| [*x as f32, *y as f32]).collect()
}
