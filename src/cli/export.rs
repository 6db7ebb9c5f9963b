//! `bouillon export actors`.

use super::{BadInput, Settings, opening};
use crate::export::{Format, write_actors};

/// Writes a territory's actors on standard output.
///
/// # Errors
/// When there is no such territory, or the output is closed.
pub(super) async fn run(settings: Settings, slug: &str, format: Format) -> anyhow::Result<()> {
    let store = opening::for_reading(&settings).await?;
    let mut tx = store.read().await?;
    let territory = tx.territory_by_slug(slug).await?.ok_or_else(|| BadInput(format!("there is no territory `{slug}` here")))?;
    let actors = tx.actors().await?;
    let known: std::collections::HashSet<_> = tx.territories().await?.into_iter().map(|t| t.id).collect();
    drop(tx);
    let belongs = |a: &crate::model::Actor| {
        a.territories.contains(&territory.id) || (a.home == territory.id && !a.territories.iter().any(|t| known.contains(t)))
    };
    let listed: Vec<_> = actors.into_iter().filter(|a| !a.doc.deleted && belongs(a)).collect();
    write_actors(&mut std::io::stdout().lock(), &listed, format)?;
    store.close().await;
    Ok(())
}
