//! What is read of the ledger: at a start, and for single commands.

use std::collections::BTreeMap;

use super::super::changes::count;
use super::super::sums::{self, Part, by_threads};
use super::world::{World, user};
use crate::engine::journal::{Journal, Wanted};
use crate::live::answer::LedgerRow;
use crate::live::kept::Standing;
use crate::live::senders::Given;
use crate::live::{Answer, BattleId, Command, Refusal, ScoreKey};

/// Pages of two rows, all of them.
fn pages(world: &mut World, battle: BattleId) -> Vec<LedgerRow> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let Ok(Answer::Ledger(page)) = world.ask(Command::FindLedger { battle, cursor, count: Some(2) }) else {
            panic!()
        };
        rows.extend(page.rows);
        if page.cursor.is_empty() {
            return rows;
        }
        cursor = page.cursor;
    }
}

#[test]
fn a_key_that_memory_has_let_go_is_answered_from_the_ledger_and_never_counted_again() {
    let mut world = World::new();
    let battle = world.battle(300);
    let keys: Vec<_> = (1..=12).map(|number| format!("k{number}")).collect();
    let told: Vec<_> = keys.iter().map(|key| world.score(battle, key, 2).unwrap()).collect();
    for round in 0..3 {
        for (key, told) in keys.iter().zip(&told) {
            assert_eq!(world.score(battle, key, 2).as_ref(), Ok(told), "round {round}");
            assert!(matches!(world.score(battle, key, 3), Err(Refusal::KeyReused { .. })));
        }
        assert_eq!((world.points(battle), world.store.head().seq), (24, 12));
        let rows = pages(&mut world, battle);
        let keys_of_pages: Vec<_> = rows.iter().map(|row| row.idempotency_key.clone()).collect();
        assert_eq!(keys_of_pages, keys);
        if round == 1 {
            world.restart();
        }
    }
    world.score(battle, "k13", 2).unwrap();
    assert_eq!(pages(&mut world, battle).len(), 13);
    assert_eq!(world.points(battle), 26);
}

#[test]
fn what_was_not_committed_is_not_found() {
    let mut world = World::new();
    let battle = world.battle(300);
    world.score(battle, "1", 2).unwrap();
    world.store.db.execute_batch("BEGIN; UPDATE ledger SET key = 'other' WHERE key = '1'").unwrap();
    let key = |key: &str| Wanted::Key(battle, ScoreKey::new(key).unwrap());
    assert_eq!(world.store.recall(&key("other")).unwrap(), [], "of a commit that was left open");
    assert_eq!(world.store.recall(&key("1")).unwrap().len(), 1);
}

#[test]
fn a_key_that_cannot_be_looked_up_is_refused_and_not_booked() {
    let mut world = World::new();
    let battle = world.battle(300);
    (1..=9).for_each(|number| drop(world.score(battle, &number.to_string(), 1).unwrap()));
    world.beside().execute_batch("UPDATE ledger SET scores = 'none' WHERE key = '1'").unwrap();
    assert_eq!(world.score(battle, "1", 1), Err(Refusal::NotRead));
    assert!(world.last_failure.take().unwrap().contains("row 1 of the ledger"));
    assert_eq!(world.score(battle, "2", 1).unwrap().ledger_seq, 2, "others are");
    assert_eq!(world.points(battle), 9);
}

#[test]
fn a_start_counts_what_battles_have_had_and_sums_what_was_given_by_one_thread_or_many() {
    let mut world = World::new();
    let first = world.battle(60);
    (1..=70).for_each(|number| drop(world.give(first, &number.to_string(), ["ann", "bob", ""][number % 3]).unwrap()));
    world.pass(60_000);
    let second = world.battle(60);
    (1..=30).for_each(|number| drop(world.give(second, &number.to_string(), "cyd").unwrap()));
    let (db, file) = (&world.store.db, &world.store.file);
    assert_eq!((count(db, file, first).unwrap(), count(db, file, second).unwrap()), (Ok(70), Ok(30)));
    let sum = |points: &[(&str, i64)]| {
        let mut sum = Given::default();
        let add = crate::live::command::ScoreOp::Add;
        points.iter().for_each(|(sender, points)| sum.count(add, sender, [(&user("a"), *points)].into_iter()));
        sum
    };
    let wanted = [(first, sum(&[("ann", 23), ("bob", 24)])), (second, sum(&[("cyd", 30)]))];
    let standing = |battle, ledger_seq| Standing { battle, ledger_seq, scores: BTreeMap::new(), running: true };
    let read = sums::read(db, file, &[standing(first, 70), standing(second, 30)], &BTreeMap::new()).unwrap();
    assert_eq!(
        (read.given, &read.keys),
        (wanted.iter().cloned().collect(), &world.store.keys),
        "keys as they were kept"
    );
    let parts: Vec<_> = (0..7).map(|part| Part::Rows(first, part * 10 + 1..=part * 10 + 10)).collect();
    for threads in [1, 2, 3, 9] {
        let mut all = Given::default();
        by_threads(db, file, &parts, threads).unwrap().into_iter().for_each(|(_, part)| all.append(part.given));
        assert_eq!(all, wanted[0].1, "{threads} threads");
    }
    let snapshot = world.store.kept().unwrap();
    assert_eq!(snapshot.given, [wanted[1].clone()].into(), "of the battle that goes on");
}

#[test]
fn best_senders_are_the_same_whether_memory_let_go_a_change_or_the_server_started_between() {
    let mut results = Vec::new();
    for restart_after in [0, 3, 11] {
        let mut world = World::new();
        let battle = world.battle(60);
        for (number, sender) in
            ["ann", "bob", "cyd", "bob", "", "dan", "ann", "ann", "eve", "cyd", "bob"].iter().enumerate()
        {
            world.give(battle, &number.to_string(), sender).unwrap();
            if number + 1 == restart_after {
                world.restart();
            }
        }
        world.pass(60_000);
        let Ok(Answer::Battle(info)) = world.ask(Command::FindBattle(battle)) else { panic!() };
        let best = info.result.unwrap().best_senders.clone();
        assert_eq!(
            best[&user("a")].iter().map(|it| (&*it.sender_id, it.value)).collect::<Vec<_>>(),
            [("ann", 3), ("bob", 3), ("cyd", 2)]
        );
        results.push(best);
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_battle_whose_numbers_have_a_gap_or_are_too_few_or_too_many_stops_a_start() {
    for (spoil, wanted) in [
        ("DELETE FROM ledger WHERE battle_seq = 2", "3, numbered 1 to 4"),
        ("DELETE FROM ledger WHERE battle_seq = 4", "has had 4 changes of its scores, the ledger has 3"),
        ("UPDATE ledger SET battle_seq = 9 WHERE battle_seq = 4", "4, numbered 1 to 9"),
    ] {
        let mut world = World::new();
        let battle = world.battle(60);
        (1..=4).for_each(|number| drop(world.score(battle, &number.to_string(), 1).unwrap()));
        world.store.db.execute_batch(spoil).unwrap();
        let fault = world.store.kept().unwrap_err().to_string();
        assert!(fault.contains(wanted), "{fault}");
    }
}
