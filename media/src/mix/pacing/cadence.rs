//! When a host's next frame will arrive, learned from those before.

use std::time::{Duration, Instant};

/// Weights of a new arrival for phase and period once the start is over: an alpha-beta filter that follows a drift
/// without lag and averages jitter over about ten frames (beta = alpha² / (2 − alpha)).
const ALPHA: f64 = 0.2;
const BETA: f64 = 0.022;

/// Arrivals before a prediction is worth anything.
const LEARNING: u32 = 6;

/// Arrivals in a row that do not fit, after which the cadence is learned anew: the host changed its rate.
const MISFITS: u32 = 4;

/// Silences longer than this are no cadence.
const SILENCE: f64 = 1.0;

/// Periods without a frame after which a host counts as silent.
const SILENT_PERIODS: f64 = 3.0;

/// The phase and period of one source, in seconds from a base that all sources share.
#[derive(Debug, Clone)]
pub(super) struct Cadence {
    /// The last arrival.
    last: f64,
    /// The last arrival as the filter sees it, without its jitter.
    phase: f64,
    period: f64,
    /// Mean distance of arrivals from their prediction.
    jitter: f64,
    /// Mean distance of arrivals, whatever their pattern.
    gap: f64,
    count: u32,
    misfits: u32,
}

impl Cadence {
    pub(super) fn new(at: f64) -> Self {
        Self { last: at, phase: at, period: 0.0, jitter: 0.0, gap: 0.1, count: 1, misfits: 0 }
    }

    pub(super) fn arrival(&mut self, at: f64) {
        let gap = at - self.last;
        self.last = at;
        if gap > SILENCE || self.misfits >= MISFITS {
            *self = Self { gap: self.gap.min(SILENCE), ..Self::new(at) };
            return;
        }
        self.gap = if self.count < 3 { gap } else { self.gap + (gap - self.gap) / 8.0 };
        if self.count == 1 {
            self.period = gap;
            self.phase = at;
            self.count = 2;
            return;
        }
        let passed = ((at - self.phase) / self.period.max(1e-4)).round();
        // Two in one period: a burst after a gap in the network. It says nothing about the camera.
        if passed < 1.0 {
            self.misfits += 1;
            return;
        }
        let predicted = self.phase + passed * self.period;
        let error = at - predicted;
        let fits = passed < 1.5 && error.abs() < self.period / 4.0;
        self.misfits = if fits { 0 } else { self.misfits + 1 };
        // Growing memory first, so that the first few frames count alike (least squares of a line).
        let n = f64::from(self.count.min(1_000));
        let alpha = (2.0 * (2.0 * n - 1.0) / (n * (n + 1.0))).clamp(ALPHA, 1.0);
        let beta = (6.0 / (n * (n + 1.0))).clamp(BETA, 1.0);
        self.phase = predicted + alpha * error;
        self.period = (self.period + beta * error / passed).clamp(1e-3, SILENCE);
        self.jitter += (error.abs() - self.jitter) / 8.0;
        self.count = self.count.saturating_add(1);
    }

    /// Whether frames come evenly enough to be expected.
    pub(super) fn is_regular(&self, now: f64) -> bool {
        self.count >= LEARNING && self.jitter < self.period / 6.0 && !self.is_silent(now)
    }

    pub(super) fn is_silent(&self, now: f64) -> bool {
        now - self.last > (self.gap * SILENT_PERIODS).max(0.1)
    }

    /// Frames a second: exactly for an even source, roughly for another.
    pub(super) fn rate(&self, now: f64) -> f64 {
        let skips = self.gap > 1.2 * self.period;
        1.0 / if self.is_regular(now) && !skips { self.period } else { self.gap.max(1e-3) }
    }

    /// The last arrival.
    pub(super) fn last(&self) -> f64 {
        self.last
    }

    pub(super) fn period(&self) -> f64 {
        self.period
    }

    /// How late a frame may be and still be waited for.
    pub(super) fn slack(&self) -> f64 {
        (2.5 * self.jitter + 0.001).min(self.period / 4.0)
    }

    /// When the next frame is expected: later than the last arrival, perhaps before `now` when it is late, but by no
    /// more than its slack.
    pub(super) fn next(&self, now: f64) -> f64 {
        let first = self.phase + self.period;
        let missed = ((now - self.slack() - first) / self.period).ceil().max(0.0);
        first + missed * self.period
    }
}

/// Seconds from `base`.
pub(super) fn seconds(base: Instant, at: Instant) -> f64 {
    at.saturating_duration_since(base).as_secs_f64() - base.saturating_duration_since(at).as_secs_f64()
}

/// The other way round; never before `base`.
pub(super) fn instant(base: Instant, seconds: f64) -> Instant {
    base + Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(times: impl IntoIterator<Item = f64>) -> Cadence {
        let mut times = times.into_iter();
        let mut cadence = Cadence::new(times.next().unwrap());
        times.for_each(|at| cadence.arrival(at));
        cadence
    }

    #[test]
    fn the_next_frame_of_an_even_source_is_known_to_the_microsecond() {
        let cadence = learned((0..60).map(|frame| f64::from(frame) / 29.95));
        assert!((cadence.next(1.98) - 60.0 / 29.95).abs() < 1e-6);
        assert!(cadence.is_regular(1.98));
        assert!((cadence.rate(1.98) - 29.95).abs() < 0.1);
    }

    #[test]
    fn jitter_is_averaged_and_widens_the_slack() {
        let jitter = |frame: u32| f64::from(frame * 7 % 5) * 0.001 - 0.002;
        let cadence = learned((0..200).map(|frame| f64::from(frame) / 30.0 + jitter(frame)));
        let off = cadence.next(199.5 / 30.0) - 200.0 / 30.0;
        assert!(off.abs() < 0.001, "{off}");
        assert!(cadence.is_regular(199.5 / 30.0) && (0.002..0.006).contains(&cadence.slack()));
    }

    #[test]
    fn a_skipped_frame_does_not_disturb_and_a_new_rate_is_learned() {
        let skipping = learned((0..60).filter(|frame| frame % 10 != 3).map(|frame| f64::from(frame) / 30.0));
        assert!((skipping.next(1.98) - 2.0).abs() < 1e-4 && skipping.is_regular(1.98));
        let mut slower = learned((0..60).map(|frame| f64::from(frame) / 30.0));
        (1..20).for_each(|frame| slower.arrival(59.0 / 30.0 + f64::from(frame) / 15.0));
        assert!((slower.period() - 1.0 / 15.0).abs() < 1e-3, "{}", slower.period());
    }

    #[test]
    fn a_source_that_stopped_is_silent_and_not_expected() {
        let cadence = learned((0..60).map(|frame| f64::from(frame) / 30.0));
        assert!(!cadence.is_silent(2.0) && cadence.is_silent(2.2) && !cadence.is_regular(2.2));
    }

    #[test]
    fn arrivals_at_the_same_time_or_backwards_do_not_break_it() {
        let mut cadence = learned([5.0; 50]);
        for at in [4.0, 5.0, 5.0, 1e9, 0.0] {
            cadence.arrival(at);
            assert!(cadence.next(at).is_finite() && cadence.rate(at).is_finite());
        }
    }
}
