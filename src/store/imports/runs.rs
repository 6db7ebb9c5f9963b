//! Runs: one import of one file, from reading to applied or undone.

use crate::store::tx::{all, first, run};
use crate::store::{Error, Result, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// The file is being read.
    Reading,
    /// What it would do is known; nothing is written.
    Planned,
    /// It is being written.
    Applying,
    /// It is written.
    Applied,
    /// It is being undone.
    Undoing,
    /// It was undone.
    Undone,
    /// It was planned, and never applied.
    Discarded,
    /// The file could not be used.
    Failed,
}

impl RunState {
    const ALL: [Self; 8] = [Self::Reading, Self::Planned, Self::Applying, Self::Applied, Self::Undoing, Self::Undone, Self::Discarded, Self::Failed];

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Planned => "planned",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Discarded => "discarded",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

/// What a run does to how many: planned first, then what really happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCounts {
    /// New actors.
    pub create: u64,
    /// Actors that take over newer values.
    pub update: u64,
    /// Objects that are here as they are in the source.
    pub unchanged: u64,
    /// Values that only people changed here, and that stay.
    pub kept: u64,
    /// Actors of which a value changed here and at the source, differently.
    pub conflict: u64,
    /// Actors whose object is gone from the source.
    pub close: u64,
    /// Actors whose object was gone and is back.
    pub reappear: u64,
    /// Actors whose object has another number now.
    pub renumber: u64,
    /// New objects that are offered while people type, and not published.
    pub candidate: u64,
    /// Objects outside the territory.
    pub outside: u64,
    /// Objects whose edit the journal refused.
    pub refused: u64,
}

/// What undoing a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UndoCounts {
    /// Edits that were undone.
    pub undone: u64,
    /// Edits that were left, because somebody changed the same since.
    pub kept: u64,
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

/// What a run knows besides its columns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunFacts {
    /// Figures.
    pub counts: RunCounts,
    /// What undoing did.
    pub undo: Option<UndoCounts>,
    /// Why it failed.
    pub error: Option<Said>,
    /// How the boundary was asked for, so that the next file is read in the same way.
    pub boundary: Option<Value>,
    /// Name that the territory shall have.
    pub name: Option<String>,
    /// Base-map archive that it shall show instead of the one that was built.
    pub archive: Option<String>,
}

/// One run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id (UUIDv7).
    pub id: Uuid,
    /// Short address of the territory.
    pub slug: String,
    /// The data folder that holds its files.
    pub node: String,
    /// Name of the file.
    pub file: String,
    /// `extract` or `changes`.
    pub kind: String,
    /// Day of the data, `YYYY-MM-DD` UTC.
    pub data_date: Option<String>,
    /// How far it is.
    pub state: RunState,
    /// It made its territory.
    pub fresh: bool,
    /// UTC, milliseconds since 1970.
    pub created_at: i64,
    /// UTC, milliseconds since 1970.
    pub applied_at: Option<i64>,
    /// UTC, milliseconds since 1970.
    pub undone_at: Option<i64>,
    /// Everything else.
    pub facts: RunFacts,
}

type Row = (Uuid, String, String, String, String, Option<String>, String, bool, i64, Option<i64>, Option<i64>, Json<RunFacts>);

/// The columns of a run, in the order of [`Row`].
macro_rules! columns {
    ($rest:literal) => {
        concat!("select id, slug, node, file, kind, data_date, state, fresh, created_at, applied_at, undone_at, about from import_runs ", $rest)
    };
}

fn read(row: Row) -> Option<Run> {
    let (id, slug, node, file, kind, data_date, state, fresh, created_at, applied_at, undone_at, facts) = row;
    let state = RunState::parse(&state)?;
    Some(Run { id, slug, node, file, kind, data_date, state, fresh, created_at, applied_at, undone_at, facts: facts.0 })
}

/// Whether an error says that another run of the territory is under way.
pub fn is_taken(error: &Error) -> bool {
    matches!(error, Error::Database(e) if e.as_database_error().is_some_and(|d| d.is_unique_violation()))
}

impl Tx {
    /// Writes a run, new or not.
    ///
    /// # Errors
    /// When the database does not answer, or another run of the territory is under way ([`is_taken`]).
    pub async fn put_run(&mut self, r: &Run) -> Result<()> {
        run!(
            self,
            "insert into import_runs (id, slug, node, file, kind, data_date, state, fresh, created_at, applied_at, undone_at, about)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             on conflict (id) do update set slug = excluded.slug, node = excluded.node, file = excluded.file, kind = excluded.kind,
             data_date = excluded.data_date, state = excluded.state, fresh = excluded.fresh, applied_at = excluded.applied_at,
             undone_at = excluded.undone_at, about = excluded.about",
            r.id,
            &r.slug,
            &r.node,
            &r.file,
            &r.kind,
            r.data_date.as_deref(),
            r.state.as_str(),
            r.fresh,
            r.created_at,
            r.applied_at,
            r.undone_at,
            Json(&r.facts)
        );
        Ok(())
    }

    /// Moves a run from one state to another; false when it was not in that state.
    ///
    /// # Errors
    /// When the database does not answer, or another run of the territory is under way ([`is_taken`]).
    pub async fn move_run(&mut self, id: Uuid, from: RunState, to: RunState) -> Result<bool> {
        Ok(run!(self, "update import_runs set state = $3 where id = $1 and state = $2", id, from.as_str(), to.as_str()) == 1)
    }

    /// One run.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn run(&mut self, id: Uuid) -> Result<Option<Run>> {
        Ok(first!(self, Row, columns!("where id = $1"), id).and_then(read))
    }

    /// The runs of a territory before one, newest first; of all of them without a territory.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn runs(&mut self, slug: Option<&str>, before: Option<Uuid>, limit: i64) -> Result<Vec<Run>> {
        let before = before.unwrap_or(Uuid::max());
        let rows = match slug {
            Some(slug) => all!(self, Row, columns!("where slug = $1 and id < $2 order by id desc limit $3"), slug, before, limit),
            None => all!(self, Row, columns!("where id < $1 order by id desc limit $2"), before, limit),
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// The run of a territory that is under way.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn active_run(&mut self, slug: &str) -> Result<Option<Run>> {
        let row = first!(self, Row, columns!("where slug = $1 and state in ('reading', 'planned', 'applying', 'undoing') limit 1"), slug);
        Ok(row.and_then(read))
    }

    /// The runs of a territory that stand applied, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn applied_runs(&mut self, slug: &str) -> Result<Vec<Run>> {
        let rows = all!(self, Row, columns!("where slug = $1 and state in ('applied', 'undoing') order by applied_at desc, id desc"), slug);
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// What was under way when its process died, or is under way in another one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn runs_left(&mut self) -> Result<Vec<Run>> {
        let rows = all!(self, Row, columns!("where state in ('reading', 'applying', 'undoing') order by id"));
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Takes a run away that did nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_run(&mut self, id: Uuid) -> Result<()> {
        run!(self, "delete from import_items where run = $1", id);
        run!(self, "delete from import_runs where id = $1", id);
        Ok(())
    }
}
