//! The server's trace file: one line per source frame and the first mixed frame that shows it.

use std::collections::BTreeSet;
use thiserror::Error;

/// The columns, as the server's header line names them. Durations are microseconds.
const COLUMNS: [&str; 9] = [
    "source_id",
    "rtp_timestamp",
    "reorder_us",
    "decode_us",
    "wait_us",
    "compose_us",
    "encode_us",
    "send_us",
    "mixing_us",
];

/// One line of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TraceRow {
    pub(super) source: u32,
    pub(super) timestamp: u32,
    /// Reorder, decode, wait, compose, encode, send.
    pub(super) stages_us: [u64; 6],
    pub(super) mixing_us: u64,
}

/// Why a trace could not be read.
#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum TraceError {
    #[error("the first line names no column `{0}`")]
    NoColumn(&'static str),
    #[error("line {line}: `{text}` is no number for `{column}`")]
    NoNumber { line: usize, column: &'static str, text: String },
}

/// Reads a trace. A last line without its line feed is still being written, and is left out.
pub(super) fn parse(text: &str) -> Result<Vec<TraceRow>, TraceError> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut lines = whole.lines().enumerate();
    let header: Vec<&str> = lines.next().map(|(_, line)| line.split(',').map(str::trim).collect()).unwrap_or_default();
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place = header.iter().position(|name| *name == column).ok_or(TraceError::NoColumn(column))?;
    }
    lines.filter(|(_, line)| !line.trim().is_empty()).map(|(at, line)| row(at + 1, line, &places)).collect()
}

fn row(line: usize, text: &str, places: &[usize; COLUMNS.len()]) -> Result<TraceRow, TraceError> {
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    let mut numbers = [0_u64; COLUMNS.len()];
    for ((number, place), column) in numbers.iter_mut().zip(places).zip(COLUMNS) {
        let field = fields.get(*place).copied().unwrap_or_default();
        let wrong = |_| TraceError::NoNumber { line, column, text: field.to_owned() };
        *number = field.parse().map_err(wrong)?;
    }
    let [source, timestamp, stages_us @ .., mixing_us] = numbers;
    #[allow(clippy::cast_possible_truncation, reason = "source ids are 32 bits; RTP timestamps count as their low 32")]
    Ok(TraceRow { source: source as u32, timestamp: timestamp as u32, stages_us, mixing_us })
}

/// The rows of frames whose RTP timestamps are in `measured`.
pub(super) fn within(rows: Vec<TraceRow>, measured: &BTreeSet<u32>) -> Vec<TraceRow> {
    rows.into_iter().filter(|row| measured.contains(&row.timestamp)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "source_id,rtp_timestamp,reorder_us,decode_us,wait_us,compose_us,encode_us,send_us,mixing_us\n";

    #[test]
    fn rows_are_read_and_an_unfinished_one_is_left_out() {
        let rows = parse(&format!("{HEADER}3,4294970295,10,2000,5000,40,3000,100,10150\n3,123,1"));
        let expected =
            TraceRow { source: 3, timestamp: 2_999, stages_us: [10, 2_000, 5_000, 40, 3_000, 100], mixing_us: 10_150 };
        assert_eq!(rows, Ok(vec![expected]));
    }

    #[test]
    fn columns_are_found_by_name() {
        let rows = parse(
            "mixing_us,send_us,encode_us,compose_us,wait_us,decode_us,reorder_us,rtp_timestamp,source_id,more\n\
             9,8,7,6,5,4,3,2,1,x\n",
        );
        let expected = TraceRow { source: 1, timestamp: 2, stages_us: [3, 4, 5, 6, 7, 8], mixing_us: 9 };
        assert_eq!(rows, Ok(vec![expected]));
    }

    #[test]
    fn a_missing_column_and_a_broken_number_are_named() {
        assert_eq!(parse("source_id\n"), Err(TraceError::NoColumn("rtp_timestamp")));
        let wrong = TraceError::NoNumber { line: 2, column: "wait_us", text: "x".to_owned() };
        assert_eq!(parse(&format!("{HEADER}1,2,3,4,x,6,7,8,9\n")), Err(wrong));
    }

    #[test]
    fn only_measured_frames_count() {
        let rows = parse(&format!("{HEADER}1,10,0,0,0,0,0,0,5\n1,20,0,0,0,0,0,0,6\n")).expect("good lines");
        let kept = within(rows, &BTreeSet::from([20]));
        assert_eq!(kept.iter().map(|row| row.mixing_us).collect::<Vec<_>>(), [6]);
    }
}
