//! Two rows of each three; as with AVX2, but a window is a whole vector, and rows are gone through one after the other: so the memory
//! is asked for them from end to end, for which it answers sooner ([`avx2::order_ahead`]).

use super::*;

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
#[allow(unsafe_code, reason = "vector loads and stores")]
pub(super) fn thirds(mut dst: RowsMut<'_>, pairs: usize, src: Rows<'_>, taps: &LinearTaps) {
    let all = (dst.all(2 * pairs, taps.taps().len()), src.all(3 * pairs, taps.row_len()));
    let (Some((out, out_stride)), Some((bytes, stride)), false) = (all.0, all.1, taps.wide().is_empty()) else {
        return avx2::thirds(dst, pairs, src, taps);
    };
    let order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    let lines = Lines::of((bytes, stride), taps.row_len(), taps.wide().len());
    for pair in 0..pairs {
        let from = 3 * pair * stride;
        for (n, group) in taps.wide().iter().enumerate() {
            let picks = [load(&group.pick[0]), load(&group.pick[1])];
            let weights = [load(&group.weight[0]), load(&group.weight[1])];
            let ([first, second], mut to) = (group.base, group.to + 2 * pair * out_stride);
            lines.fetch(from + src.ahead(), n, [first, second]);
            let sums = |from: usize| {
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
        }
    }
}

/// The lines of three rows that are asked for while a row in front of them is worked on, group of columns by group.
#[derive(Clone, Copy)]
struct Lines<'a> {
    bytes: &'a [u8],
    stride: usize,
    /// How many each group asks for, of rows that follow each other; none of others.
    each: Option<usize>,
}

impl<'a> Lines<'a> {
    /// Of rows of `width` bytes that so many `groups` of columns are read from.
    fn of((bytes, stride): (&'a [u8], usize), width: usize, groups: usize) -> Self {
        let each = (stride < width + 64).then(|| (3 * stride).div_ceil(64 * groups.max(1)));
        Self { bytes, stride, each }
    }

    /// Those of group `n`, of the three rows from the byte `at` on; where rows are apart, those with the columns `bases`.
    #[inline(always)]
    fn fetch(self, at: usize, n: usize, bases: [usize; 2]) {
        let Self { bytes, stride, each } = self;
        match each {
            Some(lines) => (n * lines..(n + 1) * lines).for_each(|line| avx2::fetch_at(bytes, at + 64 * line)),
            None => {
                (0..3).for_each(|row| bases.iter().for_each(|base| avx2::fetch_at(bytes, at + row * stride + base)))
            }
        }
    }
}

/// Three quarters of the one and a quarter of the other, rounded to bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn mixed(near: __m512i, middle: __m512i) -> __m512i {
    rounded(_mm512_avg_epu16(near, _mm512_avg_epu16(near, middle)))
}
