//! WHEP, draft-ietf-wish-whep-04, where it differs from WHIP.

use costage::api::ViewerTokens;
use costage::api::auth::Role;
use serde_json::json;

use super::house::{House, offer};

#[tokio::test(flavor = "multi_thread")]
async fn viewer_waits_until_something_is_live_and_then_gets_it() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let early = house.sdp("", "/whep/a", &offer("recvonly")).await;
    early.problem(409, "not-live");
    assert!(early.header("retry-after").parse::<u32>().unwrap() >= 1);
    house.on_air("a", "alice").await;
    let created = house.sdp("", "/whep/a", &offer("recvonly")).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert!(created.header("location").starts_with("/whep/") && created.body.contains("a=sendonly"));
    assert_eq!(created.header("content-length"), created.body.len().to_string());
    assert_eq!(house.send("DELETE", created.header("location"), &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn viewer_is_never_answered_400_or_406() {
    let house = House::open().await;
    house.live("a", "alice").await;
    house.on_air("a", "alice").await;
    house.sdp("", "/whep/a", "v=0").await.problem(422, "malformed-viewer-offer");
    house.sdp("", "/whep/a", "").await.problem(422, "malformed-viewer-offer");
    house.sdp("", "/whep/a", &offer("sendonly")).await.problem(422, "unusable-offer");
    let vp8 = offer("recvonly").replace("H264/90000", "VP8/90000").replace("opus/48000/2", "PCMU/8000");
    house.sdp("", "/whep/a", &vp8).await.problem(422, "no-common-codec");
    house.sdp("", "/whep/a", &"x".repeat(70_000)).await.problem(413, "body-too-large");
    let binary = house.send("POST", "/whep/a", &[("content-type", "text/plain")], "v=0").await;
    binary.problem(415, "unsupported-media-type");
    house.sdp("", "/whep/-bad-id", "v=0").await.problem(404, "live-not-found");
    house.sdp("", "/whep/%ff", "v=0").await.problem(404, "route-not-found");
    house.sdp("", "/whep/nobody", "v=0").await.problem(404, "live-not-found");
    house.sdp("rubbish", "/whep/a", "v=0").await.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn host_alone_is_played_by_its_name_and_an_unknown_one_is_told_who_is_there() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let play = async |path: &str| house.sdp("", path, &offer("recvonly")).await;
    let early = play("/whep/a/hosts/alice").await;
    let problem = early.problem(409, "not-live");
    assert!(problem["detail"].as_str().unwrap().starts_with("user alice does not publish"), "{problem}");
    assert!(early.header("retry-after").parse::<u32>().unwrap() >= 1);
    let unknown = play("/whep/a/hosts/bob").await.problem(404, "host-not-found");
    assert_eq!(unknown["code"], 100_005);
    assert!(unknown["detail"].as_str().unwrap().ends_with("there are alice"), "{unknown}");
    house.on_air("a", "alice").await;
    play("/whep/nobody/hosts/alice").await.problem(404, "live-not-found");
    play("/whep/a/hosts/b%20d").await.problem(404, "host-not-found");
    play("/whep/a/hosts/%ff").await.problem(404, "route-not-found");
    house.sdp("", "/whep/a/hosts/alice", "v=0").await.problem(422, "malformed-viewer-offer");
    house.sdp("rubbish", "/whep/a/hosts/alice", "v=0").await.problem(401, "unauthorized");
    house.send("PATCH", "/whep/a/hosts/alice", &[], "").await.problem(405, "method-not-allowed");
    // No session of a host is there, only control's word: its viewer waits as one who came before the first packet.
    let created = play("/whep/a/hosts/alice").await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert!(created.header("location").starts_with("/whep/sessions/") && created.body.contains("a=sendonly"));
    assert_eq!(house.send("DELETE", created.header("location"), &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn host_of_a_live_that_is_not_public_is_played_with_a_token_that_names_the_live() {
    let house = House::open().await;
    let body = json!({"liveId": "p", "owner": {"userId": "alice"}, "isPublicVisible": false});
    house.json(&house.admin(), "POST", "/v1/lives", &body).await.expect(201);
    house.on_air("p", "alice").await;
    let viewer = |live: &str| house.token(Role::Audience, "v", live);
    let path = "/whep/p/hosts/alice";
    house.sdp("", path, &offer("recvonly")).await.problem(401, "unauthorized");
    house.sdp("", "/whep/p/hosts/nobody", &offer("recvonly")).await.problem(401, "unauthorized");
    house.sdp(&viewer("a"), path, &offer("recvonly")).await.problem(403, "forbidden");
    assert_eq!(house.sdp(&viewer("p"), path, &offer("recvonly")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn live_that_is_not_public_wants_a_token_that_names_it() {
    let house = House::open().await;
    let body = json!({"liveId": "p", "owner": {"userId": "alice"}, "isPublicVisible": false});
    house.json(&house.admin(), "POST", "/v1/lives", &body).await.expect(201);
    house.on_air("p", "alice").await;
    let viewer = |live: &str| house.token(Role::Audience, "v", live);
    house.sdp("", "/whep/p", &offer("recvonly")).await.problem(401, "unauthorized");
    house.sdp(&viewer("a"), "/whep/p", &offer("recvonly")).await.problem(403, "forbidden");
    house.sdp(&viewer(""), "/whep/p", &offer("recvonly")).await.problem(403, "forbidden");
    assert_eq!(house.sdp(&viewer("p"), "/whep/p", &offer("recvonly")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_need_tokens_where_the_server_says_so() {
    let house = House::with(|settings| settings.viewer_tokens = ViewerTokens::Required).await;
    house.live("a", "alice").await;
    house.on_air("a", "alice").await;
    house.sdp("", "/whep/a", &offer("recvonly")).await.problem(401, "unauthorized");
    house.json("", "GET", "/v1/lives", &serde_json::Value::Null).await.problem(401, "unauthorized");
    assert_eq!(house.sdp(&house.token(Role::Audience, "v", ""), "/whep/a", &offer("recvonly")).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn stage_without_oneself_is_for_who_is_heard_on_it() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let hear = async |token: &str, path: &str| house.sdp(token, path, &offer("recvonly")).await;
    let alice = house.host("alice", "a");
    let early = hear(&alice, "/whep/a/return").await;
    early.problem(409, "not-live");
    assert!(early.header("retry-after").parse::<u32>().unwrap() >= 1);
    house.on_air("a", "alice").await;
    hear("", "/whep/a/return").await.problem(401, "unauthorized");
    hear("rubbish", "/whep/a/return").await.problem(401, "unauthorized");
    for stranger in [house.host("bob", "a"), house.token(Role::Audience, "vic", "a")] {
        let refused = hear(&stranger, "/whep/a/return").await.problem(403, "forbidden");
        assert!(refused["detail"].as_str().unwrap().contains("neither owns live a nor sits"), "{refused}");
    }
    let elsewhere = hear(&house.host("alice", "b"), "/whep/a/return").await.problem(403, "forbidden");
    assert!(elsewhere["detail"].as_str().unwrap().contains("`live` claim"), "{elsewhere}");
    hear(&alice, "/whep/nobody/return").await.problem(403, "forbidden");
    hear(&house.host("alice", "*"), "/whep/nobody/return").await.problem(404, "live-not-found");
    hear(&house.admin(), "/whep/-bad/return").await.problem(404, "live-not-found");
    house.sdp(&alice, "/whep/a/return", "v=0").await.problem(422, "malformed-viewer-offer");
    for token in [alice, house.admin()] {
        let created = hear(&token, "/whep/a/return").await;
        assert_eq!(created.status, 201, "{}", created.body);
        assert!(created.header("location").starts_with("/whep/sessions/") && created.body.contains("a=sendonly"));
    }
}
