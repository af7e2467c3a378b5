//! Files that a server has open must stay where and what they are: of one that was removed, replaced or written over SQLite keeps
//! what nobody finds again, and says that all is well.
//!
//! The database is read through one handle, opened before SQLite opens it and closed after: SQLite's locks on a file go with any
//! other handle on it that the process closes
//! (<https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::folder::{beside, is_log, log_begin, log_of, private};

/// Which file it is, whatever its name.
type Identity = (u64, u64);

fn identity(data: &Metadata) -> Identity {
    (data.dev(), data.ino())
}

/// A database and its log, as they were when they were opened.
#[derive(Debug)]
pub(super) struct Held {
    file: File,
    path: PathBuf,
    /// What the database's file was when it was looked at last, and when somebody wrote to it last.
    header: Header,
    written: Written,
    log: PathBuf,
    /// None where there was none: then it is not looked at.
    log_identity: Option<Identity>,
    log_bytes: u64,
    /// What the log was when its only writer had written, and which version of the database SQLite then read.
    left: Option<(Written, i64)>,
}

/// When, to the nanosecond, and how many bytes there are since.
type Written = (i64, i64, u64);

/// What became of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Displaced {
    /// The database is not there any more, or another one is.
    Database(PathBuf),
    /// So it is with its log.
    Log(PathBuf),
    /// One of them was cut, emptied or written over where it is.
    Spoilt(PathBuf),
}

/// Of a database's header what another one has not (<https://www.sqlite.org/fileformat2.html#the_database_header>).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Header {
    application: u32,
    page_bytes: u64,
    /// Counts up when another connection than the last writes, or the file is written anew.
    changes: u32,
    /// Pages of the file.
    pages: u32,
}

impl Header {
    fn read(file: &File) -> io::Result<Self> {
        let mut bytes = [0; 100];
        file.read_exact_at(&mut bytes, 0)?;
        if !bytes.starts_with(b"SQLite format 3\0") {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        // A size of 1 stands for 65536.
        let page_bytes = match u16::from_be_bytes([bytes[16], bytes[17]]) {
            1 => 65_536,
            bytes => u64::from(bytes),
        };
        Ok(Self { application: word(68), page_bytes, changes: word(24), pages: word(28) })
    }

    /// Whether the file may have become this one by what SQLite writes. A backup has counted less, and an earlier copy has as
    /// much, but fewer pages.
    fn may_become(&self, next: &Self) -> bool {
        // A file that was made just now says in its log alone whose it is.
        (self.application == 0 || self.application == next.application)
            && self.page_bytes == next.page_bytes
            && (self.changes, self.pages) <= (next.changes, next.pages)
    }

    fn bytes(&self) -> u64 {
        self.page_bytes * u64::from(self.pages)
    }
}

fn written(data: &Metadata) -> Written {
    (data.mtime(), data.mtime_nsec(), data.len())
}

impl Held {
    /// The database's one handle: before SQLite opens it.
    pub(super) fn open(database: &Path) -> io::Result<File> {
        File::open(database)
    }

    /// `file` is of [`Held::open`]; SQLite has made the log.
    pub(super) fn of(file: File, database: &Path) -> io::Result<Self> {
        let log = log_of(database);
        let found = fs::metadata(&log).ok();
        let (log_identity, log_bytes) = (found.as_ref().map(identity), found.map_or(0, |data| data.len()));
        let (header, written) = (Header::read(&file)?, written(&file.metadata()?));
        Ok(Self { file, path: database.to_owned(), header, written, log, log_identity, log_bytes, left: None })
    }

    /// Whether either is no more what it was: some looks at the file system, a few microseconds. `db` has it open.
    pub(super) fn displaced(&mut self, db: &Connection) -> Option<Displaced> {
        let Ok(data) = self.file.metadata() else { return Some(Displaced::Database(self.path.clone())) };
        if !fs::metadata(&self.path).is_ok_and(|named| identity(&named) == identity(&data)) {
            return Some(Displaced::Database(self.path.clone()));
        }
        if written(&data) != self.written {
            // By a checkpoint, ours or another program's; or by somebody who copied over it. One that could not bring all of the
            // log leaves a file without its last pages: only one that got shorter must have all.
            let whole = |next: &Header| data.len() >= self.written.2.min(next.bytes());
            let next = Header::read(&self.file).ok().filter(|next| self.header.may_become(next) && whole(next));
            let Some(next) = next else { return Some(Displaced::Spoilt(self.path.clone())) };
            (self.header, self.written) = (next, written(&data));
        }
        self.log_displaced(db)
    }

    fn log_displaced(&mut self, db: &Connection) -> Option<Displaced> {
        self.log_identity?;
        let Some(data) = fs::metadata(&self.log).ok().filter(|data| Some(identity(data)) == self.log_identity) else {
            return Some(Displaced::Log(self.log.clone()));
        };
        let shorter = data.len() < self.log_bytes;
        self.log_bytes = data.len();
        // Shorter after a checkpoint: then all of it is in the file. If not, there is less in it than SQLite wants to read.
        let passive = || db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        let spoilt = !log_begin(&self.log).is_ok_and(|begin| is_log(&begin))
            || if shorter { passive().is_err() } else { self.was_written_past(db, written(&data)) };
        spoilt.then(|| Displaced::Spoilt(self.log.clone()))
    }

    /// Whether somebody has written to the log, and SQLite knows of nobody.
    fn was_written_past(&self, db: &Connection, now: Written) -> bool {
        self.left.is_some_and(|(left, version)| left != now && data_version(db).ok() == Some(version))
    }

    /// To be called when the only one who writes there has written.
    pub(super) fn wrote(&mut self, db: &Connection) {
        let left = || Some((written(&fs::metadata(&self.log).ok()?), data_version(db).ok()?));
        self.left = left();
    }
}

/// Another number after others have written (<https://www.sqlite.org/pragma.html#pragma_data_version>).
fn data_version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA data_version", [], |row| row.get(0))
}

impl Displaced {
    /// What is said of it.
    pub(super) fn said(&self) -> String {
        let (Self::Database(file) | Self::Log(file) | Self::Spoilt(file)) = self;
        let what = if matches!(self, Self::Spoilt(_)) { "cut or written over" } else { "removed or replaced" };
        format!(
            "{} was {what} while the server runs: nothing is kept until it is back; end the server before its files are changed",
            file.file_name().unwrap_or_default().display()
        )
    }
}

/// Copies what `db` has, whose `file` was removed or replaced, beside that, or says why not: it would go with the process.
pub(super) fn rescue(db: &Connection, file: &Path, tag: u64) {
    let to = beside(file, &format!(".rescued-{tag}"));
    let copied = || {
        let made = private().write(true).create_new(true).open(&to).map_err(|error| error.to_string())?;
        let progress = None::<fn(rusqlite::backup::Progress)>;
        db.backup("main", &to, progress).map_err(|error| error.to_string())?;
        made.sync_all().map_err(|error| error.to_string())
    };
    let (file, rescued) = (file.display(), to.display());
    match copied() {
        Ok(()) => tracing::error!(%file, %rescued, "removed or replaced: what was kept is in the other"),
        Err(error) => tracing::error!(%file, error, "removed or replaced, and what was kept could not be copied"),
    }
}

/// Whether the file that is open is the one that has this name.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let one = |data: Metadata| identity(&data);
    file.metadata().map(one).ok() == fs::metadata(path).map(one).ok()
}
