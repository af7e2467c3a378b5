//! Files that are opened, and files that are refused: as they are.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rusqlite::Connection;

use super::super::*;
use super::world::{Folder, World, boot, open};
use crate::engine::{DeliveryLog as _, StoreId};
use crate::live::WallMs;
use crate::live::kept::{KeptTable, RowName};

fn try_open(path: &Path) -> Result<Store, StoreFault> {
    let moment = Moment { now: Instant::now(), wall: WallMs(1_790_000_000_000), boot: boot(5_000) };
    open(path, &Arc::new(Mutex::new(moment)))
}

/// The refusal names the file and says all of `words`, and nothing was written to it.
#[track_caller]
fn refused(folder: &Folder, words: &[&str]) {
    let file = folder.0.join(folder::DATABASE);
    let before = fs::read(&file).ok();
    let said = try_open(&folder.0).map(drop).expect_err("refused").to_string();
    assert!(said.contains(folder.0.to_str().unwrap()), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert_eq!(fs::read(&file).ok(), before);
}

/// A closed database with a battle and three changes of its scores.
fn used() -> Folder {
    let mut world = World::new();
    let battle = world.battle(300);
    for key in ["1", "2", "3"] {
        world.score(battle, key, 5).unwrap();
    }
    let World { folder, store, .. } = world;
    drop(store);
    folder
}

fn change(folder: &Folder, sql: &str) {
    let db = Connection::open(folder.0.join(folder::DATABASE)).unwrap();
    db.execute_batch(sql).unwrap();
    db.close().map_err(|(_, error)| error).unwrap();
}

#[test]
fn a_new_directory_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let inner = folder.0.join("a").join("b");
    let _store = try_open(&inner).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&inner), 0o700);
    for entry in fs::read_dir(&inner).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn two_servers_never_have_one_directory() {
    let folder = used();
    let first = try_open(&folder.0).unwrap();
    let said = try_open(&folder.0).map(drop).expect_err("refused").to_string();
    assert!(said.contains("in use") && said.contains(&format!("process {}", std::process::id())), "{said}");
    drop(first);
    assert!(try_open(&folder.0).is_ok());
}

#[test]
fn a_file_of_another_program_is_refused_and_left_alone() {
    let folder = Folder::new();
    fs::create_dir_all(&folder.0).unwrap();
    fs::write(folder.0.join(folder::DATABASE), "these are somebody's notes").unwrap();
    refused(&folder, &["no SQLite file", "data_dir"]);
    fs::remove_file(folder.0.join(folder::DATABASE)).unwrap();
    change(&folder, "CREATE TABLE theirs (x)");
    refused(&folder, &["another program", "data_dir"]);
}

#[test]
fn a_newer_file_is_refused_and_an_older_one_brought_to_this_version() {
    let folder = used();
    change(&folder, "PRAGMA user_version = 99");
    refused(&folder, &["version 99", "newer"]);
    let folder = Folder::new();
    fs::create_dir_all(&folder.0).unwrap();
    change(&folder, &format!("PRAGMA application_id = {}; CREATE TABLE t (x); DROP TABLE t", schema::APPLICATION_ID));
    assert!(matches!(audit::Reader::open(&folder.0), Err(StoreFault::Older { found: 0, .. })), "not by who only reads");
    let store = try_open(&folder.0).unwrap();
    assert_eq!(schema::user_version(&store.db), Ok(schema::version()));
}

#[test]
fn a_damaged_file_is_refused_with_what_is_wrong() {
    let damages: [(&str, &[&str]); 9] = [
        ("DELETE FROM ledger WHERE seq = 3", &["last row is 2", "names row 3", "backup"]),
        ("DELETE FROM ledger", &["ledger is empty", "row 3"]),
        ("UPDATE ledger SET totals = '{\"a\":99,\"b\":0}' WHERE seq = 3", &["row 3", "not as it was written"]),
        ("UPDATE head SET ledger_hash = zeroblob(32)", &["row 3", "another hash"]),
        ("DROP TABLE outbox", &["tables"]),
        (
            "UPDATE state SET image = '{', print = NULL WHERE kind = 'battle'; UPDATE head SET print = NULL",
            &["battle", "cannot be read"],
        ),
        ("UPDATE state SET image = image || ' ' WHERE kind = 'battle'", &["battle", "not as it was written"]),
        ("UPDATE state SET kind = 'zeppelin' WHERE kind = 'battle'", &["zeppelin"]),
        ("DELETE FROM head", &[]),
    ];
    for (sql, words) in damages {
        let folder = used();
        change(&folder, sql);
        let file = folder.0.join(folder::DATABASE);
        let before = fs::read(&file).unwrap();
        let opened = try_open(&folder.0).and_then(|mut store| {
            let kept = store.kept()?;
            let unreadable = |row: crate::live::kept::Unreadable| StoreFault::damaged(&file, row.to_string());
            kept.snapshot(crate::live::Seed::repeatable(1)).map(drop).map_err(unreadable)
        });
        let said = opened.expect_err(sql).to_string();
        assert!(said.contains(file.to_str().unwrap()), "{sql}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{sql}: {said}");
        assert_eq!(fs::read(&file).unwrap(), before, "{sql}");
    }
}

#[test]
fn a_battle_without_all_of_its_changes_is_refused_over_or_not() {
    for ends in [false, true] {
        let mut world = World::new();
        let battle = world.battle(60);
        for key in ["1", "2", "3"] {
            world.score(battle, key, 5).unwrap();
        }
        if ends {
            world.pass(60_000);
        }
        let later = if ends { world.battle(60) } else { battle };
        world.score(later, "another", 5).unwrap();
        let World { folder, store, .. } = world;
        drop(store);
        // Not the last row, which is looked at before.
        change(&folder, "DELETE FROM ledger WHERE seq = 2");
        let mut store = try_open(&folder.0).unwrap();
        let said = store.kept().unwrap_err().to_string();
        let (had, there) = if ends { (3, 2) } else { (4, 3) };
        let wanted =
            format!("battle {battle} has had {had} changes of its scores, the ledger has {there}, numbered 1 to {had}");
        assert!(said.contains(&wanted), "{said}");
    }
}

#[test]
fn what_sqlite_leaves_of_its_own_is_no_damage() {
    let folder = used();
    change(&folder, "ANALYZE");
    let store = try_open(&folder.0).unwrap();
    let count = "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'";
    assert_eq!(store.db.query_row(count, [], |row| row.get::<_, i64>(0)), Ok(1));
    audit::Reader::open(&folder.0).unwrap();
}

#[test]
fn a_file_that_was_cut_is_refused() {
    let folder = used();
    let file = folder.0.join(folder::DATABASE);
    let bytes = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(bytes - 4_096).unwrap();
    refused(&folder, &["damaged", &(bytes - 4_096).to_string(), "backup"]);
}

/// As a killed server leaves it: a log beside the database. `sql` was its last word.
fn killed(sql: &str) -> Folder {
    let mut world = World::new();
    let battle = world.battle(300);
    world.score(battle, "1", 5).unwrap();
    world.store.db.execute_batch(sql).unwrap();
    let left = Folder::new();
    fs::create_dir_all(&left.0).unwrap();
    for name in ["costage.db", "costage.db-wal", "costage.head"] {
        fs::copy(world.folder.0.join(name), left.0.join(name)).unwrap();
    }
    left
}

#[test]
fn a_refused_file_keeps_the_log_beside_it() {
    let log = |folder: &Folder| fs::read(folder.0.join("costage.db-wal")).unwrap();
    let newer = killed("PRAGMA user_version = 99");
    let before = log(&newer);
    refused(&newer, &["version 99", "newer"]);
    assert!(!before.is_empty() && log(&newer) == before);

    let cut = killed("PRAGMA wal_checkpoint(FULL); UPDATE head SET ledger_hash = zeroblob(32)");
    let before = log(&cut);
    refused(&cut, &["another hash"]);
    assert!(!before.is_empty() && log(&cut) == before);

    let unreadable =
        killed("UPDATE state SET image = '{', print = NULL WHERE kind = 'battle'; UPDATE head SET print = NULL");
    let before = log(&unreadable);
    let mut store = try_open(&unreadable.0).unwrap();
    store.kept().unwrap_err();
    drop(store);
    assert!(!before.is_empty() && log(&unreadable) == before, "nor is one that is refused later");
}

#[test]
fn a_log_without_its_database_is_refused() {
    let folder = used();
    fs::remove_file(folder.0.join(folder::DATABASE)).unwrap();
    fs::write(folder.0.join("costage.db-wal"), "commits").unwrap();
    refused(&folder, &["costage.db-wal", "missing or empty"]);
    assert_eq!(fs::read(folder.0.join("costage.db-wal")).unwrap(), b"commits");
}

#[test]
fn a_link_that_leads_nowhere_is_refused_and_not_replaced() {
    let folder = used();
    let (file, elsewhere) = (folder.0.join(folder::DATABASE), folder.0.join("elsewhere.db"));
    fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    fs::remove_file(folder.0.join("costage.head")).unwrap();
    drop(try_open(&folder.0).expect("a link to a file is as good as the file"));
    fs::rename(&elsewhere, folder.0.join("away.db")).unwrap();
    refused(&folder, &["costage.db", "it is a link"]);
    assert!(fs::symlink_metadata(&file).unwrap().is_symlink());
}

#[test]
fn a_directory_in_the_place_of_a_file_is_refused() {
    for (name, is_there) in [("costage.db", true), ("costage.db-wal", false), ("costage.head", true)] {
        let folder = used();
        let path = folder.0.join(name);
        if is_there {
            fs::remove_file(&path).unwrap();
        }
        fs::create_dir(&path).unwrap();
        let said = [try_open(&folder.0).map(drop), audit::Reader::open(&folder.0).map(drop)];
        for said in said.map(|said| said.unwrap_err().to_string()) {
            assert!(said.contains(name) && said.contains("it is a directory, not a file"), "{name}: {said}");
        }
    }
}

#[test]
fn what_is_no_directory_is_refused() {
    let folder = Folder::new();
    fs::write(&folder.0, "a file").unwrap();
    let said = try_open(&folder.0).map(drop).expect_err("refused").to_string();
    assert!(said.contains("--memory") && said.contains(folder.0.to_str().unwrap()), "{said}");
    fs::remove_file(&folder.0).unwrap();
}

#[test]
fn who_was_killed_while_the_file_was_made_leaves_nothing_half_made() {
    let folder = Folder::new();
    fs::create_dir_all(&folder.0).unwrap();
    fs::write(folder.0.join("costage.db.new"), "half").unwrap();
    let store = try_open(&folder.0).unwrap();
    assert_eq!(store.head(), Head::START);
    assert!(!folder.0.join("costage.db.new").exists());
}

/// Overwrites the root page of a table or an index.
fn destroy(folder: &Folder, name: &str) {
    let file = folder.0.join(folder::DATABASE);
    let db = Connection::open(&file).unwrap();
    let root = db.query_row("SELECT rootpage FROM sqlite_schema WHERE name = ?1", [name], |row| row.get(0));
    let root: usize = root.unwrap();
    drop(db);
    let mut bytes = fs::read(&file).unwrap();
    bytes[(root - 1) * 4_096..root * 4_096].fill(0);
    fs::write(&file, &bytes).unwrap();
}

#[test]
fn a_file_with_a_destroyed_page_is_refused_whichever_table_or_index_it_is_of() {
    let of_all = ["state", "facts", "ledger", "outbox", "head", "sqlite_sequence"];
    let indexes = ["sqlite_autoindex_ledger_1", "ledger_by_number", "sqlite_autoindex_outbox_1"];
    for name in of_all.into_iter().chain(indexes) {
        let folder = used();
        destroy(&folder, name);
        refused(&folder, &["damaged", "backup"]);
        if name != "head" {
            // As of a file that is too large to be looked at as a whole; the head is read in any case.
            let db = Connection::open(folder.0.join(folder::DATABASE)).unwrap();
            let said = pages::check_up_to(0, &db, &folder.0).map_err(|fault| fault.to_string());
            assert!(said.as_ref().is_err_and(|said| said.contains("damaged")), "{name}: {said:?}");
        }
    }
    let whole = used();
    let db = Connection::open(whole.0.join(folder::DATABASE)).unwrap();
    assert!(pages::check_up_to(0, &db, "a whole one".as_ref()).is_ok());
}

#[test]
fn an_emptied_file_is_refused_and_not_begun_anew() {
    let folder = used();
    fs::write(folder.0.join(folder::DATABASE), "").unwrap();
    refused(&folder, &["is empty", "move it away"]);
}

#[test]
fn at_a_clean_end_all_is_in_the_one_file_though_somebody_still_reads_it() {
    let mut world = World::new();
    let battle = world.battle(300);
    let reader = world.beside();
    let count = |db: &Connection| db.query_row("SELECT count(*) FROM ledger", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count(&reader), 0);
    world.score(battle, "1", 5).unwrap();
    let World { folder, store, .. } = world;
    drop(store);
    let copy = folder.0.join("copy.db");
    fs::copy(folder.0.join(folder::DATABASE), &copy).unwrap();
    assert_eq!((count(&Connection::open(copy).unwrap()), count(&reader)), (1, 1));
}

const TO_VERSION_3: &str = "ALTER TABLE state DROP COLUMN keys; ALTER TABLE head DROP COLUMN outbox_settled; \
    ALTER TABLE head DROP COLUMN outbox_head; PRAGMA user_version = 3";
const TO_VERSION_1: &str = "ALTER TABLE state DROP COLUMN keys; ALTER TABLE head DROP COLUMN outbox_settled; \
    ALTER TABLE head DROP COLUMN outbox_head; DROP INDEX ledger_by_number; ALTER TABLE state DROP COLUMN print; \
    ALTER TABLE head DROP COLUMN print; ALTER TABLE head DROP COLUMN state_rows; \
    ALTER TABLE head DROP COLUMN state_sum; ALTER TABLE outbox DROP COLUMN print; PRAGMA user_version = 1";

#[test]
fn a_damaged_file_of_an_older_version_is_left_as_it_is() {
    for (damage, said) in [
        (
            "UPDATE ledger SET totals = '{}' WHERE seq = 3",
            "row 3 of the ledger: it, or the row before it, is not as it was written",
        ),
        ("UPDATE head SET ledger_seq = 2", "its head names row 2"),
        ("UPDATE ledger SET totals = '{}' WHERE seq = 2", "row 2 of the ledger"),
        ("UPDATE state SET image = '{' WHERE kind = 'battle'", "cannot be read"),
        ("ALTER TABLE state ADD COLUMN print INTEGER", "its tables are not as they were made"),
    ] {
        let folder = used();
        let file = folder.0.join(folder::DATABASE);
        let db = Connection::open(&file).unwrap();
        db.execute_batch(&format!("{TO_VERSION_1}; {damage}; PRAGMA wal_checkpoint(TRUNCATE)")).unwrap();
        drop(db);
        let before = fs::read(&file).unwrap();
        refused(&folder, &[said]);
        assert!(fs::read(&file).unwrap() == before, "{damage}");
        let log = folder.0.join("costage.db-wal");
        assert!(fs::metadata(log).map_or(0, |log| log.len()) == 0, "{damage}");
    }
}

#[test]
fn a_file_of_the_first_version_becomes_one_of_today_and_goes_on() {
    let mut world = World::new();
    let battle = world.battle(300);
    let told: Vec<_> = (1..=9).map(|key| world.score(battle, &key.to_string(), 1).unwrap()).collect();
    world.store.db.execute_batch(TO_VERSION_1).unwrap();
    world.restart();
    let version: i64 = world.store.db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 4);
    for (key, told) in (1..=9).zip(told) {
        assert_eq!(world.score(battle, &key.to_string(), 1), Ok(told));
    }
    assert_eq!(world.score(battle, "10", 1).unwrap().ledger_seq, 10);
    audit::Reader::open(&world.folder.0).unwrap();
}

/// As a server of the third version has left it.
fn to_version_3(world: &World) {
    let db = &world.store.db;
    db.execute_batch(TO_VERSION_3).unwrap();
    let mut read = db.prepare("SELECT kind, key, image FROM state").unwrap();
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let rows: Vec<(String, String, String)> = rows.map(Result::unwrap).collect();
    for (kind, key, image) in rows {
        let name = RowName { table: KeptTable::of_word(&kind).unwrap(), key };
        let put = "UPDATE state SET print = ?3 WHERE kind = ?1 AND key = ?2";
        db.execute(put, rusqlite::params![kind, name.key, prints::of_kept(&name, &image, None)]).unwrap();
    }
    let roll = prints::Roll::call(db, "state").unwrap();
    let (head, time) = head::read(db).unwrap();
    let print = prints::of_head(head, &time, roll, None);
    db.execute("UPDATE head SET print = ?1, state_sum = ?2", [print, roll.sum]).unwrap();
}

#[test]
fn a_file_of_the_third_version_becomes_one_of_today_whose_ends_and_keys_are_known() {
    let mut world = World::new();
    let battle = world.battle(60);
    (1..=9).for_each(|key| drop(world.score(battle, &key.to_string(), 1).unwrap()));
    to_version_3(&world);
    world.restart();
    world.verify_whole();
    let ends = |world: &World| (outbox::ends(&world.store.db).unwrap(), head::outbox_ends(&world.store.db).unwrap());
    let (found, said) = ends(&world);
    assert_eq!(said, Some(found), "with the first commit");
    assert_eq!(world.score(battle, "10", 1).unwrap().ledger_seq, 10);
    world.pass(60_000);
    world.restart();
    let keys = "SELECT keys FROM state WHERE kind = 'battle'";
    let keys: i64 = world.store.db.query_row(keys, [], |row| row.get(0)).unwrap();
    assert_eq!(Some(&keys), world.store.keys.get(&battle), "of the changes before it too");
    world.verify_whole();
}

#[test]
fn a_damaged_file_without_a_log_is_left_as_it_is() {
    let folder = used();
    change(&folder, "UPDATE ledger SET totals = '{}' WHERE seq = 2; PRAGMA journal_mode = DELETE");
    let file = folder.0.join(folder::DATABASE);
    let before = fs::read(&file).unwrap();
    let said = try_open(&folder.0).and_then(|mut store| store.kept()).map(drop).expect_err("refused").to_string();
    assert!(said.contains("row 2 of the ledger") | said.contains("row 3 of the ledger"), "{said}");
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn a_directory_that_has_lost_its_database_is_begun_anew_by_nobody_but_the_operator() {
    let folder = used();
    let (file, webhooks) = (folder.0.join(folder::DATABASE), folder.0.join(folder::DELIVERIES));
    let copy = fs::read(&file).unwrap();
    let head = folder.0.join("costage.head");
    fs::remove_file(&file).unwrap();
    refused(&folder, &["costage.db is not there", "costage.head", "bring costage.db back", "move all that is in"]);
    assert!(!file.exists(), "nor made");
    fs::rename(&head, folder.0.join("away")).unwrap();
    drop(try_open(&folder.0).unwrap());
    // Where webhooks know nothing, there is nothing to lose: so does a first start that was killed begin again.
    for nothing in [false, true] {
        if nothing {
            drop(Deliveries::open(&webhooks).unwrap());
        } else {
            fs::write(&webhooks, "").unwrap();
        }
        fs::remove_file(&file).unwrap();
        drop(try_open(&folder.0).unwrap());
    }
    fs::remove_file(&file).unwrap();
    let lost = || {
        refused(&folder, &["costage.db is not there", "webhooks.db", "bring costage.db back", "move all that is in"]);
        assert!(!file.exists(), "nor made");
    };
    let log = Deliveries::open(&webhooks).unwrap();
    log.begin("crm", StoreId([1; 16]), 0).unwrap();
    lost(); // As a killed server leaves it: all of it in the log beside the file.
    drop(log);
    lost();
    fs::write(&file, &copy).unwrap();
    assert_eq!(try_open(&folder.0).unwrap().head().seq, 3, "brought back");
    fs::remove_file(&file).unwrap();
    fs::write(&webhooks, "nobody knows what this was").unwrap();
    lost();
    fs::remove_file(&webhooks).unwrap();
    refused(&folder, &["costage.db is not there", "webhooks.head"]);
    fs::remove_file(folder.0.join("webhooks.head")).unwrap();
    assert_eq!(try_open(&folder.0).unwrap().head(), Head::START, "moved away");
}
