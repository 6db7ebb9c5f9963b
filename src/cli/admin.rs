//! `bouillon admin invite`: the first moderator, and every other one, comes by a one-time link.

use super::control::{Ask, hand_over};
use super::{BadInput, Settings, opening};
use crate::http::token_hash;
use crate::journal::now;
use crate::model::Role;
use crate::store::{Grant, Invitation, Store};
use rand::Rng;

/// An invitation can be used for this long, milliseconds.
const VALID: i64 = 7 * 24 * 3600 * 1000;

/// Prints the link.
///
/// # Errors
/// When the role or the territory does not exist.
#[expect(clippy::print_stdout, reason = "the link is what the command is for")]
pub(super) async fn invite(settings: Settings, territory: Option<String>, role: &str) -> anyhow::Result<()> {
    let data = settings.data()?;
    let ask = Ask::Invite { territory: territory.clone(), role: role.to_owned() };
    if let Some(Some(link)) = hand_over(&data, &ask, |_| {}).await? {
        println!("{link}");
        return Ok(());
    }
    let _lock = opening::lock_if_alone(&settings, &data)?;
    let store = opening::for_writing(&settings).await?;
    let base = settings.shown(settings.listen()?)?;
    println!("{}", make(&store, territory.as_deref(), role, &base).await?);
    store.close().await;
    Ok(())
}

/// Makes an invitation and gives its link; only the hash of its token is kept.
///
/// # Errors
/// When the role or the territory does not exist.
pub(super) async fn make(store: &Store, territory: Option<&str>, role: &str, base: &str) -> anyhow::Result<String> {
    let role = Role::parse(role)
        .filter(|r| *r > Role::Visitor)
        .ok_or_else(|| BadInput(format!("`{role}` is no role; choose contributor, organiser, moderator or admin")))?;
    let mut tx = store.write().await?;
    let territory = match territory {
        None => None,
        Some(slug) => {
            let found = tx.territory_by_slug(slug).await?;
            Some(found.ok_or_else(|| BadInput(format!("there is no territory `{slug}` here")))?.id)
        }
    };
    let token: String = (0..32).map(|_| char::from(rand::rng().sample(rand::distr::Alphanumeric))).collect();
    let invitation = Invitation { grant: Grant { role, territory }, token_hash: token_hash(&token), expires_at: now() + VALID };
    tx.put_invitation(&invitation).await?;
    tx.commit().await?;
    // In the fragment, so that it reaches no log and no other site.
    Ok(format!("{base}/invitation#{token}"))
}
