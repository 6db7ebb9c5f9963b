//! `bouillon import osm`: through the server that holds the data folder, or alone when there is none.

use super::control::{Ask, hand_over};
use super::progress::Progress;
use super::{AddressFile, BadInput, OsmFile, OsmImport, ReadMore, Settings, basemap, opening};
use crate::import::{self, Event, Imports, Local, Source};
use crate::journal::Journal;
use crate::osm::{self, BoundaryAsk};
use crate::store::Store;
use crate::tiles::archives;
use anyhow::Context;
use std::path::Path;
use tokio::sync::mpsc;

/// Imports an extract and shows what came of it.
///
/// # Errors
/// When the file can't be used (exit code 2; the database stays as it was) or the journal can't be written.
pub(super) async fn run(settings: Settings, mut what: OsmImport) -> anyhow::Result<()> {
    what.file.file = std::fs::canonicalize(&what.file.file).map_err(|e| BadInput(format!("{} can't be read: {e}", what.file.file.display())))?;
    if let Some(path) = what.file.boundary.as_ref().filter(|b| is_path(b)) {
        let full = std::fs::canonicalize(path).map_err(|e| BadInput(format!("{path} can't be read: {e}")))?;
        what.file.boundary = Some(full.display().to_string());
    }
    if let Some(path) = &what.basemap {
        what.basemap = Some(basemap::full(path)?);
    }
    let data = settings.data()?;
    let mut progress = Progress::start();
    if hand_over(&data, &Ask::ImportOsm(what.clone()), |event| progress.show(&event)).await?.is_some() {
        return Ok(());
    }
    let work = async |journal: &Journal, report: &mpsc::Sender<Event>| {
        let imports = Imports::new(journal.clone(), &data, None)?;
        imports.pick_up().await?;
        into_journal(&imports, &what, report).await
    };
    alone(&settings, &data, progress, work).await
}

/// Does an import in this process, which takes the data folder for it, and shows how it goes.
///
/// # Errors
/// When the folder is in use, the database is not fit, or the import fails.
pub(super) async fn alone<T>(
    settings: &Settings,
    data: &Path,
    mut progress: Progress,
    work: impl AsyncFnOnce(&Journal, &mpsc::Sender<Event>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let _lock = opening::lock_if_alone(settings, data)?;
    archives::sweep(&archives::folder(data), true);
    let journal = Journal::open(opening::for_writing(settings).await?).await?;
    let (report, mut events) = mpsc::channel(64);
    let showing = tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            progress.show(&event);
        }
    });
    let done = work(&journal, &report).await;
    drop(report);
    showing.await?;
    journal.close().await;
    done
}

/// Reads the extract in a child process, then writes it through the journal, or says what it would write.
///
/// # Errors
/// As [`run`].
pub(super) async fn into_journal(imports: &Imports, what: &OsmImport, report: &mpsc::Sender<Event>) -> anyhow::Result<()> {
    // Before anything else: with a broken archive the file is not even read.
    let archive = match &what.basemap {
        Some(file) => Some((file.clone(), basemap::checked(file).await?)),
        None => None,
    };
    let source = Source {
        file: what.file.file.clone(),
        slug: what.territory.clone(),
        name: what.name.clone(),
        boundary: what.file.boundary.clone(),
        max_memory: what.file.max_memory,
        into_existing: what.into_existing,
        archive,
        draw: true,
        uploaded: false,
    };
    imports.local(Local { source, apply: what.apply, list: what.list }, report).await.map(|_| ())
}

/// Imports a BAN file and shows what came of it.
///
/// # Errors
/// As [`run`].
pub(super) async fn run_addresses(settings: Settings, mut what: AddressFile) -> anyhow::Result<()> {
    what.file = std::fs::canonicalize(&what.file).map_err(|e| BadInput(format!("{} can't be read: {e}", what.file.display())))?;
    let data = settings.data()?;
    let mut progress = Progress::start();
    if hand_over(&data, &Ask::ImportAddresses(what.clone()), |event| progress.show(&event)).await?.is_some() {
        return Ok(());
    }
    let _lock = opening::lock_if_alone(&settings, &data)?;
    let store = opening::for_writing(&settings).await?;
    let (report, mut events) = mpsc::channel(64);
    let showing = tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            progress.show(&event);
        }
    });
    let done = addresses_into(&store, &what, &report).await;
    drop(report);
    showing.await?;
    store.close().await;
    done
}

/// Reads a BAN file in a child process, then writes it.
///
/// # Errors
/// As [`run`].
pub(super) async fn addresses_into(store: &Store, what: &AddressFile, report: &mpsc::Sender<Event>) -> anyhow::Result<()> {
    let (addresses, counts) = import::read_addresses_in_child(&what.file, report).await?;
    import::import_addresses(store, &addresses, counts, report).await.map(|_| ())
}

/// The child's side of the reading.
///
/// # Errors
/// When the boundary is not understood or standard output is closed.
pub(super) fn read_in_child(file: &OsmFile, more: &ReadMore) -> anyhow::Result<()> {
    let mut asked = file.boundary.as_deref().map(boundary).transpose()?;
    if let Some(path) = &more.boundary_file {
        asked = Some(serde_json::from_str(&std::fs::read_to_string(path)?)?);
    }
    let max_memory = file.max_memory.map_or_else(half_of_memory, |mib| mib << 20);
    let onto = more.base.as_deref().zip(more.merged_at.as_deref());
    import::speak(&file.file, &osm::Ask { boundary: asked, max_memory }, more.basemap_at.as_deref(), onto)
}

fn is_path(boundary: &str) -> bool {
    let lower = boundary.to_lowercase();
    lower.ends_with(".geojson") || lower.ends_with(".json")
}

/// `relation/ID`, an INSEE code, a GeoJSON file, or `W,S,E,N`.
fn boundary(text: &str) -> anyhow::Result<BoundaryAsk> {
    if let Some(id) = text.strip_prefix("relation/") {
        let id = id.parse().map_err(|_| BadInput(format!("`{text}` should be relation/ and a number")))?;
        return Ok(BoundaryAsk::Relation(id));
    }
    if is_path(text) {
        return shape(text);
    }
    if text.contains(',') {
        let bbox = crate::geo::Bbox::parse(text).map_err(|e| BadInput(format!("--boundary {text}: {e}")))?;
        return Ok(BoundaryAsk::Bbox(bbox.to_array()));
    }
    Ok(BoundaryAsk::Code(text.to_owned()))
}

/// A geometry, a feature, or a collection with one feature.
fn shape(path: &str) -> anyhow::Result<BoundaryAsk> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{path} can't be read"))?;
    let bad = |why: &str| BadInput(format!("{path}: {why}"));
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|e| bad(&format!("not GeoJSON: {e}")))?;
    let feature = match json["features"].as_array() {
        Some(list) if list.len() == 1 => &list[0],
        Some(list) => return Err(bad(&format!("one feature is needed, there are {}", list.len())).into()),
        None => &json,
    };
    let geometry = if feature["type"] == "Feature" { &feature["geometry"] } else { feature };
    if crate::geo::Shape::from_geojson(geometry).is_none() {
        return Err(bad("a Polygon or MultiPolygon in degrees is needed").into());
    }
    let property = |names: &[&str]| names.iter().find_map(|n| feature["properties"][n].as_str()).map(str::to_owned);
    Ok(BoundaryAsk::Shape { name: property(&["nom", "name"]), code: property(&["code", "insee", "ref:INSEE"]), geometry: geometry.clone() })
}

/// Half of the machine's memory, bytes; 2 GiB where the system does not say.
fn half_of_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = text.lines().find_map(|l| l.strip_prefix("MemTotal:")?.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.map_or(2 << 30, |kib| kib * 1024 / 2)
}
