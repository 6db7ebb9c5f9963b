//! One PMTiles archive of base-map tiles: what makes it fit to be served, and its tiles as they are stored.

use super::archive_error::{ArchiveError, Part};
use crate::geo::{TileId, World};
use bytes::Bytes;
use pmtiles::{AsyncBackend, AsyncPmTilesReader, BackendResponse, Compression, DirEntry, Directory, DirectoryCache, PmtError, PmtResult, TileType};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::future::Future;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The layers of the Shortbread schema (<https://shortbread-tiles.org/schema/>).
pub const SHORTBREAD: [&str; 26] = [
    "addresses",
    "aerialways",
    "boundaries",
    "boundary_labels",
    "bridges",
    "buildings",
    "dam_lines",
    "dam_polygons",
    "ferries",
    "land",
    "ocean",
    "pier_lines",
    "pier_polygons",
    "place_labels",
    "pois",
    "public_transport",
    "sites",
    "street_labels",
    "street_labels_points",
    "street_polygons",
    "streets",
    "streets_polygons_labels",
    "water_lines",
    "water_lines_labels",
    "water_polygons",
    "water_polygons_labels",
];

/// Without one of these nothing would be seen.
const NEEDED: [&str; 6] = ["streets", "land", "water_polygons", "ocean", "boundaries", "place_labels"];

/// Header and root directory of a PMTiles archive lie in its first bytes.
const START: usize = 16 * 1024;
/// Leaf directories kept in memory, unpacked, bytes; a directory of 4,096 tiles takes 96 KiB.
const LEAVES: usize = 16 << 20;

/// Told of a file without opening it: when this stays the same, so do its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    place: [u64; 2],
    size: u64,
    changed: [i64; 2],
}

impl Stamp {
    /// The stamp of a file that exists.
    pub fn of(about: &std::fs::Metadata) -> Self {
        Self { place: [about.dev(), about.ino()], size: about.len(), changed: [about.mtime(), about.mtime_nsec()] }
    }
}

/// An open archive. It keeps its file open, so that it can be read to the end when another one takes the file's name.
pub struct Archive {
    reader: AsyncPmTilesReader<OnDisk, Leaves>,
    metadata: Value,
    /// Changes with the file's content.
    pub version: String,
    /// Of the file when it was opened.
    pub stamp: Stamp,
    /// Lowest and highest zoom that it holds tiles of.
    pub zooms: [u8; 2],
    /// West, south, east, north in degrees.
    pub bounds: [f64; 4],
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("version", &self.version).field("zooms", &self.zooms).finish_non_exhaustive()
    }
}

impl Archive {
    /// Opens an archive and checks that it can be a base map: whole, PMTiles 3, vector tiles in the Shortbread schema.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub async fn open(path: &Path) -> Result<Self, ArchiveError> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if about.len() == 0 {
            return Err(ArchiveError::Empty);
        }
        let mut start = vec![0; START.min(usize::try_from(about.len()).unwrap_or(START))];
        file.read_exact_at(&mut start, 0)?;
        check_start(&start, about.len())?;
        let disk = OnDisk { file, size: about.len() };
        let reader = AsyncPmTilesReader::try_from_cached_source(disk, Leaves::default()).await.map_err(|e| broken(Part::Directory, &e))?;
        let text = reader.get_metadata().await.map_err(|e| broken(Part::Metadata, &e))?;
        let metadata: Value = serde_json::from_str(&text).map_err(|_| ArchiveError::Damaged(Part::Metadata))?;
        let head = reader.get_header();
        check_layers(&metadata, head.tile_type)?;
        if !matches!(head.tile_compression, Compression::None | Compression::Gzip | Compression::Brotli | Compression::Zstd) {
            return Err(ArchiveError::Packing);
        }
        let zooms = [head.min_zoom, head.max_zoom];
        let bounds = [head.min_longitude, head.min_latitude, head.max_longitude, head.max_latitude];
        if zooms[0] > zooms[1] || zooms[1] > 24 || bounds[0] > bounds[2] || bounds[1] > bounds[3] {
            return Err(ArchiveError::Damaged(Part::Header));
        }
        let stamp = Stamp::of(&about);
        let version = version(&start, &text, &stamp);
        let archive = Self { reader, metadata, version, stamp, zooms, bounds };
        archive.try_corners().await?;
        Ok(archive)
    }

    /// Looks for the tiles in the corners of its bounds at its highest zoom, so that broken leaf directories are found before people meet them.
    async fn try_corners(&self) -> Result<(), ArchiveError> {
        let [w, s, e, n] = self.bounds;
        for (lon, lat) in [(w, s), (w, n), (e, s), (e, n), ((w + e) / 2.0, (s + n) / 2.0)] {
            let tile = World::at(lon, lat).tile(self.zooms[1]);
            self.tile_unpacked(tile).await.map_err(|e| broken(Part::Tiles, &e))?;
        }
        Ok(())
    }

    /// The word for the tiles' compression in HTTP; none when they are stored as they are.
    pub fn encoding(&self) -> Option<&'static str> {
        self.reader.get_header().tile_compression.content_encoding()
    }

    /// A tile as it is stored; none when the archive has no such tile.
    ///
    /// # Errors
    /// The file can't be read any more, or is damaged there.
    pub async fn tile(&self, tile: TileId) -> PmtResult<Option<Bytes>> {
        self.reader.get_tile(pmtiles::TileCoord::new(tile.z, tile.x, tile.y)?).await
    }

    /// A tile without its compression.
    ///
    /// # Errors
    /// As [`Archive::tile`].
    pub async fn tile_unpacked(&self, tile: TileId) -> PmtResult<Option<Bytes>> {
        self.reader.get_tile_decompressed(pmtiles::TileCoord::new(tile.z, tile.x, tile.y)?).await
    }

    /// What a page needs to draw it: `archive` (its name), `version`, `minzoom`, `maxzoom`, `bounds`.
    pub fn about(&self, name: &str) -> Value {
        json!({"archive": name, "version": self.version, "minzoom": self.zooms[0], "maxzoom": self.zooms[1], "bounds": self.bounds})
    }

    /// Its TileJSON 3.0; `template` is the address of a tile with `{z}`, `{x}` and `{y}` in it.
    pub fn tilejson(&self, name: &str, template: &str) -> Value {
        let [w, s, e, n] = self.bounds;
        let known = |key: &str, default: &str| self.metadata[key].as_str().filter(|t| !t.is_empty()).unwrap_or(default).to_owned();
        json!({
            "tilejson": "3.0.0", "scheme": "xyz", "name": known("name", name), "tiles": [template],
            "attribution": known("attribution", "© contributeurs OpenStreetMap (ODbL)"),
            "minzoom": self.zooms[0], "maxzoom": self.zooms[1], "bounds": self.bounds,
            "center": [(w + e) / 2.0, (s + n) / 2.0, self.zooms[1]],
            "vector_layers": self.metadata["vector_layers"],
        })
    }
}

fn broken(part: Part, error: &PmtError) -> ArchiveError {
    tracing::debug!("an archive's {part:?}: {error}");
    match error {
        PmtError::InvalidHeader | PmtError::InvalidTileType | PmtError::InvalidCompression => ArchiveError::Damaged(Part::Header),
        PmtError::UnsupportedCompression(_) => ArchiveError::Packing,
        _ => ArchiveError::Damaged(part),
    }
}

/// What can be told from the first bytes: magic, version, and whether the sections that the header announces fit into the file.
fn check_start(start: &[u8], size: u64) -> Result<(), ArchiveError> {
    if !start.starts_with(b"PMTiles") {
        // Versions 1 and 2 began with `PM` and the version as a 16-bit number.
        return Err(match start {
            [b'P', b'M', version @ (1 | 2), 0, ..] => ArchiveError::Version(*version),
            _ => ArchiveError::NotPmtiles,
        });
    }
    match start.get(7) {
        Some(3) => {}
        Some(version) => return Err(ArchiveError::Version(*version)),
        None => return Err(ArchiveError::Cut { needs: 127, has: size }),
    }
    let number = |at: usize| start.get(at..at + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let ends = [8, 24, 40, 56].map(|at| number(at)?.checked_add(number(at + 8)?));
    if start.len() < 127 {
        return Err(ArchiveError::Cut { needs: 127, has: size });
    }
    let Some(needs) = ends.into_iter().collect::<Option<Vec<u64>>>().and_then(|ends| ends.into_iter().max()) else {
        return Err(ArchiveError::Damaged(Part::Header));
    };
    if needs > size { Err(ArchiveError::Cut { needs, has: size }) } else { Ok(()) }
}

/// The archive must name its layers, all of them Shortbread's, and one that shows something.
fn check_layers(metadata: &Value, tiles: TileType) -> Result<(), ArchiveError> {
    let list = metadata["vector_layers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let layers: Vec<&str> = list.iter().filter_map(|l| l["id"].as_str()).collect();
    let owned = || layers.iter().map(|l| (*l).to_owned()).collect();
    if tiles != TileType::Mvt {
        let kind = match tiles {
            TileType::Unknown => "?",
            TileType::Mlt => "MLT",
            TileType::Png => "PNG",
            TileType::Jpeg => "JPEG",
            TileType::Webp => "WebP",
            TileType::Avif => "AVIF",
            TileType::Mvt => "MVT",
        };
        return Err(ArchiveError::Tiles { kind: kind.into(), layers: owned() });
    }
    let known = layers.iter().all(|l| SHORTBREAD.contains(l)) && layers.iter().any(|l| NEEDED.contains(l));
    if known { Ok(()) } else { Err(ArchiveError::Schema { layers: owned() }) }
}

/// From the start of the file (with its root directory), its metadata, size and time: reading all of a large archive would take too long.
fn version(start: &[u8], metadata: &str, stamp: &Stamp) -> String {
    let mut hash = Sha256::new();
    hash.update(start);
    hash.update(metadata);
    hash.update(stamp.size.to_le_bytes());
    stamp.changed.iter().for_each(|part| hash.update(part.to_le_bytes()));
    format!("{:x}", hash.finalize())[..16].to_owned()
}

/// The archive's file, read where asked. Not memory-mapped: a mapped file that somebody overwrites in place (`cp`) ends the process.
struct OnDisk {
    file: File,
    size: u64,
}

impl AsyncBackend for OnDisk {
    /// Up to `length` bytes. The kernel nearly always has them in memory, so that handing this to another thread would cost more.
    async fn read(&self, offset: u64, length: usize) -> PmtResult<BackendResponse> {
        let there = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(there)];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(BackendResponse::new(bytes.into()))
    }
}

/// Leaf directories, unpacked, the least lately used thrown away first.
#[derive(Default)]
struct Leaves {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    leaves: HashMap<u64, (Arc<Directory>, u64)>,
    bytes: usize,
    clock: u64,
}

impl Leaves {
    fn get(&self, offset: u64) -> Option<Arc<Directory>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        let now = kept.clock;
        let (leaf, used) = kept.leaves.get_mut(&offset)?;
        *used = now;
        Some(leaf.clone())
    }

    fn put(&self, offset: u64, leaf: Arc<Directory>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clock += 1;
        kept.bytes += leaf.get_approx_byte_size();
        let now = kept.clock;
        if let Some((old, _)) = kept.leaves.insert(offset, (leaf, now)) {
            kept.bytes -= old.get_approx_byte_size();
        }
        while kept.bytes > LEAVES && kept.leaves.len() > 1 {
            let Some(oldest) = kept.leaves.iter().min_by_key(|(_, (_, used))| *used).map(|(offset, _)| *offset) else { return };
            kept.bytes -= kept.leaves.remove(&oldest).map_or(0, |(leaf, _)| leaf.get_approx_byte_size());
        }
    }
}

impl DirectoryCache for Leaves {
    async fn get_dir_entry_or_insert(
        &self,
        offset: u64,
        tile: pmtiles::TileId,
        fetcher: impl Future<Output = PmtResult<Directory>> + Send,
    ) -> PmtResult<Option<DirEntry>> {
        if let Some(leaf) = self.get(offset) {
            return Ok(leaf.find_tile_id(tile).copied());
        }
        let leaf = Arc::new(fetcher.await?);
        let entry = leaf.find_tile_id(tile).copied();
        self.put(offset, leaf);
        Ok(entry)
    }
}
