//! `.ci/setup.sh` from a shell's side: what it installs, in which calls, and what it says when it cannot. Nothing real is
//! installed: PATH holds stand-ins only.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

/// Writes down what it is asked for; a browser comes only where `$BROWSER_COMES` says so.
const APT_GET: &str = "echo \"$*\" >> \"$0.log\"
case \"$*\" in *chromium*)
    [ -n \"${BROWSER_COMES:-}\" ] || exit 100
    printf '#!/bin/sh\\n' > \"${0%/*}/chromium\"; chmod +x \"${0%/*}/chromium\" ;;
esac";
const TOOLS: [&str; 5] = ["cc", "c++", "make", "cmake", "nasm"];

/// A machine with nothing but cargo and what every system has.
struct Machine(PathBuf);

struct Ran {
    status: i32,
    said: String,
    /// The packages of each `apt-get install`.
    installed: Vec<String>,
}

impl Machine {
    fn new(name: &str, distribution: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("setup-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let machine = Self(folder);
        let path = std::env::var_os("PATH").unwrap();
        for command in ["sh", "env", "grep", "sed", "chmod"] {
            let there = std::env::split_paths(&path).map(|folder| folder.join(command)).find(|file| file.is_file());
            symlink(there.unwrap(), machine.0.join(command)).unwrap();
        }
        fs::write(machine.0.join("os-release"), format!("NAME=x\nID={distribution}\nID_LIKE=debian\n")).unwrap();
        machine.with("cargo", "").with("id", "echo 0")
    }

    fn with(self, command: &str, script: &str) -> Self {
        let file = self.0.join(command);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn with_tools(self) -> Self {
        TOOLS.into_iter().fold(self, |machine, tool| machine.with(tool, ""))
    }

    fn set_up(&self, want: &str, environment: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(self.0.join("sh"));
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/setup.sh")).arg(want).env_clear();
        command.env("PATH", &self.0).env("HOME", &self.0).env("SETUP_OS_RELEASE", self.0.join("os-release"));
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let log = fs::read_to_string(self.0.join("apt-get.log")).unwrap_or_default();
        let packages = |line: &str| line.strip_prefix("install -y --no-install-recommends ").map(str::to_owned);
        Ran {
            status: output.status.code().unwrap(),
            said: String::from_utf8(output.stderr).unwrap(),
            installed: log.lines().filter_map(packages).collect(),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[test]
fn a_browser_that_cannot_be_installed_keeps_no_compiler_away() {
    let machine = Machine::new("fails", "debian").with("apt-get", APT_GET);
    let Ran { status, said, installed } = machine.set_up("test", &[]);
    assert_eq!((status, installed), (1, vec!["gcc g++ make cmake nasm".to_owned(), "chromium".to_owned()]), "{said}");
    assert!(said.contains("Please install: chromium\n") && said.contains("COSTAGE_CHROMIUM"), "{said}");
}

#[test]
fn a_debian_gets_compilers_and_browser() {
    let machine = Machine::new("debian", "debian").with("apt-get", APT_GET);
    let Ran { status, said, installed } = machine.set_up("test", &[("BROWSER_COMES", "1")]);
    assert_eq!((status, installed.len()), (0, 2), "{said}");
}

#[test]
fn a_build_asks_for_no_browser() {
    let machine = Machine::new("build", "debian").with("apt-get", APT_GET);
    let Ran { status, said, installed } = machine.set_up("build", &[]);
    assert_eq!((status, installed), (0, vec!["gcc g++ make cmake nasm".to_owned()]), "{said}");
}

#[test]
fn an_ubuntu_is_told_of_what_runs_instead_of_the_stub_of_a_snap() {
    // The stub: there, and runs nothing.
    let machine = Machine::new("ubuntu", "ubuntu").with("apt-get", APT_GET).with("chromium-browser", "exit 1");
    let Ran { status, said, installed } = machine.set_up("test", &[("BROWSER_COMES", "1")]);
    assert_eq!((status, installed), (1, vec!["gcc g++ make cmake nasm".to_owned()]), "{said}");
    for wanted in ["sudo snap install chromium", "google-chrome-stable_current_amd64.deb", "COSTAGE_CHROMIUM="] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[test]
fn without_apt_get_each_distribution_has_its_line() {
    let machine = Machine::new("others", "fedora");
    let Ran { status, said, .. } = machine.set_up("test", &[]);
    assert_eq!(status, 1);
    for wanted in [
        "Debian           sudo apt-get install gcc g++ make cmake nasm chromium\n",
        "Ubuntu           sudo apt-get install gcc g++ make cmake nasm\n",
        "Fedora           sudo dnf install gcc gcc-c++ make cmake nasm chromium\n",
        "Arch             sudo pacman -S gcc make cmake nasm chromium\n",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

#[test]
fn a_browser_that_is_named_or_there_is_enough() {
    let machine = Machine::new("there", "ubuntu").with_tools().with("elsewhere", "");
    let named = machine.0.join("elsewhere");
    assert_eq!(machine.set_up("test", &[("COSTAGE_CHROMIUM", named.to_str().unwrap())]).status, 0);
    let Ran { status, said, .. } = machine.set_up("test", &[("COSTAGE_CHROMIUM", "/nowhere")]);
    assert!(status == 1 && said.contains("COSTAGE_CHROMIUM is /nowhere"), "{said}");
    let machine = machine.with("google-chrome", "");
    let Ran { status, said, .. } = machine.set_up("test", &[]);
    assert_eq!((status, said.as_str()), (0, ""));
}
