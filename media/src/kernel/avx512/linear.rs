//! Between two neighbours, and halving; as with AVX2, but a window is a whole vector and any byte of it can be picked.

use super::*;
use crate::kernel::scale::Between;

/// Rows that are resampled at once.
const STRIP: usize = 4;

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn rows(mut dst: RowsMut<'_>, width: usize, src: Rows<'_>, taps: &[LinearTap]) {
    if width < 64 {
        return avx2::lerp_rows(dst, width, src, taps);
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
#[target_feature(enable = "avx512f,avx512bw")]
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
#[target_feature(enable = "avx512f,avx512bw")]
fn one_row(dst: &mut RowsMut<'_>, j: usize, width: usize, src: Rows<'_>, tap: LinearTap) {
    let Some(Between { dst, a, b, weights }) = Between::rows(dst, j, width, src, tap) else { return };
    if tap.weight == 0 {
        return dst.copy_from_slice(a);
    }
    let (dst, rows, ahead) = ([dst], [a, b], src.ahead());
    match tap.weight {
        32 => each(dst, rows, ahead, |[a, b]| [quarter(a, b)]),
        64 => each(dst, rows, ahead, |[a, b]| [_mm512_avg_epu8(a, b)]),
        96 => each(dst, rows, ahead, |[a, b]| [quarter(b, a)]),
        _ => {
            let weights = pair(weights[0], weights[1]);
            each(dst, rows, ahead, |[a, b]| [lerp(a, b, weights)]);
        }
    }
}

/// As many times as fit a vector two weights.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn pair(a: u8, b: u8) -> __m512i {
    _mm512_set1_epi16(i16::from_le_bytes([a, b]))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn lerp(a: __m512i, b: __m512i, weights: __m512i) -> __m512i {
    let low = rounded(_mm512_maddubs_epi16(_mm512_unpacklo_epi8(a, b), weights));
    let high = rounded(_mm512_maddubs_epi16(_mm512_unpackhi_epi8(a, b), weights));
    _mm512_packus_epi16(low, high)
}

/// `(3·a + b + 2) >> 2`, which is `(96·a + 32·b + 64) >> 7`: the mean, rounded up, of `a` and the mean, rounded down, of both.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn quarter(a: __m512i, b: __m512i) -> __m512i {
    let odd = _mm512_and_si512(_mm512_xor_si512(a, b), _mm512_set1_epi8(1));
    _mm512_avg_epu8(a, _mm512_sub_epi8(_mm512_avg_epu8(a, b), odd))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn columns(mut dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &LinearTaps) {
    let all = (dst.all(rows, taps.taps().len()), src.all(rows, taps.row_len()));
    let (Some((out, stride)), Some(src), false) = (all.0, all.1, taps.wide().is_empty()) else {
        return avx2::lerp_columns(dst, rows, src, taps);
    };
    for j in (0..rows).step_by(STRIP) {
        match rows - j {
            STRIP.. => strip::<STRIP>((out, stride), src, j, taps),
            3 => strip::<3>((out, stride), src, j, taps),
            2 => strip::<2>((out, stride), src, j, taps),
            _ => strip::<1>((out, stride), src, j, taps),
        }
    }
}

/// So many rows from `j` on, which are all there: pixels of the output, [`LinearTaps::row_len`] bytes of the source.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[allow(unsafe_code, reason = "vector loads and stores")]
fn strip<const ROWS: usize>(
    (dst, stride): (&mut [u8], usize),
    (src, src_stride): (&[u8], usize),
    j: usize,
    taps: &LinearTaps,
) {
    let order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    for group in taps.wide() {
        let picks = [load(&group.pick[0]), load(&group.pick[1])];
        let weights = [load(&group.weight[0]), load(&group.weight[1])];
        let (mut from, mut to) = (j * src_stride, j * stride + group.to);
        let [first, second] = group.base;
        for _ in 0..ROWS {
            // SAFETY: `LinearTaps` has windows inside `row_len` bytes only, and so many are there of every row.
            let low = unsafe { window(src, from + first) };
            // SAFETY: the same.
            let high = unsafe { window(src, from + second) };
            let low = rounded(_mm512_maddubs_epi16(_mm512_permutexvar_epi8(picks[0], low), weights[0]));
            let high = rounded(_mm512_maddubs_epi16(_mm512_permutexvar_epi8(picks[1], high), weights[1]));
            let pixels = _mm512_permutexvar_epi64(order, _mm512_packus_epi16(low, high));
            // SAFETY: groups end with the row at the latest, all of which is there.
            unsafe { store_at(dst, to, pixels) };
            (from, to) = (from + src_stride, to + stride);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn halve(mut dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>) {
    if width < 64 {
        return avx2::halve(dst, width, rows, src);
    }
    let ahead = src.ahead();
    for j in 0..rows {
        let (Some(dst), Some(above), Some(below)) =
            (dst.row(j, width), src.row(2 * j, 2 * width), src.row(2 * j + 1, 2 * width))
        else {
            return;
        };
        for ((dst, above), below) in
            dst.as_chunks_mut::<64>().0.iter_mut().zip(above.as_chunks().0).zip(below.as_chunks().0)
        {
            for line in above.as_chunks().0.iter().chain(below.as_chunks().0) {
                avx2::fetch(line, ahead);
            }
            halve64(dst, above, below);
        }
        if width.is_multiple_of(64) {
            continue;
        }
        if let (Some(dst), Some(above), Some(below)) =
            (dst.last_chunk_mut(), above.last_chunk::<128>(), below.last_chunk::<128>())
        {
            halve64(dst, above, below);
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn halve64(dst: &mut [u8; 64], above: &[u8; 128], below: &[u8; 128]) {
    let ones = _mm512_set1_epi8(1);
    let half = |above: &[u8; 64], below: &[u8; 64]| {
        let sums = _mm512_add_epi16(_mm512_maddubs_epi16(load(above), ones), _mm512_maddubs_epi16(load(below), ones));
        // (x·2¹³ + 2¹⁴) >> 15 is (x + 2) >> 2.
        _mm512_mulhrs_epi16(sums, _mm512_set1_epi16(1 << 13))
    };
    let ([low, high], [low_below, high_below]) = (halves(above), halves(below));
    let pixels = _mm512_packus_epi16(half(low, low_below), half(high, high_below));
    store(dst, _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), pixels));
}

#[inline(always)]
fn halves(bytes: &[u8; 128]) -> [&[u8; 64]; 2] {
    let (chunks, _) = bytes.as_chunks::<64>();
    [&chunks[0], &chunks[1]]
}
