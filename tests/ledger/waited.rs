//! How long a process was ready to run and others had the processors: no fault of its own.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// Of each thread, what the kernel says when it is looked at; threads that end between two looks are known by the last one.
#[derive(Debug, Default)]
pub(crate) struct Waited(BTreeMap<String, Duration>);

impl Waited {
    /// Looks at the process `pid` (<https://docs.kernel.org/scheduler/sched-stats.html>: the second number, nanoseconds).
    pub(crate) fn look(&mut self, pid: u32) {
        for thread in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let stat = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            let waited = stat.split(' ').nth(1).and_then(|number| number.parse().ok()).map(Duration::from_nanos);
            if let Some(waited) = waited {
                self.0.insert(thread.file_name().to_string_lossy().into_owned(), waited);
            }
        }
    }

    /// What its first thread has waited and, since that waits for them, the one that has waited longest of the others.
    pub(crate) fn of(&self, pid: u32) -> Duration {
        let (first, others): (Vec<_>, Vec<_>) = self.0.iter().partition(|(thread, _)| **thread == pid.to_string());
        let longest = |threads: Vec<(&String, &Duration)>| threads.into_iter().map(|(_, waited)| *waited).max();
        longest(first).unwrap_or_default() + longest(others).unwrap_or_default()
    }
}
