//! What PostGIS gives for the same points: clustered tiles, lists as GeoJSON, neighbours. A database of its own in the cluster.

use crate::actors;
use crate::load::many;
use crate::memory::World;
use crate::table::{Row, Unit, duel};
use anyhow::Context;
use bouillon::atlas::Filter;
use bouillon::model::Actor;
use bouillon::tiles::ActorTiles;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;
use tokio::runtime::Runtime;

const ROUNDS: usize = 3;
const SLICE: Duration = Duration::from_millis(1000);
/// As many as the machine of the design has cores.
const CLIENTS: usize = 2;
/// Points inserted at once.
const BATCH: usize = 10_000;

const TABLE: &str = "create table bench_points (id uuid, name text, category text, theme text, summary text, street text, confirmed_on text, \
    updated_at text, geom geometry(Point, 4326), web geometry(Point, 3857))";
const INSERT: &str = "insert into bench_points select i, n, c, split_part(c, '.', 1), s, a, d, u, p, st_transform(p, 3857) from \
    (select *, st_setsrid(st_makepoint(x, y), 4326) as p from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], \
    $7::text[], $8::float8[], $9::float8[]) as t(i, n, c, s, a, d, u, x, y)) as points";
const TILE: &str = "with e as (select st_tileenvelope($1, $2, $3) as box), \
    p as (select b.*, st_x(web) as x, st_y(web) as y, floor((st_x(web) - st_xmin(box)) * 8 / (st_xmax(box) - st_xmin(box))) as cx, \
      floor((st_y(web) - st_ymin(box)) * 8 / (st_ymax(box) - st_ymin(box))) as cy from bench_points b, e where web && box), \
    c as (select cx, cy, count(*) as count, avg(x) as x, avg(y) as y from p group by cx, cy), \
    clusters as (select st_asmvtgeom(st_setsrid(st_makepoint(x, y), 3857), box) as geom, count from c, e where count > 1), \
    lone as (select st_asmvtgeom(web, box) as geom, id::text, name, category, theme from p join c using (cx, cy), e where count = 1) \
    select (select st_asmvt(clusters, 'clusters') from clusters) || (select st_asmvt(lone, 'actors') from lone)";
const LIST: &str = "select json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(f), '[]'))::text from \
    (select json_build_object('type', 'Feature', 'id', id, 'geometry', st_asgeojson(geom)::json, 'properties', json_build_object('id', id, \
    'place', 'p1', 'name', name, 'category', category, 'theme', theme, 'categories', json_build_array(category), 'state', \
    case when confirmed_on = '' then 'to_check' else 'confirmed' end, 'summary', summary, 'street', street, 'precision', 'exact', 'confirmed_on', \
    nullif(confirmed_on, ''), 'updated_at', updated_at, 'source', 'osm', 'closing', false)) as f \
    from bench_points where geom && st_makeenvelope($1, $2, $3, $4, 4326) order by name limit 500) as features";
const NEAR: &str = "select count(*) from (select id from bench_points order by geom <-> st_setsrid(st_makepoint($1, $2), 4326) limit 10) as near";

/// A database of this run.
#[derive(Clone)]
pub(crate) struct Postgis {
    /// Its address.
    pub(crate) url: String,
    base: String,
    name: String,
    pool: PgPool,
}

impl Postgis {
    /// Makes the database.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub(crate) async fn open(base: &str) -> anyhow::Result<Self> {
        let name = format!("bouillon_bench_{}", std::process::id());
        let mut connection = PgConnection::connect(&base.replace("/bouillon?", "/postgres?")).await?;
        sqlx::query(AssertSqlSafe(format!("create database {name} template bouillon"))).execute(&mut connection).await?;
        let url = base.replace("/bouillon?", &format!("/{name}?"));
        let pool = PgPoolOptions::new().max_connections(CLIENTS as u32).connect(&url).await?;
        Ok(Self { url, base: base.to_owned(), name, pool })
    }

    /// Writes the points and indexes them.
    ///
    /// # Errors
    /// When the database can't be written.
    pub(crate) async fn fill(&self, count: u32) -> anyhow::Result<()> {
        sqlx::query(TABLE).execute(&self.pool).await?;
        let mut drawn = actors::actors(count);
        loop {
            let block: Vec<Actor> = drawn.by_ref().take(BATCH).collect();
            if block.is_empty() {
                break;
            }
            let texts = |of: &dyn Fn(&Actor) -> String| block.iter().map(of).collect::<Vec<String>>();
            let degrees = |at: usize| block.iter().map(|a| a.places().first().and_then(|p| p.point).map_or(0.0, |p| p[at])).collect::<Vec<f64>>();
            sqlx::query(INSERT)
                .bind(block.iter().map(|a| a.id).collect::<Vec<_>>())
                .bind(texts(&|a| a.name().to_owned()))
                .bind(texts(&|a| a.category().to_owned()))
                .bind(texts(&|a| a.doc.text("summary").to_owned()))
                .bind(texts(&|a| a.street("p1")))
                .bind(texts(&|a| a.doc.text("confirmed_on").to_owned()))
                .bind(texts(&|_| "2023-11-14T22:13:20Z".to_owned()))
                .bind(degrees(0))
                .bind(degrees(1))
                .execute(&self.pool)
                .await?;
        }
        for sql in ["create index on bench_points using gist (geom)", "create index on bench_points using gist (web)", "vacuum analyze bench_points"]
        {
            sqlx::query(sql).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// Makes the clustering statement a function, as Martin wants it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn function(&self, name: &str) -> anyhow::Result<()> {
        let arguments = "(z integer, x integer, y integer)";
        let sql = format!("create function {name}{arguments} returns bytea language sql stable parallel safe as $tile$ {TILE} $tile$");
        sqlx::query(AssertSqlSafe(sql)).execute(&self.pool).await?;
        Ok(())
    }

    /// A list of a box.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn geojson(&self, [w, s, e, n]: [f64; 4]) -> sqlx::Result<String> {
        sqlx::query_scalar(LIST).bind(w).bind(s).bind(e).bind(n).fetch_one(&self.pool).await
    }

    /// Removes the database.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.pool.close().await;
        let mut connection = PgConnection::connect(&self.base.replace("/bouillon?", "/postgres?")).await?;
        sqlx::query(AssertSqlSafe(format!("drop database {} with (force)", self.name))).execute(&mut connection).await?;
        Ok(())
    }

    /// Tiles and neighbours, ours in this process, theirs with as many clients.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) fn rows(&self, runtime: &Runtime, world: &World) -> anyhow::Result<Vec<Row>> {
        let (mut rows, cut) = (Vec::new(), world.tiles.iter().position(|t| t.z >= 10).context("no tiles")?);
        for (name, tiles, target, tail) in [
            ("tile z6–14, not cached", &world.tiles[..], "≥ 150× (stretch 200×)", "–"),
            ("tile z10–14, not cached", &world.tiles[cut..], "≥ 40×", "≥ 20×"),
        ] {
            let made = ActorTiles::new(world.atlas.clone(), 0);
            let (mut rates, mut waits) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let ours = many(CLIENTS, SLICE, |number| {
                    let (made, filter, mut at) = (&made, Filter::default(), number * tiles.len() / CLIENTS);
                    Ok(move || {
                        at += 7;
                        made.tile(actors::territory_id(), tiles[at % tiles.len()], &filter).map(|_| ()).context("no tile")
                    })
                })?;
                let peer = many(CLIENTS, SLICE, |number| {
                    let mut at = number * tiles.len() / CLIENTS;
                    Ok(move || {
                        at += 7;
                        let tile = tiles[at % tiles.len()];
                        let asked = sqlx::query_scalar::<_, Option<Vec<u8>>>(TILE).bind(i32::from(tile.z)).bind(tile.x as i32).bind(tile.y as i32);
                        runtime.block_on(asked.fetch_one(&self.pool))?;
                        Ok(())
                    })
                })?;
                rates.push((ours.rate, Some(peer.rate)));
                waits.push((ours.p99, Some(peer.p99)));
            }
            rows.push(Row { name: format!("{name}, 2 clients"), peer: "PostGIS ST_AsMVT", unit: Unit::PerSecond(""), rounds: rates, target });
            rows.push(Row { name: format!("{name}, 99 of 100 within"), peer: "PostGIS ST_AsMVT", unit: Unit::Seconds, rounds: waits, target: tail });
        }
        rows.push(self.nearest(runtime, world)?);
        Ok(rows)
    }

    fn nearest(&self, runtime: &Runtime, world: &World) -> anyhow::Result<Row> {
        let ours = || {
            let done = many(CLIENTS, SLICE, |number| {
                let mut draw = actors::Draw::new(10 + number as u64);
                Ok(move || {
                    let [lon, lat] = draw.point();
                    std::hint::black_box(world.atlas.nearest(lon, lat, 10, 50_000.0));
                    Ok(())
                })
            })?;
            Ok(done.rate)
        };
        let peer = || {
            let done = many(CLIENTS, SLICE, |number| {
                let mut draw = actors::Draw::new(10 + number as u64);
                Ok(move || {
                    let [lon, lat] = draw.point();
                    runtime.block_on(sqlx::query_scalar::<_, i64>(NEAR).bind(lon).bind(lat).fetch_one(&self.pool))?;
                    Ok(())
                })
            })?;
            Ok(done.rate)
        };
        let rounds = duel(ROUNDS, ours, peer)?;
        Ok(Row { name: "nearest 10, 2 clients".into(), peer: "PostGIS <->", unit: Unit::PerSecond(""), rounds, target: "≥ 20×" })
    }
}
