//! The state of a territory at a former position of the journal: today's state with the journal undone, newest first.

use crate::atlas::Atlas;
use crate::geo::Shape;
use crate::model::edit::{EditKind, Entry};
use crate::model::{Actor, Doc, SubjectKind, Territory, Version};
use crate::store::{self, Tx};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Entries read at once.
const PAGE: i64 = 5_000;

/// What undoing some entries of one subject comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Undone {
    values: BTreeMap<String, Option<Value>>,
    deleted: Option<bool>,
    made: bool,
}

impl Undone {
    /// Undoes one more entry; they come newest first.
    pub fn undo(&mut self, entry: &Entry) {
        for field in entry.after.keys() {
            let before = entry.before.get(field);
            if field == "deleted" {
                self.deleted = before.and_then(Value::as_bool).or(Some(false));
            } else {
                self.values.insert(field.clone(), before.cloned());
            }
        }
        self.made |= entry.kind == EditKind::Create;
    }

    /// The state before; none when the subject was not there yet. Marks of who wrote what are gone.
    pub fn apply(&self, doc: &Doc) -> Option<Doc> {
        let mut was = Doc { meta: BTreeMap::new(), ..doc.clone() };
        for (field, value) in &self.values {
            match value {
                Some(value) => was.fields.insert(field.clone(), value.clone()),
                None => was.fields.remove(field),
            };
        }
        was.deleted = self.deleted.unwrap_or(was.deleted);
        // A creation of what was there already is an edit like any other; only the first one begins with nothing.
        (!(self.made && was.fields.is_empty())).then_some(was)
    }
}

/// Why there is no state at a position.
#[derive(Debug, thiserror::Error)]
pub enum NoPast {
    /// The journal does not go so far, or the number is none.
    #[error("the journal ends at {0}")]
    Beyond(i64),
    /// The position is of a history that a restored backup has replaced.
    #[error("that position is of another history")]
    OtherEpoch,
    /// The database does not answer.
    #[error("{0}")]
    Store(#[from] store::Error),
}

/// A territory at a former position.
#[derive(Debug)]
pub struct Past {
    /// The position.
    pub position: Version,
    /// When its last entry was written, UTC, milliseconds since 1970.
    pub at: i64,
    territories: HashMap<Uuid, Option<Territory>>,
    actors: HashMap<Uuid, Undone>,
}

impl Past {
    /// Reads what happened since a position. An epoch, if given, must be one in which the position was part of the history that holds now.
    ///
    /// # Errors
    /// [`NoPast`].
    pub async fn read(tx: &mut Tx, epoch: Option<i64>, seq: i64) -> Result<Self, NoPast> {
        let head = tx.head().await?;
        if !(1..=head.seq).contains(&seq) {
            return Err(NoPast::Beyond(head.seq));
        }
        let Some(last) = tx.entry(seq).await? else { return Err(NoPast::Beyond(head.seq)) };
        if epoch.is_some_and(|epoch| !(last.epoch..=head.epoch).contains(&epoch)) {
            return Err(NoPast::OtherEpoch);
        }
        let (mut actors, mut undone): (HashMap<Uuid, Undone>, HashMap<Uuid, Undone>) = Default::default();
        let mut before = i64::MAX;
        loop {
            let page = tx.entries_between(seq, before, PAGE).await?;
            let Some(oldest) = page.last() else { break };
            before = oldest.seq;
            for entry in &page {
                match entry.subject.kind {
                    SubjectKind::Actor => actors.entry(entry.subject.id).or_default().undo(entry),
                    SubjectKind::Territory => undone.entry(entry.subject.id).or_default().undo(entry),
                    _ => {}
                }
            }
        }
        let mut territories = HashMap::new();
        for (id, undone) in undone {
            let now = tx.territory(id).await?;
            territories.insert(id, now.and_then(|t| Some(Territory { id, doc: undone.apply(&t.doc)? })).filter(|t| !t.doc.deleted));
        }
        Ok(Self { position: Version { epoch: epoch.unwrap_or(last.epoch), seq }, at: last.at, territories, actors })
    }

    /// A territory as it was, given as it is.
    pub fn territory(&self, now: Option<Territory>, id: Uuid) -> Option<Territory> {
        match self.territories.get(&id) {
            Some(was) => was.clone(),
            None => now.filter(|t| !t.doc.deleted),
        }
    }

    /// Whether a territory was changed since.
    pub fn has_changed(&self, territory: Uuid) -> bool {
        self.territories.contains_key(&territory)
    }

    /// The territories that were changed since, as they were; those that were not there are left out.
    pub fn changed(&self) -> impl Iterator<Item = &Territory> {
        self.territories.values().flatten()
    }

    /// The actors that belonged to a territory, deleted ones too, by id. The atlas tells the shapes that did not change.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn actors_of(&self, tx: &mut Tx, atlas: &Atlas, territory: Uuid) -> store::Result<Vec<Actor>> {
        let mut all: BTreeMap<Uuid, Actor> = BTreeMap::new();
        let now = if self.territories.contains_key(&territory) { tx.actors().await? } else { tx.actors_of(territory).await? };
        all.extend(now.into_iter().map(|a| (a.id, a)));
        let mut more: Vec<Uuid> = self.actors.keys().filter(|id| !all.contains_key(id)).copied().collect();
        if !self.territories.is_empty() {
            more.extend(tx.actors_at_home(territory).await?);
        }
        more.sort_unstable();
        more.dedup();
        all.extend(tx.actors_among(&more).await?.into_iter().map(|a| (a.id, a)));
        let shapes: Vec<(Uuid, Option<Shape>)> =
            self.territories.iter().map(|(id, was)| (*id, was.as_ref().and_then(|t| Shape::from_geojson(t.boundary()?)))).collect();
        let mut found = Vec::new();
        for mut actor in all.into_values() {
            let undone = self.actors.get(&actor.id);
            if let Some(undone) = undone {
                let Some(doc) = undone.apply(&actor.doc) else { continue };
                actor.doc = doc;
            }
            if undone.is_some() || !shapes.is_empty() {
                actor.territories = covering(atlas, &shapes, &actor);
            }
            if actor.territories.contains(&territory) || (actor.territories.is_empty() && actor.home == territory) {
                found.push(actor);
            }
        }
        Ok(found)
    }
}

/// The territories that cover one of an actor's places, sorted; those of the list by their former shape.
fn covering(atlas: &Atlas, former: &[(Uuid, Option<Shape>)], actor: &Actor) -> Vec<Uuid> {
    let mut all = Vec::new();
    for [lon, lat] in actor.places().into_iter().filter_map(|p| p.point) {
        all.extend(atlas.territories_at(lon, lat).into_iter().filter(|id| !former.iter().any(|(f, _)| f == id)));
        all.extend(former.iter().filter(|(_, shape)| shape.as_ref().is_some_and(|s| s.covers(lon, lat))).map(|(id, _)| *id));
    }
    all.sort_unstable();
    all.dedup();
    all
}
