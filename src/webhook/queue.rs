//! What one endpoint is sent, and when: sans-IO, time is an argument.
//!
//! ```text
//! poll ─▶ Fetch(after) ─▶ fetched(rows)      next events of the outbox
//!      ─▶ Send(event)  ─▶ done(outcome)      one request at a time; what is to be kept comes back
//!      ─▶ Wait(until)                        nothing to do before, unless the head rises or a letter is wanted
//! ```
//! The rules:
//! - Events go in the order of the outbox. One that fails holds up all behind it and is tried again: after 1 s, then twice as
//!   long each time, at most 60 s ([`RETRY_MAX`]), each shortened by up to a fifth by chance. A receiver's `Retry-After` makes a
//!   wait longer, up to the same bound.
//! - An event is tried for three days ([`KEPT`]): since it happened, or since the endpoint began to fail when that came
//!   later. Then it is a dead letter, and the next one is tried at once. So an outbox is never longer than three days. When
//!   that one's time is over too, and it fails as well, the receiver is gone rather than in trouble with one event: all that are
//!   over go with it.
//! - Dead letters that an operator wants sent again go before all else, the oldest first: they happened before it. One that
//!   still fails after a minute ([`REPLAY_PATIENCE`]) stays dead, and all others that were wanted with it: they hold up what
//!   is behind them no longer than that.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::outbox_log::{DeadLetter, KEPT, OutboxRow, Standing, Trouble};
use crate::live::WallMs;

/// Events that are in memory for an endpoint.
pub const WINDOW: usize = 64;
/// Before the first repetition.
const RETRY_MIN: Duration = Duration::from_secs(1);
/// Longest wait between two attempts.
pub const RETRY_MAX: Duration = Duration::from_secs(60);
/// How long dead letters that are sent again may fail.
pub const REPLAY_PATIENCE: Duration = Duration::from_secs(60);

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poll {
    /// Read [`WINDOW`] events after this one, and say [`Queue::fetched`].
    Fetch(u64),
    /// Send this, and say [`Queue::done`].
    Send(Arc<OutboxRow>),
    /// Nothing before this time; `None`: before something comes.
    Wait(Option<WallMs>),
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Delivered,
    /// It was not, or nobody knows.
    Failed {
        /// In words, for the operator.
        error: String,
        /// How long the receiver asks to be left alone.
        retry_after: Option<Duration>,
    },
}

/// What is to be kept ([`crate::engine::DeliveryLog`]), before anything else is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// Everything up to the cursor is settled.
    Settled {
        /// The event.
        cursor: u64,
        /// How many of it were delivered.
        delivered: u64,
    },
    /// An attempt failed.
    Troubled {
        /// Since when nothing has been delivered.
        failing_since: WallMs,
        /// What the event has gone through.
        trouble: Trouble,
    },
    /// These are dead, and everything up to the cursor is settled.
    Buried {
        /// The event.
        cursor: u64,
        /// What died.
        letters: Vec<DeadLetter>,
    },
    /// A dead letter was delivered.
    Revived {
        /// Its id.
        id: String,
    },
    /// A dead letter stays dead, and all others that were wanted do.
    GivenUp {
        /// Its id.
        id: String,
        /// How often it was tried again.
        attempts: u32,
        /// What happened last.
        error: String,
    },
}

/// The events of one endpoint.
#[derive(Debug)]
pub struct Queue {
    endpoint: String,
    kinds: Option<Arc<BTreeSet<String>>>,
    /// The newest event that is known to be in the outbox.
    head: u64,
    /// Everything up to this is settled.
    cursor: u64,
    /// Everything up to this is settled, or in the window where it is wanted.
    read: u64,
    window: VecDeque<Arc<OutboxRow>>,
    /// Dead letters to be sent again, and how often and since when the first has failed.
    again: VecDeque<DeadLetter>,
    again_failed: Option<(u32, WallMs)>,
    sending: Option<Sending>,
    failing_since: Option<WallMs>,
    trouble: Option<Trouble>,
    /// In a row, since the last delivery: what the wait is made of.
    failures: u32,
    next_try: Option<WallMs>,
    /// The last event was buried, and nothing was delivered since.
    after_burial: bool,
    chance: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    Current,
    Again,
}

impl Queue {
    /// Goes on from `standing`. A restart is a good moment to try again: waits are not kept. `chance` shortens waits.
    #[must_use]
    pub fn new(standing: Standing, kinds: Option<Arc<BTreeSet<String>>>, chance: u64) -> Self {
        let Standing { endpoint, cursor, failing_since, trouble, .. } = standing;
        let failures = trouble.as_ref().map_or(0, |trouble| trouble.attempts);
        let (window, again) = (VecDeque::new(), VecDeque::new());
        Self {
            endpoint,
            kinds,
            head: cursor,
            cursor,
            read: cursor,
            window,
            again,
            again_failed: None,
            sending: None,
            failing_since,
            trouble,
            failures,
            next_try: None,
            after_burial: false,
            chance,
        }
    }

    /// Events up to `head` are in the outbox.
    pub fn head_is(&mut self, head: u64) {
        self.head = self.head.max(head);
    }

    /// Which types are wanted from now on: of what is not in memory yet.
    pub fn want_kinds(&mut self, kinds: Option<Arc<BTreeSet<String>>>) {
        if self.kinds != kinds {
            self.kinds = kinds;
            // What was read but not settled is read again.
            let held = usize::from(self.sending == Some(Sending::Current));
            self.window.truncate(held);
            self.read = self.window.front().map_or(self.cursor, |row| row.seq);
        }
    }

    /// These dead letters are to be sent again; all that are wanted now, the oldest first. Taken when none is under way.
    pub fn wanted(&mut self, letters: Vec<DeadLetter>) {
        if self.sending == Some(Sending::Again) || (self.again.is_empty() && letters.is_empty()) {
            return;
        }
        let first = |letters: &VecDeque<DeadLetter>| letters.front().map(|letter| letter.row.id.clone());
        let before = first(&self.again);
        self.again = letters.into();
        if first(&self.again) != before {
            self.again_failed = None;
            // Somebody has just asked for it: no waiting.
            self.next_try = None;
        }
    }

    /// Whether dead letters wait to be sent again, of those that [`Queue::wanted`] was told.
    #[must_use]
    pub fn revives(&self) -> bool {
        !self.again.is_empty()
    }

    /// What to do now.
    #[must_use]
    pub fn poll(&mut self, now: WallMs) -> Poll {
        if self.sending.is_some() {
            return Poll::Wait(None);
        }
        let (sending, row) = match (self.again.front(), self.window.front()) {
            (Some(letter), _) => (Sending::Again, Arc::new(letter.row.clone())),
            (None, Some(row)) => (Sending::Current, Arc::clone(row)),
            (None, None) if self.read < self.head => return Poll::Fetch(self.read),
            (None, None) => return Poll::Wait(None),
        };
        if let Some(at) = self.next_try.filter(|at| now < *at) {
            return Poll::Wait(Some(at));
        }
        self.sending = Some(sending);
        Poll::Send(row)
    }

    /// The answer to [`Poll::Fetch`]: the first [`WINDOW`] events after the one named there, fewer only if there are no more.
    pub fn fetched(&mut self, rows: Vec<OutboxRow>) -> Change {
        let last = rows.last().map(|row| row.seq);
        self.read = if rows.len() < WINDOW { last.unwrap_or(0).max(self.head) } else { last.unwrap_or(self.read) };
        self.head = self.head.max(self.read);
        let kinds = self.kinds.clone();
        let wanted = |row: &OutboxRow| kinds.as_ref().is_none_or(|kinds| kinds.contains(&row.kind));
        self.window.extend(rows.into_iter().filter(wanted).map(Arc::new));
        if !self.window.is_empty() || self.read == self.cursor {
            return Change::None;
        }
        self.cursor = self.read;
        Change::Settled { cursor: self.cursor, delivered: 0 }
    }

    /// The answer to [`Poll::Send`]. `now` is when it came.
    pub fn done(&mut self, now: WallMs, outcome: Outcome) -> Change {
        match (self.sending.take(), outcome) {
            (None, _) => Change::None,
            (Some(sending), Outcome::Delivered) => {
                (self.failures, self.failing_since, self.next_try) = (0, None, None);
                self.after_burial = false;
                match sending {
                    Sending::Current => self.settle_first(),
                    Sending::Again => self.revive_first(),
                }
            }
            (Some(sending), Outcome::Failed { error, retry_after }) => {
                self.failures = self.failures.saturating_add(1);
                self.next_try = Some(now.after(self.wait(retry_after)));
                match sending {
                    Sending::Current => self.fail_first(now, error),
                    Sending::Again => self.fail_again(now, error),
                }
            }
        }
    }

    fn settle_first(&mut self) -> Change {
        self.window.pop_front();
        self.trouble = None;
        Change::Settled { cursor: self.advance(), delivered: 1 }
    }

    /// Everything before the first event of the window is settled.
    fn advance(&mut self) -> u64 {
        self.cursor = self.window.front().map_or(self.read, |row| row.seq - 1);
        self.cursor
    }

    fn revive_first(&mut self) -> Change {
        self.again_failed = None;
        self.again.pop_front().map_or(Change::None, |letter| Change::Revived { id: letter.row.id })
    }

    fn fail_first(&mut self, now: WallMs, error: String) -> Change {
        let Some(row) = self.window.front().cloned() else { return Change::None };
        let failing_since = *self.failing_since.get_or_insert(now);
        let before = self.trouble.take().filter(|trouble| trouble.seq == row.seq);
        let (attempts, first_failure) = before.map_or((1, now), |it| (it.attempts.saturating_add(1), it.first_failure));
        if !is_over(&row, failing_since, now) {
            self.after_burial = false;
            let next_try = self.next_try.unwrap_or(now);
            let trouble = Trouble { seq: row.seq, attempts, first_failure, next_try, error };
            self.trouble = Some(trouble.clone());
            return Change::Troubled { failing_since, trouble };
        }
        let over = self.window.iter().take_while(|row| is_over(row, failing_since, now)).count();
        let dying = if self.after_burial { over } else { 1 };
        let letter = |(index, row): (usize, Arc<OutboxRow>)| DeadLetter {
            endpoint: self.endpoint.clone(),
            row: (*row).clone(),
            attempts: if index == 0 { attempts } else { 0 },
            died: now,
            error: if index == 0 { error.clone() } else { format!("not tried: the one before it failed: {error}") },
            wanted: false,
        };
        let letters = self.window.drain(..dying).enumerate().map(letter).collect();
        self.after_burial = true;
        self.next_try = None;
        Change::Buried { cursor: self.advance(), letters }
    }

    fn fail_again(&mut self, now: WallMs, error: String) -> Change {
        let (attempts, since) = self.again_failed.map_or((1, now), |(attempts, since)| (attempts + 1, since));
        if now.since(since) < REPLAY_PATIENCE {
            self.again_failed = Some((attempts, since));
            return Change::None;
        }
        self.again_failed = None;
        let first = self.again.pop_front();
        self.again.clear();
        first.map_or(Change::None, |letter| Change::GivenUp { id: letter.row.id, attempts, error })
    }

    /// How long to wait after a failure.
    fn wait(&mut self, retry_after: Option<Duration>) -> Duration {
        let doubled = RETRY_MIN.saturating_mul(1 << self.failures.saturating_sub(1).min(16)).min(RETRY_MAX);
        // Knuth's multiplier and increment (MMIX); the high bits are the good ones.
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let per_mille = 800 + (self.chance >> 33) % 201;
        let shortened = doubled * u32::try_from(per_mille).unwrap_or(1_000) / 1_000;
        retry_after.map_or(shortened, |asked| shortened.max(asked.min(RETRY_MAX)))
    }
}

/// Whether an event has been tried for long enough, or would have been but for those before it.
fn is_over(row: &OutboxRow, failing_since: WallMs, now: WallMs) -> bool {
    now.since(failing_since.max(row.at)) >= KEPT
}

#[cfg(test)]
mod tests;
