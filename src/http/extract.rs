//! Query strings and JSON bodies whose refusals are problem documents like every other error.

use super::Error;
use crate::model::Lang;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

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
            .map_err(|e| Error::bad("bad_body", "Le corps de la demande n’est pas compris.", e.body_text()).speaking(lang))
    }
}
