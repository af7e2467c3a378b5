//! The changes of scores of some battles, read back at a start: a million of them belong to a start of two seconds.
//!
//! Their numbers come from the index of keys, in the order of the keys. The rows are then read in the order in which they lie
//! in the file, each page once, by a thread for each part of the file; the maps by key and by number are made side by side, each of
//! what is nearly in its order already.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rusqlite::{Connection, OpenFlags};

use super::columns::{COLUMNS, Columns, Users};
use super::fault::StoreFault;
use crate::live::Booked;
use crate::live::kept::KeptScores;

/// Rows between two wanted ones that are read over rather than jumped over.
const GAP_ROWS: i64 = 32;
/// Fewest rows that are worth a thread of their own.
const THREAD_ROWS: usize = 50_000;
/// Threads at most: behind the page cache, more only wait for each other.
const THREADS_MAX: usize = 4;

/// A row that is wanted: its number in the ledger, and its place among the keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    seq: i64,
    place: usize,
}

/// All changes of scores of these battles.
///
/// # Errors
/// A row that no server wrote, or the disk's.
pub(super) fn read(db: &Connection, file: &Path, battles: &BTreeSet<[u8; 16]>) -> Result<KeptScores, StoreFault> {
    let wanted = numbers(db, file, battles)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = (wanted.len() / THREAD_ROWS).min(THREADS_MAX).min(cores);
    by_threads(db, file, &wanted, threads)
}

/// The rows `wanted`.
pub(super) fn by_threads(
    db: &Connection,
    file: &Path,
    wanted: &[Wanted],
    threads: usize,
) -> Result<KeptScores, StoreFault> {
    let mut places: Vec<Option<Arc<Booked>>> = Vec::new();
    places.resize_with(wanted.len(), || None);
    let mut numbered = Vec::with_capacity(wanted.len());
    let mut put = |read: Vec<(usize, Arc<Booked>)>| {
        for (place, booked) in read {
            numbered.push(((booked.battle(), booked.ledger_seq()), Arc::clone(&booked)));
            if let Some(free) = places.get_mut(place) {
                *free = Some(booked);
            }
        }
    };
    if threads <= 1 {
        put(rows(db, file, wanted)?);
    } else {
        let part = wanted.len().div_ceil(threads);
        thread::scope(|scope| {
            let (own, others) = wanted.split_at(part);
            let readers: Vec<_> =
                others.chunks(part).map(|part| scope.spawn(|| rows(&beside(file)?, file, part))).collect();
            put(rows(db, file, own)?);
            for reader in readers {
                put(reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok(())
        })?;
    }
    // A row that went between the two readings is missed by who counts them.
    let keyed = places.into_iter().flatten().map(|booked| ((booked.battle(), booked.key().clone()), booked));
    Ok(thread::scope(|scope| {
        let by_number = scope.spawn(|| numbered.into_iter().collect());
        let by_key = keyed.collect();
        let by_number = by_number.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        KeptScores { by_key, by_number }
    }))
}

/// Numbers of all rows of these battles, in the order of the file.
pub(super) fn numbers(db: &Connection, file: &Path, battles: &BTreeSet<[u8; 16]>) -> Result<Vec<Wanted>, StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let mut find = db.prepare("SELECT seq FROM ledger WHERE battle = ?1 AND seq > 0 ORDER BY key").map_err(fault)?;
    let mut wanted = Vec::new();
    for battle in battles {
        for seq in find.query_map([battle], |row| row.get(0)).map_err(fault)? {
            wanted.push(Wanted { seq: seq.map_err(fault)?, place: wanted.len() });
        }
    }
    wanted.sort_unstable_by_key(|wanted| wanted.seq);
    Ok(wanted)
}

/// The rows `wanted`, which are in the order of the file.
fn rows(db: &Connection, file: &Path, wanted: &[Wanted]) -> Result<Vec<(usize, Arc<Booked>)>, StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let mut find =
        db.prepare(&format!("SELECT {COLUMNS} FROM ledger WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq")).map_err(fault)?;
    let (mut scores, mut users) = (Vec::with_capacity(wanted.len()), Users::default());
    for run in wanted.chunk_by(|before, after| after.seq - before.seq <= GAP_ROWS) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let mut found = find.query([first.seq, last.seq]).map_err(fault)?;
        let mut next = run.iter().peekable();
        while let Some(row) = found.next().map_err(fault)? {
            let (columns, _) = Columns::read(row).map_err(fault)?;
            if let Some(wanted) = next.next_if(|wanted| wanted.seq == columns.seq) {
                let unread = |reason| StoreFault::damaged(file, format!("row {} of the ledger: {reason}", columns.seq));
                scores.push((wanted.place, Arc::new(columns.booked(&mut users).map_err(unread)?)));
            }
        }
    }
    Ok(scores)
}

/// Another reader of the file. Nobody writes it before the start is done.
fn beside(file: &Path) -> Result<Connection, StoreFault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file, flags).map_err(|error| StoreFault::of(file, error))
}
