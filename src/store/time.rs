//! The server's time across a restart.
//!
//! While a server runs, its time is the wall clock of its start and what the monotonic clock has counted since. Deadlines are
//! kept in that time, so a restart has to find it again: on the same boot of the machine by the boot-time clock, which nobody
//! sets; after a reboot by the system's wall clock, for want of a better one.
//!
//! Both are kept in whole milliseconds, and yet a thousand restarts lose none: whole milliseconds of the server's time begin
//! with whole ones of the boot-time clock, in each life alike, so that what lies between the two is a whole number.
//!
//! ```text
//! boot-time clock  ──┼────5,000────┼────5,001────┼──        a start in the middle of 5,000 puts the origin of
//! the server's     ──┼────7,300────┼────7,301────┼──        its line at the beginning of that: 2,300 between both
//! ```

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
    /// How long ago that was, sleep and all.
    pub time: Duration,
}

impl Boot {
    /// In whole milliseconds, rounded down.
    pub(super) fn ms(&self) -> u64 {
        u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX)
    }

    /// What is left of it beyond them.
    fn part(&self) -> Duration {
        Duration::from_nanos(u64::from(self.time.subsec_nanos() % 1_000_000))
    }
}

/// Looks at all clocks.
pub type Clocks = Box<dyn Fn() -> Moment + Send>;

/// Beyond this the boot-time clock and the monotonic one have counted differently: the machine slept. Below it the difference is
/// how long it took to read one after the other, and of no meaning.
const SLEPT_MIN: Duration = Duration::from_secs(1);

/// Both clocks at one moment: of the last commit, or where a line begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptTime {
    /// The server's time.
    pub(super) wall: WallMs,
    pub(super) boot: Option<Boot>,
}

impl KeptTime {
    /// The server's time when the boot-time clock last began a millisecond, if this is the same boot.
    fn now(&self, boot: &Boot) -> Option<WallMs> {
        let then = self.boot.as_ref().filter(|then| then.id == boot.id)?;
        // Ahead by less are clocks that were read one after the other; the server's time waits for them then.
        let is_later = boot.time + SLEPT_MIN > then.time;
        is_later.then(|| self.wall.after(Duration::from_millis(boot.ms().saturating_sub(then.ms()))))
    }

    /// The line that a server started at `moment` is to be on, and where it begins: the line of the server before, when anybody
    /// counts down on it and it can be found; or else the system's.
    pub(super) fn start(&self, moment: &Moment, counts_down: bool) -> (Timeline, Self) {
        let Some(boot) = &moment.boot else {
            return (Timeline::new(moment.now, moment.wall), Self { wall: moment.wall, boot: None });
        };
        let wall = if counts_down { self.now(boot) } else { None }.unwrap_or(moment.wall);
        let origin = moment.now.checked_sub(boot.part()).unwrap_or(moment.now);
        let begun = Boot { id: Arc::clone(&boot.id), time: boot.time.saturating_sub(boot.part()) };
        (Timeline::new(origin, wall), Self { wall, boot: Some(begun) })
    }

    /// What is to be kept at `moment`, on the `line` that began here.
    pub(super) fn at(&self, line: &Timeline, moment: Moment) -> Self {
        let wall = line.wall(moment.now);
        let boot = moment.boot.map(|read| {
            let Some(begun) = self.boot.as_ref().filter(|begun| begun.id == read.id) else { return read };
            let counted = begun.time + wall.since(self.wall);
            if counted.abs_diff(read.time) < SLEPT_MIN { Boot { id: read.id, time: counted } } else { read }
        });
        Self { wall, boot }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(id: &str, ms: u64) -> Option<Boot> {
        Some(Boot { id: Arc::from(id), time: Duration::from_millis(ms) })
    }

    #[test]
    fn a_clock_that_jumps_across_a_restart_changes_no_countdown() {
        let now = Instant::now();
        let kept = KeptTime { wall: WallMs(1_000_000), boot: boot("b", 50_000) };
        for jumped in [1_000_000 + 3_600_000, 0] {
            let moment = Moment { now, wall: WallMs(jumped), boot: boot("b", 52_500) };
            assert_eq!(kept.start(&moment, true).0.wall(now), WallMs(1_002_500));
            assert_eq!(kept.start(&moment, false).0.wall(now), WallMs(jumped), "nobody counts down");
        }
    }

    #[test]
    fn after_a_reboot_it_is_the_systems_time() {
        let now = Instant::now();
        let kept = KeptTime { wall: WallMs(1_000_000), boot: boot("b", 50_000) };
        for other in [boot("c", 60_000), boot("b", 10), None] {
            let moment = Moment { now, wall: WallMs(7_000_000), boot: other };
            assert_eq!(kept.start(&moment, true).0.wall(now), WallMs(7_000_000));
        }
    }
    /// As a file has it, and the one who starts on it.
    fn through_file(kept: KeptTime) -> KeptTime {
        let boot = kept.boot.map(|boot| Boot { time: Duration::from_millis(boot.ms()), ..boot });
        KeptTime { wall: kept.wall, boot }
    }

    #[test]
    fn over_a_thousand_restarts_the_servers_time_loses_nothing_and_never_runs_back() {
        let zero = Instant::now();
        let mut since_boot = Duration::from_nanos(50_000_123_456);
        let mut number = 0_u64;
        // The clocks are read one after the other: that takes some microseconds, and now and then the process has to wait.
        let mut look = |since_boot: Duration| {
            number += 1;
            let between = if number.is_multiple_of(50) { 7_000_000 } else { 20_000 + number * 7_919 % 70_000 };
            let time = since_boot + Duration::from_nanos(between);
            Moment { now: zero + since_boot, wall: WallMs(7_000_000), boot: Some(Boot { id: Arc::from("b"), time }) }
        };
        let kept = KeptTime { wall: WallMs(0), boot: None };
        let (first, mut begun) = kept.start(&look(since_boot), false);
        let (mut line, mut longest) = (first, 0);
        for life in 0..1_000 {
            since_boot += Duration::from_nanos(12_345_678 + life * 97_531 % 5_000_000);
            let kept = begun.at(&line, look(since_boot));
            since_boot += Duration::from_nanos(30_123_987 + life * 31_337 % 9_000_000);
            let before = line;
            (line, begun) = through_file(kept.clone()).start(&look(since_boot), true);
            let now = zero + since_boot;
            assert!(line.wall(now) > kept.wall, "life {life}: it runs back");
            longest = longest.max(line.wall(now).0.abs_diff(before.wall(now).0));
        }
        let now = zero + since_boot;
        let (is, was_to_be) = (line.wall(now), first.wall(now));
        assert!(is.0.abs_diff(was_to_be.0) <= 1, "{is:?} instead of {was_to_be:?}");
        assert!(longest <= 8, "from one life to the next: {longest} ms");
    }

    #[test]
    fn a_machine_that_slept_finds_the_time_that_the_server_had() {
        let zero = Instant::now();
        let moment = |monotonic_ms, boot_ms| Moment {
            now: zero + Duration::from_millis(monotonic_ms),
            wall: WallMs(9_000_000),
            boot: boot("b", boot_ms),
        };
        let kept = KeptTime { wall: WallMs(1_000), boot: boot("b", 10) };
        let (line, begun) = kept.start(&moment(0, 20), true);
        let asleep = begun.at(&line, moment(5_000, 3_605_020));
        assert_eq!((asleep.wall, asleep.boot.clone()), (WallMs(6_010), boot("b", 3_605_020)));
        let (line, _) = asleep.start(&moment(5_500, 3_605_520), true);
        assert_eq!(line.wall(zero + Duration::from_millis(5_500)), WallMs(6_510));
    }
}
