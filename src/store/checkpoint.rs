//! What SQLite knows of a database's log, and of who else writes there.

use rusqlite::Connection;

/// How far the log reaches, and how much of it is in the file, in frames, as far as SQLite knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) log: i64,
    pub(super) done: i64,
}

impl Checkpoint {
    /// Without making one.
    pub(super) fn of(db: &Connection) -> rusqlite::Result<Self> {
        let mut read = db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        read.query_row([], |row| Ok(Self { log: row.get(1)?, done: row.get(2)? }))
    }

    /// Brings as much of the log into the file as its readers let it.
    ///
    /// # Errors
    /// The disk's; a part may be in the file then.
    pub(super) fn make(db: &Connection) -> rusqlite::Result<()> {
        db.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row([], |_| Ok(()))
    }

    /// Whether it is time to.
    pub(super) fn is_due(self) -> bool {
        self.log >= FRAMES_MAX && self.done < self.log
    }
}

/// Frames of a log that is long: as many as SQLite, left to itself, waits for.
const FRAMES_MAX: i64 = 1_000;

/// SQLite begins no checkpoint by itself: who has the database open does, and knows when it has.
pub(super) fn by_hand(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "wal_autocheckpoint", 0)
}

/// Another number after others have written (<https://www.sqlite.org/pragma.html#pragma_data_version>).
pub(super) fn data_version(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
