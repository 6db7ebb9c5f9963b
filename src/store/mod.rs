//! The database: SQLite in the data folder, or PostgreSQL with PostGIS. The only room with SQL.
//!
//! Both back-ends run the same statements; what differs (types, geometry) differs in the migrations. Every call goes through a
//! transaction, [`Tx`]: a reading one sees one snapshot, a writing one holds the journal's head row.

mod accounts;
mod addresses;
mod basemaps;
mod blobs;
pub mod copies;
mod imports;
pub mod journal;
mod migrations;
mod moving;
mod pg_tools;
mod relations;
mod seances;
mod subjects;
mod tx;
mod works;

pub use accounts::{Grant, Invitation};
pub use addresses::{Address, AddressKind, AddressSource, AddressTotals, HouseNumber, StoredAddress};
pub use blobs::{Blob, FileFacts, FrozenFile, SELECTION, hash_of};
pub use copies::Facts;
pub use imports::{
    Action, Candidate, Case, CaseKind, Imported, Item, ItemField, Known, Line, Note, Run, RunCounts, RunFacts, RunState, Said, UndoCounts, What,
    is_taken,
};
pub use migrations::Schema;
pub use relations::RelationRow;
pub use seances::{Door, Participant};
pub use tx::Tx;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgListener, PgPool, PgPoolOptions, PgSeverity};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// What can go wrong in the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refuses or does not answer; details are for the log, not for clients.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// The tables could not be brought up to date.
    #[error("the tables could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The address of the database is not understood, or the database is not fit for use.
    #[error("{0}")]
    Unfit(String),
}

impl Error {
    /// Whether the disk is full. Then the transaction is undone, also when this comes from its commit: SQLite writes the frame that makes a
    /// transaction valid last, and PostgreSQL says so itself before it gives up a transaction.
    pub fn is_full(&self) -> bool {
        let Self::Database(sqlx::Error::Database(e)) = self else { return false };
        match e.try_downcast_ref::<PgDatabaseError>() {
            // `FATAL` and `PANIC` end the connection, and with it what could be known.
            Some(e) => e.code() == "53100" && e.severity() == PgSeverity::Error,
            None => e.code().is_some_and(|code| code == "13"),
        }
    }
}

/// Ends the process, because nobody can know what the database holds; a restart reads it.
pub fn stop(error: &Error) -> ! {
    tracing::error!("the commit failed, stopping so that a restart reads the true state: {error}");
    std::process::exit(74);
}

/// Whether a promise is broken on purpose, so that a fault test can be seen to fail. Only builds with debug assertions listen.
pub fn broken(promise: &str) -> bool {
    cfg!(debug_assertions) && std::env::var("BOUILLON_BREAK").is_ok_and(|b| b == promise)
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;

/// An open database.
#[derive(Debug, Clone)]
pub enum Store {
    /// One file; one connection writes, several read.
    Sqlite {
        /// The only connection that writes.
        writer: SqlitePool,
        /// Connections that only read.
        readers: SqlitePool,
    },
    /// PostgreSQL with PostGIS.
    Postgis {
        /// Connections for everything but listening.
        pool: PgPool,
        /// How to open the listening connection.
        options: Box<PgConnectOptions>,
    },
}

/// Closing takes no longer than this.
const CLOSING: Duration = Duration::from_secs(3);

/// The channel on which a committed batch is announced.
const CHANNEL: &str = "bouillon_journal";

impl Store {
    /// Opens `sqlite:PATH` or `postgres://…`, and brings the tables up to date.
    ///
    /// # Errors
    /// When the address is not understood, the database does not answer, or it is not fit (versions, settings).
    pub async fn open(url: &str) -> Result<Self> {
        let store = Self::connect(url).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens `sqlite:PATH` or `postgres://…` and leaves the tables as they are; a missing SQLite file is made.
    ///
    /// # Errors
    /// When the address is not understood, the database does not answer, or it is not fit (versions, settings).
    pub async fn connect(url: &str) -> Result<Self> {
        let store = if url.starts_with("sqlite:") {
            open_sqlite(url).await?
        } else if is_postgres(url) {
            open_postgis(url).await?
        } else {
            return Err(Error::Unfit(format!("--database must start with sqlite: or postgres://, not `{}`", url.split(':').next().unwrap_or(""))));
        };
        store.self_check().await?;
        Ok(store)
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgis(&self) -> bool {
        matches!(self, Self::Postgis { .. })
    }

    /// Starts a transaction that sees one snapshot and writes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Self::Postgis { pool, .. } => Tx::Postgis(pool.begin_with("begin isolation level repeatable read read only").await?),
        })
    }

    /// Starts a transaction that may write. On SQLite it takes the write lock at once, since a read that turns into a write can fail.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn write(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("begin immediate").await?),
            Self::Postgis { pool, .. } => Tx::Postgis(pool.begin().await?),
        })
    }

    /// A connection that hears when another node has committed; none on SQLite, where there is one process.
    ///
    /// # Errors
    /// When PostgreSQL does not answer.
    pub async fn listen(&self) -> Result<Option<PgListener>> {
        let Self::Postgis { options, .. } = self else { return Ok(None) };
        let pool = PgPoolOptions::new().max_connections(1).connect_with((**options).clone()).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(listener))
    }

    /// Whether the database can be written at this moment, down to the disk. Nothing is changed.
    ///
    /// # Errors
    /// When it can't, or a newer program has changed the tables meanwhile.
    pub async fn probe(&self) -> Result<()> {
        self.schema().await?.check()?;
        let mut tx = self.write().await?;
        // Writes the head row as it is.
        tx.lock_head().await?;
        tx.commit().await
    }

    /// Bytes of the database.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn size(&self) -> Result<i64> {
        let (bytes,): (i64,) = match self {
            Self::Sqlite { readers, .. } => {
                sqlx::query_as("select page_count * page_size from pragma_page_count(), pragma_page_size()").fetch_one(readers).await?
            }
            Self::Postgis { pool, .. } => sqlx::query_as("select pg_database_size(current_database())").fetch_one(pool).await?,
        };
        Ok(bytes)
    }

    /// Writes what the log still holds into the main file and closes every connection. A reader that does not end is not waited for: the log
    /// is then folded in by the next start.
    pub async fn close(&self) {
        if tokio::time::timeout(CLOSING, self.fold_and_close()).await.is_err() {
            tracing::warn!("some connections to the database were still at work and were left");
        }
    }

    async fn fold_and_close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                if let Err(e) = sqlx::query("pragma wal_checkpoint(truncate)").execute(writer).await {
                    tracing::warn!("the write-ahead log could not be folded in: {e}");
                }
                writer.close().await;
            }
            Self::Postgis { pool, .. } => pool.close().await,
        }
    }

    /// The database in a line, with what [`Store::connect`] has made sure of.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn describe(&self) -> Result<String> {
        Ok(match self {
            Self::Sqlite { writer, .. } => {
                let (version,): (String,) = sqlx::query_as("select sqlite_version()").fetch_one(writer).await?;
                format!("SQLite {version}, write-ahead log, synchronous full, no memory map")
            }
            Self::Postgis { pool, .. } => {
                let sql = "select current_setting('server_version'), extversion from pg_extension where extname = 'postgis'";
                let (server, postgis): (String, String) = sqlx::query_as(sql).fetch_one(pool).await?;
                format!("PostgreSQL {server} with PostGIS {postgis}")
            }
        })
    }

    /// Refuses to run on a database that could lose acknowledged edits.
    async fn self_check(&self) -> Result<()> {
        let Self::Sqlite { writer, .. } = self else { return Ok(()) };
        let (version,): (String,) = sqlx::query_as("select sqlite_version()").fetch_one(writer).await?;
        let (mode,): (String,) = sqlx::query_as("pragma journal_mode").fetch_one(writer).await?;
        let (synchronous,): (i64,) = sqlx::query_as("pragma synchronous").fetch_one(writer).await?;
        let (keys,): (i64,) = sqlx::query_as("pragma foreign_keys").fetch_one(writer).await?;
        let mapped: Option<(i64,)> = sqlx::query_as("pragma mmap_size").fetch_optional(writer).await?;
        let mapped = mapped.map_or(0, |m| m.0);
        let parts: Vec<u32> = version.split('.').filter_map(|p| p.parse().ok()).collect();
        // Before 3.51.3 the write-ahead log could be reset while another connection used it (fixed on 2026-03-13).
        if parts < vec![3, 51, 3] || mode != "wal" || synchronous != 2 || keys != 1 || mapped != 0 {
            let found = format!("SQLite {version}, journal {mode}, synchronous {synchronous}, foreign keys {keys}, memory map {mapped}");
            return Err(Error::Unfit(format!("{found}: 3.51.3, wal, 2, 1 and 0 are needed")));
        }
        Ok(())
    }
}

/// Whether an address is PostgreSQL's.
pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// The file behind `sqlite:PATH`.
///
/// # Errors
/// When the address is not understood.
pub fn sqlite_file(url: &str) -> Result<PathBuf> {
    Ok(SqliteConnectOptions::from_str(url)?.get_filename().to_owned())
}

async fn open_sqlite(url: &str) -> Result<Store> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .pragma("mmap_size", "0")
        .pragma("wal_autocheckpoint", "4000")
        .statement_cache_capacity(200);
    let writer = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).after_release(|connection, _| {
        // On a full disk SQLite undoes a transaction by itself, and the driver, whose own undoing then fails, believes for ever that one is
        // open. The ping waits until the driver has tried; a connection that it is wrong about is closed, and another one opened.
        Box::pin(async move {
            connection.ping().await?;
            Ok(!connection.is_in_transaction() || broken("full-forgets"))
        })
    });
    let writer = writer.connect_with(options.clone()).await?;
    let readers = SqlitePoolOptions::new().max_connections(4).connect_with(options.pragma("query_only", "on")).await?;
    Ok(Store::Sqlite { writer, readers })
}

async fn open_postgis(url: &str) -> Result<Store> {
    let store = reach_postgis(url).await?;
    if let Store::Postgis { pool, .. } = &store
        && let Err(e) = sqlx::query("create extension if not exists postgis").execute(pool).await
    {
        return Err(Error::Unfit(format!("PostGIS is missing in this database and could not be added: {e}")));
    }
    Ok(store)
}

/// A PostgreSQL database, nothing written to it yet.
async fn reach_postgis(url: &str) -> Result<Store> {
    let options = PgConnectOptions::from_str(url)?.application_name("bouillon").statement_cache_capacity(200);
    let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(Duration::from_secs(10)).connect_with(options.clone()).await?;
    Ok(Store::Postgis { pool, options: Box::new(options) })
}

/// Whether an error says that the pool was closed: the server is stopping.
pub fn is_closed(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::PoolClosed)
}

/// Waits for a notification; false when the connection was lost meanwhile. Never returns without a listener.
pub async fn hear(listener: Option<&mut PgListener>) -> bool {
    match listener {
        Some(listener) => matches!(listener.try_recv().await, Ok(Some(_))),
        None => std::future::pending().await,
    }
}
