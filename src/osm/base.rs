//! The simple base map: water, woods, buildings, roads and paths in and around a territory, as GeoJSON.

use super::blocks::Kind;
use super::clip;
use super::tags::Tags;
use crate::geo::Bbox;
use crate::geo::mercator::metres;
use crate::model::text::clean;
use geo::{Area, LineString, MultiPolygon, Polygon, Simplify, Winding};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most bytes of the base map as JSON, roughly.
const BYTES_MAX: usize = 12_000_000;
/// Details finer than this are dropped: about a metre, in degrees.
const DETAIL: f64 = 1e-5;
/// Corners simplified at once.
const STRETCH: usize = 400;
/// Buildings of less ground (m²) go before larger ones when the map is too big.
const SMALL_BUILDING: f64 = 150.0;

/// A GeoJSON `FeatureCollection`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename = "FeatureCollection")]
pub struct Base {
    /// From the ground up: green and wood, water, buildings, roads, rails, paths.
    pub features: Vec<Feature>,
}

/// A GeoJSON `Feature`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct Feature {
    /// What it is.
    pub properties: Properties,
    /// Where it is.
    pub geometry: Geometry,
}

/// What a feature of the base map is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Properties {
    /// `green`, `wood`, `water`, `waterway`, `building`, `road`, `rail` or `path`.
    pub kind: String,
    /// Finer: the value of the `highway`, `waterway`… tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Name, in French when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A GeoJSON geometry in degrees, six decimals; rings are wound as RFC 7946 wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "coordinates")]
pub enum Geometry {
    /// A line.
    LineString(Vec<[f64; 2]>),
    /// Several lines.
    MultiLineString(Vec<Vec<[f64; 2]>>),
    /// A surface: its edge, then its holes.
    Polygon(Vec<Vec<[f64; 2]>>),
    /// Several surfaces.
    MultiPolygon(Vec<Vec<Vec<[f64; 2]>>>),
}

/// What an object is on the base map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Class {
    pub(super) kind: &'static str,
    class: Option<String>,
    name: Option<String>,
    pub(super) surface: bool,
}

/// Order from the ground up.
const KINDS: [&str; 8] = ["green", "wood", "water", "waterway", "building", "road", "rail", "path"];
/// Highest rank: what goes first when the map is too big.
pub(super) const RANKS: usize = 7;

const PATHS: [&str; 6] = ["footway", "path", "cycleway", "track", "steps", "bridleway"];
const MAJOR: [&str; 5] = ["motorway", "trunk", "primary", "secondary", "tertiary"];
const MINOR: [&str; 6] = ["residential", "unclassified", "living_street", "pedestrian", "service", "road"];
const RAILS: [&str; 5] = ["rail", "light_rail", "tram", "narrow_gauge", "funicular"];
const GREEN_LANDUSE: [&str; 8] = ["grass", "meadow", "recreation_ground", "village_green", "cemetery", "allotments", "orchard", "vineyard"];
const GREEN_LEISURE: [&str; 5] = ["park", "garden", "pitch", "playground", "golf_course"];
const GREEN_NATURAL: [&str; 3] = ["grassland", "scrub", "heath"];

/// What a way, closed or not, or a multipolygon is on the base map, if anything.
pub(super) fn classify(tags: &Tags<'_>, closed: bool) -> Option<Class> {
    let one_of = |key: &str, words: &[&str]| tags.get(key).filter(|v| words.contains(v)).map(str::to_owned);
    let name = tags.name().map(|n| clean(n, false).chars().take(120).collect());
    let found = |kind, class, surface| Some(Class { kind, class, name, surface });
    if closed {
        let water = one_of("natural", &["water"]).or(one_of("waterway", &["riverbank", "dock"])).or(one_of("landuse", &["reservoir", "basin"]));
        if water.is_some() {
            return found("water", tags.get("water").map(|w| w.chars().take(40).collect()), true);
        }
        if tags.get("building").is_some_and(|b| b != "no") {
            return found("building", None, true);
        }
        if one_of("natural", &["wood"]).or(one_of("landuse", &["forest"])).is_some() {
            return found("wood", None, true);
        }
        let green = one_of("leisure", &GREEN_LEISURE).or(one_of("landuse", &GREEN_LANDUSE)).or(one_of("natural", &GREEN_NATURAL));
        if green.is_some() {
            return found("green", green, true);
        }
    }
    if let Some(highway) = tags.get("highway") {
        let plain = highway.strip_suffix("_link").unwrap_or(highway);
        if PATHS.contains(&highway) {
            return found("path", Some(highway.into()), false);
        }
        return if MAJOR.contains(&plain) || MINOR.contains(&highway) { found("road", Some(highway.into()), false) } else { None };
    }
    if let Some(rail) = one_of("railway", &RAILS).filter(|_| !tags.is("tunnel", "yes")) {
        return found("rail", Some(rail), false);
    }
    let waterway = one_of("waterway", &["river", "canal", "stream", "ditch", "drain"]).filter(|_| !tags.is("tunnel", "culvert"))?;
    found("waterway", Some(waterway), false)
}

impl Class {
    /// How soon it goes when the map is too big; a building's ground in m² is known only later.
    pub(super) fn rank(&self, ground: f64) -> usize {
        let class = self.class.as_deref().unwrap_or("");
        match self.kind {
            "water" | "rail" => 0,
            "road" if MAJOR.contains(&class.strip_suffix("_link").unwrap_or(class)) => 0,
            "waterway" if matches!(class, "river" | "canal") => 0,
            "road" if class != "service" => 1,
            "wood" => 2,
            "green" => 3,
            "building" if ground >= SMALL_BUILDING => 4,
            "waterway" | "road" => 5,
            "building" => 6,
            _ => 7,
        }
    }
}

/// One object of the base map with its geometry, degrees.
pub(super) struct Drawn {
    pub(super) class: Class,
    pub(super) kind: Kind,
    pub(super) id: i64,
    pub(super) shape: Shape,
}

/// Geometry before it is cut and simplified.
pub(super) enum Shape {
    Line(Vec<[f64; 2]>),
    Surface(MultiPolygon<f64>),
}

/// Cuts, simplifies and thins; `skipped` counts what was left out as `base/kind`.
pub(super) fn build(drawn: Vec<Drawn>, window: &Bbox, skipped: &mut BTreeMap<String, u64>) -> Base {
    let mut ready = Vec::with_capacity(drawn.len());
    for Drawn { class, kind, id, shape } in drawn {
        let (geometry, extent) = match shape {
            Shape::Line(line) => lines(&line, window),
            Shape::Surface(polygons) => surfaces(&polygons, window),
        };
        let Some(geometry) = geometry else { continue };
        let rank = class.rank(extent);
        let bytes = 90 + class.name.as_ref().map_or(0, |n| n.len() + 10) + 22 * geometry.positions();
        ready.push((rank, extent, kind, id, bytes, class, geometry));
    }
    ready.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
    let mut bytes = 0;
    let mut kept = Vec::with_capacity(ready.len());
    for (_, _, kind, id, size, class, geometry) in ready {
        bytes += size;
        if bytes > BYTES_MAX {
            *skipped.entry(format!("base/{}", class.kind)).or_default() += 1;
            continue;
        }
        let layer = KINDS.iter().position(|k| *k == class.kind).unwrap_or(KINDS.len());
        let properties = Properties { kind: class.kind.into(), class: class.class, name: class.name };
        kept.push((layer, kind, id, Feature { properties, geometry }));
    }
    kept.sort_by_key(|(layer, kind, id, _)| (*layer, *kind, *id));
    Base { features: kept.into_iter().map(|(_, _, _, feature)| feature).collect() }
}

impl Geometry {
    fn positions(&self) -> usize {
        match self {
            Self::LineString(line) => line.len(),
            Self::MultiLineString(lines) | Self::Polygon(lines) => lines.iter().map(Vec::len).sum(),
            Self::MultiPolygon(polygons) => polygons.iter().flatten().map(Vec::len).sum(),
        }
    }
}

/// Six decimals, about ten centimetres; neighbours that fall together become one.
fn round(line: &LineString<f64>) -> Vec<[f64; 2]> {
    let six = |degrees: f64| (degrees * 1e6).round() / 1e6;
    let mut out: Vec<[f64; 2]> = line.coords().map(|c| [six(c.x), six(c.y)]).collect();
    out.dedup();
    out
}

/// Douglas–Peucker in stretches: its cost and depth grow with the square of a hostile line's length.
fn simplify(line: &[[f64; 2]]) -> LineString<f64> {
    let mut out: Vec<geo::Coord<f64>> = Vec::new();
    let mut from = 0;
    while from + 1 < line.len() {
        let to = (from + STRETCH).min(line.len() - 1);
        out.pop();
        out.extend(LineString::from(line[from..=to].to_vec()).simplify(DETAIL).0);
        from = to;
    }
    LineString(out)
}

fn lines(line: &[[f64; 2]], window: &Bbox) -> (Option<Geometry>, f64) {
    let length = line.windows(2).map(|w| metres(w[0], w[1])).sum();
    let pieces = clip::line(line, window).into_iter().map(|piece| round(&simplify(&piece)));
    let mut pieces: Vec<_> = pieces.filter(|piece| piece.len() > 1).collect();
    let geometry = match pieces.len() {
        0 => None,
        1 => pieces.pop().map(Geometry::LineString),
        _ => Some(Geometry::MultiLineString(pieces)),
    };
    (geometry, length)
}

fn surfaces(polygons: &MultiPolygon<f64>, window: &Bbox) -> (Option<Geometry>, f64) {
    let mut ground = 0.0;
    let mut all: Vec<Vec<Vec<[f64; 2]>>> = Vec::new();
    for polygon in &polygons.0 {
        let middle = polygon.exterior().0.first().map_or(0.0, |c| c.y);
        ground += polygon.unsigned_area() * 111_195.0 * 111_195.0 * middle.to_radians().cos();
        let Some(edge) = ring(polygon.exterior(), window, false) else { continue };
        let holes = polygon.interiors().iter().filter_map(|hole| ring(hole, window, true));
        all.push(std::iter::once(edge).chain(holes).collect());
    }
    let geometry = match all.len() {
        0 => None,
        1 => all.pop().map(Geometry::Polygon),
        _ => Some(Geometry::MultiPolygon(all)),
    };
    (geometry, ground)
}

/// A ring cut, simplified and wound; none when it encloses nothing any more.
fn ring(line: &LineString<f64>, window: &Bbox, hole: bool) -> Option<Vec<[f64; 2]>> {
    let positions: Vec<[f64; 2]> = line.coords().map(|c| [c.x, c.y]).collect();
    let cut = clip::ring(&positions, window);
    let mut rounded = LineString::from(round(&simplify(&cut)));
    if rounded.0.len() < 4 || Polygon::new(rounded.clone(), Vec::new()).unsigned_area() <= 0.0 {
        return None;
    }
    if hole {
        rounded.make_cw_winding()
    } else {
        rounded.make_ccw_winding()
    }
    Some(rounded.coords().map(|c| [c.x, c.y]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WINDOW: Bbox = Bbox { west: 0.0, south: 0.0, east: 1.0, north: 1.0 };

    fn class(list: &[(&str, &str)], closed: bool) -> Option<(&'static str, Option<String>)> {
        classify(&Tags::of(list), closed).map(|c| (c.kind, c.class))
    }

    fn some(class: &str) -> Option<String> {
        Some(class.to_owned())
    }

    #[test]
    fn objects_are_classified() {
        assert_eq!(class(&[("natural", "water"), ("water", "lake")], true), Some(("water", some("lake"))));
        assert_eq!(class(&[("natural", "water")], false), None);
        assert_eq!(class(&[("building", "yes"), ("leisure", "park")], true), Some(("building", None)));
        assert_eq!(class(&[("building", "no")], true), None);
        assert_eq!(class(&[("highway", "primary_link")], false), Some(("road", some("primary_link"))));
        assert_eq!(class(&[("highway", "footway")], true), Some(("path", some("footway"))));
        assert_eq!(class(&[("highway", "proposed")], false), None);
        assert_eq!(class(&[("waterway", "river")], false), Some(("waterway", some("river"))));
        assert_eq!(class(&[("railway", "rail"), ("tunnel", "yes")], false), None);
        assert_eq!(class(&[("landuse", "forest")], true), Some(("wood", None)));
    }

    #[test]
    fn features_are_geojson_wound_and_cut() {
        let park = classify(&Tags::of(&[("leisure", "park"), ("name", "Parc")]), true).unwrap();
        let square = |a: f64, b: f64| LineString::from(vec![[a, a], [b, a], [b, b], [a, b], [a, a]]);
        let surface = MultiPolygon(vec![Polygon::new(square(0.5, 1.5), vec![square(0.6, 0.7)])]);
        let drawn = Drawn { class: park, kind: Kind::Way, id: 1, shape: Shape::Surface(surface) };
        let base = build(vec![drawn], &WINDOW, &mut BTreeMap::new());
        let json = serde_json::to_value(&base).unwrap();
        assert_eq!(json["type"], "FeatureCollection");
        assert_eq!(json["features"][0]["type"], "Feature");
        assert_eq!(json["features"][0]["properties"], json!({"kind": "green", "class": "park", "name": "Parc"}));
        let rings = json["features"][0]["geometry"]["coordinates"].as_array().unwrap();
        assert_eq!((rings.len(), &json["features"][0]["geometry"]["type"]), (2, &json!("Polygon")));
        let Geometry::Polygon(rings) = &base.features[0].geometry else { panic!() };
        assert!(LineString::from(rings[0].clone()).is_ccw() && LineString::from(rings[1].clone()).is_cw());
        assert!(rings[0].iter().all(|[x, y]| *x <= 1.0 && *y <= 1.0));
        assert_eq!(serde_json::from_value::<Base>(json).unwrap(), base);
    }

    #[test]
    fn a_map_that_is_too_big_loses_paths_and_small_buildings_first() {
        let long: Vec<[f64; 2]> = (0..100).map(|i| [f64::from(i) / 100.0, f64::from(i % 2) / 1000.0]).collect();
        let of = |tags: &[(&str, &str)], id| Drawn {
            class: classify(&Tags::of(tags), false).unwrap(),
            kind: Kind::Way,
            id,
            shape: Shape::Line(long.clone()),
        };
        let mut drawn: Vec<Drawn> = (0..4000).map(|id| of(&[("highway", "path")], id)).collect();
        drawn.extend((4000..7000).map(|id| of(&[("highway", "residential")], id)));
        let mut skipped = BTreeMap::new();
        let base = build(drawn, &WINDOW, &mut skipped);
        assert!(base.features.iter().filter(|f| f.properties.kind == "road").count() == 3000);
        assert!(skipped["base/path"] > 1000, "{skipped:?}");
        assert!(serde_json::to_string(&base).unwrap().len() < 13_000_000);
    }
}
