//! From the store and the base maps to statistics, and the answers that were given lately.

use super::input::{Input, Quartier};
use super::measure::Statistics;
use crate::atlas::Filter;
use crate::geo::Shape;
use crate::journal::{self, Journal};
use crate::model::text::fold;
use crate::model::{Lang, State, Territory, Version};
use crate::report::Named;
use crate::store::{self, Tx};
use crate::tiles::Archives;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Answers that are remembered.
const REMEMBERED: usize = 32;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Of which territory.
    pub territory: Uuid,
    /// Only of this one inside it.
    pub area: Option<Uuid>,
    /// Only of these actors.
    pub filter: Filter,
    /// Language of the words.
    pub lang: Lang,
}

/// Why there are no statistics.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The territory or the area is not there.
    #[error("there is no such territory")]
    NoTerritory,
    /// The database does not answer.
    #[error("{0}")]
    Store(#[from] store::Error),
    /// Computing them failed.
    #[error("the statistics could not be computed")]
    Broken,
}

type Key = (Version, Uuid, Option<Uuid>, String, Lang, i64);

/// Reads statistics, and remembers the last ones.
#[derive(Debug, Default)]
pub struct Reader {
    known: Mutex<Vec<(Key, Arc<Statistics>)>>,
}

/// Whole days since 1970: ages are counted in days, so that an answer is good for a day.
fn today(now: i64) -> i64 {
    now.div_euclid(86_400_000)
}

impl Reader {
    /// The statistics of a territory.
    ///
    /// # Errors
    /// See [`Unread`].
    pub async fn read(&self, journal: &Journal, _archives: &Archives, ask: &Ask) -> Result<Arc<Statistics>, Unread> {
        let now = journal::now();
        let mut tx = journal.store.read().await?;
        let position = tx.head().await?;
        let key = (position, ask.territory, ask.area, ask.filter.key(), ask.lang, today(now));
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let mut input = gather(&mut tx, journal, ask, position, now).await?;
        drop(tx);
        let filter = ask.filter.clone();
        let work = move || {
            input.actors.retain(|a| a.state() != State::Deleted);
            filter.choose(&mut input.actors);
            Arc::new(super::all(&input))
        };
        let found = tokio::task::spawn_blocking(work).await.map_err(|_| Unread::Broken)?;
        self.remember(key, found.clone());
        Ok(found)
    }

    fn known(&self, key: &Key) -> Option<Arc<Statistics>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|(k, _)| k == key)?;
        let found = known.remove(at);
        let answer = found.1.clone();
        known.push(found);
        Some(answer)
    }

    fn remember(&self, key: Key, answer: Arc<Statistics>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.remove(0);
        }
        known.push((key, answer));
    }
}

async fn gather(tx: &mut Tx, journal: &Journal, ask: &Ask, position: Version, now: i64) -> Result<Input, Unread> {
    let territory = find(tx, ask.territory).await?;
    let area = match ask.area {
        Some(id) => Some(find(tx, id).await?),
        None => None,
    };
    let shown = area.as_ref().unwrap_or(&territory);
    let mut quartiers = Vec::new();
    for inside in journal.atlas.quartiers(shown.id) {
        if inside.id != shown.id
            && let Some(t) = tx.territory(inside.id).await?
            && let Some(shape) = t.boundary().and_then(Shape::from_geojson)
        {
            quartiers.push(Quartier { named: named(&t), population: population(&t), shape });
        }
    }
    quartiers.sort_by_cached_key(|q| (fold(&q.named.name), q.named.slug.clone()));
    let actors = tx.actors_of(shown.id).await?;
    Ok(Input {
        lang: ask.lang,
        population: population(shown),
        shape: shown.boundary().and_then(Shape::from_geojson),
        territory: named(&territory),
        area: area.as_ref().map(named),
        position,
        at: now,
        quartiers,
        actors,
        deeds: Vec::new(),
        grid: None,
    })
}

async fn find(tx: &mut Tx, id: Uuid) -> Result<Territory, Unread> {
    tx.territory(id).await?.filter(|t| !t.doc.deleted).ok_or(Unread::NoTerritory)
}

fn named(t: &Territory) -> Named {
    Named { id: t.id, slug: t.slug().to_owned(), name: t.name().to_owned() }
}

/// Inhabitants, when somebody gave a number.
fn population(t: &Territory) -> Option<u64> {
    t.doc.fields.get("population").and_then(Value::as_u64).filter(|n| *n > 0)
}
