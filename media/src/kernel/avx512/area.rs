//! By covered area, runs of three or four; longer ones are left to AVX2.

use super::*;

/// Rows that are shrunk at once.
const STRIP: usize = 4;

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn rows(mut dst: RowsMut<'_>, width: usize, src: Rows<'_>, runs: &[AreaRun]) {
    if width < 64 || runs.iter().any(|run| !matches!(run.weights(), [_, _, _] | [_, _, _, _])) {
        return avx2::average_rows(dst, width, src, runs);
    }
    let ahead = src.ahead();
    for (j, run) in runs.iter().enumerate() {
        let src = src.from(run.start());
        let Some(dst) = dst.row(j, width) else { return };
        match *run.weights() {
            [a, b, c] => {
                let Some(rows) = src.several::<3>(0, width) else { return };
                let weights = [pair(a, b), pair(c, 0)];
                each(dst, rows, ahead, |[a, b, c]| bytes(sum(weigh(a, b, weights[0]), weigh(c, c, weights[1]))));
            }
            [a, b, c, d] => {
                let Some(rows) = src.several::<4>(0, width) else { return };
                let weights = [pair(a, b), pair(c, d)];
                each(dst, rows, ahead, |[a, b, c, d]| bytes(sum(weigh(a, b, weights[0]), weigh(c, d, weights[1]))));
            }
            _ => return,
        }
    }
}

/// Thirty-two times two weights.
#[inline]
#[target_feature(enable = "avx512f")]
fn pair(a: u8, b: u8) -> __m512i {
    _mm512_set1_epi16(i16::from_le_bytes([a, b]))
}

/// Words of the low and the high eight columns of each quarter: two rows by their weights.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn weigh(a: __m512i, b: __m512i, weights: __m512i) -> [__m512i; 2] {
    let [low, high] = [_mm512_unpacklo_epi8(a, b), _mm512_unpackhi_epi8(a, b)];
    [_mm512_maddubs_epi16(low, weights), _mm512_maddubs_epi16(high, weights)]
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn sum([low, high]: [__m512i; 2], [more_low, more_high]: [__m512i; 2]) -> [__m512i; 2] {
    [_mm512_add_epi16(low, more_low), _mm512_add_epi16(high, more_high)]
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn bytes([low, high]: [__m512i; 2]) -> __m512i {
    _mm512_packus_epi16(rounded(low), rounded(high))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn columns(mut dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &AreaTaps) {
    let (width, row_len) = (taps.runs().len(), taps.row_len());
    if taps.wide().is_empty() {
        return avx2::average_columns(dst, rows, src, taps);
    }
    let mut j = 0;
    while j + STRIP <= rows {
        let (Some(dst), Some(src)) = (dst.several::<STRIP>(j, width), src.several::<STRIP>(j, row_len)) else { break };
        strip(dst, src, taps);
        j += STRIP;
    }
    for j in j..rows {
        let (Some(dst), Some(src)) = (dst.row(j, width), src.row(j, row_len)) else { return };
        strip([dst], [src], taps);
    }
}

/// Rows of [`AreaTaps::row_len`] bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn strip<const ROWS: usize>(mut dst: [&mut [u8]; ROWS], src: [&[u8]; ROWS], taps: &AreaTaps) {
    let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    for group in taps.wide() {
        let [a, b, c, d] = &group.pick;
        let picks = [load(a), load(b), load(c), load(d)];
        let [a, b, c, d] = &group.weight;
        let weights = [load(a), load(b), load(c), load(d)];
        let [a, b, c, d] = group.base;
        for (dst, src) in dst.iter_mut().zip(src) {
            let low = _mm512_packs_epi32(quads(src, a, picks[0], weights[0]), quads(src, b, picks[1], weights[1]));
            let high = _mm512_packs_epi32(quads(src, c, picks[2], weights[2]), quads(src, d, picks[3], weights[3]));
            let pixels = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(rounded(low), rounded(high)));
            if let Some(dst) = dst.get_mut(group.to..).and_then(|dst| dst.first_chunk_mut()) {
                store(dst, pixels);
            }
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
