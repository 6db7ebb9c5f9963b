//! Editing together: 200 editors and 800 viewers of one territory, 50 edits a second for a minute, from sending to the message decoded by everybody
//! else, the durable commit included; beside it, in turns, a bare axum broadcast that makes what it passes on durable too.
//!
//! `BENCH_LIVE=20,80,6,20` makes it 20 editors, 80 viewers, 6 seconds and 20 edits a second.

use crate::bare::{self, Bare};
use crate::live_clients::{Crowd, Heard, Sizes};
use crate::server::{Server, fill, sqlite};
use crate::table::{Row, Unit};
use anyhow::Context;
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Each side has its turn so many times: short ones, since whoever waits does not read, and a server cuts off who is silent for 45 s.
const ROUNDS: usize = 6;
/// Sockets that say nothing, for what one costs.
const IDLE: usize = 1000;
/// Actors that are there before.
const BEFORE: u32 = 1000;

/// The rows of the live part.
///
/// # Errors
/// When a server fails, or somebody's socket ends.
pub(crate) fn rows(runtime: &Runtime, folder: &Path, step: &dyn Fn(&str)) -> anyhow::Result<Vec<Row>> {
    let sizes = Sizes::read()?;
    let data = folder.join("live");
    let database = sqlite(&data)?;
    runtime.block_on(fill(&database, BEFORE))?;
    let (ours, bare) = (Server::start(&data, &database)?, Bare::start(folder)?);
    step("live: memory of idle sockets");
    let idle = memory(runtime, &ours, &bare, &sizes)?;
    step("live: everybody comes");
    let mut ours = runtime.block_on(Crowd::ours(&ours.url, &sizes))?;
    let mut theirs = runtime.block_on(Crowd::bare(&bare.url, &sizes))?;
    let (mut middle, mut late, mut all) = (Vec::new(), Vec::new(), Vec::new());
    let (mut lost, mut doubled) = (0, 0);
    for round in 0..ROUNDS {
        step(&format!("live: {} editors, {} viewers, round {round}", sizes.editors, sizes.viewers));
        let turn = Duration::from_secs_f64(sizes.seconds / ROUNDS as f64);
        let (first, second) = if round % 2 == 0 { (&mut ours, &mut theirs) } else { (&mut theirs, &mut ours) };
        let [first, second] = [runtime.block_on(first.turn(turn))?, runtime.block_on(second.turn(turn))?];
        let (mine, peer): (Heard, Heard) = if round % 2 == 0 { (first, second) } else { (second, first) };
        middle.push((mine.percentile(50), Some(peer.percentile(50))));
        late.push((mine.percentile(99), Some(peer.percentile(99))));
        all.push((mine.share(), Some(peer.share())));
        (lost, doubled) = (lost + mine.lost, doubled + mine.doubled);
    }
    let who = format!("{} editors and {} viewers, {} edits/s, sent to decoded by all others", sizes.editors, sizes.viewers, sizes.per_second);
    let row = |name: String, unit, rounds, target| Row { name, peer: "bare axum broadcast with fsync", unit, rounds, target };
    Ok(vec![
        row(format!("live: {who}, p50"), Unit::Seconds, middle, "≥ 0.5×"),
        row(format!("live: {who}, p99"), Unit::Seconds, late, "≥ 0.5×"),
        row(format!("live: deliveries that were due and came ({lost} lost, {doubled} doubled)"), Unit::Share, all, "100 %, 0 lost, 0 doubled"),
        Row {
            name: "live: memory per idle connection".into(),
            peer: "bare axum, its usual sizes",
            unit: Unit::Bytes,
            rounds: idle,
            target: "≤ 20\u{202f}000 B",
        },
    ])
}

/// What a socket costs that has said hello and says nothing more.
fn memory(runtime: &Runtime, ours: &Server, bare: &Bare, sizes: &Sizes) -> anyhow::Result<Vec<(f64, Option<f64>)>> {
    let count = IDLE.min(sizes.editors + sizes.viewers);
    let [mine, before] = [ours.memory()?, bare::memory(bare)?];
    let sockets = runtime.block_on(async {
        let mut all = Crowd::idle(&ours.url, count, true).await?;
        all.extend(Crowd::idle(&bare.url, count, false).await?);
        tokio::time::sleep(Duration::from_secs(2)).await;
        anyhow::Ok(all)
    });
    let sockets = sockets.context("idle sockets")?;
    let per = |after: f64, before: f64| (after - before) / count as f64;
    let cost = (per(ours.memory()?, mine), Some(per(bare::memory(bare)?, before)));
    drop(sockets);
    Ok(vec![cost])
}
