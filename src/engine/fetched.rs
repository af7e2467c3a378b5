//! What is known of addresses that avatars are fetched from: the picture, or that there was none, and when to look again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use costage_media::scene::Avatar;

use super::gallery::Full;

/// Addresses that are known, with a picture of 124 kB each at most: 64 MB of them. Beyond it the one goes that was not
/// looked at for the longest and that no program shows; the tile of its user has initials until it is fetched again.
pub(super) const ADDRESSES_MAX: usize = 512;

/// How long an address without a picture is left alone, and one that is being looked at.
const FAILED_FOR: Duration = Duration::from_secs(300);

/// How long a picture counts as the one that lies there.
const FRESH_FOR: Duration = Duration::from_secs(3_600);

/// By address.
#[derive(Debug, Default)]
pub(super) struct Fetches {
    by_url: BTreeMap<String, Fetch>,
    /// Counts looks, so that the oldest is known.
    looks: u64,
}

#[derive(Debug)]
struct Fetch {
    picture: Option<Avatar>,
    /// Nobody looks there before.
    again: Instant,
    /// It was told already that there was none.
    told: bool,
    looked_at: u64,
}

impl Fetches {
    /// Whether somebody should look at `url` now; then nobody else should for a while. Not, where all that is known is shown.
    pub(super) fn is_due(&mut self, now: Instant, url: &str) -> bool {
        let again = now + FAILED_FOR;
        if let Some(fetch) = self.by_url.get_mut(url) {
            let due = fetch.again <= now;
            fetch.again = if due { again } else { fetch.again };
            return due;
        }
        self.add(url, Fetch { picture: None, again, told: false, looked_at: 0 }).is_ok()
    }

    pub(super) fn hang(&mut self, now: Instant, url: &str, avatar: Avatar) -> Result<(), Full> {
        let fresh = Fetch { picture: Some(avatar), again: now + FRESH_FOR, told: false, looked_at: 0 };
        self.add(url, fresh)
    }

    /// Whether it is news. A picture that was there stays.
    pub(super) fn fail(&mut self, now: Instant, url: &str) -> bool {
        let Some(fetch) = self.by_url.get_mut(url) else { return true };
        fetch.again = now + FAILED_FOR;
        !std::mem::replace(&mut fetch.told, true)
    }

    /// As if it had never been wanted, unless there is a picture.
    pub(super) fn forget(&mut self, url: &str) {
        if self.by_url.get(url).is_some_and(|fetch| fetch.picture.is_none()) {
            self.by_url.remove(url);
        }
    }

    /// Those that are looked at from here on are newer than all before.
    pub(super) fn begin_look(&mut self) {
        self.looks += 1;
    }

    pub(super) fn look(&mut self, url: &str) -> Option<Avatar> {
        let fetch = self.by_url.get_mut(url)?;
        fetch.looked_at = self.looks;
        fetch.picture.clone()
    }

    fn add(&mut self, url: &str, fetch: Fetch) -> Result<(), Full> {
        if !self.by_url.contains_key(url) && self.by_url.len() >= ADDRESSES_MAX {
            let shown = |fetch: &Fetch| fetch.picture.as_ref().is_some_and(Avatar::is_shared);
            let unused = self.by_url.iter().filter(|(_, fetch)| !shown(fetch));
            let oldest = unused.min_by_key(|(_, fetch)| fetch.looked_at).map(|(url, _)| url.clone());
            self.by_url.remove(&oldest.ok_or(Full)?);
        }
        self.by_url.insert(url.to_owned(), Fetch { looked_at: self.looks, ..fetch });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use costage_media::frame::{I420, Size};

    fn picture() -> Avatar {
        Avatar::new(I420::black(Size { width: 2, height: 2 }))
    }

    #[test]
    fn an_address_is_looked_at_once_and_again_when_its_time_has_come() {
        let (mut fetches, now) = (Fetches::default(), Instant::now());
        assert!(fetches.is_due(now, "a"));
        assert!(!fetches.is_due(now, "a"), "somebody looks already");
        assert!(fetches.fail(now, "a"), "news");
        let later = now + FAILED_FOR;
        assert!(!fetches.is_due(later - Duration::from_millis(1), "a"), "it is not hammered at");
        assert!(fetches.is_due(later, "a") && !fetches.is_due(later, "a"));
        assert!(!fetches.fail(later, "a"), "known");
        assert_eq!(fetches.look("a"), None);
        let last = later + FAILED_FOR;
        assert!(fetches.is_due(last, "a"));
        let found = picture();
        fetches.hang(last, "a", found.clone()).unwrap();
        assert_eq!(fetches.look("a"), Some(found.clone()));
        assert!(!fetches.is_due(last + FAILED_FOR, "a"), "a picture is good for longer");
        assert!(fetches.is_due(last + FRESH_FOR, "a"));
        fetches.fail(last + FRESH_FOR, "a");
        assert_eq!(fetches.look("a"), Some(found), "better the old one than none");
    }

    #[test]
    fn what_nobody_had_time_for_is_wanted_again_at_once() {
        let (mut fetches, now) = (Fetches::default(), Instant::now());
        assert!(fetches.is_due(now, "a"));
        fetches.forget("a");
        assert!(fetches.is_due(now, "a"));
    }

    #[test]
    fn many_addresses_push_out_the_oldest_that_is_not_shown() {
        let (mut fetches, now) = (Fetches::default(), Instant::now());
        let shown: Vec<_> = (0..ADDRESSES_MAX).map(|_| picture()).collect();
        for (number, avatar) in shown.iter().enumerate() {
            fetches.hang(now, &number.to_string(), avatar.clone()).unwrap();
        }
        assert!(!fetches.is_due(now, "new"), "all are shown");
        assert_eq!(fetches.hang(now, "new", picture()), Err(Full));
        drop(shown);
        fetches.begin_look();
        fetches.look("0");
        assert!(fetches.is_due(now, "new"));
        assert!(fetches.look("0").is_some() && fetches.look("1").is_none());
        for number in 0..3 * ADDRESSES_MAX {
            fetches.is_due(now, &format!("flood {number}"));
        }
        assert_eq!(fetches.by_url.len(), ADDRESSES_MAX);
    }
}
