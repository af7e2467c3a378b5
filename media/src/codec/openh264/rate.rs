//! What the encoder is told before each picture so that the stream keeps its bitrate at any cadence.
//!
//! openh264 shares out `bitrate / frame rate` bits a picture, where the frame rate is a setting, not what happens. Mixed
//! pictures come when something changed: 15 a second now, 60 then, or in uneven steps. So the setting follows the
//! cadence that is seen. And with frame skip off, nothing in the library makes up for pictures that came out larger
//! than their share (an IDR does always), or smaller, so a debt is kept here and paid back over the next second.
//!
//! ```text
//!   debt += bits of the picture − target · time since the last          (bounded both ways)
//!   asked = target · (1 − debt / (target · 1 s)), within ½ … 1½ of the target
//! ```

use crate::time::MediaTime;

/// Intervals the cadence is the mean of: half a second at 60, a second at 30.
const INTERVALS_MAX: usize = 32;
/// The longest interval that says something about the cadence, seconds; beyond it the picture was simply still.
const INTERVAL_SECONDS_MAX: f64 = 0.5;
/// Seconds over which a debt is paid back. Longer overshoots a second's budget, shorter makes quality pump.
const PAYBACK_SECONDS: f64 = 1.0;
/// Seconds of the target that may be saved up while pictures are small or few: half the library's own buffer.
const CREDIT_SECONDS_MAX: f64 = 0.25;
/// Seconds of the target that may be owed. A still scene after a storm should not stay blurred for longer.
const DEBT_SECONDS_MAX: f64 = 3.0;
/// What is asked for stays within these factors of the target.
const CORRECTION: std::ops::RangeInclusive<f64> = 0.5..=1.5;

/// What to set before the next picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Settings {
    /// Pictures a second by which the library divides.
    pub(super) fps: f32,
    /// Bits a second which it divides.
    pub(super) bitrate_bps: u32,
}

/// The rate control around the library's own.
pub(super) struct RateControl {
    target_bps: f64,
    max_fps: f64,
    last: Option<MediaTime>,
    /// The latest intervals, seconds; a ring.
    intervals: [f64; INTERVALS_MAX],
    seen: usize,
    debt_bits: f64,
}

impl RateControl {
    pub(super) fn new(target_bps: u32, max_fps: u32) -> Self {
        let (target_bps, max_fps) = (f64::from(target_bps), f64::from(max_fps));
        Self { target_bps, max_fps, last: None, intervals: [0.0; INTERVALS_MAX], seen: 0, debt_bits: 0.0 }
    }

    /// A picture of `at` is about to be encoded.
    pub(super) fn before(&mut self, at: MediaTime) -> Settings {
        if let Some(last) = self.last {
            #[allow(clippy::cast_precision_loss, reason = "microseconds between two pictures")]
            let seconds = at.0.saturating_sub(last.0).max(0) as f64 / 1e6;
            self.debt_bits -= self.target_bps * seconds;
            if seconds > 0.0 {
                self.intervals[self.seen % INTERVALS_MAX] = seconds.min(INTERVAL_SECONDS_MAX);
                self.seen += 1;
            }
        }
        self.last = Some(at);
        let (credit, debt) = (-CREDIT_SECONDS_MAX * self.target_bps, DEBT_SECONDS_MAX * self.target_bps);
        self.debt_bits = self.debt_bits.clamp(credit, debt);
        let correction = 1.0 - self.debt_bits / (self.target_bps * PAYBACK_SECONDS);
        let asked = self.target_bps * correction.clamp(*CORRECTION.start(), *CORRECTION.end());
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, below 400 Mbit/s")]
        Settings { fps: self.cadence() as f32, bitrate_bps: asked as u32 }
    }

    /// The picture came out as so many bytes.
    pub(super) fn after(&mut self, bytes: usize) {
        #[allow(clippy::cast_precision_loss, reason = "bytes of one picture")]
        let bits = bytes as f64 * 8.0;
        self.debt_bits += bits;
    }

    /// Pictures a second, as they came lately.
    fn cadence(&self) -> f64 {
        let known = self.seen.min(INTERVALS_MAX);
        if known < 4 {
            return self.max_fps;
        }
        #[allow(clippy::cast_precision_loss, reason = "at most 32")]
        let count = known as f64;
        (count / self.intervals[..known].iter().sum::<f64>()).clamp(1.0, 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_rate_follows_the_cadence_that_is_seen() {
        for fps in [15_i64, 30, 60] {
            let mut rate = RateControl::new(1_000_000, 60);
            let mut settings = rate.before(MediaTime(0));
            assert!((settings.fps - 60.0).abs() < 0.1, "the configured rate until something is known");
            for n in 1..60 {
                rate.after(1_000_000 / 8 / usize::try_from(fps).unwrap());
                settings = rate.before(MediaTime(n * 1_000_000 / fps));
            }
            #[allow(clippy::cast_precision_loss, reason = "small")]
            let wanted = fps as f32;
            assert!((settings.fps - wanted).abs() < 0.1, "{settings:?}");
            assert!(settings.bitrate_bps.abs_diff(1_000_000) < 70_000, "{settings:?}");
        }
    }

    #[test]
    fn an_overshoot_is_paid_back_and_a_pause_saves_little() {
        let mut rate = RateControl::new(1_000_000, 30);
        rate.before(MediaTime(0));
        rate.after(50_000); // 400 kbit at once
        assert!(rate.before(MediaTime(33_000)).bitrate_bps < 650_000);
        rate.after(500_000); // 4 Mbit: bounded
        assert_eq!(rate.before(MediaTime(66_000)).bitrate_bps, 500_000);
        // A minute of stillness is not a minute's budget for the next picture.
        assert_eq!(rate.before(MediaTime(60_000_000)).bitrate_bps, 1_250_000);
    }

    #[test]
    fn time_that_stands_or_runs_back_changes_nothing() {
        let mut rate = RateControl::new(1_000_000, 30);
        let first = rate.before(MediaTime(1_000_000));
        assert_eq!(rate.before(MediaTime(1_000_000)), first);
        assert_eq!(rate.before(MediaTime(0)), first);
    }
}
