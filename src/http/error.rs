//! Errors as clients see them: RFC 9457 problem documents with a stable code and a sentence in their language.

use crate::geo::bbox::BadBbox;
use crate::journal::Refused;
use crate::model::Lang;
use crate::store;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal or a failure.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    code: &'static str,
    french: String,
    english: String,
    lang: Lang,
    more: Option<Value>,
    retry_after: Option<u64>,
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A problem with its two sentences.
    pub fn new(status: StatusCode, code: &'static str, french: impl Into<String>, english: impl Into<String>) -> Self {
        Self { status, code, french: french.into(), english: english.into(), lang: Lang::Fr, more: None, retry_after: None }
    }

    /// The request is not understood.
    pub fn bad(code: &'static str, french: impl Into<String>, english: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, french, english)
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Il n’y a rien à cette adresse.", "There is nothing at this address.")
    }

    /// Something broke here; the details are in the log.
    pub fn internal() -> Self {
        let french = "Le serveur n’a pas pu répondre. Votre texte n’est pas perdu : réessayez dans un instant.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", french, "The server could not answer. Try again in a moment.")
    }

    /// Speaks this language.
    pub fn speaking(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }

    /// What a socket is told instead of a document: status, code, sentence, and the seconds to wait.
    pub(super) fn said(&self, lang: Lang) -> (u16, &'static str, &str, Option<u64>) {
        let detail = if lang == Lang::Fr { &self.french } else { &self.english };
        (self.status.as_u16(), self.code, detail, self.retry_after)
    }

    /// Adds members to the document.
    pub fn with(mut self, more: Value) -> Self {
        self.more = Some(more);
        self
    }

    /// Says when to come back, in seconds.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let detail = match self.lang {
            Lang::Fr => &self.french,
            Lang::En => &self.english,
        };
        let title = self.status.canonical_reason().unwrap_or("Error");
        let mut body = json!({"type": "about:blank", "title": title, "status": self.status.as_u16(), "code": self.code, "detail": detail});
        if let (Some(Value::Object(more)), Some(body)) = (self.more, body.as_object_mut()) {
            body.extend(more);
        }
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        if error.is_full() {
            return Refused::Full.into();
        }
        tracing::error!("database: {error}");
        Self::internal()
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let french = "Beaucoup de personnes écrivent en même temps. Rien n’a été écrit ; réessayez dans un instant.";
        let english = "Many people are writing at the same time. Nothing was written; try again in a moment.";
        match refused {
            Refused::Busy | Refused::Stopping => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", french, english).retry_after(2),
            Refused::Full => {
                let french =
                    "Le disque du serveur est plein : rien n’a été changé, votre texte reste chez vous. On peut toujours lire ; réessayez plus tard.";
                let english = "The server's disk is full: nothing was changed, your text stays with you. Reading goes on; try again later.";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", french, english).retry_after(60)
            }
            Refused::NotWritten => {
                let french = "La base de données n’a pas pu écrire. Rien n’a été changé ; votre texte reste chez vous.";
                let english = "The database could not write. Nothing was changed; your text stays with you.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_written", french, english).retry_after(5)
            }
        }
    }
}

impl From<BadBbox> for Error {
    fn from(bad: BadBbox) -> Self {
        let french = match bad {
            BadBbox::Shape => "bbox : écrivez quatre nombres, ouest,sud,est,nord.",
            BadBbox::Range => "bbox : les longitudes vont de -180 à 180, les latitudes de -90 à 90.",
            BadBbox::Inverted => {
                "bbox : l’ouest doit être avant l’est et le sud avant le nord ; pour passer l’antiméridien, demandez les deux moitiés."
            }
        };
        Self::bad("bad_bbox", french, format!("bbox: {bad}"))
    }
}
