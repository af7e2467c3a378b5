//! The demo's voices: a sung phrase, a major pentatonic so that any two hosts sound well together.

use crate::client::performance::Voice;
use costage_media::frame::AudioBlock;
use std::f32::consts::TAU;

/// Peak of a synthetic voice: −12 dBFS.
pub const VOICE_PEAK: f32 = 0.251_188_6;
/// The phrase lasts as long as a loop of pictures.
const PHRASE_SAMPLES: u64 = 6 * 48_000;
/// Notes in a phrase; each lasts half a second.
const NOTES: usize = 12;
/// Semitones over the root, by host, one a note; `None` is a breath. Two hosts answer each other.
const PHRASES: [[Option<u8>; NOTES]; 2] = [
    [Some(0), Some(4), Some(7), Some(9), Some(7), None, None, Some(4), Some(2), Some(0), None, None],
    [None, None, None, Some(12), Some(9), Some(7), Some(9), None, None, Some(7), Some(4), Some(7)],
];
/// Roots of the hosts, Hz: C4, C4, G3, E4 …
const ROOTS_HZ: [f32; 5] = [261.63, 261.63, 196.0, 329.63, 220.0];

/// Sings one phrase over and over.
pub struct Melody {
    place: usize,
    /// Sample at which the phrase began.
    began: u64,
}

impl Melody {
    /// The voice of the host at `place`.
    #[must_use]
    pub fn new(place: usize) -> Self {
        Self { place, began: 0 }
    }

    fn sample(&self, at: u64) -> f32 {
        let into = at.wrapping_sub(self.began) % PHRASE_SAMPLES;
        let turn = into as f32 / PHRASE_SAMPLES as f32;
        let Some(hz) = note_hz(self.place, turn) else { return 0.0 };
        let seconds = into as f32 / 48_000.0;
        // Vibrato after the onset, then a few formant-like harmonics: a vowel rather than a beep.
        let phase = TAU * hz * seconds + 0.9 * (TAU * 5.2 * seconds).sin();
        let timbre = phase.sin() + 0.5 * (2.0 * phase).sin() + 0.28 * (3.0 * phase).sin() + 0.1 * (5.0 * phase).sin();
        VOICE_PEAK * loudness(self.place, turn) * timbre / TIMBRE_PEAK
    }
}

/// The sum of the harmonics never exceeds the sum of their weights.
const TIMBRE_PEAK: f32 = 1.0 + 0.5 + 0.28 + 0.1;

impl Voice for Melody {
    fn speak(&mut self, first: u64, block: &mut AudioBlock) {
        for (at, pair) in (first..).zip(block.0.chunks_exact_mut(2)) {
            pair.fill(self.sample(at));
        }
    }

    fn mark(&mut self, at: u64) {
        self.began = at;
    }
}

fn note_hz(place: usize, turn: f32) -> Option<f32> {
    let (note, _) = note_at(turn);
    let semitones = PHRASES[place % PHRASES.len()][note]?;
    let root = ROOTS_HZ[place % ROOTS_HZ.len()];
    Some(root * 2_f32.powf(f32::from(semitones) / 12.0))
}

/// How loud the host at `place` sings when `turn` (0 to 1) of the phrase has passed; also how far its mouth is open.
pub(super) fn loudness(place: usize, turn: f32) -> f32 {
    let (note, into) = note_at(turn);
    if PHRASES[place % PHRASES.len()][note].is_none() {
        return 0.0;
    }
    let attack = (into / 0.08).min(1.0);
    let release = ((1.0 - into) / 0.35).min(1.0);
    attack * release
}

/// Which note, and how much of it has passed.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ≤ turn, and the index is bounded")]
fn note_at(turn: f32) -> (usize, f32) {
    let along = turn.clamp(0.0, 1.0) * NOTES as f32;
    ((along as usize).min(NOTES - 1), along.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(place: usize) -> f32 {
        let mut voice = Melody::new(place);
        let mut block = AudioBlock::silent();
        let mut peak = 0.0_f32;
        for first in (0..PHRASE_SAMPLES).step_by(960) {
            voice.speak(first, &mut block);
            peak = block.0.iter().fold(peak, |peak, sample| peak.max(sample.abs()));
        }
        peak
    }

    #[test]
    fn a_voice_is_heard_but_never_over_its_level() {
        for place in 0..4 {
            let peak = peak(place);
            assert!(peak > VOICE_PEAK * 0.5 && peak <= VOICE_PEAK, "host {place}: {peak}");
        }
    }

    #[test]
    fn a_mark_starts_the_phrase_again() {
        let (mut voice, mut fresh) = (Melody::new(0), Melody::new(0));
        voice.mark(100_000);
        let (mut a, mut b) = (AudioBlock::silent(), AudioBlock::silent());
        voice.speak(100_000, &mut a);
        fresh.speak(0, &mut b);
        assert_eq!(a, b);
    }
}
