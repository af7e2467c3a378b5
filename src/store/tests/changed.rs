//! A bit that reads otherwise than it was written, in what no hash of the ledger covers: its indexes, the state, the outbox.

use std::fs;

use rusqlite::Connection;

use super::super::{OutboxReader, audit, folder, prints};
use super::lost::{audited_alone, start};
use super::world::{Folder, World, live};
use crate::engine::OutboxLog as _;
use crate::engine::outbox_log::OutboxEnds;
use crate::live::answer::BattleStatus;
use crate::live::{BattleId, Command, Refusal};

/// A closed database of a battle with nine changes, and so many characters besides; then in the first page of an index, given
/// the battle's id, the last of some bytes reads otherwise.
fn changed(besides: usize, index: &str, from: impl Fn(BattleId) -> Vec<u8>, to: u8) -> Folder {
    let mut world = World::new();
    let battle = world.battle(300);
    (1..=9).for_each(|key| drop(world.score(battle, &format!("the key {key}"), 1).unwrap()));
    changed_in(world, besides, index, from(battle), to)
}

fn changed_in(world: World, besides: usize, index: &str, from: Vec<u8>, to: u8) -> Folder {
    let pad = "INSERT INTO facts (at, kind, ledger_seq, data) VALUES (1, 'pad', 9, hex(zeroblob(?1)))";
    world.store.db.execute(pad, [besides / 2]).unwrap();
    let World { folder, store, .. } = world;
    drop(store);
    let path = folder.0.join(folder::DATABASE);
    let (root, page): (i64, i64) = {
        let db = Connection::open(&path).unwrap();
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        let root = db.query_row(root, [index], |row| row.get(0)).unwrap();
        (root, db.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap())
    };
    let mut bytes = fs::read(&path).unwrap();
    let begin = usize::try_from((root - 1) * page).unwrap();
    let leaf = &mut bytes[begin..begin + usize::try_from(page).unwrap()];
    let at = leaf.windows(from.len()).position(|bytes| bytes == from).unwrap();
    leaf[at + from.len() - 1] = to;
    fs::write(&path, &bytes).unwrap();
    folder
}

/// The key of the fourth change.
fn key_changed(besides: usize) -> Folder {
    changed(besides, "sqlite_autoindex_ledger_1", |_| b"the key 4".to_vec(), b'x')
}

#[test]
fn a_key_that_reads_otherwise_in_its_index_is_found_by_a_start_and_by_verify() {
    let folder = key_changed(0);
    let path = folder.0.join(folder::DATABASE);
    let bytes = fs::read(&path).unwrap();
    let world = World::new();
    let said = start(&world, &folder.0).map(drop).expect_err("refused").to_string();
    assert!(said.contains("sqlite_autoindex_ledger_1"), "{said}");
    assert!(audited_alone(&folder.0).contains("other keys than the rows"));
    assert!(fs::read(&path).unwrap() == bytes);
}

#[test]
fn a_key_that_reads_otherwise_in_the_index_of_a_large_file_stops_a_start_too() {
    // More than is looked at page by page.
    let folder = key_changed(70_000_000);
    let path = folder.0.join(folder::DATABASE);
    let bytes = fs::read(&path).unwrap();
    let world = World::new();
    let said = start(&world, &folder.0).unwrap().kept().map(drop).expect_err("refused").to_string();
    assert!(said.contains("costage.db is damaged: the index of keys has other keys than the rows"), "{said}");
    let audit = audited_alone(&folder.0);
    assert!(audit.contains(prints::OTHER_KEYS) && said.contains(prints::OTHER_KEYS), "{said}; {audit}");
    assert!(fs::read(&path).unwrap() == bytes);
}

#[test]
fn a_key_of_an_ended_battle_that_reads_otherwise_in_the_index_of_a_large_file_stops_a_start_too() {
    // Before a start of its server, and after one, which has read what was kept.
    for restarts in [false, true] {
        let mut world = World::new();
        let battle = world.battle(60);
        (1..=9).for_each(|key| drop(world.score(battle, &format!("the key {key}"), 1).unwrap()));
        if restarts {
            world.restart();
        }
        world.pass(60_000);
        assert_eq!(world.status(battle), BattleStatus::Ended);
        world.restart();
        assert!(world.score(battle, "the key 4", 1).is_ok(), "asked once more, it is answered as before");
        let folder = changed_in(world, 70_000_000, "sqlite_autoindex_ledger_1", b"the key 4".to_vec(), b'x');
        let other = World::new();
        let said = start(&other, &folder.0).unwrap().kept().map(drop).expect_err("refused").to_string();
        assert!(said.contains("costage.db is damaged: the index of keys has other keys than the rows"), "{said}");
        assert!(audited_alone(&folder.0).contains(prints::OTHER_KEYS));
    }
}

#[test]
fn a_number_that_leads_to_another_row_in_its_index_is_found_by_verify() {
    // The fourth change, which is the fourth row, is the sixth row's now.
    let fourth = |battle: BattleId| [&battle.as_bytes()[..], &[4, 4]].concat();
    let folder = changed(0, "ledger_by_number", fourth, 6);
    let said = audited_alone(&folder.0);
    assert!(said.contains("the index ledger_by_number has other numbers than the rows"), "{said}");
    let world = World::new();
    let said = start(&world, &folder.0).map(drop).expect_err("refused").to_string();
    assert!(said.contains("ledger_by_number"), "{said}");
}

/// What `verify` says of a world in which `sql` has changed one row.
fn verified(world: &World, sql: &str) -> Vec<String> {
    assert_eq!(world.store.db.execute(sql, []), Ok(1), "{sql}");
    let reader = audit::Reader::open(&world.folder.0).unwrap();
    audit::verify(&reader, None, &mut |_, _| ()).unwrap().faults.listed
}

#[test]
fn a_state_that_reads_otherwise_stops_a_start_and_is_named() {
    let mut world = World::new();
    let battle = world.battle(300);
    world.store.kept().unwrap();
    // It would end a day later.
    let sql = "UPDATE state SET image = replace(image, '\"end\":', '\"end\":9') WHERE kind = 'battle'";
    let faults = verified(&world, sql);
    let wanted = format!("the battle \"{battle}\" that it keeps is not as it was written");
    assert!(faults.len() == 1 && faults[0].contains(&wanted), "{faults:?}");
    let said = world.store.kept().unwrap_err().to_string();
    assert!(said.contains(&wanted), "{said}");
}

#[test]
fn a_row_of_the_state_that_is_missing_or_another_ones_stops_a_start_and_is_named() {
    let changes = [
        ("DELETE FROM state WHERE kind = 'battle'", "instead of"),
        ("DELETE FROM state WHERE kind = 'live' AND key = 'a'", "instead of"),
        ("INSERT INTO state (kind, key, image) SELECT kind, 'c', image FROM state WHERE key = 'a'", "instead of"),
        ("UPDATE state SET print = NULL WHERE kind = 'battle'", "not the one that was written"),
        ("UPDATE head SET state_rows = state_rows - 1", "its head"),
        ("UPDATE head SET state_sum = 0", "its head"),
    ];
    for (sql, wanted) in changes {
        let world = battle_begun();
        let faults = verified(&world, sql);
        assert!(faults.iter().any(|fault| fault.contains(wanted) && fault.contains("backup")), "{sql}: {faults:?}");
        let World { folder, store, .. } = world;
        drop(store);
        let said = start(&World::new(), &folder.0).map(drop).expect_err("refused").to_string();
        assert!(said.contains("costage.db is damaged") && said.contains(wanted), "{said}");
    }
    let world = battle_begun();
    let faults = verified(&world, "DELETE FROM facts WHERE seq = 2");
    assert!(faults.len() == 1 && faults[0].contains("facts"), "{faults:?}");
}

#[test]
fn clocks_that_read_otherwise_stop_a_start_and_are_named() {
    let mut world = World::new();
    world.battle(300);
    // All battles would have ended long ago.
    let faults = verified(&world, "UPDATE head SET wall_ms = wall_ms + 274877906944");
    let wanted = "its head, with the clocks of the last commit, is not as it was written";
    assert!(faults.len() == 1 && faults[0].contains(wanted), "{faults:?}");
    let World { folder, store, .. } = world;
    drop(store);
    let other = World::new();
    let said = start(&other, &folder.0).map(drop).expect_err("refused").to_string();
    assert!(said.contains("costage.db is damaged") && said.contains(wanted), "{said}");
}

#[test]
fn a_webhook_that_reads_otherwise_is_sent_to_nobody_and_is_named() {
    let world = battle_begun();
    let outbox = OutboxReader::open(&world.folder.0.join(folder::DATABASE)).unwrap();
    let rows = outbox.after(0, 100).unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.is_whole(outbox.store())));
    let last = outbox.head().unwrap();
    let others = [
        "body = replace(body, '\"', ' \"')",
        "kind = replace(kind, '.', 'x')",
        "live = live || 'x'",
        "at = at + 1",
        "id = 'msg_0'",
        "print = print + 1",
    ];
    for other in others {
        let world = battle_begun();
        let outbox = OutboxReader::open(&world.folder.0.join(folder::DATABASE)).unwrap();
        let rows = outbox.after(0, 100).unwrap();
        let sql = format!("UPDATE outbox SET {other} WHERE seq = (SELECT max(seq) FROM outbox)");
        let faults = verified(&world, &sql);
        let wanted = format!("webhook {last} is not as it was written");
        assert!(faults.len() == 1 && faults[0].contains(&wanted), "{other}: {faults:?}");
        // Not those before it alone either: fewer than were asked for are all there are, and the cursor would pass it.
        for from in [0, last - 1] {
            let said = format!("{:?}", outbox.after(from, 100).unwrap_err());
            assert!(said.contains(&wanted) && said.contains("backup"), "{said}");
        }
        assert_eq!(outbox.after(0, rows.len() - 1).unwrap(), rows[..rows.len() - 1], "a batch that it is not in");
        assert_eq!(outbox.after(last, 100).unwrap(), []);
    }
}

fn battle_begun() -> World {
    let mut world = World::new();
    world.battle(300);
    world
}

#[test]
fn a_webhook_that_is_missing_is_not_passed_over() {
    for (gone, said) in [("2", "webhook 2 is missing"), ("(SELECT max(seq) FROM outbox)", "are missing")] {
        let world = battle_begun();
        let outbox = OutboxReader::open(&world.folder.0.join(folder::DATABASE)).unwrap();
        let before = outbox.after(0, 100).unwrap();
        let faults = verified(&world, &format!("DELETE FROM outbox WHERE seq = {gone}"));
        assert!(faults.len() == 1 && faults[0].contains(said), "{faults:?}");
        for from in 0..before.len() as u64 {
            match outbox.after(from, 100) {
                Err(fault) => assert!(fault.reason.contains(said) && fault.reason.contains("backup"), "{fault:?}"),
                Ok(rows) => assert!(from > 1 && rows == before[usize::try_from(from).unwrap()..], "{from}"),
            }
        }
        assert!(outbox.after(0, 100).is_err());
    }
}

#[test]
fn webhooks_that_are_missing_where_they_begin_or_end_stop_a_start_and_are_named() {
    let last = OutboxReader::open(&battle_begun().folder.0.join(folder::DATABASE)).unwrap().head().unwrap();
    let changes = [
        ("DELETE FROM outbox WHERE seq = 1", "webhook 1 is missing".to_owned()),
        ("DELETE FROM outbox WHERE seq <= 2", "webhook 1 is missing".to_owned()),
        ("DELETE FROM outbox", format!("webhooks 1 to {last} are missing")),
        ("DELETE FROM outbox WHERE seq > 2", format!("webhooks 3 to {last} are missing")),
        ("UPDATE sqlite_sequence SET seq = seq + 1", format!("it has given {last} webhooks a number")),
        ("UPDATE head SET outbox_settled = 2", "its head".to_owned()),
        ("UPDATE head SET outbox_head = NULL", "its head".to_owned()),
    ];
    for (sql, wanted) in changes {
        let world = battle_begun();
        let outbox = OutboxReader::open(&world.folder.0.join(folder::DATABASE)).unwrap();
        world.store.db.execute_batch(sql).unwrap();
        let reader = audit::Reader::open(&world.folder.0).unwrap();
        let faults = audit::verify(&reader, None, &mut |_, _| ()).unwrap().faults.listed;
        assert!(faults.iter().any(|fault| fault.contains(&wanted) && fault.contains("backup")), "{sql}: {faults:?}");
        if sql.starts_with("DELETE") {
            let said = outbox.after(0, 100).unwrap_err().to_string();
            assert!(said.contains("missing") && said.contains("backup"), "{said}");
        }
        drop((reader, outbox));
        let World { folder, store, .. } = world;
        drop(store);
        let said = start(&World::new(), &folder.0).map(drop).expect_err("refused").to_string();
        assert!(said.contains("costage.db is damaged") && said.contains("webhook") | said.contains(&wanted), "{said}");
    }
}

#[test]
fn what_everybody_has_read_is_gone_and_nobody_misses_it() {
    let mut world = battle_begun();
    let outbox = OutboxReader::open(&world.folder.0.join(folder::DATABASE)).unwrap();
    let (before, head) = (outbox.after(0, 100).unwrap(), outbox.head().unwrap());
    world.store.bell.release(2);
    world.pass(1);
    assert!(before.len() > 3);
    assert_eq!(outbox.ends(), Ok(OutboxEnds { settled: 2, head }));
    assert_eq!(outbox.after(0, 100).unwrap(), before[2..], "from the oldest that is there");
    assert_eq!(outbox.after(1, 1).unwrap(), before[2..3]);
    world.verify_whole();
    world.restart();
    assert_eq!(outbox.ends().unwrap().settled, 2);
    // Nobody needs any: what comes next has its number all the same.
    let head = outbox.head().unwrap();
    world.store.bell.release(head + 7);
    world.pass(1);
    assert_eq!((outbox.ends(), outbox.after(0, 100)), (Ok(OutboxEnds { settled: head, head }), Ok(Vec::new())));
    world.restart();
    world.verify_whole();
    world.ask(Command::ExitConnection { live: live("a") }).unwrap();
    assert_eq!(outbox.after(0, 100).unwrap()[0].seq, head + 1);
    world.verify_whole();
}

/// A battle of twelve changes, most of which memory has let go, of which the third is then changed by `sql`.
fn third_changed(set: &str) -> (World, BattleId) {
    let mut world = World::new();
    let battle = world.battle(300);
    (1..=12).for_each(|key| drop(world.score(battle, &format!("k{key}"), 2).unwrap()));
    let sql = format!("UPDATE ledger SET {set} WHERE seq = 3");
    assert_eq!(world.beside().execute(&sql, []), Ok(1), "{sql}");
    (world, battle)
}

/// None of them stands in an index.
const CHANGES: [&str; 5] = [
    "totals = replace(totals, '6', '7')",
    "scores = replace(scores, '2', '3')",
    "sender_id = sender_id || 'x'",
    "reference = 'y'",
    "at = at + 1",
];

#[test]
fn a_change_of_scores_that_reads_otherwise_answers_nobody_and_is_not_counted_again() {
    for set in CHANGES {
        let (mut world, battle) = third_changed(set);
        let points = world.points(battle);
        assert_eq!(world.score(battle, "k3", 2), Err(Refusal::NotRead), "{set}");
        let said = world.last_failure.take().unwrap();
        assert!(said.contains("row 3 of the ledger") && said.contains("not as it was written"), "{set}: {said}");
        assert!(world.score(battle, "k2", 2).is_ok(), "it is whole");
        let page = Command::FindLedger { battle, cursor: String::new(), count: Some(5) };
        assert_eq!(world.ask(page), Err(Refusal::NotRead), "{set}");
        assert_eq!(world.points(battle), points);
    }
}

#[test]
fn a_change_of_scores_that_reads_otherwise_stops_a_start_while_its_battle_goes_on() {
    for set in CHANGES {
        let (mut world, _) = third_changed(set);
        let said = world.store.kept().unwrap_err().to_string();
        assert!(said.contains("costage.db is damaged: row 3 of the ledger"), "{set}: {said}");
    }
}
