//! The tables of `webhooks.db`, and what is refused to be touched.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::super::schema::tables;
use super::head::Head;
use super::noted::{self, Noted};
use super::{LOST, fault, number, stamp};
use crate::engine::outbox_log::LogFault;

/// "cosw": that the file is ours (`PRAGMA application_id`).
const APPLICATION: i64 = 0x636f_7377;

/// What makes version n + 1 of version n (`PRAGMA user_version`); version 0 is a file without tables. A step that was ever
/// released is never changed: the next one is added.
const STEPS: [&str; 4] = [VERSION_1, VERSION_2, VERSION_3, VERSION_4];

/// The first version that has a head.
const HEAD_FROM: usize = 4;

const VERSION_1: &str = "
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

/// Types that the endpoint wants, a JSON list; null: all.
const VERSION_2: &str = "ALTER TABLE endpoints ADD COLUMN kinds TEXT;";

/// What stands for the other columns (store::prints), so that a changed bit shows; none in rows that were written before.
const VERSION_3: &str = "
ALTER TABLE letters ADD COLUMN print INTEGER;
ALTER TABLE endpoints ADD COLUMN print INTEGER;
";

/// One row: which file it is, how often it was written durably, how many rows the others have and the sums of their prints.
const VERSION_4: &str = "
CREATE TABLE head(
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id BLOB NOT NULL,
    durable INTEGER NOT NULL,
    endpoints INTEGER NOT NULL,
    endpoints_sum INTEGER NOT NULL,
    letters INTEGER NOT NULL,
    letters_sum INTEGER NOT NULL,
    print INTEGER NOT NULL
) STRICT;
INSERT INTO head VALUES (1, randomblob(16), 0, 0, 0, 0, 0, 0);
";

/// Makes the tables in a new file, brings an older one to today's; sets what each connection needs. Of what is not whole:
/// [`check`].
pub(super) fn ready(connection: &mut Connection, path: &Path, noted: Option<&Noted>) -> Result<(), LogFault> {
    let is_todays = check(connection, path, noted)?;
    let unwritable = |error: rusqlite::Error| fault(path, "cannot write", &error);
    connection.pragma_update(None, "journal_mode", "WAL").map_err(unwritable)?;
    if is_todays { Ok(()) } else { take_steps(connection).map_err(unwritable) }
}

/// Whether it is ours and whole, and lacks nothing that was noted. Answers whether it is of today's version.
///
/// A file that has lost a table is refused, not mended: dead letters are nowhere else, and whoever misses them should hear of
/// it. What to do then is the operator's to say: put the file back, or move it away and have what waits sent once more.
pub(super) fn check(connection: &Connection, path: &Path, noted: Option<&Noted>) -> Result<bool, LogFault> {
    let unreadable = |error: rusqlite::Error| fault(path, "cannot read", &error);
    let refused = |reason: String| LogFault { what: format!("cannot use {}", path.display()), reason };
    let (application, version) = (
        number(connection, "application_id").map_err(unreadable)?,
        number(connection, "user_version").map_err(unreadable)?,
    );
    let found = tables(connection).map_err(unreadable)?;
    check_pages(connection).map_err(|reason| fault_of_pages(path, &reason))?;
    if application != APPLICATION && (application != 0 || !found.is_empty()) {
        return Err(refused("it is a database of something else; move it away, or name another data directory".into()));
    }
    let known = STEPS.len() as i64;
    if version > known {
        return Err(refused(format!(
            "its version is {version}, and this costage knows {known}: run the newer one, or move the file away"
        )));
    }
    let steps = usize::try_from(version).unwrap_or(0);
    let wanted = tables_of(&STEPS[..steps]).map_err(unreadable)?;
    if application == APPLICATION && found != wanted {
        let names = |tables: &[(String, String)]| tables.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(", ");
        return Err(refused(format!(
            "its tables are not as they were made: {} instead of {}; {LOST}",
            names(&found),
            names(&wanted)
        )));
    }
    let head = if steps < HEAD_FROM { None } else { Some(whole(connection).map_err(unreadable)?) };
    noted::check(path, head.as_ref(), noted)?;
    Ok(application == APPLICATION && version == known)
}

/// The head of a file that has all rows it names, and the endpoints as they were written.
fn whole(connection: &Connection) -> rusqlite::Result<Head> {
    // All of one moment: a server may go on meanwhile.
    let moment = connection.unchecked_transaction()?;
    let head = Head::read(&moment)?;
    stamp::check(&moment, None)?;
    head.check_rolls(&moment)?;
    Ok(head)
}

/// Files up to this size are looked at page by page: a fraction of a second. Only dead letters make one larger.
const WHOLE_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// Whether pages hang together, and each row stands in every index as it is: an endpoint that is not found by its name would
/// begin anew behind all that waits for it.
fn check_pages(connection: &Connection) -> Result<(), String> {
    let pages = |name| number(connection, name).map_err(|error| error.to_string());
    let small = pages("page_count")?.saturating_mul(pages("page_size")?) <= WHOLE_BYTES_MAX;
    // The endpoints alone of a large one: they are few.
    let sql = if small { "PRAGMA integrity_check(1)" } else { "PRAGMA integrity_check('endpoints')" };
    let said = connection.query_row(sql, [], |row| row.get::<_, String>(0)).map_err(|error| error.to_string())?;
    if said == "ok" { Ok(()) } else { Err(said.replace('\n', "; ")) }
}

fn fault_of_pages(path: &Path, reason: &str) -> LogFault {
    LogFault { what: format!("cannot use {}", path.display()), reason: format!("it is damaged: {reason}; {LOST}") }
}

/// All that the file has not had, in one transaction: another process may have taken them since.
fn take_steps(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let had = usize::try_from(number(&transaction, "user_version")?).unwrap_or(0);
    for step in STEPS.iter().skip(had) {
        transaction.execute_batch(step)?;
    }
    if had < HEAD_FROM {
        Head::begin(&transaction)?;
    }
    if had < STEPS.len() {
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", STEPS.len() as i64)?;
    }
    transaction.commit()
}

fn tables_of(steps: &[&str]) -> rusqlite::Result<Vec<(String, String)>> {
    let fresh = Connection::open_in_memory()?;
    for step in steps {
        fresh.execute_batch(step)?;
    }
    tables(&fresh)
}

#[cfg(test)]
mod tests {
    use super::super::super::scratch::Folder;
    use super::super::Deliveries;
    use super::*;

    #[test]
    fn a_file_of_version_1_is_brought_to_today_and_keeps_what_it_holds() {
        let folder = Folder::new("older");
        let path = folder.path().join("webhooks.db");
        let older = Connection::open(&path).unwrap();
        older.execute_batch(VERSION_1).unwrap();
        older.pragma_update(None, "application_id", APPLICATION).unwrap();
        older.pragma_update(None, "user_version", 1).unwrap();
        older.execute_batch("INSERT INTO endpoints(name, store, cursor) VALUES('crm', zeroblob(16), 7)").unwrap();
        drop(older);
        for _ in 0..2 {
            let standing = crate::engine::DeliveryLog::standings(&Deliveries::open(&path).unwrap()).unwrap().remove(0);
            assert_eq!((&*standing.endpoint, standing.cursor, standing.kinds), ("crm", 7, None));
        }
    }

    #[test]
    fn a_file_that_lacks_a_table_is_refused_with_what_to_do_and_left_as_it_is() {
        let folder = Folder::new("lacking");
        let path = folder.path().join("webhooks.db");
        drop(Deliveries::open(&path).unwrap());
        let other = Connection::open(&path).unwrap();
        other.execute_batch("ANALYZE").unwrap();
        drop(other);
        drop(Deliveries::open(&path).expect("what ANALYZE leaves is SQLite's own"));
        let other = Connection::open(&path).unwrap();
        other.execute_batch("DROP TABLE letters").unwrap();
        drop(other);
        let before = std::fs::read(&path).unwrap();
        let said = Deliveries::open(&path).err().expect("refused").to_string();
        assert!(
            said.contains("webhooks.db") && said.contains("endpoints, head instead of endpoints, head, letters"),
            "{said}"
        );
        assert!(said.contains("put a copy of the file back"), "{said}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
