//! Reading what figures show: actors, numbers, what changed since.

use super::definition::Definition;
use super::files::{Content, FACTS, Facts, MEASURE, SELECTION};
use super::numbers::{Around, Numbers, of_measure};
use super::shown::{Shown, alternative};
use super::since::{Since, since};
use super::{Error, Result};
use crate::journal::{Journal, now};
use crate::model::{Lang, SubjectKind, Version, Work};
use crate::report::statistics::{Ask, Reader, Statistics, Unread};
use crate::report::{Queue, Selection};
use crate::store::Tx;
use crate::tiles::Archives;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Answers of one sort that are remembered.
const REMEMBERED: usize = 200;

/// The figures of an installation; cheap to clone.
#[derive(Debug, Clone)]
pub struct Figures {
    pub(in crate::report) journal: Journal,
    pub(in crate::report) archives: Arc<Archives>,
    pub(in crate::report) statistics: Arc<Reader>,
    pub(in crate::report) queue: Queue,
    /// What has changed since a figure was frozen: comparing reads every actor twice.
    compared: Known<Uuid, Since>,
    /// What pages and embeds show: reading it reads every actor.
    shown: Known<String, Shown>,
}

/// Answers as of a head of the journal.
type Known<K, V> = Arc<Mutex<HashMap<K, (Version, Arc<V>)>>>;

impl Figures {
    /// The figures of a journal, over its base maps and statistics.
    pub fn new(journal: Journal, archives: Arc<Archives>, statistics: Arc<Reader>, queue: Queue) -> Self {
        Self { journal, archives, statistics, queue, compared: Arc::default(), shown: Arc::default() }
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
    /// [`Error::Drawing`] when the file is not there or not understood.
    pub async fn frozen(&self, tx: &mut Tx, id: Uuid) -> Result<Selection> {
        kept(tx, id, SELECTION).await
    }

    /// Position, date and number of actors of a figure, without reading its actors.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn facts(&self, tx: &mut Tx, work: &Work) -> Result<Facts> {
        if work.is_frozen() {
            return kept(tx, work.id, FACTS).await;
        }
        let figure = Definition::of(work);
        let query = figure.query(self.area(&figure)?);
        let totals = self.journal.atlas.counts(query.area.unwrap_or(query.territory), &query.filter, query.bbox).unwrap_or_default();
        Ok(Facts { position: self.journal.follower.head(), at: now(), actors: usize::try_from(totals.actors).unwrap_or(usize::MAX) })
    }

    /// The statistics that a figure takes its numbers from, if it shows one: of now, or as of a position.
    ///
    /// # Errors
    /// See [`Error`].
    pub(super) async fn counted(&self, figure: &Definition, lang: Lang, at: Option<Version>) -> Result<Option<Arc<Statistics>>> {
        let Some(code) = &figure.measure else { return Ok(None) };
        let query = figure.query(self.area(figure)?);
        let ask =
            Ask { territory: query.territory, area: query.area, filter: query.filter, lang, at: at.map(|v| (Some(v.epoch), v.seq)), before: None };
        let found = self.statistics.read(&self.journal, &self.archives, &ask).await.map_err(|e| match e {
            Unread::NoTerritory | Unread::NotYet | Unread::Outside => Error::NoArea,
            Unread::Store(e) => Error::Store(e),
            Unread::Broken | Unread::Beyond(_) | Unread::OtherEpoch | Unread::TooMany => Error::Drawing(e.to_string()),
        })?;
        if found.measure(code).is_some() { Ok(Some(found)) } else { Err(Error::NoMeasure) }
    }

    /// Everything that the files of a figure are made from: what was frozen, or what there is now.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn content(&self, tx: &mut Tx, work: &Work, at: &str, lang: Lang) -> Result<Content> {
        let figure = Definition::of(work);
        if work.is_frozen() {
            let numbers = if figure.measure.is_some() { Some(kept(tx, work.id, MEASURE).await?) } else { None };
            let selection = self.frozen(tx, work.id).await?;
            return Ok(Content { figure, selection, numbers, at: at.to_owned(), lang });
        }
        let counted = self.counted(&figure, lang, None).await?;
        let selection = self.present(tx, &figure).await?;
        Ok(content(figure, selection, counted.as_deref(), at, lang))
    }

    /// What a page shows of a figure in words. A figure that nobody made, of an embed, has no work.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn shown(&self, tx: &mut Tx, figure: &Definition, work: Option<&Work>, at: &str, lang: Lang) -> Result<Arc<Shown>> {
        let key = format!("{figure:?} {at} {lang:?} {:?}", work.map(|w| w.doc.version));
        let head = tx.head().await?;
        if let Some(known) = remembered(&self.shown, &key, head) {
            return Ok(known);
        }
        let content = match work {
            Some(work) => self.content(tx, work, at, lang).await?,
            None => {
                let counted = self.counted(figure, lang, None).await?;
                content(figure.clone(), self.present(tx, figure).await?, counted.as_deref(), at, lang)
            }
        };
        let Content { figure, selection, numbers, .. } = content;
        let shown = Arc::new(Shown::of(&figure, &selection, numbers, lang));
        remember(&self.shown, key, head, &shown);
        Ok(shown)
    }

    /// What has changed since a figure was frozen.
    ///
    /// # Errors
    /// [`Error::NoArea`] when its query finds nothing any more because the part of the territory is gone.
    pub async fn since(&self, tx: &mut Tx, work: &Work) -> Result<Arc<Since>> {
        let head = tx.head().await?;
        if let Some(known) = remembered(&self.compared, &work.id, head) {
            return Ok(known);
        }
        let then = self.frozen(tx, work.id).await?;
        let present = self.present(tx, &Definition::of(work)).await?;
        let found = Arc::new(since(&then, &present));
        remember(&self.compared, work.id, head, &found);
        Ok(found)
    }
}

/// The files of a figure before they are written.
pub(super) fn content(figure: Definition, selection: Selection, counted: Option<&Statistics>, at: &str, lang: Lang) -> Content {
    let measure = counted.zip(figure.measure.as_deref()).and_then(|(all, code)| all.measure(code));
    let alt = alternative(&figure, &selection, lang);
    let around = Around { title: &figure.title, alt: &alt, lang };
    let numbers: Option<Numbers> = measure.map(|m| of_measure(m, &selection, &around));
    Content { figure, selection, numbers, at: at.to_owned(), lang }
}

/// A file of a frozen figure that the server keeps for itself.
pub(super) async fn kept<T: DeserializeOwned>(tx: &mut Tx, work: Uuid, name: &str) -> Result<T> {
    let file = tx.work_file(work, name).await?.ok_or_else(|| Error::Drawing(format!("{work} has no {name}")))?;
    serde_json::from_slice(&file.bytes).map_err(|e| Error::Drawing(e.to_string()))
}

fn remembered<K: Eq + Hash, V>(known: &Known<K, V>, key: &K, head: Version) -> Option<Arc<V>> {
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.get(key).filter(|(as_of, _)| *as_of == head).map(|(_, v)| v.clone())
}

fn remember<K: Eq + Hash, V>(known: &Known<K, V>, key: K, head: Version, value: &Arc<V>) {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= REMEMBERED {
        known.retain(|_, (as_of, _)| *as_of == head);
    }
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(key, (head, value.clone()));
}
