//! Base-map tiles out of PMTiles archives, as they are stored.

use super::accept::{accepts, has_tag};
use super::extract::{Path, Query};
use super::tiles::own_address;
use super::{App, Error, Result};
use crate::geo::TileId;
use crate::model::Lang;
use crate::tiles::Archive;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// Which version the page knows.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// The archive's `version`: the answer may then be kept for ever.
    v: Option<String>,
}

/// One base-map tile.
#[utoipa::path(get, path = "/tiles/base/{archive}/{z}/{x}/{y}.mvt", tag = "tiles",
    params(("archive" = String, Path, description = "Name of the archive"), ("z" = u8, Path, description = "Zoom"), ("x" = u32, Path, description = "Column"), ("y" = String, Path, description = "Row"), Asked),
    responses((status = 200, description = "Mapbox Vector Tile in the Shortbread schema", content_type = "application/vnd.mapbox-vector-tile"),
        (status = 204, description = "Nothing to draw there"), (status = 304, description = "As the client has it"), (status = 404, description = "No such archive or tile")))]
pub(super) async fn tile(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path((name, z, x, y)): Path<(String, String, String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let archive = find(&app, lang, &name).await?;
    let tile = tile_id(&archive, &z, &x, &y).ok_or_else(|| no_tile(&archive, &z, &x, &y).speaking(lang))?;
    let sent = Sent::choose(archive.encoding(), &headers);
    let mut out = HeaderMap::new();
    let kept = if asked.v.as_ref() == Some(&archive.version) { "public, max-age=31536000, immutable" } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let etag = format!("\"{}-{}\"", archive.version, sent.coding().unwrap_or("plain"));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, value);
    }
    // The tag holds the archive's version, so that nothing needs to be read to know that the tile is the same.
    if has_tag(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, out).into_response());
    }
    let Some(bytes) = sent.read(&archive, tile).await.map_err(|e| broken(&name, tile, &e))? else {
        out.remove(header::ETAG);
        return Ok((StatusCode::NO_CONTENT, out).into_response());
    };
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.mapbox-vector-tile"));
    if let Some(coding) = sent.coding() {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    Ok((out, bytes).into_response())
}

/// How a tile's bytes leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// As the archive holds them, in this coding.
    AsStored(Option<&'static str>),
    /// Without any coding, for clients that do not take the archive's.
    Unpacked,
    /// In gzip, from an archive in a coding that fewer clients take: browsers take brotli and zstd only over https.
    Gzip,
}

impl Sent {
    fn choose(stored: Option<&'static str>, headers: &HeaderMap) -> Self {
        match stored {
            None => Self::AsStored(None),
            Some(coding) if accepts(headers, coding) => Self::AsStored(stored),
            Some(_) if accepts(headers, "gzip") => Self::Gzip,
            Some(_) => Self::Unpacked,
        }
    }

    fn coding(self) -> Option<&'static str> {
        match self {
            Self::AsStored(coding) => coding,
            Self::Unpacked => None,
            Self::Gzip => Some("gzip"),
        }
    }

    async fn read(self, archive: &Archive, tile: TileId) -> anyhow::Result<Option<Bytes>> {
        Ok(match self {
            Self::AsStored(_) => archive.tile(tile).await?,
            Self::Unpacked => archive.tile_unpacked(tile).await?,
            Self::Gzip => archive.tile_unpacked(tile).await?.map(|plain| crate::tiles::gzip(&plain).into()),
        })
    }
}

fn broken(name: &str, tile: TileId, error: &anyhow::Error) -> Error {
    tracing::error!("base map {name}, tile {}/{}/{}: {error}", tile.z, tile.x, tile.y);
    Error::internal()
}

async fn find(app: &App, lang: Lang, name: &str) -> Result<Arc<Archive>> {
    app.archives.get(name).await.ok_or_else(|| {
        let french = format!("Il n’y a pas de fond de carte « {name} » ici.");
        Error::new(StatusCode::NOT_FOUND, "unknown_archive", french, format!("There is no base map “{name}” here.")).speaking(lang)
    })
}

fn tile_id(archive: &Archive, z: &str, x: &str, y: &str) -> Option<TileId> {
    let tile = TileId::new(z.parse().ok()?, x.parse().ok()?, y.strip_suffix(".mvt")?.parse().ok()?)?;
    (archive.zooms[0]..=archive.zooms[1]).contains(&tile.z).then_some(tile)
}

fn no_tile(archive: &Archive, z: &str, x: &str, y: &str) -> Error {
    let [low, high] = archive.zooms;
    let french = format!("Il n’y a pas de tuile {z}/{x}/{y} : le zoom de ce fond va de {low} à {high}, x et y de 0 à 2^zoom - 1.");
    let english = format!("There is no tile {z}/{x}/{y}: this base map's zoom goes from {low} to {high}, x and y from 0 to 2^zoom - 1.");
    Error::new(StatusCode::NOT_FOUND, "bad_tile", french, english)
}

/// TileJSON 3.0 of a base map.
#[utoipa::path(get, path = "/tiles/base/{archive}.json", tag = "tiles", params(("archive" = String, Path, description = "Name of the archive")),
    responses((status = 200, description = "TileJSON 3.0"), (status = 404, description = "No such archive")))]
pub(super) async fn about(app: State<App>, lang: Lang, headers: HeaderMap, path: Path<String>) -> Result<Response> {
    let name = path.0.strip_suffix(".json").ok_or_else(|| Error::not_found().speaking(lang))?;
    let archive = find(&app, lang, name).await?;
    let template = format!("{}/tiles/base/{name}/{{z}}/{{x}}/{{y}}.mvt?v={}", own_address(&app, &headers), archive.version);
    let mut out = HeaderMap::new();
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok((out, Json(archive.tilejson(name, &template))).into_response())
}

/// The base map that a territory shows: its own, else that of the smallest territory around it which has one; null when there is none.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn of(app: &App, territory: Uuid) -> Result<Value> {
    Ok(archive_of(app, territory).await?.map_or(Value::Null, |(name, archive)| archive.about(&name)))
}

/// The same as an open archive, with its name.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn archive_of(app: &App, territory: Uuid) -> Result<Option<(String, Arc<Archive>)>> {
    let mut tx = app.journal.store.read().await?;
    for around in app.journal.atlas.territories_around(territory) {
        // An archive that is missing or broken leaves the next larger one.
        if let Some(name) = tx.basemap(around).await?
            && let Some(archive) = app.archives.get(&name).await
        {
            return Ok(Some((name, archive)));
        }
    }
    Ok(None)
}
