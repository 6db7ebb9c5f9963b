//! The migrations, embedded in the binary: the same names for both back-ends, only ever added to.

use super::{Result, Store};
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use std::borrow::Cow;

macro_rules! embedded {
    ($folder:literal: $($name:literal),* $(,)?) => {
        vec![$(($name, include_str!(concat!("../../migrations/", $folder, "/", $name, ".sql")).into_sql_str())),*]
    };
}

impl Store {
    /// Applies the migrations that are missing. PostgreSQL takes a lock, so that two nodes can start together.
    pub(super) async fn migrate(&self) -> Result<()> {
        let list = match self {
            Self::Sqlite { .. } => {
                embedded!("sqlite": "0001_journal", "0002_actors_and_territories", "0003_imports", "0004_accounts", "0005_addresses", "0006_basemaps", "0007_import_runs")
            }
            Self::Postgis { .. } => {
                embedded!("postgis": "0001_journal", "0002_actors_and_territories", "0003_imports", "0004_accounts", "0005_addresses", "0006_basemaps", "0007_import_runs")
            }
        };
        let numbered = list.into_iter().map(|(name, sql)| {
            let (number, words) = name.split_once('_').unwrap_or((name, name));
            Migration::new(number.parse().unwrap_or(i64::MAX), Cow::Owned(words.replace('_', " ")), MigrationType::Simple, sql, false)
        });
        let migrator = Migrator::with_migrations(numbered.collect());
        match self {
            Self::Sqlite { writer, .. } => migrator.run(writer).await?,
            Self::Postgis { pool, .. } => migrator.run(pool).await?,
        }
        Ok(())
    }
}
