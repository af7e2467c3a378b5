//! What stands where: top-level entries, the README's first screen, the two commands, no path of anybody's machine.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Finding;

/// Everything that may stand at the top of the repository.
const TOP_LEVEL: &[&str] = &[
    ".cargo",
    ".ci",
    ".clippy.toml",
    ".dockerignore",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "costage.sample.toml",
    "demo",
    "deny.toml",
    "docker",
    "media",
    "rustfmt.toml",
    "src",
    "test",
    "tests",
    "web",
];

/// Lines of the README that a visitor sees without scrolling.
const FIRST_SCREEN_LINES: usize = 40;

/// Folders that only exist on a machine, or that belong to whoever built the checkout. Split, so as not to find itself.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Use", "rs/"),
    concat!("../sha", "red"),
];

/// All files of the project: what git tracks, or in an unpacked archive whatever is there but builds.
pub(crate) fn tracked_files(root: &Path) -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    let mut files = match listed {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .split_terminator('\0')
            .map(str::to_owned)
            .filter(|file| root.join(file).is_file())
            .collect(),
        Ok(_) | Err(_) => {
            let mut files = Vec::new();
            walk(root, "", &mut files);
            files
        }
    };
    files.sort();
    files
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the project is readable") {
        let entry = entry.expect("a folder of the project is readable");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if path == "target" || path == ".git" {
            continue;
        }
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else {
            files.push(path);
        }
    }
}

/// Entries at the top that nobody allowed.
pub(crate) fn check_top_level(files: &[String]) -> Vec<Finding> {
    let mut tops: Vec<&str> = files.iter().filter_map(|file| file.split('/').next()).collect();
    tops.dedup();
    tops.into_iter()
        .filter(|top| !TOP_LEVEL.contains(top))
        .map(|top| Finding::new(top, 1, "is not a top-level entry; allow it in tests/tidy/places.rs or move it"))
        .collect()
}

/// Both commands must be on the README's first screen.
pub(crate) fn check_readme(readme: &str) -> Vec<Finding> {
    let first_screen: String = readme.lines().take(FIRST_SCREEN_LINES).map(|line| format!("{line}\n")).collect();
    ["./demo", "./test"]
        .into_iter()
        .filter(|command| !first_screen.contains(command))
        .map(|command| Finding::new("README.md", 1, format!("its first screen does not mention {command}")))
        .collect()
}

/// Both commands, and what CI runs, must be there and executable.
pub(crate) fn check_commands(root: &Path) -> Vec<Finding> {
    ["demo", "test", ".ci/run", ".ci/setup.sh", ".ci/gallery.sh"]
        .into_iter()
        .filter(|file| !is_executable(&root.join(file)))
        .map(|file| Finding::new(file, 1, "is missing or not executable"))
        .collect()
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 == 0o111)
}

/// Paths that only mean something on one machine.
pub(crate) fn check_no_machine_paths(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(path) = MACHINE_PATHS.iter().find(|path| line.contains(**path)) {
            findings.push(Finding::new(file, index + 1, format!("`{path}` is a path of somebody's machine")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_top_level_entry_is_found() {
        let files = ["README.md", "notes.txt", "src/main.rs", "utils/a.rs"].map(str::to_owned);
        let names: Vec<String> = check_top_level(&files).into_iter().map(|finding| finding.file).collect();
        assert_eq!(names, ["notes.txt", "utils"]);
    }

    #[test]
    fn a_readme_without_the_commands_is_found() {
        assert_eq!(check_readme("# costage\nrun ./demo or ./test\n"), []);
        assert_eq!(check_readme("# costage\nrun ./demo\n").len(), 1);
        assert_eq!(check_readme(&format!("{}./demo ./test\n", "\n".repeat(FIRST_SCREEN_LINES))).len(), 2);
    }

    #[test]
    fn missing_commands_are_found() {
        assert_eq!(check_commands(Path::new("nowhere")).len(), 5);
    }

    #[test]
    fn a_machine_path_is_found() {
        let text = format!("fine\nsee {}me/notes\n", MACHINE_PATHS[1]);
        assert_eq!(check_no_machine_paths("README.md", &text).len(), 1);
        assert_eq!(check_no_machine_paths("README.md", "src/network/mod.rs\n/usr/bin/chromium\n"), []);
    }

    #[test]
    fn sources_are_among_the_files() {
        let files = tracked_files(crate::root());
        assert!(files.iter().any(|file| file == "src/lib.rs") && files.iter().any(|file| file == "Cargo.toml"));
        assert!(!files.iter().any(|file| file.starts_with("target/")));
    }
}
