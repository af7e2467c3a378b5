//! The data directory: made, locked and looked at before SQLite touches anything in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::deliveries;
use super::fault::StoreFault;
use super::header::{self, Header};
use super::held::is_at;
use super::schema;
use super::witness::{self, Noted, Seen};

/// The database.
pub const DATABASE: &str = "costage.db";
/// How far webhooks have got.
pub const DELIVERIES: &str = "webhooks.db";
/// What was on disk when a server last wrote.
pub(super) const WITNESS: &str = "costage.head";
const LOCK: &str = "costage.lock";

/// A data directory that no other process writes, for as long as this is held.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Unlocked by the system when the process ends, however it does.
    lock: File,
}

impl Folder {
    /// Makes the directory, for its owner alone, when it is not there, and locks it.
    ///
    /// # Errors
    /// [`StoreFault::Folder`], [`StoreFault::InUse`].
    pub(super) fn open(path: &Path) -> Result<Self, StoreFault> {
        let refused = |error| StoreFault::Folder { path: path.to_owned(), error };
        make(path).map_err(refused)?;
        Ok(Self { path: path.to_owned(), lock: lock(path)? })
    }

    /// Whether no other server has begun here meanwhile, as one may whose lock was removed; it is made anew then.
    ///
    /// # Errors
    /// [`StoreFault::InUse`], or the disk's.
    pub(super) fn hold(&mut self) -> Result<(), StoreFault> {
        let file = self.path.join(LOCK);
        if is_at(&self.lock, &file) {
            return Ok(());
        }
        self.lock = lock(&self.path)?;
        tracing::warn!(file = %file.display(), "removed or replaced while the server runs: it is made anew");
        Ok(())
    }

    /// Itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the database is.
    pub(super) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// Makes the database when there is none. It gets its name when it is whole: who is killed here leaves nothing half made.
    ///
    /// # Errors
    /// [`StoreFault::Orphan`], [`StoreFault::Emptied`], [`StoreFault::Lost`], [`StoreFault::Unmade`], or the disk's.
    pub(super) fn make_database(&self) -> Result<(), StoreFault> {
        let refused = |error| StoreFault::Folder { path: self.path.clone(), error };
        let file = self.database();
        if size(&file).is_some_and(|bytes| bytes > 0) {
            return Ok(());
        }
        let wal = beside(&file, "-wal");
        if size(&wal).is_some_and(|bytes| bytes > 0) {
            return Err(StoreFault::Orphan { wal });
        }
        if fs::symlink_metadata(&file).is_ok() && size(&file).is_none() {
            let error = std::io::Error::new(ErrorKind::NotFound, "it is a link, and what it leads to is not there");
            return Err(StoreFault::File { path: file, error });
        }
        if size(&file).is_some() {
            // We name only files that are whole: something has emptied it.
            return Err(StoreFault::Emptied { file });
        }
        self.check_first()?;
        let new = beside(&file, ".new");
        // What one that was killed has left.
        remove(&new).map_err(refused)?;
        let made = make_new(&new).and_then(|()| fs::rename(&new, &file).map_err(|error| error.to_string()));
        if let Err(reason) = made {
            // Where not even that can be done, the next start does it.
            drop(remove(&new));
            return Err(StoreFault::Unmade { file, reason });
        }
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(refused)
    }

    /// No server has had this directory. The files of webhooks and of the head are made after the database has its name and is on
    /// disk, so one that was used says that there was one, and nobody begins anew without having been asked.
    fn check_first(&self) -> Result<(), StoreFault> {
        let lost = |beside| Err(StoreFault::Lost { file: self.database(), beside });
        if let Some(used) = deliveries::used(&self.path.join(DELIVERIES)) {
            return lost(used);
        }
        match witness::read(&self.path)? {
            Noted::Seen(seen) if seen != Seen::START => lost(self.path.join(WITNESS)),
            Noted::Seen(_) | Noted::Blank | Noted::Missing => Ok(()),
        }
    }
}

/// The lock of the directory at `path`.
fn lock(path: &Path) -> Result<File, StoreFault> {
    let refused = |error| StoreFault::Folder { path: path.to_owned(), error };
    let file = path.join(LOCK);
    let mut lock = private().read(true).write(true).create(true).truncate(false).open(&file).map_err(refused)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(&file).ok().and_then(|pid| pid.trim().parse().ok());
            return Err(StoreFault::InUse { path: path.to_owned(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(refused(error)),
    }
    // For the message above alone: on a full disk the lock holds as well.
    if lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).is_err() {
        tracing::debug!("the lock does not say who holds it");
    }
    Ok(lock)
}

/// Removes a file that is being made, and what SQLite has beside it.
pub(super) fn remove(new: &Path) -> std::io::Result<()> {
    for file in [new.to_owned(), beside(new, "-journal")] {
        match fs::remove_file(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// A database without rows, on disk; or why not.
fn make_new(new: &Path) -> Result<(), String> {
    let made = private().write(true).create_new(true).open(new).map_err(|error| error.to_string())?;
    fill(new).map_err(|error| error.to_string())?;
    made.sync_all().map_err(|error| error.to_string())
}

fn fill(file: &Path) -> rusqlite::Result<()> {
    let mut db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    schema::migrate(&mut db, schema::STEPS)?;
    db.close().map_err(|(_, error)| error)
}

/// Looks at the header of `file`, before anything could write to it.
///
/// # Errors
/// [`StoreFault::Missing`], [`StoreFault::Emptied`], [`StoreFault::Foreign`], [`StoreFault::Damaged`], or the disk's.
pub(super) fn recognise(file: &Path) -> Result<(), StoreFault> {
    let mut header = [0; header::BYTES];
    let read = open_file(file).and_then(|mut file| {
        let bytes = file.metadata()?.len();
        file.read_exact(&mut header[..usize::try_from(bytes).unwrap_or(header::BYTES).min(header::BYTES)])?;
        Ok(bytes)
    });
    let bytes = read.map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            return StoreFault::Missing { path: file.parent().unwrap_or(file).to_owned() };
        }
        StoreFault::File { path: file.to_owned(), error }
    })?;
    if bytes == 0 {
        return Err(StoreFault::Emptied { file: file.to_owned() });
    }
    let foreign = |found| Err(StoreFault::Foreign { file: file.to_owned(), found });
    let Some(header) = Header::of(&header) else { return foreign("no SQLite file") };
    if header.application != schema::APPLICATION_ID.cast_unsigned() {
        return foreign("a database of another program");
    }
    match lacks(file, &header, bytes) {
        Some(reason) => Err(StoreFault::damaged(file, reason)),
        None => Ok(()),
    }
}

/// What a file of so many `bytes` lacks of those that its header names; SQLite takes what is missing for zeros.
pub(super) fn lacks(file: &Path, header: &Header, bytes: u64) -> Option<String> {
    let wanted = header.bytes().max(header::BYTES as u64);
    // While a log is there, the file may be shorter than it will be.
    let cut = bytes < wanted && size(&log_of(file)).is_none_or(|log| log == 0);
    cut.then(|| format!("it has {bytes} bytes of {wanted}"))
}

/// The file that has `tail` behind this one's name.
pub(super) fn beside(file: &Path, tail: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(tail);
    PathBuf::from(name)
}

/// Options that make a file for its owner alone.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make(path: &Path) -> std::io::Result<()> {
    let mut maker = fs::DirBuilder::new();
    maker.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(path)
}

/// SQLite's log of a database: beside the file itself, wherever a link to it is.
pub(super) fn log_of(file: &Path) -> PathBuf {
    beside(&fs::canonicalize(file).unwrap_or_else(|_| file.to_owned()), "-wal")
}

/// The index of that log, which all processes share that have the database open.
pub(super) fn index_of(file: &Path) -> PathBuf {
    beside(&fs::canonicalize(file).unwrap_or_else(|_| file.to_owned()), "-shm")
}

/// Opens a file to be read; who opens a pipe waits for its other end.
pub(super) fn open_file(path: &Path) -> std::io::Result<File> {
    if fs::metadata(path)?.is_file() {
        return File::open(path);
    }
    let what = if path.is_dir() { "it is a directory" } else { "it is a pipe or a device" };
    Err(std::io::Error::new(ErrorKind::InvalidInput, format!("{what}, not a file")))
}

/// The first bytes of a log, four if it has them.
pub(super) fn log_begin(log: &Path) -> std::io::Result<Vec<u8>> {
    let mut begin = Vec::new();
    open_file(log)?.take(4).read_to_end(&mut begin)?;
    Ok(begin)
}

/// Whether a log of SQLite's begins so (<https://www.sqlite.org/fileformat2.html#the_write_ahead_log>), or is empty.
pub(super) fn is_log(begin: &[u8]) -> bool {
    [[0x37, 0x7f, 0x06, 0x82], [0x37, 0x7f, 0x06, 0x83]].iter().any(|log| log.starts_with(begin))
}

/// Bytes of a file that is there.
pub(super) fn size(file: &Path) -> Option<u64> {
    fs::metadata(file).ok().map(|data| data.len())
}
