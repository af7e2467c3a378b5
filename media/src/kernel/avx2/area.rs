//! By covered area. Sums of bytes by weights that add up to 128 fit sixteen bits, and so does every part of them.
//!
//! ```text
//! rows:     a b c d   ── interleave two and two ──► pairs · weights, added up ──► words, rounded ──► bytes
//! columns:  two windows ── pick four bytes for each of eight pixels ──► pairs · weights ──► pairs added up ──► …
//! ```

use super::linear::pair;
use super::*;
use crate::kernel::scale;
use crate::kernel::taps::{Blocks, Window};

/// Rows that are shrunk at once.
const STRIP: usize = 4;

#[target_feature(enable = "avx2")]
pub(super) fn rows(mut dst: RowsMut<'_>, width: usize, src: Rows<'_>, runs: &[AreaRun]) {
    let ahead = src.ahead();
    for (j, run) in runs.iter().enumerate() {
        let (src, weights) = (src.from(run.start()), run.weights());
        let (Some(dst), Some(_)) = (dst.row(j, width), src.row(weights.len().max(1) - 1, width)) else { return };
        if width < 32 {
            scale::average_bytes(dst, src, 0, weights);
            continue;
        }
        match (weights, src.several(0, width), src.several(0, width)) {
            (&[a, b, c], Some(rows), _) => three(dst, rows, [pair(a, b), pair(c, 0)], ahead),
            (&[a, b, c, d], _, Some(rows)) => four(dst, rows, [pair(a, b), pair(c, d)], ahead),
            _ => many(dst, src, weights),
        }
    }
}

/// Words of the low and the high eight columns of each half: two rows by their weights.
#[inline]
#[target_feature(enable = "avx2")]
fn weigh(a: __m256i, b: __m256i, weights: __m256i) -> [__m256i; 2] {
    let [low, high] = [_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b)];
    [_mm256_maddubs_epi16(low, weights), _mm256_maddubs_epi16(high, weights)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn sum([low, high]: [__m256i; 2], [more_low, more_high]: [__m256i; 2]) -> [__m256i; 2] {
    [_mm256_add_epi16(low, more_low), _mm256_add_epi16(high, more_high)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn bytes([low, high]: [__m256i; 2]) -> __m256i {
    _mm256_packus_epi16(rounded(low), rounded(high))
}

#[inline]
#[target_feature(enable = "avx2")]
fn three(dst: &mut [u8], rows: [&[u8]; 3], weights: [__m256i; 2], ahead: usize) {
    each([dst], rows, ahead, |[a, b, c]| [bytes(sum(weigh(a, b, weights[0]), weigh(c, c, weights[1])))]);
}

#[inline]
#[target_feature(enable = "avx2")]
fn four(dst: &mut [u8], rows: [&[u8]; 4], weights: [__m256i; 2], ahead: usize) {
    each([dst], rows, ahead, |[a, b, c, d]| [bytes(sum(weigh(a, b, weights[0]), weigh(c, d, weights[1])))]);
}

/// Any number of rows, two at a time.
#[target_feature(enable = "avx2")]
fn many(dst: &mut [u8], src: Rows<'_>, weights: &[u8]) {
    let width = dst.len();
    for at in (0..width / 32).map(|i| i * 32).chain((!width.is_multiple_of(32)).then(|| width - 32)) {
        let column = |k: usize| src.row(k, at + 32).and_then(|row| row.last_chunk()).map(|bytes| load32(bytes));
        let mut sums = [_mm256_setzero_si256(); 2];
        for (k, two) in weights.chunks(2).enumerate() {
            let Some(a) = column(2 * k) else { return };
            // The last of an odd number of rows is paired with itself at no weight.
            let (b, second) = two.get(1).map_or((a, 0), |&weight| (column(2 * k + 1).unwrap_or(a), weight));
            sums = sum(sums, weigh(a, b, pair(two[0], second)));
        }
        if let Some(dst) = dst[at..].first_chunk_mut() {
            store32(dst, bytes(sums));
        }
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn columns(mut dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &AreaTaps) {
    let (all, blocks) = ((dst.all(rows, taps.runs().len()), src.all(rows, taps.row_len())), taps.blocks());
    let (Some((out, stride)), Some((bytes, src_stride)), false) = (all.0, all.1, blocks.starts.is_empty()) else {
        return scale::average_columns(dst, rows, src, taps);
    };
    let shorter = (blocks.vectors, blocks.steps) == (1, 1);
    for j in (0..rows).step_by(STRIP) {
        match rows - j {
            STRIP.. if shorter => short::<STRIP>((out, stride), (bytes, src_stride), j, taps),
            left if shorter => {
                (j..j + left).for_each(|j| short::<1>((out, stride), (bytes, src_stride), j, taps));
            }
            left => {
                for j in j..j + left.min(STRIP) {
                    let (dst, src) = (&mut out[j * stride..], &bytes[j * src_stride..]);
                    match blocks.vectors {
                        1 => long::<1>(dst, src, blocks),
                        2 => long::<2>(dst, src, blocks),
                        _ => long::<4>(dst, src, blocks),
                    }
                }
            }
        }
    }
}

/// So many rows from `j` on, which are all there, of runs of at most four: four blocks that follow each other as long as there
/// are, then those that are left; the last of a row may reach back.
#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector stores")]
fn short<const ROWS: usize>(
    (dst, stride): (&mut [u8], usize),
    (src, src_stride): (&[u8], usize),
    j: usize,
    taps: &AreaTaps,
) {
    let Blocks { starts, windows, .. } = taps.blocks();
    let whole = taps.runs().len() / 32 * 4;
    let (fours, rest) = windows.split_at(whole.min(windows.len()));
    for (i, [a, b, c, d]) in fours.as_chunks::<4>().0.iter().enumerate() {
        let picks = [load32(&a.pick), load32(&b.pick), load32(&c.pick), load32(&d.pick)];
        let weights = [load32(&a.weight), load32(&b.weight), load32(&c.weight), load32(&d.weight)];
        let (mut from, mut to) = (j * src_stride, j * stride + i * 32);
        for _ in 0..ROWS {
            let (a, b) = (quads(src, from, a, picks[0], weights[0]), quads(src, from, b, picks[1], weights[1]));
            let (c, d) = (quads(src, from, c, picks[2], weights[2]), quads(src, from, d, picks[3], weights[3]));
            let pixels = thirty_two([a, b, c, d]);
            // SAFETY: the row has so many times 32 pixels, all of which are there.
            unsafe { store_at(dst, to, pixels) };
            (from, to) = (from + src_stride, to + stride);
        }
    }
    for (window, &start) in rest.iter().zip(starts.iter().skip(whole)) {
        let (pick, weight) = (load32(&window.pick), load32(&window.weight));
        for j in j..j + ROWS {
            let sums = quads(src, j * src_stride, window, pick, weight);
            if let Some(dst) = dst.get_mut(j * stride + start..).and_then(|dst| dst.first_chunk_mut()) {
                *dst = eight(sums);
            }
        }
    }
}

/// The sums of eight pixels of four bytes each, of the row that begins at `from`.
#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector loads")]
fn quads(src: &[u8], from: usize, window: &Window, pick: __m256i, weight: __m256i) -> __m256i {
    let [low, high] = window.base;
    // SAFETY: `AreaTaps` has windows inside `row_len` bytes only, and callers have checked that so many are there of the row.
    let bytes = unsafe { windows(src, from + low, from + high) };
    let words = _mm256_maddubs_epi16(_mm256_shuffle_epi8(bytes, pick), weight);
    _mm256_madd_epi16(words, _mm256_set1_epi16(1))
}

/// Thirty-two sums, rounded, in order.
#[inline]
#[target_feature(enable = "avx2")]
fn thirty_two([a, b, c, d]: [__m256i; 4]) -> __m256i {
    let (low, high) = (rounded(_mm256_packs_epi32(a, b)), rounded(_mm256_packs_epi32(c, d)));
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), order)
}

/// Eight sums, rounded, in order.
#[inline]
#[target_feature(enable = "avx2")]
fn eight(sums: __m256i) -> [u8; 8] {
    let words = _mm_packs_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
    let words = _mm_mulhrs_epi16(words, _mm_set1_epi16(1 << 8));
    _mm_cvtsi128_si64(_mm_packus_epi16(words, words)).to_le_bytes()
}

/// Runs of more than four: the sums of a block are spread over vectors, each the sum of some windows.
#[target_feature(enable = "avx2")]
fn long<const VECTORS: usize>(dst: &mut [u8], src: &[u8], Blocks { starts, windows, steps, .. }: Blocks<'_>) {
    for (&to, windows) in starts.iter().zip(windows.chunks_exact((VECTORS * steps).max(1))) {
        let mut sums = [_mm256_setzero_si256(); VECTORS];
        for (sum, windows) in sums.iter_mut().zip(windows.chunks_exact(steps.max(1))) {
            for window in windows {
                let part = quads(src, 0, window, load32(&window.pick), load32(&window.weight));
                *sum = _mm256_add_epi32(*sum, part);
            }
        }
        // Eight sums in order, four in each half: the windows were laid out so that folding keeps it.
        let fold = |i: usize| sums[i.min(VECTORS - 1)];
        let all = match VECTORS {
            1 => fold(0),
            2 => _mm256_hadd_epi32(fold(0), fold(1)),
            _ => _mm256_hadd_epi32(_mm256_hadd_epi32(fold(0), fold(1)), _mm256_hadd_epi32(fold(2), fold(3))),
        };
        if let Some(dst) = dst.get_mut(to..).and_then(|dst| dst.first_chunk_mut()) {
            *dst = eight(all);
        }
    }
}
