//! Who is asking: the language, the address, and the identity in the device cookie.

use super::{App, Error};
use crate::model::{Lang, Role};
use crate::store::Tx;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum_extra::extract::SignedCookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use time::Duration;
use uuid::Uuid;

impl<S: Sync> FromRequestParts<S> for Lang {
    type Rejection = Infallible;

    /// `?lang=`, else the first language of `Accept-Language` that is French or English, else French.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let asked = parts.uri.query().and_then(|q| q.split('&').find_map(|pair| pair.strip_prefix("lang=")));
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or("");
        let mut words = asked.into_iter().chain(accepted.split(',').map(str::trim));
        let found = words.find_map(|w| if w.starts_with("fr") { Some(Self::Fr) } else { w.starts_with("en").then_some(Self::En) });
        Ok(found.unwrap_or_default())
    }
}

/// The client's network address, as quotas count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Address(pub(super) IpAddr);

impl FromRequestParts<App> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([127, 0, 0, 1]), |c| c.0.ip());
        Ok(Self(network(forwarded(&parts.headers, app.options.trusted_proxies).unwrap_or(peer))))
    }
}

/// The N-th address from the right of X-Forwarded-For: the ones further left are whatever the client wrote.
fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let from_right = proxies.checked_sub(1)?;
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
    let hops: Vec<&str> = values.flat_map(|v| v.split(',')).map(str::trim).collect();
    hops.iter().rev().nth(from_right)?.parse().ok()
}

/// An IPv6 subscriber has a whole /64.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

/// Whoever asks: an identity when the device cookie holds one.
#[derive(Debug)]
pub(super) struct Person {
    /// The identity.
    pub(super) id: Option<Uuid>,
    jar: SignedCookieJar,
    secure: bool,
}

impl FromRequestParts<App> for Person {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let jar = SignedCookieJar::from_headers(&parts.headers, app.cookie_key.clone());
        let id = jar.get(cookie_name(app.secure())).and_then(|c| Uuid::parse_str(c.value()).ok());
        Ok(Self { id, jar, secure: app.secure() })
    }
}

impl Person {
    /// The identity, made now if there is none, and the cookie that keeps it on this device for 400 days.
    pub(super) fn known(self) -> (Uuid, SignedCookieJar) {
        match self.id {
            Some(id) => (id, self.jar),
            None => self.become_identity(Uuid::new_v4()),
        }
    }

    /// The same person with an identity, before the cookie is set.
    pub(super) fn becoming(self, id: Uuid) -> Self {
        Self { id: Some(id), ..self }
    }

    /// Puts an identity on this device.
    pub(super) fn become_identity(self, id: Uuid) -> (Uuid, SignedCookieJar) {
        let cookie = Cookie::build((cookie_name(self.secure), id.to_string()))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .max_age(Duration::days(400));
        (id, self.jar.add(cookie))
    }

    /// The highest role that this person has anywhere.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn role(&self, tx: &mut Tx) -> Result<Role, Error> {
        let Some(id) = self.id else { return Ok(Role::Visitor) };
        let granted = tx.grants(id).await?.into_iter().map(|g| g.role).max();
        let known = tx.identity(id).await?.is_some();
        Ok(granted.unwrap_or(if known { Role::Contributor } else { Role::Visitor }))
    }
}

/// Over https the name carries the browser's own guarantee that no other host set it.
fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-bouillon" } else { "bouillon" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hop_that_our_own_proxy_wrote_is_believed() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "6.6.6.6, 192.0.2.7".parse().unwrap());
        assert_eq!(forwarded(&headers, 0), None);
        assert_eq!(forwarded(&headers, 1), Some(IpAddr::from([192, 0, 2, 7])));
        assert_eq!(forwarded(&headers, 3), None);
        let a: IpAddr = "2001:db8:1:2:3::4".parse().unwrap();
        let b: IpAddr = "2001:db8:1:2:9::1".parse().unwrap();
        assert_eq!(network(a), network(b));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), IpAddr::from([192, 0, 2, 1]));
    }
}
