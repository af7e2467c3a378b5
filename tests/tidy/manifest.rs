//! Each dependency stands once, in the workspace's table, with the reason it is there.

use crate::Finding;

/// Shorter than this is no reason ("json", "misc").
const REASON_CHARS_MIN: usize = 4;

/// Dependencies in `[workspace.dependencies]` without a comment on their line.
pub(crate) fn check_reasons(file: &str, text: &str) -> Vec<Finding> {
    entries(text, |table| table == "workspace.dependencies")
        .filter(|(_, _, line)| reason(line).is_none_or(|reason| reason.len() < REASON_CHARS_MIN))
        .map(|(number, name, _)| Finding::new(file, number, format!("dependency `{name}` has no reason behind a `#`")))
        .collect()
}

/// Dependencies of a package that do not come from the workspace's table.
pub(crate) fn check_inherited(file: &str, text: &str) -> Vec<Finding> {
    entries(text, |table| table != "workspace.dependencies" && table.ends_with("dependencies"))
        .filter(|(_, name, line)| !name.ends_with(".workspace") && !line.contains("workspace = true"))
        .map(|(number, name, _)| Finding::new(file, number, format!("`{name}` must come from the workspace's table")))
        .collect()
}

/// (line number, key, line) of each entry in the tables asked for.
fn entries(text: &str, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = (usize, &str, &str)> {
    let mut inside = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if let Some(table) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            inside = wanted(table);
            return None;
        }
        let (key, _) = line.split_once('=')?;
        let key = key.trim();
        (inside && !key.starts_with('#') && !line.starts_with(' ')).then_some((index + 1, key, line))
    })
}

/// The comment at the end of a line; a `#` within quotes is none.
fn reason(line: &str) -> Option<&str> {
    let mut quoted = false;
    let at = line.char_indices().find(|(_, char)| {
        quoted ^= *char == '"';
        *char == '#' && !quoted
    })?;
    Some(line[at.0 + 1..].trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let text = "[workspace.dependencies]\nserde = \"1\" # config and JSON\nleft-pad = \"1\"\nx = { git = \"a#b\" }\ny = \"1\" #\n";
        let names: Vec<usize> = check_reasons("Cargo.toml", text).iter().map(|finding| finding.line).collect();
        assert_eq!(names, [3, 4, 5]);
    }

    #[test]
    fn a_dependency_outside_the_workspace_table_is_found() {
        let text = "[dependencies]\nserde.workspace = true\nrand = \"1\"\n[dev-dependencies]\npng = { workspace = true }\nsyn = \"3\"\n";
        let names: Vec<usize> = check_inherited("media/Cargo.toml", text).iter().map(|finding| finding.line).collect();
        assert_eq!(names, [3, 6]);
    }

    #[test]
    fn other_tables_are_left_alone() {
        let text = "[package]\nname = \"a\"\n[workspace.lints.rust]\nmissing_docs = \"warn\"\n";
        assert_eq!(check_reasons("Cargo.toml", text), []);
        assert_eq!(check_inherited("Cargo.toml", text), []);
    }
}
