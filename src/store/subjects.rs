//! Actors and territories: the fold of the journal.

use super::tx::{all, among, first, insert, run};
use super::{Result, Tx};
use crate::model::{Actor, Doc, Fields, Territory, Version, actor::Origin};
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

/// Ids of one statement.
const AT_ONCE: usize = 500;
/// Actors that are read at once when all are.
const PAGE: i64 = 10_000;

type ActorRow = (Uuid, Uuid, Json<Doc>, i64, i64);
type LeanRow = (Uuid, Uuid, Json<Lean>, i64, i64);

/// A document of which the marks are passed over while it is read.
#[derive(serde::Deserialize)]
struct Lean {
    fields: Fields,
    deleted: bool,
    version: Version,
}

impl From<Lean> for Doc {
    fn from(lean: Lean) -> Self {
        Self { fields: lean.fields, deleted: lean.deleted, version: lean.version, ..Self::default() }
    }
}

type OriginRow = (Uuid, String, i64, String);

impl Tx {
    /// One actor with its memberships and origin.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn actor(&mut self, id: Uuid) -> Result<Option<Actor>> {
        let Some(row) = first!(self, ActorRow, "select id, home, doc, created_at, updated_at from actors where id = $1", id) else {
            return Ok(None);
        };
        let territories = all!(self, (Uuid,), "select territory from memberships where actor = $1 order by territory", id);
        let origin = first!(self, OriginRow, "select actor, reference, version, licence from origins where actor = $1 order by at desc limit 1", id);
        Ok(Some(actor(row, territories.into_iter().map(|t| t.0).collect(), origin)))
    }

    /// The actors of a list that exist, in no order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn actors_among(&mut self, ids: &[Uuid]) -> Result<Vec<Actor>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(AT_ONCE) {
            let rows = among!(self, ActorRow, "select id, home, doc, created_at, updated_at from actors where id in (", ids);
            if rows.is_empty() {
                continue;
            }
            let territories = among!(self, (Uuid, Uuid), "select actor, territory from memberships where actor in (", ids, " order by territory");
            let origins = among!(self, OriginRow, "select actor, reference, version, licence from origins where actor in (", ids, " order by at");
            found.extend(joined(rows, territories, origins));
        }
        Ok(found)
    }

    /// Every actor, deleted ones too, by id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn actors(&mut self) -> Result<Vec<Actor>> {
        let mut all = Vec::new();
        loop {
            let page = self.actors_after(all.last().map_or(Uuid::nil(), |a: &Actor| a.id), PAGE).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// The actors that belong to a territory: those with a place in it, and those at home there that lie nowhere; deleted ones too, by id.
    /// Without the marks of who wrote what, which are most of a document.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn actors_of(&mut self, territory: Uuid) -> Result<Vec<Actor>> {
        // Three statements however many they are: a hundred thousand are read in a second.
        macro_rules! theirs {
            ($start:literal, $column:literal, $end:literal) => {
                concat!(
                    $start,
                    " where ",
                    $column,
                    " in (select actor from memberships where territory = $1 union
                     select id from actors a where home = $1 and not exists (select 1 from memberships m where m.actor = a.id)) order by ",
                    $end
                )
            };
        }
        let rows = all!(self, LeanRow, theirs!("select id, home, doc, created_at, updated_at from actors", "id", "id"), territory);
        let territories = all!(self, (Uuid, Uuid), theirs!("select actor, territory from memberships", "actor", "actor, territory"), territory);
        let origins = all!(self, OriginRow, theirs!("select actor, reference, version, licence from origins", "actor", "at"), territory);
        let rows = rows.into_iter().map(|(id, home, doc, created_at, updated_at)| (id, home, Json(doc.0.into()), created_at, updated_at)).collect();
        Ok(joined(rows, territories, origins))
    }

    /// Ids of the actors that were made in a territory, wherever they lie now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn actors_at_home(&mut self, territory: Uuid) -> Result<Vec<Uuid>> {
        Ok(all!(self, (Uuid,), "select id from actors where home = $1", territory).into_iter().map(|r| r.0).collect())
    }

    /// Some actors after an id, by id, deleted ones too: all of them at once can take gigabytes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn actors_after(&mut self, id: Uuid, limit: i64) -> Result<Vec<Actor>> {
        let rows = all!(self, ActorRow, "select id, home, doc, created_at, updated_at from actors where id > $1 order by id limit $2", id, limit);
        let Some(last) = rows.last().map(|row| row.0) else { return Ok(Vec::new()) };
        let sql = "select actor, territory from memberships where actor > $1 and actor <= $2 order by actor, territory";
        let territories = all!(self, (Uuid, Uuid), sql, id, last);
        let sql = "select actor, reference, version, licence from origins where actor > $1 and actor <= $2 order by at";
        let origins = all!(self, OriginRow, sql, id, last);
        Ok(joined(rows, territories, origins))
    }

    /// Every territory.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn territories(&mut self) -> Result<Vec<Territory>> {
        let rows = all!(self, (Uuid, Json<Doc>), "select id, doc from territories order by slug");
        Ok(rows.into_iter().map(|(id, doc)| Territory { id, doc: doc.0 }).collect())
    }

    /// Some territories after an address, by address: all of them at once can take hundreds of megabytes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn territories_after(&mut self, slug: &str, limit: i64) -> Result<Vec<Territory>> {
        let rows = all!(self, (Uuid, Json<Doc>), "select id, doc from territories where slug > $1 order by slug limit $2", slug, limit);
        Ok(rows.into_iter().map(|(id, doc)| Territory { id, doc: doc.0 }).collect())
    }

    /// One territory.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn territory(&mut self, id: Uuid) -> Result<Option<Territory>> {
        let row = first!(self, (Uuid, Json<Doc>), "select id, doc from territories where id = $1", id);
        Ok(row.map(|(id, doc)| Territory { id, doc: doc.0 }))
    }

    /// One territory by its slug.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn territory_by_slug(&mut self, slug: &str) -> Result<Option<Territory>> {
        let row = first!(self, (Uuid, Json<Doc>), "select id, doc from territories where slug = $1", slug);
        Ok(row.map(|(id, doc)| Territory { id, doc: doc.0 }))
    }

    /// Id of the territory at an address, unless it is deleted; without its boundary, which can be large.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn territory_id(&mut self, slug: &str) -> Result<Option<Uuid>> {
        Ok(first!(self, (Uuid,), "select id from territories where slug = $1 and not deleted", slug).map(|r| r.0))
    }

    /// The newest number that touched a territory: a cheap way to know whether shapes changed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn territories_seq(&mut self) -> Result<i64> {
        Ok(first!(self, (i64,), "select coalesce(max(seq), 0) from territories").map_or(0, |r| r.0))
    }

    /// Writes the state of a territory.
    ///
    /// # Errors
    /// When the database does not answer, or the slug is taken.
    pub async fn put_territory(&mut self, t: &Territory, at: i64) -> Result<()> {
        run!(
            self,
            "insert into territories (id, slug, doc, deleted, created_at, updated_at, seq) values ($1, $2, $3, $4, $5, $5, $6)
             on conflict (id) do update set slug = excluded.slug, doc = excluded.doc, deleted = excluded.deleted, updated_at = excluded.updated_at, seq = excluded.seq",
            t.id,
            t.slug(),
            Json(&t.doc),
            t.doc.deleted,
            at,
            t.doc.version.seq
        );
        Ok(())
    }

    /// Writes the state of an actor, its places and its memberships; `new` spares looking for older rows.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_actor(&mut self, a: &Actor, new: bool) -> Result<()> {
        run!(
            self,
            "insert into actors (id, home, doc, deleted, created_at, updated_at, seq) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (id) do update set doc = excluded.doc, deleted = excluded.deleted, updated_at = excluded.updated_at, seq = excluded.seq",
            a.id,
            a.home,
            Json(&a.doc),
            a.doc.deleted,
            a.created_at,
            a.updated_at,
            a.doc.version.seq
        );
        if !new {
            run!(self, "delete from places where actor = $1", a.id);
            run!(self, "delete from memberships where actor = $1", a.id);
        }
        for place in a.places() {
            let Some([lon, lat]) = place.point else { continue };
            run!(
                self,
                "insert into places (actor, place, lon, lat, precision) values ($1, $2, $3, $4, $5)",
                a.id,
                &place.id,
                lon,
                lat,
                place.precision.as_str()
            );
        }
        self.put_relations(a, new).await?;
        self.add_memberships(a.id, &a.territories).await
    }

    /// Replaces the memberships of an actor.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_memberships(&mut self, actor: Uuid, territories: &[Uuid]) -> Result<()> {
        run!(self, "delete from memberships where actor = $1", actor);
        self.add_memberships(actor, territories).await
    }

    async fn add_memberships(&mut self, actor: Uuid, territories: &[Uuid]) -> Result<()> {
        match territories {
            [] => {}
            [one] => _ = run!(self, "insert into memberships (actor, territory) values ($1, $2)", actor, one),
            more => _ = insert!(self, "insert into memberships (actor, territory) ", more, |values, one| values.push_bind(actor).push_bind(one)),
        }
        Ok(())
    }

    /// Actors and their points, for recomputing memberships: (actor, longitude, latitude), degrees.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn points(&mut self) -> Result<Vec<(Uuid, f64, f64)>> {
        Ok(all!(self, (Uuid, f64, f64), "select actor, lon, lat from places order by actor"))
    }

    /// On PostGIS, what `ST_Covers` says of every actor and territory; none on SQLite.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn memberships_by_postgis(&mut self) -> Result<Option<Vec<(Uuid, Uuid)>>> {
        let Self::Postgis(t) = self else { return Ok(None) };
        let sql = "select distinct p.actor, t.id from places p join territories t on st_covers(t.geom, p.geom) order by 1, 2";
        Ok(Some(sqlx::query_as(sql).fetch_all(&mut **t).await?))
    }

    /// On PostGIS, the actors with a place within a distance (metres, on the spheroid) of a point; none on SQLite.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn within_by_postgis(&mut self, lon: f64, lat: f64, metres: f64) -> Result<Option<Vec<(Uuid, f64)>>> {
        let Self::Postgis(t) = self else { return Ok(None) };
        let sql = "select p.actor, min(st_distance(p.geom::geography, st_setsrid(st_makepoint($1, $2), 4326)::geography)) from places p
                   join actors a on a.id = p.actor where not a.deleted
                   and st_dwithin(p.geom::geography, st_setsrid(st_makepoint($1, $2), 4326)::geography, $3) group by 1 order by 1";
        Ok(Some(sqlx::query_as(sql).bind(lon).bind(lat).bind(metres).fetch_all(&mut **t).await?))
    }

    /// The memberships of one actor as stored.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn memberships_of(&mut self, actor: Uuid) -> Result<Vec<Uuid>> {
        Ok(all!(self, (Uuid,), "select territory from memberships where actor = $1", actor).into_iter().map(|t| t.0).collect())
    }

    /// All memberships as stored.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn memberships(&mut self) -> Result<Vec<(Uuid, Uuid)>> {
        Ok(all!(self, (Uuid, Uuid), "select actor, territory from memberships order by 1, 2"))
    }
}

/// Actors with their memberships, and with the newest of their origins, which comes last.
fn joined(rows: Vec<ActorRow>, memberships: Vec<(Uuid, Uuid)>, origins: Vec<OriginRow>) -> Vec<Actor> {
    let mut territories: HashMap<Uuid, Vec<Uuid>> = HashMap::with_capacity(rows.len());
    for (actor, territory) in memberships {
        territories.entry(actor).or_default().push(territory);
    }
    let mut origins: HashMap<Uuid, OriginRow> = origins.into_iter().map(|row| (row.0, row)).collect();
    rows.into_iter().map(|r| (r.0, r)).map(|(id, r)| actor(r, territories.remove(&id).unwrap_or_default(), origins.remove(&id))).collect()
}

fn actor(row: ActorRow, territories: Vec<Uuid>, origin: Option<OriginRow>) -> Actor {
    let (id, home, doc, created_at, updated_at) = row;
    let origin = origin.map(|(_, reference, version, licence)| Origin { reference, version, licence });
    Actor { id, home, doc: doc.0, created_at, updated_at, territories, origin }
}
