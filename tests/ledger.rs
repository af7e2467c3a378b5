//! What is kept, from an operator's and an auditor's side: a server that is killed and started again, its ledger, a copy.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use costage::client::Backend;
use costage::client::backend::Method;
use serde_json::{Value, json};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
const SECRET: &str = "a secret of at least thirty-two bytes";

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("costage-ledger-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The command, in an environment without other settings.
fn costage(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_costage"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COSTAGE_")) {
        command.env_remove(name);
    }
    command.args(args).stdin(Stdio::null());
    command
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What it prints; it must end well.
#[track_caller]
fn done(args: &[&str]) -> String {
    let output = costage(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}{}", out(&output), err(&output));
    out(&output)
}

/// What it prints on both sides; it must end with 1.
#[track_caller]
fn fails(args: &[&str]) -> String {
    let output = costage(args).output().unwrap();
    let said = out(&output) + &err(&output);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
    said
}

/// A server on a data directory; killed when dropped.
struct Server {
    process: Child,
    backend: Backend,
}

impl Server {
    async fn start(data: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = serve(data, port).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut token = costage(&["token", "--role", "admin", "--user", "backend", "--live", "*"]);
        let token = out(&token.env("COSTAGE_KEYS", format!("main={SECRET}")).output().unwrap());
        let backend = Backend::new(&format!("http://127.0.0.1:{port}"), token.trim()).unwrap();
        let begun = Instant::now();
        while !backend.is_up().await {
            assert_eq!(process.try_wait().unwrap(), None, "the server ended at once");
            assert!(begun.elapsed() < PATIENCE, "the server does not come up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { process, backend }
    }

    async fn get(&self, path: &str) -> Value {
        self.backend.ask(Method::GET, path, None, None).await.unwrap()
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn serve(data: &str, port: u16) -> Command {
    let mut command = costage(&["serve", "--data-dir", data, "--media-udp-port", "0", "--metrics-listen", ""]);
    command.args(["--listen", &format!("127.0.0.1:{port}")]).env("COSTAGE_KEYS", format!("main={SECRET}"));
    command
}

/// Hash by hash as the help describes it, with nothing of the server's own code.
fn chain(export: &str) -> String {
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap().to_be_bytes();
    let mut last = vec![0; 32];
    let mut head = String::new();
    for line in export.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let mut bytes = std::mem::take(&mut last);
        let text = |bytes: &mut Vec<u8>, text: &str| {
            bytes.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
            bytes.extend(text.as_bytes());
        };
        bytes.extend(number(&row, "seq"));
        let uuid = row["battleId"].as_str().unwrap().replace('-', "");
        bytes.extend((0..32).step_by(2).map(|at| u8::from_str_radix(&uuid[at..at + 2], 16).unwrap()));
        bytes.extend(number(&row, "battleSeq"));
        for name in ["idempotencyKey", "op"] {
            text(&mut bytes, row[name].as_str().unwrap());
        }
        text(&mut bytes, &row["scores"].to_string());
        if row["giftCount"].is_null() {
            bytes.push(0);
        } else {
            bytes.push(1);
            bytes.extend(number(&row, "giftCount"));
            bytes.extend(number(&row, "giftValue"));
        }
        for name in ["giftId", "senderId", "reference"] {
            text(&mut bytes, row[name].as_str().unwrap());
        }
        text(&mut bytes, &row["totals"].to_string());
        bytes.extend(number(&row, "at"));
        last = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes).as_ref().to_vec();
        let hex: String = last.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(row["hash"].as_str().unwrap(), hex, "{line}");
        head = format!("{}:{hex}", row["seq"]);
    }
    head
}

/// Two lives in a battle, and five changes of its scores.
async fn play(server: &Server) -> String {
    for live in ["alice", "bob"] {
        server.backend.create_live(live, live).await.unwrap();
    }
    server.backend.connect("alice", "bob").await.unwrap();
    let battle = server.backend.start_battle("alice", &["bob"], Duration::from_secs(300)).await.unwrap();
    for key in ["1", "2", "3", "3"] {
        server.backend.add_score(&battle, "alice", 10, key).await.unwrap();
    }
    server.backend.set_scores(&battle, &[("alice", 7), ("bob", 9)], "4").await.unwrap();
    server.backend.add_score(&battle, "bob", 1, "5").await.unwrap();
    battle
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_goes_on_where_it_was_and_an_auditor_sees_all_of_it() {
    let folder = Folder::new("killed");
    let data = folder.path("data");
    let server = Server::start(&data).await;
    let battle = play(&server).await;
    let before = server.get(&format!("/v1/battles/{battle}")).await;

    // Beside the server that runs.
    let verified = done(&["ledger", "verify", "--data", &data]);
    let head = verified.lines().find_map(|line| line.strip_prefix("head ")).unwrap().to_owned();
    assert!(verified.starts_with("rows 5\n") && head.starts_with("5:"), "{verified}");
    let export = done(&["ledger", "export", "--data", &data]);
    assert_eq!(chain(&export), head);
    let copy = folder.path("copy.db");
    assert_eq!(done(&["backup", &copy, "--data", &data]), format!("head {head}\n"));
    let other = serve(&data, 0).output().unwrap();
    assert!(other.status.code() == Some(1) && err(&other).contains("in use by another costage"), "{}", err(&other));

    server.kill();
    let server = Server::start(&data).await;
    assert_eq!(server.get(&format!("/v1/battles/{battle}")).await, before, "its own end time, its points");
    let again = server.backend.add_score(&battle, "alice", 10, "3").await.unwrap();
    assert_eq!(again, json!({"alice": 30, "bob": 0}), "the answer of then");
    assert_eq!(server.get(&format!("/v1/battles/{battle}")).await["scores"], json!({"alice": 7, "bob": 10}));
    server.backend.add_score(&battle, "bob", 1, "6").await.unwrap();
    let balance = done(&["ledger", "balance", "--data", &data]);
    assert_eq!(balance, "rows 6\nbattles 1\nresults compared 0\nkept battles compared 1\n");
    done(&["ledger", "verify", "--data", &data, "--head", &head]);
    assert!(done(&["ledger", "verify", "--data", &copy]).contains(&head));
    server.kill();
    assert!(done(&["ledger", "verify", "--data", &data]).starts_with("rows 6\n"), "nobody has it open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_agree_is_named_and_ends_with_1() {
    let folder = Folder::new("wrong");
    let data = folder.path("data");
    let server = Server::start(&data).await;
    let battle = play(&server).await;
    let (jsonl, csv) = (folder.path("ledger.jsonl"), folder.path("ledger.csv"));
    assert_eq!(done(&["ledger", "export", &jsonl, "--data", &data]), "rows 5\n");
    assert!(fails(&["ledger", "export", &jsonl, "--data", &data]).contains("not there yet"), "nothing is written over");
    done(&["ledger", "export", "--format", "csv", "--battle", &battle, &csv, "--data", &data]);
    assert_eq!(std::fs::read_to_string(&csv).unwrap().lines().count(), 6);
    done(&["ledger", "balance", "--from", &jsonl]);
    done(&["ledger", "balance", "--from", &jsonl, "--data", &data]);
    let forged = std::fs::read_to_string(&jsonl).unwrap().replacen("\"alice\":20,", "\"alice\":25,", 1);
    std::fs::write(&jsonl, forged).unwrap();
    assert!(fails(&["ledger", "balance", "--from", &jsonl]).contains("wrong: row 2, totals of battle"));
    std::fs::write(&jsonl, "no JSON\n").unwrap();
    assert!(fails(&["ledger", "balance", "--from", &jsonl]).contains("line 1 of the export"));
    let other = format!("3:{}", "0".repeat(64));
    assert!(fails(&["ledger", "verify", "--data", &data, "--head", &other]).contains("wrong: row 3 is not the one"));
    let said = fails(&["ledger", "verify", "--data", &folder.path("nowhere")]);
    assert!(said.contains("no costage.db in") && said.contains("--data"), "{said}");
    let said = fails(&["backup", &jsonl, "--data", &data]);
    assert!(said.contains("there already"), "{said}");
}

#[test]
fn a_server_refuses_a_file_that_is_not_its_own_and_leaves_it_alone() {
    let folder = Folder::new("foreign");
    let file = folder.path("costage.db");
    std::fs::write(&file, "somebody's notes").unwrap();
    let output = serve(&folder.path(""), 0).output().unwrap();
    let said = err(&output);
    assert!(output.status.code() == Some(1) && said.contains(&file) && said.contains("data_dir"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), b"somebody's notes");
}

#[test]
fn nothing_is_kept_where_nobody_wants_it() {
    assert!(done(&["config", "print"]).contains("data_dir = \"costage-data\""));
    assert!(done(&["config", "print", "--memory"]).contains("data_dir = \"\""));
    let said = costage(&["config", "print", "--memory", "--data-dir", "here"]).output().unwrap();
    assert_eq!(said.status.code(), Some(2), "one or the other");
}
