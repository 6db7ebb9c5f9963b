//! Taking an actor out of everything that was frozen: the only thing that changes the files of a frozen work.

use super::files::{Content, MEASURE, SELECTION};
use super::numbers::Numbers;
use super::read::{Figures, kept};
use super::{Error, Result};
use crate::journal::{Beside, Redrawn, Request, now};
use crate::model::edit::{Edit, EditKind, Outcome, Subject, SubjectKind};
use crate::model::{Fields, Lang, Work};
use crate::report::Selection;
use crate::report::document::Desk;
use crate::store::{FrozenFile, Tx};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How often the list of frozen works is looked through again, because one more was frozen meanwhile.
const ROUNDS: usize = 5;

/// What an erasure touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// Figures whose files were drawn again.
    pub figures: Vec<Uuid>,
    /// Reports whose files were drawn again.
    pub reports: Vec<Uuid>,
}

impl Figures {
    /// Takes an actor off the map, if it is still there, and out of every frozen figure and report of all territories, in one transaction. What is frozen
    /// meanwhile either sees that the actor is gone and begins again, or is found in the next round. Asked again, it changes nothing.
    ///
    /// # Errors
    /// See [`Error`]; nothing was written then.
    pub async fn erase(&self, by: Uuid, lang: Lang, actor: Uuid) -> Result<Erased> {
        let mut all = Erased::default();
        for _ in 0..ROUNDS {
            let at = now();
            let (found, redrawn) = self.without(actor, at).await?;
            let last = redrawn.is_empty();
            let edit = Edit {
                id: Uuid::now_v7(),
                subject: Subject { kind: SubjectKind::Actor, id: actor },
                kind: EditKind::Delete,
                territory: None,
                set: Fields::new(),
                base: self.seen(actor).await?,
                reverts: None,
                group: None,
                candidate: None,
                seance: None,
            };
            let request = Request { beside: Beside::Redrawn(redrawn.into()), ..Request::by(by, lang, edit) };
            let ack = self.journal.writer.write(vec![request]).await?.pop().ok_or_else(|| Error::Drawing("the journal gave no answer".into()))?;
            if let Some(seq) = ack.seq {
                self.journal.follower.reach(seq).await;
            }
            match ack.result {
                Outcome::Applied | Outcome::Same => {}
                // Somebody edited the actor meanwhile, or another erasure drew the same work again: once more, from what there is now.
                Outcome::Conflict => continue,
                Outcome::Refused if ack.code.as_deref() == Some("moved_on") => continue,
                Outcome::Refused => return Err(Error::Refused(Box::new(ack))),
            }
            all.figures.extend(found.figures);
            all.reports.extend(found.reports);
            // The actor is off the map now, so that whatever is frozen from here on does not hold it: one look more is enough.
            if last {
                return Ok(all);
            }
        }
        Err(Error::Moving)
    }

    /// The version of the actor that the deletion means.
    async fn seen(&self, actor: Uuid) -> Result<BTreeMap<String, Option<crate::model::Version>>> {
        let known = self.journal.store.read().await?.actor(actor).await?.ok_or(Error::Unknown)?;
        Ok(BTreeMap::from([("*".to_owned(), Some(known.doc.version))]))
    }

    /// The files of every frozen work that holds an actor, drawn again without it.
    async fn without(&self, actor: Uuid, erased_at: i64) -> Result<(Erased, Vec<Redrawn>)> {
        let mut tx = self.journal.store.read().await?;
        let (mut found, mut redrawn) = (Erased::default(), Vec::new());
        for id in tx.works_with_file(SELECTION).await? {
            let Some(drawn_from) = names(&mut tx, id, actor).await? else { continue };
            let Some(work) = tx.work(id).await? else { continue };
            match work.kind {
                SubjectKind::Figure => {
                    let files = self.figure_without(&mut tx, &work, actor, erased_at).await?;
                    redrawn.push(Redrawn { work: id, drawn_from, files });
                    found.figures.push(id);
                }
                SubjectKind::Report => {
                    let desk = Desk::new(self.clone());
                    let files = desk.redrawn_without(&mut tx, &work, actor, erased_at).await.map_err(|e| Error::Drawing(e.to_string()))?;
                    redrawn.push(Redrawn { work: id, drawn_from, files });
                    found.reports.push(id);
                }
                _ => {}
            }
        }
        Ok((found, redrawn))
    }

    async fn figure_without(&self, tx: &mut Tx, work: &Work, actor: Uuid, erased_at: i64) -> Result<Vec<FrozenFile>> {
        let selection: Selection = self.frozen(tx, work.id).await?;
        let figure = super::Definition::of(work);
        let name = selection.actors.iter().find(|a| a.id == actor).map(|a| a.name().to_owned());
        let selection = selection.without(actor);
        let numbers = match &figure.measure {
            Some(_) => Some(kept::<Numbers>(tx, work.id, MEASURE).await?.without(name.as_deref().unwrap_or(""))),
            None => None,
        };
        let at = kept::<serde_json::Value>(tx, work.id, "json").await?["address"].as_str().unwrap_or("").to_owned();
        let lang = super::freeze::FROZEN_IN;
        self.drawn(tx, Content { figure, selection, numbers, at, lang }, Some(erased_at)).await
    }
}

/// The hash of a frozen work's selection, if it holds an actor or a link to it.
async fn names(tx: &mut Tx, work: Uuid, actor: Uuid) -> Result<Option<String>> {
    let id = actor.to_string();
    let file = tx.work_file(work, SELECTION).await?;
    Ok(file.filter(|f| f.bytes.windows(id.len()).any(|w| w == id.as_bytes())).map(|f| f.sha256))
}
