//! Files that a server has open must stay where they are: of one that was removed or replaced SQLite keeps what nobody finds
//! again, and says that all is well.

use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::folder::{beside, log_of, private};

/// Which file it is, whatever its name.
type Identity = (u64, u64);

fn identity(data: &Metadata) -> Identity {
    (data.dev(), data.ino())
}

/// A database and its log, as they were when they were opened.
#[derive(Debug, Clone)]
pub(super) struct Held {
    database: (PathBuf, Option<Identity>),
    log: (PathBuf, Option<Identity>),
}

/// What became of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Displaced {
    /// The database is not there any more, or another one is.
    Database(PathBuf),
    /// So it is with its log.
    Log(PathBuf),
    /// One of them was emptied or written over where it is.
    Spoilt(PathBuf),
}

impl Held {
    pub(super) fn of(database: &Path) -> Self {
        let known = |file: PathBuf| (fs::metadata(&file).ok().map(|data| identity(&data)), file);
        let [database, log] = [database.to_owned(), log_of(database)].map(known);
        Self { database: (database.1, database.0), log: (log.1, log.0) }
    }

    /// Whether either is no more what it was: some looks at the file system, a few microseconds.
    pub(super) fn displaced(&self) -> Option<Displaced> {
        let is_gone = |(file, held): &(PathBuf, Option<Identity>)| {
            held.is_some() && fs::metadata(file).ok().map(|data| identity(&data)) != *held
        };
        if is_gone(&self.database) {
            return Some(Displaced::Database(self.database.0.clone()));
        }
        if is_gone(&self.log) {
            return Some(Displaced::Log(self.log.0.clone()));
        }
        let emptied = self.database.1.is_some() && fs::metadata(&self.database.0).is_ok_and(|data| data.len() == 0);
        if emptied {
            return Some(Displaced::Spoilt(self.database.0.clone()));
        }
        (self.log.1.is_some() && !begins_as_log(&self.log.0)).then(|| Displaced::Spoilt(self.log.0.clone()))
    }
}

impl Displaced {
    /// What is said of it.
    pub(super) fn said(&self) -> String {
        let (Self::Database(file) | Self::Log(file) | Self::Spoilt(file)) = self;
        let what = if matches!(self, Self::Spoilt(_)) { "emptied or written over" } else { "removed or replaced" };
        format!(
            "{} was {what} while the server runs: nothing is kept until it is back; end the server before its files are changed",
            file.file_name().unwrap_or_default().display()
        )
    }
}

/// Whether a log begins as SQLite writes it, or is empty, as after a checkpoint.
fn begins_as_log(log: &Path) -> bool {
    let mut begin = Vec::new();
    let read = File::open(log).and_then(|log| log.take(4).read_to_end(&mut begin));
    // https://www.sqlite.org/fileformat2.html#the_write_ahead_log
    read.is_ok()
        && (begin.is_empty() || [[0x37, 0x7f, 0x06, 0x82], [0x37, 0x7f, 0x06, 0x83]].iter().any(|log| begin == log))
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
