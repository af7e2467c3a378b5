//! The one seam to time: threads are handed a clock, nobody makes one but `app`.

use costage_media::time::{MediaTime, Ntp};
use std::time::{Duration, Instant};

/// Reads the time. `app` implements it with the system's clocks, tests with a virtual one.
pub trait Clock: Send + Sync {
    /// Monotonic time; never goes back.
    fn now(&self) -> Instant;
    /// Milliseconds since 1970-01-01 UTC.
    fn wall_ms(&self) -> u64;
}

/// Seconds from the NTP era (1900) to the Unix one (1970), RFC 5905 §6.
const NTP_UNIX_SECONDS: u64 = 2_208_988_800;

/// Where the media time line of this process starts, in both clocks. Taken once at start: a wall clock that is set
/// later moves neither timestamps nor sender reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// Media time zero.
    pub instant: Instant,
    ntp: Ntp,
}

impl Epoch {
    /// Starts the media time line at this moment of `clock`.
    pub fn start(clock: &dyn Clock) -> Self {
        let unix = Duration::from_millis(clock.wall_ms());
        Self { instant: clock.now(), ntp: Ntp(0).plus(unix).plus(Duration::from_secs(NTP_UNIX_SECONDS)) }
    }

    /// `at` on the media time line; moments before the epoch are zero.
    #[must_use]
    pub fn media_time(&self, at: Instant) -> MediaTime {
        MediaTime::from_duration(at.saturating_duration_since(self.instant))
    }

    /// `at` as sender reports say it.
    #[must_use]
    pub fn ntp(&self, at: Instant) -> Ntp {
        self.ntp.plus(at.saturating_duration_since(self.instant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Instant);

    impl Clock for Fixed {
        fn now(&self) -> Instant {
            self.0
        }

        fn wall_ms(&self) -> u64 {
            1_000
        }
    }

    #[test]
    fn one_second_after_the_epoch_is_one_second_on_every_line() {
        let epoch = Epoch::start(&Fixed(Instant::now()));
        let at = epoch.instant + Duration::from_secs(1);
        assert_eq!(epoch.media_time(at), MediaTime(1_000_000));
        assert_eq!(epoch.ntp(at), Ntp((NTP_UNIX_SECONDS + 2) << 32));
    }
}
