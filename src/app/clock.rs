//! The clocks of the process.

use crate::engine::Clock;
use crate::live::time::Timeline;
use crate::store::Boot;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The system's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall_ms(&self) -> u64 {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
    }
}

/// The server's time: the system's monotonic clock, on the line that deadlines are on. What sets the system's wall clock
/// does not move it.
pub struct LineClock {
    system: Arc<dyn Clock>,
    line: Timeline,
}

impl LineClock {
    /// The time of `line`, read off the monotonic clock of `system`.
    pub fn new(system: Arc<dyn Clock>, line: Timeline) -> Self {
        Self { system, line }
    }
}

impl Clock for LineClock {
    fn now(&self) -> Instant {
        self.system.now()
    }

    fn wall_ms(&self) -> u64 {
        self.line.wall(self.system.now()).0
    }
}

/// Reads the clock that has counted since the machine was booted, and that nobody sets. Says nothing where there is none.
pub fn boot_clock() -> impl Fn() -> Option<Boot> + Send + use<> {
    let id: Option<Arc<str>> = boot_id().map(Arc::from);
    move || Some(Boot { id: id.clone()?, time: since_boot()? })
}

#[cfg(target_os = "linux")]
fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(target_os = "linux")]
fn since_boot() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(not(target_os = "linux"))]
fn boot_id() -> Option<String> {
    None
}

#[cfg(not(target_os = "linux"))]
fn since_boot() -> Option<Duration> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_boot_clock_counts_on_within_one_boot() {
        let read = boot_clock();
        let (first, second) = (read().unwrap(), boot_clock()().unwrap());
        assert_eq!(first.id, second.id);
        assert!((first.time..first.time + Duration::from_secs(60)).contains(&second.time));
    }
}
