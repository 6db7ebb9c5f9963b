//! For whoever runs the server: health, readiness, metrics, the API's description.

use super::{App, Error};
use crate::model::Lang;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa::OpenApi;

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The database answers, the atlas has followed, the writer is not drowning.
pub(super) async fn readyz(State(app): State<App>) -> Response {
    let not_ready = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response();
    if app.journal.writer.waiting() > 2000 {
        return not_ready("too many edits are waiting");
    }
    let head = match app.journal.store.read().await {
        Ok(mut tx) => tx.head().await,
        Err(e) => Err(e),
    };
    match head {
        Err(_) => not_ready("the database does not answer"),
        Ok(head) if head.seq - app.journal.follower.head().seq > 1000 => not_ready("the atlas is behind"),
        Ok(_) => "ready\n".into_response(),
    }
}

/// The metrics, on their own port.
pub(super) async fn metrics(State(handle): State<PrometheusHandle>) -> String {
    handle.run_upkeep();
    handle.render()
}

/// Everything under /api/v1 that answers nothing else.
pub(super) async fn nothing(lang: Lang) -> Error {
    Error::not_found().speaking(lang)
}

/// A route that exists, asked in a way that it does not know.
pub(super) async fn not_so(lang: Lang) -> Error {
    let french = "Cette adresse existe, mais ne se demande pas ainsi.";
    Error::new(StatusCode::METHOD_NOT_ALLOWED, "method", french, "This address exists, but is not asked in this way.").speaking(lang)
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Bouillon", description = "The open map of a territory's citizen actors. Answers are JSON; errors are RFC 9457 problem documents."),
    paths(
        super::edits::post,
        super::form::open,
        super::actors::show,
        super::actors::history,
        super::me::show,
        super::me::contributions,
        super::me::recovery,
        super::me::recover,
        super::me::invitation,
        super::territories::list,
        super::territories::show,
        super::territories::history,
        super::territories::counts,
        super::territories::taxonomy,
        super::territories::fields,
        super::lists::actors_geojson,
        super::lists::search,
        super::lists::nearby,
        super::lists::duplicates,
        super::lists::changes,
        super::geocode::search,
        super::geocode::reverse,
        super::tiles::actors,
        super::tiles::tilejson,
        super::basemap::tile,
        super::basemap::about,
        super::imports::list,
        super::imports::upload,
        super::imports::show,
        super::imports::items,
        super::imports::apply,
        super::imports::undo,
        super::imports::discard,
        super::moderation::list,
        super::moderation::settle,
        super::territories::site
    )
)]
struct Description;

/// The API's description (OpenAPI 3.1).
pub(super) async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
