//! Raster tiles of a territory's base map, for browsers without WebGL.

use super::accept::has_tag;
use super::extract::{Path, Query};
use super::territories::find;
use super::{App, Error, Result};
use crate::geo::TileId;
use crate::model::Lang;
use crate::report::queue::NotDrawn;
use crate::report::raster::{MAX_ZOOM, SIDE};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// How large, and which version the page knows.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// 2 for screens with small pixels; 1 otherwise.
    scale: Option<String>,
    /// The base map's `version`: the answer may then be kept for ever.
    v: Option<String>,
}

/// One raster tile: base map and labels, no actors.
#[utoipa::path(get, path = "/tiles/raster/{slug}/{z}/{x}/{y}.png", tag = "tiles",
    params(("slug" = String, Path, description = "Short address"), ("z" = u8, Path, description = "Zoom of 256-pixel tiles"), ("x" = u32, Path, description = "Column"), ("y" = String, Path, description = "Row"), Asked),
    responses((status = 200, description = "A picture of 256 × 256 pixels, or twice that", content_type = "image/png"), (status = 304, description = "As the client has it"),
        (status = 400, description = "No such tile or scale"), (status = 404, description = "No such territory"), (status = 503, description = "Too many tiles are being drawn")))]
pub(super) async fn tile(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    Path((slug, z, x, y)): Path<(String, String, String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let territory = find(&app, lang, &slug)?.id;
    let tile = tile_id(&z, &x, &y).map_err(|e| e.speaking(lang))?;
    let scale = scale(asked.scale.as_deref()).map_err(|e| e.speaking(lang))?;
    let archive = super::basemap::archive_of(&app, territory).await?.map(|(_, archive)| archive);
    let language = if lang == Lang::Fr { "fr" } else { "en" };
    let drawn = app.raster.tile(archive.as_ref(), tile, scale, language).await.map_err(|e| refused(e).speaking(lang))?;
    let mut out = HeaderMap::new();
    let version = archive.as_ref().map(|archive| &archive.version);
    let known = asked.v.is_some() && asked.v.as_ref() == version;
    // A base map changes seldom, and a page may show an older one for some minutes.
    let kept = if known { "public, max-age=31536000, immutable" } else { "public, max-age=300" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    out.insert(header::VARY, HeaderValue::from_static("accept-language"));
    if let Ok(value) = HeaderValue::from_str(&drawn.etag) {
        out.insert(header::ETAG, value);
    }
    if has_tag(&headers, &drawn.etag) {
        return Ok((StatusCode::NOT_MODIFIED, out).into_response());
    }
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    Ok((out, drawn.png.clone()).into_response())
}

fn tile_id(z: &str, x: &str, y: &str) -> Result<TileId> {
    let row = y.strip_suffix(".png");
    let tile = match (z.parse(), x.parse(), row.map(str::parse)) {
        (Ok(z), Ok(x), Some(Ok(y))) => TileId::new(z, x, y).filter(|t| t.z <= MAX_ZOOM),
        _ => None,
    };
    tile.ok_or_else(|| {
        let french =
            format!("Il n’y a pas de tuile {z}/{x}/{y} : le zoom va de 0 à {MAX_ZOOM}, x et y de 0 à 2^zoom - 1, et l’adresse finit par .png.");
        let english =
            format!("There is no tile {z}/{x}/{y}: zoom goes from 0 to {MAX_ZOOM}, x and y from 0 to 2^zoom - 1, and the address ends in .png.");
        Error::bad("bad_tile", french, english)
    })
}

fn scale(asked: Option<&str>) -> Result<u32> {
    match asked {
        None | Some("1") => Ok(1),
        Some("2") => Ok(2),
        Some(other) => {
            let french = format!("scale vaut 1 ({SIDE} pixels) ou 2, pas « {other} ».");
            Err(Error::bad("bad_scale", french, format!("scale is 1 ({SIDE} pixels) or 2, not “{other}”.")))
        }
    }
}

fn refused(error: NotDrawn) -> Error {
    match error {
        NotDrawn::Full => {
            let french = "Trop de tuiles sont en cours de dessin. Réessayez dans un instant.";
            Error::new(StatusCode::SERVICE_UNAVAILABLE, "busy", french, "Too many tiles are being drawn. Try again in a moment.").retry_after(1)
        }
        NotDrawn::Failed => Error::internal(),
    }
}
