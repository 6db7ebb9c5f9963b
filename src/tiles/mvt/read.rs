//! Reading Mapbox Vector Tiles 2.1. A tile may come from a foreign archive: whatever its bytes are, reading them ends, in bounded memory.

/// Bytes of an unpacked tile that are still read.
pub const BYTES: usize = 16 << 20;
/// Layers of a tile.
const LAYERS: usize = 128;
/// Features of a tile, all layers together.
const FEATURES: usize = 500_000;
/// Positions of a tile, all layers together.
const POSITIONS: usize = 4_000_000;
/// Tile units beyond which no position of a drawing can be.
const FAR: i64 = 1 << 24;

/// Why the bytes are no tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTile {
    /// A number or a message ends after the bytes do.
    #[error("the tile is cut off")]
    Cut,
    /// Something that the format does not have.
    #[error("the tile is damaged")]
    Damaged,
    /// More than anybody draws.
    #[error("the tile is too large")]
    Large,
}

/// What a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One or more points.
    Point,
    /// One or more lines.
    Line,
    /// Rings: each outer one followed by its holes.
    Area,
}

/// An attribute's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// Any number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// A feature with its geometry in tile units, x to the east, y to the south.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// What it is.
    pub kind: Kind,
    /// Points, lines or rings; a ring does not repeat its first position.
    pub parts: Vec<Vec<[i32; 2]>>,
    /// Places of keys and values in turn.
    tags: Vec<u32>,
}

/// A layer of a tile.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer<'a> {
    /// Name.
    pub name: &'a str,
    /// Units of a tile's side.
    pub extent: u32,
    /// Its features, in the order of the file.
    pub features: Vec<Feature>,
    keys: Vec<&'a str>,
    values: Vec<Value<'a>>,
}

impl<'a> Layer<'a> {
    /// An attribute of one of its features.
    pub fn value(&self, feature: &Feature, key: &str) -> Option<Value<'a>> {
        let found = feature.tags.chunks_exact(2).find(|pair| self.keys.get(pair[0] as usize) == Some(&key))?;
        self.values.get(found[1] as usize).copied()
    }

    /// An attribute as text.
    pub fn text(&self, feature: &Feature, key: &str) -> Option<&'a str> {
        match self.value(feature, key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether an attribute is there and true.
    pub fn flag(&self, feature: &Feature, key: &str) -> bool {
        self.value(feature, key) == Some(Value::Flag(true))
    }
}

/// Reads an unpacked tile.
///
/// # Errors
/// [`BadTile`].
pub fn read(bytes: &[u8]) -> Result<Vec<Layer<'_>>, BadTile> {
    if bytes.len() > BYTES {
        return Err(BadTile::Large);
    }
    let mut layers = Vec::new();
    let mut left = Left { features: FEATURES, positions: POSITIONS };
    let mut fields = Fields(bytes);
    while let Some((id, field)) = fields.next()? {
        if let (3, Field::Bytes(layer)) = (id, field) {
            if layers.len() == LAYERS {
                return Err(BadTile::Large);
            }
            layers.push(read_layer(layer, &mut left)?);
        }
    }
    Ok(layers)
}

/// How much more is read.
struct Left {
    features: usize,
    positions: usize,
}

fn read_layer<'a>(bytes: &'a [u8], left: &mut Left) -> Result<Layer<'a>, BadTile> {
    let mut layer = Layer { name: "", extent: super::EXTENT, features: Vec::new(), keys: Vec::new(), values: Vec::new() };
    let mut fields = Fields(bytes);
    while let Some((id, field)) = fields.next()? {
        match (id, field) {
            (1, Field::Bytes(name)) => layer.name = text(name)?,
            (2, Field::Bytes(feature)) => {
                left.features = left.features.checked_sub(1).ok_or(BadTile::Large)?;
                layer.features.extend(read_feature(feature, left)?);
            }
            (3, Field::Bytes(key)) => layer.keys.push(text(key)?),
            (4, Field::Bytes(value)) => layer.values.push(read_value(value)?),
            (5, Field::Number(extent)) => layer.extent = u32::try_from(extent).ok().filter(|e| (1..=1 << 16).contains(e)).ok_or(BadTile::Damaged)?,
            _ => {}
        }
    }
    Ok(layer)
}

/// None for a feature of no kind that can be drawn.
fn read_feature(bytes: &[u8], left: &mut Left) -> Result<Option<Feature>, BadTile> {
    let (mut kind, mut tags, mut geometry) = (None, Vec::new(), &[][..]);
    let mut fields = Fields(bytes);
    while let Some((id, field)) = fields.next()? {
        match (id, field) {
            (2, Field::Bytes(packed)) => {
                let mut numbers = packed;
                while !numbers.is_empty() {
                    tags.push(u32::try_from(varint(&mut numbers)?).map_err(|_| BadTile::Damaged)?);
                }
            }
            (3, Field::Number(1)) => kind = Some(Kind::Point),
            (3, Field::Number(2)) => kind = Some(Kind::Line),
            (3, Field::Number(3)) => kind = Some(Kind::Area),
            (4, Field::Bytes(commands)) => geometry = commands,
            _ => {}
        }
    }
    let Some(kind) = kind else { return Ok(None) };
    Ok(Some(Feature { kind, parts: read_geometry(kind, geometry, left)?, tags }))
}

fn read_geometry(kind: Kind, mut commands: &[u8], left: &mut Left) -> Result<Vec<Vec<[i32; 2]>>, BadTile> {
    let mut parts: Vec<Vec<[i32; 2]>> = Vec::new();
    let (mut x, mut y) = (0_i64, 0_i64);
    while !commands.is_empty() {
        let head = varint(&mut commands)?;
        let (command, count) = (head & 7, head >> 3);
        if command == 7 {
            continue;
        }
        if command != 1 && command != 2 {
            return Err(BadTile::Damaged);
        }
        for _ in 0..count {
            left.positions = left.positions.checked_sub(1).ok_or(BadTile::Large)?;
            x += zigzag(varint(&mut commands)?);
            y += zigzag(varint(&mut commands)?);
            if x.abs() > FAR || y.abs() > FAR {
                return Err(BadTile::Damaged);
            }
            let place = [x as i32, y as i32];
            match parts.last_mut() {
                // A line goes on; a move begins another part, except among points, which are one part.
                Some(part) if command == 2 || kind == Kind::Point => part.push(place),
                None if command == 2 => return Err(BadTile::Damaged),
                _ => parts.push(vec![place]),
            }
        }
    }
    Ok(parts)
}

fn read_value(bytes: &[u8]) -> Result<Value<'_>, BadTile> {
    let mut value = Value::Flag(false);
    let mut fields = Fields(bytes);
    while let Some((id, field)) = fields.next()? {
        value = match (id, field) {
            (1, Field::Bytes(b)) => Value::Text(text(b)?),
            (2, Field::Four(b)) => Value::Number(f64::from(f32::from_le_bytes(b))),
            (3, Field::Eight(b)) => Value::Number(f64::from_le_bytes(b)),
            (4, Field::Number(n)) => Value::Number(n as i64 as f64),
            (5, Field::Number(n)) => Value::Number(n as f64),
            (6, Field::Number(n)) => Value::Number(zigzag(n) as f64),
            (7, Field::Number(n)) => Value::Flag(n != 0),
            _ => value,
        };
    }
    Ok(value)
}

fn text(bytes: &[u8]) -> Result<&str, BadTile> {
    std::str::from_utf8(bytes).map_err(|_| BadTile::Damaged)
}

/// A field of a protocol-buffers message.
enum Field<'a> {
    Number(u64),
    Eight([u8; 8]),
    Four([u8; 4]),
    Bytes(&'a [u8]),
}

/// The fields of a message that are still to be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<Option<(u64, Field<'a>)>, BadTile> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let head = varint(&mut self.0)?;
        let field = match head & 7 {
            0 => Field::Number(varint(&mut self.0)?),
            1 => Field::Eight(self.fixed()?),
            2 => {
                let length = usize::try_from(varint(&mut self.0)?).map_err(|_| BadTile::Cut)?;
                let (content, rest) = self.0.split_at_checked(length).ok_or(BadTile::Cut)?;
                self.0 = rest;
                Field::Bytes(content)
            }
            5 => Field::Four(self.fixed()?),
            _ => return Err(BadTile::Damaged),
        };
        Ok(Some((head >> 3, field)))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], BadTile> {
        let (fixed, rest) = self.0.split_first_chunk().ok_or(BadTile::Cut)?;
        self.0 = rest;
        Ok(*fixed)
    }
}

fn varint(bytes: &mut &[u8]) -> Result<u64, BadTile> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(BadTile::Cut)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(BadTile::Damaged)
}

fn zigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::mvt::{GeomData, GeomEncoder, GeomType, Tile};
    use proptest::prelude::*;

    fn geometry(kind: GeomType, parts: &[&[[f64; 2]]]) -> GeomData {
        let mut encoder: GeomEncoder<f64> = GeomEncoder::new(kind);
        for part in parts {
            for [x, y] in *part {
                encoder = encoder.point(*x, *y).unwrap();
            }
            encoder = encoder.complete().unwrap();
        }
        encoder.encode().unwrap()
    }

    fn tile() -> Vec<u8> {
        let mut tile = Tile::new(4096);
        let mut feature = tile.create_layer("streets").into_feature(geometry(GeomType::Linestring, &[&[[1.0, 2.0], [5.0, 9.0], [-4.0, 9.0]]]));
        feature.add_tag_string("kind", "residential");
        feature.add_tag_bool("bridge", true);
        feature.add_tag_uint("admin_level", 8);
        feature.add_tag_sint("depth", -3);
        feature.add_tag_double("width", 2.5);
        let layer = feature.into_layer();
        let square = geometry(GeomType::Polygon, &[&[[0.0, 0.0], [8.0, 0.0], [8.0, 8.0], [0.0, 8.0]], &[[2.0, 2.0], [2.0, 4.0], [4.0, 4.0]]]);
        let layer = layer.into_feature(square).into_layer();
        tile.add_layer(layer).unwrap();
        tile.to_bytes().unwrap()
    }

    #[test]
    fn a_tile_of_another_encoder_is_read_whole() {
        let bytes = tile();
        let layers = read(&bytes).unwrap();
        let [layer] = &layers[..] else { panic!("{} layers", layers.len()) };
        assert_eq!((layer.name, layer.extent, layer.features.len()), ("streets", 4096, 2));
        let line = &layer.features[0];
        assert_eq!((line.kind, &line.parts), (Kind::Line, &vec![vec![[1, 2], [5, 9], [-4, 9]]]));
        assert_eq!(layer.text(line, "kind"), Some("residential"));
        assert!(layer.flag(line, "bridge") && !layer.flag(line, "tunnel"));
        assert_eq!(layer.value(line, "admin_level"), Some(Value::Number(8.0)));
        assert_eq!(layer.value(line, "depth"), Some(Value::Number(-3.0)));
        assert_eq!(layer.value(line, "width"), Some(Value::Number(2.5)));
        assert_eq!(layer.value(line, "nothing"), None);
        let square = &layer.features[1];
        assert_eq!((square.kind, square.parts.len(), square.parts[1].len()), (Kind::Area, 2, 3));
        assert_eq!(read(&[]), Ok(vec![]));
    }

    #[test]
    fn a_tile_that_is_cut_or_claims_too_much_is_refused() {
        let bytes = tile();
        let mut refused = 0;
        for end in 1..bytes.len() {
            refused += usize::from(read(&bytes[..end]).is_err());
        }
        assert_eq!(refused, bytes.len() - 1, "one layer, cut anywhere");
        // A line of 2^40 positions, in a feature of a few bytes.
        let line = [0x18, 2, 0x22, 9, 9, 2, 2, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80];
        let mut layer = vec![0x12, line.len() as u8];
        layer.extend(line);
        let mut tile = vec![0x1a, layer.len() as u8];
        tile.extend(layer);
        assert_eq!(read(&tile), Err(BadTile::Cut));
        assert_eq!(read(&vec![0; BYTES + 1]), Err(BadTile::Large));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_tile_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_tile_with_changed_bytes_is_a_tile_or_an_error(at in 0_usize..100, byte in any::<u8>()) {
            let mut bytes = tile();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(layers) = read(&bytes) {
                for layer in &layers {
                    layer.features.iter().for_each(|f| { let _ = layer.value(f, "kind"); });
                }
            }
        }
    }
}
