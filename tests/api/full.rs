//! A connection as large as one may be: 9 lives with 50 seats each.

use std::fmt::Write as _;

use costage::api::auth::Role;
use serde_json::{Value, json};

use super::events::open;
use super::house::House;

const LIVES: usize = 9;
const SEATS: usize = 50;

fn live(number: usize) -> String {
    format!("live{number}")
}

/// A live with all its seats, free to take, whose host is on air.
async fn spacious(house: &House, number: usize) {
    let (live, owner) = (live(number), format!("host{number}"));
    let new = json!({"liveId": live, "maxSeatCount": SEATS, "seatMode": "free",
        "owner": {"userId": owner, "userName": owner}});
    house.json(&house.admin(), "POST", "/v1/lives", &new).await.expect(201);
    house.on_air(&live, &owner).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn nine_lives_with_fifty_seats_each_connect_and_the_tenth_and_the_fifty_first_are_refused() {
    let house = House::open().await;
    let (admin, none) = (house.admin(), Value::Null);
    for number in 0..=LIVES {
        spacious(&house, number).await;
    }
    for number in 0..LIVES {
        for index in 1..SEATS {
            let user = json!({"userId": format!("guest{number}-{index}")});
            let path = format!("/v1/lives/{}/seats/{index}/take", live(number));
            house.json(&admin, "POST", &path, &user).await.expect(200);
        }
    }
    for number in 1..LIVES {
        let request = json!({"targetLiveIds": [live(number)], "layoutTemplate": "hostDynamicGrid"});
        house.json(&admin, "POST", "/v1/lives/live0/co-host/requests", &request).await.expect(200);
        let accept = format!("/v1/lives/{}/co-host/requests/live0/accept", live(number));
        let connected = house.json(&admin, "POST", &accept, &none).await.expect(200);
        assert_eq!(connected["connected"].as_array().unwrap().len(), number + 1);
    }

    // All seats are seen from every live, its own first told apart by liveId, and in the first message of a socket.
    let list = house.json("", "GET", "/v1/lives/live8/seats", &none).await.expect(200);
    let seats = list["seatList"].as_array().unwrap();
    assert_eq!(seats.len(), LIVES * SEATS);
    assert!(seats.iter().all(|seat| !seat["userInfo"].is_null()), "every seat is taken");
    let mut socket = open(&house, "/v1/lives/live3/events");
    let snapshot = socket.json();
    assert_eq!(snapshot["data"]["seatList"].as_array().unwrap().len(), LIVES * SEATS);
    assert_eq!(snapshot["data"]["layout"]["regions"].as_array().unwrap().len(), LIVES);

    let tenth = json!({"targetLiveIds": [live(LIVES)]});
    let refused = house.json(&admin, "POST", "/v1/lives/live0/co-host/requests", &tenth).await;
    assert_eq!(refused.problem(409, "connection-full")["code"], 100_404);
    let several = json!({"targetLiveIds": [live(LIVES), "nobody"]});
    let codes = house.json(&admin, "POST", "/v1/lives/live0/co-host/requests", &several).await.expect(200);
    assert_eq!(codes["results"][0]["code"], 4, "full");

    // All are taken; with one free again there is still none of that number; and a live cannot be created with more.
    let late = house.token(Role::Guest, "late", "live4");
    let beyond = "/v1/lives/live4/seats/50/take";
    assert_eq!(house.json(&late, "POST", beyond, &none).await.problem(409, "seats-full")["code"], 100_205);
    let applied = house.json(&late, "POST", "/v1/lives/live4/seat-applications", &none).await;
    assert_eq!(applied.problem(409, "seats-full")["code"], 100_205);
    house.json(&admin, "POST", "/v1/lives/live4/seats/7/kick", &none).await;
    let wrong = house.json(&late, "POST", beyond, &none).await.problem(400, "bad-request");
    assert_eq!(wrong["detail"], "seatIndex: must be 0 to 49, found 50; the live has 50 seats now");
    let larger = json!({"liveId": "larger", "maxSeatCount": SEATS + 1});
    let detail =
        house.json(&admin, "POST", "/v1/lives", &larger).await.problem(400, "bad-request")["detail"].to_string();
    assert!(detail.contains("maxSeatCount"), "{detail}");

    // What happens on one seat is told to all nine, and a battle of all nine starts.
    house.json(&admin, "POST", "/v1/lives/live8/seats/49/kick", &none).await;
    drop(socket.until("onSeatListChanged"));
    let changed = socket.until("onSeatListChanged").pop().unwrap();
    assert_eq!((&changed["data"]["liveId"], &changed["data"]["seatList"][0]["index"]), (&json!("live8"), &json!(49)));
    let hosts: Vec<_> = (1..LIVES).map(|number| format!("host{number}")).collect();
    let wish = json!({"userIds": hosts, "needResponse": false, "timeoutSeconds": 0});
    let battle = house.json(&admin, "POST", "/v1/lives/live0/battles", &wish).await.expect(201);
    assert_eq!(battle["results"].as_array().unwrap().len(), LIVES - 1);
    let started = socket.until("onBattleStarted").pop().unwrap();
    assert_eq!(started["data"]["scores"].as_object().unwrap().len(), LIVES);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_read_page_by_page_to_their_end() {
    let house = House::open().await;
    let admin = house.admin();
    let mut wanted = String::new();
    for number in (0..7).rev() {
        write!(wanted, "{} ", live(number)).unwrap();
    }
    for number in 0..7 {
        spacious(&house, number).await;
    }
    spacious(&house, 8).await;
    for (path, field, skipped) in
        [("/v1/lives", "lives", "live8 "), ("/v1/lives/live8/co-host/candidates", "candidates", "")]
    {
        let (mut found, mut cursor, mut pages) = (String::new(), String::new(), 0);
        loop {
            let page =
                house.json(&admin, "GET", &format!("{path}?count=3&cursor={cursor}"), &Value::Null).await.expect(200);
            for live in page[field].as_array().unwrap() {
                write!(found, "{} ", live["liveId"].as_str().unwrap()).unwrap();
            }
            pages += 1;
            page["cursor"].as_str().unwrap().clone_into(&mut cursor);
            if cursor.is_empty() {
                break;
            }
        }
        assert_eq!((found, pages), (format!("{skipped}{wanted}"), 3), "{path}");
    }
    for path in ["/v1/lives", "/v1/lives/live8/co-host/candidates"] {
        for wrong in ["count=0", "count=101", "count=x", "cursor=x", "page=1"] {
            let problem =
                house.json(&admin, "GET", &format!("{path}?{wrong}"), &Value::Null).await.problem(400, "bad-request");
            let name = wrong.split('=').next().unwrap();
            assert!(problem["detail"].as_str().unwrap().contains(name), "{wrong}: {problem}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_time_is_that_of_battles_and_events_and_never_cached() {
    let house = House::open().await;
    let before = house.state.clock.wall_ms();
    let reply = house.json("", "GET", "/v1/time", &Value::Null).await;
    let (now, after) = (reply.expect(200)["serverTime"].as_u64().unwrap(), house.state.clock.wall_ms());
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!((before.saturating_sub(50)..=after + 50).contains(&now), "{before} {now} {after}");
    let battle = house.battle().await;
    let found = house.json("", "GET", &format!("/v1/battles/{battle}"), &Value::Null).await.expect(200);
    let later = house.json("", "GET", "/v1/time", &Value::Null).await.expect(200)["serverTime"].as_u64().unwrap();
    assert!((now..=later).contains(&found["startTime"].as_u64().unwrap()), "{now} {later} {found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_and_look_takes_its_token_in_the_address_too() {
    let house = House::open().await;
    let battle = house.battle().await;
    let token = house.admin();
    for path in [
        "/v1/lives?count=5&".to_owned(),
        "/v1/lives/a?".to_owned(),
        "/v1/lives/a/seats?".to_owned(),
        "/v1/lives/a/seat-applications?".to_owned(),
        "/v1/lives/a/seat-invitations?".to_owned(),
        "/v1/lives/a/co-host?".to_owned(),
        "/v1/lives/a/co-host/candidates?count=5&".to_owned(),
        "/v1/lives/a/layout?".to_owned(),
        "/v1/lives/a/battle?".to_owned(),
        format!("/v1/battles/{battle}?"),
        format!("/v1/battles/{battle}/ledger?count=5&"),
    ] {
        house.json("", "GET", &format!("{path}token={token}"), &Value::Null).await.expect(200);
    }
}
