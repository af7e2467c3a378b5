//! How often: a rate with room for two encodes close together.

use std::time::{Duration, Instant};

/// Tokens that are saved at most. Two: two hosts whose frames arrive together are both shown at once.
const DEPTH: u32 = 2;

/// Allows `max_fps` encodes a second on average, and two at once after a pause. Full at first.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    interval: Duration,
    /// When the bucket will be full again.
    full_at: Option<Instant>,
}

impl TokenBucket {
    /// `max_fps` is taken as at least one.
    #[must_use]
    pub fn new(max_fps: u32) -> Self {
        Self { interval: Duration::from_secs(1) / max_fps.max(1), full_at: None }
    }

    /// The time in which one token comes.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Whether a token is there.
    #[must_use]
    pub fn ready(&self, now: Instant) -> bool {
        self.missing(now) <= self.interval * (DEPTH - 1)
    }

    /// Takes a token; call it when [`TokenBucket::ready`]. Taken too early, the debt is paid by waiting longer.
    pub fn take(&mut self, now: Instant) {
        self.full_at = Some(now + self.missing(now) + self.interval);
    }

    /// When the next token is there: `now` or later.
    #[must_use]
    pub fn next(&self, now: Instant) -> Instant {
        now + self.missing(now).saturating_sub(self.interval * (DEPTH - 1))
    }

    /// Tokens that will be there at `at`, between 0 and 2, counted in time: a token is an [interval](Self::interval).
    pub(super) fn saved(&self, at: Instant) -> Duration {
        (self.interval * DEPTH).saturating_sub(self.missing(at))
    }

    /// Time until full.
    fn missing(&self, now: Instant) -> Duration {
        self.full_at.map_or(Duration::ZERO, |full| full.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_may_follow_at_once_and_then_the_rate_holds() {
        let (mut bucket, start) = (TokenBucket::new(50), Instant::now());
        let mut taken = Vec::new();
        for ms in 0..100 {
            let now = start + Duration::from_millis(ms);
            while bucket.ready(now) {
                assert_eq!(bucket.next(now), now);
                bucket.take(now);
                taken.push(ms);
            }
        }
        assert_eq!(taken, [0, 0, 20, 40, 60, 80]);
    }

    #[test]
    fn a_pause_saves_no_more_than_two() {
        let (mut bucket, start) = (TokenBucket::new(10), Instant::now());
        bucket.take(start);
        let later = start + Duration::from_secs(60);
        bucket.take(later);
        assert!(bucket.ready(later));
        bucket.take(later);
        assert!(!bucket.ready(later));
        assert_eq!(bucket.next(later), later + Duration::from_millis(100));
    }

    #[test]
    fn over_an_hour_the_rate_is_kept_however_often_one_asks() {
        let (mut bucket, start, mut count) = (TokenBucket::new(30), Instant::now(), 0);
        let mut now = start;
        while now < start + Duration::from_secs(3_600) {
            now = bucket.next(now);
            bucket.take(now);
            count += 1;
        }
        assert!((108_000..=108_003).contains(&count), "{count}");
    }
}
