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

    /// Whether a commit that left it so may have begun a checkpoint, however far that came: a full disk ends one half-way.
    pub(super) fn is_due(self) -> bool {
        self.log >= FRAMES_MAX
    }
}

/// Frames of the log with which a commit begins a checkpoint: SQLite's default, which stands explicitly because of what follows
/// from it ([`Checkpoint::is_due`]).
pub(super) const FRAMES_MAX: i64 = 1_000;

/// Another number after others have written (<https://www.sqlite.org/pragma.html#pragma_data_version>).
pub(super) fn data_version(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
