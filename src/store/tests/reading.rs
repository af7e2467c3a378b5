//! What a start reads of the ledger.

use std::collections::BTreeSet;

use super::super::changes::{by_threads, numbers, read};
use super::world::World;

#[test]
fn by_one_thread_or_many_the_same_rows_come_back_by_battle_and_key() {
    let mut world = World::new();
    let first = world.battle(60);
    (1..=70).for_each(|number| drop(world.score(first, &format!("{:03}", number * 37 % 71), 1).unwrap()));
    world.pass(60_000);
    let second = world.battle(60);
    (1..=30).for_each(|number| drop(world.score(second, &format!("k{number}"), 1).unwrap()));
    let (db, file) = (&world.store.db, &world.store.file);
    let both = BTreeSet::from([*first.as_bytes(), *second.as_bytes()]);
    let wanted = numbers(db, file, &both).unwrap();
    let alone = by_threads(db, file, &wanted, 1).unwrap();
    let mut sorted = alone.clone();
    sorted.sort_by_key(|score| (*score.battle().as_bytes(), score.key().clone()));
    assert_eq!((alone.len(), &alone), (100, &sorted));
    for threads in [2, 3, 4] {
        assert_eq!(by_threads(db, file, &wanted, threads).unwrap(), alone);
    }
    let one = read(db, file, &BTreeSet::from([*second.as_bytes()])).unwrap();
    assert!(one.len() == 30 && one.iter().all(|score| score.battle() == second));
    assert!(one.iter().any(|score| score.ledger_seq() == 30));
}
