//! The real server on a filled store, and how long it takes to start.

use crate::actors;
use anyhow::{Context, ensure};
use bouillon::store::Store;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Actors written in one transaction.
const BATCH: usize = 20_000;

/// A running server.
pub(crate) struct Server {
    /// `http://HOST:PORT`.
    pub(crate) url: String,
    /// From the start of the process to the line that tells the address.
    pub(crate) started_in: Duration,
    child: Child,
}

impl Server {
    /// Starts the release binary with limits that nobody runs into.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(data: &Path, database: &str) -> anyhow::Result<Self> {
        Self::start_with(data, database, &[])
    }

    /// The same with more arguments.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_with(data: &Path, database: &str, more: &[&str]) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_bouillon"))
            .args(["serve", "--listen", "127.0.0.1:0", "--min-fill-seconds=0", "--creations-per-hour=1000000", "--edits-per-hour=1000000"])
            .args(["--address-creations-per-hour=1000000", "--address-edits-per-hour=1000000", "--database", database, "--data"])
            .arg(data)
            .args(more)
            .env("BOUILLON_LOG", "warn,sqlx=error")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().context("no standard output")?).read_line(&mut line)?;
        let server = Self { url: line.trim().rsplit(' ').next().unwrap_or("").to_owned(), started_in: started.elapsed(), child };
        ensure!(server.url.starts_with("http://"), "the server did not start: {line:?}");
        Ok(server)
    }

    /// Resident memory, bytes.
    ///
    /// # Errors
    /// Where the system does not say.
    pub(crate) fn memory(&self) -> anyhow::Result<f64> {
        resident(self.child.id())
    }

    /// The most memory that was resident since [`Server::forget_peak`], bytes.
    ///
    /// # Errors
    /// Where the system does not say.
    pub(crate) fn peak(&self) -> anyhow::Result<f64> {
        resident_as(self.child.id(), "VmHWM:")
    }

    /// Begins to look for the peak again.
    ///
    /// # Errors
    /// Where the system does not allow it.
    pub(crate) fn forget_peak(&self) -> anyhow::Result<()> {
        Ok(std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    /// Processor time of all its threads so far.
    ///
    /// # Errors
    /// Where the system does not say.
    pub(crate) fn seconds(&self) -> anyhow::Result<f64> {
        processor_seconds(&self.child.id().to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory of a process, bytes.
///
/// # Errors
/// Where the system does not say.
pub(crate) fn resident(process: u32) -> anyhow::Result<f64> {
    resident_as(process, "VmRSS:")
}

fn resident_as(process: u32, line: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let kib = status.lines().find_map(|l| l.strip_prefix(line)?.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kib.map(|kib| kib * 1024.0).with_context(|| format!("no {line}"))
}

/// Processor time of a process (a number or `self`) with all its threads, ended ones too, in steps of 10 ms.
///
/// # Errors
/// Where the system does not say.
pub(crate) fn processor_seconds(process: &str) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok());
    ticks(11).zip(ticks(12)).map(|(user, system)| (user + system) / 100.0).context("no processor time in /proc")
}

/// Address of a SQLite database in a folder, which is made.
///
/// # Errors
/// When the folder can't be made.
pub(crate) fn sqlite(folder: &Path) -> anyhow::Result<String> {
    std::fs::create_dir_all(folder)?;
    Ok(format!("sqlite:{}", folder.join("bouillon.sqlite").display()))
}

/// Writes the territories and so many actors straight into the store: what a long life of the journal leaves, without the wait.
///
/// # Errors
/// When the database can't be written.
pub(crate) async fn fill(database: &str, count: u32) -> anyhow::Result<()> {
    let store = Store::open(database).await?;
    let mut tx = store.write().await?;
    for territory in actors::territories() {
        tx.put_territory(&territory, 0).await?;
    }
    tx.set_head(1).await?;
    tx.commit().await?;
    let mut drawn = actors::actors(count).peekable();
    while drawn.peek().is_some() {
        let mut tx = store.write().await?;
        for actor in drawn.by_ref().take(BATCH) {
            tx.put_actor(&actor, true).await?;
        }
        tx.commit().await?;
    }
    store.close().await;
    Ok(())
}
