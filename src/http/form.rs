//! The form's token: signed with the time at which the form was opened, so that a script that fills it in no time is noticed.

use super::{App, Error, Result};
use crate::journal::now;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

/// A form that was open longer than this must be opened again, milliseconds.
const OLDEST: i64 = 7 * 24 * 3600 * 1000;

/// What the add form sends beside the edits.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
pub(super) struct Form {
    /// From `GET /api/v1/form`.
    #[serde(default)]
    token: String,
    /// A field that people do not see: filled, it betrays a script.
    #[serde(default)]
    trap: String,
}

/// Opens a form.
#[utoipa::path(get, path = "/api/v1/form", tag = "edits", responses((status = 200, description = "A token to send with an anonymous creation")))]
pub(super) async fn open(State(app): State<App>) -> Json<Value> {
    let opened = now();
    Json(json!({"token": format!("{opened}.{}", sign(&app, opened)), "min_seconds": app.options.limits.min_fill_seconds}))
}

/// Checks the form of an anonymous creation.
///
/// # Errors
/// 422 when the form was not opened here, was filled faster than a person can, or too long ago.
pub(super) fn check(app: &App, form: Option<&Form>) -> Result<()> {
    let refuse = |code, fr: &str, en: &str| Err(Error::new(StatusCode::UNPROCESSABLE_ENTITY, code, fr, en));
    let form = form.cloned().unwrap_or_default();
    if !form.trap.is_empty() {
        return refuse("trap", "Laissez vide le champ caché du formulaire.", "Leave the hidden field of the form empty.");
    }
    let opened = form.token.split_once('.').and_then(|(at, mac)| Some((at.parse::<i64>().ok()?, mac)));
    let Some(opened) = opened.filter(|(at, mac)| verify(app, *at, mac)).map(|(at, _)| at) else {
        return refuse(
            "form_token",
            "Ouvrez le formulaire d’ajout avant d’envoyer (GET /api/v1/form).",
            "Open the form before sending (GET /api/v1/form).",
        );
    };
    let age = now() - opened;
    if age > OLDEST {
        return refuse(
            "form_old",
            "Ce formulaire est ouvert depuis trop longtemps ; rouvrez-le, votre texte est gardé.",
            "This form was opened too long ago; open it again, your text is kept.",
        );
    }
    // Opened in the future: the clock was put back since. We signed it, and how long it was open can't be known.
    if (0..i64::from(app.options.limits.min_fill_seconds) * 1000).contains(&age) {
        return refuse(
            "too_fast",
            "C’était très rapide. Relisez, puis envoyez de nouveau.",
            "That was very fast. Read it again, then send once more.",
        );
    }
    Ok(())
}

fn mac(app: &App, opened: i64) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&app.form_key).ok()?;
    mac.update(&opened.to_be_bytes());
    Some(mac)
}

fn sign(app: &App, opened: i64) -> String {
    mac(app, opened).map(|m| hex(&m.finalize().into_bytes())).unwrap_or_default()
}

fn verify(app: &App, opened: i64, given: &str) -> bool {
    let bytes: Option<Vec<u8>> = (0..given.len()).step_by(2).map(|i| given.get(i..i + 2).and_then(|h| u8::from_str_radix(h, 16).ok())).collect();
    bytes.zip(mac(app, opened)).is_some_and(|(bytes, mac)| mac.verify_slice(&bytes).is_ok())
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}
