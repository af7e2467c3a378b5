//! What SQLite knows of a database's log, and of who else writes there.

use rusqlite::Connection;

/// How far the log reaches, and how much of it is in the file, in frames, as far as SQLite knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checkpoint {
    log: i64,
    done: i64,
}

impl Checkpoint {
    /// Without making one.
    pub(super) fn of(db: &Connection) -> rusqlite::Result<Self> {
        let mut read = db.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
        read.query_row([], |row| Ok(Self { log: row.get(1)?, done: row.get(2)? }))
    }

    /// Bytes of the log (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>): 32, then a page behind 24 bytes each.
    pub(super) fn log_bytes(self, page_bytes: u64) -> u64 {
        let frames = u64::try_from(self.log).unwrap_or(0);
        if frames == 0 { 0 } else { 32 + frames * (24 + page_bytes) }
    }
}

/// Another number after others have written (<https://www.sqlite.org/pragma.html#pragma_data_version>).
pub(super) fn data_version(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
