//! The store → an atlas, page by page: everything at once would take several times the memory that stays.

use crate::atlas::{Atlas, Loader};
use crate::model::Version;
use crate::store::{self, Tx};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// Territories read at once.
const TERRITORIES: i64 = 2000;
/// Actors read at once.
const ACTORS: i64 = 10_000;

/// Puts what one snapshot of the store holds in the place of everything in the atlas; gives the number that it is as of.
///
/// # Errors
/// When the database does not answer, or the text index can't be filled.
pub async fn load(tx: &mut Tx, atlas: Arc<Atlas>) -> store::Result<Version> {
    let head = tx.head().await?;
    let mut loader = Loader::default();
    let mut territories = tx.territories_after("", TERRITORIES).await?;
    while let Some(last) = territories.last().map(|t| t.slug().to_owned()) {
        // While the next page is read and parsed, this one is put into the atlas on another core.
        let adding = spawn_blocking(move || {
            loader.add_territories(&territories);
            loader
        });
        territories = tx.territories_after(&last, TERRITORIES).await?;
        loader = adding.await.map_err(|_| not_built())?;
    }
    let mut actors = tx.actors_after(Uuid::nil(), ACTORS).await?;
    while let Some(last) = actors.last().map(|a| a.id) {
        let adding = spawn_blocking(move || {
            loader.add(&actors);
            loader
        });
        actors = tx.actors_after(last, ACTORS).await?;
        loader = adding.await.map_err(|_| not_built())?;
    }
    match spawn_blocking(move || atlas.install(loader, head)).await {
        Ok(Ok(())) => Ok(head),
        _ => Err(not_built()),
    }
}

fn not_built() -> store::Error {
    store::Error::Unfit("the atlas could not be built".into())
}
