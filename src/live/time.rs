//! Moments as users read them, and the line that ties them to the monotonic clock.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A moment in milliseconds since 1970-01-01 UTC: the server's time, which clients count down from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(transparent)]
#[schemars(rename = "TimeMs", example = 1_790_000_000_000_u64)]
pub struct WallMs(pub u64);

impl WallMs {
    /// This moment moved by `duration`, in whole milliseconds. Saturates.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(whole_millis(duration)))
    }

    /// How long this moment lies after `earlier`; zero for moments before it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// As RFC 3339 writes it, in UTC with milliseconds: `2026-09-21T13:33:20.000Z`. Years beyond 9999, which it cannot
    /// write, are the last millisecond of 9999.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let ms = self.0.min(LAST_RFC3339_MS);
        let (days, of_day) = (ms / 86_400_000, ms % 86_400_000);
        // Days since 1970 as a date of the proleptic Gregorian calendar whose years begin in March, so that leap days
        // come last (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days).
        let shifted = days + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let (hour, minute, second, ms) =
            (of_day / 3_600_000, of_day / 60_000 % 60, of_day / 1_000 % 60, of_day % 1_000);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

/// 9999-12-31T23:59:59.999Z.
const LAST_RFC3339_MS: u64 = 253_402_300_799_999;

/// The line between the monotonic clock and the wall clock, tied once: a jump of the system's clock moves no deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeline {
    origin: Instant,
    wall: WallMs,
}

impl Timeline {
    /// Ties `now` to `wall_now`.
    #[must_use]
    pub fn new(now: Instant, wall_now: WallMs) -> Self {
        Self { origin: now, wall: wall_now }
    }

    /// The wall-clock time at `now`, rounded down.
    #[must_use]
    pub fn wall(&self, now: Instant) -> WallMs {
        match now.checked_duration_since(self.origin) {
            Some(since) => self.wall.after(since),
            None => WallMs(self.wall.0.saturating_sub(whole_millis(self.origin.saturating_duration_since(now)))),
        }
    }

    /// The first instant at which [`Timeline::wall`] tells `at`; the origin for moments before it.
    #[must_use]
    pub fn instant(&self, at: WallMs) -> Instant {
        self.origin + Duration::from_millis(at.0.saturating_sub(self.wall.0))
    }
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_turned_into_an_instant_is_due_exactly_then() {
        let origin = Instant::now();
        let line = Timeline::new(origin, WallMs(1_000));
        let at = line.instant(WallMs(1_250));
        assert_eq!(line.wall(at), WallMs(1_250));
        assert_eq!(line.wall(at - Duration::from_nanos(1)), WallMs(1_249));
        assert_eq!(line.instant(WallMs(10)), origin);
    }

    #[test]
    fn moments_are_written_as_rfc_3339_has_them() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_667_507_170_344, "2022-11-03T20:26:10.344Z"),
            (1_790_000_000_000, "2026-09-21T14:13:20.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (u64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(WallMs(ms).rfc3339(), text);
        }
    }
}
