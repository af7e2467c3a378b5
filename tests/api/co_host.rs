//! Candidates and layouts over REST.

use costage::api::auth::Role;
use serde_json::{Value, json};

use super::events::open;
use super::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn candidates_are_listed_in_pages_for_the_host_that_asks() {
    let house = House::open().await;
    for (live, user) in [("a", "alice"), ("b", "bob"), ("c", "carol")] {
        house.live(live, user).await;
        house.on_air(live, user).await;
    }
    house.live("silent", "sid").await;
    let alice = house.host("alice", "a");
    let path = "/v1/lives/a/co-host/candidates";
    let page = house.json(&alice, "GET", &format!("{path}?cursor=&count=1"), &Value::Null).await.expect(200);
    assert_eq!((&page["candidates"][0]["liveId"], page["candidates"].as_array().unwrap().len()), (&json!("c"), 1));
    assert_eq!(page["candidates"][0]["owner"]["userId"], "carol");
    let next = format!("{path}?cursor={}", page["cursor"].as_str().unwrap());
    let page = house.json(&alice, "GET", &next, &Value::Null).await.expect(200);
    assert_eq!((&page["candidates"][0]["liveId"], &page["cursor"]), (&json!("b"), &json!("")));

    house.json(&alice, "GET", &format!("{path}?count=101"), &Value::Null).await.problem(400, "bad-request");
    house.json(&alice, "GET", &format!("{path}?cursor=x"), &Value::Null).await.problem(400, "bad-request");
    house.json("", "GET", path, &Value::Null).await.problem(401, "unauthorized");
    house.json(&house.token(Role::Audience, "v", "a"), "GET", path, &Value::Null).await.problem(403, "forbidden");
    house.json(&house.host("bob", "*"), "GET", path, &Value::Null).await.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_layout_of_a_connection_is_chosen_by_any_of_its_hosts() {
    let house = House::open().await;
    house.battle().await;
    let (bob, path) = (house.host("bob", "b"), "/v1/lives/b/layout");
    let chosen = house.json(&bob, "PUT", path, &json!({"layoutTemplate": "hostVoiceConnection"})).await.expect(200);
    assert_eq!((&chosen["templateId"], &chosen["regions"][1]["w"]), (&json!(2), &json!(240)));
    assert_eq!(house.json("", "GET", "/v1/lives/a/layout", &Value::Null).await.expect(200), chosen);
    house.json(&bob, "PUT", path, &json!({"layoutTemplate": 600})).await.expect(200);

    let refused = async |body: Value, status, slug| house.json(&bob, "PUT", path, &body).await.problem(status, slug);
    for body in [json!({}), json!({"layoutTemplate": 7}), json!({"layoutTemplate": []}), json!({"template": 600})] {
        refused(body, 400, "bad-request").await;
    }
    house.json(&house.host("alice", "*"), "PUT", path, &json!({"layoutTemplate": 2})).await.problem(403, "forbidden");
    house.live("c", "carol").await;
    let alone = house.json(&house.admin(), "PUT", "/v1/lives/c/layout", &json!({"layoutTemplate": 2})).await;
    alone.problem(409, "not-connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_live_that_leaves_by_itself_exits_and_one_that_the_backend_takes_out_is_kicked() {
    let house = House::open().await;
    for (by, reason) in [(house.host("alice", "a"), "exit"), (house.admin(), "kicked")] {
        if reason == "exit" {
            house.battle().await;
        } else {
            let request = json!({"targetLiveIds": ["b"]});
            house.json(&by, "POST", "/v1/lives/a/co-host/requests", &request).await.expect(200);
            house.json(&by, "POST", "/v1/lives/b/co-host/requests/a/accept", &Value::Null).await.expect(200);
        }
        let mut viewer = open(&house, "/v1/lives/b/events");
        viewer.json();
        assert_eq!(house.json(&by, "DELETE", "/v1/lives/a/co-host", &Value::Null).await.status, 204);
        let left = viewer.until("onCoHostUserLeft").pop().unwrap();
        assert_eq!((&left["data"]["reason"], &left["data"]["user"]["liveId"]), (&json!(reason), &json!("a")));
    }
}
