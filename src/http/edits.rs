//! Writing: one request with edits, one answer with what became of each.

use super::extract::JsonText;
use super::form::{self, Form};
use super::who::{Address, Person};
use super::{App, Error, Result, actors, seances};
use crate::journal::{Request, broken};
use crate::model::edit::{Ack, Edit, EditKind, Outcome};
use crate::model::{Lang, Subject, SubjectKind};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Edits in one request, at most.
const EDITS_MAX: usize = 100;

/// The body of `POST /api/v1/edits`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    /// 1 to 100 edits, applied in this order.
    #[schema(value_type = Vec<Object>)]
    edits: Vec<Edit>,
    /// Needed when somebody without an invitation adds an actor.
    #[serde(default)]
    form: Option<Form>,
}

impl Body {
    /// The ids of the edits.
    pub(super) fn ids(&self) -> Vec<Uuid> {
        self.edits.iter().map(|e| e.id).collect()
    }
}

/// Writes edits and answers when they are durable.
#[utoipa::path(post, path = "/api/v1/edits", tag = "edits", request_body = Body, responses(
    (status = 200, description = "Something was applied, or was there already: a result per edit and field"),
    (status = 400, description = "Not understood"), (status = 403, description = "Not allowed"),
    (status = 409, description = "Nothing was applied: others changed the same fields; both values of each"),
    (status = 422, description = "A value breaks a limit"), (status = 429, description = "Too much for one hour"),
    (status = 413, description = "More than 512 KiB"), (status = 415, description = "Not JSON"), (status = 503, description = "Too many edits are waiting")))]
pub(super) async fn post(State(app): State<App>, lang: Lang, person: Person, address: Address, body: JsonText) -> Response {
    match answer(&app, lang, person, address, &body.0).await {
        Ok(response) => response,
        Err(e) => e.speaking(lang).into_response(),
    }
}

async fn answer(app: &App, lang: Lang, person: Person, address: Address, body: &[u8]) -> Result<Response> {
    let body = read(body)?;
    let (identity, jar) = person.known();
    let written = write(app, lang, identity, address, body).await?;
    Ok((jar, verdict(&written.acks, written.answer).map_err(|e| e.speaking(lang))).into_response())
}

/// Edits that were tried, and what is said of them.
#[derive(Debug)]
pub(super) struct Written {
    acks: Vec<Ack>,
    /// `results`, one per edit, and how far this node has followed.
    pub(super) answer: Value,
}

impl Written {
    /// Whether something was written.
    pub(super) fn is_applied(&self) -> bool {
        self.acks.iter().any(|a| a.result == Outcome::Applied)
    }
}

/// The one way of edits, by POST and over a socket: form, quotas, the writer, and an answer once they are durable and the atlas holds them.
///
/// # Errors
/// Nothing of the request was tried.
pub(super) async fn write(app: &App, lang: Lang, identity: Uuid, address: Address, body: Body) -> Result<Written> {
    if body.edits.is_empty() || body.edits.len() > EDITS_MAX {
        let french = format!("Envoyez de 1 à {EDITS_MAX} modifications à la fois.");
        return Err(Error::bad("bad_batch", french, format!("Send 1 to {EDITS_MAX} edits at a time.")));
    }
    let creates = |e: &&Edit| e.kind == EditKind::Create && e.subject.kind == SubjectKind::Actor;
    let creations = body.edits.iter().filter(creates).count() as u32;
    let invited = !app.journal.store.read().await?.grants(identity).await?.is_empty();
    let lifted = seances::lifted(app, identity, &body.edits).await?;
    if creations > 0 && !invited && !lifted {
        form::check(app, body.form.as_ref())?;
    }
    if lifted && !invited {
        app.quotas.take_as_participant(identity, body.edits.len() as u32)?;
    } else if !invited {
        app.quotas.take(identity, address, creations, body.edits.len() as u32 - creations)?;
    }
    let requests = body.edits.into_iter().map(|edit| Request::by(identity, lang, edit)).collect::<Vec<_>>();
    let subjects: Vec<_> = requests.iter().map(|r| r.edit.subject).collect();
    let acks = app.journal.writer.write(requests).await?;
    // Whoever wrote reads their own write next: the answer waits for the atlas.
    let last = acks.iter().filter_map(|a| a.seq).max();
    if let Some(seq) = last.filter(|_| !broken("ack-early")) {
        app.journal.follower.reach(seq).await;
    }
    let results = results(app, &acks, &subjects).await?;
    let head = app.journal.follower.head();
    let answer = json!({"head": last.map_or(head.seq, |seq| seq.max(head.seq)), "epoch": head.epoch, "results": results});
    Ok(Written { acks, answer })
}

/// Every answer, with the actor as it is now unless the edit was refused.
async fn results(app: &App, acks: &[Ack], subjects: &[Subject]) -> Result<Vec<Value>> {
    let shown = |ack: &Ack, subject: &Subject| (subject.kind == SubjectKind::Actor && ack.result != Outcome::Refused).then_some(subject.id);
    let ids: BTreeSet<Uuid> = acks.iter().zip(subjects).filter_map(|(ack, subject)| shown(ack, subject)).collect();
    let mut actors = BTreeMap::new();
    if !ids.is_empty() {
        let mut tx = app.journal.store.read().await?;
        let found = tx.actors_among(&Vec::from_iter(ids)).await?;
        let told = actors::whole(app, &mut tx, &found).await?;
        actors = found.iter().map(|a| a.id).zip(told).collect::<BTreeMap<Uuid, Value>>();
    }
    let results = acks.iter().zip(subjects).map(|(ack, subject)| {
        let mut result = serde_json::to_value(ack).unwrap_or(Value::Null);
        if let Some(id) = shown(ack, subject) {
            result["actor"] = actors.get(&id).cloned().unwrap_or(Value::Null);
        }
        result
    });
    Ok(results.collect())
}

fn read(body: &[u8]) -> Result<Body> {
    serde_json::from_slice(&without_nulls(body)).map_err(|e| {
        let french = format!("Le corps de la demande n’est pas compris (ligne {}, colonne {}).", e.line(), e.column());
        Error::bad("bad_body", french, format!("The body is not understood: {e}"))
    })
}

/// A JSON text without the escape of the null character, which PostgreSQL keeps in no text and no JSON: one of them, in a name of a field or
/// of a territory, would make the whole batch of the writer fail. Values lose it anyway when they are cleaned.
pub(super) fn without_nulls(json: &[u8]) -> Cow<'_, [u8]> {
    const NULL: &[u8] = b"\\u0000";
    if !json.windows(NULL.len()).any(|w| w == NULL) {
        return Cow::Borrowed(json);
    }
    let (mut out, mut rest) = (Vec::with_capacity(json.len()), json);
    while let Some((first, after)) = rest.split_first() {
        // A backslash and what it escapes go together, so that `\\u0000`, an escaped backslash and four digits, stays as it is.
        let taken = match (rest.starts_with(NULL), *first == b'\\' && !after.is_empty()) {
            (true, _) => NULL.len(),
            (false, true) => 2,
            (false, false) => 1,
        };
        let (piece, after) = rest.split_at(taken);
        if piece != NULL {
            out.extend_from_slice(piece);
        }
        rest = after;
    }
    Cow::Owned(out)
}

/// 200 when something was applied or was there already; else 409, 403 or 422, with the same members.
fn verdict(acks: &[Ack], body: Value) -> Result<Json<Value>> {
    if acks.iter().any(|a| matches!(a.result, Outcome::Applied | Outcome::Same)) {
        return Ok(Json(body));
    }
    if acks.iter().any(|a| a.result == Outcome::Conflict) {
        let french = "Vous avez été deux à répondre. Rien n’est perdu : voici les deux valeurs.";
        return Err(Error::new(StatusCode::CONFLICT, "conflict", french, "Two people answered. Nothing is lost: here are both values.").with(body));
    }
    let first = acks.first();
    let sentence = first.and_then(|a| a.message.clone()).unwrap_or_default();
    let not_allowed =
        ["read_only", "needs_moderator", "not_yours", "needs_admin", "needs_organiser", "not_a_participant", "seance_over", "outside_area"];
    let right = first.and_then(|a| a.code.as_deref()).and_then(|c| not_allowed.into_iter().find(|n| *n == c));
    let (status, code) = right.map_or((StatusCode::UNPROCESSABLE_ENTITY, "refused"), |code| (StatusCode::FORBIDDEN, code));
    Err(Error::new(status, code, sentence.clone(), sentence).with(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_characters_are_taken_out_and_nothing_else() {
        for (given, kept) in [
            (r#"{"a\u0000b":"\u0000"}"#, r#"{"ab":""}"#),
            (r#"{"a":"\\u0000 \" \u00e9"}"#, r#"{"a":"\\u0000 \" \u00e9"}"#),
            (r#""\\\u0000x\u0000\u0000""#, r#""\\x""#),
            ("\\", "\\"),
        ] {
            assert_eq!(String::from_utf8_lossy(&without_nulls(given.as_bytes())), kept, "{given}");
        }
    }
}
