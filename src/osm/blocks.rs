//! Runs over the blocks of a file on all cores, several times if need be, and shows each object that `osmpbf` decodes.

use super::check::{Holds, check_block};
use super::error::{Damage, ReadError};
use super::frames::{About, Frame, FrameKind, check_header, content, scan};
use super::tags::Tags;
use super::wire::put_varint;
use osmpbf::{BlobDecode, BlobReader, Element, PrimitiveBlock, RelMemberType};
use std::fs::File;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// August 2004, when OpenStreetMap began, in seconds since 1970: some files have times near zero.
const OSM_BEGAN: i64 = 1_091_318_400;

/// Type of an OpenStreetMap object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// A point.
    Node,
    /// A line or a ring.
    Way,
    /// A list of members.
    Relation,
}

impl Kind {
    /// The word in `node/12`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Way => "way",
            Self::Relation => "relation",
        }
    }
}

/// Longitude and latitude in 1e-7 degrees, OpenStreetMap's own grid; always on Earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct At {
    pub(super) lon: i32,
    pub(super) lat: i32,
}

impl At {
    /// From nanodegrees; none when it is not on Earth.
    pub(super) fn from_nano(lon: i64, lat: i64) -> Option<Self> {
        if lon.unsigned_abs() > 180_000_000_000 || lat.unsigned_abs() > 90_000_000_000 {
            return None;
        }
        let grid = |n: i64| i32::try_from((n + 50 * n.signum()) / 100).ok();
        Some(Self { lon: grid(lon)?, lat: grid(lat)? })
    }

    /// Degrees, longitude first.
    pub(super) fn degrees(self) -> [f64; 2] {
        [f64::from(self.lon) / 1e7, f64::from(self.lat) / 1e7]
    }
}

/// One object of a block.
pub(super) struct Object<'a> {
    pub(super) element: Element<'a>,
    strings: &'a [Vec<u8>],
}

impl<'a> Object<'a> {
    pub(super) fn kind(&self) -> Kind {
        match self.element {
            Element::Node(_) | Element::DenseNode(_) => Kind::Node,
            Element::Way(_) => Kind::Way,
            Element::Relation(_) => Kind::Relation,
        }
    }

    pub(super) fn id(&self) -> i64 {
        match &self.element {
            Element::Node(n) => n.id(),
            Element::DenseNode(n) => n.id(),
            Element::Way(w) => w.id(),
            Element::Relation(r) => r.id(),
        }
    }

    /// 0 when the file has no versions.
    pub(super) fn version(&self) -> i64 {
        let version = match &self.element {
            Element::Node(n) => n.info().version(),
            Element::DenseNode(n) => n.info().map(osmpbf::DenseNodeInfo::version),
            Element::Way(w) => w.info().version(),
            Element::Relation(r) => r.info().version(),
        };
        i64::from(version.unwrap_or(0).max(0))
    }

    /// Deleted objects stand only in files with history.
    fn deleted(&self) -> bool {
        match &self.element {
            Element::Node(n) => n.info().deleted(),
            Element::DenseNode(n) => n.info().is_some_and(osmpbf::DenseNodeInfo::deleted),
            Element::Way(w) => w.info().deleted(),
            Element::Relation(r) => r.info().deleted(),
        }
    }

    /// Position of a node; none for other objects and for a node that is not on Earth.
    pub(super) fn at(&self) -> Option<At> {
        match &self.element {
            Element::Node(n) => At::from_nano(n.nano_lon(), n.nano_lat()),
            Element::DenseNode(n) => At::from_nano(n.nano_lon(), n.nano_lat()),
            _ => None,
        }
    }

    pub(super) fn tags(&self) -> Tags<'a> {
        let strings = self.strings;
        match &self.element {
            Element::Node(n) => Tags::read(strings, n.raw_tags().map(|(k, v)| (k as usize, v as usize))),
            Element::DenseNode(n) => Tags::read(strings, n.raw_tags().map(|(k, v)| (k as usize, v as usize))),
            Element::Way(w) => Tags::read(strings, w.raw_tags().map(|(k, v)| (k as usize, v as usize))),
            Element::Relation(r) => Tags::read(strings, r.raw_tags().map(|(k, v)| (k as usize, v as usize))),
        }
    }

    /// Whether it has any tag, found without reading them.
    pub(super) fn has_tags(&self) -> bool {
        match &self.element {
            Element::Node(n) => n.raw_tags().len() > 0,
            Element::DenseNode(n) => n.raw_tags().next().is_some(),
            Element::Way(w) => w.raw_tags().len() > 0,
            Element::Relation(r) => r.raw_tags().len() > 0,
        }
    }

    /// Nodes of a way.
    pub(super) fn refs(&self) -> Vec<i64> {
        match &self.element {
            Element::Way(w) => w.refs().collect(),
            _ => Vec::new(),
        }
    }

    /// Nodes of a way whose file gives their positions with the way (`LocationsOnWays`).
    pub(super) fn located_refs(&self) -> Vec<(i64, At)> {
        match &self.element {
            Element::Way(w) => {
                let places = w.node_locations().map(|l| At::from_nano(l.nano_lon(), l.nano_lat()));
                w.refs().zip(places).filter_map(|(id, at)| at.map(|at| (id, at))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Members of a relation.
    pub(super) fn members(&self) -> Vec<Member> {
        let Element::Relation(r) = &self.element else { return Vec::new() };
        let members = r.members().map(|m| Member {
            kind: match m.member_type {
                RelMemberType::Node => Kind::Node,
                RelMemberType::Way => Kind::Way,
                RelMemberType::Relation => Kind::Relation,
            },
            id: m.member_id,
            inner: m.role().is_ok_and(|role| role == "inner"),
            label: m.role().is_ok_and(|role| matches!(role, "label" | "admin_centre" | "entrance")),
        });
        members.collect()
    }
}

/// A member of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) kind: Kind,
    pub(super) id: i64,
    /// Its role is `inner`: the edge of a hole.
    pub(super) inner: bool,
    /// A node that stands for the whole.
    pub(super) label: bool,
}

/// An opened file, its blocks listed.
pub(super) struct Source {
    path: PathBuf,
    pub(super) frames: Vec<Frame>,
    /// What each block holds, once [`Source::check`] has run.
    holds: Vec<Holds>,
    pub(super) length: u64,
}

impl Source {
    /// Opens a file and lists its blocks.
    pub(super) fn open(path: &Path) -> Result<Self, ReadError> {
        let io = |e: std::io::Error| ReadError::io(&e);
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let frames = scan(&mut file)?;
        Ok(Self { path: path.into(), holds: Vec::new(), frames, length })
    }

    /// Unpacks and checks every block and hands the objects to `visit`, block by block in parallel; answers what each block gave, in
    /// the order of the file, the totals, and what the header says; without a time there, that of the newest object.
    pub(super) fn check<T: Send + Default>(
        &mut self,
        max_memory: u64,
        visit: impl Fn(&mut T, &Object<'_>) + Sync,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(Vec<T>, Holds, About), ReadError> {
        let share = max_memory / threads() as u64;
        let results = self.run(
            |_, _| true,
            progress,
            |frame, bytes| {
                if frame.kind == FrameKind::Header {
                    return check_header(&bytes, frame.spot).map(|about| (T::default(), Holds::default(), Some(about)));
                }
                let holds = check_block(&bytes).map_err(|what| ReadError::Damaged { at: frame.spot, what })?;
                if holds.crowded(frame.length) {
                    return Err(ReadError::Damaged { at: frame.spot, what: Damage::Crowded });
                }
                if holds.memory > share {
                    return Err(ReadError::TooBig { needs: (holds.memory * threads() as u64) >> 20, allowed: max_memory >> 20 });
                }
                Ok((visit_block(frame, &bytes, &visit)?, holds, None))
            },
        )?;
        let (mut values, mut total, mut header) = (Vec::with_capacity(results.len()), Holds::default(), About::default());
        let mut headers = 0;
        self.holds = vec![Holds::default(); self.frames.len()];
        for (index, (value, holds, about)) in results {
            total.nodes += holds.nodes;
            total.ways += holds.ways;
            total.relations += holds.relations;
            total.newest = total.newest.max(holds.newest);
            if let Some(about) = about {
                // Files put end to end have several headers, and none of their boxes is that of the whole.
                header = if headers == 0 { about } else { About { bbox: None, newest: header.newest.max(about.newest) } };
                headers += 1;
            }
            self.holds[index] = holds;
            values.push(value);
        }
        header.newest = header.newest.or((total.newest >= OSM_BEGAN).then_some(total.newest));
        Ok((values, total, header))
    }

    /// Shows the objects of the blocks that hold a kind once more.
    pub(super) fn again<T: Send + Default>(
        &self,
        kind: Kind,
        visit: impl Fn(&mut T, &Object<'_>) + Sync,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Vec<T>, ReadError> {
        let wanted = |index: usize, frame: &Frame| self.has(kind, index, frame);
        let results = self.run(wanted, progress, |frame, bytes| {
            visit_block(frame, &bytes, &|value: &mut T, object| {
                if object.kind() == kind {
                    visit(value, object);
                }
            })
        })?;
        Ok(results.into_iter().map(|(_, value)| value).collect())
    }

    /// Like [`Source::again`], but what a block gave is handed to `done` at once and not kept.
    pub(super) fn stream<T: Send + Default>(
        &self,
        kind: Kind,
        visit: impl Fn(&mut T, &Object<'_>) + Sync,
        done: impl Fn(T) + Sync,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ReadError> {
        let wanted = |index: usize, frame: &Frame| self.has(kind, index, frame);
        let work = |frame: &Frame, bytes: Vec<u8>| {
            let value = visit_block(frame, &bytes, &|value: &mut T, object| {
                if object.kind() == kind {
                    visit(value, object);
                }
            })?;
            done(value);
            Ok(())
        };
        self.run(wanted, progress, work).map(|_| ())
    }

    /// Whether a block holds objects of a kind.
    pub(super) fn has(&self, kind: Kind, index: usize, frame: &Frame) -> bool {
        let holds = self.holds[index];
        frame.kind == FrameKind::Data && 0 < [holds.nodes, holds.ways, holds.relations][kind as usize]
    }

    /// Nodes in the file.
    pub(super) fn nodes(&self) -> u64 {
        self.holds.iter().map(|h| h.nodes).sum()
    }

    /// Reads, unpacks and works on blocks in parallel. Results come in the order of the file; so does the error, if any.
    fn run<T: Send>(
        &self,
        wanted: impl Fn(usize, &Frame) -> bool + Sync,
        progress: &mut dyn FnMut(u64),
        work: impl Fn(&Frame, Vec<u8>) -> Result<T, ReadError> + Sync,
    ) -> Result<Vec<(usize, T)>, ReadError> {
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        let worker = |sender: mpsc::Sender<(usize, Result<Option<T>, ReadError>)>| {
            let mut file = File::open(&self.path).map_err(|e| ReadError::io(&e));
            while !stop.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(frame) = self.frames.get(index) else { break };
                let result = match &mut file {
                    _ if frame.kind == FrameKind::Unknown || !wanted(index, frame) => Ok(None),
                    Ok(file) => content(file, frame).and_then(|bytes| work(frame, bytes)).map(Some),
                    Err(error) => Err(error.clone()),
                };
                stop.fetch_or(result.is_err(), Ordering::Relaxed);
                if sender.send((index, result)).is_err() {
                    break;
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..threads().min(self.frames.len()) {
                let (sender, worker) = (sender.clone(), &worker);
                scope.spawn(move || worker(sender));
            }
            drop(sender);
            let mut done = Vec::with_capacity(self.frames.len());
            let mut failed: Option<(usize, ReadError)> = None;
            for (index, result) in receiver {
                progress(self.frames[index].length);
                match result {
                    Ok(Some(value)) => done.push((index, value)),
                    Ok(None) => {}
                    // Blocks are taken in order, so every block before the first broken one reports as well.
                    Err(error) if failed.as_ref().is_none_or(|(first, _)| index < *first) => failed = Some((index, error)),
                    Err(_) => {}
                }
            }
            done.sort_unstable_by_key(|(index, _)| *index);
            failed.map_or(Ok(done), |(_, error)| Err(error))
        })
    }
}

pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Decodes a block and shows its objects. A panic of the decoder, which the checks before should have made impossible, is an error too.
pub(super) fn visit_block<T: Default>(frame: &Frame, bytes: &[u8], visit: &(impl Fn(&mut T, &Object<'_>) + Sync)) -> Result<T, ReadError> {
    let damaged = ReadError::Damaged { at: frame.spot, what: Damage::Decoder };
    if frame.kind != FrameKind::Data {
        return Ok(T::default());
    }
    let shown = catch_unwind(AssertUnwindSafe(|| {
        let block = decode(bytes)?;
        let mut value = T::default();
        for element in block.elements() {
            let object = Object { element, strings: block.raw_stringtable() };
            if !object.deleted() {
                visit(&mut value, &object);
            }
        }
        Some(value)
    }));
    shown.ok().flatten().ok_or(damaged)
}

/// Hands an unpacked block to `osmpbf` inside a frame of its own: that is the only way in, and so nothing is inflated twice.
fn decode(bytes: &[u8]) -> Option<PrimitiveBlock> {
    let mut blob = vec![0x0a];
    put_varint(bytes.len() as u64, &mut blob);
    let mut header = b"\x0a\x07OSMData\x18".to_vec();
    put_varint((blob.len() + bytes.len()) as u64, &mut header);
    let mut framed = (header.len() as u32).to_be_bytes().to_vec();
    framed.reserve(header.len() + blob.len() + bytes.len());
    framed.extend(header);
    framed.extend(blob);
    framed.extend_from_slice(bytes);
    match BlobReader::new(Cursor::new(framed)).next()?.ok()?.decode().ok()? {
        BlobDecode::OsmData(block) => Some(block),
        _ => None,
    }
}
