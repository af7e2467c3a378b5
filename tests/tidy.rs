//! The house rules that the compiler does not know, checked file by file: layers, banned calls, sizes, dependencies,
//! top-level entries, the README. Each rule is first shown to bite on a small bad source, then run over the real ones.
//!
//! ```text
//! file text ──▶ source::Source (paths, calls, unsafe, functions; test code left out) ──▶ layers, calls, sizes ──▶ Finding
//! Cargo.toml, README.md, names of files ──▶ manifest, places ───────────────────────────────────────────────▶ Finding
//! ```

#[path = "tidy/calls.rs"]
mod calls;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/manifest.rs"]
mod manifest;
#[path = "tidy/places.rs"]
mod places;
#[path = "tidy/sizes.rs"]
mod sizes;
#[path = "tidy/source.rs"]
mod source;

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use source::{Source, test_only_files};

/// One broken rule, where a reader can jump to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    file: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust and JavaScript files of the project, as (path from the root, text), in order of their names.
fn texts() -> Vec<(String, String)> {
    places::tracked_files(root())
        .into_iter()
        .filter(|file| file.ends_with(".rs") || file.ends_with(".js"))
        .map(|file| {
            let text = fs::read_to_string(root().join(&file)).expect("a listed file is readable text");
            (file, text)
        })
        .collect()
}

/// The product's own sources: what runs in production, parsed, without files that are only compiled for tests.
fn product_sources() -> Vec<Source> {
    let parsed: Vec<Source> = texts()
        .iter()
        .filter(|(file, _)| file.ends_with(".rs") && (file.starts_with("src/") || file.starts_with("media/src/")))
        .map(|(file, text)| Source::parse(file, text).unwrap_or_else(|error| panic!("{error}")))
        .collect();
    let tests = test_only_files(&parsed);
    parsed.into_iter().filter(|source| !tests.iter().any(|test| source.is_under(test))).collect()
}

fn assert_tidy(mut findings: Vec<Finding>) {
    findings.sort();
    let list: String = findings.iter().map(|finding| format!("\n  {finding}")).collect();
    assert!(findings.is_empty(), "{} broken rules:{list}", findings.len());
}

/// Prints past the test harness, which hides what a passing test prints.
fn report(line: &str) {
    writeln!(std::io::stderr(), "tidy: {line}").expect("standard error is open");
}

#[test]
fn no_arrow_points_up() {
    let sources = product_sources();
    assert!(sources.len() > 10, "tidy looks at {} files only: is it looking in the right place?", sources.len());
    assert_tidy(sources.iter().flat_map(layers::check).collect());
}

#[test]
fn no_banned_call_appears() {
    assert_tidy(product_sources().iter().flat_map(calls::check).collect());
}

#[test]
fn files_and_functions_keep_their_size() {
    let texts = texts();
    let mut findings = sizes::check_files(&texts);
    for crowded in sizes::crowded(&texts) {
        report(&format!("{crowded}"));
    }
    let sources: Vec<Source> = texts
        .iter()
        .filter(|(file, _)| file.ends_with(".rs"))
        .map(|(file, text)| Source::parse(file, text).unwrap_or_else(|error| panic!("{error}")))
        .collect();
    findings.extend(sizes::check_functions(&sources));
    assert_tidy(findings);
}

#[test]
fn every_dependency_has_a_reason_and_stands_once() {
    let read = |file: &str| (file.to_owned(), fs::read_to_string(root().join(file)).expect("a manifest is readable"));
    let (_, workspace) = read("Cargo.toml");
    let mut findings = manifest::check_reasons("Cargo.toml", &workspace);
    for (file, text) in [read("Cargo.toml"), read("media/Cargo.toml")] {
        findings.extend(manifest::check_inherited(&file, &text));
    }
    assert_tidy(findings);
}

#[test]
fn top_level_and_readme_are_as_promised() {
    let files = places::tracked_files(root());
    let mut findings = places::check_top_level(&files);
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md is there");
    findings.extend(places::check_readme(&readme));
    findings.extend(places::check_commands(root()));
    for file in &files {
        // Pictures and the fuzz corpus are not text.
        if let Ok(text) = fs::read_to_string(root().join(file)) {
            findings.extend(places::check_no_machine_paths(file, &text));
        }
    }
    assert_tidy(findings);
}
