//! The lines of a séance's review: every edit with its values before and after, by person or by piece of the area.

use super::pieces::Piece;
use super::progress::names;
use super::tally::{Deed, Gist, Tally};
use super::{Result, Seances};
use crate::model::edit::{EditKind, Entry, Subject, SubjectKind};
use crate::model::seance::cell_id;
use crate::model::{Fields, Seance, label};
use crate::store::{Participant, Tx};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Lines told at once.
const LINES: usize = 100;

/// Which lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Of this participant only.
    pub participant: Option<Uuid>,
    /// Of this piece of the area only.
    pub cell: Option<Uuid>,
    /// Before this number.
    pub before: Option<i64>,
}

/// One edit of a séance, as it is looked over the morning after.
#[derive(Debug, Clone)]
pub struct Line {
    /// Number in the journal.
    pub seq: i64,
    /// UTC, milliseconds since 1970.
    pub at: i64,
    /// What it did.
    pub kind: EditKind,
    /// To what.
    pub subject: Subject,
    /// Name of the actor, or of the piece.
    pub name: String,
    /// Category of the actor, or empty.
    pub category: String,
    /// Added, completed, confirmed; none for the rest.
    pub deed: Option<Deed>,
    /// Who, when it was a participant.
    pub participant: Option<Participant>,
    /// Name of whoever it was.
    pub by: String,
    /// Name of the piece that it lies in, or empty.
    pub piece: String,
    /// Values before.
    pub before: Fields,
    /// Values after; a cleared one is null.
    pub after: Fields,
    /// It was taken back since.
    pub reverted: bool,
}

/// What a name and a category are looked up in.
pub(super) struct Known {
    pieces: Arc<Vec<Arc<Piece>>>,
    people: Vec<Participant>,
    seance: Uuid,
}

impl Known {
    /// Which piece an entry belongs to.
    pub(super) fn place(&self, seances: &Seances, subject: Subject) -> Option<usize> {
        match subject.kind {
            SubjectKind::Cell => self.pieces.iter().position(|p| cell_id(self.seance, &p.key) == subject.id),
            SubjectKind::Actor => seances.place_of(&self.pieces, subject.id),
            _ => None,
        }
    }

    pub(super) fn people(&self) -> &[Participant] {
        &self.people
    }

    pub(super) fn pieces(&self) -> &[Arc<Piece>] {
        &self.pieces
    }

    pub(super) fn person(&self, author: Option<Uuid>) -> Option<&Participant> {
        self.people.iter().find(|p| Some(p.identity) == author)
    }
}

impl Seances {
    /// The lines of a séance, newest first, and the number before which the next ones are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn review(&self, seance: &Seance, wanted: Wanted) -> Result<(Vec<Line>, Option<i64>)> {
        let (tally, known) = (self.tally(seance.id).await?, self.known(seance).await?);
        let before = wanted.before.unwrap_or(i64::MAX);
        let fits = |g: &&Gist| g.seq < before && self.concerns(&known, seance.id, g, wanted.participant, wanted.cell);
        let mut numbers: Vec<i64> = tally.written().rev().filter(fits).map(|g| g.seq).take(LINES + 1).collect();
        let more = numbers.len() > LINES;
        numbers.truncate(LINES);
        let next = numbers.last().copied().filter(|_| more);
        Ok((self.lines(&known, &tally, &numbers).await?, next))
    }

    /// Whether an entry is by a participant and in a piece, as far as these are given.
    pub(super) fn concerns(&self, known: &Known, seance: Uuid, gist: &Gist, participant: Option<Uuid>, cell: Option<Uuid>) -> bool {
        let by = participant.is_none_or(|id| known.person(gist.author).is_some_and(|p| p.id == id));
        let piece = |i: usize| known.pieces.get(i).map(|p| cell_id(seance, &p.key));
        by && cell.is_none_or(|id| gist.subject.id == id || known.place(self, gist.subject).and_then(piece) == Some(id))
    }

    pub(super) async fn known(&self, seance: &Seance) -> Result<Known> {
        let people = self.journal.store.read().await?.participants(seance.id).await?;
        Ok(Known { pieces: self.pieces(seance).await, people, seance: seance.id })
    }

    /// The lines of some entries, in the order of their numbers given.
    pub(super) async fn lines(&self, known: &Known, tally: &Tally, numbers: &[i64]) -> Result<Vec<Line>> {
        let mut tx = self.journal.store.read().await?;
        let mut entries: HashMap<i64, Entry> = tx.entries_among(numbers).await?.into_iter().map(|e| (e.seq, e)).collect();
        let named = actors(&mut tx, entries.values()).await?;
        drop(tx);
        let names = names(&known.people, true);
        let deeds: HashMap<i64, Option<Deed>> = tally.written().map(|g| (g.seq, g.deed())).collect();
        let line = |e: Entry| {
            let piece = known.place(self, e.subject).and_then(|i| known.pieces.get(i)).map_or_else(String::new, |p| p.name.to_string());
            let (name, category) = match named.get(&e.subject.id) {
                Some((name, category)) => (name.clone(), category.clone()),
                None => (piece.clone(), String::new()),
            };
            let by = e.author.and_then(|id| names.get(&id)).map_or_else(|| label::author(e.author, e.source.as_deref()), |(name, _)| name.clone());
            Line {
                seq: e.seq,
                at: e.at,
                kind: e.kind,
                subject: e.subject,
                name,
                category,
                deed: deeds.get(&e.seq).copied().flatten(),
                participant: known.person(e.author).cloned(),
                by,
                piece,
                before: e.before,
                after: e.after,
                reverted: tally.is_dead(e.seq),
            }
        };
        Ok(numbers.iter().filter_map(|seq| entries.remove(seq)).map(line).collect())
    }
}

/// Name and category of each actor of some entries, those that were taken off the map too.
async fn actors(tx: &mut Tx, entries: impl Iterator<Item = &Entry>) -> Result<HashMap<Uuid, (String, String)>> {
    let ids: BTreeSet<Uuid> = entries.filter(|e| e.subject.kind == SubjectKind::Actor).map(|e| e.subject.id).collect();
    let found = tx.actors_among(&Vec::from_iter(ids)).await?;
    Ok(found.into_iter().map(|a| (a.id, (a.name().to_owned(), a.category().to_owned()))).collect())
}
