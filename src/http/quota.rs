//! How much one person and one address may write in an hour.

use super::Error;
use super::options::Limits;
use super::who::Address;
use axum::http::StatusCode;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::hash::Hash;
use std::num::NonZeroU32;
use uuid::Uuid;

/// What a participant of a séance may write in an hour; the address is not asked, because a hall is one.
const PARTICIPANT_PER_HOUR: u32 = 1200;

/// The counters.
#[derive(Debug)]
pub(super) struct Quotas {
    creations: DefaultKeyedRateLimiter<Uuid>,
    edits: DefaultKeyedRateLimiter<Uuid>,
    address_creations: DefaultKeyedRateLimiter<Address>,
    address_edits: DefaultKeyedRateLimiter<Address>,
    participants: DefaultKeyedRateLimiter<Uuid>,
}

impl Quotas {
    /// Counters with these limits per hour; a limit of 0 counts as 1.
    pub(super) fn new(limits: &Limits) -> Self {
        let quota = |n: u32| Quota::per_hour(NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN));
        Self {
            creations: RateLimiter::keyed(quota(limits.creations_per_hour)),
            edits: RateLimiter::keyed(quota(limits.edits_per_hour)),
            address_creations: RateLimiter::keyed(quota(limits.address_creations_per_hour)),
            address_edits: RateLimiter::keyed(quota(limits.address_edits_per_hour)),
            participants: RateLimiter::keyed(quota(PARTICIPANT_PER_HOUR)),
        }
    }

    /// Takes `creations` and `edits` from the person's and the address's share.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(super) fn take(&self, person: Uuid, address: Address, creations: u32, edits: u32) -> Result<(), Error> {
        take(&self.creations, &person, creations)?;
        take(&self.edits, &person, edits)?;
        take(&self.address_creations, &address, creations)?;
        take(&self.address_edits, &address, edits)
    }

    /// Takes edits from a participant's share.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(super) fn take_as_participant(&self, person: Uuid, edits: u32) -> Result<(), Error> {
        take(&self.participants, &person, edits)
    }

    /// Forgets whoever has their whole share again, so that the counters stay small.
    pub(super) fn forget_idle(&self) {
        self.creations.retain_recent();
        self.edits.retain_recent();
        self.address_creations.retain_recent();
        self.address_edits.retain_recent();
        self.participants.retain_recent();
    }
}

fn take<K: Hash + Eq + Clone>(limiter: &DefaultKeyedRateLimiter<K>, key: &K, n: u32) -> Result<(), Error> {
    let Some(n) = NonZeroU32::new(n) else { return Ok(()) };
    let seconds = match limiter.check_key_n(key, n) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(not_until)) => not_until.wait_time_from(DefaultClock::default().now()).as_secs() + 1,
        Err(_) => 3600,
    };
    let minutes = seconds.div_ceil(60);
    let french = format!("Vous avez beaucoup écrit en une heure, merci. La suite sera possible dans {minutes} min ; votre texte reste ici.");
    let english = format!("You have written a lot within an hour, thank you. You can go on in {minutes} min; your text stays here.");
    Err(Error::new(StatusCode::TOO_MANY_REQUESTS, "quota", french, english).retry_after(seconds))
}
