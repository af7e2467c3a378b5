//! What an operator meets who is at the edge: files that are empty, damaged or nowhere, a disk that is full. Each is said with
//! the file's name and what to do.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use costage::engine::{DeliveryLog as _, StoreId};
use costage::store::Deliveries;

use crate::filled::filled;
use crate::house::{Folder, SECRET, Server, err, fails};

/// Says all of `words`.
#[track_caller]
fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
}

#[test]
fn webhooks_beside_an_emptied_or_as_a_damaged_file_are_named_with_the_way_out() {
    let folder = Folder::new("edges");
    let (data, main, webhooks) = (folder.path(""), folder.path("costage.db"), folder.path("webhooks.db"));
    let log = Deliveries::open(webhooks.as_ref()).unwrap();
    log.begin("crm", StoreId([0; 16]), 0).unwrap();
    drop(log);
    fs::write(&main, "").unwrap();
    let said = fails(&["webhooks", "list", "--data", &data]);
    says(&said, &[&main, "is empty", "put a backup in its place"]);
    fs::remove_file(&main).unwrap();
    // All pages but the first, which names the tables.
    let pages = fs::metadata(&webhooks).unwrap().len() / 4_096;
    let file = File::options().write(true).open(&webhooks).unwrap();
    (1..pages).for_each(|page| file.write_all_at(&[0x5a; 4_096], page * 4_096).unwrap());
    for command in [&["webhooks", "list"][..], &["webhooks", "replay", "--all"]] {
        let said = fails(&[command, &["--data", &data]].concat());
        says(&said, &[&webhooks, "it is damaged", "put a copy of the file back", "or move all four away"]);
    }
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for() {
    for name in ["costage.db-wal", "costage.head", "webhooks.db-wal"] {
        let folder = Folder::new("pipes");
        let data = folder.path("data");
        drop(costage::store::Store::open(data.as_ref(), Box::new(now)).unwrap());
        drop(Deliveries::open(folder.path("data/webhooks.db").as_ref()).unwrap());
        let pipe = folder.path(&format!("data/{name}"));
        drop(fs::remove_file(&pipe));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        says(&fails(&["ledger", "verify", "--data", &data]), &[name, "it is a pipe or a device, not a file"]);
    }
}

#[test]
fn a_directory_that_is_not_there_is_named_by_whoever_is_to_write_into_it() {
    let folder = Folder::new("nowhere");
    let data = folder.path("data");
    drop(costage::store::Store::open(data.as_ref(), Box::new(now)).unwrap());
    let (nowhere, target) = (folder.path("nowhere"), folder.path("nowhere/copy"));
    for command in [&["backup"][..], &["ledger", "export"]] {
        let said = fails(&[command, &[&target, "--data", &data]].concat());
        let no_directory = format!("there is no directory {nowhere}: make it");
        says(&said, &["cannot write", &target, &no_directory]);
    }
    assert!(!Path::new(&nowhere).exists());
}

/// A server that may write no file longer than one block, as on a disk that has no more.
fn serve_without_room(data: &str) -> Command {
    let serve =
        "trap '' XFSZ; ulimit -f 1; exec \"$0\" serve --data-dir \"$1\" --listen 127.0.0.1:0 --media-udp-port 0";
    let mut limited = Command::new("sh");
    limited.args(["-c", serve, env!("CARGO_BIN_EXE_costage"), data]).stdin(Stdio::null());
    limited
        .env_remove("COSTAGE_CONFIG")
        .env("COSTAGE_KEYS", format!("main={SECRET}"))
        .env("COSTAGE_METRICS_LISTEN", "");
    limited
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_on_a_full_disk_says_that_it_is_full_and_what_to_do() {
    let folder = Folder::new("full-start");
    let data = folder.path("data");
    Server::start(&data).await.end();
    let names = || {
        let mut names: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    // As a clean end leaves it, and without the files that webhooks need.
    for gone in [
        &["costage.db-shm", "costage.db-wal", "webhooks.db-shm", "webhooks.db-wal"][..],
        &["webhooks.db", "webhooks.head"],
    ] {
        for name in gone {
            drop(fs::remove_file(Path::new(&data).join(name)));
        }
        let output = serve_without_room(&data).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let full = format!("costage: the disk of {data} is full: make room on it and start again");
        says(&err(&output), &[&full, "`data_dir`", "what was kept is as it was"]);
        assert!(!names().iter().any(|name| name == "costage.probe"), "{:?}", names());
    }
    drop(Server::start(&data).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_without_room_for_a_copy_keeps_nothing_of_it() {
    let folder = Folder::new("no-copy");
    let (data, copy) = (folder.path("data"), folder.path("copy.db"));
    // More than SQLite holds in memory while it copies.
    filled(&data, 40_000).await;
    // Files of at most so many blocks, as on a disk that has no more.
    let backup = "trap '' XFSZ; ulimit -f 2000; exec \"$0\" backup \"$1\" --data \"$2\"";
    let mut limited = Command::new("sh");
    limited.args(["-c", backup, env!("CARGO_BIN_EXE_costage"), &copy, &data]).stdin(Stdio::null());
    let output = limited.env_remove("COSTAGE_CONFIG").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    says(&err(&output), &[&copy, "cannot write", "name a new file on a disk with room"]);
    let left: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["data"]);
}

fn now() -> costage::store::Moment {
    let wall = costage::live::WallMs(1_790_000_000_000);
    costage::store::Moment { now: std::time::Instant::now(), wall, boot: None }
}

#[test]
fn a_disk_without_room_for_a_new_database_leaves_nothing_of_it() {
    let folder = Folder::new("no-room");
    let data = folder.path("data");
    let output = serve_without_room(&data).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    says(&err(&output), &[&format!("{data}/costage.db cannot be made"), "make room on its disk", "data_dir"]);
    let left: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["costage.lock"]);
}
