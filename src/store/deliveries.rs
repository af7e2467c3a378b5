//! How far webhooks have got: `webhooks.db`, a file of its own beside the main one.
//!
//! WAL with synchronous=NORMAL: a cursor that a loss of power takes back means that events are delivered once more, with the
//! ids that receivers know them by, which may happen anyhow; and the disk is left to the commits of the control thread. What is
//! nowhere else, a dead letter and where a new endpoint began, is written with synchronous=FULL. A killed process loses nothing
//! either way.

mod letters;
mod schema;
mod stamp;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::fault::is_damage;
use super::folder::{lacks, private, size};
use super::outbox;
use super::prints;
use super::schema::tables;
use crate::engine::outbox_log::{
    Configured, DeadLetter, DeliveryLog, LogFault, OutboxEnds, Standing, StoreId, Trouble, Which,
};
use crate::live::WallMs;

/// Dead letters that are kept of each endpoint; one more, and the oldest is forgotten: three days of one every three seconds.
pub const LETTERS_MAX: u32 = 100_000;

/// How every SQLite file begins.
const HEADER: &[u8] = b"SQLite format 3\0";

/// How long a writer waits for another process' (`costage webhooks replay`).
const BUSY_MAX: Duration = Duration::from_secs(5);

/// What to do about a file that is not whole. Dead letters are nowhere else, so nothing is mended behind the operator's back.
const LOST: &str = "put a copy of the file back, or move it away: its dead letters are gone then, and endpoints begin with the \
                    oldest event that costage.db still has";

/// Dead letters of one endpoint that are to be sent again.
const WANTED: &str = "endpoint = ?1 AND wanted = 1";

/// Dead letters that a command names, by [`names`].
const CHOSEN: &str = "(?1 = '' OR endpoint = ?1) AND (?2 = '' OR id = ?2)";

/// Cursors, troubles and dead letters of all endpoints.
pub struct Deliveries {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl Deliveries {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// When it cannot be read or written, is of a newer costage, or is something else; it is then left as it is.
    pub fn open(path: &Path) -> Result<Self, LogFault> {
        make(path)?;
        let opened = Connection::open(path).map_err(|error| fault(path, "cannot open", &error))?;
        Self::ready(opened, path.to_owned())
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
        Self::ready(opened, path)
    }

    fn ready(mut connection: Connection, path: PathBuf) -> Result<Self, LogFault> {
        connection.busy_timeout(BUSY_MAX).map_err(|error| fault(&path, "cannot open", &error))?;
        schema::ready(&mut connection, &path)?;
        Ok(Self { connection: Mutex::new(connection), path })
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LogFault> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&connection).map_err(|error| fault(&self.path, "cannot read", &error))
    }

    /// Why nothing is signed and sent while a dead letter is not as it was written.
    fn changed(&self, id: &str) -> LogFault {
        let what = format!("cannot send dead letters of {}", self.path.display());
        LogFault { what, reason: format!("{id} is not as it was written: the file is damaged; {LOST}") }
    }

    /// Nothing is delivered from where a changed bit says: it would be events that are passed over, or sent again.
    fn whole(&self) -> Result<(), LogFault> {
        match self.read(stamp::changed)? {
            None => Ok(()),
            Some(endpoint) => {
                let what = format!("cannot deliver by {}", self.path.display());
                let reason = format!("how far endpoint {endpoint:?} is is not as it was written: the file is damaged");
                Err(LogFault { what, reason: format!("{reason}; {LOST}") })
            }
        }
    }

    fn write<T>(
        &self,
        durably: bool,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, LogFault> {
        // A panic under this lock has dropped the transaction, which takes it back.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let written = || {
            connection.pragma_update(None, "synchronous", if durably { "FULL" } else { "NORMAL" })?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let outcome = work(&transaction)?;
            transaction.commit().map(|()| outcome)
        };
        written().map_err(|error| fault(&self.path, "cannot write", &error))
    }
}

/// Whether an endpoint has ever begun in this file, which is left as it is; nobody knows that of one that cannot be read, so it
/// counts as used.
pub(super) fn is_used(path: &Path) -> bool {
    let look = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY_MAX)?;
        let used = "SELECT EXISTS(SELECT 1 FROM endpoints) OR EXISTS(SELECT 1 FROM letters)";
        if tables(&db)?.is_empty() { Ok(false) } else { db.query_row(used, [], |row| row.get(0)) }
    };
    size(path).is_some_and(|bytes| bytes > 0) && look().unwrap_or(true)
}

/// Why something cannot be done with the file; of one that is damaged also what to do about it.
fn fault(path: &Path, what: &str, error: &rusqlite::Error) -> LogFault {
    let mut fault = outbox::fault(path, what, error);
    if is_damage(error) {
        fault.reason = format!("{}: it is damaged; {LOST}", fault.reason);
    }
    fault
}

/// Makes the file for its owner alone where there is none; looks at the header of one that is there before SQLite does, which
/// takes what is shorter than a header for a new file and writes over it.
fn make(path: &Path) -> Result<(), LogFault> {
    let refused = |reason: String| LogFault { what: format!("cannot use {}", path.display()), reason };
    let mut file =
        private().read(true).append(true).create(true).open(path).map_err(|error| refused(error.to_string()))?;
    let mut found = Vec::new();
    file.by_ref().take(100).read_to_end(&mut found).map_err(|error| refused(error.to_string()))?;
    if found.is_empty() {
        return Ok(());
    }
    if !found.starts_with(HEADER) {
        let advice = "it is no SQLite file; move it away, or name another data directory";
        return Err(refused(advice.to_owned()));
    }
    let bytes = file.metadata().map_err(|error| refused(error.to_string()))?.len();
    let mut header = [0; 100];
    header[..found.len()].copy_from_slice(&found);
    match lacks(path, &header, bytes) {
        Some(reason) => Err(refused(format!("it was cut: {reason}; {LOST}"))),
        None => Ok(()),
    }
}

impl DeliveryLog for Deliveries {
    fn begin_all(&self, endpoints: &[String], store: StoreId, ends: OutboxEnds) -> Result<(), LogFault> {
        let OutboxEnds { settled, head } = ends;
        self.whole()?;
        self.write(true, |transaction| {
            let knows = "SELECT EXISTS(SELECT 1 FROM endpoints WHERE store = ?1)";
            let known: bool = transaction.query_row(knows, [store.0], |row| row.get(0))?;
            let from = if known { head } else { settled };
            endpoints.iter().try_for_each(|endpoint| place(transaction, endpoint, store, from))?;
            // Also those that are not configured now: once the head has passed where they were, nobody could tell.
            let later = "UPDATE endpoints SET cursor = ?2, seq = NULL WHERE store = ?1 AND cursor > ?2";
            transaction.execute(later, params![store.0, head])?;
            stamp::all(transaction)
        })
    }

    fn begin(&self, endpoint: &str, store: StoreId, head: u64) -> Result<Standing, LogFault> {
        let known = "SELECT EXISTS(SELECT 1 FROM endpoints WHERE name = ?1 AND store = ?2)";
        let known: bool =
            self.read(|connection| connection.query_row(known, params![endpoint, store.0], |row| row.get(0)))?;
        self.whole()?;
        self.write(!known, |transaction| {
            place(transaction, endpoint, store, head)?;
            stamp::one(transaction, endpoint)?;
            standings(transaction, Some(endpoint))?.pop().ok_or(rusqlite::Error::QueryReturnedNoRows)
        })
    }

    fn configured(&self, endpoints: &[Configured], now: WallMs) -> Result<(), LogFault> {
        let text = |kinds: &BTreeSet<String>| serde_json::to_string(kinds).expect("a set of texts can be written");
        let names: Vec<_> = endpoints.iter().map(|endpoint| &endpoint.name).collect();
        let names = serde_json::to_string(&names).expect("a list of texts can be written");
        self.write(false, |transaction| {
            transaction.execute(
                "UPDATE endpoints SET gone_since = ?2
                 WHERE gone_since IS NULL AND name NOT IN (SELECT value FROM json_each(?1))",
                params![names, now.0],
            )?;
            let back = "UPDATE endpoints SET gone_since = NULL
                        WHERE gone_since IS NOT NULL AND name IN (SELECT value FROM json_each(?1))";
            transaction.execute(back, [names])?;
            let mut want =
                transaction.prepare_cached("UPDATE endpoints SET kinds = ?2 WHERE name = ?1 AND kinds IS NOT ?2")?;
            for Configured { name, kinds } in endpoints {
                want.execute(params![name, kinds.as_deref().map(text)])?;
            }
            stamp::all(transaction)
        })
    }

    fn settle(&self, endpoint: &str, cursor: u64, delivered: u64) -> Result<(), LogFault> {
        self.write(false, |transaction| {
            let mut update = transaction.prepare_cached(
                "UPDATE endpoints SET cursor = ?2, delivered = delivered + ?3, seq = NULL,
                 failing_since = CASE WHEN ?3 > 0 THEN NULL ELSE failing_since END WHERE name = ?1",
            )?;
            update.execute(params![endpoint, cursor, delivered])?;
            stamp::one(transaction, endpoint)
        })
    }

    fn trouble(&self, endpoint: &str, failing_since: WallMs, trouble: &Trouble) -> Result<(), LogFault> {
        self.write(false, |transaction| {
            let Trouble { seq, attempts, first_failure, next_try, error } = trouble;
            let mut update = transaction.prepare_cached(
                "UPDATE endpoints SET failing_since = ?2, seq = ?3, attempts = ?4, first_failure = ?5, next_try = ?6,
                 error = ?7 WHERE name = ?1",
            )?;
            update.execute(params![endpoint, failing_since.0, seq, attempts, first_failure.0, next_try.0, error])?;
            stamp::one(transaction, endpoint)
        })
    }

    fn bury(&self, endpoint: &str, cursor: u64, letters: &[DeadLetter]) -> Result<(), LogFault> {
        self.write(true, |transaction| {
            let mut insert = transaction.prepare_cached(&format!(
                "INSERT OR REPLACE INTO letters({}, print)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11)",
                letters::COLUMNS
            ))?;
            for DeadLetter { row, attempts, died, error, .. } in letters {
                let (kind, live, body) = (&row.kind, &row.live, &row.body);
                let print = prints::of_letter(endpoint, row);
                insert.execute(params![
                    row.seq, row.id, kind, live, row.at.0, body, endpoint, attempts, died.0, error, print
                ])?;
            }
            transaction
                .execute("UPDATE endpoints SET cursor = ?2, seq = NULL WHERE name = ?1", params![endpoint, cursor])?;
            stamp::one(transaction, endpoint)?;
            let count = "SELECT count(*) FROM letters WHERE endpoint = ?1";
            let surplus =
                transaction.query_row(count, [endpoint], |row| row.get::<_, u32>(0))?.saturating_sub(LETTERS_MAX);
            if surplus > 0 {
                tracing::error!(endpoint, surplus, "more dead letters than are kept: the oldest are forgotten");
                transaction.execute(
                    "DELETE FROM letters WHERE rowid IN
                     (SELECT rowid FROM letters WHERE endpoint = ?1 ORDER BY at, seq LIMIT ?2)",
                    params![endpoint, surplus],
                )?;
            }
            Ok(())
        })
    }

    fn wanted(&self, endpoint: &str, max: usize) -> Result<Vec<DeadLetter>, LogFault> {
        let found = self.read(|connection| {
            let changed = letters::changed(connection, WANTED, &[endpoint])?;
            Ok(changed.map_or(Ok(letters::read(connection, WANTED, &[endpoint], max)?), Err))
        })?;
        found.map_err(|id| self.changed(&id))
    }

    fn revived(&self, endpoint: &str, id: &str) -> Result<(), LogFault> {
        self.write(false, |transaction| {
            transaction.execute("DELETE FROM letters WHERE endpoint = ?1 AND id = ?2", [endpoint, id])?;
            let delivered = "UPDATE endpoints SET delivered = delivered + 1, failing_since = NULL WHERE name = ?1";
            transaction.execute(delivered, [endpoint])?;
            stamp::one(transaction, endpoint)
        })
    }

    fn give_up(&self, endpoint: &str, id: &str, attempts: u32, error: &str) -> Result<(), LogFault> {
        self.write(false, |transaction| {
            transaction.execute(
                "UPDATE letters SET attempts = attempts + ?3, error = ?4 WHERE endpoint = ?1 AND id = ?2",
                params![endpoint, id, attempts, error],
            )?;
            transaction.execute("UPDATE letters SET wanted = 0 WHERE endpoint = ?1", [endpoint]).map(drop)
        })
    }

    fn want(&self, which: &Which) -> Result<u64, LogFault> {
        let (endpoint, id) = names(which);
        let marked = self.write(true, |transaction| {
            if let Some(id) = letters::changed(transaction, CHOSEN, &[endpoint, id])? {
                return Ok(Err(id));
            }
            transaction.execute(&format!("UPDATE letters SET wanted = 1 WHERE {CHOSEN}"), [endpoint, id]).map(Ok)
        })?;
        marked.map_err(|id| self.changed(&id)).map(|marked| marked.try_into().unwrap_or(u64::MAX))
    }

    fn standings(&self) -> Result<Vec<Standing>, LogFault> {
        self.read(|connection| standings(connection, None))
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
fn place(transaction: &Transaction<'_>, endpoint: &str, store: StoreId, from: u64) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO endpoints(name, store, cursor) VALUES(?1, ?2, ?3) ON CONFLICT(name) DO NOTHING",
        params![endpoint, store.0, from],
    )?;
    // Another file of facts, or this one from before: what the cursor counted is not there.
    let moved = transaction.execute(
        "UPDATE endpoints SET store = ?2, cursor = ?3, seq = NULL WHERE name = ?1 AND (store <> ?2 OR cursor > ?3)",
        params![endpoint, store.0, from],
    )?;
    if moved > 0 {
        tracing::warn!(endpoint, from, "what it has had is of another costage.db, or of a later time of this one");
    }
    transaction.execute("UPDATE endpoints SET gone_since = NULL WHERE name = ?1", [endpoint]).map(drop)
}

fn standings(connection: &Connection, name: Option<&str>) -> rusqlite::Result<Vec<Standing>> {
    let mut rows = connection.prepare_cached(
        "SELECT name, cursor, failing_since, gone_since, delivered, seq, attempts, first_failure, next_try, error,
         (SELECT count(*) FROM letters WHERE endpoint = name),
         (SELECT count(*) FROM letters WHERE endpoint = name AND wanted = 1), kinds
         FROM endpoints WHERE ?1 IS NULL OR name = ?1 ORDER BY name",
    )?;
    let time = |row: &Row<'_>, column: usize| row.get::<_, Option<u64>>(column).map(|ms| ms.map(WallMs));
    let standing = |row: &Row<'_>| {
        let trouble = |seq: u64| {
            let (first_failure, next_try) = (WallMs(row.get(7)?), WallMs(row.get(8)?));
            Ok::<_, rusqlite::Error>(Trouble {
                seq,
                attempts: row.get(6)?,
                first_failure,
                next_try,
                error: row.get(9)?,
            })
        };
        Ok(Standing {
            endpoint: row.get(0)?,
            cursor: row.get(1)?,
            failing_since: time(row, 2)?,
            gone_since: time(row, 3)?,
            delivered: row.get(4)?,
            trouble: row.get::<_, Option<u64>>(5)?.map(trouble).transpose()?,
            dead: row.get(10)?,
            wanted: row.get(11)?,
            // What is no list of types is none that this server has written: as if all were wanted.
            kinds: row.get::<_, Option<String>>(12)?.and_then(|kinds| serde_json::from_str(&kinds).ok()),
        })
    };
    rows.query_map([name], standing)?.collect()
}

/// The value of a number that the file has of itself.
fn number(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0)).optional().map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests;
