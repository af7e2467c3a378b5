//! Changes of scores read back: single ones for the rules while the server runs, and sums of all of them at its start.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rusqlite::{Connection, OpenFlags, Params, params};

use super::chain::{Hash, Linker};
use super::columns::{COLUMNS, Columns, Users};
use super::fault::StoreFault;
use super::prints::{self, OTHER_KEYS, Prints};
use super::write::number;
use crate::live::kept::Standing;
use crate::live::senders::Given;
use crate::live::{BattleId, Booked, ScoreKey};

/// Rows that a thread sums at a time. Fewer are not worth a second thread.
const PART_ROWS: u64 = 50_000;
/// Threads at most: behind the page cache, more only wait for each other.
const THREADS_MAX: usize = 4;

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
    booked(db, file, "battle = ?1 AND key = ?2", params![battle.as_bytes(), key.as_str()])
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
    let these = "battle = ?1 AND battle_seq BETWEEN ?2 AND ?3 ORDER BY battle_seq";
    booked(db, file, these, params![battle.as_bytes(), first, last])
}

fn booked(db: &Connection, file: &Path, which: &str, with: impl Params) -> Result<Vec<Arc<Booked>>, StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let mut find = db.prepare_cached(&format!("SELECT {COLUMNS} FROM ledger WHERE {which}")).map_err(fault)?;
    let mut rows = find.query(with).map_err(fault)?;
    let (mut found, mut users, mut chain) = (Vec::new(), Users::default(), Chain::default());
    while let Some(row) = rows.next().map_err(fault)? {
        let (columns, hash) = Columns::read(row).map_err(fault)?;
        chain.check(db, file, &columns, hash)?;
        found.push(Arc::new(columns.booked(&mut users).map_err(|reason| unread(file, columns.seq, &reason))?));
    }
    Ok(found)
}

fn unread(file: &Path, seq: i64, reason: &str) -> StoreFault {
    StoreFault::damaged(file, format!("row {seq} of the ledger: {reason}"))
}

/// Whether the ledger has what a kept battle has had: by both indexes, and with its points in the last row.
///
/// # Errors
/// [`StoreFault::Damaged`] when not, or the disk's.
pub(super) fn check(db: &Connection, file: &Path, standing: &Standing) -> Result<(), StoreFault> {
    let Standing { battle, ledger_seq, scores, running, .. } = standing;
    let damaged = |reason| Err(StoreFault::damaged(file, reason));
    let found = count(db, file, *battle)?;
    if found != Ok(*ledger_seq) {
        let found = found.map_or_else(|reason| reason, |count| count.to_string());
        return damaged(format!("battle {battle} has had {ledger_seq} changes of its scores, the ledger has {found}"));
    }
    if *ledger_seq == 0 {
        return Ok(());
    }
    // Of one that goes on all keys are read: see `given`.
    if !running {
        let sql = "SELECT count(*) FROM ledger INDEXED BY sqlite_autoindex_ledger_1 WHERE battle = ?1";
        let keys = db.prepare_cached(sql).and_then(|mut count| count.query_row([battle.as_bytes()], |row| row.get(0)));
        let keys: i64 = keys.map_err(|error| StoreFault::of(file, error))?;
        check_keys(file, *battle, *ledger_seq, u64::try_from(keys).unwrap_or(0))?;
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

fn check_keys(file: &Path, battle: BattleId, changes: u64, keys: u64) -> Result<(), StoreFault> {
    if keys == changes {
        return Ok(());
    }
    let reason = format!("of battle {battle}, which has had {changes} changes, {keys} keys can be looked up");
    Err(StoreFault::damaged(file, reason))
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

/// A part of what is read of a battle.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// Its changes with these numbers.
    Rows(BattleId, RangeInclusive<u64>),
    /// Its keys, as the index has them.
    Keys(BattleId),
}

/// What was read of a battle.
#[derive(Debug, Default)]
pub(super) struct Sum {
    /// What senders have given.
    pub(super) given: Given,
    /// Keys of the rows.
    rows: Prints,
    /// Keys of the index.
    keys: Prints,
}

impl Sum {
    fn append(&mut self, other: Self) {
        self.given.append(other.given);
        self.rows.append(other.rows);
        self.keys.append(other.keys);
    }
}

/// What senders have given in these battles, which have had so many changes. The index by which a repeated key is found has
/// the keys of the same rows.
///
/// # Errors
/// [`StoreFault::Damaged`] when it has others, or as [`by_key`].
pub(super) fn given(
    db: &Connection,
    file: &Path,
    battles: &[(BattleId, u64)],
) -> Result<Vec<(BattleId, Given)>, StoreFault> {
    // Keys first: those of a battle are one part, and the longest.
    let keys = battles.iter().map(|(battle, _)| Part::Keys(*battle));
    let parts: Vec<Part> = keys.chain(battles.iter().flat_map(|(battle, changes)| parts(*battle, *changes))).collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut sums = BTreeMap::<BattleId, Sum>::new();
    for (battle, sum) in by_threads(db, file, &parts, cores.min(THREADS_MAX).min(parts.len()))? {
        sums.entry(battle).or_default().append(sum);
    }
    for (battle, changes) in battles {
        let Some(Sum { rows, keys, .. }) = sums.get(battle) else { continue };
        check_keys(file, *battle, *changes, keys.count)?;
        if rows != keys {
            return Err(StoreFault::damaged(file, OTHER_KEYS));
        }
    }
    Ok(sums.into_iter().map(|(battle, sum)| (battle, sum.given)).collect())
}

fn parts(battle: BattleId, changes: u64) -> impl Iterator<Item = Part> {
    (0..changes.div_ceil(PART_ROWS)).map(move |part| {
        let first = part * PART_ROWS + 1;
        Part::Rows(battle, first..=(first + PART_ROWS - 1).min(changes))
    })
}

/// Each thread takes the next part that nobody has, and sums all of a battle that it gets.
pub(super) fn by_threads(
    db: &Connection,
    file: &Path,
    parts: &[Part],
    threads: usize,
) -> Result<Vec<(BattleId, Sum)>, StoreFault> {
    let next = AtomicUsize::new(0);
    let work = |db: &Connection| -> Result<Vec<(BattleId, Sum)>, StoreFault> {
        let mut done = BTreeMap::<BattleId, Sum>::new();
        while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            match part {
                Part::Rows(battle, numbers) => sum(db, file, *battle, numbers, done.entry(*battle).or_default())?,
                Part::Keys(battle) => {
                    done.entry(*battle).or_default().keys.append(prints::by_index(db, file, *battle)?);
                }
            }
        }
        Ok(done.into_iter().collect())
    };
    let sums = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| work(&beside(file)?))).collect();
        let mut sums = work(db)?;
        for other in others {
            sums.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(sums)
    })?;
    Ok(sums)
}

/// Adds the changes of a battle with these numbers to `sum`.
fn sum(
    db: &Connection,
    file: &Path,
    battle: BattleId,
    numbers: &RangeInclusive<u64>,
    sum: &mut Sum,
) -> Result<(), StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let sql = format!("SELECT {COLUMNS} FROM ledger WHERE battle = ?1 AND battle_seq BETWEEN ?2 AND ?3");
    let mut read = db.prepare_cached(&sql).map_err(fault)?;
    let with = params![battle.as_bytes(), number(*numbers.start()), number(*numbers.end())];
    let mut rows = read.query(with).map_err(fault)?;
    let (mut users, mut chain) = (Users::default(), Chain::default());
    while let Some(row) = rows.next().map_err(fault)? {
        let (columns, hash) = Columns::read(row).map_err(fault)?;
        chain.check(db, file, &columns, hash)?;
        let change = columns.op().and_then(|op| Ok((op, users.points::<i64>(columns.scores)?)));
        let (op, scores) = change.map_err(|reason| unread(file, columns.seq, &reason))?;
        sum.given.count(op, columns.sender_id, scores.iter().map(|(user, value)| (user, *value)));
        sum.rows.add(columns.battle, columns.key.as_bytes(), columns.seq);
    }
    Ok(())
}

/// Whether rows are as they were written, each by the hash of the one before: what has another bit is neither summed nor
/// answered. Whether all of them are there, and none was written anew with all behind it, `costage ledger verify` says.
#[derive(Default)]
struct Chain {
    linker: Linker,
    /// Of the row that was looked at last: most follow each other.
    last: Option<(i64, Hash)>,
}

impl Chain {
    fn check(&mut self, db: &Connection, file: &Path, row: &Columns<'_>, hash: Hash) -> Result<(), StoreFault> {
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

/// Another reader of the file. Nobody writes it before the start is done.
fn beside(file: &Path) -> Result<Connection, StoreFault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).map_err(|error| StoreFault::of(file, error))
}
