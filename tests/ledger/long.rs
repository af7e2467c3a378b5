//! A long ledger: how soon a server that was killed answers again, and how soon an auditor knows that all of it is whole.
//!
//! `COSTAGE_LEDGER_ROWS=10000000 cargo test --release --test ledger long -- --nocapture` plays with ten million rows (4 GB of
//! disk); a million otherwise.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::filled::{OF_ONE, filled};
use crate::house::{Folder, Server, done, serve};

/// Rows, unless `COSTAGE_LEDGER_ROWS` says otherwise.
const ROWS: u64 = 1_000_000;
/// From the start of the process to its first answer, with a battle that goes on and has had [`OF_ONE`] changes.
const RECOVERED_WITHIN: Duration = Duration::from_secs(2);
/// The best of so many counts: what else the machine does is no fault of the server's.
const STARTS: usize = 3;
/// Ten million rows are verified in less.
const VERIFIED_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_is_back_in_two_seconds_with_a_million_rows_and_ten_million_are_verified_in_sixty() {
    let rows = std::env::var("COSTAGE_LEDGER_ROWS").ok().map_or(ROWS, |rows| rows.parse().expect("a number of rows"));
    let folder = Folder::new("long");
    let data = folder.path("data");
    let begun = Instant::now();
    let battle = filled(&data, rows).await;
    println!("ledger: {rows} rows written in {:.1} s", begun.elapsed().as_secs_f64());
    let mut took = Vec::new();
    for start in 1..=STARTS {
        let (server, ready) = started(&data).await;
        println!("ledger: a start took {ready:?} and {:?} in which others had the processor", server.waited);
        took.push(ready);
        // It has all of them, and goes on.
        let before = rows.min(OF_ONE) * 5 + (start as u64 - 1);
        let scores = server.get(&format!("/v1/battles/{battle}")).await["scores"]["alice"].clone();
        assert_eq!(scores, before);
        server.backend.add_score(&battle, "alice", 1, &format!("start {start}")).await.unwrap();
        server.kill();
    }
    let best = took.iter().min().copied().unwrap_or_default();
    println!("ledger: answers after {took:?} of its own time with {} rows of a battle that goes on", rows.min(OF_ONE));
    // Of a file that is ten times as large, nothing was promised.
    assert!(rows > ROWS || best <= RECOVERED_WITHIN, "{took:?}");
    let begun = Instant::now();
    let said = done(&["ledger", "verify", "--data", &data]);
    let verified = begun.elapsed();
    let all = rows + STARTS as u64;
    assert!(said.starts_with(&format!("rows {all}\nhead {all}:")), "{said}");
    println!("ledger: {all} rows verified in {:.2} s", verified.as_secs_f64());
    #[allow(clippy::cast_precision_loss, reason = "some millions")]
    let share = all as f64 / 1e7;
    assert!(verified < VERIFIED_WITHIN.mul_f64(share), "{all} rows verified in {verified:?}");
}

/// A server, and how long it took from the start of its process to its first answer, without what it waited for a processor that
/// others had.
async fn started(data: &str) -> (Server, Duration) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let command = serve(data, port);
    let begun = Instant::now();
    let server = Server::run(command, port).await;
    let took = begun.elapsed();
    let own = took.saturating_sub(server.waited);
    (server, own)
}
