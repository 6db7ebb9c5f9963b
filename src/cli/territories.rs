//! `bouillon import territories`: contours of communes, EPCI, départements and régions.

use super::control::{Ask, hand_over};
use super::progress::Progress;
use super::{Settings, basemap, import};
use crate::import::{ContoursAsk, Event, TerritoriesSummary, import_territories, read_contours_in_child};
use crate::journal::{Journal, now};
use crate::tiles::archives;
use crate::tiles::basemap::{Contour, build_contours};
use anyhow::Context;
use std::path::{Path, PathBuf};
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

/// A base map on its way: a temporary file that goes away with this value unless it is finished.
struct Building {
    folder: PathBuf,
    temporary: Option<PathBuf>,
}

impl Building {
    fn new(data: &Path, wanted: bool) -> anyhow::Result<Self> {
        let folder = archives::folder(data);
        std::fs::create_dir_all(&folder).with_context(|| format!("the folder {} can't be made", folder.display()))?;
        let temporary = wanted.then(|| archives::temporary(&folder, "import"));
        Ok(Self { folder, temporary })
    }

    fn path(&self) -> Option<&Path> {
        self.temporary.as_deref()
    }

    /// What was built must be fit to be served before anything else is written.
    async fn check(&self) -> anyhow::Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        archives::check(path).await.context("the base map that was built")
    }

    /// Puts the archive in place of the territory's old one.
    fn finish(mut self, slug: &str) -> anyhow::Result<String> {
        if let Some(path) = self.temporary.take() {
            archives::put_in_place(&path, &self.folder, slug).context("the base map could not be put in place; the old one stays")?;
        }
        Ok(slug.to_owned())
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        if let Some(path) = &self.temporary {
            let _ = std::fs::remove_file(path);
        }
    }
}
