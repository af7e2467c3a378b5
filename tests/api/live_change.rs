//! Changing a live over REST.

use serde_json::{Value, json};

use super::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn patch_changes_the_named_fields_only_and_answers_the_live() {
    let house = House::open().await;
    let before = house.live("a", "alice").await;
    let alice = house.host("alice", "a");
    let change = json!({"notice": "soon", "overlays": {"names": false}, "metaData": {"mood": "good"}});
    let after = house.json(&alice, "PATCH", "/v1/lives/a", &change).await.expect(200);
    let mut expected = before;
    (expected["notice"], expected["overlays"]["names"]) = (json!("soon"), json!(false));
    expected["metaData"] = json!({"mood": "good"});
    assert_eq!(after, expected);
    assert_eq!(house.json("", "GET", "/v1/lives/a", &Value::Null).await.expect(200), expected);
    let nothing = house.json(&alice, "PATCH", "/v1/lives/a", &json!({"notice": null})).await.expect(200);
    assert_eq!(nothing, expected, "null names nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn patch_is_refused_with_the_field_and_the_reason_and_changes_nothing() {
    let house = House::open().await;
    let before = house.live("a", "alice").await;
    let alice = house.host("alice", "a");
    let patch = async |body: Value| house.json(&alice, "PATCH", "/v1/lives/a", &body).await;
    for (body, words) in [
        (json!({"owner": {"userId": "bob"}}), "owner"),
        (json!({"liveId": "b"}), "liveId"),
        (json!({"notice": 7}), "notice"),
        (json!({"notice": "fine", "liveName": "x".repeat(101)}), "liveName"),
        (json!({"maxSeatCount": 51}), "maxSeatCount"),
        (json!({"seatMode": "closed"}), "seatMode"),
        (json!({"seatTemplate": "theatre"}), "seatTemplate"),
        (json!({"overlays": {"all": false}}), "all"),
    ] {
        let problem = patch(body).await.problem(400, "bad-request");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
    let long = json!({"metaData": {"mood": "x".repeat(2_049)}});
    assert_eq!(patch(long).await.problem(422, "meta-data-value")["code"], 100_501);
    let other = json!({"notice": "mine"});
    house.json("", "PATCH", "/v1/lives/a", &other).await.problem(401, "unauthorized");
    house.json(&house.host("bob", "*"), "PATCH", "/v1/lives/a", &other).await.problem(403, "forbidden");
    house.json(&house.admin(), "PATCH", "/v1/lives/b", &other).await.problem(404, "live-not-found");
    assert_eq!(house.json("", "GET", "/v1/lives/a", &Value::Null).await.expect(200), before);
}
