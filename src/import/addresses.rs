//! Importing a BAN file: everything that it says of its communes replaces what an earlier one said, in one transaction.

use super::ban::BanCounts;
use super::{AddressSummary, Event};
use crate::store::{Address, AddressSource, AddressTotals, Store};
use tokio::sync::mpsc;

/// Addresses of one commune stand together in the file's order.
fn by_commune(addresses: &[Address]) -> impl Iterator<Item = &[Address]> {
    addresses.chunk_by(|a, b| a.citycode == b.citycode)
}

/// Writes addresses read by the child, commune by commune; readers and a killed run see all of it or nothing.
///
/// # Errors
/// When the database does not answer; nothing is written then.
pub async fn import_addresses(
    store: &Store,
    addresses: &[Address],
    counts: BanCounts,
    report: &mpsc::Sender<Event>,
) -> anyhow::Result<AddressSummary> {
    let total = addresses.len() as u64;
    let (mut tx, mut done, mut communes) = (store.write().await?, 0, 0);
    for commune in by_commune(addresses) {
        let code = commune.first().and_then(|a| a.citycode.as_deref()).unwrap_or("");
        tx.put_addresses(AddressSource::Ban, code, commune).await?;
        communes += 1;
        done += commune.len() as u64;
        let _ = report.try_send(Event::Progress { step: "addresses".into(), done, total });
    }
    if crate::journal::broken("addresses-halfway") {
        // A fault test ends the process here, with everything written and nothing committed.
        std::process::abort();
    }
    tx.commit().await?;
    let summary = AddressSummary { rows: counts.rows, communes, totals: AddressTotals::of(addresses), skipped: counts.skipped };
    let _ = report.send(Event::Addresses(Box::new(summary.clone()))).await;
    Ok(summary)
}
