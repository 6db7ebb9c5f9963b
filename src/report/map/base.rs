//! The base map's features of a view, out of an archive's vector tiles, in CSS pixels of the view.

use super::paint::{Group, Level, Ways, table};
use super::view::View;
use crate::geo::Bbox;
use crate::tiles::Archive;
use crate::tiles::mvt::read::{Feature, Kind, Layer, Value, read};
use bytes::Bytes;

/// Tiles that one drawing takes at most.
const TILES: usize = 400;
/// Pixels around a view whose features are kept, for wide lines and labels.
const MARGIN: f64 = 40.0;

/// A line or ring in pixels.
pub type Path = Vec<[f32; 2]>;

/// A filled shape or a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The class of the paint table.
    pub class: usize,
    /// The place of its tile among those of the view. Shapes of one tile never cover one another twice.
    pub tile: usize,
    /// Of a way.
    pub ways: Ways,
    /// Rings (outer ones in one direction, holes in the other) or lines, which end at the tile's edge.
    pub parts: Vec<Path>,
    /// Of an area: the part of its edge that is not the tile's edge.
    pub rim: Vec<Path>,
}

/// A name.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The class of the paint table.
    pub class: usize,
    /// What it says.
    pub text: String,
    /// One point, or the line that it follows.
    pub place: Path,
    /// More important ones are larger: inhabitants, or the area in square metres.
    pub weight: f64,
}

/// What the tiles of a view hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Base {
    /// Filled shapes.
    pub areas: Vec<Shape>,
    /// Lines.
    pub lines: Vec<Shape>,
    /// Names.
    pub labels: Vec<Label>,
}

/// Why an archive could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BadBase {
    /// The file.
    #[error("the base map can't be read: {0}")]
    Archive(#[from] pmtiles::PmtError),
    /// No thread for it.
    #[error("the base map can't be read: {0}")]
    Io(#[from] std::io::Error),
}

impl Base {
    /// Reads what a view shows, names in a language (`fr`, `en`) where they have one. A damaged tile is left out. Blocks: not for an async task.
    ///
    /// # Errors
    /// [`BadBase`].
    pub fn read(archive: &Archive, view: &View, language: &str) -> Result<Self, BadBase> {
        let mut base = Self::default();
        let named = format!("name_{language}");
        for (i, (bytes, corner, side)) in fetch(archive, view)?.into_iter().enumerate() {
            let frame = Frame { view, tile: i, corner, side, named: &named };
            match read(&bytes) {
                Ok(layers) => layers.iter().for_each(|layer| base.add(&frame, layer)),
                Err(e) => tracing::warn!("a tile of base map {} is left out of a drawing: {e}", archive.version),
            }
        }
        Ok(base)
    }

    fn add(&mut self, frame: &Frame<'_>, layer: &Layer<'_>) {
        for feature in &layer.features {
            let value = |key: &str| layer.value(feature, key).map(as_text);
            if layer.flag(feature, "maritime") {
                continue;
            }
            if let Some(class) = table().class_of(Group::Text, layer.name, value) {
                self.labels.extend(frame.label(layer, feature, class));
            }
            match feature.kind {
                Kind::Area => {
                    if let Some(class) = table().class_of(Group::Area, layer.name, value) {
                        self.areas.extend(frame.area(layer, feature, class));
                    }
                }
                Kind::Line => {
                    if let Some(class) = table().class_of(Group::Line, layer.name, value) {
                        self.lines.extend(frame.line(layer, feature, class));
                    }
                }
                Kind::Point => {}
            }
        }
    }
}

fn as_text(value: Value<'_>) -> String {
    match value {
        Value::Text(text) => text.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
    }
}

/// The tiles of a view, unpacked, with their upper left corner and side in pixels.
fn fetch(archive: &Archive, view: &View) -> Result<Vec<(Bytes, [f64; 2], f64)>, BadBase> {
    let z = view.tile_zoom(archive.zooms);
    let [west, south, east, north] = archive.bounds;
    let bounds = Bbox { west, south, east, north };
    let meets = |b: Bbox| b.west <= bounds.east && b.east >= bounds.west && b.south <= bounds.north && b.north >= bounds.south;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let mut all = Vec::new();
        for (tile, corner, side) in view.tiles(z, TILES).into_iter().filter(|(t, ..)| meets(t.bbox())) {
            if let Some(bytes) = archive.tile_unpacked(tile).await? {
                all.push((bytes, corner, side));
            }
        }
        Ok(all)
    })
}

/// Where a tile lies in the view.
struct Frame<'a> {
    view: &'a View,
    tile: usize,
    corner: [f64; 2],
    side: f64,
    named: &'a str,
}

impl Frame<'_> {
    fn pixels(&self, extent: u32, [x, y]: [i32; 2]) -> [f32; 2] {
        let unit = self.side / f64::from(extent);
        [(self.corner[0] + f64::from(x) * unit) as f32, (self.corner[1] + f64::from(y) * unit) as f32]
    }

    fn path(&self, extent: u32, part: &[[i32; 2]]) -> Path {
        part.iter().map(|p| self.pixels(extent, *p)).collect()
    }

    /// Whether a path comes near the view.
    fn seen(&self, path: &Path) -> bool {
        let within = |axis: usize, size: f64| {
            let (low, high) = path.iter().fold((f32::MAX, f32::MIN), |(l, h), p| (l.min(p[axis]), h.max(p[axis])));
            f64::from(high) >= -MARGIN && f64::from(low) <= size + MARGIN
        };
        within(0, self.view.width) && within(1, self.view.height)
    }

    fn area(&self, layer: &Layer<'_>, feature: &Feature, class: usize) -> Option<Shape> {
        let mut rings: Vec<&Vec<[i32; 2]>> = feature.parts.iter().filter(|r| r.len() > 2).collect();
        let turned = rings.first().is_some_and(|r| turn(r) < 0);
        rings.retain(|r| turn(r) != 0);
        let parts: Vec<Path> = rings
            .iter()
            .map(|r| {
                let mut path = self.path(layer.extent, r);
                if turned {
                    path.reverse();
                }
                path
            })
            .collect();
        if !parts.iter().any(|p| self.seen(p)) {
            return None;
        }
        let rim = if table().has_rim(class) {
            let closed = rings.iter().map(|r| r.iter().chain(r.first()).copied().collect::<Vec<_>>());
            closed.flat_map(|r| self.cut(layer.extent, &r)).collect()
        } else {
            Vec::new()
        };
        Some(Shape { class, tile: self.tile, ways: Ways { level: Level::Ground, minor: false }, parts, rim })
    }

    fn line(&self, layer: &Layer<'_>, feature: &Feature, class: usize) -> Option<Shape> {
        let parts: Vec<Path> = feature.parts.iter().flat_map(|p| self.cut(layer.extent, p)).filter(|p| self.seen(p)).collect();
        let level = match (layer.flag(feature, "tunnel"), layer.flag(feature, "bridge")) {
            _ if layer.name != "streets" => Level::Ground,
            (true, _) => Level::Tunnel,
            (_, true) => Level::Bridge,
            _ => Level::Ground,
        };
        let siding = layer.flag(feature, "rail") && layer.value(feature, "service").is_some();
        let minor = layer.name == "streets" && (layer.flag(feature, "link") || siding);
        (!parts.is_empty()).then_some(Shape { class, tile: self.tile, ways: Ways { level, minor }, parts, rim: Vec::new() })
    }

    /// The parts of a line inside its tile, in pixels.
    fn cut(&self, extent: u32, line: &[[i32; 2]]) -> Vec<Path> {
        let end = f64::from(extent);
        let tile = Bbox { west: 0.0, south: 0.0, east: end, north: end };
        let unit = self.side / end;
        let pixels = |[x, y]: [f64; 2]| [(self.corner[0] + x * unit) as f32, (self.corner[1] + y * unit) as f32];
        let mut parts: Vec<Path> = Vec::new();
        let mut goes_on = false;
        for pair in line.windows(2) {
            let (a, b) = (pair[0].map(f64::from), pair[1].map(f64::from));
            let Some((from, to)) = tile.cut(a, b) else {
                goes_on = false;
                continue;
            };
            match parts.last_mut() {
                Some(part) if goes_on && from == a => part.push(pixels(to)),
                _ => parts.push(vec![pixels(from), pixels(to)]),
            }
            goes_on = to == b;
        }
        parts.retain(|p| p.len() > 1);
        parts
    }

    fn label(&self, layer: &Layer<'_>, feature: &Feature, class: usize) -> Option<Label> {
        let (field, otherwise) = table().words_of(class);
        let plain = |key: &str| layer.text(feature, key).filter(|t| !t.trim().is_empty());
        let text = match field {
            Some(field) => plain(field),
            None => plain(self.named).or_else(|| plain("name")).or_else(|| plain(otherwise?)),
        }?;
        let longest = |p: &&Vec<[i32; 2]>| p.windows(2).map(|w| far(w[0], w[1])).sum::<f64>() as i64;
        let part = feature.parts.iter().max_by_key(longest)?;
        let place = match feature.kind {
            Kind::Line => self.path(layer.extent, part),
            // A point in the strip around a tile is the next tile's too, and is written once.
            _ => vec![self.pixels(layer.extent, *part.first().filter(|p| p.iter().all(|v| (0..layer.extent as i32).contains(v)))?)],
        };
        let number = |key: &str| match layer.value(feature, key) {
            Some(Value::Number(n)) => n,
            _ => 0.0,
        };
        let weight = number("population").max(number("way_area"));
        self.seen(&place).then(|| Label { class, text: text.to_owned(), place, weight })
    }
}

fn far(a: [i32; 2], b: [i32; 2]) -> f64 {
    f64::from(b[0] - a[0]).hypot(f64::from(b[1] - a[1]))
}

/// Twice the signed area of a ring.
fn turn(ring: &[[i32; 2]]) -> i64 {
    let closed = ring.iter().zip(ring.iter().cycle().skip(1));
    closed.map(|(a, b)| i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1])).sum()
}
