//! Writing Mapbox Vector Tiles 2.1: layers of points with attributes, straight into bytes.
//!
//! A clustered tile must cost a few microseconds, which general encoders that build a tree of objects first do not reach; a test holds
//! the bytes against such an encoder (the `mvt` crate). Format: <https://github.com/mapbox/vector-tile-spec/tree/master/2.1>.

pub mod geometry;
pub mod read;

use std::collections::HashMap;

/// Columns and rows of a tile.
pub const EXTENT: u32 = 4096;
/// Small numbers are found by index instead of by hash.
const SMALL: usize = 256;

/// One layer of points.
#[derive(Debug)]
pub struct Layer {
    name: &'static str,
    keys: Vec<&'static str>,
    /// Encoded values, ready to be copied.
    values: Vec<u8>,
    value_count: u32,
    texts: HashMap<String, u32>,
    small: [u32; SMALL],
    features: Vec<u8>,
    tags: Vec<u32>,
    scratch: Vec<u8>,
}

impl Layer {
    /// A layer whose features have attributes of these names.
    pub fn new(name: &'static str, keys: Vec<&'static str>) -> Self {
        Self {
            name,
            keys,
            values: Vec::new(),
            value_count: 0,
            texts: HashMap::new(),
            small: [u32::MAX; SMALL],
            features: Vec::new(),
            tags: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// An attribute of the next point: the key's place in the list of names, and a text. Texts that come again are written once.
    pub fn text(&mut self, key: u32, text: &str) {
        let value = match self.texts.get(text) {
            Some(value) => *value,
            None => {
                let value = self.lone_text(text);
                self.texts.insert(text.to_owned(), value);
                value
            }
        };
        self.tags.extend([key, value]);
    }

    /// The same for a text that will hardly come again.
    pub fn own_text(&mut self, key: u32, text: &str) {
        let value = self.lone_text(text);
        self.tags.extend([key, value]);
    }

    fn lone_text(&mut self, text: &str) -> u32 {
        let size = 1 + varint_len(text.len() as u64) + text.len();
        self.begin_value(size);
        bytes(&mut self.values, 1, text.as_bytes());
        self.value_count - 1
    }

    /// A whole number.
    pub fn number(&mut self, key: u32, number: u32) {
        let known = self.small.get(number as usize).copied().unwrap_or(u32::MAX);
        let value = if known == u32::MAX {
            self.begin_value(1 + varint_len(u64::from(number)));
            self.values.push(5 << 3);
            varint(&mut self.values, u64::from(number));
            if let Some(place) = self.small.get_mut(number as usize) {
                *place = self.value_count - 1;
            }
            self.value_count - 1
        } else {
            known
        };
        self.tags.extend([key, value]);
    }

    /// A number with decimals.
    pub fn decimal(&mut self, key: u32, number: f64) {
        self.begin_value(9);
        self.values.push(3 << 3 | 1);
        self.values.extend(number.to_le_bytes());
        self.tags.extend([key, self.value_count - 1]);
    }

    /// The point with the attributes given since the last one; x to the right, y down, in 1/[`EXTENT`] of the tile.
    pub fn point(&mut self, x: u32, y: u32) {
        let feature = &mut self.scratch;
        feature.clear();
        let tags: usize = self.tags.iter().map(|t| varint_len(u64::from(*t))).sum();
        feature.push(2 << 3 | 2);
        varint(feature, tags as u64);
        self.tags.drain(..).for_each(|t| varint(feature, u64::from(t)));
        // Type 1 is a point; its geometry one « move to », in zigzag.
        feature.extend([3 << 3, 1, 4 << 3 | 2]);
        let (x, y) = (u64::from(x) << 1, u64::from(y) << 1);
        varint(feature, (1 + varint_len(x) + varint_len(y)) as u64);
        feature.push(1 << 3 | 1);
        varint(feature, x);
        varint(feature, y);
        bytes(&mut self.features, 2, feature);
    }

    /// Whether it has no point; such a layer is left out of the tile.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty()
    }

    /// Puts the layer at the end of a tile.
    pub fn write(&self, tile: &mut Vec<u8>) {
        if self.is_empty() {
            return;
        }
        let keys: usize = self.keys.iter().map(|k| 1 + varint_len(k.len() as u64) + k.len()).sum();
        let name = 1 + varint_len(self.name.len() as u64) + self.name.len();
        let size = name + self.features.len() + keys + self.values.len() + 1 + varint_len(u64::from(EXTENT)) + 2;
        tile.push(3 << 3 | 2);
        varint(tile, size as u64);
        bytes(tile, 1, self.name.as_bytes());
        tile.extend_from_slice(&self.features);
        self.keys.iter().for_each(|k| bytes(tile, 3, k.as_bytes()));
        tile.extend_from_slice(&self.values);
        tile.push(5 << 3);
        varint(tile, u64::from(EXTENT));
        tile.extend([15 << 3, 2]);
    }

    fn begin_value(&mut self, size: usize) {
        self.values.push(4 << 3 | 2);
        varint(&mut self.values, size as u64);
        self.value_count += 1;
    }
}

/// A field of bytes.
pub(super) fn bytes(out: &mut Vec<u8>, field: u8, content: &[u8]) {
    out.push(field << 3 | 2);
    varint(out, content.len() as u64);
    out.extend_from_slice(content);
}

pub(super) fn varint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

pub(super) fn varint_len(v: u64) -> usize {
    (64 - (v | 1).leading_zeros() as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mvt::{GeomEncoder, GeomType, Tile};

    #[test]
    fn the_bytes_are_those_of_a_general_encoder() {
        let long = "é".repeat(200);
        let mut layer = Layer::new("clusters", vec!["id", "count", "west"]);
        let mut theirs = Tile::new(EXTENT);
        let mut their_layer = theirs.create_layer("clusters");
        let points = [(0, 0, "a", 2_u32, -2.5), (4095, 17, "b", 300, 0.25), (9, 4095, long.as_str(), 2, 180.0), (1, 1, "a", 70_000, -0.125)];
        for (x, y, text, count, west) in points {
            if text == "b" {
                layer.own_text(0, text)
            } else {
                layer.text(0, text)
            }
            layer.number(1, count);
            layer.decimal(2, west);
            layer.point(x, y);
            let geometry = GeomEncoder::new(GeomType::Point).point(f64::from(x), f64::from(y)).unwrap().encode().unwrap();
            let mut feature = their_layer.into_feature(geometry);
            feature.add_tag_string("id", text);
            feature.add_tag_uint("count", u64::from(count));
            feature.add_tag_double("west", west);
            their_layer = feature.into_layer();
        }
        theirs.add_layer(their_layer).unwrap();
        let mut tile = Vec::new();
        Layer::new("nothing", vec![]).write(&mut tile);
        assert!(tile.is_empty(), "a layer without points is left out");
        layer.write(&mut tile);
        assert_eq!(tile, theirs.to_bytes().unwrap());
    }
}
