//! Whole copies of the database, consistent while people write: a file of SQLite's own making, or PostgreSQL's dump.

use super::pg_tools::{self, Server};
use super::tx::first;
use super::{Error, Result, Store, Tx, is_postgres};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeMap;
use std::path::Path;

/// What a database holds at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Number of the newest migration.
    pub schema: i64,
    /// The journal's epoch.
    pub epoch: i64,
    /// The journal's last number.
    pub head: i64,
    /// Rows of every table.
    pub rows: BTreeMap<String, i64>,
}

impl Tx {
    /// What the database holds in this snapshot.
    ///
    /// # Errors
    /// When the database does not answer, or is none of ours.
    pub async fn facts(&mut self) -> Result<Facts> {
        let schema = self.schema_applied().await?;
        if schema == 0 {
            return Err(Error::Unfit("there is no Bouillon in this database yet".into()));
        }
        let mut rows = BTreeMap::new();
        for table in self.tables().await? {
            rows.insert(table.clone(), self.count(&table).await?);
        }
        let head = first!(self, (i64, i64), "select epoch, head from journal_head where one = 1");
        let Some((epoch, head)) = head else { return Err(half_restored()) };
        Ok(Facts { schema, epoch, head, rows })
    }

    /// Names of the tables, in the order in which they were made; those of extensions and of the migrations are left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn tables(&mut self) -> Result<Vec<String>> {
        let rows = match self {
            Self::Sqlite(t) => {
                let sql =
                    "select name from sqlite_master where type = 'table' and name not like 'sqlite~_%' escape '~' and name <> '_sqlx_migrations'
                           order by rowid";
                sqlx::query_as::<_, (String,)>(sql).fetch_all(&mut **t).await?
            }
            Self::Postgis(t) => {
                let sql = "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
                           where c.relkind in ('r', 'p') and n.nspname not like 'pg~_%' escape '~' and n.nspname <> 'information_schema'
                           and c.relname <> '_sqlx_migrations'
                           and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by c.oid";
                sqlx::query_as::<_, (String,)>(sql).fetch_all(&mut **t).await?
            }
        };
        Ok(rows.into_iter().map(|r| r.0).collect())
    }

    /// Rows of a table that [`Tx::tables`] named.
    pub(super) async fn count(&mut self, table: &str) -> Result<i64> {
        let sql = format!("select count(*) from \"{}\"", table.replace('"', "\"\""));
        let (count,) = match self {
            Self::Sqlite(t) => sqlx::query_as::<_, (i64,)>(AssertSqlSafe(sql)).fetch_one(&mut **t).await?,
            Self::Postgis(t) => sqlx::query_as::<_, (i64,)>(AssertSqlSafe(sql)).fetch_one(&mut **t).await?,
        };
        Ok(count)
    }
}

/// A database whose restoring did not come to its end has tables and no head row.
pub(super) fn half_restored() -> Error {
    Error::Unfit("this database was left half restored: empty it and run `bouillon restore` again".into())
}

impl Store {
    /// Copies the database as it is at one moment into a new file, while others go on writing; says what the copy holds.
    /// `url` is the address this store was opened with.
    ///
    /// # Errors
    /// When the disk refuses, a tool of PostgreSQL is missing, or the copy is not sound.
    pub async fn copy_to(&self, url: &str, file: &Path) -> Result<Facts> {
        match self {
            Self::Sqlite { writer, .. } => {
                sqlx::query("vacuum into $1").bind(text_of(file)?).execute(writer).await?;
                inspect_copy(file).await
            }
            Self::Postgis { .. } => {
                let mut tx = self.read().await?;
                let facts = tx.facts().await?;
                let Tx::Postgis(snapshot) = &mut tx else { return Err(Error::Unfit("no snapshot".into())) };
                // The dump reads what this transaction sees, so that the facts are true of it.
                let (name,): (String,) = sqlx::query_as("select pg_export_snapshot()").fetch_one(&mut **snapshot).await?;
                pg_tools::dump(&Server::parse(url)?, &name, file).await?;
                Ok(facts)
            }
        }
    }

    /// Makes the journal of this restored copy another one than that of the original: clients and nodes notice by the epoch. It is the time in
    /// seconds if that is later than the next number, so that two restores of one backup differ too.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn start_epoch(&self, facts: &Facts, now: i64) -> Result<i64> {
        let mut tx = self.write().await?;
        let epoch = (facts.epoch + 1).max(now);
        let sql = "insert into journal_head (one, epoch, head) values (1, $1, $2) on conflict (one) do update set epoch = excluded.epoch";
        super::tx::run!(&mut tx, sql, epoch, facts.head);
        tx.commit().await?;
        Ok(epoch)
    }
}

/// Reads a copied SQLite file through and through, without changing a byte of it.
///
/// # Errors
/// When it is not sound.
pub async fn inspect_copy(file: &Path) -> Result<Facts> {
    let damaged = |what: &str| Error::Unfit(format!("the copy of the database is damaged: {what}"));
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    let mut tx = Tx::Sqlite(pool.begin().await.map_err(|e| damaged(&e.to_string()))?);
    let Tx::Sqlite(t) = &mut tx else { return Err(damaged("no connection")) };
    let said: Vec<(String,)> = sqlx::query_as("pragma integrity_check(5)").fetch_all(&mut **t).await.map_err(|e| damaged(&e.to_string()))?;
    if said.first().is_none_or(|s| s.0 != "ok") {
        return Err(damaged(&said.into_iter().map(|s| s.0).collect::<Vec<_>>().join("; ")));
    }
    let facts = tx.facts().await;
    drop(tx);
    pool.close().await;
    facts
}

/// Brings a dump into an empty PostgreSQL database, everything but the journal's head row, which [`Store::start_epoch`] writes last: a database
/// without it refuses to be served. `scratch` is a folder for a temporary file.
///
/// # Errors
/// When the database is not empty, a tool is missing, or the dump is not sound; nothing was written then, or what was written is not served.
pub async fn restore_dump(url: &str, dump: &Path, facts: &Facts, scratch: &Path) -> Result<Store> {
    let store = super::open_postgis(url).await?;
    ensure_empty(&store).await?;
    pg_tools::restore(&Server::parse(url)?, dump, scratch).await?;
    let mut tx = store.read().await?;
    for (table, expected) in facts.rows.iter().filter(|(table, _)| *table != "journal_head") {
        let found = tx.count(table).await?;
        if found != *expected {
            return Err(Error::Unfit(format!(
                "the dump brought {found} rows of {table}, not {expected}: empty the database, this backup is damaged"
            )));
        }
    }
    drop(tx);
    Ok(store)
}

/// Refuses a database that holds any table.
///
/// # Errors
/// When it does.
pub async fn ensure_empty(store: &Store) -> Result<()> {
    match store.read().await?.tables().await?.first() {
        Some(table) => Err(Error::Unfit(format!("this database is not empty (it has a table `{table}`); nothing was written. Make a new one"))),
        None => Ok(()),
    }
}

/// Makes an empty database beside the one of an address; gives its address.
///
/// # Errors
/// When the role may not.
pub async fn make_scratch_database(url: &str) -> Result<String> {
    let server = Server::parse(url)?;
    let name = format!("bouillon_verify_{}_{}", std::process::id(), uuid::Uuid::now_v7().simple());
    let mut c = PgConnection::connect(url).await?;
    sqlx::query(AssertSqlSafe(format!("create database {name}"))).execute(&mut c).await.map_err(|e| {
        Error::Unfit(format!("a temporary database is needed and could not be made ({e}); let the role do it: alter role … createdb"))
    })?;
    c.close().await?;
    Ok(server.with_database(&name))
}

/// Removes a database that [`make_scratch_database`] made.
///
/// # Errors
/// When the server refuses.
pub async fn drop_scratch_database(url: &str, scratch: &str) -> Result<()> {
    let name = Server::parse(scratch)?.database();
    let mut c = PgConnection::connect(url).await?;
    sqlx::query(AssertSqlSafe(format!("drop database if exists {name} with (force)"))).execute(&mut c).await?;
    c.close().await?;
    Ok(())
}

/// Whether the tools that a copy of this database needs are there.
///
/// # Errors
/// Which one is missing.
pub fn tools_are_there(url: &str) -> Result<()> {
    if is_postgres(url) { pg_tools::find("pg_dump").map(|_| ()) } else { Ok(()) }
}

fn text_of(file: &Path) -> Result<&str> {
    file.to_str().ok_or_else(|| Error::Unfit(format!("the path {} is not UTF-8", file.display())))
}
