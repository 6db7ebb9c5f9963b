//! Categories as small numbers, and the class of an actor: its set of themes with its state, 14 bits.

use crate::model::taxonomy;
use crate::model::text::fold;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Number of themes in the taxonomy.
pub const THEME_COUNT: usize = 13;
/// The place of a category that an actor does not have.
pub(super) const NO_CATEGORY: u16 = u16::MAX;
/// The bits of a class that stand for themes, in taxonomy order.
pub(super) const THEMES: u16 = 0x1fff;
/// The bit of a class that stands for « confirmed ».
pub(super) const CONFIRMED: u16 = 0x2000;

struct Table {
    numbers: HashMap<String, u16>,
    codes: HashMap<u16, String>,
    labels: Vec<(u16, String)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { numbers: HashMap::new(), codes: HashMap::new(), labels: Vec::new() };
    for (i, theme) in taxonomy().themes.iter().enumerate() {
        let first = (i as u16) << 8;
        let mut add = |code: String, number: u16| {
            table.numbers.insert(code.clone(), number);
            table.codes.insert(number, code);
        };
        add(theme.code.clone(), first);
        for (j, sub) in theme.sub.iter().enumerate() {
            let number = first | (j as u16 + 1);
            add(format!("{}.{}", theme.code, sub.slug), number);
            table.labels.push((number, format!(" {} {}", fold(&sub.fr), fold(&sub.en))));
        }
    }
    table
});

/// The number of a category. A sub-category that the taxonomy lost counts as its theme; an unknown theme as no category.
pub(super) fn number(code: &str) -> Option<u16> {
    exact(code).or_else(|| exact(code.split('.').next()?))
}

/// The number of a category that the taxonomy holds.
pub(super) fn exact(code: &str) -> Option<u16> {
    TABLE.numbers.get(code).copied()
}

/// The category of a number, or an empty text.
pub(super) fn code(number: u16) -> &'static str {
    TABLE.codes.get(&number).map_or("", String::as_str)
}

/// The bit of a category's theme.
pub(super) fn theme_bit(number: u16) -> u16 {
    1 << (number >> 8)
}

/// Whether a number stands for a whole theme.
pub(super) fn is_theme(number: u16) -> bool {
    number & 0xff == 0
}

/// The set of themes of some categories, and whether the actor is confirmed.
pub(super) fn class(categories: &[u16], confirmed: bool) -> u16 {
    let themes = categories.iter().filter(|n| **n != NO_CATEGORY).fold(0, |mask, n| mask | theme_bit(*n));
    themes | if confirmed { CONFIRMED } else { 0 }
}

/// The sub-categories of which a label (French or English) holds a word that begins so.
pub(super) fn labelled(prefix: &str) -> Vec<u16> {
    TABLE.labels.iter().filter(|(_, labels)| labels.contains(prefix)).map(|(number, _)| *number).collect()
}

/// French and English labels of a category, folded; empty for a theme.
pub(super) fn labels(number: u16) -> &'static str {
    TABLE.labels.binary_search_by_key(&number, |(n, _)| *n).map_or("", |i| TABLE.labels[i].1.as_str())
}

/// Tells the place in the taxonomy of every theme of a class.
pub(super) fn each_theme(class: u16, mut tell: impl FnMut(usize)) {
    let mut rest = class & THEMES;
    while rest != 0 {
        tell(rest.trailing_zeros() as usize);
        rest &= rest - 1;
    }
}
