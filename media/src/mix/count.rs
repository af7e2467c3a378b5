//! Numbers that count.

use std::time::Instant;

use super::slide::{Glide, SCORE};
use crate::scene::shortened;

/// A number that counts from where it was to where it is, as the picture writes it. The first picture after a change shows
/// one already, however small; none goes beyond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Count {
    from: u64,
    to: u64,
    glide: Glide,
    /// What was asked for last.
    shown: u64,
}

impl Count {
    /// At rest.
    pub(super) fn at(now: Instant, number: u64) -> Self {
        Self { from: number, to: number, glide: Glide::done(now), shown: number }
    }

    /// On the way to `number` from what it says now: at once where both are written alike. The same number again changes
    /// nothing.
    pub(super) fn turn(&mut self, now: Instant, number: u64) {
        let from = self.number(now);
        if shortened(from) == shortened(number) {
            *self = Self { shown: self.shown, ..Self::at(now, number) };
        } else if number != self.to {
            *self = Self { from, to: number, glide: Glide::new(now, SCORE), shown: self.shown };
        }
    }

    /// What it says.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a way that is over in half a second"
    )]
    pub(super) fn number(&self, now: Instant) -> u64 {
        let (way, left) = (self.to.abs_diff(self.from), self.glide.left(now));
        if way == 0 || left <= 0.0 {
            return self.to;
        }
        let gone = ((way as f64 * (1.0 - left)).ceil() as u64).clamp(1, way);
        if self.to > self.from { self.from + gone } else { self.from - gone }
    }

    /// The next step, while it counts.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.glide.poll_timeout()
    }

    /// Takes the steps that are due; `true` when it is written otherwise than it was.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let number = self.number(now);
        self.glide.handle_timeout(now) && shortened(std::mem::replace(&mut self.shown, number)) != shortened(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_for_500_ms_never_back_never_beyond_and_shows_the_first_change_at_once() {
        for (from, to) in [(0, 1), (99, 12_345), (500, 20), (0, u64::MAX), (u64::MAX, 3)] {
            let start = Instant::now();
            let mut count = Count::at(start, from);
            assert_eq!((count.number(start), count.poll_timeout()), (from, None));
            count.turn(start, to);
            let (mut last, mut now) = (count.number(start), start);
            assert_ne!(last, from);
            while let Some(step) = count.poll_timeout() {
                now = step;
                let changes = count.handle_timeout(now);
                let number = count.number(now);
                let onwards = if to > from { last..=to } else { to..=last };
                assert!(onwards.contains(&number), "{from} to {to}: {last}, {number}");
                assert!(changes || shortened(number) == shortened(last), "{last}, {number}");
                last = number;
            }
            assert_eq!((now, last), (start + SCORE, to));
        }
    }

    #[test]
    fn a_number_turns_where_it_is_and_does_not_count_what_is_written_alike() {
        let start = Instant::now();
        let mut count = Count::at(start, 0);
        count.turn(start, 100);
        let now = start + SCORE / 5;
        let seen = count.number(now);
        assert!((1..100).contains(&seen));
        count.turn(now, 100);
        assert_eq!(count.number(now), seen);
        count.turn(now, 50);
        assert!(count.number(now).abs_diff(seen) <= 1);
        assert_eq!(count.number(now + SCORE), 50);
        let mut large = Count::at(start, 1_200_000);
        large.turn(start, 1_250_000);
        assert_eq!((large.number(start), large.poll_timeout()), (1_250_000, None));
    }
}
