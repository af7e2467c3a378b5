//! Sources that have ended, for what comes of them afterwards: an order may overtake another that took a different way.

use costage_media::scene::SourceId;
use std::collections::{BTreeSet, VecDeque};

/// Ended sources that are remembered. Their numbers are never given again, and what is late comes within a second.
const ENDED_MAX: usize = 1_024;

/// The latest sources that have ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    order: VecDeque<SourceId>,
    known: BTreeSet<SourceId>,
}

impl Ended {
    /// `source` has ended.
    pub(super) fn remember(&mut self, source: SourceId) {
        if self.known.insert(source) {
            self.order.push_back(source);
        }
        if self.order.len() > ENDED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// Whether `source` ended lately.
    pub(super) fn has(&self, source: SourceId) -> bool {
        self.known.contains(&source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered_and_no_more() {
        let mut ended = Ended::default();
        (0..5_000).for_each(|source| ended.remember(SourceId(source)));
        assert!(
            ended.has(SourceId(4_999)) && ended.has(SourceId(5_000 - 1_024)) && !ended.has(SourceId(5_000 - 1_025))
        );
        assert_eq!((ended.order.len(), ended.known.len()), (ENDED_MAX, ENDED_MAX));
    }
}
