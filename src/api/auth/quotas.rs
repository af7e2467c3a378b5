//! How often one token may ask: a bucket of requests per token, filled at a steady rate.
//!
//! ```text
//! requests left ▔▔╲      ╱▔▔▔▔╲╲╲╲╲ 0 ──▶ 429 with Retry-After until one is there again
//! ```

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::cases::Case;
use super::super::problem::Problem;
use super::token::Role;

/// Requests a second that one token may make on average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Of hosts, guests and viewers.
    pub client: u32,
    /// Of the business backend, which speaks for all of them.
    pub admin: u32,
}

/// Counts requests by token.
#[derive(Debug)]
pub struct Quotas {
    rates: Rates,
    buckets: Mutex<BTreeMap<TokenId, Bucket>>,
}

/// What tells tokens apart: the end of the signature, which nobody can choose.
type TokenId = [u8; TOKEN_ID_BYTES];

/// When it will be full again; empty when that is [`BURST`] away.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    full_at: Instant,
}

impl Quotas {
    /// No token may ask more often than this. A rate of 0 is taken as 1.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self { rates, buckets: Mutex::default() }
    }

    /// One request with `token`, which was verified.
    ///
    /// # Errors
    /// 429 with Retry-After once the token has used up what it may.
    pub(in crate::api) fn take(&self, now: Instant, role: Role, token: &str) -> Result<(), Problem> {
        let rate = match role {
            Role::Admin => self.rates.admin,
            Role::Host | Role::Guest | Role::Audience => self.rates.client,
        };
        let rate = rate.max(1);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let id = token_id(token);
        if buckets.len() >= TOKENS_MAX && !buckets.contains_key(&id) {
            buckets.retain(|_, bucket| bucket.full_at > now);
            if buckets.len() >= TOKENS_MAX {
                metrics::counter!("costage_token_quotas_full_total").increment(1);
                return Ok(());
            }
        }
        let bucket = buckets.entry(id).or_insert(Bucket { full_at: now });
        let full_at = bucket.full_at.max(now) + Duration::from_secs(1) / rate;
        let over = full_at.saturating_duration_since(now).saturating_sub(BURST);
        if over.is_zero() {
            bucket.full_at = full_at;
            return Ok(());
        }
        metrics::counter!("costage_token_throttled_total").increment(1);
        let detail = format!("this token may make {rate} requests a second on average; try again a little later");
        let seconds = u32::try_from(over.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
        Err(Problem::new(Case::TooManyRequests, detail).retry_after(seconds))
    }
}

fn token_id(token: &str) -> TokenId {
    let mut id = [0; TOKEN_ID_BYTES];
    id.iter_mut().rev().zip(token.bytes().rev()).for_each(|(kept, byte)| *kept = byte);
    id
}

/// So much of its rate a token may use at once after a pause: a page that opens asks for several things.
const BURST: Duration = Duration::from_secs(2);

/// Tokens kept at once, about 2 MB. When full of busy ones, further tokens are not limited (and that is counted).
const TOKENS_MAX: usize = 10_000;

/// 24 characters of base64url: 144 bits of the signature.
const TOKEN_ID_BYTES: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn quotas() -> Quotas {
        Quotas::new(Rates { client: 5, admin: 100 })
    }

    #[test]
    fn a_token_has_its_rate_and_two_seconds_of_it_at_once() {
        let (quotas, now) = (quotas(), Instant::now());
        let ask = |now| quotas.take(now, Role::Host, "a.b.token-one");
        for _ in 0..10 {
            assert!(ask(now).is_ok());
        }
        let refused = ask(now).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.retry_after), (429, Some(1)));
        assert!(ask(now + Duration::from_millis(199)).is_err(), "refused ones do not count");
        assert!(ask(now + Duration::from_millis(200)).is_ok());
        assert!(ask(now + Duration::from_millis(200)).is_err());
        let later = now + Duration::from_secs(60);
        assert_eq!((0..20).filter(|_| ask(later).is_ok()).count(), 10);
    }

    #[test]
    fn tokens_do_not_use_up_each_others_and_the_backend_has_more() {
        let (quotas, now) = (quotas(), Instant::now());
        let many = |role, token| (0..1_000).filter(|_| quotas.take(now, role, token).is_ok()).count();
        assert_eq!(many(Role::Audience, "a.b.one"), 10);
        assert_eq!(many(Role::Guest, "a.b.two"), 10);
        assert_eq!(many(Role::Admin, "a.b.three"), 200);
    }

    #[test]
    fn tokens_are_bounded_and_those_at_rest_make_room() {
        let (quotas, now) = (quotas(), Instant::now());
        for i in 0..TOKENS_MAX + 500 {
            assert!(quotas.take(now, Role::Host, &format!("a.b.{i}")).is_ok());
        }
        assert_eq!(quotas.buckets.lock().unwrap().len(), TOKENS_MAX);
        quotas.take(now + Duration::from_secs(1), Role::Host, "a.b.new").unwrap();
        assert_eq!(quotas.buckets.lock().unwrap().len(), 1);
    }
}
