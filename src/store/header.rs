//! How a database's file begins (<https://www.sqlite.org/fileformat2.html#the_database_header>).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Bytes of a header.
pub(super) const BYTES: usize = 100;

/// Of one what another file's has not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) application: u32,
    page_bytes: u64,
    /// Counts up when another connection than the last writes, or the file is written anew.
    changes: u32,
    /// Pages of the file.
    pages: u32,
}

impl Header {
    /// None of what is no SQLite file.
    pub(super) fn of(bytes: &[u8; BYTES]) -> Option<Self> {
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        // A size of 1 stands for 65536.
        let page_bytes = match u16::from_be_bytes([bytes[16], bytes[17]]) {
            1 => 65_536,
            bytes => u64::from(bytes),
        };
        let header = Self { application: word(68), page_bytes, changes: word(24), pages: word(28) };
        bytes.starts_with(b"SQLite format 3\0").then_some(header)
    }

    /// Of a file that is open.
    ///
    /// # Errors
    /// The disk's, and when it is no SQLite file.
    pub(super) fn read(file: &File) -> io::Result<Self> {
        let mut bytes = [0; BYTES];
        file.read_exact_at(&mut bytes, 0)?;
        Self::of(&bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Whether the file may have become this one by what SQLite writes. A backup has counted less, and an earlier copy has as
    /// much, but fewer pages.
    pub(super) fn may_become(&self, next: &Self) -> bool {
        // A file that was made just now says in its log alone whose it is.
        (self.application == 0 || self.application == next.application)
            && self.page_bytes == next.page_bytes
            && (self.changes, self.pages) <= (next.changes, next.pages)
    }

    /// Bytes of a page.
    pub(super) fn page_bytes(&self) -> u64 {
        self.page_bytes
    }

    /// Bytes of the file, when all of its log is in it.
    pub(super) fn bytes(&self) -> u64 {
        self.page_bytes * u64::from(self.pages)
    }
}
