//! The browser app, embedded in the binary from web/dist.

use super::Error;
use super::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// The app's page, when the app was built.
pub(super) fn index() -> Option<String> {
    let file = Dist::get("index.html")?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// A file under /assets/: its name holds its hash, so it never changes.
pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    serve(&format!("assets/{path}"), &headers, "public, max-age=31536000, immutable")
}

/// A file beside index.html, such as the icon.
pub(super) async fn icon(headers: HeaderMap) -> Response {
    serve("bouillon.svg", &headers, "public, max-age=86400")
}

/// What a page of another site may load beside its frames, so that they are as high as what they show.
pub(super) async fn embed() -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    (headers, include_str!("embed.js")).into_response()
}

/// The service worker, which must lie beside the pages that it serves; browsers ask for it again at each visit.
pub(super) async fn worker(headers: HeaderMap) -> Response {
    serve("sw.js", &headers, "no-cache")
}

fn serve(path: &str, asked: &HeaderMap, cache: &'static str) -> Response {
    let Some(plain) = Dist::get(path) else { return Error::not_found().into_response() };
    let etag = format!("\"{}\"", super::form::hex(&plain.metadata.sha256_hash()[..12]));
    if asked.get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == etag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let brotli = asked.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).is_some_and(|v| v.split(',').any(|e| e.trim().starts_with("br")));
    let packed: Option<EmbeddedFile> = if brotli { Dist::get(&format!("{path}.br")) } else { None };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    if packed.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    (headers, packed.unwrap_or(plain).data.into_owned()).into_response()
}

/// The few types that the app's build makes.
fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or("") {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "png" => "image/png",
        "json" | "webmanifest" => "application/json",
        "html" => "text/html; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
