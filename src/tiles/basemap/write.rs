//! Sorted pieces → the archive: tiles are encoded on all cores and written in order.

use super::Built;
use super::encode::{Encoded, Zoom, encode};
use super::error::BuildError;
use super::schema::schema;
use super::sorter::{Piece, Sorted};
use crate::geo::Bbox;
use pmtiles::{Compression, PmTilesWriter, TileCoord, TileId, TileType};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Tiles that wait for a core.
const QUEUE: usize = 256;

/// One tile to encode: its place in the order, its number, its pieces.
type Job = (u64, u64, Vec<Piece>);
type Done = (u64, u64, std::io::Result<Encoded>);

/// Writes all tiles; `progress` gets the part that is done, 0 to 1.
pub(super) fn archive(
    mut sorted: Sorted,
    sets: &[Arc<[u8]>],
    window: &Bbox,
    deepest: u8,
    out: &Path,
    progress: &mut dyn FnMut(f64),
) -> Result<Built, BuildError> {
    let file = File::create(out)?;
    let [lon, lat] = window.center();
    let mut writer = PmTilesWriter::new(TileType::Mvt)
        .precompressed(Compression::Gzip)
        .min_zoom(0)
        .max_zoom(deepest)
        .bounds(window.west, window.south, window.east, window.north)
        .center(lon, lat)
        .center_zoom(12)
        .metadata(metadata(deepest))
        .create(file.try_clone()?)?;
    let mut built = Built::default();
    let (jobs, todo) = sync_channel::<Job>(QUEUE);
    let (results, finished) = sync_channel::<Done>(QUEUE);
    let todo = Mutex::new(todo);
    let (first, last) = (TileId::from(coord(0, 0, 0)?).value(), TileId::from(coord(deepest + 1, 0, 0)?).value());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            let (todo, results) = (&todo, results.clone());
            scope.spawn(move || work(todo, &results, deepest, sets));
        }
        drop(results);
        let feeding = scope.spawn(move || feed(&mut sorted, jobs));
        let mut waiting: BTreeMap<u64, (u64, Encoded)> = BTreeMap::new();
        let mut next = 0;
        for (place, tile, encoded) in finished {
            waiting.insert(place, (tile, encoded?));
            while let Some((tile, encoded)) = waiting.remove(&next) {
                next += 1;
                if encoded.bytes.is_empty() {
                    continue;
                }
                built.tiles += 1;
                built.largest = built.largest.max(encoded.bytes.len() as u64);
                built.thinned += u64::from(encoded.thinned > 0);
                writer.add_tile(TileCoord::from(TileId::new(tile)?), &encoded.bytes)?;
                progress((tile - first) as f64 / (last - first) as f64);
            }
        }
        feeding.join().map_err(|_| BuildError::Disk { message: "a worker stopped".into() })??;
        writer.finalize()?;
        file.sync_all()?;
        built.bytes = file.metadata()?.len();
        Ok(built)
    })
}

fn coord(z: u8, x: u32, y: u32) -> Result<TileCoord, BuildError> {
    Ok(TileCoord::new(z, x, y)?)
}

fn feed(sorted: &mut Sorted, jobs: SyncSender<Job>) -> Result<(), BuildError> {
    let mut place = 0;
    while let Some(pieces) = sorted.next_tile()? {
        let tile = pieces[0].head.tile;
        // Nobody listens any more when the disk was full.
        if jobs.send((place, tile, pieces)).is_err() {
            break;
        }
        place += 1;
    }
    Ok(())
}

fn work(todo: &Mutex<Receiver<Job>>, results: &SyncSender<Done>, deepest: u8, sets: &[Arc<[u8]>]) {
    loop {
        let job = todo.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((place, tile, pieces)) = job else { return };
        let number = TileId::new(tile).map_or(0, |id| TileCoord::from(id).z());
        let zoom = Zoom { number, deepest: number == deepest };
        if results.send((place, tile, encode(pieces, zoom, sets))).is_err() {
            return;
        }
    }
}

/// What the archive says of itself.
fn metadata(deepest: u8) -> String {
    let layers = schema().layers.iter().map(|layer| json!({ "id": layer.name, "fields": layer.fields(), "minzoom": 0, "maxzoom": deepest }));
    json!({
        "name": "Bouillon",
        "description": "Base map in the Shortbread schema",
        "attribution": "<a href=\"https://www.openstreetmap.org/copyright\">© les contributeurs d’OpenStreetMap</a>",
        "type": "baselayer",
        "version": "1.0",
        "generator": concat!("bouillon ", env!("CARGO_PKG_VERSION")),
        "vector_layers": layers.collect::<Vec<_>>(),
    })
    .to_string()
}
