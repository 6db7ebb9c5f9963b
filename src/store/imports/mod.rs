//! What imports leave behind: runs with their items and cases, origins, candidates.

mod cases;
mod items;
mod origins;
mod runs;

pub use cases::{Case, CaseKind};
pub use items::{Action, Item, ItemField, Line, Note, What};
pub use origins::Known;
pub use runs::{Run, RunCounts, RunFacts, RunState, Said, UndoCounts, is_taken};

use super::tx::{all, first, run};
use super::{Result, Tx};
use crate::model::Fields;
use crate::model::text::fold;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

/// The values last imported from a source, kept beside the actor they became.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// `osm:node/12`.
    pub reference: String,
    /// The actor.
    pub actor: Uuid,
    /// Version of the object in its source.
    pub version: i64,
    /// SPDX name of the licence.
    pub licence: String,
    /// The values as imported.
    pub values: Fields,
    /// The import that wrote them.
    pub run: Uuid,
}

/// What a source holds and the import did not publish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Stable across imports of the same object.
    pub id: Uuid,
    /// `osm:node/12`.
    pub reference: String,
    /// Name, or an empty text.
    pub name: String,
    /// Category, or an empty text.
    pub category: String,
    /// `unnamed`, `off_by_default`, `to_classify` or `duplicate`.
    pub reason: String,
    /// Degrees WGS84.
    pub lon: f64,
    /// Degrees WGS84.
    pub lat: f64,
    /// The fields of the actor it would become.
    pub fields: Fields,
}

type CandidateRow = (Uuid, String, String, String, String, f64, f64, Json<Fields>);

fn candidate(row: CandidateRow) -> Candidate {
    let (id, reference, name, category, reason, lon, lat, fields) = row;
    Candidate { id, reference, name, category, reason, lon, lat, fields: fields.0 }
}

impl Tx {
    /// Keeps what was imported for an object.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_imported(&mut self, i: &Imported, at: i64) -> Result<()> {
        run!(
            self,
            "insert into origins (reference, actor, version, licence, imported, run, at) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (reference) do update set actor = excluded.actor, version = excluded.version, licence = excluded.licence, imported = excluded.imported,
             run = excluded.run, at = excluded.at",
            &i.reference,
            i.actor,
            i.version,
            &i.licence,
            Json(&i.values),
            i.run,
            at
        );
        Ok(())
    }

    /// Replaces the candidates of a territory; those already taken over stay marked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_candidates(&mut self, territory: Uuid, run: Uuid, list: &[Candidate]) -> Result<()> {
        for c in list {
            run!(
                self,
                "insert into candidates (id, territory, reference, name, folded, category, reason, lon, lat, fields, run)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                 on conflict (territory, reference) do update set name = excluded.name, folded = excluded.folded, category = excluded.category,
                 reason = excluded.reason, lon = excluded.lon, lat = excluded.lat, fields = excluded.fields, run = excluded.run",
                c.id,
                territory,
                &c.reference,
                &c.name,
                fold(&c.name),
                &c.category,
                &c.reason,
                c.lon,
                c.lat,
                Json(&c.fields),
                run
            );
        }
        run!(self, "delete from candidates where territory = $1 and run <> $2 and taken_by is null", territory, run);
        Ok(())
    }

    /// The candidates of a territory that nobody took over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn candidates(&mut self, territory: Uuid) -> Result<Vec<Candidate>> {
        let rows = all!(
            self,
            CandidateRow,
            "select id, reference, name, category, reason, lon, lat, fields from candidates where territory = $1 and taken_by is null order by folded, reference",
            territory
        );
        Ok(rows.into_iter().map(candidate).collect())
    }

    /// The references of all candidates that nobody took over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn offered(&mut self) -> Result<Vec<String>> {
        let rows = all!(self, (String,), "select reference from candidates where taken_by is null");
        Ok(rows.into_iter().map(|r| r.0).collect())
    }

    /// One candidate that nobody took over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn candidate(&mut self, id: Uuid) -> Result<Option<Candidate>> {
        let row = first!(
            self,
            CandidateRow,
            "select id, reference, name, category, reason, lon, lat, fields from candidates where id = $1 and taken_by is null",
            id
        );
        Ok(row.map(candidate))
    }

    /// Marks a candidate as taken over by an actor.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_candidate(&mut self, id: Uuid, actor: Uuid) -> Result<()> {
        run!(self, "update candidates set taken_by = $2 where id = $1", id, actor);
        Ok(())
    }

    /// How many candidates a territory has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_candidates(&mut self, territory: Uuid) -> Result<i64> {
        let row = first!(self, (i64,), "select count(*) from candidates where territory = $1 and taken_by is null", territory);
        Ok(row.map_or(0, |r| r.0))
    }
}
