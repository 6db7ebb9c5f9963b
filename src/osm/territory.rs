//! Which territory a file is about, and the territories inside it. The rule is told at [`Boundary`].

use super::blocks::{At, Kind, Member};
use super::coords::Coords;
use super::error::ReadError;
use super::objects::{Ways, inside};
use super::rings::{assemble, polygons};
use super::tags::OwnTags;
use super::{Boundary, BoundaryAsk};
use crate::geo::{Bbox, Shape};
use crate::model::text::{clean, fold};
use geo::{Area, CoordsIter, MultiPolygon};
use serde_json::{Value, json};
use std::collections::HashSet;

/// A relation or way that may be a territory.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    pub(super) kind: Kind,
    pub(super) id: i64,
    pub(super) version: i64,
    pub(super) tags: OwnTags,
    pub(super) body: OutlineBody,
}

/// The edge of an [`Outline`].
#[derive(Debug, Clone)]
pub(super) enum OutlineBody {
    Members(Vec<Member>),
    Nodes(Vec<i64>),
}

/// An outline with its shape, none when its ring does not close.
#[derive(Debug)]
pub(super) struct Territory {
    outline: Outline,
    /// `admin_level` 2 to 11; 0 for a place that is no administrative boundary.
    level: u8,
    shape: Option<Shape>,
    area: f64,
    /// A point inside the shape, degrees.
    middle: Option<[f64; 2]>,
}

/// Places that people take for quartiers.
pub(super) const QUARTIER_PLACES: [&str; 3] = ["suburb", "quarter", "neighbourhood"];

/// Corners looked at to see whether one territory lies in another.
const CORNERS: usize = 24;

/// Level of an administrative boundary.
pub(super) fn admin_level(tags: &OwnTags) -> Option<u8> {
    let level = tags.get("admin_level").filter(|_| tags.is("boundary", "administrative"))?;
    level.trim().parse().ok().filter(|level| (2..=11).contains(level))
}

impl Territory {
    /// Closes the ring of an outline, if everything needed is in the file.
    pub(super) fn new(outline: Outline, ways: &Ways, coords: &Coords) -> Self {
        let shape = close(&outline.body, ways, coords).filter(|polygons| !polygons.0.is_empty()).map(Shape::new);
        let area = shape.as_ref().map_or(0.0, |s| s.polygons().unsigned_area());
        let middle = shape.as_ref().and_then(|s| inside(s.polygons()));
        let level = admin_level(&outline.tags).unwrap_or(0);
        Self { outline, level, shape, area, middle }
    }

    pub(super) fn osm(&self) -> String {
        format!("{}/{}", self.outline.kind.as_str(), self.outline.id)
    }

    fn name(&self) -> Option<String> {
        self.outline.tags.name().map(|n| clean(n, false).chars().take(120).collect()).filter(|n: &String| !n.is_empty())
    }

    fn code(&self) -> Option<String> {
        let code = self.outline.tags.first(&["ref:INSEE", "ISO3166-1:alpha2", "ISO3166-1", "ISO3166-2"])?;
        Some(clean(code, false)).filter(|c| (1..=20).contains(&c.chars().count()))
    }

    fn population(&self) -> Option<u64> {
        let text: String = self.outline.tags.get("population")?.chars().filter(|c| !c.is_whitespace() && *c != '\u{202f}').collect();
        text.parse().ok().filter(|n| *n <= 2_000_000_000)
    }

    /// Its postcode, when there is one.
    pub(super) fn postcode(&self) -> Option<String> {
        let text = self.outline.tags.first(&["addr:postcode", "postal_code"])?;
        Some(clean(text.split(';').next()?, false)).filter(|c| (1..=12).contains(&c.chars().count()))
    }

    /// As a commune, when it is one of France's level and its ring closes.
    pub(super) fn as_commune(&self) -> Option<Boundary> {
        if self.level == 8 { self.boundary("commune", None).filter(|_| self.name().is_some()) } else { None }
    }

    fn boundary(&self, kind: &str, warning: Option<&str>) -> Option<Boundary> {
        let shape = self.shape.as_ref()?;
        Some(Boundary {
            name: self.name().unwrap_or_else(|| self.osm()),
            kind: kind.into(),
            code: self.code(),
            population: self.population(),
            osm: Some(self.osm()),
            geometry: geometry(shape.polygons()),
            warning: warning.map(Into::into),
        })
    }

    /// Whether it lies in a shape: a point inside, and at least half of some of its corners.
    fn mostly_in(&self, other: &Shape) -> bool {
        let Some(shape) = &self.shape else { return false };
        if !self.middle.is_some_and(|[x, y]| other.covers(x, y)) {
            return false;
        }
        let step = shape.polygons().exterior_coords_iter().count().div_ceil(CORNERS).max(1);
        let corners: Vec<bool> = shape.polygons().exterior_coords_iter().step_by(step).map(|c| other.covers(c.x, c.y)).collect();
        corners.iter().filter(|c| **c).count() * 2 >= corners.len()
    }

    /// The word of `model::field::TERRITORY_KINDS` for its level alone.
    fn kind(&self) -> &'static str {
        match self.level {
            2 => "country",
            3 | 4 => "region",
            6 if self.outline.tags.get("ref:INSEE").is_some() => "departement",
            8 => "commune",
            9..=11 => "quartier",
            _ => "custom",
        }
    }
}

/// The polygons of an outline whose every part is in the file; holes that are missing do not matter.
fn close(body: &OutlineBody, ways: &Ways, coords: &Coords) -> Option<MultiPolygon<f64>> {
    let (mut outer, mut inner) = (Vec::new(), Vec::new());
    match body {
        OutlineBody::Nodes(refs) => outer.push(refs.as_slice()),
        OutlineBody::Members(members) => {
            let mut seen = HashSet::new();
            for member in members.iter().filter(|m| m.kind == Kind::Way && seen.insert(m.id)) {
                match ways.get(&member.id) {
                    Some(refs) if member.inner => inner.push(refs.as_slice()),
                    Some(refs) => outer.push(refs.as_slice()),
                    None if member.inner => {}
                    None => return None,
                }
            }
        }
    }
    if !outer.iter().all(|refs| coords.holds_all(refs)) {
        return None;
    }
    let at = |id: i64| coords.get(id).map(At::degrees);
    let edges = assemble(&outer, at);
    if edges.open || edges.rings.is_empty() {
        return None;
    }
    let holes = assemble(&inner, at).rings.into_iter().filter(|ring| coords.holds_all(ring));
    Some(polygons(edges.rings.into_iter().chain(holes).map(|ring| coords.line(&ring)).collect()))
}

/// A GeoJSON geometry, degrees.
pub(super) fn geometry(polygons: &MultiPolygon<f64>) -> Value {
    let ring = |line: &geo::LineString<f64>| Value::Array(line.coords().map(|c| json!([c.x, c.y])).collect());
    let polygon = |p: &geo::Polygon<f64>| Value::Array(std::iter::once(p.exterior()).chain(p.interiors()).map(ring).collect());
    match polygons.0.as_slice() {
        [one] => json!({"type": "Polygon", "coordinates": polygon(one)}),
        all => json!({"type": "MultiPolygon", "coordinates": all.iter().map(polygon).collect::<Vec<_>>()}),
    }
}

/// What the choice of a territory may depend on.
pub(super) struct Known<'a> {
    pub(super) territories: &'a [Territory],
    /// Points of mapped objects, degrees.
    pub(super) points: &'a [[f64; 2]],
    /// The box of the file.
    pub(super) bbox: Bbox,
    /// A name made from that of the file.
    pub(super) file_name: &'a str,
}

/// Chooses the territory.
pub(super) fn choose(ask: Option<&BoundaryAsk>, known: &Known<'_>) -> Result<(Boundary, Shape), ReadError> {
    let boundary = match ask {
        None => default(known),
        Some(BoundaryAsk::Relation(id)) => {
            let asked = format!("relation/{id}");
            let all = known.territories.iter().filter(|t| t.outline.kind == Kind::Relation && t.outline.id == *id);
            one(all, asked)?
        }
        Some(BoundaryAsk::Code(code)) => {
            let is = |t: &&Territory| ["ref:INSEE", "ISO3166-1:alpha2", "ISO3166-1", "ISO3166-2", "ref"].iter().any(|k| t.outline.tags.is(k, code));
            one(known.territories.iter().filter(|t| t.level > 0).filter(is), code.clone())?
        }
        Some(BoundaryAsk::Shape { name, code, geometry }) => shape(known, name.as_deref(), code.as_deref(), geometry)?,
        Some(BoundaryAsk::Bbox([west, south, east, north])) => {
            let bbox = Bbox::new(*west, *south, *east, *north).map_err(|_| ReadError::BoundaryShape)?;
            boxed(bbox, known.file_name, None)
        }
    };
    let shape = Shape::from_geojson(&boundary.geometry).filter(|s| !s.bbox.is_empty()).ok_or(ReadError::BoundaryShape)?;
    Ok((boundary, shape))
}

/// The territory that somebody named; of several the one that closes, and is nearest to a commune.
fn one<'a>(all: impl Iterator<Item = &'a Territory>, asked: String) -> Result<Boundary, ReadError> {
    let best = all.min_by_key(|t| (t.shape.is_none(), t.level != 8, t.outline.id));
    let best = best.ok_or(ReadError::BoundaryAbsent { asked: asked.clone() })?;
    best.boundary(best.kind(), None).ok_or_else(|| ReadError::BoundaryOpen { asked: best.name().map_or(asked.clone(), |n| format!("{n} ({asked})")) })
}

fn default(known: &Known<'_>) -> Boundary {
    let closed = |level: u8| known.territories.iter().filter(move |t| t.level == level && t.shape.is_some());
    let communes: Vec<&Territory> = closed(8).collect();
    let chosen = match communes.as_slice() {
        [] => most_mapped(closed(2), known).and_then(|t| t.boundary("country", None)),
        [one] => one.boundary("commune", None),
        several => {
            let larger = (2..=7).flat_map(closed).find(|t| {
                let holds = |c: &&&Territory| c.area < t.area && c.middle.is_some_and(|[x, y]| t.shape.as_ref().is_some_and(|s| s.covers(x, y)));
                several.iter().filter(holds).count() * 2 > several.len() && held(t, known) * 2 >= known.points.len()
            });
            let larger = larger.and_then(|t| t.boundary(t.kind(), None));
            larger.or_else(|| most_mapped(several.iter().copied(), known).and_then(|t| t.boundary("commune", Some("several_communes"))))
        }
    };
    chosen.unwrap_or_else(|| boxed(known.bbox, known.file_name, Some("no_closed_boundary")))
}

/// Mapped objects inside a territory.
fn held(territory: &Territory, known: &Known<'_>) -> usize {
    known.points.iter().filter(|[x, y]| territory.shape.as_ref().is_some_and(|s| s.covers(*x, *y))).count()
}

fn most_mapped<'a>(all: impl Iterator<Item = &'a Territory>, known: &Known<'_>) -> Option<&'a Territory> {
    all.map(|t| (held(t, known), t))
        .max_by(|(a, s), (b, t)| a.cmp(b).then(s.area.total_cmp(&t.area)).then(t.outline.id.cmp(&s.outline.id)))
        .map(|(_, t)| t)
}

/// A shape that comes from elsewhere; the relation of the same code, closed or not, lends its name and figures.
fn shape(known: &Known<'_>, name: Option<&str>, code: Option<&str>, value: &Value) -> Result<Boundary, ReadError> {
    let shape = Shape::from_geojson(value).filter(|s| s.polygons().unsigned_area() > 0.0).ok_or(ReadError::BoundaryShape)?;
    let same = code.and_then(|code| known.territories.iter().find(|t| t.level == 8 && t.outline.tags.is("ref:INSEE", code)));
    let insee = |c: &str| c.len() == 5 && c.bytes().all(|b| b.is_ascii_alphanumeric()) && c.starts_with(|c: char| c.is_ascii_digit());
    let commune = same.is_some() || code.is_some_and(insee);
    Ok(Boundary {
        name: name.map(str::to_owned).or_else(|| same.and_then(Territory::name)).unwrap_or_else(|| known.file_name.to_owned()),
        kind: if commune { "commune" } else { "custom" }.into(),
        code: code.map(str::to_owned),
        population: same.and_then(Territory::population),
        osm: same.map(Territory::osm),
        geometry: geometry(shape.polygons()),
        warning: None,
    })
}

fn boxed(bbox: Bbox, name: &str, warning: Option<&str>) -> Boundary {
    // A box of a single point would hold nothing; a hundred metres around it do.
    let pad = |low: f64, high: f64| if high - low < 0.002 { (low - 0.001, high + 0.001) } else { (low, high) };
    let ((w, e), (s, n)) = (pad(bbox.west, bbox.east), pad(bbox.south, bbox.north));
    let (w, s, e, n) = (w.max(-180.0), s.max(-90.0), e.min(180.0), n.min(90.0));
    Boundary {
        name: name.to_owned(),
        kind: "custom".into(),
        code: None,
        population: None,
        osm: None,
        geometry: json!({"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]}),
        warning: warning.map(Into::into),
    }
}

/// The territories inside the chosen one: closed administrative ones of level 6 to 11 and named places, each mostly inside and smaller.
///
/// Countries count their levels differently: `commune` is the deepest of the levels 8, 7 and 6 that covers most of a larger territory
/// (the communes of Liechtenstein are level 8, the parishes of Andorra level 7); what is below is a quartier.
pub(super) fn nested(boundary: &Boundary, shape: &Shape, territories: &[Territory]) -> Vec<Boundary> {
    let whole = shape.polygons().unsigned_area();
    let fits = |t: &&Territory| Some(t.osm()) != boundary.osm && t.name().is_some() && t.area < 0.9 * whole && t.mostly_in(shape);
    let mut inside: Vec<&Territory> = territories.iter().filter(|t| t.level == 0 || t.level >= 6).filter(fits).collect();
    inside.sort_by_key(|t| (if t.level == 0 { 12 } else { t.level }, t.outline.kind, t.outline.id));
    let covered = |level: u8| inside.iter().filter(|t| t.level == level).map(|t| t.area).sum::<f64>() > 0.8 * whole;
    let commune_level = if boundary.kind == "commune" { 5 } else { [8, 7, 6].into_iter().find(|l| covered(*l)).unwrap_or(8) };
    let kind = |t: &Territory| match t.level {
        0 => "quartier",
        level if level == commune_level => "commune",
        level if level > commune_level => "quartier",
        _ => t.kind(),
    };
    let communes: Vec<&Territory> = inside.iter().copied().filter(|t| kind(t) == "commune").collect();
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for territory in inside {
        let Some(mut found) = territory.boundary(kind(territory), None) else { continue };
        // A name is part of an address: of two that are the same the second says its commune, or is left out.
        if !seen.insert(fold(&found.name)) {
            let holds = |c: &&&Territory| c.osm() != territory.osm() && c.shape.as_ref().is_some_and(|s| territory.mostly_in(s));
            let Some(commune) = communes.iter().find(holds).and_then(|c| c.name()) else { continue };
            found.name = format!("{} ({commune})", found.name);
            if fold(&commune) == fold(&territory.name().unwrap_or_default()) || !seen.insert(fold(&found.name)) {
                continue;
            }
        }
        out.push(found);
    }
    out
}
