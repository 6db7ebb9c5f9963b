//! How often one address may try a code or a link: enough for a typing mistake, too few to guess.

use super::Error;
use super::who::Address;
use axum::http::StatusCode;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;

/// Tries per address and hour.
const PER_HOUR: NonZeroU32 = NonZeroU32::new(20).expect("20 is not 0");

/// The counter.
#[derive(Debug)]
pub(super) struct Tries(DefaultKeyedRateLimiter<Address>);

impl Default for Tries {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_hour(PER_HOUR)))
    }
}

impl Tries {
    /// Counts one try.
    ///
    /// # Errors
    /// 429 when it is one too many.
    pub(super) fn take(&self, address: Address) -> Result<(), Error> {
        let french = "Trop d’essais depuis cette adresse. Réessayez dans une heure.";
        let error = || {
            Error::new(StatusCode::TOO_MANY_REQUESTS, "tries", french, "Too many tries from this address. Try again in an hour.").retry_after(3600)
        };
        self.0.check_key(&address).map_err(|_| error())
    }

    /// Forgets addresses that have all their tries again.
    pub(super) fn forget_idle(&self) {
        self.0.retain_recent();
    }
}
