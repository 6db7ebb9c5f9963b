//! Which base-map archive a territory shows.

use super::tx::{first, run};
use super::{Result, Tx};
use uuid::Uuid;

impl Tx {
    /// Gives a territory the archive of a name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_basemap(&mut self, territory: Uuid, archive: &str, at: i64) -> Result<()> {
        run!(
            self,
            "insert into basemaps (territory, archive, at) values ($1, $2, $3)
             on conflict (territory) do update set archive = excluded.archive, at = excluded.at",
            territory,
            archive,
            at
        );
        Ok(())
    }

    /// Takes a territory's own archive away from it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_basemap(&mut self, territory: Uuid) -> Result<()> {
        run!(self, "delete from basemaps where territory = $1", territory);
        Ok(())
    }

    /// The name of a territory's own archive.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn basemap(&mut self, territory: Uuid) -> Result<Option<String>> {
        Ok(first!(self, (String,), "select archive from basemaps where territory = $1", territory).map(|(name,)| name))
    }
}
