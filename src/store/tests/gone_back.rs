//! Files of before, copied back over those of a running server: what SQLite then reads is whole, and lacks what was answered since.

use std::fs;
use std::os::unix::fs::FileExt as _;

use super::super::*;
use super::lost::start;
use super::world::{Folder, World, live, user};
use crate::live::command::{NewLive, User};
use crate::live::{Command, Refusal};

const NAMES: [&str; 4] = ["costage.db", "costage.db-wal", "costage.db-shm", "costage.head"];

/// What some files of a server are at a moment.
struct Copies(Vec<(&'static str, Vec<u8>)>);

impl Copies {
    fn of(world: &World, names: &[&'static str]) -> Self {
        Self(names.iter().map(|name| (*name, fs::read(world.folder.0.join(name)).unwrap())).collect())
    }

    /// In place, as `cp` does it; an index is mapped, and never shorter.
    fn put_back(&self, world: &World) {
        for (name, bytes) in &self.0 {
            let file = fs::File::options().write(true).open(world.folder.0.join(name)).unwrap();
            if !name.ends_with("-shm") {
                file.set_len(0).unwrap();
            }
            file.write_all_at(bytes, 0).unwrap();
        }
    }
}

/// Another program brings the log into the file.
fn merged(world: &World, kind: &str) {
    world.beside().query_row(&format!("PRAGMA wal_checkpoint({kind})"), [], |_| Ok(())).unwrap();
}

/// What a server that is killed now leaves.
fn killed(world: &World) -> Folder {
    let left = Folder::new();
    fs::create_dir_all(&left.0).unwrap();
    for name in NAMES.iter().filter(|name| !name.ends_with("-shm")) {
        fs::copy(world.folder.0.join(name), left.0.join(name)).unwrap();
    }
    left
}

/// Rows of the ledger at the next start, if there is one.
fn rows_of(world: &World, folder: &Folder) -> Option<u64> {
    start(world, &folder.0).ok().map(|store| store.head().seq)
}

#[test]
fn an_index_of_an_empty_log_does_not_empty_the_log_at_the_end() {
    let mut world = World::new();
    let battle = world.battle(300);
    merged(&world, "TRUNCATE");
    let earlier = Copies::of(&world, &["costage.db-shm"]);
    assert!((0..5).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    earlier.put_back(&world);
    let World { folder, store, .. } = world;
    drop(store);
    let verdict = audit::verify(&audit::Reader::open(&folder.0).unwrap(), None, &mut |_, _| ()).unwrap();
    assert_eq!((verdict.rows, verdict.faults.listed), (5, Vec::new()));
}

#[test]
fn nothing_is_kept_on_what_was_gone_back_to_and_no_start_goes_on_from_it() {
    for (kind, files) in
        ["TRUNCATE", "PASSIVE"].into_iter().flat_map(|kind| [0..4, 0..3, 1..3, 2..3].map(|it| (kind, it)))
    {
        for only_lives in [false, true] {
            let what = format!("{kind} {files:?} {only_lives}");
            let mut world = World::new();
            let battle = world.battle(300);
            assert!((0..5).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
            merged(&world, kind);
            let earlier = Copies::of(&world, &NAMES[files.clone()]);
            if only_lives {
                let owner = User { user_id: user("new"), user_name: String::new(), avatar_url: String::new() };
                world.ask(Command::CreateLive(Box::new(NewLive::new(live("new"), owner)))).unwrap();
            } else {
                assert!((5..25).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
            }
            let rows = world.store.head().seq;
            earlier.put_back(&world);
            for key in 25..28 {
                assert_eq!(world.score(battle, &key.to_string(), 5), Err(Refusal::NotKept), "{what}");
            }
            let said = world.last_failure.take().unwrap();
            assert!(said.contains("until the server is started again"), "{what}: {said}");
            let (left, other) = (killed(&world), World::new());
            let World { folder, store, .. } = world;
            drop(store);
            for (how, folder) in [("killed", &left), ("ended", &folder)] {
                // Where the database itself was put back, it lacks what was answered, and is refused.
                let found = rows_of(&other, folder);
                assert!(found.is_none_or(|found| found == rows), "{what}, {how}: {found:?} rows of {rows}");
                assert!(!only_lives || found.is_none() || files == (2..3), "{what}, {how}: went on without a live");
            }
        }
    }
}

#[test]
fn an_earlier_copy_is_noticed_though_a_checkpoint_was_made_since_the_last_commit() {
    let mut world = World::new();
    let battle = world.battle(300);
    let checkpoint = |world: &World| {
        let log = "PRAGMA wal_checkpoint(NOOP)";
        world.store.db.query_row(log, [], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))).unwrap()
    };
    let (mut key, mut copies) = (0, Vec::new());
    // Each ends with the commit that brings the log into the file.
    for _ in 0..2 {
        loop {
            key += 1;
            world.score(battle, &key.to_string(), 5).unwrap();
            let (log, done) = checkpoint(&world);
            if log >= 1_000 && done == log {
                break;
            }
        }
        copies.push(Copies::of(&world, &["costage.db"]));
    }
    copies[0].put_back(&world);
    assert_eq!(world.score(battle, "after", 5), Err(Refusal::NotKept));
    assert!(world.last_failure.take().unwrap().contains("costage.db was cut or written over"));
    // The log, which has all that the copy lacks, is as it was.
    let World { folder, store, .. } = world;
    let rows = store.head().seq;
    drop(store);
    assert!(rows_of(&World::new(), &folder).is_none_or(|found| found == rows));
}

#[test]
fn a_long_log_that_somebody_reads_excuses_nobody_who_writes_to_the_file() {
    let mut world = World::new();
    let battle = world.battle(300);
    merged(&world, "PASSIVE");
    let reader = world.beside();
    reader.execute_batch("BEGIN; SELECT count(*) FROM ledger").unwrap();
    let frames = |world: &World| {
        let log = "PRAGMA wal_checkpoint(NOOP)";
        world.store.db.query_row(log, [], |row| row.get::<_, i64>(1)).unwrap()
    };
    let mut key = 0;
    while frames(&world) < 1_200 {
        key += 1;
        world.score(battle, &key.to_string(), 5).unwrap();
    }
    Copies::of(&world, &["costage.db"]).put_back(&world);
    assert_eq!(world.score(battle, "after", 5), Err(Refusal::NotKept));
    assert!(world.last_failure.take().unwrap().contains("costage.db was cut or written over"));
}
