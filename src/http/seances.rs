//! Séances: reading them, their door, joining.

use super::actors::parse_id;
use super::extract::{Body, Path};
use super::tiles::own_address;
use super::who::{Address, Person};
use super::{App, Error, Result, territories};
use crate::journal::now;
use crate::model::seance::SeanceState;
use crate::model::{Edit, Entry, Lang, Role, Seance, label};
use crate::seance::{self, Doorway, Entrance, Opening, Qr, Refused};
use crate::store::{Participant, Tx};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// The header in which the projector's page sends its token.
pub(super) const SCREEN: &str = "bouillon-screen";

/// The séances of a territory, the newest first.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/seances", tag = "seances", params(("slug" = String, Path, description = "Short address")),
    responses((status = 200, description = "Séances, with who is asking in each"), (status = 404, description = "No such territory")))]
pub(super) async fn list(State(app): State<App>, lang: Lang, person: Person, Path(slug): Path<String>) -> Result<Json<Value>> {
    let t = territories::find(&app, lang, &slug)?;
    let mut tx = app.journal.store.read().await?;
    let mut seances = Vec::new();
    for s in tx.seances_of(t.id).await? {
        seances.push(told(&app, &mut tx, &person, &s).await?);
    }
    Ok(Json(json!({"seances": seances})))
}

/// One séance.
#[utoipa::path(get, path = "/api/v1/seances/{id}", tag = "seances", params(("id" = Uuid, Path, description = "The séance")),
    responses((status = 200, description = "The séance, and what whoever asks is in it"), (status = 404, description = "No such séance")))]
pub(super) async fn show(State(app): State<App>, lang: Lang, person: Person, Path(id): Path<String>) -> Result<Json<Value>> {
    let mut tx = app.journal.store.read().await?;
    let s = find(&mut tx, lang, &id).await?;
    told(&app, &mut tx, &person, &s).await.map(Json)
}

/// A séance as it goes over the wire.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn told(app: &App, tx: &mut Tx, person: &Person, s: &Seance) -> Result<Value> {
    let territory = app.journal.atlas.territory_by_id(s.home).map(|t| json!({"slug": t.slug, "name": t.name}));
    let versions: Map<String, Value> = s.doc.meta.iter().map(|(f, m)| (f.clone(), json!(m.v))).collect();
    let you = match person.id {
        Some(id) => tx.participant(s.id, id).await?.filter(|p| p.revoked_at.is_none()),
        None => None,
    };
    Ok(json!({
        "id": s.id, "territory": territory, "fields": s.doc.fields, "versions": versions, "version": s.doc.version, "state": s.state(now()),
        "deleted": s.doc.deleted, "participants": tx.count_participants(s.id).await?, "you": you.map(|p| known_as(&p)),
        "role": role(tx, person, s.home).await?, "created_at": label::moment(s.created_at),
    }))
}

/// A participant as others see them.
pub(super) fn known_as(p: &Participant) -> Value {
    json!({"id": p.id, "nickname": p.name(), "color": p.color})
}

/// The séance of an address.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn find(tx: &mut Tx, lang: Lang, id: &str) -> Result<Seance> {
    let id = parse_id(id).map_err(|e| e.speaking(lang))?;
    tx.seance(id).await?.ok_or_else(|| Error::not_found().speaking(lang))
}

/// What somebody is for a territory.
pub(super) async fn role(tx: &mut Tx, person: &Person, home: Uuid) -> Result<Role> {
    let Some(id) = person.id else { return Ok(Role::Visitor) };
    let granted = tx.grants(id).await?.into_iter().filter(|g| g.territory.is_none_or(|t| t == home)).map(|g| g.role).max();
    let known = tx.identity(id).await?.is_some();
    Ok(granted.unwrap_or(if known { Role::Contributor } else { Role::Visitor }))
}

/// Whether somebody may read the nicknames of a séance: they take part, or organise.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn knows_them(tx: &mut Tx, person: &Person, s: &Seance) -> Result<bool> {
    let Some(id) = person.id else { return Ok(false) };
    let inside = tx.participant(s.id, id).await?.is_some_and(|p| p.revoked_at.is_none());
    Ok(inside || role(tx, person, s.home).await? >= Role::Organiser)
}

/// Nicknames by séance and identity.
pub(super) type Nicknames = HashMap<(Uuid, Uuid), String>;

/// The nicknames in the séances of some entries that somebody may read.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn nicknames(tx: &mut Tx, person: &Person, entries: &[Entry]) -> Result<Nicknames> {
    let mut names = Nicknames::new();
    for id in entries.iter().filter_map(|e| e.seance).collect::<BTreeSet<_>>() {
        let Some(s) = tx.seance(id).await? else { continue };
        if knows_them(tx, person, &s).await? {
            names.extend(tx.participants(id).await?.into_iter().map(|p| ((id, p.identity), p.name())));
        }
    }
    Ok(names)
}

/// The séance, for somebody who has at least a role in its territory.
///
/// # Errors
/// 401 for nobody known, 403 for others, 404 when there is no such séance.
pub(super) async fn for_team(app: &App, lang: Lang, person: &Person, id: &str, least: Role) -> Result<Seance> {
    let (french, english) = match least {
        Role::Organiser => {
            ("Seules les personnes qui organisent les séances peuvent voir cela.", "Only those who organise the séances can see this.")
        }
        _ => ("Seule l’équipe de modération peut faire cela.", "Only the moderators can do this."),
    };
    if person.id.is_none() {
        return Err(Error::new(StatusCode::UNAUTHORIZED, "needs_role", french, english).speaking(lang));
    }
    let mut tx = app.journal.store.read().await?;
    // Whoever has no role anywhere is not told which séances there are.
    let known = match parse_id(id) {
        Ok(id) => tx.seance(id).await?,
        Err(_) => None,
    };
    let role = match &known {
        Some(s) => role(&mut tx, person, s.home).await?,
        None => person.role(&mut tx).await?,
    };
    if role < least {
        return Err(Error::new(StatusCode::FORBIDDEN, "needs_role", french, english).speaking(lang));
    }
    known.ok_or_else(|| Error::not_found().speaking(lang))
}

/// The door: code, link and QR code. For organisers, and for the projector, which sends its token in `Bouillon-Screen`.
#[utoipa::path(get, path = "/api/v1/seances/{id}/door", tag = "seances", params(("id" = Uuid, Path, description = "The séance")),
    responses((status = 200, description = "What lets people in; null when nothing does"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an organiser"), (status = 404, description = "No such séance")))]
pub(super) async fn door(State(app): State<App>, lang: Lang, person: Person, headers: HeaderMap, Path(id): Path<String>) -> Result<Json<Value>> {
    let token = headers.get(SCREEN).and_then(|v| v.to_str().ok());
    if let (Some(token), Ok(id)) = (token, parse_id(&id))
        && app.seances.is_screen(id, token).await.map_err(|e| failed(e, lang))?
    {
        let doorway = app.seances.doorway(id).await.map_err(|e| failed(e, lang))?;
        return Ok(Json(hung(&app, &headers, id, &doorway, None)));
    }
    let s = for_team(&app, lang, &person, &id, Role::Organiser).await?;
    let doorway = app.seances.doorway(s.id).await.map_err(|e| failed(e, lang))?;
    Ok(Json(hung(&app, &headers, s.id, &doorway, Some(&s))))
}

/// What is done to a door.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Action {
    /// Another code and link.
    Renew,
    /// No code and link.
    Revoke,
    /// Another link for the projector.
    Screen,
}

/// The body of `POST …/door`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Handle {
    /// `renew`, `revoke`, or `screen` for another link of the projector.
    #[schema(value_type = String)]
    action: Action,
}

/// Renews or closes the door.
#[utoipa::path(post, path = "/api/v1/seances/{id}/door", tag = "seances", params(("id" = Uuid, Path, description = "The séance")), request_body = Handle,
    responses((status = 200, description = "The door as it is now"), (status = 401, description = "Nobody known"), (status = 403, description = "Not an organiser"), (status = 404, description = "No such séance")))]
pub(super) async fn change_door(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    headers: HeaderMap,
    Path(id): Path<String>,
    Body(body): Body<Handle>,
) -> Result<Json<Value>> {
    let s = for_team(&app, lang, &person, &id, Role::Organiser).await?;
    let opening = match body.action {
        Action::Renew => Opening::Renew,
        Action::Revoke => Opening::Revoke,
        Action::Screen => Opening::Screen,
    };
    let doorway = app.seances.open(s.id, opening).await.map_err(|e| failed(e, lang))?;
    Ok(Json(hung(&app, &headers, s.id, &doorway, Some(&s))))
}

/// A door over the wire. The projector is not told its own link again.
fn hung(app: &App, headers: &HeaderMap, id: Uuid, door: &Doorway, organiser: Option<&Seance>) -> Value {
    let base = own_address(app, headers);
    let url = door.token.as_ref().map(|token| format!("{base}/s/{id}#t={token}"));
    let slug = organiser.and_then(|s| app.journal.atlas.slug(s.home));
    json!({
        "code": door.code, "url": url, "qr": url.as_deref().and_then(Qr::new), "expires_at": label::moment(door.ends_at),
        "screen_url": slug.map(|slug| format!("{base}/{slug}/seances/{id}/ecran#k={}", door.screen)),
    })
}

/// The body of `POST /api/v1/seances/join`: a token or a code.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Knock {
    /// From the link behind the QR code.
    token: Option<String>,
    /// As typed from the screen in the hall.
    code: Option<String>,
    /// How others will know this person: up to 30 characters.
    #[serde(default)]
    nickname: String,
    /// 0 to 4.
    #[schema(minimum = 0, maximum = 4)]
    color: Option<i64>,
}

/// Comes in.
#[utoipa::path(post, path = "/api/v1/seances/join", tag = "seances", request_body = Knock,
    responses((status = 200, description = "The séance, and what others know this person by"), (status = 400, description = "Neither token nor code"),
    (status = 403, description = "Sent away by the organiser"), (status = 404, description = "No séance has this code"), (status = 409, description = "Full"),
    (status = 410, description = "Over"), (status = 422, description = "The nickname is too long"), (status = 429, description = "Too many wrong codes")))]
pub(super) async fn join(State(app): State<App>, lang: Lang, person: Person, address: Address, Body(knock): Body<Knock>) -> Result<Response> {
    let entrance = match (&knock.token, &knock.code) {
        (Some(token), None) => Entrance::Token(token),
        (None, Some(code)) => Entrance::Code(code),
        _ => {
            let french = "Il faut le code affiché dans la salle, ou le lien de la séance.";
            return Err(Error::bad("bad_body", french, "Send the code shown in the hall, or the link of the séance.").speaking(lang));
        }
    };
    // A hall is one address, so that only wrong tries count; a token of 128 bits can't be guessed.
    let one = match &knock.code {
        Some(_) => Some(app.tries.code(address).await.map_err(|e| e.speaking(lang))?),
        None => None,
    };
    let identity = person.id.unwrap_or_else(Uuid::new_v4);
    let joined = app.seances.join(identity, entrance, &knock.nickname, knock.color).await;
    if matches!(joined, Err(seance::Error::Refused(Refused::UnknownCode))) && knock.code.is_some() {
        app.tries.wrong(address);
    }
    drop(one);
    let (s, participant) = joined.map_err(|e| failed(e, lang))?;
    let person = person.becoming(identity);
    let mut tx = app.journal.store.read().await?;
    let body = json!({"seance": told(&app, &mut tx, &person, &s).await?, "you": known_as(&participant)});
    let (_, jar) = person.become_identity(identity);
    Ok((jar, Json(body)).into_response())
}

/// Whether all of these edits are made as a participant of one open séance that the person takes part in: such edits have a limit of their own.
/// The writer asks again under the lock.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn lifted(app: &App, identity: Uuid, edits: &[Edit]) -> Result<bool> {
    let Some(Some(seance)) = edits.first().map(|e| e.seance) else { return Ok(false) };
    if edits.iter().any(|e| e.seance != Some(seance)) {
        return Ok(false);
    }
    let mut tx = app.journal.store.read().await?;
    let open = tx.seance(seance).await?.is_some_and(|s| s.state(now()) == SeanceState::Open);
    Ok(open && tx.participant(seance, identity).await?.is_some_and(|p| p.revoked_at.is_none()))
}

/// What a wish about a séance met, as a problem document.
pub(super) fn failed(error: seance::Error, lang: Lang) -> Error {
    let why = match error {
        seance::Error::Refused(why) => why,
        seance::Error::Store(e) => return Error::from(e).speaking(lang),
        seance::Error::Journal(e) => return Error::from(e).speaking(lang),
    };
    let status = match why {
        Refused::UnknownCode | Refused::Unknown => StatusCode::NOT_FOUND,
        Refused::Over => StatusCode::GONE,
        Refused::Full => StatusCode::CONFLICT,
        Refused::SentAway => StatusCode::FORBIDDEN,
        Refused::Nickname => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Error::new(status, why.code(), why.sentence(Lang::Fr), why.sentence(Lang::En)).speaking(lang)
}
