//! Clocks of the wire: NTP time and RTP ticks. Wall and monotonic clocks are arguments (`std::time::Instant`).

use std::time::Duration;

/// RTP clock rate of video, ticks per second (RFC 6184 §8.2.1).
pub const VIDEO_CLOCK_HZ: u32 = 90_000;
/// RTP clock rate of Opus, ticks per second (RFC 7587 §4.1).
pub const AUDIO_CLOCK_HZ: u32 = 48_000;

/// A 64-bit NTP timestamp, UQ32.32 seconds (RFC 5905 §6); the time line of sender reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ntp(pub u64);

impl Ntp {
    /// This time moved forward by `by`.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let fraction = (u64::from(by.subsec_nanos()) << 32) / 1_000_000_000;
        Self(self.0.wrapping_add(by.as_secs() << 32).wrapping_add(fraction))
    }

    /// `self − earlier` in microseconds; negative when `self` is the earlier one.
    #[must_use]
    pub fn micros_since(self, earlier: Self) -> i64 {
        let difference = i128::from(self.0.wrapping_sub(earlier.0).cast_signed());
        i64::try_from((difference * 1_000_000) >> 32).expect("an i64 shifted right by 12 fits")
    }
}

/// A point on the media time line of this process, in microseconds since the engine's epoch.
/// Encoders, samples and outgoing RTP timestamps are derived from it, so that sound and picture share one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MediaTime(pub i64);

impl MediaTime {
    /// From the distance to the epoch.
    #[must_use]
    pub fn from_duration(since_epoch: Duration) -> Self {
        Self(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    /// As ticks of a clock of `hz`, rounded down.
    #[must_use]
    pub fn ticks(self, hz: u32) -> u64 {
        let micros = u128::try_from(self.0).unwrap_or(0);
        u64::try_from(micros * u128::from(hz) / 1_000_000).unwrap_or(u64::MAX)
    }
}
