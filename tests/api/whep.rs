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
