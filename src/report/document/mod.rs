//! The Diagnostic report: its outline, what the software fills in around the blocks that people write, and its files.
//!
//! A report is made from [`Inputs`], which are of one position of the journal; the same inputs give the same DOCX, HTML and archive, byte for byte.

mod annex;
mod archive;
mod bundle;
mod compose;
mod desk;
mod devices;
mod docx;
mod drawn;
mod html;
mod inputs;
mod markdown;
mod outline;
mod parts;
mod pdf;
mod scheme;
mod words;

pub use bundle::{Files, files};
pub use compose::{compose, in_order};
pub use desk::{Desk, Error, FILES};
pub use devices::by_step;
pub use docx::{MEDIA_TYPE as DOCX, with_pages_asked};
pub use drawn::Drawn;
pub use inputs::{Cited, Inputs, Piece, Scheme, Told, Written};
pub use outline::{OUTLINE, Section};
pub use parts::{Cover, Document, Part};
pub use pdf::{NoPdf, Office};
pub use scheme::{BYTES_MAX, BadPicture, redrawn};
