//! Webhooks, from an operator's side: where commands look for them, and a backup that is brought back.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

use crate::house::{Folder, PATIENCE, Server, costage, done, err, fails, out, serve};

type Told = Arc<Mutex<Vec<(String, String)>>>;

/// An address that nobody listens at yet.
fn address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A configuration with receivers by name, who want these types or all.
fn configure(folder: &Folder, data: &str, receivers: &[(&str, SocketAddr, &str)]) -> String {
    let mut text = format!("data_dir = \"{data}\"\n");
    for (name, address, events) in receivers {
        text += &format!(
            "[[webhooks]]\nname = \"{name}\"\nurl = \"http://{address}/\"\nallow_private = true\nevents = [{events}]\n\
             secrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]\n"
        );
    }
    let file = folder.path("costage.toml");
    fs::write(&file, text).unwrap();
    file
}

async fn start(data: &str, config: &str) -> Server {
    let port = address().port();
    let mut command = serve(data, port);
    command.args(["--config", config]);
    Server::run(command, port).await
}

/// Writes down ids and types of what comes.
async fn listen(address: SocketAddr) -> Told {
    let told = Told::default();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    let router = Router::new().route("/", post(take)).with_state(Arc::clone(&told));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    told
}

async fn take(State(told): State<Told>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let (id, kind) = (headers["webhook-id"].to_str().unwrap(), body["type"].as_str().unwrap());
    told.lock().unwrap().push((id.to_owned(), kind.to_owned()));
    StatusCode::NO_CONTENT
}

async fn until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "it does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_brought_back_without_webhooks_db_delivers_what_waited() {
    let folder = Folder::new("waited");
    let (before, after, copy) = (folder.path("before"), folder.path("after"), folder.path("copy.db"));
    let (down, up) = (address(), address());
    let taken = listen(up).await;
    let config = configure(&folder, &before, &[("down", down, ""), ("up", up, "")]);
    let server = start(&before, &config).await;
    for live in ["alice", "bob"] {
        server.backend.create_live(live, live).await.unwrap();
    }
    until(|| taken.lock().unwrap().len() == 2).await;
    done(&["backup", &copy, "--data", &before]);
    server.kill();
    fs::create_dir(&after).unwrap();
    fs::copy(&copy, format!("{after}/costage.db")).unwrap();
    let told = listen(down).await;
    let server = start(&after, &config).await;
    server.backend.create_live("carol", "carol").await.unwrap();
    let ids = |told: &Told| told.lock().unwrap().iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
    until(|| told.lock().unwrap().len() == 3).await;
    until(|| taken.lock().unwrap().len() == 5).await;
    assert_eq!(ids(&told)[..2], ids(&taken)[..2], "what waited, by the ids it had");
    assert_eq!(ids(&taken)[..2], ids(&taken)[2..4], "what was delivered comes once more: nobody knows that it was");
}

/// Where `text` stands in the body of a webhook: the live's name is elsewhere too.
fn in_body(file: &[u8], text: &[u8]) -> usize {
    let find = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).position(|found| found == text);
    let begins = b"{\"type\":\"live.created\"";
    let bodies = (0..file.len() - begins.len()).filter(|at| file[*at..].starts_with(begins));
    let within = |at: usize| {
        let lives = find(&file[at..], b"\"liveId\":")? + at;
        file[lives..].starts_with(text).then_some(lives)
    };
    bodies.filter_map(within).next().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_behind_a_damaged_webhook_waits_until_the_file_is_whole_again() {
    let folder = Folder::new("bit");
    let data = folder.path("data");
    let (down, database) = (address(), format!("{data}/costage.db"));
    let config = configure(&folder, &data, &[("backend", down, "")]);
    let server = start(&data, &config).await;
    for live in ["one", "two", "three", "four"] {
        server.backend.create_live(live, live).await.unwrap();
    }
    server.end();
    let mut changed = fs::read(&database).unwrap();
    let named = b"\"liveId\":\"three\"";
    let at = in_body(&changed, named);
    changed[at + named.len() - 2] ^= 1;
    fs::write(&database, &changed).unwrap();
    assert!(fails(&["ledger", "verify", "--data", &data]).contains("webhook 3 is not as it was written"));
    let told = listen(down).await;
    let server = start(&data, &config).await;
    server.backend.create_live("five", "five").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.end();
    assert!(fails(&["ledger", "verify", "--data", &data]).contains("webhook 3"), "it is still there to be seen");
    let sent = told.lock().unwrap().len();
    assert!(sent <= 2, "nothing from the damaged one on");
    // The bit is put right, wherever the row is by now.
    let mut mended = fs::read(&database).unwrap();
    let at = in_body(&mended, &changed[at..at + named.len()]);
    mended[at..at + named.len()].copy_from_slice(named);
    fs::write(&database, mended).unwrap();
    let _server = start(&data, &config).await;
    until(|| told.lock().unwrap().len() == 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_webhooks_that_is_lost_stops_a_start_and_nothing_is_lost_when_it_is_back() {
    let folder = Folder::new("log");
    let data = folder.path("data");
    let down = address();
    let config = configure(&folder, &data, &[("backend", down, "")]);
    let server = start(&data, &config).await;
    for live in ["one", "two", "three"] {
        server.backend.create_live(live, live).await.unwrap();
    }
    server.kill();
    let (log, database) = (format!("{data}/webhooks.db-wal"), format!("{data}/webhooks.db"));
    let (whole, file) = (fs::read(&log).unwrap(), fs::read(&database).unwrap());
    let mut changed = whole.clone();
    changed[24 + 24 + 100] ^= 1;
    for damage in [None, Some(Vec::new()), Some(changed), Some(b"no log at all, but somebody's notes".to_vec())] {
        match &damage {
            Some(bytes) => fs::write(&log, bytes).unwrap(),
            None => fs::remove_file(&log).unwrap(),
        }
        let output = serve(&data, address().port()).args(["--config", &config]).output().unwrap();
        let said = out(&output) + &err(&output);
        assert!(!output.status.success() && said.contains("webhooks.db"), "{said}");
        assert!(fails(&["ledger", "verify", "--data", &data]).contains("webhooks.db"), "{said}");
        assert!(fails(&["webhooks", "list", "--data", &data]).contains("webhooks.db"), "{said}");
        assert!(fs::read(&database).unwrap() == file, "nothing was written to it");
        if let Some(bytes) = damage {
            assert!(fs::read(&log).unwrap() == bytes, "nor to its log");
        }
    }
    fs::write(&log, whole).unwrap();
    done(&["ledger", "verify", "--data", &data]);
    let told = listen(down).await;
    let _server = start(&data, &config).await;
    until(|| told.lock().unwrap().len() == 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_found_as_the_ledger_is_and_only_what_is_wanted_is_counted() {
    let folder = Folder::new("found");
    let data = folder.path("data");
    let config = configure(&folder, &data, &[("all", address(), ""), ("ends", address(), "\"live.ended\"")]);
    let server = start(&data, &config).await;
    server.backend.create_live("alice", "alice").await.unwrap();
    let waits = |listed: &str| {
        let lines = listed.lines().filter_map(|line| line.strip_prefix("  waiting    "));
        lines.map(|line| line.split(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    until(|| waits(&done(&["webhooks", "list", "--config", &config])) == ["1", "nothing"]).await;
    let by_file = out(&costage(&["webhooks", "list"]).env("COSTAGE_CONFIG", &config).output().unwrap());
    let by_variable = out(&costage(&["webhooks", "list"]).env("COSTAGE_DATA_DIR", &data).output().unwrap());
    for listed in [by_file, by_variable, done(&["webhooks", "list", "--data-dir", &data])] {
        assert_eq!(waits(&listed), ["1", "nothing"], "{listed}");
    }
    assert_eq!(done(&["webhooks", "replay", "--all", "--config", &config]), "0 to be sent again\n");
    assert!(done(&["ledger", "verify", "--data-dir", &data]).starts_with("rows 0\n"));
    let nothing = configure(&folder, "", &[]);
    for command in [&["webhooks", "list"][..], &["webhooks", "replay", "--all"], &["ledger", "verify"]] {
        let said = fails(&[command, &["--config", &nothing]].concat());
        assert!(said.contains("nothing is kept") && said.contains("--data"), "{said}");
    }
}
