//! Freezes as browsers count them (W3C webrtc-stats, `freezeCount`).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Pictures whose spacing is averaged.
const AVERAGED: u32 = 30;
/// What a gap must exceed the average by, when three times the average is less.
const BEYOND_AVERAGE: Duration = Duration::from_millis(150);

/// Counts gaps between shown pictures that are longer than max(3 × average, average + 150 ms).
#[derive(Debug, Default)]
pub(crate) struct FreezeCounter {
    last: Option<Instant>,
    gaps: VecDeque<Duration>,
    count: u64,
}

impl FreezeCounter {
    /// A picture was shown at `now`.
    pub(crate) fn shown(&mut self, now: Instant) {
        if let Some(last) = self.last.replace(now) {
            let gap = now.saturating_duration_since(last);
            if self.gaps.len() == AVERAGED as usize {
                let sum: Duration = self.gaps.iter().sum();
                let average = sum / AVERAGED;
                self.count += u64::from(gap > (average * 3).max(average + BEYOND_AVERAGE));
                self.gaps.pop_front();
            }
            self.gaps.push_back(gap);
        }
    }

    /// Freezes so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_gaps(gaps_ms: &[u64]) -> u64 {
        let mut counter = FreezeCounter::default();
        let mut now = Instant::now();
        counter.shown(now);
        for gap in std::iter::repeat_n(&33, 40).chain(gaps_ms) {
            now += Duration::from_millis(*gap);
            counter.shown(now);
        }
        counter.count()
    }

    #[test]
    fn a_steady_stream_and_one_late_frame_are_no_freeze() {
        assert_eq!(after_gaps(&[33, 120, 33]), 0);
    }

    #[test]
    fn a_gap_of_two_hundred_milliseconds_at_thirty_frames_is_one_freeze() {
        assert_eq!(after_gaps(&[33, 200, 33]), 1);
    }
}
