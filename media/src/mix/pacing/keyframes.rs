//! Keyframes on demand, however many demand them.

use std::time::{Duration, Instant};

/// At least this long from one keyframe to the next: at most two a second. A keyframe costs an encoder almost three
/// ordinary frames and the viewers' lines ten.
pub const KEYFRAMES_APART: Duration = Duration::from_millis(500);

/// Merges requests for a keyframe.
#[derive(Debug, Clone, Default)]
pub struct KeyframeMerge {
    /// Since when.
    wanted: Option<Instant>,
    last: Option<Instant>,
}

impl KeyframeMerge {
    /// Nothing wanted, nothing sent.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Someone needs a keyframe: a viewer joined, lost packets, or moves over. Any number of requests until the next
    /// [`KeyframeMerge::done`] are one.
    pub fn request(&mut self, now: Instant) {
        self.wanted.get_or_insert(now);
    }

    /// Whether the next encode should be a keyframe.
    #[must_use]
    pub fn due(&self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|at| at <= now)
    }

    /// A keyframe was encoded, asked for or not.
    pub fn done(&mut self, now: Instant) {
        self.wanted = None;
        self.last = Some(now);
    }

    /// No keyframe came of the attempt: it stays wanted, and is due again as if one had been encoded.
    pub fn postpone(&mut self, now: Instant) {
        self.request(now);
        self.last = Some(now);
    }

    /// When a wanted keyframe is due, perhaps in the past; `None` when none is wanted.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let wanted = self.wanted?;
        Some(self.last.map_or(wanted, |last| wanted.max(last + KEYFRAMES_APART)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_request_is_due_at_once_and_more_are_merged_into_two_a_second() {
        let (mut merge, start, mut sent) = (KeyframeMerge::new(), Instant::now(), Vec::new());
        for ms in 0..2_000 {
            let now = start + Duration::from_millis(ms);
            assert!(!merge.due(now) || ms > 0);
            merge.request(now);
            if merge.due(now) {
                merge.done(now);
                sent.push(ms);
            }
        }
        assert_eq!(sent, [0, 500, 1_000, 1_500]);
    }

    #[test]
    fn a_request_too_soon_is_due_half_a_second_after_the_last_keyframe() {
        let (mut merge, start) = (KeyframeMerge::new(), Instant::now());
        merge.done(start);
        assert_eq!(merge.poll_timeout(), None);
        merge.request(start + Duration::from_millis(100));
        assert_eq!(merge.poll_timeout(), Some(start + KEYFRAMES_APART));
        assert!(!merge.due(start + Duration::from_millis(499)) && merge.due(start + KEYFRAMES_APART));
    }

    #[test]
    fn one_that_could_not_be_made_is_due_again_half_a_second_later() {
        let (mut merge, start) = (KeyframeMerge::new(), Instant::now());
        merge.request(start);
        merge.postpone(start);
        assert!(!merge.due(start + Duration::from_millis(499)) && merge.due(start + KEYFRAMES_APART));
    }

    #[test]
    fn nothing_is_due_that_nobody_asked_for() {
        let (mut merge, start) = (KeyframeMerge::new(), Instant::now());
        assert!(!merge.due(start));
        merge.request(start);
        merge.done(start);
        assert!(!merge.due(start + Duration::from_secs(9)) && merge.poll_timeout().is_none());
    }
}
