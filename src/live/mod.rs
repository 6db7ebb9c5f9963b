//! The live hub: who follows which territory, what they are sent, and who is there.
//!
//! `feed` holds the protocol's rules for both ends, without IO; the simulator (tests/sim) runs them through crashes and lost messages. `hub` follows the
//! journal's follower and puts each message, written once, into the `outbox` of every socket of a `room`; it never waits for a socket. `socket` is one
//! socket's side of it. `people`: names, colours, what each one does. `radar`: who adds something alike. `words`: the messages. `recent`: values of the last edits.

mod feed;
mod hub;
mod outbox;
mod people;
mod radar;
mod recent;
mod room;
mod socket;
pub mod words;

pub use feed::{BEHIND_MAX, Feed, Reader, Told};
pub use hub::Hub;
pub use outbox::{BYTES_MAX, MESSAGES_MAX, Next, Outbox, Text};
pub use people::NICKNAME_MAX;
pub use socket::{Newcomer, Socket};
