//! Accepting, rejecting, cancelling, leaving and repeating a battle over REST.

use serde_json::{Value, json};

use super::house::{House, Reply};

/// Three connected lives, and a battle of alice that bob and carol are asked to; its id.
async fn asked(house: &House) -> String {
    connected(house).await;
    let wish = json!({"userIds": ["bob", "carol"], "needResponse": true, "timeoutSeconds": 60, "durationSeconds": 60});
    let reply = house.json(&house.host("alice", "a"), "POST", "/v1/lives/a/battles", &wish).await;
    let battle = reply.expect(201);
    assert_eq!((&battle["status"], &battle["startTime"]), (&json!("pending"), &Value::Null));
    assert!(battle["expireTime"].is_u64(), "{battle}");
    let id = battle["battleId"].as_str().unwrap().to_owned();
    assert_eq!(reply.header("location"), format!("/v1/battles/{id}"));
    id
}

async fn connected(house: &House) {
    for (live, owner) in [("a", "alice"), ("b", "bob"), ("c", "carol")] {
        house.live(live, owner).await;
        house.on_air(live, owner).await;
    }
    let admin = house.admin();
    let targets = json!({"targetLiveIds": ["b", "c"]});
    house.json(&admin, "POST", "/v1/lives/a/co-host/requests", &targets).await.expect(200);
    for live in ["b", "c"] {
        let accept = format!("/v1/lives/{live}/co-host/requests/a/accept");
        house.json(&admin, "POST", &accept, &Value::Null).await.expect(200);
    }
}

async fn step(house: &House, token: &str, battle: &str, step: &str, body: &Value) -> Reply {
    house.json(token, "POST", &format!("/v1/battles/{battle}/{step}"), body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_accept_and_reject_and_the_battle_starts() {
    let house = House::open().await;
    let battle = asked(&house).await;
    let (bob, carol) = (house.host("bob", "b"), house.host("carol", "c"));
    let waiting = step(&house, &bob, &battle, "accept", &Value::Null).await.expect(200);
    assert_eq!((&waiting["status"], &waiting["users"][2]["pending"]), (&json!("pending"), &json!(true)));
    let started = step(&house, &carol, &battle, "reject", &json!({})).await.expect(200);
    assert_eq!(started["status"], "started");
    assert_eq!(started["users"].as_array().unwrap().len(), 2);
    step(&house, &bob, &battle, "accept", &Value::Null).await.problem(409, "already-in-battle");
    step(&house, &carol, &battle, "accept", &Value::Null).await.problem(422, "not-in-battle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_answers_for_itself_and_an_admin_says_for_whom() {
    let house = House::open().await;
    let battle = asked(&house).await;
    let (admin, bob) = (house.admin(), house.host("bob", "b"));
    let accept = |token: String, body: Value| {
        let (house, battle) = (&house, &battle);
        async move { step(house, &token, battle, "accept", &body).await }
    };
    accept(bob.clone(), json!({"userId": "carol"})).await.problem(403, "forbidden");
    accept(house.host("bob", "c"), Value::Null).await.problem(403, "forbidden");
    accept(house.host("mallory", "*"), Value::Null).await.problem(422, "not-in-battle");
    accept(String::new(), Value::Null).await.problem(401, "unauthorized");
    let problem = accept(admin.clone(), Value::Null).await.problem(400, "bad-request");
    assert!(problem["detail"].as_str().unwrap().contains("`userId`"), "{problem}");
    accept(bob, json!({"userId": "bob"})).await.expect(200);
    accept(admin, json!({"userId": "carol"})).await.expect(200);
    let found = house.json("", "GET", &format!("/v1/battles/{battle}"), &Value::Null).await.expect(200);
    assert_eq!(found["status"], "started");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_inviter_or_an_admin_cancels() {
    let house = House::open().await;
    let battle = asked(&house).await;
    let (alice, bob) = (house.host("alice", "a"), house.host("bob", "b"));
    step(&house, &bob, &battle, "cancel", &Value::Null).await.problem(403, "forbidden");
    step(&house, &bob, &battle, "accept", &Value::Null).await.expect(200);
    let in_it = json!({"userIds": ["bob"]});
    let problem = step(&house, &alice, &battle, "cancel", &in_it).await.problem(409, "already-in-this-battle");
    assert_eq!(problem["code"], 100_419);
    let started = step(&house, &alice, &battle, "cancel", &json!({"userIds": ["carol"]})).await.expect(200);
    assert_eq!(started["status"], "started");
    step(&house, &house.admin(), &battle, "cancel", &Value::Null).await.problem(409, "already-in-this-battle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_battle_is_between_hosts_and_has_no_scores() {
    let house = House::open().await;
    let battle = asked(&house).await;
    house.json("", "GET", "/v1/lives/b/battle", &Value::Null).await.problem(404, "battle-not-found");
    let found = house.json(&house.host("bob", "b"), "GET", "/v1/lives/b/battle", &Value::Null).await.expect(200);
    assert_eq!(found["battleId"], json!(battle));
    let wish = json!({"userIds": ["bob"]});
    let again = house.json(&house.admin(), "POST", "/v1/lives/c/battles", &wish).await;
    assert_eq!(again.problem(409, "battle-pending")["code"], 100_416);
    let bearer = format!("Bearer {}", house.admin());
    let headers = [("authorization", &*bearer), ("content-type", "application/json"), ("idempotency-key", "k")];
    let scores = json!({"op": "add", "scores": [{"userId": "alice", "value": 1}]}).to_string();
    let early = house.send("POST", &format!("/v1/battles/{battle}/scores"), &headers, &scores).await;
    assert_eq!(early.problem(409, "battle-not-started")["code"], 100_420);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_battle_is_left_alone_ends_and_is_repeated() {
    let house = House::open().await;
    let battle = asked(&house).await;
    let (alice, bob, carol) = (house.host("alice", "a"), house.host("bob", "b"), house.host("carol", "c"));
    for token in [&bob, &carol] {
        step(&house, token, &battle, "accept", &Value::Null).await.expect(200);
    }
    let problem = step(&house, &bob, &battle, "rematch", &Value::Null).await.problem(409, "already-in-battle");
    assert_eq!(problem["code"], 100_415);
    for (token, status) in [(&bob, "started"), (&alice, "started"), (&carol, "ended")] {
        assert_eq!(step(&house, token, &battle, "exit", &Value::Null).await.expect(200)["status"], status);
    }
    let over = step(&house, &bob, &battle, "exit", &Value::Null).await.problem(409, "battle-ended");
    assert_eq!(over["code"], 100_421);
    let reply = step(&house, &bob, &battle, "rematch", &Value::Null).await;
    let again = reply.expect(201);
    assert_eq!((&again["status"], again["results"].as_array().unwrap().len()), (&json!("pending"), 2));
    assert_eq!(reply.header("location"), format!("/v1/battles/{}", again["battleId"].as_str().unwrap()));
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    step(&house, &bob, unknown, "rematch", &Value::Null).await.problem(404, "battle-not-found");
    step(&house, &bob, "7", "exit", &Value::Null).await.problem(400, "bad-request");
    step(&house, &bob, &battle, "exit", &json!({"user": "bob"})).await.problem(400, "bad-request");
}
