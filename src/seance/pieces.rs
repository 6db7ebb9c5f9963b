//! The pieces of a séance's area: quartiers, or tiles of the map grid, with names that people in the streets understand.

use super::tally::Tally;
use super::{Result, Seances};
use crate::geo::mercator::metres;
use crate::geo::{Bbox, Shape, TileId};
use crate::geocode::{Geocoder, Kind};
use crate::model::seance::cell_id;
use crate::model::{Cell, Seance, SubjectKind, Version};
use crate::store::AddressKind;
use geo::{InteriorPoint, Intersects};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// The finest tiles: about 200 m in France.
const FINEST: u8 = 17;
/// An area has at most so many pieces; a larger one gets larger tiles.
const MOST: usize = 400;
/// How far one walks for twice as much to do, metres.
const WALK: f64 = 500.0;

/// A piece of the area.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Slug of a quartier, or `z/x/y`.
    pub key: Box<str>,
    /// What people call it.
    pub name: Box<str>,
    /// Degrees.
    pub bbox: Bbox,
    /// GeoJSON of a quartier's outline; a tile is its box.
    pub boundary: Option<Arc<str>>,
    shape: Option<Shape>,
    quartier: Option<Uuid>,
    tile: Option<TileId>,
    /// Whether a street is near its middle.
    street: bool,
}

impl Piece {
    /// Whether it holds a point.
    pub fn holds(&self, [lon, lat]: [f64; 2]) -> bool {
        match (self.tile, &self.shape) {
            (Some(tile), _) => TileId::at(tile.z, lon, lat) == tile,
            (None, Some(shape)) => shape.covers(lon, lat),
            (None, None) => false,
        }
    }
}

/// A piece with what is on it and who has it.
#[derive(Debug, Clone)]
pub struct Patch {
    /// The piece.
    pub piece: Arc<Piece>,
    /// Its id as a subject of the journal.
    pub id: Uuid,
    /// What teams wrote about it, if any did.
    pub cell: Option<Cell>,
    /// Actors on it.
    pub actors: u64,
    /// Those that nobody confirmed.
    pub to_check: u64,
    /// Edits of the séance on its actors that stand.
    pub edits: usize,
}

impl Patch {
    /// `claimed`, `done`, `nothing`, or empty: free.
    pub fn state(&self) -> &str {
        self.cell.as_ref().map_or("", |c| c.doc.text("state"))
    }
}

/// Pieces by séance, with what they were made from.
pub(super) type Grids = Arc<Mutex<HashMap<Uuid, (Version, usize, Arc<Vec<Arc<Piece>>>)>>>;

impl Seances {
    /// The pieces of a séance's area, in the order of a page: north to south, west to east; quartiers by slug.
    pub(super) async fn pieces(&self, seance: &Seance) -> Arc<Vec<Arc<Piece>>> {
        let quartiers = self.quartiers(seance);
        let wanted = seance.doc.text("grid");
        if !quartiers.is_empty() && (wanted == "quartiers" || (wanted.is_empty() && quartiers.len() > 1)) {
            return Arc::new(quartiers);
        }
        let stamp = self.geocoder.size().names;
        let lock = || self.grids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((version, size, known)) = lock().get(&seance.id)
            && (*version, *size) == (seance.doc.version, stamp)
        {
            return known.clone();
        }
        let (shape, geocoder) = (self.shape(seance), self.geocoder.clone());
        // Cutting a large area and naming its pieces takes a while.
        let cut = tokio::task::spawn_blocking(move || shape.map(|s| named(&tiles(&s), &geocoder)).unwrap_or_default());
        let pieces = Arc::new(cut.await.unwrap_or_default());
        let mut grids = lock();
        if grids.len() > 64 {
            grids.clear();
        }
        grids.insert(seance.id, (seance.doc.version, stamp, pieces.clone()));
        pieces
    }

    /// The séance's own area, else the territory's outline, else the box around its actors.
    fn shape(&self, seance: &Seance) -> Option<Shape> {
        if let Some(area) = seance.area() {
            return Shape::from_geojson(area);
        }
        let home = self.journal.atlas.territory_by_id(seance.home)?;
        let outline = home.boundary.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        outline.as_ref().and_then(Shape::from_geojson).or_else(|| home.bbox.map(|b| Shape::new(geo::MultiPolygon(vec![polygon(b)]))))
    }

    /// The quartiers of the territory that lie in the area.
    fn quartiers(&self, seance: &Seance) -> Vec<Arc<Piece>> {
        let area = seance.area().and_then(Shape::from_geojson);
        let found = self.journal.atlas.quartiers(seance.home).into_iter().filter_map(|q| {
            let shape = Shape::from_geojson(&serde_json::from_str(q.boundary.as_ref()?).ok()?)?;
            let inside = area.as_ref().is_none_or(|area| overlap(area, &shape));
            inside.then(|| {
                let (bbox, quartier) = (shape.bbox, Some(q.id));
                Arc::new(Piece { key: q.slug, name: q.name, bbox, boundary: q.boundary, shape: Some(shape), quartier, tile: None, street: true })
            })
        });
        found.collect()
    }

    /// The pieces with what is on them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn patches(&self, seance: &Seance) -> Result<Vec<Patch>> {
        let pieces = self.pieces(seance).await;
        let tally = self.tally(seance.id).await?;
        let cells = self.journal.store.read().await?.cells_of(seance.id).await?;
        let mut cells: HashMap<Uuid, Cell> = cells.into_iter().map(|c| (c.id, c)).collect();
        let edits = self.edits_on(&pieces, &tally);
        let patch = |(piece, edits): (&Arc<Piece>, usize)| {
            let id = cell_id(seance.id, &piece.key);
            let atlas = &self.journal.atlas;
            let totals = match piece.quartier {
                Some(quartier) => atlas.territory_by_id(quartier).map(|t| t.totals),
                None => atlas.counts(seance.home, &crate::atlas::Filter::default(), Some(piece.bbox)),
            };
            let totals = totals.unwrap_or_default();
            Patch { piece: piece.clone(), id, cell: cells.remove(&id), actors: totals.actors, to_check: totals.to_check, edits }
        };
        Ok(pieces.iter().zip(edits).map(patch).collect())
    }

    /// How many edits of a tally stand on the actors of each piece.
    fn edits_on(&self, pieces: &[Arc<Piece>], tally: &Tally) -> Vec<usize> {
        let mut places: HashMap<Uuid, Option<usize>> = HashMap::new();
        let mut counts = vec![0; pieces.len()];
        for gist in tally.standing().filter(|g| g.subject.kind == SubjectKind::Actor) {
            let place = places.entry(gist.subject.id).or_insert_with(|| self.place_of(pieces, gist.subject.id));
            if let Some(count) = place.and_then(|i| counts.get_mut(i)) {
                *count += 1;
            }
        }
        counts
    }

    /// Which piece an actor on the map lies in, by its first place.
    pub(super) fn place_of(&self, pieces: &[Arc<Piece>], actor: Uuid) -> Option<usize> {
        let entry = self.journal.atlas.actor(actor)?;
        let point = entry.points().first().map(|p| [p.lon, p.lat])?;
        pieces.iter().position(|p| p.holds(point))
    }

    /// The next place to look at from a point: free, with most to do, and not far.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_patch(&self, seance: &Seance, from: [f64; 2]) -> Result<Option<Patch>> {
        let patches = self.patches(seance).await?;
        let candidates = self.journal.store.read().await?.candidates(seance.home).await?;
        let free = patches.into_iter().filter(|p| p.state().is_empty());
        let scored = free.map(|patch| {
            let doubtful = candidates.iter().filter(|c| patch.piece.holds([c.lon, c.lat])).count() as u64;
            let likely = 2 * (patch.to_check + doubtful) + u64::from(patch.piece.street);
            let away = metres(patch.piece.bbox.center(), from);
            (likely as f64 / (1.0 + away / WALK), away, patch)
        });
        Ok(scored.min_by(|a, b| b.0.total_cmp(&a.0).then(a.1.total_cmp(&b.1))).map(|(_, _, patch)| patch))
    }
}

fn polygon(b: Bbox) -> geo::Polygon<f64> {
    geo::Polygon::new(b.ring(), Vec::new())
}

/// Whether one lies in the other by a point of its inside; neighbours that only touch do not.
fn overlap(a: &Shape, b: &Shape) -> bool {
    let inside = |one: &Shape, other: &Shape| one.polygons().interior_point().is_some_and(|p| other.covers(p.x(), p.y()));
    inside(a, b) || inside(b, a)
}

/// The finest tiles that cover a shape with few enough of them, from the north-west.
fn tiles(shape: &Shape) -> Vec<TileId> {
    for z in (1..=FINEST).rev() {
        let (first, last) = (TileId::at(z, shape.bbox.west, shape.bbox.north), TileId::at(z, shape.bbox.east, shape.bbox.south));
        let [columns, rows] = [last.x - first.x + 1, last.y - first.y + 1].map(u64::from);
        // So many more in the box than on the shape is not looked at tile by tile.
        if columns * rows > 4 * MOST as u64 {
            continue;
        }
        let all = (first.y..=last.y).flat_map(|y| (first.x..=last.x).map(move |x| TileId { z, x, y }));
        let covering: Vec<TileId> = all.filter(|t| shape.polygons().intersects(&polygon(t.bbox()))).collect();
        if covering.len() <= MOST {
            return covering;
        }
    }
    Vec::new()
}

/// Tiles with the name of what is in their middle: an address, a street, or the square's letter and number.
fn named(tiles: &[TileId], geocoder: &Geocoder) -> Vec<Arc<Piece>> {
    let (west, north) = (tiles.iter().map(|t| t.x).min().unwrap_or(0), tiles.iter().map(|t| t.y).min().unwrap_or(0));
    let mut used: HashMap<String, usize> = HashMap::new();
    let name = |tile: &TileId| {
        let bbox = tile.bbox();
        let [lon, lat] = bbox.center();
        // What is farther from the middle than a corner lies elsewhere.
        let far = metres([bbox.west, bbox.north], [lon, lat]);
        let near = |kind| geocoder.reverse(lon, lat, Some(kind), 1).into_iter().find(|h| h.distance_m.is_some_and(|d| d <= far));
        let street = near(Kind::Of(AddressKind::Street));
        let name = match (near(Kind::House), &street) {
            (Some(house), _) => format!("autour du {}", in_a_sentence(&house.name)),
            (None, Some(street)) => format!("autour de {}", in_a_sentence(&street.name)),
            (None, None) => format!("carré {}{}", letters(tile.x - west), tile.y - north + 1),
        };
        (name, street.is_some())
    };
    let piece = |tile: &TileId| {
        let (mut name, street) = name(tile);
        let times = used.entry(name.clone()).or_insert(0);
        *times += 1;
        if *times > 1 {
            name = format!("{name} ({times})");
        }
        let key = format!("{}/{}/{}", tile.z, tile.x, tile.y).into();
        Arc::new(Piece { key, name: name.into(), bbox: tile.bbox(), boundary: None, shape: None, quartier: None, tile: Some(*tile), street })
    };
    tiles.iter().map(piece).collect()
}

/// What streets begin with: lower case inside a sentence.
const WAYS: [&str; 16] = [
    "Rue",
    "Avenue",
    "Place",
    "Boulevard",
    "Chemin",
    "Allée",
    "Impasse",
    "Route",
    "Quai",
    "Square",
    "Passage",
    "Cours",
    "Sentier",
    "Ruelle",
    "Voie",
    "Venelle",
];

/// `12 Rue du Port` → `12 rue du Port`.
fn in_a_sentence(name: &str) -> String {
    let lower = |word: &str| if WAYS.contains(&word) { word.to_lowercase() } else { word.to_owned() };
    name.split(' ').map(lower).collect::<Vec<_>>().join(" ")
}

/// A, B, … Z, AA, AB: the columns of a paper map.
fn letters(column: u32) -> String {
    let letter = char::from(b'A' + (column % 26) as u8);
    if column < 26 { letter.into() } else { format!("{}{letter}", letters(column / 26 - 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn square(west: f64, south: f64, side: f64) -> Shape {
        let (e, n) = (west + side, south + side);
        Shape::from_geojson(&json!({"type": "Polygon", "coordinates": [[[west, south], [e, south], [e, n], [west, n], [west, south]]]})).unwrap()
    }

    #[test]
    fn every_point_of_an_area_lies_in_exactly_one_of_at_most_four_hundred_pieces() {
        for (side, finest) in [(0.02, true), (0.06, false), (0.3, false), (5.0, false)] {
            let (shape, mut seen) = (square(2.0, 48.0, side), std::collections::HashSet::new());
            let pieces = named(&tiles(&shape), &Geocoder::default());
            assert!((20..=MOST).contains(&pieces.len()), "{side}: {}", pieces.len());
            assert_eq!(pieces[0].key.starts_with("17/"), finest, "{side}: {}", pieces[0].key);
            for i in 0..40 {
                for j in 0..40 {
                    let point = [2.0 + side * f64::from(i) / 39.0, 48.0 + side * f64::from(j) / 39.0];
                    let holding: Vec<_> = pieces.iter().filter(|p| p.holds(point)).map(|p| p.key.clone()).collect();
                    assert_eq!(holding.len(), 1, "{point:?}: {holding:?}");
                    seen.extend(holding);
                }
            }
            let names: std::collections::HashSet<_> = pieces.iter().map(|p| p.name.clone()).collect();
            assert_eq!(names.len(), pieces.len(), "each has a name of its own");
        }
        assert_eq!((letters(0), letters(25), letters(26), letters(702)), ("A".into(), "Z".into(), "AA".into(), "AAA".into()));
        assert_eq!(in_a_sentence("12 Rue du Port"), "12 rue du Port");
    }
}
