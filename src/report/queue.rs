//! One drawing at a time, and a queue that ends: drawing takes all of a core, and the live map must not wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Semaphore, oneshot};

/// Drawings that wait at most.
pub const WAITING: usize = 20;

/// Niceness of a drawing: of two threads that want one core, the other gets most of it.
const GIVES_WAY: i32 = 10;

/// Why nothing was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDrawn {
    /// Too many wait already.
    #[error("too many drawings are waiting")]
    Full,
    /// The drawing ended without a result.
    #[error("the drawing failed")]
    Failed,
}

/// Shared by all that draws. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queue {
    turn: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl Default for Queue {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), waiting: Arc::default() }
    }
}

/// A place in the queue, given back when it is dropped.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Queue {
    /// Waits for its turn, then runs `draw` on a thread of its own, where it may block, and which gives way to all others. When the caller goes away before its turn, nothing is drawn.
    ///
    /// # Errors
    /// [`NotDrawn`].
    pub async fn draw<T: Send + 'static>(&self, draw: impl FnOnce() -> T + Send + 'static) -> Result<T, NotDrawn> {
        // One is drawn while the others wait.
        if self.waiting.fetch_add(1, Ordering::SeqCst) > WAITING {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return Err(NotDrawn::Full);
        }
        let place = Place(self.waiting.clone());
        let turn = self.turn.clone().acquire_owned().await.map_err(|_| NotDrawn::Failed)?;
        let (done, drawn) = oneshot::channel();
        let thread = std::thread::Builder::new().name("drawing".into()).spawn(move || {
            let (_turn, _place) = (turn, place);
            // Of this thread alone. It never comes back from it, which is why no thread that others use is taken.
            if let Err(e) = rustix::process::setpriority_process(None, GIVES_WAY) {
                tracing::debug!("a drawing does not give way to other work: {e}");
            }
            let _ = done.send(draw());
        });
        let failed = |e: &dyn std::fmt::Display| {
            tracing::error!("a drawing failed: {e}");
            NotDrawn::Failed
        };
        thread.map_err(|e| failed(&e))?;
        drawn.await.map_err(|e| failed(&e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn one_is_drawn_twenty_wait_and_the_next_is_told_to_come_back() {
        let queue = Queue::default();
        let (release, held) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let queue = queue.clone();
            async move { queue.draw(move || held.recv().is_ok()).await }
        });
        while queue.turn.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let waiting: Vec<_> = (0..WAITING)
            .map(|i| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.draw(move || i).await })
            })
            .collect();
        while queue.waiting.load(Ordering::SeqCst) <= WAITING {
            tokio::task::yield_now().await;
        }
        assert_eq!(queue.draw(|| 0).await, Err(NotDrawn::Full));
        // Somebody goes away before their turn: their place is free.
        waiting[7].abort();
        while queue.waiting.load(Ordering::SeqCst) > WAITING {
            tokio::task::yield_now().await;
        }
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(true));
        for (i, other) in waiting.into_iter().enumerate().filter(|(i, _)| *i != 7) {
            assert_eq!(other.await.unwrap(), Ok(i));
        }
        assert_eq!(queue.draw(|| -> usize { panic!("a fault") }).await, Err(NotDrawn::Failed));
        assert_eq!(queue.draw(|| 5).await, Ok(5), "a fault does not stop the queue");
    }
}
