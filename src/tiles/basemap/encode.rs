//! The pieces of a tile → its bytes: lines joined, layers written, packed, thinned when too large.

use super::attributes::unpack;
use super::lines;
use super::schema::schema;
use super::sorter::Piece;
use crate::geo::grid::EXTENT;
use crate::tiles::mvt::{bytes, geometry, varint, varint_len};
use flate2::{Compression, write::GzEncoder};
use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

/// A tile may be this large, gzipped bytes; phones on a carto-party's Wi-Fi wait for no more.
pub(super) const TILE_MAX: usize = 100_000;
/// Thinning ends here; by then nearly nothing is left.
const THINNINGS: u32 = 8;

/// The zoom of a tile, and whether it is the archive's deepest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Zoom {
    pub(super) number: u8,
    pub(super) deepest: bool,
}

/// A finished tile.
pub(super) struct Encoded {
    /// Gzipped.
    pub(super) bytes: Vec<u8>,
    /// How often something had to be left out.
    pub(super) thinned: u32,
}

/// Encodes the pieces of one tile of a zoom; empty when nothing is left to draw.
pub(super) fn encode(mut pieces: Vec<Piece>, zoom: Zoom, sets: &[Arc<[u8]>]) -> std::io::Result<Encoded> {
    let mut thinned = 0;
    loop {
        let plain = plain(&pieces, zoom, sets);
        if plain.is_empty() {
            return Ok(Encoded { bytes: plain, thinned });
        }
        let mut packed = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::new(6));
        packed.write_all(&plain)?;
        let bytes = packed.finish()?;
        if bytes.len() <= TILE_MAX || thinned == THINNINGS {
            return Ok(Encoded { bytes, thinned });
        }
        thinned += 1;
        thin(&mut pieces, thinned);
    }
}

/// Leaves out what is missed least: first house numbers, then again and again the smaller half of the areas and the footpaths.
fn thin(pieces: &mut Vec<Piece>, step: u32) {
    let layer_of = |name: &str| schema().layer(name).map_or(u64::MAX, u64::from);
    let layer = |piece: &Piece| piece.head.rank >> 56;
    if step == 1 {
        let addresses = layer_of("addresses");
        pieces.retain(|piece| layer(piece) != addresses);
        return;
    }
    let areas = ["buildings", "land", "sites", "street_polygons"].map(layer_of);
    for area in areas {
        // Larger areas come first within a layer.
        let many = pieces.iter().filter(|piece| layer(piece) == area).count();
        let mut seen = 0;
        pieces.retain(|piece| {
            seen += usize::from(layer(piece) == area);
            layer(piece) != area || seen <= many / 2
        });
    }
    if step > 2 {
        let lines = ["water_lines", "streets"].map(layer_of);
        let mut sizes: Vec<usize> = pieces.iter().filter(|p| lines.contains(&layer(p))).map(|p| p.geometry.len()).collect();
        sizes.sort_unstable();
        // The shortest quarter, counted: lines of one size must not all go at once.
        let mut quarter = sizes.len() / 4;
        let longest = sizes.get(quarter).copied().unwrap_or(0);
        pieces.retain(|piece| {
            let goes = quarter > 0 && lines.contains(&layer(piece)) && piece.geometry.len() <= longest;
            quarter -= usize::from(goes);
            !goes
        });
    }
}

fn plain(pieces: &[Piece], zoom: Zoom, sets: &[Arc<[u8]>]) -> Vec<u8> {
    let mut tile = Vec::new();
    for layer in pieces.chunk_by(|a, b| a.head.rank >> 56 == b.head.rank >> 56) {
        let Some(about) = schema().layers.get((layer[0].head.rank >> 56) as usize) else { continue };
        let mut out = Writer::default();
        // Labels run along whole streets, so their lines are joined at the deepest zoom too.
        if layer[0].head.shape == geometry::LINE && (!zoom.deepest || about.name.ends_with("labels")) {
            for (attributes, geometry) in lines::joined(layer, zoom) {
                out.feature(&sets[attributes as usize], geometry::LINE, &geometry);
            }
        } else {
            layer.iter().for_each(|p| out.feature(&sets[p.head.attributes as usize], p.head.shape, &p.geometry));
        }
        out.write(about.name, &mut tile);
    }
    tile
}

/// One layer while it is written.
#[derive(Default)]
struct Writer {
    keys: HashMap<Vec<u8>, u32>,
    key_bytes: Vec<u8>,
    values: HashMap<Vec<u8>, u32>,
    value_bytes: Vec<u8>,
    features: Vec<u8>,
}

impl Writer {
    fn feature(&mut self, set: &[u8], shape: u8, geometry: &[u8]) {
        let mut tags = Vec::new();
        for (key, value) in unpack(set) {
            let (key, value) = (number(&mut self.keys, &mut self.key_bytes, 3, key), number(&mut self.values, &mut self.value_bytes, 4, value));
            varint(&mut tags, u64::from(key));
            varint(&mut tags, u64::from(value));
        }
        let of = |content: &[u8]| 1 + varint_len(content.len() as u64) + content.len();
        let size = if tags.is_empty() { 0 } else { of(&tags) } + 2 + of(geometry);
        self.features.push(2 << 3 | 2);
        varint(&mut self.features, size as u64);
        if !tags.is_empty() {
            bytes(&mut self.features, 2, &tags);
        }
        self.features.extend([3 << 3, shape]);
        bytes(&mut self.features, 4, geometry);
    }

    fn write(&self, name: &str, tile: &mut Vec<u8>) {
        if self.features.is_empty() {
            return;
        }
        let mut layer = Vec::with_capacity(self.features.len() + self.value_bytes.len() + 64);
        bytes(&mut layer, 1, name.as_bytes());
        layer.extend_from_slice(&self.features);
        layer.extend_from_slice(&self.key_bytes);
        layer.extend_from_slice(&self.value_bytes);
        layer.push(5 << 3);
        varint(&mut layer, EXTENT as u64);
        layer.extend([15 << 3, 2]);
        bytes(tile, 3, &layer);
    }
}

/// The number of a key or value in its list, where it is added when new.
fn number(known: &mut HashMap<Vec<u8>, u32>, list: &mut Vec<u8>, field: u8, content: &[u8]) -> u32 {
    if let Some(number) = known.get(content) {
        return *number;
    }
    let number = known.len() as u32;
    known.insert(content.to_vec(), number);
    bytes(list, field, content);
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiles::basemap::sorter::Head;

    /// Squares that no packing shortens, each with a house number, and one street.
    fn town(houses: u32) -> Vec<Piece> {
        let layer = |name: &str| u64::from(schema().layer(name).unwrap()) << 56;
        let piece = |rank: u64, shape, geometry| Piece { head: Head { tile: 0, rank, attributes: 0, shape }, geometry };
        let mut pieces = Vec::new();
        let mut seed = 1_u32;
        let mut next = |n: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((seed >> 8) % n) as i32
        };
        for i in 0..houses {
            let (x, y, side) = (next(4000), next(4000), 1 + next(60));
            let mut geometry = Vec::new();
            geometry::polygon(&mut geometry, &[vec![[x, y], [x + side, y], [x + side, y + side + 1], [x, y + side], [x, y]]], [0, 0]);
            pieces.push(piece(layer("buildings") | u64::from(i), geometry::POLYGON, geometry));
        }
        let mut street = Vec::new();
        geometry::lines(&mut street, &[vec![[0, 0], [4000, 4000]]], [0, 0]);
        pieces.push(piece(layer("streets"), geometry::LINE, street));
        for i in 0..houses {
            let mut geometry = Vec::new();
            geometry::point(&mut geometry, [next(4096), next(4096)]);
            pieces.push(piece(layer("addresses") | u64::from(i), geometry::POINT, geometry));
        }
        pieces
    }

    #[test]
    fn a_tile_that_is_too_large_is_thinned_until_it_is_not_and_keeps_its_streets() {
        let deepest = Zoom { number: 14, deepest: true };
        let sets: [Arc<[u8]>; 1] = [Arc::from([].as_slice())];
        let small = encode(town(500), deepest, &sets).unwrap();
        assert_eq!((small.thinned, small.bytes.len() < TILE_MAX), (0, true));
        let large = encode(town(40_000), deepest, &sets).unwrap();
        assert!(
            large.thinned > 1 && large.bytes.len() <= TILE_MAX && large.bytes.len() > TILE_MAX / 4,
            "{} after {}",
            large.bytes.len(),
            large.thinned
        );
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&large.bytes[..]), &mut plain).unwrap();
        assert!(plain.windows(7).any(|w| w == b"streets") && !plain.windows(9).any(|w| w == b"addresses"));
    }
}
