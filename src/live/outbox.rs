//! What waits to be sent to one socket. Whoever puts something in never waits: a reader that is too slow is cut off instead.

use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// One message as JSON text in UTF-8, made once and shared by every socket that it goes to.
pub type Text = Bytes;

/// Messages that may wait for one socket.
pub const MESSAGES_MAX: usize = 256;
/// Bytes that may wait for one socket.
pub const BYTES_MAX: usize = 1 << 20;
/// A queue that was longer than this gives its memory back when it is empty.
const KEPT: usize = 16;

/// What the socket's task does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Send this.
    Send(Text),
    /// Say goodbye: the reader was too slow, and what waited was thrown away.
    TooSlow,
}

/// The queue of one socket.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: Mutex<Queue>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Text>,
    bytes: usize,
    cut: bool,
}

impl Outbox {
    /// Puts a message at the end; false when the reader is cut off, now or before.
    pub fn push(&self, text: Text) -> bool {
        let mut queue = self.lock();
        if queue.cut {
            return false;
        }
        if queue.waiting.len() >= MESSAGES_MAX || queue.bytes + text.len() > BYTES_MAX {
            *queue = Queue { cut: true, ..Queue::default() };
        } else {
            queue.bytes += text.len();
            queue.waiting.push_back(text);
        }
        let open = !queue.cut;
        drop(queue);
        self.wake.notify_one();
        open
    }

    /// Waits for something to do. Nothing is lost when the wait is given up.
    pub async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.wake.notified().await;
        }
    }

    /// What there is to do now, if anything.
    pub fn take(&self) -> Option<Next> {
        let mut queue = self.lock();
        if queue.cut {
            return Some(Next::TooSlow);
        }
        let text = queue.waiting.pop_front()?;
        queue.bytes -= text.len();
        if queue.waiting.is_empty() && queue.waiting.capacity() > KEPT {
            queue.waiting = VecDeque::new();
        }
        Some(Next::Send(text))
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_too_slow_is_cut_by_number_and_by_size_and_stays_cut() {
        let by_number = Outbox::default();
        assert!((0..MESSAGES_MAX).all(|_| by_number.push(Text::from_static(b"x"))));
        assert!(!by_number.push(Text::from_static(b"x")));
        assert_eq!(by_number.take(), Some(Next::TooSlow));
        assert!(!by_number.push(Text::from_static(b"x")));
        assert_eq!(by_number.take(), Some(Next::TooSlow));
        let by_size = Outbox::default();
        let half = Text::from(vec![b'x'; BYTES_MAX / 2]);
        assert!(by_size.push(half.clone()) && by_size.push(half.clone()));
        assert_eq!(by_size.take(), Some(Next::Send(half.clone())), "what is taken makes room");
        assert!(by_size.push(half.clone()) && !by_size.push(half));
    }
}
