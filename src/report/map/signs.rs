//! Gommettes: the round signs of themes, with the same colours and icons as in the browser.

use super::taken::Rect;
use crate::model::taxonomy;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

/// Of an actor without a theme, and of what is left of a ring.
const GREY: &str = "#6F7D80";

/// The path of a theme's icon, on a grid of 15.
fn glyph(theme: &str) -> &'static str {
    static SIGNS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
        serde_json::from_str(include_str!("../../../tiles/icons/themes.json"))
            .expect("tiles/icons/themes.json is part of the program and a test reads it")
    });
    SIGNS.get(theme).or_else(|| SIGNS.get("")).map_or("", String::as_str)
}

/// The colour of a theme.
pub(super) fn color(theme: &str) -> &'static str {
    taxonomy().themes.iter().find(|t| t.code == theme).map_or(GREY, |t| t.color.as_str())
}

/// A sign around a point: full when somebody has confirmed the actor, else hollow.
pub fn gommette(theme: &str, full: bool, [x, y]: [f64; 2], radius: f64) -> String {
    let color = color(theme);
    let side = radius * 1.12;
    let (place, scale) = (format!("{:.2} {:.2}", x - side / 2.0, y - side / 2.0), side / 15.0);
    let mut out = format!("<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius:.2}\" fill=\"#FFFFFF\"/>");
    let ink = if full { "#FFFFFF" } else { color };
    if full {
        let _ = write!(out, "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{:.2}\" fill=\"{color}\"/>", radius * 0.9);
    } else {
        let _ = write!(
            out,
            "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{:.2}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{:.2}\"/>",
            radius * 0.82,
            radius * 0.16
        );
    }
    let _ = write!(out, "<path fill=\"{ink}\" transform=\"translate({place}) scale({scale:.3})\" d=\"{}\"/>", glyph(theme));
    out
}

/// A sign for several: a white disc in a ring of their themes' colours; the count is written on it by the caller.
pub(super) fn ring(themes: &BTreeMap<&str, usize>, [x, y]: [f64; 2], radius: f64) -> String {
    let total: usize = themes.values().sum();
    let wide = radius * 0.26;
    let r = radius - wide / 2.0 - 1.0;
    let mut out = format!("<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius:.2}\" fill=\"#FFFFFF\"/>");
    // In the order of the taxonomy; equal mixes look equal.
    let order = |theme: &str| taxonomy().theme_index(theme).unwrap_or(usize::MAX);
    let mut parts: Vec<(&str, usize)> = themes.iter().map(|(t, n)| (*t, *n)).collect();
    parts.sort_by_key(|(theme, _)| order(theme));
    if let [(theme, _)] = parts[..] {
        let _ =
            write!(out, "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{r:.2}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{wide:.2}\"/>", color(theme));
        return out;
    }
    let mut from = -std::f64::consts::FRAC_PI_2;
    let gap = 0.9 / r;
    for (theme, count) in parts {
        let to = from + std::f64::consts::TAU * count as f64 / total.max(1) as f64;
        let (a, b) = (from + gap / 2.0, (to - gap / 2.0).max(from + gap / 2.0 + 0.02));
        let large = u8::from(b - a > std::f64::consts::PI);
        let at = |angle: f64| format!("{:.2} {:.2}", x + r * angle.cos(), y + r * angle.sin());
        let _ = write!(
            out,
            "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{wide:.2}\" d=\"M{}A{r:.2} {r:.2} 0 {large} 1 {}\"/>",
            color(theme),
            at(a),
            at(b)
        );
        from = to;
    }
    out
}

/// Text with a white edge, in the middle of a rectangle.
pub(super) fn number(text: &str, r: &Rect, size: f64, halo: bool) -> String {
    let (x, y) = (f64::midpoint(r[0], r[2]), f64::midpoint(r[1], r[3]) + size * 0.34);
    let edge = if halo { " stroke=\"#FFFFFF\" stroke-width=\"2.6\" stroke-linejoin=\"round\" paint-order=\"stroke\"" } else { "" };
    format!("<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size:.2}\" font-weight=\"700\" text-anchor=\"middle\" fill=\"#14282C\"{edge}>{text}</text>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_has_a_sign_and_a_colour_of_its_own() {
        let all: std::collections::BTreeSet<(&str, &str)> = taxonomy().themes.iter().map(|t| (glyph(&t.code), color(&t.code))).collect();
        assert_eq!(all.len(), 13);
        assert!(all.iter().all(|(path, color)| path.len() > 20 && *path != glyph("") && *color != GREY));
        assert!(!glyph("").is_empty() && color("XXX") == GREY);
    }
}
