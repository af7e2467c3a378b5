//! What an operator asks of a server: what is kept and since when, and how far webhooks have got.
//!
//! ```text
//! the journal ──────────── each commit ───▶ Books ◀── at any rate ── the API
//! the senders' upkeep ── every 2 seconds ──▶
//! ```
//! Written by those who do it, read by anybody: whoever asks waits for no disk, and holds up nobody who commits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::outbox_log::{Backlog, Standing};
use crate::live::WallMs;

/// How many of the last commits [`Commits::took`] is about: under load the last seconds.
pub const RECENT_MAX: usize = 1_024;

/// Where what was answered is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptIn {
    /// In the data directory.
    Disk,
    /// Nowhere but in this process.
    Memory,
}

/// Where the ledger ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEnd {
    /// Number of its last row, and how many rows it has; 0: none.
    pub seq: u64,
    /// That row's hash, which covers all rows before it; zeros without rows.
    pub hash: [u8; 32],
}

/// A commit that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitFailure {
    /// When.
    pub at: WallMs,
    /// What the disk or the database said.
    pub reason: String,
}

/// How long the last commits took, failed ones too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Took {
    /// Half of them at most this.
    pub p50: Duration,
    /// Ninety-nine in a hundred.
    pub p99: Duration,
    /// All.
    pub max: Duration,
}

/// What the journal has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commits {
    /// Commits that are on disk, since the start.
    pub made: u64,
    /// Commits that were taken back, since the start.
    pub failed: u64,
    /// When the last one that is on disk was: also one of the server before.
    pub last: Option<WallMs>,
    /// The last one that was taken back.
    pub last_failure: Option<CommitFailure>,
    /// Of the last [`RECENT_MAX`]; `None` before the first.
    pub took: Option<Took>,
    /// Where the ledger ends; `None` where none is kept.
    pub ledger: Option<LedgerEnd>,
}

/// How far the webhooks of all endpoints had got at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// When; `None` before the first look.
    pub at: Option<WallMs>,
    /// Those that are configured, in the order of the configuration.
    pub endpoints: Vec<(Standing, Backlog)>,
}

/// The books of one server.
#[derive(Debug)]
pub struct Books {
    kept_in: KeptIn,
    journal: Mutex<JournalPage>,
    webhooks: Mutex<Arc<Look>>,
}

#[derive(Debug, Default)]
struct JournalPage {
    commits: Commits,
    /// The newest last.
    recent: VecDeque<Duration>,
}

impl Books {
    /// Of a server that keeps nothing.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { kept_in: KeptIn::Memory, journal: Mutex::default(), webhooks: Mutex::default() }
    }

    /// Of a server with a data directory, as the one before has left it.
    #[must_use]
    pub fn on_disk(ledger: LedgerEnd, last: Option<WallMs>) -> Self {
        let commits = Commits { ledger: Some(ledger), last, ..Commits::default() };
        let journal = Mutex::new(JournalPage { commits, recent: VecDeque::new() });
        Self { kept_in: KeptIn::Disk, journal, webhooks: Mutex::default() }
    }

    /// Where it is kept.
    #[must_use]
    pub fn kept_in(&self) -> KeptIn {
        self.kept_in
    }

    /// The journal: a commit is on disk.
    pub fn committed(&self, at: WallMs, took: Duration, ledger: LedgerEnd) {
        let mut page = self.journal();
        page.commits.made += 1;
        page.commits.last = Some(at);
        page.commits.ledger = Some(ledger);
        page.took(took);
    }

    /// The journal: a commit was taken back.
    pub fn failed(&self, at: WallMs, took: Duration, reason: String) {
        let mut page = self.journal();
        page.commits.failed += 1;
        page.commits.last_failure = Some(CommitFailure { at, reason });
        page.took(took);
    }

    /// What the journal has done.
    #[must_use]
    pub fn commits(&self) -> Commits {
        let page = self.journal();
        let (mut commits, mut recent) = (page.commits.clone(), Vec::from_iter(page.recent.iter().copied()));
        drop(page);
        // Sorted when it is no longer held.
        recent.sort_unstable();
        let at_most = |percent: usize| recent.get((recent.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        commits.took = at_most(50).zip(at_most(99)).zip(at_most(100)).map(|((p50, p99), max)| Took { p50, p99, max });
        commits
    }

    /// The senders' upkeep: how far they have got.
    pub fn looked(&self, look: Look) {
        // Nothing under this lock can panic half-way, here and below.
        *self.webhooks.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(look);
    }

    /// How far webhooks have got, at the last look.
    #[must_use]
    pub fn webhooks(&self) -> Arc<Look> {
        Arc::clone(&self.webhooks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn journal(&self) -> MutexGuard<'_, JournalPage> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JournalPage {
    fn took(&mut self, took: Duration) {
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn end(seq: u64) -> LedgerEnd {
        LedgerEnd { seq, hash: [7; 32] }
    }

    #[test]
    fn a_failure_is_told_and_moves_neither_the_head_nor_the_last_commits_time() {
        let books = Books::on_disk(end(4), Some(WallMs(1)));
        assert_eq!((books.commits().last, books.commits().took), (Some(WallMs(1)), None));
        books.committed(WallMs(10), Duration::from_millis(3), end(5));
        books.failed(WallMs(20), Duration::from_millis(500), "disk I/O error".to_owned());
        let commits = books.commits();
        assert_eq!(
            (commits.made, commits.failed, commits.last, commits.ledger),
            (1, 1, Some(WallMs(10)), Some(end(5)))
        );
        assert_eq!(commits.last_failure, Some(CommitFailure { at: WallMs(20), reason: "disk I/O error".to_owned() }));
        assert_eq!(commits.took.map(|took| took.max), Some(Duration::from_millis(500)));
        assert_eq!(Books::in_memory().commits(), Commits::default());
    }

    #[test]
    fn durations_are_those_of_the_last_commits_alone() {
        let books = Books::on_disk(end(0), None);
        books.committed(WallMs(1), Duration::from_secs(9), end(0));
        for ms in 1..=1_024 {
            books.committed(WallMs(1), Duration::from_millis(ms), end(0));
        }
        let took = books.commits().took.unwrap();
        assert_eq!([took.p50, took.p99, took.max].map(|took| took.as_millis()), [512, 1_014, 1_024]);
        assert_eq!(books.journal().recent.len(), RECENT_MAX);
    }
}
