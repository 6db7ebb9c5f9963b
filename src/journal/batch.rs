//! One transaction of the writer: what its edits need is read ahead in few statements, and what nobody looks at before the end is written then.
//! Each statement is a trip to the database's thread or process; with a dozen of them per edit, those trips were most of an edit's cost.

use super::core::{Author, Request};
use super::participation::Ground;
use crate::model::edit::{Ack, EditKind, Entry, SubjectKind};
use crate::model::{Actor, Cell, Seance, Territory};
use crate::store::{self, Grant, Line, Note, Participant, Tx};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// A transaction that holds the head's lock.
pub(super) struct Batch {
    /// For what is read and written edit by edit.
    pub(super) tx: Tx,
    acks: HashMap<Uuid, (String, Ack)>,
    actors: HashMap<Uuid, Option<Arc<Actor>>>,
    homes: HashMap<String, Option<Uuid>>,
    grants: HashMap<Uuid, Vec<Grant>>,
    identities: HashSet<Uuid>,
    grounds: HashMap<Uuid, Option<Arc<Ground>>>,
    participants: HashMap<(Uuid, Uuid), Option<Participant>>,
    entries: Vec<Entry>,
    given: Vec<Given>,
    lines: Vec<Line>,
    authors: Vec<(Uuid, i64)>,
}

/// An answer to keep: the hash of what was sent, the answer, and when.
type Given = (String, Ack, i64);

/// How far a batch was, to go back to.
pub(super) struct Mark {
    entries: usize,
    given: usize,
    authors: usize,
    lines: usize,
}

impl Batch {
    /// Reads ahead what these requests will ask for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn read<'a>(mut tx: Tx, requests: impl Iterator<Item = &'a Request> + Clone) -> store::Result<Self> {
        let edits: Vec<Uuid> = requests.clone().map(|r| r.edit.id).collect();
        let subjects = requests.clone().filter(|r| r.edit.subject.kind == SubjectKind::Actor).map(|r| r.edit.subject.id);
        let subjects: Vec<Uuid> = subjects.collect::<BTreeSet<_>>().into_iter().collect();
        let authors: Vec<Uuid> = requests.filter_map(|r| r.author.identity()).collect::<BTreeSet<_>>().into_iter().collect();
        let acks = tx.acks_among(&edits).await?.into_iter().map(|(hash, ack)| (ack.id, (hash, ack))).collect();
        let mut actors: HashMap<Uuid, Option<Arc<Actor>>> = subjects.iter().map(|id| (*id, None)).collect();
        actors.extend(tx.actors_among(&subjects).await?.into_iter().map(|a| (a.id, Some(Arc::new(a)))));
        let mut grants: HashMap<Uuid, Vec<Grant>> = authors.iter().map(|id| (*id, Vec::new())).collect();
        for (id, grant) in tx.grants_among(&authors).await? {
            grants.entry(id).or_default().push(grant);
        }
        let identities = tx.identities_among(&authors).await?.into_iter().collect();
        Ok(Self {
            tx,
            acks,
            actors,
            homes: HashMap::new(),
            grants,
            identities,
            grounds: HashMap::new(),
            participants: HashMap::new(),
            entries: Vec::new(),
            given: Vec::new(),
            authors: Vec::new(),
            lines: Vec::new(),
        })
    }

    /// The answer that an edit was given, in this batch or before.
    pub(super) fn ack(&self, edit: Uuid) -> Option<&(String, Ack)> {
        self.acks.get(&edit)
    }

    /// An actor as it is now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn actor(&mut self, id: Uuid) -> store::Result<Option<Arc<Actor>>> {
        if let Some(known) = self.actors.get(&id) {
            return Ok(known.clone());
        }
        let read = self.tx.actor(id).await?.map(Arc::new);
        self.actors.insert(id, read.clone());
        Ok(read)
    }

    /// The id of the territory at an address, unless it is deleted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn territory_id(&mut self, slug: &str) -> store::Result<Option<Uuid>> {
        if let Some(known) = self.homes.get(slug) {
            return Ok(*known);
        }
        let read = self.tx.territory_id(slug).await?;
        self.homes.insert(slug.to_owned(), read);
        Ok(read)
    }

    /// The roles of an author of this batch.
    pub(super) fn grants(&self, author: Uuid) -> &[Grant] {
        self.grants.get(&author).map_or(&[], Vec::as_slice)
    }

    /// One entry of the journal, of this batch or before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn entry(&mut self, seq: i64) -> store::Result<Option<Entry>> {
        match self.entries.iter().find(|e| e.seq == seq) {
            Some(here) => Ok(Some(here.clone())),
            None => self.tx.entry(seq).await,
        }
    }

    /// Whether an actor was taken off the map after a number.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn taken_off_since(&mut self, seq: i64) -> store::Result<bool> {
        let here = self.entries.iter().any(|e| e.seq > seq && e.kind == EditKind::Delete && e.subject.kind == SubjectKind::Actor);
        Ok(here || self.tx.taken_off_since(seq).await?)
    }

    /// Writes the state of an actor.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn put_actor(&mut self, actor: Actor, new: bool) -> store::Result<()> {
        self.tx.put_actor(&actor, new).await?;
        self.actors.insert(actor.id, Some(Arc::new(actor)));
        Ok(())
    }

    /// Writes the state of a territory.
    ///
    /// # Errors
    /// When the database does not answer, or the slug is taken.
    pub(super) async fn put_territory(&mut self, territory: &Territory, at: i64) -> store::Result<()> {
        self.homes.clear();
        self.tx.put_territory(territory, at).await
    }

    /// A séance with its area.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn ground(&mut self, seance: Uuid) -> store::Result<Option<Arc<Ground>>> {
        if let Some(known) = self.grounds.get(&seance) {
            return Ok(known.clone());
        }
        let read = self.tx.seance(seance).await?.map(|s| Arc::new(Ground::new(s)));
        self.grounds.insert(seance, read.clone());
        Ok(read)
    }

    /// Somebody as a participant of a séance. Joining and sending away hold the head's lock too, so that this holds until the commit.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn participant(&mut self, seance: Uuid, identity: Uuid) -> store::Result<Option<Participant>> {
        if let Some(known) = self.participants.get(&(seance, identity)) {
            return Ok(known.clone());
        }
        let read = self.tx.participant(seance, identity).await?;
        self.participants.insert((seance, identity), read.clone());
        Ok(read)
    }

    /// Writes the state of a séance.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn put_seance(&mut self, seance: Seance) -> store::Result<()> {
        self.tx.put_seance(&seance).await?;
        self.grounds.insert(seance.id, Some(Arc::new(Ground::new(seance))));
        Ok(())
    }

    /// Writes the state of a piece of an area.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn put_cell(&mut self, cell: &Cell, at: i64) -> store::Result<()> {
        self.tx.put_cell(cell, at).await
    }

    /// Memberships were written beside this batch's actors.
    pub(super) fn forget_actors(&mut self) {
        self.actors.clear();
    }

    /// Adds an entry to the journal, at the end of the batch.
    pub(super) fn add_entry(&mut self, author: Author, entry: Entry) {
        if let Some(id) = author.identity().filter(|id| self.identities.insert(*id)) {
            self.authors.push((id, entry.at));
        }
        self.entries.push(entry);
    }

    /// Writes what an import leaves of an object; its line in the run's list at the end of the batch.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn put_note(&mut self, note: &Note, at: i64) -> store::Result<()> {
        self.lines.push(note.line());
        self.tx.put_note(note, at).await
    }

    /// Keeps the answer to an edit, at the end of the batch.
    pub(super) fn keep_ack(&mut self, hash: &str, ack: &Ack, at: i64) {
        self.acks.insert(ack.id, (hash.to_owned(), ack.clone()));
        self.given.push((hash.to_owned(), ack.clone(), at));
    }

    /// Marks a point that [`Batch::back_to`] returns to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn mark(&mut self) -> store::Result<Mark> {
        self.tx.mark().await?;
        Ok(Mark { entries: self.entries.len(), given: self.given.len(), authors: self.authors.len(), lines: self.lines.len() })
    }

    /// Undoes what was written since the mark.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn back_to(&mut self, mark: &Mark) -> store::Result<()> {
        self.tx.back_to_mark().await?;
        self.entries.truncate(mark.entries);
        self.lines.truncate(mark.lines);
        for (_, ack, _) in self.given.drain(mark.given..) {
            self.acks.remove(&ack.id);
        }
        for (id, _) in self.authors.drain(mark.authors..) {
            self.identities.remove(&id);
        }
        self.actors.clear();
        self.homes.clear();
        self.grounds.clear();
        Ok(())
    }

    /// Writes what was kept back and gives the transaction, which is not committed yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn finish(mut self) -> store::Result<Tx> {
        for (id, at) in &self.authors {
            self.tx.put_identity(*id, *at).await?;
        }
        self.tx.add_entries(&self.entries).await?;
        self.tx.keep_acks(&self.given).await?;
        self.tx.put_items(&self.lines, true).await?;
        Ok(self.tx)
    }
}
