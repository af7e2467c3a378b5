//! Publishing from a seat: who may, with which refusals, and with our own client what is seen of it.

use std::time::Duration;

use costage::api::auth::Role;
use costage::client::whip::Host;
use serde_json::{Value, json};

use super::house::{House, Reply, offer};

/// A session that was ended says so at once; see `whip`.
const HEARD_WITHIN: Duration = Duration::from_secs(5);

/// Live a of alice, on whose seat 2 gil sits; 5 is locked.
async fn seated() -> House {
    let house = House::open().await;
    house.live("a", "alice").await;
    command(&house, "seats/2/take", json!({"userId": "gil"})).await;
    command(&house, "seats/5/lock", json!({})).await;
    house
}

/// What an admin does with the seats of live a.
async fn command(house: &House, path: &str, body: Value) {
    let reply = house.json(&house.admin(), "POST", &format!("/v1/lives/a/{path}"), &body).await;
    assert!(reply.status < 300, "{path}: {}", reply.body);
}

async fn publish(house: &House, token: &str, index: &str) -> Reply {
    house.sdp(token, &format!("/whip/a/seats/{index}"), &offer("sendonly")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sits_there_publishes_with_any_role_but_audience_and_an_admin_for_that_one() {
    let house = seated().await;
    for role in [Role::Guest, Role::Host] {
        let created = publish(&house, &house.token(role, "gil", "a"), "2").await;
        assert_eq!(created.status, 201, "{}", created.body);
        assert!(created.header("location").starts_with("/whip/sessions/") && created.body.contains("a=recvonly"));
        let bearer = format!("Bearer {}", house.token(role, "gil", "a"));
        let ended = house.send("DELETE", created.header("location"), &[("authorization", &bearer)], "").await;
        assert_eq!(ended.status, 200);
    }
    publish(&house, &house.token(Role::Audience, "gil", "a"), "2").await.problem(403, "forbidden");
    assert_eq!(publish(&house, &house.admin(), "2").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_sit_there_is_refused_with_100206_or_403() {
    let house = seated().await;
    let gil = house.token(Role::Guest, "gil", "a");
    let refused = [
        publish(&house, &house.token(Role::Guest, "hal", "a"), "2").await,
        publish(&house, &house.host("alice", "a"), "2").await,
        publish(&house, &gil, "1").await,
        publish(&house, &gil, "5").await,
        publish(&house, &house.admin(), "1").await,
    ];
    for reply in refused {
        assert_eq!(reply.problem(409, "not-seated")["code"], 100_206);
    }
    publish(&house, &house.token(Role::Guest, "gil", "b"), "2").await.problem(403, "forbidden");
    publish(&house, "", "2").await.problem(401, "unauthorized");
    house.sdp(&house.admin(), "/whip/x/seats/2", &offer("sendonly")).await.problem(404, "live-not-found");
    house.sdp(&gil, "/whip/a/seats/2", "v=0").await.problem(400, "malformed-offer");
    house.sdp(&gil, "/whip/a/seats/2", &offer("recvonly")).await.problem(422, "unusable-offer");
    for index in ["x", "-1", "9", "99999999999999999999"] {
        let problem = publish(&house, &gil, index).await.problem(400, "bad-request");
        assert!(problem["detail"].as_str().unwrap().contains("seatIndex"), "{problem}");
    }
    house.json(&house.admin(), "PATCH", "/v1/lives/a", &json!({"isSeatEnabled": false})).await.expect(200);
    assert_eq!(publish(&house, &gil, "2").await.problem(409, "no-seats")["code"], 100_211);
}

#[tokio::test(flavor = "multi_thread")]
async fn seat_0_goes_the_way_of_the_host() {
    let house = seated().await;
    publish(&house, &house.token(Role::Guest, "gil", "a"), "0").await.problem(403, "forbidden");
    publish(&house, &house.host("gil", "a"), "0").await.problem(409, "not-the-owner");
    assert_eq!(publish(&house, &house.host("alice", "a"), "0").await.status, 201);
}

async fn connect(house: &House, index: u32) -> Host {
    let token = house.token(Role::Guest, "gil", "a");
    let endpoint = format!("http://{}/whip/a/seats/{index}", house.address);
    Host::connect(&endpoint, Some(&token)).await.unwrap()
}

async fn ends(host: &Host, why: &str) {
    tokio::time::timeout(HEARD_WITHIN, host.ended()).await.unwrap_or_else(|_| panic!("{why}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_session_goes_along_to_another_seat_and_ends_with_the_seat() {
    let house = seated().await;
    let first = connect(&house, 2).await;
    command(&house, "seats/move", json!({"userId": "gil", "seatIndex": 3})).await;
    let watched = async {
        while house.sdp("", "/whep/a", &offer("recvonly")).await.status != 201 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(HEARD_WITHIN, watched).await.expect("a guest who publishes is something to watch");
    let still = tokio::time::timeout(Duration::from_millis(500), first.ended()).await;
    assert!(still.is_err(), "moving ends nothing");
    publish(&house, &house.token(Role::Guest, "gil", "a"), "2").await.problem(409, "not-seated");

    let second = connect(&house, 3).await;
    ends(&first, "the second session of the same user takes over").await;
    first.close().await;
    command(&house, "seats/3/kick", json!({})).await;
    ends(&second, "who is removed from the seat publishes no more").await;
    second.close().await;
}
