//! Whether the ledger's indexes say what its rows say: by one a server finds a repeated key, by the other pages of a battle.

use super::super::prints::OTHER_KEYS;
use super::keys::Keys;
use super::{Faults, Reader, whole};

/// Of keys, and of numbers in a battle.
const BY_KEY: &str = "sqlite_autoindex_ledger_1";
const BY_NUMBER: &str = "ledger_by_number";

impl Reader {
    /// Whether both indexes have each of the `rows` rows up to `last`, and the one by which a server finds a repeated key has
    /// those of the rows, which come to `sum`. Each is read entry by entry, which a bare count is not, and once.
    pub(super) fn check_indexes(&self, last: i64, rows: u64, sum: u128, faults: &mut Faults) {
        for (index, read) in [(BY_KEY, self.read_keys(last)), (BY_NUMBER, self.count_numbers(last))] {
            match read {
                Ok((found, _)) if found != rows => faults.add(|| {
                    format!("the index {index} has {found} of {rows} rows: a repeated key may be counted twice; go back to a backup")
                }),
                // Of a row that cannot be read the sum is not known.
                Ok((_, Some(found))) if found != sum && faults.count == 0 => {
                    faults.add(|| format!("{OTHER_KEYS}; go back to a backup"));
                }
                Ok((_, Some(_) | None)) => {}
                Err(error) => faults.add(|| format!("the index {index} cannot be read: {error}; go back to a backup")),
            }
        }
    }

    /// How many keys the index has, and what they come to.
    fn read_keys(&self, last: i64) -> rusqlite::Result<(u64, Option<u128>)> {
        let sql = format!("SELECT battle, key, seq FROM ledger INDEXED BY {BY_KEY} WHERE battle >= x'' AND seq <= ?1");
        let mut read = self.db.prepare(&sql)?;
        let (mut rows, mut keys, mut count, mut sum) = (read.query([last])?, Keys::default(), 0, 0_u128);
        while let Some(row) = rows.next()? {
            let (battle, key) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_str()?);
            sum = sum.wrapping_add(keys.print(battle, key.as_bytes(), row.get(2)?));
            count += 1;
        }
        Ok((count, Some(sum)))
    }

    /// How many rows the index of numbers has.
    fn count_numbers(&self, last: i64) -> rusqlite::Result<(u64, Option<u128>)> {
        let sql = format!("SELECT count(*) FROM ledger INDEXED BY {BY_NUMBER} WHERE battle >= x'' AND seq <= ?1");
        self.db.query_row(&sql, [last], |row| Ok((whole(row.get(0)?), None)))
    }
}
