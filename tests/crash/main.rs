//! A server that is killed at random moments under load, again and again, on one and the same data: nothing that it answered is
//! lost, nothing is counted twice, battles end when they should, every webhook keeps its one id, hosts come back to what they
//! were in. And a system's clock that jumps.
//!
//! `COSTAGE_KILLS=1000 cargo test --release --test crash -- --nocapture` plays longer; 200 kills otherwise.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]
#![allow(clippy::print_stdout, reason = "what is found, and what the run was like")]

mod again;
mod audit;
mod books;
mod clock;
mod deliveries;
mod dice;
mod ends;
mod hosts;
mod house;
mod load;
mod receiver;
mod standstill;

use std::time::Duration;

use books::Books;
use dice::Dice;
use house::{House, Life};
use receiver::Receiver;

/// Kills, unless `COSTAGE_KILLS` says otherwise.
const KILLS: u32 = 200;
/// A server lives at most this long under load.
const LIFE_MAX: Duration = Duration::from_millis(300);
/// Now and then it stays down for up to so long.
const DOWN_MAX: Duration = Duration::from_millis(800);
/// Now and then it is killed before it answers at all: so long after it was started, at most.
const START_MAX: Duration = Duration::from_millis(200);
/// From the start of the process to its first answer.
const RECOVERED_WITHIN: Duration = Duration::from_secs(2);

/// By how much the server's time may have moved over all starts, beyond what requests for it took.
const DRIFT_MAX_MS: i64 = 20;

/// Tests of this program take turns: each looks at when things happen.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn up_to(most: Duration, dice: &mut Dice) -> Duration {
    most.mul_f64(f64::from(dice.below(1_000)) / 1_000.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_lost_or_doubled_however_often_the_server_is_killed() {
    let _turn = TURN.lock().await;
    let kills = std::env::var("COSTAGE_KILLS").ok().map_or(KILLS, |kills| kills.parse().expect("a number of kills"));
    let seed = std::env::var("COSTAGE_CRASH_SEED").ok().map_or(1, |seed| seed.parse().expect("a number"));
    let mut dice = Dice::new(seed);
    let receiver = Receiver::start().await;
    let mut house = House::build("kills", &receiver, &[]);
    let mut books = Books::default();
    books.ends.standstills.begin(&house.folder);
    house.start().await;
    books.open_lives(&house).await;
    books.open_battles(&house, &receiver, &mut dice).await;
    let (mut killed, mut slowest, mut slowest_own) = (0, Duration::ZERO, Duration::ZERO);
    while killed < kills {
        let lives_for = up_to(LIFE_MAX, &mut dice);
        load::during(&mut house, &mut books, &mut dice, lives_for).await;
        killed += 1;
        match dice.below(8) {
            0 => tokio::time::sleep(up_to(DOWN_MAX, &mut dice)).await,
            1 if killed < kills => {
                house.start_in_vain(up_to(START_MAX, &mut dice)).await;
                killed += 1;
            }
            _ => {}
        }
        let took = house.start().await;
        let Life { spawned, ready, .. } = *house.life();
        let own = took.saturating_sub(books.ends.standstills.within(spawned, ready));
        (slowest, slowest_own) = (slowest.max(took), slowest_own.max(own));
        books.keep_calm(&mut house, &receiver, &mut dice).await;
        books.send_again(&house, &mut dice).await;
        books.audit(&house).await;
        books.open_battles(&house, &receiver, &mut dice).await;
        if books.round.is_multiple_of(50) {
            println!("crash: {killed} kills, {books}, slowest recovery {} ms", slowest.as_millis());
        }
    }
    books.await_ends(&mut house, &receiver).await;
    books.audit(&house).await;
    assert!(books.is_sure(), "all was answered in the end");
    receiver.wait_until(|receiver| books.are_told(receiver)).await;
    books.audit_webhooks(&receiver);
    let kinds: Vec<String> = deliveries::audit(&house, &receiver).await.into_keys().collect();
    assert_eq!(
        kinds,
        [
            "battle.created",
            "battle.ended",
            "battle.started",
            "coHost.connected",
            "live.created",
            "live.ended",
            "seat.changed"
        ],
        "all that this load brings about"
    );
    house.stop();
    books.ends.standstills.end();
    books.audit_ledger(&house);
    let drift = house.drift_ms();
    println!("crash: the server's time moved by {drift} ms over {} starts", house.lives.len());
    assert!(drift.abs() <= DRIFT_MAX_MS, "the server's time moved by {drift} ms");
    let (found, ends) = (&books.findings, &books.ends);
    println!(
        "crash: {killed} kills from seed {seed}: {books}; {ends}; {} lost, {} doubled, {} wrong ends; slowest recovery {} ms, {} ms without what the \
         machine stood still; its longest sync took {} ms",
        found.lost,
        found.doubled,
        found.wrong_ends,
        slowest.as_millis(),
        slowest_own.as_millis(),
        ends.standstills.of_disk().as_millis()
    );
    assert_eq!((found.lost, found.doubled, found.wrong_ends), (0, 0, 0), "see above");
    ends.assert_enough(kills);
    assert!(slowest_own <= RECOVERED_WITHIN, "a recovery took {slowest_own:?}");
}
