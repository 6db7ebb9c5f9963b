//! The taxonomy: 13 themes and their sub-categories, read from tiles/taxonomy.json.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A theme, one of the 13 at the top of the taxonomy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Theme {
    /// Three capital letters.
    pub code: String,
    /// French label.
    pub fr: String,
    /// English label.
    pub en: String,
    /// `#RRGGBB`, at least 4.9:1 against white.
    pub color: String,
    /// Icon of the Lucide set.
    pub lucide: String,
    /// Icon of the Maki set.
    pub maki: String,
    /// Finer categories.
    pub sub: Vec<SubCategory>,
}

/// A finer category inside a theme.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SubCategory {
    /// Unique inside its theme.
    pub slug: String,
    /// French label.
    pub fr: String,
    /// English label.
    pub en: String,
}

/// All categories.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Taxonomy {
    /// Raised when a category is added, merged or renamed.
    pub version: u32,
    /// In the order of the legend.
    pub themes: Vec<Theme>,
}

/// The taxonomy of this version of Bouillon.
pub fn taxonomy() -> &'static Taxonomy {
    static TAXONOMY: LazyLock<Taxonomy> = LazyLock::new(|| {
        serde_json::from_str(include_str!("../../tiles/taxonomy.json")).expect("tiles/taxonomy.json is part of the program and a test reads it")
    });
    &TAXONOMY
}

impl Taxonomy {
    /// Whether `THEME` or `THEME.sub` exists.
    pub fn holds(&self, code: &str) -> bool {
        let (theme, sub) = code.split_once('.').map_or((code, None), |(t, s)| (t, Some(s)));
        self.themes.iter().any(|t| t.code == theme && sub.is_none_or(|s| t.sub.iter().any(|x| x.slug == s)))
    }

    /// Place of a category's theme in the list, 0 to 12: its bit in a mask of themes.
    pub fn theme_index(&self, code: &str) -> Option<usize> {
        let theme = code.split('.').next().unwrap_or(code);
        self.themes.iter().position(|t| t.code == theme)
    }

    /// French and English labels of a category.
    pub fn labels(&self, code: &str) -> Option<(&str, &str)> {
        let (theme, sub) = code.split_once('.').map_or((code, None), |(t, s)| (t, Some(s)));
        let theme = self.themes.iter().find(|t| t.code == theme)?;
        match sub {
            None => Some((&theme.fr, &theme.en)),
            Some(slug) => theme.sub.iter().find(|s| s.slug == slug).map(|s| (s.fr.as_str(), s.en.as_str())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_taxonomy_has_13_themes_and_115_sub_categories_in_two_languages() {
        let all = taxonomy();
        assert_eq!(all.themes.len(), 13);
        assert_eq!(all.themes.iter().map(|t| t.sub.len()).sum::<usize>(), 115);
        for theme in &all.themes {
            assert!(theme.sub.iter().all(|s| !s.fr.is_empty() && !s.en.is_empty()), "{}", theme.code);
        }
        assert!(all.holds("ALI") && all.holds("ALI.amap") && !all.holds("ALI.") && !all.holds("XXX.amap") && !all.holds(""));
    }
}
