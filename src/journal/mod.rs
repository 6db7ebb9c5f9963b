//! The one door for writes. `core` decides without IO, `writer` makes it durable and answers, `follower` feeds the atlas.

mod batch;
mod beside;
pub mod core;
mod follower;
mod membership;
mod writer;

pub use beside::{Beside, case_id};
pub use core::{Author, Request};
pub use follower::Follower;
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

    /// Stops the tasks and closes the database, after everything queued was written.
    pub async fn close(self) {
        let Self { store, writer, tasks, .. } = self;
        drop(writer);
        let tasks = std::mem::take(&mut *tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for task in tasks.iter().skip(1) {
            task.abort();
        }
        if let Some(writing) = tasks.into_iter().next() {
            // The writer ends when the last handle is gone; a handle kept by a slow request must not hold the exit for ever.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(10), writing).await;
        }
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

/// UTC, milliseconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}
