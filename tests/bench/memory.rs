//! In this process: the atlas and its tiles against a bare R*-tree, against serialising and compressing each time, against a full reload.

use crate::actors::{self, Draw, SLUG, Tree, envelope, territory_id};
use crate::table::{Row, Unit, duel, rate};
use anyhow::{Context, ensure};
use bouillon::atlas::{Atlas, Change, Filter, Loader, Mark, Query, Sort};
use bouillon::geo::{Bbox, TileId};
use bouillon::model::{Actor, EditKind, Subject, SubjectKind, Version};
use bouillon::tiles::ActorTiles;
use flate2::{Compression, write::GzEncoder};
use rstar::RTree;
use serde::Serialize;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

const ROUNDS: usize = 5;
const SLICE: Duration = Duration::from_millis(250);

/// The atlas and what it is asked about.
pub(crate) struct World {
    pub(crate) atlas: Arc<Atlas>,
    pub(crate) tree: Tree,
    /// With about 200 actors each.
    pub(crate) boxes: Vec<Bbox>,
    /// With just under 500 actors each.
    pub(crate) large_boxes: Vec<Bbox>,
    /// Zooms 6 to 14, chosen by points.
    pub(crate) tiles: Vec<TileId>,
    sample: Vec<Actor>,
    count: u32,
}

impl World {
    /// Fills an atlas, block by block as the server could.
    ///
    /// # Errors
    /// When the text index can't be filled.
    pub(crate) fn new(count: u32) -> anyhow::Result<Self> {
        let atlas = Arc::new(Atlas::new());
        let mut loader = Loader::default();
        loader.add_territories(&actors::territories());
        let mut drawn = actors::actors(count);
        loop {
            let block: Vec<Actor> = drawn.by_ref().take(20_000).collect();
            if block.is_empty() {
                break;
            }
            loader.add(&block);
        }
        atlas.install(loader, Version { epoch: 1, seq: 1 })?;
        let tree = actors::tree(count);
        let (boxes, large_boxes) = (actors::boxes(&tree, 100, 150..=250), actors::boxes(&tree, 40, 460..=500));
        ensure!(!boxes.is_empty() && !large_boxes.is_empty(), "too few actors for boxes of 500: BENCH_ACTORS should be 10000 or more");
        let mut draw = Draw::new(4);
        let mut at = |z| {
            let [lon, lat] = draw.point();
            TileId::at(z, lon, lat)
        };
        let tiles = (6..=14).flat_map(|z| std::iter::repeat_n(z, 22)).map(&mut at).collect();
        Ok(Self { atlas, tree, boxes, large_boxes, tiles, sample: actors::actors(count.min(500)).collect(), count })
    }

    /// Every row that needs no other process.
    ///
    /// # Errors
    /// When the atlas refuses what it was asked.
    pub(crate) fn rows(&self) -> anyhow::Result<Vec<Row>> {
        let mut rows = self.finding()?;
        rows.extend(self.tiling()?);
        rows.push(self.listing()?);
        rows.push(self.editing()?);
        Ok(rows)
    }

    /// Boxes and neighbours.
    fn finding(&self) -> anyhow::Result<Vec<Row>> {
        let turn = Turn::default();
        let inside = || {
            let b = turn.next(&self.boxes);
            self.tree.locate_in_envelope(envelope(b)).map(|p| p.geom()[0]).sum::<f64>()
        };
        let open = Filter::default();
        let counted = || self.atlas.counts(territory_id(), &open, Some(*turn.next(&self.boxes)));
        let listed = || self.atlas.features(&query(*turn.next(&self.boxes), 500));
        let row = |name: &str, rounds, target| Row { name: name.into(), peer: "rstar", unit: Unit::PerSecond(""), rounds, target };
        let bare = || Ok(rate(SLICE, inside));
        let draw = RefCell::new(Draw::new(5));
        let near = || {
            let [lon, lat] = draw.borrow_mut().point();
            self.atlas.nearest(lon, lat, 10, 50_000.0)
        };
        let bare_near = || {
            let point = draw.borrow_mut().point();
            self.tree.nearest_neighbor_iter(point).take(10).map(|p| p.data).sum::<u32>()
        };
        Ok(vec![
            row("box of ~200 hits, counted exactly", duel(ROUNDS, || Ok(rate(SLICE, counted)), bare)?, "≥ 0.7×"),
            row("box of ~200 hits, features by name", duel(ROUNDS, || Ok(rate(SLICE, listed)), bare)?, "– (rstar sorts and writes nothing)"),
            row("nearest 10 within 50 km, exact on the sphere", duel(ROUNDS, || Ok(rate(SLICE, near)), || Ok(rate(SLICE, bare_near)))?, "≥ 0.7×"),
        ])
    }

    /// Tiles from the cache, compressed as browsers ask for them.
    fn tiling(&self) -> anyhow::Result<Vec<Row>> {
        let (open, turn) = (Filter::default(), Turn::default());
        let cached = ActorTiles::new(self.atlas.clone(), 256 << 20);
        let uncached = ActorTiles::new(self.atlas.clone(), 0);
        let mut largest = 0;
        for tile in &self.tiles {
            let made = cached.tile(territory_id(), *tile, &open).context("the territory is not there")?;
            largest = largest.max(made.gzip().len());
        }
        let ready = || cached.tile(territory_id(), *turn.next(&self.tiles), &open).map(|t| t.gzip());
        let packed = || cached.tile(territory_id(), *turn.next(&self.tiles), &open).map(|t| pack(&t.bytes));
        let made = || uncached.tile(territory_id(), *turn.next(&self.tiles), &open);
        let row = |name, peer, rounds, target| Row { name, peer, unit: Unit::PerSecond(""), rounds, target };
        let of_cache = duel(ROUNDS, || Ok(rate(SLICE, ready)), || Ok(rate(SLICE, packed)))?;
        let of_atlas = (0..ROUNDS).map(|_| (rate(SLICE, made), None)).collect();
        let size = vec![(largest as f64, Some(50_000.0))];
        Ok(vec![
            row("tile z6–14, cached, gzip".into(), "compressed on each request", of_cache, "≥ 4×"),
            row("tile z6–14, not cached".into(), "", of_atlas, "see PostGIS; supercluster.js: bench-peers"),
            Row { name: "largest of 198 tiles, gzip".into(), peer: "limit", unit: Unit::Bytes, rounds: size, target: "≥ 1×" },
        ])
    }

    /// GeoJSON of just under 500 features.
    fn listing(&self) -> anyhow::Result<Row> {
        let mut values: HashMap<u32, Value> = HashMap::new();
        let numbers: HashMap<String, u32> = (0..self.count).map(|n| (actors::id(n).to_string(), n)).collect();
        for bbox in &self.large_boxes {
            for feature in &self.atlas.features(&query(*bbox, 1000))?.features {
                let value: Value = serde_json::from_str(feature)?;
                let number = value["id"].as_str().and_then(|id| numbers.get(id)).context("a feature of an unknown actor")?;
                values.insert(*number, value);
            }
        }
        let turn = Turn::default();
        let ours = || self.atlas.features(&query(*turn.next(&self.large_boxes), 500)).map(|page| page.to_geojson());
        let peer = || {
            let found = self.tree.locate_in_envelope(envelope(turn.next(&self.large_boxes)));
            let features = found.filter_map(|p| values.get(&p.data)).collect();
            serde_json::to_string(&Collection { r#type: "FeatureCollection", features })
        };
        let rounds = duel(ROUNDS, || Ok(rate(SLICE, ours)), || Ok(rate(SLICE, peer)))?;
        let name = "GeoJSON of a box, 500 features".into();
        Ok(Row { name, peer: "rstar + serde_json each time", unit: Unit::PerSecond(""), rounds, target: "–" })
    }

    /// An actor moves: readers see it at every zoom.
    fn editing(&self) -> anyhow::Result<Row> {
        let seq = Cell::new(1);
        let (draw, turn) = (RefCell::new(Draw::new(6)), Turn::default());
        let ours = || {
            let mut actor = turn.next(&self.sample).clone();
            let [lon, lat] = draw.borrow_mut().point();
            actor.doc.fields.insert("place/p1/position".into(), json!({"lon": lon, "lat": lat, "precision": "exact"}));
            seq.set(seq.get() + 1);
            let subject = Subject { kind: SubjectKind::Actor, id: actor.id };
            let mark = Mark {
                seq: seq.get(),
                id: uuid::Uuid::nil(),
                at: 0,
                kind: EditKind::Set,
                subject,
                author: None,
                source: None,
                seance: None,
                home: None,
            };
            self.atlas.apply(vec![Change::Actor(Box::new(actor))], vec![mark], Version { epoch: 1, seq: seq.get() });
        };
        let points: Vec<[f64; 2]> = self.tree.iter().map(|p| *p.geom()).collect();
        let reload = || (RTree::bulk_load(points.clone()), pyramid(&points));
        let mut rounds = Vec::new();
        for _ in 0..3 {
            let ours = 1.0 / rate(SLICE, ours);
            rounds.push((ours, Some(1.0 / rate(Duration::from_millis(1), reload))));
        }
        let tiles = ActorTiles::new(self.atlas.clone(), 0);
        let moved = turn.last(&self.sample);
        let entry = self.atlas.actor(moved.id).context("the moved actor is gone")?;
        let point = entry.points().first().context("the moved actor lies nowhere")?;
        for z in 0..=16 {
            let tile = tiles.tile(territory_id(), TileId::at(z, point.lon, point.lat), &Filter::default());
            ensure!(tile.is_some_and(|t| !t.bytes.is_empty()), "the moved actor is not seen at zoom {z}");
        }
        self.atlas.refresh_text()?;
        let name = "one edit visible at every zoom".into();
        Ok(Row { name, peer: "rstar and counts of z0–16 anew", unit: Unit::Seconds, rounds, target: "≤ 1 ms and ≥ 4\u{202f}000× (at 1 M)" })
    }

    /// Addresses of the tiles on the server.
    pub(crate) fn tile_paths(&self) -> Vec<String> {
        let all: BTreeSet<String> = self.tiles.iter().map(|t| format!("/tiles/actors/{SLUG}/{}/{}/{}.mvt", t.z, t.x, t.y)).collect();
        all.into_iter().collect()
    }
}

#[derive(Serialize)]
struct Collection<'a> {
    r#type: &'static str,
    features: Vec<&'a Value>,
}

/// Goes through a list again and again.
#[derive(Default)]
struct Turn(Cell<usize>);

impl Turn {
    fn next<'a, T>(&self, all: &'a [T]) -> &'a T {
        self.0.set((self.0.get() + 1) % all.len());
        &all[self.0.get()]
    }

    fn last<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.0.get()]
    }
}

/// What the server is asked for when the map wants a list.
pub(crate) fn query(bbox: Bbox, limit: usize) -> Query {
    Query { territory: territory_id(), filter: Filter::default(), bbox: Some(bbox), sort: Sort::Name, limit, cursor: None }
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::with_capacity(bytes.len() / 2 + 32), Compression::fast());
    // Writing into memory does not fail.
    let _ = out.write_all(bytes);
    out.finish().unwrap_or_default()
}

/// The counts per cell of every zoom, as a static cluster index makes them.
fn pyramid(points: &[[f64; 2]]) -> Vec<HashMap<(u32, u32), u32>> {
    (0..=16)
        .map(|z| {
            let mut cells = HashMap::new();
            for [lon, lat] in points {
                // A tile has 8 × 8 cells, so its cells are the tiles three zooms deeper.
                let cell = TileId::at(z + 3, *lon, *lat);
                *cells.entry((cell.x, cell.y)).or_default() += 1;
            }
            cells
        })
        .collect()
}
