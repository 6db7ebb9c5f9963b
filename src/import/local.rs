//! An import from the command line, from the file to the map in one go: planned only, when the territory is here already and nobody said
//! that it shall be applied.

use super::files::file_name;
use super::own::short_address;
use super::refusals::{RunError, said};
use super::runs::{Imports, Source, is_changes};
use super::{Event, PlanSummary, Summary};
use crate::store::{Action, Item, Run, RunState};
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// Lines per action, when the whole list is not asked for.
const FIRST: usize = 5;

/// What somebody asks on the command line.
#[derive(Debug, Clone, Default)]
pub struct Local {
    /// The file and how to read it.
    pub source: Source,
    /// Write it, also when the territory is here already.
    pub apply: bool,
    /// Give the whole list.
    pub list: bool,
}

impl Imports {
    /// Imports a file; gives what it did, or only reports what it would do.
    ///
    /// # Errors
    /// When the file can't be used, another import of the territory is under way, or the journal can't be written.
    pub async fn local(&self, ask: Local, report: &mpsc::Sender<Event>) -> anyhow::Result<Option<Summary>> {
        let Local { mut source, apply, list } = ask;
        let file = file_name(&source.file.to_string_lossy());
        let slug = source.slug.clone().unwrap_or_default();
        if is_changes(&file) && slug.is_empty() {
            return Err(RunError::NeedsTerritory.into());
        }
        let may_write = apply || slug.is_empty() || !self.is_here(&slug).await?;
        let (mut run, mut resumes) = self.begin_again(&slug, &file).await?;
        let may_write = may_write || resumes;
        source.draw = source.archive.is_none() && !source.into_existing && may_write;
        if may_write && !source.into_existing {
            let (files, from, id, name) = (self.files.clone(), source.file.clone(), run.id, file.clone());
            let copied = tokio::task::spawn_blocking(move || files.adopt(id, &from, &name)).await?;
            match copied {
                Ok(copy) => source.file = copy,
                Err(error) => return self.gives_up(run, resumes, error).await,
            }
        }
        let reading = match self.read_file(&mut run, &source, report).await {
            Ok(reading) => reading,
            Err(error) => return self.gives_up(run, resumes, error).await,
        };
        if run.slug.is_empty() && !source.into_existing {
            let name = source.name.as_deref().unwrap_or(&reading.extract.boundary.name);
            (run, resumes) = self.find_place(run, short_address(name, None)).await?;
        }
        let here = source.into_existing || self.is_here(&run.slug).await?;
        if apply || !here || source.into_existing || (resumes && run.fresh) {
            run.fresh |= !here;
            run.state = RunState::Applying;
            self.put(&run).await?;
            self.files.keep_reading(run.id, &reading)?;
            if let Some((archive, name)) = source.archive {
                let files = self.files.clone();
                tokio::task::spawn_blocking(move || files.adopt_archive(&archive, &name)).await??;
            }
            let summary = self.apply(run, reading, report).await?;
            let _ = report.send(Event::Summary(Box::new(summary.clone()))).await;
            return Ok(Some(summary));
        }
        if resumes {
            self.keep_plan(&mut run, reading).await?;
        } else {
            // Should this process be killed before the plan is dropped, the next import goes on with it.
            run.facts.error = Some(said(&RunError::Stopped.into()));
            self.plan(&mut run, reading).await?;
        }
        let items = self.lines(&run, list).await?;
        let plan = PlanSummary { slug: run.slug.clone(), counts: run.facts.counts, items, resumes };
        // A plan that was only looked at leaves nothing.
        if !resumes {
            self.drop_run(&run).await?;
        }
        let _ = report.send(Event::Plan(Box::new(plan))).await;
        Ok(None)
    }

    async fn is_here(&self, slug: &str) -> anyhow::Result<bool> {
        let mut tx = self.journal.store.read().await?;
        Ok(tx.territory_by_slug(slug).await?.is_some())
    }

    /// Begins a run, or goes on with one that was cut off while it was written.
    async fn begin_again(&self, slug: &str, file: &str) -> anyhow::Result<(Run, bool)> {
        match self.begin(slug, file).await {
            Ok(run) => Ok((run, false)),
            Err(error) => match self.cut_off(&error).await? {
                Some(run) => {
                    self.files.make(run.id)?;
                    let kind = if is_changes(file) { "changes" } else { "extract" };
                    Ok((Run { file: file.into(), kind: kind.into(), ..run }, true))
                }
                None => Err(error),
            },
        }
    }

    /// The run that is in the way, when it was cut off here.
    async fn cut_off(&self, error: &anyhow::Error) -> anyhow::Result<Option<Run>> {
        let Some(RunError::Busy(run)) = error.downcast_ref::<RunError>() else { return Ok(None) };
        let mut tx = self.journal.store.read().await?;
        let (_, done) = tx.done_items(run.id).await?;
        // Of the same file once more nothing may have been left to write.
        let begun = done > 0 || run.fresh || run.facts.error.is_some();
        let waits = run.state == RunState::Planned && self.is_mine(run) && begun;
        Ok(waits.then(|| (**run).clone()))
    }

    /// A run that was cut off stays as it was when the next file can't be read; a new one has failed.
    async fn gives_up<T>(&self, mut run: Run, resumes: bool, error: anyhow::Error) -> anyhow::Result<T> {
        if !resumes {
            self.fail(&mut run, &error).await;
        }
        Err(error)
    }

    /// Gives a run the territory that its file is of; when a run of that territory was cut off, goes on with it.
    async fn find_place(&self, run: Run, slug: String) -> anyhow::Result<(Run, bool)> {
        let placed = Run { slug, ..run.clone() };
        let Err(error) = self.put(&placed).await else { return Ok((placed, false)) };
        match self.cut_off(&error).await? {
            Some(old) => {
                self.files.hand_over(run.id, old.id)?;
                self.drop_run(&run).await?;
                Ok((Run { file: run.file, kind: run.kind, data_date: run.data_date, facts: run.facts, ..old }, true))
            }
            None => self.gives_up(run, false, error).await,
        }
    }

    /// The list of a plan, or the first lines of each action.
    async fn lines(&self, run: &Run, all: bool) -> anyhow::Result<Vec<Item>> {
        let (mut lines, mut after) = (Vec::new(), 0);
        let mut seen: BTreeMap<Action, usize> = BTreeMap::new();
        loop {
            let mut tx = self.journal.store.read().await?;
            let page = tx.items(run.id, None, after, 1000).await?;
            drop(tx);
            let Some(last) = page.last() else { return Ok(lines) };
            after = last.number;
            lines.extend(page.into_iter().filter(|item| {
                let n = seen.entry(item.action).or_default();
                *n += 1;
                all || *n <= FIRST
            }));
        }
    }
}
