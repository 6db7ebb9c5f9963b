//! How actors stand to one another.

use super::tx::{among, insert, run};
use super::{Result, Tx};
use crate::model::Actor;
use uuid::Uuid;

/// Ids of one statement.
const AT_ONCE: usize = 500;

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

    /// The relations that actors of a list have noted, then those that others have noted to them; not to oneself. By kind and id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn relations_among(&mut self, actors: &[Uuid]) -> Result<[Vec<RelationRow>; 2]> {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for some in actors.chunks(AT_ONCE) {
            let order = " and actor <> other order by kind, other, actor";
            own.extend(among!(self, RelationRow, "select actor, kind, other from relations where actor in (", some, order));
            others.extend(among!(self, RelationRow, "select actor, kind, other from relations where other in (", some, order));
        }
        Ok([own, others])
    }
}
