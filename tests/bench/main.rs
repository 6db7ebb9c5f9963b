//! `make bench`: what Bouillon reaches, each figure beside a bare baseline taken in turns in the same run.
//!
//! `BENCH_ACTORS` (100,000 by default) sets the size; `BOUILLON_TEST_POSTGIS` is the address of a PostGIS cluster, without which its rows
//! are left out; `BENCH_ONLY=addresses` measures address search alone, `live` editing together, `territories` territories, `start` the start,
//! `report` printed maps, raster tiles and statistics,
//! `peers` actor tiles against Martin and supercluster (tests/bench/peers.sh installs them). Figures of this process are per second of the thread's own time, all others per second on the clock.

mod actors;
mod address_data;
mod addresses;
mod bare;
mod durable;
mod live;
mod live_clients;
mod load;
mod martin;
mod memory;
mod pbf;
mod postgis;
mod report;
mod server;
mod table;
mod territories;
mod web;

use crate::memory::World;
use crate::postgis::Postgis;
use crate::server::Server;
use crate::table::{Row, Unit};
use anyhow::Context;
use sqlx::{Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::runtime::Runtime;

const USUAL: u32 = 100_000;

fn main() -> anyhow::Result<()> {
    if bare::serve_if_asked()? {
        return Ok(());
    }
    let began = Instant::now();
    let count = std::env::var("BENCH_ACTORS").map_or(Ok(USUAL), |n| n.parse()).context("BENCH_ACTORS must be a number")?;
    let before = machine_load();
    let folder = Folder::new()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let postgis = std::env::var("BOUILLON_TEST_POSTGIS").ok().map(|base| runtime.block_on(Postgis::open(&base))).transpose()?;
    let rows = measure(&runtime, count, &folder.0, postgis.as_ref());
    if let Some(postgis) = postgis {
        runtime.block_on(postgis.close())?;
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let header = format!(
        "# make bench: {count} actors, {cores} cores, load average {before} before and {} after, {:.0} s",
        machine_load(),
        began.elapsed().as_secs_f64()
    );
    let text = table::table(&header, &rows?);
    say(&text);
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench.md"), text)?;
    Ok(())
}

fn measure(runtime: &Runtime, count: u32, folder: &Path, postgis: Option<&Postgis>) -> anyhow::Result<Vec<Row>> {
    let clock = Instant::now();
    let step = |what: &str| eprintln!("bench: {:>4.0} s  {what}", clock.elapsed().as_secs_f64());
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    if only == "territories" {
        return territories::rows(folder);
    }
    if only == "live" {
        return live::rows(runtime, folder, &step);
    }
    if only == "report" {
        return report::rows(runtime, count, folder, &step);
    }
    if only == "peers" {
        let postgis = postgis.context("BOUILLON_TEST_POSTGIS must name a PostGIS cluster")?;
        return martin::rows(runtime, count, folder, postgis, &step);
    }
    if only == "start" {
        return filled(runtime, count, folder, &step).map(|(_, rows)| rows);
    }
    step("address search");
    let addresses = addresses::rows(runtime, folder)?;
    if only == "addresses" {
        return Ok(addresses);
    }
    step("reading a PBF");
    let mut rows = vec![pbf::row(folder)?];
    step("territories");
    rows.extend(territories::rows(folder)?);
    rows.extend(addresses);
    step("filling the atlas");
    let world = World::new(count)?;
    step("the atlas and its tiles");
    rows.extend(world.rows()?);
    if let Some(postgis) = postgis {
        step("filling PostGIS");
        runtime.block_on(postgis.fill(count))?;
        step("PostGIS");
        rows.extend(postgis.rows(runtime, &world)?);
    }
    let (server, started) = filled(runtime, count, folder, &step)?;
    rows.extend(started);
    step("HTTP");
    rows.extend(web::rows(runtime, &server, &world, postgis)?);
    drop((server, world));
    step("durable edits, SQLite");
    let data = folder.join("edits");
    rows.extend(durable::rows(runtime, "SQLite", &data, &server::sqlite(&data)?, folder)?);
    if let Some(postgis) = postgis {
        step("durable edits, PostGIS");
        let data = folder.join("edits-postgis");
        std::fs::create_dir_all(&data)?;
        rows.extend(durable::rows(runtime, "PostGIS", &data, &postgis.url, folder)?);
    }
    rows.extend(live::rows(runtime, folder, &step)?);
    rows.extend(report::rows(runtime, count, folder, &step)?);
    step("done");
    Ok(rows)
}

/// A server with so many actors, and how it started.
fn filled(runtime: &Runtime, count: u32, folder: &Path, step: &dyn Fn(&str)) -> anyhow::Result<(Server, Vec<Row>)> {
    step("filling SQLite");
    let database = server::sqlite(&folder.join("full"))?;
    runtime.block_on(server::fill(&database, count))?;
    step("starting the server");
    starting(runtime, count, folder, &database)
}

/// Time to start and memory per actor. The peer of the time reads and parses every row of the same file and does nothing with it.
fn starting(runtime: &Runtime, count: u32, folder: &Path, database: &str) -> anyhow::Result<(Server, Vec<Row>)> {
    let empty = folder.join("empty");
    let none = server::sqlite(&empty)?;
    runtime.block_on(server::fill(&none, 0))?;
    let without = Server::start(&empty, &none)?.memory()?;
    let (mut times, mut sizes, mut last) = (Vec::new(), Vec::new(), None);
    for _ in 0..3 {
        let read = Instant::now();
        let seen = runtime.block_on(parse_all(database))?;
        anyhow::ensure!(seen >= count as usize, "only {seen} rows were read");
        let read = read.elapsed().as_secs_f64();
        drop(last.take());
        let server = Server::start(&folder.join("full"), database)?;
        times.push((server.started_in.as_secs_f64(), Some(read)));
        sizes.push(((server.memory()? - without) / f64::from(count), None));
        last = Some(server);
    }
    let server = last.context("no server")?;
    let time = Row { name: "start until it listens".into(), peer: "rows read and parsed", unit: Unit::Seconds, rounds: times, target: "–" };
    let size = Row { name: "resident memory per actor, after the start".into(), peer: "", unit: Unit::Bytes, rounds: sizes, target: "–" };
    Ok((server, vec![time, size]))
}

async fn parse_all(database: &str) -> anyhow::Result<usize> {
    let mut connection = SqliteConnection::connect(database).await?;
    let rows: Vec<(String,)> = sqlx::query_as("select doc from actors order by id").fetch_all(&mut connection).await?;
    let read = rows.iter().filter(|(doc,)| serde_json::from_str::<serde_json::Value>(doc).is_ok()).count();
    connection.close().await?;
    Ok(read)
}

/// A folder on the disk of target/, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How busy the machine is, on average of the last minute: others' work distorts every figure.
fn machine_load() -> String {
    std::fs::read_to_string("/proc/loadavg").ok().and_then(|text| text.split(' ').next().map(str::to_owned)).unwrap_or_else(|| "?".into())
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn say(text: &str) {
    println!("{text}");
}
