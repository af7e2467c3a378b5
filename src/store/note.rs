//! A line beside a database, which says how far it had got: written in place and without a sync, after what it says is on disk.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::folder::{open_file, private};
use super::held::is_at;

/// Readings that may find something new: a server writes some hundred times a second, and a reading takes microseconds.
const READINGS_MAX: usize = 100;

/// The file, to be written.
#[derive(Debug)]
pub(super) struct Note {
    path: PathBuf,
    /// None while it cannot be made.
    file: Option<File>,
    /// That it cannot be written was said in the log.
    said: bool,
}

impl Note {
    /// The file that is written, or made, with the first line: that one is on disk then.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, file: None, said: false }
    }

    /// Opens the file, or makes it, and keeps `line` there, on disk. When it cannot, later lines try again.
    pub(super) fn begin(path: PathBuf, line: &str) -> Self {
        let mut note = Self::at(path);
        note.keep(line);
        note
    }

    /// Puts `line`, which is as long as the one before, in its place. When it cannot, the file says less than there is, which is
    /// no fault. One that was removed or replaced meanwhile is written anew: two looks at the file system, a few microseconds.
    pub(super) fn keep(&mut self, line: &str) {
        if self.file.as_ref().is_some_and(|file| !is_at(file, &self.path)) {
            tracing::warn!(
                file = %self.path.display(),
                "removed or replaced while the server runs: it is written anew, for without it a log that is lost would not show"
            );
            self.file = None;
        }
        let written = match &mut self.file {
            Some(file) => write(file, line),
            None => make(&self.path, line).map(|file| self.file = Some(file)),
        };
        let Err(error) = written else { return self.said = false };
        if !self.said {
            self.said = true;
            tracing::warn!(file = %self.path.display(), %error, "cannot be written: a log that is lost would not show");
        }
    }
}

/// The file with `line` in it, on disk.
fn make(path: &Path, line: &str) -> io::Result<File> {
    let mut file = private().read(true).write(true).create(true).truncate(false).open(path)?;
    write(&mut file, line)?;
    // What was put in its place may be longer.
    let end = file.stream_position()?;
    file.set_len(end)?;
    file.sync_all()?;
    Ok(file)
}

fn write(file: &mut File, line: &str) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(line.as_bytes())
}

/// What such a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// It is not there.
    Missing,
    /// It is empty, or only zeros have come to disk.
    Blank,
    /// This.
    Text(Vec<u8>),
}

/// What it holds now.
///
/// # Errors
/// The disk's.
pub(super) fn read(path: &Path) -> io::Result<Found> {
    match settled(|| bytes(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Missing),
        Err(error) => Err(error),
        Ok(text) if text.iter().all(|byte| *byte == 0) => Ok(Found::Blank),
        Ok(text) => Ok(Found::Text(text)),
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
    open_file(path)?.take(1_024).read_to_end(&mut text)?;
    Ok(text)
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
