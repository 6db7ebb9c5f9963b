//! The Diagnostic report: its outline, what the software fills in between the blocks that people write, and its files.

mod compose;
mod html;
mod markdown;
mod outline;
mod parts;
mod words;

pub use compose::{Inputs, by_step, compose, in_order};
pub use html::write as html;
pub use outline::{OUTLINE, Section};
pub use parts::Document;
