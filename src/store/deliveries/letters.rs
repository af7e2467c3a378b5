//! Reading dead letters.

use rusqlite::{Connection, Row, params_from_iter};

use super::super::outbox::row_of;
use super::super::prints;
use crate::engine::outbox_log::DeadLetter;
use crate::live::WallMs;

/// Their columns in the order that [`letter_of`] reads them: first those of the event.
pub(super) const COLUMNS: &str = "seq, id, kind, live, at, body, endpoint, attempts, died, error, wanted";

/// The oldest `max` of each endpoint; `given` are the parameters of `condition`, in their order.
pub(super) fn read(
    connection: &Connection,
    condition: &str,
    given: &[&str],
    max: usize,
) -> rusqlite::Result<Vec<DeadLetter>> {
    let query = format!("SELECT {COLUMNS} FROM letters WHERE {condition} ORDER BY endpoint, at, seq LIMIT {max}");
    let mut rows = connection.prepare_cached(&query)?;
    rows.query_map(params_from_iter(given), letter_of)?.collect()
}

/// Id of one that is not as it was written. Those of a server before this check are not known to be.
pub(super) fn changed(connection: &Connection, condition: &str, given: &[&str]) -> rusqlite::Result<Option<String>> {
    let query = format!("SELECT {COLUMNS}, print FROM letters WHERE {condition} AND print IS NOT NULL");
    let mut read = connection.prepare_cached(&query)?;
    let mut rows = read.query(params_from_iter(given))?;
    while let Some(row) = rows.next()? {
        let letter = row_of(row)?;
        if row.get::<_, i64>("print")? != prints::of_letter(&row.get::<_, String>("endpoint")?, &letter) {
            return Ok(Some(letter.id));
        }
    }
    Ok(None)
}

fn letter_of(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    let (died, wanted) = (WallMs(row.get(8)?), row.get::<_, i64>(10)? != 0);
    Ok(DeadLetter { row: row_of(row)?, endpoint: row.get(6)?, attempts: row.get(7)?, died, error: row.get(9)?, wanted })
}
