//! Whether the ledger's indexes say what its rows say: by one a server finds a repeated key, by the other pages of a battle.

use super::super::prints::{OTHER_KEYS, OTHER_NUMBERS, Prints};
use super::keys::Keys;
use super::{Faults, Reader};

/// Of keys, and of numbers in a battle.
const BY_KEY: &str = "sqlite_autoindex_ledger_1";
const BY_NUMBER: &str = "ledger_by_number";

impl Reader {
    /// Whether both indexes have each of the `rows` rows up to `last`: the keys, which come to `keys`, and the `numbers` in
    /// their battles. Each is read entry by entry, which a bare count is not, and once.
    pub(super) fn check_indexes(&self, last: i64, rows: u64, keys: u128, numbers: Prints, faults: &mut Faults) {
        // Of a row that cannot be read no sum is known.
        let comparable = faults.count == 0;
        let by_key = self.read_keys(last).map(|(count, sum)| (count, sum == keys));
        let by_number = self.read_numbers(last).map(|found| (found.count, found == numbers));
        for (index, read, other) in [(BY_KEY, by_key, OTHER_KEYS), (BY_NUMBER, by_number, OTHER_NUMBERS)] {
            match read {
                Ok((found, _)) if found != rows => faults.add(|| {
                    format!("the index {index} has {found} of {rows} rows: a repeated key may be counted twice; go back to a backup")
                }),
                Ok((_, false)) if comparable => faults.add(|| format!("{other}; go back to a backup")),
                Ok(_) => {}
                Err(error) => faults.add(|| format!("the index {index} cannot be read: {error}; go back to a backup")),
            }
        }
    }

    /// How many keys the index has, and what they come to.
    fn read_keys(&self, last: i64) -> rusqlite::Result<(u64, u128)> {
        let sql = format!("SELECT battle, key, seq FROM ledger INDEXED BY {BY_KEY} WHERE battle >= x'' AND seq <= ?1");
        let mut read = self.db.prepare(&sql)?;
        let (mut rows, mut keys, mut count, mut sum) = (read.query([last])?, Keys::default(), 0, 0_u128);
        while let Some(row) = rows.next()? {
            let (battle, key) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_str()?);
            sum = sum.wrapping_add(keys.print(battle, key.as_bytes(), row.get(2)?));
            count += 1;
        }
        Ok((count, sum))
    }

    /// The numbers that the index has.
    fn read_numbers(&self, last: i64) -> rusqlite::Result<Prints> {
        let sql = format!(
            "SELECT battle, battle_seq, seq FROM ledger INDEXED BY {BY_NUMBER} WHERE battle >= x'' AND seq <= ?1"
        );
        let mut read = self.db.prepare(&sql)?;
        let (mut rows, mut prints) = (read.query([last])?, Prints::default());
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(1)?;
            prints.add(row.get_ref(0)?.as_blob()?, &number.to_be_bytes(), row.get(2)?);
        }
        Ok(prints)
    }
}
