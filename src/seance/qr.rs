//! A link as a QR code, drawn as one SVG path.

use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;
use std::fmt::Write;

/// Modules of white around a code, without which cameras do not find it (ISO/IEC 18004).
const QUIET: usize = 4;

/// A QR code: a square of `size` modules, white margin included, whose dark ones the path fills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Qr {
    /// Side of the view box.
    pub size: usize,
    /// SVG path data.
    pub path: String,
}

impl Qr {
    /// Draws a text; none when it is too long for a code.
    pub fn new(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (y, row) in code.to_colors().chunks(width).enumerate() {
            let mut x = 0;
            while x < width {
                let run = row.iter().skip(x).take_while(|c| **c == Color::Dark).count();
                if run > 0 {
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
                }
                x += run.max(1);
            }
        }
        Some(Self { size: width + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_fills_the_dark_modules_and_no_other() {
        let text = "https://carte.example.org/s/0192aaaa-0000-7000-8000-000000000001#t=00112233445566778899aabbccddeeff";
        let (qr, code) = (Qr::new(text).unwrap(), QrCode::with_error_correction_level(text, EcLevel::M).unwrap());
        let mut drawn = vec![vec![false; qr.size]; qr.size];
        for run in qr.path.split('M').skip(1) {
            let (at, rest) = run.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let length: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            (x..x + length).for_each(|x| drawn[y][x] = true);
        }
        let wanted = |x: usize, y: usize| {
            let inside = (QUIET..qr.size - QUIET).contains(&x) && (QUIET..qr.size - QUIET).contains(&y);
            inside && code.to_colors()[(y - QUIET) * code.width() + x - QUIET] == Color::Dark
        };
        assert!((0..qr.size).all(|y| (0..qr.size).all(|x| drawn[y][x] == wanted(x, y))));
        assert_eq!(Qr::new(&"x".repeat(5000)), None);
    }
}
