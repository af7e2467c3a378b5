//! What a transaction left: of the database and its log what the next look must find, unless others wrote by SQLite.
//!
//! ```text
//! log:  header (salts) │ frame │ frame │ … │ frame ◄─ the last one of the transaction: its checksum follows from all before it
//! ```
//! The log is judged by its bytes, the database by when it was written to: a commit writes only to the log, and a checkpoint shows in
//! what SQLite knows of the log. <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use rusqlite::Connection;

use super::checkpoint::{Checkpoint, data_version};
use super::fault::is_of_the_system;

/// When, to the nanosecond, and how many bytes there are since.
pub(super) type Written = (i64, i64, u64);

/// Of a file.
pub(super) fn written(data: &Metadata) -> Written {
    (data.mtime(), data.mtime_nsec(), data.len())
}

const HEADER_BYTES: usize = 32;
const FRAME_BYTES: usize = 24;

/// What is in front of a frame's page: its number, its salts and the checksum so far.
type Frame = [u8; FRAME_BYTES];

/// What the files are, and what SQLite knows of them.
#[derive(Debug, Clone)]
pub(super) struct Left {
    pub(super) file: Written,
    pub(super) checkpoint: Checkpoint,
    version: i64,
    /// Of the log; shorter where it is.
    header: Vec<u8>,
    end: Option<Frame>,
}

/// What is not as it was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    Log,
    /// The log's index.
    Index,
}

impl Left {
    /// Of now; none where SQLite cannot say how far its log reaches.
    ///
    /// # Errors
    /// The disk's, or the system's.
    pub(super) fn look(db: &Connection, file: &File, log: &File, page_bytes: u64) -> io::Result<Option<Self>> {
        // What others do meanwhile is in what is looked at later.
        let known = || Ok((Checkpoint::of(db)?, data_version(db)?));
        let (checkpoint, version) = match known() {
            Ok(known) => known,
            Err(error) if is_of_the_system(&error) => return Err(io::Error::other(error)),
            Err(_) => return Ok(None),
        };
        let mut header = vec![0; HEADER_BYTES];
        let there = read_at(log, &mut header, 0)?;
        header.truncate(there);
        let end = frame(log, checkpoint.log, page_bytes)?;
        Ok(Some(Self { file: written(&file.metadata()?), checkpoint, version, header, end }))
    }

    /// How the log begins.
    pub(super) fn log_begin(&self) -> &[u8] {
        &self.header[..self.header.len().min(4)]
    }

    /// Whether all of the log is there that SQLite wants.
    pub(super) fn is_whole(&self) -> bool {
        self.checkpoint.log == 0 || self.end.is_some()
    }

    /// Whether the log has begun anew: all of what it was is in the file then.
    pub(super) fn begins_otherwise(&self, before: &Self) -> bool {
        self.header != before.header
    }

    /// What is not as after `before`, when since then this connection has made one transaction (`ours`), or none. `log` is as `self`
    /// has seen it.
    ///
    /// # Errors
    /// The disk's, so for all that reads here.
    pub(super) fn broken_since(
        &self,
        before: &Self,
        ours: bool,
        log: &File,
        page_bytes: u64,
    ) -> io::Result<Option<Broken>> {
        let (was, now) = (before.checkpoint, self.checkpoint);
        // Begun anew by nobody but SQLite, when all of it was in the file.
        if now.log == 0 || was.log == 0 {
            return Ok(None);
        }
        if self.begins_otherwise(before) {
            let may_begin = ours || self.version != before.version;
            return Ok((!may_begin || self.salts() != self.end_salts()).then_some(Broken::Log));
        }
        if now.log < was.log {
            return Ok(Some(Broken::Index));
        }
        let is_broken = frame(log, was.log, page_bytes)? != before.end || self.salts() != self.end_salts();
        Ok(is_broken.then_some(Broken::Log))
    }

    /// Whether the index has other pages than the log in its last frames that both `before` and this one know.
    pub(super) fn is_forgotten(&self, before: &Self, log: &File, index: &File, page_bytes: u64) -> io::Result<bool> {
        let last = self.checkpoint.log.min(before.checkpoint.log);
        if self.begins_otherwise(before) {
            return Ok(false);
        }
        for number in (last - FRAMES_LOOKED_AT + 1).max(1)..=last {
            let page = frame(log, number, page_bytes)?.map(|frame| [frame[0], frame[1], frame[2], frame[3]]);
            if page.map(u32::from_be_bytes) != indexed(index, number)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Which log it is.
    fn salts(&self) -> Option<&[u8]> {
        self.header.get(16..24)
    }

    /// Which log the last frame is of.
    fn end_salts(&self) -> Option<&[u8]> {
        self.end.as_ref().map(|end| &end[8..16])
    }
}

/// What is in front of the page of frame `number`, from 1 on, if all of that is there.
fn frame(log: &File, number: i64, page_bytes: u64) -> io::Result<Option<Frame>> {
    let Some(before) = before(number) else { return Ok(None) };
    let at = HEADER_BYTES as u64 + before * (FRAME_BYTES as u64 + page_bytes);
    let end = at + FRAME_BYTES as u64 + page_bytes;
    let mut frame = [0; FRAME_BYTES];
    let is_there = log.metadata()?.len() >= end && read_at(log, &mut frame, at)? == FRAME_BYTES;
    Ok(is_there.then_some(frame))
}

/// How many there are before the one of this number, from 1 on.
fn before(number: i64) -> Option<u64> {
    u64::try_from(number).ok()?.checked_sub(1)
}

/// The last ones: an earlier index lacks them.
const FRAMES_LOOKED_AT: i64 = 6;

/// The page of frame `number`, from 1 on, by the index (<https://www.sqlite.org/walformat.html#the_wal_index_file_format>): blocks of
/// 32 KiB, each with as many pages as in half of it, but for the first, which begins with a header of 136 bytes.
fn indexed(index: &File, number: i64) -> io::Result<Option<u32>> {
    const BLOCK_BYTES: u64 = 32 << 10;
    const IN_FIRST: u64 = 4_062;
    const IN_BLOCK: u64 = 4_096;
    let Some(before) = before(number) else { return Ok(None) };
    let at = match before.checked_sub(IN_FIRST) {
        None => 136 + 4 * before,
        Some(beyond) => BLOCK_BYTES * (1 + beyond / IN_BLOCK) + 4 * (beyond % IN_BLOCK),
    };
    let mut page = [0; 4];
    let is_there = read_at(index, &mut page, at)? == page.len();
    Ok(is_there.then(|| u32::from_ne_bytes(page)))
}

/// How many bytes there are, up to as many as fit.
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    let mut there = 0;
    while there < bytes.len() {
        match file.read_at(&mut bytes[there..], at + there as u64)? {
            0 => break,
            more => there += more,
        }
    }
    Ok(there)
}
