//! The atlas against a plain scan over everything, after edits of every kind.

mod find;
mod random;
pub(crate) mod town;
