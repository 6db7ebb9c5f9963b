//! Reading an extract in a child process: a hostile file can at worst end the child, which never sees the database.

use super::Event;
use crate::osm::{self, Ask, Extract, ReadError};
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
    Progress(u64, u64),
    Extract(Box<Extract>),
    Failed(ReadError),
}

/// Reads an extract in a child process and gives back what it found; progress goes to `report`.
///
/// # Errors
/// [`ReadError`] for a file that can't be used; anything else when the child could not run to its end.
pub async fn read_in_child(file: &Path, boundary: Option<&str>, max_memory: Option<u64>, report: &mpsc::Sender<Event>) -> anyhow::Result<Extract> {
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
    let mut child = command.spawn().context("the reading process could not start")?;
    let output = child.stdout.take().context("the reading process has no output")?;
    let mut lines = BufReader::new(output).lines();
    let mut found = None;
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line).context("the reading process said something else than expected")? {
            Line::Progress(done, total) => {
                let _ = report.try_send(Event::Progress { step: "read".into(), done, total });
            }
            Line::Extract(extract) => found = Some(*extract),
            Line::Failed(error) => return Err(error.into()),
        }
    }
    let status = child.wait().await?;
    found.with_context(|| {
        format!("the reading process ended before it was done ({status}): the file may need more memory than allowed, or be built to do harm")
    })
}

/// The child's side: reads the file and speaks [`Line`]s. Ends at once when the parent goes away (standard input closes).
///
/// # Errors
/// When standard output can't be written.
pub fn speak(file: &Path, ask: &Ask) -> anyhow::Result<()> {
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
    let result = osm::extract(file, ask, &mut |done, total| {
        let _ = say(&Line::Progress(done, total));
    });
    say(&match result {
        Ok(extract) => Line::Extract(Box::new(extract)),
        Err(error) => Line::Failed(error),
    })?;
    Ok(())
}
