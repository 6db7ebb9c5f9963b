//! Words: what an actor can be found by, and what a person typed.

use crate::model::Actor;
use crate::model::text::fold;
use serde_json::Value;

/// Words that initials leave out: Maison des Jeunes et de la Culture is the MJC.
const SMALL: [&str; 18] = ["a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "of", "pour", "sur", "the", "un"];

/// The folded words of an actor, each after a space: the name, a line break, then initials, other names, tags, summary, streets and cities.
/// With it the length of the folded name in bytes.
pub(super) fn text_of(actor: &Actor) -> (String, u16) {
    let name = fold(actor.name());
    let mut text = format!(" {name}\n");
    let mut add = |words: &str| {
        if !words.is_empty() {
            text.push(' ');
            text.push_str(words);
        }
    };
    joined_letters(&name).iter().for_each(|word| add(word));
    initials(&name).iter().for_each(|word| add(word));
    add(&fold(actor.doc.text("short_name")));
    for field in ["former_names", "tags"] {
        actor.doc.set(field).for_each(|member| add(&fold(member)));
    }
    add(&fold(actor.doc.text("summary")));
    for (field, address) in actor.doc.fields.range("place/".to_owned().."place0".to_owned()) {
        if field.ends_with("/address") {
            ["street", "city"].iter().filter_map(|part| address.get(part).and_then(Value::as_str)).for_each(|part| add(&fold(part)));
        }
    }
    let len = u16::try_from(name.len()).unwrap_or(u16::MAX);
    (text, len)
}

/// The words that a person typed, folded; letters written apart (« M.J.C. ») are one word. At most twelve.
pub(super) fn query(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words: Vec<String> = Vec::new();
    let mut letters = String::new();
    for word in folded.split(' ').filter(|w| !w.is_empty()).chain([""]) {
        if word.chars().count() == 1 {
            letters.push_str(word);
            continue;
        }
        if !letters.is_empty() {
            words.push(std::mem::take(&mut letters));
        }
        if !word.is_empty() {
            words.push(word.to_owned());
        }
    }
    words.truncate(12);
    words
}

/// The words that count, when there are any: « du », « de » and the like are in half of all names.
pub(super) fn weighty(words: Vec<String>) -> Vec<String> {
    let kept: Vec<String> = words.iter().filter(|w| !SMALL.contains(&w.as_str())).cloned().collect();
    if kept.is_empty() { words } else { kept }
}

/// Runs of single letters as one word: `m j c de redon` → `mjc`.
fn joined_letters(folded: &str) -> Vec<String> {
    let words = query(folded);
    words.into_iter().filter(|word| word.chars().count() > 1 && !folded.split(' ').any(|w| w == word)).collect()
}

/// The initials of a name of at least two words that count, without and with the small words.
fn initials(folded: &str) -> Vec<String> {
    let first = |words: &mut dyn Iterator<Item = &str>| -> String { words.filter_map(|w| w.chars().next()).collect() };
    let short = first(&mut folded.split(' ').filter(|w| !SMALL.contains(w)));
    let long = first(&mut folded.split(' '));
    let mut out = Vec::new();
    if short.chars().count() >= 2 {
        if long != short {
            out.push(long);
        }
        out.push(short);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_found_however_they_are_written() {
        assert_eq!(initials("maison des jeunes et de la culture"), ["mdjedlc", "mjc"]);
        assert_eq!(initials("ruche"), [""; 0]);
        assert_eq!(joined_letters("m j c de redon"), ["mjc"]);
        assert_eq!(query("M.J.C. Rédon"), ["mjc", "redon"]);
        assert_eq!(query("l’abri d’à côté"), ["l", "abri", "da", "cote"]);
        assert!(query(" — ").is_empty());
    }
}
