//! What a start reads back.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::changes;
use super::fault::StoreFault;
use super::keeper::Store;
use crate::live::kept::{Kept, KeptScores, KeptTable, RowName};

impl Store {
    /// What the server before has left. Call it once. The changes of scores of all battles among it are read, over or not: a
    /// request that is sent again gets the same answer after a restart too. The rules bound how many there are
    /// (`live::rules::LEDGER_MAX`); those of battles that the rules have forgotten stay in the ledger alone.
    ///
    /// # Errors
    /// A row that no server wrote, or the disk's.
    pub fn kept(&self) -> Result<Kept, StoreFault> {
        let mut kept = Kept { rows: state(&self.db, &self.file)?, scores: KeptScores::default() };
        let standings = kept.standings().map_err(|row| StoreFault::damaged(&self.file, row.to_string()))?;
        let scored = standings.iter().filter(|standing| standing.ledger_seq > 0);
        kept.scores =
            changes::read(&self.db, &self.file, &scored.map(|standing| *standing.battle.as_bytes()).collect())?;
        Ok(kept)
    }
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
