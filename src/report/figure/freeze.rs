//! Freezing a figure, and making it anew.

use super::definition::Definition;
use super::files::Content;
use super::read::{Figures, content};
use super::{Error, Result, picture};
use crate::journal::{Beside, Request, broken};
use crate::model::edit::{Edit, EditKind, Outcome, Subject, SubjectKind};
use crate::model::{Ack, Fields, Lang, Version, Work};
use crate::store::{FrozenFile, Tx};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How often a freeze begins again because somebody wrote meanwhile.
const TRIES: usize = 8;
/// Fields that a remade figure does not take over.
const OWN: [&str; 2] = ["frozen", "status"];
/// Language of the files of a frozen figure: that of the installation's territories.
pub(super) const FROZEN_IN: Lang = Lang::Fr;

impl Figures {
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
            drop(tx);
            let content = self.as_of_one_position(&work, at).await?;
            let position = content.selection.position;
            let mut tx = self.journal.store.read().await?;
            let files: Arc<[FrozenFile]> = self.drawn(&mut tx, content, None).await?.into();
            drop(tx);
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

    /// What the files are made from, all of one position of the journal.
    async fn as_of_one_position(&self, work: &Work, at: &str) -> Result<Content> {
        let figure = Definition::of(work);
        let mut tx = self.journal.store.read().await?;
        let selection = self.present(&mut tx, &figure).await?;
        drop(tx);
        let mut counted = self.counted(&figure, FROZEN_IN, None).await?;
        if counted.as_ref().is_some_and(|all| all.position != selection.position) {
            // Somebody wrote between the two readings.
            counted = self.counted(&figure, FROZEN_IN, Some(selection.position)).await?;
        }
        Ok(content(figure, selection, counted.as_deref(), at, FROZEN_IN))
    }

    /// Every file of a figure, made away from the threads that answer, when its turn has come.
    pub(super) async fn drawn(&self, tx: &mut Tx, content: Content, erased_at: Option<i64>) -> Result<Vec<FrozenFile>> {
        let ground = self.ground(tx, &content).await?;
        let make = move || {
            let mut files = content.kept(erased_at).map_err(|e| Error::Drawing(e.to_string()))?;
            files.extend(picture::kept(&content, &ground, erased_at)?);
            Ok(files)
        };
        self.queue.draw(make).await?
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
        tokio::time::sleep(Duration::from_millis(300)).await;
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
