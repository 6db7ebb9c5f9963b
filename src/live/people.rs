//! Who is here: names that are unique in a territory, colours, and what each one is doing.

use super::words::{Presence, Typing, session};
use crate::model::{label, text};
use serde_json::{Value, json};
use std::collections::HashSet;
use uuid::Uuid;

/// Longest nickname, characters.
pub const NICKNAME_MAX: usize = 30;
/// Colours that a person can have; the interface knows what they look like.
pub(super) const COLORS: u8 = 5;
/// Longest name of a field, characters.
const FIELD_MAX: usize = 80;
/// Longest name of an actor that is being typed, characters.
const TYPING_MAX: usize = 120;

/// One person as others see them.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) identity: Option<Uuid>,
    /// The name that others see; unique here, except between two windows of one identity.
    pub(super) name: String,
    /// The same for names that look the same to a hurried reader.
    key: String,
    /// The number of somebody whom nothing else is known of.
    pub(super) visitor: Option<u32>,
    nickname: Option<String>,
    /// What the journal calls them, when it knows them.
    pseudonym: Option<String>,
    pub(super) color: u8,
    /// UTC, milliseconds since 1970.
    since: i64,
    edits: bool,
    actor: Option<Uuid>,
    field: Option<String>,
    view: Option<[f64; 4]>,
    pub(super) typing: Option<Typing>,
}

/// What a welcome tells somebody about themselves.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) session: u64,
    pub(super) name: &'a str,
    pub(super) visitor: Option<u32>,
    pub(super) color: u8,
}

impl Person {
    pub(super) fn new(identity: Option<Uuid>, pseudonym: Option<String>, color: u8, since: i64) -> Self {
        Self {
            identity,
            name: String::new(),
            key: String::new(),
            visitor: None,
            nickname: None,
            pseudonym,
            color,
            since,
            edits: false,
            actor: None,
            field: None,
            view: None,
            typing: None,
        }
    }

    /// Whether others see them by name; those who only look are counted.
    pub(super) fn is_listed(&self) -> bool {
        self.nickname.is_some() || self.edits
    }

    /// They have written something; true when that is news.
    pub(super) fn has_edited(&mut self) -> bool {
        !std::mem::replace(&mut self.edits, true)
    }

    /// Takes a nickname, or gives it back when it is empty; true when it is another than before.
    pub(super) fn call(&mut self, nickname: &str) -> bool {
        let cleaned: String = text::clean(nickname, false).chars().take(NICKNAME_MAX).collect();
        let nickname = Some(cleaned.trim().to_owned()).filter(|n| !n.is_empty());
        let other = self.nickname != nickname;
        self.nickname = nickname;
        other
    }

    /// Takes a colour, if it is one of those that there are; true when it is another than before.
    pub(super) fn dye(&mut self, color: Option<u8>) -> bool {
        let before = self.color;
        self.color = color.filter(|c| *c < COLORS).unwrap_or(before);
        self.color != before
    }

    /// Gives them a name that none of `others` has, unless that is another window of theirs.
    pub(super) fn name_among<'a>(&mut self, others: impl Iterator<Item = &'a Self>) {
        let strangers = others.filter(|o| o.identity.is_none() || o.identity != self.identity);
        let taken: HashSet<&str> = strangers.map(|o| o.key.as_str()).collect();
        let free = |name: &str| !taken.contains(key(name).as_str());
        self.visitor = None;
        if let Some(wished) = self.nickname.as_ref().or(self.pseudonym.as_ref()) {
            let mut names = (1_u32..).map(|n| if n == 1 { wished.clone() } else { format!("{wished} {n}") });
            self.name = names.find(|name| free(name)).unwrap_or_default();
        } else {
            self.visitor = (1_u32..).find(|n| free(&format!("visiteur {n}")));
            self.name = format!("visiteur {}", self.visitor.unwrap_or_default());
        }
        self.key = key(&self.name);
    }

    /// Takes what they say of themselves; true when others see something new by it.
    pub(super) fn present(&mut self, said: Presence) -> bool {
        let before = (self.actor, self.field.take(), self.view, self.is_listed());
        let dyed = self.dye(said.color);
        self.actor = said.actor;
        self.field = said.field.filter(|f| f.chars().count() <= FIELD_MAX && f.chars().all(|c| c.is_ascii_alphanumeric() || "_-/.*".contains(c)));
        // A metre is enough.
        self.view = said.view.filter(is_view).map(|view| view.map(|v| (v * 1e5).round() / 1e5));
        self.typing = said.typing.and_then(tidy);
        self.edits |= self.field.is_some() || self.typing.is_some();
        dyed || before != (self.actor, self.field.clone(), self.view, self.is_listed())
    }

    /// As others are told of them.
    pub(super) fn told(&self, number: u64) -> Value {
        json!({
            "session": session(number), "name": self.name, "visitor": self.visitor, "color": self.color, "actor": self.actor, "field": self.field,
            "view": self.view, "since": label::moment(self.since),
        })
    }
}

/// Two names with the same key look the same to a hurried reader.
fn key(name: &str) -> String {
    let folded = text::fold(name);
    if folded.is_empty() { name.to_owned() } else { folded }
}

fn is_view(view: &[f64; 4]) -> bool {
    let [west, south, east, north] = *view;
    let inside = |v: f64, most: f64| v.is_finite() && v.abs() <= most;
    inside(west, 180.0) && inside(east, 180.0) && inside(south, 90.0) && inside(north, 90.0) && west <= east && south <= north
}

/// A name that is long enough to be compared, cleaned, with a point if it is one.
fn tidy(typing: Typing) -> Option<Typing> {
    let name: String = text::clean(&typing.name, false).chars().take(TYPING_MAX).collect();
    let point = typing.lon.zip(typing.lat).filter(|(lon, lat)| lon.abs() <= 180.0 && lat.abs() <= 90.0);
    (text::fold(&name).len() >= 2).then_some(Typing { name, lon: point.map(|p| p.0), lat: point.map(|p| p.1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(identity: Option<u128>, nickname: &str) -> Person {
        let mut person = Person::new(identity.map(Uuid::from_u128), None, 0, 0);
        person.call(nickname);
        person
    }

    #[test]
    fn names_are_cleaned_and_unique_except_between_windows_of_one_person() {
        let mut here: Vec<Person> = Vec::new();
        let cases: [(Option<u128>, &str, &str); 9] = [
            (Some(1), "Ana", "Ana"),
            (Some(2), "  an\u{e1}\u{202e} ", "aná 2"),
            (None, "ANA", "ANA 3"),
            (Some(1), "Ana", "Ana"),
            (None, "", "visiteur 1"),
            (None, "", "visiteur 2"),
            (None, "Visiteur 1", "Visiteur 1 2"),
            (None, "🌻", "🌻"),
            (None, "🌻", "🌻 2"),
        ];
        for (identity, nickname, expected) in cases {
            let mut one = person(identity, nickname);
            one.name_among(here.iter());
            assert_eq!(one.name, expected);
            here.push(one);
        }
        let long = person(None, &"é".repeat(50));
        assert_eq!(long.nickname.map(|n| n.chars().count()), Some(NICKNAME_MAX));
    }

    #[test]
    fn what_is_no_view_no_field_and_no_name_is_not_told() {
        let mut ana = person(None, "Ana");
        assert!(ana.present(Presence {
            field: Some("<b>".into()),
            view: Some([1.0, 0.0, f64::NAN, 2.0]),
            actor: Some(Uuid::nil()),
            ..Presence::default()
        }));
        assert!(ana.field.is_none() && ana.view.is_none() && ana.actor.is_some());
        let typing = |name: &str, lon| Some(Typing { name: name.into(), lon, lat: Some(48.0) });
        ana.present(Presence { typing: typing("\u{200b} ", Some(2.0)), ..Presence::default() });
        assert!(ana.typing.is_none());
        ana.present(Presence { typing: typing("Le  café", Some(f64::INFINITY)), ..Presence::default() });
        assert_eq!(ana.typing, Some(Typing { name: "Le café".into(), lon: None, lat: None }));
    }
}
