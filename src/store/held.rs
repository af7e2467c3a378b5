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
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::checkpoint::Checkpoint;
use super::displaced::Displaced;
use super::folder::{index_of, is_log, log_of};
use super::header::Header;
use super::left::{Broken, Left, Written, written};

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
    /// Open, so that a process without room for one more file still sees it.
    log_file: Option<Arc<File>>,
    index: PathBuf,
    index_identity: Option<Identity>,
    /// Closed after SQLite has closed its own, as `file` is.
    index_file: Option<File>,
    /// Nobody but this connection writes, though others may read and bring the log into the file.
    sole: bool,
    /// After this connection's last transaction.
    left: Option<Left>,
    /// After a checkpoint of this connection's that failed, which may have written before it did.
    failed: Option<Written>,
    /// A transaction of this connection's could not be looked at after it.
    unseen: bool,
    /// Stays so: what was written past SQLite is in what it goes on from.
    spoilt: Option<Displaced>,
}

/// A checkpoint of another program's may take that long, and no answer waits longer for it.
const LOOKS: usize = 100;
/// What another program changes is seen in two places, one after the other.
const LOOKS_AT_LOG: usize = 3;
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

impl Held {
    /// The database's one handle: before SQLite opens it.
    pub(super) fn open(database: &Path) -> io::Result<File> {
        File::open(database)
    }

    /// `file` is of [`Held::open`]; SQLite has made the log. `sole`: nobody else writes.
    pub(super) fn of(file: File, database: &Path, sole: bool) -> io::Result<Self> {
        let (log, index) = (log_of(database), index_of(database));
        let header = Header::read(&file)?;
        Ok(Self {
            written: written(&file.metadata()?),
            file,
            path: database.to_owned(),
            header,
            log_identity: fs::metadata(&log).ok().as_ref().map(identity),
            log_file: File::open(&log).ok().map(Arc::new),
            log,
            index_identity: fs::metadata(&index).ok().as_ref().map(identity),
            index_file: File::open(&index).ok(),
            index,
            sole,
            left: None,
            failed: None,
            unseen: false,
            spoilt: None,
        })
    }

    /// Whether either is no more what it was: some looks at the file system, some microseconds. `db` has it open.
    pub(super) fn displaced(&mut self, db: &Connection) -> Option<Displaced> {
        self.look(db, false)
    }

    /// To be called after a transaction of this connection's, whether it was kept or not, but not after one that was refused by
    /// [`Held::displaced`]: whether somebody has cut or written over one of them meanwhile. Where they cannot be looked at now, the
    /// next look tells.
    pub(super) fn spoilt(&mut self, db: &Connection) -> Option<Displaced> {
        self.look(db, true).filter(|displaced| {
            matches!(displaced, Displaced::Spoilt(_) | Displaced::GoneBack(_) | Displaced::Damaged(_))
        })
    }

    fn look(&mut self, db: &Connection, ours: bool) -> Option<Displaced> {
        if self.spoilt.is_some() {
            return self.spoilt.clone();
        }
        let Ok(data) = self.file.metadata() else { return Some(Displaced::Database(self.path.clone())) };
        if !fs::metadata(&self.path).is_ok_and(|named| identity(&named) == identity(&data)) {
            return Some(Displaced::Database(self.path.clone()));
        }
        self.log_identity?;
        if named(&self.log, self.log_identity).is_none() {
            return Some(Displaced::Log(self.log.clone()));
        }
        if self.index_identity.is_some() && named(&self.index, self.index_identity).is_none() {
            return Some(Displaced::Index(self.index.clone()));
        }
        let ours = ours || self.unseen;
        let mut spoilt = Ok(None);
        let mut patience = LOOKS;
        for _ in 0..LOOKS_AT_LOG {
            spoilt = self.spoilt_now(db, ours, &mut patience);
            if matches!(spoilt, Ok(None)) {
                self.unseen = false;
                return None;
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        match spoilt {
            Ok(spoilt) => {
                self.spoilt.clone_from(&spoilt);
                spoilt
            }
            Err(error) => {
                self.unseen = ours;
                Some(Displaced::Unseen(self.path.clone(), error.to_string()))
            }
        }
    }

    /// To be called after a transaction that was kept and found whole: brings a long log into the file, as SQLite would by itself.
    /// So it is known when this connection writes there, and nobody else's writing is taken for its own.
    pub(super) fn bring_in(&mut self, db: &Connection) {
        let due = self.left.as_ref().is_some_and(|left| left.checkpoint.is_due());
        if !due || self.spoilt.is_some() {
            return;
        }
        if let Err(error) = Checkpoint::make(db) {
            tracing::debug!(file = %self.path.display(), %error, "its log grows");
            self.failed = self.file.metadata().ok().as_ref().map(written);
        }
        // Seen at once: whatever is written there later is not by this checkpoint. What is found now is said of the next commit.
        self.look(db, true);
    }

    /// What this process wrote last is not found any more, whatever the files look like.
    pub(super) fn has_gone_back(&mut self) -> Displaced {
        self.spoilt.get_or_insert_with(|| Displaced::GoneBack(self.path.clone())).clone()
    }

    /// SQLite has found what it reads damaged: nothing more is written, and nothing brought into the file.
    pub(super) fn met_damage(&mut self) {
        self.spoilt.get_or_insert_with(|| Displaced::Damaged(self.path.clone()));
    }

    /// What of it was cut or written over. Where SQLite cannot even say how far its log reaches, that is the index. Or why nobody
    /// can see it.
    fn spoilt_now(&mut self, db: &Connection, ours: bool, patience: &mut usize) -> io::Result<Option<Displaced>> {
        let Some(log) = self.log_file.clone() else { return Ok(Some(Displaced::Log(self.log.clone()))) };
        let Some(now) = Left::look(db, &self.file, &log, self.header.page_bytes())? else {
            return Ok(Some(Displaced::Spoilt(self.index.clone())));
        };
        let spoilt = self.spoilt_in(db, &now, ours, &log, patience)?;
        if spoilt.is_none() {
            self.left = Some(now);
        }
        Ok(spoilt)
    }

    /// What was cut or written over.
    fn spoilt_in(
        &mut self,
        db: &Connection,
        now: &Left,
        ours: bool,
        log: &File,
        patience: &mut usize,
    ) -> io::Result<Option<Displaced>> {
        if now.file != self.written {
            // By a checkpoint, ours or another program's; or by somebody who copied over it. One that could not bring all of the
            // log leaves a file without its last pages: only one that got shorter must have all.
            let whole = |next: &Header| now.file.2 >= self.written.2.min(next.bytes());
            let next = match Header::read(&self.file) {
                Ok(next) => Some(next),
                // It is shorter, or no database.
                Err(error) if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) => None,
                Err(error) => return Err(error),
            };
            let next = next.filter(|next| self.header.may_become(next) && whole(next));
            let Some(next) = next.filter(|_| !self.was_written_past(db, now, patience)) else {
                return Ok(Some(Displaced::Spoilt(self.path.clone())));
            };
            (self.header, self.written) = (next, now.file);
        }
        if !is_log(now.log_begin()) || !now.is_whole() {
            return Ok(Some(Displaced::Spoilt(self.log.clone())));
        }
        let Some(before) = self.left.as_ref().filter(|_| self.sole) else { return Ok(None) };
        let page_bytes = self.header.page_bytes();
        let broken = match (now.broken_since(before, ours, log, page_bytes)?, &self.index_file) {
            (None, Some(index)) => now.is_forgotten(before, log, index, page_bytes)?.then_some(Broken::Index),
            (broken, Some(_) | None) => broken,
        };
        Ok(broken.map(|broken| match broken {
            Broken::Log => Displaced::Spoilt(self.log.clone()),
            Broken::Index => Displaced::Spoilt(self.index.clone()),
        }))
    }

    /// Whether somebody has written to the file, and SQLite knows of no checkpoint, and soon not either: it has written before it
    /// tells. `patience`: how often it may be looked at again.
    fn was_written_past(&self, db: &Connection, now: &Left, patience: &mut usize) -> bool {
        let Some(before) = self.left.as_ref().filter(|before| before.file != now.file) else { return false };
        if self.failed == Some(now.file) || now.begins_otherwise(before) {
            return false;
        }
        let was = before.checkpoint;
        let told = |now: Checkpoint| now.done != was.done || now.log < was.log;
        while !Checkpoint::of(db).map_or(true, told) {
            if *patience == 0 {
                return true;
            }
            *patience -= 1;
            thread::sleep(BETWEEN_LOOKS);
        }
        false
    }
}

/// The file of this name, if it is that one.
fn named(path: &Path, one: Option<Identity>) -> Option<Metadata> {
    fs::metadata(path).ok().filter(|data| Some(identity(data)) == one)
}

/// Whether the file that is open is the one that has this name.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let one = |data: Metadata| identity(&data);
    file.metadata().map(one).ok() == fs::metadata(path).map(one).ok()
}

#[cfg(test)]
mod tests {
    use super::super::scratch::Folder;
    use super::*;

    #[test]
    fn what_cannot_be_looked_at_for_a_moment_is_not_called_written_over_and_a_later_look_tells() {
        for cut in [false, true] {
            let folder = Folder::new("unseen");
            let path = folder.path().join("some.db");
            fs::write(&path, "").unwrap();
            let handle = Held::open(&path).unwrap();
            let db = Connection::open(&path).unwrap();
            db.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x)").unwrap();
            let mut held = Held::of(handle, &path, true).unwrap();
            let insert = || db.execute_batch("INSERT INTO t VALUES (randomblob(3000))").unwrap();
            for _ in 0..2 {
                assert_eq!(held.displaced(&db), None);
                insert();
                assert_eq!(held.spoilt(&db), None);
            }
            // A handle that reads nothing: the disk's error, or no room for one more file.
            let unreadable = File::options().append(true).open(log_of(&path)).unwrap();
            let readable = held.log_file.replace(Arc::new(unreadable));
            assert!(matches!(held.displaced(&db), Some(Displaced::Unseen(..))));
            insert();
            assert_eq!(held.spoilt(&db), None, "nobody knows");
            let said = held.displaced(&db).unwrap().said();
            assert!(said.contains("some.db cannot be looked at: Bad file descriptor"), "{said}");
            held.log_file = readable;
            if cut {
                File::options().write(true).open(log_of(&path)).unwrap().set_len(5_000).unwrap();
            }
            assert_eq!(held.displaced(&db), cut.then(|| Displaced::Spoilt(log_of(&path))));
        }
    }
}
