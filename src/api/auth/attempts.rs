//! A brake on guessing: failed authentications and unknown session addresses, counted per address.
//!
//! Only failures are counted and only failures are answered with 429, so that a good token behind the same address (a
//! company, a proxy) is never shut out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::cases::Case;
use super::super::problem::Problem;

/// Counts failures by address in windows of a minute.
#[derive(Debug, Default)]
pub struct Attempts {
    windows: Mutex<BTreeMap<IpAddr, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    opened: Instant,
    failures: u32,
}

impl Attempts {
    /// Notes a failure of `from` and answers what it is told: `problem`, or 429 once it has failed too often.
    pub(in crate::api) fn failed(&self, now: Instant, from: IpAddr, problem: Problem) -> Problem {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= ADDRESSES_MAX && !windows.contains_key(&from) {
            windows.retain(|_, window| now.saturating_duration_since(window.opened) < WINDOW);
            if windows.len() >= ADDRESSES_MAX {
                metrics::counter!("costage_auth_addresses_full_total").increment(1);
                return problem;
            }
        }
        let window = windows.entry(from).or_insert(Window { opened: now, failures: 0 });
        let age = now.saturating_duration_since(window.opened);
        if age >= WINDOW {
            *window = Window { opened: now, failures: 0 };
        }
        window.failures = window.failures.saturating_add(1);
        if window.failures <= FAILURES_MAX {
            return problem;
        }
        metrics::counter!("costage_auth_throttled_total").increment(1);
        let rest = WINDOW.saturating_sub(now.saturating_duration_since(window.opened)).as_secs() + 1;
        let detail =
            format!("more than {FAILURES_MAX} failed requests of your address in a minute; {}", problem.detail);
        Problem::new(Case::TooManyRequests, detail).retry_after(u32::try_from(rest).unwrap_or(60))
    }
}

/// Failures that an address may have in one window; a person mistypes less often.
const FAILURES_MAX: u32 = 20;

/// How long failures count.
const WINDOW: Duration = Duration::from_secs(60);

/// Addresses kept at once, about 1 MB. When full of fresh ones, further addresses are not braked (and that is counted).
const ADDRESSES_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_first_failure_in_a_minute_is_429_for_that_address_only() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let problem = || Problem::new(Case::Unauthorized, "wrong");
        let from = |last: u8| IpAddr::from([192, 0, 2, last]);
        for _ in 0..FAILURES_MAX {
            assert_eq!(attempts.failed(now, from(1), problem()).status(), 401);
        }
        let braked = attempts.failed(now + Duration::from_secs(20), from(1), problem());
        assert_eq!((braked.status().as_u16(), braked.retry_after), (429, Some(41)));
        assert_eq!(attempts.failed(now, from(2), problem()).status(), 401);
        assert_eq!(attempts.failed(now + WINDOW, from(1), problem()).status(), 401);
    }

    #[test]
    fn addresses_are_bounded() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for index in 0..12_000_u32 {
            attempts.failed(now, IpAddr::from(index.to_be_bytes()), Problem::new(Case::Unauthorized, ""));
        }
        assert_eq!(attempts.windows.lock().unwrap().len(), ADDRESSES_MAX);
    }
}
