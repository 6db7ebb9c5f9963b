//! Cases: what a run leaves to the moderators: values that changed on both sides, and things that are gone from the source.

use crate::store::tx::{all, first, run};
use crate::store::{Result, Tx};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// Kind of case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseKind {
    /// A value changed here and at the source.
    Conflict,
    /// An object is gone from the source.
    Closing,
}

impl CaseKind {
    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Closing => "closing",
        }
    }
}

/// One question to the moderators.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub kind: CaseKind,
    /// The territory that the actor was created in.
    pub territory: Uuid,
    /// The actor.
    pub actor: Uuid,
    /// Of a conflict, the field.
    pub field: Option<String>,
    /// `osm:node/12`.
    pub reference: String,
    /// The value imported before.
    pub last: Value,
    /// The value here when it was last shown; of a closing, the status.
    pub here: Value,
    /// The value of the source.
    pub source: Value,
    /// The run that asks.
    pub run: Uuid,
    /// UTC, milliseconds since 1970.
    pub at: i64,
    /// What was decided.
    pub decision: Option<String>,
}

type Row = (Uuid, String, Uuid, Uuid, Option<String>, String, Json<Value>, Json<Value>, Json<Value>, Uuid, i64, Option<String>);

/// The columns of a case, in the order of [`Row`].
macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select c.id, c.kind, c.territory, c.actor, c.field, c.reference, c.last, c.here, c.source, c.run, c.at, c.decision from import_cases c ",
            $rest
        )
    };
}

fn read(row: Row) -> Case {
    let (id, kind, territory, actor, field, reference, last, here, source, run, at, decision) = row;
    let kind = if kind == "closing" { CaseKind::Closing } else { CaseKind::Conflict };
    Case { id, kind, territory, actor, field, reference, last: last.0, here: here.0, source: source.0, run, at, decision }
}

impl Tx {
    /// Opens a case.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_case(&mut self, c: &Case) -> Result<()> {
        run!(
            self,
            "insert into import_cases (id, kind, territory, actor, field, reference, last, here, source, run, at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (id) do nothing",
            c.id,
            c.kind.as_str(),
            c.territory,
            c.actor,
            c.field.as_deref(),
            &c.reference,
            Json(&c.last),
            Json(&c.here),
            Json(&c.source),
            c.run,
            c.at
        );
        Ok(())
    }

    /// Cases that a run must know of: the open ones, and the closings that were decided and have not become pointless.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn standing_cases(&mut self) -> Result<Vec<Case>> {
        let rows = all!(self, Row, columns!("where c.ended_run is null and (c.decision is null or c.kind = 'closing') order by c.at, c.id"));
        Ok(rows.into_iter().map(read).collect())
    }

    /// Open cases about the actors of a territory, after one, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_cases(&mut self, territory: Uuid, after: (i64, Uuid), limit: i64) -> Result<Vec<Case>> {
        let rows = all!(
            self,
            Row,
            columns!(
                "join actors a on a.id = c.actor where c.decision is null and c.ended_run is null and not a.deleted
                 and (c.territory = $1 or c.actor in (select actor from memberships where territory = $1))
                 and (c.at > $2 or (c.at = $2 and c.id > $3)) order by c.at, c.id limit $4"
            ),
            territory,
            after.0,
            after.1,
            limit
        );
        Ok(rows.into_iter().map(read).collect())
    }

    /// How many cases wait for a moderator anywhere.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_all_cases(&mut self) -> Result<i64> {
        let sql = "select count(*) from import_cases c join actors a on a.id = c.actor
                   where c.decision is null and c.ended_run is null and not a.deleted";
        Ok(first!(self, (i64,), sql).map_or(0, |r| r.0))
    }

    /// How many cases are open about the actors of a territory.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_cases(&mut self, territory: Uuid) -> Result<i64> {
        let row = first!(
            self,
            (i64,),
            "select count(*) from import_cases c join actors a on a.id = c.actor where c.decision is null and c.ended_run is null and not a.deleted
             and (c.territory = $1 or c.actor in (select actor from memberships where territory = $1))",
            territory
        );
        Ok(row.map_or(0, |r| r.0))
    }

    /// One open case.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_case(&mut self, id: Uuid) -> Result<Option<Case>> {
        Ok(first!(self, Row, columns!("where c.id = $1 and c.decision is null and c.ended_run is null"), id).map(read))
    }

    /// Shows another value as that which stands here.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn show_case(&mut self, id: Uuid, here: &Value) -> Result<()> {
        run!(self, "update import_cases set here = $2 where id = $1", id, Json(here));
        Ok(())
    }

    /// Settles a case; false when somebody else did.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle_case(&mut self, id: Uuid, decision: &str, by: Option<Uuid>, at: i64) -> Result<bool> {
        let sql = "update import_cases set decision = $2, decided_by = $3, decided_at = $4 where id = $1 and decision is null and ended_run is null";
        Ok(run!(self, sql, id, decision, by, at) == 1)
    }

    /// Takes back what a run did to the queue.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn undo_cases(&mut self, of_run: Uuid) -> Result<()> {
        run!(self, "delete from import_cases where run = $1", of_run);
        run!(self, "update import_cases set ended_run = null where ended_run = $1", of_run);
        Ok(())
    }
}
