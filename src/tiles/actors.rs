//! The actors of a territory as vector tiles: layers `actors` (lone points) and `clusters`, cached until an edit touches the tile.

use super::mvt::{EXTENT, Layer};
use crate::atlas::{Atlas, Cell, Cluster, Filter, THEME_COUNT, TerritoryInfo};
use crate::geo::{TileId, World};
use crate::model::taxonomy;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use uuid::Uuid;

/// The deepest zoom that the TileJSON promises.
pub const MAX_TILE_ZOOM: u8 = 20;

/// One tile, ready to be sent.
#[derive(Debug)]
pub struct Tile {
    /// A Mapbox Vector Tile 2.1; empty when the tile shows nothing.
    pub bytes: Arc<[u8]>,
    /// Of the bytes: equal bytes have equal tags on every node.
    tag: String,
    gzip: OnceLock<Arc<[u8]>>,
}

impl Tile {
    fn new(bytes: Vec<u8>) -> Self {
        let mut hash = DefaultHasher::new();
        hash.write(&bytes);
        let tag = format!("{:x}-{:016x}", bytes.len(), hash.finish());
        Self { bytes: bytes.into(), tag, gzip: OnceLock::new() }
    }

    /// The strong entity tag of the bytes as they are, or compressed with gzip: other bytes, another tag.
    pub fn etag(&self, gzip: bool) -> String {
        format!("\"{}{}\"", self.tag, if gzip { "-gzip" } else { "" })
    }

    /// The bytes compressed with gzip; done once, when somebody first asks.
    pub fn gzip(&self) -> Arc<[u8]> {
        self.gzip.get_or_init(|| gzip(&self.bytes).into()).clone()
    }
}

/// Compresses a tile, fast rather than small.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::with_capacity(bytes.len() / 2 + 32), Compression::fast());
    // Writing into memory does not fail.
    let _ = out.write_all(bytes);
    out.finish().unwrap_or_default()
}

/// Tiles of actors, made from the atlas and cached.
#[derive(Debug)]
pub struct ActorTiles {
    atlas: Arc<Atlas>,
    cache: Mutex<Cache>,
}

impl ActorTiles {
    /// Keeps at most about `cache_bytes` bytes of tiles.
    pub fn new(atlas: Arc<Atlas>, cache_bytes: usize) -> Self {
        Self { atlas, cache: Mutex::new(Cache { limit: cache_bytes, ..Cache::default() }) }
    }

    /// A tile as of the newest edit; none when there is no such territory.
    pub fn tile(&self, territory: Uuid, tile: TileId, filter: &Filter) -> Option<Arc<Tile>> {
        let key = Key { territory, tile, filter: filter.key() };
        let stamp = self.atlas.tile_stamp(territory, tile)?;
        if let Some(known) = self.cache().get(&key, stamp) {
            return Some(known);
        }
        let content = self.atlas.tile(territory, tile, filter)?;
        let made = Arc::new(Tile::new(encode(tile, &content.cells)));
        // The content's own stamp, which may be newer than the one asked for: it belongs to exactly these bytes.
        self.cache().put(key, content.stamp, made.clone());
        Some(made)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what a tile shows.
///
/// `actors`: `id`, `place`, `name`, `category`, `theme`, `state`, `precision`, all texts. `clusters`: `id` (`z/x/y` of the cell as a tile),
/// `count`, `west`, `south`, `east`, `north` (degrees), and for each theme present its code with a count. A point lies in exactly one tile.
pub fn encode(tile: TileId, cells: &[Cell]) -> Vec<u8> {
    let mut actors = Layer::new("actors", vec!["id", "place", "name", "category", "theme", "state", "precision"]);
    let mut keys = vec!["id", "count", "west", "south", "east", "north"];
    keys.extend(taxonomy().themes.iter().take(THEME_COUNT).map(|t| t.code.as_str()));
    let mut clusters = Layer::new("clusters", keys);
    for cell in cells {
        match cell {
            Cell::Actor(entry, point) => {
                let Some(point) = entry.points().get(*point) else { continue };
                actors.own_text(0, entry.id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
                actors.text(1, point.place());
                actors.own_text(2, &entry.name);
                actors.text(3, entry.category());
                actors.text(4, entry.theme());
                actors.text(5, entry.state.as_str());
                actors.text(6, point.precision.as_str());
                let [x, y] = place_in(tile, World::at(point.lon, point.lat));
                actors.point(x, y);
            }
            Cell::Cluster(cluster) => write_cluster(&mut clusters, tile, cluster),
        }
    }
    let mut bytes = Vec::with_capacity(8192);
    clusters.write(&mut bytes);
    actors.write(&mut bytes);
    bytes
}

fn write_cluster(layer: &mut Layer, tile: TileId, cluster: &Cluster) {
    let TileId { z, x, y } = cluster.cell;
    let mut id = [b'/'; 32];
    let mut from = id.len();
    for (i, number) in [y, x, u32::from(z)].into_iter().enumerate() {
        from = digits(&mut id, if i == 0 { from } else { from - 1 }, number);
    }
    layer.own_text(0, std::str::from_utf8(&id[from..]).unwrap_or_default());
    layer.number(1, cluster.count);
    for (key, degrees) in (2..).zip(cluster.bbox.to_array()) {
        layer.decimal(key, degrees);
    }
    for (key, count) in (6..).zip(cluster.themes).filter(|(_, count)| *count > 0) {
        layer.number(key, count);
    }
    let [x, y] = place_in(tile, cluster.mean);
    layer.point(x, y);
}

/// Writes a number's digits so that they end before a place; gives the place where they begin. The formatter takes ten times as long,
/// which shows in a tile of 64 clusters.
fn digits(out: &mut [u8], end: usize, mut number: u32) -> usize {
    let mut at = end;
    loop {
        at -= 1;
        out[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return at;
        }
    }
}

/// Column and row of a point inside its tile, 0 to 4095.
fn place_in(tile: TileId, p: World) -> [u32; 2] {
    let inside = |v: u32| {
        let offset = u64::from(v) << tile.z & 0xffff_ffff;
        ((offset * u64::from(EXTENT)) >> 32) as u32
    };
    [inside(p.x), inside(p.y)]
}

/// The TileJSON 3.0 of a territory's actors; `template` is the address of a tile with `{z}`, `{x}` and `{y}` in it.
pub fn tilejson(territory: &TerritoryInfo, template: &str) -> Value {
    let text = |keys: &[&str]| -> Value { keys.iter().map(|k| ((*k).to_owned(), json!("String"))).collect() };
    let mut clusters = text(&["id"]);
    let numbers = ["count", "west", "south", "east", "north"].into_iter().chain(taxonomy().themes.iter().map(|t| t.code.as_str()));
    numbers.for_each(|key| clusters[key] = json!("Number"));
    let actors = text(&["id", "place", "name", "category", "theme", "state", "precision"]);
    let mut out = json!({
        "tilejson": "3.0.0", "scheme": "xyz", "name": territory.name, "tiles": [template],
        "attribution": "© contributeurs OpenStreetMap (ODbL)", "minzoom": 0, "maxzoom": MAX_TILE_ZOOM,
        "vector_layers": [
            {"id": "clusters", "description": "Several actors", "minzoom": 0, "maxzoom": MAX_TILE_ZOOM, "fields": clusters},
            {"id": "actors", "description": "One actor", "minzoom": 0, "maxzoom": MAX_TILE_ZOOM, "fields": actors}
        ]
    });
    if let Some(bbox) = territory.bbox {
        out["bounds"] = json!(bbox.to_array());
        let [lon, lat] = bbox.center();
        out["center"] = json!([lon, lat, 12]);
    }
    out
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    territory: Uuid,
    tile: TileId,
    filter: String,
}

#[derive(Debug)]
struct Kept {
    stamp: u64,
    tile: Arc<Tile>,
    size: usize,
    used: u64,
}

/// Tiles by key, the least lately used thrown away first.
#[derive(Debug, Default)]
struct Cache {
    kept: HashMap<Key, Kept>,
    bytes: usize,
    limit: usize,
    clock: u64,
}

impl Cache {
    fn get(&mut self, key: &Key, stamp: u64) -> Option<Arc<Tile>> {
        self.clock += 1;
        let kept = self.kept.get_mut(key).filter(|kept| kept.stamp == stamp)?;
        kept.used = self.clock;
        Some(kept.tile.clone())
    }

    fn put(&mut self, key: Key, stamp: u64, tile: Arc<Tile>) {
        // The compressed bytes, which may come later, are counted as half of the others; 300 bytes for the key and the rest.
        let size = tile.bytes.len() * 3 / 2 + key.filter.len() + 300;
        if size > self.limit {
            return;
        }
        self.clock += 1;
        self.bytes += size;
        if let Some(old) = self.kept.insert(key, Kept { stamp, tile, size, used: self.clock }) {
            self.bytes -= old.size;
        }
        if self.bytes > self.limit {
            self.shrink();
        }
    }

    /// Makes a quarter of the room free at once, so that it is seldom done.
    fn shrink(&mut self) {
        let mut ages: Vec<(u64, usize)> = self.kept.values().map(|kept| (kept.used, kept.size)).collect();
        ages.sort_unstable();
        let mut freed = 0;
        let enough = self.bytes - self.limit * 3 / 4;
        let last = ages.into_iter().find(|(_, size)| {
            freed += size;
            freed >= enough
        });
        let Some((oldest_kept, _)) = last else { return };
        self.kept.retain(|_, kept| kept.used > oldest_kept);
        self.bytes = self.kept.values().map(|kept| kept.size).sum();
    }
}
