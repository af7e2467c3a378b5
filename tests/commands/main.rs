//! The binary from a shell's side: help, exit statuses, what it says when something is wrong, and how it ends.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

mod server;
mod theme;

use std::net::{TcpListener, UdpSocket};
use std::process::Command;

use self::server::{Server, costage, run};

/// Exit status, and what was said on standard error.
#[track_caller]
fn fails(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap_or_else(|| panic!("ended by a signal: {said}")), said)
}

#[test]
fn every_command_explains_itself_with_examples() {
    let commands: [&[&str]; 12] = [
        &[],
        &["serve"],
        &["demo"],
        &["bench", "mixing"],
        &["bench", "compose"],
        &["token"],
        &["config", "print"],
        &["ledger"],
        &["ledger", "verify"],
        &["ledger", "export"],
        &["ledger", "balance"],
        &["backup"],
    ];
    for command in commands {
        for help in ["--help", "-h"] {
            let output = run(&[command, &[help]].concat());
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success() && text.contains("Examples:\n  "), "{command:?} {help}: {text}");
            assert!(!text.contains('\u{1b}'), "no colours into a pipe");
        }
    }
    let version = String::from_utf8(run(&["--version"]).stdout).unwrap();
    assert!(version.contains("SIMD ") && version.contains("assembly"), "{version}");
}

#[test]
fn wrong_settings_end_with_2_and_name_the_setting_and_the_fix() {
    let folder = std::env::temp_dir().join(format!("costage-commands-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("costage.toml");
    let path = file.to_str().unwrap();
    let from_file = |text: &str| {
        std::fs::write(&file, text).unwrap();
        fails(&mut costage(&["serve", "--dev", "--config", path]))
    };
    let (status, said) = from_file("max_fsp = 30\n");
    assert!(status == 2 && said.contains(path) && said.contains("max_fsp") && said.contains("max_fps"), "{said}");
    let (status, said) = from_file("listen = \"here\"\n");
    assert!(status == 2 && said.contains(path) && said.contains("listen"), "{said}");
    let (status, said) = from_file("[[keys]]\nid = \"main\"\nsecret = \"short\"\n");
    assert!(status == 2 && said.contains("keys") && said.contains("main") && said.contains("at least 32"), "{said}");
    std::fs::remove_dir_all(&folder).unwrap();
    let (status, said) = fails(&mut costage(&["serve", "--dev", "--config", path]));
    assert!(status == 2 && said.contains(path) && said.contains("cannot read"), "{said}");

    for (args, wanted) in [
        (&["serve", "--dev", "--max-fps", "61"][..], ["max_fps", "1 to 60"]),
        (&["serve", "--dev", "--max-fps", "fast"], ["max_fps=fast", "whole number"]),
        (&["serve", "--dev", "--listen", "here"], ["listen", "here"]),
        (&["serve", "--dev", "--log-level", "loud"], ["log_level", "TARGET=LEVEL"]),
        (&["serve", "--dev", "--simd", "sse2"], ["simd", "sse2"]),
        (&["serve", "--dev", "--set", "nope=1"], ["nope", "config print"]),
        (&["serve"], ["keys", "--dev"]),
        (&["serve", "--dev", "--listen", "0.0.0.0:0"], ["listen", "127.0.0.1"]),
        (&["demo", "--round-seconds", "1"], ["--round-seconds", "5..=3600"]),
        (&["token", "--role", "host", "--user", "alice"], ["keys", "COSTAGE_KEYS"]),
        (&["bench", "mixing", "--source", "12"], ["--source", "1280x720"]),
        (&["bench", "compose", "--frames", "3"], ["--frames", "4..=64"]),
        (&["bench", "compose", "--rivals", "some"], ["--rivals", "installed"]),
        (&["nonsense"], ["nonsense", "--help"]),
    ] {
        let (status, said) = fails(&mut costage(args));
        assert!(status == 2 && wanted.iter().all(|wanted| said.contains(wanted)), "{args:?}: {status} {said}");
        assert!(!said.contains('\u{1b}'), "no colours into a pipe: {said}");
    }
    for (name, value) in [("COSTAGE_MAX_FPS", "fast"), ("COSTAGE_MAXFPS", "30"), ("COSTAGE_SIMD", "sse2")] {
        let (status, said) = fails(costage(&["serve", "--dev"]).env(name, value));
        assert!(status == 2 && said.contains(name), "{name}={value}: {status} {said}");
    }
}

#[test]
fn a_server_in_kubernetes_starts_beside_a_service_of_its_name() {
    let links = [("COSTAGE_SERVICE_HOST", "10.96.0.7"), ("COSTAGE_PORT", "tcp://10.96.0.7:8080")];
    let server = Server::start_with(&["serve", "--dev"], &links);
    server.hears("COSTAGE_PORT COSTAGE_SERVICE_HOST");
    server.signal("-TERM");
    assert_eq!(server.end(), 0);
}

#[test]
fn a_token_without_a_key_is_refused_with_what_this_command_has() {
    let arguments = ["token", "--role", "host", "--user", "alice"];
    let (status, said) = fails(&mut costage(&arguments));
    assert!(status == 2 && said.contains("COSTAGE_KEYS=id=secret") && said.contains("--config"), "{said}");
    assert!(!said.contains("start with --dev"), "this command has no --dev: {said}");
    let secret = "s".repeat(32);
    let output = costage(&arguments).env("COSTAGE_KEYS", format!("main={secret}")).output().unwrap();
    assert!(output.status.success() && output.stdout.len() > 100);
}

#[test]
fn a_wrong_level_is_refused_by_every_command() {
    for arguments in [&["--version"][..], &["serve", "--dev"], &["bench", "mixing"]] {
        let (status, said) = fails(costage(arguments).env("COSTAGE_SIMD", "sse2"));
        assert_eq!(status, 2, "{said}");
        assert!(said.contains("COSTAGE_SIMD") && said.contains("sse2") && said.contains("scalar"), "{said}");
    }
    let output = costage(&["--version"]).env("COSTAGE_SIMD", "scalar").output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("SIMD scalar"));
}

#[test]
fn a_bench_says_at_once_where_it_cannot_write() {
    for (args, wanted) in [
        (["bench", "control", "--data-dir", "/no/such/folder"], ["--data-dir", "a folder that exists"]),
        (["bench", "control", "--json", "/no/such/folder/f"], ["--json", "/no/such/folder/f"]),
    ] {
        let (status, said) = fails(&mut costage(&args));
        assert!(status == 1 && wanted.iter().all(|wanted| said.contains(wanted)), "{args:?}: {status} {said}");
    }
}

#[test]
fn what_a_picture_costs_is_printed_and_written_as_json() {
    let file = std::env::temp_dir().join(format!("costage-compose-{}.json", std::process::id()));
    let path = file.to_str().unwrap();
    let output = run(&["bench", "compose", "--rivals", "none", "--rounds", "1", "--turn-ms", "1", "--json", path]);
    let table = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && table.contains("AVX2: 9x360p-720p <= 1.6 x floor"), "{table}{said}");
    assert!(table.contains("not shown") && !table.contains('\u{1b}'), "no rival, no claim about one: {table}");
    let figures: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    let rows = figures["rows"].as_array().unwrap();
    for layout in ["9x360p-720p", "9x720p-720p", "9x720p-portrait", "4x720p-720p"] {
        let row = rows.iter().find(|row| row["layout"] == layout).unwrap();
        assert!(row["ms"].as_f64().unwrap() > 0.0 && row["floor_ms"].as_f64().unwrap() > 0.0, "{row}");
        assert_eq!(row["peers"], serde_json::json!({"libyuv": null, "ffmpeg": null, "gstreamer": null}));
        assert!(row["level"].is_string(), "{row}");
    }
}

#[test]
fn config_print_shows_what_a_server_for_others_would_take() {
    let secret = "s".repeat(32);
    let mut command = costage(&["config", "print", "--listen", "0.0.0.0:8080"]);
    let output = command.env("COSTAGE_KEYS", format!("main={secret}")).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && printed.contains("listen = \"0.0.0.0:8080\""), "{printed}");
    assert!(printed.contains("id = \"main\"") && !printed.contains(&secret), "{printed}");
    let output = costage(&["config", "print", "--listen", "0.0.0.0:8080"]).output().unwrap();
    assert!(output.status.success(), "keys may come later");
    let (status, said) = fails(&mut costage(&["config", "print", "--max-fps", "61"]));
    assert!(status == 2 && said.contains("max_fps"), "{said}");
}

#[test]
fn a_port_in_use_ends_with_1_and_names_the_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flag, key) in [("--listen", "`listen`"), ("--metrics-listen", "`metrics_listen`")] {
        let (status, said) = fails(costage(&["serve", "--dev"]).args([flag, &address]));
        assert!(status == 1 && said.contains(key) && said.contains(&address), "{said}");
    }
    let taken = UdpSocket::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (status, said) = fails(costage(&["serve", "--dev"]).args(["--media-udp-port", &port]));
    assert!(status == 1 && said.contains("`media_udp_port`") && said.contains(&port), "{said}");
    let (status, said) = fails(costage(&["demo"]).args(["--listen", &address]));
    assert!(status == 1 && said.contains("costage demo --listen"), "{said}");
}

#[test]
fn one_signal_ends_a_server_with_0_and_a_second_at_once_with_130() {
    let server = Server::start(&["serve", "--dev", "--drain-seconds", "3600"]);
    server.signal("-TERM");
    assert_eq!(server.end(), 0);

    let server = Server::start(&["serve", "--dev", "--drain-seconds", "3600"]);
    server.publish();
    server.signal("-INT");
    server.hears("draining");
    server.signal("-INT");
    assert_eq!(server.end(), 130);
}

#[test]
fn a_demo_goes_on_while_a_visitor_publishes_one_of_its_lives_and_its_host_comes_back() {
    let mut demo = Server::start(&["demo"]);
    demo.hears("battle started");
    demo.token = demo.token_of_dev_mode("luna");
    let visit = demo.open_session("luna");
    assert!(demo.ask("DELETE", &visit, "", "").starts_with("HTTP/1.1 200"), "the visitor leaves");
    demo.hears("the show goes on");
    demo.hears("the host is back");
    demo.signal("-INT");
    assert_eq!(demo.end(), 0);
}

#[test]
fn a_second_signal_ends_a_demo_at_once_though_a_visitor_is_there() {
    let mut demo = Server::start(&["demo", "--drain-seconds", "3600"]);
    demo.token = demo.token_of_dev_mode("a");
    demo.publish();
    demo.signal("-INT");
    demo.hears("draining");
    demo.signal("-INT");
    assert_eq!(demo.end(), 130);
}
