//! The control socket: a command beside a running server hands its work over, so that one process writes. One JSON line asks; JSON lines answer.

use super::{AddressFile, BadInput, BasemapImport, OsmImport, is_bad_input, lock};
use crate::import::{ContoursAsk, Event};
use serde::{Deserialize, Serialize};
use std::path::Path;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// What a command asks of the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ask {
    /// Import an extract; the path is absolute.
    ImportOsm(OsmImport),
    /// Bring a base map in; the path is absolute.
    ImportBasemap(BasemapImport),
    /// Import addresses; the path is absolute.
    ImportAddresses(AddressFile),
    /// Import contours; the paths are absolute.
    ImportTerritories(ContoursAsk),
    /// List imports, undo one, give one up.
    Runs(super::runs::Ask),
    /// Tell head and digest of the atlas kept live.
    Digest,
    /// Make an invitation.
    Invite {
        /// Slug, or none for everywhere.
        territory: Option<String>,
        /// Role word.
        role: String,
    },
}

/// What the server answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// Something to show.
    Event(Event),
    /// The command is done; a text to print, if any.
    Done(Option<String>),
    /// It failed.
    Failed {
        /// One sentence.
        sentence: String,
        /// The input is at fault: exit code 2.
        bad_input: bool,
    },
}

impl Answer {
    /// The answer for an error.
    pub(super) fn failed(error: &anyhow::Error) -> Self {
        Self::Failed { sentence: format!("{error:#}"), bad_input: is_bad_input(error) }
    }
}

/// Asks the server that holds the data folder; none when there is no such server. `show` gets every event.
///
/// # Errors
/// When the server refuses, or goes away before it is done.
pub(super) async fn hand_over(data: &Path, ask: &Ask, mut show: impl FnMut(Event)) -> anyhow::Result<Option<Option<String>>> {
    let Ok(mut stream) = UnixStream::connect(lock::socket(data)).await else { return Ok(None) };
    stream.write_all(format!("{}\n", serde_json::to_string(ask)?).as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        match serde_json::from_str(&line)? {
            Answer::Event(event) => show(event),
            Answer::Done(text) => return Ok(Some(text)),
            Answer::Failed { sentence, bad_input: true } => return Err(BadInput(sentence).into()),
            Answer::Failed { sentence, bad_input: false } => anyhow::bail!(sentence),
        }
    }
    anyhow::bail!("the server went away before the work was done; what it had written stays, run the command again")
}
