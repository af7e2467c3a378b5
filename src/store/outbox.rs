//! The outbox: webhooks that are to be sent, written with what caused them.

use rusqlite::{Connection, params};

use super::write::number;
use crate::live::{Fact, WallMs};

/// Rows that one commit removes at most: pruning must not make a commit long.
const PRUNED_MAX: i64 = 1_000;

/// One event for backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// Rises by one, is never given again.
    pub(super) seq: u64,
    /// Its one id.
    pub(super) id: &'a str,
    /// Its type.
    pub(super) kind: &'a str,
    /// Whose it is.
    pub(super) live: &'a str,
    /// When it happened.
    pub(super) at: WallMs,
    /// What is sent, JSON.
    pub(super) body: &'a str,
}

/// Puts the event of `fact`, when backends are told of it, behind the one with the number `head`; the number of the last one
/// then. The one place where events come from facts.
pub(super) fn send(db: &Connection, head: u64, fact: &Fact) -> rusqlite::Result<u64> {
    let entry: Option<Entry<'_>> = told(head + 1, fact);
    let Some(entry) = entry else { return Ok(head) };
    insert(db, &entry)?;
    Ok(entry.seq)
}

/// No fact is an event yet.
fn told(_: u64, _: &Fact) -> Option<Entry<'_>> {
    None
}

pub(super) fn insert(db: &Connection, entry: &Entry<'_>) -> rusqlite::Result<()> {
    let Entry { seq, id, kind, live, at, body } = *entry;
    db.prepare_cached("INSERT INTO outbox (seq, id, kind, live, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![number(seq), id, kind, live, number(at.0), body])
        .map(drop)
}

/// Number of the last event that there ever was, also when it is removed by now.
pub(super) fn head(db: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0)";
    Ok(u64::try_from(db.query_row(sql, [], |row| row.get::<_, i64>(0))?).unwrap_or(0))
}

/// Removes rows that everybody has read, up to `done`; how far it has come.
pub(super) fn prune(db: &Connection, done: u64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE seq <= ?1 ORDER BY seq LIMIT ?2)")?
        .execute(params![number(done), PRUNED_MAX])
        .map(drop)
}
