//! Viewers' wishes for keyframes, merged before they leave a shard: whatever one live's viewers ask, another's are heard.

use costage_media::forward::ProducerId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Between two wishes for the same producer. A program makes at most two keyframes a second, so nobody waits longer for it.
pub(super) const WISH_INTERVAL: Duration = Duration::from_millis(100);

/// When each producer was last asked; as many entries as the shard shows producers.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    asked: BTreeMap<ProducerId, Asked>,
}

#[derive(Debug)]
struct Asked {
    at: Instant,
    /// Somebody has wished since.
    again: bool,
}

impl Wishes {
    /// Somebody wishes; `true`: ask now. Otherwise the wish is [`due`](Self::due) later.
    pub(super) fn wish(&mut self, now: Instant, producer: ProducerId) -> bool {
        match self.asked.get_mut(&producer) {
            Some(asked) if now.saturating_duration_since(asked.at) < WISH_INTERVAL => {
                asked.again = true;
                false
            }
            Some(_) | None => {
                self.asked.insert(producer, Asked { at: now, again: false });
                true
            }
        }
    }

    /// Whom to ask now for those who have waited.
    pub(super) fn due(&mut self, now: Instant) -> Vec<ProducerId> {
        let due = self.asked.iter_mut().filter(|(_, asked)| asked.again && asked.at + WISH_INTERVAL <= now);
        due.map(|(producer, asked)| {
            *asked = Asked { at: now, again: false };
            *producer
        })
        .collect()
    }

    /// When [`due`](Self::due) has something.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.asked.values().filter(|asked| asked.again).map(|asked| asked.at + WISH_INTERVAL).min()
    }

    /// Forgets all producers but these.
    pub(super) fn keep(&mut self, shown: impl Fn(ProducerId) -> bool) {
        self.asked.retain(|producer, _| shown(*producer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ProducerId = ProducerId(1);
    const B: ProducerId = ProducerId(2);

    #[test]
    fn wishes_for_one_producer_are_merged_and_none_is_lost() {
        let (mut wishes, start) = (Wishes::default(), Instant::now());
        assert!(wishes.wish(start, A));
        assert_eq!(wishes.poll_timeout(), None, "nobody waits");
        assert!((0..1_000).all(|_| !wishes.wish(start, A)));
        assert!(wishes.wish(start, B), "another's is heard");
        assert_eq!(wishes.poll_timeout(), Some(start + WISH_INTERVAL));
        assert_eq!(wishes.due(start), []);
        assert_eq!(wishes.due(start + WISH_INTERVAL), [A]);
        assert_eq!((wishes.due(start + WISH_INTERVAL), wishes.poll_timeout()), (vec![], None));
        wishes.keep(|producer| producer == B);
        assert_eq!(wishes.asked.len(), 1);
    }
}
