//! What was answered and is not there any more, or is there twice, is found and named.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use super::super::*;
use super::gone_back::is_refused;
use super::world::{Folder, World, open};
use crate::live::{BattleId, Refusal};

/// Files as a killed server left them, which had answered thirty changes: most of them are in the log alone.
fn killed() -> (World, Folder, BattleId) {
    let mut world = World::new();
    let battle = world.battle(300);
    (1..=30).for_each(|key| drop(world.score(battle, &key.to_string(), 1).unwrap()));
    let left = Folder::new();
    fs::create_dir_all(&left.0).unwrap();
    for name in ["costage.db", "costage.db-wal", "costage.head"] {
        fs::copy(world.folder.0.join(name), left.0.join(name)).unwrap();
    }
    (world, left, battle)
}

pub(super) fn start(world: &World, folder: &Path) -> Result<Store, StoreFault> {
    open(folder, &Arc::new(Mutex::new(world.moment())))
}

/// What an auditor is told first.
fn audited(folder: &Path) -> String {
    let found = audit::Reader::open(folder).and_then(|reader| {
        let balance = audit::balance(Some(&reader), None, &mut |_, _| ()).unwrap().faults.listed;
        let verdict = audit::verify(&reader, None, &mut |_, _| ())?.faults.listed;
        assert_eq!(verdict.len().min(1), balance.len().min(1));
        Ok(verdict)
    });
    found.map_or_else(|fault| fault.to_string(), |mut faults| faults.pop().expect("a fault"))
}

/// Server and auditor refuse it and leave all as it is.
#[track_caller]
fn refused(world: &World, folder: &Folder, words: &[&str]) {
    let files = || ["costage.db", "costage.db-wal", "costage.head"].map(|name| fs::read(folder.0.join(name)).ok());
    let before = files();
    let said = start(world, &folder.0).map(drop).expect_err("refused").to_string();
    let audit = audited(&folder.0);
    for word in words {
        assert!(said.contains(word) && audit.contains(word), "{word:?} is not in: {said}; {audit}");
    }
    assert!(files() == before, "changed: {said}");
}

#[test]
fn a_log_that_was_damaged_cut_or_lost_is_not_gone_on_from() {
    let spoils: [fn(&mut Vec<u8>); 4] = [
        |log| log[20_000] ^= 1,
        |log| {
            let end = log.len();
            log[end - 2_000] ^= 1;
        },
        |log| log.truncate(log.len() - 5_000),
        |log| log.clear(),
    ];
    for spoil in spoils {
        let (world, folder, _) = killed();
        let path = folder.0.join("costage.db-wal");
        let mut log = fs::read(&path).unwrap();
        spoil(&mut log);
        fs::write(&path, &log).unwrap();
        refused(&world, &folder, &["lacks commits", "30 of the ledger", "costage.db-wal", "remove costage.head"]);
        fs::remove_file(folder.0.join("costage.head")).unwrap();
        assert!(start(&world, &folder.0).unwrap().head().seq < 30, "as it was asked to");
    }
}

#[test]
fn commits_without_a_change_of_scores_are_missed_too() {
    let mut world = World::new();
    let before = Folder::new();
    fs::create_dir_all(&before.0).unwrap();
    let copy = |world: &World, name: &str| fs::copy(world.folder.0.join(name), before.0.join(name)).unwrap();
    copy(&world, "costage.db");
    copy(&world, "costage.db-wal");
    world.battle(300);
    copy(&world, "costage.head");
    refused(&world, &before, &["lacks commits", "costage.head says: fact 7, webhook 6; bring back"]);
}

#[test]
fn all_that_a_database_lacks_is_named_by_its_numbers() {
    let (mut world, folder, _) = killed();
    world.pass(300_000); // The battle ends.
    let battle = world.battle(300);
    (1..=3).for_each(|key| drop(world.score(battle, &key.to_string(), 1).unwrap()));
    fs::copy(world.folder.0.join("costage.head"), folder.0.join("costage.head")).unwrap();
    refused(&world, &folder, &["says: rows 31 to 33 of the ledger, facts 8 to 9, webhooks 7 to 8; bring back"]);
}

#[test]
fn a_head_of_before_webhooks_were_noted_is_read() {
    let (world, folder, _) = killed();
    let head = folder.0.join("costage.head");
    let line = fs::read_to_string(&head).unwrap();
    fs::write(&head, format!("{}\n", line.rsplit_once(' ').unwrap().0)).unwrap();
    assert_eq!(start(&world, &folder.0).unwrap().head(), world.store.head());
}

#[test]
fn a_log_as_it_was_left_is_gone_on_from() {
    let (world, folder, _) = killed();
    assert_eq!(start(&world, &folder.0).unwrap().head(), world.store.head());
    audit::Reader::open(&folder.0).unwrap();
}

#[test]
fn an_older_database_in_the_place_of_a_newer_one_is_not_gone_on_from_unasked() {
    let (mut world, folder, battle) = killed();
    world.score(battle, "more", 1).unwrap();
    fs::copy(world.folder.0.join("costage.head"), folder.0.join("costage.head")).unwrap();
    refused(&world, &folder, &["lacks commits", "says: row 31 of the ledger; bring back"]);
    // Another one, which has got further.
    let mut other = World::new();
    let battle = other.battle(300);
    (1..=40).for_each(|key| drop(other.score(battle, &key.to_string(), 2).unwrap()));
    for name in ["costage.db", "costage.db-wal"] {
        fs::copy(other.folder.0.join(name), folder.0.join(name)).unwrap();
    }
    refused(&world, &folder, &["says: row 31 of the ledger as it was (another one is there); bring back"]);
}

#[test]
fn what_lacks_commits_is_neither_copied_nor_exported_and_is_named_by_the_name_of_its_file_too() {
    let (mut world, folder, battle) = killed();
    let (file, head, to) = (folder.0.join(folder::DATABASE), folder.0.join("costage.head"), folder.0.join("copy.db"));
    let before = fs::read(&head).unwrap();
    world.score(battle, "more", 1).unwrap();
    fs::copy(world.folder.0.join("costage.head"), &head).unwrap();
    for path in [&folder.0, &file] {
        let reader = audit::Reader::open(path).unwrap();
        let mut text = Vec::new();
        let told = [
            backup::backup(&reader, &to, &mut |_, _| ()).unwrap_err().to_string(),
            audit::export(&reader, audit::Format::Csv, None, &mut text, "memory".as_ref(), &mut |_, _| ())
                .unwrap_err()
                .to_string(),
            audit::verify(&reader, None, &mut |_, _| ()).unwrap().faults.listed.join("; "),
        ];
        assert!(told.iter().all(|told| told.contains("lacks commits") && told.contains("costage.head")), "{told:?}");
        assert!(text.is_empty() && !to.exists() && !folder.0.join("copy.db.part").exists());
    }
    fs::write(&head, before).unwrap();
    backup::backup(&audit::Reader::open(&file).unwrap(), &to, &mut |_, _| ()).unwrap();
    fs::copy(world.folder.0.join("costage.head"), &head).unwrap();
    assert_eq!(audited_alone(&to), "", "a copy of another name is as old as it is");
}

#[test]
fn what_is_no_log_and_what_is_no_head_are_refused() {
    let (world, folder, _) = killed();
    fs::write(folder.0.join("costage.db-wal"), [7; 300_000]).unwrap();
    refused(&world, &folder, &["costage.db-wal is no write-ahead log", "move this away"]);
    let (world, folder, _) = killed();
    fs::write(folder.0.join("costage.head"), "12:none 3\n").unwrap();
    refused(&world, &folder, &["costage.head is not as a server wrote it", "remove it"]);
    fs::write(folder.0.join("costage.head"), [0; 107]).unwrap();
    assert_eq!(start(&world, &folder.0).unwrap().head().seq, 30, "what a power cut may leave of the first writing");
}

#[test]
fn a_head_that_is_removed_replaced_or_in_the_way_under_a_running_server_comes_back_with_the_next_commit() {
    let mut world = World::new();
    let battle = world.battle(300);
    let head = world.folder.0.join("costage.head");
    let noted = |world: &World| {
        let line = fs::read_to_string(world.folder.0.join("costage.head")).unwrap();
        let (head, others) = line.strip_suffix('\n').unwrap().split_once(' ').unwrap();
        (head.parse().ok(), others.len())
    };
    let spoils: [fn(&Path); 4] = [
        |head| fs::remove_file(head).unwrap(),
        |head| fs::rename(head, head.with_extension("away")).unwrap(),
        |head| {
            fs::write(head.with_extension("other"), "somebody's, and longer than a line of ours is ".repeat(9))
                .unwrap();
            fs::rename(head.with_extension("other"), head).unwrap();
        },
        |head| {
            fs::remove_file(head).unwrap();
            fs::create_dir(head).unwrap();
        },
    ];
    for (key, spoil) in (1_u8..).zip(spoils) {
        spoil(&head);
        world.score(battle, &key.to_string(), 1).unwrap();
        if head.is_dir() {
            fs::remove_dir(&head).unwrap();
            world.score(battle, "once more", 1).unwrap();
        }
        assert_eq!(noted(&world), (Some(world.store.head()), 41), "{key}");
    }
    assert_eq!(audited_alone(&world.folder.0), "");
}

/// The index of keys has no entry any more.
fn lose_keys(world: &World) {
    let sql = "BEGIN;
        CREATE TABLE empty (battle BLOB, key TEXT, UNIQUE (battle, key));
        PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_empty_1')
            WHERE name = 'sqlite_autoindex_ledger_1';
        DELETE FROM sqlite_schema WHERE tbl_name = 'empty';
        COMMIT;";
    world.beside().execute_batch(sql).unwrap();
}

#[test]
fn a_key_that_was_counted_twice_and_an_index_that_lets_it_are_named() {
    let mut world = World::new();
    let battle: BattleId = world.battle(300);
    (1..=9).for_each(|key| drop(world.score(battle, &key.to_string(), 1).unwrap()));
    lose_keys(&world);
    assert_eq!(world.score(battle, "2", 1).unwrap().ledger_seq, 10, "counted again: the index does not know it");
    let reader = audit::Reader::open(&world.folder.0).unwrap();
    let faults = audit::verify(&reader, None, &mut |_, _| ()).unwrap().faults.listed;
    let twice = "row 10 has the idempotency key of row 2 in the same battle: it was counted twice";
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0] == twice && faults[1].contains("sqlite_autoindex_ledger_1 has 1 of 10 rows"), "{faults:?}");
    let balance = audit::balance(Some(&reader), None, &mut |_, _| ()).unwrap();
    assert_eq!(balance.faults.listed, [twice]);
    let mut text = Vec::new();
    audit::export(&reader, audit::Format::Jsonl, None, &mut text, "memory".as_ref(), &mut |_, _| ()).unwrap();
    let export = audit::Export { lines: &mut &text[..], bytes: 0, noted: None };
    assert_eq!(audit::balance(None, Some(export), &mut |_, _| ()).unwrap().faults.listed, [twice]);
    let said = world.store.kept().unwrap_err().to_string();
    assert!(said.contains("has had 10 changes, 1 keys can be looked up"), "{said}");
}

#[test]
fn a_file_whose_tail_came_back_as_zeros_is_refused_by_everybody_and_nobody_reads_it_for_ever() {
    let mut world = World::new();
    let battle = world.battle(300);
    (1..=120).for_each(|key| drop(world.score(battle, &format!("key {key}"), 1).unwrap()));
    let World { folder, store, .. } = world;
    drop(store);
    let path = folder.0.join(folder::DATABASE);
    let whole = fs::read(&path).unwrap();
    for from in (4_196..whole.len()).step_by(1_009) {
        let mut cut = whole.clone();
        cut[from..].fill(0);
        if cut == whole {
            continue;
        }
        fs::write(&path, &cut).unwrap();
        let Ok(reader) = audit::Reader::open(&folder.0) else { continue };
        let verdict = audit::verify(&reader, None, &mut |_, _| ());
        assert!(verdict.is_err() || verdict.is_ok_and(|it| it.faults.count > 0), "zeros from byte {from}");
        drop(audit::balance(Some(&reader), None, &mut |_, _| ()));
        let mut text = Vec::new();
        drop(audit::export(&reader, audit::Format::Jsonl, None, &mut text, "memory".as_ref(), &mut |_, _| ()));
    }
}

#[test]
fn nothing_is_kept_while_its_file_or_log_is_not_where_it_was_and_what_was_is_rescued_at_the_end() {
    for name in ["costage.db", "costage.db-wal"] {
        for replaced in [false, true] {
            let mut world = World::new();
            let battle = world.battle(300);
            world.score(battle, "1", 5).unwrap();
            let (file, away) = (world.folder.0.join(name), world.folder.0.join("away"));
            fs::rename(&file, &away).unwrap();
            if replaced {
                fs::copy(&away, &file).unwrap();
            }
            assert_eq!(world.score(battle, "2", 5), Err(Refusal::NotKept));
            let said = world.last_failure.take().unwrap();
            assert!(said.contains(name) && said.contains("was removed or replaced"), "{said}");
            fs::rename(&away, &file).unwrap();
            assert_eq!(world.score(battle, "2", 5).unwrap().ledger_seq, 2, "it is back");
            let before = fs::read(&file).unwrap();
            world.score(battle, "3", 5).unwrap();
            fs::rename(&file, &away).unwrap();
            if replaced {
                fs::write(&file, &before).unwrap();
            }
            assert_eq!(world.score(battle, "4", 5), Err(Refusal::NotKept));
            let World { folder, store, .. } = world;
            drop(store);
            assert_eq!(folder.0.join("costage.db-wal.displaced-3").exists(), replaced && name == "costage.db-wal");
            let kept = if name == "costage.db" { "costage.db.rescued-3" } else { "costage.db" };
            let rescued = audit::Reader::open(&folder.0.join(kept)).unwrap();
            let verdict = audit::verify(&rescued, None, &mut |_, _| ()).unwrap();
            assert_eq!((verdict.rows, verdict.faults.listed), (3, Vec::new()), "{name}");
        }
    }
}

#[test]
fn nothing_more_is_kept_once_the_file_or_its_log_is_emptied() {
    for name in ["costage.db", "costage.db-wal"] {
        let mut world = World::new();
        let battle = world.battle(300);
        (1..=9).for_each(|key| drop(world.score(battle, &key.to_string(), 5).unwrap()));
        fs::File::options().write(true).open(world.folder.0.join(name)).unwrap().set_len(0).unwrap();
        let answers: Vec<_> = (10..=19).map(|key| world.score(battle, &key.to_string(), 5)).collect();
        assert!(answers.iter().all(|answer| *answer == Err(Refusal::NotKept)), "{name}: {answers:?}");
        let World { folder, store, .. } = world;
        drop(store);
        assert!(start(&World::new(), &folder.0).is_err(), "{name}");
    }
}

/// Puts `bytes` into the file that is there, as `cp` does.
fn copy_over(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).unwrap();
}

#[test]
fn nothing_more_is_kept_once_the_file_is_copied_over_or_cut_and_it_is_not_written_to() {
    for what in ["a backup", "an earlier copy", "another program's", "cut"] {
        let mut world = World::new();
        let battle = world.battle(300);
        let (file, pages) = (world.folder.0.join(folder::DATABASE), "PRAGMA wal_checkpoint(PASSIVE)");
        let merged = |world: &World| world.store.db.query_row(pages, [], |_| Ok(())).unwrap();
        let score = |world: &mut World, keys: std::ops::Range<u32>| {
            keys.map(|key| world.score(battle, &key.to_string(), 5)).collect::<Vec<_>>()
        };
        assert!(score(&mut world, 0..50).iter().all(Result::is_ok));
        merged(&world);
        let (backup, elsewhere) = (world.folder.0.join("backup.db"), Folder::new());
        audit_backup(&world, &backup);
        let earlier = fs::read(&file).unwrap();
        assert!(score(&mut world, 50..150).iter().all(Result::is_ok));
        merged(&world);
        assert!(score(&mut world, 150..160).iter().all(Result::is_ok), "{what}: a checkpoint is no damage");
        let theirs = match what {
            "a backup" => fs::read(&backup).unwrap(),
            "an earlier copy" => earlier,
            "cut" => fs::read(&file).unwrap()[..40_000].to_vec(),
            _ => {
                fs::create_dir_all(&elsewhere.0).unwrap();
                let other = Connection::open(elsewhere.0.join("other.db")).unwrap();
                other
                    .execute_batch("CREATE TABLE precious (x); INSERT INTO precious VALUES (zeroblob(900000))")
                    .unwrap();
                drop(other);
                fs::read(elsewhere.0.join("other.db")).unwrap()
            }
        };
        copy_over(&file, &theirs);
        assert!(score(&mut world, 160..170).iter().all(|it| *it == Err(Refusal::NotKept)), "{what}");
        assert!(world.last_failure.take().unwrap().contains("costage.db was cut or written over"), "{what}");
        let World { folder, store, .. } = world;
        drop(store);
        assert!(fs::read(&file).unwrap() == theirs, "{what}: written to");
        drop(folder);
    }
}

#[test]
fn nothing_more_is_kept_once_the_log_is_written_over_by_an_earlier_copy_as_long_as_it_is() {
    let mut world = World::new();
    let battle = world.battle(300);
    let log = world.folder.0.join("costage.db-wal");
    // So long that the second time round it does not grow.
    assert!((0..200).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    world.store.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    assert!((200..210).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    let earlier = fs::read(&log).unwrap();
    assert!((210..220).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    copy_over(&log, &earlier);
    assert_eq!(world.score(battle, "after", 5), Err(Refusal::NotKept));
    assert!(world.last_failure.take().unwrap().contains("costage.db-wal was cut or written over"));
}

#[test]
fn nothing_more_is_kept_once_an_earlier_copy_as_long_as_the_file_is_copied_over_it() {
    let mut world = World::new();
    let battle = world.battle(300);
    let (file, pages) = (world.folder.0.join(folder::DATABASE), "PRAGMA wal_checkpoint(PASSIVE)");
    let mut earlier = Vec::new();
    for key in 0..1_000 {
        world.score(battle, &key.to_string(), 5).unwrap();
        world.store.db.query_row(pages, [], |_| Ok(())).unwrap();
        let now = fs::read(&file).unwrap();
        if now.len() == earlier.len() {
            break;
        }
        earlier = now;
    }
    // Ours alone may do so between two commits.
    world.score(battle, "seen", 5).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().len(), earlier.len() as u64);
    copy_over(&file, &earlier);
    assert_eq!(world.score(battle, "after", 5), Err(Refusal::NotKept));
    assert!(world.last_failure.take().unwrap().contains("costage.db was cut or written over"));
}

#[test]
fn nothing_more_is_kept_once_the_logs_index_is_removed_and_all_is_there_at_the_next_start() {
    let mut world = World::new();
    let battle = world.battle(300);
    world.score(battle, "1", 5).unwrap();
    fs::remove_file(world.folder.0.join("costage.db-shm")).unwrap();
    assert_eq!(world.score(battle, "2", 5), Err(Refusal::NotKept));
    let said = world.last_failure.take().unwrap();
    assert!(
        said.contains("costage.db-shm was removed") && said.contains("until the server is started again"),
        "{said}"
    );
    world.restart();
    world.verify_whole();
    assert_eq!(world.points(battle), 5);
    assert!(world.score(battle, "2", 5).is_ok());
}

#[test]
fn an_index_that_is_copied_over_brings_nothing_from_the_log_into_the_file() {
    let mut world = World::new();
    let battle = world.battle(300);
    let index = world.folder.0.join("costage.db-shm");
    assert!((0..5).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    let earlier = fs::read(&index).unwrap();
    assert!((5..40).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    fs::File::options().write(true).open(&index).unwrap().write_all_at(&earlier, 0).unwrap();
    assert!((40..45).all(|key| is_refused(world.score(battle, &key.to_string(), 5))));
    let World { folder, store, .. } = world;
    drop(store);
    fs::remove_file(&index).unwrap();
    let verdict = audit::verify(&audit::Reader::open(&folder.0).unwrap(), None, &mut |_, _| ()).unwrap();
    assert_eq!((verdict.rows, verdict.faults.listed), (40, Vec::new()));
}

#[test]
fn who_is_killed_after_an_earlier_copy_of_all_was_copied_over_has_said_how_far_it_was() {
    let mut world = World::new();
    let battle = world.battle(300);
    let names = ["costage.db", "costage.db-wal", "costage.head"];
    let pages = "PRAGMA wal_checkpoint(PASSIVE)";
    assert!((0..5).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    let earlier = names.map(|name| fs::read(world.folder.0.join(name)).unwrap());
    assert!((5..40).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    world.store.db.query_row(pages, [], |_| Ok(())).unwrap();
    assert!((40..45).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    names.iter().zip(&earlier).for_each(|(name, bytes)| copy_over(&world.folder.0.join(name), bytes));
    assert_eq!(world.score(battle, "45", 5), Err(Refusal::NotKept));
    let head = fs::read_to_string(world.folder.0.join("costage.head")).unwrap();
    assert!(head.starts_with("00000000000000000045:"), "{head}");
}

#[test]
fn a_log_that_is_emptied_is_missed_though_all_of_it_is_in_the_file_while_somebody_reads() {
    let mut world = World::new();
    let battle = world.battle(300);
    assert!((1..=9).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    world.store.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    // The next commit goes behind what the reader may still want.
    let reader = world.beside();
    reader.execute_batch("BEGIN; SELECT count(*) FROM ledger").unwrap();
    world.score(battle, "10", 5).unwrap();
    reader.execute_batch("COMMIT; BEGIN; SELECT count(*) FROM ledger").unwrap();
    world.store.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    fs::File::options().write(true).open(world.folder.0.join("costage.db-wal")).unwrap().set_len(0).unwrap();
    assert_eq!(world.score(battle, "11", 5), Err(Refusal::NotKept));
}

#[test]
fn a_checkpoint_that_could_not_bring_all_of_the_log_is_no_damage() {
    let mut world = World::new();
    let battle = world.battle(300);
    for round in 0..200 {
        let (key, later) = (format!("{round}-before"), format!("{round}-after"));
        world.score(battle, &key, 5).unwrap();
        let reader = world.beside();
        reader.execute_batch("BEGIN; SELECT count(*) FROM ledger").unwrap();
        world.score(battle, &later, 5).unwrap();
        world.store.db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
        assert!(world.score(battle, &format!("{round}-last"), 5).is_ok(), "{round}: {:?}", world.last_failure.take());
    }
    world.restart();
    world.verify_whole();
    assert_eq!(world.points(battle), 3 * 200 * 5);
}

fn audit_backup(world: &World, to: &Path) {
    let reader = audit::Reader::open(&world.folder.0).unwrap();
    backup::backup(&reader, to, &mut |_, _| ()).unwrap();
}

#[test]
fn what_other_programs_may_do_beside_a_server_is_no_damage() {
    let mut world = World::new();
    let battle = world.battle(300);
    for round in 0..3 {
        for key in 0..40 {
            world.score(battle, &format!("{round}-{key}"), 5).unwrap();
        }
        let other = world.beside();
        let sql = ["PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint(RESTART)", "VACUUM"][round];
        other.execute_batch(sql).unwrap();
        drop(other);
        world.score(battle, &format!("{round}-after"), 5).unwrap();
    }
    world.restart();
    world.verify_whole();
    assert_eq!(world.points(battle), 3 * 41 * 5);
}

#[test]
fn who_has_lost_the_lock_to_another_server_keeps_nothing_more_and_who_has_only_lost_it_goes_on() {
    let mut world = World::new();
    let battle = world.battle(300);
    let lock = world.folder.0.join("costage.lock");
    fs::remove_file(&lock).unwrap();
    world.score(battle, "1", 5).unwrap();
    assert!(lock.exists(), "it is made anew");
    assert!(matches!(start(&World::new(), &world.folder.0), Err(StoreFault::InUse { .. })));
    fs::remove_file(&lock).unwrap();
    let other = start(&World::new(), &world.folder.0).unwrap();
    assert_eq!(world.score(battle, "2", 5), Err(Refusal::NotKept));
    let said = world.last_failure.take().unwrap();
    assert!(said.contains("another costage has begun here"), "{said}");
    assert_eq!(other.head().seq, 1);
}

#[test]
fn points_that_are_not_those_of_the_last_change_stop_a_start() {
    let mut world = World::new();
    let battle = world.battle(300);
    (1..=3).for_each(|key| drop(world.score(battle, &key.to_string(), 1).unwrap()));
    world.store.kept().unwrap();
    let sql =
        "UPDATE state SET image = replace(image, '\"score\":3', '\"score\":4'), print = NULL WHERE kind = 'battle'";
    assert_eq!(world.store.db.execute(sql, []), Ok(1));
    let said = world.store.kept().unwrap_err().to_string();
    assert!(said.contains("not those of its last change"), "{said}");
}

pub(super) fn audited_alone(folder: &Path) -> String {
    let reader = audit::Reader::open(folder).unwrap();
    audit::verify(&reader, None, &mut |_, _| ()).unwrap().faults.listed.join("; ")
}
