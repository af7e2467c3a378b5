//! Lives and connections over REST.

use costage::api::auth::Role;
use serde_json::{Value, json};

use super::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn live_is_created_listed_found_and_ended() {
    let house = House::open().await;
    let alice = house.host("alice", "a");
    let body = json!({"liveId": "a", "liveName": "Alice live",
        "owner": {"userId": "alice", "userName": "Alice", "avatarUrl": ""}, "isPublicVisible": true});
    let created = house.json(&alice, "POST", "/v1/lives", &body).await;
    assert_eq!(created.header("location"), "/v1/lives/a");
    let live = created.expect(201);
    assert_eq!((&live["whipUrl"], &live["whepUrl"]), (&json!("/whip/a"), &json!("/whep/a")));
    assert_eq!((&live["liveName"], &live["seatTemplate"]), (&json!("Alice live"), &json!("videoDynamicGrid9Seats")));
    let now = house.json("", "GET", "/v1/time", &Value::Null).await.expect(200)["serverTime"].as_u64().unwrap();
    assert!(now - live["createTime"].as_u64().unwrap() < 10_000);

    assert_eq!(house.json("", "GET", "/v1/lives/a", &Value::Null).await.expect(200), live);
    let page = house.json("", "GET", "/v1/lives?cursor=&count=5", &Value::Null).await.expect(200);
    assert_eq!(page, json!({"lives": [live], "cursor": ""}));

    house.json(&alice, "POST", "/v1/lives", &body).await.problem(409, "live-id-yours");
    house
        .json(&house.host("bob", "*"), "POST", "/v1/lives", &json!({"liveId": "a"}))
        .await
        .problem(409, "live-id-taken");
    house.json(&house.host("bob", "*"), "DELETE", "/v1/lives/a", &Value::Null).await.problem(403, "forbidden");
    assert_eq!(house.json(&alice, "DELETE", "/v1/lives/a", &Value::Null).await.status, 204);
    house.json("", "GET", "/v1/lives/a", &Value::Null).await.problem(404, "live-not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_is_refused_with_the_field_and_the_reason() {
    let house = House::open().await;
    let admin = house.admin();
    let create = async |body: Value| house.json(&admin, "POST", "/v1/lives", &body).await;
    let unknown = create(json!({"liveId": "a", "liveNmae": "x"})).await.problem(400, "bad-request");
    assert!(unknown["detail"].as_str().unwrap().contains("liveNmae"), "{unknown}");
    let bad_id = create(json!({"liveId": "no good"})).await.problem(400, "bad-request");
    assert!(bad_id["detail"].as_str().unwrap().contains("liveId"), "{bad_id}");
    create(json!({})).await.problem(400, "bad-request");
    create(json!([])).await.problem(400, "bad-request");
    create(json!({"liveId": "a", "maxSeatCount": -1})).await.problem(400, "bad-request");
    create(json!({"liveId": "a", "maxSeatCount": 51})).await.problem(400, "bad-request");
    create(json!({"liveId": "a", "liveName": "x".repeat(101)})).await.problem(400, "bad-request");
    let says = |problem: &Value, words: &str| assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    let key = create(json!({"liveId": "a", "metaData": {"x".repeat(51): ""}})).await.problem(422, "meta-data-key");
    says(&key, "xxx\"… has 51 bytes; give it 1 to 50");
    let long = json!({"fine": "", "mood": "x".repeat(2_049)});
    let value = create(json!({"liveId": "a", "metaData": long})).await.problem(422, "meta-data-value");
    says(&value, "key \"mood\" has 2049 bytes; shorten it to at most 2048");
    let number = create(json!({"liveId": "a", "metaData": {"fine": "", "mood": 7}})).await.problem(400, "bad-request");
    says(&number, "`metaData.mood`: invalid type: integer `7`, expected a string");
    create(json!({"liveId": "a", "notice": "x".repeat(70_000)})).await.problem(413, "body-too-large");
    let bearer = format!("Bearer {admin}");
    let text =
        house.send("POST", "/v1/lives", &[("authorization", &bearer), ("content-type", "text/plain")], "{}").await;
    text.problem(415, "unsupported-media-type");
    let cut = [("authorization", &*bearer), ("content-type", "application/json")];
    house.send("POST", "/v1/lives", &cut, "{\"liveId\":").await.problem(400, "bad-request");
    house.json("", "POST", "/v1/lives", &json!({"liveId": "a"})).await.problem(401, "unauthorized");
    let other = json!({"liveId": "a", "owner": {"userId": "bob"}});
    house.json(&house.host("alice", "a"), "POST", "/v1/lives", &other).await.problem(403, "forbidden");
    let viewer = house.token(Role::Audience, "v", "*");
    house.json(&viewer, "POST", "/v1/lives", &json!({"liveId": "a"})).await.problem(403, "forbidden");
    house.json("", "GET", "/v1/lives?count=101", &Value::Null).await.problem(400, "bad-request");
    house.json("", "GET", "/v1/lives?page=2", &Value::Null).await.problem(400, "bad-request");
    house.json("", "GET", "/v1/lives/no%20good", &Value::Null).await.problem(400, "bad-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn connection_is_requested_accepted_seen_and_left() {
    let house = House::open().await;
    for (live, user) in [("a", "alice"), ("b", "bob"), ("c", "carol")] {
        house.live(live, user).await;
        house.on_air(live, user).await;
    }
    let (alice, bob) = (house.host("alice", "a"), house.host("bob", "b"));
    let requests = "/v1/lives/a/co-host/requests";
    let request = json!({"targetLiveIds": ["b"], "layoutTemplate": "hostDynamicGrid", "timeoutSeconds": 30,
        "extensionInfo": "{\"withPK\":true}"});
    house.json(&bob, "POST", requests, &request).await.problem(403, "forbidden");
    let results = house.json(&alice, "POST", requests, &request).await.expect(200);
    assert_eq!(results, json!({"results": [{"liveId": "b", "code": 0}]}));
    house.json(&alice, "POST", requests, &json!({"targetLiveIds": ["no good"]})).await.problem(400, "bad-request");

    let accept = "/v1/lives/b/co-host/requests/a/accept";
    let seen = house.json("", "GET", "/v1/lives/b/co-host", &Value::Null).await.expect(200);
    assert_eq!(seen["applicant"], Value::Null, "invitations are between hosts");
    let seen = house.json(&bob, "GET", "/v1/lives/b/co-host", &Value::Null).await.expect(200);
    assert_eq!(seen["applicant"]["liveId"], "a");
    house.json(&bob, "POST", accept, &json!({"x": 1})).await.problem(400, "bad-request");
    let connected = house.json(&bob, "POST", accept, &Value::Null).await.expect(200);
    assert_eq!(connected, json!({"connected": ["a", "b"], "templateId": 600, "template": "hostDynamicGrid"}));
    house.json(&bob, "POST", accept, &json!({})).await.problem(404, "request-not-found");
    let layout = house.json("", "GET", "/v1/lives/a/layout", &Value::Null).await.expect(200);
    assert_eq!(layout["regions"].as_array().unwrap().len(), 2);

    assert_eq!(house.json(&bob, "DELETE", "/v1/lives/b/co-host", &Value::Null).await.status, 204);
    house.json(&bob, "DELETE", "/v1/lives/b/co-host", &Value::Null).await.problem(409, "not-connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_target_that_failed_is_answered_with_the_code_that_says_why() {
    let house = House::open().await;
    let all: Vec<String> = ('a'..='k').map(String::from).collect();
    for live in &all {
        house.live(live, &format!("{live}-host")).await;
    }
    let admin = house.admin();
    let invite = async |from: &str, to: &str| {
        let path = format!("/v1/lives/{from}/co-host/requests");
        house.json(&admin, "POST", &path, &json!({"targetLiveIds": [to]})).await
    };
    let code = async |from: &str, to: &str, status: u16, slug: &str| {
        invite(from, to).await.problem(status, slug)["code"].as_u64().unwrap()
    };
    // The product's codes of connections begin with rooms that are there; one that is not has its general code.
    assert_eq!(code("a", "nobody", 404, "live-not-found").await, 100_004);
    invite("a", "b").await.expect(200);
    assert_eq!(code("a", "b", 409, "connection-pending").await, 100_402);
    assert_eq!(code("c", "b", 409, "connected-elsewhere").await, 100_403);
    for live in &all[1..9] {
        drop(invite("a", live).await);
        let accept = format!("/v1/lives/{live}/co-host/requests/a/accept");
        house.json(&admin, "POST", &accept, &Value::Null).await.expect(200);
    }
    assert_eq!(code("a", "b", 409, "already-connected").await, 100_401);
    assert_eq!(code("k", "b", 409, "connected-elsewhere").await, 100_403);
    assert_eq!(code("a", "j", 409, "connection-full").await, 100_404);

    let several = json!({"targetLiveIds": ["nobody", "b"]});
    let results = house.json(&admin, "POST", "/v1/lives/k/co-host/requests", &several).await.expect(200);
    assert_eq!(results, json!({"results": [{"liveId": "nobody", "code": 1}, {"liveId": "b", "code": 3}]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_pending_requests_are_answered_100405_with_retry_after() {
    let house = House::open().await;
    let admin = house.admin();
    house.live("a", "alice").await;
    for number in 0..=16 {
        let live = format!("b{number}");
        house.live(&live, &live).await;
        let request = json!({"targetLiveIds": [live]});
        let reply = house.json(&admin, "POST", "/v1/lives/a/co-host/requests", &request).await;
        if number < 16 {
            reply.expect(200);
        } else {
            assert_eq!(reply.problem(429, "connection-too-often")["code"], 100_405);
            assert_ne!(reply.header("retry-after"), "");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn request_may_be_rejected_and_taken_back() {
    let house = House::open().await;
    for (live, user) in [("a", "alice"), ("b", "bob")] {
        house.live(live, user).await;
        house.on_air(live, user).await;
    }
    let (admin, request) = (house.admin(), json!({"targetLiveIds": ["b"], "layoutTemplate": 600}));
    for path in ["/v1/lives/b/co-host/requests/a/reject", "/v1/lives/a/co-host/requests/b/cancel"] {
        house.json(&admin, "POST", "/v1/lives/a/co-host/requests", &request).await.expect(200);
        assert_eq!(house.json(&admin, "POST", path, &json!({})).await.status, 204, "{path}");
        house.json(&admin, "POST", path, &json!({})).await.problem(404, "request-not-found");
    }
}
