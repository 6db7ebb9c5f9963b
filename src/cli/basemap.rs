//! `bouillon import basemap`, and the archive that `import osm --basemap` brings: checked, copied into the data folder, given to territories.

use super::control::{Ask, hand_over};
use super::{BadInput, BasemapImport, Settings, opening};
use crate::journal::now;
use crate::store::Store;
use crate::tiles::archives;
use anyhow::Context;
use std::path::{Path, PathBuf};

/// Brings an archive in, through the server that holds the data folder if there is one.
///
/// # Errors
/// When the archive is no base map or a territory is unknown (exit code 2), or the disk or database refuses.
pub(super) async fn run(settings: Settings, mut what: BasemapImport) -> anyhow::Result<()> {
    what.file = full(&what.file)?;
    let data = settings.data()?;
    let said = match hand_over(&data, &Ask::ImportBasemap(what.clone()), |_| ()).await? {
        Some(said) => said.unwrap_or_default(),
        None => {
            archives::sweep(&archives::folder(&data), true);
            let _lock = opening::lock_if_alone(&settings, &data)?;
            let store = opening::for_writing(&settings).await?;
            let said = into_store(&store, &data, &what).await;
            store.close().await;
            said?
        }
    };
    say(&said);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the archive's name is what the command answers")]
fn say(said: &str) {
    println!("{said}");
}

/// The absolute path of a file that a server may be asked to read.
///
/// # Errors
/// When there is no such file.
pub(super) fn full(file: &Path) -> anyhow::Result<PathBuf> {
    std::fs::canonicalize(file).map_err(|e| BadInput(format!("{} can't be read: {e}", file.display())).into())
}

/// Checks, copies and gives; says what the archive is called.
///
/// # Errors
/// As [`run`].
pub(super) async fn into_store(store: &Store, data: &Path, what: &BasemapImport) -> anyhow::Result<String> {
    let mut tx = store.read().await?;
    for slug in &what.territory {
        tx.territory_id(slug).await?.ok_or_else(|| BadInput(format!("there is no territory `{slug}`")))?;
    }
    drop(tx);
    let name = adopt(data, &what.file).await?;
    give(store, &what.territory, &name).await?;
    Ok(name)
}

/// Checks an archive; gives the name that it will have.
///
/// # Errors
/// When it is no base map.
pub(super) async fn checked(file: &Path) -> anyhow::Result<String> {
    let name = archives::name_of(file).ok_or_else(|| BadInput(format!("{}: the file's name needs a letter or a digit", file.display())))?;
    archives::check(file).await.with_context(|| file.display().to_string())?;
    Ok(name)
}

/// Checks an archive and copies it into the data folder; gives its name there.
///
/// # Errors
/// When it is no base map, or the disk refuses; the old archive of that name stays.
async fn adopt(data: &Path, file: &Path) -> anyhow::Result<String> {
    let name = checked(file).await?;
    let (from, folder, as_name) = (file.to_owned(), archives::folder(data), name.clone());
    let copied = tokio::task::spawn_blocking(move || archives::adopt(&from, &folder, &as_name)).await?;
    copied.with_context(|| format!("the base map {} could not be copied into the data folder; the old one stays", file.display()))?;
    Ok(name)
}

/// Lets territories show an archive.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn give(store: &Store, territories: &[String], archive: &str) -> anyhow::Result<()> {
    let mut tx = store.write().await?;
    for slug in territories {
        let id = tx.territory_id(slug).await?.ok_or_else(|| BadInput(format!("there is no territory `{slug}`")))?;
        tx.put_basemap(id, archive, now()).await?;
    }
    tx.commit().await?;
    Ok(())
}
