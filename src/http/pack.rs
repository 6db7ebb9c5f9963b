//! What a device takes along of a territory, to go on without network: every actor whole, and the addresses.

use super::actors::whole;
use super::extract::Path;
use super::lists::{known, unless_known};
use super::territories::find;
use super::{App, Error, Result};
use crate::model::{Actor, Lang, State as ActorState};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A territory with more actors can't be taken along.
const ACTORS_MAX: u64 = 20_000;
/// House numbers that are taken along at most; streets all are.
const NUMBERS_MAX: usize = 100_000;

/// Everything that a device needs to go on without network, but for the base map's tiles.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/pack", tag = "territories", params(("slug" = String, Path, description = "Short address")),
    responses((status = 200, description = "Actors as `/api/v1/actors/{id}` gives them, and addresses"), (status = 304, description = "As the client has it"),
        (status = 404, description = "No such territory"), (status = 422, description = "Too many actors")))]
pub(super) async fn show(State(app): State<App>, lang: Lang, headers: HeaderMap, Path(slug): Path<String>) -> Result<Response> {
    let t = find(&app, lang, &slug)?;
    if t.totals.actors > ACTORS_MAX {
        let french = format!("{} a plus de {ACTORS_MAX} acteurs : c’est trop pour être emporté. Choisissez un territoire plus petit.", t.name);
        let english = format!("{} has more than {ACTORS_MAX} actors: too many to take along. Choose a smaller territory.", t.name);
        return Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_actors", french, english).speaking(lang));
    }
    // Before the actors are read: what changes meanwhile is told again, never missed.
    let head = app.journal.follower.head();
    let (mut actors, mut addresses) = (Vec::new(), Vec::new());
    if !known(&headers, head) {
        let ids = app.journal.atlas.ids(t.id).unwrap_or_default();
        let mut tx = app.journal.store.read().await?;
        let mut found: Vec<Actor> = tx.actors_among(&ids).await?;
        found.retain(|a| a.state() != ActorState::Deleted);
        actors = whole(&app, &mut tx, &found).await?;
        addresses = t.bbox.map(|bbox| app.geocoder.within(bbox, NUMBERS_MAX)).unwrap_or_default();
    }
    let body = json!({"epoch": head.epoch, "head": head.seq, "actors": actors, "addresses": addresses});
    Ok(unless_known(&headers, head, || ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()))
}
