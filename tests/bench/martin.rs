//! Actor tiles over HTTP: ours, and Martin with a function that clusters on a grid in PostGIS; and supercluster under node, which has no server.
//! `MARTIN` names the program, `SUPERCLUSTER` the folder of the packages; without one its rows are left out.

use crate::actors::{self, Draw, SLUG};
use crate::load::{Connection, Load, load};
use crate::postgis::Postgis;
use crate::server::{self, Server, processor_seconds};
use crate::table::{Row, Unit, rate};
use anyhow::{Context, ensure};
use bouillon::atlas::{Atlas, Filter, Loader};
use bouillon::geo::TileId;
use bouillon::model::Version;
use bouillon::tiles::ActorTiles;
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

const ROUNDS: usize = 3;
const SLICE: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 4;
const GZIP: &str = "accept-encoding: gzip\r\n";
/// Name of the function, and so of Martin's source.
const SOURCE: &str = "banc_tile";

/// Every row that there are peers for.
///
/// # Errors
/// When a server fails.
pub(crate) fn rows(runtime: &Runtime, count: u32, folder: &Path, postgis: &Postgis, step: &dyn Fn(&str)) -> anyhow::Result<Vec<Row>> {
    let mut draw = Draw::new(4);
    let mut at = |z| {
        let [lon, lat] = draw.point();
        TileId::at(z, lon, lat)
    };
    let tiles: Vec<TileId> = (6..=14).flat_map(|z| std::iter::repeat_n(z, 22)).map(&mut at).collect();
    let mut rows = Vec::new();
    if let Ok(packages) = std::env::var("SUPERCLUSTER") {
        step("supercluster");
        rows.extend(supercluster(count, folder, &packages, &tiles)?);
    }
    if let Ok(program) = std::env::var("MARTIN") {
        step("filling PostGIS");
        runtime.block_on(postgis.fill(count))?;
        runtime.block_on(postgis.function(SOURCE))?;
        step("filling SQLite");
        let data = folder.join("full");
        let database = server::sqlite(&data)?;
        runtime.block_on(server::fill(&database, count))?;
        rows.extend(martin(&program, &data, &database, postgis, &tiles, step)?);
    }
    Ok(rows)
}

fn martin(program: &str, data: &Path, database: &str, postgis: &Postgis, tiles: &[TileId], step: &dyn Fn(&str)) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    step("not cached");
    let (ours, peer) = (Server::start_with(data, database, &["--tile-cache=0"])?, Martin::start(program, postgis, 0)?);
    let deep: Vec<TileId> = tiles.iter().copied().filter(|t| t.z >= 10).collect();
    for (name, tiles, target, tail) in
        [("clustered actor tile, not cached, z6–14", tiles, "≥ 150×", "–"), ("clustered actor tile, not cached, z10–14", &deep, "≥ 40×", "≥ 20×")]
    {
        let pair = Pair::new(&ours.url, &peer.url, tiles, "")?;
        rows.extend(pair.rows(name, "", target, tail)?);
    }
    step("cached");
    drop((ours, peer));
    let (ours, peer) = (Server::start(data, database)?, Martin::start(program, postgis, 512)?);
    for (name, headers, target) in [("cached tile, gzip", GZIP, "≥ 4×"), ("cached tile, identity", "", "≥ 0.9×")] {
        let pair = Pair::new(&ours.url, &peer.url, tiles, headers)?;
        rows.extend(pair.rows(name, headers, target, "–")?);
    }
    Ok(rows)
}

/// The same tiles of both servers.
struct Pair<'a> {
    urls: [&'a str; 2],
    paths: [Vec<String>; 2],
}

impl<'a> Pair<'a> {
    /// Asks once for every tile, so that a cache is warm, and leaves out those where one of them has nothing.
    fn new(ours: &'a str, peer: &'a str, tiles: &[TileId], headers: &str) -> anyhow::Result<Self> {
        let mut connections = [Connection::open(ours)?, Connection::open(peer)?];
        let mut paths = [Vec::new(), Vec::new()];
        for tile in tiles.iter().map(|t| (t.z, t.x, t.y)).collect::<BTreeSet<_>>() {
            let (z, x, y) = tile;
            let both = [format!("/tiles/actors/{SLUG}/{z}/{x}/{y}.mvt"), format!("/{SOURCE}/{z}/{x}/{y}")];
            let answers = [connections[0].get(&both[0], headers)?, connections[1].get(&both[1], headers)?];
            ensure!(answers.iter().all(|a| a.status == 200 || a.status == 204), "{both:?}: {} and {}", answers[0].status, answers[1].status);
            if answers.iter().all(|a| a.status == 200 && !a.body.is_empty()) {
                paths.iter_mut().zip(both).for_each(|(list, path)| list.push(path));
            }
        }
        ensure!(paths[0].len() > 40, "only {} tiles have actors", paths[0].len());
        Ok(Self { urls: [ours, peer], paths })
    }

    fn rows(&self, name: &str, headers: &str, target: &'static str, tail: &'static str) -> anyhow::Result<Vec<Row>> {
        let ask = |which: usize| load(self.urls[which], CONNECTIONS, SLICE, &self.paths[which], headers);
        let mut rounds: Vec<[Load; 2]> = Vec::new();
        for round in 0..ROUNDS {
            let first = round % 2;
            let mut pair = [ask(first)?, ask(1 - first)?];
            pair.rotate_left(first);
            rounds.push(pair);
        }
        let pairs = |of: &dyn Fn(&Load) -> f64| rounds.iter().map(|[ours, peer]| (of(ours), Some(of(peer)))).collect::<Vec<_>>();
        let row = |what: &str, unit, rounds, target| Row { name: format!("{name}{what}"), peer: "Martin 1.14", unit, rounds, target };
        Ok(vec![
            row(", 4 connections", Unit::PerSecond(""), pairs(&|l| l.rate), target),
            row(", half within", Unit::Seconds, pairs(&|l| l.p50), "–"),
            row(", 99 of 100 within", Unit::Seconds, pairs(&|l| l.p99), tail),
        ])
    }
}

/// A running Martin.
struct Martin {
    url: String,
    child: Child,
}

impl Martin {
    fn start(program: &str, postgis: &Postgis, cache: u32) -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let cache = cache.to_string();
        let args = ["--listen-addresses", &address, "--workers", "2", "--pool-size", "4", "--cache-size", &cache, &postgis.url];
        let child = Command::new(program).args(args).env("RUST_LOG", "error").stdout(Stdio::null()).spawn().context("Martin does not start")?;
        let martin = Self { url: format!("http://{address}"), child };
        for _ in 0..200 {
            if Connection::open(&martin.url).is_ok_and(|mut c| c.get("/health", "").is_ok_and(|a| a.status == 200)) {
                return Ok(martin);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        anyhow::bail!("Martin does not answer at {}", martin.url)
    }
}

impl Drop for Martin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Building the counts and encoding tiles, each per second of one core.
fn supercluster(count: u32, folder: &Path, packages: &str, tiles: &[TileId]) -> anyhow::Result<Vec<Row>> {
    let points: Vec<u8> = actors::actors(count)
        .filter_map(|a| a.places().first().and_then(|p| p.point))
        .flat_map(|[lon, lat]| [lon.to_le_bytes(), lat.to_le_bytes()].concat())
        .collect();
    let (file, list) = (folder.join("points.f64"), folder.join("tiles.json"));
    std::fs::write(&file, points)?;
    std::fs::write(&list, serde_json::to_vec(&tiles.iter().map(|t| [u32::from(t.z), t.x, t.y]).collect::<Vec<_>>())?)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/supercluster.mjs");
    let (mut builds, mut encodes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = processor_seconds("self")?;
        let atlas = Arc::new(Atlas::new());
        let mut loader = Loader::default();
        loader.add_territories(&actors::territories()[..1]);
        let drawn: Vec<_> = actors::actors(count).collect();
        let drawn_for = processor_seconds("self")? - before;
        loader.add(&drawn);
        drop(drawn);
        atlas.install(loader, Version { epoch: 1, seq: 1 })?;
        let build = processor_seconds("self")? - before - drawn_for;
        let maker = ActorTiles::new(atlas, 0);
        let mut at = 0;
        let encode = rate(SLICE / 3, || {
            at = (at + 1) % tiles.len();
            maker.tile(actors::territory_id(), tiles[at], &Filter::default())
        });
        let out = Command::new("node").arg(&script).args([packages.as_ref(), file.as_os_str(), list.as_os_str()]).output()?;
        ensure!(out.status.success(), "supercluster: {}", String::from_utf8_lossy(&out.stderr));
        let [peer_build, peer_encode]: [f64; 2] = serde_json::from_slice(&out.stdout).context("supercluster's figures")?;
        builds.push((build, Some(peer_build)));
        encodes.push((encode, Some(peer_encode)));
    }
    let row = |name: &str, peer, unit, rounds, target| Row { name: name.into(), peer, unit, rounds, target };
    Ok(vec![
        row("whole atlas built: index, counts, lists, texts (processor time)", "supercluster.js 9: counts alone", Unit::Seconds, builds, "–"),
        row("clustered tile encoded, one core", "supercluster.js + vt-pbf", Unit::PerSecond(""), encodes, "≥ 4×"),
    ])
}
