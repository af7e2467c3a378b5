//! What shows a changed bit in how far an endpoint is.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::fault::corrupt;
use super::super::prints;
use super::head::Change;

/// All columns of an endpoint but the print, as one text.
const TEXT: &str = "json_array(name, hex(store), cursor, delivered, gone_since, failing_since, seq, attempts, first_failure, \
                    next_try, error, kinds)";

/// Writes what stands for an endpoint beside it: whatever changes one calls this, in the same transaction.
pub(super) fn one(change: &mut Change<'_>, endpoint: &str) -> rusqlite::Result<()> {
    let mut read = change.db.prepare_cached(&format!("SELECT {TEXT}, print FROM endpoints WHERE name = ?1"))?;
    let found = read.query_row([endpoint], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).optional()?;
    let Some((text, before)) = found else { return Ok(()) };
    let print = prints::of_row(&text);
    change.head.endpoints.remove(before);
    change.head.endpoints.add(Some(print));
    let mut write = change.db.prepare_cached("UPDATE endpoints SET print = ?2 WHERE name = ?1")?;
    write.execute(params![endpoint, print]).map(drop)
}

/// The same of each.
pub(super) fn all(change: &mut Change<'_>) -> rusqlite::Result<()> {
    let mut read = change.db.prepare_cached("SELECT name FROM endpoints")?;
    let names: Vec<String> = read.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    drop(read);
    names.iter().try_for_each(|name| one(change, name))
}

/// Whether an endpoint, or each, is as it was written: to be asked before it is written anew. Those that a server before this
/// check left are not known to be.
///
/// # Errors
/// As of a damaged file, when not: events would be passed over, or sent again. Or SQLite's.
pub(super) fn check(db: &Connection, endpoint: Option<&str>) -> rusqlite::Result<()> {
    let sql =
        format!("SELECT name, {TEXT}, print FROM endpoints WHERE print IS NOT NULL AND (?1 IS NULL OR name = ?1)");
    let mut read = db.prepare_cached(&sql)?;
    let mut rows = read.query([endpoint])?;
    while let Some(row) = rows.next()? {
        let (text, print): (String, i64) = (row.get(1)?, row.get(2)?);
        if print != prints::of_row(&text) {
            let name: String = row.get(0)?;
            return Err(corrupt(&format!("how far endpoint {name:?} is is not as it was written")));
        }
    }
    Ok(())
}
