//! The minutes of a séance: who took part and what changed, per theme and per piece of the area; and the same as a table, a line per value.

use super::review::Line;
use super::tally::{Counts, Gist};
use super::{Result, Seances};
use crate::export::harmless;
use crate::model::edit::SubjectKind;
use crate::model::{Seance, label};
use crate::store::Participant;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use uuid::Uuid;

/// Lines written at once.
const AT_ONCE: usize = 500;

/// What came of a séance. The edits of the people and of the others are all edits; so are those of the pieces and those outside; those of the themes
/// are all on actors.
#[derive(Debug, Clone, Default)]
pub struct Minutes {
    /// All of it.
    pub counts: Counts,
    /// Each participant, the first to come first.
    pub people: Vec<(Participant, Counts)>,
    /// Whoever wrote in it without taking part: the organisers, on pieces of the area.
    pub others: Counts,
    /// By code of the actor's theme, as it is now; empty for those without.
    pub themes: Vec<Share>,
    /// By piece of the area in which something happened.
    pub pieces: Vec<Share>,
    /// In no piece of it: actors without a place, or taken off the map.
    pub outside: Counts,
    /// The actors that were added, completed or confirmed.
    pub actors: Vec<Changed>,
}

/// A part of what came of it.
#[derive(Debug, Clone)]
pub struct Share {
    /// Code of a theme, or key of a piece.
    pub key: String,
    /// What people call it; empty for a theme.
    pub name: String,
    /// `claimed`, `done`, `nothing`, or empty.
    pub state: String,
    /// Who had it.
    pub team: String,
    /// What they wrote of it.
    pub note: String,
    /// What came of it.
    pub counts: Counts,
}

/// An actor that the séance changed.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The actor.
    pub id: Uuid,
    /// Its name now.
    pub name: String,
    /// Its category now.
    pub category: String,
    /// The piece that it lies in, or empty.
    pub piece: String,
    /// It was added here.
    pub added: bool,
    /// The fields that were changed.
    pub fields: Vec<String>,
}

impl Seances {
    /// The minutes as of now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn minutes(&self, seance: &Seance) -> Result<Minutes> {
        let (tally, known, patches) = (self.tally(seance.id).await?, self.known(seance).await?, self.patches(seance).await?);
        let standing: Vec<&Gist> = tally.standing().collect();
        let ids: std::collections::BTreeSet<Uuid> = standing.iter().filter(|g| g.subject.kind == SubjectKind::Actor).map(|g| g.subject.id).collect();
        let found = self.journal.store.read().await?.actors_among(&Vec::from_iter(ids)).await?;
        let actors: HashMap<Uuid, (String, String)> = found.iter().map(|a| (a.id, (a.name().to_owned(), a.category().to_owned()))).collect();
        let (mut people, mut themes, mut pieces): (Parts<Option<Uuid>>, Parts<String>, Parts<Option<usize>>) = Default::default();
        let mut changed: BTreeMap<Uuid, Changed> = BTreeMap::new();
        for gist in &standing {
            people.entry(known.person(gist.author).map(|p| p.id)).or_default().push(gist);
            let place = known.place(self, gist.subject);
            pieces.entry(place).or_default().push(gist);
            let Some((name, category)) = actors.get(&gist.subject.id) else { continue };
            themes.entry(category.split('.').next().unwrap_or("").to_owned()).or_default().push(gist);
            let one = changed.entry(gist.subject.id).or_insert_with(|| Changed {
                id: gist.subject.id,
                name: name.clone(),
                category: category.clone(),
                piece: place.and_then(|i| known.pieces().get(i)).map_or_else(String::new, |p| p.name.to_string()),
                added: false,
                fields: Vec::new(),
            });
            one.added |= gist.deed() == Some(super::Deed::Added);
            let new = gist.fields.iter().filter(|f| !one.fields.iter().any(|known| **known == ***f)).map(|f| f.to_string()).collect::<Vec<_>>();
            one.fields.extend(new);
        }
        let count = |gists: Option<&Vec<&Gist>>| tally.counts(gists.into_iter().flatten().copied());
        let share = |(i, patch): (usize, &super::Patch)| {
            let text = |field: &str| patch.cell.as_ref().map_or_else(String::new, |c| c.doc.text(field).to_owned());
            let counts = count(pieces.get(&Some(i)));
            let (key, name) = (patch.piece.key.to_string(), patch.piece.name.to_string());
            Share { key, name, state: text("state"), team: text("team"), note: text("note"), counts }
        };
        let told = |s: &Share| s.counts.edits > 0 || !s.state.is_empty();
        let theme = |(code, gists): (&String, &Vec<&Gist>)| Share {
            key: code.clone(),
            name: String::new(),
            state: String::new(),
            team: String::new(),
            note: String::new(),
            counts: count(Some(gists)),
        };
        Ok(Minutes {
            counts: tally.counts(tally.standing()),
            people: known.people().iter().map(|p| (p.clone(), count(people.get(&Some(p.id))))).collect(),
            others: count(people.get(&None)),
            themes: themes.iter().map(theme).collect(),
            pieces: patches.iter().enumerate().map(share).filter(told).collect(),
            outside: count(pieces.get(&None)),
            actors: changed.into_values().collect(),
        })
    }

    /// The minutes as a table (RFC 4180, UTF-8 with a byte order mark): a line per value of each edit, oldest first, those taken back marked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn minutes_table(&self, seance: &Seance) -> Result<Vec<u8>> {
        let (tally, known) = (self.tally(seance.id).await?, self.known(seance).await?);
        let numbers: Vec<i64> = tally.written().map(|g| g.seq).collect();
        let mut table = Vec::from("\u{feff}".as_bytes());
        let mut csv = csv::Writer::from_writer(&mut table);
        let head = ["number", "at", "by", "kind", "subject", "id", "name", "category", "piece", "field", "before", "after", "taken_back"];
        // Writing to memory does not fail.
        let _ = csv.write_record(head);
        for some in numbers.chunks(AT_ONCE) {
            for line in self.lines(&known, &tally, some).await? {
                rows(&mut csv, &line);
            }
        }
        let _ = csv.flush();
        drop(csv);
        Ok(table)
    }
}

/// Entries by what they are counted under.
type Parts<'a, K> = BTreeMap<K, Vec<&'a Gist>>;

fn rows(csv: &mut csv::Writer<impl Write>, line: &Line) {
    let (id, at) = (line.subject.id.to_string(), label::moment(line.at));
    for (field, after) in &line.after {
        let before = line.before.get(field).map(written).unwrap_or_default();
        let cells = [
            line.seq.to_string(),
            at.clone(),
            harmless(&line.by),
            line.kind.as_str().to_owned(),
            line.subject.kind.as_str().to_owned(),
            id.clone(),
            harmless(&line.name),
            line.category.clone(),
            harmless(&line.piece),
            harmless(field),
            harmless(&before),
            harmless(&written(after)),
            if line.reverted { "yes" } else { "" }.to_owned(),
        ];
        let _ = csv.write_record(cells);
    }
}

/// A value in a cell: texts as they are, members between bars, the rest as JSON.
fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(members) if members.iter().all(Value::is_string) => members.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"),
        other => other.to_string(),
    }
}
