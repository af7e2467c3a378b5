//! How far webhooks have got: `webhooks.db`, a file of its own beside the main one.
//!
//! WAL with synchronous=NORMAL: a cursor that a loss of power takes back means that events are delivered once more, with the
//! ids that receivers know them by, which may happen anyhow; and the disk is left to the commits of the control thread. What is
//! nowhere else, a dead letter and where a new endpoint began, is written with synchronous=FULL. A killed process loses nothing
//! either way.

mod head;
mod letters;
mod noted;
mod opening;
mod schema;
mod stamp;
mod standings;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use self::head::Change;
use self::noted::Noted;
pub(super) use self::opening::{audit, used};
use super::checkpoint;
use super::displaced::{Displaced, leave, rescue};
use super::fault::is_damage;
use super::held::Held;
use super::note::Note;
use super::outbox;
use crate::engine::outbox_log::{
    Configured, DeadLetter, DeliveryLog, LogFault, OutboxEnds, Standing, StoreId, Trouble, Which,
};
use crate::live::WallMs;

/// Dead letters that are kept of each endpoint; one more, and the oldest is forgotten: three days of one every three seconds.
pub const LETTERS_MAX: u32 = 100_000;

/// How long a writer waits for another process' (`costage webhooks replay`).
const BUSY_MAX: Duration = Duration::from_secs(5);

/// What to do about a file that is not whole. Dead letters are nowhere else, so nothing is mended behind the operator's back.
const LOST: &str = "put a copy of the file back (without webhooks.db-wal, webhooks.db-shm and webhooks.head), or move all four \
                    away: its dead letters are gone then, and endpoints begin with the oldest event that costage.db still has";

/// Dead letters of one endpoint that are to be sent again.
const WANTED: &str = "endpoint = ?1 AND wanted = 1";

/// Dead letters that a command names, by [`names`].
const CHOSEN: &str = "(?1 = '' OR endpoint = ?1) AND (?2 = '' OR id = ?2)";

/// Cursors, troubles and dead letters of all endpoints.
pub struct Deliveries {
    open: Mutex<Open>,
    path: PathBuf,
}

struct Open {
    connection: Connection,
    /// None of one in memory.
    note: Option<Note>,
    /// The file and its log, of one on disk.
    held: Option<Held>,
    /// After the last commit of this process. Others may have written since, and never less.
    head: head::Head,
}

impl Open {
    /// What was is not what is: it is to be missed at the next start, whatever else is there then.
    fn has_gone_back(&mut self) -> Option<Displaced> {
        let Self { note, held, head, .. } = self;
        if let Some(note) = note {
            note.keep(&noted::line(head));
        }
        held.as_mut().map(Held::has_gone_back)
    }
}

impl Deliveries {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// When it cannot be read or written, is of a newer costage, is something else, is not whole, or lacks what was noted of it; it
    /// and its log are then left as they are.
    pub fn open(path: &Path) -> Result<Self, LogFault> {
        // Before the database is read: a server that runs is ahead of it.
        let noted = noted::read(path)?;
        opening::make(path, noted.is_some())?;
        let unheld = |error: std::io::Error| LogFault {
            what: format!("cannot open {}", path.display()),
            reason: error.to_string(),
        };
        let handle = Held::open(path).map_err(unheld)?;
        let opened = Connection::open(path).map_err(|error| fault(path, "cannot open", &error))?;
        let ready = Self::ready(opened, path.to_owned(), noted.as_ref(), Some(noted::note(path)))?;
        ready.open.lock().unwrap_or_else(PoisonError::into_inner).held =
            Some(Held::of(handle, path, false).map_err(unheld)?);
        Ok(ready)
    }

    /// Opens the file where there is one, and makes none.
    ///
    /// # Errors
    /// As [`Deliveries::open`].
    pub fn open_existing(path: &Path) -> Result<Option<Self>, LogFault> {
        match path.try_exists() {
            Ok(true) => Self::open(path).map(Some),
            Ok(false) => Ok(None),
            Err(error) => {
                Err(LogFault { what: format!("cannot look for {}", path.display()), reason: error.to_string() })
            }
        }
    }

    /// In memory, gone with the process.
    ///
    /// # Errors
    /// When SQLite has no memory.
    pub fn in_memory() -> Result<Self, LogFault> {
        let path = PathBuf::from("memory");
        let opened = Connection::open_in_memory().map_err(|error| fault(&path, "cannot open", &error))?;
        Self::ready(opened, path, None, None)
    }

    fn ready(
        mut connection: Connection,
        path: PathBuf,
        noted: Option<&Noted>,
        note: Option<Note>,
    ) -> Result<Self, LogFault> {
        let unopened = |error| fault(&path, "cannot open", &error);
        // The log of one that is refused stays beside it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(unopened)?;
        connection.busy_timeout(BUSY_MAX).map_err(unopened)?;
        schema::ready(&mut connection, &path, noted)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(unopened)?;
        checkpoint::by_hand(&connection).map_err(unopened)?;
        let head = head::Head::read(&connection).map_err(unopened)?;
        Ok(Self { open: Mutex::new(Open { connection, note, held: None, head }), path })
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LogFault> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        work(&open.connection).map_err(|error| fault(&self.path, "cannot read", &error))
    }

    fn write<T>(
        &self,
        durably: bool,
        work: impl FnOnce(&mut Change<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, LogFault> {
        // A panic under this lock has dropped the transaction, which takes it back.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let refused =
            |why: Displaced| LogFault { what: format!("cannot write {}", self.path.display()), reason: why.said() };
        let Open { connection, held, head: before, .. } = &mut *open;
        if let Some(displaced) = held.as_mut().and_then(|held| held.displaced(connection)) {
            return Err(refused(displaced));
        }
        let written = || {
            connection.pragma_update(None, "synchronous", if durably { "FULL" } else { "NORMAL" })?;
            let mut change = Change::begin(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)?;
            if !change.head.goes_on_from(before) {
                return Err(rusqlite::Error::StatementChangedRows(0));
            }
            let outcome = work(&mut change)?;
            change.commit(durably).map(|head| (outcome, head))
        };
        let written = written();
        if matches!(written, Err(rusqlite::Error::StatementChangedRows(_)))
            && let Some(gone_back) = open.has_gone_back()
        {
            return Err(refused(gone_back));
        }
        let Open { connection, note, held, head: last } = &mut *open;
        if let Some(spoilt) = held.as_mut().and_then(|held| held.spoilt(connection)) {
            return Err(refused(spoilt));
        }
        let (outcome, head) = written.map_err(|error| fault(&self.path, "cannot write", &error))?;
        if let Some(note) = note.as_mut().filter(|_| durably) {
            note.keep(&noted::line(&head));
        }
        *last = head;
        if let Some(held) = held {
            held.bring_in(connection);
        }
        Ok(outcome)
    }
}

/// Dead letters are nowhere else: what would go with the process is put beside the file that is gone.
impl Drop for Deliveries {
    fn drop(&mut self) {
        let open = self.open.get_mut().unwrap_or_else(PoisonError::into_inner);
        let displaced = open.held.as_mut().and_then(|held| held.displaced(&open.connection));
        let is_last = head::Head::read(&open.connection).is_ok_and(|found| found.goes_on_from(&open.head));
        let displaced = displaced.or_else(|| if is_last { None } else { open.has_gone_back() });
        let connection = &open.connection;
        match displaced {
            // SQLite brings the log into the file as it closes it.
            None | Some(Displaced::Log(_)) => {}
            Some(Displaced::Database(_)) => {
                rescue(connection, &self.path, head::Head::read(connection).map_or(0, |head| head.durable));
            }
            Some(
                other @ (Displaced::Index(_)
                | Displaced::Spoilt(_)
                | Displaced::GoneBack(_)
                | Displaced::Damaged(_)
                | Displaced::Unseen(..)),
            ) => leave(connection, &self.path, &other),
        }
    }
}

/// Why something cannot be done with the file; of one that is damaged also what to do about it.
fn fault(path: &Path, what: &str, error: &rusqlite::Error) -> LogFault {
    let mut fault = outbox::fault(path, what, error);
    if is_damage(error) {
        fault.reason = format!("{}: it is damaged; {LOST}", fault.reason);
    }
    fault
}

impl DeliveryLog for Deliveries {
    fn begin_all(&self, endpoints: &[String], store: StoreId, ends: OutboxEnds) -> Result<(), LogFault> {
        let OutboxEnds { settled, head } = ends;
        self.write(true, |change| {
            stamp::check(&change.db, None)?;
            let knows = "SELECT EXISTS(SELECT 1 FROM endpoints WHERE store = ?1)";
            let known: bool = change.db.query_row(knows, [store.0], |row| row.get(0))?;
            let from = if known { head } else { settled };
            endpoints.iter().try_for_each(|endpoint| place(change, endpoint, store, from))?;
            // Also those that are not configured now: once the head has passed where they were, nobody could tell.
            let later = "UPDATE endpoints SET cursor = ?2, seq = NULL WHERE store = ?1 AND cursor > ?2";
            change.db.execute(later, params![store.0, head])?;
            stamp::all(change)
        })
    }

    fn begin(&self, endpoint: &str, store: StoreId, head: u64) -> Result<Standing, LogFault> {
        let known = "SELECT EXISTS(SELECT 1 FROM endpoints WHERE name = ?1 AND store = ?2)";
        let known: bool =
            self.read(|connection| connection.query_row(known, params![endpoint, store.0], |row| row.get(0)))?;
        self.write(!known, |change| {
            stamp::check(&change.db, Some(endpoint))?;
            place(change, endpoint, store, head)?;
            stamp::one(change, endpoint)?;
            standings::read(&change.db, Some(endpoint))?.pop().ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
    }

    fn configured(&self, endpoints: &[Configured], now: WallMs) -> Result<(), LogFault> {
        let text = |kinds: &BTreeSet<String>| serde_json::to_string(kinds).expect("a set of texts can be written");
        let names: Vec<_> = endpoints.iter().map(|endpoint| &endpoint.name).collect();
        let names = serde_json::to_string(&names).expect("a list of texts can be written");
        self.write(false, |change| {
            stamp::check(&change.db, None)?;
            change.db.execute(
                "UPDATE endpoints SET gone_since = ?2
                 WHERE gone_since IS NULL AND name NOT IN (SELECT value FROM json_each(?1))",
                params![names, now.0],
            )?;
            let back = "UPDATE endpoints SET gone_since = NULL
                        WHERE gone_since IS NOT NULL AND name IN (SELECT value FROM json_each(?1))";
            change.db.execute(back, [names])?;
            let mut want =
                change.db.prepare_cached("UPDATE endpoints SET kinds = ?2 WHERE name = ?1 AND kinds IS NOT ?2")?;
            for Configured { name, kinds } in endpoints {
                want.execute(params![name, kinds.as_deref().map(text)])?;
            }
            drop(want);
            stamp::all(change)
        })
    }

    fn settle(&self, endpoint: &str, cursor: u64, delivered: u64) -> Result<(), LogFault> {
        self.write(false, |change| {
            stamp::check(&change.db, Some(endpoint))?;
            let mut update = change.db.prepare_cached(
                "UPDATE endpoints SET cursor = ?2, delivered = delivered + ?3, seq = NULL,
                 failing_since = CASE WHEN ?3 > 0 THEN NULL ELSE failing_since END WHERE name = ?1",
            )?;
            update.execute(params![endpoint, cursor, delivered])?;
            drop(update);
            stamp::one(change, endpoint)
        })
    }

    fn trouble(&self, endpoint: &str, failing_since: WallMs, trouble: &Trouble) -> Result<(), LogFault> {
        self.write(false, |change| {
            stamp::check(&change.db, Some(endpoint))?;
            let Trouble { seq, attempts, first_failure, next_try, error } = trouble;
            let mut update = change.db.prepare_cached(
                "UPDATE endpoints SET failing_since = ?2, seq = ?3, attempts = ?4, first_failure = ?5, next_try = ?6,
                 error = ?7 WHERE name = ?1",
            )?;
            update.execute(params![endpoint, failing_since.0, seq, attempts, first_failure.0, next_try.0, error])?;
            drop(update);
            stamp::one(change, endpoint)
        })
    }

    fn bury(&self, endpoint: &str, cursor: u64, letters: &[DeadLetter]) -> Result<(), LogFault> {
        self.write(true, |change| {
            stamp::check(&change.db, Some(endpoint))?;
            letters.iter().try_for_each(|letter| letters::put(change, endpoint, letter))?;
            let settled = "UPDATE endpoints SET cursor = ?2, seq = NULL WHERE name = ?1";
            change.db.execute(settled, params![endpoint, cursor])?;
            stamp::one(change, endpoint)?;
            letters::forget(change, endpoint)
        })
    }

    fn wanted(&self, endpoint: &str, max: usize) -> Result<Vec<DeadLetter>, LogFault> {
        self.read(|connection| {
            letters::check(connection, WANTED, &[endpoint])?;
            letters::read(connection, WANTED, &[endpoint], max)
        })
    }

    fn revived(&self, endpoint: &str, id: &str) -> Result<(), LogFault> {
        self.write(false, |change| {
            stamp::check(&change.db, Some(endpoint))?;
            letters::remove(change, endpoint, id)?;
            let delivered = "UPDATE endpoints SET delivered = delivered + 1, failing_since = NULL WHERE name = ?1";
            change.db.execute(delivered, [endpoint])?;
            stamp::one(change, endpoint)
        })
    }

    fn give_up(&self, endpoint: &str, id: &str, attempts: u32, error: &str) -> Result<(), LogFault> {
        self.write(false, |change| {
            change.db.execute(
                "UPDATE letters SET attempts = attempts + ?3, error = ?4 WHERE endpoint = ?1 AND id = ?2",
                params![endpoint, id, attempts, error],
            )?;
            change.db.execute("UPDATE letters SET wanted = 0 WHERE endpoint = ?1", [endpoint]).map(drop)
        })
    }

    fn want(&self, which: &Which) -> Result<u64, LogFault> {
        let (endpoint, id) = names(which);
        let marked = self.write(true, |change| {
            letters::check(&change.db, CHOSEN, &[endpoint, id])?;
            change.db.execute(&format!("UPDATE letters SET wanted = 1 WHERE {CHOSEN}"), [endpoint, id])
        })?;
        Ok(marked.try_into().unwrap_or(u64::MAX))
    }

    fn standings(&self) -> Result<Vec<Standing>, LogFault> {
        self.read(|connection| standings::read(connection, None))
    }

    fn dead(&self, which: &Which, max: usize) -> Result<Vec<DeadLetter>, LogFault> {
        let (endpoint, id) = names(which);
        self.read(|connection| letters::read(connection, CHOSEN, &[endpoint, id], max))
    }
}

/// Endpoint and id, as [`CHOSEN`] has them: nothing stands for all.
fn names(which: &Which) -> (&str, &str) {
    (which.endpoint.as_deref().unwrap_or_default(), which.id.as_deref().unwrap_or_default())
}

/// An endpoint that is new here begins behind `from`.
fn place(change: &mut Change<'_>, endpoint: &str, store: StoreId, from: u64) -> rusqlite::Result<()> {
    let new = change.db.execute(
        "INSERT INTO endpoints(name, store, cursor) VALUES(?1, ?2, ?3) ON CONFLICT(name) DO NOTHING",
        params![endpoint, store.0, from],
    )?;
    if new > 0 {
        change.head.endpoints.add(None);
    }
    // Another file of facts, or this one from before: what the cursor counted is not there.
    let moved = change.db.execute(
        "UPDATE endpoints SET store = ?2, cursor = ?3, seq = NULL WHERE name = ?1 AND (store <> ?2 OR cursor > ?3)",
        params![endpoint, store.0, from],
    )?;
    if moved > 0 {
        tracing::warn!(endpoint, from, "what it has had is of another costage.db, or of a later time of this one");
    }
    change.db.execute("UPDATE endpoints SET gone_since = NULL WHERE name = ?1", [endpoint]).map(drop)
}

/// The value of a number that the file has of itself.
fn number(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0)).optional().map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests;
