//! HTTP: the only room with axum. Every route on this screen; handlers are grouped by noun in the files beside it.

mod accept;
mod actors;
mod assets;
mod basemap;
mod edits;
mod embed_pages;
mod error;
mod extract;
mod figure_body;
mod figure_data;
mod figure_pages;
mod figures;
mod form;
mod geocode;
mod guard;
mod imports;
mod lists;
mod live;
mod maps;
mod me;
mod moderation;
mod openapi;
mod ops;
mod options;
mod pack;
mod pages;
mod quota;
mod raster;
mod ready;
mod report_files;
mod report_pages;
mod reports;
mod seance_pages;
mod seance_work;
mod seances;
mod session;
mod statistics;
mod territories;
mod tiles;
mod tls;
mod tries;
mod who;

pub use error::{Error, Result};
pub(crate) use me::hash_of as token_hash;
pub use options::{Limits, Options};
pub use tls::{BadTls, Tls};

use crate::geocode::Geocoder;
use crate::import::Imports;
use crate::journal::Journal;
use crate::model::Lang;
use crate::report::figure::Figures;
use crate::report::raster::RasterTiles;
use crate::seance::Seances;
use crate::tiles::{ActorTiles, Archives};
use anyhow::Context;
use axum::extract::{DefaultBodyLimit, FromRef, FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum_extra::extract::cookie::Key;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use rand::RngCore;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::cors::{Any, CorsLayer};
use tower_http::timeout::TimeoutLayer;

/// A request body may be this large, bytes.
const BODY_MAX: usize = 512 * 1024;
/// A request may take this long.
const TIMEOUT: Duration = Duration::from_secs(15);
/// A drawing may take this long, with its time in the queue.
const DRAWING: Duration = Duration::from_secs(90);

/// All routes.
pub type Routes = axum::Router;

/// What handlers share; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// Behind [`App`].
pub struct Shared {
    journal: Journal,
    options: Options,
    quotas: quota::Quotas,
    tries: tries::Tries,
    cookie_key: Key,
    form_key: Vec<u8>,
    tiles: ActorTiles,
    archives: Arc<Archives>,
    raster: RasterTiles,
    geocoder: Geocoder,
    ready: ready::Ready,
    imports: Imports,
    live: live::Live,
    seances: Seances,
    figures: Figures,
    reports: crate::report::document::Desk,
    office: crate::report::document::Office,
    queue: crate::report::Queue,
    statistics: Arc<crate::report::statistics::Reader>,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl FromRef<App> for Key {
    fn from_ref(app: &App) -> Self {
        app.cookie_key.clone()
    }
}

impl App {
    /// Reads the secrets of this installation, making them on the first start. The archives are those of the data folder.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn new(journal: Journal, geocoder: Geocoder, options: Options, archives: Archives, imports: Imports) -> anyhow::Result<Self> {
        let mut tx = journal.store.write().await?;
        let cookie = tx.secret("cookie", &random()).await?;
        let form_key = tx.secret("form", &random()).await?;
        let seance_key = tx.secret("seance", &random()).await?;
        tx.commit().await?;
        let live = live::Live::start(&journal);
        let tiles = ActorTiles::new(journal.atlas.clone(), options.tile_cache);
        let archives = Arc::new(archives);
        let office = crate::report::document::Office::find(options.soffice.as_deref());
        let raster = RasterTiles::new(options.raster_engine, std::env::current_exe().context("the program's own file is not found")?)?;
        let statistics = Arc::new(crate::report::statistics::Reader::default());
        let queue = crate::report::Queue::default();
        let figures = Figures::new(journal.clone(), archives.clone(), statistics.clone(), queue.clone());
        let seances = Seances::new(journal.clone(), geocoder.clone(), seance_key);
        let app = Self(Arc::new(Shared {
            journal,
            quotas: quota::Quotas::new(&options.limits),
            options,
            tries: tries::Tries::default(),
            cookie_key: Key::try_from(&cookie[..])?,
            form_key,
            tiles,
            archives,
            raster,
            geocoder,
            ready: ready::Ready::default(),
            imports,
            live,
            seances,
            reports: crate::report::document::Desk::new(figures.clone()),
            office,
            figures,
            queue,
            statistics,
        }));
        let weak = Arc::downgrade(&app.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(600)).await;
                let Some(shared) = weak.upgrade() else { return };
                shared.quotas.forget_idle();
                shared.tries.forget_idle();
            }
        });
        Ok(app)
    }

    /// Whether people reach this server over https.
    fn secure(&self) -> bool {
        self.options.tls || self.options.base_url.as_deref().is_some_and(|u| u.starts_with("https://"))
    }

    /// From now on `/readyz` says that this server is stopping; requests are answered as before.
    pub fn drain(&self) {
        self.ready.drain();
    }

    /// Says goodbye to every socket, after what each one has sent is written and answered.
    pub fn stop_sockets(&self) {
        self.live.stop();
    }

    /// Waits until every socket has ended. The server does not wait for them as it does for requests.
    pub async fn sockets_ended(&self) {
        self.live.ended().await;
    }
}

fn random() -> [u8; 64] {
    let mut bytes = [0; 64];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// Every route.
pub fn router(app: App) -> Routes {
    let open_data = axum::Router::new()
        .route("/api/v1/territories", get(territories::list))
        .route("/api/v1/territories/{slug}", get(territories::show))
        .route("/api/v1/territories/{slug}/actors.geojson", get(lists::actors_geojson))
        .route("/api/v1/territories/{slug}/counts", get(territories::counts))
        .route("/api/v1/territories/{slug}/pack", get(pack::show))
        .route("/api/v1/territories/{slug}/statistics", get(statistics::all))
        .route("/api/v1/territories/{slug}/statistics/{file}", get(statistics::one))
        .route("/api/v1/territories/{slug}/relations", get(statistics::relations))
        .route("/api/v1/territories/{slug}/relations.svg", get(statistics::relations_drawn))
        .route("/api/v1/taxonomy", get(territories::taxonomy))
        .route("/api/v1/fields", get(territories::fields))
        .route("/api/v1/actors/{id}", get(actors::show))
        .route("/api/v1/search", get(lists::search))
        .route("/api/v1/nearby", get(lists::nearby))
        .route("/api/v1/geocode/search", get(geocode::search))
        .route("/api/v1/geocode/reverse", get(geocode::reverse))
        .route("/api/v1/changes", get(lists::changes))
        .route("/api/v1/territories/{slug}/figures", get(figures::list))
        .route("/api/v1/figures/{id}", get(figures::show))
        .route("/api/v1/figures/{id}/since", get(figures::since))
        .route("/embed.js", get(assets::embed))
        .route("/api/v1/openapi.json", get(ops::openapi))
        .route("/tiles/actors/{slug}/{z}/{x}/{y}", get(tiles::actors))
        .route("/tiles/actors/{slug}", get(tiles::tilejson))
        .route("/tiles/base/{archive}/{z}/{x}/{y}", get(basemap::tile))
        .route("/tiles/base/{archive}", get(basemap::about))
        .route("/tiles/raster/{slug}/{z}/{x}/{y}", get(raster::tile))
        // Inside the CORS layer, which answers preflights before them.
        .method_not_allowed_fallback(ops::not_so)
        .layer(CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::HEAD]).expose_headers([header::ETAG]));
    let own = axum::Router::new()
        .route("/api/v1/edits", post(edits::post))
        .route("/api/v1/form", get(form::open))
        .route("/api/v1/actors/{id}/history", get(actors::history))
        .route("/api/v1/territories/{slug}/history", get(territories::history))
        .route("/api/v1/duplicates", get(lists::duplicates))
        .route("/api/v1/site", get(territories::site))
        .route("/api/v1/me", get(me::show))
        .route("/api/v1/me/contributions", get(me::contributions))
        .route("/api/v1/me/recovery", post(me::recovery))
        .route("/api/v1/me/recover", post(me::recover))
        .route("/api/v1/invitations", post(me::invitation))
        .route("/api/v1/imports/{id}", get(imports::show))
        .route("/api/v1/imports/{id}/items", get(imports::items))
        .route("/api/v1/imports/{id}/apply", post(imports::apply))
        .route("/api/v1/imports/{id}/undo", post(imports::undo))
        .route("/api/v1/imports/{id}/discard", post(imports::discard))
        .route("/api/v1/territories/{slug}/moderation", get(moderation::list))
        .route("/api/v1/moderation/{id}", post(moderation::settle))
        .route("/api/v1/territories/{slug}/seances", get(seances::list))
        .route("/api/v1/seances/join", post(seances::join))
        .route("/api/v1/seances/{id}", get(seances::show))
        .route("/api/v1/seances/{id}/door", get(seances::door).post(seances::change_door))
        .route("/api/v1/seances/{id}/participants", get(seance_work::participants))
        .route("/api/v1/seances/{id}/participants/{participant}/revoke", post(seance_work::revoke))
        .route("/api/v1/seances/{id}/progress", get(seance_work::progress))
        .route("/api/v1/seances/{id}/cells", get(seance_work::cells))
        .route("/api/v1/seances/{id}/cells/next", get(seance_work::next_cell))
        .route("/api/v1/seances/{id}/minutes", get(seance_work::minutes))
        .route("/api/v1/seances/{id}/minutes.csv", get(seance_work::minutes_csv))
        .route("/api/v1/seances/{id}/edits", get(seance_work::edits))
        .route("/api/v1/seances/{id}/undo", post(seance_work::undo))
        .route("/api/v1/figures/{id}/remake", post(figures::remake))
        .route("/api/v1/territories/{slug}/reports", get(reports::list))
        .route("/api/v1/territories/{slug}/devices", get(reports::devices))
        .route("/api/v1/reports/{id}", get(reports::show))
        .route("/api/{*rest}", get(ops::nothing).fallback(ops::nothing));
    let pages = axum::Router::new()
        .route("/", get(pages::directory))
        .route("/mentions-legales", get(pages::text_page))
        .route("/donnees-personnelles", get(pages::text_page))
        .route("/accessibilite", get(pages::text_page))
        .route("/invitation", get(pages::text_page))
        .route("/embed/{slug}", get(embed_pages::one))
        .route("/{slug}", get(pages::territory))
        .route("/{slug}/acteurs/{id}", get(pages::actor))
        .route("/{slug}/carte", get(pages::territory))
        .route("/{slug}/historique", get(pages::territory))
        .route("/{slug}/mes-contributions", get(pages::territory))
        .route("/{slug}/imports", get(pages::territory))
        .route("/{slug}/moderation", get(pages::territory))
        .route("/{slug}/figures", get(pages::territory))
        .route("/{slug}/rapports", get(report_pages::list))
        .route("/{slug}/rapports/{id}", get(report_pages::one))
        .route("/{slug}/statistiques", get(pages::territory))
        .route("/{slug}/seances", get(seance_pages::list))
        .route("/{slug}/seances/{id}", get(seance_pages::one))
        .route("/{slug}/seances/{id}/ecran", get(seance_pages::screen))
        .route("/s", get(pages::text_page))
        .route("/s/{id}", get(pages::text_page))
        .route("/assets/{*path}", get(assets::asset))
        .route("/bouillon.svg", get(assets::icon))
        .route("/sw.js", get(assets::worker))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz));
    // Freezing and erasing draw too.
    let drawing = axum::Router::new()
        .route("/api/v1/figures/{id}/freeze", post(figures::freeze))
        .route("/api/v1/territories/{slug}/erasures", post(figures::erase))
        .method_not_allowed_fallback(ops::not_so)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, DRAWING));
    // An extract is larger than any other body and takes longer; the handler counts and waits itself.
    let uploads = axum::Router::new()
        .route("/api/v1/territories/{slug}/imports", get(imports::list).post(imports::upload))
        .method_not_allowed_fallback(ops::not_so)
        .layer(DefaultBodyLimit::disable());
    // A drawing waits for those before it.
    let drawings = axum::Router::new()
        .route("/api/v1/territories/{slug}/map.svg", get(maps::svg))
        .route("/api/v1/territories/{slug}/map.png", get(maps::png))
        .route("/api/v1/territories/{slug}/map.pdf", get(maps::pdf))
        .route("/f/{id}", get(figure_pages::one))
        .route("/og/{file}", get(maps::territory_picture))
        .route("/og/{slug}/{file}", get(maps::actor_picture))
        .method_not_allowed_fallback(ops::not_so)
        .layer(CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::HEAD]).expose_headers([header::ETAG]))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, DRAWING));
    // A report is drawn in its turn, and its PDF made by another program: that may take longer than any other answer.
    let slow = axum::Router::new()
        .route("/r/{file}", get(report_files::file))
        .route("/api/v1/reports/{id}/picture", post(report_files::picture))
        .route("/api/v1/reports/{id}/freeze", post(report_files::freeze))
        .route("/api/v1/reports/{id}/remake", post(report_files::remake))
        .method_not_allowed_fallback(ops::not_so)
        .layer(DefaultBodyLimit::max(crate::report::document::BYTES_MAX));
    let sockets = axum::Router::new()
        // A socket lasts for hours: no layer that ends a request after seconds may be around it.
        .route("/api/v1/live", get(live::live))
        .method_not_allowed_fallback(ops::not_so);
    open_data
        .merge(own)
        .merge(pages)
        .fallback(pages::nowhere)
        .method_not_allowed_fallback(ops::not_so)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
        .merge(drawing)
        .merge(uploads)
        .merge(drawings)
        .merge(slow)
        .merge(sockets)
        .layer(middleware::from_fn_with_state(app.clone(), as_new_as))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        // Tiles choose their coding themselves, and their entity tags say which.
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::new("application/vnd.mapbox-vector-tile"))))
        .layer(CatchPanicLayer::custom(|_| Error::internal().into_response()))
        .layer(middleware::from_fn(measure))
        .with_state(app)
}

/// A client that has read or written at another node says how far that one was (`Bouillon-Head: epoch:seq`), and is not shown an older state.
async fn as_new_as(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = request.headers().get(HEAD).and_then(|v| v.to_str().ok()).and_then(|v| v.split_once(':'));
    let (epoch, seq) = asked.and_then(|(epoch, seq)| epoch.parse::<i64>().ok().zip(seq.parse::<i64>().ok())).unwrap_or_default();
    let head = app.journal.follower.head();
    // After a restore the numbers begin again, and nobody waits for those of before.
    if epoch == head.epoch && seq > head.seq && !app.journal.follower.reach(seq).await {
        let french = "Ce serveur n’a pas encore tout reçu des autres. Réessayez dans un instant.";
        let error = Error::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "behind",
            french,
            "This server has not yet heard everything from the others. Try again in a moment.",
        );
        let (mut parts, _) = request.into_parts();
        let Ok(lang) = Lang::from_request_parts(&mut parts, &app).await;
        return error.speaking(lang).retry_after(2).into_response();
    }
    next.run(request).await
}

/// Counts requests and their time per route.
async fn measure(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("http_requests_total", "route" => route.clone(), "status" => status).increment(1);
    metrics::histogram!("http_request_seconds", "route" => route).record(started.elapsed().as_secs_f64());
    response
}

/// Starts recording metrics for this process.
pub fn metrics_handle() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // A second server in the same process keeps the first recorder.
    let _ = metrics::set_global_recorder(recorder);
    handle
}

/// The routes of the metrics port.
pub fn metrics_router(handle: PrometheusHandle, app: App) -> Routes {
    axum::Router::new().route("/metrics", get(ops::metrics)).with_state((handle, app))
}

/// Serves until told to stop, over TLS when there is a certificate.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    routes: Routes,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    match tls {
        None => axum::serve(listener.tap_io(at_once), service).with_graceful_shutdown(stop).await,
        // Tapping makes the address of our listener known to handlers as that of a plain one.
        Some(tls) => axum::serve(tls.listen(listener)?.tap_io(|stream| at_once(stream.get_mut().0)), service).with_graceful_shutdown(stop).await,
    }
}

/// Sends small messages at once: an edit that others wait to see is not held back until the one before it has arrived.
fn at_once(stream: &mut TcpStream) {
    if let Err(e) = stream.set_nodelay(true) {
        tracing::debug!("a connection sends in larger pieces: {e}");
    }
}

/// Header that tells how far an answer has followed the journal: `epoch:seq`.
const HEAD: HeaderName = HeaderName::from_static("bouillon-head");
