//! Live editing: `GET /api/v1/live`, the WebSocket of an open map. What is said over it is in `crate::live`; edits take the way of POST.

use super::session::Session;
use super::who::{Address, Person};
use super::{App, Error, Result, guard};
use crate::journal::Journal;
use crate::live::Hub;
use crate::live::words::MESSAGE_BYTES;
use crate::model::Lang;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Sockets of one server at most; each may cost 20 KB.
const SOCKETS_MAX: usize = 20_000;
/// Sizes of the protocol's buffers, bytes: what an idle socket keeps.
const READ_BUFFER: usize = 4096;
const WRITE_BUFFER: usize = 4096;
const WRITE_BUFFER_MAX: usize = 1 << 20;

/// The sockets of this server.
#[derive(Debug)]
pub(super) struct Live {
    hub: Hub,
    /// Every socket says goodbye.
    pub(super) stopping: CancellationToken,
    /// Sockets, and the edits that they have sent.
    pub(super) tasks: TaskTracker,
}

impl Live {
    /// Starts the hub behind the sockets.
    pub(super) fn start(journal: &Journal) -> Self {
        let steps = journal.follower.steps();
        let hub = Hub::new(journal.atlas.clone());
        tokio::spawn(hub.clone().run(steps));
        Self { hub, stopping: CancellationToken::new(), tasks: TaskTracker::new() }
    }

    pub(super) fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
    }

    pub(super) async fn ended(&self) {
        self.tasks.wait().await;
    }
}

/// Opens a socket. ARCHITECTURE.md of the repository says what is said over it; its edits are those of POST.
#[utoipa::path(get, path = "/api/v1/live", tag = "edits", responses((status = 101, description = "A WebSocket of JSON messages"),
    (status = 403, description = "Asked by a page of another site"), (status = 426, description = "Not asked as a WebSocket"), (status = 503, description = "Too many sockets are open, or the server is stopping")))]
pub(super) async fn live(
    State(app): State<App>,
    lang: Lang,
    headers: HeaderMap,
    person: Person,
    address: Address,
    upgrade: std::result::Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    guard::same_origin(&app, &headers).map_err(|e| e.speaking(lang))?;
    let Ok(upgrade) = upgrade else { return Ok(not_a_socket(lang)) };
    if app.live.stopping.is_cancelled() || app.live.tasks.len() >= SOCKETS_MAX {
        let french = "Beaucoup de personnes ont cette carte ouverte. Elle se relit dans un instant.";
        let error = Error::new(StatusCode::SERVICE_UNAVAILABLE, "busy", french, "Many people have this map open. It will be read again in a moment.");
        return Err(error.retry_after(5).speaking(lang));
    }
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES).max_frame_size(MESSAGE_BYTES).read_buffer_size(READ_BUFFER);
    let upgrade = upgrade.write_buffer_size(WRITE_BUFFER).max_write_buffer_size(WRITE_BUFFER_MAX);
    let tasks = app.live.tasks.clone();
    let socket = app.live.hub.open(person.id);
    let session = Session::new(app, lang, person.id, address, socket);
    Ok(upgrade.on_upgrade(move |ws| tasks.track_future(session.run(ws))))
}

fn not_a_socket(lang: Lang) -> Response {
    let french = "Cette adresse se demande par WebSocket.";
    let error = Error::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", french, "This address is asked for as a WebSocket.");
    let mut response = error.speaking(lang).into_response();
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    response
}
