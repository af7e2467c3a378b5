//! How many viewers each feed has: counted by the shards as sessions connect and end, read by whoever shows it.

use costage_media::forward::FeedId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Connected viewers by feed, over all shards. Bounded by the sessions that there may be: a feed without viewers has no
/// entry. Its lock is taken when a viewer comes or goes, never on the packet path.
#[derive(Debug, Default)]
pub struct Viewers(Mutex<BTreeMap<FeedId, u64>>);

impl Viewers {
    /// The viewers of this feed.
    #[must_use]
    pub fn of(&self, feed: FeedId) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&feed).copied().unwrap_or_default()
    }

    pub(super) fn came(&self, feed: FeedId) {
        metrics::gauge!("costage_viewers").increment(1.0);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(feed).or_default() += 1;
    }

    pub(super) fn went(&self, feed: FeedId) {
        metrics::gauge!("costage_viewers").decrement(1.0);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&feed) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&feed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_are_counted_by_feed_and_an_empty_feed_is_forgotten() {
        let (viewers, feed, other) = (Viewers::default(), FeedId(1), FeedId(2));
        viewers.came(feed);
        viewers.came(feed);
        viewers.came(other);
        viewers.went(other);
        assert_eq!((viewers.of(feed), viewers.of(other)), (2, 0));
        assert_eq!(viewers.0.lock().unwrap().len(), 1);
    }
}
