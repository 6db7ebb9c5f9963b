//! Guesses the theme of an association from the words of its name: tiles/osm_guess.tsv, which people who do not program can change.
//!
//! A line holds folded words (lower case, no accents, no punctuation) and a category. The words stand one after the other in the name;
//! a last word that ends in `*` may go on. The first line that fits wins.

use super::mapping::rows;
use super::tags::Tags;
use crate::model::taxonomy;
use crate::model::text::fold;
use std::sync::LazyLock;

struct Line {
    words: Vec<String>,
    /// The last word may go on.
    open: bool,
    category: String,
}

/// The category that the names of an object suggest.
pub(super) fn guess(tags: &Tags<'_>) -> Option<&'static str> {
    static TABLE: LazyLock<Vec<Line>> =
        LazyLock::new(|| parse(include_str!("../../tiles/osm_guess.tsv")).expect("the table is part of the program and a test reads it"));
    // The name says what an association does; its operator, often a federation, only helps when the name is silent.
    let names = ["name", "name:fr", "official_name", "alt_name", "short_name", "operator"].map(|key| fold(tags.get(key).unwrap_or("")));
    let names = names.iter().map(|name| name.split(' ').collect::<Vec<_>>());
    names.into_iter().find_map(|name| TABLE.iter().find(|line| line.fits(&name))).map(|line| line.category.as_str())
}

impl Line {
    fn fits(&self, name: &[&str]) -> bool {
        let last = self.words.len() - 1;
        let same = |i: usize, word: &str| if i == last && self.open { word.starts_with(&self.words[i]) } else { word == self.words[i] };
        name.windows(self.words.len()).any(|window| window.iter().enumerate().all(|(i, word)| same(i, word)))
    }
}

fn parse(table: &str) -> Result<Vec<Line>, String> {
    rows(table)
        .map(|(n, cells)| {
            let [text, category, ..] = cells[..] else { return Err(format!("osm_guess.tsv, line {n}: two cells are needed")) };
            let (text, open) = text.strip_suffix('*').map_or((text, false), |t| (t, true));
            if text.is_empty() || fold(text) != text {
                return Err(format!("osm_guess.tsv, line {n}: write “{}”", fold(text)));
            }
            if !category.contains('.') || !taxonomy().holds(category) {
                return Err(format!("osm_guess.tsv, line {n}: there is no category {category}"));
            }
            Ok(Line { words: text.split(' ').map(str::to_owned).collect(), open, category: category.to_owned() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_sound() {
        let table = parse(include_str!("../../tiles/osm_guess.tsv")).unwrap();
        let mut seen = std::collections::HashSet::new();
        for line in &table {
            assert!(seen.insert((&line.words, line.open)), "{:?} stands twice", line.words);
        }
        for broken in ["w\nVélo\tHAB.bike\n", "w\nvelo\tHAB.nope\n", "w\nvelo\n", "w\n*\tHAB.bike\n"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn names_suggest_themes() {
        let guessed = |name| guess(&Tags::of(&[("name", name)])).unwrap_or("none");
        for (name, category) in [
            ("AMAP du Pays de Redon", "ALI.amap"),
            ("Un Vélo pour l'Afrique", "HAB.bike"),
            ("UFC que choisir", "DEM.consumers"),
            ("Les Restos du Cœur", "SOL.food_aid"),
            ("Scouts de France", "EDU.youth_movement"),
            ("GMB Groupement Mammalogique Breton", "ENV.protection"),
            ("Centre d'information sur les droits des femmes et des familles (CIDFF)", "DEM.rights"),
            ("Groupement culturel breton des Pays de Vilaine", "CUL.association"),
            ("Zorglub 35", "none"),
            ("Velours et dentelles", "none"),
            ("", "none"),
        ] {
            assert_eq!(guessed(name), category, "{name}");
        }
        assert_eq!(guess(&Tags::of(&[("name", "Antenne de Redon"), ("operator", "Secours populaire")])), Some("SOL.charity"));
    }
}
