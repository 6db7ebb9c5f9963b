//! The built area of a territory, read out of the base map's tiles: residential land, and buildings where the territory is not too large.

use super::grid::{Grid, Marking};
use crate::geo::mercator::unproject;
use crate::geo::{Bbox, Shape, TileId};
use crate::tiles::Archive;
use crate::tiles::mvt::read::{Kind, Layer, read};
use std::sync::{Arc, Mutex, PoisonError};

/// Tiles that are read at most; a territory with more is read at a lower zoom.
const TILES: u64 = 500;
/// The zoom from which the base map holds buildings, and the one from which it holds residential land.
const ZOOMS: [u8; 2] = [14, 10];
/// Grids that are remembered.
const REMEMBERED: usize = 12;

/// A grid, with the version of the archive and the shape that it was made from; none where the base map tells nothing.
type Known = (String, Shape, Option<Arc<Grid>>);

/// The grids that were made lately.
#[derive(Debug, Default)]
pub(super) struct Grounds(Mutex<Vec<Known>>);

impl Grounds {
    /// The built area inside a shape; none when the base map tells nothing of it. Blocks: not for an async task.
    pub(super) fn of(&self, archive: &Archive, shape: &Shape) -> Option<Arc<Grid>> {
        let known = |all: &[Known]| all.iter().find(|k| k.0 == archive.version && k.1 == *shape).map(|k| k.2.clone());
        if let Some(found) = known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return found;
        }
        let made = match make(archive, shape) {
            Ok(made) => made.map(Arc::new),
            Err(e) => {
                // Not remembered: the file may be whole again at the next question.
                tracing::warn!("the built area of base map {} can't be read: {e}", archive.version);
                return None;
            }
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.remove(0);
        }
        all.push((archive.version.clone(), shape.clone(), made.clone()));
        made
    }
}

fn make(archive: &Archive, shape: &Shape) -> anyhow::Result<Option<Grid>> {
    let Some(mut marking) = Marking::new(shape.bbox) else { return Ok(None) };
    let Some(zoom) = zoom_for(shape.bbox, archive.zooms) else { return Ok(None) };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for tile in tiles(shape.bbox, zoom) {
        let Some(bytes) = runtime.block_on(archive.tile_unpacked(tile))? else { continue };
        match read(&bytes) {
            Ok(layers) => layers.iter().for_each(|layer| mark(&mut marking, tile, layer)),
            Err(e) => tracing::warn!("tile {}/{}/{} of base map {} is left out of statistics: {e}", tile.z, tile.x, tile.y, archive.version),
        }
    }
    let grid = marking.count(shape, zoom >= ZOOMS[0]);
    Ok((grid.area() > 0.0).then_some(grid))
}

/// The deepest zoom at which the territory has few enough tiles; none when the base map has no residential land at that zoom.
fn zoom_for(bbox: Bbox, zooms: [u8; 2]) -> Option<u8> {
    let deepest = zooms[1].min(ZOOMS[0]);
    (ZOOMS[1].max(zooms[0])..=deepest).rev().find(|z| {
        let [[w, e], [n, s]] = corners(bbox, *z);
        u64::from(e - w + 1) * u64::from(s - n + 1) <= TILES
    })
}

/// Columns and rows of the tiles of a box, both ends included.
fn corners(b: Bbox, z: u8) -> [[u32; 2]; 2] {
    let (first, last) = (TileId::at(z, b.west, b.north), TileId::at(z, b.east, b.south));
    [[first.x, last.x.max(first.x)], [first.y, last.y.max(first.y)]]
}

fn tiles(bbox: Bbox, z: u8) -> impl Iterator<Item = TileId> {
    let [[w, e], [n, s]] = corners(bbox, z);
    (n..=s).flat_map(move |y| (w..=e).filter_map(move |x| TileId::new(z, x, y)))
}

/// Marks a tile's residential land and buildings.
fn mark(marking: &mut Marking, tile: TileId, layer: &Layer<'_>) {
    let side = f64::from(1_u32 << tile.z);
    let unit = f64::from(layer.extent);
    let degrees = |[x, y]: [i32; 2]| unproject((f64::from(tile.x) + f64::from(x) / unit) / side, (f64::from(tile.y) + f64::from(y) / unit) / side);
    for feature in layer.features.iter().filter(|f| f.kind == Kind::Area) {
        let residential = layer.name == "land" && layer.text(feature, "kind") == Some("residential");
        if residential || layer.name == "buildings" {
            let rings: Vec<Vec<[f64; 2]>> = feature.parts.iter().map(|ring| ring.iter().map(|p| degrees(*p)).collect()).collect();
            marking.fill(&rings);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_territory_is_read_at_a_lower_zoom_and_a_country_not_at_all() {
        assert_eq!(zoom_for(Bbox::new(-2.1, 47.6, -2.0, 47.7).unwrap(), [0, 14]), Some(14));
        assert_eq!(zoom_for(Bbox::new(-2.5, 47.4, -1.2, 48.7).unwrap(), [0, 14]), Some(12));
        assert_eq!(zoom_for(Bbox::new(-5.0, 42.0, 9.0, 51.0).unwrap(), [0, 14]), None);
        assert_eq!(zoom_for(Bbox::new(-2.1, 47.6, -2.0, 47.7).unwrap(), [0, 9]), None);
        let all: Vec<TileId> = tiles(Bbox::new(-2.1, 47.6, -2.0, 47.7).unwrap(), 12).collect();
        assert!(all.contains(&TileId::at(12, -2.05, 47.65)));
    }
}
