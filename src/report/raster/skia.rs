//! The default engine: tiny-skia, which comes with resvg, draws on the processor.

use super::painted::{Brush, Painted};
use super::{BaseRenderer, RenderError, pixels};
use crate::report::map::base::Path;
use crate::report::map::paint::Color;
use crate::report::map::view::View;
use resvg::tiny_skia::{FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

/// Keeps nothing between two pictures.
#[derive(Debug, Default, Clone, Copy)]
pub struct SkiaRenderer;

impl BaseRenderer for SkiaRenderer {
    fn render(&mut self, view: &View, scale: f32, layers: &[Painted<'_>]) -> Result<Pixmap, RenderError> {
        let [width, height] = pixels(view, scale)?;
        let mut picture = Pixmap::new(width, height).ok_or(RenderError::Size(width, height))?;
        picture.fill(resvg::tiny_skia::Color::WHITE);
        for layer in layers {
            paint(&mut picture, scale, layer);
        }
        Ok(picture)
    }
}

/// All shapes of a pass are one path, so that where they meet or overlap nothing is painted twice and no seam shows.
fn paint(picture: &mut Pixmap, scale: f32, layer: &Painted<'_>) {
    let color = ink(layer.color);
    let transform = Transform::from_scale(scale, scale);
    match layer.brush {
        Brush::Ground => picture.fill(color),
        Brush::Fill => {
            if let Some(path) = path(&layer.shapes, true) {
                picture.fill_path(&path, &solid(color), FillRule::Winding, transform, None);
            }
        }
        Brush::Pen { width, dash } => {
            let dash = self::dash(dash);
            // Round ends would fill the gaps of a dashed line.
            let line_cap = if dash.is_some() { LineCap::Butt } else { LineCap::Round };
            let stroke = Stroke { width: width as f32, line_cap, line_join: LineJoin::Round, dash, ..Stroke::default() };
            if let Some(path) = path(&layer.shapes, false) {
                picture.stroke_path(&path, &solid(color), &stroke, transform, None);
            }
        }
    }
}

/// None for a whole line.
pub(super) fn dash(dash: &[f64]) -> Option<StrokeDash> {
    StrokeDash::new(dash.iter().map(|d| *d as f32).collect(), 0.0)
}

fn ink(color: Color) -> resvg::tiny_skia::Color {
    let [r, g, b] = color.rgb;
    let mut ink = resvg::tiny_skia::Color::from_rgba8(r, g, b, 255);
    ink.set_alpha(color.opacity as f32);
    ink
}

fn solid(color: resvg::tiny_skia::Color) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(color);
    paint
}

pub(super) fn path(shapes: &[&[Path]], closed: bool) -> Option<resvg::tiny_skia::Path> {
    let mut builder = PathBuilder::new();
    for part in shapes.iter().flat_map(|parts| parts.iter()) {
        for (i, [x, y]) in part.iter().enumerate() {
            if i == 0 { builder.move_to(*x, *y) } else { builder.line_to(*x, *y) }
        }
        if closed {
            builder.close();
        }
    }
    builder.finish()
}
