//! Objects → blocks of a PBF file. Format: https://wiki.openstreetmap.org/wiki/PBF_Format.

use super::item::{Body, Item};
use crate::osm::blocks::Kind;
use crate::osm::error::{ChangeDamage, ReadError};
use crate::osm::frames::BLOB_MAX;
use crate::osm::wire::{put_bytes, put_varint, to_zigzag};
use flate2::{Compression, write::ZlibEncoder};
use std::collections::HashMap;
use std::io::Write;

/// Objects of one block, as other writers do.
const OBJECTS: usize = 8000;
/// Bytes of objects after which a block ends, well below what readers accept.
const BYTES: u64 = 8 << 20;

/// Writes blocks one after the other.
pub(super) struct Writer<W: Write> {
    out: W,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    /// For bytes that are a block already.
    pub(super) fn inner(&mut self) -> &mut W {
        &mut self.out
    }

    pub(super) fn finish(mut self) -> std::io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    /// Objects, in as many blocks as they need; one block holds objects of one kind.
    pub(super) fn items<'a>(&mut self, items: impl Iterator<Item = &'a Item>) -> Result<(), ReadError> {
        let (mut block, mut bytes): (Vec<&Item>, u64) = (Vec::new(), 0);
        for item in items {
            let full = block.len() == OBJECTS || bytes > BYTES || block.last().is_some_and(|last| last.kind != item.kind);
            if full {
                self.block(&std::mem::take(&mut block))?;
                bytes = 0;
            }
            bytes += item.memory();
            block.push(item);
        }
        self.block(&block)
    }

    fn block(&mut self, items: &[&Item]) -> Result<(), ReadError> {
        let Some(first) = items.first() else { return Ok(()) };
        let mut texts = Texts::default();
        let group = match first.kind {
            Kind::Node => message(2, &dense(items, &mut texts)),
            _ => items.iter().flat_map(|item| object(item, &mut texts)).collect(),
        };
        let mut block = Vec::new();
        put_bytes(1, &texts.table, &mut block);
        put_bytes(2, &group, &mut block);
        if block.len() as u64 > BLOB_MAX {
            return Err(ReadError::Changes { byte: 0, what: ChangeDamage::Long });
        }
        self.blob("OSMData", &block).map_err(|e| ReadError::io(&e))
    }

    /// One block with its frame.
    pub(super) fn blob(&mut self, kind: &str, content: &[u8]) -> std::io::Result<()> {
        let mut packed = ZlibEncoder::new(Vec::with_capacity(content.len() / 2), Compression::default());
        packed.write_all(content)?;
        let mut blob = Vec::new();
        put_varint(2 << 3, &mut blob);
        put_varint(content.len() as u64, &mut blob);
        put_bytes(3, &packed.finish()?, &mut blob);
        let mut header = message(1, kind.as_bytes());
        put_varint(3 << 3, &mut header);
        put_varint(blob.len() as u64, &mut header);
        self.out.write_all(&(header.len() as u32).to_be_bytes())?;
        self.out.write_all(&header)?;
        self.out.write_all(&blob)
    }
}

/// The table of strings while it grows; number 0 is the empty text, which separates the tags of dense nodes.
struct Texts {
    table: Vec<u8>,
    known: HashMap<String, u64>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { table: message(1, b""), known: HashMap::new() }
    }
}

impl Texts {
    fn number(&mut self, text: &str) -> u64 {
        if let Some(number) = self.known.get(text) {
            return *number;
        }
        let number = self.known.len() as u64 + 1;
        self.known.insert(text.to_owned(), number);
        put_bytes(1, text.as_bytes(), &mut self.table);
        number
    }
}

/// Numbers as differences from the one before.
#[derive(Default)]
struct Deltas {
    bytes: Vec<u8>,
    last: i64,
}

impl Deltas {
    fn push(&mut self, value: i64) {
        // Numbers of objects may be anything, so their difference may pass 64 bits; readers add it up in the same way.
        put_varint(to_zigzag(value.wrapping_sub(self.last)), &mut self.bytes);
        self.last = value;
    }
}

fn message(number: u64, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 8);
    put_bytes(number, content, &mut out);
    out
}

fn dense(items: &[&Item], texts: &mut Texts) -> Vec<u8> {
    let [mut ids, mut lats, mut lons, mut times] = [(); 4].map(|()| Deltas::default());
    let (mut versions, mut tags, mut zeros) = (Vec::new(), Vec::new(), Vec::new());
    for item in items {
        let Some(Body::Node(at)) = &item.body else { continue };
        ids.push(item.id);
        lats.push(i64::from(at.lat));
        lons.push(i64::from(at.lon));
        times.push(item.time);
        put_varint(version(item), &mut versions);
        zeros.push(0);
        for (key, value) in &item.tags {
            put_varint(texts.number(key), &mut tags);
            put_varint(texts.number(value), &mut tags);
        }
        tags.push(0);
    }
    let mut info = Vec::new();
    put_bytes(1, &versions, &mut info);
    put_bytes(2, &times.bytes, &mut info);
    // Changesets, user numbers and names: readers want lists of one length.
    (3..=5).for_each(|number| put_bytes(number, &zeros, &mut info));
    let mut out = Vec::new();
    for (number, content) in [(1, &ids.bytes), (5, &info), (8, &lats.bytes), (9, &lons.bytes), (10, &tags)] {
        put_bytes(number, content, &mut out);
    }
    out
}

/// A way or a relation, as a field of its group.
fn object(item: &Item, texts: &mut Texts) -> Vec<u8> {
    let (mut keys, mut values, mut info, mut out) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (key, value) in &item.tags {
        put_varint(texts.number(key), &mut keys);
        put_varint(texts.number(value), &mut values);
    }
    for (number, value) in [(1, version(item)), (2, item.time as u64)] {
        put_varint(number << 3, &mut info);
        put_varint(value, &mut info);
    }
    put_varint(1 << 3, &mut out);
    put_varint(item.id as u64, &mut out);
    for (number, content) in [(2, &keys), (3, &values), (4, &info)] {
        put_bytes(number, content, &mut out);
    }
    match &item.body {
        Some(Body::Way(refs)) => {
            let mut deltas = Deltas::default();
            refs.iter().for_each(|r| deltas.push(*r));
            put_bytes(8, &deltas.bytes, &mut out);
            message(3, &out)
        }
        Some(Body::Relation(members)) => {
            let (mut roles, mut numbers, mut kinds) = (Vec::new(), Deltas::default(), Vec::new());
            for (kind, id, role) in members {
                put_varint(texts.number(role), &mut roles);
                numbers.push(*id);
                kinds.push(*kind as u8);
            }
            for (number, content) in [(8, &roles), (9, &numbers.bytes), (10, &kinds)] {
                put_bytes(number, content, &mut out);
            }
            message(4, &out)
        }
        _ => Vec::new(),
    }
}

fn version(item: &Item) -> u64 {
    u64::try_from(item.version).unwrap_or(0)
}
