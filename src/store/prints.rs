//! What shows a changed bit. The index by which a repeated key is found must say of a battle what its rows say: with another
//! bit in it all counts are as they were, and the key that it belonged to would be counted a second time, or refused as new. And each row of
//! the state must be as it was written: with another bit in it a battle would end at some other time. So must the clocks in the
//! head, by which all of them would; and a webhook that nobody took.

use std::path::Path;

use aws_lc_rs::digest;
use rusqlite::Connection;

use super::chain::Head;
use super::fault::StoreFault;
use super::time::KeptTime;
use crate::engine::outbox_log::{OutboxEnds, OutboxRow};
use crate::live::BattleId;
use crate::live::kept::RowName;

/// What is said where both differ.
pub(super) const OTHER_KEYS: &str =
    "the index of keys has other keys than the rows: a repeated one may be counted twice";

/// And of the index by which pages of a battle's ledger are read.
pub(super) const OTHER_NUMBERS: &str =
    "the index ledger_by_number has other numbers than the rows: pages of a battle's ledger would show other changes";

/// Entries that were read, in any order: how many, and the sum of what stands for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Prints {
    /// How many.
    pub(super) count: u64,
    /// As [`of_key`] says of each.
    pub(super) sum: i64,
}

impl Prints {
    /// Adds a key, or another column of an index's, and the number of its row.
    pub(super) fn add(&mut self, battle: &[u8], key: &[u8], seq: i64) {
        self.append(Self { count: 1, sum: of_key(battle, key, seq) });
    }

    /// Adds all that `other` has.
    pub(super) fn append(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// What stands for an entry of an index: a battle's id, which has 16 bytes, so that what follows it begins where it ends; its key
/// there; and the number of its row.
pub(super) fn of_key(battle: &[u8], key: &[u8], seq: i64) -> i64 {
    of(&[battle, key, &seq.to_be_bytes()])
}

/// What stands for a row of the state, on disk beside it: of its table, its key, its image, and the sum of the keys that a battle
/// has had, where that is known; each text ended by a zero, which none has, but for the last one.
pub(super) fn of_kept(name: &RowName, image: &str, keys: Option<i64>) -> i64 {
    let [table, key] = [name.table.word(), &name.key].map(str::as_bytes);
    let keys = keys.map(i64::to_be_bytes);
    let keys = keys.as_ref().map_or([&b""[..], b""], |sum| [b"\0", sum]);
    of(&[table, b"\0", key, b"\0", image.as_bytes(), keys[0], keys[1]])
}

/// All rows of a table: how many, and the sum of their prints; of those that have none it is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Roll {
    pub(super) rows: i64,
    pub(super) sum: i64,
}

impl Roll {
    /// As it is found.
    pub(super) fn call(db: &Connection, table: &str) -> rusqlite::Result<Self> {
        let mut read = db.prepare(&format!("SELECT print FROM {table}"))?;
        let mut rows = read.query([])?;
        let mut roll = Self::default();
        while let Some(row) = rows.next()? {
            roll.add(row.get(0)?);
        }
        Ok(roll)
    }

    pub(super) fn add(&mut self, print: Option<i64>) {
        *self = Self { rows: self.rows + 1, sum: self.sum.wrapping_add(print.unwrap_or(0)) };
    }

    pub(super) fn remove(&mut self, print: Option<i64>) {
        *self = Self { rows: self.rows - 1, sum: self.sum.wrapping_sub(print.unwrap_or(0)) };
    }
}

/// What stands for the head, beside it: of where the ledger ends, of the clocks, of how many rows the state has, and of where the
/// outbox begins and ends, where that is known.
pub(super) fn of_head(head: Head, time: &KeptTime, roll: Roll, outbox: Option<OutboxEnds>) -> i64 {
    let (boot_ms, boot_id) = time.boot.as_ref().map_or((0, ""), |boot| (boot.ms(), &*boot.id));
    let numbers = [head.seq, time.wall.0, boot_ms].map(u64::to_be_bytes);
    let state = [roll.rows, roll.sum].map(i64::to_be_bytes);
    let outbox = outbox.map(|OutboxEnds { settled, head }| [settled, head].map(u64::to_be_bytes));
    let outbox = outbox.as_ref().map_or(&b""[..], |ends| ends.as_flattened());
    of(&[b"head", &head.hash.0, numbers.as_flattened(), state.as_flattened(), outbox, boot_id.as_bytes()])
}

/// What stands for a webhook, beside it: of all that is known of it before it is sent.
pub(super) fn of_event(row: &OutboxRow) -> i64 {
    let numbers = [row.seq, row.at.0].map(u64::to_be_bytes);
    let [id, kind, live] = [&row.id, &row.kind, &row.live].map(|text| text.as_bytes());
    of(&[b"webhook", numbers.as_flattened(), id, b"\0", kind, b"\0", live, b"\0", row.body.as_bytes()])
}

/// What stands for one that nobody took: also of who was to have it.
pub(super) fn of_letter(endpoint: &str, row: &OutboxRow) -> i64 {
    of(&[endpoint.as_bytes(), b"\0", &of_event(row).to_be_bytes()])
}

/// What stands for the head of `webhooks.db`, beside it.
pub(super) fn of_deliveries(id: &[u8; 16], durable: u64, endpoints: Roll, letters: Roll) -> i64 {
    let rolls = [endpoints.rows, endpoints.sum, letters.rows, letters.sum].map(i64::to_be_bytes);
    of(&[b"deliveries", id, &durable.to_be_bytes(), rolls.as_flattened()])
}

/// What stands for a row of which all columns are in `text`.
pub(super) fn of_row(text: &str) -> i64 {
    of(&[b"row", text.as_bytes()])
}

/// The first 8 bytes of the SHA-256 of all parts: against a disk's errors, not against an enemy, who could write all of it anew.
/// One change in 10¹⁹ is passed over.
fn of(parts: &[&[u8]]) -> i64 {
    let mut hash = digest::Context::new(&digest::SHA256);
    parts.iter().for_each(|part| hash.update(part));
    let hash = hash.finish();
    hash.as_ref().iter().take(8).fold(0, |print: i64, byte| print << 8 | i64::from(*byte))
}

/// A battle's keys, as the index has them.
///
/// # Errors
/// What no server wrote, or the disk's.
pub(super) fn by_index(db: &Connection, file: &Path, battle: BattleId) -> Result<Prints, StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let sql = "SELECT battle, key, seq FROM ledger INDEXED BY sqlite_autoindex_ledger_1 WHERE battle = ?1";
    let mut read = db.prepare_cached(sql).map_err(fault)?;
    let mut rows = read.query([battle.as_bytes()]).map_err(fault)?;
    let mut prints = Prints::default();
    while let Some(row) = rows.next().map_err(fault)? {
        let bytes = |index| row.get_ref(index).and_then(|value| Ok(value.as_bytes()?)).map_err(fault);
        prints.add(bytes(0)?, bytes(1)?, row.get(2).map_err(fault)?);
    }
    Ok(prints)
}
