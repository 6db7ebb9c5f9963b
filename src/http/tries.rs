//! How often one address may try a code or a link: enough for a typing mistake, too few to guess.

use super::Error;
use super::who::Address;
use axum::http::StatusCode;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tries per address and hour.
const PER_HOUR: NonZeroU32 = NonZeroU32::new(20).expect("20 is not 0");

const HOUR: Duration = Duration::from_secs(3600);

/// The counters.
#[derive(Debug)]
pub(super) struct Tries {
    all: DefaultKeyedRateLimiter<Address>,
    /// Wrong codes of séances, and when the first of them was tried.
    wrong: Mutex<HashMap<Address, (u32, Instant)>>,
    /// Held while a code is tried: many tries at once would all be asked before the first is counted.
    one_by_one: tokio::sync::Mutex<()>,
}

impl Default for Tries {
    fn default() -> Self {
        Self { all: RateLimiter::keyed(Quota::per_hour(PER_HOUR)), wrong: Mutex::default(), one_by_one: tokio::sync::Mutex::default() }
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
        self.all.check_key(&address).map_err(|_| error())
    }

    /// Whether an address may try a séance's code: a whole hall comes in from one, so that right codes are not counted.
    ///
    /// Hold what it gives until the try is done and counted.
    ///
    /// # Errors
    /// 429 when it has tried too many wrong ones within an hour.
    pub(super) async fn code(&self, address: Address) -> Result<tokio::sync::MutexGuard<'_, ()>, Error> {
        let one = self.one_by_one.lock().await;
        self.not_too_many(address).map(|()| one)
    }

    fn not_too_many(&self, address: Address) -> Result<(), Error> {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        match wrong.get(&address).filter(|(_, since)| since.elapsed() < HOUR) {
            Some((tries, since)) if *tries >= PER_HOUR.get() => {
                let french = "Trop de codes faux depuis cette adresse. Scannez le code QR de la séance, ou réessayez dans une heure.";
                let english = "Too many wrong codes from this address. Scan the QR code of the séance, or try again in an hour.";
                let left = (HOUR - since.elapsed().min(HOUR)).as_secs() + 1;
                Err(Error::new(StatusCode::TOO_MANY_REQUESTS, "tries", french, english).retry_after(left))
            }
            _ => Ok(()),
        }
    }

    /// Counts a wrong code.
    pub(super) fn wrong(&self, address: Address) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let (tries, since) = wrong.entry(address).or_insert((0, Instant::now()));
        if since.elapsed() >= HOUR {
            (*tries, *since) = (0, Instant::now());
        }
        *tries += 1;
    }

    /// Forgets addresses that have all their tries again.
    pub(super) fn forget_idle(&self) {
        self.all.retain_recent();
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (_, since)| since.elapsed() < HOUR);
    }
}
