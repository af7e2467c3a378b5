//! What waits for the control thread: bounded, stamped with the time it was received, in that order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use costage_media::forward::FeedId;
use costage_media::scene::SourceId;

use super::clock::Clock;
use super::control::{Reply, WAITING_MAX};
use super::events::{Resume, Subscription};
use crate::live::command::{MediaState, SocketState};
use crate::live::{Answer, Command, LiveId, Refusal};

/// One thing to do.
pub(super) enum Order {
    Ask(Command, Reply<Answer>),
    Subscribe(LiveId, Option<Resume>, Reply<Subscription>),
    Media(SourceId, MediaState),
    Socket(FeedId, SocketState),
}

/// What to do next.
pub(super) enum Next {
    /// This, received then.
    Order(Instant, Order),
    /// A deadline has come, and everything received before it has been done.
    Due(Instant),
    /// End.
    Stop,
}

#[derive(Default)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    entries: VecDeque<(Instant, Entry)>,
    /// Commands among the entries: only they are bounded by [`WAITING_MAX`].
    commands: usize,
    /// The last word of each source that has an entry; one entry a source bounds them by the number of lives and
    /// their seats.
    media: BTreeMap<SourceId, MediaState>,
    /// The same of the event sockets of each live's host.
    sockets: BTreeMap<FeedId, SocketState>,
    stopping: bool,
}

impl Waiting {
    /// The first of what waits.
    fn take(&mut self) -> Option<(Instant, Order)> {
        while let Some((received, entry)) = self.entries.pop_front() {
            let order = match entry {
                Entry::Command(order) => {
                    self.commands -= 1;
                    metrics::gauge!("costage_control_queue").set(self.commands as f64);
                    Some(order)
                }
                Entry::Media(source) => self.media.remove(&source).map(|state| Order::Media(source, state)),
                Entry::Socket(feed) => self.sockets.remove(&feed).map(|state| Order::Socket(feed, state)),
            };
            if let Some(order) = order {
                return Some((received, order));
            }
        }
        None
    }
}

enum Entry {
    Command(Order),
    Media(SourceId),
    Socket(FeedId),
}

impl Inbox {
    /// Queues `order`, or refuses it at once.
    pub(super) fn offer(&self, clock: &dyn Clock, order: Order) {
        let mut waiting = self.lock();
        let refusal = if waiting.stopping {
            Refusal::Closing
        } else if waiting.commands >= WAITING_MAX {
            metrics::counter!("costage_control_refused_total").increment(1);
            Refusal::Busy
        } else {
            waiting.commands += 1;
            // Stamped under the lock: the order of entries is the order of their times.
            waiting.entries.push_back((clock.now(), Entry::Command(order)));
            metrics::gauge!("costage_control_queue").set(waiting.commands as f64);
            self.changed.notify_one();
            return;
        };
        drop(waiting);
        refuse(order, refusal);
    }

    /// Queues the last word of a source; never refused.
    pub(super) fn media(&self, clock: &dyn Clock, source: SourceId, state: MediaState) {
        let mut waiting = self.lock();
        if waiting.media.insert(source, state).is_none() {
            waiting.entries.push_back((clock.now(), Entry::Media(source)));
            self.changed.notify_one();
        }
    }

    /// Queues the last word about a host's event sockets; never refused.
    pub(super) fn socket(&self, clock: &dyn Clock, feed: FeedId, state: SocketState) {
        let mut waiting = self.lock();
        if waiting.sockets.insert(feed, state).is_none() {
            waiting.entries.push_back((clock.now(), Entry::Socket(feed)));
            self.changed.notify_one();
        }
    }

    /// Waits for the next thing to do; `deadline` is when the machine wants to be woken.
    pub(super) fn next(&self, clock: &dyn Clock, deadline: Option<Instant>) -> Next {
        let mut waiting = self.lock();
        loop {
            if waiting.stopping {
                return Next::Stop;
            }
            if let Some((received, order)) = waiting.take() {
                return Next::Order(received, order);
            }
            // Read under the lock: whatever is queued later was received later.
            let now = clock.now();
            waiting = match deadline.map(|deadline| deadline.saturating_duration_since(now)) {
                Some(left) if left.is_zero() => return Next::Due(now),
                Some(left) => self.changed.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// The next order, if one waits already.
    pub(super) fn more(&self) -> Option<(Instant, Order)> {
        let mut waiting = self.lock();
        if waiting.stopping { None } else { waiting.take() }
    }

    /// Now, if the machine wanted to be woken by now and everything that was received before is done.
    pub(super) fn due(&self, clock: &dyn Clock, deadline: Option<Instant>) -> Option<Instant> {
        let waiting = self.lock();
        // Read under the lock, as in `next`.
        deadline.and_then(|deadline| Some(clock.now()).filter(|now| waiting.entries.is_empty() && deadline <= *now))
    }

    /// Commands that wait.
    pub(super) fn commands(&self) -> usize {
        self.lock().commands
    }

    /// Ends the reader; what waits is refused.
    pub(super) fn stop(&self) {
        let mut waiting = self.lock();
        waiting.stopping = true;
        let entries = std::mem::take(&mut waiting.entries);
        self.changed.notify_one();
        drop(waiting);
        for (_, entry) in entries {
            if let Entry::Command(order) = entry {
                refuse(order, Refusal::Closing);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing under this lock can panic half-way: a poisoned queue is whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refuse(order: Order, refusal: Refusal) {
    match order {
        Order::Ask(_, reply) => reply(Err(refusal)),
        Order::Subscribe(_, _, reply) => reply(Err(refusal)),
        Order::Media(..) | Order::Socket(..) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use super::*;

    /// Each look at it is a millisecond later.
    struct Ticking(Instant, AtomicU64);

    impl Clock for Ticking {
        fn now(&self) -> Instant {
            self.0 + Duration::from_millis(self.1.fetch_add(1, Ordering::Relaxed))
        }

        fn wall_ms(&self) -> u64 {
            0
        }
    }

    fn clock() -> Ticking {
        Ticking(Instant::now(), AtomicU64::new(0))
    }

    fn offer(inbox: &Inbox, clock: &Ticking, count: u64) -> Receiver<Result<Answer, Refusal>> {
        let (send, receive) = channel();
        let command = Command::ListLives { cursor: String::new(), count: Some(count) };
        inbox.offer(clock, Order::Ask(command, Box::new(move |outcome| send.send(outcome).unwrap())));
        receive
    }

    #[test]
    fn a_full_queue_refuses_at_once_but_never_a_hosts_media() {
        let (inbox, clock) = (Inbox::default(), clock());
        let waiting: Vec<_> = (0..WAITING_MAX).map(|_| offer(&inbox, &clock, 1)).collect();
        assert_eq!(offer(&inbox, &clock, 1).try_recv(), Ok(Err(Refusal::Busy)));
        assert!(waiting.iter().all(|reply| reply.try_recv().is_err()));
        inbox.media(&clock, SourceId(1), MediaState::Up);
        for _ in 0..WAITING_MAX {
            assert!(matches!(inbox.next(&clock, None), Next::Order(_, Order::Ask(..))));
        }
        assert!(matches!(inbox.next(&clock, None), Next::Order(_, Order::Media(SourceId(1), MediaState::Up))));
        assert!(offer(&inbox, &clock, 1).try_recv().is_err(), "there is room again");
    }

    #[test]
    fn a_host_that_flaps_takes_one_place_and_its_last_word_counts() {
        let (inbox, clock) = (Inbox::default(), clock());
        for _ in 0..1_000 {
            inbox.media(&clock, SourceId(1), MediaState::Up);
            inbox.media(&clock, SourceId(1), MediaState::Down);
        }
        assert_eq!(inbox.lock().entries.len(), 1);
        assert!(matches!(inbox.next(&clock, None), Next::Order(_, Order::Media(SourceId(1), MediaState::Down))));
    }

    #[test]
    fn the_last_word_about_a_hosts_sockets_counts_and_is_never_refused() {
        let (inbox, clock) = (Inbox::default(), clock());
        for _ in 0..1_000 {
            inbox.socket(&clock, FeedId(1), SocketState::Open);
            inbox.socket(&clock, FeedId(1), SocketState::Lost);
        }
        assert_eq!(inbox.lock().entries.len(), 1);
        let next = inbox.next(&clock, None);
        assert!(matches!(next, Next::Order(_, Order::Socket(FeedId(1), SocketState::Lost))));
    }

    #[test]
    fn what_was_received_before_a_deadline_is_done_before_it() {
        let (inbox, clock) = (Inbox::default(), clock());
        let passed = clock.now();
        let _reply = offer(&inbox, &clock, 1);
        assert!(matches!(inbox.next(&clock, Some(passed)), Next::Order(..)));
        let Next::Due(now) = inbox.next(&clock, Some(passed)) else { panic!() };
        assert!(now > passed);
    }

    #[test]
    fn a_deadline_is_due_once_nothing_waits_that_was_received_before_it() {
        let (inbox, clock) = (Inbox::default(), clock());
        let passed = clock.now();
        let _reply = offer(&inbox, &clock, 1);
        assert_eq!(inbox.due(&clock, Some(passed)), None);
        assert!(inbox.more().is_some());
        assert!(inbox.due(&clock, Some(passed)).is_some_and(|now| now > passed));
        assert_eq!(inbox.due(&clock, Some(clock.now() + Duration::from_secs(1))), None, "not yet");
        assert_eq!(inbox.due(&clock, None), None);
    }

    #[test]
    fn stopping_refuses_what_waits_and_what_comes() {
        let (inbox, clock) = (Arc::new(Inbox::default()), clock());
        let waiting = offer(&inbox, &clock, 1);
        inbox.stop();
        assert_eq!(waiting.try_recv(), Ok(Err(Refusal::Closing)));
        assert_eq!(offer(&inbox, &clock, 1).try_recv(), Ok(Err(Refusal::Closing)));
        assert!(matches!(inbox.next(&clock, None), Next::Stop));
    }
}
