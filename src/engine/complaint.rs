//! What goes wrong again and again is said once a second.

use std::time::{Duration, Instant};

/// Between two lines in the log about the same thing.
const SAID_EVERY: Duration = Duration::from_secs(1);

/// One thing that may go wrong at any rate: the first time is said at once, later ones at most once in [`SAID_EVERY`],
/// with their number.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    said_at: Option<Instant>,
    unsaid: u64,
}

impl Complaint {
    /// It has happened at `now`. When it is time to say so: how often since it was last said, this time included.
    #[must_use]
    pub(super) fn happened(&mut self, now: Instant) -> Option<u64> {
        self.unsaid += 1;
        if self.said_at.is_some_and(|said_at| now.saturating_duration_since(said_at) < SAID_EVERY) {
            return None;
        }
        self.said_at = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_said_at_once_and_then_one_a_second_with_the_number_of_them() {
        let start = Instant::now();
        let mut complaint = Complaint::default();
        let said: Vec<_> = (0..=120)
            .filter_map(|frame| Some((frame, complaint.happened(start + Duration::from_secs(1) * frame / 50)?)))
            .collect();
        assert_eq!(said, [(0, 1), (50, 50), (100, 50)]);
        assert_eq!(complaint.happened(start + Duration::from_secs(9)), Some(21), "after a rest it is said at once");
    }
}
