//! What somebody typed, word by word: which words of the index each may be, and how well.

use super::index::Index;
use super::words::{Plate, is_noise, is_small, long, raw};
use std::collections::HashSet;

/// Words of a query looked at; the rest of a longer text is left out.
const WORDS_MAX: usize = 24;
/// Words of the index that one word with typing errors may be.
const ALIKE_MAX: usize = 60;
/// Words of the index that one beginning may be.
const STARTING_MAX: usize = 4000;

/// How hard to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// Typing errors only in words that the index does not know.
    Quick,
    /// Typing errors in every word; words cut apart and put together.
    Thorough,
}

/// One word of a query.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: String,
    /// Words of the index that it may be, by number, with how well (0 to 1).
    pub(super) hits: Vec<(u32, f32)>,
    /// How much it tells.
    pub(super) weight: f32,
    /// It is still being typed, or says nothing by itself: no harm when nothing fits.
    pub(super) optional: bool,
}

impl Word {
    /// How well a word of the index fits.
    pub(super) fn fits(&self, word: u32) -> f32 {
        self.hits.binary_search_by_key(&word, |(w, _)| *w).map_or(0.0, |i| self.hits[i].1)
    }
}

/// A house number in a query, with the words that it takes.
#[derive(Debug)]
pub(super) struct TypedPlate {
    pub(super) plate: Plate,
    pub(super) words: Vec<usize>,
}

/// A query taken apart.
#[derive(Debug)]
pub(super) struct Typed {
    pub(super) words: Vec<Word>,
    pub(super) plates: Vec<TypedPlate>,
}

/// Takes a text apart; `open` tells that its last word may be unfinished.
pub(super) fn typed(index: &Index, text: &str, open: bool, effort: Effort) -> Typed {
    let mut parts = raw(text);
    parts.truncate(WORDS_MAX);
    if effort == Effort::Thorough {
        parts = reglued(index, parts);
    }
    let telling = parts.iter().filter(|p| !is_small(p) && !is_noise(p)).count();
    let (mut words, mut plates) = (Vec::new(), Vec::new());
    // Which words of the query each part became.
    let mut became: Vec<Vec<usize>> = Vec::with_capacity(parts.len());
    for (i, part) in parts.iter().enumerate() {
        let last = open && i + 1 == parts.len();
        let from = words.len();
        if last && telling > 0 && is_small(part) {
            // « rue le » on the way to « rue Leclerc ».
            let mut word = word(index, part, true, Effort::Quick);
            word.optional = true;
            words.push(word);
        } else if telling == 0 || !(is_small(part) || is_noise(part)) {
            let long = long(part);
            if long == part {
                words.push(word(index, part, last, effort));
            } else {
                words.extend(long.split(' ').filter(|w| !is_small(w)).map(|w| word(index, w, false, effort)));
                if let Some(word) = words.last_mut().filter(|_| !long.contains(' ')) {
                    add_raw(index, word, part, last);
                }
            }
        }
        became.push((from..words.len()).collect());
    }
    for i in 0..parts.len() {
        if let Some((plate, taken)) = Plate::typed(&parts[i..]) {
            plates.push(TypedPlate { plate, words: became[i..i + taken].concat() });
        }
    }
    Typed { words, plates }
}

/// An abbreviation may be meant as it stands: « mal » is a marshal, and the beginning of Malakoff.
fn add_raw(index: &Index, word: &mut Word, part: &str, open: bool) {
    word.hits.extend(index.vocabulary.exact(part).map(|w| (w, 0.9)));
    if open && part.len() > 1 {
        word.hits.extend(index.vocabulary.starting(part).take(STARTING_MAX).map(|w| (w, 0.8)));
    }
    settle(&mut word.hits);
}

fn word(index: &Index, text: &str, open: bool, effort: Effort) -> Word {
    let vocabulary = &index.vocabulary;
    let mut hits: Vec<(u32, f32)> = Vec::new();
    let exact = vocabulary.exact(text);
    hits.extend(exact.map(|w| (w, 1.0)));
    if open {
        let quality = if text.len() < 3 { 0.85 } else { 0.95 };
        hits.extend(vocabulary.starting(text).take(STARTING_MAX).map(|w| (w, quality)));
    }
    let most = errors(text);
    if most > 0 && (hits.is_empty() || effort == Effort::Thorough) {
        let mut alike: Vec<(u8, u32)> = Vec::new();
        vocabulary.alike(text, most, false, |w, d| alike.push((d, w)));
        if open && alike.is_empty() {
            vocabulary.alike(text, most.min(1), true, |w, d| alike.push((d, w)));
        }
        alike.sort_unstable();
        hits.extend(alike.into_iter().take(ALIKE_MAX).map(|(d, w)| (w, 1.0 - 1.25 * f32::from(d) / text.chars().count().max(3) as f32)));
    }
    settle(&mut hits);
    let best = hits.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let weight = match (exact, best) {
        (Some(w), _) | (None, Some(&(w, _))) => index.weights[w as usize],
        (None, None) => 0.6,
    };
    Word { text: text.to_owned(), hits, weight, optional: false }
}

/// By word, each once with its best fit.
fn settle(hits: &mut Vec<(u32, f32)>) {
    hits.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    hits.dedup_by_key(|(w, _)| *w);
}

/// Typing errors that a word may have: none in numbers and short words, one up to seven letters, two in longer ones.
fn errors(text: &str) -> u8 {
    if text.bytes().any(|b| b.is_ascii_digit()) {
        return 0;
    }
    match text.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// Words that the index does not know, cut apart where both halves are known (`ruedebrest`), or put together with the next (`pom pidou`).
fn reglued(index: &Index, parts: Vec<String>) -> Vec<String> {
    let known = |w: &str| index.vocabulary.exact(w).is_some() || is_small(w) || index.vocabulary.exact(long(w)).is_some();
    let mut out: Vec<String> = Vec::with_capacity(parts.len());
    let mut parts = parts.into_iter().peekable();
    while let Some(part) = parts.next() {
        let joined = parts.peek().filter(|next| !(known(&part) && known(next))).map(|next| format!("{part}{next}"));
        if let Some(joined) = joined.filter(|j| j.len() > 4 && index.vocabulary.exact(j).is_some()) {
            parts.next();
            out.push(joined);
        } else if known(&part) || part.len() < 4 {
            out.push(part);
        } else {
            out.extend(cut(&part, &known, 3).unwrap_or_else(|| vec![part]));
        }
    }
    out
}

/// The cut with the fewest pieces: each is known, and none but a small word is shorter than three letters.
fn cut(text: &str, known: &impl Fn(&str) -> bool, cuts: usize) -> Option<Vec<String>> {
    if cuts == 0 {
        return None;
    }
    let mut seen = HashSet::new();
    let places = text.char_indices().map(|(i, _)| i).filter(|i| *i > 0);
    let halves = places.map(|i| text.split_at(i)).filter(|(head, _)| (head.len() >= 3 || is_small(head)) && known(head));
    let mut best: Option<Vec<String>> = None;
    for (head, tail) in halves.filter(|(head, _)| seen.insert(head.len())) {
        let rest = if tail.len() >= 3 && known(tail) { Some(vec![tail.to_owned()]) } else { cut(tail, known, cuts - 1) };
        if let Some(rest) = rest
            && best.as_ref().is_none_or(|b| rest.len() + 1 < b.len())
        {
            best = Some(std::iter::once(head.to_owned()).chain(rest).collect());
        }
    }
    best
}
