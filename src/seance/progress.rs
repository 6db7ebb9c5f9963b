//! What the projector shows: numbers, the last deeds, and how much of the area is done.

use super::tally::{Counts, Deed};
use super::{Result, Seances};
use crate::model::{Seance, label};
use crate::store::Participant;
use std::collections::HashMap;
use uuid::Uuid;

/// Deeds that are told.
const LAST: usize = 8;

/// How a séance goes.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Actors added, completed, confirmed.
    pub counts: Counts,
    /// Who takes part.
    pub people: i64,
    /// The newest first.
    pub last: Vec<Told>,
    /// How many pieces there are.
    pub total: usize,
    /// … that a team is at.
    pub claimed: usize,
    /// … that are done.
    pub done: usize,
    /// … where nothing is.
    pub nothing: usize,
}

/// Something that somebody did.
#[derive(Debug, Clone)]
pub struct Told {
    /// Nickname, for those who may see it, else the public label.
    pub nickname: String,
    /// 0 to 4.
    pub color: i64,
    /// The actor.
    pub actor: Uuid,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: &'static str,
    /// What was done.
    pub deed: Deed,
    /// The field, when it was one.
    pub field: Option<String>,
    /// UTC, milliseconds since 1970.
    pub at: i64,
}

/// The names of a séance's people, by identity; without `nicknames` the public labels.
pub(super) fn names(people: &[Participant], nicknames: bool) -> HashMap<Uuid, (String, i64)> {
    let name = |p: &Participant| if nicknames { p.name() } else { label::pseudonym(p.identity) };
    people.iter().map(|p| (p.identity, (name(p), p.color))).collect()
}

impl Seances {
    /// How a séance goes now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn progress(&self, seance: &Seance, nicknames: bool) -> Result<Progress> {
        let tally = self.tally(seance.id).await?;
        let people = self.journal.store.read().await?.participants(seance.id).await?;
        let names = names(&people, nicknames);
        let told = |g: &super::tally::Gist| {
            let (deed, entry) = (g.deed()?, self.journal.atlas.actor(g.subject.id)?);
            let (nickname, color) = match g.author.and_then(|id| names.get(&id)) {
                Some((name, color)) => (name.clone(), *color),
                None => (label::author(g.author, None), 0),
            };
            let field = match g.fields.as_slice() {
                [one] => Some(one.to_string()),
                _ => None,
            };
            let (name, category) = (entry.name.to_string(), entry.category());
            Some(Told { nickname, color, actor: g.subject.id, name, category, deed, field, at: g.at })
        };
        let last = tally.standing().rev().filter_map(told).take(LAST).collect();
        let cells = self.journal.store.read().await?.cells_of(seance.id).await?;
        let states: HashMap<&str, &str> = cells.iter().map(|c| (c.key(), c.doc.text("state"))).collect();
        let pieces = self.pieces(seance).await;
        let count = |state: &str| pieces.iter().filter(|p| states.get(&*p.key) == Some(&state)).count();
        Ok(Progress {
            counts: tally.counts(tally.standing()),
            people: people.iter().filter(|p| p.revoked_at.is_none()).count() as i64,
            last,
            total: pieces.len(),
            claimed: count("claimed"),
            done: count("done"),
            nothing: count("nothing"),
        })
    }
}
