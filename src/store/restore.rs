//! What a start reads back.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::changes;
use super::fault::StoreFault;
use super::keeper::Store;
use super::{prints, schema};
use crate::live::kept::{Kept, KeptTable, RowName};

impl Store {
    /// What the server before has left. Call it once. Changes of scores stay on disk, where the rules find them
    /// ([`Journal::recall`](crate::engine::journal::Journal::recall)); of battles that go on it is summed who gave what, and their keys
    /// are those that the index has, by which a repeated request is found.
    ///
    /// # Errors
    /// A row that no server wrote, or the disk's.
    pub fn kept(&self) -> Result<Kept, StoreFault> {
        kept(&self.db, &self.file)
    }
}

/// See [`Store::kept`]; also of a file of an older version, which it leaves as it is.
pub(super) fn kept(db: &Connection, file: &Path) -> Result<Kept, StoreFault> {
    let mut kept = Kept { rows: state(db, file)?, given: BTreeMap::new() };
    let standings = kept.standings().map_err(|row| StoreFault::damaged(file, row.to_string()))?;
    standings.iter().try_for_each(|standing| changes::check(db, file, standing))?;
    let running = standings.iter().filter(|standing| standing.running);
    let running: Vec<_> = running.map(|standing| (standing.battle, standing.ledger_seq)).collect();
    kept.given = changes::given(db, file, &running)?.into_iter().collect();
    Ok(kept)
}

/// Every row of the state.
pub(super) fn state(db: &Connection, file: &Path) -> Result<BTreeMap<RowName, String>, StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let print = if schema::user_version(db).map_err(fault)? < schema::PRINTS_FROM { "NULL" } else { "print" };
    let mut read = db.prepare(&format!("SELECT kind, key, image, {print} FROM state")).map_err(fault)?;
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).map_err(fault)?;
    rows.map(|row| {
        let (kind, key, image, print): (String, String, String, Option<i64>) = row.map_err(fault)?;
        let unknown = || StoreFault::damaged(file, format!("it keeps a {kind:?}, which is nothing that is kept"));
        let table = KeptTable::of_word(&kind).ok_or_else(unknown)?;
        let name = RowName { table, key };
        if print.is_some_and(|print| print != prints::of_kept(&name, &image)) {
            let reason = format!("the {kind} {:?} that it keeps is not as it was written", name.key);
            return Err(StoreFault::damaged(file, reason));
        }
        Ok((name, image))
    })
    .collect()
}
