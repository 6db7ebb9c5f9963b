//! How actors stand to one another.

use super::tx::{all, insert, run};
use super::{Result, Tx};
use crate::model::Actor;
use uuid::Uuid;

/// Who says so, the kind, and the other.
pub type RelationRow = (Uuid, String, Uuid);

impl Tx {
    /// Replaces the relations that an actor has noted; `new` spares looking for older rows.
    pub(super) async fn put_relations(&mut self, a: &Actor, new: bool) -> Result<()> {
        if !new {
            run!(self, "delete from relations where actor = $1", a.id);
        }
        let split = |text: &str| text.split_once(':').and_then(|(kind, id)| Some((kind.to_owned(), Uuid::parse_str(id).ok()?)));
        let mut noted: Vec<(String, Uuid)> = a.doc.set("relations").filter_map(split).collect();
        noted.sort_unstable();
        noted.dedup();
        if !noted.is_empty() {
            insert!(self, "insert into relations (actor, kind, other) ", &noted, |values, one| values
                .push_bind(a.id)
                .push_bind(&one.0)
                .push_bind(one.1));
        }
        Ok(())
    }

    /// The relations in which an actor stands to others that are on the map: as it says, then as others say. By kind and id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn relations_of(&mut self, actor: Uuid) -> Result<Vec<RelationRow>> {
        let sql = "select r.actor, r.kind, r.other from relations r join actors a on a.id = r.actor join actors o on o.id = r.other
                   where (r.actor = $1 or r.other = $1) and r.actor <> r.other and not a.deleted and not o.deleted
                   order by case when r.actor = $1 then 0 else 1 end, r.kind, r.actor, r.other limit 200";
        Ok(all!(self, RelationRow, sql, actor))
    }
}
