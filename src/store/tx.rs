//! A transaction on either back-end, and the few macros that run one statement on whichever it is.

use super::{CHANNEL, Error, Result};
use sqlx::{Postgres, Sqlite, Transaction};

/// A transaction. Dropping it without [`Tx::commit`] undoes it.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgis(Transaction<'static, Postgres>),
}

/// Runs `$body` with `$c` as the connection of whichever back-end it is.
macro_rules! on {
    ($tx:expr, $c:ident => $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(t) => {
                let $c = &mut **t;
                $body
            }
            $crate::store::Tx::Postgis(t) => {
                let $c = &mut **t;
                $body
            }
        }
    };
}

/// Runs a statement; gives the number of rows it touched.
macro_rules! run {
    ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::store::tx::on!($tx, c => sqlx::query($sql)$(.bind($arg))*.execute(c).await?.rows_affected())
    };
}

/// All rows of a query, as tuples.
macro_rules! all {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::store::tx::on!($tx, c => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_all(c).await?)
    };
}

/// The first row of a query, if any.
macro_rules! first {
    ($tx:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::store::tx::on!($tx, c => sqlx::query_as::<_, $row>($sql)$(.bind($arg))*.fetch_optional(c).await?)
    };
}

/// All rows of a query whose text ends in `in (`, for a list that is not empty; `$tail` comes after the list.
macro_rules! among {
    ($tx:expr, $row:ty, $sql:expr, $list:expr $(, $tail:expr)?) => {
        match $tx {
            $crate::store::Tx::Sqlite(t) => $crate::store::tx::among!(@sqlx::Sqlite, t, $row, $sql, $list $(, $tail)?),
            $crate::store::Tx::Postgis(t) => $crate::store::tx::among!(@sqlx::Postgres, t, $row, $sql, $list $(, $tail)?),
        }
    };
    (@$database:ty, $t:expr, $row:ty, $sql:expr, $list:expr $(, $tail:expr)?) => {{
        let mut query = sqlx::QueryBuilder::<$database>::new($sql);
        let mut values = query.separated(", ");
        // The last one again and again up to a power of two, so that there are few statements to prepare and they stay prepared.
        for value in $list.iter().chain($list.last().into_iter().cycle()).take($list.len().next_power_of_two()) {
            values.push_bind(value);
        }
        values.push_unseparated(")");
        $(query.push($tail);)?
        query.build_query_as::<$row>().fetch_all(&mut **$t).await?
    }};
}

/// Inserts rows with one statement; `$text` ends before `values`, `$tail` comes after the rows. The list must not be empty, and rows × columns
/// not pass 30,000.
macro_rules! insert {
    ($tx:expr, $text:expr, $rows:expr, |$values:ident, $row:ident| $push:expr $(, $tail:expr)?) => {
        match $tx {
            $crate::store::Tx::Sqlite(t) => $crate::store::tx::insert!(@sqlx::Sqlite, t, $text, $rows, |$values, $row| $push $(, $tail)?),
            $crate::store::Tx::Postgis(t) => $crate::store::tx::insert!(@sqlx::Postgres, t, $text, $rows, |$values, $row| $push $(, $tail)?),
        }
    };
    (@$database:ty, $t:expr, $text:expr, $rows:expr, |$values:ident, $row:ident| $push:expr $(, $tail:expr)?) => {{
        let mut query = sqlx::QueryBuilder::<$database>::new($text);
        query.push_values($rows, |mut $values, $row| {
            $push;
        });
        $(query.push($tail);)?
        query.build().persistent($rows.len() == 1).execute(&mut **$t).await?.rows_affected()
    }};
}

pub(super) use {all, among, first, insert, on, run};

impl Tx {
    /// Makes everything durable. Only after this may anything be acknowledged. When the commit fails and nobody can know whether it
    /// reached the disk, the process ends here.
    ///
    /// # Errors
    /// Only when the disk is full ([`super::Error::is_full`]): then nothing was written.
    pub async fn commit(self) -> Result<()> {
        let done = match self {
            Self::Sqlite(t) => t.commit().await,
            Self::Postgis(t) => t.commit().await,
        };
        match done.map_err(Error::from) {
            Err(e) if super::broken("commit-ignored") => {
                tracing::warn!("going on after a failed commit: {e}");
                Ok(())
            }
            Err(e) if !e.is_full() => super::stop(&e),
            done => done,
        }
    }

    /// Wakes the followers of other nodes when this transaction commits. Only a wake-up: they also look every 2 s.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn wake_others(&mut self, head: i64) -> Result<()> {
        if let Self::Postgis(t) = self {
            sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(head.to_string()).execute(&mut **t).await?;
        }
        Ok(())
    }

    /// Marks a point that [`Tx::back_to_mark`] returns to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn mark(&mut self) -> Result<()> {
        run!(self, "savepoint one_edit");
        Ok(())
    }

    /// Keeps what was written since the mark.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_since_mark(&mut self) -> Result<()> {
        run!(self, "release savepoint one_edit");
        Ok(())
    }

    /// Undoes what was written since the mark.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn back_to_mark(&mut self) -> Result<()> {
        run!(self, "rollback to savepoint one_edit");
        run!(self, "release savepoint one_edit");
        Ok(())
    }
}
