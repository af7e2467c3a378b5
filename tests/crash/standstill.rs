//! When the machine stood still: what happens late then is not the server's doing. Two are watched: the test's own process,
//! which sleeps and looks when it wakes, and the disk that the server's directory is on, to which a byte is synced again and
//! again. A disk that others write to may hold every sync for a second.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Sleep between two looks at the process.
const NAP: Duration = Duration::from_millis(10);
/// And between two looks at the disk: seldom enough not to slow the server's syncs.
const DISK_NAP: Duration = Duration::from_millis(50);
/// Shorter standstills are not allowed for.
const STANDSTILL_MIN: Duration = Duration::from_millis(20);

/// What was seen so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standstills(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    process: Mutex<Vec<(Instant, Duration)>>,
    disk: Mutex<Vec<(Instant, Duration)>>,
    over: AtomicBool,
}

impl Standstills {
    /// Looks from now on; `folder` is on the server's disk.
    pub(crate) fn begin(&self, folder: &Path) {
        let seen = Arc::clone(&self.0);
        tokio::spawn(async move {
            while !seen.over.load(Ordering::Relaxed) {
                let before = Instant::now();
                tokio::time::sleep(NAP).await;
                note(&seen.process, before + NAP, before.elapsed().saturating_sub(NAP));
            }
        });
        let (seen, mut file) = (Arc::clone(&self.0), File::create(folder.join("probe")).unwrap());
        std::thread::spawn(move || {
            while !seen.over.load(Ordering::Relaxed) {
                let before = Instant::now();
                file.write_all(b".").and_then(|()| file.sync_data()).unwrap();
                note(&seen.disk, before, before.elapsed());
                std::thread::sleep(DISK_NAP);
            }
        });
    }

    /// Looks no more.
    pub(crate) fn end(&self) {
        self.0.over.store(true, Ordering::Relaxed);
    }

    /// How long it stood still in this while: the process at its longest, and the disk all together, for what happens may
    /// have to wait for several syncs.
    pub(crate) fn within(&self, from: Instant, to: Instant) -> Duration {
        let touching = |all: &Mutex<Vec<(Instant, Duration)>>| {
            let all = all.lock().unwrap();
            all.iter().filter(|(at, late)| *at + *late >= from && *at <= to).map(|(_, late)| *late).collect::<Vec<_>>()
        };
        let process = touching(&self.0.process).into_iter().max().unwrap_or_default();
        process + touching(&self.0.disk).into_iter().sum::<Duration>()
    }

    /// The longest of the disk.
    pub(crate) fn of_disk(&self) -> Duration {
        self.0.disk.lock().unwrap().iter().map(|(_, late)| *late).max().unwrap_or_default()
    }
}

fn note(all: &Mutex<Vec<(Instant, Duration)>>, at: Instant, late: Duration) {
    if late >= STANDSTILL_MIN {
        all.lock().unwrap().push((at, late));
    }
}
