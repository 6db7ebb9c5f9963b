//! One map: ground, territory, markers, names, in a frame; and perhaps a box in it that shows a crowded part larger.

use super::base::Base;
use super::markers::{Placed, Sizes, Spot};
use super::paint::Style;
use super::taken::{Rect, Taken, around};
use super::view::View;
use super::{Error, labels, markers, parts, scene};
use crate::model::Lang;
use crate::report::paper::escape;
use crate::tiles::Archive;
use geo::MultiPolygon;
use std::fmt::Write;

/// An actor's point on Earth.
#[derive(Debug, Clone)]
pub(super) struct Dot {
    pub(super) number: usize,
    pub(super) theme: String,
    pub(super) confirmed: bool,
    pub(super) degrees: [f64; 2],
}

/// What every panel of a sheet is drawn from.
pub(super) struct Matter<'a> {
    pub(super) dots: Vec<Dot>,
    pub(super) base: Option<&'a Archive>,
    pub(super) outline: &'a MultiPolygon<f64>,
    pub(super) style: Style,
    pub(super) lang: Lang,
    pub(super) sizes: Sizes,
    /// Whether a crowded part may be shown larger.
    pub(super) insets: bool,
}

/// SVG elements whose upper left corner is 0, 0, and what became of the points.
pub(super) struct Panel {
    pub(super) svg: String,
    pub(super) placed: Placed,
}

impl Matter<'_> {
    fn spots(&self, view: &View) -> Vec<Spot> {
        let spot = |d: &Dot| Spot { number: d.number, theme: d.theme.clone(), confirmed: d.confirmed, at: view.place(d.degrees) };
        self.dots.iter().map(spot).filter(|s| view.holds(s.at)).collect()
    }

    /// The map of a view. `note` is written on it when it shows no actor.
    pub(super) fn draw(&self, view: &View, id: &str, note: Option<&str>) -> Result<Panel, Error> {
        let mut taken = Taken::default();
        let spots = self.spots(view);
        let inset = if self.insets { Inset::choose(&spots, view, self.sizes) } else { None };
        let lower_left = |i: &Inset| i.frame[0] < view.width / 2.0 && i.frame[1] > view.height / 2.0;
        let scale_x = if inset.as_ref().is_some_and(lower_left) { view.width - parts::scale_width(view) - 8.0 } else { 14.0 };
        let (scale, scale_box) = parts::scale_and_north(view, [scale_x, view.height - 8.0]);
        taken.take(scale_box);
        if self.insets {
            taken.take([0.0, 0.0, view.width, 12.0]);
            taken.take([0.0, 0.0, 14.0, view.height]);
        }
        let (outside, inside): (Vec<Spot>, Vec<Spot>) = match &inset {
            Some(inset) => spots.into_iter().partition(|s| !inset.source_holds(s.at)),
            None => (spots, Vec::new()),
        };
        if let Some(inset) = &inset {
            taken.take(inset.frame);
            taken.take(inset.source);
        }
        let mut placed = markers::place(&outside, [view.width, view.height], self.sizes, &mut taken);
        let mut svg = self.ground(view, id)?;
        let mut over = String::new();
        if let Some(note) = note {
            over.push_str(&note_svg(view, note, &mut taken));
        }
        if let Some(inset) = &inset {
            let drawn = inset.draw(self, view, id, &inside)?;
            over.push_str(&drawn.svg);
            placed.alone += drawn.placed.alone;
            placed.together += drawn.placed.together;
        }
        svg.push_str(&self.names(view, &mut taken)?);
        svg.push_str(&placed.svg);
        svg.push_str(&if self.insets { parts::square_marks(view) } else { String::new() });
        svg.push_str(&over);
        svg.push_str(&scale);
        Ok(Panel { svg: framed(&svg, view, id), placed })
    }

    fn ground(&self, view: &View, id: &str) -> Result<String, Error> {
        let base = self.base_of(view)?;
        Ok(scene::ground(&base, view, self.style, id) + &scene::territory(self.outline, view, self.style))
    }

    fn names(&self, view: &View, taken: &mut Taken) -> Result<String, Error> {
        Ok(labels::write(&self.base_of(view)?, view, self.style, taken))
    }

    fn base_of(&self, view: &View) -> Result<Base, Error> {
        let language = if self.lang == Lang::Fr { "fr" } else { "en" };
        Ok(self.base.map(|archive| Base::read(archive, view, language)).transpose()?.unwrap_or_default())
    }
}

/// Clipped to its rectangle, with a thin frame.
fn framed(svg: &str, view: &View, id: &str) -> String {
    let (w, h) = (view.width, view.height);
    format!(
        "<clipPath id=\"{id}-clip\"><rect width=\"{w:.2}\" height=\"{h:.2}\"/></clipPath><g clip-path=\"url(#{id}-clip)\">{svg}</g>\
         <rect width=\"{w:.2}\" height=\"{h:.2}\" fill=\"none\" stroke=\"#6B7F82\" stroke-width=\"0.8\"/>"
    )
}

/// A sentence in the middle of a map.
fn note_svg(view: &View, note: &str, taken: &mut Taken) -> String {
    let size = 15.0;
    let wide = crate::report::paper::fonts::width(note, size, true) + 28.0;
    let r = around([view.width / 2.0, view.height / 2.0], wide, 40.0);
    taken.take(r);
    format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"40\" rx=\"6\" fill=\"#FFFFFF\" stroke=\"#0F4550\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size}\" font-weight=\"700\" text-anchor=\"middle\" fill=\"#14282C\">{}</text>",
        r[0],
        r[1],
        view.width / 2.0,
        view.height / 2.0 + 5.0,
        escape(note)
    )
}

/// A part of the map that is shown larger in one of its corners.
struct Inset {
    source: Rect,
    frame: Rect,
}

/// Sides of an inset, as shares of the map's, the best first.
const SHARES: [f64; 5] = [0.5, 0.44, 0.38, 0.33, 0.28];
/// How much larger it shows its part.
const LARGER: std::ops::RangeInclusive<f64> = 2.5..=5.0;
/// Crowded spots from which an inset is worth its room.
const CROWD: usize = 8;
/// Spots above which no inset would make them readable.
const HOPELESS: usize = 3000;

fn in_box(r: &Rect, at: [f64; 2]) -> bool {
    r[0] <= at[0] && at[0] <= r[2] && r[1] <= at[1] && at[1] <= r[3]
}

impl Inset {
    /// The most crowded part, if many spots of it would stand on one another, in a corner that hides no spot.
    fn choose(spots: &[Spot], view: &View, sizes: Sizes) -> Option<Self> {
        let near = sizes.radius * 2.4;
        let crowded = |s: &Spot| spots.iter().filter(|o| (o.at[0] - s.at[0]).abs() < near && (o.at[1] - s.at[1]).abs() < near).count() > 2;
        let tight: Vec<[f64; 2]> = if spots.len() > HOPELESS { return None } else { spots.iter().filter(|s| crowded(s)).map(|s| s.at).collect() };
        if tight.len() < CROWD {
            return None;
        }
        let mut best: Option<(usize, Self)> = None;
        for share in SHARES {
            let (w, h) = (view.width * share, view.height * share);
            let source = Self::source_for(&tight, view, [w, h]);
            let held = tight.iter().filter(|at| in_box(&source, **at)).count();
            let (right, lower) = (view.width - w - 6.0, view.height - h - 6.0);
            let corners = [[right, 6.0], [6.0, 6.0], [right, lower], [6.0, lower]];
            let apart = |a: &Rect| a[0] > source[2] || a[2] < source[0] || a[1] > source[3] || a[3] < source[1];
            let hides = |r: &Rect| spots.iter().any(|s| in_box(&[r[0] - 8.0, r[1] - 8.0, r[2] + 8.0, r[3] + 8.0], s.at) && !in_box(&source, s.at));
            let frame = corners.into_iter().map(|[x, y]| [x, y, x + w, y + h]).find(|f| apart(f) && !hides(f));
            if let Some(frame) = frame
                && held >= CROWD
                && best.as_ref().is_none_or(|(most, _)| held > *most)
            {
                best = Some((held, Self { source, frame }));
            }
        }
        best.map(|(_, inset)| inset)
    }

    /// The box of a frame's shape around the middle of the crowd, as large as it must be and the scale allows.
    fn source_for(tight: &[[f64; 2]], view: &View, frame: [f64; 2]) -> Rect {
        let middle = |axis: usize| {
            let mut all: Vec<f64> = tight.iter().map(|at| at[axis]).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let center = [middle(0), middle(1)];
        // Nine tenths of the crowd, the others may lie outside.
        let reach = |axis: usize| {
            let mut all: Vec<f64> = tight.iter().map(|at| (at[axis] - center[axis]).abs()).collect();
            all.sort_by(f64::total_cmp);
            (all[all.len() * 9 / 10] + 14.0) * 2.0
        };
        let larger = (frame[0] / reach(0)).min(frame[1] / reach(1)).clamp(*LARGER.start(), *LARGER.end());
        let (w, h) = (frame[0] / larger, frame[1] / larger);
        around([center[0].clamp(w / 2.0, view.width - w / 2.0), center[1].clamp(h / 2.0, view.height - h / 2.0)], w, h)
    }

    fn larger(&self) -> f64 {
        (self.frame[2] - self.frame[0]) / (self.source[2] - self.source[0])
    }

    fn source_holds(&self, at: [f64; 2]) -> bool {
        in_box(&self.source, at)
    }

    /// Dots in the part itself, and the part larger in its corner.
    fn draw(&self, matter: &Matter<'_>, view: &View, id: &str, inside: &[Spot]) -> Result<Panel, Error> {
        let (x, y) = (self.frame[0], self.frame[1]);
        let pixel = view.pixel / self.larger();
        let larger = View {
            left: view.left + self.source[0] * view.pixel,
            top: view.top + self.source[1] * view.pixel,
            pixel,
            width: self.frame[2] - x,
            height: self.frame[3] - y,
        };
        let id = format!("{id}-inset");
        let mut taken = Taken::default();
        taken.take([0.0, 0.0, 44.0, 21.0]);
        let spots: Vec<Spot> = matter.spots(&larger);
        let placed = markers::place(&spots, [larger.width, larger.height], matter.sizes, &mut taken);
        let mut svg = matter.ground(&larger, &id)?;
        svg.push_str(&matter.names(&larger, &mut taken)?);
        svg.push_str(&placed.svg);
        let mut out = String::new();
        for spot in inside {
            let _ = write!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.8\" fill=\"#14282C\" stroke=\"#FFFFFF\" stroke-width=\"0.5\"/>",
                spot.at[0], spot.at[1]
            );
        }
        let [a, b, c, d] = self.source;
        let _ = write!(
            out,
            "<rect x=\"{a:.1}\" y=\"{b:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"none\" stroke=\"#FFFFFF\" stroke-width=\"3.4\"/>\
             <rect x=\"{a:.1}\" y=\"{b:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"none\" stroke=\"#0F4550\" stroke-width=\"1.6\"/>",
            c - a,
            d - b,
            c - a,
            d - b
        );
        let (w, h) = (larger.width, larger.height);
        let said = format!("× {:.1}", self.larger()).replace('.', if matter.lang == Lang::Fr { "," } else { "." });
        let _ = write!(
            out,
            "<g transform=\"translate({x:.1} {y:.1})\"><rect x=\"-2\" y=\"-2\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#FFFFFF\"/>{}\
             <rect width=\"{w:.1}\" height=\"{h:.1}\" fill=\"none\" stroke=\"#0F4550\" stroke-width=\"1.6\"/>\
             <rect x=\"4\" y=\"4\" width=\"38\" height=\"15\" rx=\"3\" fill=\"#FFFFFF\" fill-opacity=\"0.9\"/>\
             <text x=\"23\" y=\"15\" font-size=\"10\" font-weight=\"700\" text-anchor=\"middle\" fill=\"#0F4550\">{said}</text></g>",
            w + 4.0,
            h + 4.0,
            framed(&svg, &larger, &id)
        );
        Ok(Panel { svg: out, placed })
    }
}
