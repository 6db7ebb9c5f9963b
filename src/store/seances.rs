//! Séances, the pieces of their areas, who takes part, and their doors.

use super::tx::{all, among, first, run};
use super::{Result, Tx};
use crate::model::{Cell, Doc, Seance};
use sqlx::types::Json;
use uuid::Uuid;

/// Ids of one statement.
const AT_ONCE: usize = 500;

type SeanceRow = (Uuid, Uuid, Json<Doc>, i64, i64);
type CellRow = (Uuid, Uuid, Json<Doc>);
type ParticipantRow = (Uuid, Uuid, Uuid, Option<String>, i64, i64, Option<i64>);

/// Somebody who takes part in a séance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// What others know them by; the identity is not told.
    pub id: Uuid,
    /// The séance.
    pub seance: Uuid,
    /// Who it is.
    pub identity: Uuid,
    /// As they called themselves; none when it was erased.
    pub nickname: Option<String>,
    /// 0 to 4.
    pub color: i64,
    /// UTC, milliseconds since 1970.
    pub joined_at: i64,
    /// Since when they may not write as a participant any more.
    pub revoked_at: Option<i64>,
}

/// What lets people into a séance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The séance.
    pub seance: Uuid,
    /// The link is made from this number, so that renewing makes the old one void.
    pub generation: i64,
    /// What people type; none when the door is closed.
    pub code: Option<String>,
    /// SHA-256 of the link's token, hexadecimal; none when the door is closed.
    pub token_hash: Option<String>,
    /// The projector's link is made from this number.
    pub screen: i64,
}

type DoorRow = (Uuid, i64, Option<String>, Option<String>, i64);

fn door(row: DoorRow) -> Door {
    let (seance, generation, code, token_hash, screen) = row;
    Door { seance, generation, code, token_hash, screen }
}

fn seance(row: SeanceRow) -> Seance {
    let (id, home, doc, created_at, updated_at) = row;
    Seance { id, home, doc: doc.0, created_at, updated_at }
}

fn cell(row: CellRow) -> Cell {
    Cell { id: row.0, seance: row.1, doc: row.2.0 }
}

fn participant(row: ParticipantRow) -> Participant {
    let (id, seance, identity, nickname, color, joined_at, revoked_at) = row;
    Participant { id, seance, identity, nickname, color, joined_at, revoked_at }
}

impl Tx {
    /// One séance.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn seance(&mut self, id: Uuid) -> Result<Option<Seance>> {
        Ok(first!(self, SeanceRow, "select id, home, doc, created_at, updated_at from seances where id = $1", id).map(seance))
    }

    /// The séances of a territory, without those that were taken away.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn seances_of(&mut self, home: Uuid) -> Result<Vec<Seance>> {
        let sql = "select id, home, doc, created_at, updated_at from seances where home = $1 and not deleted order by created_at desc, id";
        Ok(all!(self, SeanceRow, sql, home).into_iter().map(seance).collect())
    }

    /// The territory of each séance of a list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn homes_of_seances(&mut self, ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
        let mut found = Vec::new();
        for ids in ids.chunks(AT_ONCE) {
            found.extend(among!(self, (Uuid, Uuid), "select id, home from seances where id in (", ids));
        }
        Ok(found)
    }

    /// The territory of each piece of a list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn homes_of_cells(&mut self, ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
        let mut found = Vec::new();
        for ids in ids.chunks(AT_ONCE) {
            let sql = "select c.id, s.home from cells c join seances s on s.id = c.seance where c.id in (";
            found.extend(among!(self, (Uuid, Uuid), sql, ids));
        }
        Ok(found)
    }

    /// Writes the state of a séance.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_seance(&mut self, s: &Seance) -> Result<()> {
        run!(
            self,
            "insert into seances (id, home, doc, deleted, created_at, updated_at, seq) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (id) do update set doc = excluded.doc, deleted = excluded.deleted, updated_at = excluded.updated_at, seq = excluded.seq",
            s.id,
            s.home,
            Json(&s.doc),
            s.doc.deleted,
            s.created_at,
            s.updated_at,
            s.doc.version.seq
        );
        Ok(())
    }

    /// One piece of an area.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cell(&mut self, id: Uuid) -> Result<Option<Cell>> {
        Ok(first!(self, CellRow, "select id, seance, doc from cells where id = $1", id).map(cell))
    }

    /// The pieces of a séance that somebody wrote about.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cells_of(&mut self, seance: Uuid) -> Result<Vec<Cell>> {
        Ok(all!(self, CellRow, "select id, seance, doc from cells where seance = $1 and not deleted order by id", seance)
            .into_iter()
            .map(cell)
            .collect())
    }

    /// Writes the state of a piece.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_cell(&mut self, c: &Cell, at: i64) -> Result<()> {
        run!(
            self,
            "insert into cells (id, seance, doc, deleted, updated_at, seq) values ($1, $2, $3, $4, $5, $6)
             on conflict (id) do update set doc = excluded.doc, deleted = excluded.deleted, updated_at = excluded.updated_at, seq = excluded.seq",
            c.id,
            c.seance,
            Json(&c.doc),
            c.doc.deleted,
            at,
            c.doc.version.seq
        );
        Ok(())
    }

    /// Who takes part, the first to come first; those who were sent away too.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn participants(&mut self, seance: Uuid) -> Result<Vec<Participant>> {
        let sql = "select id, seance, identity, nickname, color, joined_at, revoked_at from participants where seance = $1 order by joined_at, id";
        Ok(all!(self, ParticipantRow, sql, seance).into_iter().map(participant).collect())
    }

    /// Somebody as a participant of a séance.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn participant(&mut self, seance: Uuid, identity: Uuid) -> Result<Option<Participant>> {
        let sql = "select id, seance, identity, nickname, color, joined_at, revoked_at from participants where seance = $1 and identity = $2";
        Ok(first!(self, ParticipantRow, sql, seance, identity).map(participant))
    }

    /// How many may write as participants.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_participants(&mut self, seance: Uuid) -> Result<i64> {
        Ok(first!(self, (i64,), "select count(*) from participants where seance = $1 and revoked_at is null", seance).map_or(0, |r| r.0))
    }

    /// Writes a participant.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_participant(&mut self, p: &Participant) -> Result<()> {
        run!(
            self,
            "insert into participants (id, seance, identity, nickname, color, joined_at, revoked_at) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (seance, identity) do update set nickname = excluded.nickname, color = excluded.color, revoked_at = excluded.revoked_at",
            p.id,
            p.seance,
            p.identity,
            &p.nickname,
            p.color,
            p.joined_at,
            p.revoked_at
        );
        Ok(())
    }

    /// The door of a séance.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn door(&mut self, seance: Uuid) -> Result<Option<Door>> {
        Ok(first!(self, DoorRow, "select seance, generation, code, token_hash, screen from doors where seance = $1", seance).map(door))
    }

    /// The door that a code opens.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn door_by_code(&mut self, code: &str) -> Result<Option<Door>> {
        Ok(first!(self, DoorRow, "select seance, generation, code, token_hash, screen from doors where code = $1", code).map(door))
    }

    /// The door that a link opens.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn door_by_token(&mut self, hash: &str) -> Result<Option<Door>> {
        Ok(first!(self, DoorRow, "select seance, generation, code, token_hash, screen from doors where token_hash = $1", hash).map(door))
    }

    /// Writes a door.
    ///
    /// # Errors
    /// When the database does not answer, or the code is another door's.
    pub async fn put_door(&mut self, door: &Door) -> Result<()> {
        run!(
            self,
            "insert into doors (seance, generation, code, token_hash, screen) values ($1, $2, $3, $4, $5)
             on conflict (seance) do update set generation = excluded.generation, code = excluded.code, token_hash = excluded.token_hash,
             screen = excluded.screen",
            door.seance,
            door.generation,
            &door.code,
            &door.token_hash,
            door.screen
        );
        Ok(())
    }
}
