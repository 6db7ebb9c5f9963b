//! Edits that are answered only when they are on the disk: 1, 8 and 64 people who add actors, against bare `fdatasync` in the same folder.

use crate::actors::{Draw, SLUG};
use crate::load::{Connection, many};
use crate::server::{Server, fill};
use crate::table::{Row, Unit};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use uuid::Uuid;

const ROUNDS: usize = 3;
const SLICE: Duration = Duration::from_millis(1300);
/// Actors that are there before.
const BEFORE: u32 = 1000;

/// Rows of one back-end; `disk` is a folder on the disk that the database writes to.
///
/// # Errors
/// When the server fails or an edit is not applied.
pub(crate) fn rows(runtime: &Runtime, backend: &str, data: &Path, database: &str, disk: &Path) -> anyhow::Result<Vec<Row>> {
    runtime.block_on(fill(database, BEFORE))?;
    let server = Server::start(data, database)?;
    // Several nodes share PostgreSQL; what they write together is the ceiling.
    let second = (backend == "PostGIS").then(|| Server::start(&data.join("second"), database)).transpose()?;
    let [mut one, mut eight, mut many, mut cost, mut both] = [const { Vec::new() }; 5];
    for _ in 0..ROUNDS {
        let synced = probe(disk)?;
        let alone = write(&[&server], 1)?;
        one.push((alone, Some(synced)));
        eight.push((write(&[&server], 8)?, Some(alone)));
        let (from, began) = (server.seconds()?, Instant::now());
        let rate = write(&[&server], 64)?;
        cost.push(((server.seconds()? - from) / (rate * began.elapsed().as_secs_f64()), None));
        many.push((rate, Some(alone)));
        if let Some(second) = &second {
            both.push((write(&[&server, second], 64)?, Some(rate)));
        }
    }
    let row = |name: &str, peer, rounds, target| {
        let name = format!("durable edits over HTTP, {backend}, {name}");
        Row { name, peer, unit: Unit::PerSecond(""), rounds, target }
    };
    let together = second.is_some().then(|| row("64 writers on two nodes", "on one node", both, "–"));
    let mut rows = vec![
        row("1 writer", "fdatasync", one, "≥ 0.5×"),
        row("8 writers", "1 writer", eight, "≥ 4×"),
        row("64 writers", "1 writer", many, "≥ 15×"),
        Row {
            name: format!("processor time of the server per edit, {backend}, 64 writers"),
            peer: "",
            unit: Unit::Seconds,
            rounds: cost,
            target: "–",
        },
    ];
    rows.extend(together);
    Ok(rows)
}

/// How often 4 KiB more can be made durable in a second.
fn probe(folder: &Path) -> anyhow::Result<f64> {
    let path = folder.join(format!("bouillon-probe-{}", std::process::id()));
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    let (started, mut done) = (Instant::now(), 0);
    while started.elapsed() < SLICE / 2 {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        done += 1;
    }
    let seconds = started.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(f64::from(done) / seconds)
}

/// Edits per second of so many people at these nodes, each waiting for an answer before the next.
fn write(nodes: &[&Server], writers: usize) -> anyhow::Result<f64> {
    let done = many(writers, SLICE, |number| {
        let mut connection = Connection::open(&nodes[number % nodes.len()].url)?;
        let form: Value = serde_json::from_slice(&connection.get("/api/v1/form", "")?.body)?;
        let token = form["token"].as_str().context("no form token")?.to_owned();
        let (mut cookie, mut draw) = (String::new(), Draw::new(100 + number as u64));
        Ok(move || {
            let answer = connection.post("/api/v1/edits", &cookie, &edit(&mut draw, &token))?;
            if answer.status != 200 {
                bail!("an edit was answered with {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
            }
            if let Some(set) = answer.cookie {
                cookie = format!("cookie: {set}\r\n");
            }
            Ok(())
        })
    })?;
    Ok(done.rate)
}

/// Somebody without an invitation adds an actor.
fn edit(draw: &mut Draw, token: &str) -> String {
    let [lon, lat] = draw.point();
    let set = json!({
        "name": "Jardin partagé du Faubourg", "primary_category": "ALI.amap", "summary": "Lieu ouvert à tous.",
        "place/p1/position": {"lon": lon, "lat": lat, "precision": "exact"}
    });
    let subject = json!({"kind": "actor", "id": Uuid::now_v7()});
    let edit = json!({"id": Uuid::now_v7(), "subject": subject, "kind": "create", "territory": SLUG, "set": set});
    json!({"edits": [edit], "form": {"token": token, "trap": ""}}).to_string()
}
