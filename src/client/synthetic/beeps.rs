//! The bench's voices: silence, and a beep that begins at the very sample at which a flash was captured.

use crate::client::performance::Voice;
use crate::client::synthetic::melody::VOICE_PEAK;
use costage_media::frame::AudioBlock;
use std::f32::consts::TAU;
use std::time::Duration;

/// How long a beep lasts.
pub const BEEP: Duration = Duration::from_millis(80);
/// The same in samples.
const BEEP_SAMPLES: u64 = 80 * 48;

/// The pitch of the host at `place`, Hz: a whole number of cycles in 5 ms, and far enough apart that one host's beep
/// leaves the others' detectors silent.
#[must_use]
pub fn beep_hz(place: usize) -> f32 {
    1_000.0 + 400.0 * (place % 9) as f32
}

/// Beeps when marked.
pub struct Beeps {
    hz: f32,
    began: Option<u64>,
}

impl Beeps {
    /// The voice of the host at `place`.
    #[must_use]
    pub fn new(place: usize) -> Self {
        Self { hz: beep_hz(place), began: None }
    }
}

impl Voice for Beeps {
    fn speak(&mut self, first: u64, block: &mut AudioBlock) {
        for (at, pair) in (first..).zip(block.0.chunks_exact_mut(2)) {
            let into = self.began.and_then(|began| at.checked_sub(began)).filter(|into| *into < BEEP_SAMPLES);
            pair.fill(into.map_or(0.0, |into| VOICE_PEAK * (TAU * self.hz * into as f32 / 48_000.0).sin()));
        }
    }

    fn mark(&mut self, at: u64) {
        self.began = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beep_starts_at_its_sample_and_ends_after_eighty_milliseconds() {
        let mut beeps = Beeps::new(0);
        beeps.mark(1_000);
        let mut samples = Vec::new();
        for block in 0..6 {
            let mut sound = AudioBlock::silent();
            beeps.speak(block * 960, &mut sound);
            samples.extend(sound.0.chunks_exact(2).map(|pair| pair[0]));
        }
        let loud: Vec<_> = (0..samples.len()).filter(|at| samples[*at].abs() > 0.01).collect();
        assert_eq!((loud.first(), loud.last()), (Some(&1_001), Some(&(1_000 + 3_839))));
    }
}
