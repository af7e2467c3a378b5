//! Dead letters: kept, read, removed.

use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};

use super::super::fault::corrupt;
use super::super::outbox::row_of;
use super::super::prints;
use super::LETTERS_MAX;
use super::head::Change;
use crate::engine::outbox_log::DeadLetter;
use crate::live::WallMs;

/// Their columns in the order that [`letter_of`] reads them: first those of the event.
const COLUMNS: &str = "seq, id, kind, live, at, body, endpoint, attempts, died, error, wanted";

/// Keeps one, instead of another with its id.
pub(super) fn put(change: &mut Change<'_>, endpoint: &str, letter: &DeadLetter) -> rusqlite::Result<()> {
    let DeadLetter { row, attempts, died, error, .. } = letter;
    remove(change, endpoint, &row.id)?;
    let print = prints::of_letter(endpoint, row);
    change.head.letters.add(Some(print));
    let mut insert = change.db.prepare_cached(&format!(
        "INSERT INTO letters({COLUMNS}, print) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11)"
    ))?;
    let (kind, live, body) = (&row.kind, &row.live, &row.body);
    let values = params![row.seq, row.id, kind, live, row.at.0, body, endpoint, attempts, died.0, error, print];
    insert.execute(values).map(drop)
}

/// Removes one; there may be none.
pub(super) fn remove(change: &mut Change<'_>, endpoint: &str, id: &str) -> rusqlite::Result<()> {
    let mut find = change.db.prepare_cached("SELECT print FROM letters WHERE endpoint = ?1 AND id = ?2")?;
    let Some(print) = find.query_row([endpoint, id], |row| row.get(0)).optional()? else { return Ok(()) };
    change.head.letters.remove(print);
    let mut remove = change.db.prepare_cached("DELETE FROM letters WHERE endpoint = ?1 AND id = ?2")?;
    remove.execute([endpoint, id]).map(drop)
}

/// Forgets the oldest of an endpoint that has more than [`LETTERS_MAX`].
pub(super) fn forget(change: &mut Change<'_>, endpoint: &str) -> rusqlite::Result<()> {
    let count = "SELECT count(*) FROM letters WHERE endpoint = ?1";
    let surplus = change.db.query_row(count, [endpoint], |row| row.get::<_, u32>(0))?.saturating_sub(LETTERS_MAX);
    if surplus == 0 {
        return Ok(());
    }
    tracing::error!(endpoint, surplus, "more dead letters than are kept: the oldest are forgotten");
    let oldest = "SELECT id FROM letters WHERE endpoint = ?1 ORDER BY at, seq LIMIT ?2";
    let mut read = change.db.prepare(oldest)?;
    let ids: Vec<String> = read.query_map(params![endpoint, surplus], |row| row.get(0))?.collect::<Result<_, _>>()?;
    drop(read);
    ids.iter().try_for_each(|id| remove(change, endpoint, id))
}

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

/// Whether each is as it was written: nothing else is signed and sent. Those of a server before this check are not known to be.
///
/// # Errors
/// As of a damaged file, when not, with the id of the first. Or SQLite's.
pub(super) fn check(connection: &Connection, condition: &str, given: &[&str]) -> rusqlite::Result<()> {
    let query = format!("SELECT {COLUMNS}, print FROM letters WHERE {condition} AND print IS NOT NULL");
    let mut read = connection.prepare_cached(&query)?;
    let mut rows = read.query(params_from_iter(given))?;
    while let Some(row) = rows.next()? {
        let letter = row_of(row)?;
        if row.get::<_, i64>("print")? != prints::of_letter(&row.get::<_, String>("endpoint")?, &letter) {
            return Err(corrupt(&format!("{} is not as it was written", letter.id)));
        }
    }
    Ok(())
}

fn letter_of(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    let (died, wanted) = (WallMs(row.get(8)?), row.get::<_, i64>(10)? != 0);
    Ok(DeadLetter { row: row_of(row)?, endpoint: row.get(6)?, attempts: row.get(7)?, died, error: row.get(9)?, wanted })
}
