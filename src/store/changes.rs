//! Changes of scores read back, for the rules while the server runs, and looked at when it starts.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, Params, params};

use super::chain::{Hash, Linker};
use super::columns::{COLUMNS, Columns, Users};
use super::fault::StoreFault;
use super::prints::{OTHER_KEYS, OTHER_NUMBERS};
use super::write::number;
use crate::live::kept::Standing;
use crate::live::{BattleId, Booked, ScoreKey};

/// The change that was made with this key, if there was one.
///
/// # Errors
/// A row that no server wrote, or the disk's.
pub(super) fn by_key(
    db: &Connection,
    file: &Path,
    battle: BattleId,
    key: &ScoreKey,
) -> Result<Vec<Arc<Booked>>, StoreFault> {
    let found = booked(db, file, "battle = ?1 AND key = ?2", params![battle.as_bytes(), key.as_str()])?;
    let is_asked = |it: &Arc<Booked>| it.battle() == battle && it.key() == key;
    if found.iter().all(is_asked) { Ok(found) } else { Err(StoreFault::damaged(file, OTHER_KEYS)) }
}

/// The changes of a battle that have these numbers, in their order.
///
/// # Errors
/// As [`by_key`].
pub(super) fn by_numbers(
    db: &Connection,
    file: &Path,
    battle: BattleId,
    numbers: &RangeInclusive<u64>,
) -> Result<Vec<Arc<Booked>>, StoreFault> {
    let (first, last) = (number(*numbers.start()), number(*numbers.end()));
    let these = "battle = ?1 AND battle_seq BETWEEN ?2 AND ?3";
    let mut found = booked(db, file, these, params![battle.as_bytes(), first, last])?;
    found.sort_by_key(|it| it.ledger_seq());
    let is_asked = |it: &Arc<Booked>| it.battle() == battle && numbers.contains(&it.ledger_seq());
    if found.iter().all(is_asked) { Ok(found) } else { Err(StoreFault::damaged(file, OTHER_NUMBERS)) }
}

fn booked(db: &Connection, file: &Path, which: &str, with: impl Params) -> Result<Vec<Arc<Booked>>, StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let mut find = db.prepare_cached(&select(which)).map_err(fault)?;
    let mut rows = find.query(with).map_err(fault)?;
    let (mut found, mut users, mut chain) = (Vec::new(), Users::default(), Chain::default());
    while let Some(row) = rows.next().map_err(fault)? {
        let (columns, hash) = Columns::read(row).map_err(fault)?;
        chain.check(db, file, &columns, hash)?;
        found.push(Arc::new(columns.booked(&mut users).map_err(|reason| unread(file, columns.seq, &reason))?));
    }
    Ok(found)
}

/// Reads rows that an index finds, each column from the row itself: an index that has another bit says nothing of it.
pub(super) fn select(which: &str) -> String {
    format!("SELECT {COLUMNS} FROM (SELECT seq AS found FROM ledger WHERE {which}) CROSS JOIN ledger ON seq = found")
}

pub(super) fn unread(file: &Path, seq: i64, reason: &str) -> StoreFault {
    StoreFault::damaged(file, format!("row {seq} of the ledger: {reason}"))
}

/// Whether the ledger has what a kept battle has had: by the numbers of its changes, and with its points in the last row.
///
/// # Errors
/// [`StoreFault::Damaged`] when not, or the disk's.
pub(super) fn check(db: &Connection, file: &Path, standing: &Standing) -> Result<(), StoreFault> {
    let Standing { battle, ledger_seq, scores, .. } = standing;
    let damaged = |reason| Err(StoreFault::damaged(file, reason));
    let found = count(db, file, *battle)?;
    if found != Ok(*ledger_seq) {
        let found = found.map_or_else(|reason| reason, |count| count.to_string());
        return damaged(format!("battle {battle} has had {ledger_seq} changes of its scores, the ledger has {found}"));
    }
    if *ledger_seq == 0 {
        return Ok(());
    }
    let last = by_numbers(db, file, *battle, &(*ledger_seq..=*ledger_seq))?;
    let is_kept = |last: &Arc<Booked>| last.totals().eq(scores.iter().map(|(user, points)| (user, *points)));
    match last.first() {
        Some(last) if is_kept(last) => Ok(()),
        Some(_) | None => {
            damaged(format!("the points of battle {battle} are not those of its last change in the ledger"))
        }
    }
}

/// How many changes a battle has had, when their numbers are 1 and up without a gap; what is there otherwise.
///
/// # Errors
/// The disk's.
pub(super) fn count(db: &Connection, file: &Path, battle: BattleId) -> Result<Result<u64, String>, StoreFault> {
    let sql = "SELECT count(*), min(battle_seq), max(battle_seq) FROM ledger WHERE battle = ?1";
    let ends = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?));
    let found = db.prepare_cached(sql).and_then(|mut count| count.query_row([battle.as_bytes()], ends));
    let (count, first, last): (i64, Option<i64>, Option<i64>) = found.map_err(|error| StoreFault::of(file, error))?;
    let whole = first.unwrap_or(1) == 1 && last.unwrap_or(0) == count;
    let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
    Ok(u64::try_from(count).ok().filter(|_| whole).ok_or_else(|| format!("{count}, numbered {first} to {last}")))
}

/// Whether rows are as they were written, each by the hash of the one before: what has another bit is neither summed nor
/// answered. Whether all of them are there, and none was written anew with all behind it, `costage ledger verify` says.
#[derive(Default)]
pub(super) struct Chain {
    linker: Linker,
    /// Of the row that was looked at last: most follow each other.
    last: Option<(i64, Hash)>,
}

impl Chain {
    pub(super) fn check(
        &mut self,
        db: &Connection,
        file: &Path,
        row: &Columns<'_>,
        hash: Hash,
    ) -> Result<(), StoreFault> {
        let before = match self.last {
            Some((seq, hash)) if seq + 1 == row.seq => hash,
            Some(_) | None if row.seq == 1 => Hash::START,
            Some(_) | None => hash_of(db, file, row.seq - 1)?,
        };
        self.last = Some((row.seq, hash));
        if self.linker.link(&before, row) == hash {
            return Ok(());
        }
        Err(unread(file, row.seq, "it, or the row before it, is not as it was written"))
    }
}

fn hash_of(db: &Connection, file: &Path, seq: i64) -> Result<Hash, StoreFault> {
    let read = db.prepare_cached("SELECT hash FROM ledger WHERE seq = ?1");
    match read.and_then(|mut read| read.query_row([seq], |row| row.get(0))) {
        Ok(hash) => Ok(Hash(hash)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(unread(file, seq, "it is missing")),
        Err(error) => Err(StoreFault::of(file, error)),
    }
}
