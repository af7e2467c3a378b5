//! Seats over REST, and who may do what with them.

use costage::api::auth::Role;
use serde_json::{Value, json};

use super::house::{House, Reply};

async fn post(house: &House, token: &str, path: &str, body: &Value) -> Reply {
    house.json(token, "POST", &format!("/v1/lives/a/{path}"), body).await
}

/// A live of alice whose seats are free to take; tokens of alice, of guests gil and hal.
async fn open() -> (House, String, String, String) {
    let house = House::open().await;
    let new = json!({"liveId": "a", "seatMode": "free", "maxSeatCount": 4, "owner": {"userId": "alice"}});
    house.json(&house.admin(), "POST", "/v1/lives", &new).await.expect(201);
    let (alice, gil) = (house.host("alice", "a"), house.token(Role::Guest, "gil", "a"));
    let hal = house.token(Role::Guest, "hal", "a");
    (house, alice, gil, hal)
}

async fn seated(house: &House) -> Vec<String> {
    let list = house.json("", "GET", "/v1/lives/a/seats", &Value::Null).await.expect(200);
    let seats = list["seatList"].as_array().unwrap().iter();
    let named = seats.filter(|seat| !seat["userInfo"].is_null());
    named.map(|seat| format!("{}:{}", seat["index"], seat["userInfo"]["userId"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audience_watches_and_neither_sits_nor_asks_to() {
    let (house, ..) = open().await;
    let viewer = house.token(Role::Audience, "vic", "a");
    for path in ["seats/1/take", "seats/move", "seat-applications", "seat-invitations/vic/accept"] {
        let body = if path == "seats/move" { json!({"userId": "vic", "seatIndex": 2}) } else { json!({}) };
        let problem = post(&house, &viewer, path, &body).await.problem(403, "forbidden");
        assert!(problem["detail"].as_str().unwrap().contains("role guest, host or admin"), "{path}: {problem}");
    }
    assert_eq!(seated(&house).await, ["0:alice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn seat_is_taken_moved_muted_locked_and_left() {
    let (house, alice, gil, hal) = open().await;
    let none = Value::Null;
    let seat = post(&house, &gil, "seats/1/take", &json!({"userName": "Gil", "avatarUrl": "g.png"})).await.expect(200);
    assert_eq!(
        seat,
        json!({"liveId": "a", "index": 1, "isLocked": false, "userInfo": {
            "userId": "gil", "userName": "Gil", "avatarUrl": "g.png", "liveId": "a", "role": "guest",
            "microphoneStatus": "opened", "allowOpenMicrophone": true, "cameraStatus": "opened", "allowOpenCamera": true}})
    );
    assert_eq!(post(&house, &hal, "seats/2/take", &none).await.expect(200)["userInfo"]["userId"], "hal");
    for word in ["mute", "unmute", "camera-off", "camera-on"] {
        assert_eq!(post(&house, &alice, &format!("seats/1/{word}"), &none).await.status, 204, "{word}");
    }
    let list = house.json("", "GET", "/v1/lives/a/seats", &none).await.expect(200);
    assert_eq!(list["seatList"][1]["userInfo"]["cameraStatus"], "closedBySelf");
    let swap = json!({"userId": "gil", "seatIndex": 2, "policy": "swapPosition"});
    assert_eq!(post(&house, &alice, "seats/move", &swap).await.expect(200)["index"], 2);
    assert_eq!(seated(&house).await, ["0:alice", "1:hal", "2:gil"]);
    let force = json!({"userId": "gil", "seatIndex": 1, "policy": 1});
    post(&house, &alice, "seats/move", &force).await.expect(200);
    assert_eq!(seated(&house).await, ["0:alice", "1:gil"]);
    assert_eq!(post(&house, &gil, "seats/1/leave", &none).await.status, 204);
    post(&house, &hal, "seats/3/take", &none).await.expect(200);
    assert_eq!(post(&house, &alice, "seats/3/lock", &none).await.status, 204);
    assert_eq!(seated(&house).await, ["0:alice"]);
    assert_eq!(post(&house, &alice, "seats/3/unlock", &none).await.status, 204);
    let picked = post(&house, &house.admin(), "seats/3/take", &json!({"userId": "hal"})).await.expect(200);
    assert_eq!(picked["index"], 3);
    assert_eq!(post(&house, &alice, "seats/3/kick", &none).await.status, 204);
    assert_eq!(seated(&house).await, ["0:alice"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn seat_is_applied_for_and_invited_to() {
    let (house, alice, gil, hal) = open().await;
    let none = Value::Null;
    let wish = json!({"seatIndex": -1, "timeoutSeconds": 0, "extensionInfo": "please"});
    let request = post(&house, &gil, "seat-applications", &wish).await.expect(201);
    let expected = json!({"userId": "gil", "userName": "", "avatarUrl": "", "liveId": "a", "seatIndex": -1,
        "extensionInfo": "please", "expireTime": null});
    assert_eq!(request, expected);
    post(&house, &alice, "seat-invitations", &json!({"userId": "hal", "seatIndex": 3})).await.expect(201);
    let list = async |token: &str, which: &str| {
        let found = house.json(token, "GET", &format!("/v1/lives/a/seat-{which}s"), &Value::Null).await.expect(200);
        let users = found.as_object().unwrap().values().next().unwrap().as_array().unwrap().iter();
        users.map(|user| user["userId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (list(&alice, "application").await, list(&alice, "invitation").await),
        (vec!["gil".into()], vec!["hal".into()])
    );
    assert_eq!((list(&gil, "application").await.len(), list(&gil, "invitation").await.len()), (1, 0), "one's own only");
    assert_eq!((list("", "application").await.len(), list("", "invitation").await.len()), (0, 0));
    let seat = post(&house, &alice, "seat-applications/gil/accept", &none).await.expect(200);
    assert_eq!(seat["index"], 1);
    post(&house, &hal, "seat-invitations/hal/accept", &none).await.expect(200);
    assert_eq!(seated(&house).await, ["0:alice", "1:gil", "3:hal"]);
    for (index, token) in [(1, &gil), (3, &hal)] {
        post(&house, token, &format!("seats/{index}/leave"), &none).await;
    }
    for (word, asks, answers) in [("reject", &gil, &alice), ("cancel", &gil, &gil)] {
        post(&house, asks, "seat-applications", &json!({})).await.expect(201);
        assert_eq!(post(&house, answers, &format!("seat-applications/gil/{word}"), &none).await.status, 204);
    }
    for (word, answers) in [("reject", &hal), ("cancel", &alice)] {
        post(&house, &alice, "seat-invitations", &json!({"userId": "hal"})).await.expect(201);
        assert_eq!(post(&house, answers, &format!("seat-invitations/hal/{word}"), &none).await.status, 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_about_seats_has_its_code_and_type() {
    let (house, alice, gil, hal) = open().await;
    let (none, admin) = (Value::Null, house.admin());
    let code = async |token: &str, path: &str, body: Value, status: u16, slug: &str| {
        post(&house, token, path, &body).await.problem(status, slug)["code"].as_u64().unwrap()
    };
    post(&house, &alice, "seats/3/lock", &none).await;
    assert_eq!(code(&gil, "seats/3/take", json!({}), 409, "seat-locked").await, 100_200);
    post(&house, &gil, "seats/1/take", &none).await.expect(200);
    assert_eq!(code(&hal, "seats/1/take", json!({}), 409, "seat-occupied").await, 100_201);
    post(&house, &hal, "seat-applications", &json!({})).await.expect(201);
    assert_eq!(code(&hal, "seat-applications", json!({}), 409, "seat-request-pending").await, 100_202);
    assert_eq!(code(&gil, "seats/2/take", json!({}), 409, "already-seated").await, 100_203);
    let other = "seat-invitations/hal/cancel";
    assert_eq!(code(&alice, other, json!({}), 404, "seat-request-not-found").await, 100_204);
    assert_eq!(code(&gil, "seats/2/leave", json!({}), 409, "not-seated").await, 100_206);
    assert_eq!(code(&gil, "seats/1/take", json!({}), 409, "already-on-that-seat").await, 100_210);
    assert_eq!(code(&alice, "seats/0/leave", json!({}), 409, "owner-stays-on-seat").await, 100_006);
    assert_eq!(code(&alice, "seats/0/lock", json!({}), 409, "seat-of-the-owner").await, 100_006);
    post(&house, &alice, "seats/1/mute", &none).await;
    assert_eq!(code(&gil, "seats/1/unmute", json!({}), 409, "device-locked").await, 100_006);
    post(&house, &gil, "seats/1/camera-off", &none).await;
    assert_eq!(code(&alice, "seats/1/camera-on", json!({}), 409, "device-closed-by-user").await, 100_006);
    post(&house, &admin, "seats/2/take", &json!({"userId": "ida"})).await.expect(200);
    assert_eq!(code(&admin, "seat-applications", json!({"userId": "jo"}), 409, "seats-full").await, 100_205);

    let closed = json!({"liveId": "b", "isSeatEnabled": false, "owner": {"userId": "bob"}});
    house.json(&admin, "POST", "/v1/lives", &closed).await.expect(201);
    let problem = house.json(&admin, "POST", "/v1/lives/b/seats/1/lock", &none).await.problem(409, "no-seats");
    assert_eq!(problem["code"], 100_211);
    let problem = house.json("", "GET", "/v1/lives/b/seats", &none).await.problem(404, "seat-list-empty");
    assert_eq!(problem["code"], 100_251);
    house.live("c", "carol").await;
    let guest = house.token(Role::Guest, "gil", "c");
    house.json(&guest, "POST", "/v1/lives/c/seats/1/take", &none).await.problem(403, "seat-needs-consent");
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_are_managed_by_the_owner_and_admins_and_taken_with_a_token_of_the_live() {
    let (house, _, gil, hal) = open().await;
    let none = Value::Null;
    post(&house, &hal, "seats/1/take", &none).await.expect(200);
    for path in ["seats/1/kick", "seats/2/lock", "seats/2/unlock", "seats/1/mute", "seat-applications/hal/accept"] {
        post(&house, &gil, path, &none).await.problem(403, "forbidden");
    }
    post(&house, &gil, "seats/2/take", &json!({"userId": "ida"})).await.problem(403, "forbidden");
    post(&house, &gil, "seat-invitations", &json!({"userId": "ida"})).await.problem(403, "forbidden");
    // The owner's id alone is not enough: it takes a host's token.
    let weak = house.token(Role::Audience, "alice", "a");
    post(&house, &weak, "seats/1/kick", &none).await.problem(403, "forbidden");
    post(&house, &house.host("alice", "b"), "seats/1/kick", &none).await.problem(403, "forbidden");
    post(&house, &house.token(Role::Guest, "ida", "b"), "seats/2/take", &none).await.problem(403, "forbidden");
    post(&house, "", "seats/2/take", &none).await.problem(401, "unauthorized");
    assert_eq!(seated(&house).await, ["0:alice", "1:hal"], "nothing changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_seat_requests_name_the_field_and_the_fix() {
    let (house, alice, gil, _) = open().await;
    let says = async |token: &str, path: &str, body: Value, words: &str| {
        let problem = post(&house, token, path, &body).await.problem(400, "bad-request");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{path}: {problem}");
    };
    says(&gil, "seats/x/take", json!({}), "`seatIndex` must be a seat's number").await;
    says(&gil, "seats/-1/leave", json!({}), "`seatIndex` must be a seat's number").await;
    says(&gil, "seats/4/take", json!({}), "seatIndex: must be 0 to 3, found 4").await;
    says(&gil, "seats/1/take", json!({"seat": 1}), "unknown field `seat`").await;
    says(&gil, "seats/1/lock", json!({"x": 1}), "unknown field `x`").await;
    says(&alice, "seats/move", json!({"seatIndex": 1}), "missing field `userId`").await;
    says(&alice, "seats/move", json!({"userId": "gil", "seatIndex": 1, "policy": 3}), "`policy` must be").await;
    says(&alice, "seats/move", json!({"userId": "gil", "seatIndex": 1, "policy": "x"}), "swapPosition (2)").await;
    says(&alice, "seats/move", json!({"userId": "no good", "seatIndex": 1}), "`userId`").await;
    says(&gil, "seat-applications", json!({"seatIndex": -2}), "`seatIndex` must be -1 (any free seat)").await;
    says(&gil, "seat-applications", json!({"timeoutSeconds": 86_401}), "timeoutSeconds: must be 0 to 86400").await;
    says(&gil, "seat-applications", json!({"extensionInfo": "x".repeat(2_049)}), "extensionInfo: at most 2048").await;
    says(&house.admin(), "seats/1/take", json!({}), "`userId` is missing").await;
    says(&alice, "seat-applications/no%20good/accept", json!({}), "`userId`").await;
    house.json(&gil, "DELETE", "/v1/lives/a/seats", &Value::Null).await.problem(405, "method-not-allowed");
    assert_eq!(seated(&house).await, ["0:alice"]);
}
