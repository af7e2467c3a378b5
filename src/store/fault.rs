//! Why a data directory is refused. Each names the file and what to do; nothing of it was written to.

use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};
use thiserror::Error;

use super::displaced::DAMAGED;

/// Why a data directory cannot be used.
#[derive(Debug, Error)]
pub enum StoreFault {
    /// The directory cannot be made, read or written to.
    #[error("the data directory {} cannot be used: {error}; name another by `data_dir`, or keep nothing with --memory", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file in it cannot be read, or is none.
    #[error("{} cannot be used: {error}: mend that, or name another data directory by `data_dir`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Another server has it.
    #[error("the data directory {} is in use by another costage{}: end that one, or name another directory by `data_dir`", path.display(), process(pid))]
    InUse {
        /// Which.
        path: PathBuf,
        /// Of the other one, when its lock says it.
        pid: Option<u32>,
    },
    /// There is nothing to read.
    #[error("there is no costage.db in {}: name the server's data directory, or a backup, by --data", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Not a file of ours.
    #[error("{} is {found}, not a database of costage: move it away, or name another directory by `data_dir`", file.display())]
    Foreign {
        /// Which.
        file: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// There, and without a byte.
    #[error("{} is empty, which costage never leaves it: put a backup in its place, or move it away", file.display())]
    Emptied {
        /// Which.
        file: PathBuf,
    },
    /// Gone, and something beside it says that it was there.
    #[error("{} is not there, but {} is of a server that had one: bring costage.db back (a costage.db.rescued-N that lies there, or a backup), or move all that is in {} away to begin anew", file.display(), beside.display(), file.parent().unwrap_or(file).display())]
    Lost {
        /// Which.
        file: PathBuf,
        /// The one beside it.
        beside: PathBuf,
    },
    /// A new one that cannot be made; nothing is left of it.
    #[error("{} cannot be made: {reason}; make room on its disk, or name another directory by `data_dir`", file.display())]
    Unmade {
        /// Which.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// Made by a later version.
    #[error("{} has version {found}, this costage knows versions up to {known}: use the costage that wrote it, or a newer one", file.display())]
    Newer {
        /// Which.
        file: PathBuf,
        /// Its version.
        found: i32,
        /// Ours.
        known: i32,
    },
    /// Made by an earlier version, and only to be read.
    #[error("{} has version {found}, this costage reads version {known}: start the server on it once, or use the costage that wrote it", file.display())]
    Older {
        /// Which.
        file: PathBuf,
        /// Its version.
        found: i32,
        /// Ours.
        known: i32,
    },
    /// A write-ahead log without its database.
    #[error("{} holds commits, but the costage.db that it belongs to is missing or empty: put that back, or move both away to begin anew", wal.display())]
    Orphan {
        /// The log.
        wal: PathBuf,
    },
    /// A log that is none.
    #[error("{} is no write-ahead log of SQLite's, and would be written over: bring the log back that the database had, or move this away", wal.display())]
    NoLog {
        /// What is in its place.
        wal: PathBuf,
    },
    /// What a server has noted of its commits cannot be read.
    #[error("{} is not as a server wrote it: remove it, if costage.db is known to be whole", witness.display())]
    NoWitness {
        /// Which.
        witness: PathBuf,
    },
    /// The database lacks what was answered.
    #[error("{} lacks commits that were on disk, as {} says: {lacks}; bring back the costage.db-wal that belongs to it, or another costage.db; to go on without what is lost, or with a backup that was put there, remove costage.head", file.display(), witness.display())]
    Behind {
        /// Which.
        file: PathBuf,
        /// What says so.
        witness: PathBuf,
        /// Rows of the ledger, facts, webhooks, by their numbers.
        lacks: String,
    },
    /// Not whole.
    #[error("{} is damaged: {reason}; put a backup in its place (without costage.db-wal, costage.db-shm and costage.head), or move it away to begin anew; `costage ledger verify` says what is whole", file.display())]
    Damaged {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A copy that cannot be made.
    #[error("cannot write {}: {error}; name a new file on a disk with room", file.display())]
    Target {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A copy into a directory that is not there.
    #[error("cannot write {}: there is no directory {}: make it, or name another file", file.display(), folder.display())]
    NoFolder {
        /// Which.
        file: PathBuf,
        /// The directory.
        folder: PathBuf,
    },
    /// The disk, or SQLite.
    #[error("{} cannot be used: {error}", file.display())]
    Database {
        /// Which.
        file: PathBuf,
        /// Why.
        error: rusqlite::Error,
    },
}

impl StoreFault {
    /// What an error of SQLite about `file` means.
    pub(super) fn of(file: &Path, error: rusqlite::Error) -> Self {
        let file = file.to_owned();
        // Not SQLite's word: a column that is not as it should be.
        if is_damage(&error) || error.sqlite_error_code().is_none() {
            return Self::Damaged { file, reason: error.to_string() };
        }
        Self::Database { file, error }
    }

    /// Whether it may be that the disk has no room: what SQLite, or the system, says of a file that is ours.
    #[must_use]
    pub fn may_be_of_room(&self) -> bool {
        matches!(self, Self::Folder { .. } | Self::File { .. } | Self::Database { .. })
    }

    /// A file that can be opened but holds what no server wrote.
    pub(super) fn damaged(file: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), reason: reason.into() }
    }
}

/// Whether SQLite says that the file itself is not whole: no other try will go better.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// Whether it says nothing of the file, but that the disk or the system does not do now what is asked of it.
pub(super) fn is_of_the_system(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory))
}

/// What is found damaged where SQLite finds nothing.
pub(super) fn corrupt(reason: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), Some(reason.to_owned()))
}

/// What is said of a commit that `error` has ended, without the name of the file: where the data directory is, is nobody's
/// business who asks over HTTP.
pub(super) fn of_commit(error: &rusqlite::Error) -> String {
    if is_damage(error) {
        return format!("{error}: {DAMAGED}");
    }
    error.to_string()
}

fn process(pid: &Option<u32>) -> String {
    pid.map_or(String::new(), |pid| format!(" (process {pid})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_a_damaged_file_has_ended_says_what_to_do_and_another_only_why() {
        let of = |code: i32| of_commit(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        // Corrupt, corrupt index, not a database (https://www.sqlite.org/rescode.html).
        for damaged in [11, 779, 26] {
            let said = of(damaged);
            for wanted in ["database is damaged", "end the server", "costage ledger verify", "backup"] {
                assert!(said.contains(wanted), "{wanted:?} is not in: {said}");
            }
        }
        // No room, no answer.
        for well in [13, 10] {
            assert!(!of(well).contains("damaged"), "{}", of(well));
        }
    }
}
