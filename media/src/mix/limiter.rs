//! Keeps a sum of voices below full scale without clipping it.
//!
//! ```text
//!   block:  │ 1 ms │ 1 ms │ … │ 1 ms │      the gain at each border is at most what both neighbours need,
//!   gain:  b₀    b₁     b₂   …     b₂₀     and moves in a straight line between borders
//! ```
//! So no sample leaves above the ceiling, however it rises. To know the right neighbour of the last border, one
//! millisecond is held back: the only delay. Below the ceiling the gain is exactly 1 and the samples pass untouched.

use crate::frame::{AudioBlock, BLOCK_SAMPLES};
use crate::kernel::sound::{Ramp, Sounds};

/// What no sample exceeds: −1 dBFS, so that the codec behind has room for its own overshoot.
pub(super) const CEILING: f32 = 0.891_250_9;
/// Frames between borders, and the delay: 1 ms.
pub(super) const LOOKAHEAD_SAMPLES: usize = 48;
/// How much of the way back to 1 the gain goes in a millisecond: 63 % in 100 ms, slow enough not to pump.
const RELEASE: f32 = 0.01;
/// From here on the gain is 1 again: 0.001 dB.
const RELEASED: f32 = 0.9999;

const PIECES: usize = BLOCK_SAMPLES / LOOKAHEAD_SAMPLES;
const PIECE: usize = LOOKAHEAD_SAMPLES * 2;

/// A limiter with memory of one stream.
#[derive(Debug)]
pub(super) struct Limiter {
    kernels: Sounds,
    held: [f32; PIECE],
    gain: f32,
}

impl Limiter {
    /// At rest.
    #[must_use]
    pub(super) fn new(kernels: Sounds) -> Self {
        Self { kernels, held: [0.0; PIECE], gain: 1.0 }
    }

    /// Limits one block of any magnitude; what comes out is [`LOOKAHEAD_SAMPLES`] later.
    pub(super) fn process(&mut self, block: &mut AudioBlock) {
        let samples = &mut block.0[..];
        // Shift by the held piece: [held, block] → the block's new content and what is held next.
        let mut next = [0.0; PIECE];
        next.copy_from_slice(&samples[samples.len() - PIECE..]);
        samples.copy_within(..PIECE * (PIECES - 1), PIECE);
        samples[..PIECE].copy_from_slice(&self.held);
        self.held = next;

        let mut needed = [1.0; PIECES + 1];
        let pieces = samples.chunks_exact(PIECE).chain(std::iter::once(&self.held[..]));
        for (needed, piece) in needed.iter_mut().zip(pieces) {
            let peak = (self.kernels.peak)(piece);
            *needed = if peak > CEILING { CEILING / peak } else { 1.0 };
        }
        for (n, piece) in samples.chunks_exact_mut(PIECE).enumerate() {
            let released = self.gain + (1.0 - self.gain) * RELEASE;
            let released = if released > RELEASED { 1.0 } else { released };
            let border = released.min(needed[n]).min(needed[n + 1]);
            #[allow(clippy::float_cmp, reason = "exactly 1 is what the code above sets")]
            if self.gain != 1.0 || border != 1.0 {
                (self.kernels.limit)(piece, Ramp::between(self.gain, border, LOOKAHEAD_SAMPLES));
            }
            self.gain = border;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Level;

    fn run(level: Level, input: &[f32]) -> Vec<f32> {
        let mut limiter = Limiter::new(Sounds::new(level));
        let mut output = Vec::new();
        for chunk in input.chunks_exact(BLOCK_SAMPLES * 2) {
            let mut block = AudioBlock::silent();
            block.0.copy_from_slice(chunk);
            limiter.process(&mut block);
            output.extend_from_slice(&block.0[..]);
        }
        output
    }

    fn tone(amplitude: impl Fn(usize) -> f32, blocks: usize) -> Vec<f32> {
        (0..blocks * BLOCK_SAMPLES)
            .flat_map(|n| {
                let value = amplitude(n) * (n as f32 * 0.0576).sin();
                [value, -value]
            })
            .collect()
    }

    #[test]
    fn below_the_ceiling_nothing_changes_but_a_millisecond_of_delay() {
        let input = tone(|_| 0.89, 10);
        let output = run(Level::detect(), &input);
        assert!(output[..PIECE].iter().all(|sample| *sample == 0.0));
        assert_eq!(output[PIECE..], input[..input.len() - PIECE]);
    }

    #[test]
    fn nothing_leaves_above_the_ceiling_however_it_rises() {
        // Full-scale steps, bursts at every place of the block, single spikes, nine voices at full scale.
        for shift in 0..97 {
            let mut input = tone(|n| if (n + shift * 13) % 3000 < 700 { 9.0 } else { 0.2 }, 14);
            let spike = 2 * (1000 + shift * 97);
            input[spike] = 50.0;
            input[spike + 4001] = -8.0;
            for level in Level::ALL {
                let output = run(level, &input);
                let worst = output.iter().fold(0.0_f32, |worst, sample| worst.max(sample.abs()));
                // A rounding of the product above the ceiling at most, far below full scale.
                assert!(worst <= CEILING * 1.000_001, "{worst}");
            }
        }
    }

    #[test]
    fn gain_falls_at_once_and_comes_back_slowly_without_steps() {
        let input = tone(|n| if (9_600..19_200).contains(&n) { 1.8 } else { 0.5 }, 60);
        let output = run(Level::detect(), &input);
        let peak = |from: usize, to: usize| {
            output[2 * from..2 * to].iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()))
        };
        assert!((peak(2_000, 9_000) - 0.5).abs() < 0.001);
        assert!((peak(12_000, 19_000) - CEILING).abs() < 0.05);
        assert!(peak(19_300, 19_700) < 0.3, "still held down");
        assert!((peak(50_000, 57_000) - 0.5).abs() < 0.001, "back at unity");
        // The tone itself moves by at most 0.0576 · 1.8 a sample; more would be a step of the gain.
        let step = output.chunks_exact(2).zip(output.chunks_exact(2).skip(1)).map(|(a, b)| (a[0] - b[0]).abs());
        assert!(step.fold(0.0_f32, f32::max) < 0.0576 * 1.8 + 0.02);
    }
}
