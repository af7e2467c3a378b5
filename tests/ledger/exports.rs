//! Exports: whole, or there is none; and checked without costage.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::house::{Folder, Server, costage, done, err, fails, out};
use crate::play;

/// What the help prints for whoever has no costage.
const CHECKER: &str = include_str!("../../src/app/ledger.py");

/// What the checker says of an export; `None` where there is no Python.
fn check(export: &str) -> Option<Result<String, String>> {
    let output = Command::new("python3").args(["-c", CHECKER, export]).output().ok()?;
    Some(if output.status.success() { Ok(out(&output)) } else { Err(err(&output)) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checker_of_the_help_goes_through_the_head_also_of_an_empty_ledger_and_finds_cuts() {
    assert!(done(&["ledger", "export", "--help"]).contains(CHECKER.lines().last().unwrap()));
    let folder = Folder::new("checker");
    let (data, file) = (folder.path("data"), folder.path("ledger.jsonl"));
    let server = Server::start(&data).await;
    assert_eq!(done(&["ledger", "export", &file, "--data", &data]), "rows 0\n");
    let Some(said) = check(&file) else { return println!("passed over: there is no python3") };
    assert_eq!(said, Ok(format!("0:{}\n", "0".repeat(64))));
    assert_eq!(done(&["ledger", "balance", "--from", &file]).lines().next(), Some("rows 0"));
    play(&server).await;
    fs::remove_file(&file).unwrap();
    done(&["ledger", "export", &file, "--data", &data]);
    let verified = done(&["ledger", "verify", "--data", &data]);
    let head = verified.lines().find_map(|line| line.strip_prefix("head ")).unwrap();
    assert_eq!(check(&file), Some(Ok(format!("{head}\n"))));
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    for (cut, wanted) in [(lines[..5].concat(), "cut short"), ([&lines[..4], &lines[5..]].concat().concat(), "says")] {
        fs::write(&file, cut).unwrap();
        let said = check(&file).unwrap().unwrap_err();
        assert!(said.contains(wanted), "{said}");
    }
    fs::write(&file, "").unwrap();
    let said = fails(&["ledger", "balance", "--from", &file]);
    assert!(said.contains("cut short behind row 0"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_full_disk_cuts_has_no_name_and_ends_with_1() {
    let folder = Folder::new("full");
    let (data, copy) = (folder.path("data"), folder.path("copy.db"));
    let server = Server::start(&data).await;
    play(&server).await;
    done(&["backup", &copy, "--data", &data]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = costage(&["ledger", "export", "--data", &data]).stdout(full).output().unwrap();
    assert!(output.status.code() == Some(1) && err(&output).contains("cannot write to standard output"), "{output:?}");
    // Files of at most one block, as on a disk that has no more: what the fifth row needs is not there.
    let target = folder.path("ledger.jsonl");
    let export = "trap '' XFSZ; ulimit -f 1; exec \"$0\" ledger export \"$1\" --data \"$2\"";
    let mut limited = Command::new("sh");
    limited.args(["-c", export, env!("CARGO_BIN_EXE_costage"), &target, &copy]).stdin(Stdio::null());
    let output = limited.env_remove("COSTAGE_CONFIG").output().unwrap();
    let said = err(&output);
    assert!(output.status.code() == Some(1) && said.contains("cannot write to") && said.contains(&target), "{said}");
    assert!(!Path::new(&target).exists() && !Path::new(&format!("{target}.part")).exists());
    assert_eq!(done(&["ledger", "export", &target, "--data", &copy]), "rows 5\n");
}
