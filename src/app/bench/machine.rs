//! Where and with what a figure was measured.

use costage_media::kernel::{Kernels, Level};
use serde::Serialize;
use std::fs;
use std::process::Command;
use std::time::UNIX_EPOCH;

/// The machine that ran both the server and the clients.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Machine {
    /// The processor's own name.
    pub(super) cpu: String,
    /// Logical processors.
    pub(super) cores: usize,
    /// Kernel release.
    pub(super) os: String,
}

impl Machine {
    pub(super) fn here() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let os = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            cpu: model(&cpuinfo).unwrap_or("unknown").to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            os: format!("{} {}", std::env::consts::OS, os.trim()),
        }
    }
}

fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim())
}

/// Bytes of this machine's largest cache, as the kernel tells it.
pub(super) fn largest_cache() -> Option<usize> {
    let caches = fs::read_dir("/sys/devices/system/cpu/cpu0/cache").ok()?;
    let size = |cache: fs::DirEntry| cache_bytes(&fs::read_to_string(cache.path().join("size")).ok()?);
    caches.flatten().filter_map(size).max()
}

/// "32768K".
fn cache_bytes(size: &str) -> Option<usize> {
    let size = size.trim();
    let (number, unit) = size.split_at(size.find(|c: char| !c.is_ascii_digit()).unwrap_or(size.len()));
    let shift = ["", "K", "M", "G"].iter().position(|name| *name == unit)? * 10;
    number.parse::<usize>().ok()?.checked_mul(1 << shift)
}

/// The SIMD level that the server picks here: it inherits `COSTAGE_SIMD` from us.
pub(super) fn simd_level() -> String {
    let wish = std::env::var("COSTAGE_SIMD").ok().and_then(|wish| Level::parse(&wish));
    Kernels::pick(wish).level().to_string()
}

/// The commit that this binary was built from, as the working copy that it was built in tells it: with `-dirty` when that
/// has changes. `unknown` when that copy is gone, and when its latest commit is younger than the binary.
pub(super) fn commit() -> String {
    built_from().unwrap_or_else(|| "unknown".to_owned())
}

fn built_from() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(["-C", env!("CARGO_MANIFEST_DIR")]).args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok().filter(|_| output.status.success())
    };
    let built = fs::metadata(std::env::current_exe().ok()?).ok()?.modified().ok()?;
    let built = built.duration_since(UNIX_EPOCH).ok()?.as_secs();
    let committed: u64 = git(&["show", "-s", "--format=%ct", "HEAD"])?.trim().parse().ok()?;
    let head = git(&["rev-parse", "--short=12", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty());
    (committed <= built).then(|| format!("{}{}", head.trim(), if changed { "-dirty" } else { "" }))
}

/// Milliseconds since 1970 as RFC 3339 in UTC, whole seconds.
pub(super) fn date(wall_ms: u64) -> String {
    let seconds = wall_ms / 1_000;
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", of_day / 3_600, of_day / 60 % 60, of_day % 60)
}

/// Days since 1970-01-01 in the Gregorian calendar. Counted in years that begin in March, so that the leap day is last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_caches_are_read_in_every_unit() {
        let sizes = ["512", "48K\n", "32M", "1G", "lots", "4X", ""].map(cache_bytes);
        assert_eq!(sizes, [Some(512), Some(48 << 10), Some(32 << 20), Some(1 << 30), None, None, None]);
    }

    #[test]
    fn dates_are_right_over_leap_days_and_centuries() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(date(1_794_873_599_999), "2026-11-16T23:59:59Z");
        assert_eq!(date(4_107_542_400_000), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn the_processors_name_is_found() {
        assert_eq!(model("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n"), Some("Some CPU @ 2 GHz"));
        assert_eq!(model(""), None);
    }
}
