//! A change file (osmChange) → objects. It is hostile until read: sizes are counted while it is unpacked, and nothing is resolved.

use super::Changes;
use super::item::{Body, Item};
use crate::osm::blocks::{At, Kind};
use crate::osm::error::{ChangeDamage, ReadError};
use flate2::bufread::MultiGzDecoder;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// One tag of the XML may be this long, bytes; the longest of OpenStreetMap is below two thousand.
const PIECE_MAX: u64 = 1 << 20;
/// osmChange, its action, the object, and what the object holds.
const DEPTH_MAX: usize = 4;

/// Reads a change file, packed with gzip or not. Of an object that changes several times the last state of the highest version counts.
pub(super) fn read(path: &Path, max_memory: u64) -> Result<Changes, ReadError> {
    let io = |e: std::io::Error| ReadError::io(&e);
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let packed = file.fill_buf().map_err(io)?.starts_with(&[0x1f, 0x8b]);
    let plain: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Walk::new(plain, max_memory).run()
}

/// Ends a piece of XML that does not end.
struct Measured<R> {
    inner: R,
    piece: u64,
}

impl<R: BufRead> Read for Measured<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Measured<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.piece > PIECE_MAX {
            return Err(std::io::Error::other("a piece of XML is too long"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.piece += bytes as u64;
        self.inner.consume(bytes);
    }
}

struct Walk {
    reader: Reader<Measured<BufReader<Box<dyn Read>>>>,
    /// Names of the open elements.
    open: Vec<String>,
    current: Option<Item>,
    changes: Changes,
    memory: u64,
    max_memory: u64,
}

impl Walk {
    fn new(plain: Box<dyn Read>, max_memory: u64) -> Self {
        let reader = Reader::from_reader(Measured { inner: BufReader::new(plain), piece: 0 });
        Self { reader, open: Vec::new(), current: None, changes: Changes::new(), memory: 0, max_memory }
    }

    fn damaged(&self, what: ChangeDamage) -> ReadError {
        ReadError::Changes { byte: self.reader.buffer_position(), what }
    }

    fn run(mut self) -> Result<Changes, ReadError> {
        let mut buffer = Vec::new();
        let mut begun = false;
        loop {
            buffer.clear();
            self.reader.get_mut().piece = 0;
            let event =
                self.reader.read_event_into(&mut buffer).map_err(|_| self.damaged(if begun { ChangeDamage::Xml } else { ChangeDamage::Other }))?;
            match event {
                Event::Start(tag) => {
                    self.start(&tag)?;
                    self.open.push(tag.name().0.to_owned());
                    if self.open.len() > DEPTH_MAX {
                        return Err(self.damaged(ChangeDamage::Xml));
                    }
                }
                Event::Empty(tag) => {
                    self.start(&tag)?;
                    if self.open.len() == 2 {
                        self.end()?;
                    }
                }
                Event::End(_) => {
                    self.open.pop();
                    if self.open.len() == 2 {
                        self.end()?;
                    }
                }
                Event::Eof if !begun => return Err(self.damaged(ChangeDamage::Other)),
                Event::Eof if !self.open.is_empty() => return Err(self.damaged(ChangeDamage::Cut)),
                Event::Eof => return Ok(self.changes),
                _ => {}
            }
            begun |= !self.open.is_empty();
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), ReadError> {
        match (self.open.len(), tag.name().0) {
            (0, "osmChange") => Ok(()),
            (0, _) => Err(self.damaged(ChangeDamage::Other)),
            (2, name) => {
                let kind = kind(name);
                let gone = self.open.get(1).is_some_and(|action| action == "delete");
                self.current = kind.map(|kind| self.object(kind, gone, tag)).transpose()?;
                Ok(())
            }
            (3, name) => self.part(name, tag),
            _ => Ok(()),
        }
    }

    fn object(&self, kind: Kind, gone: bool, tag: &BytesStart<'_>) -> Result<Item, ReadError> {
        let [mut id, mut version, mut time, mut lat, mut lon] = [(); 5].map(|()| None);
        self.attributes(tag, |key, value| {
            let slot = match key {
                "id" => &mut id,
                "version" => &mut version,
                "timestamp" => &mut time,
                "lat" => &mut lat,
                "lon" => &mut lon,
                _ => return,
            };
            *slot = Some(value);
        })?;
        let id = self.number(id.as_deref())?;
        let version = version.map_or(Ok(0), |v| self.number(Some(&v)))?.clamp(0, i64::from(i32::MAX));
        let time = time.and_then(|t| OffsetDateTime::parse(&t, &Rfc3339).ok()).map_or(0, OffsetDateTime::unix_timestamp).max(0);
        let body = match kind {
            _ if gone => None,
            Kind::Node => Some(Body::Node(at(lon.as_deref(), lat.as_deref()).ok_or_else(|| self.damaged(ChangeDamage::Position))?)),
            Kind::Way => Some(Body::Way(Vec::new())),
            Kind::Relation => Some(Body::Relation(Vec::new())),
        };
        Ok(Item { kind, id, version, time, tags: Vec::new(), body })
    }

    /// A tag, a node of a way, or a member.
    fn part(&mut self, name: &str, tag: &BytesStart<'_>) -> Result<(), ReadError> {
        let Some(mut item) = self.current.take() else { return Ok(()) };
        let before = item.memory();
        let [mut key, mut value, mut reference, mut kind_word, mut role] = [(); 5].map(|()| None);
        self.attributes(tag, |name, text| match name {
            "k" => key = Some(text),
            "v" => value = Some(text),
            "ref" => reference = Some(text),
            "type" => kind_word = Some(text),
            "role" => role = Some(text),
            _ => {}
        })?;
        match (name, &mut item.body) {
            ("tag", _) => item.tags.extend(key.zip(value)),
            ("nd", Some(Body::Way(refs))) => refs.push(self.number(reference.as_deref())?),
            ("member", Some(Body::Relation(members))) => {
                let kind = kind_word.as_deref().and_then(kind).ok_or_else(|| self.damaged(ChangeDamage::Member))?;
                members.push((kind, self.number(reference.as_deref())?, role.unwrap_or_default()));
            }
            _ => {}
        }
        self.weigh(item.memory().saturating_sub(before))?;
        self.current = Some(item);
        Ok(())
    }

    fn end(&mut self) -> Result<(), ReadError> {
        let Some(item) = self.current.take() else { return Ok(()) };
        self.weigh(200)?;
        match self.changes.get(&(item.kind, item.id)) {
            Some(known) if known.version > item.version && item.version > 0 => {}
            _ => drop(self.changes.insert((item.kind, item.id), item)),
        }
        Ok(())
    }

    fn weigh(&mut self, bytes: u64) -> Result<(), ReadError> {
        self.memory += bytes;
        // The extract is read with what is left.
        if self.memory > self.max_memory / 2 {
            return Err(ReadError::TooBig { needs: ((self.memory * 2) >> 20) + 1, allowed: self.max_memory >> 20 });
        }
        Ok(())
    }

    fn attributes(&self, tag: &BytesStart<'_>, mut each: impl FnMut(&str, String)) -> Result<(), ReadError> {
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| self.damaged(ChangeDamage::Xml))?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| self.damaged(ChangeDamage::Xml))?;
            each(attribute.key.0, value.into_owned());
        }
        Ok(())
    }

    fn number(&self, text: Option<&str>) -> Result<i64, ReadError> {
        text.and_then(|t| t.parse().ok()).ok_or_else(|| self.damaged(ChangeDamage::Number))
    }
}

fn kind(word: &str) -> Option<Kind> {
    [Kind::Node, Kind::Way, Kind::Relation].into_iter().find(|kind| kind.as_str() == word)
}

/// Degrees as written → OpenStreetMap's grid.
fn at(lon: Option<&str>, lat: Option<&str>) -> Option<At> {
    let nano = |text: Option<&str>| text?.parse::<f64>().ok().filter(|n| n.is_finite() && n.abs() <= 180.0).map(|n| (n * 1e7).round() as i64 * 100);
    At::from_nano(nano(lon)?, nano(lat)?)
}
