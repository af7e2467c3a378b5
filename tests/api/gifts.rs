//! Gifts and the ledger over REST, and the table that is read again.

use std::time::{Duration, Instant};

use costage::app::reload;
use costage::app::settings::Settings;
use serde_json::{Value, json};

use super::house::{House, PATIENCE, Reply};

async fn gift(house: &House, token: &str, battle: &str, key: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json"), ("idempotency-key", key)];
    house.send("POST", &format!("/v1/battles/{battle}/gifts"), &headers, &body.to_string()).await
}

fn rose(count: u64) -> Value {
    json!({"receiver": "alice", "giftId": "rose", "count": count, "value": 10, "senderId": "u9"})
}

#[tokio::test(flavor = "multi_thread")]
async fn gifts_become_points_and_rows_of_the_ledger() {
    let house = House::open().await;
    let battle = house.battle().await;
    let (admin, ledger) = (house.admin(), format!("/v1/battles/{battle}/ledger"));
    gift(&house, &admin, &battle, "k", &rose(1)).await.problem(422, "gift-without-rule");
    reload::set(&house.state.control, costage::live::GiftTable { tiers: [(0, 5)].into(), ..Default::default() });
    let first = gift(&house, &admin, &battle, "k", &rose(2)).await.expect(200);
    assert_eq!(first, json!({"battleId": battle, "scores": {"alice": 100, "bob": 0}, "ledgerSeq": 1, "points": 100}));
    assert_eq!(gift(&house, &admin, &battle, "k", &rose(2)).await.expect(200), first);
    gift(&house, &admin, &battle, "k", &rose(3)).await.problem(422, "idempotency-key-reused");
    gift(&house, &admin, &battle, "l", &rose(0)).await.problem(400, "bad-request");
    gift(&house, &house.host("alice", "*"), &battle, "l", &rose(1)).await.problem(403, "forbidden");
    gift(&house, &admin, &battle, "l", &rose(1)).await.expect(200);
    let page = house.json(&admin, "GET", &format!("{ledger}?count=1"), &Value::Null).await.expect(200);
    assert_eq!((&page["cursor"], &page["rows"][0]["gift"]["count"]), (&json!("1"), &json!(2)));
    let rest = house.json(&admin, "GET", &format!("{ledger}?cursor=1"), &Value::Null).await.expect(200);
    assert_eq!((&rest["cursor"], rest["rows"].as_array().unwrap().len()), (&json!(""), 1));
    house.json(&admin, "GET", &format!("{ledger}?cursor=x"), &Value::Null).await.problem(400, "bad-request");
    house.json(&house.host("alice", "*"), "GET", &ledger, &Value::Null).await.problem(403, "forbidden");
    house.json("", "GET", &ledger, &Value::Null).await.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_read_again_when_its_file_has_changed() {
    let house = House::open().await;
    let battle = house.battle().await;
    let admin = house.admin();
    let file = std::env::temp_dir().join(format!("costage-gifts-{}.toml", std::process::id()));
    std::fs::write(&file, "").unwrap();
    let settings = Settings { config: Some(file.clone()), ..Settings::default() };
    let reloading = tokio::spawn(reload::run(settings, true, house.state.control.clone(), drop));
    let began = Instant::now();
    let mut tries = 0;
    loop {
        // Written again and again: the watcher may have begun only after the first.
        std::fs::write(&file, "[[gift_points]]\ngift_id = \"rose\"\npoints = 7\n").unwrap();
        tries += 1;
        let reply = gift(&house, &admin, &battle, &format!("try-{tries}"), &rose(1)).await;
        if reply.status == 200 {
            assert_eq!(reply.expect(200)["points"], 7);
            break;
        }
        reply.problem(422, "gift-without-rule");
        assert!(began.elapsed() < PATIENCE, "the table is never read again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    reloading.abort();
    std::fs::remove_file(&file).unwrap();
}
