//! CPU time of a process, from the kernel's own books.

use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// Ticks in a second of `/proc`: `USER_HZ`, 100 on every Linux ABI that Rust has (proc_pid_stat(5)).
const TICKS_HZ: u64 = 100;

/// Why the books could not be read.
#[derive(Debug, Error)]
#[error("CPU time from {path}: {why}")]
pub(super) struct ProcessError {
    path: String,
    why: String,
}

/// CPU time, user and system, of all threads of process `pid` so far.
pub(super) fn cpu_time(pid: u32) -> Result<Duration, ProcessError> {
    let path = PathBuf::from(format!("/proc/{pid}/stat"));
    let fail = |why: String| ProcessError { path: path.display().to_string(), why };
    let stat = std::fs::read_to_string(&path).map_err(|error| fail(error.to_string()))?;
    parse(&stat).ok_or_else(|| fail(format!("unexpected text `{}`", stat.trim())))
}

/// Fields 14 and 15. The second field is the command in brackets, which may hold anything.
fn parse(stat: &str) -> Option<Duration> {
    let after_command = stat.rsplit_once(')')?.1;
    let mut fields = after_command.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1_000 / TICKS_HZ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added_whatever_the_command_is_called() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 150 9 9 20 0 4 0 12345 1000 50";
        assert_eq!(parse(stat), Some(Duration::from_secs(4)));
        assert_eq!(parse("7 (costage"), None);
    }
}
