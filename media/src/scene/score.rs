//! Scores as text.

/// A score as it is drawn: whole to 9,999, then with one decimal and a suffix (12.3k, 4.5M), cut rather than rounded
/// so that it never shows more than was reached. The decimal stays when it is zero: the width does not jump.
#[must_use]
pub fn shortened(score: u64) -> String {
    if score <= WHOLE_MAX {
        return score.to_string();
    }
    let (unit, suffix) = UNITS.into_iter().rev().find(|&(unit, _)| score >= unit).unwrap_or((1_000, 'k'));
    let tenths = (score / (unit / 10)).min(TENTHS_MAX);
    format!("{}.{}{suffix}", tenths / 10, tenths % 10)
}

/// The greatest score that is shown digit by digit.
const WHOLE_MAX: u64 = 9_999;

/// 999.9 of the greatest unit is the most that is shown; nothing real gets there.
const TENTHS_MAX: u64 = 9_999;

const UNITS: [(u64, char); 4] = [(1_000, 'k'), (1_000_000, 'M'), (1_000_000_000, 'B'), (1_000_000_000_000, 'T')];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_over_9999_are_shortened() {
        let table = [
            (0, "0"),
            (500, "500"),
            (9_999, "9999"),
            (10_000, "10.0k"),
            (12_345, "12.3k"),
            (999_999, "999.9k"),
            (1_000_000, "1.0M"),
            (4_567_890, "4.5M"),
            (2_000_000_000, "2.0B"),
            (7_100_000_000_000, "7.1T"),
            (u64::MAX, "999.9T"),
        ];
        for (score, text) in table {
            assert_eq!(shortened(score), text);
        }
    }
}
