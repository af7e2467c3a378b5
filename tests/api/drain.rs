//! A server that is going down: nothing begins, what is under way goes on.

use costage::api::Stage;
use serde_json::{Value, json};

use super::house::{House, offer};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_begins_on_a_draining_server() {
    let house = House::open().await;
    house.battle().await;
    house.live("c", "carol").await;
    let (admin, request) = (house.admin(), json!({"targetLiveIds": ["c"]}));
    house.json(&admin, "POST", "/v1/lives/a/co-host/requests", &request).await.expect(200);
    house.state.going.to(Stage::Draining);

    let wish = json!({"userIds": ["bob"], "needResponse": false, "timeoutSeconds": 0});
    let refused = [
        house.json(&admin, "POST", "/v1/lives", &json!({"liveId": "d"})).await,
        house.json(&admin, "POST", "/v1/lives/b/co-host/requests", &request).await,
        house.json(&admin, "POST", "/v1/lives/c/co-host/requests/a/accept", &Value::Null).await,
        house.json(&admin, "POST", "/v1/lives/a/battles", &wish).await,
        house.sdp(&admin, "/whip/a", &offer("sendonly")).await,
        house.sdp(&admin, "/whip/a/seats/1", &offer("sendonly")).await,
        house.sdp("", "/whep/a", &offer("recvonly")).await,
        // Whoever asks without a token is sent on too: another server may take it.
        house.json("", "POST", "/v1/lives", &json!({"liveId": "d"})).await,
    ];
    for reply in refused {
        reply.problem(503, "draining");
        assert_ne!(reply.header("retry-after"), "");
    }
    house.send("GET", "/healthz", &[], "").await.problem(503, "draining");
    house.json("", "GET", "/v1/lives/d", &Value::Null).await.problem(404, "live-not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_goes_on_while_a_server_drains() {
    let house = House::open().await;
    let battle = house.battle().await;
    house.live("c", "carol").await;
    let (admin, request) = (house.admin(), json!({"targetLiveIds": ["c"]}));
    house.json(&admin, "POST", "/v1/lives/a/co-host/requests", &request).await.expect(200);
    let created = house.sdp(&admin, "/whip/c", &offer("sendonly")).await;
    assert_eq!(created.status, 201, "{}", created.body);
    house.state.going.to(Stage::Draining);

    let bearer = format!("Bearer {admin}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json"), ("idempotency-key", "k")];
    let score = json!({"op": "add", "scores": [{"userId": "alice", "value": 5}]}).to_string();
    let scored = house.send("POST", &format!("/v1/battles/{battle}/scores"), &headers, &score).await.expect(200);
    assert_eq!(scored["scores"], json!({"alice": 5, "bob": 0}));
    let reject = "/v1/lives/c/co-host/requests/a/reject";
    assert_eq!(house.json(&admin, "POST", reject, &Value::Null).await.status, 204);
    let session = created.header("location");
    assert_eq!(house.send("DELETE", session, &[("authorization", &bearer)], "").await.status, 200);
    house.json("", "GET", "/v1/lives/a/co-host", &Value::Null).await.expect(200);
    assert_eq!(house.json(&admin, "DELETE", "/v1/lives/a/co-host", &Value::Null).await.status, 204);
    assert_eq!(house.json(&admin, "DELETE", "/v1/lives/a", &Value::Null).await.status, 204);
}
