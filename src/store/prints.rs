//! Whether the index by which a repeated key is found says of a battle what its rows say: a changed bit in it leaves all
//! counts as they are, and the key that it belonged to would be counted a second time.

use std::hash::{DefaultHasher, Hasher};
use std::path::Path;

use rusqlite::Connection;

use super::fault::StoreFault;
use crate::live::BattleId;

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
    /// Adds a key and the number of its row.
    ///
    /// Against a disk's errors, not against an enemy, who could write the rows anew as well: 64 bits of SipHash, so that one
    /// change in 10¹⁹ is passed over. `costage ledger verify` takes more, and more time.
    pub(super) fn add(&mut self, battle: &[u8], key: &[u8], seq: i64) {
        let mut hasher = DefaultHasher::new();
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
