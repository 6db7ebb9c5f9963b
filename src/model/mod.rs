//! The domain: what an actor, a territory and an edit are, who may do what, and how two edits merge. No IO, no clock, no randomness.

pub mod actor;
pub mod category;
pub mod doc;
pub mod edit;
pub mod field;
pub mod invalid;
pub mod label;
pub mod merge;
pub mod rights;
pub mod seance;
pub mod similar;
mod specs;
pub mod territory;
pub mod text;
pub mod work;

pub use actor::{Actor, Place, Precision, State};
pub use category::{Taxonomy, taxonomy};
pub use doc::{Doc, FieldMeta, Fields, Version};
pub use edit::{Ack, Edit, EditKind, Entry, FieldResult, Outcome, Subject, SubjectKind};
pub use invalid::{Invalid, Lang, Reason};
pub use rights::{Deed, Role};
pub use seance::{Cell, Seance};
pub use territory::Territory;
pub use work::Work;
