//! Reading an extract in a child process: a hostile file can at worst end the child, which never sees the database.

use super::Event;
use super::contours::{Contour, ContoursAsk, ContoursError, Gathered, LeftOut, gather};
use crate::osm::{self, Ask, Extract, ReadError};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
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
    Step(String, u64, u64),
    Contour(Box<Contour>),
    Contours { made: usize, left_out: BTreeMap<LeftOut, (u64, String)> },
    BadContours(ContoursError),
}

/// Reads an extract in a child process and gives back what it found; progress goes to `report`.
///
/// # Errors
/// [`ReadError`] for a file that can't be used; anything else when the child could not run to its end.
pub async fn read_in_child(file: &Path, boundary: Option<&str>, max_memory: Option<u64>, report: &mpsc::Sender<Event>) -> anyhow::Result<Extract> {
    let mut command = program("read-osm")?;
    command.arg(file);
    if let Some(boundary) = boundary {
        command.arg(format!("--boundary={boundary}"));
    }
    if let Some(mib) = max_memory {
        command.arg(format!("--max-memory={mib}"));
    }
    let mut found = None;
    let status = hear(command, |line| match line {
        Line::Progress(done, total) => {
            let _ = report.try_send(Event::Progress { step: "read".into(), done, total });
            Ok(())
        }
        Line::Extract(extract) => {
            found = Some(*extract);
            Ok(())
        }
        Line::Failed(error) => Err(error.into()),
        _ => anyhow::bail!(OTHERWISE),
    })
    .await?;
    found.with_context(|| cut_off(status))
}

/// Reads contours in a child process; progress goes to `report`.
///
/// # Errors
/// [`ContoursError`] for files that can't be used; anything else when the child could not run to its end.
pub async fn read_contours_in_child(ask: &ContoursAsk, report: &mpsc::Sender<Event>) -> anyhow::Result<Gathered> {
    let mut command = program("read-contours")?;
    command.arg(&ask.file);
    for (flag, value) in ask.kind.iter().map(|k| ("--kind", k.as_ref())).chain(ask.population.iter().map(|p| ("--population", p.as_os_str()))) {
        command.arg(flag).arg(value);
    }
    for path in &ask.groups {
        command.arg("--groups").arg(path);
    }
    let (mut gathered, mut whole) = (Gathered::default(), false);
    let status = hear(command, |line| {
        match line {
            Line::Step(step, done, total) => drop(report.try_send(Event::Progress { step, done, total })),
            Line::Contour(contour) => gathered.contours.push(*contour),
            Line::Contours { made, left_out } => {
                (gathered.made, gathered.left_out, whole) = (made, left_out, true);
            }
            Line::BadContours(error) => return Err(error.into()),
            _ => anyhow::bail!(OTHERWISE),
        }
        Ok(())
    })
    .await?;
    whole.then_some(gathered).with_context(|| cut_off(status))
}

const OTHERWISE: &str = "the reading process said something else than expected";

fn cut_off(status: ExitStatus) -> String {
    format!("the reading process ended before it was done ({status}): the file may need more memory than allowed, or be built to do harm")
}

/// This program again, for reading.
fn program(task: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("the program's own file is not found")?);
    command.arg(task).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    // The child gets no database address and no secrets.
    command.env_clear().envs(std::env::vars_os().filter(|(k, _)| k == "BOUILLON_BREAK" || k == "RUST_BACKTRACE"));
    Ok(command)
}

/// Runs the child and takes its lines until it ends.
async fn hear(mut command: Command, mut take: impl FnMut(Line) -> anyhow::Result<()>) -> anyhow::Result<ExitStatus> {
    let mut child = command.spawn().context("the reading process could not start")?;
    let output = child.stdout.take().context("the reading process has no output")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        take(serde_json::from_str(&line).context(OTHERWISE)?)?;
    }
    Ok(child.wait().await?)
}

/// The child's side: reads the file and speaks [`Line`]s. Ends at once when the parent goes away (standard input closes).
///
/// # Errors
/// When standard output can't be written.
pub fn speak(file: &Path, ask: &Ask) -> anyhow::Result<()> {
    end_with_the_parent();
    let result = osm::extract(file, ask, &mut |done, total| {
        let _ = say(&Line::Progress(done, total));
    });
    say(&match result {
        Ok(extract) => Line::Extract(Box::new(extract)),
        Err(error) => Line::Failed(error),
    })?;
    Ok(())
}

/// The same for contours.
///
/// # Errors
/// When standard output can't be written.
pub fn speak_contours(ask: &ContoursAsk) -> anyhow::Result<()> {
    end_with_the_parent();
    let gathered = gather(ask, &mut |step, done, total| {
        let _ = say(&Line::Step(step.into(), done, total));
    });
    match gathered {
        Ok(Gathered { contours, made, left_out }) => {
            for contour in contours {
                say(&Line::Contour(Box::new(contour)))?;
            }
            say(&Line::Contours { made, left_out })?;
        }
        Err(error) => say(&Line::BadContours(error))?,
    }
    Ok(())
}

fn end_with_the_parent() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(3);
    });
}

fn say(line: &Line) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, line)?;
    out.write_all(b"\n")
}
