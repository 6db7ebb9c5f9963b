//! The live hub: who follows which territory, what they are sent, and who is there.
//!
//! `feed` holds the protocol's rules for both ends, without IO; the simulator (tests/sim) runs them through crashes and lost messages.

mod feed;

pub use feed::{BEHIND_MAX, Feed, Reader, Told};
