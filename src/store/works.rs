//! What a committee writes: figures, reports, blocks and devices.

use super::tx::{all, among, first, run};
use super::{Result, Tx};
use crate::model::{Doc, SubjectKind, Work};
use sqlx::types::Json;
use uuid::Uuid;

/// Ids of one statement.
const AT_ONCE: usize = 500;

type WorkRow = (Uuid, String, Uuid, Option<Uuid>, Option<Uuid>, Json<Doc>, i64, i64);

fn work(row: WorkRow) -> Option<Work> {
    let (id, kind, home, parent, author, doc, created_at, updated_at) = row;
    Some(Work { id, kind: SubjectKind::parse(&kind)?, home, parent, author, doc: doc.0, created_at, updated_at })
}

impl Tx {
    /// One work, deleted or not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn work(&mut self, id: Uuid) -> Result<Option<Work>> {
        let sql = "select id, kind, home, parent, author, doc, created_at, updated_at from works where id = $1";
        Ok(first!(self, WorkRow, sql, id).and_then(work))
    }

    /// The works of one kind about a territory, the newest first, without those that were taken away.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn works_of(&mut self, home: Uuid, kind: SubjectKind) -> Result<Vec<Work>> {
        let sql = "select id, kind, home, parent, author, doc, created_at, updated_at from works
                   where home = $1 and kind = $2 and not deleted order by created_at desc, id desc";
        Ok(all!(self, WorkRow, sql, home, kind.as_str()).into_iter().filter_map(work).collect())
    }

    /// The blocks of a report, in the order of their making.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn blocks_of(&mut self, report: Uuid) -> Result<Vec<Work>> {
        let sql = "select id, kind, home, parent, author, doc, created_at, updated_at from works
                   where parent = $1 and not deleted order by created_at, id";
        Ok(all!(self, WorkRow, sql, report).into_iter().filter_map(work).collect())
    }

    /// The territory of each work of a list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn homes_of_works(&mut self, ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
        let mut found = Vec::new();
        for ids in ids.chunks(AT_ONCE) {
            found.extend(among!(self, (Uuid, Uuid), "select id, home from works where id in (", ids));
        }
        Ok(found)
    }

    /// Writes the state of a work.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_work(&mut self, w: &Work) -> Result<()> {
        run!(
            self,
            "insert into works (id, kind, home, parent, author, doc, deleted, created_at, updated_at, seq) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (id) do update set parent = excluded.parent, doc = excluded.doc, deleted = excluded.deleted, updated_at = excluded.updated_at,
             seq = excluded.seq",
            w.id,
            w.kind.as_str(),
            w.home,
            w.parent,
            w.author,
            Json(&w.doc),
            w.doc.deleted,
            w.created_at,
            w.updated_at,
            w.doc.version.seq
        );
        Ok(())
    }
}
