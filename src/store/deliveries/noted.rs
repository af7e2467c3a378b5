//! `webhooks.head`: which `webhooks.db` there was, and how many of its durable commits were on disk. Were its log damaged or
//! lost, SQLite would go on with what is in the file: dead letters and endpoints would be gone without a word.

use std::path::{Path, PathBuf};

use super::super::note::{self, Found, Note};
use super::LOST;
use super::head::Head;
use crate::engine::outbox_log::LogFault;

/// What was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Noted {
    id: [u8; 16],
    durable: u64,
}

/// Where it is, beside the database at `path`.
pub(super) fn file_of(path: &Path) -> PathBuf {
    path.with_extension("head")
}

/// To be written after each durable commit; not before.
pub(super) fn note(path: &Path) -> Note {
    Note::at(file_of(path))
}

/// What is noted of a head.
pub(super) fn line(head: &Head) -> String {
    let id: String = head.id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{:020} {id}\n", head.durable)
}

/// What was noted beside the database at `path`; of one that was lost to a power cut nothing is known.
///
/// # Errors
/// When it is no such line, or the disk's.
pub(super) fn read(path: &Path) -> Result<Option<Noted>, LogFault> {
    let file = file_of(path);
    let refused = |reason: String| LogFault { what: format!("cannot use {}", file.display()), reason };
    match note::read(&file).map_err(|error| refused(error.to_string()))? {
        Found::Missing | Found::Blank => Ok(None),
        Found::Text(text) => std::str::from_utf8(&text).ok().and_then(parse).map(Some).ok_or_else(|| {
            refused("it is not as a server wrote it: remove it, if webhooks.db is known to be whole".to_owned())
        }),
    }
}

fn parse(line: &str) -> Option<Noted> {
    let (durable, id) = line.strip_suffix('\n')?.split_once(' ')?;
    let mut bytes = [0; 16];
    if id.len() != 2 * bytes.len() || !id.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(id.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(Noted { id: bytes, durable: durable.parse().ok()? })
}

/// Whether the database at `path` is the one that was noted, and has all that was; one that is new, or of an
/// earlier version, has no `head`.
///
/// # Errors
/// With what to do about it, when not.
pub(super) fn check(path: &Path, head: Option<&Head>, noted: Option<&Noted>) -> Result<(), LogFault> {
    let Some(noted) = noted else { return Ok(()) };
    let lacks = match head {
        Some(head) if head.id != noted.id => "it is another file than".to_owned(),
        Some(head) if head.durable < noted.durable => format!("it lacks {} of", noted.durable - head.durable),
        Some(_) => return Ok(()),
        None => "it lacks all of".to_owned(),
    };
    let advice = "bring back the webhooks.db-wal that belongs to it, or the webhooks.db that was there; to go on with this \
                  one, and without the dead letters and endpoints that it lacks, remove webhooks.head";
    let reason =
        format!("{lacks} the {} commits that {} says were on disk: {advice}", noted.durable, file_of(path).display());
    Err(LogFault { what: format!("cannot use {}", path.display()), reason })
}

/// What is refused where a database that was noted is not there, or empty.
pub(super) fn lost(path: &Path, found: &str) -> LogFault {
    let head = file_of(path);
    let reason = format!("it is {found}, but {} says that there was one: {LOST}", head.display());
    LogFault { what: format!("cannot use {}", path.display()), reason }
}
