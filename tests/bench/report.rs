//! What a committee prints: maps of 300 actors on A4 and A3, raster tiles, statistics, each on a real server of its own, with its peak memory.

use crate::server::{self, Server};
use crate::table::{Row, Unit, duel};
use anyhow::{Context, ensure};
use bouillon::geo::TileId;
use bouillon::model::Actor;
use bouillon::report::map::base::Base;
use bouillon::report::map::view::View;
use bouillon::report::paper::fonts;
use bouillon::report::raster::{Engine, RasterTiles};
use bouillon::store::Store;
use bouillon::tiles::Archive;
use resvg::{tiny_skia, usvg};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;
use uuid::Uuid;

const ROUNDS: usize = 5;
const ACTORS: usize = 300;
/// Middle of the demonstration territory.
const MIDDLE: [f64; 2] = [-1.793, 47.7136];
const PROGRAM: &str = env!("CARGO_BIN_EXE_bouillon");

/// Maps, tiles, and statistics of so many actors.
///
/// # Errors
/// When a server does not do what it should.
pub(crate) fn rows(runtime: &Runtime, count: u32, folder: &Path, step: &dyn Fn(&str)) -> anyhow::Result<Vec<Row>> {
    step("maps of 300 actors");
    let data = folder.join("report");
    let database = demonstration(runtime, &data)?;
    let mut rows = maps(runtime, &Server::start(&data, &database)?)?;
    step("raster tiles");
    let archive = Arc::new(runtime.block_on(Archive::open(&data.join("basemaps/solvigne.pmtiles")))?);
    rows.push(tiles(runtime, &archive, Engine::Resvg)?);
    #[cfg(feature = "maplibre")]
    rows.push(tiles(runtime, &archive, Engine::Maplibre)?);
    step("statistics");
    rows.extend(statistics(runtime, count, folder)?);
    Ok(rows)
}

/// The demonstration territory with 300 actors: its own, and the same ones again some metres away.
fn demonstration(runtime: &Runtime, data: &Path) -> anyhow::Result<String> {
    let database = server::sqlite(data)?;
    let extract = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/solvigne-2026-03-01.osm.pbf");
    let done = Command::new(PROGRAM).args(["import", "osm"]).arg(extract).arg("--data").arg(data).env("BOUILLON_LOG", "warn").output()?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    runtime.block_on(async {
        let store = Store::open(&database).await?;
        let mut tx = store.write().await?;
        let territory = tx.territory_id("solvigne").await?.context("no demonstration territory")?;
        let actors = tx.actors_of(territory).await?;
        ensure!(!actors.is_empty(), "the demonstration has no actors");
        for i in actors.len()..ACTORS {
            let turn = i as f64;
            tx.put_actor(&moved(&actors[i % actors.len()], [0.012 * turn.sin(), 0.008 * (turn * 1.3).cos()])?, true).await?;
        }
        tx.commit().await?;
        store.close().await;
        Ok(database)
    })
}

/// The same actor with another id, elsewhere.
fn moved(actor: &Actor, by: [f64; 2]) -> anyhow::Result<Actor> {
    let mut copy = serde_json::to_value(actor)?;
    move_points(&mut copy, by);
    let mut actor: Actor = serde_json::from_value(copy)?;
    actor.id = Uuid::now_v7();
    actor.origin = None;
    Ok(actor)
}

fn move_points(value: &mut Value, [east, north]: [f64; 2]) {
    match value {
        Value::Object(map) => {
            for (key, add) in [("lon", east), ("lat", north)] {
                if let Some(number) = map.get(key).and_then(Value::as_f64) {
                    map.insert(key.into(), (number + add).into());
                }
            }
            map.values_mut().for_each(|inner| move_points(inner, [east, north]));
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| move_points(inner, [east, north])),
        _ => {}
    }
}

/// Time and peak memory of each file. The peer of a picture is resvg alone, which draws the finished SVG.
fn maps(runtime: &Runtime, server: &Server) -> anyhow::Result<Vec<Row>> {
    let get = |query: &str| fetch(runtime, &format!("{}/api/v1/territories/solvigne/map.{query}", server.url));
    let mut rows = Vec::new();
    for paper in ["a4", "a3"] {
        let svg = String::from_utf8(get(&format!("svg?format={paper}"))?)?;
        ensure!(svg.contains("Solvigné"), "the map has no title");
        let mut wholes = vec![("svg", String::new(), None), ("pdf", String::new(), None)];
        wholes.extend([150, 300].map(|dpi| ("png", format!("&dpi={dpi}"), Some(dpi))));
        for (kind, more, dpi) in wholes {
            let query = format!("{kind}?format={paper}{more}");
            let ours = || seconds(|| get(&query).map(drop));
            let times = match dpi {
                Some(dpi) => duel(ROUNDS, ours, || seconds(|| bare(&svg, dpi)))?,
                None => (0..ROUNDS).map(|_| Ok((ours()?, None))).collect::<anyhow::Result<_>>()?,
            };
            server.forget_peak()?;
            get(&query)?;
            let peak = server.peak()?;
            let name = format!("{} map of {ACTORS} actors, {kind}{}", paper.to_uppercase(), dpi.map_or(String::new(), |d| format!(" {d} dpi")));
            let target = if paper == "a3" { "≤ 5 s" } else { "–" };
            rows.push(Row { name: name.clone(), peer: "resvg draws the finished SVG", unit: Unit::Seconds, rounds: times, target });
            rows.push(Row {
                name: format!("{name}: peak of the whole server"),
                peer: "",
                unit: Unit::Bytes,
                rounds: vec![(peak, None)],
                target: "≤ 500 MiB",
            });
        }
    }
    Ok(rows)
}

fn seconds(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed().as_secs_f64())
}

fn fetch(runtime: &Runtime, url: &str) -> anyhow::Result<Vec<u8>> {
    runtime.block_on(async {
        let answer = reqwest::get(url).await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    })
}

/// Parsing, drawing and packing by resvg.
fn bare(svg: &str, dpi: u32) -> anyhow::Result<()> {
    let options = usvg::Options { fontdb: fonts::database(), font_family: fonts::FAMILY.into(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options)?;
    let scale = dpi as f32 / 96.0;
    let [width, height] = [tree.size().width(), tree.size().height()].map(|side| (side * scale).round() as u32);
    let mut picture = tiny_skia::Pixmap::new(width, height).context("no memory for the picture")?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut picture.as_mut());
    ensure!(!picture.encode_png()?.is_empty());
    Ok(())
}

/// Raster tiles that nobody has asked for before, zooms 12 to 17, drawn with their names and packed. The peer only reads the features of the
/// same sheets.
fn tiles(runtime: &Runtime, archive: &Arc<Archive>, engine: Engine) -> anyhow::Result<Row> {
    let wanted: Vec<TileId> = (12..=17).flat_map(around).collect();
    let mut sheets: Vec<(u8, u32, u32)> = wanted.iter().map(|t| (t.z, t.x / 4, t.y / 4)).collect();
    sheets.dedup();
    // A sheet is drawn whole: all its tiles count.
    let drawn = sheets.len() as f64 * 16.0;
    let ours = || {
        let tiles = RasterTiles::new(engine, PathBuf::from(PROGRAM))?;
        let warm = TileId::new(10, 506, 356).context("a tile")?;
        runtime.block_on(tiles.tile(Some(archive), warm, 1, "fr"))?;
        let took = seconds(|| {
            for tile in &wanted {
                ensure!(!runtime.block_on(tiles.tile(Some(archive), *tile, 1, "fr"))?.png.is_empty());
            }
            Ok(())
        })?;
        Ok(drawn / took)
    };
    let read = || {
        let took = seconds(|| {
            for (z, x, y) in &sheets {
                let count = f64::from(*z).exp2();
                let [left, top] = [x, y].map(|i| f64::from(i * 4) / count);
                let view = View { left, top, pixel: 1.0 / (count * 256.0), width: 1024.0, height: 1024.0 };
                std::hint::black_box(Base::read(archive, &view, "fr")?);
            }
            Ok(())
        })?;
        Ok(drawn / took)
    };
    let name = format!("raster tiles of 256 pixels, new, {}", if engine == Engine::Resvg { "resvg" } else { "maplibre-rs" });
    Ok(Row { name, peer: "features only read", unit: Unit::PerSecond("tiles"), rounds: duel(ROUNDS, ours, read)?, target: "–" })
}

/// The tile of a zoom in the middle, and one of each neighbouring sheet.
fn around(z: u8) -> Vec<TileId> {
    let middle = bouillon::geo::World::at(MIDDLE[0], MIDDLE[1]).tile(z);
    [[0, 0], [4, 0], [0, 4], [4, 4]].iter().filter_map(|[x, y]| TileId::new(z, middle.x + x, middle.y + y)).collect()
}

/// All measures of a territory, asked for the first time after a start. The peer reads and parses the actors' rows and does nothing with them.
fn statistics(runtime: &Runtime, count: u32, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let data = folder.join("statistics");
    let database = server::sqlite(&data)?;
    runtime.block_on(server::fill(&database, count))?;
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let peer = seconds(|| runtime.block_on(crate::parse_all(&database)).map(|_| ()))?;
        let server = Server::start(&data, &database)?;
        let before = server.memory()?;
        server.forget_peak()?;
        let url = format!("{}/api/v1/territories/{}/statistics", server.url, crate::actors::SLUG);
        times.push((seconds(|| fetch(runtime, &url).map(drop))?, Some(peer)));
        peaks.push((server.peak()? - before, None));
    }
    let name = format!("statistics of {count} actors, the first time");
    let peak = Row { name: format!("{name}: peak above the server at rest"), peer: "", unit: Unit::Bytes, rounds: peaks, target: "–" };
    Ok(vec![Row { name, peer: "rows read and parsed", unit: Unit::Seconds, rounds: times, target: "–" }, peak])
}
