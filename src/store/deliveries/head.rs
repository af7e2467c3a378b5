//! The head of `webhooks.db`: which file it is, how many endpoints and dead letters it has, and how often it was written
//! durably. A row that is gone shows, and so does a log that was lost: [`super::noted`].

use rusqlite::{Connection, Transaction, params};

use super::super::fault::corrupt;
use super::super::prints::{self, Roll};

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// Random bytes, drawn when the file is made.
    pub(super) id: [u8; 16],
    /// Commits that were synced, ever.
    pub(super) durable: u64,
    /// The endpoints.
    pub(super) endpoints: Roll,
    /// The dead letters.
    pub(super) letters: Roll,
}

impl Head {
    /// As it was written.
    ///
    /// # Errors
    /// As of a damaged file when it is not, or SQLite's.
    pub(super) fn read(db: &Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT id, durable, endpoints, endpoints_sum, letters, letters_sum, print FROM head";
        let (head, print) = db.prepare_cached(sql)?.query_row([], |row| {
            let roll = |rows, sum| Ok::<_, rusqlite::Error>(Roll { rows: row.get(rows)?, sum: row.get(sum)? });
            let (endpoints, letters) = (roll(2, 3)?, roll(4, 5)?);
            Ok((Self { id: row.get(0)?, durable: row.get(1)?, endpoints, letters }, row.get::<_, i64>(6)?))
        })?;
        if print == head.print() { Ok(head) } else { Err(corrupt("its head is not as it was written")) }
    }

    /// Whether it is of a file in which all is that was written durably `before`.
    pub(super) fn goes_on_from(&self, before: &Self) -> bool {
        self.id == before.id && self.durable >= before.durable
    }

    /// Writes it over the one that is there.
    pub(super) fn write(&self, db: &Connection) -> rusqlite::Result<()> {
        let Self { durable, endpoints, letters, .. } = self;
        let sql = "UPDATE head SET durable = ?1, endpoints = ?2, endpoints_sum = ?3, letters = ?4, letters_sum = ?5, \
                   print = ?6";
        db.prepare_cached(sql)?
            .execute(params![durable, endpoints.rows, endpoints.sum, letters.rows, letters.sum, self.print()])
            .map(drop)
    }

    /// The first one, of a file that had none.
    pub(super) fn begin(db: &Connection) -> rusqlite::Result<()> {
        let id = db.query_row("SELECT id FROM head", [], |row| row.get(0))?;
        let (endpoints, letters) = (Roll::call(db, "endpoints")?, Roll::call(db, "letters")?);
        Self { id, durable: 0, endpoints, letters }.write(db)
    }

    /// Whether all endpoints and dead letters are there.
    ///
    /// # Errors
    /// As [`Head::read`].
    pub(super) fn check_rolls(&self, db: &Connection) -> rusqlite::Result<()> {
        for (table, what, wanted) in
            [("endpoints", "endpoints", self.endpoints), ("letters", "dead letters", self.letters)]
        {
            let found = Roll::call(db, table)?;
            if found.rows != wanted.rows {
                return Err(corrupt(&format!("it has {} {what} instead of {}", found.rows, wanted.rows)));
            }
            if found.sum != wanted.sum {
                return Err(corrupt(&format!("one of its {what} is not the one that was written")));
            }
        }
        Ok(())
    }

    fn print(&self) -> i64 {
        prints::of_deliveries(&self.id, self.durable, self.endpoints, self.letters)
    }
}

/// A transaction, and what the head will say of it.
pub(super) struct Change<'a> {
    pub(super) db: Transaction<'a>,
    pub(super) head: Head,
}

impl<'a> Change<'a> {
    pub(super) fn begin(db: Transaction<'a>) -> rusqlite::Result<Self> {
        let head = Head::read(&db)?;
        Ok(Self { db, head })
    }

    /// Writes the head, and all of it; `durably` as SQLite was told to sync it.
    pub(super) fn commit(self, durably: bool) -> rusqlite::Result<Head> {
        let head = Head { durable: self.head.durable + u64::from(durably), ..self.head };
        head.write(&self.db)?;
        self.db.commit()?;
        Ok(head)
    }
}
