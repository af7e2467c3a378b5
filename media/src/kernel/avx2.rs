//! The kernels in 256-bit integer vectors. Formulas and rounding: see the scalar beside each.

use std::arch::x86_64::*;

use super::taps::{AreaTaps, LinearBlock};
use super::{blend, scale};

/// A plain function around one that needs AVX2, so that both levels have the same type.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident = $inner:ident($($arg:ident: $kind:ty),*)) => {
        $(#[$doc])*
        #[allow(unsafe_code, reason = "the call that the processor check stands for")]
        pub(super) fn $name($($arg: $kind),*) {
            // SAFETY: `Kernels::new` is the only one to hand this out, after `Level::detect` found AVX2.
            unsafe { $inner($($arg),*) }
        }
    };
}

entry! {
    /// [`scale::lerp_rows`].
    lerp_rows = lerp_rows_inner(dst: &mut [u8], a: &[u8], b: &[u8], weight: u8)
}
entry! {
    /// [`scale::lerp_row`].
    lerp_row = lerp_row_inner(dst: &mut [u8], src: &[u8], blocks: &[LinearBlock])
}
entry! {
    /// [`scale::average_rows`].
    average_rows = average_rows_inner(dst: &mut [u8], src: &[u8], stride: usize, weights: &[i16])
}
entry! {
    /// [`scale::average_row`].
    average_row = average_row_inner(dst: &mut [u8], src: &[u8], taps: &AreaTaps)
}
entry! {
    /// [`blend::blend_row`].
    blend_row = blend_row_inner(dst: &mut [u8], src: &[u8], alpha: &[u8])
}

#[target_feature(enable = "avx2")]
fn lerp_rows_inner(dst: &mut [u8], a: &[u8], b: &[u8], weight: u8) {
    let length = dst.len().min(a.len()).min(b.len());
    let (dst, a, b) = (&mut dst[..length], &a[..length], &b[..length]);
    let weight = weight.min(128);
    let weights = _mm256_set1_epi16(i16::from_le_bytes([128 - weight, weight]));
    for ((dst, a), b) in dst.as_chunks_mut::<32>().0.iter_mut().zip(a.as_chunks().0).zip(b.as_chunks().0) {
        lerp32(dst, a, b, weights);
    }
    if length.is_multiple_of(32) {
        return;
    }
    // The rest again as a whole vector that ends with the row: nothing here reads what was written.
    match (dst.last_chunk_mut::<32>(), a.last_chunk::<32>(), b.last_chunk::<32>()) {
        (Some(dst), Some(a), Some(b)) => lerp32(dst, a, b, weights),
        _ => scale::lerp_rows(dst, a, b, weight),
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn lerp32(dst: &mut [u8; 32], a: &[u8; 32], b: &[u8; 32], weights: __m256i) {
    let (a, b) = (load32(a), load32(b));
    let low = lerp_pairs(_mm256_unpacklo_epi8(a, b), weights);
    let high = lerp_pairs(_mm256_unpackhi_epi8(a, b), weights);
    store32(dst, _mm256_packus_epi16(low, high));
}

/// Sixteen pairs of bytes by sixteen pairs of weights. The multiplier wants one signed factor: the bytes are moved
/// down by 128, which lowers every sum by 128·128 and is made good with the rounding.
#[inline]
#[target_feature(enable = "avx2")]
fn lerp_pairs(pairs: __m256i, weights: __m256i) -> __m256i {
    let signed = _mm256_xor_si256(pairs, _mm256_set1_epi8(i8::MIN));
    let sum = _mm256_maddubs_epi16(weights, signed);
    _mm256_srli_epi16::<7>(_mm256_add_epi16(sum, _mm256_set1_epi16(128 * 128 + 64)))
}

#[target_feature(enable = "avx2")]
fn lerp_row_inner(dst: &mut [u8], src: &[u8], blocks: &[LinearBlock]) {
    let (chunks, rest) = dst.as_chunks_mut::<16>();
    let whole = chunks.len();
    for (dst, block) in chunks.iter_mut().zip(blocks) {
        let [low, high] = block.base.map(|base| src.get(base as usize..).and_then(|from| from.first_chunk::<16>()));
        let (Some(low), Some(high)) = (low, high) else {
            scale::lerp_block(dst, src, block);
            continue;
        };
        let windows = _mm256_set_m128i(load16(high), load16(low));
        let pixels = lerp_pairs(_mm256_shuffle_epi8(windows, load32(&block.pick)), load32(&block.weight));
        let bytes = _mm256_permute4x64_epi64::<0b1000>(_mm256_packus_epi16(pixels, pixels));
        store16(dst, _mm256_castsi256_si128(bytes));
    }
    if let Some(block) = blocks.get(whole) {
        scale::lerp_block(rest, src, block);
    }
}

#[target_feature(enable = "avx2")]
fn average_rows_inner(dst: &mut [u8], src: &[u8], stride: usize, weights: &[i16]) {
    if !scale::rows_fit(dst.len(), src.len(), stride, weights.len()) {
        return;
    }
    let length = dst.len();
    let (chunks, _) = dst.as_chunks_mut::<16>();
    for (i, dst) in chunks.iter_mut().enumerate() {
        average16(dst, src, i * 16, stride, weights);
    }
    if length.is_multiple_of(16) {
        return;
    }
    match dst.last_chunk_mut::<16>() {
        Some(dst) => average16(dst, src, length - 16, stride, weights),
        None => scale::average_columns(dst, src, stride, weights),
    }
}

/// Sixteen columns from `x` on, two rows at a time.
#[inline]
#[target_feature(enable = "avx2")]
fn average16(dst: &mut [u8; 16], src: &[u8], x: usize, stride: usize, weights: &[i16]) {
    let row = |k: usize| src.get(k * stride + x..).and_then(|row| row.first_chunk::<16>());
    let half = _mm256_set1_epi32(8192);
    let (mut low, mut high) = (half, half);
    for k in (0..weights.len()).step_by(2) {
        let Some(a) = row(k) else { return };
        let second = weights.get(k + 1).copied().unwrap_or(0);
        let (a, b) = (load16(a), row(k + 1).map_or_else(|| _mm_setzero_si128(), |row| load16(row)));
        let weight = _mm256_set1_epi32(i32::from(weights[k]) | i32::from(second) << 16);
        let pairs = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(pairs, weight));
        let pairs = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(pairs, weight));
    }
    let words = _mm256_packus_epi32(_mm256_srai_epi32::<14>(low), _mm256_srai_epi32::<14>(high));
    let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(words);
    store16(dst, _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words)));
}

#[target_feature(enable = "avx2")]
fn average_row_inner(dst: &mut [u8], src: &[u8], taps: &AreaTaps) {
    let run = taps.run();
    if run == 0 || !run.is_multiple_of(8) {
        return scale::average_row(dst, src, taps);
    }
    let (chunks, rest) = dst.as_chunks_mut::<8>();
    let (whole, mut done) = (chunks.len(), 0);
    for (dst, base) in chunks.iter_mut().zip(taps.base().as_chunks::<8>().0) {
        let weights = &taps.weight()[done * 8 * run..][..8 * run];
        if base.iter().all(|&base| base as usize + run <= src.len()) {
            average8(dst, src, base, run, weights);
        } else {
            scale::average_from(done * 8, dst, src, taps);
        }
        done += 1;
    }
    scale::average_from(whole * 8, rest, src, taps);
}

/// Eight output pixels: two at a time side by side in a vector, then all sums folded at once.
#[inline]
#[target_feature(enable = "avx2")]
fn average8(dst: &mut [u8; 8], src: &[u8], base: &[u32; 8], run: usize, weights: &[i16]) {
    let pair = |i: usize| {
        let (left, right) = (base[i] as usize, base[i + 1] as usize);
        let mut sum = _mm256_setzero_si256();
        for k in (0..run).step_by(8) {
            let pixels = _mm_set_epi64x(eight(src, right + k), eight(src, left + k));
            let weight = _mm256_set_m128i(load8_words(weights, (i + 1) * run + k), load8_words(weights, i * run + k));
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_cvtepu8_epi16(pixels), weight));
        }
        sum
    };
    let quads = [_mm256_hadd_epi32(pair(0), pair(2)), _mm256_hadd_epi32(pair(4), pair(6))];
    // One lane has the even pixels, the other the odd ones.
    let sums = _mm256_add_epi32(_mm256_hadd_epi32(quads[0], quads[1]), _mm256_set1_epi32(8192));
    let sums = _mm256_srai_epi32::<14>(sums);
    let (even, odd) = (_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
    let words = _mm_packus_epi32(_mm_unpacklo_epi32(even, odd), _mm_unpackhi_epi32(even, odd));
    *dst = _mm_cvtsi128_si64(_mm_packus_epi16(words, words)).to_le_bytes();
}

#[target_feature(enable = "avx2")]
fn blend_row_inner(dst: &mut [u8], src: &[u8], alpha: &[u8]) {
    let length = dst.len().min(src.len()).min(alpha.len());
    let (chunks, rest) = dst[..length].as_chunks_mut::<32>();
    let (src_chunks, src_rest) = src[..length].as_chunks::<32>();
    let (alpha_chunks, alpha_rest) = alpha[..length].as_chunks::<32>();
    for ((dst, src), alpha) in chunks.iter_mut().zip(src_chunks).zip(alpha_chunks) {
        let (d, s, a) = (load32(dst), load32(src), load32(alpha));
        let zero = _mm256_setzero_si256();
        let low = blend16(_mm256_unpacklo_epi8(d, zero), _mm256_unpacklo_epi8(s, zero), _mm256_unpacklo_epi8(a, zero));
        let high = blend16(_mm256_unpackhi_epi8(d, zero), _mm256_unpackhi_epi8(s, zero), _mm256_unpackhi_epi8(a, zero));
        store32(dst, _mm256_packus_epi16(low, high));
    }
    blend::blend_row(rest, src_rest, alpha_rest);
}

/// Sixteen words of the blend; no step leaves sixteen bits without a sign.
#[inline]
#[target_feature(enable = "avx2")]
fn blend16(dst: __m256i, src: __m256i, alpha: __m256i) -> __m256i {
    let rest = _mm256_sub_epi16(_mm256_set1_epi16(255), alpha);
    let sum = _mm256_add_epi16(_mm256_mullo_epi16(src, alpha), _mm256_mullo_epi16(dst, rest));
    let x = _mm256_add_epi16(sum, _mm256_set1_epi16(128));
    _mm256_srli_epi16::<8>(_mm256_add_epi16(x, _mm256_srli_epi16::<8>(x)))
}

/// Eight bytes as one number; zeros beyond the end.
#[inline(always)]
fn eight(src: &[u8], at: usize) -> i64 {
    src.get(at..).and_then(|from| from.first_chunk::<8>()).map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector load")]
fn load8_words(weights: &[i16], at: usize) -> __m128i {
    let Some(words) = weights.get(at..).and_then(|from| from.first_chunk::<8>()) else { return _mm_setzero_si128() };
    // SAFETY: the array is 16 readable bytes; the load asks for no alignment.
    unsafe { _mm_loadu_si128(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector load")]
fn load16(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: the array is 16 readable bytes; the load asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector load")]
fn load32(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the array is 32 readable bytes; the load asks for no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector store")]
fn store16(bytes: &mut [u8; 16], vector: __m128i) {
    // SAFETY: the array is 16 writable bytes that nobody else holds; the store asks for no alignment.
    unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), vector) }
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector store")]
fn store32(bytes: &mut [u8; 32], vector: __m256i) {
    // SAFETY: the array is 32 writable bytes that nobody else holds; the store asks for no alignment.
    unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().cast(), vector) }
}
