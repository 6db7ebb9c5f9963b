//! Origins: where an actor came from, and the values last imported.

use super::Imported;
use crate::model::{Doc, Fields};
use crate::store::tx::{all, first, run};
use crate::store::{Result, Tx};
use sqlx::types::Json;
use uuid::Uuid;

/// An imported object and the actor that it became.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What was imported.
    pub origin: Imported,
    /// The territory that the actor was created in.
    pub home: Uuid,
    /// The actor as it is.
    pub doc: Doc,
}

/// References asked for at once.
const AT_ONCE: usize = 2000;

type Row = (String, Uuid, i64, String, Json<Fields>, Uuid, Uuid, Json<Doc>);

fn known(row: Row) -> Known {
    let (reference, actor, version, licence, values, run, home, doc) = row;
    Known { origin: Imported { reference, actor, version, licence, values: values.0, run }, home, doc: doc.0 }
}

impl Tx {
    /// Every imported object whose actor was created in a territory.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn known_in(&mut self, home: Uuid) -> Result<Vec<Known>> {
        let sql = "select o.reference, o.actor, o.version, o.licence, o.imported, o.run, a.home, a.doc
                   from origins o join actors a on a.id = o.actor where a.home = $1";
        Ok(all!(self, Row, sql, home).into_iter().map(known).collect())
    }

    /// The imported objects of these references, some thousands at a time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn known_as(&mut self, references: &[&str]) -> Result<Vec<Known>> {
        if first!(self, (i64,), "select cast(1 as bigint) from origins limit 1").is_none() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for some in references.chunks(AT_ONCE) {
            let list = serde_json::to_string(some).unwrap_or_default();
            let rows: Vec<Row> = match self {
                Self::Sqlite(t) => {
                    let sql = "select o.reference, o.actor, o.version, o.licence, o.imported, o.run, a.home, a.doc
                               from origins o join actors a on a.id = o.actor where o.reference in (select value from json_each($1))";
                    sqlx::query_as(sql).bind(list).fetch_all(&mut **t).await?
                }
                Self::Postgis(t) => {
                    let sql = "select o.reference, o.actor, o.version, o.licence, o.imported, o.run, a.home, a.doc
                               from origins o join actors a on a.id = o.actor
                               where o.reference in (select jsonb_array_elements_text($1::text::jsonb))";
                    sqlx::query_as(sql).bind(list).fetch_all(&mut **t).await?
                }
            };
            found.extend(rows.into_iter().map(known));
        }
        Ok(found)
    }

    /// Puts an origin back as it was before a run, unless something else has written it since; without one it goes away.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_origin_back(&mut self, of_run: Uuid, reference: &str, before: Option<&Imported>, at: i64) -> Result<()> {
        let gone = run!(self, "delete from origins where reference = $1 and run = $2", reference, of_run) == 1;
        if let Some(before) = before.filter(|_| gone) {
            self.put_imported(before, at).await?;
        }
        Ok(())
    }
}
