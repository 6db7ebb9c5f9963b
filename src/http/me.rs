//! Whoever is asking: their label, role, contributions, recovery code and invitations.

use super::actors::{Page, told};
use super::extract::{Body, Query};
use super::form::hex;
use super::who::Person;
use super::{App, Error, Result};
use crate::journal::now;
use crate::model::{Lang, label};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use rand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Letters and digits that can't be taken for one another on paper.
const LETTERS: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// Label, role and number of contributions.
#[utoipa::path(get, path = "/api/v1/me", tag = "me", responses((status = 200, description = "Who the server takes this browser for")))]
pub(super) async fn show(State(app): State<App>, person: Person) -> Result<Json<Value>> {
    about(&app, &person).await.map(Json)
}

async fn about(app: &App, person: &Person) -> Result<Value> {
    let mut tx = app.journal.store.read().await?;
    let role = person.role(&mut tx).await?;
    let (contributions, has_recovery) = match person.id {
        Some(id) => (tx.count_by(id).await?, tx.identity(id).await?.unwrap_or(false)),
        None => (0, false),
    };
    let name = person.id.map(label::pseudonym);
    Ok(json!({"name": name, "role": role, "contributions": contributions, "has_recovery": has_recovery}))
}

/// One's own edits, newest first.
#[utoipa::path(get, path = "/api/v1/me/contributions", tag = "me", params(Page), responses((status = 200, description = "One's own edits")))]
pub(super) async fn contributions(State(app): State<App>, person: Person, Query(page): Query<Page>) -> Result<Json<Value>> {
    let Some(id) = person.id else { return Ok(Json(json!({"edits": [], "next": null}))) };
    let (before, limit) = page.bounds();
    let mut tx = app.journal.store.read().await?;
    let entries = tx.written_by(id, before, limit).await?;
    Ok(Json(told(&mut tx, &person, entries, limit, true).await?))
}

/// A new recovery code, shown this once; the one before is void.
#[utoipa::path(post, path = "/api/v1/me/recovery", tag = "me", responses((status = 200, description = "The code"), (status = 409, description = "Nothing to recover yet")))]
pub(super) async fn recovery(State(app): State<App>, lang: Lang, person: Person) -> Result<Json<Value>> {
    new_code(&app, person).await.map_err(|e| e.speaking(lang))
}

async fn new_code(app: &App, person: Person) -> Result<Json<Value>> {
    let code = code();
    let mut tx = app.journal.store.write().await?;
    let known = match person.id {
        Some(id) => tx.identity(id).await?.map(|_| id),
        None => None,
    };
    let Some(id) = known else {
        let french = "Ajoutez ou complétez d’abord un acteur : il n’y a encore rien à retrouver.";
        return Err(Error::new(StatusCode::CONFLICT, "nothing_yet", french, "Add or complete an actor first: there is nothing to recover yet."));
    };
    tx.set_recovery(id, &hashed(&code)).await?;
    tx.commit().await?;
    Ok(Json(json!({"code": code})))
}

/// A recovery code.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct Code {
    code: String,
}

/// Puts the identity of a recovery code on this device.
#[utoipa::path(post, path = "/api/v1/me/recover", tag = "me", request_body = Code, responses((status = 200, description = "Recovered"), (status = 404, description = "No such code"), (status = 429, description = "Too many tries")))]
pub(super) async fn recover(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    address: super::who::Address,
    Body(body): Body<Code>,
) -> Result<Response> {
    app.tries.take(address).map_err(|e| e.speaking(lang))?;
    let mut tx = app.journal.store.read().await?;
    let found = tx.by_recovery(&hashed(&body.code)).await?;
    drop(tx);
    let Some(id) = found else {
        let french = "Ce code n’est connu d’aucun appareil. Vérifiez les lettres ; un code plus récent l’a peut-être remplacé.";
        return Err(Error::new(
            StatusCode::NOT_FOUND,
            "unknown_code",
            french,
            "This code is not known. Check the letters; a newer code may have replaced it.",
        )
        .speaking(lang));
    };
    become_(&app, person, id).await
}

/// The token of an invitation.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct Token {
    token: String,
}

/// Uses an invitation up and gives its role to this device.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "me", request_body = Token, responses((status = 200, description = "The role is yours"), (status = 404, description = "Used, over, or never made"), (status = 429, description = "Too many tries")))]
pub(super) async fn invitation(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    address: super::who::Address,
    Body(body): Body<Token>,
) -> Result<Response> {
    use_up(&app, person, address, body.token.trim()).await.map_err(|e| e.speaking(lang))
}

async fn use_up(app: &App, person: Person, address: super::who::Address, token: &str) -> Result<Response> {
    app.tries.take(address)?;
    let id = person.id.unwrap_or_else(uuid::Uuid::new_v4);
    let at = now();
    let mut tx = app.journal.store.write().await?;
    tx.put_identity(id, at).await?;
    let Some(_) = tx.use_invitation(&hash_of(token), id, at).await? else {
        let french = "Cette invitation a déjà servi, ou n’est plus valable. Demandez-en une autre.";
        return Err(Error::new(StatusCode::NOT_FOUND, "invitation_void", french, "This invitation was used or is over. Ask for another one."));
    };
    tx.commit().await?;
    become_(app, person, id).await
}

async fn become_(app: &App, person: Person, id: uuid::Uuid) -> Result<Response> {
    let (id, jar) = person.become_identity(id);
    let mut tx = app.journal.store.read().await?;
    let role = tx.grants(id).await?.into_iter().map(|g| g.role).max().unwrap_or(crate::model::Role::Contributor);
    let contributions = tx.count_by(id).await?;
    let has_recovery = tx.identity(id).await?.unwrap_or(false);
    let body = json!({"name": label::pseudonym(id), "role": role, "contributions": contributions, "has_recovery": has_recovery});
    Ok((jar, Json(body)).into_response())
}

fn code() -> String {
    let mut rng = rand::rng();
    let mut part = || (0..4).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect::<String>();
    format!("{}-{}-{}", part(), part(), part())
}

/// The hash of a code, however its letters and dashes were typed.
fn hashed(code: &str) -> String {
    let letters: String = code.to_uppercase().chars().filter(char::is_ascii_alphanumeric).collect();
    hash_of(&letters)
}

/// The hash under which a token is kept.
pub(crate) fn hash_of(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}
