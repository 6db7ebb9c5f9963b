//! A page as a picture.

use super::{Drawing, Error, Page, fonts, svg};
use resvg::{tiny_skia, usvg};

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

/// A page, from 0, at so many dots per inch: 96 gives a pixel of the picture for a CSS pixel.
///
/// # Errors
/// [`Error`].
pub fn png(drawing: &Drawing, page: usize, dpi: u32) -> Result<Vec<u8>, Error> {
    let page = drawing.pages.get(page).ok_or(Error::Page(page))?;
    let pixmap = pixmap(page, f64::from(dpi) / 96.0)?;
    let bytes = pixmap.encode_png().map_err(|e| Error::Png(e.to_string()))?;
    Ok(with_dpi(bytes, dpi))
}

fn pixmap(page: &Page, scale: f64) -> Result<tiny_skia::Pixmap, Error> {
    let size = |v: f64| (v * scale).round().max(1.0) as u32;
    let (width, height) = (size(page.width), size(page.height));
    let large = || Error::Large(width, height);
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(large());
    }
    let mut pixmap = tiny_skia::Pixmap::new(width, height).ok_or_else(large)?;
    let tree = tree(&svg::document(page, "", "", false))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale as f32, scale as f32), &mut pixmap.as_mut());
    Ok(pixmap)
}

/// Writes the resolution into the file (chunk pHYs), so that it prints in its true size.
fn with_dpi(bytes: Vec<u8>, dpi: u32) -> Vec<u8> {
    // Signature, then IHDR: length, name, 13 bytes, checksum.
    const HEAD: usize = 8 + 25;
    let Some((head, rest)) = bytes.split_at_checked(HEAD) else { return bytes };
    let per_metre = (f64::from(dpi) / 0.0254).round() as u32;
    let mut chunk = b"pHYs".to_vec();
    chunk.extend(per_metre.to_be_bytes());
    chunk.extend(per_metre.to_be_bytes());
    chunk.push(1);
    let mut crc = flate2::Crc::new();
    crc.update(&chunk);
    let mut out = Vec::with_capacity(bytes.len() + 21);
    out.extend_from_slice(head);
    out.extend(9_u32.to_be_bytes());
    out.extend(&chunk);
    out.extend(crc.sum().to_be_bytes());
    out.extend_from_slice(rest);
    out
}
