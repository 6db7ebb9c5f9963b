//! The command line: settings, and one function per command.

mod admin;
mod backup;
mod basemap;
mod check;
mod control;
mod disk;
mod export;
mod import;
mod lock;
mod moving;
mod opening;
mod plan;
mod progress;
mod render_worker;
mod runs;
mod serve;
mod settings;
mod supervisor;
mod territories;

pub use settings::Settings;

use crate::backup::{BadBackup, Keep};
use crate::http::BadTls;
use crate::import::{BadAddresses, ContoursAsk, ContoursError, RunError};
use crate::osm::ReadError;
use crate::report::raster::NotBuilt;
use crate::tiles::ArchiveError;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// The open, collaborative map of a territory's citizen actors.
#[derive(Debug, Parser)]
#[command(name = "bouillon", version, about, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the web application and its API.
    Serve,
    /// Bring data in.
    #[command(subcommand)]
    Import(Import),
    /// Take data out.
    #[command(subcommand)]
    Export(Export),
    /// Look after an installation.
    #[command(subcommand)]
    Admin(Admin),
    /// Check settings, database, data folder, and the atlas against the store (and against PostGIS when there is one).
    Check,
    /// Make a backup of everything, also while a server runs: a folder in DIR that appears only when it is whole.
    Backup(BackupAsk),
    /// Check a backup: its hashes, then by restoring it into a temporary folder or database and running the checks there.
    Verify {
        /// A backup, or a folder of backups (then its newest).
        dir: PathBuf,
    },
    /// Put a backup back into an empty data folder and database; nothing is ever overwritten.
    Restore {
        /// A backup, or a folder of backups (then its newest).
        dir: PathBuf,
    },
    /// Copy an installation from its SQLite file to PostgreSQL with PostGIS; without --apply only say what would be copied.
    Move(MoveAsk),
    /// Read an extract and write what was found on standard output (used by `import osm`).
    #[command(hide = true)]
    ReadOsm {
        #[command(flatten)]
        file: OsmFile,
        #[command(flatten)]
        more: ReadMore,
    },
    /// Read a BAN file and write what was found on standard output (used by `import addresses`).
    #[command(hide = true)]
    ReadAddresses(AddressFile),
    /// Read contours and write what was found on standard output (used by `import territories`).
    #[command(hide = true)]
    ReadContours(ContoursAsk),
    /// Draw the frames on standard input with maplibre-rs (used by `serve --raster-engine maplibre`).
    #[command(hide = true)]
    RenderWorker,
}

/// Where an installation moves to.
#[derive(Debug, Clone, Args)]
pub struct MoveAsk {
    /// An empty database, `postgres://…`; also by the variable, so that a password need not stand on the command line.
    #[arg(long, value_name = "URL", env = "BOUILLON_MOVE_TO", hide_env_values = true)]
    pub to: String,
    /// Do it; the server must be stopped.
    #[arg(long)]
    pub apply: bool,
}

/// Where backups go, and which stay.
#[derive(Debug, Clone, Args)]
pub struct BackupAsk {
    /// The folder of backups.
    pub dir: PathBuf,
    /// Of the older backups there, keep the newest of each of so many hours, days and weeks, and remove the others; by default all stay.
    #[arg(long, value_name = "hourly=24,daily=14,weekly=8")]
    pub keep: Option<Keep>,
}

#[derive(Debug, Subcommand)]
enum Import {
    /// Make a territory from an OpenStreetMap extract (.osm.pbf); say what a newer one (or .osc.gz) changes, and write it with --apply.
    Osm(OsmImport),
    /// Bring a base map in: a PMTiles archive in the Shortbread schema.
    Basemap(BasemapImport),
    /// Make or update territories from contours (GeoJSON): communes, EPCI, départements, régions.
    Territories(ContoursAsk),
    /// Bring in the addresses of communes from a BAN file (.csv or .csv.gz).
    Addresses(AddressFile),
    /// List the imports of extracts, newest first.
    Runs {
        /// Only those of this territory.
        #[arg(long, value_name = "SLUG")]
        territory: Option<String>,
    },
    /// Undo a whole import: what people changed since stays.
    Undo {
        /// Its number, as `import runs` shows it.
        run: uuid::Uuid,
    },
    /// Give up an import that is planned and not applied.
    Discard {
        /// Its number, as `import runs` shows it.
        run: uuid::Uuid,
    },
}

/// What `import osm` tells the reading process.
#[derive(Debug, Clone, Args)]
pub struct ReadMore {
    /// Where to build the base map; none is built without it.
    #[arg(long, value_name = "FILE")]
    basemap_at: Option<PathBuf>,
    /// The boundary as an earlier import asked for it (JSON).
    #[arg(long, value_name = "FILE")]
    boundary_file: Option<PathBuf>,
    /// The file holds changes to this extract.
    #[arg(long, value_name = "FILE", requires = "merged_at")]
    base: Option<PathBuf>,
    /// Where the extract and its changes become one.
    #[arg(long, value_name = "FILE")]
    merged_at: Option<PathBuf>,
}

/// A base map, and who shows it.
#[derive(Debug, Clone, Args, serde::Serialize, serde::Deserialize)]
pub struct BasemapImport {
    /// The .pmtiles file; it takes the place of an earlier one of the same name.
    pub file: PathBuf,
    /// Short address of a territory that shows it, with all those inside; may be given several times.
    #[arg(long, value_name = "SLUG")]
    pub territory: Vec<String>,
}

/// A file of addresses.
#[derive(Debug, Clone, Args, serde::Serialize, serde::Deserialize)]
pub struct AddressFile {
    /// The file, with the columns of the Base Adresse Nationale.
    pub file: PathBuf,
}

/// What to import, and as which territory.
#[derive(Debug, Clone, Args, serde::Serialize, serde::Deserialize)]
pub struct OsmImport {
    /// The extract and its boundary.
    #[command(flatten)]
    pub file: OsmFile,
    /// Short address of the territory; by default made from its name.
    #[arg(long, value_name = "SLUG")]
    pub territory: Option<String>,
    /// Name of the territory; by default the boundary's.
    #[arg(long)]
    pub name: Option<String>,
    /// Put the actors into the territories that are here already and cover them, instead of making one; others are left out.
    #[arg(long, conflicts_with_all = ["territory", "name", "basemap"])]
    pub into_existing: bool,
    /// A PMTiles archive in the Shortbread schema, shown as base map instead of the one that is made from the extract.
    #[arg(long, value_name = "FILE.pmtiles")]
    pub basemap: Option<PathBuf>,
    /// Write what the file changes in a territory that is here already; otherwise it is only said.
    #[arg(long)]
    pub apply: bool,
    /// Say every line of what it would change.
    #[arg(long)]
    pub list: bool,
}

/// An extract, and where the territory ends in it.
#[derive(Debug, Clone, Args, serde::Serialize, serde::Deserialize)]
pub struct OsmFile {
    /// The .osm.pbf file, or the .osc.gz file of changes to the one that was imported last.
    pub file: PathBuf,
    /// `relation/ID`, an INSEE code, a GeoJSON file, or `W,S,E,N` in degrees; by default the extract's own commune or country.
    #[arg(long, value_name = "BOUNDARY", allow_hyphen_values = true)]
    pub boundary: Option<String>,
    /// Memory the reading may use, in MiB; by default half of the machine's.
    #[arg(long, value_name = "MIB")]
    pub max_memory: Option<u64>,
}

#[derive(Debug, Subcommand)]
enum Export {
    /// Write a territory's actors on standard output.
    Actors {
        /// Short address of the territory.
        #[arg(long, value_name = "SLUG")]
        territory: String,
        /// File format.
        #[arg(long, value_enum)]
        format: crate::export::Format,
    },
}

#[derive(Debug, Subcommand)]
enum Admin {
    /// Print a one-time link that gives a role.
    Invite {
        /// Only for this territory; by default for all.
        #[arg(long, value_name = "SLUG")]
        territory: Option<String>,
        /// contributor, organiser, moderator or admin.
        #[arg(long, default_value = "moderator")]
        role: String,
    },
}

/// Runs a command; 0 when it did what was asked, 2 when the input is at fault, 1 for everything else.
pub async fn run(cli: Cli) -> ExitCode {
    let settings = match cli.settings.complete() {
        Ok(settings) => settings,
        Err(e) => return fail(&e),
    };
    start_tracing(&settings);
    let done = match cli.command {
        Command::Serve => serve::run(settings).await,
        Command::Import(Import::Osm(what)) => import::run(settings, what).await,
        Command::Import(Import::Basemap(what)) => basemap::run(settings, what).await,
        Command::Import(Import::Addresses(what)) => import::run_addresses(settings, what).await,
        Command::Import(Import::Territories(what)) => territories::run(settings, what).await,
        Command::Export(Export::Actors { territory, format }) => export::run(settings, &territory, format).await,
        Command::Admin(Admin::Invite { territory, role }) => admin::invite(settings, territory, &role).await,
        Command::Check => check::run(settings).await,
        Command::Backup(what) => backup::make(settings, what).await,
        Command::Verify { dir } => backup::verify(settings, &dir).await,
        Command::Move(what) => moving::run(settings, what).await,
        Command::Restore { dir } => backup::restore(settings, &dir).await,
        Command::Import(Import::Runs { territory }) => runs::run(settings, runs::Ask::List(territory)).await,
        Command::Import(Import::Undo { run }) => runs::run(settings, runs::Ask::Undo(run)).await,
        Command::Import(Import::Discard { run }) => runs::run(settings, runs::Ask::Discard(run)).await,
        Command::ReadOsm { file, more } => import::read_in_child(&file, &more),
        Command::ReadContours(what) => crate::import::speak_contours(&what),
        Command::RenderWorker => render_worker::run().await,
        Command::ReadAddresses(what) => crate::import::speak_addresses(&what.file),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => fail(&e),
    }
}

/// Input that can't be used: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadInput(pub String);

/// Whether the input is at fault.
fn is_bad_input(error: &anyhow::Error) -> bool {
    error.is::<BadInput>()
        || error.is::<RunError>()
        || error.is::<ReadError>()
        || error.is::<ArchiveError>()
        || error.is::<BadAddresses>()
        || error.is::<ContoursError>()
        || error.is::<BadBackup>()
        || error.is::<BadTls>()
        || error.is::<NotBuilt>()
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("bouillon: {error:#}");
    ExitCode::from(if is_bad_input(error) { 2 } else { 1 })
}

fn start_tracing(settings: &Settings) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("BOUILLON_LOG")
        .unwrap_or_else(|_| "info,tantivy=warn,sqlx=warn,maplibre=warn,naga=warn,wgpu_core=warn,wgpu_hal=error".into());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in the same process (tests) keeps the first subscriber.
    let _ = if settings.json_logs() { log.json().try_init().is_ok() } else { log.with_target(false).try_init().is_ok() };
}
