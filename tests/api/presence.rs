//! A host is there while its media flows or its event socket is open.

use std::time::{Duration, Instant};

use costage::live::Rules;
use costage::live::command::MediaState;
use costage::live::{LiveId, UserId};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::events::open;
use super::house::{House, PATIENCE};

/// Long enough that a busy machine is not taken for an absent host.
const GRACE: Duration = Duration::from_secs(2);

impl House {
    /// Tells control that the host's media is gone, as its session would.
    async fn off_air(&self, live: &str, owner: &str) {
        let (reply, publish) = oneshot::channel();
        let (live, owner) = (LiveId::new(live).unwrap(), UserId::new(owner).unwrap());
        self.state.control.publish(live, owner, Box::new(move |publish| reply.send(publish).unwrap()));
        self.state.control.host_media(publish.await.unwrap().unwrap().source, MediaState::Down);
    }

    async fn connected(&self) -> Value {
        self.json("", "GET", "/v1/lives/b/co-host", &Value::Null).await.expect(200)["connected"].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_host_has_left_when_media_and_every_event_socket_are_gone() {
    let house = House::with_rules(Rules { host_grace: GRACE, ..Rules::default() }).await;
    house.battle().await;
    let mut viewer = open(&house, "/v1/lives/b/events");
    viewer.json();
    let path = format!("/v1/lives/a/events?token={}", house.host("alice", "a"));
    let (mut first, mut second) = (open(&house, &path), open(&house, &path));
    first.json();
    second.json();
    house.off_air("a", "alice").await;
    sleep(GRACE * 2).await;
    assert_eq!(house.connected().await, json!(["a", "b"]), "its socket is there");
    drop(first);
    sleep(GRACE * 2).await;
    assert_eq!(house.connected().await, json!(["a", "b"]), "another window of it is there");
    drop(second);
    let left = tokio::time::timeout(PATIENCE, async { viewer.until("onCoHostUserLeft").pop().unwrap() });
    let left = left.await.expect("it has left");
    assert_eq!((&left["data"]["user"]["liveId"], &left["data"]["reason"]), (&json!("a"), &json!("disconnected")));
    assert_eq!(house.connected().await, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn sockets_of_viewers_and_of_the_backend_keep_no_host_there() {
    let house = House::with_rules(Rules { host_grace: GRACE, ..Rules::default() }).await;
    house.battle().await;
    let admin = format!("/v1/lives/a/events?token={}", house.admin());
    let (mut viewer, mut backend) = (open(&house, "/v1/lives/a/events"), open(&house, &admin));
    viewer.json();
    backend.json();
    house.off_air("a", "alice").await;
    viewer.until("onCoHostUserLeft");
    assert_eq!(house.connected().await, json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_event_socket_that_misses_two_pings_is_lost() {
    let house = House::with_rules(Rules { host_grace: GRACE, ..Rules::default() }).await;
    house.battle().await;
    let mut viewer = open(&house, "/v1/lives/b/events");
    viewer.json();
    // It stays open and is not read any more: nobody answers pings.
    let start = Instant::now();
    let mut deaf = open(&house, &format!("/v1/lives/a/events?token={}", house.host("alice", "a")));
    deaf.json();
    house.off_air("a", "alice").await;
    viewer.until("onCoHostUserLeft");
    assert!(start.elapsed() > Duration::from_secs(9) + GRACE, "one each 5 s: {:?}", start.elapsed());
    drop(deaf);
}
