//! Loops over samples: sum, peak, limit. Samples are interleaved left, right; a ramp counts in frames (a sample of each
//! channel), so that both channels get the same gain.
//!
//! Products and sums are rounded one by one (no fused multiply-add) and in the order written here, so every level gives
//! the scalar's bits though the numbers are floats. Like the other kernels these never allocate and never panic: they do
//! as much as all their slices allow.

#[cfg(target_arch = "x86_64")]
mod avx2;

use super::Level;

/// A gain that moves in a straight line: `from + step · n` in frame `n`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// Gain of the first frame.
    pub from: f32,
    /// What it grows by from one frame to the next.
    pub step: f32,
}

impl Ramp {
    /// The same gain all along.
    #[must_use]
    pub fn flat(gain: f32) -> Self {
        Self { from: gain, step: 0.0 }
    }

    /// From `from` towards `to`, which the frame after the last of `frames` would have.
    #[must_use]
    pub fn between(from: f32, to: f32, frames: usize) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "frames of a block, a few thousand")]
        let count = frames.max(1) as f32;
        Self { from, step: (to - from) / count }
    }

    /// The gain of frame `n`.
    #[inline]
    fn at(self, n: usize) -> f32 {
        #[allow(clippy::cast_precision_loss, reason = "frames of a block, exact up to 16 million")]
        let frame = n as f32;
        self.from + self.step * frame
    }
}

/// The sample kernels of one level.
#[derive(Debug, Clone, Copy)]
pub struct Sounds {
    level: Level,
    /// See [`add`].
    pub add: fn(sum: &mut [f32], voice: &[f32], gain: Ramp),
    /// See [`peak`].
    pub peak: fn(samples: &[f32]) -> f32,
    /// See [`limit`].
    pub limit: fn(samples: &mut [f32], gain: Ramp),
}

impl Sounds {
    /// The kernels of `level`, or of the processor's best level where that is less.
    #[must_use]
    pub fn new(level: Level) -> Self {
        match level.lowered() {
            #[cfg(target_arch = "x86_64")]
            level @ (Level::Avx512 | Level::Avx2) => Self { level, ..Self::avx2() },
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx512 | Level::Avx2 => Self::scalar(),
            level @ (Level::Neon | Level::Scalar) => Self { level, ..Self::scalar() },
        }
    }

    /// The level in use.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    fn scalar() -> Self {
        Self { level: Level::Scalar, add, peak, limit }
    }

    #[cfg(target_arch = "x86_64")]
    fn avx2() -> Self {
        Self { level: Level::Avx2, add: avx2::add, peak: avx2::peak, limit: avx2::limit }
    }
}

/// `sum += voice · gain`, frame by frame.
pub fn add(sum: &mut [f32], voice: &[f32], gain: Ramp) {
    for (n, (sum, voice)) in sum.chunks_exact_mut(2).zip(voice.chunks_exact(2)).enumerate() {
        let gain = gain.at(n);
        sum[0] += voice[0] * gain;
        sum[1] += voice[1] * gain;
    }
}

/// The largest magnitude; 0 for none. What is not a number does not count.
#[must_use]
pub fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| if sample.abs() > peak { sample.abs() } else { peak })
}

/// `sample = clamp(sample · gain, −1, 1)`, frame by frame. What is not a number becomes −1.
pub fn limit(samples: &mut [f32], gain: Ramp) {
    for (n, frame) in samples.chunks_exact_mut(2).enumerate() {
        let gain = gain.at(n);
        for sample in frame {
            let value = *sample * gain;
            let value = if value > -1.0 { value } else { -1.0 };
            *sample = if value < 1.0 { value } else { 1.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Interleaved samples of all magnitudes, in a fixed order.
    fn samples(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        (0..count)
            .map(|_| {
                let mantissa = f32::from(u16::try_from(next() & 0xffff).unwrap()) / 32_768.0 - 1.0;
                mantissa * [1.0, 1.0, 1.7, 1e-3, 1e-38, 3e8][next() as usize % 6]
            })
            .collect()
    }

    fn bits(samples: &[f32]) -> Vec<u32> {
        samples.iter().map(|sample| sample.to_bits()).collect()
    }

    #[test]
    fn every_level_gives_the_bits_of_the_scalar_at_every_length() {
        for level in Level::ALL {
            let kernels = Sounds::new(level);
            for length in (0..80).chain([1917, 1918, 1919, 1920, 11_520]) {
                // One sample behind the end must stay untouched.
                let (mut plain, mut fast) = (samples(length + 1, 1), samples(length + 1, 1));
                let voice = samples(length, 2);
                for ramp in [Ramp::flat(1.0), Ramp::between(0.0, 1.0, length / 2), Ramp::between(0.9, -0.3, 7)] {
                    add(&mut plain[..length], &voice, ramp);
                    (kernels.add)(&mut fast[..length], &voice, ramp);
                    assert_eq!(bits(&plain), bits(&fast), "add, {level}, {length}");
                    assert_eq!(peak(&plain).to_bits(), (kernels.peak)(&plain).to_bits(), "peak, {level}, {length}");
                    limit(&mut plain[..length], ramp);
                    (kernels.limit)(&mut fast[..length], ramp);
                    assert_eq!(bits(&plain), bits(&fast), "limit, {level}, {length}");
                }
            }
        }
    }

    #[test]
    fn no_level_lets_infinity_or_nan_out() {
        for level in Level::ALL {
            let kernels = Sounds::new(level);
            for at in 0..24 {
                for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -f32::NAN] {
                    let mut odd = samples(24, 3);
                    odd[at] = value;
                    assert_eq!(peak(&odd).to_bits(), (kernels.peak)(&odd).to_bits());
                    assert!(!(kernels.peak)(&odd).is_nan());
                    let mut plain = odd.clone();
                    limit(&mut plain, Ramp::flat(0.5));
                    (kernels.limit)(&mut odd, Ramp::flat(0.5));
                    assert_eq!(bits(&plain), bits(&odd), "{level}");
                    assert!(odd.iter().all(|sample| (-1.0..=1.0).contains(sample)));
                }
            }
        }
    }

    #[test]
    fn a_ramp_moves_both_channels_alike() {
        let mut sum = vec![0.0; 8];
        add(&mut sum, &[1.0; 8], Ramp::between(0.0, 1.0, 4));
        assert_eq!(sum, [0.0, 0.0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75]);
        limit(&mut sum, Ramp::flat(1.5));
        assert_eq!(sum, [0.0, 0.0, 0.375, 0.375, 0.75, 0.75, 1.0, 1.0]);
        assert_eq!(peak(&[0.25, -0.5]).to_bits(), 0.5_f32.to_bits());
    }
}
