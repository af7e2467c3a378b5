//! What a start reads of the ledger.

use std::collections::BTreeSet;

use super::super::changes::{by_threads, numbers, read};
use super::world::World;
use crate::live::Booked;

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
    assert_eq!((alone.by_key.len(), alone.by_number.len()), (100, 100));
    let own = |booked: &Booked| ((booked.battle(), booked.key().clone()), (booked.battle(), booked.ledger_seq()));
    assert!(
        alone.by_key.iter().all(|(key, booked)| own(booked).0 == *key && alone.by_number[&own(booked).1] == *booked)
    );
    for threads in [2, 3, 4] {
        assert_eq!(by_threads(db, file, &wanted, threads).unwrap(), alone);
    }
    let one = read(db, file, &BTreeSet::from([*second.as_bytes()])).unwrap();
    let numbers: Vec<_> = one.by_number.keys().copied().collect();
    assert_eq!((one.by_key.len(), numbers), (30, (1..=30).map(|number| (second, number)).collect()));
}
