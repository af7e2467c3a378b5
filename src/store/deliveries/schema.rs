//! The tables of `webhooks.db`, and what is refused to be touched.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::super::outbox::fault;
use super::number;
use crate::engine::outbox_log::LogFault;

/// "cosw": that the file is ours (`PRAGMA application_id`).
const APPLICATION: i64 = 0x636f_7377;

/// Version of the tables (`PRAGMA user_version`).
const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE endpoints(
    name TEXT PRIMARY KEY,
    store BLOB NOT NULL,
    cursor INTEGER NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0,
    gone_since INTEGER,
    failing_since INTEGER,
    -- Of the event that fails; null: none does.
    seq INTEGER,
    attempts INTEGER,
    first_failure INTEGER,
    next_try INTEGER,
    error TEXT
) STRICT;
CREATE TABLE letters(
    endpoint TEXT NOT NULL,
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    live TEXT NOT NULL,
    at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    died INTEGER NOT NULL,
    error TEXT NOT NULL,
    wanted INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL,
    UNIQUE(endpoint, id)
) STRICT;
CREATE INDEX letters_wanted ON letters(endpoint, at, seq) WHERE wanted = 1;
CREATE INDEX letters_in_order ON letters(endpoint, at, seq);
";

/// Makes the tables in a new file; sets what each connection needs.
pub(super) fn ready(connection: &mut Connection, path: &Path) -> Result<(), LogFault> {
    let unreadable = |error: rusqlite::Error| fault(path, "cannot read", &error);
    let refused = |reason: String| LogFault { what: format!("cannot use {}", path.display()), reason };
    let (application, version) = (
        number(connection, "application_id").map_err(unreadable)?,
        number(connection, "user_version").map_err(unreadable)?,
    );
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(unreadable)?;
    if application != APPLICATION && (application != 0 || tables > 0) {
        return Err(refused("it is a database of something else; move it away, or name another data directory".into()));
    }
    if version > VERSION {
        return Err(refused(format!(
            "its version is {version}, and this costage knows {VERSION}: run the newer one, or move the file away"
        )));
    }
    let unwritable = |error: rusqlite::Error| fault(path, "cannot write", &error);
    connection.pragma_update(None, "journal_mode", "WAL").map_err(unwritable)?;
    if application == APPLICATION {
        return Ok(());
    }
    let mut made = || {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have made them since.
        if number(&transaction, "application_id")? != APPLICATION {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()
    };
    made().map_err(unwritable)
}
