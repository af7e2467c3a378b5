//! What is written over while this connection itself writes.

use std::fs;
use std::path::PathBuf;

use super::world::Folder;
use super::*;
use crate::store::displaced::Displaced;
use crate::store::held::Held;

/// A database of some thousand rows with a log, and who watches it.
struct Watched {
    folder: Folder,
    db: Connection,
    held: Held,
}

impl Watched {
    fn new() -> Self {
        let folder = Folder::new();
        fs::create_dir_all(&folder.0).unwrap();
        let path = folder.0.join("watched.db");
        fs::write(&path, "").unwrap();
        let handle = Held::open(&path).unwrap();
        let db = Connection::open(&path).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, x)").unwrap();
        let sql = "INSERT INTO t (x) SELECT randomblob(300) FROM generate_series LIMIT 2000";
        let sql = sql.replace(
            "generate_series",
            "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i FROM n)",
        );
        db.execute_batch(&sql).unwrap();
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let held = Held::of(handle, &path, true).unwrap();
        Self { folder, db, held }
    }

    fn file(&self, tail: &str) -> PathBuf {
        self.folder.0.join(format!("watched.db{tail}"))
    }

    /// One transaction, and what is found before and after; `meanwhile` between.
    fn write(&mut self, meanwhile: impl FnOnce(&Self)) -> [Option<Displaced>; 2] {
        let before = self.held.displaced(&self.db);
        self.db.execute_batch("INSERT INTO t (x) VALUES (randomblob(300))").unwrap();
        meanwhile(self);
        [before, self.held.spoilt(&self.db)]
    }

    /// The same, with `meanwhile` before the transaction.
    fn write_after(&mut self, meanwhile: impl FnOnce(&Self)) -> [Option<Displaced>; 2] {
        let before = self.held.displaced(&self.db);
        meanwhile(self);
        self.db.execute_batch("INSERT INTO t (x) VALUES (randomblob(300))").unwrap();
        [before, self.held.spoilt(&self.db)]
    }

    /// The same, with `meanwhile` before the transaction is kept.
    fn write_inside(&mut self, meanwhile: impl FnOnce(&Self)) -> [Option<Displaced>; 2] {
        let before = self.held.displaced(&self.db);
        self.db.execute_batch("BEGIN IMMEDIATE; INSERT INTO t (x) VALUES (randomblob(300))").unwrap();
        meanwhile(self);
        self.db.execute_batch("COMMIT").unwrap();
        [before, self.held.spoilt(&self.db)]
    }
}

#[test]
fn what_is_written_over_during_a_transaction_is_found_after_it() {
    for (tail, inside) in ["", "-wal", "-shm"].into_iter().flat_map(|tail| [(tail, false), (tail, true)]) {
        let mut watched = Watched::new();
        (0..20).for_each(|_| assert_eq!(watched.write(|_| ()), [None, None]));
        let mut earlier = fs::read(watched.file(tail)).unwrap();
        (0..20).for_each(|_| assert_eq!(watched.write(|_| ()), [None, None]));
        if tail.is_empty() {
            let half = earlier.len() / 2;
            earlier[half..].fill(0);
        }
        // In place, without being emptied before.
        let copy_over = |watched: &Watched| {
            let file = fs::File::options().write(true).open(watched.file(tail)).unwrap();
            file.write_all_at(&earlier, 0).unwrap();
            file.set_len(earlier.len() as u64).unwrap();
        };
        let found = if inside { watched.write_inside(copy_over) } else { watched.write(copy_over) };
        let spoilt = Some(Displaced::Spoilt(watched.file(tail)));
        assert_eq!(found, [None, spoilt.clone()], "{tail} {inside}");
        assert_eq!(watched.held.displaced(&watched.db), spoilt, "it stays so");
    }
}

#[test]
fn a_log_that_begins_anew_and_checkpoints_of_others_are_no_damage() {
    let mut watched = Watched::new();
    let other = Connection::open(watched.file("")).unwrap();
    for round in 0..3_000 {
        let found = watched.write(|_| {
            let kind = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"][round / 7 % 4];
            if round % 7 == 0 {
                other.query_row(&format!("PRAGMA wal_checkpoint({kind})"), [], |_| Ok(())).unwrap();
            }
        });
        assert_eq!(found, [None, None], "{round}");
    }
}

#[test]
fn a_log_that_begins_anew_as_long_as_it_was_after_a_checkpoint_of_others_is_no_damage() {
    let mut watched = Watched::new();
    let other = Connection::open(watched.file("")).unwrap();
    let merge = |_: &Watched| other.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    // As many frames as before: only that they are of another log says that all of that one is in the file.
    (0..50).for_each(|round| assert_eq!(watched.write_after(merge), [None, None], "{round}"));
    (0..50).for_each(|round| assert_eq!(watched.write_inside(merge), [None, None], "{round}"));
}

#[test]
fn a_log_that_was_only_touched_and_what_another_took_back_is_no_damage() {
    let mut watched = Watched::new();
    (0..20).for_each(|_| assert_eq!(watched.write(|_| ()), [None, None]));
    fs::File::options()
        .append(true)
        .open(watched.file("-wal"))
        .unwrap()
        .set_modified(std::time::SystemTime::now())
        .unwrap();
    assert_eq!(watched.write(|_| ()), [None, None]);
    let other = Connection::open(watched.file("")).unwrap();
    // More than fits its cache: it is in the log already, and then nobody's.
    other.execute_batch("PRAGMA cache_size = 2; BEGIN; UPDATE t SET x = randomblob(301); ROLLBACK").unwrap();
    assert_eq!(watched.write(|_| ()), [None, None]);
}
