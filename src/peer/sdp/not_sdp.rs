//! What is wrong with a text that is no SDP, in words for who has to mend it. The parser's own do not say where it stopped.

use super::offer::brief;

/// What to say of `text`, whose reading ended behind byte `position` with `complaint`.
pub(super) fn explain(text: &str, position: usize, complaint: &str) -> String {
    const FIX: &str = "send the whole text as the client's createOffer() made it";
    if text.trim().is_empty() {
        return format!("the offer is empty: {FIX}");
    }
    let read = text.as_bytes().get(..position).unwrap_or(text.as_bytes());
    // The parser looks for the next `=`, on whatever line that is: the first line without one is to blame.
    let odd = lines(text).find(|(start, line)| *start < read.len() && !is_field(line));
    let last = lines(text).take_while(|(start, _)| *start < read.len()).last();
    let number = |start: usize| text[..start].matches('\n').count() + 1;
    match odd.or(last) {
        Some((start, line)) if !is_field(line) => {
            format!("line {} (`{}`) is not one letter, `=` and a value: {FIX}", number(start), brief(line))
        }
        Some((start, line))
            if read.len() == text.len() && text[start..].trim_end() == line && ends_early(complaint) =>
        {
            format!(
                "the offer ends after line {} (`{}`), before all that RFC 8866 wants: {FIX}",
                number(start),
                brief(line)
            )
        }
        Some((start, line)) => format!(
            "line {} (`{}`) does not fit what RFC 8866 wants there ({}): {FIX}",
            number(start),
            brief(line),
            brief(complaint.trim_end_matches([':', ' ']))
        ),
        None => format!("the offer does not begin as SDP does, with `v=0`: {FIX}"),
    }
}

/// The parser found no further field, and so has none to name.
fn ends_early(complaint: &str) -> bool {
    complaint.trim_end().ends_with(':')
}

/// Lines with something in them, and where they begin.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    starts.zip(text.split('\n')).map(|(start, line)| (start, line.trim())).filter(|(_, line)| !line.is_empty())
}

/// RFC 8866 §5: `<type>=<value>`, the type one letter.
fn is_field(line: &str) -> bool {
    matches!(line.as_bytes(), [letter, b'=', ..] if letter.is_ascii_lowercase())
}
