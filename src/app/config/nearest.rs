//! What was meant by a name that is none: the known one with the fewest letters to change.

/// The nearest of `known`; the first of several. `None` when there are none.
pub(super) fn nearest(given: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known.min_by_key(|name| distance(given, name))
}

/// Letters to insert, remove or replace (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, left) in one.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = above + 1;
        for (column, right) in other.bytes().enumerate() {
            let replaced = corner + usize::from(left != right);
            corner = row[column + 1];
            row[column + 1] = replaced.min(corner + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_has_the_fewest_letters_to_change() {
        assert_eq!([distance("", "abc"), distance("kitten", "sitting"), distance("abc", "abc")], [3, 3, 0]);
        let known = || ["listen", "max_fps", "limits.sessions"].map(str::to_owned).into_iter();
        assert_eq!(nearest("max_fsp", known()).as_deref(), Some("max_fps"));
        assert_eq!(nearest("limits.session", known()).as_deref(), Some("limits.sessions"));
        assert_eq!(nearest("x", std::iter::empty()), None);
    }
}
