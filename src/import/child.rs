//! Reading a foreign file in a child process: a hostile file can at worst end the child, which never sees the database.

use super::Event;
use super::ban::{self, BadAddresses, BanCounts};
use super::contours::{Contour, ContoursAsk, ContoursError, Gathered, LeftOut, gather};
use super::files::Reading;
use crate::geo::Shape;
use crate::osm::{self, Ask, Extract};
use crate::store::Address;
use crate::tiles::basemap::{self, BuildError, Built};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

/// Addresses on one line.
const ADDRESSES_PER_LINE: usize = 500;

/// One line of the child's standard output.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Read(u64, u64),
    Drawn(u64, u64),
    /// Some of the addresses; they come before what ends the reading.
    Addresses(Vec<Address>),
    Extract(Box<Reading>),
    Ban(BanCounts),
    Failed(BuildError),
    FailedAddresses(BadAddresses),
    /// How far a step of reading contours is.
    Step(String, u64, u64),
    /// One contour; they come before what ends the reading.
    Contour(Box<Contour>),
    Contours {
        made: usize,
        left_out: BTreeMap<LeftOut, (u64, String)>,
    },
    FailedContours(ContoursError),
}

/// What a child said.
struct Heard {
    last: Line,
    addresses: Vec<Address>,
    contours: Vec<Contour>,
}

/// Share of a territory's width and height that its base map shows around it, and the least of it in degrees: the map of a village is
/// looked at on wide screens too.
const AROUND: (f64, f64) = (0.35, 0.03);

/// What the reading process is told.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReadAsk<'a> {
    /// The boundary as somebody typed it.
    pub boundary: Option<&'a str>,
    /// A file with the boundary as it was asked for before.
    pub boundary_file: Option<&'a Path>,
    /// Memory it may use, MiB.
    pub max_memory: Option<u64>,
    /// Where to build the base map.
    pub basemap: Option<&'a Path>,
    /// The file holds changes to the first of these, and both together become the second.
    pub onto: Option<(&'a Path, &'a Path)>,
}

/// Reads an extract in a child process and gives back what it found; progress goes to `report`. The base map is built there too.
///
/// # Errors
/// [`osm::ReadError`] for a file that can't be used, [`BuildError`] when the base map can't be built; anything else when the child could not
/// run to its end.
pub(super) async fn read_in_child(file: &Path, ask: ReadAsk<'_>, report: &mpsc::Sender<Event>) -> anyhow::Result<Reading> {
    let mut more: Vec<OsString> = Vec::new();
    more.extend(ask.boundary.map(|b| format!("--boundary={b}").into()));
    more.extend(ask.max_memory.map(|mib| format!("--max-memory={mib}").into()));
    let base = ask.onto.map(|(base, _)| base);
    let merged = ask.onto.map(|(_, merged)| merged);
    for (option, path) in [("--boundary-file", ask.boundary_file), ("--basemap-at", ask.basemap), ("--base", base), ("--merged-at", merged)] {
        more.extend(path.into_iter().flat_map(|path| [option.into(), path.as_os_str().to_owned()]));
    }
    let heard = listen("read-osm", file, &more, report).await?;
    match heard.last {
        Line::Extract(reading) => {
            let mut reading = *reading;
            reading.extract.addresses = heard.addresses;
            Ok(reading)
        }
        _ => anyhow::bail!(OTHERWISE),
    }
}

/// Reads contours in a child process.
///
/// # Errors
/// [`ContoursError`] for files that can't be used; anything else when the child could not run to its end.
pub async fn read_contours_in_child(ask: &ContoursAsk, report: &mpsc::Sender<Event>) -> anyhow::Result<Gathered> {
    let kind = ask.kind.iter().flat_map(|kind| ["--kind".into(), kind.into()]);
    let population = ask.population.iter().flat_map(|path| ["--population".into(), path.into()]);
    let groups = ask.groups.iter().flat_map(|path| ["--groups".into(), path.into()]);
    let more: Vec<OsString> = kind.chain(population).chain(groups).collect();
    let heard = listen("read-contours", &ask.file, &more, report).await?;
    match heard.last {
        Line::Contours { made, left_out } => Ok(Gathered { contours: heard.contours, made, left_out }),
        _ => anyhow::bail!(OTHERWISE),
    }
}

const OTHERWISE: &str = "the reading process said something else than expected";

/// Reads a BAN file in a child process.
///
/// # Errors
/// [`BadAddresses`] for a file that can't be used; anything else when the child could not run to its end.
pub async fn read_addresses_in_child(file: &Path, report: &mpsc::Sender<Event>) -> anyhow::Result<(Vec<Address>, BanCounts)> {
    let heard = listen("read-addresses", file, &[], report).await?;
    match heard.last {
        Line::Ban(counts) => Ok((heard.addresses, counts)),
        _ => anyhow::bail!(OTHERWISE),
    }
}

/// Starts the child and hears it to its end: its last line, and the addresses and contours before it.
async fn listen(command: &str, file: &Path, more: &[OsString], report: &mpsc::Sender<Event>) -> anyhow::Result<Heard> {
    let mut child = Command::new(std::env::current_exe().context("the program's own file is not found")?);
    child.arg(command).arg(file).args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    // The child gets no database address and no secrets.
    child.env_clear().envs(std::env::vars_os().filter(|(k, _)| k == "BOUILLON_BREAK" || k == "RUST_BACKTRACE"));
    let mut child = child.spawn().context("the reading process could not start")?;
    let output = child.stdout.take().context("the reading process has no output")?;
    let mut lines = BufReader::new(output).lines();
    let (mut last, mut addresses, mut contours) = (None, Vec::new(), Vec::new());
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line).context(OTHERWISE)? {
            Line::Read(done, total) => {
                let _ = report.try_send(Event::Progress { step: "read".into(), done, total });
            }
            Line::Drawn(done, total) => {
                let _ = report.try_send(Event::Progress { step: "draw".into(), done, total });
            }
            Line::Step(step, done, total) => drop(report.try_send(Event::Progress { step, done, total })),
            Line::Addresses(some) => addresses.extend(some),
            Line::Contour(contour) => contours.push(*contour),
            Line::Failed(BuildError::Read { error }) => return Err(error.into()),
            Line::Failed(error) => return Err(error.into()),
            Line::FailedAddresses(error) => return Err(error.into()),
            Line::FailedContours(error) => return Err(error.into()),
            line => last = Some(line),
        }
    }
    let status = child.wait().await?;
    if !status.success() && last.is_none() {
        metrics::counter!("bouillon_import_children_killed_total").increment(1);
    }
    let last = last.with_context(|| {
        format!("the reading process ended before it was done ({status}): the file may need more memory than allowed, or be built to do harm")
    })?;
    Ok(Heard { last, addresses, contours })
}

/// The extract to read: the file itself, or what an extract becomes by the changes in it.
fn whole<'a>(file: &'a Path, ask: &Ask, onto: Option<(&'a Path, &'a Path)>) -> Result<&'a Path, BuildError> {
    let Some((base, merged)) = onto else { return Ok(file) };
    osm::merge_changes(base, file, merged, ask.max_memory)?;
    Ok(merged)
}

/// The child's side: reads an extract and speaks [`Line`]s. With `onto`, the file holds changes to the first, and both become the second. Ends at once when the parent goes away (standard input closes).
///
/// # Errors
/// When standard output can't be written.
pub fn speak(file: &Path, ask: &Ask, basemap: Option<&Path>, onto: Option<(&Path, &Path)>) -> anyhow::Result<()> {
    end_with_the_parent();
    match whole(file, ask, onto).and_then(|file| work(file, ask, basemap)) {
        Ok((mut extract, built)) => {
            say_addresses(std::mem::take(&mut extract.addresses))?;
            say(&Line::Extract(Box::new(Reading { extract, built, asked: ask.boundary.clone() })))?;
        }
        Err(error) => say(&Line::Failed(error))?,
    }
    Ok(())
}

fn work(file: &Path, ask: &Ask, basemap: Option<&Path>) -> Result<(Extract, Option<Built>), BuildError> {
    let mut last = 0;
    // A line each hundredth is enough for a bar.
    let mut step = |done: u64, total: u64| std::mem::replace(&mut last, done * 100 / total.max(1)) != done * 100 / total.max(1);
    let (extract, checked) = osm::extract(file, ask, &mut |done, total| {
        if step(done, total) {
            let _ = say(&Line::Read(done, total));
        }
    })?;
    let window = Shape::from_geojson(&extract.boundary.geometry).map(|shape| shape.bbox.grown(AROUND.0, AROUND.1));
    let (Some(path), Some(window)) = (basemap, window) else { return Ok((extract, None)) };
    let built = basemap::build(&checked, &window, path, ask.max_memory, &mut |done, total| {
        if step(done, total) {
            let _ = say(&Line::Drawn(done, total));
        }
    })?;
    Ok((extract, Some(built)))
}

/// The child's side: reads a BAN file.
///
/// # Errors
/// When standard output can't be written.
pub fn speak_addresses(file: &Path) -> anyhow::Result<()> {
    end_with_the_parent();
    let result = ban::read(file, &mut |done, total| {
        let _ = say(&Line::Read(done, total));
    });
    match result {
        Ok((addresses, counts)) => {
            say_addresses(addresses)?;
            say(&Line::Ban(counts))?;
        }
        Err(error) => say(&Line::FailedAddresses(error))?,
    }
    Ok(())
}

/// The child's side: reads contours.
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
        Err(error) => say(&Line::FailedContours(error))?,
    }
    Ok(())
}

fn say_addresses(mut addresses: Vec<Address>) -> std::io::Result<()> {
    while !addresses.is_empty() {
        let rest = addresses.split_off(addresses.len().min(ADDRESSES_PER_LINE));
        say(&Line::Addresses(std::mem::replace(&mut addresses, rest)))?;
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
