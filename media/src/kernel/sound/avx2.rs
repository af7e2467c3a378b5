//! The sample kernels in 256-bit vectors: four frames at a time. Formulas: see the scalar beside each.

use std::arch::x86_64::*;

use super::Ramp;

/// A plain function around one that needs AVX2, so that both levels have the same type.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident = $inner:ident($($arg:ident: $kind:ty),*) $(-> $out:ty)?) => {
        $(#[$doc])*
        #[allow(unsafe_code, reason = "the call that the processor check stands for")]
        pub(super) fn $name($($arg: $kind),*) $(-> $out)? {
            // SAFETY: `Sounds::new` is the only one to hand this out, after `Level::detect` found AVX2.
            unsafe { $inner($($arg),*) }
        }
    };
}

entry! {
    /// [`super::add`].
    add = add_inner(sum: &mut [f32], voice: &[f32], gain: Ramp)
}
entry! {
    /// [`super::peak`].
    peak = peak_inner(samples: &[f32]) -> f32
}
entry! {
    /// [`super::limit`].
    limit = limit_inner(samples: &mut [f32], gain: Ramp)
}

#[target_feature(enable = "avx2")]
fn add_inner(sum: &mut [f32], voice: &[f32], gain: Ramp) {
    let length = sum.len().min(voice.len());
    let (chunks, rest) = sum[..length].as_chunks_mut::<8>();
    let (voices, voice_rest) = voice[..length].as_chunks::<8>();
    for (n, (sum, voice)) in chunks.iter_mut().zip(voices).enumerate() {
        let scaled = _mm256_mul_ps(load(voice), gains(gain, n));
        store(sum, _mm256_add_ps(load(sum), scaled));
    }
    let done = voices.len() * 4;
    for (n, (sum, voice)) in rest.chunks_exact_mut(2).zip(voice_rest.chunks_exact(2)).enumerate() {
        let gain = gain.at(done + n);
        sum[0] += voice[0] * gain;
        sum[1] += voice[1] * gain;
    }
}

#[target_feature(enable = "avx2")]
fn peak_inner(samples: &[f32]) -> f32 {
    let (chunks, rest) = samples.as_chunks::<8>();
    let mut peaks = _mm256_setzero_ps();
    let magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(i32::MAX));
    for chunk in chunks {
        // The second operand stays where the first is not a number, as in the scalar.
        peaks = _mm256_max_ps(_mm256_and_ps(load(chunk), magnitude), peaks);
    }
    let mut lanes = [0.0; 8];
    store(&mut lanes, peaks);
    super::peak(&lanes).max(super::peak(rest))
}

#[target_feature(enable = "avx2")]
fn limit_inner(samples: &mut [f32], gain: Ramp) {
    let (chunks, rest) = samples.as_chunks_mut::<8>();
    let (low, high) = (_mm256_set1_ps(-1.0), _mm256_set1_ps(1.0));
    let done = chunks.len() * 4;
    for (n, chunk) in chunks.iter_mut().enumerate() {
        let scaled = _mm256_mul_ps(load(chunk), gains(gain, n));
        store(chunk, _mm256_min_ps(_mm256_max_ps(scaled, low), high));
    }
    for (n, frame) in rest.chunks_exact_mut(2).enumerate() {
        // A ramp of its own would round otherwise, so each frame gets its gain as it is.
        super::limit(frame, Ramp::flat(gain.at(done + n)));
    }
}

/// The gains of frames 4n to 4n + 3, each twice.
#[inline]
#[target_feature(enable = "avx2")]
fn gains(gain: Ramp, n: usize) -> __m256 {
    #[allow(clippy::cast_precision_loss, reason = "frames of a block, exact up to 16 million")]
    let first = _mm256_set1_ps((4 * n) as f32);
    let frames = _mm256_add_ps(first, _mm256_setr_ps(0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0));
    _mm256_add_ps(_mm256_set1_ps(gain.from), _mm256_mul_ps(_mm256_set1_ps(gain.step), frames))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(samples: &[f32; 8]) -> __m256 {
    // SAFETY: eight floats are behind the pointer; the load needs no alignment.
    #[allow(unsafe_code, reason = "a load")]
    unsafe {
        _mm256_loadu_ps(samples.as_ptr())
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(samples: &mut [f32; 8], value: __m256) {
    // SAFETY: eight floats are behind the pointer; the store needs no alignment.
    #[allow(unsafe_code, reason = "a store")]
    unsafe {
        _mm256_storeu_ps(samples.as_mut_ptr(), value);
    }
}
