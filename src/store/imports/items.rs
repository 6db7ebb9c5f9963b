//! Items: what a run does to each object of its source, with what undoing needs.

use super::{Case, Imported};
use crate::store::tx::{all, first, insert, run};
use crate::store::{Result, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// What a run does to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A new actor.
    Create,
    /// An actor takes over newer values.
    Update,
    /// A value changed here and at the source, differently.
    Conflict,
    /// Gone from the source.
    Close,
    /// Once gone, and back.
    Reappear,
    /// Under another number.
    Renumber,
    /// Offered while people type.
    Candidate,
    /// The journal said no.
    Refused,
    /// Nothing that people see: only what is remembered of the source.
    Same,
}

impl Action {
    const ALL: [Self; 9] =
        [Self::Create, Self::Update, Self::Conflict, Self::Close, Self::Reappear, Self::Renumber, Self::Candidate, Self::Refused, Self::Same];

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Conflict => "conflict",
            Self::Close => "close",
            Self::Reappear => "reappear",
            Self::Renumber => "renumber",
            Self::Candidate => "candidate",
            Self::Refused => "refused",
            Self::Same => "same",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == word)
    }
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It follows the source.
    Set,
    /// Only people changed it.
    Kept,
    /// Both changed it.
    Conflict,
}

/// A field of which the three values are not all the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemField {
    /// Name of the field.
    pub field: String,
    /// As last imported.
    pub last: Value,
    /// As the source has it now.
    pub source: Value,
    /// As it stands here.
    pub here: Value,
    /// What becomes of it.
    pub what: What,
}

/// What a run does to one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Place in the list.
    pub number: i64,
    /// What is done.
    pub action: Action,
    /// `osm:node/12`.
    pub reference: String,
    /// The number it had before.
    #[serde(default)]
    pub old_reference: Option<String>,
    /// The actor.
    #[serde(default)]
    pub actor: Option<Uuid>,
    /// Its name, or an empty text.
    pub name: String,
    /// Its category.
    #[serde(default)]
    pub category: Option<String>,
    /// Degrees WGS84.
    #[serde(default)]
    pub lon: Option<f64>,
    /// Degrees WGS84.
    #[serde(default)]
    pub lat: Option<f64>,
    /// Of a candidate the reason, of a refusal the sentence.
    #[serde(default)]
    pub reason: Option<String>,
    /// Fields that changed somewhere.
    #[serde(default)]
    pub fields: Vec<ItemField>,
}

/// What a run leaves of one object, in the transaction of its edit if it has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The run.
    pub run: Uuid,
    /// For its list.
    pub item: Item,
    /// The origin as it was; none when the object was not imported before.
    pub before: Option<Imported>,
    /// The origin as it is from now on.
    pub origin: Option<Imported>,
    /// Cases that open.
    pub cases: Vec<Case>,
    /// Cases that have become pointless.
    pub ended: Vec<Uuid>,
}

/// A line of a run's list.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The run.
    pub run: Uuid,
    /// What is done.
    pub item: Item,
    /// The origin as it was.
    pub before: Option<Imported>,
}

impl Note {
    /// Its line in the list.
    pub fn line(&self) -> Line {
        Line { run: self.run, item: self.item.clone(), before: self.before.clone() }
    }
}

/// Lines written at once.
const AT_ONCE: usize = 500;

impl Tx {
    /// Writes what a run leaves of an object, all but its line in the list, which goes with others by [`Tx::put_items`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_note(&mut self, note: &Note, at: i64) -> Result<()> {
        if let Some(origin) = &note.origin {
            if let Some(before) = note.before.as_ref().filter(|b| b.reference != origin.reference) {
                run!(self, "delete from origins where reference = $1", &before.reference);
            }
            self.put_imported(origin, at).await?;
        }
        for id in &note.ended {
            run!(self, "update import_cases set ended_run = $2 where id = $1 and ended_run is null", *id, note.run);
        }
        for case in &note.cases {
            self.put_case(case).await?;
        }
        Ok(())
    }

    /// Writes lines of runs; `done` when they are no plan any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_items(&mut self, lines: &[Line], done: bool) -> Result<()> {
        const ADD: &str = "insert into import_items (run, number, action, reference, done, item, earlier) ";
        for some in lines.chunks(AT_ONCE) {
            insert!(self, ADD, some, |row, line| {
                row.push_bind(line.run).push_bind(line.item.number).push_bind(line.item.action.as_str()).push_bind(&line.item.reference);
                row.push_bind(done).push_bind(Json(&line.item)).push_bind(line.before.as_ref().map(Json))
            });
        }
        Ok(())
    }

    /// Items of a run after a number, those that people see; of one action or of all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn items(&mut self, of_run: Uuid, action: Option<Action>, after: i64, limit: i64) -> Result<Vec<Item>> {
        type Row = (Json<Item>,);
        let rows = match action {
            Some(action) => all!(
                self,
                Row,
                "select item from import_items where run = $1 and action = $2 and number > $3 order by number limit $4",
                of_run,
                action.as_str(),
                after,
                limit
            ),
            None => all!(
                self,
                Row,
                "select item from import_items where run = $1 and action <> 'same' and number > $2 order by number limit $3",
                of_run,
                after,
                limit
            ),
        };
        Ok(rows.into_iter().map(|r| r.0.0).collect())
    }

    /// What a run did, after a number, with the origins as they were.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn items_done(&mut self, of_run: Uuid, after: i64, limit: i64) -> Result<Vec<(Item, Option<Imported>)>> {
        let rows = all!(
            self,
            (Json<Item>, Option<Json<Imported>>),
            "select item, earlier from import_items where run = $1 and done and number > $2 order by number limit $3",
            of_run,
            after,
            limit
        );
        Ok(rows.into_iter().map(|(item, before)| (item.0, before.map(|b| b.0))).collect())
    }

    /// How many items of each action a run has.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_items(&mut self, of_run: Uuid) -> Result<Vec<(Action, i64)>> {
        let rows = all!(self, (String, i64), "select action, count(*) from import_items where run = $1 group by action", of_run);
        Ok(rows.into_iter().filter_map(|(action, n)| Some((Action::parse(&action)?, n))).collect())
    }

    /// The last number of a run's items that are done, and how many there are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn done_items(&mut self, of_run: Uuid) -> Result<(i64, i64)> {
        let row = first!(self, (i64, i64), "select coalesce(max(number), 0), count(*) from import_items where run = $1 and done", of_run);
        Ok(row.unwrap_or_default())
    }

    /// Takes away what was planned and is not done.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_plan(&mut self, of_run: Uuid) -> Result<()> {
        run!(self, "delete from import_items where run = $1 and not done", of_run);
        Ok(())
    }
}
