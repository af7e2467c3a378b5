//! A server that is killed at random moments under load, again and again, on one and the same data: nothing that it
//! answered is lost, nothing is counted twice, battles end when they should, and every webhook keeps its one id.
//!
//! `COSTAGE_KILLS=1000 cargo test --release --test crash -- --nocapture` plays longer; 200 kills otherwise.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

mod audit;
mod dice;
mod house;
mod load;
mod receiver;

use std::time::{Duration, Instant};

use audit::Books;
use dice::Dice;
use house::House;
use receiver::Receiver;

/// Kills, unless `COSTAGE_KILLS` says otherwise.
const KILLS: u32 = 200;
/// A server lives at most this long under load.
const LIFE_MAX: Duration = Duration::from_millis(400);
/// From the start of the process to its first answer.
const RECOVERED_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_lost_or_doubled_however_often_the_server_is_killed() {
    let kills = std::env::var("COSTAGE_KILLS").ok().map_or(KILLS, |kills| kills.parse().expect("a number of kills"));
    let seed = std::env::var("COSTAGE_CRASH_SEED").ok().map_or(1, |seed| seed.parse().expect("a number"));
    let mut dice = Dice::new(seed);
    let receiver = Receiver::start().await;
    let mut house = House::build(&receiver).await;
    let mut books = Books::default();
    let mut slowest = Duration::ZERO;
    books.open_battles(&house, &mut dice).await;
    for kill in 1..=kills {
        let lives_for = LIFE_MAX.mul_f64(f64::from(dice.below(1_000)) / 1_000.0);
        load::during(&mut house, &mut books, &mut dice, lives_for).await;
        let began = Instant::now();
        house.start().await;
        slowest = slowest.max(began.elapsed());
        books.audit(&house).await;
        books.open_battles(&house, &mut dice).await;
        if kill % 50 == 0 {
            println!("crash: {kill} kills, {books}, slowest recovery {} ms", slowest.as_millis());
        }
    }
    books.audit_battles_that_end(&house).await;
    receiver.wait_until(|receiver| books.are_told(receiver)).await;
    books.audit_webhooks(&receiver);
    house.stop();
    books.audit_ledger(&house);
    println!(
        "crash: {kills} kills from seed {seed}: {books}; 0 lost, 0 doubled; slowest recovery {} ms",
        slowest.as_millis()
    );
    assert!(slowest <= RECOVERED_WITHIN, "a recovery took {slowest:?}");
}
