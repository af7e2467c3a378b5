//! The server's time across a restart.
//!
//! While a server runs, its time is the wall clock of its start and what the monotonic clock has counted since. Deadlines are
//! kept in that time, so a restart has to find it again: on the same boot of the machine by the boot-time clock, which nobody
//! sets; after a reboot by the system's wall clock, for want of a better one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::live::WallMs;
use crate::live::time::Timeline;

/// One look at all clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The monotonic clock.
    pub now: Instant,
    /// The system's wall clock.
    pub wall: WallMs,
    /// The boot-time clock, where there is one.
    pub boot: Option<Boot>,
}

/// What a boot-time clock says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// Which boot; no other has the same.
    pub id: Arc<str>,
    /// Milliseconds since it, those of sleep too.
    pub ms: u64,
}

/// Looks at all clocks.
pub type Clocks = Box<dyn Fn() -> Moment + Send>;

/// The clocks at the last commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptTime {
    /// The server's time.
    pub(super) wall: WallMs,
    pub(super) boot: Option<Boot>,
}

impl KeptTime {
    /// The server's time now, when this is the same boot.
    fn now(&self, moment: &Moment) -> Option<WallMs> {
        let (then, now) = (self.boot.as_ref()?, moment.boot.as_ref()?);
        let passed = now.ms.checked_sub(then.ms).filter(|_| then.id == now.id)?;
        Some(self.wall.after(Duration::from_millis(passed)))
    }

    /// The line that a server started at `moment` is to be on: the one of the server before, when anybody counts down on it
    /// and it can be found; or else the system's.
    pub(super) fn timeline(&self, moment: &Moment, counts_down: bool) -> Timeline {
        let wall = if counts_down { self.now(moment) } else { None };
        Timeline::new(moment.now, wall.unwrap_or(moment.wall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(id: &str, ms: u64) -> Option<Boot> {
        Some(Boot { id: Arc::from(id), ms })
    }

    #[test]
    fn a_clock_that_jumps_across_a_restart_changes_no_countdown() {
        let now = Instant::now();
        let kept = KeptTime { wall: WallMs(1_000_000), boot: boot("b", 50_000) };
        for jumped in [1_000_000 + 3_600_000, 0] {
            let moment = Moment { now, wall: WallMs(jumped), boot: boot("b", 52_500) };
            assert_eq!(kept.timeline(&moment, true).wall(now), WallMs(1_002_500));
            assert_eq!(kept.timeline(&moment, false).wall(now), WallMs(jumped), "nobody counts down");
        }
    }

    #[test]
    fn after_a_reboot_it_is_the_systems_time() {
        let now = Instant::now();
        let kept = KeptTime { wall: WallMs(1_000_000), boot: boot("b", 50_000) };
        for other in [boot("c", 60_000), boot("b", 10), None] {
            let moment = Moment { now, wall: WallMs(7_000_000), boot: other };
            assert_eq!(kept.timeline(&moment, true).wall(now), WallMs(7_000_000));
        }
    }
}
