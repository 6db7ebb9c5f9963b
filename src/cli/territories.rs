//! `bouillon import territories`: contours of communes, EPCI, départements and régions.

use super::control::{Ask, hand_over};
use super::import::Building;
use super::progress::Progress;
use super::{Settings, basemap, import};
use crate::import::{ContoursAsk, Event, TerritoriesSummary, import_territories, read_contours_in_child};
use crate::journal::{Journal, now};
use crate::tiles::archives;
use crate::tiles::basemap::{Contour, build_contours};
use anyhow::Context;
use std::path::Path;
use tokio::sync::mpsc;

/// The archive of limits and names. No territory has this address.
const CONTOURS: &str = "contours";

/// Imports contours and shows what came of it.
///
/// # Errors
/// When a file can't be used (exit code 2; the database stays as it was) or the journal can't be written.
pub(super) async fn run(settings: Settings, mut what: ContoursAsk) -> anyhow::Result<()> {
    for path in std::iter::once(&mut what.file).chain(&mut what.population).chain(&mut what.groups) {
        *path = basemap::full(path)?;
    }
    let data = settings.data()?;
    let mut progress = Progress::start();
    if hand_over(&data, &Ask::ImportTerritories(what.clone()), |event| progress.show(&event)).await?.is_some() {
        return Ok(());
    }
    import::alone(&settings, &data, progress, async |journal, report| into_journal(journal, &data, &what, report).await).await.map(|_| ())
}

/// Reads the contours in a child process, writes them through the journal, then draws the base map of all that has a contour.
///
/// # Errors
/// As [`run`].
pub(super) async fn into_journal(
    journal: &Journal,
    data: &Path,
    what: &ContoursAsk,
    report: &mpsc::Sender<Event>,
) -> anyhow::Result<TerritoriesSummary> {
    let gathered = read_contours_in_child(what, report).await?;
    let summary = import_territories(journal, gathered, report).await?;
    if summary.created + summary.updated > 0 || !archives::path(&archives::folder(data), CONTOURS).exists() {
        draw(journal, data, report).await.context("the territories are written, but their base map could not be built")?;
    }
    let _ = report.send(Event::Territories(Box::new(summary.clone()))).await;
    Ok(summary)
}

/// Draws limits and names, for the territories whose land no other base map shows.
async fn draw(journal: &Journal, data: &Path, report: &mpsc::Sender<Event>) -> anyhow::Result<()> {
    let building = Building::new(data, true)?;
    if let Some(path) = building.path().map(Path::to_owned) {
        let (atlas, report) = (journal.atlas.clone(), report.clone());
        let drawn = tokio::task::spawn_blocking(move || {
            let contours: Vec<Contour> = atlas
                .shapes()
                .into_iter()
                .map(|(t, area)| Contour { kind: t.kind.into(), name: t.name.into(), population: t.population, area })
                .collect();
            build_contours(&contours, &path, &mut |done, total| {
                let _ = report.try_send(Event::Progress { step: "draw".into(), done, total });
            })
        });
        drawn.await??;
    }
    building.check().await?;
    let archive = building.finish(CONTOURS)?;
    let mut tx = journal.store.write().await?;
    for id in journal.atlas.outermost() {
        // One that came from an extract keeps the richer map.
        if tx.basemap(id).await?.is_none() {
            tx.put_basemap(id, &archive, now()).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
