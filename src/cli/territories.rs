//! `bouillon import territories`: contours of communes, EPCI, départements and régions.

use super::control::{Ask, hand_over};
use super::progress::Progress;
use super::{Settings, basemap, import};
use crate::import::{ContoursAsk, Event, TerritoriesSummary, import_territories, read_contours_in_child};
use crate::journal::Journal;
use tokio::sync::mpsc;

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
    import::alone(&settings, &data, progress, async |journal, report| into_journal(journal, &what, report).await).await.map(|_| ())
}

/// Reads the contours in a child process, then writes them through the journal.
///
/// # Errors
/// As [`run`].
pub(super) async fn into_journal(journal: &Journal, what: &ContoursAsk, report: &mpsc::Sender<Event>) -> anyhow::Result<TerritoriesSummary> {
    let gathered = read_contours_in_child(what, report).await?;
    import_territories(journal, gathered, report).await
}
