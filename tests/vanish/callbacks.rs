//! Webhooks of a real server to a real receiver; its keys are changed while it runs.

use std::fs::File;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

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

/// A receiver on a free port of loopback.
async fn receiver() -> (u16, Got) {
    let got = Got::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = Router::new().fallback(take).with_state(Arc::clone(&got));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (port, got)
}

fn config(port: u16, secrets: &[&str]) -> String {
    format!(
        "[[webhooks]]\nname = \"backend\"\nurl = \"http://localhost:{port}/hook\"\nsecrets = {secrets:?}\n\
         events = [\"live.created\", \"live.ended\"]\nallow_private = true\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_is_told_in_order_and_keys_change_without_a_restart() {
    let (port, got) = receiver().await;
    let file = std::env::temp_dir().join(format!("costage-webhooks-{}.toml", std::process::id()));
    let write = |secrets: &[&str]| std::fs::write(&file, config(port, secrets)).unwrap();
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

/// A live is created every now and then until its event is signed by `after`; until then by `before`, all of them.
async fn until_signed(house: &House, got: &Got, before: &[&str], after: &[&str]) {
    let began = Instant::now();
    loop {
        let told = got.lock().unwrap().len();
        house.backend.create_live(&format!("live{told}"), "x").await.unwrap();
        let request = nth(got, told).await;
        if is_signed(&request, after) {
            return;
        }
        assert!(is_signed(&request, before) && began.elapsed() < PATIENCE);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The secret is changed as operators do it: the new one beside the old one, then alone. The time of the file tells nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_sighup_old_and_new_key_sign_together_then_the_new_one_alone_and_a_wrong_one_changes_nothing() {
    let (port, got) = receiver().await;
    let file = std::env::temp_dir().join(format!("costage-rotation-{}.toml", std::process::id()));
    let written = SystemTime::now() - Duration::from_secs(60);
    let write = |secrets: &[&str]| {
        std::fs::write(&file, config(port, secrets)).unwrap();
        File::options().write(true).open(&file).unwrap().set_modified(written).unwrap();
    };
    write(&[OLD]);
    let house = House::open_with(&["--config", file.to_str().unwrap()]).await;
    let hang_up = |secrets: &[&str]| {
        write(secrets);
        assert!(Command::new("kill").args(["-HUP", &house.process().to_string()]).status().unwrap().success());
    };
    assert!(is_signed(&nth(&got, 1).await, &[OLD]));
    hang_up(&[OLD, NEW]);
    until_signed(&house, &got, &[OLD], &[OLD, NEW]).await;
    hang_up(&[OLD, "whsec_c2hvcnQ="]);
    // Longer than it takes to read the file.
    tokio::time::sleep(Duration::from_secs(1)).await;
    until_signed(&house, &got, &[], &[OLD, NEW]).await;
    hang_up(&[NEW]);
    until_signed(&house, &got, &[OLD, NEW], &[NEW]).await;
    std::fs::remove_file(&file).unwrap();
}

/// Takes one request on this connection and says nothing; its `webhook-id`, and how long the other side waited.
fn say_nothing(mut stream: TcpStream) -> (String, Duration) {
    let (began, mut text) = (Instant::now(), Vec::new());
    stream.read_to_end(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let id = text.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap();
    (id.to_owned(), began.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_never_answers_is_given_up_after_fifteen_seconds_and_asked_again_with_the_same_id() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mute = std::thread::spawn(move || {
        let (id, waited) = say_nothing(listener.accept().unwrap().0);
        let (mut again, mut text) = (listener.accept().unwrap().0, [0; 4_096]);
        let length = again.read(&mut text).unwrap();
        (id, waited, String::from_utf8_lossy(&text[..length]).into_owned())
    });
    let file = std::env::temp_dir().join(format!("costage-mute-{}.toml", std::process::id()));
    std::fs::write(&file, config(port, &[OLD])).unwrap();
    let house = House::open_with(&["--config", file.to_str().unwrap()]).await;
    let (id, waited, again) = tokio::task::spawn_blocking(move || mute.join().unwrap()).await.unwrap();
    let wanted = costage::webhook::post::ANSWER_MAX;
    assert!(waited > wanted - Duration::from_secs(1) && waited < wanted + Duration::from_secs(3), "{waited:?}");
    assert!(again.contains(&format!("webhook-id: {id}\r\n")), "{id}: {again}");
    drop(house);
    std::fs::remove_file(&file).unwrap();
}
