//! Rooms one can look over: files of at most 800 lines, functions of at most 70 but for two in a hundred.

use std::fmt;

use crate::Finding;
use crate::source::Source;

/// Above this a file needs a line in [`LARGE_FOR_A_REASON`].
const FILE_LINES_MAX: usize = 800;
/// Above this a file is reported as crowded.
const FILE_LINES_CROWDED: usize = 600;
/// A function fits on a screen.
const FUNCTION_LINES_MAX: usize = 70;
/// At most this many of a hundred functions may be longer.
const LONG_FUNCTIONS_PERCENT_MAX: usize = 2;

/// Files that may be larger, each with its reason.
const LARGE_FOR_A_REASON: &[(&str, &str)] = &[];

/// A file that is getting too large.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crowded {
    file: String,
    lines: usize,
}

impl fmt::Display for Crowded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has {} lines; {FILE_LINES_MAX} is the limit, 200 the aim", self.file, self.lines)
    }
}

/// Files over the limit without a written reason, and reasons that nothing needs any more.
pub(crate) fn check_files(texts: &[(String, String)]) -> Vec<Finding> {
    check_files_with(texts, LARGE_FOR_A_REASON)
}

fn check_files_with(texts: &[(String, String)], reasons: &[(&str, &str)]) -> Vec<Finding> {
    let too_large = |file: &str| texts.iter().any(|(name, text)| name == file && text.lines().count() > FILE_LINES_MAX);
    let mut findings: Vec<Finding> = texts
        .iter()
        .filter(|(file, _)| too_large(file) && !reasons.iter().any(|(name, _)| name == file))
        .map(|(file, text)| {
            let lines = text.lines().count();
            Finding::new(
                file,
                FILE_LINES_MAX,
                format!("{lines} lines, {FILE_LINES_MAX} allowed: split it at a meaning"),
            )
        })
        .collect();
    for (file, reason) in reasons {
        if !too_large(file) {
            findings.push(Finding::new(file, 1, "is not too large any more; take it off the list"));
        }
        if reason.len() < 20 {
            findings.push(Finding::new(file, 1, "needs a real reason to be this large"));
        }
    }
    findings
}

/// Files between crowded and too large, to be reported.
pub(crate) fn crowded(texts: &[(String, String)]) -> Vec<Crowded> {
    let lines = texts.iter().map(|(file, text)| Crowded { file: file.clone(), lines: text.lines().count() });
    lines.filter(|file| file.lines > FILE_LINES_CROWDED).collect()
}

/// The long functions, if there are more than the share allows.
pub(crate) fn check_functions(sources: &[Source]) -> Vec<Finding> {
    let all: usize = sources.iter().map(|source| source.functions.len()).sum();
    let long: Vec<Finding> = sources
        .iter()
        .flat_map(|source| {
            source.functions.iter().filter(|function| function.lines > FUNCTION_LINES_MAX).map(|function| {
                let message =
                    format!("`{}` has {} lines, {FUNCTION_LINES_MAX} fit on a screen", function.name, function.lines);
                Finding::new(&source.file, function.line, message)
            })
        })
        .collect();
    if long.len() * 100 > all * LONG_FUNCTIONS_PERCENT_MAX { long } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, lines: usize) -> (String, String) {
        (name.to_owned(), "x\n".repeat(lines))
    }

    #[test]
    fn a_large_file_is_found_unless_it_has_a_reason() {
        let texts = [file("src/a.rs", 801), file("src/b.rs", 800)];
        assert_eq!(check_files_with(&texts, &[]).len(), 1);
        assert_eq!(check_files_with(&texts, &[("src/a.rs", "a table of the standard, row by row")]), []);
        assert_eq!(check_files_with(&texts, &[("src/a.rs", "big")]).len(), 1);
    }

    #[test]
    fn a_reason_that_nothing_needs_is_found() {
        assert_eq!(
            check_files_with(&[file("src/a.rs", 10)], &[("src/a.rs", "a table of the standard, row by row")]).len(),
            1
        );
    }

    #[test]
    fn crowded_files_are_reported_from_601_lines() {
        let names: Vec<String> = crowded(&[file("a.rs", 600), file("b.rs", 601)]).into_iter().map(|c| c.file).collect();
        assert_eq!(names, ["b.rs"]);
    }

    #[test]
    fn too_many_long_functions_are_found() {
        let long = format!("fn long() {{\n{}}}\n", "let a = 1;\n".repeat(69));
        let source = |short: usize| {
            let text = format!("{long}{}", (0..short).map(|n| format!("fn f{n}() {{}}\n")).collect::<String>());
            [Source::parse("src/a.rs", &text).unwrap()]
        };
        assert_eq!(check_functions(&source(48)).len(), 1, "1 of 49 is more than 2 %");
        assert_eq!(check_functions(&source(49)), [], "1 of 50 is 2 %");
    }

    #[test]
    fn a_function_of_70_lines_is_not_long() {
        let text = format!("fn f() {{\n{}}}\n", "let a = 1;\n".repeat(68));
        assert_eq!(Source::parse("src/a.rs", &text).unwrap().functions[0].lines, 70);
        assert_eq!(check_functions(&[Source::parse("src/a.rs", &text).unwrap()]), []);
    }
}
