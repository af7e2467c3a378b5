//! How far a server has got, beside the database: a log that was cut, damaged or lost, and a database that was exchanged, show.
//!
//! SQLite takes its log's first damaged frame for the log's end. What was answered behind it would be gone without a word; so each
//! commit that is on disk is noted in a file of its own, in place and without a sync: what it says is on disk in the database.
//! One line: number and hash of the ledger's last row, numbers of the last fact and of the last webhook.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use super::chain::{Hash, Head};
use super::fault::StoreFault;
use super::folder::{WITNESS, private};
use super::outbox;
use super::write::number;

/// Readings that may find something new: a server writes some hundred times a second, and a reading takes microseconds.
const READINGS_MAX: usize = 100;

/// What was on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// The ledger.
    pub(super) head: Head,
    /// Number of the last fact.
    pub(super) facts: u64,
    /// Number of the last webhook that was to be sent; 0 also where it was not noted.
    pub(super) outbox: u64,
}

impl Seen {
    /// Of a database in which nothing was written.
    pub(super) const START: Self = Self { head: Head::START, facts: 0, outbox: 0 };
}

/// The file, to be written.
#[derive(Debug)]
pub(super) struct Witness {
    path: PathBuf,
    /// None while it cannot be made.
    file: Option<File>,
    /// That it cannot be written was said in the log.
    said: bool,
}

impl Witness {
    /// Opens the file in `folder`, or makes it, and notes `seen` there, on disk. When it cannot, later commits try again.
    pub(super) fn begin(folder: &Path, seen: Seen) -> Self {
        let mut witness = Self { path: folder.join(WITNESS), file: None, said: false };
        witness.note(seen);
        witness
    }

    /// Notes what a commit has brought to disk. When it cannot, the file says less than there is, which is no fault. One that
    /// was removed or replaced meanwhile is written anew: two looks at the file system, a few microseconds.
    pub(super) fn note(&mut self, seen: Seen) {
        if self.file.as_ref().is_some_and(|file| !is_at(file, &self.path)) {
            tracing::warn!(
                file = %self.path.display(),
                "removed or replaced while the server runs: it is written anew, for without it a log that is lost would not show"
            );
            self.file = None;
        }
        let written = match &mut self.file {
            Some(file) => write(file, seen),
            None => make(&self.path, seen).map(|file| self.file = Some(file)),
        };
        let Err(error) = written else { return self.said = false };
        if !self.said {
            self.said = true;
            tracing::warn!(file = %self.path.display(), %error, "cannot be written: a log that is lost would not show");
        }
    }
}

/// The file with `seen` in it, on disk.
fn make(path: &Path, seen: Seen) -> io::Result<File> {
    let mut file = private().read(true).write(true).create(true).truncate(false).open(path)?;
    write(&mut file, seen)?;
    // What was put in its place may be longer.
    let end = file.stream_position()?;
    file.set_len(end)?;
    file.sync_all()?;
    Ok(file)
}

fn write(file: &mut File, Seen { head, facts, outbox }: Seen) -> io::Result<()> {
    let line = format!("{:020}:{} {facts:020} {outbox:020}\n", head.seq, head.hash);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(line.as_bytes())
}

/// Whether the file that is open is the one that has this name.
fn is_at(file: &File, path: &Path) -> bool {
    let one = |data: Metadata| (data.dev(), data.ino());
    file.metadata().map(one).ok() == fs::metadata(path).map(one).ok()
}

/// What a folder says of how far a server has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// Nothing: the file is not there.
    Missing,
    /// Nothing: the file is empty, or only zeros have come to disk.
    Blank,
    /// So far.
    Seen(Seen),
}

impl Noted {
    /// Says in the log that nothing was noted, where a server must have. Going back to a backup begins so: no reason to stay down.
    pub(super) fn warn_of_nothing(self, folder: &Path) {
        let found = match self {
            Self::Seen(_) => return,
            Self::Missing => "it is not there, as after going back to a backup",
            Self::Blank => "it is empty, or zeros, as a power cut or a full disk may leave it",
        };
        tracing::warn!(
            file = %folder.join(WITNESS).display(),
            found,
            "nothing says how far the database had got: had its log been lost, answered scores would be missing unseen; compare \
             the ledger's head with one that was noted (costage ledger verify --head)"
        );
    }
}

/// What was noted in `folder`.
///
/// # Errors
/// [`StoreFault::NoWitness`] when it is no such line, or the disk's.
pub(super) fn read(folder: &Path) -> Result<Noted, StoreFault> {
    let path = folder.join(WITNESS);
    let text = match settled(|| bytes(&path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Noted::Missing),
        Err(error) => return Err(StoreFault::Folder { path, error }),
        Ok(text) if text.iter().all(|byte| *byte == 0) => return Ok(Noted::Blank),
        Ok(text) => text,
    };
    match std::str::from_utf8(&text).ok().and_then(parse) {
        Some(seen) => Ok(Noted::Seen(seen)),
        None => Err(StoreFault::NoWitness { witness: path }),
    }
}

/// What `read` finds. Beside a server that runs a reading may meet a writing half-way: what two readings find is whole.
fn settled(mut read: impl FnMut() -> io::Result<Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut text = read()?;
    for _ in 0..READINGS_MAX {
        let again = read()?;
        if again == text {
            break;
        }
        text = again;
    }
    Ok(text)
}

/// The file's bytes, as far as they may be ours.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(1_024).read_to_end(&mut text)?;
    Ok(text)
}

fn parse(line: &str) -> Option<Seen> {
    let mut words = line.strip_suffix('\n')?.split(' ');
    let (head, facts) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    // Earlier servers did not note it.
    let outbox = words.next().map_or(Ok(0), str::parse).ok()?;
    words.next().is_none().then_some(Seen { head, facts, outbox })
}

/// Whether the database `db` at `file` has all that was noted in its folder before it was opened.
///
/// # Errors
/// [`StoreFault::Behind`] when it has not, or the disk's.
pub(super) fn check(db: &Connection, file: &Path, noted: Noted) -> Result<(), StoreFault> {
    let Noted::Seen(noted) = noted else { return Ok(()) };
    let lacks = lacks(db, noted).map_err(|error| StoreFault::of(file, error))?;
    if lacks.is_empty() {
        return Ok(());
    }
    let witness = file.with_file_name(WITNESS);
    Err(StoreFault::Behind { file: file.to_owned(), witness, lacks: lacks.join(", ") })
}

/// What was noted and is not there, in words.
fn lacks(db: &Connection, Seen { head, facts, outbox }: Seen) -> rusqlite::Result<Vec<String>> {
    let mut lacks = Vec::new();
    let hash = "SELECT hash FROM ledger WHERE seq = ?1";
    let hash = db.query_row(hash, [number(head.seq)], |row| row.get(0)).optional()?.map(Hash);
    if hash.is_none() && head != Head::START {
        let last: i64 = db.query_row("SELECT coalesce(max(seq), 0) FROM ledger", [], |row| row.get(0))?;
        let last = u64::try_from(last).unwrap_or(0).min(head.seq - 1);
        lacks.push(format!("{} of the ledger", span("row", last, head.seq)));
    } else if hash.is_some_and(|hash| hash != head.hash) {
        lacks.push(format!("row {} of the ledger as it was (another one is there)", head.seq));
    }
    for (what, last, noted) in [("fact", last_fact(db)?, facts), ("webhook", outbox::head(db)?, outbox)] {
        if last < noted {
            lacks.push(span(what, last, noted));
        }
    }
    Ok(lacks)
}

/// Those behind `last`, up to `noted`.
fn span(what: &str, last: u64, noted: u64) -> String {
    if last + 1 == noted { format!("{what} {noted}") } else { format!("{what}s {} to {noted}", last + 1) }
}

/// Number of the last fact; they are never deleted.
pub(super) fn last_fact(db: &Connection) -> rusqlite::Result<u64> {
    let last: i64 = db.query_row("SELECT coalesce(max(seq), 0) FROM facts", [], |row| row.get(0))?;
    Ok(u64::try_from(last).unwrap_or(0))
}

/// Whether what lies beside `file` as its log is one; SQLite takes anything else for an empty one and writes over it.
///
/// # Errors
/// [`StoreFault::NoLog`], or the disk's.
pub(super) fn check_log(file: &Path) -> Result<(), StoreFault> {
    let wal: PathBuf = super::folder::beside(file, "-wal");
    let mut begin = Vec::new();
    match File::open(&wal).and_then(|log| log.take(4).read_to_end(&mut begin)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreFault::Folder { path: wal, error }),
        Ok(_) => {}
    }
    // https://www.sqlite.org/fileformat2.html#the_write_ahead_log; zeros are what a power cut may leave.
    let is_log = [[0x37, 0x7f, 0x06, 0x82], [0x37, 0x7f, 0x06, 0x83], [0; 4]].iter().any(|log| log.starts_with(&begin));
    if is_log { Ok(()) } else { Err(StoreFault::NoLog { wal }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &[u8] = b"1:aa 7 6\n";
    const AFTER: &[u8] = b"2:bb 8 7\n";
    const HALF: &[u8] = b"2:bb 7 6\n";

    /// What is made of readings that find these one after the other, and then the last one again and again; and how many.
    fn made_of(found: &[&[u8]]) -> (Vec<u8>, usize) {
        let mut readings = 0;
        let text = settled(|| {
            readings += 1;
            Ok(found[(readings - 1).min(found.len() - 1)].to_vec())
        });
        (text.unwrap(), readings)
    }

    #[test]
    fn a_reading_that_meets_a_writing_half_way_is_not_believed_before_another_finds_the_same() {
        assert_eq!(made_of(&[BEFORE]), (BEFORE.to_vec(), 2));
        for found in [&[HALF, AFTER][..], &[BEFORE, HALF, AFTER], &[b"", AFTER], &[AFTER, HALF, BEFORE, AFTER]] {
            assert_eq!(made_of(found), (AFTER.to_vec(), found.len() + 1), "{found:?}");
        }
    }

    #[test]
    fn a_file_that_never_reads_the_same_is_not_read_for_ever_and_one_that_cannot_be_read_not_again() {
        let mut readings = 0_u8;
        let counted = settled(|| {
            readings += 1;
            Ok(vec![readings])
        });
        assert_eq!((counted.unwrap(), usize::from(readings)), (vec![101], 1 + READINGS_MAX));
        let mut readings = 0;
        let failed = settled(|| {
            readings += 1;
            Err(io::ErrorKind::NotFound.into())
        });
        assert_eq!((failed.unwrap_err().kind(), readings), (io::ErrorKind::NotFound, 1));
    }
}
