//! The journal's rows: head, entries, acks, conflicts.

use super::tx::{all, among, first, insert, run};
use super::{Result, Tx};
use crate::model::{Ack, EditKind, Entry, Fields, Subject, SubjectKind, Version};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

/// Rows of one statement.
const AT_ONCE: usize = 500;
const ADD_ENTRIES: &str = "insert into journal (seq, epoch, edit_id, group_id, kind, subject_kind, subject_id, author, source, at, before_values, \
    after_values, reverts, run, seance) ";

/// The columns of an entry, in the order of [`EntryRow`].
macro_rules! entry {
    ($rest:literal) => {
        concat!(
            "select seq, epoch, edit_id, group_id, kind, subject_kind, subject_id, author, source, at, before_values, after_values, reverts, run, seance from journal ",
            $rest
        )
    };
}

type EntryRow = (
    i64,
    i64,
    Uuid,
    Option<Uuid>,
    String,
    String,
    Uuid,
    Option<Uuid>,
    Option<String>,
    i64,
    Json<Fields>,
    Json<Fields>,
    Option<i64>,
    Option<Uuid>,
    Option<Uuid>,
);

/// An entry without its values: number, subject, kind, author, source, moment.
pub type DeedRow = (i64, Uuid, String, Option<Uuid>, Option<String>, i64);

fn entry(row: EntryRow) -> Option<Entry> {
    let (seq, epoch, edit_id, group, kind, subject_kind, subject_id, author, source, at, before, after, reverts, run, seance) = row;
    let kind = EditKind::parse(&kind)?;
    let subject = Subject { kind: SubjectKind::parse(&subject_kind)?, id: subject_id };
    Some(Entry { seq, epoch, edit_id, group, kind, subject, author, source, at, before: before.0, after: after.0, reverts, run, seance })
}

fn entries(rows: Vec<EntryRow>) -> Vec<Entry> {
    rows.into_iter().filter_map(entry).collect()
}

impl Tx {
    /// Locks the head row and reads it: from here on no other transaction gets a number before this one ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_head(&mut self) -> Result<Version> {
        let row = first!(self, (i64, i64), "update journal_head set head = head where one = 1 returning epoch, head");
        Ok(row.unwrap_or_default().into())
    }

    /// Reads the head without locking it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn head(&mut self) -> Result<Version> {
        Ok(first!(self, (i64, i64), "select epoch, head from journal_head where one = 1").unwrap_or_default().into())
    }

    /// Moves the head forward.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_head(&mut self, seq: i64) -> Result<()> {
        run!(self, "update journal_head set head = $1 where one = 1", seq);
        Ok(())
    }

    /// The answers already given to edits of a list, with the hash of what was sent.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn acks_among(&mut self, edits: &[Uuid]) -> Result<Vec<(String, Ack)>> {
        let mut acks = Vec::new();
        for edits in edits.chunks(AT_ONCE) {
            acks.extend(among!(self, (String, Json<Ack>), "select payload_hash, ack from acks where edit_id in (", edits));
        }
        Ok(acks.into_iter().map(|(hash, ack)| (hash, ack.0)).collect())
    }

    /// Keeps answers: the hash of what was sent, the answer, and when.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_acks(&mut self, acks: &[(String, Ack, i64)]) -> Result<()> {
        for some in acks.chunks(AT_ONCE) {
            insert!(self, "insert into acks (edit_id, payload_hash, ack, at) ", some, |row, kept| {
                row.push_bind(kept.1.id).push_bind(&kept.0).push_bind(Json(&kept.1)).push_bind(kept.2)
            });
        }
        Ok(())
    }

    /// Adds entries.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_entries(&mut self, entries: &[Entry]) -> Result<()> {
        for some in entries.chunks(AT_ONCE) {
            insert!(self, ADD_ENTRIES, some, |row, e| {
                row.push_bind(e.seq).push_bind(e.epoch).push_bind(e.edit_id).push_bind(e.group).push_bind(e.kind.as_str());
                row.push_bind(e.subject.kind.as_str()).push_bind(e.subject.id).push_bind(e.author).push_bind(&e.source).push_bind(e.at);
                row.push_bind(Json(&e.before)).push_bind(Json(&e.after)).push_bind(e.reverts).push_bind(e.run).push_bind(e.seance)
            });
        }
        Ok(())
    }

    /// Entries after a number, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn entries_after(&mut self, seq: i64, limit: i64) -> Result<Vec<Entry>> {
        Ok(entries(all!(self, EntryRow, entry!("where seq > $1 order by seq limit $2"), seq, limit)))
    }

    /// Entries after one number and before another, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn entries_between(&mut self, after: i64, before: i64, limit: i64) -> Result<Vec<Entry>> {
        Ok(entries(all!(self, EntryRow, entry!("where seq > $1 and seq < $2 order by seq desc limit $3"), after, before, limit)))
    }

    /// What was done to the actors of a list, in no order and without values: for counting.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deeds_among(&mut self, actors: &[Uuid]) -> Result<Vec<DeedRow>> {
        let mut found = Vec::new();
        for actors in actors.chunks(AT_ONCE) {
            found.extend(among!(self, DeedRow, "select seq, subject_id, kind, author, source, at from journal where subject_id in (", actors));
        }
        Ok(found)
    }

    /// The same of the actors that belong to a territory now, deleted ones too.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deeds_in(&mut self, territory: Uuid) -> Result<Vec<DeedRow>> {
        let sql = "select seq, subject_id, kind, author, source, at from journal where subject_id in
                   (select actor from memberships where territory = $1 union
                   select id from actors a where home = $1 and not exists (select 1 from memberships m where m.actor = a.id))";
        Ok(all!(self, DeedRow, sql, territory))
    }

    /// One entry.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn entry(&mut self, seq: i64) -> Result<Option<Entry>> {
        Ok(first!(self, EntryRow, entry!("where seq = $1"), seq).and_then(entry))
    }

    /// Whether an actor was taken off the map after a number.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn taken_off_since(&mut self, seq: i64) -> Result<bool> {
        let sql = "select seq from journal where seq > $1 and kind = 'delete' and subject_kind = 'actor' limit 1";
        Ok(first!(self, (i64,), sql, seq).is_some())
    }

    /// What a run wrote, before a number, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn written_in(&mut self, run: Uuid, before: i64, limit: i64) -> Result<Vec<Entry>> {
        Ok(entries(all!(self, EntryRow, entry!("where run = $1 and seq < $2 order by seq desc limit $3"), run, before, limit)))
    }

    /// What was written in a séance after a number, and what undid it since, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn written_in_seance(&mut self, seance: Uuid, after: i64, limit: i64) -> Result<Vec<Entry>> {
        let rows = all!(
            self,
            EntryRow,
            entry!("where seq > $2 and (seance = $1 or reverts in (select seq from journal where seance = $1)) order by seq limit $3"),
            seance,
            after,
            limit
        );
        Ok(entries(rows))
    }

    /// The entries of some numbers, in no order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn entries_among(&mut self, numbers: &[i64]) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        for numbers in numbers.chunks(AT_ONCE) {
            found.extend(among!(self, EntryRow, entry!("where seq in ("), numbers));
        }
        Ok(entries(found))
    }

    /// The actors that a run made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn made_in(&mut self, run: Uuid) -> Result<Vec<Uuid>> {
        let sql = "select subject_id from journal where run = $1 and subject_kind = 'actor' and kind = 'create' order by seq";
        Ok(all!(self, (Uuid,), sql, run).into_iter().map(|r| r.0).collect())
    }

    /// A subject's entries before a number, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn history(&mut self, subject: Uuid, before: i64, limit: i64) -> Result<Vec<Entry>> {
        Ok(entries(all!(self, EntryRow, entry!("where subject_id = $1 and seq < $2 order by seq desc limit $3"), subject, before, limit)))
    }

    /// An author's entries before a number, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn written_by(&mut self, author: Uuid, before: i64, limit: i64) -> Result<Vec<Entry>> {
        Ok(entries(all!(self, EntryRow, entry!("where author = $1 and seq < $2 order by seq desc limit $3"), author, before, limit)))
    }

    /// Entries on the actors of a territory before a number, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn territory_history(&mut self, territory: Uuid, before: i64, limit: i64) -> Result<Vec<Entry>> {
        let rows = all!(
            self,
            EntryRow,
            entry!(
                "where seq < $2 and subject_kind = 'actor' and (subject_id in (select actor from memberships where territory = $1)
                 or subject_id in (select id from actors where home = $1)) order by seq desc limit $3"
            ),
            territory,
            before,
            limit
        );
        Ok(entries(rows))
    }

    /// How many edits an author has made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_by(&mut self, author: Uuid) -> Result<i64> {
        Ok(first!(self, (i64,), "select count(*) from journal where author = $1", author).map_or(0, |r| r.0))
    }

    /// The newest entry that undid a number, if any.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reverted_by(&mut self, seq: i64) -> Result<Option<i64>> {
        Ok(first!(self, (i64,), "select seq from journal where reverts = $1 order by seq desc limit 1", seq).map(|r| r.0))
    }

    /// Keeps both values of a conflict.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_conflict(&mut self, c: &Conflict<'_>) -> Result<()> {
        run!(
            self,
            "insert into conflicts (id, edit_id, subject_kind, subject_id, field, mine, theirs, author, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            c.id,
            c.edit,
            c.subject.kind.as_str(),
            c.subject.id,
            c.field,
            Json(c.mine),
            Json(c.theirs),
            c.author,
            c.at
        );
        Ok(())
    }

    /// Number of rows and highest number of the journal: equal when the sequence has no gap.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn journal_extent(&mut self) -> Result<(i64, i64)> {
        Ok(first!(self, (i64, i64), "select count(*), coalesce(max(seq), 0) from journal").unwrap_or_default())
    }
}

/// A value that was not written, and the one that stands.
#[derive(Debug)]
pub struct Conflict<'a> {
    /// Id given to the client.
    pub id: Uuid,
    /// The edit that was not applied.
    pub edit: Uuid,
    /// On what.
    pub subject: Subject,
    /// Which field.
    pub field: &'a str,
    /// The value sent.
    pub mine: &'a Value,
    /// The value that stands.
    pub theirs: &'a Value,
    /// Who sent it.
    pub author: Option<Uuid>,
    /// UTC, milliseconds since 1970.
    pub at: i64,
}
