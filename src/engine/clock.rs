//! The one clock of the process, as everything but `app` sees it.

use std::time::Instant;

/// Tells the time to threads. `app` makes the only real one; tests hand in one that they move by hand.
///
/// Machines are not given a clock: they are told `now`.
pub trait Clock: Send + Sync {
    /// Monotonic time, for deadlines and latencies.
    fn now(&self) -> Instant;
    /// Wall-clock time in milliseconds since 1970-01-01 UTC, for sender reports and what users read.
    fn wall_ms(&self) -> u64;
}
