//! The actors that a figure shows, as of one position of the journal.

use crate::atlas::Filter;
use crate::export::{Format, write_actors};
use crate::geo::Bbox;
use crate::model::text::fold;
use crate::model::{Actor, State, Version};
use crate::store::{self, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Which actors to show.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Of which territory.
    pub territory: Uuid,
    /// Only of this one, a quartier or another territory inside.
    pub area: Option<Uuid>,
    /// Only those with a point inside or on the edge of this box.
    pub bbox: Option<Bbox>,
    /// Only these themes, words, state.
    pub filter: Filter,
}

/// A territory by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Id of the subject.
    pub id: Uuid,
    /// Its short address.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// Actors as they were at one position of the journal. Written as JSON it is what a frozen figure is drawn from again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// Of which territory.
    pub territory: Named,
    /// Of which area inside it.
    pub area: Option<Named>,
    /// The journal's head when they were read.
    pub position: Version,
    /// When they were read, UTC, milliseconds since 1970.
    pub at: i64,
    /// By name without accents or case, then by id; without the deleted ones. Who wrote what is left out.
    pub actors: Vec<Actor>,
}

impl Selection {
    /// Reads it in one snapshot of the database, so that everything in it is of one position; none when the territory or the area does not exist.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(tx: &mut Tx, query: &Query, at: i64) -> store::Result<Option<Self>> {
        let Some(territory) = named(tx, query.territory).await? else { return Ok(None) };
        let area = match query.area {
            None => None,
            Some(id) => match named(tx, id).await? {
                None => return Ok(None),
                found => found,
            },
        };
        let position = tx.head().await?;
        let mut actors = tx.actors_of(query.area.unwrap_or(query.territory)).await?;
        choose(query, &mut actors);
        Ok(Some(Self { territory, area, position, at, actors }))
    }

    /// Every point of every actor: the actor's number in the selection, from 0, and longitude and latitude in degrees.
    pub fn points(&self) -> impl Iterator<Item = (usize, [f64; 2])> {
        self.actors.iter().enumerate().flat_map(|(i, a)| a.places().into_iter().filter_map(move |p| Some((i, p.point?))))
    }

    /// How many actors have each theme as their main one; `""` counts those without.
    pub fn by_theme(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for actor in &self.actors {
            *counts.entry(actor.category().split('.').next().unwrap_or("")).or_default() += 1;
        }
        counts
    }

    /// The same selection without one actor, and without the links of others to it.
    #[must_use]
    pub fn without(mut self, actor: Uuid) -> Self {
        self.actors.retain(|a| a.id != actor);
        let link = format!(":{actor}");
        for other in &mut self.actors {
            if let Some(Value::Array(links)) = other.doc.fields.get_mut("relations") {
                links.retain(|l| !l.as_str().is_some_and(|l| l.ends_with(&link)));
            }
        }
        self
    }

    /// As files for other programs: GeoJSON (RFC 7946) or CSV, the same bytes for the same selection.
    pub fn write(&self, format: Format) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Memory takes everything.
        let _ = write_actors(&mut bytes, &self.actors, format);
        bytes
    }
}

/// Keeps the actors that the query asks for, in the order of a list, without the marks of who wrote what.
fn choose(query: &Query, actors: &mut Vec<Actor>) {
    actors.retain(|a| a.state() != State::Deleted);
    if let Some(bbox) = query.bbox {
        actors.retain(|a| a.places().iter().filter_map(|p| p.point).any(|[lon, lat]| bbox.holds(lon, lat)));
    }
    query.filter.choose(actors);
    actors.sort_by_cached_key(|a| (fold(a.name()), a.id));
    for actor in actors {
        actor.doc.meta.clear();
    }
}

async fn named(tx: &mut Tx, id: Uuid) -> store::Result<Option<Named>> {
    let found = tx.territory(id).await?.filter(|t| !t.doc.deleted);
    Ok(found.map(|t| Named { id, slug: t.doc.text("slug").to_owned(), name: t.doc.text("name").to_owned() }))
}
