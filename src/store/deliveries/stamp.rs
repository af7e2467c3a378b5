//! What shows a changed bit in how far an endpoint is.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::super::prints;

/// All columns of an endpoint but the print, as one text.
const TEXT: &str = "json_array(name, hex(store), cursor, delivered, gone_since, failing_since, seq, attempts, first_failure, \
                    next_try, error, kinds)";

/// Writes what stands for an endpoint beside it: whatever changes one calls this, in the same transaction.
pub(super) fn one(transaction: &Transaction<'_>, endpoint: &str) -> rusqlite::Result<()> {
    let mut read = transaction.prepare_cached(&format!("SELECT {TEXT} FROM endpoints WHERE name = ?1"))?;
    let Some(text) = read.query_row([endpoint], |row| row.get::<_, String>(0)).optional()? else { return Ok(()) };
    let mut write = transaction.prepare_cached("UPDATE endpoints SET print = ?2 WHERE name = ?1")?;
    write.execute(params![endpoint, prints::of_row(&text)]).map(drop)
}

/// The same of each.
pub(super) fn all(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut read = transaction.prepare_cached("SELECT name FROM endpoints")?;
    let names: Vec<String> = read.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    names.iter().try_for_each(|name| one(transaction, name))
}

/// An endpoint that is not as it was written. Those that a server before this check left are not known to be.
pub(super) fn changed(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let sql = format!("SELECT name, {TEXT}, print FROM endpoints WHERE print IS NOT NULL");
    let mut read = connection.prepare_cached(&sql)?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let (text, print): (String, i64) = (row.get(1)?, row.get(2)?);
        if print != prints::of_row(&text) {
            return row.get(0).map(Some);
        }
    }
    Ok(None)
}
