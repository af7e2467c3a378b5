//! The outbox: webhooks that are to be sent, written with what caused them.

use rusqlite::{Connection, params};

use super::write::number;
use crate::live::Fact;

/// Rows that one commit removes at most: pruning must not make a commit long.
const PRUNED_MAX: i64 = 1_000;

/// Puts the webhook of `fact`, when it is one that is told, behind all others.
pub(super) fn send(_: &Connection, _: &Fact) -> rusqlite::Result<()> {
    Ok(())
}

/// Removes rows that everybody has read.
pub(super) fn prune(db: &Connection, done: u64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE seq <= ?1 ORDER BY seq LIMIT ?2)")?
        .execute(params![number(done), PRUNED_MAX])
        .map(drop)
}
