//! Two rows of each three; as with AVX2, but a window is a whole vector.

use super::*;

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[allow(unsafe_code, reason = "vector loads and stores")]
pub(super) fn thirds(mut dst: RowsMut<'_>, pairs: usize, src: Rows<'_>, taps: &LinearTaps) {
    let all = (dst.all(2 * pairs, taps.taps().len()), src.all(3 * pairs, taps.row_len()));
    let (Some((out, out_stride)), Some((bytes, stride)), false) = (all.0, all.1, taps.wide().is_empty()) else {
        return avx2::thirds(dst, pairs, src, taps);
    };
    let (ahead, order) = (src.ahead(), _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7));
    for group in taps.wide() {
        let picks = [load(&group.pick[0]), load(&group.pick[1])];
        let weights = [load(&group.weight[0]), load(&group.weight[1])];
        let [first, second] = group.base;
        let (mut from, mut to) = (0, group.to);
        for _ in 0..pairs {
            let sums = |from: usize| {
                avx2::fetch_at(bytes, from + first + ahead);
                avx2::fetch_at(bytes, from + second + ahead);
                // SAFETY: `LinearTaps` has windows inside `row_len` bytes only, and so many are there of every row.
                let low = unsafe { window(bytes, from + first) };
                // SAFETY: the same.
                let high = unsafe { window(bytes, from + second) };
                [
                    _mm512_maddubs_epi16(_mm512_permutexvar_epi8(picks[0], low), weights[0]),
                    _mm512_maddubs_epi16(_mm512_permutexvar_epi8(picks[1], high), weights[1]),
                ]
            };
            let [above, middle, below] = [sums(from), sums(from + stride), sums(from + 2 * stride)];
            for near in [above, below] {
                let pixels = _mm512_packus_epi16(mixed(near[0], middle[0]), mixed(near[1], middle[1]));
                let pixels = _mm512_permutexvar_epi64(order, pixels);
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
#[target_feature(enable = "avx512f,avx512bw")]
fn mixed(near: __m512i, middle: __m512i) -> __m512i {
    rounded(_mm512_avg_epu16(near, _mm512_avg_epu16(near, middle)))
}
