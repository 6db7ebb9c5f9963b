//! Every word of the index once, sorted, with the walks over them: exact, by beginning, and with typing errors.
//!
//! Words that follow each other share their beginnings, so a walk over the sorted list is a walk over a tree: the rows of the distance
//! table are kept per letter, and a beginning that is already too far off is left with all words behind it.

/// Longest word compared with typing errors, bytes.
const LONGEST: usize = 31;

/// Sorted words in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    text: String,
    ends: Vec<u32>,
    /// Bytes that a word shares with the one before.
    shared: Vec<u8>,
}

impl Vocabulary {
    /// From words in any order.
    pub(super) fn new(mut words: Vec<String>) -> Self {
        words.sort_unstable();
        words.dedup();
        let mut out = Self::default();
        let mut before: &[u8] = &[];
        for word in &words {
            let shared = before.iter().zip(word.as_bytes()).take_while(|(a, b)| a == b).count();
            out.shared.push(shared.min(255) as u8);
            out.text.push_str(word);
            out.ends.push(out.text.len() as u32);
            before = word.as_bytes();
        }
        out
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The word of a number.
    pub(super) fn word(&self, number: u32) -> &str {
        let i = number as usize;
        let from = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.text[from..self.ends[i] as usize]
    }

    /// The number of a word.
    pub(super) fn exact(&self, word: &str) -> Option<u32> {
        let at = self.from(word);
        ((at as usize) < self.len() && self.word(at) == word).then_some(at)
    }

    /// The words that begin with a text.
    pub(super) fn starting(&self, text: &str) -> std::ops::Range<u32> {
        let first = self.from(text);
        let rest = first..self.len() as u32;
        let (mut low, mut high) = (rest.start, rest.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.word(middle).starts_with(text) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        first..low
    }

    /// The first word that is not before a text.
    fn from(&self, text: &str) -> u32 {
        let (mut low, mut high) = (0, self.len() as u32);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.word(middle) < text {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The words at most `most` typing errors away (Damerau-Levenshtein without overlaps), with their distance; with `beginning`, the
    /// words one of whose beginnings is.
    pub(super) fn alike(&self, typed: &str, most: u8, beginning: bool, mut each: impl FnMut(u32, u8)) {
        let typed = typed.as_bytes();
        if typed.is_empty() || typed.len() > LONGEST {
            return;
        }
        let mut table = Table::new(typed);
        let mut i = 0;
        while i < self.len() {
            let word = self.word(i as u32).as_bytes();
            let mut depth = usize::from(self.shared[i]).min(table.depth);
            table.depth = depth;
            let mut dead = false;
            while depth < word.len() && depth < LONGEST {
                depth = table.push(word);
                if table.least() > most {
                    dead = true;
                    break;
                }
            }
            if !dead {
                let distance = if beginning { table.best_beginning() } else { table.whole(word.len()) };
                if distance <= most {
                    each(i as u32, distance);
                }
                i += 1;
                continue;
            }
            let hit = beginning.then(|| table.best_beginning()).filter(|d| *d <= most);
            if let Some(distance) = hit {
                each(i as u32, distance);
            }
            // Every word behind this beginning is as far off.
            i += 1;
            while i < self.len() && usize::from(self.shared[i]) >= depth {
                if let Some(distance) = hit {
                    each(i as u32, distance);
                }
                i += 1;
            }
        }
    }
}

/// The rows of the distance table: one per letter of the word that is walked.
struct Table<'a> {
    typed: &'a [u8],
    rows: Vec<[u8; LONGEST + 1]>,
    depth: usize,
}

impl<'a> Table<'a> {
    fn new(typed: &'a [u8]) -> Self {
        let mut first = [0; LONGEST + 1];
        for (i, cell) in first.iter_mut().enumerate() {
            *cell = i as u8;
        }
        let mut rows = vec![[0; LONGEST + 1]; LONGEST + 1];
        rows[0] = first;
        Self { typed, rows, depth: 0 }
    }

    /// Adds the row of the word's next letter.
    fn push(&mut self, word: &[u8]) -> usize {
        let (d, n) = (self.depth, self.typed.len());
        let letter = word[d];
        let mut row = [0; LONGEST + 1];
        row[0] = (d + 1) as u8;
        let above = &self.rows[d];
        for j in 0..n {
            let change = above[j] + u8::from(self.typed[j] != letter);
            let mut best = change.min(above[j + 1] + 1).min(row[j] + 1);
            if j > 0 && d > 0 && self.typed[j] == word[d - 1] && self.typed[j - 1] == letter {
                best = best.min(self.rows[d - 1][j - 1] + 1);
            }
            row[j + 1] = best;
        }
        self.rows[d + 1] = row;
        self.depth = d + 1;
        self.depth
    }

    fn least(&self) -> u8 {
        // A swap may still come back one row later, from the row before.
        let least = |row: usize| self.rows[row][..=self.typed.len()].iter().copied().min().unwrap_or(u8::MAX);
        least(self.depth).min(if self.depth > 0 { least(self.depth - 1).saturating_add(1) } else { u8::MAX })
    }

    fn whole(&self, length: usize) -> u8 {
        if length == self.depth { self.rows[self.depth][self.typed.len()] } else { u8::MAX }
    }

    fn best_beginning(&self) -> u8 {
        self.rows[..=self.depth].iter().map(|row| row[self.typed.len()]).min().unwrap_or(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vocabulary(words: &[&str]) -> Vocabulary {
        Vocabulary::new(words.iter().map(|w| (*w).to_owned()).collect())
    }

    fn alike(v: &Vocabulary, typed: &str, most: u8, beginning: bool) -> Vec<(String, u8)> {
        let mut out = Vec::new();
        v.alike(typed, most, beginning, |i, d| out.push((v.word(i).to_owned(), d)));
        out
    }

    #[test]
    fn words_are_found_whole_by_beginning_and_with_typing_errors() {
        let v = vocabulary(&["pompidou", "pont", "ponts", "port", "brest", "republique"]);
        assert_eq!(v.exact("pont").map(|i| v.word(i)), Some("pont"));
        assert_eq!(v.exact("pon"), None);
        assert_eq!(v.starting("pon").map(|i| v.word(i)).collect::<Vec<_>>(), ["pont", "ponts"]);
        assert_eq!(v.starting("z").count(), 0);
        assert_eq!(alike(&v, "ponpidou", 1, false), [("pompidou".into(), 1)]);
        assert_eq!(alike(&v, "pnot", 1, false), [("pont".into(), 1)]);
        assert_eq!(alike(&v, "rebup", 2, true), [("republique".into(), 2)]);
        assert_eq!(alike(&v, "", 2, true), []);
    }

    /// The textbook table, for the walk to agree with.
    fn distance(a: &[u8], b: &[u8]) -> usize {
        let mut t = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                t[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    (t[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1])).min(t[i - 1][j] + 1).min(t[i][j - 1] + 1)
                };
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    t[i][j] = t[i][j].min(t[i - 2][j - 2] + 1);
                }
            }
        }
        t[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn the_walk_finds_what_the_textbook_finds(words in proptest::collection::vec("[abc]{1,7}", 1..40), typed in "[abc]{1,7}", most in 0_u8..3) {
            let v = Vocabulary::new(words.clone());
            let mut expected: Vec<(String, u8)> = words.iter().map(|w| (w.clone(), distance(w.as_bytes(), typed.as_bytes()) as u8)).filter(|(_, d)| *d <= most).collect();
            expected.sort();
            expected.dedup();
            prop_assert_eq!(alike(&v, &typed, most, false), expected);
            let start = |w: &str| (0..=w.len()).map(|n| distance(&w.as_bytes()[..n], typed.as_bytes()) as u8).min().unwrap();
            let mut expected: Vec<(String, u8)> = words.iter().map(|w| (w.clone(), start(w))).filter(|(_, d)| *d <= most).collect();
            expected.sort();
            expected.dedup();
            prop_assert_eq!(alike(&v, &typed, most, true), expected);
        }
    }
}
