//! From the store and the base maps to statistics, and the answers that were given lately.

use super::ground::Grounds;
use super::input::{Deed, Input, Quartier};
use super::measure::Statistics;
use crate::atlas::{Atlas, Filter};
use crate::geo::Shape;
use crate::journal::{self, Journal, NoPast, Past};
use crate::model::text::fold;
use crate::model::{Actor, Lang, State, Territory, Version};
use crate::report::Named;
use crate::store::{self, Tx};
use crate::tiles::{Archive, Archives};
use geo::{Area, InteriorPoint};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Answers that are remembered.
const REMEMBERED: usize = 32;
/// Actors of a territory that are counted at most: they are all in memory at once, 2 kB each.
pub const ACTORS_MAX: u64 = 250_000;
/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// A former position: its epoch, if it is known, and its number.
pub type At = (Option<i64>, i64);

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Of which territory.
    pub territory: Uuid,
    /// Only of this one inside it.
    pub area: Option<Uuid>,
    /// Only of these actors.
    pub filter: Filter,
    /// As of this position; none for now.
    pub at: Option<At>,
    /// Beside the numbers of this earlier position.
    pub before: Option<At>,
    /// Language of the words.
    pub lang: Lang,
}

/// Why there are no statistics.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The territory or the area is not there.
    #[error("there is no such territory")]
    NoTerritory,
    /// It was not there yet.
    #[error("there was no such territory at that position")]
    NotYet,
    /// The area lies somewhere else.
    #[error("the area does not lie in the territory")]
    Outside,
    /// The journal goes only so far.
    #[error("the journal ends at {0}")]
    Beyond(i64),
    /// The position is of a history that a restored backup has replaced.
    #[error("that position is of another history")]
    OtherEpoch,
    /// The territory has more than [`ACTORS_MAX`] actors.
    #[error("too many actors")]
    TooMany,
    /// The database does not answer.
    #[error("{0}")]
    Store(#[from] store::Error),
    /// Computing them failed.
    #[error("the statistics could not be computed")]
    Broken,
}

impl From<NoPast> for Unread {
    fn from(why: NoPast) -> Self {
        match why {
            NoPast::Beyond(head) => Self::Beyond(head),
            NoPast::OtherEpoch => Self::OtherEpoch,
            NoPast::Store(e) => Self::Store(e),
        }
    }
}

type Key = (Version, Uuid, Option<Uuid>, String, Option<At>, Option<At>, Lang, i64, Option<String>);

/// Reads statistics, and remembers the last ones.
#[derive(Debug, Default)]
pub struct Reader {
    known: Mutex<Vec<(Key, Arc<Statistics>)>>,
    grounds: Arc<Grounds>,
    /// Held while statistics are computed: one after the other, and what two ask for at once is computed once.
    turn: tokio::sync::Mutex<()>,
}

impl Reader {
    /// The statistics of a territory. The same bytes for the same position, day and base map.
    ///
    /// # Errors
    /// See [`Unread`].
    pub async fn read(&self, journal: &Journal, archives: &Archives, ask: &Ask) -> Result<Arc<Statistics>, Unread> {
        // Ages are counted in days: an answer is good for a day.
        let today = journal::now().div_euclid(DAY) * DAY;
        let (key, ..) = self.look(journal, archives, ask, today).await?;
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        if journal.atlas.territory_by_id(ask.area.unwrap_or(ask.territory)).is_some_and(|t| t.totals.actors > ACTORS_MAX) {
            return Err(Unread::TooMany);
        }
        // Whoever waits for its turn holds no connection to the database.
        let _turn = self.turn.lock().await;
        let (key, archive, mut tx) = self.look(journal, archives, ask, today).await?;
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let head = key.0;
        let now = gather(&mut tx, &journal.atlas, ask, ask.at, head, today).await?;
        let before = match ask.before {
            Some(at) => Some(gather(&mut tx, &journal.atlas, ask, Some(at), head, today).await?),
            None => None,
        };
        drop(tx);
        let (filter, grounds) = (ask.filter.clone(), self.grounds.clone());
        let work = move || {
            let one = |input| finish(input, &filter, archive.as_deref(), &grounds);
            let mut found = one(now);
            if let Some(before) = before {
                found.beside(&one(before));
            }
            Arc::new(found)
        };
        let found = tokio::task::spawn_blocking(work).await.map_err(|_| Unread::Broken)?;
        self.remember(key, found.clone());
        Ok(found)
    }

    /// What the answer depends on, as of one snapshot of the database, and that snapshot.
    async fn look(&self, journal: &Journal, archives: &Archives, ask: &Ask, today: i64) -> Result<(Key, Option<Arc<Archive>>, Tx), Unread> {
        let mut tx = journal.store.read().await?;
        let head = tx.head().await?;
        // Shapes come from the atlas, which must know as much as this snapshot.
        journal.follower.reach(head.seq).await;
        let archive = base_map(&mut tx, &journal.atlas, archives, ask.area.unwrap_or(ask.territory)).await?;
        let version = archive.as_ref().map(|a| a.version.clone());
        let key = (head, ask.territory, ask.area, ask.filter.key(), ask.at, ask.before, ask.lang, today, version);
        Ok((key, archive, tx))
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

/// The part that takes time and needs no database.
fn finish(mut input: Input, filter: &Filter, archive: Option<&Archive>, grounds: &Grounds) -> Statistics {
    input.actors.retain(|a| a.state() != State::Deleted);
    if *filter != Filter::default() {
        filter.choose(&mut input.actors);
        let kept: std::collections::HashSet<Uuid> = input.actors.iter().map(|a| a.id).collect();
        input.deeds.retain(|d| kept.contains(&d.actor));
    }
    input.places = input.actors.iter().map(Actor::places).collect();
    input.grid = archive.zip(input.shape.as_ref()).and_then(|(archive, shape)| grounds.of(archive, shape));
    super::all(&input)
}

/// The base map of a territory: its own, else that of the smallest territory around it which has one.
async fn base_map(tx: &mut Tx, atlas: &Atlas, archives: &Archives, territory: Uuid) -> Result<Option<Arc<Archive>>, Unread> {
    for around in atlas.territories_around(territory) {
        if let Some(name) = tx.basemap(around).await?
            && let Some(archive) = archives.get(&name).await
        {
            return Ok(Some(archive));
        }
    }
    Ok(None)
}

/// Everything that is in the database, as of now or of a former position.
async fn gather(tx: &mut Tx, atlas: &Atlas, ask: &Ask, at: Option<At>, head: Version, today: i64) -> Result<Input, Unread> {
    let past = match at {
        Some((epoch, seq)) => Some(Past::read(tx, epoch, seq).await?),
        None => None,
    };
    let territory = find(tx, past.as_ref(), ask.territory).await?;
    let area = match ask.area {
        Some(id) => Some(find(tx, past.as_ref(), id).await?),
        None => None,
    };
    let shown = area.as_ref().unwrap_or(&territory);
    let shape = shown.boundary().and_then(Shape::from_geojson);
    if let (Some(area), Some(whole)) = (shape.as_ref().filter(|_| area.is_some()), territory.boundary().and_then(Shape::from_geojson))
        && !inside(area, &whole)
        && *area != whole
    {
        return Err(Unread::Outside);
    }
    let quartiers = quartiers(tx, atlas, past.as_ref(), shown.id, shape.as_ref()).await?;
    let actors = match &past {
        Some(past) => past.actors_of(tx, atlas, shown.id).await?,
        None => tx.actors_of(shown.id).await?,
    };
    let upto = past.as_ref().map_or(i64::MAX, |p| p.position.seq);
    Ok(Input {
        lang: ask.lang,
        population: population(shown),
        shape,
        territory: named(&territory),
        area: area.as_ref().map(named),
        position: past.as_ref().map_or(head, |p| p.position),
        at: past.as_ref().map_or(today, |p| p.at),
        quartiers,
        deeds: deeds(tx, past.as_ref().map(|_| &*actors), shown.id, upto).await?,
        actors,
        places: Vec::new(),
        grid: None,
    })
}

/// What the journal says, up to a number, of actors; or of those that belong to a territory now.
async fn deeds(tx: &mut Tx, actors: Option<&[Actor]>, territory: Uuid, upto: i64) -> Result<Vec<Deed>, Unread> {
    let rows = match actors {
        Some(actors) => tx.deeds_among(&actors.iter().map(|a| a.id).collect::<Vec<_>>()).await?,
        None => tx.deeds_in(territory).await?,
    };
    let rows = rows.into_iter().filter(|row| row.0 <= upto);
    Ok(rows.map(|(_, actor, kind, author, source, at)| Deed { actor, author, source, created: kind == "create", at }).collect())
}

async fn quartiers(tx: &mut Tx, atlas: &Atlas, past: Option<&Past>, shown: Uuid, whole: Option<&Shape>) -> Result<Vec<Quartier>, Unread> {
    let mut found = Vec::new();
    for info in atlas.quartiers(shown) {
        let changed = past.is_some_and(|p| p.has_changed(info.id) || p.has_changed(shown));
        if !changed && let Some(t) = tx.territory(info.id).await? {
            found.extend(quartier(&t));
        }
    }
    if let (Some(past), Some(whole)) = (past, whole) {
        let mut former: Vec<Territory> = past.changed().filter(|t| t.kind() == "quartier").cloned().collect();
        if past.has_changed(shown) {
            // Any quartier may have been inside then.
            for info in atlas.facts().into_iter().filter(|t| &*t.kind == "quartier" && !past.has_changed(t.id)) {
                former.extend(tx.territory(info.id).await?);
            }
        }
        found.extend(former.iter().filter(|t| t.id != shown).filter_map(quartier).filter(|q| inside(&q.shape, whole)));
    }
    found.sort_by_cached_key(|q| (fold(&q.named.name), q.named.slug.clone()));
    Ok(found)
}

/// Whether a shape lies in a larger one: as the atlas decides it.
fn inside(shape: &Shape, whole: &Shape) -> bool {
    let point = shape.polygons().interior_point();
    point.is_some_and(|p| whole.covers(p.x(), p.y())) && shape.polygons().unsigned_area() < whole.polygons().unsigned_area()
}

fn quartier(t: &Territory) -> Option<Quartier> {
    Some(Quartier { named: named(t), population: population(t), shape: Shape::from_geojson(t.boundary()?)? })
}

async fn find(tx: &mut Tx, past: Option<&Past>, id: Uuid) -> Result<Territory, Unread> {
    let now = tx.territory(id).await?.filter(|t| past.is_some() || !t.doc.deleted).ok_or(Unread::NoTerritory)?;
    match past {
        Some(past) => past.territory(Some(now), id).ok_or(Unread::NotYet),
        None => Ok(now),
    }
}

fn named(t: &Territory) -> Named {
    Named { id: t.id, slug: t.slug().to_owned(), name: t.name().to_owned() }
}

/// Inhabitants, when somebody gave a number.
fn population(t: &Territory) -> Option<u64> {
    t.doc.fields.get("population").and_then(Value::as_u64).filter(|n| *n > 0)
}
