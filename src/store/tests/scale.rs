//! How long it takes with a million rows, or ten: on demand, as `cargo test --release --lib store::tests::scale -- --ignored --nocapture`.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::super::*;
use super::world::{Folder, World, user};
use crate::engine::journal::{Batch, Journal};
use crate::live::booked::Place;
use crate::live::command::ScoreOp;
use crate::live::kept::{KeptRow, KeptTable, RowName};
use crate::live::{BattleId, Booked, Fact, Lives, Rules, ScoreKey, WallMs};

/// Facts of one commit while the file is filled: as many as the control thread decides together.
const TOGETHER: usize = 256;

/// A folder with as many battles that are over as `over` names rows for, and one that goes on with `running` rows.
fn filled(over: &[u64], running: u64) -> Folder {
    let mut world = World::new();
    let battle = world.battle(86_400);
    let name = RowName { table: KeptTable::Battles, key: battle.to_string() };
    let image = world.lives.row(name.clone()).image.unwrap();
    // The first member is the one who was given all of it.
    let with = |rows: u64| {
        let image = image.replace("\"ledger_seq\":0", &format!("\"ledger_seq\":{rows}"));
        Some(image.replacen("\"score\":0", &format!("\"score\":{}", 5 * rows), 1))
    };
    let mut rows = vec![KeptRow { name, image: with(running) }];
    let mut battles = vec![(battle, running)];
    for (number, count) in (1_u32..).zip(over) {
        let id = BattleId::from_parts(1_700_000_000_000 + u64::from(number), &[1; 10]);
        battles.push((id, *count));
        rows.push(KeptRow { name: RowName { table: KeptTable::Battles, key: id.to_string() }, image: with(*count) });
        let ended = RowName { table: KeptTable::Ended, key: number.to_string() };
        rows.push(KeptRow { name: ended, image: Some(format!("\"{id}\"")) });
    }
    world.store.commit(&Batch { facts: &[], rows: &rows }).unwrap();
    // Round and round, so that the rows of one battle lie apart.
    let mut facts = Vec::with_capacity(TOGETHER);
    let most = battles.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let (begun, mut commits) = (Instant::now(), 0_u32);
    for seq in 1..=most {
        for (battle, _) in battles.iter().filter(|(_, count)| *count >= seq) {
            facts.push(scored(*battle, seq));
            if facts.len() == TOGETHER {
                world.store.commit(&Batch { facts: &facts, rows: &[] }).unwrap();
                commits += 1;
                facts.clear();
            }
        }
    }
    world.store.commit(&Batch { facts: &facts, rows: &[] }).unwrap();
    let (took, rows) = (begun.elapsed().as_secs_f64(), world.store.head().seq);
    println!("written: {rows} rows in {commits} commits, {took:.1} s, {:.0} rows/s", rows as f64 / took);
    let World { folder, store, .. } = world;
    drop(store);
    let bytes = std::fs::metadata(folder.0.join(folder::DATABASE)).unwrap().len();
    println!("file: {} bytes a row", bytes / rows);
    folder
}

fn scored(battle: BattleId, seq: u64) -> Fact {
    // As random as a client's keys are.
    let key = format!("{:016x}-{:016x}", seq.wrapping_mul(0x9e37_79b9_7f4a_7c15), seq);
    let (key, at) = (ScoreKey::new(&key).unwrap(), WallMs(1_790_000_000_000 + seq));
    let (place, scores) = (Place { battle, ledger_seq: seq, key, at }, [(user("a"), 5)]);
    let source = ["rocket", "viewer 4711", &format!("order {seq}")];
    let totals = vec![(user("a"), 5 * seq), (user("b"), 0)];
    Fact::Scored(Arc::new(Booked::new(place, ScoreOp::Add, &scores, source, None, totals).unwrap()))
}

/// Three starts, one after the other.
fn start(folder: &Path) {
    (0..3).for_each(|_| start_once(folder));
}

fn start_once(folder: &Path) {
    let begun = Instant::now();
    let moment = Moment { now: begun, wall: WallMs(1_790_000_000_000), boot: None };
    let mut store = Store::open(folder, Box::new(move || moment.clone())).unwrap();
    let opened = begun.elapsed();
    let kept = store.kept().unwrap();
    let (read, battles) = (begun.elapsed(), kept.given.len());
    let seed = crate::live::Seed::repeatable(1);
    let snapshot = kept.snapshot(seed).unwrap();
    let line = store.timeline(snapshot.counts_down()).unwrap();
    let lives = Lives::restart(begun, line.wall(begun), Rules::default(), snapshot, seed);
    println!(
        "start: {:?}, of which opening {opened:?}, reading {:?} ({battles} battles go on)",
        begun.elapsed(),
        read - opened
    );
    drop(lives);
}

fn verify(folder: &Folder) {
    let begun = Instant::now();
    let verdict = audit::verify(&audit::Reader::open(&folder.0).unwrap(), None, &mut |_, _| ()).unwrap();
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(verdict.faults.count, 0);
    println!("verified: {} rows in {took:.2} s; 10 million: {:.0} s", verdict.rows, took * 1e7 / verdict.rows as f64);
    let begun = Instant::now();
    let reader = audit::Reader::open(&folder.0).unwrap();
    let mut out = std::io::BufWriter::new(std::fs::File::create(folder.0.join("export.jsonl")).unwrap());
    audit::export(&reader, audit::Format::Jsonl, None, &mut out, "export".as_ref(), &mut |_, _| ()).unwrap();
    println!("exported in {:.2} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    audit::balance(Some(&reader), None, &mut |_, _| ()).unwrap();
    println!("balanced in {:.2} s", begun.elapsed().as_secs_f64());
}

#[test]
#[ignore = "a minute: figures, not rules"]
fn a_million_rows_of_many_battles() {
    let folder = filled(&[900; 1_000], 100_000);
    start(&folder.0);
    verify(&folder);
}

#[test]
#[ignore = "a quarter of an hour and 6 GB: figures, not rules"]
fn ten_million_rows() {
    let folder = filled(&[10_000; 1_000], 0);
    verify(&folder);
}

#[test]
#[ignore = "a minute: figures, not rules"]
fn a_million_rows_of_one_battle_that_goes_on() {
    let folder = filled(&[], 1_000_000);
    start(&folder.0);
}

/// How long a start takes with a copy of a store, named by `COSTAGE_STORE`.
#[test]
#[ignore = "of a store that somebody has: figures, not rules"]
fn a_store_of_ones_own() {
    let store = std::env::var_os("COSTAGE_STORE").expect("COSTAGE_STORE names the folder of a copied store");
    start(store.as_ref());
}
