//! The moderators' queue: values that changed here and at a source, and things that are gone from it.

use super::extract::{Body, Path, Query};
use super::imports::{allowed, failed};
use super::who::Person;
use super::{App, Error, Result, territories};
use crate::import::{Decision, Settled, decide};
use crate::model::{Actor, Lang, Role, label};
use crate::store::{Case, CaseKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Cases told at once, at most.
const CASES: i64 = 100;

/// Which cases.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// `next` of the page before.
    after: Option<String>,
    /// How many at most: 100.
    limit: Option<i64>,
}

/// Open cases about the actors of a territory, oldest first.
#[utoipa::path(get, path = "/api/v1/territories/{slug}/moderation", tag = "imports", params(("slug" = String, Path, description = "Short address"), Page),
    responses((status = 200, description = "Cases, and how many there are in all"), (status = 400, description = "Not understood"), (status = 401, description = "Nobody known"), (status = 403, description = "Not a moderator"), (status = 404, description = "No such territory")))]
pub(super) async fn list(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path(slug): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Value>> {
    let territory = territories::find(&app, lang, &slug)?;
    allowed(&app, lang, &person, &[territory.id], Role::Moderator).await?;
    let after = match page.after.as_deref().filter(|a| !a.is_empty()) {
        Some(text) => {
            cursor(text).ok_or_else(|| Error::bad("bad_cursor", "after : ce n’est pas une suite.", "after: this is no next page.").speaking(lang))?
        }
        None => (i64::MIN, Uuid::nil()),
    };
    let limit = page.limit.unwrap_or(CASES).clamp(1, CASES);
    let mut tx = app.journal.store.read().await?;
    let cases = tx.open_cases(territory.id, after, limit).await?;
    let total = tx.count_cases(territory.id).await?;
    let ids: BTreeSet<Uuid> = cases.iter().map(|case| case.actor).collect();
    let actors: HashMap<Uuid, Actor> = tx.actors_among(&Vec::from_iter(ids)).await?.into_iter().map(|a| (a.id, a)).collect();
    let items: Vec<Value> = cases.iter().map(|case| told(case, actors.get(&case.actor))).collect();
    let next = (cases.len() as i64 == limit).then(|| cases.last().map(|c| format!("{}.{}", c.at, c.id))).flatten();
    Ok(Json(json!({"items": items, "next": next, "total": total})))
}

fn cursor(text: &str) -> Option<(i64, Uuid)> {
    let (at, id) = text.split_once('.')?;
    Some((at.parse().ok()?, id.parse().ok()?))
}

fn told(case: &Case, actor: Option<&Actor>) -> Value {
    let kind = match case.kind {
        CaseKind::Conflict => "conflict",
        CaseKind::Closing => "closing",
    };
    json!({
        "id": case.id, "kind": kind, "actor": {"id": case.actor, "name": actor.map_or("", Actor::name)}, "field": case.field, "last": case.last,
        "here": case.here, "source": case.source, "reference": case.reference, "run": case.run, "at": label::moment(case.at),
    })
}

/// A decision.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub(super) struct Decided {
    /// `here` or `source` for a conflict, `close` or `stay` for a closing.
    #[schema(value_type = String)]
    decision: Decision,
}

/// Settles a case.
#[utoipa::path(post, path = "/api/v1/moderation/{id}", tag = "imports", request_body = Decided, params(("id" = Uuid, Path, description = "Id of the case")),
    responses((status = 200, description = "Settled"), (status = 400, description = "Not understood, or not a decision for this kind of case"), (status = 401, description = "Nobody known"), (status = 403, description = "Not a moderator"),
    (status = 404, description = "No such case, or settled already"), (status = 409, description = "The value here has changed since it was shown: the case stays, with the new one"), (status = 413, description = "More than 512 KiB"), (status = 422, description = "The value breaks a limit")))]
pub(super) async fn settle(
    State(app): State<App>,
    lang: Lang,
    person: Person,
    Path(id): Path<Uuid>,
    Body(body): Body<Decided>,
) -> Result<Json<Value>> {
    let mut tx = app.journal.store.read().await?;
    let case = tx.open_case(id).await?;
    let actor = match &case {
        Some(case) => tx.actor(case.actor).await?,
        None => None,
    };
    drop(tx);
    let gone = || Error::not_found().speaking(lang);
    let (Some(case), Some(actor)) = (case, actor) else {
        allowed(&app, lang, &person, &[], Role::Moderator).await.or_else(|e| if person.id.is_some() { Ok(()) } else { Err(e) })?;
        return Err(gone());
    };
    // Whoever may moderate one of the territories that hold the actor.
    let territories: Vec<Uuid> = actor.territories.iter().copied().chain([actor.home]).collect();
    allowed(&app, lang, &person, &territories, Role::Moderator).await?;
    let by = person.id.ok_or_else(gone)?;
    let settled = decide(&app.journal, &case, body.decision, by, lang).await.map_err(|e| failed(&e).speaking(lang))?;
    match settled {
        Settled::Done => Ok(Json(json!({"settled": true}))),
        Settled::Gone => Err(gone()),
        Settled::Unfit => {
            let french = "Cette décision ne convient pas : « here » ou « source » pour un désaccord, « close » ou « stay » pour une fermeture.";
            let english = "This decision does not fit: “here” or “source” for a conflict, “close” or “stay” for a closing.";
            Err(Error::bad("bad_decision", french, english).speaking(lang))
        }
        Settled::MovedOn(here) => {
            let french = "Quelqu’un a changé cette valeur entre-temps. Rien n’a été écrit : voici la nouvelle.";
            let english = "Somebody has changed this value meanwhile. Nothing was written: here is the new one.";
            Err(Error::new(StatusCode::CONFLICT, "moved_on", french, english).with(json!({"here": here})).speaking(lang))
        }
        Settled::Refused(ack) => {
            let sentence = ack.message.clone().unwrap_or_default();
            Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", sentence.clone(), sentence).speaking(lang))
        }
    }
}
