//! Reading what a report is made from, building its files, freezing it, making it anew.

use super::bundle::{Files, files};
use super::drawn::{Drawn, draw};
use super::inputs::{Cited, Inputs, Piece, Scheme, Told, Written};
use super::{compose, docx, in_order, scheme};
use crate::journal::{Beside, Refused, Request, now};
use crate::model::edit::{Edit, EditKind, Outcome, Subject, SubjectKind};
use crate::model::{Ack, Fields, Lang, Version, Work};
use crate::report::figure::{self, Figures, SELECTION};
use crate::report::queue::NotDrawn;
use crate::report::statistics::{Ask, Unread};
use crate::report::{Query, Selection};
use crate::store::{self, FrozenFile, Tx};
use crate::tiles::Archive;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// The files of a report that are given away, by their ending.
pub const FILES: [&str; 3] = ["docx", "html", "zip"];
/// The file that keeps the governance scheme.
const PICTURE: &str = "picture";
/// How often everything is read again because somebody wrote meanwhile.
const TRIES: usize = 5;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// What a wish about a report meets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such report, or it was taken away.
    #[error("there is no such report")]
    Unknown,
    /// Others go on changing what it is made from.
    #[error("the report or its actors are being changed")]
    Moving,
    /// The rights, or the merge rule, say no.
    #[error("refused")]
    Refused(Box<Ack>),
    /// The journal could not write.
    #[error("{0}")]
    Journal(#[from] Refused),
    /// The database did not answer.
    #[error("{0}")]
    Store(#[from] store::Error),
    /// Too many drawings wait, or this one failed.
    #[error("{0}")]
    Queue(#[from] NotDrawn),
    /// What is kept of a frozen report is not there or not understood.
    #[error("a kept file of the report is broken: {0}")]
    Broken(String),
}

/// Shorthand.
pub(super) type Result<T> = std::result::Result<T, Error>;

impl From<figure::Error> for Error {
    fn from(error: figure::Error) -> Self {
        match error {
            figure::Error::Store(e) => Self::Store(e),
            other => Self::Broken(other.to_string()),
        }
    }
}

/// Where reports are made; cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk {
    figures: Figures,
}

/// What files are drawn on: the base map and the outline of the territory.
struct Ground {
    base: Option<Arc<Archive>>,
    boundary: String,
}

impl Desk {
    /// Over the figures of a journal; its drawings wait in their queue.
    pub fn new(figures: Figures) -> Self {
        Self { figures }
    }

    /// A report that was not taken away.
    ///
    /// # Errors
    /// [`Error::Unknown`] when there is none.
    pub async fn find(&self, tx: &mut Tx, id: Uuid) -> Result<Work> {
        tx.work(id).await?.filter(|w| w.kind == SubjectKind::Report && !w.doc.deleted).ok_or(Error::Unknown)
    }

    /// What a frozen report was made from.
    ///
    /// # Errors
    /// [`Error::Broken`] when it is not there or not understood.
    pub async fn kept(&self, tx: &mut Tx, id: Uuid) -> Result<Inputs> {
        let file = tx.work_file(id, SELECTION).await?.ok_or_else(|| Error::Broken(format!("{id} has no {SELECTION}")))?;
        let mut inputs: Inputs = serde_json::from_slice(&file.bytes).map_err(|e| Error::Broken(e.to_string()))?;
        inputs.scheme = scheme_of(tx, id, inputs.written.report.text("picture")).await?;
        Ok(inputs)
    }

    /// The files of a report as it is now, built from one position of the journal. Of one day they are the same at the same position.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn live(&self, lang: Lang, id: Uuid, address: &str) -> Result<Files> {
        let inputs = self.inputs(lang, id, address, false).await?.1;
        let ground = self.ground(inputs.selection.territory.id).await?;
        self.built(inputs, ground).await.map(|(files, _)| files)
    }

    async fn built(&self, inputs: Inputs, ground: Ground) -> Result<(Files, Inputs)> {
        Ok(self.figures.queue.draw(move || build(inputs, &ground)).await?)
    }

    /// What a report is made from, all of one position: the journal's head is the same before, in the snapshot and after.
    async fn inputs(&self, lang: Lang, id: Uuid, address: &str, frozen: bool) -> Result<(Work, Inputs)> {
        for _ in 0..TRIES {
            let mut tx = self.figures.journal.store.read().await?;
            let home = self.find(&mut tx, id).await?.home;
            drop(tx);
            let ask = Ask { territory: home, area: None, filter: crate::atlas::Filter::default(), lang, at: None, before: None };
            let found = self.figures.statistics.read(&self.figures.journal, &self.figures.archives, &ask).await.map_err(|e| match e {
                Unread::NoTerritory | Unread::NotYet | Unread::Outside => Error::Unknown,
                Unread::Store(e) => Error::Store(e),
                other => Error::Broken(other.to_string()),
            })?;
            let mut tx = self.figures.journal.store.read().await?;
            let work = self.find(&mut tx, id).await?;
            // A draft tells the day, so that the same position makes the same file all day long.
            let at = if frozen { now() } else { now().div_euclid(DAY) * DAY };
            let query = Query { territory: home, ..Query::default() };
            let selection = Selection::read(&mut tx, &query, at).await?.ok_or(Error::Unknown)?;
            if selection.position != found.position {
                continue;
            }
            let blocks: Vec<Piece> = in_order(tx.blocks_of(id).await?).iter().map(Piece::of).collect();
            let devices = super::by_step(tx.works_of(home, SubjectKind::Device).await?).iter().map(Piece::of).collect();
            let cited = self.cited(&mut tx, lang, home, &blocks, at).await?;
            let scheme = scheme_of(&mut tx, id, work.doc.text("picture")).await?;
            drop(tx);
            // The numbers of cited figures were read beside the snapshot.
            if self.figures.journal.store.read().await?.head().await? != selection.position {
                continue;
            }
            let has_base_map = self.base(home).await?.is_some();
            let written = Written {
                lang,
                address: address.to_owned(),
                frozen,
                report: Piece::of(&work),
                blocks,
                devices,
                cited,
                population: found.population,
                has_base_map,
            };
            let measures = found.measures.iter().map(|m| Told::of(&found, m, lang)).collect();
            return Ok((work, Inputs { written, selection, measures, scheme }));
        }
        Err(Error::Moving)
    }

    /// The figures that blocks name, each once; what is not there, or about another territory, is left out.
    async fn cited(&self, tx: &mut Tx, lang: Lang, home: Uuid, blocks: &[Piece], at: i64) -> Result<Vec<Cited>> {
        let mut cited: Vec<Cited> = Vec::new();
        for id in blocks.iter().filter_map(|b| Uuid::parse_str(b.text("figure")).ok()) {
            let known = cited.iter().any(|c| c.figure.id == id);
            let Some(work) = tx.work(id).await?.filter(|w| !known && w.kind == SubjectKind::Figure && w.home == home && !w.doc.deleted) else {
                continue;
            };
            let mut content = match self.figures.content(tx, &work, "", lang).await {
                Ok(content) => content,
                Err(figure::Error::Store(e)) => return Err(Error::Store(e)),
                // Its part of the territory, or its statistic, is gone: the report says the rest.
                Err(_) => continue,
            };
            if !work.is_frozen() {
                content.selection.at = at;
            }
            let measure = matches!(work.doc.text("kind"), "table" | "chart").then(|| Told::from(content.numbers()));
            cited.push(Cited { figure: Piece::of(&work), selection: content.selection, measure });
        }
        Ok(cited)
    }

    /// The base map of a territory: its own, else that of the smallest territory around it which has one.
    async fn base(&self, territory: Uuid) -> Result<Option<Arc<Archive>>> {
        let mut tx = self.figures.journal.store.read().await?;
        for around in self.figures.journal.atlas.territories_around(territory) {
            if let Some(name) = tx.basemap(around).await?
                && let Some(archive) = self.figures.archives.get(&name).await
            {
                return Ok(Some(archive));
            }
        }
        Ok(None)
    }

    async fn ground(&self, territory: Uuid) -> Result<Ground> {
        let base = self.base(territory).await?;
        let known = self.figures.journal.store.read().await?.territory(territory).await?;
        let boundary = known.and_then(|t| t.boundary().map(ToString::to_string)).unwrap_or_default();
        Ok(Ground { base, boundary })
    }

    /// Freezes a report: its files and the edit that says so are one transaction. One that is frozen already stays as it is.
    ///
    /// # Errors
    /// See [`Error`]; nothing was written then.
    pub async fn freeze(&self, by: Uuid, lang: Lang, id: Uuid, address: &str) -> Result<()> {
        for _ in 0..TRIES {
            if self.find(&mut self.figures.journal.store.read().await?, id).await?.is_frozen() {
                return Ok(());
            }
            let (work, inputs) = self.inputs(lang, id, address, true).await?;
            let position = inputs.selection.position;
            let ground = self.ground(work.home).await?;
            let (files, inputs) = self.built(inputs, ground).await?;
            let kept = kept_files(files, &inputs, None)?;
            let set = Fields::from([("frozen".to_owned(), json!(format!("{}:{}", position.epoch, position.seq)))]);
            let base = BTreeMap::from([("*".to_owned(), Some(work.doc.version))]);
            let request = Request { beside: Beside::Files(kept.into()), ..Request::by(by, lang, edit(report(id), EditKind::Set, set, base)) };
            match self.write(vec![request]).await {
                Err(Error::Refused(ack)) if matches!(ack.code.as_deref(), Some("frozen" | "moved_on")) => {}
                done => return done,
            }
        }
        Err(Error::Moving)
    }

    /// Makes a live copy of a report with its blocks and its scheme, as a draft.
    ///
    /// # Errors
    /// See [`Error`]; nothing was written then.
    pub async fn remake(&self, by: Uuid, lang: Lang, work: &Work) -> Result<Uuid> {
        let mut tx = self.figures.journal.store.read().await?;
        let (blocks, scheme) = if work.is_frozen() {
            let kept = self.kept(&mut tx, work.id).await?;
            (kept.written.blocks, kept.scheme)
        } else {
            let blocks = in_order(tx.blocks_of(work.id).await?).iter().map(Piece::of).collect();
            (blocks, scheme_of(&mut tx, work.id, work.doc.text("picture")).await?)
        };
        drop(tx);
        let (id, group) = (Uuid::now_v7(), Some(Uuid::now_v7()));
        let slug = self.figures.journal.atlas.slug(work.home).ok_or(Error::Unknown)?;
        let mut set = work.doc.fields.clone();
        set.retain(|field, _| !["frozen", "status"].contains(&field.as_str()));
        let mut first = edit(report(id), EditKind::Create, set, BTreeMap::new());
        first.territory = Some(slug.into());
        first.group = group;
        let beside = scheme.map_or(Beside::Nothing, |s| Beside::Files(vec![picture_file(&s)].into()));
        let mut requests = vec![Request { beside, ..Request::by(by, lang, first) }];
        for mut block in blocks {
            block.fields.insert("report".into(), json!(id));
            let subject = Subject { kind: SubjectKind::Block, id: Uuid::now_v7() };
            let one = Edit { group, ..edit(subject, EditKind::Create, block.fields, BTreeMap::new()) };
            requests.push(Request::by(by, lang, one));
        }
        self.write(requests).await?;
        Ok(id)
    }

    /// A picture that somebody brings, drawn anew in its turn; what is no picture is told inside.
    ///
    /// # Errors
    /// [`Error::Queue`].
    pub async fn scheme(&self, bytes: Vec<u8>) -> Result<std::result::Result<Scheme, scheme::BadPicture>> {
        Ok(self.figures.queue.draw(move || scheme::redrawn(&bytes)).await?)
    }

    /// Keeps a picture of the governance scheme, which was drawn anew, and names it in the report.
    ///
    /// # Errors
    /// See [`Error`]; nothing was written then.
    pub async fn put_scheme(&self, by: Uuid, lang: Lang, work: &Work, scheme: &Scheme) -> Result<String> {
        let sha256 = store::hash_of(&scheme.bytes);
        let set = Fields::from([("picture".to_owned(), json!(sha256))]);
        let base = BTreeMap::from([("picture".to_owned(), Some(work.doc.version_of("picture")).filter(|v| *v != Version::default()))]);
        let beside = Beside::Files(vec![picture_file(scheme)].into());
        self.write(vec![Request { beside, ..Request::by(by, lang, edit(report(work.id), EditKind::Set, set, base)) }]).await?;
        Ok(sha256)
    }

    /// The files of a frozen report without an actor.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn redrawn_without(&self, tx: &mut Tx, work: &Work, actor: Uuid, erased_at: i64) -> Result<Vec<FrozenFile>> {
        let inputs = self.kept(tx, work.id).await?.without(actor);
        let ground = self.ground(work.home).await?;
        let (files, inputs) = self.built(inputs, ground).await?;
        kept_files(files, &inputs, Some(erased_at))
    }

    /// Writes edits that stand or fall together, and waits until they can be read.
    async fn write(&self, requests: Vec<Request>) -> Result<()> {
        let acks = self.figures.journal.writer.write(requests).await?;
        if let Some(no) = acks.iter().find(|a| !matches!(a.result, Outcome::Applied | Outcome::Same)) {
            return Err(Error::Refused(Box::new(no.clone())));
        }
        self.figures.journal.follower.reach(acks.iter().filter_map(|a| a.seq).max().unwrap_or(0)).await;
        Ok(())
    }
}

fn build(inputs: Inputs, ground: &Ground) -> (Files, Inputs) {
    let drawn: Drawn = draw(&inputs, ground.base.as_deref(), &crate::report::map::outline(&ground.boundary));
    let document = compose(&inputs, &drawn);
    (files(&document, &inputs), inputs)
}

/// Everything that is kept of a frozen report.
fn kept_files(files: Files, inputs: &Inputs, erased_at: Option<i64>) -> Result<Vec<FrozenFile>> {
    let file = |name: &str, media_type: &str, bytes: Vec<u8>| FrozenFile { name: name.into(), media_type: media_type.into(), bytes, erased_at };
    let mut kept = vec![
        file("docx", docx::MEDIA_TYPE, files.docx),
        file("html", "text/html; charset=utf-8", files.html),
        file("zip", "application/zip", files.zip),
        file(SELECTION, "application/json", serde_json::to_vec(inputs).map_err(|e| Error::Broken(e.to_string()))?),
    ];
    kept.extend(inputs.scheme.as_ref().map(picture_file));
    Ok(kept)
}

fn picture_file(scheme: &Scheme) -> FrozenFile {
    FrozenFile { name: PICTURE.into(), media_type: scheme.media_type.clone(), bytes: scheme.bytes.clone(), erased_at: None }
}

/// The scheme that a report names, if it is kept.
async fn scheme_of(tx: &mut Tx, report: Uuid, named: &str) -> Result<Option<Scheme>> {
    let file = tx.work_file(report, PICTURE).await?.filter(|f| f.sha256 == named);
    Ok(file.map(|f| Scheme { media_type: f.media_type, bytes: f.bytes }))
}

fn report(id: Uuid) -> Subject {
    Subject { kind: SubjectKind::Report, id }
}

fn edit(subject: Subject, kind: EditKind, set: Fields, base: BTreeMap<String, Option<Version>>) -> Edit {
    Edit { id: Uuid::now_v7(), subject, kind, territory: None, set, base, reverts: None, group: None, candidate: None, seance: None }
}
