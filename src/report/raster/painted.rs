//! What an engine is given: the passes of the paint table, each with its shapes.

use crate::report::map::base::{Base, Path, Shape};
use crate::report::map::paint::{Color, Group, Paint, PaintLayer};

/// One pass over the picture.
#[derive(Debug, Clone)]
pub struct Painted<'a> {
    /// Its colour.
    pub color: Color,
    /// What it does with its shapes.
    pub brush: Brush<'a>,
    /// The rings or lines of each shape.
    pub shapes: Vec<&'a [Path]>,
}

/// How a pass paints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Brush<'a> {
    /// Fills the picture, as the ground under all others.
    Ground,
    /// Fills rings.
    Fill,
    /// Follows lines with a pen, pixels of the view.
    Pen {
        /// Of the whole line.
        width: f64,
        /// On and off; empty for a whole line.
        dash: &'a [f64],
    },
}

/// The line around an area, pixels.
const RIM: f64 = 1.0;

/// What the layers of the paint table draw of a base map, the lowest first. A layer without classes in the tiles is the ground; patterns of
/// areas are left out, which the styles for screens do not have.
pub fn passes<'a>(ground: &'a PaintLayer, layers: &'a [PaintLayer], base: &'a Base) -> Vec<Painted<'a>> {
    let under = match ground.paint {
        Paint::Area { fill, .. } => Some(Painted { color: fill, brush: Brush::Ground, shapes: Vec::new() }),
        _ => None,
    };
    let drawn = layers.iter().flat_map(|layer| pass(layer, base)).filter(|pass| !pass.shapes.is_empty());
    under.into_iter().chain(drawn).collect()
}

fn pass<'a>(layer: &'a PaintLayer, base: &'a Base) -> Vec<Painted<'a>> {
    match (&layer.paint, layer.group) {
        (Paint::Area { fill, edge, pattern }, Group::Area) => {
            let shapes = || base.areas.iter().filter(|shape| shape.class == layer.class);
            let mut both = vec![Painted { color: *fill, brush: Brush::Fill, shapes: shapes().map(|s| &s.parts[..]).collect() }];
            if let (Some(edge), None) = (edge, pattern) {
                let rims = shapes().filter(|s| !s.rim.is_empty()).map(|s| &s.rim[..]).collect();
                both.push(Painted { color: *edge, brush: Brush::Pen { width: RIM, dash: &[] }, shapes: rims });
            }
            both
        }
        (Paint::Line { color, width, dash, ways }, Group::Line) if *width > 0.0 => {
            let own = |shape: &&Shape| shape.class == layer.class && shape.ways == *ways;
            let shapes = base.lines.iter().filter(own).map(|s| &s.parts[..]).collect();
            vec![Painted { color: *color, brush: Brush::Pen { width: *width, dash }, shapes }]
        }
        _ => Vec::new(),
    }
}
