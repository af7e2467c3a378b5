//! The head: the one row that says where the ledger ends, and what the clocks were at the last commit.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};

use super::chain::{Hash, Head};
use super::changes::Chain;
use super::columns::{COLUMNS, Columns};
use super::fault::StoreFault;
use super::prints::{self, Roll};
use super::schema;
use super::time::{Boot, KeptTime};
use crate::engine::outbox_log::OutboxEnds;
use crate::live::WallMs;

/// Where the ledger ends, as the head says, and the clocks of the last commit.
pub(super) fn read(db: &Connection) -> rusqlite::Result<(Head, KeptTime)> {
    let sql = "SELECT ledger_seq, ledger_hash, wall_ms, boot_ms, boot_id FROM head";
    db.query_row(sql, [], |row| {
        let whole = |index| Ok::<_, rusqlite::Error>(u64::try_from(row.get::<_, i64>(index)?).unwrap_or(0));
        let id: String = row.get(4)?;
        let ms = whole(3)?;
        let boot = (!id.is_empty()).then(|| Boot { id: id.into(), time: Duration::from_millis(ms) });
        let head = Head { seq: whole(0)?, hash: Hash(row.get(1)?) };
        Ok((head, KeptTime { wall: WallMs(whole(2)?), boot }))
    })
}

/// What it comes to, as it was written; a server of an earlier version wrote nothing.
pub(super) fn print(db: &Connection) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT print FROM head")?.query_row([], |row| row.get(0))
}

/// Between which numbers the outbox has events, as the head says; a server of an earlier version did not.
pub(super) fn outbox_ends(db: &Connection) -> rusqlite::Result<Option<OutboxEnds>> {
    if schema::user_version(db)? < schema::ENDS_FROM {
        return Ok(None);
    }
    let sql = "SELECT outbox_settled, outbox_head FROM head WHERE outbox_settled NOT NULL AND outbox_head NOT NULL";
    db.prepare_cached(sql)?.query_row([], |row| Ok(OutboxEnds { settled: row.get(0)?, head: row.get(1)? })).optional()
}

/// Whether the head is as it was written, and the state has all rows that it names. One that a server before this check wrote
/// is not known to be.
pub(super) fn check(db: &Connection, file: &Path) -> Result<(), StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let sql = "SELECT print, state_rows, state_sum FROM head WHERE print IS NOT NULL";
    let kept = db.query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, Roll { rows: row.get(1)?, sum: row.get(2)? })));
    let Some((print, roll)) = kept.optional().map_err(fault)? else { return Ok(()) };
    let (head, time) = read(db).map_err(fault)?;
    let damaged = |reason: &str| Err(StoreFault::damaged(file, reason));
    let ends = outbox_ends(db).map_err(fault)?;
    if print != prints::of_head(head, &time, roll, ends) {
        return damaged("its head, with the clocks of the last commit, is not as it was written");
    }
    let found = Roll::call(db, "state").map_err(fault)?;
    if found.rows != roll.rows {
        return damaged(&format!("it keeps {} lives, battles and so on instead of {}", found.rows, roll.rows));
    }
    if found.sum != roll.sum {
        return damaged("a live, a battle or the like that it keeps is not the one that was written");
    }
    Ok(())
}

/// Whether a ledger of so many rows is the one that the head names.
pub(super) fn check_rows(file: &Path, rows: u64, head: Head) -> Result<(), StoreFault> {
    let reason = || format!("the ledger has {rows} rows, its head names row {}", head.seq);
    if rows == head.seq { Ok(()) } else { Err(StoreFault::damaged(file, reason())) }
}

/// Whether the last row is the one that the head names, and hangs on the one before.
pub(super) fn check_end(db: &Connection, file: &Path, head: Head) -> Result<(), StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let mut read = db.prepare(&format!("SELECT {COLUMNS} FROM ledger ORDER BY seq DESC LIMIT 1")).map_err(fault)?;
    let mut rows = read.query([]).map_err(fault)?;
    let damaged = |reason| Err(StoreFault::damaged(file, reason));
    let Some(row) = rows.next().map_err(fault)? else {
        let whole = head == Head::START;
        return if whole { Ok(()) } else { damaged(format!("the ledger is empty, its head names row {}", head.seq)) };
    };
    let (columns, hash) = Columns::read(row).map_err(fault)?;
    let seq = u64::try_from(columns.seq).unwrap_or(0);
    if seq != head.seq {
        return damaged(format!("the ledger's last row is {seq}, its head names row {}", head.seq));
    }
    if hash != head.hash {
        return damaged(format!("row {seq} of the ledger, the last one, has another hash than its head says"));
    }
    Chain::default().check(db, file, &columns, hash)
}
