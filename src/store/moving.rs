//! Moving from the SQLite file to PostgreSQL: every row of every table, ids and journal included, inside one transaction of the target.

use super::{Error, Result, Store, Tx, is_postgres, reach_postgis};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};
use std::fmt::Write;
use uuid::Uuid;

/// Rows that are read at once.
const PAGE: i64 = 2000;

/// How a value of one column crosses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Real,
    Boolean,
    Text,
    Uuid,
    Bytes,
}

impl Kind {
    fn of(data_type: &str) -> Option<Self> {
        Some(match data_type {
            "bigint" | "integer" => Self::Integer,
            "double precision" => Self::Real,
            "boolean" => Self::Boolean,
            "text" | "jsonb" => Self::Text,
            "uuid" => Self::Uuid,
            "bytea" => Self::Bytes,
            _ => return None,
        })
    }
}

impl Store {
    /// Opens the PostgreSQL database that an installation is to move to, and writes nothing to it.
    ///
    /// # Errors
    /// When the address is none of PostgreSQL's or the database does not answer.
    pub async fn reach(url: &str) -> Result<Self> {
        if !is_postgres(url) {
            return Err(Error::Unfit("the target must be postgres://…".into()));
        }
        reach_postgis(url).await
    }
}

impl Tx {
    /// What keeps this database, the target, from taking an installation in; a sentence each.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn obstacles_here(&mut self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        if let Some(table) = self.tables().await?.first() {
            found.push(format!("the target is not empty: it has a table `{table}`"));
        }
        if let Self::Postgis(t) = self {
            let sql = "select count(*) from pg_available_extensions where name = 'postgis'";
            let (postgis,): (i64,) = sqlx::query_as(sql).fetch_one(&mut **t).await?;
            if postgis == 0 {
                found.push("PostGIS is not installed on the target's server".into());
            }
        }
        Ok(found)
    }

    /// What of this database, the source, PostgreSQL would not take: it knows no text with a zero character.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn texts_with_zero(&mut self) -> Result<Vec<String>> {
        let tables = self.tables().await?;
        let Self::Sqlite(t) = self else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for table in tables {
            let sql = "select name from pragma_table_info($1) where lower(type) = 'text'";
            let columns: Vec<(String,)> = sqlx::query_as(sql).bind(&table).fetch_all(&mut **t).await?;
            for (column,) in columns {
                let sql = format!(r#"select count(*) from "{table}" where instr("{column}", char(0)) > 0 or instr("{column}", '\u0000') > 0"#);
                let (count,): (i64,) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut **t).await?;
                if count > 0 {
                    found.push(format!("{count} rows of {table}.{column} hold a zero character"));
                }
            }
        }
        Ok(found)
    }

    /// Makes the tables here and fills them from another database, all in this transaction. `done` hears each table and its rows.
    ///
    /// # Errors
    /// When either database refuses; nothing was written then.
    pub async fn take_in(&mut self, source: &mut Self, migrations: &Store, mut done: impl FnMut(&str, u64)) -> Result<()> {
        let (Self::Postgis(target), Self::Sqlite(_)) = (&mut *self, &*source) else {
            return Err(Error::Unfit("a move goes from SQLite to PostgreSQL".into()));
        };
        sqlx::query("create extension if not exists postgis").execute(&mut **target).await?;
        migrations.migrator().run(&mut **target).await?;
        // The migrations have made the first head row; the source's takes its place.
        sqlx::query("delete from journal_head").execute(&mut **target).await?;
        for table in self.tables().await? {
            let rows = self.take_table(source, &table).await?;
            done(&table, rows);
        }
        Ok(())
    }

    async fn take_table(&mut self, source: &mut Self, table: &str) -> Result<u64> {
        let (Self::Postgis(target), Self::Sqlite(source)) = (self, source) else { return Ok(0) };
        let sql = "select column_name::text, data_type::text from information_schema.columns
                   where table_schema = current_schema() and table_name = $1 and is_generated = 'NEVER' order by ordinal_position";
        let described: Vec<(String, String)> = sqlx::query_as(sql).bind(table).fetch_all(&mut **target).await?;
        let mut kinds = Vec::new();
        for (column, data_type) in &described {
            kinds.push(Kind::of(data_type).ok_or_else(|| Error::Unfit(format!("{table}.{column} is of a type that can't be moved: {data_type}")))?);
        }
        let columns = described.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let select = format!("select rowid, {columns} from \"{table}\" where rowid > $1 order by rowid limit {PAGE}");
        let mut copy = target.copy_in_raw(&format!("copy \"{table}\" ({columns}) from stdin")).await?;
        let (mut last, mut text) = (i64::MIN, String::new());
        loop {
            let rows = sqlx::query(AssertSqlSafe(select.clone())).bind(last).fetch_all(&mut **source).await?;
            let Some(end) = rows.last() else { break };
            last = end.try_get(0)?;
            text.clear();
            for row in &rows {
                line(&mut text, row, &kinds)?;
            }
            copy.send(text.as_bytes()).await?;
        }
        Ok(copy.finish().await?)
    }
}

/// A row as `copy … from stdin` reads it: values between tabs, `\N` for none. The first column of the row is its number in SQLite.
fn line(text: &mut String, row: &SqliteRow, kinds: &[Kind]) -> Result<()> {
    for (i, kind) in kinds.iter().enumerate() {
        if i > 0 {
            text.push('\t');
        }
        let at = i + 1;
        let written = match kind {
            Kind::Integer => row.try_get_unchecked::<Option<i64>, _>(at)?.map(|v| write!(text, "{v}")),
            // The shortest digits that read back as the same number.
            Kind::Real => row.try_get_unchecked::<Option<f64>, _>(at)?.map(|v| write!(text, "{v:?}")),
            Kind::Boolean => row.try_get_unchecked::<Option<bool>, _>(at)?.map(|v| write!(text, "{v}")),
            Kind::Uuid => row.try_get_unchecked::<Option<Uuid>, _>(at)?.map(|v| write!(text, "{v}")),
            Kind::Bytes => row.try_get_unchecked::<Option<Vec<u8>>, _>(at)?.map(|v| bytes(text, &v)),
            Kind::Text => row.try_get_unchecked::<Option<String>, _>(at)?.map(|v| escaped(text, &v)),
        };
        if written.is_none() {
            text.push_str("\\N");
        }
    }
    text.push('\n');
    Ok(())
}

fn bytes(text: &mut String, value: &[u8]) -> std::fmt::Result {
    text.push_str("\\\\x");
    value.iter().try_for_each(|b| write!(text, "{b:02x}"))
}

fn escaped(text: &mut String, value: &str) -> std::fmt::Result {
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c => text.push(c),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copy_reads_as_a_sign_is_written_as_a_text() {
        let mut text = String::new();
        escaped(&mut text, "a\tb\\N\nc\r\\.").unwrap();
        assert_eq!(text, "a\\tb\\\\N\\nc\\r\\\\.");
        text.clear();
        bytes(&mut text, &[0, 255]).unwrap();
        assert_eq!(text, "\\\\x00ff");
    }
}
