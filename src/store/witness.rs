//! How far a server has got, beside the database: a log that was cut, damaged or lost, and a database that was exchanged, show.
//!
//! SQLite takes its log's first damaged frame for the log's end. What was answered behind it would be gone without a word; so each
//! commit that is on disk is noted in a file of its own, in place and without a sync: what it says is on disk in the database.
//! One line: number and hash of the ledger's last row, numbers of the last fact and of the last webhook.

use std::io;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::chain::{Hash, Head};
use super::fault::StoreFault;
use super::folder::{WITNESS, is_log, log_begin, log_of};
use super::note::{self, Found, Note};
use super::outbox;
use super::write::number;

/// What was on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// The ledger.
    pub(super) head: Head,
    /// Number of the last fact.
    pub(super) facts: u64,
    /// Number of the last webhook that was to be sent; 0 also where it was not noted.
    pub(super) outbox: u64,
}

impl Seen {
    /// Of a database in which nothing was written.
    pub(super) const START: Self = Self { head: Head::START, facts: 0, outbox: 0 };
}

/// What is kept of `seen`: numbers have their places, so that a line never gets shorter.
pub(super) fn line(Seen { head, facts, outbox }: Seen) -> String {
    format!("{:020}:{} {facts:020} {outbox:020}\n", head.seq, head.hash)
}

/// The file in `folder`, to be written with each commit; `seen` is noted there, on disk.
pub(super) fn begin(folder: &Path, seen: Seen) -> Note {
    Note::begin(folder.join(WITNESS), &line(seen))
}

/// What a folder says of how far a server has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// Nothing: the file is not there.
    Missing,
    /// Nothing: the file is empty, or only zeros have come to disk.
    Blank,
    /// So far.
    Seen(Seen),
}

impl Noted {
    /// Says in the log that nothing was noted, where a server must have. Going back to a backup begins so: no reason to stay down.
    pub(super) fn warn_of_nothing(self, folder: &Path) {
        let found = match self {
            Self::Seen(_) => return,
            Self::Missing => "it is not there, as after going back to a backup",
            Self::Blank => "it is empty, or zeros, as a power cut or a full disk may leave it",
        };
        tracing::warn!(
            file = %folder.join(WITNESS).display(),
            found,
            "nothing says how far the database had got: had its log been lost, answered scores would be missing unseen; compare \
             the ledger's head with one that was noted (costage ledger verify --head)"
        );
    }
}

/// What was noted in `folder`.
///
/// # Errors
/// [`StoreFault::NoWitness`] when it is no such line, or the disk's.
pub(super) fn read(folder: &Path) -> Result<Noted, StoreFault> {
    let path = folder.join(WITNESS);
    match note::read(&path) {
        Err(error) => Err(StoreFault::File { path, error }),
        Ok(Found::Missing) => Ok(Noted::Missing),
        Ok(Found::Blank) => Ok(Noted::Blank),
        Ok(Found::Text(text)) => match std::str::from_utf8(&text).ok().and_then(parse) {
            Some(seen) => Ok(Noted::Seen(seen)),
            None => Err(StoreFault::NoWitness { witness: path }),
        },
    }
}

fn parse(line: &str) -> Option<Seen> {
    let mut words = line.strip_suffix('\n')?.split(' ');
    let (head, facts) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    // Earlier servers did not note it.
    let outbox = words.next().map_or(Ok(0), str::parse).ok()?;
    words.next().is_none().then_some(Seen { head, facts, outbox })
}

/// Whether the database `db` at `file` has all that was noted in its folder before it was opened.
///
/// # Errors
/// [`StoreFault::Behind`] when it has not, or the disk's.
pub(super) fn check(db: &Connection, file: &Path, noted: Noted) -> Result<(), StoreFault> {
    let Noted::Seen(noted) = noted else { return Ok(()) };
    let lacks = lacks(db, noted).map_err(|error| StoreFault::of(file, error))?;
    if lacks.is_empty() {
        return Ok(());
    }
    let witness = file.with_file_name(WITNESS);
    Err(StoreFault::Behind { file: file.to_owned(), witness, lacks: lacks.join(", ") })
}

/// What was noted and is not there, in words.
fn lacks(db: &Connection, Seen { head, facts, outbox }: Seen) -> rusqlite::Result<Vec<String>> {
    let mut lacks = Vec::new();
    let hash = "SELECT hash FROM ledger WHERE seq = ?1";
    let hash = db.query_row(hash, [number(head.seq)], |row| row.get(0)).optional()?.map(Hash);
    if hash.is_none() && head != Head::START {
        let last: i64 = db.query_row("SELECT coalesce(max(seq), 0) FROM ledger", [], |row| row.get(0))?;
        let last = u64::try_from(last).unwrap_or(0).min(head.seq - 1);
        lacks.push(format!("{} of the ledger", span("row", last, head.seq)));
    } else if hash.is_some_and(|hash| hash != head.hash) {
        lacks.push(format!("row {} of the ledger as it was (another one is there)", head.seq));
    }
    for (what, last, noted) in [("fact", last_fact(db)?, facts), ("webhook", outbox::head(db)?, outbox)] {
        if last < noted {
            lacks.push(span(what, last, noted));
        }
    }
    Ok(lacks)
}

/// Those behind `last`, up to `noted`.
fn span(what: &str, last: u64, noted: u64) -> String {
    if last + 1 == noted { format!("{what} {noted}") } else { format!("{what}s {} to {noted}", last + 1) }
}

/// Number of the last fact; they are never deleted.
pub(super) fn last_fact(db: &Connection) -> rusqlite::Result<u64> {
    let last: i64 = db.query_row("SELECT coalesce(max(seq), 0) FROM facts", [], |row| row.get(0))?;
    Ok(u64::try_from(last).unwrap_or(0))
}

/// Whether what lies beside `file` as its log is one; SQLite takes anything else for an empty one and writes over it.
///
/// # Errors
/// [`StoreFault::NoLog`], or the disk's.
pub(super) fn check_log(file: &Path) -> Result<(), StoreFault> {
    let wal = log_of(file);
    let begin = match log_begin(&wal) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        begin => begin.map_err(|error| StoreFault::File { path: wal.clone(), error })?,
    };
    // Zeros are what a power cut may leave.
    if is_log(&begin) || begin == [0; 4] { Ok(()) } else { Err(StoreFault::NoLog { wal }) }
}
