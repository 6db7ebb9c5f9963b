//! A page as a picture.

use super::{Drawing, Error, fonts, svg};
use resvg::tiny_skia::{self, NonZeroRect, Paint, Pixmap, PixmapPaint, Rect, Transform};
use resvg::usvg;
use std::io::Write;

/// Of a picture, at most: a sheet of A3 at 300 dpi and a little more.
pub(super) const PIXELS: u64 = 18_000_000;

/// How our SVG is read: with our fonts, and without any file or address that it may name.
pub(super) fn options() -> usvg::Options<'static> {
    let mut options = usvg::Options { fontdb: fonts::database(), font_family: fonts::FAMILY.into(), ..usvg::Options::default() };
    options.image_href_resolver.resolve_string = Box::new(|_, _| None);
    options
}

/// Reads an SVG file.
pub(super) fn tree(svg: &str) -> Result<usvg::Tree, Error> {
    usvg::Tree::from_str(svg, &options()).map_err(|e| Error::Svg(e.to_string()))
}

/// Rows that are drawn at a time, so that a whole sheet of A3 never stands in memory.
const BAND: u32 = 1024;

/// A page, from 0, at so many dots per inch: 96 gives a pixel of the picture for a CSS pixel.
///
/// # Errors
/// [`Error`].
pub fn png(drawing: &Drawing, page: usize, dpi: u32) -> Result<Vec<u8>, Error> {
    let page = drawing.pages.get(page).ok_or(Error::Page(page))?;
    let scale = f64::from(dpi) / 96.0;
    let size = |v: f64| (v * scale).round().max(1.0) as u32;
    let (width, height) = (size(page.width), size(page.height));
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(Error::Large(width, height));
    }
    let tree = tree(&svg::document(page, "", "", false))?;
    encode(&tree, [width, height], scale as f32, dpi).map_err(|e| Error::Png(e.to_string()))
}

/// Draws and writes band after band. A page is white where nothing is drawn, so that it needs no transparency.
fn encode(tree: &usvg::Tree, [width, height]: [u32; 2], scale: f32, dpi: u32) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Balanced);
    // So that it prints in its true size.
    let per_metre = (f64::from(dpi) / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }));
    let mut writer = encoder.write_header()?;
    let mut stream = writer.stream_writer()?;
    let mut band = Pixmap::new(width, BAND.min(height)).ok_or("no room for a picture")?;
    for top in (0..height).step_by(BAND as usize) {
        band.fill(tiny_skia::Color::WHITE);
        let place = Transform::from_scale(scale, scale).post_translate(0.0, -(top as f32));
        draw(tree.root(), place, place, &mut band)?;
        let rows = BAND.min(height - top) as usize;
        for row in band.data().chunks_exact(width as usize * 4).take(rows) {
            let colors: Vec<u8> = row.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
            stream.write_all(&colors)?;
        }
    }
    stream.finish()?;
    writer.finish()?;
    Ok(bytes)
}

/// Draws what of a group falls on a picture; `place` brings the group's coordinates to pixels, `root` those of the whole tree.
///
/// resvg would draw a clipped group on a layer as large as all that the group holds, once for each band. Here a group that is clipped to an upright
/// rectangle, as every map is, gets a layer of the part that is seen; what lies beside the picture is left out.
fn draw(group: &usvg::Group, place: Transform, root: Transform, picture: &mut Pixmap) -> Result<(), &'static str> {
    for node in group.children() {
        if reach(node).transform(root).is_some_and(|b| beside(b, picture)) {
            continue;
        }
        match node {
            usvg::Node::Group(inner) if !inner.should_isolate() => draw(inner, place.pre_concat(inner.transform()), root, picture)?,
            usvg::Node::Group(inner) if let Some(window) = window(inner, place) => {
                let Some([left, top, right, bottom]) = pixels(window, picture) else { continue };
                let mut layer = Pixmap::new(right - left, bottom - top).ok_or("no room for a layer")?;
                let [dx, dy] = [-(left as f32), -(top as f32)];
                draw(inner, place.pre_concat(inner.transform()).post_translate(dx, dy), root.post_translate(dx, dy), &mut layer)?;
                picture.draw_pixmap(left as i32, top as i32, layer.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
            }
            _ => whole(node, place, picture),
        }
    }
    Ok(())
}

/// All that a node may paint, with its strokes, in coordinates of the tree.
fn reach(node: &usvg::Node) -> Rect {
    match node {
        usvg::Node::Group(group) => group.abs_layer_bounding_box().to_rect(),
        _ => node.abs_stroke_bounding_box(),
    }
}

/// Draws one node as resvg does.
fn whole(node: &usvg::Node, place: Transform, picture: &mut Pixmap) {
    match (node.abs_layer_bounding_box(), node) {
        // resvg moves the node to the corner of the picture first.
        (Some(bounds), _) => _ = resvg::render_node(node, place.pre_translate(bounds.x(), bounds.y()), &mut picture.as_mut()),
        // It passes over a straight level or upright line, whose points have a box without area.
        (None, usvg::Node::Path(path)) => line(path, place, picture),
        (None, _) => {}
    }
}

/// Draws a path without area: its stroke, if it is of one colour, as all of ours are.
fn line(path: &usvg::Path, place: Transform, picture: &mut Pixmap) {
    let Some(stroke) = path.stroke().filter(|_| path.is_visible()) else { return };
    let usvg::Paint::Color(color) = stroke.paint() else { return };
    let mut paint = Paint::default();
    paint.set_color_rgba8(color.red, color.green, color.blue, stroke.opacity().to_u8());
    paint.anti_alias = path.rendering_mode().use_shape_antialiasing();
    picture.stroke_path(path.data(), &paint, &stroke.to_tiny_skia(), place, None);
}

/// Whether nothing of a box is seen, with two pixels for soft edges.
fn beside(b: Rect, picture: &Pixmap) -> bool {
    b.right() < -2.0 || b.bottom() < -2.0 || b.left() > picture.width() as f32 + 2.0 || b.top() > picture.height() as f32 + 2.0
}

/// The rectangle of pixels through which a group is seen, when that is all that sets it apart.
fn window(group: &usvg::Group, place: Transform) -> Option<NonZeroRect> {
    let clip = group.clip_path()?;
    let plain = group.mask().is_none() && group.filters().is_empty() && group.opacity().get() >= 1.0 && group.blend_mode() == usvg::BlendMode::Normal;
    let [usvg::Node::Path(path)] = clip.root().children() else { return None };
    let bounds = path.data().bounds();
    let corner = |p: &tiny_skia::Point| [bounds.left(), bounds.right()].contains(&p.x) && [bounds.top(), bounds.bottom()].contains(&p.y);
    let upright = path.data().points().len() == 4 && path.data().points().iter().all(corner);
    let place = place.pre_concat(group.transform()).pre_concat(clip.transform());
    if !plain || !upright || clip.clip_path().is_some() || place.has_skew() {
        return None;
    }
    bounds.to_non_zero_rect()?.transform(place)
}

/// Left, top, right and bottom of a rectangle in whole pixels, as far as it lies on a picture; none when it does not.
fn pixels(window: NonZeroRect, picture: &Pixmap) -> Option<[u32; 4]> {
    let within = |v: f32, most: u32| v.round().clamp(0.0, most as f32) as u32;
    let (width, height) = (picture.width(), picture.height());
    let found = [within(window.left(), width), within(window.top(), height), within(window.right(), width), within(window.bottom(), height)];
    (found[0] < found[2] && found[1] < found[3]).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map that reaches far beyond its frame, a map in the map, straight lines, a half transparent group, text, and a clip that is no rectangle.
    const SHEET: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="300" height="700"><defs>
        <clipPath id="a"><rect width="200" height="600"/></clipPath><clipPath id="b"><rect width="60" height="60"/></clipPath>
        <clipPath id="c"><circle cx="150" cy="350" r="90"/></clipPath></defs>
        <g transform="translate(40 50)"><g clip-path="url(#a)"><rect x="-500" y="-500" width="3000" height="3000" fill="#D8ECEF"/>
        <path d="M-900 -300L2000 900" stroke="#B42318" stroke-width="9"/><g transform="translate(100 400)"><g clip-path="url(#b)">
        <circle r="80" fill="#0F4550"/></g></g><path d="M-90 330H190M60 10V590" fill="none" stroke="#14282C" stroke-width="12" stroke-opacity="0.6"/>
        <path d="M-90 500H190" stroke="#0F4550" stroke-width="14" stroke-dasharray="9 5"/><path d="M20 20V580" stroke="#6B7F82" stroke-width="7"/></g></g>
        <path d="M0 341H300" stroke="#7A5AF8" stroke-width="30"/><g opacity="0.5"><rect x="20" y="300" width="90" height="90" fill="#F5BD3D"/>
        <rect x="60" y="330" width="90" height="90" fill="#0F4550"/></g><g clip-path="url(#c)"><rect y="340" width="300" height="20"/></g>
        <text x="30" y="640" font-size="24">Solvigné</text></svg>"##;

    #[test]
    fn a_sheet_that_is_drawn_in_bands_looks_as_resvg_draws_it_whole() {
        let tree = tree(SHEET).unwrap();
        for scale in [1.0_f32, 3.0] {
            let size = [300.0, 700.0].map(|v: f32| (v * scale) as u32);
            let bytes = encode(&tree, size, scale, 96).unwrap();
            let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
            let mut ours = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut ours).unwrap();
            let mut whole = Pixmap::new(size[0], size[1]).unwrap();
            whole.fill(tiny_skia::Color::WHITE);
            resvg::render(&tree, Transform::from_scale(scale, scale), &mut whole.as_mut());
            let far = |(a, b): (&[u8], &[u8])| (0..3).any(|i| a[i].abs_diff(b[i]) > 8);
            let other = ours.chunks(3).zip(whole.data().chunks(4)).filter(|pair| far(*pair)).count();
            // Soft edges are computed from another corner: one pixel of ten thousand.
            assert!(other < ours.len() / 30_000, "{other} pixels differ at {scale}");
        }
    }
}
