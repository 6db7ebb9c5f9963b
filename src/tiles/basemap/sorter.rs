//! Sorting more pieces than memory should hold: sorted runs on disk, merged at the end.

use crate::geo::TileId;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A piece of a feature in a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head {
    /// Number of the tile in the archive's order.
    pub(super) tile: u64,
    /// Place in the tile; the layer is in the highest byte.
    pub(super) rank: u64,
    /// Number of its attributes.
    pub(super) attributes: u32,
    /// Geometry type of MVT.
    pub(super) shape: u8,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    head: Head,
    at: u32,
    length: u32,
}

/// Pieces with their geometry, in any order.
#[derive(Default)]
pub(super) struct Batch {
    entries: Vec<Entry>,
    bytes: Vec<u8>,
}

impl Batch {
    /// Adds a piece; `write` appends its encoded geometry.
    pub(super) fn add(&mut self, tile: TileId, rank: u64, attributes: u32, shape: u8, write: impl FnOnce(&mut Vec<u8>)) {
        let at = self.bytes.len();
        write(&mut self.bytes);
        let length = self.bytes.len() - at;
        if length > 0 {
            let head = Head { tile: archive_number(tile), rank, attributes, shape };
            self.entries.push(Entry { head, at: at as u32, length: length as u32 });
        }
    }

    fn size(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<Entry>()
    }

    fn append(&mut self, other: &Self) {
        let shift = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&other.bytes);
        self.entries.extend(other.entries.iter().map(|e| Entry { at: e.at + shift, ..*e }));
    }

    fn geometry(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.at as usize..][..entry.length as usize]
    }

    /// Equal heads are ordered by their bytes, so that a build does not depend on which core was faster.
    fn sort(&mut self) {
        let bytes = &self.bytes;
        let of = |e: &Entry| &bytes[e.at as usize..][..e.length as usize];
        let key = |e: &Entry| (e.head.tile, e.head.rank, e.head.shape);
        self.entries.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then_with(|| of(a).cmp(of(b))));
    }
}

/// The number of a tile in a PMTiles archive: along a Hilbert curve, zoom after zoom.
pub(super) fn archive_number(tile: TileId) -> u64 {
    pmtiles::TileCoord::new(tile.z, tile.x, tile.y).map_or(0, |coord| pmtiles::TileId::from(coord).value())
}

/// Takes batches from all cores.
pub(super) struct Sorter {
    /// Beside the archive that is built.
    path: PathBuf,
    /// Bytes kept before a run is written.
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    batch: Batch,
    runs: Vec<File>,
    failed: Option<io::Error>,
}

impl Sorter {
    /// Runs go to files beside `path` that have no name any more once they are open, so that nothing of a killed build stays.
    pub(super) fn new(path: &Path, limit: usize) -> Self {
        Self { path: path.with_extension("run.tmp"), limit: limit.min(1 << 30), state: Mutex::default() }
    }

    /// Adds a batch; a disk that is full is told by [`Sorter::finish`].
    pub(super) fn add(&self, batch: Batch) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.batch.append(&batch);
        if state.batch.size() < self.limit || state.failed.is_some() {
            return;
        }
        let full = std::mem::take(&mut state.batch);
        // Written under the lock: the disk is one, and memory stays bounded.
        match self.write_run(full) {
            Ok(run) => state.runs.push(run),
            Err(error) => state.failed = Some(error),
        }
    }

    fn write_run(&self, mut batch: Batch) -> io::Result<File> {
        batch.sort();
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&self.path)?;
        std::fs::remove_file(&self.path)?;
        let mut out = BufWriter::with_capacity(1 << 18, &file);
        for entry in &batch.entries {
            out.write_all(&entry.head.tile.to_le_bytes())?;
            out.write_all(&entry.head.rank.to_le_bytes())?;
            out.write_all(&entry.head.attributes.to_le_bytes())?;
            out.write_all(&[entry.head.shape])?;
            out.write_all(&entry.length.to_le_bytes())?;
            out.write_all(batch.geometry(entry))?;
        }
        out.flush()?;
        drop(out);
        Ok(file)
    }

    /// Everything in order.
    ///
    /// # Errors
    /// When a run could not be written.
    pub(super) fn finish(self) -> io::Result<Sorted> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = state.failed {
            return Err(error);
        }
        state.batch.sort();
        let mut sources = vec![Source::Memory { batch: state.batch, next: 0 }];
        for mut run in state.runs {
            run.rewind()?;
            sources.push(Source::Run(BufReader::with_capacity(1 << 18, run)));
        }
        let mut sorted = Sorted { sources, heap: BinaryHeap::new() };
        for source in 0..sorted.sources.len() {
            sorted.refill(source)?;
        }
        Ok(sorted)
    }
}

enum Source {
    Memory { batch: Batch, next: usize },
    Run(BufReader<File>),
}

/// A piece with its geometry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) head: Head,
    pub(super) geometry: Vec<u8>,
}

/// The first piece of a source; the heap gives the least first.
struct First {
    piece: Piece,
    source: usize,
}

impl First {
    fn key(&self) -> (u64, u64, u8, &[u8]) {
        (self.piece.head.tile, self.piece.head.rank, self.piece.head.shape, &self.piece.geometry)
    }
}

impl PartialEq for First {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for First {}

impl PartialOrd for First {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for First {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

/// Pieces in order.
pub(super) struct Sorted {
    sources: Vec<Source>,
    heap: BinaryHeap<First>,
}

impl Sorted {
    /// The pieces of the next tile.
    ///
    /// # Errors
    /// When a run can't be read.
    pub(super) fn next_tile(&mut self) -> io::Result<Option<Vec<Piece>>> {
        let Some(tile) = self.heap.peek().map(|first| first.piece.head.tile) else { return Ok(None) };
        let mut pieces = Vec::new();
        while self.heap.peek().is_some_and(|first| first.piece.head.tile == tile)
            && let Some(first) = self.heap.pop()
        {
            self.refill(first.source)?;
            pieces.push(first.piece);
        }
        Ok(Some(pieces))
    }

    fn refill(&mut self, source: usize) -> io::Result<()> {
        if let Some(piece) = self.sources[source].next()? {
            self.heap.push(First { piece, source });
        }
        Ok(())
    }
}

impl Source {
    fn next(&mut self) -> io::Result<Option<Piece>> {
        match self {
            Self::Memory { batch, next } => {
                let Some(entry) = batch.entries.get(*next) else { return Ok(None) };
                *next += 1;
                Ok(Some(Piece { head: entry.head, geometry: batch.geometry(entry).to_vec() }))
            }
            Self::Run(run) => {
                let mut head = [0; 25];
                match run.read_exact(&mut head) {
                    Ok(()) => {}
                    Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                    Err(e) => return Err(e),
                }
                let long = |from: usize| u64::from_le_bytes(std::array::from_fn(|i| head[from + i]));
                let short = |from: usize| u32::from_le_bytes(std::array::from_fn(|i| head[from + i]));
                let mut geometry = vec![0; short(21) as usize];
                run.read_exact(&mut geometry)?;
                Ok(Some(Piece { head: Head { tile: long(0), rank: long(8), attributes: short(16), shape: head[20] }, geometry }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(limit: usize) -> Vec<Vec<Piece>> {
        let folder = std::env::temp_dir().join(format!("bouillon-sorter-{}-{limit}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let sorter = Sorter::new(&folder.join("x.pmtiles"), limit);
        for round in 0..50_u32 {
            let mut batch = Batch::default();
            for i in 0..40_u32 {
                let n = (round * 40 + i).wrapping_mul(2_654_435_761);
                let tile = TileId::new(10, n % 7, n / 7 % 5).unwrap();
                batch.add(tile, u64::from(n % 13), n, 2, |out| out.extend(n.to_le_bytes()));
            }
            sorter.add(batch);
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "runs have no name");
        let mut sorted = sorter.finish().unwrap();
        let mut tiles = Vec::new();
        while let Some(tile) = sorted.next_tile().unwrap() {
            tiles.push(tile);
        }
        std::fs::remove_dir(&folder).unwrap();
        tiles
    }

    #[test]
    fn runs_on_disk_give_the_order_that_memory_gives() {
        let (memory, disk) = (fill(1 << 30), fill(2000));
        assert_eq!(memory.iter().map(Vec::len).sum::<usize>(), 2000);
        assert!(memory.windows(2).all(|w| w[0][0].head.tile < w[1][0].head.tile));
        assert!(memory.iter().flatten().zip(disk.iter().flatten()).all(|(a, b)| a == b));
    }

    #[test]
    fn a_run_that_cannot_be_written_is_told() {
        let sorter = Sorter::new(Path::new("/nowhere/at/all.pmtiles"), 10);
        let mut batch = Batch::default();
        batch.add(TileId::new(0, 0, 0).unwrap(), 1, 1, 1, |out| out.push(9));
        sorter.add(batch);
        assert!(sorter.finish().is_err());
    }
}
