//! What shows a changed bit. The index by which a repeated key is found must say of a battle what its rows say: with another
//! bit in it all counts are as they were, and the key that it belonged to would be counted a second time. And each row of
//! the state must be as it was written: with another bit in it a battle would end at some other time. So must the clocks in the
//! head, by which all of them would; and a webhook that nobody took.

use std::hash::{BuildHasher as _, Hasher as _};
use std::path::Path;

use aws_lc_rs::digest;
use foldhash::quality::FixedState;
use rusqlite::Connection;

use super::chain::Head;
use super::fault::StoreFault;
use super::time::KeptTime;
use crate::engine::outbox_log::OutboxRow;
use crate::live::BattleId;
use crate::live::kept::RowName;

/// What is said where both differ.
pub(super) const OTHER_KEYS: &str =
    "the index of keys has other keys than the rows: a repeated one may be counted twice";

/// Entries that were read, in any order: how many, and the sum of what stands for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Prints {
    /// How many.
    pub(super) count: u64,
    sum: u64,
}

impl Prints {
    /// Adds a key, or another column of an index's, and the number of its row.
    ///
    /// Against a disk's errors, not against an enemy, who could write the rows anew as well: 64 bits of a good hash, so that one
    /// change in 10¹⁹ is passed over. `costage ledger verify` takes more, and more time.
    pub(super) fn add(&mut self, battle: &[u8], key: &[u8], seq: i64) {
        let mut hasher = FixedState::with_seed(1).build_hasher();
        // A battle's id has 16 bytes in every row that was written, so what follows it begins where it ends.
        hasher.write(battle);
        hasher.write(key);
        hasher.write_i64(seq);
        self.count += 1;
        self.sum = self.sum.wrapping_add(hasher.finish());
    }

    /// Adds all that `other` has.
    pub(super) fn append(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// What stands for a row of the state, on disk beside it: of its table, its key and its image, each of the first two ended by a
/// zero, which neither has.
pub(super) fn of_kept(name: &RowName, image: &str) -> i64 {
    of(&[name.table.word().as_bytes(), b"\0", name.key.as_bytes(), b"\0", image.as_bytes()])
}

/// All rows of the state: how many, and the sum of their prints; of those that have none it is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Roll {
    pub(super) rows: i64,
    pub(super) sum: i64,
}

impl Roll {
    /// As it is found.
    pub(super) fn call(db: &Connection) -> rusqlite::Result<Self> {
        let mut read = db.prepare("SELECT print FROM state")?;
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

/// What stands for the head, beside it: of where the ledger ends, of the clocks, and of how many rows the state has.
pub(super) fn of_head(head: Head, time: &KeptTime, roll: Roll) -> i64 {
    let (boot_ms, boot_id) = time.boot.as_ref().map_or((0, ""), |boot| (boot.ms(), &*boot.id));
    let numbers = [head.seq, time.wall.0, boot_ms].map(u64::to_be_bytes);
    let state = [roll.rows, roll.sum].map(i64::to_be_bytes);
    of(&[b"head", &head.hash.0, numbers.as_flattened(), state.as_flattened(), boot_id.as_bytes()])
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

/// What stands for a row of which all columns are in `text`.
pub(super) fn of_row(text: &str) -> i64 {
    of(&[b"row", text.as_bytes()])
}

/// The first 8 bytes of the SHA-256 of all parts.
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
