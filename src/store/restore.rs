//! What a start reads back.

use rusqlite::Connection;

use super::columns::{COLUMNS, Columns};
use super::fault::StoreFault;
use super::keeper::Store;
use crate::live::BattleId;
use crate::live::kept::{Kept, KeptScore, KeptTable, RowName};

/// Changes of scores of battles that are over that a start reads, so that it takes no longer with a long ledger; repeated
/// requests for older ones are answered that the battle is not known. Those of battles that go on are all read.
pub(super) const ENDED_SCORES_MAX: u64 = 100_000;

impl Store {
    /// What the server before has left.
    ///
    /// # Errors
    /// A row that no server wrote, or the disk's.
    pub fn kept(&self) -> Result<Kept, StoreFault> {
        let mut kept = Kept { rows: state(&self.db, &self.file)?, scores: Vec::new() };
        let standings = kept.standings().map_err(|row| StoreFault::damaged(&self.file, row.to_string()))?;
        let mut left = ENDED_SCORES_MAX;
        for standing in standings.iter().filter(|standing| standing.ledger_seq > 0) {
            if standing.over {
                let Some(after) = left.checked_sub(standing.ledger_seq) else { break };
                left = after;
            }
            scores(&self.db, &self.file, standing.battle, &mut kept.scores)?;
        }
        Ok(kept)
    }
}

/// Every row of the state.
pub(super) fn state(
    db: &Connection,
    file: &std::path::Path,
) -> Result<std::collections::BTreeMap<RowName, String>, StoreFault> {
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

/// All changes of scores of a battle, behind `scores`.
fn scores(
    db: &Connection,
    file: &std::path::Path,
    battle: BattleId,
    scores: &mut Vec<KeptScore>,
) -> Result<(), StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let sql = format!("SELECT {COLUMNS} FROM ledger WHERE battle = ?1");
    let mut read = db.prepare_cached(&sql).map_err(fault)?;
    let mut rows = read.query([battle.as_bytes()]).map_err(fault)?;
    while let Some(row) = rows.next().map_err(fault)? {
        let (columns, _) = Columns::read(row).map_err(fault)?;
        let unread = |reason| StoreFault::damaged(file, format!("row {} of the ledger: {reason}", columns.seq));
        scores.push(columns.score().map_err(unread)?);
    }
    Ok(())
}
