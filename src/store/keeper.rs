//! The journal on disk: one SQLite connection, one transaction for each commit.
//!
//! A commit is in the write-ahead log, and the log is synced, when it returns (synchronous FULL). One that fails is rolled
//! back, and the next one may succeed: a full disk that has room again needs no restart. One whose sync failed may yet be
//! found on disk after a crash; its answer said that it was not kept, and its key makes a repeated request one change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::chain::{Head, Linker};
use super::changes;
use super::checkpoint;
use super::fault::StoreFault;
use super::folder::{Folder, recognise};
use super::head;
use super::held::Held;
use super::note::Note;
use super::outbox::{self, OutboxReader};
use super::pages;
use super::prints::Roll;
use super::restore;
use super::schema;
use super::time::{Clocks, KeptTime};
use super::witness::{self, Noted, Seen};
use crate::engine::OutboxBell;
use crate::engine::books::{Books, LedgerEnd};
use crate::engine::journal::{Batch, Booked, Journal, JournalError, Wanted};
use crate::engine::outbox_log::{LogFault, OutboxEnds};
use crate::live::BattleId;
use crate::live::time::Timeline;

/// How long a commit waits for a lock of SQLite's: only a reader that finds a log to recover takes one, for a moment.
const BUSY_MAX: Duration = Duration::from_secs(2);
/// Pages that SQLite holds in memory, KiB: the index of a battle with half a million changes fits.
const CACHE_KIB: i64 = 64 * 1024;

/// Statements that are kept ready: all that a running server has.
const STATEMENTS: usize = 32;

/// Bytes of the write-ahead log that stay allocated when it begins anew, after a long reader made it grow.
const LOG_BYTES_LEFT: i64 = 64 * 1024 * 1024;

/// Where what only grows ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    /// The ledger.
    pub(super) head: Head,
    /// The outbox, which also begins somewhere.
    pub(super) outbox: OutboxEnds,
    /// The facts: number of the last one.
    pub(super) facts: u64,
    /// The rows of the state.
    pub(super) roll: Roll,
    /// What the head comes to, with the clocks of the commit: no other commit has the same. None before the first of this version.
    pub(super) print: Option<i64>,
}

impl Ends {
    pub(super) fn seen(&self) -> Seen {
        Seen { head: self.head, facts: self.facts, outbox: self.outbox.head }
    }
}

/// The journal of a server with a data directory.
pub struct Store {
    pub(super) db: Connection,
    pub(super) file: PathBuf,
    pub(super) ends: Ends,
    pub(super) linker: Linker,
    /// What the keys of kept battles come to, of which that is known.
    pub(super) keys: BTreeMap<BattleId, i64>,
    /// Of the last commit; then where `line` begins.
    kept_time: KeptTime,
    clocks: Clocks,
    line: Timeline,
    /// The file is ours to write.
    pub(super) taken: bool,
    /// Between the outbox and its readers.
    pub(super) bell: Arc<OutboxBell>,
    /// What operators are told.
    books: Arc<Books>,
    /// From the moment on that the file is ours to write.
    pub(super) witness: Option<Note>,
    /// The file and its log, from then on.
    pub(super) held: Option<Held>,
    /// For it, until then; closed after SQLite has closed the file.
    handle: Option<std::fs::File>,
    /// Released last.
    pub(super) folder: Folder,
}

impl Store {
    /// Opens the data directory at `path`, or makes it; brings an older file to today's version. It is looked at whether
    /// the file is ours, of a version that is known, with today's tables, and whether the ledger's last row is the one that its
    /// head names; whether every row of the ledger is whole, `costage ledger verify` says.
    ///
    /// # Errors
    /// See [`StoreFault`]; then nothing was written to a file that was there.
    pub fn open(path: &Path, clocks: Clocks) -> Result<Self, StoreFault> {
        let folder = Folder::open(path)?;
        folder.make_database()?;
        let file = folder.database();
        recognise(&file)?;
        witness::check_log(&file)?;
        let noted = witness::read(folder.path())?;
        // From here on nobody but SQLite opens the file: `held` says why.
        pages::read_ahead(&file);
        let handle = Held::open(&file).map_err(|error| StoreFault::File { path: file.clone(), error })?;
        let fault = |error| StoreFault::of(&file, error);
        let mut db =
            Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
                .map_err(fault)?;
        // A log that a killed server left stays beside the file until the file is taken: see `timeline`.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(fault)?;
        db.busy_timeout(BUSY_MAX).map_err(fault)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        let found = schema::user_version(&db).map_err(fault)?;
        if found > schema::version() {
            return Err(StoreFault::Newer { file, found, known: schema::version() });
        }
        pages::check_for_start(&db, &file)?;
        if found > 0 {
            check_before(&db, &file, found, noted)?;
        }
        set(&db).map_err(fault)?;
        if found < schema::version() {
            log_ahead(&db).map_err(fault)?;
            schema::migrate(&mut db, schema::STEPS).map_err(fault)?;
        }
        check_tables(&db, &file)?;
        let (head, kept_time) = head::read(&db).map_err(fault)?;
        witness::check(&db, &file, noted)?;
        metrics::gauge!("costage_ledger_head").set(head.seq as f64);
        let moment = clocks();
        let line = Timeline::new(moment.now, moment.wall);
        let (outbox, facts) = (outbox::ends(&db).map_err(fault)?, witness::last_fact(&db).map_err(fault)?);
        let ends = Ends { head, outbox, facts, roll: Roll::call(&db, "state").map_err(fault)?, print: None };
        // Of the first version's files nobody noted anything.
        if found > 1 && ends.seen() != Seen::START {
            noted.warn_of_nothing(folder.path());
        }
        let bell = Arc::new(OutboxBell::new(ends.outbox.head));
        // A file that was made just now has no commit yet.
        let last = Some(kept_time.wall).filter(|last| last.0 > 0);
        if let Some(last) = last {
            metrics::gauge!("costage_last_commit_timestamp_seconds").set(last.0 as f64 / 1000.0);
        }
        let books = Arc::new(Books::on_disk(ledger_end(head), last));
        let (linker, keys) = (Linker::default(), BTreeMap::new());
        Ok(Self {
            db,
            file,
            ends,
            linker,
            keys,
            kept_time,
            clocks,
            line,
            taken: false,
            held: None,
            handle: Some(handle),
            bell,
            books,
            witness: None,
            folder,
        })
    }

    /// The line of the server's time from now on: see [`super::time`]. Call it once, before the first commit, when all that was
    /// kept has been read and is whole: from now on the file is written.
    ///
    /// # Errors
    /// The disk's.
    pub fn timeline(&mut self, counts_down: bool) -> Result<Timeline, StoreFault> {
        log_ahead(&self.db).map_err(|error| StoreFault::of(&self.file, error))?;
        if let Err(error) = self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false) {
            tracing::debug!(%error, "the log stays beside the file at the end");
        }
        let fault = |error| StoreFault::of(&self.file, error);
        checkpoint::by_hand(&self.db).map_err(fault)?;
        self.ends.print = head::print(&self.db).map_err(fault)?;
        self.taken = true;
        if let Some(handle) = self.handle.take() {
            let held = Held::of(handle, &self.file, true);
            self.held = Some(held.map_err(|error| StoreFault::File { path: self.file.clone(), error })?);
        }
        self.witness = Some(witness::begin(self.folder.path(), self.ends.seen()));
        (self.line, self.kept_time) = self.kept_time.start(&(self.clocks)(), counts_down);
        Ok(self.line)
    }

    /// Reads the webhooks that wait, beside the commits.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn outbox(&self) -> Result<OutboxReader, LogFault> {
        OutboxReader::connect(&self.file, self.bell())
    }

    /// Where the ledger ends.
    #[must_use]
    pub fn head(&self) -> Head {
        self.ends.head
    }

    /// What operators are told of its commits.
    #[must_use]
    pub fn books(&self) -> Arc<Books> {
        Arc::clone(&self.books)
    }

    /// What its readers are woken by, and say how far all of them have got: the next commits remove what lies behind.
    #[must_use]
    pub fn bell(&self) -> Arc<OutboxBell> {
        Arc::clone(&self.bell)
    }
}

impl Journal for Store {
    fn commit(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let begun = (self.clocks)();
        let now = begun.now;
        let time = self.kept_time.at(&self.line, begun);
        let written = match self.in_place() {
            Ok(()) => {
                let written = self.write(batch, &time);
                self.found_whole(written)
            }
            Err(reason) => Err(reason),
        };
        let took = (self.clocks)().now.saturating_duration_since(now);
        metrics::histogram!("costage_commit_seconds").record(took.as_secs_f64());
        match written {
            Ok(ends) => {
                self.ends = ends;
                if let Some(witness) = &mut self.witness {
                    witness.keep(&witness::line(ends.seen()));
                }
                self.bell.ring(ends.outbox.head);
                self.books.committed(time.wall, took, ledger_end(ends.head));
                metrics::counter!("costage_commits_total").increment(1);
                metrics::histogram!("costage_commit_facts").record(batch.facts.len() as f64);
                metrics::gauge!("costage_last_commit_timestamp_seconds").set(time.wall.0 as f64 / 1000.0);
                metrics::gauge!("costage_ledger_head").set(ends.head.seq as f64);
                Ok(())
            }
            Err(reason) => {
                self.books.failed(time.wall, took, reason.clone());
                Err(JournalError { reason: format!("{}: {reason}", self.file.display()) })
            }
        }
    }

    fn recall(&mut self, wanted: &Wanted) -> Result<Vec<Arc<Booked>>, JournalError> {
        self.roll_back();
        let recalled = recall(self, wanted).map_err(|fault| JournalError { reason: fault.to_string() })?;
        // What is not found in a file that has gone back may have been answered.
        recalled.ok_or_else(|| JournalError { reason: self.gone_back() })
    }
}

/// None of a file that is not as the last commit left it.
fn recall(store: &Store, wanted: &Wanted) -> Result<Option<Vec<Arc<Booked>>>, StoreFault> {
    let fault = |error| StoreFault::of(&store.file, error);
    // Of one moment, and never of what lies open: that would be found as if it were kept.
    let moment = store.db.unchecked_transaction().map_err(fault)?;
    if store.taken && head::print(&moment).map_err(fault)? != store.ends.print {
        return Ok(None);
    }
    match wanted {
        Wanted::Key(battle, key) => changes::by_key(&moment, &store.file, *battle, key),
        Wanted::Numbers(battle, numbers) => changes::by_numbers(&moment, &store.file, *battle, numbers),
    }
    .map(Some)
}

fn ledger_end(head: Head) -> LedgerEnd {
    LedgerEnd { seq: head.seq, hash: head.hash.0 }
}

/// Readers beside the writer. Writes to a file that was without a log.
fn log_ahead(db: &Connection) -> rusqlite::Result<()> {
    let mode: String = db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(rusqlite::Error::InvalidColumnName(format!("journal_mode {mode} instead of wal")));
    }
    // The log is made by the first who reads.
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// Durable with each commit.
fn set(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    db.pragma_update(None, "journal_size_limit", LOG_BYTES_LEFT)?;
    db.pragma_update(None, "trusted_schema", false)
}

/// All that is looked at before anything is written to a file that is there. A damaged one of an older version is not brought
/// to another first: the costage that it is of can still look at it.
fn check_before(db: &Connection, file: &Path, version: i32, noted: Noted) -> Result<(), StoreFault> {
    check_tables(db, file)?;
    let (head, _) = head::read(db).map_err(|error| StoreFault::of(file, error))?;
    head::check_end(db, file, head)?;
    witness::check(db, file, noted)?;
    if version >= schema::PRINTS_FROM {
        head::check(db, file)?;
    }
    outbox::check_ends(db, file)?;
    if version < schema::version() { restore::kept(db, file).map(drop) } else { Ok(()) }
}

/// Whether it has the tables of its version.
pub(super) fn check_tables(db: &Connection, file: &Path) -> Result<(), StoreFault> {
    let fault = |error| StoreFault::of(file, error);
    let version = schema::user_version(db).map_err(fault)?;
    let (found, wanted) = (schema::tables(db).map_err(fault)?, schema::tables_wanted(version).map_err(fault)?);
    if found == wanted {
        return Ok(());
    }
    let named = |tables: Vec<(String, String)>| tables.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
    Err(StoreFault::damaged(file, format!("its tables are not as they were made: {}", named(found))))
}
