//! Webhooks of a real server to a real receiver; its keys are changed while it runs.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use costage::webhook::sign::{SigningKey, signatures};
use serde_json::{Value, json};

use crate::house::{House, LOOK_EVERY, PATIENCE};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Headers and body of each request, in order.
type Got = Arc<Mutex<Vec<(HeaderMap, String)>>>;

async fn take(State(got): State<Got>, headers: HeaderMap, body: String) {
    got.lock().unwrap().push((headers, body));
}

async fn nth(got: &Got, index: usize) -> (HeaderMap, String) {
    let began = Instant::now();
    loop {
        if let Some(found) = got.lock().unwrap().get(index) {
            return found.clone();
        }
        assert!(began.elapsed() < PATIENCE, "no webhook {index}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whether a request is signed by all of these, in this order.
fn is_signed((headers, body): &(HeaderMap, String), secrets: &[&str]) -> bool {
    let header = |name: &str| headers[name].to_str().unwrap();
    let keys: Vec<_> = secrets.iter().map(|secret| SigningKey::parse(secret).unwrap()).collect();
    let seconds = header("webhook-timestamp").parse().unwrap();
    header("webhook-signature") == signatures(&keys, header("webhook-id"), seconds, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_is_told_in_order_and_keys_change_without_a_restart() {
    let got = Got::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().fallback(take).with_state(Arc::clone(&got));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let file = std::env::temp_dir().join(format!("costage-webhooks-{}.toml", std::process::id()));
    let write = |secrets: &[&str]| {
        let text = format!(
            "[[webhooks]]\nname = \"backend\"\nurl = \"http://localhost:{port}/hook\"\nsecrets = {secrets:?}\n\
             events = [\"live.created\", \"live.ended\"]\nallow_private = true\n"
        );
        std::fs::write(&file, text).unwrap();
    };
    write(&[OLD]);
    let house = House::open_with(&["--config", file.to_str().unwrap()]).await;
    for (index, name) in ["alice", "bob"].into_iter().enumerate() {
        let request = nth(&got, index).await;
        assert!(is_signed(&request, &[OLD]));
        let body: Value = serde_json::from_str(&request.1).unwrap();
        assert_eq!((&body["type"], &body["data"]["liveId"]), (&json!("live.created"), &json!(name)));
    }
    // The file's change is seen within a second or so.
    write(&[OLD, NEW]);
    let began = Instant::now();
    for number in 2.. {
        house.backend.create_live(&format!("live{number}"), "x").await.unwrap();
        let request = nth(&got, number).await;
        if is_signed(&request, &[OLD, NEW]) {
            break;
        }
        assert!(is_signed(&request, &[OLD]) && began.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let told = got.lock().unwrap().len();
    house.backend.end_live("alice").await.unwrap();
    let (headers, body) = nth(&got, told).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["type"], json!("live.ended"));
    assert!(headers["webhook-id"].to_str().unwrap().starts_with("msg_"));
    std::fs::remove_file(&file).unwrap();
}
