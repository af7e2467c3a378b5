//! Files of before, copied back over those of a running server: what SQLite then reads is whole, and lacks what was answered since.

use std::fs;
use std::os::unix::fs::FileExt as _;

use super::super::*;
use super::lost::start;
use super::world::{Folder, World, live, user};
use crate::engine::journal::{Journal as _, Wanted};
use crate::engine::outbox_log::OutboxLog as _;
use crate::live::command::{NewLive, User};
use crate::live::{Command, Refusal, ScoreKey};
use crate::store::outbox::OutboxReader;

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

/// What was not found out is no more answered than what was not kept.
pub(super) fn is_refused<T>(answer: Result<T, Refusal>) -> bool {
    matches!(answer, Err(Refusal::NotKept | Refusal::NotRead))
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
                assert!(is_refused(world.score(battle, &key.to_string(), 5)), "{what}");
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

/// How a database goes back to what `folder` has a copy of.
type GoingBack = fn(&World, &Folder);

/// By SQLite's own means, by another program.
fn restored(world: &World, earlier: &Folder) {
    let from = rusqlite::Connection::open(earlier.0.join("costage.db")).unwrap();
    let mut to = world.beside();
    let copied = rusqlite::backup::Backup::new(&from, &mut to).unwrap();
    copied.run_to_completion(1_000, std::time::Duration::ZERO, None).unwrap();
}

/// The file, its log and its index are copied over where they are.
fn copied(world: &World, earlier: &Folder) {
    let names = &NAMES[..3];
    Copies(names.iter().map(|name| (*name, fs::read(earlier.0.join(name)).unwrap())).collect()).put_back(world);
}

/// The log is brought into the file before that is copied over.
fn merged_and_copied(world: &World, earlier: &Folder) {
    merged(world, "PASSIVE");
    Copies(vec![(NAMES[0], fs::read(earlier.0.join("merged.db")).unwrap())]).put_back(world);
}

/// A world whose database has gone back `how` behind lives and scores that were answered; with it a reader of its webhooks, who has
/// read up to the number, of so many there were; and a battle with an answered key that is in the ledger alone.
fn gone_back(how: GoingBack) -> (World, OutboxReader, u64, u64) {
    let mut world = World::new();
    let create = |world: &mut World, name: &str| {
        let owner = User { user_id: user(name), user_name: String::new(), avatar_url: String::new() };
        world.ask(Command::CreateLive(Box::new(NewLive::new(live(name), owner)))).unwrap();
    };
    (0..5).for_each(|number| create(&mut world, &format!("early{number}")));
    let (reader, earlier) = (world.store.outbox().unwrap(), Folder::new());
    let read = reader.after(0, 64).unwrap().last().unwrap().seq;
    fs::create_dir_all(&earlier.0).unwrap();
    for name in NAMES {
        fs::copy(world.folder.0.join(name), earlier.0.join(name)).unwrap();
    }
    merged(&world, "PASSIVE");
    fs::copy(world.folder.0.join(NAMES[0]), earlier.0.join("merged.db")).unwrap();
    (0..7).for_each(|number| create(&mut world, &format!("late{number}")));
    let head = reader.ends().unwrap().head;
    assert!(head > read && reader.after(read, 64).unwrap().len() as u64 == head - read);
    how(&world, &earlier);
    (world, reader, read, head)
}

#[test]
fn webhooks_that_a_file_has_gone_back_behind_are_not_passed_over() {
    let hows: [(&str, GoingBack); 3] =
        [("restored", restored), ("copied", copied), ("merged and copied", merged_and_copied)];
    for (how, go_back) in hows {
        let (world, reader, read, head) = gone_back(go_back);
        // One that has read before may have all of it in memory still; one that begins now has nothing.
        for (reader, may_know) in [(reader, true), (world.store.outbox().unwrap(), false)] {
            for seq in [read, read + 1, head - 1] {
                match reader.after(seq, 64) {
                    Ok(rows) => assert!(may_know && rows.len() as u64 == head - seq, "{how}, after {seq}: {rows:?}"),
                    Err(said) => assert!(said.to_string().contains(&format!("to {head} are gone from it")), "{said}"),
                }
            }
        }
        let fresh = world.store.outbox().unwrap();
        let said = [fresh.head().err(), fresh.ends().err(), fresh.backlog(read, None).err()];
        assert!(said.iter().all(Option::is_some), "{how}: {said:?}");
    }
}

#[test]
fn a_key_that_is_asked_for_in_a_file_that_has_gone_back_is_not_called_unknown() {
    let mut world = World::new();
    let battle = world.battle(300);
    assert!((0..5).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    let earlier = Folder::new();
    fs::create_dir_all(&earlier.0).unwrap();
    for name in NAMES {
        fs::copy(world.folder.0.join(name), earlier.0.join(name)).unwrap();
    }
    assert!((5..25).all(|key| world.score(battle, &key.to_string(), 5).is_ok()));
    let key = || Wanted::Key(battle, ScoreKey::new("20").unwrap());
    assert_eq!(world.store.recall(&key()).unwrap().len(), 1);
    restored(&world, &earlier);
    let said = world.store.recall(&key()).unwrap_err().to_string();
    assert!(said.contains("gone back to a backup"), "{said}");
    let said = world.store.recall(&Wanted::Numbers(battle, 1..=25)).unwrap_err().to_string();
    assert!(said.contains("gone back to a backup"), "{said}");
    // It stays so, and no start goes on from it.
    assert!(is_refused(world.score(battle, "after", 5)));
    let rows = world.store.head().seq;
    let World { folder, store, .. } = world;
    drop(store);
    assert!(rows_of(&World::new(), &folder).is_none_or(|found| found == rows));
}
