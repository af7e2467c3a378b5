//! What is kept, from an operator's and an auditor's side: a server that is killed and started again, its ledger, a copy.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

mod beside;
mod edges;
mod exports;
mod filled;
mod heads;
mod house;
mod long;
mod waited;
mod webhooks;

use std::time::Duration;

use serde_json::{Value, json};

use house::{Folder, Server, costage, done, err, fails, serve};

/// Hash by hash as the help describes it, with nothing of the server's own code.
fn chain(export: &str) -> String {
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap().to_be_bytes();
    let mut last = vec![0; 32];
    let mut head = String::new();
    for line in export.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        if let Some(rows) = row["rows"].as_u64() {
            assert_eq!((rows + 1, row["head"].as_str().unwrap()), (export.lines().count() as u64, &*head), "the end");
            continue;
        }
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
    let verified = done(&["ledger", "verify", "--data", &data]);
    let head = verified.lines().find(|line| line.starts_with("head 5:")).unwrap();
    let noted = head.strip_prefix("head ").unwrap();
    for more in [&["--head", noted][..], &["--data", &data]] {
        assert_eq!(done(&[&["ledger", "balance", "--from", &jsonl], more].concat()).lines().last(), Some(head));
    }
    let part = folder.path("part.jsonl");
    done(&["ledger", "export", "--battle", &battle, &part, "--data", &data]);
    assert!(done(&["ledger", "balance", "--from", &part]).ends_with("\nhashes computed 5\n"));
    let text = std::fs::read_to_string(&jsonl).unwrap();
    std::fs::write(&jsonl, text.replacen("\"alice\":20,", "\"alice\":25,", 1)).unwrap();
    assert!(fails(&["ledger", "balance", "--from", &jsonl]).contains("wrong: row 2, totals of battle"));
    std::fs::write(&jsonl, text.replacen("\"senderId\":\"fan\"", "\"senderId\":\"someone\"", 1)).unwrap();
    let said = fails(&["ledger", "balance", "--from", &jsonl]);
    assert!(
        said.contains("wrong: row 1 is not as it was written") && said.contains("does not agree: 2 found"),
        "{said}"
    );
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
