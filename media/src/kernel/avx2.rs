//! The kernels in 256-bit integer vectors. Formulas and rounding: see the scalar beside each.

mod recolour;

use std::arch::x86_64::*;

use super::recolour::Recolour;
use super::taps::{AreaTaps, Window};
use super::{blend, scale};

/// A plain function around one that needs AVX2, so that both levels have the same type.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident = $($inner:ident)::+($($arg:ident: $kind:ty),*)) => {
        $(#[$doc])*
        #[allow(unsafe_code, reason = "the call that the processor check stands for")]
        pub(super) fn $name($($arg: $kind),*) {
            // SAFETY: `Kernels::new` is the only one to hand this out, after `Level::detect` found AVX2.
            unsafe { $($inner)::+($($arg),*) }
        }
    };
}

entry! {
    /// [`scale::lerp_rows`].
    lerp_rows = lerp_rows_inner(dst: &mut [u8], a: &[u8], b: &[u8], weight: u8)
}
entry! {
    /// [`scale::lerp_row`].
    lerp_row = lerp_row_inner(dst: &mut [u8], src: &[u8], windows: &[Window])
}
entry! {
    /// [`scale::average_rows`].
    average_rows = average_rows_inner(dst: &mut [u8], src: &[u8], stride: usize, weights: &[u8])
}
entry! {
    /// [`scale::average_row`].
    average_row = average_row_inner(dst: &mut [u8], src: &[u8], taps: &AreaTaps)
}
entry! {
    /// [`blend::blend_row`].
    blend_row = blend_row_inner(dst: &mut [u8], src: &[u8], alpha: &[u8])
}
entry! {
    /// [`super::recolour::recolour_chroma`].
    recolour_chroma = recolour::chroma(u: &mut [u8], v: &mut [u8], shift: &mut [i16], by: &Recolour)
}
entry! {
    /// [`super::recolour::recolour_luma`].
    recolour_luma = recolour::luma(y: &mut [u8], shift: &[i16], by: &Recolour)
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
    let sums = _mm256_add_epi16(weigh(pairs, weights), _mm256_set1_epi16(128 * 128 + 64));
    _mm256_srli_epi16::<7>(sums)
}

#[target_feature(enable = "avx2")]
fn lerp_row_inner(dst: &mut [u8], src: &[u8], windows: &[Window]) {
    let (chunks, rest) = dst.as_chunks_mut::<16>();
    let whole = chunks.len();
    for (dst, window) in chunks.iter_mut().zip(windows) {
        let Some(bytes) = gather(src, window) else {
            scale::lerp_window(dst, src, window);
            continue;
        };
        let pixels = lerp_pairs(bytes, load32(&window.weight));
        let pixels = _mm256_permute4x64_epi64::<0b1000>(_mm256_packus_epi16(pixels, pixels));
        store16(dst, _mm256_castsi256_si128(pixels));
    }
    if let Some(window) = windows.get(whole) {
        scale::lerp_window(rest, src, window);
    }
}

/// What a window picks; `None` when it reaches beyond the row.
#[inline]
#[target_feature(enable = "avx2")]
fn gather(src: &[u8], window: &Window) -> Option<__m256i> {
    let low = src.get(window.base[0] as usize..)?.first_chunk::<16>()?;
    let high = src.get(window.base[1] as usize..)?.first_chunk::<16>()?;
    let both = _mm256_set_m128i(load16(high), load16(low));
    Some(_mm256_shuffle_epi8(both, load32(&window.pick)))
}

/// Pairs of bytes by pairs of weights, the bytes moved down by 128. Over weights that add up to 256 the sums of these
/// reach from −256·128 to 256·127: they fit sixteen bits, and so does every part of them.
#[inline]
#[target_feature(enable = "avx2")]
fn weigh(bytes: __m256i, weights: __m256i) -> __m256i {
    _mm256_maddubs_epi16(weights, _mm256_xor_si256(bytes, _mm256_set1_epi8(i8::MIN)))
}

#[target_feature(enable = "avx2")]
fn average_rows_inner(dst: &mut [u8], src: &[u8], stride: usize, weights: &[u8]) {
    if !scale::rows_fit(dst.len(), src.len(), stride, weights.len()) {
        return;
    }
    let length = dst.len();
    let (chunks, rest) = dst.as_chunks_mut::<64>();
    for (i, dst) in chunks.iter_mut().enumerate() {
        average_columns::<2>(dst.as_chunks_mut().0, src, i * 64, stride, weights);
    }
    let done = length - rest.len();
    let (chunks, rest) = rest.as_chunks_mut::<32>();
    average_columns::<1>(chunks, src, done, stride, weights);
    if rest.is_empty() {
        return;
    }
    // The rest again as a whole vector that ends with the row.
    match dst.last_chunk_mut::<32>() {
        Some(last) => average_columns::<1>(std::slice::from_mut(last), src, length - 32, stride, weights),
        None => scale::average_columns(dst, src, stride, weights),
    }
}

/// `VECTORS` times thirty-two columns from `x` on, two rows at a time; none when `dst` has fewer.
#[inline]
#[target_feature(enable = "avx2")]
fn average_columns<const VECTORS: usize>(dst: &mut [[u8; 32]], src: &[u8], x: usize, stride: usize, weights: &[u8]) {
    let Some(dst) = dst.first_chunk_mut::<VECTORS>() else { return };
    let mut low = [_mm256_setzero_si256(); VECTORS];
    let mut high = low;
    for (k, pair) in weights.chunks(2).enumerate() {
        let at = k * 2 * stride + x;
        // The last of an odd number of rows is paired with itself at no weight.
        let (second, below) = pair.get(1).map_or((0, at), |&weight| (weight, at + stride));
        let weight = _mm256_set1_epi16(i16::from_le_bytes([pair[0], second]));
        let (Some(a), Some(b)) = (columns::<VECTORS>(src, at), columns::<VECTORS>(src, below)) else { return };
        for i in 0..VECTORS {
            let (a, b) = (load32(&a[i]), load32(&b[i]));
            low[i] = _mm256_add_epi16(low[i], weigh(_mm256_unpacklo_epi8(a, b), weight));
            high[i] = _mm256_add_epi16(high[i], weigh(_mm256_unpackhi_epi8(a, b), weight));
        }
    }
    // 256·128 back, and the rounding, without a sign.
    let back = _mm256_set1_epi16(i16::MIN + 128);
    for i in 0..VECTORS {
        let low = _mm256_srli_epi16::<8>(_mm256_add_epi16(low[i], back));
        let high = _mm256_srli_epi16::<8>(_mm256_add_epi16(high[i], back));
        store32(&mut dst[i], _mm256_packus_epi16(low, high));
    }
}

/// So many bytes from `at` on.
#[inline(always)]
fn columns<const VECTORS: usize>(src: &[u8], at: usize) -> Option<&[[u8; 32]; VECTORS]> {
    src.get(at..at + VECTORS * 32)?.as_chunks().0.first_chunk()
}

#[target_feature(enable = "avx2")]
fn average_row_inner(dst: &mut [u8], src: &[u8], taps: &AreaTaps) {
    if src.len() < taps.row_len() {
        return;
    }
    let (vectors, steps, windows) = taps.windows();
    let (chunks, rest) = dst.as_chunks_mut::<8>();
    let whole = chunks.len();
    match vectors {
        1 => average_blocks::<1>(chunks, src, steps, windows),
        2 => average_blocks::<2>(chunks, src, steps, windows),
        _ => average_blocks::<4>(chunks, src, steps, windows),
    }
    scale::average_from(whole * 8, rest, src, taps);
}

#[inline]
#[target_feature(enable = "avx2")]
fn average_blocks<const VECTORS: usize>(dst: &mut [[u8; 8]], src: &[u8], steps: usize, windows: &[Window]) {
    for (dst, windows) in dst.iter_mut().zip(windows.chunks_exact((VECTORS * steps).max(1))) {
        let mut sums = [_mm256_setzero_si256(); VECTORS];
        for (sum, windows) in sums.iter_mut().zip(windows.chunks_exact(steps.max(1))) {
            for window in windows {
                let Some(bytes) = gather(src, window) else { return };
                *sum = _mm256_add_epi16(*sum, weigh(bytes, load32(&window.weight)));
            }
            *sum = _mm256_madd_epi16(*sum, _mm256_set1_epi16(1));
        }
        // Eight sums in order, four in each half: the windows were laid out so that folding keeps it.
        let fold = |i: usize| sums[i.min(VECTORS - 1)];
        let all = match VECTORS {
            1 => fold(0),
            2 => _mm256_hadd_epi32(fold(0), fold(1)),
            _ => _mm256_hadd_epi32(_mm256_hadd_epi32(fold(0), fold(1)), _mm256_hadd_epi32(fold(2), fold(3))),
        };
        let means = _mm256_srai_epi32::<8>(_mm256_add_epi32(all, _mm256_set1_epi32(256 * 128 + 128)));
        let words = _mm_packs_epi32(_mm256_castsi256_si128(means), _mm256_extracti128_si256::<1>(means));
        *dst = _mm_cvtsi128_si64(_mm_packus_epi16(words, words)).to_le_bytes();
    }
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
