//! What every request and answer goes through: who may post from where, and the headers that browsers obey.

use super::extract::{piece, too_large};
use super::{App, BODY_MAX, Error, TIMEOUT};
use crate::model::Lang;
use crate::report::document::BYTES_MAX as PICTURE_MAX;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Of a body that is too long, so many bytes are thrown away at most before the connection is closed.
const THROWN_AWAY: usize = 16 << 20;

/// The policy of our pages. MapLibre 6 needs no blob worker; styles set from scripts are not touched by `style-src`.
const CSP: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
    font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors ";

/// Refuses what another site makes a browser send and what is compressed, and adds the security headers to every answer.
///
/// Whatever changes something is read to its end first, refused or not: a connection that is closed while the client still sends takes the
/// answer with it. Uploads are read by their handler.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let framed = request.uri().path().starts_with("/embed/");
    if !changes_something(request.method()) {
        return secured(next.run(request).await, framed, app.secure());
    }
    let refused = same_site(&app, request.headers()).and_then(|()| uncoded(request.headers())).err();
    let uploads = request.uri().path().ends_with("/imports");
    let most = if request.uri().path().ends_with("/picture") { PICTURE_MAX } else { BODY_MAX };
    let (mut parts, mut body) = request.into_parts();
    let Ok(lang) = Lang::from_request_parts(&mut parts, &app).await;
    let read = if uploads && refused.is_none() { Ok(None) } else { whole(&mut body, most).await.map(Some) };
    let answer = match (refused, read) {
        (Some(e), _) | (None, Err(e)) => e.speaking(lang).into_response(),
        (None, Ok(read)) => next.run(Request::from_parts(parts, read.map_or(body, Body::from))).await,
    };
    let mut answer = secured(answer, framed, app.secure());
    if uploads && !answer.status().is_success() {
        // What was not read of a refused file takes the connection with it: a client that is told so does not use it for its next request.
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// A body of up to so many bytes. Of a longer one the rest is thrown away as it comes, up to a limit.
async fn whole(body: &mut Body, most: usize) -> Result<Vec<u8>, Error> {
    let (mut kept, mut size) = (Vec::new(), 0);
    let reading = async {
        while let Some(piece) = piece(body).await {
            let piece = piece.map_err(|_| Error::bad("bad_body", "La demande n’a pas pu être lue.", "The request could not be read."))?;
            size += piece.len();
            if size <= most {
                kept.extend_from_slice(&piece);
            } else if size > THROWN_AWAY {
                break;
            }
        }
        Ok::<(), Error>(())
    };
    match tokio::time::timeout(TIMEOUT, reading).await {
        Ok(done) => done?,
        Err(_) => {
            let french = "L’envoi a pris trop de temps. Rien n’a été changé ; réessayez.";
            return Err(Error::new(StatusCode::REQUEST_TIMEOUT, "too_slow", french, "Sending took too long. Nothing was changed; try again."));
        }
    }
    if size > most { Err(if most == BODY_MAX { too_large() } else { heavy() }) } else { Ok(kept) }
}

/// 413 for a picture.
fn heavy() -> Error {
    let french = "L’image est trop lourde : 5 Mio au plus.";
    Error::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", french, "The picture is too heavy: 5 MiB at most.")
}

fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A browser always says where a POST comes from; a script that is no browser carries no one's cookie by accident.
fn same_site(app: &App, headers: &HeaderMap) -> Result<(), Error> {
    if let Some(site) = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok())
        && site != "same-origin"
        && site != "none"
    {
        return Err(foreign());
    }
    same_origin(app, headers)
}

fn foreign() -> Error {
    let french = "Cette demande vient d’un autre site ; elle n’est pas acceptée.";
    Error::new(StatusCode::FORBIDDEN, "foreign_origin", french, "This request comes from another site; it is not accepted.")
}

/// Refuses what says that a page of another site asks. Browsers say it with every socket, and give the cookie along.
pub(super) fn same_origin(app: &App, headers: &HeaderMap) -> Result<(), Error> {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    if headers.get_all(header::ORIGIN).iter().count() > 1 || headers.get(header::ORIGIN).is_some_and(|o| o.to_str().is_err()) {
        return Err(foreign());
    }
    if let Some(origin) = text(header::ORIGIN) {
        let here = text(header::HOST).unwrap_or("");
        let host = origin.split_once("://").map_or("", |(_, host)| host);
        let known = app.options.base_url.as_deref() == Some(origin) || (host == here && !here.is_empty());
        if !known {
            return Err(foreign());
        }
    }
    Ok(())
}

/// Nothing that is sent here is unpacked: a few kilobytes could become gigabytes.
fn uncoded(headers: &HeaderMap) -> Result<(), Error> {
    if headers.get_all(header::CONTENT_ENCODING).iter().all(|v| v.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    let french = "Envoyez le corps de la demande sans le compresser (sans Content-Encoding).";
    let english = "Send the body of the request uncompressed (without Content-Encoding).";
    Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "coded_body", french, english))
}

/// Who may show an answer of `/embed/` in a frame, when its handler knows: origins with spaces between.
#[derive(Debug, Clone)]
pub(super) struct Embedders(pub(super) String);

fn secured(mut response: Response, framed: bool, https: bool) -> Response {
    let embedders = response.extensions_mut().remove::<Embedders>().filter(|_| framed);
    let headers = response.headers_mut();
    let csp = format!("{CSP}{}", embedders.as_ref().map_or(if framed { "*" } else { "'none'" }, |e| &e.0));
    let set = |headers: &mut HeaderMap, name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    // A page that stands alone brings a stricter policy of its own.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        set(headers, header::CONTENT_SECURITY_POLICY, &csp);
    }
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "strict-origin-when-cross-origin");
    set(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    let open = headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) || framed;
    set(headers, HeaderName::from_static("cross-origin-resource-policy"), if open { "cross-origin" } else { "same-origin" });
    set(headers, HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(self)");
    // Whatever does not say how long it may be kept is not kept.
    if !headers.contains_key(header::CACHE_CONTROL) {
        set(headers, header::CACHE_CONTROL, "no-store");
    }
    if !framed {
        set(headers, header::X_FRAME_OPTIONS, "DENY");
    }
    if https {
        set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    response
}
