//! What a start sums: who has given how much in battles that go on, and the keys of all that are kept.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rusqlite::{Connection, OpenFlags, params};

use super::changes::{Chain, select, unread};
use super::columns::{Columns, Users};
use super::fault::StoreFault;
use super::prints::{self, OTHER_KEYS, OTHER_NUMBERS, Prints};
use super::write::number;
use crate::live::BattleId;
use crate::live::kept::Standing;
use crate::live::senders::Given;

/// Rows that a thread sums at a time. Fewer are not worth a second thread.
const PART_ROWS: u64 = 50_000;
/// Threads at most: behind the page cache, more only wait for each other.
const THREADS_MAX: usize = 4;

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

/// What a start reads of all kept battles.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// What senders have given, in those that go on.
    pub(super) given: BTreeMap<BattleId, Given>,
    /// What their keys come to, of which that is known.
    pub(super) keys: BTreeMap<BattleId, i64>,
}

/// Reads the keys of these battles, as the index has them by which a repeated one is found, and sums the changes of those that go
/// on. `keys` is what a battle's came to when it was written; where that is not known, of one that goes on they are those of its
/// rows.
///
/// # Errors
/// [`StoreFault::Damaged`] when the index has other keys, or as [`changes::by_key`](super::changes::by_key).
pub(super) fn read(
    db: &Connection,
    file: &Path,
    standings: &[Standing],
    keys: &BTreeMap<BattleId, i64>,
) -> Result<Read, StoreFault> {
    let had = || standings.iter().filter(|standing| standing.ledger_seq > 0);
    // Keys first: those of a battle are one part, and the longest.
    let lists = had().map(|standing| Part::Keys(standing.battle));
    let rows = had().filter(|it| it.running).flat_map(|it| parts(it.battle, it.ledger_seq));
    let parts: Vec<Part> = lists.chain(rows).collect();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut sums = BTreeMap::<BattleId, Sum>::new();
    for (battle, sum) in by_threads(db, file, &parts, cores.min(THREADS_MAX).min(parts.len()))? {
        sums.entry(battle).or_default().append(sum);
    }
    let mut read = Read::default();
    for Standing { battle, ledger_seq, running, .. } in standings {
        let Sum { given, rows, keys: found } = sums.remove(battle).unwrap_or_default();
        check_keys(file, *battle, *ledger_seq, found.count)?;
        let known = keys.get(battle).copied().or_else(|| running.then_some(rows.sum));
        if known.is_some_and(|known| known != found.sum) {
            return Err(StoreFault::damaged(file, OTHER_KEYS));
        }
        read.keys.extend(known.map(|known| (*battle, known)));
        if *running {
            read.given.insert(*battle, given);
        }
    }
    Ok(read)
}

fn check_keys(file: &Path, battle: BattleId, changes: u64, keys: u64) -> Result<(), StoreFault> {
    if keys == changes {
        return Ok(());
    }
    let reason = format!("of battle {battle}, which has had {changes} changes, {keys} keys can be looked up");
    Err(StoreFault::damaged(file, reason))
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
    let mut read = db.prepare_cached(&select("battle = ?1 AND battle_seq BETWEEN ?2 AND ?3")).map_err(fault)?;
    let with = params![battle.as_bytes(), number(*numbers.start()), number(*numbers.end())];
    let mut rows = read.query(with).map_err(fault)?;
    let (mut users, mut chain) = (Users::default(), Chain::default());
    while let Some(row) = rows.next().map_err(fault)? {
        let (columns, hash) = Columns::read(row).map_err(fault)?;
        chain.check(db, file, &columns, hash)?;
        let is_found = u64::try_from(columns.battle_seq).is_ok_and(|number| numbers.contains(&number));
        if columns.battle != battle.as_bytes() || !is_found {
            return Err(StoreFault::damaged(file, OTHER_NUMBERS));
        }
        let change = columns.op().and_then(|op| Ok((op, users.points::<i64>(columns.scores)?)));
        let (op, scores) = change.map_err(|reason| unread(file, columns.seq, &reason))?;
        sum.given.count(op, columns.sender_id, scores.iter().map(|(user, value)| (user, *value)));
        sum.rows.add(columns.battle, columns.key.as_bytes(), columns.seq);
    }
    Ok(())
}

/// Another reader of the file. Nobody writes it before the start is done.
fn beside(file: &Path) -> Result<Connection, StoreFault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).map_err(|error| StoreFault::of(file, error))
}
