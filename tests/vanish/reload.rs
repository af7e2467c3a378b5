//! The gift table of a real server, read again at a real SIGHUP.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{House, LOOK_EVERY, PATIENCE};

/// Writes the table with the time of the file as it was, so that nobody who looks at that sees a change.
fn write_unseen(file: &Path, written: SystemTime, points: u64) {
    std::fs::write(file, format!("[[gift_points]]\ngift_id = \"rose\"\npoints = {points}\n")).unwrap();
    File::options().write(true).open(file).unwrap().set_modified(written).unwrap();
}

async fn rose(house: &House, battle: &str, key: &str) -> Value {
    let body = json!({"receiver": "alice", "giftId": "rose", "count": 1, "value": 1, "senderId": "u9"});
    let path = format!("/v1/battles/{battle}/gifts");
    house.backend.ask(Method::POST, &path, Some(body), Some(key)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sighup_brings_another_gift_table_and_touches_no_battle_already_decided() {
    let file = std::env::temp_dir().join(format!("costage-sighup-{}.toml", std::process::id()));
    let written = SystemTime::now() - Duration::from_secs(60);
    write_unseen(&file, written, 7);
    let house = House::open_with(&["--config", file.to_str().unwrap()]).await;
    house.backend.connect("alice", "bob").await.unwrap();
    let decided = house.backend.start_battle("alice", &["bob"], Duration::from_secs(5)).await.unwrap();
    assert_eq!(rose(&house, &decided, "one").await["points"], 7);
    let path = format!("/v1/battles/{decided}");
    let began = Instant::now();
    while house.get(&path).await["status"] != json!("ended") {
        assert!(began.elapsed() < PATIENCE, "the battle does not end");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let ledger = format!("{path}/ledger");
    let (result, rows) = (house.get(&path).await, house.get(&ledger).await);
    assert_eq!(result["scores"]["alice"], 7);

    let running = house.backend.start_battle("alice", &["bob"], Duration::from_secs(600)).await.unwrap();
    assert_eq!(rose(&house, &running, "before").await["points"], 7);
    write_unseen(&file, written, 9);
    // Longer than the server waits between its looks at the file.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(rose(&house, &running, "unseen").await["points"], 7, "nobody has asked for it yet");
    let sent = Command::new("kill").args(["-HUP", &house.process().to_string()]).status().unwrap();
    assert!(sent.success());
    let began = Instant::now();
    let mut tries = 0;
    loop {
        tries += 1;
        if rose(&house, &running, &format!("try-{tries}")).await["points"] == 9 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "the table is not read again");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert_eq!((house.get(&path).await, house.get(&ledger).await), (result, rows), "what was decided is as it was");
    assert_eq!(rose(&house, &running, "before").await["points"], 7, "and so is what was answered");
    std::fs::remove_file(&file).unwrap();
}
