//! `bouillon backup`, `verify` and `restore`.

use super::{BackupAsk, BadInput, Settings, check, lock};
use crate::backup::{self, Backup, BadBackup, Engine, Source};
use crate::store::{Store, copies};
use anyhow::Context;
use std::path::{Path, PathBuf};

/// Makes a backup, beside a running server or without one, and thins the older ones out.
///
/// # Errors
/// When the disk or the database refuses, or another backup is being made into the same folder.
#[expect(clippy::print_stdout, reason = "where the backup is, is what the command answers")]
pub(super) async fn make(settings: Settings, what: BackupAsk) -> anyhow::Result<()> {
    let (data, url) = (settings.data()?, settings.database()?);
    if Engine::of(&url) == Engine::Sqlite && !crate::store::sqlite_file(&url)?.exists() {
        return Err(BadInput(format!("there is no database in {} yet", data.display())).into());
    }
    let store = Store::connect(&url).await?;
    let made = backup::make(Source { data: &data, url: &url, store: &store }, &what.dir).await;
    store.close().await;
    let made = made?;
    if let Err(e) = backup::remember(&data, &made) {
        tracing::warn!("the backup is whole, but the data folder could not note it: {e:#}");
    }
    let (manifest, linked) = (&made.backup.manifest, made.linked);
    println!("Sauvegarde : {}", made.backup.folder.display());
    println!(
        "  {} fichiers, {} ko{} ; historique jusqu’à la modification {}",
        manifest.files.len(),
        made.backup.bytes() / 1000,
        if linked > 0 { format!(", dont {linked} partagés avec la sauvegarde précédente") } else { String::new() },
        manifest.facts.head
    );
    if let Some(keep) = what.keep {
        let gone = keep.thin_out(&what.dir)?;
        println!("  anciennes sauvegardes supprimées : {}", gone.len());
    }
    Ok(())
}

/// Checks a backup by its hashes, then by restoring it into a temporary folder or database and looking through that.
///
/// # Errors
/// With the first thing that is wrong.
#[expect(clippy::print_stdout, reason = "a line per check is what the command is for")]
pub(super) async fn verify(settings: Settings, dir: &Path) -> anyhow::Result<()> {
    let backup = Backup::open(dir)?;
    println!("{}", backup.folder.display());
    backup::verify_files(&backup).await?;
    println!("ok    files: {}, {} kB, as the manifest says", backup.manifest.files.len(), backup.bytes() / 1000);
    let scratch = Scratch::new(&settings, backup.manifest.engine).await?;
    let done = restored_is_fine(&backup, &scratch).await;
    scratch.remove().await;
    done
}

async fn restored_is_fine(backup: &Backup, scratch: &Scratch) -> anyhow::Result<()> {
    backup::restore(backup, &scratch.folder, &scratch.url).await.context("it can't be restored")?;
    let store = Store::open(&scratch.url).await?;
    let failed = check::inspect(&store).await;
    store.close().await;
    anyhow::ensure!(failed == 0, BadBackup(format!("{}: {failed} of these checks failed", backup.folder.display())));
    Ok(())
}

/// Puts a backup back into an empty data folder and an empty database.
///
/// # Errors
/// When the backup is not sound or something is in the way; nothing was written then.
#[expect(clippy::print_stdout, reason = "what came back is what the command answers")]
pub(super) async fn restore(settings: Settings, dir: &Path) -> anyhow::Result<()> {
    let backup = Backup::open(dir)?;
    let data = settings.data()?;
    let _lock = lock::take(&data)?;
    let done = backup::restore(&backup, &data, &settings.database()?).await?;
    println!("Restauré depuis : {}", backup.folder.display());
    println!("  historique jusqu’à la modification {}, {} autres fichiers ; époque {}", done.facts.head, done.files, done.epoch);
    Ok(())
}

/// Where a backup is tried out: a temporary folder, and for PostgreSQL a temporary database on the server of the settings.
struct Scratch {
    folder: PathBuf,
    url: String,
    /// The address from which a temporary database was made.
    server: Option<String>,
}

impl Scratch {
    async fn new(settings: &Settings, engine: Engine) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("bouillon-verify-{}", uuid::Uuid::now_v7().simple()));
        let (url, server) = match engine {
            Engine::Sqlite => (format!("sqlite:{}", folder.join(engine.file()).display()), None),
            Engine::Postgis => {
                let server = settings.database_given().filter(|url| crate::store::is_postgres(url));
                let server = server.ok_or_else(|| {
                    BadInput(
                        "this backup is of PostgreSQL: give a server on which a temporary database may be made with --database postgres://…".into(),
                    )
                })?;
                (copies::make_scratch_database(&server).await?, Some(server))
            }
        };
        std::fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
        Ok(Self { folder, url, server })
    }

    async fn remove(self) {
        if let Some(server) = &self.server
            && let Err(e) = copies::drop_scratch_database(server, &self.url).await
        {
            tracing::warn!("the temporary database could not be removed: {e}");
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
