//! A page as a picture.

use super::{Drawing, Error, fonts, svg};
use resvg::{tiny_skia, usvg};
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

/// Rows that are drawn at a time: a whole sheet of A3 with its layers would take half a gibibyte.
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
    let mut band = tiny_skia::Pixmap::new(width, BAND.min(height)).ok_or("no room for a picture")?;
    for top in (0..height).step_by(BAND as usize) {
        band.fill(tiny_skia::Color::WHITE);
        let place = tiny_skia::Transform::from_scale(scale, scale).post_translate(0.0, -(top as f32));
        resvg::render(tree, place, &mut band.as_mut());
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
