//! The store as a server drives it: rules, commits, restarts; and what it makes of files that are not as they should be.

mod auditing;
mod changed;
mod gone_back;
mod held;
mod lost;
mod opening;
mod reading;
mod scale;
mod world;

use std::os::unix::fs::FileExt as _;

use rusqlite::Connection;

use crate::engine::journal::{Batch, Journal};
use crate::live::answer::BattleStatus;
use crate::live::command::{Gift, ScoreOp};
use crate::live::{Answer, Command, GiftTable, Refusal, WallMs};
use world::{World, boot, user};

#[test]
fn what_was_committed_is_there_after_a_restart() {
    let mut world = World::new();
    let battle = world.battle(300);
    world.score(battle, "1", 5).unwrap();
    let told = world.score(battle, "2", 7).unwrap();
    let before = world.lives.snapshot();
    world.restart();
    assert_eq!(world.store.head().seq, 2);
    let kept = world.store.kept().unwrap();
    assert_eq!(kept.clone().snapshot(world.seed).unwrap().counts(), before.counts());
    assert_eq!(world.score(battle, "2", 7), Ok(told), "the same answer to the same request");
    assert!(matches!(world.score(battle, "2", 8), Err(Refusal::KeyReused { .. })));
    world.pass(300_000);
    assert_eq!(world.status(battle), BattleStatus::Ended, "at its own end time");
    world.restart();
    assert_eq!(world.status(battle), BattleStatus::Ended);
    assert_eq!(world.points(battle), 12);
}

#[test]
fn a_battle_that_is_over_keeps_its_result_and_its_answers_over_a_restart() {
    let mut world = World::new();
    let old = world.battle(5);
    let told = world.score(old, "1", 5).unwrap();
    world.pass(5_000);
    let new = world.battle(5);
    (1..=30).for_each(|number| drop(world.score(new, &number.to_string(), 1).unwrap()));
    world.pass(5_000);
    world.restart();
    assert_eq!((world.points(old), world.points(new)), (5, 30));
    assert_eq!(world.score(old, "1", 5), Ok(told), "the stored answer, also after the end");
}

#[test]
fn a_gift_comes_back_as_it_was_posted() {
    let mut world = World::new();
    let battle = world.battle(300);
    let gift = Gift {
        receiver: user("a"),
        gift_id: "rocket".to_owned(),
        count: 3,
        value: 10,
        sender_id: "u\"9".to_owned(),
        reference: "order ä".to_owned(),
    };
    let key = crate::live::ScoreKey::new("g").unwrap();
    let post = || Command::Gift { battle, key: key.clone(), gift: gift.clone() };
    world.ask(Command::SetGifts(GiftTable { fixed: [("rocket".to_owned(), 500)].into(), tiers: [].into() })).unwrap();
    let told = world.ask(post()).unwrap();
    world.restart();
    assert_eq!(world.ask(post()), Ok(told), "whatever the table says now");
    let Ok(Answer::Ledger(page)) = world.ask(Command::FindLedger { battle, cursor: String::new(), count: None }) else {
        panic!()
    };
    assert_eq!((page.rows.len(), page.rows[0].gift.as_ref(), page.rows[0].op), (1, Some(&gift), ScoreOp::Add));
}

#[test]
fn a_full_disk_keeps_nothing_of_a_commit_and_the_next_one_works_when_there_is_room() {
    let mut world = World::new();
    let battle = world.battle(300);
    world.score(battle, "1", 5).unwrap();
    let (head, rows) = (world.store.head(), world.counts());
    let pages: i64 = world.store.db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = |world: &World, pages: i64| {
        world.store.db.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0)).unwrap();
    };
    limit(&world, pages);
    let mut refused = None;
    for key in 0..200 {
        let asked = world.score(battle, &format!("long {key} {}", "x".repeat(100)), 1);
        if let Err(refusal) = asked {
            refused = Some((key, refusal));
            break;
        }
    }
    let (kept, refusal) = refused.expect("the file may not grow");
    assert_eq!(refusal, Refusal::NotKept);
    assert!(world.last_failure.as_ref().unwrap().contains("full"), "{:?}", world.last_failure);
    assert_eq!(world.store.head().seq, head.seq + kept);
    assert_eq!(world.counts().2, rows.2 + i64::try_from(kept).unwrap(), "nothing of the refused one is there");
    limit(&world, pages * 100);
    let again = world.score(battle, &format!("long {kept} {}", "x".repeat(100)), 1).unwrap();
    assert_eq!(again.ledger_seq, 2 + kept);
    world.verify_whole();
}

#[test]
fn a_failure_in_the_middle_leaves_the_connection_usable() {
    let mut world = World::new();
    let battle = world.battle(300);
    let fail = "CREATE TEMP TRIGGER fail BEFORE INSERT ON main.ledger BEGIN SELECT RAISE(FAIL, 'injected'); END";
    world.store.db.execute_batch(fail).unwrap();
    assert_eq!(world.score(battle, "1", 5), Err(Refusal::NotKept));
    assert!(world.last_failure.as_ref().unwrap().contains("injected"));
    let told = world.store.books().commits();
    let reason = told.last_failure.unwrap().reason;
    assert!((told.failed, reason.contains("injected"), reason.contains(".db")) == (1, true, false), "{reason}");
    assert_eq!(told.ledger.unwrap().seq, 0);
    let rows = world.counts();
    world.store.db.execute_batch("DROP TRIGGER fail").unwrap();
    assert_eq!(world.counts(), rows, "its rows were rolled back too");
    assert_eq!(world.score(battle, "1", 5).unwrap().ledger_seq, 1);
    let (told, head) = (world.store.books().commits().ledger.unwrap(), world.store.head());
    assert_eq!((told.seq, told.hash), (head.seq, head.hash.0));
    world.verify_whole();
}

#[test]
fn a_commit_that_meets_a_damaged_page_says_that_the_file_is_damaged_and_what_to_do() {
    let mut world = World::new();
    let battle = world.battle(300);
    world.score(battle, "1", 5).unwrap();
    let file = world.folder.0.join(super::folder::DATABASE);
    // A commit of another's, so that pages are read anew; and none of them in the log.
    let other = Connection::open(&file).unwrap();
    other.execute_batch("UPDATE head SET wall_ms = wall_ms; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'ledger'";
    let root: u64 = other.query_row(root, [], |row| row.get(0)).unwrap();
    let pages = std::fs::File::options().write(true).open(&file).unwrap();
    pages.write_all_at(&[0x5a; 4_096], (root - 1) * 4_096).unwrap();
    assert_eq!(world.score(battle, "2", 5), Err(Refusal::NotKept));
    let (logged, told) =
        (world.last_failure.clone().unwrap(), world.store.books().commits().last_failure.unwrap().reason);
    for said in [&logged, &told] {
        for wanted in ["malformed", "the database is damaged", "end the server", "costage ledger verify", "backup"] {
            assert!(said.contains(wanted), "{wanted:?} is not in: {said}");
        }
    }
    assert!(logged.contains("costage.db") && !told.contains(".db"), "{logged}; {told}");
}

#[test]
fn a_row_of_another_hand_stops_commits_instead_of_being_written_over() {
    let mut world = World::new();
    let battle = world.battle(300);
    world.score(battle, "1", 5).unwrap();
    world.store.db.execute_batch("UPDATE head SET ledger_seq = 7").unwrap();
    assert_eq!(world.score(battle, "2", 5), Err(Refusal::NotKept));
}

#[test]
fn the_same_key_of_a_battle_is_not_written_twice_whatever_the_rules_think() {
    let mut world = World::new();
    let battle = world.battle(300);
    world.score(battle, "1", 5).unwrap();
    let again = world.last_facts.clone();
    assert!(world.store.commit(&Batch { facts: &again, rows: &[] }).is_err());
    world.verify_whole();
}

#[test]
fn facts_are_written_with_the_row_of_the_ledger_they_came_after() {
    let mut world = World::new();
    let battle = world.battle(5);
    world.score(battle, "1", 5).unwrap();
    world.pass(5_000);
    let sql = "SELECT kind, ledger_seq, data FROM facts ORDER BY seq";
    let mut read = world.store.db.prepare(sql).unwrap();
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let facts: Vec<(String, i64, String)> = rows.map(Result::unwrap).collect();
    let kinds: Vec<_> = facts.iter().map(|(kind, seq, _)| (kind.as_str(), *seq)).collect();
    let before =
        ["liveCreated", "hostOnline", "liveCreated", "hostOnline", "requestAnswered", "connected", "battleStarted"];
    assert_eq!(kinds[..7], before.map(|kind| (kind, 0)));
    assert_eq!(kinds[7..], [("battleEnded", 1)]);
    let ended: serde_json::Value = serde_json::from_str(&facts[7].2).unwrap();
    assert_eq!((&ended["battle"], &ended["result"]["scores"]["a"]), (&battle.to_string().into(), &5.into()));
}

#[test]
fn a_clock_that_jumps_an_hour_across_a_restart_changes_no_countdown() {
    let mut world = World::new();
    let battle = world.battle(300);
    world.pass(10_000);
    world.score(battle, "1", 5).unwrap();
    let wall = world.wall();
    world.restart_at(|moment| {
        moment.wall = WallMs(moment.wall.0 + 3_600_000);
        moment.boot = boot(moment.boot.as_ref().unwrap().ms() + 2_000);
    });
    assert_eq!(world.wall(), WallMs(wall.0 + 2_000));
    assert_eq!(world.status(battle), BattleStatus::Started);
    world.pass(287_999);
    assert_eq!(world.status(battle), BattleStatus::Started);
    world.pass(1);
    assert_eq!(world.status(battle), BattleStatus::Ended);
    world.restart();
    assert_eq!(world.wall(), world.moment().wall, "nobody counts down: the system's time again");
}

#[test]
fn commits_are_synced_and_readers_stand_beside_them() {
    let world = World::new();
    let pragma =
        |name: &str| world.store.db.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0));
    assert_eq!(pragma("journal_mode"), Ok("wal".to_owned().into()));
    assert_eq!(pragma("synchronous"), Ok(2.into()), "FULL");
}
