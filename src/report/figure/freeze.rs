//! Reading what a figure shows, freezing it, making it anew.

use super::definition::Definition;
use super::files::{self, FACTS, Facts, SELECTION};
use super::since::{Since, since};
use super::{Error, Result};
use crate::journal::{Beside, Journal, Request, broken, now};
use crate::model::edit::{Edit, EditKind, Outcome, Subject, SubjectKind};
use crate::model::{Ack, Fields, Lang, Version, Work};
use crate::report::Selection;
use crate::store::{FrozenFile, Tx};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// How often a freeze begins again because somebody changed the figure, or took an actor off the map, meanwhile.
const TRIES: usize = 5;
/// Comparisons that are remembered.
const REMEMBERED: usize = 500;
/// Fields that a remade figure does not take over.
const OWN: [&str; 2] = ["frozen", "status"];

/// The figures of an installation; cheap to clone.
#[derive(Debug, Clone)]
pub struct Figures {
    pub(super) journal: Journal,
    /// What has changed since a figure was frozen, as of a head of the journal: comparing reads every actor of the figure twice.
    compared: Arc<Mutex<HashMap<Uuid, Arc<Since>>>>,
}

impl Figures {
    /// The figures of a journal.
    pub fn new(journal: Journal) -> Self {
        Self { journal, compared: Arc::default() }
    }

    /// A figure that was not taken away.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is none.
    pub async fn find(&self, tx: &mut Tx, id: Uuid) -> Result<Work> {
        tx.work(id).await?.filter(|w| w.kind == SubjectKind::Figure && !w.doc.deleted).ok_or(Error::Unknown)
    }

    /// Id of the part of the territory that a figure shows, if it shows only one.
    ///
    /// # Errors
    /// [`Error::NoArea`] when it is not there or does not lie in the territory.
    pub fn area(&self, figure: &Definition) -> Result<Option<Uuid>> {
        let Some(slug) = &figure.area else { return Ok(None) };
        let id = self.journal.atlas.territory_id(slug).ok_or(Error::NoArea)?;
        let inside = self.journal.atlas.territories_around(id).contains(&figure.territory);
        if inside { Ok(Some(id)) } else { Err(Error::NoArea) }
    }

    /// What a figure's query finds now.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn present(&self, tx: &mut Tx, figure: &Definition) -> Result<Selection> {
        let query = figure.query(self.area(figure)?);
        Selection::read(tx, &query, now()).await?.ok_or(Error::NoArea)
    }

    /// What a frozen figure holds.
    ///
    /// # Errors
    /// [`Error::Drawing`] when the file is not there or not understood, which `bouillon check` would say too.
    pub async fn frozen(&self, tx: &mut Tx, id: Uuid) -> Result<Selection> {
        let file = tx.work_file(id, SELECTION).await?.ok_or_else(|| Error::Drawing(format!("{id} has no {SELECTION}")))?;
        serde_json::from_slice(&file.bytes).map_err(|e| Error::Drawing(e.to_string()))
    }

    /// What a figure shows: what was frozen, or what its query finds now.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn selection(&self, tx: &mut Tx, work: &Work) -> Result<Selection> {
        if work.is_frozen() { self.frozen(tx, work.id).await } else { self.present(tx, &Definition::of(work)).await }
    }

    /// Position, date and number of actors of a figure, without reading its actors.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn facts(&self, tx: &mut Tx, work: &Work) -> Result<Facts> {
        if work.is_frozen() {
            let file = tx.work_file(work.id, FACTS).await?.ok_or_else(|| Error::Drawing(format!("{} has no {FACTS}", work.id)))?;
            return serde_json::from_slice(&file.bytes).map_err(|e| Error::Drawing(e.to_string()));
        }
        let figure = Definition::of(work);
        let within = self.area(&figure)?.unwrap_or(figure.territory);
        let totals = self.journal.atlas.counts(within, &figure.filter, figure.bbox).unwrap_or_default();
        Ok(Facts { position: self.journal.follower.head(), at: now(), actors: usize::try_from(totals.actors).unwrap_or(usize::MAX) })
    }

    /// What has changed since a figure was frozen.
    ///
    /// # Errors
    /// [`Error::NoArea`] when its query finds nothing any more because the part of the territory is gone.
    pub async fn since(&self, tx: &mut Tx, work: &Work) -> Result<Arc<Since>> {
        let head = tx.head().await?;
        let known = || self.compared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = known().get(&work.id).filter(|s| s.head == head) {
            return Ok(same.clone());
        }
        let then = self.frozen(tx, work.id).await?;
        let present = self.present(tx, &Definition::of(work)).await?;
        let found = Arc::new(since(&then, &present));
        let mut known = known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(work.id, found.clone());
        Ok(found)
    }

    /// Freezes a figure: its files and the edit that says so are one transaction. A figure that is frozen already stays as it is.
    ///
    /// # Errors
    /// See [`Error`]; nothing was written then.
    pub async fn freeze(&self, by: Uuid, lang: Lang, id: Uuid, at: &str) -> Result<()> {
        for _ in 0..TRIES {
            let mut tx = self.journal.store.read().await?;
            let work = self.find(&mut tx, id).await?;
            if work.is_frozen() {
                return Ok(());
            }
            let figure = Definition::of(&work);
            let selection = self.present(&mut tx, &figure).await?;
            drop(tx);
            let position = selection.position;
            let files: Arc<[FrozenFile]> = self.drawn(figure, selection, at.to_owned(), None).await?.into();
            let ack = self.write(by, lang, &work, position, files.clone()).await?;
            match ack.code.as_deref() {
                None if ack.result == Outcome::Applied => {
                    self.journal.follower.reach(ack.seq.unwrap_or(0)).await;
                    return if broken("half-frozen") { self.files_later(id, &files).await } else { Ok(()) };
                }
                // Somebody else froze it, or it changed: looking again tells.
                Some("frozen" | "moved_on") => {}
                _ => return Err(Error::Refused(Box::new(ack))),
            }
        }
        Err(Error::Moving)
    }

    /// Every file of a figure, made away from the threads that answer.
    pub(super) async fn drawn(&self, figure: Definition, selection: Selection, at: String, erased_at: Option<i64>) -> Result<Vec<FrozenFile>> {
        let made = tokio::task::spawn_blocking(move || files::kept(&figure, &selection, &at, erased_at));
        made.await.map_err(|e| Error::Drawing(e.to_string()))?.map_err(|e| Error::Drawing(e.to_string()))
    }

    async fn write(&self, by: Uuid, lang: Lang, work: &Work, position: Version, files: Arc<[FrozenFile]>) -> Result<Ack> {
        let set = Fields::from([("frozen".to_owned(), json!(format!("{}:{}", position.epoch, position.seq)))]);
        // The whole figure as it was read: a title that changes meanwhile would not be that of the files.
        let base = BTreeMap::from([("*".to_owned(), Some(work.doc.version))]);
        let edit = edit(work.id, EditKind::Set, None, set, base);
        let request = Request { beside: Beside::Files(files), ..Request::by(by, lang, edit) };
        let mut acks = self.journal.writer.write(vec![request]).await?;
        acks.pop().ok_or_else(|| Error::Drawing("the journal gave no answer".into()))
    }

    /// What a server that breaks its promise does: the files come after the commit.
    async fn files_later(&self, id: Uuid, files: &[FrozenFile]) -> Result<()> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut tx = self.journal.store.write().await?;
        tx.put_work_files(id, files).await?;
        Ok(tx.commit().await?)
    }

    /// Makes a live copy of a figure, as a draft of whoever asks.
    ///
    /// # Errors
    /// See [`Error`]; nothing was written then.
    pub async fn remake(&self, by: Uuid, lang: Lang, work: &Work) -> Result<Uuid> {
        let slug = self.journal.atlas.slug(work.home).ok_or(Error::Unknown)?;
        let mut set = work.doc.fields.clone();
        set.retain(|field, _| !OWN.contains(&field.as_str()));
        let id = Uuid::now_v7();
        let request = Request::by(by, lang, edit(id, EditKind::Create, Some(slug.into()), set, BTreeMap::new()));
        let mut acks = self.journal.writer.write(vec![request]).await?;
        let ack = acks.pop().ok_or_else(|| Error::Drawing("the journal gave no answer".into()))?;
        if ack.result != Outcome::Applied {
            return Err(Error::Refused(Box::new(ack)));
        }
        self.journal.follower.reach(ack.seq.unwrap_or(0)).await;
        Ok(id)
    }
}

fn edit(id: Uuid, kind: EditKind, territory: Option<String>, set: Fields, base: BTreeMap<String, Option<Version>>) -> Edit {
    let subject = Subject { kind: SubjectKind::Figure, id };
    Edit { id: Uuid::now_v7(), subject, kind, territory, set, base, reverts: None, group: None, candidate: None, seance: None }
}
