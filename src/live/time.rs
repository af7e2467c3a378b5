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
}

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
}
