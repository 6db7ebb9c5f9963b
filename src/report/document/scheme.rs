//! The picture of the governance scheme: what somebody brings is drawn anew, so that what is kept is a picture and nothing else.

use super::inputs::Scheme;
use crate::report::paper;
use resvg::{tiny_skia, usvg};
use std::sync::Arc;

/// A picture may have this many bytes.
pub const BYTES_MAX: usize = 5 << 20;
/// And so many pixels on a side.
const SIDE_MAX: u32 = 12_000;
/// And so many in all.
const PIXELS_MAX: u64 = 40_000_000;
/// It is kept with so many pixels on its longer side, at most.
const KEPT: f32 = 2_400.0;

/// Why a picture is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPicture {
    /// Not PNG, JPEG or SVG.
    #[error("it is neither PNG, JPEG nor SVG")]
    Kind,
    /// More pixels than anybody prints.
    #[error("it has too many pixels")]
    Large,
    /// It can't be read, or shows nothing.
    #[error("it can't be read, or is empty")]
    Broken,
}

/// Draws a picture anew. Points become PNG without what a camera wrote beside them; an SVG becomes shapes, without scripts, links and foreign files.
///
/// # Errors
/// [`BadPicture`].
pub fn redrawn(bytes: &[u8]) -> Result<Scheme, BadPicture> {
    let kind = kind_of(bytes).ok_or(BadPicture::Kind)?;
    if kind == "image/svg+xml" {
        return shapes(bytes);
    }
    let (width, height) = if kind == "image/png" { png_size(bytes) } else { jpeg_size(bytes) }.ok_or(BadPicture::Broken)?;
    if width.max(height) > SIDE_MAX || u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(BadPicture::Large);
    }
    let around = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\"><image width=\"{width}\" height=\"{height}\" href=\"data:{kind};base64,{}\"/></svg>",
        super::html::base64(bytes)
    );
    let tree = usvg::Tree::from_str(&around, &options(true)).map_err(|_| BadPicture::Broken)?;
    Ok(Scheme { media_type: "image/png".into(), bytes: points(&tree)? })
}

fn shapes(bytes: &[u8]) -> Result<Scheme, BadPicture> {
    let tree = usvg::Tree::from_data(bytes, &options(false)).map_err(|_| BadPicture::Broken)?;
    if tree.size().width().max(tree.size().height()) > SIDE_MAX as f32 {
        return Err(BadPicture::Large);
    }
    // What shows nothing is no scheme.
    points(&tree)?;
    // Letters become shapes, so that the picture looks the same where its font is missing.
    let text = tree.to_string(&usvg::WriteOptions { preserve_text: false, ..usvg::WriteOptions::default() });
    Ok(Scheme { media_type: "image/svg+xml".into(), bytes: text.into_bytes() })
}

/// How it is read: with our fonts; pictures inside only where the whole is one.
fn options(inner: bool) -> usvg::Options<'static> {
    let mut options = usvg::Options { fontdb: paper::fonts::database(), font_family: paper::fonts::FAMILY.into(), ..usvg::Options::default() };
    options.image_href_resolver.resolve_string = Box::new(|_, _| None);
    if !inner {
        options.image_href_resolver.resolve_data = Box::new(|_, _: Arc<Vec<u8>>, _| None);
    }
    options
}

/// PNG of a picture, as large as it is kept, on white.
fn points(tree: &usvg::Tree) -> Result<Vec<u8>, BadPicture> {
    let (width, height) = (tree.size().width(), tree.size().height());
    let scale = (KEPT / width.max(height)).min(if width.max(height) < 1_000.0 { 2.0 } else { 1.0 });
    let side = |v: f32| (v * scale).round().max(1.0) as u32;
    let mut pixmap = tiny_skia::Pixmap::new(side(width), side(height)).ok_or(BadPicture::Large)?;
    resvg::render(tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    if pixmap.pixels().iter().all(|p| p.alpha() == 0) {
        return Err(BadPicture::Broken);
    }
    let mut sheet = tiny_skia::Pixmap::new(pixmap.width(), pixmap.height()).ok_or(BadPicture::Large)?;
    sheet.fill(tiny_skia::Color::WHITE);
    sheet.draw_pixmap(0, 0, pixmap.as_ref(), &tiny_skia::PixmapPaint::default(), tiny_skia::Transform::identity(), None);
    sheet.encode_png().map_err(|_| BadPicture::Broken)
}

/// A kept picture as PNG with its width and height, for DOCX.
pub(super) fn as_points(scheme: &Scheme) -> Option<(Vec<u8>, [u32; 2])> {
    let png = match scheme.media_type.as_str() {
        "image/svg+xml" => points(&usvg::Tree::from_data(&scheme.bytes, &options(false)).ok()?).ok()?,
        _ => scheme.bytes.clone(),
    };
    let (width, height) = png_size(&png)?;
    Some((png, [width, height]))
}

/// By its first bytes, whatever it says of itself.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some("image/png");
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Some("image/jpeg");
    }
    let start = String::from_utf8_lossy(bytes.get(..bytes.len().min(1_000))?);
    let start = start.trim_start_matches('\u{feff}').trim_start();
    (start.starts_with("<svg") || (start.starts_with('<') && start.contains("<svg"))).then_some("image/svg+xml")
}

fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    Some((number(16)?, number(20)?)).filter(|(w, h)| *w > 0 && *h > 0)
}

/// Of the frame header (SOF) among the segments.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let two = |at: usize| bytes.get(at..at + 2).map(|b| u32::from(b[0]) << 8 | u32::from(b[1]));
    let mut at = 2;
    loop {
        let marker = two(at)?;
        let frame = (0xffc0..=0xffcf).contains(&marker) && ![0xffc4, 0xffc8, 0xffcc].contains(&marker);
        if frame {
            return Some((two(at + 7)?, two(at + 5)?)).filter(|(w, h)| *w > 0 && *h > 0);
        }
        if marker < 0xff01 {
            return None;
        }
        at += 2 + two(at + 2)?.max(2) as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'";

    #[test]
    fn a_drawing_loses_scripts_links_and_foreign_files_and_keeps_its_shapes() {
        let hostile = format!(
            "<?xml version='1.0'?>{SVG} xmlns:xlink='http://www.w3.org/1999/xlink' onload='alert(1)'><script>alert(1)</script><style>@import url(http://example.org/x.css);</style>\
             <image href='http://example.org/x.png' width='9' height='9'/><image href='file:///etc/passwd' width='9' height='9'/>\
             <foreignObject><iframe src='http://example.org'/></foreignObject><a xlink:href='javascript:alert(1)'><rect width='20' height='10' fill='red'/></a></svg>"
        );
        let kept = redrawn(hostile.as_bytes()).unwrap();
        let text = String::from_utf8(kept.bytes).unwrap();
        for word in ["script", "example.org", "passwd", "javascript", "onload", "foreignObject", "iframe", "@import"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
        assert!(text.contains("<path") && kept.media_type == "image/svg+xml");
    }

    #[test]
    fn what_is_no_picture_or_would_fill_the_memory_is_refused() {
        assert_eq!(redrawn(b"GIF89a"), Err(BadPicture::Kind));
        assert_eq!(redrawn(b""), Err(BadPicture::Kind));
        assert_eq!(redrawn(b"\x89PNG\r\n\x1a\n"), Err(BadPicture::Broken));
        assert_eq!(redrawn(b"\xff\xd8\xff\xe0"), Err(BadPicture::Broken));
        assert_eq!(redrawn(format!("{SVG}/>").as_bytes()), Err(BadPicture::Broken), "nothing is drawn");
        assert_eq!(
            redrawn(b"<svg xmlns='http://www.w3.org/2000/svg' width='4e9' height='4e9'><rect width='9' height='9'/></svg>"),
            Err(BadPicture::Large)
        );
        let mut bomb = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR".to_vec();
        bomb.extend([0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 6, 0, 0, 0]);
        assert_eq!(redrawn(&bomb), Err(BadPicture::Large));
        let laughs: String = (1..12).map(|i| format!("<g id='g{i}'>{}</g>", format!("<use href='#g{}'/>", i - 1).repeat(10))).collect();
        let laughs = format!("{SVG}><defs><g id='g0'><rect width='9' height='9'/></g>{laughs}</defs><use href='#g11'/></svg>");
        assert!(redrawn(laughs.as_bytes()).is_err());
    }
}
