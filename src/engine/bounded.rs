//! Bounded queues between threads, each with a written policy, and the bell that wakes the one thread that reads them.
//!
//! A thread may read several queues (orders and packets) behind one [`Bell`]. Pushing takes no lock.

use crossbeam_queue::ArrayQueue;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// What a full queue does with one more item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The sender waits: for orders that must not be lost and are rare.
    Block,
    /// The oldest item is dropped and counted: for media, where late is worthless.
    DropOldest,
}

/// Wakes the thread that reads the queues behind it.
#[derive(Debug, Default)]
pub struct Bell {
    asleep: AtomicBool,
    sleeper: std::sync::OnceLock<Thread>,
}

impl Bell {
    /// Wakes the reader if it sleeps; cheap when it does not.
    pub fn ring(&self) {
        if self.asleep.swap(false, Ordering::SeqCst)
            && let Some(thread) = self.sleeper.get()
        {
            thread.unpark();
        }
    }

    /// Sleeps until rung or until `deadline`, unless `is_empty` says that there is work. Only ever called by one thread.
    pub fn wait(&self, now: Instant, deadline: Option<Instant>, is_empty: impl Fn() -> bool) {
        self.sleeper.get_or_init(std::thread::current);
        self.asleep.store(true, Ordering::SeqCst);
        // Looked at after the flag is up: whoever pushed before it is seen here, whoever pushes after it rings.
        if is_empty() {
            match deadline.map(|deadline| deadline.saturating_duration_since(now)) {
                Some(Duration::ZERO) => {}
                Some(duration) => std::thread::park_timeout(duration),
                None => std::thread::park(),
            }
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}

#[derive(Debug)]
struct Shared<T> {
    items: ArrayQueue<T>,
    policy: Policy,
    dropped: AtomicU64,
    closed: AtomicBool,
    bell: Arc<Bell>,
}

/// The writing end; cheap to clone.
#[derive(Debug)]
pub struct Sender<T>(Arc<Shared<T>>);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// The reading end.
#[derive(Debug)]
pub struct Receiver<T>(Arc<Shared<T>>);

/// A queue of at most `capacity` items behind `bell`.
#[must_use]
pub fn bounded<T>(capacity: usize, policy: Policy, bell: &Arc<Bell>) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared {
        items: ArrayQueue::new(capacity),
        policy,
        dropped: AtomicU64::new(0),
        closed: AtomicBool::new(false),
        bell: Arc::clone(bell),
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

impl<T> Sender<T> {
    /// Hands `item` over by the queue's policy and rings the bell.
    pub fn put(&self, item: T) {
        self.leave(item);
        self.0.bell.ring();
    }

    /// The same, but wakes nobody: the reader finds the item when it next looks.
    pub fn leave(&self, item: T) {
        let shared = &*self.0;
        match shared.policy {
            Policy::DropOldest => {
                if shared.items.force_push(item).is_some() {
                    shared.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Policy::Block => {
                let mut item = item;
                while let Err(back) = shared.items.push(item) {
                    if shared.closed.load(Ordering::Acquire) {
                        return; // the reader has ended: nobody is left who could act on it
                    }
                    item = back;
                    shared.bell.ring();
                    std::thread::park_timeout(BLOCK_STEP);
                }
            }
        }
    }
}

/// How long a blocked sender waits before it looks again: far below a frame, far above a spin.
const BLOCK_STEP: Duration = Duration::from_micros(200);

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Release);
    }
}

impl<T> Receiver<T> {
    /// The oldest item.
    #[must_use]
    pub fn next(&self) -> Option<T> {
        self.0.items.pop()
    }

    /// Nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.items.is_empty()
    }

    /// Items dropped by [`Policy::DropOldest`] since the last call.
    #[must_use]
    pub fn take_dropped(&self) -> u64 {
        self.0.dropped.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_media_queue_drops_its_oldest_and_counts() {
        let (sender, receiver) = bounded(2, Policy::DropOldest, &Arc::default());
        (1..=4).for_each(|n| sender.put(n));
        assert_eq!((receiver.take_dropped(), receiver.take_dropped()), (2, 0));
        assert_eq!((receiver.next(), receiver.next(), receiver.next()), (Some(3), Some(4), None));
    }

    #[test]
    fn a_sender_does_not_wait_for_a_reader_that_has_ended() {
        let (sender, receiver) = bounded(1, Policy::Block, &Arc::default());
        drop(receiver);
        (0..3).for_each(|n| sender.put(n));
    }

    #[test]
    fn a_blocked_sender_goes_on_when_there_is_room_and_nothing_is_lost() {
        let bell = Arc::new(Bell::default());
        let (sender, receiver) = bounded(4, Policy::Block, &bell);
        let writer = std::thread::spawn(move || (0..1_000).for_each(|n| sender.put(n)));
        let mut expected = 0;
        while expected < 1_000 {
            match receiver.next() {
                Some(n) => {
                    assert_eq!(n, expected);
                    expected += 1;
                }
                None => bell.wait(Instant::now(), None, || receiver.is_empty()),
            }
        }
        writer.join().expect("the writer ends");
    }
}
