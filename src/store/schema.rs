//! The tables, and how an older file becomes one of today.

use rusqlite::{Connection, TransactionBehavior};

/// In the header of each file of ours: "cstg".
pub(super) const APPLICATION_ID: i32 = 0x6373_7467;

/// What makes version n + 1 of version n, each in a transaction of its own; version 0 is a file without tables. A step
/// that was ever released is never changed: the next one is added.
pub(super) const STEPS: &[&str] = &[VERSION_1, VERSION_2, VERSION_3, VERSION_4];

/// The first version whose rows have prints.
pub(super) const PRINTS_FROM: i32 = 3;

/// The first version that says where its outbox begins and ends, and which keys its battles have had.
pub(super) const ENDS_FROM: i32 = 4;

/// The version of this server's files.
pub(super) fn version() -> i32 {
    version_of(STEPS)
}

fn version_of(steps: &[&str]) -> i32 {
    i32::try_from(steps.len()).expect("a few steps")
}

const VERSION_1: &str = "
-- Rows of the state as it is now (live::kept): lives, connections, battles, seats, counters.
CREATE TABLE state (
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL,
    image TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

-- What happened, but for scores, which are the ledger's; `ledger_seq` is the last row of the ledger before it.
CREATE TABLE facts (
    seq        INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    ledger_seq INTEGER NOT NULL,
    data       TEXT NOT NULL
) STRICT;

-- Every change of scores. `hash` covers all other columns and the row before (store::chain).
CREATE TABLE ledger (
    seq        INTEGER PRIMARY KEY,
    battle     BLOB NOT NULL,
    battle_seq INTEGER NOT NULL,
    key        TEXT NOT NULL,
    op         TEXT NOT NULL,
    scores     TEXT NOT NULL,
    gift_count INTEGER,
    gift_value INTEGER,
    gift_id    TEXT NOT NULL,
    sender_id  TEXT NOT NULL,
    reference  TEXT NOT NULL,
    totals     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    UNIQUE (battle, key)
) STRICT;

-- Webhooks to send, in their order; read by their cursors, pruned behind all of them.
CREATE TABLE outbox (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    id   TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    live TEXT NOT NULL,
    at   INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- One row: where the ledger ends, so that a cut tail shows; the clocks at the last commit (store::time); and which file it
-- is, so that what others have noted of the outbox is never taken for another one's.
CREATE TABLE head (
    only        INTEGER PRIMARY KEY CHECK (only = 1),
    ledger_seq  INTEGER NOT NULL,
    ledger_hash BLOB NOT NULL,
    wall_ms     INTEGER NOT NULL,
    boot_ms     INTEGER NOT NULL,
    boot_id     TEXT NOT NULL,
    store_id    BLOB NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, zeroblob(32), 0, 0, '', randomblob(16));
";

const VERSION_2: &str = "
-- The changes of one battle by their numbers: pages of its ledger, and what a start counts and sums. No number twice.
CREATE UNIQUE INDEX ledger_by_number ON ledger (battle, battle_seq);
";

const VERSION_3: &str = "
-- What stands for the other columns (store::prints), so that a changed bit shows; none in rows that were written before.
ALTER TABLE state ADD COLUMN print INTEGER;
ALTER TABLE head ADD COLUMN print INTEGER;
ALTER TABLE outbox ADD COLUMN print INTEGER;
-- How many rows the state has, and the sum of their prints, so that one that is missing shows.
ALTER TABLE head ADD COLUMN state_rows INTEGER;
ALTER TABLE head ADD COLUMN state_sum INTEGER;
";

const VERSION_4: &str = "
-- Of a battle: the sum of what stands for the keys of its changes, so that one that the index has lost shows.
ALTER TABLE state ADD COLUMN keys INTEGER;
-- Up to which webhook everybody had them, and the last one there ever was, so that those between show when they are missing.
ALTER TABLE head ADD COLUMN outbox_settled INTEGER;
ALTER TABLE head ADD COLUMN outbox_head INTEGER;
";

/// Takes a file through the steps that it has not had, each in one transaction: killed between two, it goes on from there.
pub(super) fn migrate(db: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let from = usize::try_from(user_version(db)?).unwrap_or(usize::MAX);
    for (version, step) in (1_i32..).zip(steps).skip(from) {
        if version > 1 && from > 0 {
            tracing::info!(version, "bringing the database to this version: a long ledger takes some seconds");
        }
        let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
        tracing::info!(version, "database brought to this version");
    }
    Ok(())
}

/// The version that a file says it has.
pub(super) fn user_version(db: &Connection) -> rusqlite::Result<i32> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Tables and indexes, as they were made; but for what is SQLite's own, as what `ANALYZE` leaves: its names begin with
/// `sqlite_`, which no other's may.
pub(super) fn tables(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut read = db.prepare(
        "SELECT name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite#_%' ESCAPE '#' ORDER BY name",
    )?;
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// What [`tables`] says of a file of that version that is whole.
pub(super) fn tables_wanted(version: i32) -> rusqlite::Result<Vec<(String, String)>> {
    let fresh = Connection::open_in_memory()?;
    for step in STEPS.iter().take(usize::try_from(version).unwrap_or(0)) {
        fresh.execute_batch(step)?;
    }
    tables(&fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_file_gets_the_steps_it_has_not_had_and_keeps_what_it_holds() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, STEPS).unwrap();
        db.execute_batch("INSERT INTO state (kind, key, image) VALUES ('live', 'a', '{}')").unwrap();
        let later = [
            VERSION_1,
            VERSION_2,
            VERSION_3,
            VERSION_4,
            "ALTER TABLE state ADD COLUMN note TEXT NOT NULL DEFAULT 'none'",
            "CREATE TABLE more (x)",
        ];
        migrate(&mut db, &later).unwrap();
        assert_eq!(user_version(&db), Ok(6));
        let row = db.query_row("SELECT key, note FROM state", [], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)));
        assert_eq!(row, Ok(("a".to_owned(), "none".to_owned())));
        migrate(&mut db, &later).unwrap();
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db, STEPS).unwrap();
        let before = tables(&db);
        let broken =
            [VERSION_1, VERSION_2, VERSION_3, VERSION_4, "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)"];
        assert!(migrate(&mut db, &broken).is_err());
        assert_eq!((user_version(&db), tables(&db)), (Ok(version()), before));
    }
}
