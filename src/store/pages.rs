//! Whether the pages of a file hang together: SQLite itself finds a damaged one only where it comes by, which may be in the
//! middle of a battle.

use std::path::Path;

use rusqlite::Connection;

use super::fault::StoreFault;

/// Files up to this size are looked at page by page at each start: a fraction of a second.
const WHOLE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes of a file's end that are read before it is looked at: the changes of battles that go on.
const READ_AHEAD_BYTES: u64 = 512 * 1024 * 1024;

/// Has the end of a file on its way from the disk, in its order: a start that finds no page in memory would read it by single
/// pages in the order of keys, which takes many times as long. What cannot be done about that is left out.
pub(super) fn read_ahead(file: &Path) {
    let Ok(opened) = std::fs::File::open(file) else { return };
    let bytes = opened.metadata().map_or(0, |of| of.len());
    let from = bytes.saturating_sub(READ_AHEAD_BYTES);
    if let Err(error) = rustix::fs::fadvise(&opened, from, None, rustix::fs::Advice::WillNeed) {
        tracing::debug!(%error, "the database is not read ahead");
    }
}

/// First and last entry of every table and index, each read by itself: of a larger file, what commits are hung on. The pages in
/// between are looked at when they are read, and by a backup.
const ENDS: [&str; 8] = [
    "SELECT min(kind), max(kind) FROM state",
    "SELECT (SELECT data FROM facts ORDER BY seq LIMIT 1), (SELECT data FROM facts ORDER BY seq DESC LIMIT 1)",
    "SELECT (SELECT hash FROM ledger ORDER BY seq LIMIT 1), (SELECT hash FROM ledger ORDER BY seq DESC LIMIT 1)",
    "SELECT (SELECT key FROM ledger INDEXED BY sqlite_autoindex_ledger_1 ORDER BY battle, key LIMIT 1), \
     (SELECT key FROM ledger INDEXED BY sqlite_autoindex_ledger_1 ORDER BY battle DESC, key DESC LIMIT 1)",
    "SELECT (SELECT battle_seq FROM ledger INDEXED BY ledger_by_number ORDER BY battle, battle_seq LIMIT 1), \
     (SELECT battle_seq FROM ledger INDEXED BY ledger_by_number ORDER BY battle DESC, battle_seq DESC LIMIT 1)",
    "SELECT (SELECT body FROM outbox ORDER BY seq LIMIT 1), (SELECT body FROM outbox ORDER BY seq DESC LIMIT 1)",
    "SELECT (SELECT id FROM outbox INDEXED BY sqlite_autoindex_outbox_1 ORDER BY id LIMIT 1), \
     (SELECT id FROM outbox INDEXED BY sqlite_autoindex_outbox_1 ORDER BY id DESC LIMIT 1)",
    "SELECT name, seq FROM sqlite_sequence",
];

/// Looks at every page, and whether each row stands in every index as it is: a repeated key is found by one.
///
/// # Errors
/// [`StoreFault::Damaged`], or the disk's.
pub(super) fn check(db: &Connection, file: &Path) -> Result<(), StoreFault> {
    integrity(db, file, "1")
}

/// The same of one table and its indexes.
///
/// # Errors
/// [`StoreFault::Damaged`], or the disk's.
pub(super) fn check_table(db: &Connection, file: &Path, table: &str) -> Result<(), StoreFault> {
    integrity(db, file, &format!("'{table}'"))
}

fn integrity(db: &Connection, file: &Path, of: &str) -> Result<(), StoreFault> {
    let said = db.query_row(&format!("PRAGMA integrity_check({of})"), [], |row| row.get::<_, String>(0));
    match said.map_err(|error| StoreFault::of(file, error))?.as_str() {
        "ok" => Ok(()),
        wrong => Err(StoreFault::damaged(file, wrong.replace('\n', "; "))),
    }
}

/// What a start has time for: every page of a small file, the ends of all tables and indexes of a large one.
///
/// # Errors
/// [`StoreFault::Damaged`], or the disk's.
pub(super) fn check_for_start(db: &Connection, file: &Path) -> Result<(), StoreFault> {
    check_up_to(WHOLE_BYTES_MAX, db, file)
}

pub(super) fn check_up_to(whole_bytes_max: u64, db: &Connection, file: &Path) -> Result<(), StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let pages = |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(fault);
    let bytes = u64::try_from(pages("page_count")?.saturating_mul(pages("page_size")?)).unwrap_or(u64::MAX);
    if bytes <= whole_bytes_max {
        return check(db, file);
    }
    for ends in ENDS {
        let mut read = db.prepare(ends).map_err(fault)?;
        let mut rows = read.query([]).map_err(fault)?;
        while rows.next().map_err(fault)?.is_some() {}
    }
    Ok(())
}
