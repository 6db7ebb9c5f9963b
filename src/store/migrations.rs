//! The migrations, embedded in the binary: the same names for both back-ends, only ever added to.

use super::copies::half_restored;
use super::tx::first;
use super::{Error, Result, Store, Tx};
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use std::borrow::Cow;

macro_rules! embedded {
    ($folder:literal: $($name:literal),* $(,)?) => {
        vec![$(($name, include_str!(concat!("../../migrations/", $folder, "/", $name, ".sql")).into_sql_str())),*]
    };
}

/// How far the tables of a database are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Number of the newest migration that the database has; 0 when it has no tables yet.
    pub applied: i64,
    /// Number of the newest migration that this program has.
    pub known: i64,
}

impl Schema {
    /// Whether there is something in the database that a migration would change.
    pub fn is_behind(self) -> bool {
        self.applied > 0 && self.applied < self.known
    }

    /// Refuses a database that a newer program has already changed.
    ///
    /// # Errors
    /// When it is newer.
    pub fn check(self) -> Result<()> {
        if self.applied <= self.known {
            return Ok(());
        }
        let (applied, known) = (self.applied, self.known);
        let sentence = format!(
            "the database has schema {applied}, this bouillon knows schemas up to {known}: run the newer bouillon, or restore the backup that was made before the update"
        );
        Err(Error::Unfit(sentence))
    }
}

impl Store {
    /// How far the tables are.
    ///
    /// # Errors
    /// When the database does not answer, or a restore was killed before its end.
    pub async fn schema(&self) -> Result<Schema> {
        let mut tx = self.read().await?;
        let applied = tx.schema_applied().await?;
        if applied > 0 && first!(&mut tx, (i64,), "select head from journal_head where one = 1").is_none() {
            return Err(half_restored());
        }
        Ok(Schema { applied, known: self.migrator().iter().map(|m| m.version).max().unwrap_or(0) })
    }

    /// Applies the migrations that are missing. PostgreSQL takes a lock, so that two nodes can start together.
    ///
    /// # Errors
    /// When the database is newer than this program, or refuses.
    pub async fn migrate(&self) -> Result<()> {
        self.schema().await?.check()?;
        let migrator = self.migrator();
        match self {
            Self::Sqlite { writer, .. } => migrator.run(writer).await?,
            Self::Postgis { pool, .. } => migrator.run(pool).await?,
        }
        Ok(())
    }

    /// The migrations of this back-end.
    pub(super) fn migrator(&self) -> Migrator {
        let list = match self {
            Self::Sqlite { .. } => {
                embedded!("sqlite": "0001_journal", "0002_actors_and_territories", "0003_imports", "0004_accounts", "0005_addresses", "0006_basemaps", "0007_import_runs", "0008_seances", "0009_works", "0010_relations")
            }
            Self::Postgis { .. } => {
                embedded!("postgis": "0001_journal", "0002_actors_and_territories", "0003_imports", "0004_accounts", "0005_addresses", "0006_basemaps", "0007_import_runs", "0008_seances", "0009_works", "0010_relations")
            }
        };
        let numbered = list.into_iter().map(|(name, sql)| {
            let (number, words) = name.split_once('_').unwrap_or((name, name));
            Migration::new(number.parse().unwrap_or(i64::MAX), Cow::Owned(words.replace('_', " ")), MigrationType::Simple, sql, false)
        });
        Migrator::with_migrations(numbered.collect())
    }
}

impl Tx {
    /// Number of the newest migration that the database has; 0 when there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn schema_applied(&mut self) -> Result<i64> {
        let there = match self {
            Self::Sqlite(t) => {
                let sql = "select count(*) from sqlite_master where name = '_sqlx_migrations'";
                sqlx::query_as::<_, (i64,)>(sql).fetch_one(&mut **t).await?.0
            }
            Self::Postgis(t) => {
                let sql = "select count(*) from pg_class where oid = to_regclass('_sqlx_migrations')";
                sqlx::query_as::<_, (i64,)>(sql).fetch_one(&mut **t).await?.0
            }
        };
        if there == 0 {
            return Ok(0);
        }
        Ok(first!(self, (i64,), "select coalesce(max(version), 0) from _sqlx_migrations").map_or(0, |r| r.0))
    }
}
