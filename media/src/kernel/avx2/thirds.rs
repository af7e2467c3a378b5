//! Two rows of each three.
//!
//! ```text
//! four windows of each of three rows ── pick ──► pairs · weights ──► sums ── means of sums ──► words, rounded ──► bytes
//! ```
//! Nothing is written between the rows and the columns, and what a source row gives serves two rows of the output.

use super::*;
use crate::kernel::thirds::thirds as scalar;

#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector loads and stores")]
pub(super) fn thirds(mut dst: RowsMut<'_>, pairs: usize, src: Rows<'_>, taps: &LinearTaps) {
    let all = (dst.all(2 * pairs, taps.taps().len()), src.all(3 * pairs, taps.row_len()));
    let (Some((out, out_stride)), Some((bytes, stride)), false) = (all.0, all.1, taps.narrow().is_empty()) else {
        return scalar(dst, pairs, src, taps);
    };
    let ahead = src.ahead();
    for group in taps.narrow() {
        let picks = [load32(&group.pick[0]), load32(&group.pick[1])];
        let weights = [load32(&group.weight[0]), load32(&group.weight[1])];
        let [a, b, c, d] = group.base;
        let (mut from, mut to) = (0, group.to);
        for _ in 0..pairs {
            let sums = |from: usize| {
                fetch_at(bytes, from + a + ahead);
                // SAFETY: `LinearTaps` has windows inside `row_len` bytes only, and so many are there of every row.
                let low = unsafe { windows(bytes, from + a, from + b) };
                // SAFETY: the same.
                let high = unsafe { windows(bytes, from + c, from + d) };
                [
                    _mm256_maddubs_epi16(_mm256_shuffle_epi8(low, picks[0]), weights[0]),
                    _mm256_maddubs_epi16(_mm256_shuffle_epi8(high, picks[1]), weights[1]),
                ]
            };
            let [above, middle, below] = [sums(from), sums(from + stride), sums(from + 2 * stride)];
            for near in [above, below] {
                let pixels = _mm256_packus_epi16(mixed(near[0], middle[0]), mixed(near[1], middle[1]));
                // SAFETY: groups end with the row at the latest, all of which is there.
                unsafe { store_at(out, to, pixels) };
                to += out_stride;
            }
            from += 3 * stride;
        }
    }
}

/// Three quarters of the one and a quarter of the other, rounded to bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn mixed(near: __m256i, middle: __m256i) -> __m256i {
    rounded(_mm256_avg_epu16(near, _mm256_avg_epu16(near, middle)))
}
