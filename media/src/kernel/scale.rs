//! Scaling of 8-bit rows, in two steps: rows into one row, then that row to its new length. Weights are 128ths.

use super::rows::{Rows, RowsMut};
use super::taps::{AreaRun, AreaTaps, LinearTap, LinearTaps};

/// Row `j` of `dst = (a·(128 − w) + b·w + 64) >> 7`, where tap `j` says which row of `src` is `a` and what `b`, the one after
/// it, weighs. Does nothing from the first row on that is not all there.
pub fn lerp_rows(mut dst: RowsMut<'_>, width: usize, src: Rows<'_>, taps: &[LinearTap]) {
    for (j, tap) in taps.iter().enumerate() {
        let Some(Between { dst, a, b, weights }) = Between::rows(&mut dst, j, width, src, *tap) else { return };
        lerp_bytes(dst, a, b, weights);
    }
}

/// A row of the output, and both rows that it is made of with their weights, all as long.
pub(super) struct Between<'a, 'b> {
    pub(super) dst: &'b mut [u8],
    pub(super) a: &'a [u8],
    pub(super) b: &'a [u8],
    pub(super) weights: [u8; 2],
}

impl<'a, 'b> Between<'a, 'b> {
    /// Row `j` by `tap`; `None` when one of them is not all there.
    #[inline]
    pub(super) fn rows(
        dst: &'b mut RowsMut<'_>,
        j: usize,
        width: usize,
        src: Rows<'a>,
        tap: LinearTap,
    ) -> Option<Self> {
        let ([a, b], weights) = tap.halves();
        Some(Self { dst: dst.row(j, width)?, a: src.row(a, width)?, b: src.row(b, width)?, weights })
    }
}

/// `dst = (a·w₀ + b·w₁ + 64) >> 7`.
#[inline]
pub(super) fn lerp_bytes(dst: &mut [u8], a: &[u8], b: &[u8], weights: [u8; 2]) {
    for ((dst, &a), &b) in dst.iter_mut().zip(a).zip(b) {
        *dst = mean([a, b], weights);
    }
}

/// Of two bytes by weights that add up to 128.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of two bytes is a byte")]
fn mean(pixels: [u8; 2], weights: [u8; 2]) -> u8 {
    let [p, q] = pixels.map(u16::from);
    let [v, w] = weights.map(u16::from);
    ((p * v + q * w + 64) >> 7) as u8
}

/// Each of `rows` rows resampled: pixel `i` of it is `(p·(128 − w) + q·w + 64) >> 7`, where tap `i` says which pixel of the
/// row of `src` is `p` and what `q`, the one after it, weighs. Rows of `src` need [`LinearTaps::row_len`] readable bytes;
/// does nothing from the first row on that is not all there.
pub fn lerp_columns(mut dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &LinearTaps) {
    for j in 0..rows {
        let (Some(dst), Some(src)) = (dst.row(j, taps.taps().len()), src.row(j, taps.row_len())) else { return };
        for (dst, tap) in dst.iter_mut().zip(taps.taps()) {
            let (pixels, weights) = tap.halves();
            *dst = mean(pixels.map(|pixel| src[pixel]), weights);
        }
    }
}

/// Row `j` of `dst = (Σ row(start + k)·w(k) + 64) >> 7` by run `j`. Does nothing from the first row on that is not all there.
pub fn average_rows(mut dst: RowsMut<'_>, width: usize, src: Rows<'_>, runs: &[AreaRun]) {
    for (j, run) in runs.iter().enumerate() {
        let src = src.from(run.start());
        let last = run.weights().len().max(1) - 1;
        let (Some(dst), Some(_)) = (dst.row(j, width), src.row(last, width)) else { return };
        average_bytes(dst, src, 0, run.weights());
    }
}

/// The mean of the columns from `x` on of rows that are there, some columns at a time.
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of bytes is a byte")]
pub(super) fn average_bytes(dst: &mut [u8], src: Rows<'_>, x: usize, weights: &[u8]) {
    for (i, dst) in dst.chunks_mut(COLUMNS).enumerate() {
        let from = x + i * COLUMNS;
        let mut sums = [64u16; COLUMNS];
        for (k, &weight) in weights.iter().enumerate() {
            let row = src.row(k, from + dst.len()).unwrap_or_default().get(from..).unwrap_or_default();
            for (sum, &pixel) in sums.iter_mut().zip(row) {
                *sum = sum.wrapping_add(u16::from(pixel) * u16::from(weight));
            }
        }
        for (dst, sum) in dst.iter_mut().zip(sums) {
            *dst = (sum >> 7) as u8;
        }
    }
}

/// Columns whose sums are held at once.
const COLUMNS: usize = 64;

/// Each of `rows` rows shrunk: pixel `i` of it is `(Σ src(start + k)·w(k) + 64) >> 7` by run `i`. Rows of `src` need
/// [`AreaTaps::row_len`] readable bytes; does nothing from the first row on that is not all there.
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of bytes is a byte")]
pub fn average_columns(mut dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &AreaTaps) {
    for j in 0..rows {
        let (Some(dst), Some(src)) = (dst.row(j, taps.runs().len()), src.row(j, taps.row_len())) else { return };
        for (dst, run) in dst.iter_mut().zip(taps.runs()) {
            let weighed = src[run.start()..].iter().zip(run.weights()).map(|(&p, &w)| u16::from(p) * u16::from(w));
            *dst = ((weighed.sum::<u16>() + 64) >> 7) as u8;
        }
    }
}

/// Half as wide and half as high: `dst = (a + b + c + d + 2) >> 2` of each two by two, `width` × `rows` of them. Rounded once,
/// where two steps would round twice. Does nothing from the first row on that is not all there.
pub fn halve(mut dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>) {
    for j in 0..rows {
        let (Some(dst), Some(above), Some(below)) =
            (dst.row(j, width), src.row(2 * j, 2 * width), src.row(2 * j + 1, 2 * width))
        else {
            return;
        };
        halve_bytes(dst, above, below);
    }
}

/// One row of [`halve`].
#[allow(clippy::cast_possible_truncation, reason = "a mean of bytes is a byte")]
pub(super) fn halve_bytes(dst: &mut [u8], above: &[u8], below: &[u8]) {
    for ((dst, above), below) in dst.iter_mut().zip(above.chunks_exact(2)).zip(below.chunks_exact(2)) {
        let sum: u16 = above.iter().chain(below).map(|&pixel| u16::from(pixel)).sum();
        *dst = ((sum + 2) >> 2) as u8;
    }
}

/// A quarter as wide and as high: `dst = (Σ + 8) >> 4` of each four by four, `width` × `rows` of them; as [`halve`], rounded once.
pub fn quarter(mut dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>) {
    for j in 0..rows {
        let (Some(dst), Some(four)) = (dst.row(j, width), src.several(4 * j, 4 * width)) else { return };
        quarter_bytes(dst, four);
    }
}

/// One row of [`quarter`].
#[allow(clippy::cast_possible_truncation, reason = "a mean of bytes is a byte")]
pub(super) fn quarter_bytes(dst: &mut [u8], src: [&[u8]; 4]) {
    for (i, dst) in dst.iter_mut().enumerate() {
        let of_row = |row: &[u8]| row.iter().skip(4 * i).take(4).map(|&pixel| u16::from(pixel)).sum::<u16>();
        *dst = ((src.map(of_row).iter().sum::<u16>() + 8) >> 4) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of `src` bytes becomes `dst` of them.
    fn columns(src: &[u8], dst: usize) -> Vec<u8> {
        let mut out = vec![7; dst];
        let mut row = src.to_vec();
        if src.len() > 2 * dst {
            let taps = AreaTaps::new(src.len(), dst);
            row.resize(taps.row_len(), 99);
            average_columns(RowsMut::new(&mut out, dst), 1, Rows::new(&row, row.len()), &taps);
        } else {
            let taps = LinearTaps::new(src.len(), dst);
            row.resize(taps.row_len(), 99);
            lerp_columns(RowsMut::new(&mut out, dst), 1, Rows::new(&row, row.len()), &taps);
        }
        out
    }

    #[test]
    fn flat_rows_stay_flat() {
        for value in [0, 1, 127, 128, 254, 255] {
            let src = [value; 400];
            let mut out = [7; 100];
            let taps = [LinearTap { index: 0, weight: 77 }];
            lerp_rows(RowsMut::new(&mut out, 100), 100, Rows::new(&src, 100), &taps);
            assert_eq!(out, [value; 100]);
            assert_eq!(columns(&src[..391], 30), [value; 30]);
            assert_eq!(columns(&src[..151], 100), [value; 100]);
            halve(RowsMut::new(&mut out, 10), 10, 10, Rows::new(&src, 20));
            assert_eq!(out, [value; 100]);
            out = [7; 100];
            quarter(RowsMut::new(&mut out, 5), 5, 5, Rows::new(&src, 20));
            assert_eq!((out[..25].to_vec(), out[25]), (vec![value; 25], 7));
        }
    }

    #[test]
    fn three_rows_of_equal_weight_give_their_mean() {
        let taps = AreaTaps::new(3, 1);
        let mut out = [0];
        average_rows(RowsMut::new(&mut out, 1), 1, Rows::new(&[30, 60, 91], 1), taps.runs());
        assert_eq!(out, [60]);
    }

    #[test]
    fn halving_rounds_once() {
        let mut out = [0; 2];
        halve(RowsMut::new(&mut out, 2), 2, 1, Rows::new(&[0, 1, 7, 8, 0, 0, 8, 8], 4));
        assert_eq!(out, [0, 8]);
    }

    #[test]
    fn a_quarter_rounds_once() {
        let mut out = [9; 2];
        // In two steps, the first pixel would be 1: four means of 0.5, rounded up.
        let row = [2, 0, 0, 0, 1, 1, 1, 1];
        quarter(RowsMut::new(&mut out, 2), 2, 1, Rows::new(&[row, row, row, [0, 0, 0, 0, 2, 1, 1, 1]].concat(), 8));
        assert_eq!(out, [0, 1]);
    }

    #[test]
    fn what_is_not_all_there_is_left_alone() {
        let mut out = [9; 32];
        let (short, odd) = (Rows::new(&[1; 40], 32), AreaTaps::new(2 * 32 + 1, 32));
        average_rows(RowsMut::new(&mut out, 32), 32, short, &odd.runs()[..1]);
        average_columns(RowsMut::new(&mut out, 32), 1, short, &odd);
        lerp_rows(RowsMut::new(&mut out, 32), 32, short, &[LinearTap { index: 0, weight: 1 }]);
        lerp_columns(RowsMut::new(&mut out, 32), 1, short, &LinearTaps::new(32, 32));
        halve(RowsMut::new(&mut out, 32), 32, 1, short);
        quarter(RowsMut::new(&mut out, 4), 4, 1, short);
        lerp_rows(RowsMut::new(&mut out[..31], 32), 32, Rows::new(&[1; 64], 32), &[LinearTap { index: 0, weight: 0 }]);
        assert_eq!(out, [9; 32]);
    }
}
