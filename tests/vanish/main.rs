//! Hosts who vanish: real processes that are killed, and real packets that stop, against a real server. What the page on
//! presence promises is looked at from outside, by REST and by the events of the host who stays.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

mod actor;
mod callbacks;
mod house;
mod reload;
mod secure;
mod wire;

use std::time::{Duration, Instant};

use serde_json::json;

use actor::Actor;
use house::House;
use wire::Wire;

/// Without an authentic packet for this long, media is lost.
const SILENCE: Duration = Duration::from_secs(5);
/// `host_grace_seconds` of the servers here.
const GRACE: Duration = Duration::from_secs(3);
/// By how much the looks here and the timers of a busy machine may differ.
const BLUR: Duration = Duration::from_millis(700);

/// The child process of these tests: does nothing when it is run as one of them.
#[test]
fn host_process() {
    actor::perform_if_asked();
}

/// Alice is killed: her media is lost after 5 s, she herself after the grace, and battle and connection with her.
async fn assert_killed_host_leaves(socket: bool) {
    let house = House::open().await;
    let (alice, _bob) = (Actor::start(&house.url, "alice", socket), Actor::start(&house.url, "bob", true));
    let battle = house.battle().await;
    let mut news = house.events("bob");
    let killed = Instant::now();
    alice.kill();
    house.wait_for_media("alice", false).await;
    assert!(killed.elapsed() > SILENCE - BLUR, "lost after {:?}", killed.elapsed());
    assert_eq!(house.connected("bob").await, json!(["alice", "bob"]), "the grace has only begun");
    let left = news.until("onCoHostUserLeft").await;
    assert!(killed.elapsed() > SILENCE + GRACE - BLUR, "left after {:?}", killed.elapsed());
    assert_eq!((&left["data"]["user"]["liveId"], &left["data"]["reason"]), (&json!("alice"), &json!("disconnected")));
    assert_eq!(house.connected("bob").await, json!([]));
    assert!(news.passed("onUserExitBattle"), "the battle is left first: {:?}", news.types());
    let battle = house.get(&format!("/v1/battles/{battle}")).await;
    let left: Vec<_> =
        battle["users"].as_array().unwrap().iter().map(|user| (&user["userId"], &user["left"])).collect();
    assert_eq!(left, [(&json!("alice"), &json!(true)), (&json!("bob"), &json!(false))], "he plays on: {battle}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_whose_process_is_killed_has_left_after_silence_and_grace() {
    assert_killed_host_leaves(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_host_with_an_event_socket_has_left_as_soon_because_the_socket_dies_too() {
    assert_killed_host_leaves(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_whose_publisher_is_killed_stays_by_its_event_socket_and_comes_back() {
    let house = House::open().await;
    let (alice, _bob) = (Actor::start(&house.url, "alice", false), Actor::start(&house.url, "bob", true));
    house.battle().await;
    let app = house.events("alice");
    let mut news = house.events("bob");
    alice.kill();
    house.wait_for_media("alice", false).await;
    tokio::time::sleep(GRACE + GRACE).await;
    assert_eq!(house.connected("bob").await, json!(["alice", "bob"]), "her app is there");
    let again = Actor::start(&house.url, "alice", false);
    house.wait_for_media("alice", true).await;
    assert!(!news.passed("onCoHostUserLeft"), "nothing else has changed: {:?}", news.types());
    again.kill();
    drop(app);
    news.until("onCoHostUserLeft").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_whose_packets_are_blocked_comes_back_in_time_and_nothing_else_changes() {
    let house = House::open().await;
    let wire = Wire::lay(&house.url).await;
    let (_alice, _bob) = (Actor::start(&wire.url, "alice", false), Actor::start(&house.url, "bob", true));
    house.battle().await;
    let mut news = house.events("bob");
    wire.block(true);
    house.wait_for_media("alice", false).await;
    wire.block(false);
    house.wait_for_media("alice", true).await;
    tokio::time::sleep(GRACE * 2).await;
    assert_eq!(house.connected("bob").await, json!(["alice", "bob"]));
    assert!(!news.passed("onCoHostUserLeft") && !news.passed("onUserExitBattle"), "{:?}", news.types());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_whose_packets_stay_blocked_has_left_unless_its_event_socket_is_open() {
    let house = House::open().await;
    let wires = (Wire::lay(&house.url).await, Wire::lay(&house.url).await);
    let (_alice, _bob) = (Actor::start(&wires.0.url, "alice", false), Actor::start(&wires.1.url, "bob", true));
    house.battle().await;
    let mut news = house.events("bob");
    let blocked = Instant::now();
    wires.0.block(true);
    wires.1.block(true);
    let left = news.until("onCoHostUserLeft").await;
    assert!(blocked.elapsed() > SILENCE + GRACE - BLUR, "left after {:?}", blocked.elapsed());
    assert_eq!(left["data"]["user"]["liveId"], json!("alice"), "she has no socket");
    tokio::time::sleep(GRACE * 2).await;
    assert_eq!(house.get("/v1/lives/bob").await["isPublishing"], json!(false));
    assert!(!news.passed("onLiveEnded"), "{:?}", news.types());
}
