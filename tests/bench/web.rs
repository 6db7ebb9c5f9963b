//! Over HTTP: the real server against a bare axum server in this process that answers the same bytes.

use crate::actors::SLUG;
use crate::load::{Connection, load};
use crate::memory::World;
use crate::postgis::Postgis;
use crate::server::Server;
use crate::table::{Row, Unit, duel};
use anyhow::ensure;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

const ROUNDS: usize = 3;
const SLICE: Duration = Duration::from_millis(1200);
const CONNECTIONS: usize = 4;
const GZIP: &str = "accept-encoding: gzip\r\n";

/// Tiles and lists.
///
/// # Errors
/// When a server fails.
pub(crate) fn rows(runtime: &Runtime, server: &Server, world: &World, postgis: Option<&Postgis>) -> anyhow::Result<Vec<Row>> {
    let (tiles, lists) = (world.tile_paths(), list_paths(world));
    let mut connection = Connection::open(&server.url)?;
    let mut kept = Vec::new();
    for (paths, headers, kind) in [(&tiles, GZIP, "application/vnd.mapbox-vector-tile"), (&lists, "", "application/geo+json")] {
        for path in paths {
            let answer = connection.get(path, headers)?;
            ensure!(answer.status == 200, "{path} answered {}", answer.status);
            kept.push(Kept { kind, packed: !headers.is_empty(), bytes: answer.body.into() });
        }
    }
    let bare_paths = |from: usize, many: usize| (from..from + many).map(|n| format!("/bytes/{n}")).collect::<Vec<_>>();
    let (bare_tiles, bare_lists) = (bare_paths(0, tiles.len()), bare_paths(tiles.len(), lists.len()));
    let bare = runtime.block_on(start(kept, postgis.cloned()))?;
    let ask = |url: &str, paths: &[String], headers| load(url, CONNECTIONS, SLICE, paths, headers);
    let tile_rounds = duel(ROUNDS, || Ok(ask(&server.url, &tiles, GZIP)?.rate), || Ok(ask(&bare, &bare_tiles, GZIP)?.rate))?;
    let list_rounds = duel(ROUNDS, || Ok(ask(&server.url, &lists, "")?.rate), || Ok(ask(&bare, &bare_lists, "")?.rate))?;
    let row = |name: &str, peer, unit, rounds, target| Row { name: name.into(), peer, unit, rounds, target };
    let per_second = Unit::PerSecond("");
    let mut rows = vec![
        row("HTTP: cached tile, gzip", "bare axum, same bytes", per_second, tile_rounds, "–"),
        row("HTTP: GeoJSON, 500 features", "bare axum, same bytes", per_second, list_rounds, "–"),
    ];
    if postgis.is_some() {
        let asked: Vec<String> = world.large_boxes.iter().map(|b| format!("/postgis?{}", b.to_array().map(|n| n.to_string()).join(","))).collect();
        let (mut rates, mut waits) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (ours, peer) = (ask(&server.url, &lists, "")?, ask(&bare, &asked, "")?);
            rates.push((ours.rate, Some(peer.rate)));
            waits.push((ours.p99, Some(peer.p99)));
        }
        rows.push(row("HTTP: GeoJSON, 500 features", "axum + PostGIS json_build_object", per_second, rates, "≥ 15×"));
        rows.push(row("HTTP: GeoJSON, 99 of 100 within", "axum + PostGIS json_build_object", Unit::Seconds, waits, "≥ 5×"));
    }
    Ok(rows)
}

fn list_paths(world: &World) -> Vec<String> {
    let boxes = world.large_boxes.iter();
    boxes.map(|b| format!("/api/v1/territories/{SLUG}/actors.geojson?limit=500&bbox={}", b.to_array().map(|n| n.to_string()).join(","))).collect()
}

/// An answer of the real server.
struct Kept {
    kind: &'static str,
    packed: bool,
    bytes: Bytes,
}

#[derive(Clone)]
struct Bare {
    kept: Arc<Vec<Kept>>,
    postgis: Option<Postgis>,
}

/// Starts the bare server; gives its address.
async fn start(kept: Vec<Kept>, postgis: Option<Postgis>) -> anyhow::Result<String> {
    let routes =
        Router::new().route("/bytes/{number}", get(bytes)).route("/postgis", get(from_postgis)).with_state(Bare { kept: Arc::new(kept), postgis });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(url)
}

async fn bytes(State(bare): State<Bare>, Path(number): Path<usize>) -> Response {
    let Some(kept) = bare.kept.get(number) else { return StatusCode::NOT_FOUND.into_response() };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kept.kind));
    if kept.packed {
        headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
    }
    (headers, kept.bytes.clone()).into_response()
}

async fn from_postgis(State(bare): State<Bare>, RawQuery(bbox): RawQuery) -> Response {
    let sides: Vec<f64> = bbox.unwrap_or_default().split(',').filter_map(|n| n.parse().ok()).collect();
    let (Some(postgis), Ok(sides)) = (&bare.postgis, <[f64; 4]>::try_from(sides)) else { return StatusCode::BAD_REQUEST.into_response() };
    match postgis.geojson(sides).await {
        Ok(text) => ([(header::CONTENT_TYPE, "application/geo+json")], text).into_response(),
        Err(e) => (StatusCode::INTERNAL_SERVER_ERROR, e.to_string()).into_response(),
    }
}
