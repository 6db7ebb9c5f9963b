//! A séance (a carto-party) and the pieces of its area: what they are, when one is open, and the rules over several of their fields.

use super::doc::Doc;
use super::edit::SubjectKind;
use super::field::slug;
use super::invalid::{Invalid, Reason};
use crate::geo::TileId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// A séance lasts this long at most, milliseconds.
pub const LONGEST: i64 = 48 * 3600 * 1000;
/// People who can take part when the organiser does not say.
pub const PARTICIPANTS: u64 = 250;
/// Colours that a participant is shown in: the pastels a to e.
pub const COLORS: i64 = 5;
/// A nickname is at most so many characters.
pub const NICKNAME_MAX: usize = 30;

/// A séance and its history marks.
#[derive(Debug, Clone, PartialEq)]
pub struct Seance {
    /// Id of the subject.
    pub id: Uuid,
    /// The territory that it is held in.
    pub home: Uuid,
    /// Its fields.
    pub doc: Doc,
    /// UTC, milliseconds since 1970.
    pub created_at: i64,
    /// UTC, milliseconds since 1970.
    pub updated_at: i64,
}

/// Whether one can take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeanceState {
    /// It begins later.
    Planned,
    /// Now.
    Open,
    /// It ended.
    Over,
    /// It will not be held, or was taken away.
    Cancelled,
}

impl Seance {
    /// Its title.
    pub fn title(&self) -> &str {
        self.doc.text("title")
    }

    /// When it begins, UTC, milliseconds since 1970.
    pub fn starts_at(&self) -> i64 {
        moment(self.doc.text("starts_at")).unwrap_or(0)
    }

    /// When it ends, UTC, milliseconds since 1970.
    pub fn ends_at(&self) -> i64 {
        moment(self.doc.text("ends_at")).unwrap_or(0)
    }

    /// Whether one can take part at a moment.
    pub fn state(&self, now: i64) -> SeanceState {
        if self.doc.deleted || self.doc.text("cancelled") == "yes" {
            SeanceState::Cancelled
        } else if now < self.starts_at() {
            SeanceState::Planned
        } else if now < self.ends_at() {
            SeanceState::Open
        } else {
            SeanceState::Over
        }
    }

    /// GeoJSON of its area; none when it is the whole territory.
    pub fn area(&self) -> Option<&Value> {
        self.doc.fields.get("area")
    }

    /// People who can take part.
    pub fn participants_max(&self) -> u64 {
        self.doc.fields.get("participants_max").and_then(Value::as_u64).unwrap_or(PARTICIPANTS)
    }
}

/// A piece of a séance's area that somebody has written about.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// [`cell_id`] of its séance and key.
    pub id: Uuid,
    /// Its séance.
    pub seance: Uuid,
    /// Its fields.
    pub doc: Doc,
}

impl Cell {
    /// Slug of a quartier, or `z/x/y`.
    pub fn key(&self) -> &str {
        self.doc.text("key")
    }
}

/// The id of a piece: the same for everybody, so that two who take it meet.
pub fn cell_id(seance: Uuid, key: &str) -> Uuid {
    Uuid::new_v5(&seance, key.as_bytes())
}

/// The tile of a key `z/x/y`.
pub fn cell_tile(key: &str) -> Option<TileId> {
    let mut parts = key.split('/').map(|p| p.parse::<u32>().ok().filter(|n| n.to_string() == p));
    let (z, x, y) = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then(|| TileId::new(u8::try_from(z).ok()?, x, y))?
}

/// Whether a text can name a piece.
pub(super) fn is_cell_key(text: &str) -> bool {
    cell_tile(text).is_some() || slug(text)
}

/// Milliseconds since 1970 of `2026-05-14T18:00:00Z`; none for another form, another time zone, or a year far away.
pub fn moment(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let near = (1970..=2200).contains(&at.year());
    (text.ends_with('Z') && near).then(|| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok())?
}

/// What is wrong with a whole state although each field is right.
pub(super) fn contradiction(kind: SubjectKind, doc: &Doc) -> Option<Invalid> {
    match kind {
        SubjectKind::Seance => {
            let (from, to) = (moment(doc.text("starts_at"))?, moment(doc.text("ends_at"))?);
            let lasts = to - from;
            (!(1..=LONGEST).contains(&lasts)).then(|| Invalid::new("ends_at", Reason::Span))
        }
        // Otherwise two teams could both believe that they have it: without a name, both claims would be the same.
        SubjectKind::Cell => (doc.text("state") == "claimed" && doc.text("team").is_empty()).then(|| Invalid::new("team", Reason::Required)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::field::check;
    use super::*;
    use serde_json::json;

    #[test]
    fn the_limits_of_a_seance_and_of_its_cells_hold() {
        let seance = |field: &str, value: Value| check(SubjectKind::Seance, field, &value).map_err(|e| e.code());
        let cell = |field: &str, value: Value| check(SubjectKind::Cell, field, &value).map_err(|e| e.code());
        assert_eq!(seance("title", json!("x".repeat(121))), Err("too_long"));
        assert_eq!(seance("title", json!(" ")), Err("required"));
        assert_eq!(seance("name", json!("x")), Err("unknown_field"));
        assert_eq!(seance("summary", json!("x".repeat(251))), Err("too_long"));
        assert_eq!(seance("themes", json!(["ALI", "SOL"])), Ok(json!(["ALI", "SOL"])));
        assert_eq!(seance("themes", json!(["ALI.amap"])), Err("unknown_theme"));
        assert_eq!(seance("starts_at", json!("2026-05-14T18:00:00Z")), Ok(json!("2026-05-14T18:00:00Z")));
        for bad in ["2026-05-14", "2026-05-14T18:00:00+02:00", "2026-13-14T18:00:00Z", "hier", "9999-01-01T00:00:00Z"] {
            assert_eq!(seance("ends_at", json!(bad)), Err("bad_moment"), "{bad}");
        }
        assert_eq!(seance("ends_at", Value::Null), Err("required"));
        assert_eq!(seance("grid", json!("tuiles")), Err("not_one_of"));
        assert_eq!(seance("participants_max", json!(500)), Ok(json!(500)));
        assert_eq!(seance("participants_max", json!(501)), Err("wrong_shape"));
        assert_eq!(seance("cancelled", json!("no")), Err("not_one_of"));
        assert_eq!(seance("area", json!({"type": "Point", "coordinates": [1, 2]})), Err("bad_boundary"));
        assert_eq!(cell("seance", json!("x")), Err("bad_id"));
        for good in ["17/66000/45000", "centre-ville"] {
            assert_eq!(cell("key", json!(good)), Ok(json!(good)));
        }
        for bad in ["17/66000", "17/66000/45000/1", "17/066000/45000", "2/4/0", "23/0/0", "Centre", "-1/0/0", "17/+1/0"] {
            assert_eq!(cell("key", json!(bad)), Err("bad_id"), "{bad}");
        }
        assert_eq!(cell("state", json!("free")), Err("not_one_of"));
        assert_eq!(cell("team", json!("x".repeat(61))), Err("too_long"));
        assert_eq!(cell("note", json!("x".repeat(251))), Err("too_long"));
    }

    #[test]
    fn a_seance_is_open_from_its_start_until_before_its_end() {
        let fields = [("starts_at", "2026-05-14T18:00:00Z"), ("ends_at", "2026-05-14T21:00:00Z")];
        let mut doc = Doc { fields: fields.map(|(f, v)| (f.to_owned(), json!(v))).into(), ..Doc::default() };
        let seance = |doc: &Doc| Seance { id: Uuid::nil(), home: Uuid::nil(), doc: doc.clone(), created_at: 0, updated_at: 0 };
        let (from, to) = (seance(&doc).starts_at(), seance(&doc).ends_at());
        let states = [from - 1, from, to - 1, to].map(|now| seance(&doc).state(now));
        assert_eq!(states, [SeanceState::Planned, SeanceState::Open, SeanceState::Open, SeanceState::Over]);
        assert_eq!(contradiction(SubjectKind::Seance, &doc), None);
        doc.fields.insert("cancelled".into(), json!("yes"));
        assert_eq!(seance(&doc).state(from), SeanceState::Cancelled);
        for wrong in ["2026-05-14T18:00:00Z", "2026-05-14T17:00:00Z", "2026-05-16T18:00:01Z"] {
            doc.fields.insert("ends_at".into(), json!(wrong));
            assert_eq!(contradiction(SubjectKind::Seance, &doc).map(|e| e.code()), Some("bad_span"), "{wrong}");
        }
    }
}
