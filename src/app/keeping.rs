//! What outlives a restart: the store of `data_dir` and the server's time, or neither.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;

use super::clock::{LineClock, boot_clock};
use super::config::Config;
use super::{signing, webhooks};
use crate::engine::{Books, Clock, Journal, LogFault, StoreId};
use crate::live::{Seed, Snapshot, WallMs};
use crate::store::{MemoryOutbox, Moment, Store, StoreFault, Telling, room};

/// What the control thread begins with.
pub(super) struct Keeping {
    /// Where facts go.
    pub(super) journal: Box<dyn Journal>,
    /// What the server before has left.
    pub(super) snapshot: Option<Snapshot>,
    /// The server's time, which goes on where anybody counts down on it.
    pub(super) clock: Arc<dyn Clock>,
    /// What operators are told of it.
    pub(super) books: Arc<Books>,
    /// Events for backends, and how far they have got.
    pub(super) webhooks: webhooks::Kept,
}

/// Says first that the disk is full, where a start has failed for that: SQLite calls it an I/O error as often as not.
pub(super) fn of_room(config: &Config, error: anyhow::Error) -> anyhow::Error {
    let of_disk = error.downcast_ref::<StoreFault>().is_some_and(StoreFault::may_be_of_room)
        || error.downcast_ref::<LogFault>().is_some();
    match config.data_path() {
        Some(path) if of_disk && room::is_full(path) => error.context(format!(
            "the disk of {} is full: make room on it and start again, or name another directory by `data_dir`; what was kept is \
             as it was",
            path.display()
        )),
        Some(_) | None => error,
    }
}

/// Opens the data directory, or begins with nothing; says which.
///
/// # Errors
/// See [`crate::store::StoreFault`], and a row that this server cannot read.
pub(super) fn open(config: &Config, clock: &Arc<dyn Clock>, seed: Seed) -> anyhow::Result<Keeping> {
    let Some(path) = config.data_path() else {
        tracing::info!("nothing is kept: lives, battles and scores end with this process");
        let outbox = MemoryOutbox::new(StoreId(signing::bytes()?));
        let webhooks = webhooks::in_memory(&outbox)?;
        let journal = Box::new(Telling(outbox));
        let books = Arc::new(Books::in_memory());
        return Ok(Keeping { journal, snapshot: None, clock: Arc::clone(clock), books, webhooks });
    };
    let begun = clock.now();
    let (own, boot) = (Arc::clone(clock), boot_clock());
    let clocks = move || Moment { now: own.now(), wall: WallMs(own.wall_ms()), boot: boot() };
    let mut store = Store::open(path, Box::new(clocks))?;
    let unreadable = || {
        let file = path.join(webhooks::MAIN_FILE);
        format!(
            "{} cannot be gone on from: use the costage that wrote it, or put a backup in its place (without costage.db-wal, \
             costage.db-shm and costage.head); `costage ledger verify` says what is whole",
            file.display()
        )
    };
    let snapshot = store.kept()?.snapshot(seed).with_context(unreadable)?;
    let counts_down = snapshot.counts_down();
    // Looked at before anything is written: a start that is refused for it leaves both files as they are.
    let webhooks = webhooks::in_directory(path, &store)?;
    let line = store.timeline(counts_down)?;
    let (lives, connections, running) = snapshot.counts();
    let took = clock.now().saturating_duration_since(begun);
    tracing::info!(
        data_dir = %path.display(),
        lives,
        connections,
        battles_running = running,
        ledger_head = %store.head(),
        took_ms = took.as_millis(),
        "kept state restored"
    );
    let system = WallMs(clock.wall_ms());
    let apart = line.wall(clock.now()).0.abs_diff(system.0);
    if Duration::from_millis(apart) >= CLOCKS_APART {
        tracing::warn!(
            seconds = apart / 1_000,
            "the system's clock was set since the last run: battles go on in the time they were counted down in"
        );
    }
    if room::is_full(path) {
        tracing::error!(
            data_dir = %path.display(),
            "the disk is full: whatever would change anything is answered 503 until there is room on it"
        );
    }
    let books = store.books();
    Ok(Keeping {
        journal: Box::new(store),
        snapshot: Some(snapshot),
        clock: Arc::new(LineClock::new(Arc::clone(clock), line)),
        books,
        webhooks,
    })
}

/// From here on a difference between the server's time and the system's is worth a word.
const CLOCKS_APART: Duration = Duration::from_secs(2);
