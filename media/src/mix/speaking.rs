//! Who speaks: whose voice is loud enough for long enough; and how loud each is.

use std::collections::BTreeMap;

use super::loudness::{Envelope, LOUD, Loudness};
use crate::scene::SourceId;

/// Loud blocks of 20 ms in a row that make a speaker: a click is shorter.
const BEGIN_BLOCKS: u8 = 2;
/// Blocks that are not loud after which nobody speaks any more: 400 ms, longer than the pauses between words.
const HOLD_BLOCKS: u8 = 20;

/// How loud each voice was of late.
#[derive(Debug, Default)]
pub(super) struct Speaking(BTreeMap<SourceId, Voice>);

#[derive(Debug, Default)]
struct Voice {
    /// Loud blocks in a row, up to [`BEGIN_BLOCKS`].
    loud: u8,
    /// Blocks for which it still counts as speaking.
    held: u8,
    envelope: Envelope,
}

impl Speaking {
    /// The next block of `source`, as it is heard.
    pub(super) fn note(&mut self, source: SourceId, block: &[f32]) {
        let mean_square = mean_square(block);
        let loud = mean_square >= LOUD;
        if !loud && !self.0.contains_key(&source) {
            return;
        }
        let voice = self.0.entry(source).or_default();
        voice.loud = if loud { (voice.loud + 1).min(BEGIN_BLOCKS) } else { 0 };
        voice.held = if voice.loud == BEGIN_BLOCKS { HOLD_BLOCKS } else { voice.held.saturating_sub(1) };
        voice.envelope.follow(mean_square);
        if voice.loud == 0 && voice.held == 0 && voice.envelope.loudness() == Loudness::SILENT {
            self.0.remove(&source);
        }
    }

    /// `source` is not heard.
    pub(super) fn forget(&mut self, source: SourceId) {
        self.0.remove(&source);
    }

    /// Who speaks, in the order of their numbers.
    pub(super) fn speakers(&self) -> impl Iterator<Item = SourceId> {
        self.0.iter().filter(|(_, voice)| voice.held > 0).map(|(source, _)| *source)
    }

    /// How loud `source` is, or was a moment ago.
    pub(super) fn loudness(&self, source: SourceId) -> Loudness {
        self.0.get(&source).map_or(Loudness::SILENT, |voice| voice.envelope.loudness())
    }
}

fn mean_square(block: &[f32]) -> f32 {
    // Eight sums that do not wait for each other.
    let mut sums = [0.0_f32; 8];
    let (chunks, rest) = block.as_chunks::<8>();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, sample)| *sum += sample * sample);
    }
    let sum = sums.iter().sum::<f32>() + rest.iter().map(|sample| sample * sample).sum::<f32>();
    #[allow(clippy::cast_precision_loss, reason = "samples of a block")]
    let count = block.len().max(1) as f32;
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SourceId = SourceId(1);

    fn speaks(speaking: &mut Speaking, level: f32, blocks: usize) -> bool {
        (0..blocks).for_each(|_| speaking.note(A, &[level; 1_920]));
        speaking.speakers().any(|source| source == A)
    }

    #[test]
    fn a_click_and_a_quiet_room_are_nobody_speaking() {
        let mut speaking = Speaking::default();
        assert!(!speaks(&mut speaking, 0.004, 100), "-48 dBFS");
        assert!(!speaks(&mut speaking, 0.5, 1));
        assert!(!speaks(&mut speaking, 0.0, 1));
        assert!(!speaks(&mut speaking, 0.5, 1));
    }

    #[test]
    fn who_speaks_goes_on_through_a_pause_between_words() {
        let mut speaking = Speaking::default();
        assert!(speaks(&mut speaking, 0.006, 2), "-44 dBFS");
        assert!(speaks(&mut speaking, 0.0, 19));
        assert!(speaks(&mut speaking, 0.1, 2));
        assert!(speaks(&mut speaking, 0.0, 19));
        assert!(!speaks(&mut speaking, 0.0, 1));
        assert!(speaking.0.is_empty(), "who was silent for long costs nothing");
    }

    #[test]
    fn a_click_is_seen_and_leaves_nothing() {
        let mut speaking = Speaking::default();
        speaks(&mut speaking, 0.5, 1);
        assert_eq!(speaking.loudness(A).step(), 4);
        speaks(&mut speaking, 0.0, 10);
        assert_eq!(speaking.loudness(A), Loudness::SILENT);
        assert!(speaking.0.is_empty());
    }

    #[test]
    fn who_is_not_heard_does_not_speak() {
        let mut speaking = Speaking::default();
        assert!(speaks(&mut speaking, 0.5, 5));
        speaking.forget(A);
        assert_eq!((speaking.speakers().count(), speaking.loudness(A)), (0, Loudness::SILENT));
    }
}
