//! Whether the disk of a data directory has room: SQLite says of many a full one only that it had an error.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::folder::private;

/// What is written, to see: SQLite asks for as much at once, for the memory that readers and writer of a log share.
const PROBE_BYTES: usize = 128 * 1024;
const PROBE: &str = "costage.probe";

/// Whether `folder` takes no more bytes: its disk, or its owner's share of it, is full, or a process may write no longer files.
#[must_use]
pub fn is_full(folder: &Path) -> bool {
    let path = folder.join(PROBE);
    let written = private()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .and_then(|mut file| file.write_all(&vec![1; PROBE_BYTES]));
    drop(fs::remove_file(&path));
    let full = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge];
    written.is_err_and(|error| full.contains(&error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::scratch::Folder;

    #[test]
    fn a_disk_with_room_is_not_full_nor_is_one_that_cannot_be_asked_and_nothing_is_left_there() {
        let folder = Folder::new("room");
        fs::create_dir_all(folder.path()).unwrap();
        assert!(!is_full(folder.path()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(!is_full(&folder.path().join("nowhere")));
    }
}
