//! Tiles: actors as vector tiles out of the atlas.

use super::accept::{accepts, has_tag};
use super::extract::{Path, Query};
use super::lists::filter_of;
use super::territories::find;
use super::{App, Error, Result};
use crate::geo::TileId;
use crate::model::Lang;
use crate::tiles::actors::MAX_TILE_ZOOM;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

/// Which actors.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Chosen {
    /// `THEME` or `THEME.sub`, several with commas: any of them.
    category: Option<String>,
    /// `to_check` or `confirmed`.
    state: Option<String>,
    /// Words that the actor's text must hold.
    q: Option<String>,
}

/// One tile of a territory's actors.
#[utoipa::path(get, path = "/tiles/actors/{slug}/{z}/{x}/{y}.mvt", tag = "tiles",
    params(("slug" = String, Path, description = "Short address"), ("z" = u8, Path, description = "Zoom"), ("x" = u32, Path, description = "Column"), ("y" = String, Path, description = "Row"), Chosen),
    responses((status = 200, description = "Mapbox Vector Tile 2.1 with layers `actors` and `clusters`", content_type = "application/vnd.mapbox-vector-tile"),
        (status = 304, description = "As the client has it"), (status = 400, description = "No such tile or filter"), (status = 404, description = "No such territory")))]
pub(super) async fn actors(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path((slug, z, x, y)): Path<(String, String, String, String)>,
    Query(chosen): Query<Chosen>,
) -> Result<Response> {
    let tile = tile_id(&z, &x, &y).map_err(|e| e.speaking(lang))?;
    let Some(territory) = app.journal.atlas.territory_id(&slug) else { return Err(find(&app, lang, &slug).err().unwrap_or_else(Error::not_found)) };
    let filter = filter_of(chosen.category.as_deref(), chosen.state.as_deref(), chosen.q.as_deref()).map_err(|e| e.speaking(lang))?;
    let answer = app.tiles.tile(territory, tile, &filter);
    let Some(answer) = answer else { return Err(Error::not_found().speaking(lang)) };
    let gzip = accepts(&headers, "gzip");
    let mut out = HeaderMap::new();
    let etag = answer.etag(gzip);
    set(&mut out, header::ETAG, &etag);
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if has_tag(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, out).into_response());
    }
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.mapbox-vector-tile"));
    if gzip {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return Ok((out, answer.gzip().to_vec()).into_response());
    }
    Ok((out, answer.bytes.to_vec()).into_response())
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn tile_id(z: &str, x: &str, y: &str) -> Result<TileId> {
    let row = y.strip_suffix(".mvt");
    let tile = match (z.parse(), x.parse(), row.map(str::parse)) {
        (Ok(z), Ok(x), Some(Ok(y))) => TileId::new(z, x, y).filter(|t| t.z <= MAX_TILE_ZOOM),
        _ => None,
    };
    tile.ok_or_else(|| {
        let french = format!("Il n’y a pas de tuile {z}/{x}/{y} : le zoom va de 0 à {MAX_TILE_ZOOM}, x et y de 0 à 2^zoom - 1.");
        Error::bad("bad_tile", french, format!("There is no tile {z}/{x}/{y}: zoom goes from 0 to {MAX_TILE_ZOOM}, x and y from 0 to 2^zoom - 1."))
    })
}

/// TileJSON 3.0 of a territory's actors.
#[utoipa::path(get, path = "/tiles/actors/{slug}.json", tag = "tiles", params(("slug" = String, Path, description = "Short address"), Chosen),
    responses((status = 200, description = "TileJSON 3.0"), (status = 400, description = "Not understood"), (status = 404, description = "No such territory")))]
pub(super) async fn tilejson(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(chosen): Query<Chosen>,
) -> Result<Json<Value>> {
    let slug = name.strip_suffix(".json").ok_or_else(|| Error::not_found().speaking(lang))?;
    let t = find(&app, lang, slug)?;
    filter_of(chosen.category.as_deref(), chosen.state.as_deref(), chosen.q.as_deref()).map_err(|e| e.speaking(lang))?;
    let base = own_address(&app, &headers);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in [("category", &chosen.category), ("state", &chosen.state), ("q", &chosen.q)] {
        if let Some(value) = value {
            query.append_pair(key, value);
        }
    }
    let query = query.finish();
    let query = if query.is_empty() { query } else { format!("?{query}") };
    Ok(Json(crate::tiles::tilejson(&t, &format!("{base}/tiles/actors/{slug}/{{z}}/{{x}}/{{y}}.mvt{query}"))))
}

/// The address that people type: what was set, else what this request was sent to.
pub(super) fn own_address(app: &App, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("127.0.0.1:8080");
    app.options.base_url.clone().unwrap_or_else(|| format!("http://{host}"))
}
