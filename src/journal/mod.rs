//! The one door for writes. `core` decides without IO, `writer` makes it durable and answers, `follower` feeds the atlas.

mod batch;
mod beside;
pub mod core;
mod follower;
mod loaded;
mod loading;
mod membership;
mod participation;
mod past;
mod writer;

pub use beside::{Beside, Redrawn, case_id};
pub use core::{Author, Request};
pub use follower::{Follower, Step};
pub use loading::load;
pub use past::{NoPast, Past, Undone};
pub use writer::{Refused, Writer};

pub use crate::store::broken;

use crate::atlas::Atlas;
use crate::store::{self, Store};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// An open journal: the store behind it, the writer in front of it, and the atlas that follows it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {
    /// For reading what the atlas does not hold: history, candidates, accounts.
    pub store: Store,
    /// The read model.
    pub atlas: Arc<Atlas>,
    /// The door for edits.
    pub writer: Writer,
    /// How far the atlas is.
    pub follower: Follower,
    tasks: Arc<std::sync::Mutex<Vec<JoinHandle<()>>>>,
}

impl Journal {
    /// Loads the atlas and starts writer, follower and the text index's timer.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn open(store: Store) -> store::Result<Self> {
        let (atlas, committed) = (Arc::new(Atlas::new()), Arc::new(Notify::new()));
        let (follower, following) = Follower::start(store.clone(), atlas.clone(), committed.clone()).await?;
        let (writer, writing) = Writer::start(store.clone(), committed);
        let index = tokio::spawn(refresh_text(atlas.clone()));
        Ok(Self { store, atlas, writer, follower, tasks: Arc::new(std::sync::Mutex::new(vec![writing, following, index])) })
    }

    /// Writes everything that is queued, refuses what comes later, stops the tasks and closes the database: within 6 s.
    pub async fn close(self) {
        let Self { store, writer, tasks, .. } = self;
        writer.stop();
        let mut tasks = std::mem::take(&mut *tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner)).into_iter();
        if let Some(writing) = tasks.next() {
            // A database that does not answer must not hold the exit for ever; nobody was told that those edits are written.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(3), writing).await;
        }
        tasks.for_each(|task| task.abort());
        store.close().await;
    }
}

/// The full-text index may lag behind an edit, by this much at most.
async fn refresh_text(atlas: Arc<Atlas>) {
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        let atlas = atlas.clone();
        let _ = tokio::task::spawn_blocking(move || atlas.refresh_text()).await;
    }
}

/// UTC, milliseconds since 1970. People see it beside edits; nothing is ordered by it.
pub fn now() -> i64 {
    let real = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX));
    real.saturating_add(jump())
}

/// How far a test has put the clock forward or back, milliseconds: the content of the file BOUILLON_CLOCK. Only builds with debug assertions look.
fn jump() -> i64 {
    let file = if cfg!(debug_assertions) { std::env::var_os("BOUILLON_CLOCK") } else { None };
    file.and_then(|f| std::fs::read_to_string(f).ok()).and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
