//! What is looked at before SQLite is: the file itself, and its log. Nothing that is refused is written to.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::super::audit::beside_server;
use super::super::folder::{beside, lacks, open_file, private, size};
use super::super::header::{self, Header};
use super::super::schema::tables;
use super::super::witness::check_log;
use super::{BUSY_MAX, LOST, fault, noted, schema};
use crate::engine::outbox_log::LogFault;

/// Makes the file for its owner alone where there is none, and `was` says that there was none; looks at the header of one that is
/// there, and at its log, before SQLite does, which takes what is shorter than a header for a new file and what is no log for an
/// empty one, and writes over both.
pub(super) fn make(path: &Path, was: bool) -> Result<(), LogFault> {
    check_file(path, was)?;
    let made = private().append(true).create(true).open(path);
    made.map(drop)
        .map_err(|error| LogFault { what: format!("cannot use {}", path.display()), reason: error.to_string() })
}

fn check_file(path: &Path, was: bool) -> Result<(), LogFault> {
    let refused = |reason: String| LogFault { what: format!("cannot use {}", path.display()), reason };
    let log = beside(path, "-wal");
    let bytes = size(path);
    if bytes.is_none_or(|bytes| bytes == 0) {
        let found = if bytes.is_none() { "not there" } else { "empty" };
        if was {
            return Err(noted::lost(path, found));
        }
        if size(&log).is_some_and(|bytes| bytes > 0) {
            return Err(refused(format!("it is {found}, but {} holds commits of it: {LOST}", log.display())));
        }
    }
    let (mut file, mut found) = match open_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => (opened.map_err(|error| refused(error.to_string()))?, Vec::new()),
    };
    file.by_ref().take(header::BYTES as u64).read_to_end(&mut found).map_err(|error| refused(error.to_string()))?;
    if found.is_empty() {
        return Ok(());
    }
    let mut bytes = [0; header::BYTES];
    bytes[..found.len()].copy_from_slice(&found);
    let Some(header) = Header::of(&bytes) else {
        return Err(refused("it is no SQLite file; move it away, or name another data directory".to_owned()));
    };
    let bytes = file.metadata().map_err(|error| refused(error.to_string()))?.len();
    if let Some(reason) = lacks(path, &header, bytes) {
        return Err(refused(format!("it was cut: {reason}; {LOST}")));
    }
    check_log(path).map_err(|fault| refused(fault.to_string()))
}

/// Whether the file at `path` is whole and lacks nothing that a server noted; there may be none. Only read: also beside a server.
///
/// # Errors
/// As [`super::Deliveries::open`].
pub(in crate::store) fn audit(path: &Path) -> Result<(), LogFault> {
    let noted = noted::read(path)?;
    if size(path).is_none() && size(&beside(path, "-wal")).is_none() {
        return if noted.is_none() { Ok(()) } else { Err(noted::lost(path, "not there")) };
    }
    check_file(path, noted.is_some())?;
    let db = beside_server(path).map_err(|error| fault(path, "cannot open", &error))?;
    schema::check(&db, path, noted.as_ref()).map(drop)
}

/// What says that an endpoint has ever begun in the file at `path`, which is left as it is: itself, or what was noted of it. Nobody
/// knows that of one that cannot be read, so it counts as used.
pub(in crate::store) fn used(path: &Path) -> Option<PathBuf> {
    let look = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(BUSY_MAX)?;
        let used = "SELECT EXISTS(SELECT 1 FROM endpoints) OR EXISTS(SELECT 1 FROM letters)";
        if tables(&db)?.is_empty() { Ok::<_, rusqlite::Error>(false) } else { db.query_row(used, [], |row| row.get(0)) }
    };
    if size(path).is_some_and(|bytes| bytes > 0) && look().unwrap_or(true) {
        return Some(path.to_owned());
    }
    let noted = noted::read(path).is_ok_and(|noted| noted.is_none());
    (!noted).then(|| noted::file_of(path))
}
