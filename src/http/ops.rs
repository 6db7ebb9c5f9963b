//! For whoever runs the server: health, readiness, metrics, the API's description.

use super::{App, Error, openapi, ready};
use crate::model::Lang;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::Value;
use utoipa::OpenApi;

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether this server should be sent requests: a line, or a sentence per reason why not.
pub(super) async fn readyz(State(app): State<App>, lang: Lang) -> Response {
    let reasons = ready::reasons(&app).await;
    if reasons.is_empty() {
        return "ready\n".into_response();
    }
    let lines: String = reasons.iter().map(|[fr, en]| format!("{}\n", if lang == Lang::Fr { fr } else { en })).collect();
    (StatusCode::SERVICE_UNAVAILABLE, [(header::CACHE_CONTROL, "no-store")], lines).into_response()
}

/// The metrics, on their own port.
pub(super) async fn metrics(State((handle, app)): State<(PrometheusHandle, App)>) -> String {
    ready::measure(&app).await;
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
        super::live::live,
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
        super::pack::show,
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
        super::raster::tile,
        super::maps::svg,
        super::maps::png,
        super::maps::pdf,
        super::maps::territory_picture,
        super::maps::actor_picture,
        super::imports::list,
        super::imports::upload,
        super::imports::show,
        super::imports::items,
        super::imports::apply,
        super::imports::undo,
        super::imports::discard,
        super::moderation::list,
        super::moderation::settle,
        super::seances::list,
        super::seances::show,
        super::seances::door,
        super::seances::change_door,
        super::seances::join,
        super::seance_work::participants,
        super::seance_work::revoke,
        super::seance_work::progress,
        super::seance_work::cells,
        super::seance_work::next_cell,
        super::seance_work::minutes,
        super::seance_work::minutes_csv,
        super::seance_work::edits,
        super::seance_work::undo,
        super::reports::list,
        super::reports::devices,
        super::reports::show,
        super::report_files::picture,
        super::report_files::freeze,
        super::report_files::remake,
        super::figures::list,
        super::figures::show,
        super::figures::since,
        super::figures::freeze,
        super::figures::remake,
        super::figures::erase,
        super::statistics::all,
        super::statistics::one,
        super::statistics::relations,
        super::statistics::relations_drawn,
        super::territories::site
    )
)]
struct Description;

/// The API's description (OpenAPI 3.1).
pub(super) async fn openapi() -> Json<Value> {
    Json(description())
}

pub(super) fn description() -> Value {
    openapi::completed(serde_json::to_value(Description::openapi()).unwrap_or_default())
}
