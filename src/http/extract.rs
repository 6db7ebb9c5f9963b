//! Paths, query strings and JSON bodies whose refusals are problem documents like every other error.

use super::Error;
use crate::model::Lang;
use axum::body::{Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use std::pin::Pin;

/// The parts of the address.
#[derive(Debug)]
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Ok(lang) = Lang::from_request_parts(parts, state).await;
        // What is no text in UTF-8 names nothing.
        axum::extract::Path::<T>::from_request_parts(parts, state).await.map(|p| Self(p.0)).map_err(|_| Error::not_found().speaking(lang))
    }
}

/// The query string as a struct.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Ok(lang) = Lang::from_request_parts(parts, state).await;
        axum::extract::Query::<T>::from_request_parts(parts, state).await.map(|q| Self(q.0)).map_err(|e| {
            let french = "L’adresse contient un paramètre qui manque ou qui n’est pas compris.";
            Error::bad("bad_query", french, e.body_text()).speaking(lang)
        })
    }
}

/// The body as JSON.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let (mut parts, body) = request.into_parts();
        let Ok(lang) = Lang::from_request_parts(&mut parts, state).await;
        let request = Request::from_parts(parts, body);
        axum::Json::<T>::from_request(request, state)
            .await
            .map(|b| Self(b.0))
            .map_err(|e| unread(e.status(), "Le corps de la demande n’est pas compris.", &e.body_text()).speaking(lang))
    }
}

/// The body as the bytes of a JSON text that somebody else reads.
#[derive(Debug)]
pub(super) struct JsonText(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonText {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let (mut parts, body) = request.into_parts();
        let Ok(lang) = Lang::from_request_parts(&mut parts, state).await;
        // A page of another site can send other types without asking first, JSON not.
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        if !kind.starts_with("application/json") {
            let french = "Envoyez du JSON (Content-Type: application/json).";
            let error = Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", french, "Send JSON (Content-Type: application/json).");
            return Err(error.speaking(lang));
        }
        let request = Request::from_parts(parts, body);
        let unread = |e: axum::extract::rejection::BytesRejection| unread(e.status(), "La demande n’a pas pu être lue.", &e.body_text());
        Bytes::from_request(request, state).await.map(Self).map_err(|e| unread(e).speaking(lang))
    }
}

fn unread(status: StatusCode, french: &str, english: &str) -> Error {
    if status == StatusCode::PAYLOAD_TOO_LARGE { too_large() } else { Error::bad("bad_body", french, english) }
}

/// 413 for whatever is not an upload.
pub(super) fn too_large() -> Error {
    let french = "C’est trop long pour une seule demande (512 Kio au plus). Envoyez en plusieurs fois.";
    let english = "This is too long for one request (512 KiB at most). Send it in parts.";
    Error::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", french, english)
}

/// The next bytes of a body; none at its end.
pub(super) async fn piece(body: &mut axum::body::Body) -> Option<Result<Bytes, axum::Error>> {
    loop {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
        match frame.map(|f| f.into_data()) {
            Ok(Ok(bytes)) => return Some(Ok(bytes)),
            // Trailers say nothing here.
            Ok(Err(_)) => {}
            Err(e) => return Some(Err(e)),
        }
    }
}
