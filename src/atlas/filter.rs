//! What readers may ask to see of a territory, and the test of one actor against it.

use super::category::{self, CONFIRMED, THEMES};
use super::entry::{Draft, Entry};
use super::words;
use crate::model::{Actor, State};
use std::fmt::Write;

/// A choice of actors. The three parts must all hold; an empty part holds for everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of these: `THEME` (with all its sub-categories) or `THEME.sub`. A code that the taxonomy does not hold matches nobody.
    pub categories: Vec<String>,
    /// To check, or confirmed. Deleted matches nobody: the atlas does not hold them.
    pub state: Option<State>,
    /// Words of which each must begin a word of the actor: of its name (or its initials), short and former names, tags, summary,
    /// street, city, or a label of its sub-categories. Accents and case do not count. Never lags behind an edit; forgives no typo.
    pub text: Option<String>,
}

/// A filter ready to be asked.
#[derive(Debug, Clone)]
pub(super) struct Lens {
    /// Themes asked for as a whole.
    themes: u16,
    /// Sub-categories asked for, outside those themes.
    subs: Vec<u16>,
    /// Themes that an actor must touch to have a chance; none when no category is asked for.
    touches: Option<u16>,
    state: Option<State>,
    words: Vec<(String, Vec<u16>)>,
}

impl Filter {
    /// The same text for filters that choose the same way: a part of a cache key.
    pub fn key(&self) -> String {
        let mut categories: Vec<&str> = self.categories.iter().map(String::as_str).collect();
        categories.sort_unstable();
        categories.dedup();
        let mut key = categories.join(",");
        if let Some(state) = self.state {
            let _ = write!(key, "|{}", state.as_str());
        }
        let words = self.text.as_deref().map(words::query).unwrap_or_default();
        if !words.is_empty() {
            let _ = write!(key, "?{}", words.join(" "));
        }
        key
    }

    /// Keeps the actors that pass, in their order; for a state of theirs that the atlas does not hold, a former one or one of a snapshot.
    pub fn choose(&self, actors: &mut Vec<Actor>) {
        let lens = Lens::new(self);
        actors.retain(|actor| Draft::new(actor).is_some_and(|draft| lens.entry(draft.entry())));
    }
}

impl Lens {
    pub(super) fn new(filter: &Filter) -> Self {
        let known: Vec<u16> = filter.categories.iter().filter_map(|c| category::exact(c)).collect();
        let themes = known.iter().filter(|n| category::is_theme(**n)).fold(0, |mask, n| mask | category::theme_bit(*n));
        let subs: Vec<u16> = known.into_iter().filter(|n| themes & category::theme_bit(*n) == 0).collect();
        let touches = subs.iter().fold(themes, |mask, n| mask | category::theme_bit(*n));
        let touches = (!filter.categories.is_empty()).then_some(touches);
        let words = filter.text.as_deref().map(words::query).unwrap_or_default();
        let words = words
            .into_iter()
            .map(|word| {
                let prefix = format!(" {word}");
                let labelled = category::labelled(&prefix);
                (prefix, labelled)
            })
            .collect();
        Self { themes, subs, touches, state: filter.state, words }
    }

    /// Whether the class of an actor decides alone.
    pub(super) fn by_class(&self) -> bool {
        self.subs.is_empty() && self.words.is_empty()
    }

    /// Whether actors of this class may pass; final when [`Lens::by_class`].
    pub(super) fn class(&self, class: u16) -> bool {
        self.touches.is_none_or(|touches| class & THEMES & touches != 0)
            && match self.state {
                None => true,
                Some(State::ToCheck) => class & CONFIRMED == 0,
                Some(State::Confirmed) => class & CONFIRMED != 0,
                Some(State::Deleted) => false,
            }
    }

    /// Whether an actor passes.
    pub(super) fn entry(&self, entry: &Entry) -> bool {
        self.class(entry.class())
            && (self.touches.is_none() || entry.class() & self.themes != 0 || entry.category_numbers().any(|n| self.subs.contains(&n)))
            && self
                .words
                .iter()
                .all(|(prefix, labelled)| entry.text().contains(prefix.as_str()) || entry.category_numbers().any(|n| labelled.contains(&n)))
    }
}
