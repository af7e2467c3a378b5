//! Battles and scores over REST.

use serde_json::{Value, json};

use super::house::{House, Reply};

async fn score(house: &House, token: &str, battle: &str, key: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", &*bearer), ("content-type", "application/json")];
    if !key.is_empty() {
        headers.push(("idempotency-key", key));
    }
    house.send("POST", &format!("/v1/battles/{battle}/scores"), &headers, &body.to_string()).await
}

fn add(user: &str, value: i64) -> Value {
    json!({"op": "add", "scores": [{"userId": user, "value": value}],
        "source": {"giftId": "rocket", "senderId": "u9", "reference": "order 778"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn battle_starts_at_once_and_is_found() {
    let house = House::open().await;
    let battle = house.battle().await;
    let found = house.json("", "GET", &format!("/v1/battles/{battle}"), &Value::Null).await.expect(200);
    assert_eq!((&found["status"], &found["durationSeconds"]), (&json!("started"), &json!(300)));
    assert_eq!(found["endTime"].as_u64().unwrap() - found["startTime"].as_u64().unwrap(), 300_000);
    for live in ["a", "b"] {
        let path = format!("/v1/lives/{live}/battle");
        assert_eq!(house.json("", "GET", &path, &Value::Null).await.expect(200), found);
    }
    let wish = json!({"userIds": ["bob"], "needResponse": false, "timeoutSeconds": 0});
    house.json(&house.admin(), "POST", "/v1/lives/a/battles", &wish).await.problem(409, "already-in-battle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_with_two_keys_is_refused() {
    let house = House::open().await;
    let battle = house.battle().await;
    let bearer = format!("Bearer {}", house.admin());
    let keys = [("idempotency-key", "one"), ("idempotency-key", "two")];
    let headers = [[("authorization", &*bearer), ("content-type", "application/json")], keys].concat();
    let path = format!("/v1/battles/{battle}/scores");
    let reply = house.send("POST", &path, &headers, &add("alice", 5).to_string()).await;
    reply.problem(400, "bad-request");
    assert!(reply.body.contains("send `Idempotency-Key` once"), "{}", reply.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn battle_requests_that_cannot_be_are_refused() {
    let house = House::open().await;
    house.live("a", "alice").await;
    let wish = json!({"userIds": ["bob"], "needResponse": false, "timeoutSeconds": 0});
    house.json(&house.admin(), "POST", "/v1/lives/a/battles", &wish).await.problem(409, "not-in-connection");
    let both = json!({"userIds": ["bob"], "needResponse": false, "timeoutSeconds": 30});
    let problem = house.json(&house.admin(), "POST", "/v1/lives/a/battles", &both).await.problem(400, "bad-request");
    assert!(problem["detail"].as_str().unwrap().starts_with("timeoutSeconds: must be 0 or absent"), "{problem}");
    let short = json!({"userIds": ["bob"], "needResponse": false, "durationSeconds": 4});
    house.json(&house.admin(), "POST", "/v1/lives/a/battles", &short).await.problem(400, "bad-request");
    house.json(&house.host("bob", "*"), "POST", "/v1/lives/a/battles", &wish).await.problem(403, "forbidden");
    house.json("", "GET", "/v1/lives/a/battle", &Value::Null).await.problem(404, "battle-not-found");
    house.json("", "GET", "/v1/battles/7", &Value::Null).await.problem(400, "bad-request");
    let unknown = "/v1/battles/01890a5d-ac96-774b-bcce-b302099a8057";
    house.json("", "GET", unknown, &Value::Null).await.problem(404, "battle-not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn same_key_and_content_gives_the_stored_answer() {
    let house = House::open().await;
    let battle = house.battle().await;
    let admin = house.admin();
    let first = score(&house, &admin, &battle, "gift-1", &add("alice", 500)).await.expect(200);
    assert_eq!(first, json!({"battleId": battle, "scores": {"alice": 500, "bob": 0}, "ledgerSeq": 1}));
    let second = score(&house, &admin, &battle, "gift-2", &add("bob", 20)).await.expect(200);
    assert_eq!(second["scores"], json!({"alice": 500, "bob": 20}));
    assert_eq!(score(&house, &admin, &battle, "gift-1", &add("alice", 500)).await.expect(200), first);
    score(&house, &admin, &battle, "gift-1", &add("alice", 501)).await.problem(422, "idempotency-key-reused");
    let found = house.json("", "GET", &format!("/v1/battles/{battle}"), &Value::Null).await.expect(200);
    assert_eq!(found["scores"], json!({"alice": 500, "bob": 20}));

    // The end changes nothing of that, and takes nothing new.
    house.json(&admin, "DELETE", "/v1/lives/b/co-host", &Value::Null).await;
    assert_eq!(score(&house, &admin, &battle, "gift-1", &add("alice", 500)).await.expect(200), first);
    score(&house, &admin, &battle, "gift-1", &add("alice", 501)).await.problem(422, "idempotency-key-reused");
    score(&house, &admin, &battle, "gift-3", &add("alice", 500)).await.problem(409, "battle-ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_are_for_the_backend_and_within_their_range() {
    let house = House::open().await;
    let battle = house.battle().await;
    let admin = house.admin();
    score(&house, &house.host("alice", "*"), &battle, "k", &add("alice", 1)).await.problem(403, "forbidden");
    score(&house, &admin, &battle, "", &add("alice", 1)).await.problem(400, "bad-request");
    score(&house, &admin, &battle, &"k".repeat(129), &add("alice", 1)).await.problem(400, "bad-request");
    score(&house, &admin, &battle, "k", &add("alice", -1)).await.problem(422, "score-out-of-range");
    score(&house, &admin, &battle, "k", &add("mallory", 1)).await.problem(422, "not-in-battle");
    let half = json!({"op": "add", "scores": [{"userId": "alice", "value": 0.5}]});
    score(&house, &admin, &battle, "k", &half).await.problem(400, "bad-request");
    let double = json!({"op": "double", "scores": []});
    score(&house, &admin, &battle, "k", &double).await.problem(400, "bad-request");
    score(&house, &admin, "7", "k", &add("alice", 1)).await.problem(400, "bad-request");
    let set = json!({"op": "set", "scores": [{"userId": "alice", "value": 7}, {"userId": "bob", "value": 8}]});
    assert_eq!(score(&house, &admin, &battle, "k", &set).await.expect(200)["scores"], json!({"alice": 7, "bob": 8}));
}

#[tokio::test(flavor = "multi_thread")]
async fn score_after_the_end_is_refused() {
    let house = House::open().await;
    let battle = house.battle().await;
    let admin = house.admin();
    assert_eq!(house.json(&admin, "DELETE", "/v1/lives/b/co-host", &Value::Null).await.status, 204);
    score(&house, &admin, &battle, "late", &add("alice", 1)).await.problem(409, "battle-ended");
}
