//! Files that a server has open must stay where and what they are: of one that was removed, replaced or written over SQLite keeps
//! what nobody finds again, and says that all is well.
//!
//! The database is read through one handle, opened before SQLite opens it and closed after: SQLite's locks on a file go with any
//! other handle on it that the process closes
//! (<https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::checkpoint::{Checkpoint, data_version};
use super::folder::{beside, index_of, is_log, log_begin, log_of, private};
use super::header::Header;

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
    /// Nobody but this connection writes, though others may read and bring the log into the file.
    sole: bool,
    /// After this connection's last transaction.
    left: Option<Left>,
    /// That somebody has written past SQLite was waited for.
    suspected: bool,
    index: PathBuf,
    index_identity: Option<Identity>,
}

/// A checkpoint of another program's may take that long.
const LOOKS: usize = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// What the files were, and what SQLite knew of them.
#[derive(Debug)]
struct Left {
    file: Written,
    log: Written,
    checkpoint: Checkpoint,
    version: i64,
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
    /// So it is with the log's index: who opens the database now knows nothing of what this process does.
    Index(PathBuf),
    /// One of them was cut, emptied or written over where it is.
    Spoilt(PathBuf),
}

fn written(data: &Metadata) -> Written {
    (data.mtime(), data.mtime_nsec(), data.len())
}

impl Held {
    /// The database's one handle: before SQLite opens it.
    pub(super) fn open(database: &Path) -> io::Result<File> {
        File::open(database)
    }

    /// `file` is of [`Held::open`]; SQLite has made the log. `sole`: nobody else writes.
    pub(super) fn of(file: File, database: &Path, sole: bool) -> io::Result<Self> {
        let (log, index) = (log_of(database), index_of(database));
        let found = fs::metadata(&log).ok();
        let header = Header::read(&file)?;
        Ok(Self {
            written: written(&file.metadata()?),
            file,
            path: database.to_owned(),
            header,
            log,
            log_identity: found.as_ref().map(identity),
            log_bytes: found.map_or(0, |data| data.len()),
            sole,
            left: None,
            suspected: false,
            index_identity: fs::metadata(&index).ok().as_ref().map(identity),
            index,
        })
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
            if self.file_was_written_past(db, written(&data)) {
                return Some(Displaced::Spoilt(self.path.clone()));
            }
            (self.header, self.written) = (next, written(&data));
        }
        self.log_displaced(db)
    }

    fn log_displaced(&mut self, db: &Connection) -> Option<Displaced> {
        self.log_identity?;
        let Some(data) = named(&self.log, self.log_identity) else { return Some(Displaced::Log(self.log.clone())) };
        if self.index_identity.is_some() && named(&self.index, self.index_identity).is_none() {
            return Some(Displaced::Index(self.index.clone()));
        }
        // Shorter after a checkpoint: then SQLite wants no more of it than it has.
        let lacks =
            || !Checkpoint::of(db).is_ok_and(|checkpoint| data.len() >= checkpoint.log_bytes(self.header.page_bytes()));
        let spoilt = !log_begin(&self.log).is_ok_and(|begin| is_log(&begin))
            || if data.len() < self.log_bytes { lacks() } else { self.log_was_written_past(db, written(&data)) };
        if spoilt {
            return Some(Displaced::Spoilt(self.log.clone()));
        }
        self.log_bytes = data.len();
        None
    }

    /// Whether somebody has written to the file, and SQLite knows of nobody.
    fn file_was_written_past(&mut self, db: &Connection, now: Written) -> bool {
        let before = self.left.as_ref().filter(|left| left.file != now).map(|left| left.checkpoint);
        before.is_some_and(|before| self.stays(|| Checkpoint::of(db) == Ok(before)))
    }

    /// So with the log; where others write, one of them may have been killed at it.
    fn log_was_written_past(&mut self, db: &Connection, now: Written) -> bool {
        let before = self.left.as_ref().filter(|left| self.sole && left.log != now).map(|left| left.version);
        before.is_some_and(|before| self.stays(|| data_version(db) == Ok(before)))
    }

    /// Whether it is `so` for a while: another program that uses SQLite has written before SQLite tells.
    fn stays(&mut self, so: impl Fn() -> bool) -> bool {
        for _ in 0..if self.suspected { 0 } else { LOOKS } {
            if !so() {
                return false;
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        self.suspected = so();
        self.suspected
    }

    /// To be called after each transaction, but not after what [`Held::displaced`] has refused.
    pub(super) fn wrote(&mut self, db: &Connection) {
        let looked = || {
            // What others do meanwhile is in what is looked at later.
            let (checkpoint, version) = (Checkpoint::of(db).ok()?, data_version(db).ok()?);
            let (file, log) = (written(&self.file.metadata().ok()?), written(&fs::metadata(&self.log).ok()?));
            Some(Left { file, log, checkpoint, version })
        };
        let left = looked();
        (self.left, self.suspected) = (left, false);
    }
}

/// The file of this name, if it is that one.
fn named(path: &Path, one: Option<Identity>) -> Option<Metadata> {
    fs::metadata(path).ok().filter(|data| Some(identity(data)) == one)
}

impl Displaced {
    /// What is said of it.
    pub(super) fn said(&self) -> String {
        let (file, what, until) = match self {
            Self::Database(file) | Self::Log(file) => (file, "removed or replaced", "it is back"),
            Self::Index(file) => (file, "removed or replaced", "the server is started again"),
            Self::Spoilt(file) => (file, "cut or written over", "it is back"),
        };
        format!(
            "{} was {what} while the server runs: nothing is kept until {until}; end the server before its files are changed",
            file.file_name().unwrap_or_default().display()
        )
    }
}

/// Ends without bringing the log into the `file` that it may not belong to any more; after a new start it is whole with it, or refused.
pub(super) fn leave(db: &Connection, file: &Path, why: &Displaced) {
    tracing::error!(file = %file.display(), "its log is left beside it: {}", why.said());
    if let Err(error) = db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
        tracing::warn!(%error, "the log may be merged into it");
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
