//! One viewer as the router sees it: numbers for both kinds and a purse for retransmissions.

use super::{Munger, index};
use crate::packet::MediaKind;

/// Retransmissions that a consumer may have asked for beyond what it was sent since; see
/// [`super::RESEND_CREDIT_MAX`].
const FIRST_CREDIT: u16 = 64;

/// One viewer's state, about half a kilobyte and no heap.
#[derive(Debug, Clone)]
pub struct Consumer {
    mungers: [Munger; 2],
    credit: u16,
    /// Its video gate: open once a keyframe has passed.
    pub(super) open: bool,
}

impl Consumer {
    /// `seed` is any number that differs from viewer to viewer and cannot be guessed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // Two well-mixed numbers of one seed (the finaliser of SplitMix64).
        let mixed = |salt: u64| {
            let z = seed.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        let mungers = [Munger::new(MediaKind::Video, mixed(1)), Munger::new(MediaKind::Audio, mixed(2))];
        Self { mungers, credit: FIRST_CREDIT, open: false }
    }

    /// The numbers of one kind.
    #[must_use]
    pub fn munger(&self, kind: MediaKind) -> &Munger {
        &self.mungers[index(kind)]
    }

    pub(super) fn munger_mut(&mut self, kind: MediaKind) -> &mut Munger {
        &mut self.mungers[index(kind)]
    }

    /// A packet was sent: one more may be asked for again.
    pub(super) fn earn(&mut self, packets: usize) {
        let earned = u16::try_from(packets).unwrap_or(u16::MAX);
        self.credit = self.credit.saturating_add(earned).min(super::RESEND_CREDIT_MAX);
    }

    /// Whether one retransmission may go out now; pays for it.
    pub(super) fn pay(&mut self) -> bool {
        let can = self.credit > 0;
        self.credit = self.credit.saturating_sub(1);
        can
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consumer_is_small_and_holds_no_heap() {
        // Munger: plain arrays. So its size is all it costs, besides the payloads that all share.
        assert!(size_of::<Consumer>() <= 512, "{}", size_of::<Consumer>());
    }

    #[test]
    fn kinds_and_viewers_start_at_different_numbers() {
        let start = |seed, kind| format!("{:?}", Consumer::new(seed).munger(kind));
        assert_ne!(start(1, MediaKind::Video), start(2, MediaKind::Video));
        assert_ne!(start(1, MediaKind::Video).replace("Video", ""), start(1, MediaKind::Audio).replace("Audio", ""));
    }
}
