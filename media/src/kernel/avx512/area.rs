//! By covered area, runs of three or four; longer ones are left to AVX2.

use super::*;

/// Rows that are shrunk at once.
const STRIP: usize = 4;

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn columns(mut dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &AreaTaps) {
    let all = (dst.all(rows, taps.runs().len()), src.all(rows, taps.row_len()));
    let (Some((out, stride)), Some(src), false) = (all.0, all.1, taps.wide().is_empty()) else {
        return avx2::average_columns(dst, rows, src, taps);
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

/// So many rows from `j` on, which are all there: pixels of the output, [`AreaTaps::row_len`] bytes of the source.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[allow(unsafe_code, reason = "vector stores")]
fn strip<const ROWS: usize>(
    (dst, stride): (&mut [u8], usize),
    (src, src_stride): (&[u8], usize),
    j: usize,
    taps: &AreaTaps,
) {
    let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    for group in taps.wide() {
        let [a, b, c, d] = &group.pick;
        let picks = [load(a), load(b), load(c), load(d)];
        let [a, b, c, d] = &group.weight;
        let weights = [load(a), load(b), load(c), load(d)];
        let (mut from, mut to) = (j * src_stride, j * stride + group.to);
        let [a, b, c, d] = group.base;
        for _ in 0..ROWS {
            let (a, b) = (quads(src, from + a, picks[0], weights[0]), quads(src, from + b, picks[1], weights[1]));
            let (c, d) = (quads(src, from + c, picks[2], weights[2]), quads(src, from + d, picks[3], weights[3]));
            let (low, high) = (rounded(_mm512_packs_epi32(a, b)), rounded(_mm512_packs_epi32(c, d)));
            let pixels = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(low, high));
            // SAFETY: groups end with the row at the latest, all of which is there.
            unsafe { store_at(dst, to, pixels) };
            (from, to) = (from + src_stride, to + stride);
        }
    }
}

/// The sums of sixteen pixels of four bytes each.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[allow(unsafe_code, reason = "vector load")]
fn quads(src: &[u8], base: usize, pick: __m512i, weight: __m512i) -> __m512i {
    // SAFETY: `AreaTaps` has windows inside `row_len` bytes only, and the caller has checked that the row has so many.
    let bytes = unsafe { window(src, base) };
    let words = _mm512_maddubs_epi16(_mm512_permutexvar_epi8(pick, bytes), weight);
    _mm512_madd_epi16(words, _mm512_set1_epi16(1))
}
