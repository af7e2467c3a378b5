//! What a start reads back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::Connection;

use super::changes;
use super::fault::StoreFault;
use super::keeper::Store;
use crate::live::BattleId;
use crate::live::kept::{Kept, KeptTable, RowName, Standing};

/// Changes of scores of battles that are over that a start reads, so that it takes no longer with a long ledger. Battles
/// that ended before those are forgotten, as the rules forget them in time; their changes stay in the ledger. Of battles
/// that go on all changes are read.
pub(super) const ENDED_SCORES_MAX: u64 = 100_000;

impl Store {
    /// What the server before has left. Call it once.
    ///
    /// # Errors
    /// A row that no server wrote, or the disk's.
    pub fn kept(&mut self) -> Result<Kept, StoreFault> {
        let mut kept = Kept { rows: state(&self.db, &self.file)?, scores: Vec::new() };
        let standings = kept.standings().map_err(|row| StoreFault::damaged(&self.file, row.to_string()))?;
        let mut left = ENDED_SCORES_MAX;
        let (mut wanted, mut forgotten) = (BTreeSet::new(), BTreeSet::new());
        for Standing { battle, over, ledger_seq, .. } in standings {
            if over {
                let fits = left.checked_sub(ledger_seq);
                // From the first that does not fit on: what is forgotten is older than all that is not.
                left = fits.unwrap_or(0);
                if fits.is_none() {
                    forgotten.insert(battle);
                    continue;
                }
            }
            if ledger_seq > 0 {
                wanted.insert(*battle.as_bytes());
            }
        }
        kept.scores = changes::read(&self.db, &self.file, &wanted)?;
        self.forgotten = forget(&mut kept, &forgotten);
        Ok(kept)
    }
}

/// Takes these battles out of what is kept; the rows that they had.
fn forget(kept: &mut Kept, battles: &BTreeSet<BattleId>) -> Vec<RowName> {
    let mut gone = Vec::new();
    kept.rows.retain(|name, image| {
        let text = match name.table {
            KeptTable::Battles => &name.key,
            KeptTable::Ended => image.trim_matches('"'),
            KeptTable::Lives
            | KeptTable::Connections
            | KeptTable::Seats
            | KeptTable::Guests
            | KeptTable::Closed
            | KeptTable::Counters => return true,
        };
        let stays = BattleId::parse(text).map_or(true, |battle| !battles.contains(&battle));
        if !stays {
            gone.push(name.clone());
        }
        stays
    });
    gone
}

/// Every row of the state.
pub(super) fn state(db: &Connection, file: &Path) -> Result<BTreeMap<RowName, String>, StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let mut read = db.prepare("SELECT kind, key, image FROM state").map_err(fault)?;
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(fault)?;
    rows.map(|row| {
        let (kind, key, image): (String, String, String) = row.map_err(fault)?;
        let unknown = || StoreFault::damaged(file, format!("it keeps a {kind:?}, which is nothing that is kept"));
        let table = KeptTable::of_word(&kind).ok_or_else(unknown)?;
        Ok((RowName { table, key }, image))
    })
    .collect()
}
