//! How far endpoints have got, read.

use rusqlite::{Connection, Row};

use crate::engine::outbox_log::{Standing, Trouble};
use crate::live::WallMs;

/// Of one endpoint, or of all, by name.
pub(super) fn read(connection: &Connection, name: Option<&str>) -> rusqlite::Result<Vec<Standing>> {
    let mut rows = connection.prepare_cached(
        "SELECT name, cursor, failing_since, gone_since, delivered, seq, attempts, first_failure, next_try, error,
         (SELECT count(*) FROM letters WHERE endpoint = name),
         (SELECT count(*) FROM letters WHERE endpoint = name AND wanted = 1), kinds
         FROM endpoints WHERE ?1 IS NULL OR name = ?1 ORDER BY name",
    )?;
    let time = |row: &Row<'_>, column: usize| row.get::<_, Option<u64>>(column).map(|ms| ms.map(WallMs));
    let standing = |row: &Row<'_>| {
        let trouble = |seq: u64| {
            let (first_failure, next_try) = (WallMs(row.get(7)?), WallMs(row.get(8)?));
            Ok::<_, rusqlite::Error>(Trouble {
                seq,
                attempts: row.get(6)?,
                first_failure,
                next_try,
                error: row.get(9)?,
            })
        };
        Ok(Standing {
            endpoint: row.get(0)?,
            cursor: row.get(1)?,
            failing_since: time(row, 2)?,
            gone_since: time(row, 3)?,
            delivered: row.get(4)?,
            trouble: row.get::<_, Option<u64>>(5)?.map(trouble).transpose()?,
            dead: row.get(10)?,
            wanted: row.get(11)?,
            // What is no list of types is none that this server has written: as if all were wanted.
            kinds: row.get::<_, Option<String>>(12)?.and_then(|kinds| serde_json::from_str(&kinds).ok()),
        })
    };
    rows.query_map([name], standing)?.collect()
}
