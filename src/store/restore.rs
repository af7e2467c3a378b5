//! What a start reads back.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::changes;
use super::fault::StoreFault;
use super::keeper::Store;
use super::{prints, schema, sums};
use crate::live::BattleId;
use crate::live::kept::{Kept, KeptTable, RowName};

impl Store {
    /// What the server before has left. Call it once. Changes of scores stay on disk, where the rules find them
    /// ([`Journal::recall`](crate::engine::journal::Journal::recall)); of battles that go on it is summed who gave what, and the keys of all
    /// are those that the index has, by which a repeated request is found.
    ///
    /// # Errors
    /// A row that no server wrote, or the disk's.
    pub fn kept(&mut self) -> Result<Kept, StoreFault> {
        let (kept, keys) = kept(&self.db, &self.file)?;
        self.keys = keys;
        Ok(kept)
    }
}

/// See [`Store::kept`]; also of a file of an older version, which it leaves as it is. And what the keys of battles come to.
pub(super) fn kept(db: &Connection, file: &Path) -> Result<(Kept, BTreeMap<BattleId, i64>), StoreFault> {
    let State { rows, keys } = state(db, file)?;
    let mut kept = Kept { rows, given: BTreeMap::new() };
    let standings = kept.standings().map_err(|row| StoreFault::damaged(file, row.to_string()))?;
    standings.iter().try_for_each(|standing| changes::check(db, file, standing))?;
    let sums::Read { given, keys } = sums::read(db, file, &standings, &keys)?;
    kept.given = given;
    Ok((kept, keys))
}

/// Every row of the state, and what the keys of battles came to when theirs were written.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) rows: BTreeMap<RowName, String>,
    keys: BTreeMap<BattleId, i64>,
}

/// As it is on disk.
pub(super) fn state(db: &Connection, file: &Path) -> Result<State, StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let version = schema::user_version(db).map_err(fault)?;
    let since = |from, column| if version < from { "NULL" } else { column };
    let (print, keys) = (since(schema::PRINTS_FROM, "print"), since(schema::ENDS_FROM, "keys"));
    let mut read = db.prepare(&format!("SELECT kind, key, image, {print}, {keys} FROM state")).map_err(fault)?;
    let mut rows = read.query([]).map_err(fault)?;
    let mut state = State::default();
    while let Some(row) = rows.next().map_err(fault)? {
        let columns = || Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
        let (kind, key, image, print, keys): (String, String, String, Option<i64>, Option<i64>) =
            columns().map_err(fault)?;
        let unknown = || StoreFault::damaged(file, format!("it keeps a {kind:?}, which is nothing that is kept"));
        let table = KeptTable::of_word(&kind).ok_or_else(unknown)?;
        let name = RowName { table, key };
        if print.is_some_and(|print| print != prints::of_kept(&name, &image, keys)) {
            let reason = format!("the {kind} {:?} that it keeps is not as it was written", name.key);
            return Err(StoreFault::damaged(file, reason));
        }
        state.keys.extend(name.battle().zip(keys));
        state.rows.insert(name, image);
    }
    Ok(state)
}
