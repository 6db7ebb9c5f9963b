//! Runs: a file is read and planned (nothing is written), applied, undone. The command line and the web go through the same functions.

use super::Event;
use super::child::{ReadAsk, read_in_child};
use super::files::{Files, Reading};
use super::refusals::{RunError, said};
use crate::geocode::Geocoder;
use crate::journal::{Journal, now};
use crate::osm::BoundaryAsk;
use crate::store::{Run, RunFacts, RunState, is_taken};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Objects that an uploaded file may hold.
const ELEMENTS_MAX: u64 = 5_000_000;
/// Reading an uploaded file may take this long.
const READING_MAX: Duration = Duration::from_secs(120);
/// Memory that reading an uploaded file may take, MiB.
const MEMORY_MAX: u64 = 1024;

/// A step, how much of it is done, and how much there is.
pub type Progress = (String, u64, u64);

/// Imports into one journal, with the files of one data folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Imports {
    pub(super) journal: Journal,
    pub(super) files: Files,
    pub(super) node: String,
    geocoder: Option<Geocoder>,
    progress: Arc<Mutex<HashMap<Uuid, Progress>>>,
    /// One run writes at a time: each looks at what the others have left.
    pub(super) writing: Arc<tokio::sync::Mutex<()>>,
}

/// A file to import.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Where it is.
    pub file: PathBuf,
    /// Slug of the territory, when somebody named it.
    pub slug: Option<String>,
    /// Name of the territory, when somebody chose it.
    pub name: Option<String>,
    /// The boundary as somebody typed it.
    pub boundary: Option<String>,
    /// Memory that reading may use, MiB.
    pub max_memory: Option<u64>,
    /// Into the territories that are here, whichever they are.
    pub into_existing: bool,
    /// A checked archive, and its name, that is shown instead of the base map made from the extract.
    pub archive: Option<(PathBuf, String)>,
    /// Whether a base map is wanted.
    pub draw: bool,
    /// It came through the site: limits hold.
    pub uploaded: bool,
}

/// The boundary that holds everything.
const EVERYWHERE: &str = "-180,-90,180,90";

/// Whether a file's name says that it holds changes.
pub fn is_changes(file: &str) -> bool {
    let lower = file.to_lowercase();
    lower.ends_with(".osc.gz") || lower.ends_with(".osc")
}

impl Imports {
    /// Ready to import.
    ///
    /// # Errors
    /// When the data folder can't be written.
    pub fn new(journal: Journal, data: &Path, geocoder: Option<Geocoder>) -> anyhow::Result<Self> {
        let files = Files::new(data);
        let node = files.node()?;
        Ok(Self { journal, files, node, geocoder, progress: Arc::default(), writing: Arc::default() })
    }

    /// What the process before this one left under way: readings have failed; what was being applied or undone can be gone on with.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pick_up(&self) -> anyhow::Result<()> {
        let mut tx = self.journal.store.write().await?;
        for mut run in tx.runs_left().await?.into_iter().filter(|run| self.is_mine(run)) {
            run.node.clone_from(&self.node);
            run.state = match run.state {
                RunState::Reading => {
                    run.facts.error = Some(said(&RunError::Stopped.into()));
                    self.files.forget(run.id);
                    RunState::Failed
                }
                RunState::Applying => {
                    run.facts.error = Some(said(&RunError::NotApplied.into()));
                    RunState::Planned
                }
                _ => {
                    run.facts.error = Some(said(&RunError::NotUndone.into()));
                    RunState::Applied
                }
            };
            tx.put_run(&run).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Whether a run's files are in this data folder. Without a shared database there is no other, whatever a restored backup says.
    pub(super) fn is_mine(&self, run: &Run) -> bool {
        run.node == self.node || !self.journal.store.is_postgis()
    }

    /// Where the files of runs lie.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// How far a run is in its step.
    pub fn progress(&self, run: Uuid) -> Option<Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).get(&run).cloned()
    }

    /// Takes what a run reports into [`Imports::progress`] until the run ends.
    pub fn watch(&self, run: Uuid) -> mpsc::Sender<Event> {
        let (report, mut events) = mpsc::channel(64);
        let progress = self.progress.clone();
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if let Event::Progress { step, done, total } = event {
                    progress.lock().unwrap_or_else(PoisonError::into_inner).insert(run, (step, done, total));
                }
            }
            progress.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
        });
        report
    }

    /// Begins a run. With a territory it is the only one of that territory from here on.
    ///
    /// # Errors
    /// [`RunError::Busy`], or when the database does not answer.
    pub async fn begin(&self, slug: &str, file: &str) -> anyhow::Result<Run> {
        let kind = if is_changes(file) { "changes" } else { "extract" };
        let run = Run {
            id: Uuid::now_v7(),
            slug: slug.into(),
            node: self.node.clone(),
            file: file.into(),
            kind: kind.into(),
            data_date: None,
            state: RunState::Reading,
            fresh: false,
            created_at: now(),
            applied_at: None,
            undone_at: None,
            facts: RunFacts::default(),
        };
        self.files.make(run.id)?;
        if let Err(error) = self.put(&run).await {
            self.files.forget(run.id);
            return Err(error);
        }
        Ok(run)
    }

    /// Writes a run.
    ///
    /// # Errors
    /// [`RunError::Busy`] when another run of its territory is under way, or when the database does not answer.
    pub(super) async fn put(&self, run: &Run) -> anyhow::Result<()> {
        let mut tx = self.journal.store.write().await?;
        match tx.put_run(run).await {
            Ok(()) => Ok(tx.commit().await?),
            Err(e) if is_taken(&e) => {
                drop(tx);
                let mut tx = self.journal.store.read().await?;
                Err(tx.active_run(&run.slug).await?.map_or_else(|| e.into(), |active| RunError::Busy(Box::new(active)).into()))
            }
            Err(e) => Err(e.into()),
        }
    }

    /// Takes a run away of which nothing came.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn drop_run(&self, run: &Run) -> anyhow::Result<()> {
        let mut tx = self.journal.store.write().await?;
        tx.forget_run(run.id).await?;
        tx.commit().await?;
        self.files.forget(run.id);
        Ok(())
    }

    /// Reads a run's file in the child process. When that fails, the run has failed.
    ///
    /// # Errors
    /// When the file can't be used.
    pub async fn read(&self, run: &mut Run, source: &Source, report: &mpsc::Sender<Event>) -> anyhow::Result<Reading> {
        match self.read_file(run, source, report).await {
            Ok(reading) => Ok(reading),
            Err(error) => {
                self.fail(run, &error).await;
                Err(error)
            }
        }
    }

    /// Notes that a run has failed, and takes its files away.
    pub(super) async fn fail(&self, run: &mut Run, error: &anyhow::Error) {
        run.state = RunState::Failed;
        run.facts.error = Some(said(error));
        self.files.forget(run.id);
        let forgotten = async {
            let mut tx = self.journal.store.write().await?;
            tx.forget_plan(run.id).await?;
            tx.commit().await
        };
        let noted = match forgotten.await {
            Ok(()) => self.put(run).await,
            Err(e) => Err(e.into()),
        };
        if let Err(e) = noted {
            tracing::warn!("the failed import {} could not be noted: {e:#}", run.id);
        }
    }

    pub(super) async fn read_file(&self, run: &mut Run, source: &Source, report: &mpsc::Sender<Event>) -> anyhow::Result<Reading> {
        let again = match (&source.boundary, source.into_existing) {
            (None, false) => self.boundary_again(&run.slug, source.uploaded).await?,
            _ => None,
        };
        let boundary_file = again.map(|ask| self.files.put_boundary(run.id, &ask)).transpose()?;
        let basemap = source.draw.then(|| self.files.basemap(run.id));
        let (base, merged) = (self.files.extract(&run.slug), self.files.merged(run.id, &run.slug));
        if run.kind == "changes" {
            self.check_base(&run.slug, &base)?;
        }
        let ask = ReadAsk {
            boundary: source.boundary.as_deref().or(source.into_existing.then_some(EVERYWHERE)),
            boundary_file: boundary_file.as_deref(),
            max_memory: if source.uploaded { Some(MEMORY_MAX) } else { source.max_memory },
            basemap: basemap.as_deref(),
            onto: (run.kind == "changes").then_some((base.as_path(), merged.as_path())),
        };
        let reading = read_in_child(&source.file, ask, report);
        let reading = if source.uploaded {
            tokio::time::timeout(READING_MAX, reading).await.map_err(|_| RunError::TooSlow(READING_MAX.as_secs()))??
        } else {
            reading.await?
        };
        let counts = &reading.extract.counts;
        let elements = counts.nodes + counts.ways + counts.relations;
        if source.uploaded && elements > ELEMENTS_MAX {
            return Err(RunError::TooMany(elements).into());
        }
        if let Some(path) = &basemap {
            crate::tiles::archives::check(path).await.map_err(|e| anyhow::Error::from(e).context("the base map that was built"))?;
        }
        run.data_date.clone_from(&reading.extract.data_date);
        run.facts.boundary = remembered(&reading);
        run.facts.name.clone_from(&source.name);
        run.facts.archive = source.archive.as_ref().map(|(_, name)| name.clone());
        Ok(reading)
    }

    fn check_base(&self, slug: &str, base: &Path) -> Result<(), RunError> {
        if slug.is_empty() {
            return Err(RunError::NeedsTerritory);
        }
        if base.exists() { Ok(()) } else { Err(RunError::NoBase(slug.into())) }
    }

    /// The boundary of the last import, so that a newer file is cut in the same way. For an upload, which names none, at least that of the
    /// territory: a file of another place must not move it there.
    async fn boundary_again(&self, slug: &str, uploaded: bool) -> anyhow::Result<Option<BoundaryAsk>> {
        let mut tx = self.journal.store.read().await?;
        let last = if slug.is_empty() { Vec::new() } else { tx.applied_runs(slug).await? };
        if let Some(ask) = last.into_iter().next().and_then(|run| run.facts.boundary).and_then(|ask| serde_json::from_value(ask).ok()) {
            return Ok(Some(ask));
        }
        let territory = if uploaded { tx.territory_by_slug(slug).await? } else { None };
        Ok(territory.and_then(|t| {
            let code = Some(t.doc.text("code")).filter(|c| !c.is_empty()).map(str::to_owned);
            Some(BoundaryAsk::Shape { name: Some(t.name().to_owned()), code, geometry: t.boundary()?.clone() })
        }))
    }

    /// Lets other parts of the server see new addresses.
    pub(super) async fn refresh_addresses(&self) {
        if let Some(geocoder) = &self.geocoder
            && let Err(e) = geocoder.refresh(&self.journal.store).await
        {
            tracing::warn!("the addresses could not be read again: {e}");
        }
    }

    /// Runs before one, newest first; of a territory or all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(&self, slug: Option<&str>, before: Option<Uuid>, limit: i64) -> anyhow::Result<Vec<Run>> {
        Ok(self.journal.store.read().await?.runs(slug, before, limit).await?)
    }

    /// Gives a planned run up.
    ///
    /// # Errors
    /// [`RunError::State`] when it is not planned or was applied in part, or when the database does not answer.
    pub async fn discard(&self, id: Uuid) -> anyhow::Result<Run> {
        let mut tx = self.journal.store.write().await?;
        let run = tx.run(id).await?.ok_or(RunError::Unknown)?;
        let (_, done) = tx.done_items(id).await?;
        if done > 0 || !tx.move_run(id, RunState::Planned, RunState::Discarded).await? {
            return Err(RunError::State(if done > 0 { RunState::Applying } else { run.state }).into());
        }
        tx.commit().await?;
        self.files.forget(id);
        Ok(Run { state: RunState::Discarded, ..run })
    }
}

/// How to cut the next file: as somebody asked, else by the relation that was chosen.
fn remembered(reading: &Reading) -> Option<Value> {
    let relation = reading.extract.boundary.osm.as_deref().and_then(|osm| osm.strip_prefix("relation/")?.parse().ok());
    let ask = reading.asked.clone().or(relation.map(BoundaryAsk::Relation))?;
    serde_json::to_value(ask).ok()
}
