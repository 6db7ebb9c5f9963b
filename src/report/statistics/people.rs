//! Small numbers of people are not told: who knows the place would know who they are (domain/legal.md, R3).

use super::table::Cell;

/// A count of people below this is told as « < 5 » and nothing else.
pub const FEWEST: u64 = 5;

/// How a suppressed count is written.
pub(super) fn few() -> String {
    format!("< {FEWEST}")
}

/// A count of people as it may be told. Nobody is nobody: zero tells nothing about anyone.
pub(super) fn count(people: u64) -> Cell {
    if (1..FEWEST).contains(&people) { Cell::Few } else { Cell::Count(people) }
}
