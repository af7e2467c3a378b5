//! Asking a host for what got lost (RFC 4585 §6.2.1).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A larger jump is no loss but a restart, or a very late packet: asking for all between would only add to the trouble.
const JUMP_MAX: u64 = 200;
/// Packets may overtake each other by this much before one counts as lost.
const REORDER: Duration = Duration::from_millis(5);
/// Between two requests for the same packet: about a round trip and the sender's thinking.
const RETRY: Duration = Duration::from_millis(40);
/// Requests for one packet. Later than this the decoder has gone on without it.
const ASKED_MAX: u8 = 6;
/// Packets missing at once; more is an outage, and a keyframe mends it better.
const MISSING_MAX: usize = 512;

/// The gaps of one SSRC.
#[derive(Debug, Default)]
pub(super) struct Missing {
    highest: Option<u64>,
    gaps: BTreeMap<u64, Gap>,
}

#[derive(Debug)]
struct Gap {
    asked: u8,
    next: Instant,
}

impl Missing {
    /// A packet came, first or again.
    pub(super) fn arrived(&mut self, at: Instant, sequence: u64) {
        let Some(highest) = self.highest else {
            self.highest = Some(sequence);
            return;
        };
        if sequence <= highest {
            self.gaps.remove(&sequence);
            return;
        }
        self.highest = Some(sequence);
        if sequence - highest > JUMP_MAX {
            self.gaps.clear();
            return;
        }
        for lost in highest + 1..sequence {
            self.gaps.insert(lost, Gap { asked: 0, next: at + REORDER });
        }
        while self.gaps.len() > MISSING_MAX {
            self.gaps.pop_first();
        }
    }

    /// The low 16 bits of what to ask for now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<u16> {
        let mut due = Vec::new();
        self.gaps.retain(|sequence, gap| {
            if now < gap.next {
                return true;
            }
            if gap.asked >= ASKED_MAX {
                return false;
            }
            gap.asked += 1;
            gap.next = now + RETRY;
            due.push(u16::try_from(sequence & 0xffff).expect("masked to 16 bits"));
            true
        });
        due
    }

    /// When [`Missing::due`] has something, or something to give up.
    pub(super) fn next(&self) -> Option<Instant> {
        self.gaps.values().map(|gap| gap.next).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_asked_for_after_the_reorder_time_and_again_until_the_bound() {
        let start = Instant::now();
        let mut missing = Missing::default();
        missing.arrived(start, 10);
        missing.arrived(start, 13);
        assert!(missing.due(start).is_empty());
        let mut now = start + REORDER;
        let mut requests = 0;
        while let Some(next) = missing.next() {
            now = now.max(next);
            let due = missing.due(now);
            assert!(due.is_empty() || due == [11, 12]);
            requests += usize::from(!due.is_empty());
        }
        assert_eq!(requests, usize::from(ASKED_MAX));
    }

    #[test]
    fn what_arrives_is_asked_for_no_more() {
        let start = Instant::now();
        let mut missing = Missing::default();
        missing.arrived(start, 10);
        missing.arrived(start, 12);
        missing.arrived(start, 11);
        assert_eq!(missing.next(), None);
    }

    #[test]
    fn a_jump_beyond_the_limit_and_a_late_first_packet_are_no_gaps() {
        let start = Instant::now();
        let mut missing = Missing::default();
        missing.arrived(start, 1_000);
        missing.arrived(start, 10);
        missing.arrived(start, 1_201);
        assert_eq!(missing.next(), None, "201 further");
        missing.arrived(start, 1_401);
        assert_eq!(missing.due(start + REORDER).len(), 199, "200 further");
    }

    #[test]
    fn gaps_are_bounded() {
        let start = Instant::now();
        let mut missing = Missing::default();
        for step in 0..100 {
            missing.arrived(start, step * 150);
        }
        assert_eq!(missing.due(start + REORDER).len(), MISSING_MAX);
    }
}
