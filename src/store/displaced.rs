//! What became of files that a server has open, and what is done with those that are left.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::folder::{beside, private};

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
    /// The database is read as if what this process wrote last had never been: by an index or a log of before, or because another
    /// program wrote there.
    GoneBack(PathBuf),
    /// SQLite has met what it did not write.
    Damaged(PathBuf),
    /// Nobody knows: the disk, or the system, did not let it be looked at.
    Unseen(PathBuf, String),
}

/// What is said of a database that is damaged, without its name: where the data directory is, is nobody's business who asks over HTTP.
pub(super) const DAMAGED: &str = "the database is damaged, and nothing can be kept until it is replaced: end the server, see by \
                                  `costage ledger verify` what is whole, and go back to a backup";

impl Displaced {
    /// What is said of it.
    pub(super) fn said(&self) -> String {
        let (file, what, until) = match self {
            Self::Database(file) | Self::Log(file) => (file, "removed or replaced", "it is back"),
            Self::Index(file) => (file, "removed or replaced", "the server is started again"),
            Self::Spoilt(file) => (file, "cut or written over", "the server is started again"),
            Self::Damaged(_) => return DAMAGED.to_owned(),
            Self::Unseen(file, error) => {
                return format!("{} cannot be looked at: {error}", file.file_name().unwrap_or_default().display());
            }
            Self::GoneBack(file) => {
                (file, "written by another program, or gone back to a backup,", "the server is started again")
            }
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
