//! Reading the ledger beside a server that writes it, or from a copy: for auditors, never for the server.

mod balance;
mod export;
mod indexes;
mod kept;
mod keys;
mod lines;
mod verify;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use thiserror::Error;

pub use balance::{Balance, balance};
pub use export::{Format, export};
pub use lines::Export;
pub use verify::{Verdict, verify};

use super::chain::{Hash, Head};
use super::columns::{COLUMNS, Columns};
use super::fault::StoreFault;
use super::folder::{DATABASE, DELIVERIES, log_of, recognise};
use super::head;
use super::keeper::check_tables;
use super::schema;
use super::witness::{self, Noted, check_log};
use super::write::number;
use crate::live::BattleId;

/// Rows that are read at a time. Between two readings SQLite may copy its log into the file: an auditor who takes an hour
/// does not make the log of a running server grow for an hour.
const CHUNK_ROWS: i64 = 20_000;
/// Faults that are listed; of more only the number is told.
const FAULTS_MAX: usize = 20;

/// Why an audit could not be made.
#[derive(Debug, Error)]
pub enum AuditFault {
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// What was to be written or read beside it.
    #[error("{what}: {error}")]
    File {
        /// Which, and what for.
        what: String,
        /// Why not.
        error: std::io::Error,
    },
    /// A line of an export that is none.
    #[error("line {line} of the export is no row of a ledger in JSON: {reason}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// An export without its last line.
    #[error(
        "the export is cut short behind row {rows}: its last line, {{\"rows\":…}}, is missing; export the ledger anew"
    )]
    Short {
        /// Rows that are there, whole.
        rows: u64,
    },
}

/// Is told how many rows of how many have been read.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// What was found wrong: the first [`FAULTS_MAX`], and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// In words, in the order in which they were found.
    pub listed: Vec<String>,
    /// All of them.
    pub count: u64,
}

impl Faults {
    pub(in crate::store) fn add(&mut self, fault: impl FnOnce() -> String) {
        self.count += 1;
        if self.listed.len() < FAULTS_MAX {
            self.listed.push(fault());
        }
    }

    /// These, and then those.
    pub(in crate::store) fn and(mut self, those: Self) -> Self {
        self.count += those.count;
        self.listed.extend(those.listed);
        self.listed.truncate(FAULTS_MAX);
        self
    }
}

/// A database that is only read.
#[derive(Debug)]
pub struct Reader {
    pub(super) db: Connection,
    pub(super) file: PathBuf,
    /// What a server had noted in this directory before the database was opened.
    noted: Noted,
    /// Of a data directory, where it keeps how far webhooks have got.
    deliveries: Option<PathBuf>,
}

impl Reader {
    /// Opens a data directory, also one that a server is writing, or a backup.
    ///
    /// # Errors
    /// See [`StoreFault`].
    pub fn open(path: &Path) -> Result<Self, StoreFault> {
        let is_folder = path.is_dir();
        let file = if is_folder { path.join(DATABASE) } else { path.to_owned() };
        // Named as it was given: of a directory that is not there, the one above it is nobody's question.
        let missing = || StoreFault::Missing { path: path.to_owned() };
        recognise(&file)
            .map_err(|fault| if matches!(fault, StoreFault::Missing { .. }) { missing() } else { fault })?;
        // A link to a database has neither its log nor what was noted beside it.
        let file = std::fs::canonicalize(&file).unwrap_or(file);
        let fault = |error| StoreFault::of(&file, error);
        check_log(&file)?;
        // Before the database is read: a server that runs is ahead of it. A copy of another name is of some other time.
        let is_database = file.file_name().is_some_and(|name| name == DATABASE);
        let folder = if is_folder { Some(path) } else { file.parent().filter(|_| is_database) };
        let noted = folder.map_or(Ok(Noted::Missing), witness::read)?;
        // A backup is nobody else's: nothing is to be left beside it.
        let db = if is_folder || has_log(&file) { beside_server(&file) } else { alone(&file) }.map_err(fault)?;
        let found = schema::user_version(&db).map_err(fault)?;
        let known = schema::version();
        if found != known {
            return Err(if found < known {
                StoreFault::Older { file, found, known }
            } else {
                StoreFault::Newer { file, found, known }
            });
        }
        check_tables(&db, &file)?;
        let deliveries = is_folder.then(|| path.join(DELIVERIES));
        Ok(Self { db, file, noted, deliveries })
    }

    /// Where the ledger ends, as its head says.
    ///
    /// # Errors
    /// The disk's.
    pub fn head(&self) -> Result<Head, StoreFault> {
        Ok(head::read(&self.db).map_err(|error| self.fault(error))?.0)
    }

    /// Number of the head, and of the last row that is there: of one moment.
    fn ends(&self) -> Result<(Head, i64), StoreFault> {
        let sql = "SELECT ledger_seq, ledger_hash, coalesce((SELECT max(seq) FROM ledger), 0) FROM head";
        let ends = self.db.query_row(sql, [], |row| {
            let seq: i64 = row.get(0)?;
            Ok((Head { seq: u64::try_from(seq).unwrap_or(0), hash: Hash(row.get(1)?) }, row.get(2)?))
        });
        ends.map_err(|error| self.fault(error))
    }

    /// Reads the rows up to `last`, in their order, those of one battle or all; `None` stands for one that cannot be read.
    fn rows<E: From<StoreFault>>(
        &self,
        last: i64,
        battle: Option<BattleId>,
        progress: Progress<'_>,
        mut each: impl FnMut(i64, Option<(Columns<'_>, Hash)>) -> Result<(), E>,
    ) -> Result<(), E> {
        // From the very first number there is: a row that was put in may have any.
        let (mut next, mut last_read) = (Some(i64::MIN), None);
        let of = u64::try_from(last).unwrap_or(0);
        let own = if battle.is_some() { "AND battle = ?4" } else { "AND ?4 IS NULL" };
        let sql = format!("SELECT {COLUMNS} FROM ledger WHERE seq >= ?1 AND seq <= ?2 {own} ORDER BY seq LIMIT ?3");
        let mut read = self.db.prepare(&sql).map_err(|error| self.fault(error))?;
        while let Some(begun) = next.take() {
            let mut after = begun;
            let key = battle.map(|battle| *battle.as_bytes());
            // Those of one battle are sorted first: once.
            let chunk = if battle.is_some() { i64::MAX } else { CHUNK_ROWS };
            let broken = |error: rusqlite::Error, after: i64| {
                StoreFault::damaged(&self.file, format!("behind row {} of the ledger: {error}", after.max(0)))
            };
            let mut rows =
                read.query(rusqlite::params![begun, last, chunk, key]).map_err(|error| broken(error, begun))?;
            while let Some(row) = rows.next().map_err(|error| broken(error, after))? {
                after = row.get(0).map_err(|error| self.fault(error))?;
                // As a page without its bytes gives them; who went on from there would read for ever.
                if let Some(before) = last_read.replace(after).filter(|before| *before >= after) {
                    let reason = format!("behind row {} of the ledger stands row {after}", before.max(0));
                    return Err(StoreFault::damaged(&self.file, reason).into());
                }
                next = after.checked_add(1);
                each(after, Columns::read(row).ok())?;
            }
            if next.is_some() {
                progress(u64::try_from(after).unwrap_or(0), of);
            }
        }
        Ok(())
    }

    /// Nothing is missing that a server has noted. Who copies or exports less takes it for all.
    ///
    /// # Errors
    /// [`StoreFault::Behind`], or the disk's.
    pub(in crate::store) fn lacks_nothing(&self) -> Result<(), StoreFault> {
        witness::check(&self.db, &self.file, self.noted)
    }

    /// Adds that commits are missing which a server has noted, where nothing else says that something is wrong.
    fn check_noted(&self, faults: &mut Faults) -> Result<(), StoreFault> {
        if faults.count > 0 {
            return Ok(());
        }
        match self.lacks_nothing() {
            Err(behind @ StoreFault::Behind { .. }) => faults.add(|| behind.to_string()),
            other => other?,
        }
        Ok(())
    }

    fn fault(&self, error: rusqlite::Error) -> StoreFault {
        StoreFault::of(&self.file, error)
    }
}

fn has_log(file: &Path) -> bool {
    log_of(file).exists()
}

/// With locks, as others may write; where even a reader's may not be made, because nobody writes there, without.
pub(super) fn beside_server(file: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    let looked = db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    match looked.map_err(|error| (error.sqlite_error_code(), error)) {
        Err((Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly), _)) if !has_log(file) => alone(file),
        Err((_, error)) => Err(error),
        Ok(()) => Ok(db),
    }
}

/// A file that nobody writes.
pub(super) fn alone(file: &Path) -> rusqlite::Result<Connection> {
    let mut uri = String::from("file:");
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri, flags)
}

/// A number of a row, for people.
fn whole(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

/// The largest number that is a row's.
fn last_of(head: Head, there: i64) -> i64 {
    number(head.seq).max(there)
}
