//! A change file put into an extract: the extract as it is afterwards, a file like any other. Blocks that nothing changes are copied as they are.

mod encode;
mod item;
mod xml;

use super::blocks::{Kind, Source, visit_block};
use super::error::{ChangeDamage, ReadError};
use super::frames::{FrameKind, content};
use super::wire::{Fields, Value, put_bytes, put_varint};
use encode::Writer;
use item::Item;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom};
use std::path::Path;

/// What a change file did to an extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    /// Objects created or given another state.
    pub written: u64,
    /// Objects deleted, whether the extract had them or not.
    pub deleted: u64,
    /// Changes left out because the extract has a newer version of the object.
    pub older: u64,
}

/// Objects by type and number, in the order in which extracts are sorted.
type Changes = BTreeMap<(Kind, i64), Item>;

/// Writes `base` with `changes` (osmChange, packed with gzip or not) applied to `out`, which must not be one of them.
///
/// The extract's box is kept: give the change file of the same region. Of an object that both hold, the higher version counts.
/// Format of change files: https://wiki.openstreetmap.org/wiki/OsmChange.
///
/// # Errors
/// [`ReadError`] when one of the files is not sound or would take more memory than allowed, or `out` can't be written; then there is no `out`.
pub fn merge_changes(base: &Path, changes: &Path, out: &Path, max_memory: u64) -> Result<Merged, ReadError> {
    let changes = xml::read(changes, max_memory)?;
    let result = Merge::new(base, changes, max_memory)?.write(out);
    if result.is_err() {
        let _ = std::fs::remove_file(out);
    }
    result
}

struct Merge {
    source: Source,
    file: File,
    changes: Changes,
    /// Blocks that hold an object which changes.
    touched: BTreeSet<usize>,
    /// The last block with objects of each kind, if any.
    last: [Option<usize>; 3],
    merged: Merged,
}

impl Merge {
    fn new(base: &Path, mut changes: Changes, max_memory: u64) -> Result<Self, ReadError> {
        let mut source = Source::open(base)?;
        let visit = |found: &mut Vec<(Kind, i64, i64)>, object: &super::blocks::Object<'_>| {
            if changes.contains_key(&(object.kind(), object.id())) {
                found.push((object.kind(), object.id(), object.version()));
            }
        };
        let (found, _, _) = source.check(max_memory, visit, &mut |_| {})?;
        let known = source.frames.iter().enumerate().filter(|(_, f)| f.kind != FrameKind::Unknown).map(|(index, _)| index);
        let mut merged = Merged::default();
        let mut touched = BTreeSet::new();
        let mut standing: Vec<(usize, (Kind, i64))> = Vec::new();
        for (index, (kind, id, version)) in known.zip(found).flat_map(|(index, list)| list.into_iter().map(move |one| (index, one))) {
            let newer = changes.get(&(kind, id)).is_some_and(|change| change.version > 0 && version > change.version);
            if newer {
                changes.remove(&(kind, id));
                merged.older += 1;
            } else {
                standing.push((index, (kind, id)));
            }
        }
        touched.extend(standing.into_iter().filter(|(_, key)| changes.contains_key(key)).map(|(index, _)| index));
        merged.deleted = changes.values().filter(|c| c.gone()).count() as u64;
        merged.written = changes.len() as u64 - merged.deleted;
        let last =
            [Kind::Node, Kind::Way, Kind::Relation].map(|kind| (0..source.frames.len()).rev().find(|i| source.has(kind, *i, &source.frames[*i])));
        let file = File::open(base).map_err(|e| ReadError::io(&e))?;
        Ok(Self { source, file, changes, touched, last, merged })
    }

    fn write(mut self, out: &Path) -> Result<Merged, ReadError> {
        let io = |e: std::io::Error| ReadError::io(&e);
        let mut writer = Writer::new(BufWriter::new(File::create(out).map_err(io)?));
        let mut kinds = [Kind::Node, Kind::Way, Kind::Relation].into_iter().peekable();
        for index in 0..self.source.frames.len() {
            self.block(index, &mut writer)?;
            // What is new of a kind comes behind the last that is old of it.
            while kinds.peek().is_some_and(|kind| self.last[*kind as usize].is_some_and(|last| last == index)) {
                kinds.next().into_iter().try_for_each(|kind| self.fresh(kind, &mut writer))?;
            }
        }
        kinds.try_for_each(|kind| self.fresh(kind, &mut writer))?;
        let file = writer.finish().map_err(io)?.into_inner().map_err(|e| io(e.into_error()))?;
        file.sync_all().map_err(io)?;
        Ok(self.merged)
    }

    /// One block of the extract: as it is, or without what changes.
    fn block(&mut self, index: usize, writer: &mut Writer<BufWriter<File>>) -> Result<(), ReadError> {
        let io = |e: std::io::Error| ReadError::io(&e);
        let frame = self.source.frames[index];
        if frame.kind == FrameKind::Header {
            let newest = self.changes.values().map(|c| c.time).max().unwrap_or(0);
            return writer.blob("OSMHeader", &header(&content(&mut self.file, &frame)?, newest)?).map_err(io);
        }
        if !self.touched.contains(&index) {
            let length = frame.start + frame.length - frame.spot.byte;
            self.file.seek(SeekFrom::Start(frame.spot.byte)).map_err(io)?;
            return std::io::copy(&mut (&mut self.file).take(length), writer.inner()).map_err(io).map(|_| ());
        }
        let bytes = content(&mut self.file, &frame)?;
        let changes = &self.changes;
        let kept = visit_block(&frame, &bytes, &|kept: &mut Vec<Item>, object| {
            if !changes.contains_key(&(object.kind(), object.id())) {
                kept.extend(Item::of(object));
            }
        })?;
        writer.items(kept.iter())
    }

    /// What the changes hold of a kind.
    fn fresh(&self, kind: Kind, writer: &mut Writer<BufWriter<File>>) -> Result<(), ReadError> {
        writer.items(self.changes.range((kind, i64::MIN)..=(kind, i64::MAX)).map(|(_, item)| item).filter(|item| !item.gone()))
    }
}

/// The file's header with the time of the newest change. The order of the objects is not promised any more.
fn header(block: &[u8], newest: i64) -> Result<Vec<u8>, ReadError> {
    let mut out = Vec::with_capacity(block.len() + 8);
    let mut time = u64::try_from(newest).unwrap_or(0);
    for (number, value) in Fields::new(block).flatten() {
        match (number, value) {
            (5, Value::Bytes(b"LocationsOnWays")) => return Err(ReadError::Changes { byte: 0, what: ChangeDamage::Located }),
            (5, Value::Bytes(b"Sort.Type_then_ID")) | (33 | 34, _) | (_, Value::Fixed) => {}
            (32, Value::Varint(n)) => time = time.max(n),
            (_, Value::Varint(n)) => {
                put_varint(number << 3, &mut out);
                put_varint(n, &mut out);
            }
            (_, Value::Bytes(bytes)) => put_bytes(number, bytes, &mut out),
        }
    }
    if time > 0 {
        put_varint(32 << 3, &mut out);
        put_varint(time, &mut out);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::extracts::{read, shared};
    use super::*;
    use crate::osm::Found;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn temporary(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("bouillon-changes-{}-{name}", std::process::id()))
    }

    fn osc(name: &str, body: &str) -> std::path::PathBuf {
        let path = temporary(name);
        let mut packed = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        packed.write_all(body.as_bytes()).unwrap();
        packed.finish().unwrap();
        path
    }

    #[test]
    fn an_extract_with_its_changes_reads_as_the_newer_extract() {
        let files = ["osm/monaco-2022-07.osm.pbf", "osm/monaco-2022-07_to_2023-11.osc.gz", "osm/monaco-2023-11.osm.pbf"].map(shared);
        let [Some(old), Some(changes), Some(new)] = files else { return };
        let (out, again) = (temporary("monaco.osm.pbf"), temporary("monaco-again.osm.pbf"));
        let merged = merge_changes(&old, &changes, &out, 1 << 30).unwrap();
        assert!(merged.written > 1000 && merged.deleted > 100 && merged.older == 0, "{merged:?}");
        let (ours, theirs) = (read(&out).unwrap(), read(&new).unwrap());
        // The older extract came without changesets, and the decoder gives such dense nodes no version.
        let same = |ours: &[Found]| {
            assert_eq!(ours.len(), theirs.found.len());
            for (a, b) in ours.iter().zip(&theirs.found) {
                let version = if a.version == 0 { b.version } else { a.version };
                assert!(Found { version, ..a.clone() } == *b, "{} is not what the newer extract says", a.osm);
            }
        };
        same(&ours.found);
        assert_eq!((ours.boundary.geometry, ours.quartiers), (theirs.boundary.geometry, theirs.quartiers));
        let counts = |c: &crate::osm::Counts| (c.nodes, c.ways, c.relations, c.mapped);
        assert_eq!(counts(&ours.counts), counts(&theirs.counts));
        assert_eq!(ours.addresses.len(), theirs.addresses.len());
        // Object by object, tags, members and roles included, as osmium does it.
        let opl = |args: &[&std::ffi::OsStr]| {
            let done = std::process::Command::new("osmium").args(args).args(["-f", "opl,add_metadata=none", "-o", "-"]).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            let mut lines: Vec<String> = String::from_utf8(done.stdout).unwrap().lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        let (ours, theirs_opl) = (opl(&["cat".as_ref(), out.as_ref()]), opl(&["apply-changes".as_ref(), old.as_ref(), changes.as_ref()]));
        assert!(ours == theirs_opl && ours.len() > 30_000, "{} and {} objects", ours.len(), theirs_opl.len());
        // The same changes once more: every object is as new as they are.
        merge_changes(&out, &changes, &again, 1 << 30).unwrap();
        same(&read(&again).unwrap().found);
        // Onto the newer extract nothing older than it.
        merge_changes(&new, &changes, &again, 1 << 30).unwrap();
        same(&read(&again).unwrap().found);
        [out, again].iter().for_each(|path| std::fs::remove_file(path).unwrap());
    }

    #[test]
    fn a_change_file_that_is_not_sound_changes_nothing() {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/solvigne-2024-03-01.osm.pbf");
        let out = temporary("unsound.osm.pbf");
        let deep = "<modify>".repeat(100_000);
        let long = format!("<osmChange><modify><node id=\"1\" lat=\"1\" lon=\"1\"><tag k=\"a\" v=\"{}\"/>", "x".repeat(40 << 20));
        for (name, body, says) in [
            ("empty", "", "ce n’est pas un fichier de changements"),
            ("other", "<osm><node id=\"1\"/></osm>", "ce n’est pas un fichier de changements"),
            ("cut", "<osmChange><modify><node id=\"1\" lat=\"1\" lon=\"2\"", "n’est pas du XML"),
            ("open", "<osmChange><modify><node id=\"1\" lat=\"1\" lon=\"2\"/>", "s’arrête"),
            ("id", "<osmChange><modify><node id=\"1x\" lat=\"1\" lon=\"2\"/></modify></osmChange>", "un nombre"),
            ("nan", "<osmChange><modify><node id=\"1\" lat=\"NaN\" lon=\"2\"/></modify></osmChange>", "sur Terre"),
            ("north", "<osmChange><modify><node id=\"1\" lat=\"91\" lon=\"2\"/></modify></osmChange>", "sur Terre"),
            ("nowhere", "<osmChange><create><node id=\"1\"/></create></osmChange>", "sur Terre"),
            (
                "member",
                "<osmChange><create><relation id=\"1\"><member type=\"area\" ref=\"1\" role=\"\"/></relation></create></osmChange>",
                "ni un nœud",
            ),
            ("entity", "<osmChange><create><way id=\"1\"><tag k=\"a\" v=\"&lol;\"/></way></create></osmChange>", "n’est pas du XML"),
            ("deep", &format!("<osmChange>{deep}"), "n’est pas du XML"),
            ("long", &long, "n’est pas du XML"),
        ] {
            let path = osc(name, body);
            let error = merge_changes(&base, &path, &out, 1 << 30).expect_err(name);
            assert!(error.sentence(crate::model::Lang::Fr).contains(says), "{name}: {error:?}");
            assert!(!out.exists(), "{name}");
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn changes_take_no_more_memory_than_allowed() {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/solvigne-2024-03-01.osm.pbf");
        let many: String = (0..200_000).map(|i| format!("<node id=\"{i}\" lat=\"1\" lon=\"2\"/>")).collect();
        let path = osc("many", &format!("<osmChange><create>{many}</create></osmChange>"));
        let error = merge_changes(&base, &path, &temporary("never.osm.pbf"), 16 << 20).unwrap_err();
        assert!(matches!(error, ReadError::TooBig { .. }), "{error:?}");
        std::fs::remove_file(path).unwrap();
    }
}
