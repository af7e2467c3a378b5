//! `benches/compose/setup.sh` from a shell's side. Nothing real is installed or built: PATH holds stand-ins only.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

/// Its last argument but for libraries is a source; makes a program of it unless `$MISSING` is in its name.
const CC: &str = "for word; do
    [ \"${out:-}\" != next ] || out=$word
    [ \"$word\" != -o ] || out=next
done
case \"$out\" in *${MISSING:-nothing}*) echo 'no such header' >&2; exit 1 ;; esac
echo built > \"$out\"";

struct Machine(PathBuf);

struct Ran {
    said: String,
    /// What `apt-get install` was asked for, each time.
    installed: Vec<String>,
    /// The rivals that are there afterwards.
    built: Vec<&'static str>,
}

impl Machine {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("rivals-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let machine = Self(folder);
        let path = std::env::var_os("PATH").unwrap();
        for command in ["sh", "env", "mkdir", "mv", "rm", "dirname", "pwd"] {
            let there = std::env::split_paths(&path).map(|folder| folder.join(command)).find(|file| file.is_file());
            symlink(there.unwrap(), machine.0.join(command)).unwrap();
        }
        machine.with("id", "echo 0").with("pkg-config", "").with("apt-get", "echo \"$*\" >> \"$0.log\"")
    }

    fn with(self, command: &str, script: &str) -> Self {
        let file = self.0.join(command);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn set_up(&self, may: &str, environment: &[(&str, &str)]) -> Ran {
        let programs = self.0.join("programs");
        let mut command = Command::new(self.0.join("sh"));
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/compose/setup.sh")).arg(&programs).arg(may);
        let output = command.env_clear().env("PATH", &self.0).envs(environment.iter().copied()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "a rival that is missing fails nobody: {said}");
        let log = fs::read_to_string(self.0.join("apt-get.log")).unwrap_or_default();
        let packages = |line: &str| line.strip_prefix("install -y --no-install-recommends ").map(str::to_owned);
        let installed = log.lines().filter_map(packages).collect();
        let built = ["libyuv", "ffmpeg", "gstreamer"].into_iter().filter(|it| programs.join(it).is_file()).collect();
        Ran { said, installed, built }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn rivals_whose_libraries_are_there_are_built_without_installing() {
    let machine = Machine::new("there").with("cc", CC);
    let ran = machine.set_up("install", &[]);
    assert_eq!(ran.built, ["libyuv", "ffmpeg", "gstreamer"]);
    assert!(ran.installed.is_empty() && ran.said.is_empty(), "{}", ran.said);
}

#[test]
fn one_that_is_missing_is_installed_where_that_may_be_and_holds_up_no_other() {
    let machine = Machine::new("missing").with("cc", CC);
    let ran = machine.set_up("installed", &[("MISSING", "ffmpeg")]);
    assert_eq!((ran.built, ran.installed.len()), (vec!["libyuv", "gstreamer"], 0));
    assert!(ran.said.contains("ffmpeg cannot be built") && ran.said.contains("libavfilter-dev"), "{}", ran.said);
    let ran = machine.set_up("install", &[("MISSING", "ffmpeg")]);
    assert_eq!(ran.installed, ["pkg-config libavfilter-dev libavutil-dev"]);
    assert_eq!(ran.built, ["libyuv", "gstreamer"]);
    assert_eq!(machine.set_up("install", &[]).built, ["libyuv", "ffmpeg", "gstreamer"]);
}

#[test]
fn without_a_compiler_it_is_asked_for_too() {
    let ran = Machine::new("bare").set_up("install", &[]);
    assert_eq!(ran.installed[0], "gcc libc6-dev libyuv-dev");
    assert_eq!((ran.built.len(), ran.installed.len()), (0, 3));
}
