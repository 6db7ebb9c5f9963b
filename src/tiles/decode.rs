//! A reader of vector tiles for the tests, written from the specification and not from our writer.

use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Double(f64),
    Uint(u64),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Feature {
    pub(crate) x: i64,
    pub(crate) y: i64,
    pub(crate) tags: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layer {
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) extent: u64,
    pub(crate) features: Vec<Feature>,
}

enum Field<'a> {
    Number(u64),
    Fixed([u8; 8]),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first().expect("a number is cut off");
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
    }
    unreachable!()
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let head = varint(&mut bytes);
        let field = match head & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 => {
                let (fixed, rest) = bytes.split_at(8);
                bytes = rest;
                Field::Fixed(fixed.try_into().unwrap())
            }
            2 => {
                let len = varint(&mut bytes) as usize;
                let (content, rest) = bytes.split_at(len);
                bytes = rest;
                Field::Bytes(content)
            }
            other => panic!("wire type {other}"),
        };
        out.push((head >> 3, field));
    }
    out
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn value(bytes: &[u8]) -> Value {
    let mut all = fields(bytes);
    assert_eq!(all.len(), 1, "a value has one field");
    match all.remove(0) {
        (1, Field::Bytes(b)) => Value::Text(text(b)),
        (3, Field::Fixed(b)) => Value::Double(f64::from_le_bytes(b)),
        (5, Field::Number(n)) => Value::Uint(n),
        (other, _) => panic!("value of type {other}"),
    }
}

fn numbers(mut bytes: &[u8]) -> Vec<u64> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        out.push(varint(&mut bytes));
    }
    out
}

/// Reads a tile of points and panics on anything that the specification forbids.
pub(crate) fn decode(tile: &[u8]) -> Vec<Layer> {
    let layers: Vec<Layer> = fields(tile)
        .into_iter()
        .map(|(id, field)| match (id, field) {
            (3, Field::Bytes(b)) => layer(b),
            (other, _) => panic!("field {other} in a tile"),
        })
        .collect();
    let mut names: Vec<&str> = layers.iter().map(|l| l.name.as_str()).collect();
    names.dedup();
    assert_eq!(names.len(), layers.len(), "layers of one name");
    layers
}

fn layer(bytes: &[u8]) -> Layer {
    let mut out = Layer { name: String::new(), version: 0, extent: 0, features: Vec::new() };
    let (mut keys, mut values, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    for field in fields(bytes) {
        match field {
            (15, Field::Number(n)) => out.version = n,
            (1, Field::Bytes(b)) => out.name = text(b),
            (2, Field::Bytes(b)) => raw.push(b),
            (3, Field::Bytes(b)) => keys.push(text(b)),
            (4, Field::Bytes(b)) => values.push(value(b)),
            (5, Field::Number(n)) => out.extent = n,
            (other, _) => panic!("field {other} in a layer"),
        }
    }
    out.features = raw.into_iter().map(|b| feature(b, &keys, &values)).collect();
    out
}

fn feature(bytes: &[u8], keys: &[String], values: &[Value]) -> Feature {
    let (mut tags, mut geometry, mut kind) = (Vec::new(), Vec::new(), 0);
    for field in fields(bytes) {
        match field {
            (2, Field::Bytes(b)) => tags = numbers(b),
            (3, Field::Number(n)) => kind = n,
            (4, Field::Bytes(b)) => geometry = numbers(b),
            (other, _) => panic!("field {other} in a feature"),
        }
    }
    assert_eq!((kind, geometry.len(), geometry[0]), (1, 3, 9), "one point, one move");
    assert!(tags.len().is_multiple_of(2));
    let zigzag = |n: u64| (n >> 1) as i64 ^ -((n & 1) as i64);
    let mut named = BTreeMap::new();
    for pair in tags.chunks(2) {
        let twice = named.insert(keys[pair[0] as usize].clone(), values[pair[1] as usize].clone());
        assert!(twice.is_none(), "an attribute twice");
    }
    Feature { x: zigzag(geometry[1]), y: zigzag(geometry[2]), tags: named }
}
