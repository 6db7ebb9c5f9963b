//! The paint table: `tiles/palette.toml`, which the browser's map reads too, as layers to draw in one style at one zoom.

use serde::Deserialize;
use std::sync::LazyLock;

/// How a map looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Style {
    /// For screens.
    #[default]
    Light,
    /// For dark screens.
    Dark,
    /// For paper: legible in black and white.
    Impression,
}

/// `#RRGGBB`, with how much of it is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Color {
    /// Red, green, blue.
    pub rgb: [u8; 3],
    /// 0 to 1.
    pub opacity: f64,
}

impl Color {
    /// `#RRGGBB`.
    pub fn hex(self) -> String {
        let [r, g, b] = self.rgb;
        format!("#{r:02X}{g:02X}{b:02X}")
    }

    /// Reads `#RRGGBB` or `#RRGGBBAA`; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|d| d.is_ascii() && (d.len() == 6 || d.len() == 8))?;
        let byte = |at: usize| digits.get(at..at + 2).map_or(Some(255), |d| u8::from_str_radix(d, 16).ok());
        Some(Self { rgb: [byte(0)?, byte(2)?, byte(4)?], opacity: f64::from(byte(6)?) / 255.0 })
    }

    fn dimmed(self, opacity: f64) -> Self {
        Self { opacity: self.opacity * opacity, ..self }
    }
}

/// What a class is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// A filled shape.
    Area,
    /// A line.
    Line,
    /// A label.
    Text,
}

/// Where a line lies: under the ground, on it, or above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Dimmed.
    Tunnel,
    /// On the ground, or anything that is no way.
    Ground,
    /// Over the others.
    Bridge,
}

/// Small repeating picture of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pattern {
    /// Parks, sand.
    Dots,
    /// Forests.
    Trees,
    /// Water.
    Waves,
    /// What is closed.
    Hatch,
    /// Cemeteries.
    Cross,
}

/// How features of one class are drawn, in CSS pixels.
#[derive(Debug, Clone, PartialEq)]
pub enum Paint {
    /// A filled shape.
    Area {
        /// Of the ground.
        fill: Color,
        /// Of a line around it of one pixel, or of the pattern.
        edge: Option<Color>,
        /// Drawn in `edge` on `fill`.
        pattern: Option<Pattern>,
    },
    /// A stroke.
    Line {
        /// Of the stroke.
        color: Color,
        /// Whole width, pixels.
        width: f64,
        /// On and off, pixels; empty for a whole line.
        dash: Vec<f64>,
        /// Whether ways of this pass are dimmed or minor, and on which level they lie.
        ways: Ways,
    },
    /// A label.
    Text {
        /// Of the letters.
        ink: Color,
        /// Around the letters.
        halo: Color,
        /// Pixels.
        size: f64,
        /// 700 instead of 400.
        bold: bool,
        /// It follows its line, and may be tried again after so many pixels.
        along: Option<f64>,
        /// It may stand beside its point.
        dodge: bool,
    },
}

/// Which ways of a class a pass draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways {
    /// On this level.
    pub level: Level,
    /// Links and sidings, which are thinner, or all others.
    pub minor: bool,
}

/// One pass of a drawing. Passes come in the order in which they are drawn; labels come last.
#[derive(Debug, Clone, PartialEq)]
pub struct PaintLayer {
    /// `line.street`, and `line.street.edge` for what surrounds it.
    pub name: String,
    /// What its features are.
    pub group: Group,
    /// The place of its class in its group: [`Table::class_of`] tells it of a feature.
    pub class: usize,
    /// How it is drawn.
    pub paint: Paint,
}

/// One of the file's classes.
#[derive(Debug, Clone, Deserialize)]
pub struct Class {
    #[serde(skip)]
    name: String,
    layer: String,
    #[serde(default)]
    kinds: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
    #[serde(default = "kind")]
    by: String,
    #[serde(default)]
    minzoom: f64,
    #[serde(default = "endless")]
    maxzoom: f64,
    #[serde(default)]
    width: Vec<[f64; 2]>,
    casing: Option<f64>,
    #[serde(default)]
    cut: f64,
    #[serde(default)]
    size: Vec<[f64; 2]>,
    #[serde(default)]
    weight: u16,
    field: Option<String>,
    otherwise: Option<String>,
    #[serde(default)]
    along: bool,
    #[serde(default = "apart")]
    every: f64,
    #[serde(default)]
    dodge: bool,
    light: Inks,
    dark: Inks,
    impression: Inks,
}

#[derive(Debug, Clone, Deserialize)]
struct Inks {
    fill: Option<String>,
    edge: Option<String>,
    thin: Option<String>,
    pattern: Option<Pattern>,
    #[serde(default)]
    dash: Vec<f64>,
    opacity: Option<f64>,
    ink: Option<String>,
    halo: Option<String>,
}

fn kind() -> String {
    "kind".into()
}

fn endless() -> f64 {
    f64::INFINITY
}

/// Pixels between two tries to write a name along its line.
fn apart() -> f64 {
    250.0
}

/// Links and sidings are thinner than the road or railway they belong to.
const MINOR: f64 = 0.65;
/// What is seen of a tunnel.
const TUNNEL: f64 = 0.45;

/// All classes, each group in the order of the file.
#[derive(Debug)]
pub struct Table {
    areas: Vec<Class>,
    lines: Vec<Class>,
    texts: Vec<Class>,
}

/// The table of this version of Bouillon.
pub fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        Table::read(include_str!("../../../tiles/palette.toml")).expect("tiles/palette.toml is part of the program and a test reads it")
    });
    &TABLE
}

impl Table {
    fn read(text: &str) -> Result<Self, toml::de::Error> {
        let mut file: toml::Table = text.parse()?;
        let mut group = |name: &str| -> Result<Vec<Class>, toml::de::Error> {
            let classes: toml::Table = file.remove(name).unwrap_or(toml::Value::Table(toml::Table::new())).try_into()?;
            classes.into_iter().map(|(name, class)| Ok(Class { name, ..class.try_into()? })).collect()
        };
        Ok(Self { areas: group("area")?, lines: group("line")?, texts: group("text")? })
    }

    fn group(&self, group: Group) -> &[Class] {
        match group {
            Group::Area => &self.areas,
            Group::Line => &self.lines,
            Group::Text => &self.texts,
        }
    }

    /// The class that draws a feature of a source layer: the first that takes its kind. `value` tells an attribute as text.
    pub fn class_of(&self, group: Group, layer: &str, value: impl Fn(&str) -> Option<String>) -> Option<usize> {
        self.group(group).iter().position(|c| {
            let takes = |kinds: &[String]| value(&c.by).is_some_and(|k| kinds.contains(&k));
            c.layer == layer && (c.kinds.is_empty() || takes(&c.kinds)) && (c.without.is_empty() || !takes(&c.without))
        })
    }

    /// What a label of a class says: the attribute to read first, and the one for features without it.
    pub fn words_of(&self, class: usize) -> (Option<&str>, Option<&str>) {
        self.texts.get(class).map_or((None, None), |c| (c.field.as_deref(), c.otherwise.as_deref()))
    }

    /// Whether areas of a class have a line around them in some style.
    pub fn has_rim(&self, class: usize) -> bool {
        self.areas.get(class).is_some_and(|c| [&c.light, &c.dark, &c.impression].iter().any(|i| i.edge.is_some() && i.pattern.is_none()))
    }

    /// What is drawn of the tiles at a zoom (of 512-pixel tiles), the lowest first.
    pub fn layers(&self, style: Style, zoom: f64) -> Vec<PaintLayer> {
        let mut all: Vec<PaintLayer> = self.seen(Group::Area, zoom).filter_map(|(i, c)| c.area(i, style)).collect();
        all.extend(self.line_layers(style, zoom));
        // As in the browser: streams over fields and under lakes, squares over buildings and under streets.
        all.sort_by_key(|pass| self.rank(pass));
        all.extend(self.seen(Group::Text, zoom).filter_map(|(i, c)| c.text(i, style, zoom)));
        all
    }

    /// Which layers of the tiles lie over which others; those of one rank keep the order of the file.
    fn rank(&self, pass: &PaintLayer) -> u8 {
        let layer = self.group(pass.group).get(pass.class).map_or("", |c| c.layer.as_str());
        match (layer, pass.name.as_str()) {
            ("background" | "ocean" | "land" | "sites", _) | (_, "area.glacier") => 0,
            ("water_lines", _) => 1,
            ("water_polygons", _) => 2,
            ("dam_polygons" | "dam_lines" | "pier_polygons" | "pier_lines", _) | (_, "area.airfield") => 3,
            ("buildings", _) => 4,
            ("street_polygons" | "bridges", _) => 5,
            ("streets", _) => 6,
            _ => 7,
        }
    }

    /// Ways lie on three levels, each with all edges under all fills; other lines keep their place before or after them.
    fn line_layers(&self, style: Style, zoom: f64) -> Vec<PaintLayer> {
        let way = |c: &Class| c.layer == "streets";
        let first = self.lines.iter().position(way).unwrap_or(0);
        let plain = Ways { level: Level::Ground, minor: false };
        let others = |from: usize, to: usize| {
            let range = self.seen(Group::Line, zoom).filter(move |(i, c)| (from..to).contains(i) && !way(c));
            range.flat_map(move |(i, c)| [c.edge(i, style, zoom, plain), c.fill(i, style, zoom, plain)]).flatten()
        };
        let mut all: Vec<PaintLayer> = others(0, first).collect();
        for level in [Level::Tunnel, Level::Ground, Level::Bridge] {
            let ways =
                || self.seen(Group::Line, zoom).filter(|(_, c)| way(c)).flat_map(|(i, c)| [true, false].map(|minor| (i, c, Ways { level, minor })));
            all.extend(ways().filter_map(|(i, c, ways)| c.edge(i, style, zoom, ways)));
            all.extend(ways().filter_map(|(i, c, ways)| c.fill(i, style, zoom, ways)));
        }
        all.extend(others(first, self.lines.len()));
        all
    }

    /// The classes of a group that the tiles fill and a zoom shows.
    fn seen(&self, group: Group, zoom: f64) -> impl Iterator<Item = (usize, &Class)> {
        let own = |c: &Class| ["territory", "actors", "background"].contains(&c.layer.as_str());
        self.group(group).iter().enumerate().filter(move |(_, c)| !own(c) && c.minzoom <= zoom && zoom < c.maxzoom)
    }

    /// A class by name that the app fills itself: `land`, `outside` among areas, `territory` and `quartier` among lines and labels.
    pub fn own(&self, group: Group, name: &str, style: Style, zoom: f64) -> Option<PaintLayer> {
        let (i, class) = self.group(group).iter().enumerate().find(|(_, c)| c.name == name)?;
        let plain = Ways { level: Level::Ground, minor: false };
        match group {
            Group::Area => class.area(i, style),
            Group::Line => class.fill(i, style, zoom, plain),
            Group::Text => class.text(i, style, zoom),
        }
    }
}

impl Class {
    fn inks(&self, style: Style) -> &Inks {
        match style {
            Style::Light => &self.light,
            Style::Dark => &self.dark,
            Style::Impression => &self.impression,
        }
    }

    fn area(&self, class: usize, style: Style) -> Option<PaintLayer> {
        let inks = self.inks(style);
        let shown = |text: &Option<String>| Some(Color::parse(text.as_deref()?)?.dimmed(inks.opacity.unwrap_or(1.0)));
        let paint = Paint::Area { fill: shown(&inks.fill)?, edge: shown(&inks.edge), pattern: inks.pattern };
        Some(PaintLayer { name: format!("area.{}", self.name), group: Group::Area, class, paint })
    }

    /// What surrounds a way, or all of it below the cut.
    fn edge(&self, class: usize, style: Style, zoom: f64, ways: Ways) -> Option<PaintLayer> {
        let inks = self.inks(style);
        let casing = self.casing?;
        let edge = inks.edge.as_deref()?;
        let color = if zoom < self.cut { inks.thin.as_deref().unwrap_or(edge) } else { edge };
        let factor = if ways.minor { MINOR } else { 1.0 };
        let wide: Vec<[f64; 2]> = self.width.iter().map(|[z, pixels]| [*z, pixels * factor + 2.0 * casing * self.grown(*z)]).collect();
        let color = Color::parse(color)?.dimmed(seen(ways.level));
        let paint = Paint::Line { color, width: between(&wide, zoom, 1.5), dash: Vec::new(), ways };
        Some(PaintLayer { name: format!("line.{}.edge", self.name), group: Group::Line, class, paint })
    }

    /// The casing appears at the cut and is whole from zoom 15.
    fn grown(&self, zoom: f64) -> f64 {
        if zoom < self.cut { 0.0 } else { ((zoom - 9.0) / 6.0).clamp(1.0 / 3.0, 1.0) }
    }

    fn fill(&self, class: usize, style: Style, zoom: f64, ways: Ways) -> Option<PaintLayer> {
        if zoom < self.cut {
            return None;
        }
        let inks = self.inks(style);
        let width = between(&self.width, zoom, 1.5) * if ways.minor { MINOR } else { 1.0 };
        let color = Color::parse(inks.fill.as_deref()?)?.dimmed(inks.opacity.unwrap_or(1.0) * seen(ways.level));
        let paint = Paint::Line { color, width, dash: inks.dash.iter().map(|d| d * width).collect(), ways };
        Some(PaintLayer { name: format!("line.{}", self.name), group: Group::Line, class, paint })
    }

    fn text(&self, class: usize, style: Style, zoom: f64) -> Option<PaintLayer> {
        let inks = self.inks(style);
        let paint = Paint::Text {
            ink: Color::parse(inks.ink.as_deref()?)?,
            halo: Color::parse(inks.halo.as_deref()?)?,
            size: between(&self.size, zoom, 1.0),
            bold: self.weight == 700,
            along: self.along.then_some(self.every),
            dodge: self.dodge,
        };
        Some(PaintLayer { name: format!("text.{}", self.name), group: Group::Text, class, paint })
    }
}

fn seen(level: Level) -> f64 {
    if level == Level::Tunnel { TUNNEL } else { 1.0 }
}

/// The value at a zoom between pairs of zoom and value, growing by `base`^zoom; as MapLibre computes it.
fn between(stops: &[[f64; 2]], zoom: f64, base: f64) -> f64 {
    let Some([first, ..]) = stops.first_chunk::<1>() else { return 0.0 };
    if zoom <= first[0] {
        return first[1];
    }
    for pair in stops.windows(2) {
        let ([z1, v1], [z2, v2]) = (pair[0], pair[1]);
        if zoom < z2 {
            let part = if base == 1.0 { (zoom - z1) / (z2 - z1) } else { (base.powf(zoom - z1) - 1.0) / (base.powf(z2 - z1) - 1.0) };
            return v1 + (v2 - v1) * part;
        }
    }
    stops.last().map_or(0.0, |last| last[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLES: [Style; 3] = [Style::Light, Style::Dark, Style::Impression];

    #[test]
    fn the_palette_is_read_in_its_order_and_every_class_can_be_drawn() {
        let t = table();
        assert_eq!(t.areas[0].name, "land");
        assert!(t.areas.iter().any(|c| c.name == "outside") && t.lines.last().unwrap().name == "territory");
        for style in STYLES {
            for (i, c) in t.areas.iter().enumerate() {
                assert!(c.area(i, style).is_some(), "{}", c.name);
            }
            for (i, c) in t.texts.iter().enumerate() {
                assert!(c.text(i, style, 15.0).is_some(), "{}", c.name);
            }
            for (i, c) in t.lines.iter().enumerate() {
                assert!(c.fill(i, style, 20.0, Ways { level: Level::Ground, minor: false }).is_some(), "{}", c.name);
            }
        }
    }

    #[test]
    fn a_feature_goes_to_the_class_of_its_kind() {
        let t = table();
        let name = |group: Group, layer: &str, key: &'static str, value: &'static str| {
            t.class_of(group, layer, |k| (k == key).then(|| value.to_owned())).map(|i| t.group(group)[i].name.clone())
        };
        assert_eq!(name(Group::Line, "streets", "kind", "primary").as_deref(), Some("main"));
        assert_eq!(name(Group::Line, "boundaries", "admin_level", "8").as_deref(), Some("commune"));
        assert_eq!(name(Group::Area, "buildings", "kind", "anything").as_deref(), Some("building"));
        assert_eq!(name(Group::Area, "land", "kind", "moon"), None);
        assert_eq!(name(Group::Text, "water_polygons_labels", "kind", "river"), None);
        assert_eq!(name(Group::Text, "water_polygons_labels", "kind", "water").as_deref(), Some("lake"));
    }

    #[test]
    fn roads_are_one_line_below_their_cut_and_two_above_with_edges_under_all_fills() {
        let names = |zoom: f64| table().layers(Style::Light, zoom).into_iter().map(|l| l.name).collect::<Vec<_>>();
        let low = names(12.4);
        assert!(low.contains(&"line.main.edge".to_owned()) && !low.contains(&"line.main".to_owned()));
        let high = names(15.0);
        let at = |name: &str| high.iter().rposition(|n| n == name).unwrap();
        assert!(at("line.motorway.edge") < at("line.street"), "the edge of one way is not over another way's fill");
        assert!(at("line.river") < at("area.water") && at("area.forest") < at("line.stream") && at("area.building") < at("area.square"));
        assert!(at("area.square") < at("line.street") && at("line.street") < at("text.street"));
        assert!(!high.contains(&"area.outside".to_owned()) && !high.contains(&"text.town".to_owned()));
    }

    #[test]
    fn widths_grow_as_on_the_browsers_map() {
        let stops = [[12.0, 1.0], [14.0, 3.5]];
        assert_eq!(between(&stops, 10.0, 1.5), 1.0);
        assert_eq!(between(&stops, 20.0, 1.5), 3.5);
        // (1.5 - 1) / (2.25 - 1) = 0.4 of the way.
        assert!((between(&stops, 13.0, 1.5) - 2.0).abs() < 1e-9);
        assert!((between(&stops, 13.0, 1.0) - 2.25).abs() < 1e-9);
    }

    #[test]
    fn colours_are_read_with_and_without_opacity() {
        assert_eq!(Color::parse("#0F4550"), Some(Color { rgb: [15, 69, 80], opacity: 1.0 }));
        assert!((Color::parse("#FFFFFF80").unwrap().opacity - 128.0 / 255.0).abs() < 1e-9);
        assert!(["", "#12345", "red", "#GGGGGG", "#é123"].iter().all(|t| Color::parse(t).is_none()));
    }
}
