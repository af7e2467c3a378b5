//! An auditor's finds.

use std::fs;
use std::io::{BufRead, BufReader};

use rusqlite::Connection;

use super::super::audit::{self, Format, Reader};
use super::super::*;
use super::world::World;
use crate::live::BattleId;

/// Nine changes of a battle that ended, and three of one that goes on.
fn played() -> (World, [BattleId; 2]) {
    let mut world = World::new();
    let first = world.battle(60);
    for key in 1..=9 {
        world.score(first, &format!("key {key}"), key).unwrap();
    }
    world.pass(60_000);
    let second = world.battle(300);
    for key in 1..=3 {
        world.score(second, &format!("key {key}"), -key + 3).unwrap();
    }
    (world, [first, second])
}

fn verify(world: &World, noted: Option<Head>) -> audit::Faults {
    audit::verify(&Reader::open(&world.folder.0).unwrap(), noted, &mut |_, _| ()).unwrap().faults
}

fn read(lines: &mut dyn BufRead) -> audit::Export<'_> {
    audit::Export { lines, bytes: 0, noted: None }
}

fn exported(world: &World, battle: Option<BattleId>) -> String {
    let mut text = Vec::new();
    let reader = Reader::open(&world.folder.0).unwrap();
    audit::export(&reader, Format::Jsonl, battle, &mut text, "memory".as_ref(), &mut |_, _| ()).unwrap();
    String::from_utf8(text).unwrap()
}

fn summed(text: &str, noted: Option<Head>) -> audit::Balance {
    let mut lines = text.as_bytes();
    audit::balance(None, Some(audit::Export { lines: &mut lines, bytes: 0, noted }), &mut |_, _| ()).unwrap()
}

fn change(world: &World, sql: &str) {
    world.beside().execute_batch(sql).unwrap();
}

#[test]
fn every_change_of_the_ledger_by_another_hand_is_found_and_named() {
    let insert = "INSERT INTO ledger SELECT {}, battle, battle_seq + 100, 'other', op, scores, gift_count, gift_value, \
                  gift_id, sender_id, reference, totals, at, hash FROM ledger WHERE seq = 4";
    let swap = "UPDATE ledger SET seq = 100 WHERE seq = 5; UPDATE ledger SET seq = 5 WHERE seq = 6; \
                UPDATE ledger SET seq = 6 WHERE seq = 100";
    let cases = [
        ("DELETE FROM ledger WHERE seq = 5".to_owned(), vec!["row 5 is missing"]),
        ("DELETE FROM ledger WHERE seq BETWEEN 5 AND 7".to_owned(), vec!["rows 5 to 7 are missing"]),
        ("DELETE FROM ledger WHERE seq = 1".to_owned(), vec!["row 1 is missing"]),
        ("DELETE FROM ledger WHERE seq > 10".to_owned(), vec!["rows 11 to 12 are missing: the ledger was cut"]),
        ("UPDATE ledger SET scores = '{\"a\":50}' WHERE seq = 5".to_owned(), vec!["row 5 is not as it was written"]),
        ("UPDATE ledger SET at = at + 1 WHERE seq = 12".to_owned(), vec!["row 12 is not as it was written"]),
        ("UPDATE ledger SET hash = randomblob(32) WHERE seq = 5".to_owned(), vec!["row 5 is not", "row 6 is not"]),
        ("UPDATE ledger SET hash = randomblob(9) WHERE seq = 5".to_owned(), vec!["row 5 cannot be read"]),
        (swap.to_owned(), vec!["row 5 is not", "row 6 is not", "row 7 is not"]),
        (insert.replace("{}", "0"), vec!["row 0 is no number of a row"]),
        (insert.replace("{}", &i64::MIN.to_string()), vec!["is no number of a row: it was put in"]),
        (insert.replace("{}", "13"), vec!["row 13 is not as", "rows 13 to 13 stand behind"]),
        (
            "UPDATE head SET ledger_seq = 11, ledger_hash = (SELECT hash FROM ledger WHERE seq = 11)".to_owned(),
            vec!["rows 12 to 12 stand behind", "its head"],
        ),
    ];
    for (sql, wanted) in cases {
        let (world, _) = played();
        assert_eq!(verify(&world, None).count, 0);
        change(&world, &sql);
        let found = verify(&world, None).listed;
        assert_eq!(found.len(), wanted.len(), "{sql}: {found:?}");
        assert!(found.iter().zip(&wanted).all(|(found, wanted)| found.contains(wanted)), "{sql}: {found:?}");
    }
}

#[test]
fn a_ledger_that_was_written_anew_does_not_go_through_a_noted_head() {
    let (mut world, [_, second]) = played();
    let noted = world.store.head();
    world.score(second, "more", 1).unwrap();
    assert_eq!(verify(&world, Some(noted)).count, 0, "it has grown");
    let other = Head { hash: Hash([1; 32]), ..noted };
    assert!(verify(&world, Some(other)).listed[0].contains("row 12 is not the one that was noted"));
    let later = Head { seq: 99, ..noted };
    assert!(verify(&world, Some(later)).listed[0].contains("before the noted row 99"));
}

#[test]
fn a_ledger_of_another_hand_still_says_no_more_than_twenty_faults() {
    let (world, _) = played();
    change(&world, "UPDATE ledger SET hash = randomblob(32)");
    let faults = verify(&world, None);
    assert_eq!((faults.count, faults.listed.len()), (13, 13), "{faults:?}");
    let mut many = audit::Faults::default();
    (0..50).for_each(|fault| many.add(|| format!("{fault}")));
    assert_eq!((many.count, many.listed.len()), (50, 20));
}

#[test]
fn balances_summed_from_the_export_equal_the_scores() {
    let (world, [first, _]) = played();
    let reader = Reader::open(&world.folder.0).unwrap();
    let mut text = Vec::new();
    let rows = audit::export(&reader, Format::Jsonl, None, &mut text, "memory".as_ref(), &mut |_, _| ()).unwrap();
    assert_eq!((rows, text.iter().filter(|byte| **byte == b'\n').count()), (12, 13));
    let end = format!("\n{{\"rows\":12,\"head\":\"{}\"}}\n", world.store.head());
    assert!(text.ends_with(end.as_bytes()));
    let own = audit::balance(Some(&reader), None, &mut |_, _| ()).unwrap();
    let wanted = audit::Balance { rows: 12, battles: 2, ended: 1, kept: 2, ..Default::default() };
    assert_eq!(own, wanted);
    let wanted = audit::Balance { head: Some(world.store.head()), linked: 12, ..wanted };
    let mut lines = BufReader::new(&text[..]);
    assert_eq!(audit::balance(Some(&reader), Some(read(&mut lines)), &mut |_, _| ()).unwrap(), wanted);
    let mut lines = BufReader::new(&text[..]);
    let alone = audit::balance(None, Some(read(&mut lines)), &mut |_, _| ()).unwrap();
    assert_eq!(alone, audit::Balance { ended: 0, kept: 0, ..wanted });
    let mut part = Vec::new();
    let rows = audit::export(&reader, Format::Csv, Some(first), &mut part, "memory".as_ref(), &mut |_, _| ()).unwrap();
    let part = String::from_utf8(part).unwrap();
    assert_eq!((rows, part.lines().count()), (9, 10));
    let line = part.lines().nth(1).unwrap();
    let wanted = format!("1,{first},1,key 1,add,\"{{\"\"a\"\":1}}\",,,,,,\"{{\"\"a\"\":1,\"\"b\"\":0}}\",");
    assert!(line.starts_with(&wanted), "{line}");
}

#[test]
fn how_far_the_sum_of_an_export_is_is_told_in_its_bytes() {
    let (world, _) = played();
    let text = exported(&world, None);
    // So long that it is told on the way too; what is wrong with it is not the question.
    let rows = text.lines().next().unwrap();
    let long = format!("{rows}\n").repeat(45_000) + text.lines().last().unwrap();
    let (mut told, mut lines) = (Vec::new(), long.as_bytes());
    let export = audit::Export { lines: &mut lines, bytes: long.len() as u64, noted: None };
    audit::balance(None, Some(export), &mut |done, of| told.push((done, of))).unwrap();
    let line = rows.len() as u64 + 1;
    let wanted = [20_000 * line, 40_000 * line, long.len() as u64].map(|done| (done, long.len() as u64));
    assert_eq!(told, wanted);
}

#[test]
fn an_export_of_before_a_battle_went_on_and_ended_is_no_fault() {
    let (mut world, [_, second]) = played();
    let reader = Reader::open(&world.folder.0).unwrap();
    let mut text = Vec::new();
    audit::export(&reader, Format::Jsonl, None, &mut text, "memory".as_ref(), &mut |_, _| ()).unwrap();
    world.score(second, "after the export", 5).unwrap();
    world.pass(300_000);
    let mut lines = BufReader::new(&text[..]);
    let found = audit::balance(Some(&reader), Some(read(&mut lines)), &mut |_, _| ()).unwrap();
    assert_eq!((found.newer, found.ended, found.kept, found.faults.count), (1, 1, 1, 0), "{found:?}");
}

#[test]
fn points_that_do_not_agree_are_listed() {
    let cases = [
        ("UPDATE ledger SET totals = '{\"a\":7,\"b\":0}' WHERE seq = 3", "row 3, totals"),
        ("UPDATE ledger SET battle_seq = 40 WHERE seq = 3", "row 3 is number 40"),
        (
            "UPDATE facts SET data = replace(data, '\"a\":45', '\"a\":46') WHERE kind = 'battleEnded'",
            "result of battle",
        ),
        (
            "UPDATE state SET image = replace(image, '\"score\":3', '\"score\":4'), print = NULL WHERE kind = 'battle'",
            "kept points",
        ),
        ("DELETE FROM ledger WHERE seq = 12", "has had 3 changes, the ledger has 2"),
    ];
    for (sql, wanted) in cases {
        let (world, _) = played();
        change(&world, sql);
        let faults =
            audit::balance(Some(&Reader::open(&world.folder.0).unwrap()), None, &mut |_, _| ()).unwrap().faults;
        assert!(faults.listed.iter().any(|fault| fault.contains(wanted)), "{sql}: {faults:?}");
    }
}

#[test]
fn a_backup_under_load_is_whole_and_has_all_that_was_acknowledged_before() {
    let (mut world, [_, second]) = played();
    for key in 0..500 {
        world.score(second, &format!("{key} {}", "x".repeat(100)), 1).unwrap();
    }
    let acknowledged = world.store.head();
    let to = world.folder.0.join("copy.db");
    let reader = Reader::open(&world.folder.0).unwrap();
    let mut key = 500;
    // Between its steps, and so that SQLite would begin anew were it not one moment that is copied.
    let head = backup::backup(&reader, &to, &mut |_, _| {
        key += 1;
        world.score(second, &format!("{key}"), 1).unwrap();
    });
    assert_eq!(head.unwrap(), acknowledged);
    assert!(world.store.head().seq > acknowledged.seq);
    let copy = Reader::open(&to).unwrap();
    let verdict = audit::verify(&copy, Some(acknowledged), &mut |_, _| ()).unwrap();
    assert_eq!((verdict.rows, verdict.faults.count), (acknowledged.seq, 0));
    assert_eq!(audit::balance(Some(&copy), None, &mut |_, _| ()).unwrap().faults.count, 0);
    let names =
        || fs::read_dir(&world.folder.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names().filter(|name| name.starts_with("copy")).collect::<Vec<_>>(), ["copy.db"], "nothing beside it");
    let said = backup::backup(&reader, &to, &mut |_, _| ()).unwrap_err().to_string();
    assert!(said.contains("copy.db") && said.contains("there already"), "{said}");
}

#[test]
fn damaged_pages_make_no_backup() {
    let (mut world, [_, second]) = played();
    for key in 0..500 {
        world.score(second, &format!("{key}"), 1).unwrap();
    }
    let World { folder, store, .. } = world;
    drop(store);
    // A page in the middle of the index of the ledger: nobody meets it at a start.
    let file = folder.0.join(folder::DATABASE);
    let db = Connection::open(&file).unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_ledger_1'";
    let root: usize = db.query_row(root, [], |row| row.get(0)).unwrap();
    drop(db);
    let mut bytes = fs::read(&file).unwrap();
    bytes[(root - 1) * 4_096..root * 4_096].fill(0x5a);
    fs::write(&file, &bytes).unwrap();
    let reader = Reader::open(&folder.0).unwrap();
    let to = folder.0.join("copy.db");
    let said = backup::backup(&reader, &to, &mut |_, _| ()).unwrap_err().to_string();
    assert!(said.contains("no copy was made") && said.contains("costage.db is damaged"), "{said}");
    assert!(!to.exists() && !folder.0.join("copy.db.part").exists(), "neither it nor a part of it");
}

#[test]
fn no_backup_is_made_beside_another_databases_log() {
    let (world, _) = played();
    let reader = Reader::open(&world.folder.0).unwrap();
    let to = world.folder.0.join("copy.db");
    for tail in ["-wal", "-journal"] {
        let left = world.folder.0.join(format!("copy.db{tail}"));
        fs::write(&left, "somebody's").unwrap();
        let said = backup::backup(&reader, &to, &mut |_, _| ()).unwrap_err().to_string();
        assert!(said.contains(&format!("copy.db{tail}")) && said.contains("remove that"), "{said}");
        assert!(!to.exists() && fs::read(&left).unwrap() == b"somebody's");
        fs::remove_file(left).unwrap();
    }
    backup::backup(&reader, &to, &mut |_, _| ()).unwrap();
}

#[test]
fn a_part_that_is_there_is_named_and_never_written_over() {
    let (world, _) = played();
    let reader = Reader::open(&world.folder.0).unwrap();
    let (to, part) = (world.folder.0.join("copy.db"), world.folder.0.join("copy.db.part"));
    fs::write(&part, "somebody's").unwrap();
    let said = backup::backup(&reader, &to, &mut |_, _| ()).unwrap_err().to_string();
    assert!(said.contains("copy.db.part") && said.contains("remove it"), "{said}");
    assert_eq!((fs::read(&part).unwrap(), to.exists()), (b"somebody's".to_vec(), false));
    fs::remove_file(&part).unwrap();
    backup::backup(&reader, &to, &mut |_, _| ()).unwrap();
}

#[test]
fn an_export_that_was_cut_anywhere_is_refused_and_one_without_rows_is_none_that_was_cut() {
    let (world, _) = played();
    let reader = Reader::open(&world.folder.0).unwrap();
    let mut text = Vec::new();
    audit::export(&reader, Format::Jsonl, None, &mut text, "memory".as_ref(), &mut |_, _| ()).unwrap();
    let sum = |text: &[u8]| {
        let summed = audit::balance(None, Some(read(&mut BufReader::new(text))), &mut |_, _| ());
        summed.map(|balance| (balance.rows, balance.faults.count)).map_err(|fault| fault.to_string())
    };
    assert_eq!(sum(&text), Ok((12, 0)));
    // The line break alone may go: an editor takes it.
    for cut in 0..text.len() - 1 {
        let said = sum(&text[..cut]).unwrap_err();
        assert!(said.contains("cut short") && said.contains("export the ledger anew"), "{cut}: {said}");
    }
    let lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let without = [&lines[..5], &lines[6..]].concat().concat();
    let found = summed(std::str::from_utf8(&without).unwrap(), None).faults.listed;
    for wanted in ["row 6 is missing", "has 11 rows, and its last line says 12"] {
        assert!(found.iter().any(|found| found.contains(wanted)), "{wanted}: {found:?}");
    }
    let more = [&text[..], lines[0]].concat();
    assert!(sum(&more).unwrap_err().contains("line 14 of the export"));
    assert_eq!(sum(format!("{{\"rows\":0,\"head\":\"{}\"}}\n", Head::START).as_bytes()), Ok((0, 0)));
}

#[test]
fn whatever_is_changed_in_an_export_is_found_and_the_first_row_named() {
    let (world, [_, second]) = played();
    let text = exported(&world, None);
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let end = lines[12];
    let order = |order: &[usize]| order.iter().map(|at| lines[*at]).collect::<String>();
    let hash = |line: &str| line.rsplit_once("hash\":\"").unwrap().1[..64].to_owned();
    let (fifth, other) = (hash(lines[4]), "0".repeat(64));
    // Points of the sixth row and all after it, so that all of them agree with each other.
    let mut points =
        text.replace("\"key 6\",\"op\":\"add\",\"scores\":{\"a\":6}", "\"key 6\",\"op\":\"add\",\"scores\":{\"a\":5}");
    for (told, forged) in [(21, 20), (28, 27), (36, 35), (45, 44)] {
        points = points.replace(&format!("totals\":{{\"a\":{told},"), &format!("totals\":{{\"a\":{forged},"));
    }
    let short = end.replace("\"rows\":12", "\"rows\":11");
    let part = format!("{{\"rows\":12,\"battleId\":\"{second}\"}}\n");
    let cases = [
        (
            points,
            vec!["row 6 is not as it was written", "row 7 is", "row 8 is", "row 9 is", "the hashes arrive at 12:"],
        ),
        (text.replace("\"key 5\"", "\"key 55\""), vec!["row 5 is not", "the hashes arrive"]),
        (text.replacen("\"at\":1790", "\"at\":1791", 1), vec!["row 1 is not", "the hashes arrive"]),
        (text.replace("{\"a\":7}", "{\"a\": 7}"), vec!["row 7 is not", "the hashes arrive"]),
        (text.replace(&fifth, &other), vec!["row 5 is not", "row 6 is not"]),
        (order(&[0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]) + &short, vec!["row 6 is missing", "the hashes arrive"]),
        (order(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) + &short, vec!["the hashes arrive at 11:"]),
        (
            order(&[0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11]) + end,
            vec!["row 6 stands behind row 6", "the export has 13 rows"],
        ),
        (text.replace(end, "{\"rows\":12}\n"), vec!["says neither a head nor a battle"]),
        (text.replace(end, &part), vec!["rows of"]),
    ];
    assert_eq!(summed(&text, None).faults, audit::Faults::default());
    for (forged, wanted) in cases {
        assert_ne!(forged, text);
        let found = summed(&forged, None).faults.listed;
        for wanted in &wanted {
            assert!(found.iter().any(|found| found.contains(wanted)), "{wanted}: {found:?}");
        }
        assert!(found[0].contains(wanted[0]), "first of all: {found:?}");
    }
}

#[test]
fn an_export_that_was_written_anew_does_not_go_through_a_noted_head() {
    let (world, _) = played();
    let noted = world.store.head();
    let text = exported(&world, None);
    let mut other = World::new();
    let battle = other.battle(60);
    for key in 1..=12 {
        other.score(battle, &format!("key {key}"), 100).unwrap();
    }
    let forged = exported(&other, None);
    assert_eq!(summed(&forged, None).faults.count, 0, "its own hashes fit");
    let found = summed(&forged, Some(noted)).faults.listed;
    assert!(found.len() == 1 && found[0].contains("row 12 is not the one that was noted"), "{found:?}");
    for noted in [Head::START, noted] {
        assert_eq!(summed(&text, Some(noted)).faults.count, 0);
    }
    let later = Head { seq: 99, ..noted };
    assert!(summed(&text, Some(later)).faults.listed[0].contains("before the noted row 99"));
    let reader = Reader::open(&world.folder.0).unwrap();
    let mut lines = forged.as_bytes();
    let found = audit::balance(Some(&reader), Some(read(&mut lines)), &mut |_, _| ()).unwrap().faults.listed;
    assert!(found.iter().any(|found| found.contains("row 12 has another hash in the database")), "{found:?}");
}

#[test]
fn of_an_export_of_one_battle_the_hashes_are_computed_whose_row_before_is_there() {
    let (mut world, [first, second]) = played();
    let part = exported(&world, Some(second));
    let found = summed(&part, None);
    assert_eq!((found.rows, found.linked, found.head, found.faults.count), (3, 2, None, 0), "{found:?}");
    let whole = summed(&exported(&world, Some(first)), Some(world.store.head()));
    assert_eq!((whole.rows, whole.linked, whole.faults.count), (9, 9, 1));
    assert!(whole.faults.listed[0].contains("row 12, which was noted, is not among"), "{whole:?}");
    assert_eq!(summed(&part, Some(world.store.head())).faults.count, 0);
    let forged = part.replace("\"key 2\"", "\"key 9\"");
    assert!(summed(&forged, None).faults.listed[0].contains("row 11 is not as it was written"));
    world.score(second, "more", 1).unwrap();
    assert_eq!(summed(&exported(&world, Some(second)), None).linked, 3);
}

#[test]
fn a_directory_without_a_server_is_read_and_one_without_a_database_named() {
    let (world, _) = played();
    let World { folder, store, .. } = world;
    drop(store);
    let reader = Reader::open(&folder.0).unwrap();
    assert_eq!(reader.head().unwrap().seq, 12);
    drop(reader);
    for nowhere in [folder.0.join("nowhere"), folder.0.join("no").join("where"), "/nowhere".into()] {
        let said = Reader::open(&nowhere).unwrap_err().to_string();
        assert!(said.contains(&format!("no costage.db in {}:", nowhere.display())), "{said}");
    }
}
