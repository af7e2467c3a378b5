//! The outbox in the main file: made and filled by the one who writes that file, read here beside it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::fault::{StoreFault, is_damage};
use super::folder::recognise;
use super::prints;
use crate::engine::outbox_log::{Backlog, LogFault, OutboxBell, OutboxEnds, OutboxLog, OutboxRow, StoreId};
use crate::live::{Callback, Fact, WallMs};

/// How long a reader waits for a checkpoint that is in its way.
const BUSY_MAX: Duration = Duration::from_secs(5);

/// What to do about a damaged file.
const ADVICE: &str = "end the server, see by `costage ledger verify` what is whole, and go back to a backup";

/// Rows that one commit removes at most: pruning must not make a commit long.
const PRUNED_MAX: u64 = 1_000;

/// Puts the webhook of `fact`, when it is one that is told, behind all others: within the transaction that keeps the fact.
/// Answers its number, which is to be told ([`crate::engine::OutboxBell::ring`]) when the transaction is on disk.
///
/// # Errors
/// As SQLite says; then the transaction is to be rolled back.
pub fn send(db: &Connection, fact: &Fact) -> rusqlite::Result<Option<u64>> {
    let Some(callback) = Callback::of(fact) else { return Ok(None) };
    let row = OutboxRow::of(store_id(db)?, head(db)? + 1, &callback);
    db.prepare_cached("INSERT INTO outbox(seq, id, kind, live, at, body, print) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![row.seq, row.id, row.kind, row.live, row.at.0, row.body, prints::of_event(&row)])?;
    Ok(Some(row.seq))
}

/// Removes rows that everybody has read, some at a time: those up to [`crate::engine::OutboxBell::floor`]. Answers where the
/// outbox begins then.
///
/// # Errors
/// As SQLite says.
pub fn prune(db: &Connection, ends: OutboxEnds, floor: u64) -> rusqlite::Result<u64> {
    let settled = floor.min(ends.head).min(ends.settled + PRUNED_MAX);
    if settled <= ends.settled {
        return Ok(ends.settled);
    }
    db.prepare_cached("DELETE FROM outbox WHERE seq <= ?1")?.execute([settled])?;
    Ok(settled)
}

/// Between which numbers it has events: as the head says, or where an earlier server wrote that, as it is found.
pub(super) fn ends(db: &Connection) -> rusqlite::Result<OutboxEnds> {
    if let Some(ends) = super::head::outbox_ends(db)? {
        return Ok(ends);
    }
    let (head, oldest) = (head(db)?, outermost(db, "min")?);
    Ok(OutboxEnds { settled: oldest.map_or(head, |oldest| oldest.saturating_sub(1)).min(head), head })
}

/// Whether it begins and ends where the head says; an earlier server did not say it. What is missing between, a [`Line`] finds.
///
/// # Errors
/// [`StoreFault::Damaged`] when not, or the disk's.
pub(super) fn check_ends(db: &Connection, file: &Path) -> Result<(), StoreFault> {
    let missing = ends(db).and_then(|ends| missing_at_ends(db, ends)).map_err(|error| StoreFault::of(file, error))?;
    missing.map_or(Ok(()), |reason| Err(StoreFault::damaged(file, reason)))
}

/// What is missing where it begins or ends.
pub(super) fn missing_at_ends(db: &Connection, ends: OutboxEnds) -> rusqlite::Result<Option<String>> {
    let OutboxEnds { settled, head: last } = ends;
    let given = head(db)?;
    if given != last {
        return Ok(Some(format!("it has given {last} webhooks a number, and its next one would be {}", given + 1)));
    }
    if settled >= last {
        return Ok(None);
    }
    let missing = |from, to| Some(format!("webhooks {from} to {to} are missing"));
    Ok(match (outermost(db, "min")?, outermost(db, "max")?) {
        (Some(first), _) if first > settled + 1 => missing(settled + 1, first - 1),
        (_, Some(newest)) if newest < last => missing(newest + 1, last),
        (Some(_), Some(_)) => None,
        (None, _) | (_, None) => missing(settled + 1, last),
    })
}

/// Number of the first (`min`) or the last (`max`) event that is there.
fn outermost(db: &Connection, which: &str) -> rusqlite::Result<Option<u64>> {
    db.prepare_cached(&format!("SELECT {which}(seq) FROM outbox"))?.query_row([], |row| row.get(0))
}

/// Number of the newest event that was ever there; 0 before the first.
///
/// # Errors
/// As SQLite says.
pub fn head(db: &Connection) -> rusqlite::Result<u64> {
    let mut seq = db.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")?;
    Ok(seq.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Which file it is.
///
/// # Errors
/// As SQLite says.
pub fn store_id(db: &Connection) -> rusqlite::Result<StoreId> {
    db.prepare_cached("SELECT store_id FROM head")?.query_row([], |row| row.get(0)).map(StoreId)
}

/// Reads the outbox of a main file, with a connection of its own that writes nothing.
pub struct OutboxReader {
    connection: Mutex<Connection>,
    path: PathBuf,
    store: StoreId,
    /// How far the writer has got, which the file must reach; it tells nobody in another process.
    bell: Arc<OutboxBell>,
}

impl OutboxReader {
    /// Opens `path`, the main file, in a process that does not have it open: see [`super::Store::outbox`].
    ///
    /// # Errors
    /// When it is not there, is not ours, cannot be read, or has no outbox.
    pub fn open(path: &Path) -> Result<Self, LogFault> {
        recognise(path)
            .map_err(|fault| LogFault { what: "cannot read the outbox".to_owned(), reason: fault.to_string() })?;
        Self::connect(path, Arc::new(OutboxBell::new(0)))
    }

    /// The same of a file that is known, and of its writer's bell.
    pub(super) fn connect(path: &Path, bell: Arc<OutboxBell>) -> Result<Self, LogFault> {
        let fault = |error: rusqlite::Error| fault(path, "cannot open", &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
        connection.busy_timeout(BUSY_MAX).map_err(fault)?;
        let store = store_id(&connection).map_err(fault)?;
        Ok(Self { connection: Mutex::new(connection), path: path.to_owned(), store, bell })
    }

    /// What one moment of the file says; commits go on meanwhile. A file that has gone back behind what was committed says nothing:
    /// its reader would pass over what it lacks.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LogFault> {
        let committed = self.bell.head();
        let connection: MutexGuard<'_, Connection> = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let moment = connection.unchecked_transaction()?;
            let found = head(&moment)?;
            if found < committed { Ok(Err(found)) } else { work(&moment).map(Ok) }
        };
        let what = "cannot read the outbox of";
        match read() {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(found)) => Err(LogFault {
                what: format!("{what} {}", self.path.display()),
                reason: format!("webhooks {} to {committed} are gone from it; {ADVICE}", found + 1),
            }),
            Err(error) => {
                let mut fault = fault(&self.path, what, &error);
                if is_damage(&error) {
                    fault.reason = format!("{}; {ADVICE}", fault.reason);
                }
                Err(fault)
            }
        }
    }
}

impl OutboxLog for OutboxReader {
    fn store(&self) -> StoreId {
        self.store
    }

    fn head(&self) -> Result<u64, LogFault> {
        self.read(head)
    }

    fn after(&self, seq: u64, max: usize) -> Result<Vec<OutboxRow>, LogFault> {
        let (rows, fault) = self.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2");
            let mut read = connection.prepare_cached(&sql)?;
            let mut rows = read.query(params![seq, i64::try_from(max).unwrap_or(i64::MAX)])?;
            let ends = ends(connection)?;
            let (mut found, mut line) = (Vec::new(), Line::new(self.store, seq.max(ends.settled)));
            while let Some(row) = rows.next()? {
                let (row, print) = (row_of(row)?, row.get("print")?);
                if let Some(fault) = line.fault(&row, print) {
                    return Ok((found, Some(fault)));
                }
                found.push(row);
            }
            // Fewer than were asked for: there are no more.
            let fault = if found.len() < max { line.fault_of_end(ends.head) } else { None };
            Ok((found, fault))
        })?;
        match fault {
            // Also when some before it are whole: fewer than were asked for would mean that there are no more.
            Some(reason) => Err(LogFault {
                what: format!("cannot send the outbox of {}", self.path.display()),
                reason: format!("{reason}; {ADVICE}"),
            }),
            None => Ok(rows),
        }
    }

    fn ends(&self) -> Result<OutboxEnds, LogFault> {
        self.read(ends)
    }

    fn backlog(&self, seq: u64, kinds: Option<&BTreeSet<String>>) -> Result<Backlog, LogFault> {
        // A JSON list as the one parameter: as many types as there are.
        let kinds = kinds.map(|kinds| serde_json::to_string(kinds).expect("a set of texts can be written"));
        self.read(|connection| {
            let mut count = connection.prepare_cached(
                "SELECT count(*), min(at) FROM outbox WHERE seq > ?1
                 AND (?2 IS NULL OR kind IN (SELECT value FROM json_each(?2)))",
            )?;
            count.query_row(params![seq, kinds], |row| {
                Ok(Backlog { events: row.get(0)?, oldest: row.get::<_, Option<u64>>(1)?.map(WallMs) })
            })
        })
    }
}

/// What [`row_of`] reads, and what stands for it.
pub(super) const COLUMNS: &str = "seq, id, kind, live, at, body, print";

/// Whether events that are read in their order are as they were written, and none is missing between them.
pub(super) struct Line {
    store: StoreId,
    last: u64,
}

impl Line {
    /// From the one after `last` on.
    pub(super) fn new(store: StoreId, last: u64) -> Self {
        Self { store, last }
    }

    /// What is wrong with the next one; events of a server before prints have none.
    pub(super) fn fault(&mut self, row: &OutboxRow, print: Option<i64>) -> Option<String> {
        let wanted = self.last + 1;
        if row.seq != wanted {
            return Some(format!("webhook {wanted} is missing: the next one that is there is {}", row.seq));
        }
        self.last = row.seq;
        let whole = row.is_whole(self.store) && print.is_none_or(|print| print == prints::of_event(row));
        (!whole).then(|| format!("webhook {} is not as it was written", row.seq))
    }

    /// What is missing behind the last one.
    pub(super) fn fault_of_end(&self, head: u64) -> Option<String> {
        (self.last < head).then(|| format!("webhooks {} to {head} are missing", self.last + 1))
    }
}

/// A row of the columns seq, id, kind, live, at, body, in this order.
pub(super) fn row_of(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    let (seq, id, kind, live, body) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(5)?);
    Ok(OutboxRow { seq, id, kind, live, at: WallMs(row.get(4)?), body })
}

pub(super) fn fault(path: &Path, what: &str, error: &rusqlite::Error) -> LogFault {
    LogFault { what: format!("{what} {}", path.display()), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{APPLICATION_ID, STEPS, migrate};
    use super::super::scratch::Folder;
    use super::*;
    use crate::live::{LiveId, UserId};

    fn fact(ms: u64, online: bool) -> Fact {
        let (live, user, at) = (LiveId::new("a").unwrap(), UserId::new("alice").unwrap(), WallMs(ms));
        if online { Fact::HostOnline { live, user, at } } else { Fact::HostOffline { live, user, at } }
    }

    fn commit(writer: &mut Connection, facts: &[Fact]) -> Option<u64> {
        let transaction = writer.transaction().unwrap();
        let sent: Vec<_> = facts.iter().filter_map(|fact| send(&transaction, fact).unwrap()).collect();
        transaction.commit().unwrap();
        sent.last().copied()
    }

    #[test]
    fn what_is_committed_is_read_in_order_and_numbers_go_on_after_pruning() {
        let folder = Folder::new("outbox");
        let path = folder.path().join("costage.db");
        let mut writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        migrate(&mut writer, STEPS).unwrap();
        let reader = OutboxReader::open(&path).unwrap();
        assert_eq!((reader.head(), reader.after(0, 9)), (Ok(0), Ok(Vec::new())));
        let battle = crate::live::BattleId::from_parts(1, &[0; 10]);
        let silent = Fact::PunishmentEnded { battle, at: WallMs(3) };
        assert_eq!(commit(&mut writer, &[fact(1, true), silent, fact(2, false), fact(3, true)]), Some(3));
        let rows = reader.after(0, 2).unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.seq, row.kind.as_str(), row.at.0)).collect();
        assert_eq!(told, [(1, "host.online", 1), (2, "host.offline", 2)]);
        assert_eq!(rows[1], OutboxRow::of(reader.store(), 2, &Callback::of(&fact(2, false)).unwrap()));
        assert_eq!(reader.after(2, 2).unwrap().len(), 1);
        let online = BTreeSet::from(["host.online".to_owned()]);
        assert_eq!(reader.backlog(0, Some(&online)), Ok(Backlog { events: 2, oldest: Some(WallMs(1)) }));
        assert_eq!(reader.backlog(3, None), Ok(Backlog::default()));

        assert_eq!(reader.ends(), Ok(OutboxEnds { settled: 0, head: 3 }));
        assert_eq!(prune(&writer, reader.ends().unwrap(), 9), Ok(3));
        assert_eq!((reader.ends(), reader.after(0, 9)), (Ok(OutboxEnds { settled: 3, head: 3 }), Ok(Vec::new())));
        assert_eq!(commit(&mut writer, &[fact(4, false)]), Some(4));
        assert_eq!(reader.after(0, 9).unwrap()[0].seq, 4);
    }

    #[test]
    fn what_is_rolled_back_was_never_there() {
        let mut writer = Connection::open_in_memory().unwrap();
        migrate(&mut writer, STEPS).unwrap();
        let transaction = writer.transaction().unwrap();
        send(&transaction, &fact(1, true)).unwrap();
        drop(transaction);
        assert_eq!(head(&writer), Ok(0));
    }

    #[test]
    fn a_file_that_is_not_there_is_named_and_not_made() {
        let folder = Folder::new("no-outbox");
        let path = folder.path().join("costage.db");
        let Err(fault) = OutboxReader::open(&path) else { panic!("opened") };
        assert!(fault.to_string().contains("costage.db"), "{fault}");
        assert!(!path.exists());
        std::fs::write(&path, "").unwrap();
        let Err(fault) = OutboxReader::open(&path) else { panic!("opened") };
        let said = fault.to_string();
        assert!(said.contains("costage.db is empty") && said.contains("put a backup in its place"), "{said}");
    }
}
