//! Reading an extract in a child process: a hostile file can at worst end the child, which never sees the database.

use super::Event;
use crate::geo::Shape;
use crate::osm::{self, Ask, Extract};
use crate::tiles::basemap::{self, BuildError, Built};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

/// One line of the child's standard output.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Read(u64, u64),
    Drawn(u64, u64),
    Extract(Box<Extract>),
    Basemap(Built),
    Failed(BuildError),
}

/// Share of a territory's width and height that its base map shows around it, and the least of it in degrees: the map of a village is
/// looked at on wide screens too.
const AROUND: (f64, f64) = (0.35, 0.03);

/// Reads an extract in a child process and gives back what it found; progress goes to `report`. With `basemap`, its base map is built there.
///
/// # Errors
/// [`osm::ReadError`] for a file that can't be used, [`BuildError`] when the base map can't be built; anything else when the child could not
/// run to its end.
pub async fn read_in_child(
    file: &Path,
    boundary: Option<&str>,
    max_memory: Option<u64>,
    basemap: Option<&Path>,
    report: &mpsc::Sender<Event>,
) -> anyhow::Result<(Extract, Option<Built>)> {
    let mut command = Command::new(std::env::current_exe().context("the program's own file is not found")?);
    command.arg("read-osm").arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    // The child gets no database address and no secrets.
    command.env_clear().envs(std::env::vars_os().filter(|(k, _)| k == "BOUILLON_BREAK" || k == "RUST_BACKTRACE"));
    if let Some(boundary) = boundary {
        command.arg(format!("--boundary={boundary}"));
    }
    if let Some(mib) = max_memory {
        command.arg(format!("--max-memory={mib}"));
    }
    if let Some(basemap) = basemap {
        command.arg("--basemap-at").arg(basemap);
    }
    let mut child = command.spawn().context("the reading process could not start")?;
    let output = child.stdout.take().context("the reading process has no output")?;
    let mut lines = BufReader::new(output).lines();
    let (mut found, mut built) = (None, None);
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line).context("the reading process said something else than expected")? {
            Line::Read(done, total) => {
                let _ = report.try_send(Event::Progress { step: "read".into(), done, total });
            }
            Line::Drawn(done, total) => {
                let _ = report.try_send(Event::Progress { step: "draw".into(), done, total });
            }
            Line::Extract(extract) => found = Some(*extract),
            Line::Basemap(basemap) => built = Some(basemap),
            Line::Failed(BuildError::Read { error }) => return Err(error.into()),
            Line::Failed(error) => return Err(error.into()),
        }
    }
    let status = child.wait().await?;
    if !status.success() {
        found = None;
    }
    let found = found.with_context(|| {
        format!("the reading process ended before it was done ({status}): the file may need more memory than allowed, or be built to do harm")
    })?;
    Ok((found, built))
}

/// The child's side: reads the file and speaks [`Line`]s. Ends at once when the parent goes away (standard input closes).
///
/// # Errors
/// When standard output can't be written.
pub fn speak(file: &Path, ask: &Ask, basemap: Option<&Path>) -> anyhow::Result<()> {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(3);
    });
    let out = std::io::stdout();
    let say = |line: &Line| -> std::io::Result<()> {
        let mut out = out.lock();
        serde_json::to_writer(&mut out, line)?;
        out.write_all(b"\n")
    };
    let done = work(file, ask, basemap, &mut |line| {
        let _ = say(&line);
    });
    say(&match done {
        Ok((extract, built)) => {
            if let Some(built) = built {
                say(&Line::Basemap(built))?;
            }
            Line::Extract(Box::new(extract))
        }
        Err(error) => Line::Failed(error),
    })?;
    Ok(())
}

fn work(file: &Path, ask: &Ask, basemap: Option<&Path>, say: &mut dyn FnMut(Line)) -> Result<(Extract, Option<Built>), BuildError> {
    let mut last = 0;
    // A line each hundredth is enough for a bar.
    let mut step = |done: u64, total: u64| done == total || std::mem::replace(&mut last, done * 100 / total.max(1)) != done * 100 / total.max(1);
    let (extract, checked) = osm::extract(file, ask, &mut |done, total| {
        if step(done, total) {
            say(Line::Read(done, total));
        }
    })?;
    let window = Shape::from_geojson(&extract.boundary.geometry).map(|shape| shape.bbox.grown(AROUND.0, AROUND.1));
    let (Some(path), Some(window)) = (basemap, window) else { return Ok((extract, None)) };
    let built = basemap::build(&checked, &window, path, ask.max_memory, &mut |done, total| {
        if step(done, total) {
            say(Line::Drawn(done, total));
        }
    })?;
    Ok((extract, Some(built)))
}
