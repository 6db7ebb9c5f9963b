//! Making a run's plan from what was read and what stands here, and keeping it to be looked at.

use super::edits::BATCH;
use super::files::Reading;
use super::items::reference;
use super::plan::{Around, Given, Home, Neighbour, Plan, plan};
use super::refusals::RunError;
use super::renumber::NEAR_METRES;
use super::runs::Imports;
use crate::atlas::Atlas;
use crate::geo::Shape;
use crate::journal::{broken, now};
use crate::osm::Extract;
use crate::store::{Action, Item, Known, Line, Run, RunCounts, RunState};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Actors near an object that are compared by name.
const NEIGHBOURS: usize = 50;

/// What the live map says of a place.
struct Live(Arc<Atlas>);

impl Around for Live {
    fn home(&self, [lon, lat]: [f64; 2]) -> Option<Home> {
        let (id, slug) = self.0.home_at(lon, lat)?;
        Some(Home { id, slug: slug.into() })
    }

    fn near(&self, [lon, lat]: [f64; 2]) -> Vec<Neighbour> {
        let near = self.0.nearest(lon, lat, NEIGHBOURS, NEAR_METRES);
        near.into_iter().map(|n| Neighbour { id: n.entry.id, name: n.entry.name.to_string() }).collect()
    }
}

impl Imports {
    /// Plans a run on a territory that is here, and keeps the plan. Nothing else is written.
    ///
    /// # Errors
    /// When the plan can't be made or kept; the run has failed then.
    pub async fn plan(&self, run: &mut Run, reading: Reading) -> anyhow::Result<()> {
        match self.keep_plan(run, reading).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.fail(run, &error).await;
                Err(error)
            }
        }
    }

    pub(super) async fn keep_plan(&self, run: &mut Run, mut reading: Reading) -> anyhow::Result<()> {
        self.files.keep_reading(run.id, &reading)?;
        let mut tx = self.journal.store.read().await?;
        let home = tx.territory_by_slug(&run.slug).await?.map(|t| Home { id: t.id, slug: t.slug().into() });
        drop(tx);
        let plan = self.make(run, home.as_ref(), &mut reading.extract).await?;
        run.facts.counts = plan.counts;
        run.state = RunState::Planned;
        let mut tx = self.journal.store.write().await?;
        tx.forget_plan(run.id).await?;
        let (mut number, _) = tx.done_items(run.id).await?;
        tx.commit().await?;
        for steps in plan.steps.chunks(BATCH) {
            let mut tx = self.journal.store.write().await?;
            let lines = steps.iter().zip(number + 1..).map(|(step, number)| {
                let item = Item { number, ..step.note.item.clone() };
                Line { run: run.id, item, before: None }
            });
            tx.put_items(&lines.collect::<Vec<_>>(), false).await?;
            number += steps.len() as i64;
            tx.commit().await?;
        }
        self.put(run).await
    }

    /// What the run would do as things stand. `home` is none when the objects go into the territories that cover them.
    pub(super) async fn make(&self, run: &Run, home: Option<&Home>, extract: &mut Extract) -> anyhow::Result<Plan> {
        let mut tx = self.journal.store.read().await?;
        let mut known: Vec<Known> = match home {
            Some(home) => tx.known_in(home.id).await?,
            None => Vec::new(),
        };
        let here: HashSet<String> = known.iter().map(|k| k.origin.reference.clone()).collect();
        let references: Vec<String> = extract.found.iter().map(reference).filter(|r| !here.contains(r)).collect();
        let others: Vec<&str> = references.iter().map(String::as_str).collect();
        known.extend(tx.known_as(&others).await?);
        let cases = tx.standing_cases().await?;
        let mut offered: BTreeSet<String> = tx.offered().await?.into_iter().collect();
        let mut after = 0;
        loop {
            let page = tx.items_done(run.id, after, 5000).await?;
            let Some((last, _)) = page.last() else { break };
            after = last.number;
            offered.extend(page.into_iter().filter(|(item, _)| item.action == Action::Candidate).map(|(item, _)| item.reference));
        }
        drop(tx);
        if home.is_some() && extract.found.is_empty() && !here.is_empty() {
            return Err(RunError::NothingHere.into());
        }
        let shape = Shape::from_geojson(&extract.boundary.geometry);
        let (found, id, home, live) = (std::mem::take(&mut extract.found), run.id, home.cloned(), Live(self.journal.atlas.clone()));
        let (plan, found) = tokio::task::spawn_blocking(move || {
            let own = home.as_ref().map(|home| (home, shape));
            let given = Given { run: id, at: now(), found: &found, own, known, cases, offered, overwrite: broken("overwrite") };
            (plan(given, &live), found)
        })
        .await?;
        extract.found = found;
        Ok(Plan { counts: RunCounts { outside: plan.counts.outside + extract.counts.outside, ..plan.counts }, ..plan })
    }
}
