//! Between two neighbours, and halving.
//!
//! ```text
//! rows:     a b   ── interleave ──► pairs · weights ──► words, rounded ──► bytes
//! columns:  four windows of a row ── pick ──► pairs · weights ──► …          the same for each of eight rows
//! ```
//! Weights stay in registers over eight rows. Two bytes by two weights that add up to 128 fit sixteen bits.

use super::*;
use crate::kernel::scale::{self, Between};

#[target_feature(enable = "avx2")]
pub(super) fn rows(mut dst: RowsMut<'_>, width: usize, src: Rows<'_>, taps: &[LinearTap]) {
    if width < 32 {
        return scale::lerp_rows(dst, width, src, taps);
    }
    let mut j = 0;
    while let Some(tap) = taps.get(j) {
        let next = taps.get(j + 1).filter(|next| next.index == tap.index + 1 && tap.weight > 0 && next.weight > 0);
        j += match next {
            Some(next) if two_rows(&mut dst, j, width, src, [*tap, *next]) => 2,
            _ => {
                one_row(&mut dst, j, width, src, *tap);
                1
            }
        };
    }
}

/// Two rows that have the middle one of three in common, which is then read once. Whether they were all there.
#[inline]
#[target_feature(enable = "avx2")]
fn two_rows(dst: &mut RowsMut<'_>, j: usize, width: usize, src: Rows<'_>, taps: [LinearTap; 2]) -> bool {
    let (Some(dst), Some(rows)) = (dst.two(j, width), src.several::<3>(taps[0].index, width)) else { return false };
    let [v, w] = taps.map(|tap| tap.weight);
    if (v, w) == (32, 96) {
        each(dst, rows, src.ahead(), |[a, b, c]| [quarter(a, b), quarter(c, b)]);
    } else {
        let (v, w) = (pair(128 - v, v), pair(128 - w, w));
        each(dst, rows, src.ahead(), |[a, b, c]| [lerp(a, b, v), lerp(b, c, w)]);
    }
    true
}

#[inline]
#[target_feature(enable = "avx2")]
fn one_row(dst: &mut RowsMut<'_>, j: usize, width: usize, src: Rows<'_>, tap: LinearTap) {
    let Some(Between { dst, a, b, weights }) = Between::rows(dst, j, width, src, tap) else { return };
    if tap.weight == 0 {
        return dst.copy_from_slice(a);
    }
    let (dst, rows, ahead) = ([dst], [a, b], src.ahead());
    match tap.weight {
        32 => each(dst, rows, ahead, |[a, b]| [quarter(a, b)]),
        64 => each(dst, rows, ahead, |[a, b]| [_mm256_avg_epu8(a, b)]),
        96 => each(dst, rows, ahead, |[a, b]| [quarter(b, a)]),
        _ => {
            let weights = pair(weights[0], weights[1]);
            each(dst, rows, ahead, |[a, b]| [lerp(a, b, weights)]);
        }
    }
}

/// As many times as fit a vector two weights.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn pair(a: u8, b: u8) -> __m256i {
    _mm256_set1_epi16(i16::from_le_bytes([a, b]))
}

#[inline]
#[target_feature(enable = "avx2")]
fn lerp(a: __m256i, b: __m256i, weights: __m256i) -> __m256i {
    let low = rounded(_mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), weights));
    let high = rounded(_mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), weights));
    _mm256_packus_epi16(low, high)
}

/// `(3·a + b + 2) >> 2`, which is `(96·a + 32·b + 64) >> 7`: the mean, rounded up, of `a` and the mean, rounded down, of both.
#[inline]
#[target_feature(enable = "avx2")]
fn quarter(a: __m256i, b: __m256i) -> __m256i {
    let odd = _mm256_and_si256(_mm256_xor_si256(a, b), _mm256_set1_epi8(1));
    _mm256_avg_epu8(a, _mm256_sub_epi8(_mm256_avg_epu8(a, b), odd))
}

#[target_feature(enable = "avx2")]
pub(super) fn columns(mut dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &LinearTaps) {
    let all = (dst.all(rows, taps.taps().len()), src.all(rows, taps.row_len()));
    let (Some((out, stride)), Some(src), false) = (all.0, all.1, taps.narrow().is_empty()) else {
        return scale::lerp_columns(dst, rows, src, taps);
    };
    let mut j = 0;
    while j < rows {
        j += match rows - j {
            8.. => strip::<8>((out, stride), src, j, taps),
            4.. => strip::<4>((out, stride), src, j, taps),
            2.. => strip::<2>((out, stride), src, j, taps),
            _ => strip::<1>((out, stride), src, j, taps),
        };
    }
}

/// So many rows from `j` on, which are all there: pixels of the output, [`LinearTaps::row_len`] bytes of the source. Says how many.
#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector loads and stores")]
fn strip<const ROWS: usize>(
    (dst, stride): (&mut [u8], usize),
    (src, src_stride): (&[u8], usize),
    j: usize,
    taps: &LinearTaps,
) -> usize {
    for group in taps.narrow() {
        let picks = [load32(&group.pick[0]), load32(&group.pick[1])];
        let weights = [load32(&group.weight[0]), load32(&group.weight[1])];
        let [mut a, mut b, mut c, mut d] = group.base.map(|base| base + j * src_stride);
        let mut to = j * stride + group.to;
        for _ in 0..ROWS {
            // SAFETY: `LinearTaps` has windows inside `row_len` bytes only, and so many are there of every row.
            let low = unsafe { windows(src, a, b) };
            // SAFETY: the same.
            let high = unsafe { windows(src, c, d) };
            let low = rounded(_mm256_maddubs_epi16(_mm256_shuffle_epi8(low, picks[0]), weights[0]));
            let high = rounded(_mm256_maddubs_epi16(_mm256_shuffle_epi8(high, picks[1]), weights[1]));
            let pixels = _mm256_packus_epi16(low, high);
            // SAFETY: groups end with the row at the latest, all of which is there.
            unsafe { store_at(dst, to, pixels) };
            [a, b, c, d] = [a, b, c, d].map(|from| from + src_stride);
            to += stride;
        }
    }
    ROWS
}

#[target_feature(enable = "avx2")]
pub(super) fn halve(mut dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>) {
    let ahead = src.ahead();
    for j in 0..rows {
        let (Some(dst), Some(above), Some(below)) =
            (dst.row(j, width), src.row(2 * j, 2 * width), src.row(2 * j + 1, 2 * width))
        else {
            return;
        };
        for ((dst, above), below) in
            dst.as_chunks_mut::<32>().0.iter_mut().zip(above.as_chunks().0).zip(below.as_chunks().0)
        {
            fetch(above, ahead);
            fetch(below, ahead);
            halve32(dst, above, below);
        }
        match (dst.last_chunk_mut::<32>(), above.last_chunk::<64>(), below.last_chunk::<64>()) {
            _ if width.is_multiple_of(32) => {}
            (Some(dst), Some(above), Some(below)) => halve32(dst, above, below),
            _ => scale::halve_bytes(dst, above, below),
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn halve32(dst: &mut [u8; 32], above: &[u8; 64], below: &[u8; 64]) {
    let ones = _mm256_set1_epi8(1);
    let half = |above: &[u8; 32], below: &[u8; 32]| {
        let sums =
            _mm256_add_epi16(_mm256_maddubs_epi16(load32(above), ones), _mm256_maddubs_epi16(load32(below), ones));
        // (x·2¹³ + 2¹⁴) >> 15 is (x + 2) >> 2.
        _mm256_mulhrs_epi16(sums, _mm256_set1_epi16(1 << 13))
    };
    let ([low, high], [low_below, high_below]) = (halves(above), halves(below));
    let pixels = _mm256_packus_epi16(half(low, low_below), half(high, high_below));
    store32(dst, _mm256_permute4x64_epi64::<0b11_01_10_00>(pixels));
}

#[inline(always)]
fn halves(bytes: &[u8; 64]) -> [&[u8; 32]; 2] {
    let (chunks, _) = bytes.as_chunks::<32>();
    [&chunks[0], &chunks[1]]
}
