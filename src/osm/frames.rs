//! The frames of a PBF file: where each block lies, and its unpacked content. Nothing that a file announces is believed.
//! Format: https://wiki.openstreetmap.org/wiki/PBF_Format.

use super::error::{Damage, Other, ReadError, Spot};
use super::wire::{Fields, Value, zigzag};
use crate::geo::Bbox;
use flate2::{Decompress, FlushDecompress, Status};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};

/// Most bytes of a block's header.
const HEADER_MAX: u32 = 64 * 1024;
/// Most bytes of a block, packed or not.
pub(super) const BLOB_MAX: u64 = 32 * 1024 * 1024;

/// What a block says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// About the file.
    Header,
    /// Objects.
    Data,
    /// Something that readers skip.
    Unknown,
}

/// One block of the file, not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) spot: Spot,
    pub(super) kind: FrameKind,
    /// Where its packed content starts.
    pub(super) start: u64,
    /// Bytes of its packed content.
    pub(super) length: u64,
}

/// Lists the blocks of a file and checks that they fill it exactly.
pub(super) fn scan<R: Read + Seek>(file: &mut R) -> Result<Vec<Frame>, ReadError> {
    let io = |e: std::io::Error| ReadError::io(&e);
    let length = file.seek(SeekFrom::End(0)).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    if length == 0 {
        return Err(ReadError::Empty);
    }
    let mut first = [0; 16];
    let read = usize::try_from(length.min(16)).unwrap_or(16);
    file.read_exact(&mut first[..read]).map_err(io)?;
    if let Some(looks_like) = sniff(&first[..read]) {
        return Err(ReadError::NotPbf { looks_like });
    }
    let mut frames = Vec::new();
    let mut byte = 0;
    while byte < length {
        let spot = Spot { block: frames.len() as u64, byte };
        file.seek(SeekFrom::Start(byte)).map_err(io)?;
        let frame = frame(file, spot, length - byte)?;
        if frames.is_empty() && frame.kind != FrameKind::Header {
            return Err(ReadError::Damaged { at: spot, what: Damage::NoHeader });
        }
        byte = frame.start + frame.length;
        frames.push(frame);
    }
    Ok(frames)
}

/// Reads one header; `left` is the number of bytes from here to the end of the file.
fn frame<R: Read>(file: &mut R, spot: Spot, left: u64) -> Result<Frame, ReadError> {
    let io = |e: std::io::Error| if e.kind() == ErrorKind::UnexpectedEof { ReadError::Truncated { at: spot } } else { ReadError::io(&e) };
    let damaged = |what| ReadError::Damaged { at: spot, what };
    let start = spot.block == 0;
    if left < 4 {
        return Err(if start { ReadError::NotPbf { looks_like: Other::Unknown } } else { damaged(Damage::Trailing) });
    }
    let mut size = [0; 4];
    file.read_exact(&mut size).map_err(io)?;
    let size = u32::from_be_bytes(size);
    if size == 0 || size > HEADER_MAX {
        return Err(if start { ReadError::NotPbf { looks_like: Other::Unknown } } else { damaged(Damage::Header) });
    }
    if u64::from(size) > left - 4 {
        return Err(ReadError::Truncated { at: spot });
    }
    let mut header = vec![0; size as usize];
    file.read_exact(&mut header).map_err(io)?;
    let (mut kind, mut datasize) = (None, None);
    for field in Fields::new(&header) {
        match field.map_err(|_| damaged(Damage::Header))? {
            (1, Value::Bytes(b"OSMHeader")) => kind = Some(FrameKind::Header),
            (1, Value::Bytes(b"OSMData")) => kind = Some(FrameKind::Data),
            (1, Value::Bytes(_)) => kind = Some(FrameKind::Unknown),
            (3, Value::Varint(n)) => datasize = Some(n),
            _ => {}
        }
    }
    let (Some(kind), Some(datasize)) = (kind, datasize) else { return Err(damaged(Damage::Header)) };
    // A negative size is a varint near 2^64, so one comparison refuses it too.
    if datasize > BLOB_MAX {
        return Err(damaged(Damage::Size));
    }
    let before = 4 + u64::from(size);
    if datasize > left - before {
        return Err(ReadError::Truncated { at: spot });
    }
    Ok(Frame { spot, kind, start: spot.byte + before, length: datasize })
}

/// Reads and unpacks the content of a block; at most [`BLOB_MAX`] bytes.
pub(super) fn content(file: &mut File, frame: &Frame) -> Result<Vec<u8>, ReadError> {
    file.seek(SeekFrom::Start(frame.start)).map_err(|e| ReadError::io(&e))?;
    let mut packed = vec![0; usize::try_from(frame.length).unwrap_or(usize::MAX)];
    file.read_exact(&mut packed).map_err(|e| match e.kind() {
        ErrorKind::UnexpectedEof => ReadError::Truncated { at: frame.spot },
        _ => ReadError::io(&e),
    })?;
    unpack(&packed, frame.spot)
}

fn unpack(blob: &[u8], at: Spot) -> Result<Vec<u8>, ReadError> {
    let damaged = |what| ReadError::Damaged { at, what };
    let (mut raw_size, mut raw, mut zlib) = (None, None, None);
    for field in Fields::new(blob) {
        let name = match field.map_err(|_| damaged(Damage::Message))? {
            (2, Value::Varint(n)) => {
                raw_size = Some(n);
                continue;
            }
            (1, Value::Bytes(bytes)) => {
                raw = Some(bytes);
                continue;
            }
            (3, Value::Bytes(bytes)) => {
                zlib = Some(bytes);
                continue;
            }
            (4, Value::Bytes(_)) => "lzma",
            (5, Value::Bytes(_)) => "bzip2",
            (6, Value::Bytes(_)) => "lz4",
            (7, Value::Bytes(_)) => "zstd",
            _ => continue,
        };
        return Err(ReadError::Compression { name: name.into() });
    }
    if raw_size.is_some_and(|size| size > BLOB_MAX) {
        return Err(damaged(Damage::Size));
    }
    if let Some(raw) = raw {
        let agrees = raw_size.is_none_or(|size| size == raw.len() as u64);
        return if agrees { Ok(raw.to_vec()) } else { Err(damaged(Damage::RawSize)) };
    }
    let zlib = zlib.ok_or_else(|| damaged(Damage::NoData))?;
    let size = raw_size.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| damaged(Damage::RawSize))?;
    inflate(zlib, size).map_err(damaged)
}

/// Unpacks zlib data that must give exactly `size` bytes. One spare byte shows data that go on.
fn inflate(zlib: &[u8], size: usize) -> Result<Vec<u8>, Damage> {
    let mut out = Vec::with_capacity(size + 1);
    let status = Decompress::new(true).decompress_vec(zlib, &mut out, FlushDecompress::Finish).map_err(|_| Damage::Inflate)?;
    match status {
        Status::StreamEnd if out.len() == size => Ok(out),
        Status::StreamEnd => Err(Damage::RawSize),
        _ if out.len() > size => Err(Damage::RawSize),
        _ => Err(Damage::Inflate),
    }
}

/// What the file's header says.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct About {
    /// Time of the data, seconds since 1970, UTC.
    pub(super) newest: Option<i64>,
    /// The box of the data, when it is one.
    pub(super) bbox: Option<Bbox>,
}

/// Reads the file's header and checks the features that it requires.
pub(super) fn check_header(block: &[u8], at: Spot) -> Result<About, ReadError> {
    let mut about = About::default();
    for field in Fields::new(block) {
        match field.map_err(|_| ReadError::Damaged { at, what: Damage::Message })? {
            (4, Value::Bytes(b"OsmSchema-V0.6" | b"DenseNodes")) => {}
            (4, Value::Bytes(b"HistoricalInformation")) => return Err(ReadError::Historical),
            (4, Value::Bytes(name)) => {
                let name: String = String::from_utf8_lossy(name).chars().filter(|c| !c.is_control()).take(60).collect();
                return Err(ReadError::Feature { name });
            }
            (1, Value::Bytes(bbox)) => about.bbox = header_box(bbox),
            (32, Value::Varint(n)) => about.newest = i64::try_from(n).ok(),
            _ => {}
        }
    }
    Ok(about)
}

/// West, east, north and south in nanodegrees; a box that is none is not believed.
fn header_box(message: &[u8]) -> Option<Bbox> {
    let mut sides = [None; 4];
    for field in Fields::new(message) {
        if let (number @ 1..=4, Value::Varint(n)) = field.ok()? {
            sides[number as usize - 1] = Some(zigzag(n) as f64 / 1e9);
        }
    }
    let [Some(west), Some(east), Some(north), Some(south)] = sides else { return None };
    Bbox::new(west, south, east, north).ok()
}

fn sniff(first: &[u8]) -> Option<Other> {
    let text = first.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    Some(match first {
        [0x1f, 0x8b, ..] => Other::Gzip,
        [b'B', b'Z', b'h', ..] => Other::Bzip2,
        [b'P', b'K', 3 | 5, ..] => Other::Zip,
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] | [b'G', b'I', b'F', b'8', ..] => Other::Image,
        _ if first.starts_with(b"SQLite format") => Other::Sqlite,
        _ if text.starts_with(b"<") => Other::Xml,
        _ if text.starts_with(b"{") || text.starts_with(b"[") => Other::Json,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn file(kind: &[u8], size: u8, blob: &[u8]) -> Vec<u8> {
        let mut header = vec![0x0a, kind.len() as u8];
        header.extend(kind);
        header.extend([0x18, size]);
        let mut bytes = (header.len() as u32).to_be_bytes().to_vec();
        bytes.extend(header);
        bytes.extend(blob);
        bytes
    }

    fn scanned(bytes: Vec<u8>) -> Result<usize, ReadError> {
        scan(&mut Cursor::new(bytes)).map(|frames| frames.len())
    }

    #[test]
    fn frames_must_fill_the_file_exactly() {
        let good = file(b"OSMHeader", 3, b"abc");
        assert_eq!(scanned(good.clone()), Ok(1));
        assert_eq!(scanned([good.clone(), file(b"OSMData", 1, b"x")].concat()), Ok(2));
        assert_eq!(scanned(Vec::new()), Err(ReadError::Empty));
        let start = Spot { block: 0, byte: 0 };
        assert_eq!(scanned(file(b"OSMHeader", 3, b"ab")), Err(ReadError::Truncated { at: start }));
        assert_eq!(scanned(good[..9].to_vec()), Err(ReadError::Truncated { at: start }));
        assert_eq!(scanned(file(b"OSMData", 1, b"x")), Err(ReadError::Damaged { at: start, what: Damage::NoHeader }));
        let end = Spot { block: 1, byte: good.len() as u64 };
        assert_eq!(scanned([&good[..], b"xy"].concat()), Err(ReadError::Damaged { at: end, what: Damage::Trailing }));
        assert_eq!(scanned([&good[..], b"garbage!"].concat()), Err(ReadError::Damaged { at: end, what: Damage::Header }));
    }

    #[test]
    fn a_file_of_another_kind_is_named() {
        let other = |bytes: &[u8]| match scanned(bytes.to_vec()) {
            Err(ReadError::NotPbf { looks_like }) => looks_like,
            other => panic!("{other:?}"),
        };
        assert_eq!(other(b"\x1f\x8b\x08\0"), Other::Gzip);
        assert_eq!(other(b"  <?xml version"), Other::Xml);
        assert_eq!(other(b"\x89PNG\r\n"), Other::Image);
        assert_eq!(other(b"{\"type\":"), Other::Json);
        assert_eq!(other(b"\xff\xff\xff\xff\xff"), Other::Unknown);
        assert_eq!(other(b"ab"), Other::Unknown);
    }

    #[test]
    fn sizes_that_are_negative_or_huge_are_refused() {
        let mut header = b"\x0a\x09OSMHeader\x18".to_vec();
        for size in [&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1][..], &[0xff, 0xff, 0xff, 0xff, 7]] {
            header.truncate(12);
            header.extend(size);
            let mut bytes = (header.len() as u32).to_be_bytes().to_vec();
            bytes.extend(&header);
            let at = Spot { block: 0, byte: 0 };
            assert_eq!(scanned(bytes), Err(ReadError::Damaged { at, what: Damage::Size }));
        }
    }

    #[test]
    fn a_block_must_unpack_to_the_length_it_announces() {
        let at = Spot { block: 0, byte: 0 };
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut zlib, &[7; 100]).unwrap();
        let zlib = zlib.finish().unwrap();
        let blob = |size: u8| [&[0x10, size, 0x1a, zlib.len() as u8][..], &zlib].concat();
        assert_eq!(unpack(&blob(100), at), Ok(vec![7; 100]));
        for size in [0, 99, 101] {
            assert_eq!(unpack(&blob(size), at), Err(ReadError::Damaged { at, what: Damage::RawSize }), "{size}");
        }
        assert_eq!(inflate(&zlib[..zlib.len() - 3], 100), Err(Damage::Inflate));
        assert_eq!(unpack(&[], at), Err(ReadError::Damaged { at, what: Damage::NoData }));
        assert_eq!(unpack(&[0x32, 1, 0], at), Err(ReadError::Compression { name: "lz4".into() }));
    }

    #[test]
    fn required_features_are_known_or_refused() {
        let at = Spot { block: 0, byte: 0 };
        let header = |name: &str| [&[0x22, name.len() as u8][..], name.as_bytes()].concat();
        assert_eq!(check_header(&header("DenseNodes"), at), Ok(About::default()));
        assert_eq!(check_header(&header("HistoricalInformation"), at), Err(ReadError::Historical));
        assert_eq!(check_header(&header("Teleport"), at), Err(ReadError::Feature { name: "Teleport".into() }));
    }
}
