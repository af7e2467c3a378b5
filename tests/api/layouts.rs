//! Regions of one's own, and checking a layout, over REST.

use costage::api::auth::Role;
use serde_json::{Value, json};

use super::house::House;

/// Whether a layout could be chosen, and what it would look like.
const VALIDATE: &str = "/v1/layouts/validate";
const DRAW: &str = "/v1/layouts/preview.png";

fn regions() -> Value {
    json!({"regions": [
        {"x": 0, "y": 0, "w": 720, "h": 640, "source": {"liveId": "a"}},
        {"x": 101, "y": 601, "w": 300, "h": 300, "z": 1, "fit": "contain", "cornerRadius": 30,
            "source": {"liveId": "b", "seatIndex": 0}},
    ]})
}

fn with(pointer: &str, value: Value) -> Value {
    let mut body = regions();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_of_ones_own_are_chosen_by_any_host_of_the_connection_and_replaced_by_a_template() {
    let house = House::open().await;
    house.battle().await;
    let (bob, path) = (house.host("bob", "b"), "/v1/lives/b/layout");
    let chosen = house.json(&bob, "PUT", path, &regions()).await.expect(200);
    assert_eq!((&chosen["templateId"], &chosen["canvas"]["w"]), (&json!(1000), &json!(720)));
    let second = json!({"liveId": "b", "seatIndex": 0, "userId": "bob", "x": 100, "y": 600, "w": 300, "h": 300,
        "z": 1, "fit": "contain", "cornerRadius": 30});
    assert_eq!(chosen["regions"][1], second);
    assert_eq!(house.json("", "GET", "/v1/lives/a/layout", &Value::Null).await.expect(200), chosen);
    let connected = house.json("", "GET", "/v1/lives/a/co-host", &Value::Null).await.expect(200);
    assert_eq!((&connected["templateId"], &connected["template"]), (&json!(1000), &json!("custom")));
    let grid = house.json(&bob, "PUT", path, &json!({"layoutTemplate": "hostStaticVoice6v6"})).await.expect(200);
    assert_eq!((grid["regions"].as_array().unwrap().len(), &grid["regions"][1]["userId"]), (12, &json!("")));
    house.json(&house.host("alice", "*"), "PUT", path, &regions()).await.problem(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_cannot_be_is_refused_with_its_number_and_field_and_checking_says_the_same() {
    let house = House::open().await;
    house.battle().await;
    let (bob, path) = (house.host("bob", "b"), "/v1/lives/b/layout");
    let before = house.everything().await;
    let first = regions()["regions"][0].clone();
    for (body, names) in [
        (with("/regions/1/x", json!(-2)), "regions[1].x"),
        (with("/regions/1/x", json!(422)), "regions[1].x: must be 0 to 420 on the canvas of 720x1280, found 422"),
        (with("/regions/1/h", json!(9)), "regions[1].h"),
        (with("/regions/1/w", json!(721)), "regions[1].w: must be 16 to 720 on the canvas of 720x1280, found 721"),
        (with("/regions/1/z", json!(0)), "regions[1].z: overlaps regions[0]"),
        (with("/regions/1/fit", json!("crop")), "regions[1].fit"),
        (with("/regions/1/cornerRadius", json!(151)), "regions[1].cornerRadius"),
        (with("/regions/1/source", json!({"liveId": "c"})), "regions[1].source.liveId: live c"),
        (with("/regions/1/source", json!({"liveId": "c/d"})), "regions[1].source.liveId"),
        (with("/regions/1/source", json!({"liveId": "b", "seatIndex": 50})), "regions[1].source.seatIndex"),
        (with("/regions/1/source", json!({})), "liveId"),
        (json!({"regions": vec![first; 26]}), "regions: 1 to 25"),
        (json!({"regions": []}), "regions: 1 to 25"),
        (with("/layoutTemplate", json!(600)), "`layoutTemplate` and `regions` exclude each other"),
        (json!({}), "`layoutTemplate` is missing"),
        (json!({"layoutTemplate": 1000}), "layoutTemplate: unknown"),
    ] {
        let refused = house.json(&bob, "PUT", path, &body).await.problem(400, "bad-request");
        assert!(refused["detail"].as_str().unwrap().contains(names), "{refused} names no {names}");
        let mut for_b = body;
        for_b["liveId"] = json!("b");
        for path in [VALIDATE, DRAW] {
            let checked = house.json(&bob, "POST", path, &for_b).await.problem(400, "bad-request");
            // The other body is longer: what does not parse is elsewhere.
            let said =
                |problem: &Value| problem["detail"].as_str().unwrap().split(" at line").next().unwrap().to_owned();
            assert_eq!(said(&checked), said(&refused), "{path}");
        }
    }
    assert_eq!(house.everything().await, before, "nothing has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_are_on_the_servers_canvas_whatever_template_is_shown() {
    let house = House::open().await;
    house.battle().await;
    let (bob, path) = (house.host("bob", "b"), "/v1/lives/b/layout");
    let landscape = house.json(&bob, "PUT", path, &json!({"layoutTemplate": 400})).await.expect(200);
    let (lies, stands) = (json!({"w": 1280, "h": 720}), json!({"w": 720, "h": 1280}));
    assert_eq!((&landscape["canvas"], &landscape["regionsCanvas"]), (&lies, &stands));
    let fits = |canvas: &Value| {
        let source = json!({"liveId": "b"});
        json!({"regions": [{"x": 0, "y": 0, "w": canvas["w"], "h": canvas["h"], "source": source}]})
    };
    let refused = house.json(&bob, "PUT", path, &fits(&landscape["canvas"])).await.problem(400, "bad-request");
    assert_eq!(refused["detail"], "regions[0].w: must be 16 to 720 on the canvas of 720x1280, found 1280");
    let chosen = house.json(&bob, "PUT", path, &fits(&landscape["regionsCanvas"])).await.expect(200);
    assert_eq!((&chosen["canvas"], &chosen["regionsCanvas"]), (&stands, &stands));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_layout_is_checked_with_and_without_a_live_and_nothing_changes() {
    let house = House::open().await;
    house.battle().await;
    let (bob, path) = (house.host("bob", "b"), VALIDATE);
    let before = house.everything().await;
    let mut for_b = regions();
    for_b["liveId"] = json!("b");
    let checked = house.json(&bob, "POST", path, &for_b).await.expect(200);
    assert_eq!(checked["regions"][1]["userId"], "bob");
    let alone = house.json(&bob, "POST", path, &regions()).await.expect(200);
    assert_eq!((&alone["regions"][1]["userId"], &alone["regions"][1]["x"]), (&json!(""), &json!(100)));
    let landscape = house.json(&bob, "POST", path, &json!({"layoutTemplate": 400})).await.expect(200);
    assert_eq!(landscape["canvas"], json!({"w": 1280, "h": 720}));
    let mut for_nobody = for_b.clone();
    for_nobody["liveId"] = json!("nobody");
    for path in [VALIDATE, DRAW] {
        house.json("", "POST", path, &regions()).await.problem(401, "unauthorized");
        house.json(&house.host("alice", "*"), "POST", path, &for_b).await.problem(403, "forbidden");
        house.json(&house.token(Role::Audience, "v", "b"), "POST", path, &for_b).await.problem(403, "forbidden");
        house.json(&house.admin(), "POST", path, &for_nobody).await.problem(404, "live-not-found");
    }
    assert_eq!(house.everything().await, before, "nothing has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_template_of_seats_may_be_created_changed_and_chosen_while_alone() {
    let house = House::open().await;
    let (admin, alice, path) = (house.admin(), house.host("alice", "a"), "/v1/lives/a/layout");
    house.live("a", "alice").await;
    for (name, id, seats, canvas, regions) in [
        ("videoDynamicGrid9Seats", 600, 9, 720, 1),
        ("videoDynamicFloat7Seats", 601, 7, 720, 1),
        ("videoFixedGrid9Seats", 800, 9, 720, 9),
        ("videoFixedFloat7Seats", 801, 7, 720, 7),
        ("videoLandscape4Seats", 200, 4, 1280, 1),
        ("audioSalon", 70, 10, 720, 10),
        ("karaoke", 50, 10, 720, 10),
    ] {
        let live = json!({"liveId": name, "owner": {"userId": format!("of-{name}")}, "seatTemplate": name});
        let made = house.json(&admin, "POST", "/v1/lives", &live).await.expect(201);
        assert_eq!((&made["seatTemplate"], &made["maxSeatCount"]), (&json!(name), &json!(seats)));
        let shown = house.json("", "GET", &format!("/v1/lives/{name}/layout"), &Value::Null).await.expect(200);
        assert_eq!((&shown["templateId"], &shown["canvas"]["w"]), (&json!(id), &json!(canvas)), "{name}");
        assert_eq!(shown["regions"].as_array().unwrap().len(), regions, "{name}");
        for wish in [json!(name), json!(id)] {
            let body = json!({"liveId": "a", "layoutTemplate": wish});
            let checked = house.json(&alice, "POST", VALIDATE, &body).await.expect(200);
            let chosen = house.json(&alice, "PUT", path, &json!({"layoutTemplate": wish})).await.expect(200);
            assert_eq!((&checked, &chosen["templateId"]), (&chosen, &json!(id)));
        }
        let found = house.json("", "GET", "/v1/lives/a", &Value::Null).await.expect(200);
        assert_eq!(found["seatTemplate"], name);
        let many = json!({"liveId": "many", "owner": {"userId": "m"}, "seatTemplate": name, "maxSeatCount": 50});
        let many = house.json(&admin, "POST", "/v1/lives", &many).await.expect(201);
        assert_eq!(many["maxSeatCount"], 50, "as many as any live");
        house.json(&admin, "DELETE", "/v1/lives/many", &Value::Null).await.expect(204);
    }
    house.json(&alice, "PUT", path, &json!({"layoutTemplate": 400})).await.problem(409, "not-connected");
    let unknown = json!({"liveId": "x", "owner": {"userId": "x"}, "seatTemplate": "theatre"});
    let refused = house.json(&admin, "POST", "/v1/lives", &unknown).await.problem(400, "bad-request");
    assert!(refused["detail"].as_str().unwrap().contains("seatTemplate"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_of_seats_is_not_for_a_connection() {
    let house = House::open().await;
    house.battle().await;
    let (bob, path) = (house.host("bob", "b"), "/v1/lives/b/layout");
    for template in
        [json!("videoFixedGrid9Seats"), json!(801), json!("videoLandscape4Seats"), json!(70), json!("karaoke")]
    {
        let refused = house.json(&bob, "PUT", path, &json!({"layoutTemplate": template})).await;
        let detail = refused.problem(400, "bad-request")["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("lays out the seats of a live that is alone"), "{detail}");
    }
}
