//! Scaling of 8-bit rows, in two steps: rows into one row, then that row to its new length.

use super::taps::{AreaTaps, Window};

/// `dst = (a·(128 − w) + b·w + 64) >> 7`, `w` in 128ths, at most 128.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of two bytes is a byte")]
pub fn lerp_rows(dst: &mut [u8], a: &[u8], b: &[u8], weight: u8) {
    let weight = u16::from(weight.min(128));
    for ((dst, &a), &b) in dst.iter_mut().zip(a).zip(b) {
        *dst = ((u16::from(a) * (128 - weight) + u16::from(b) * weight + 64) >> 7) as u8;
    }
}

/// `dst = (p·(128 − w) + q·w + 64) >> 7` with `p`, `q` and `w` of each pixel as [`Window::linear`] has them.
/// What needs a window beyond `src` is passed over.
#[inline]
pub fn lerp_row(dst: &mut [u8], src: &[u8], windows: &[Window]) {
    for (dst, window) in dst.chunks_mut(16).zip(windows) {
        lerp_window(dst, src, window);
    }
}

/// Up to sixteen pixels of [`lerp_row`].
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of two bytes is a byte")]
pub(super) fn lerp_window(dst: &mut [u8], src: &[u8], window: &Window) {
    for (half, dst) in dst.chunks_mut(8).enumerate().take(2) {
        let base = window.base[half] as usize;
        let Some(bytes) = src.get(base..).and_then(|from| from.first_chunk::<{ Window::BYTES }>()) else { return };
        for (i, dst) in dst.iter_mut().enumerate() {
            let at = half * 16 + i * 2;
            let pixel = |k: usize| u16::from(bytes[usize::from(window.pick[at + k] & 15)]);
            let weight = |k: usize| u16::from(window.weight[at + k]);
            *dst = ((pixel(0) * weight(0) + pixel(1) * weight(1) + 64) >> 7) as u8;
        }
    }
}

/// `dst[x] = (Σ src[k·stride + x]·w[k] + 128) >> 8`; the weights add up to 256.
/// Does nothing when `src` ends before the last row does.
#[inline]
pub fn average_rows(dst: &mut [u8], src: &[u8], stride: usize, weights: &[u8]) {
    if !rows_fit(dst.len(), src.len(), stride, weights.len()) {
        return;
    }
    average_columns(dst, src, stride, weights);
}

/// Whether `rows` rows of `width` bytes lie inside `len` bytes.
pub(super) fn rows_fit(width: usize, len: usize, stride: usize, rows: usize) -> bool {
    rows > 0 && (rows - 1).checked_mul(stride).and_then(|last| last.checked_add(width)).is_some_and(|end| end <= len)
}

/// [`average_rows`] once the lengths are known to fit. Rows are added up some columns at a time: 255·256 and the rounding
/// fit sixteen bits.
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of bytes is a byte")]
pub(super) fn average_columns(dst: &mut [u8], src: &[u8], stride: usize, weights: &[u8]) {
    for (i, dst) in dst.chunks_mut(COLUMNS).enumerate() {
        let mut sums = [128u16; COLUMNS];
        for (k, &weight) in weights.iter().enumerate() {
            let row = &src[k * stride + i * COLUMNS..][..dst.len()];
            for (sum, &pixel) in sums.iter_mut().zip(row) {
                *sum = sum.wrapping_add(u16::from(pixel) * u16::from(weight));
            }
        }
        for (dst, sum) in dst.iter_mut().zip(sums) {
            *dst = (sum >> 8) as u8;
        }
    }
}

/// Columns whose sums are held at once.
const COLUMNS: usize = 64;

/// `dst[i] = (Σ src[start(i) + k]·w(i, k) + 128) >> 8` by `taps`. Does nothing when `src` is shorter than
/// [`AreaTaps::row_len`].
#[inline]
pub fn average_row(dst: &mut [u8], src: &[u8], taps: &AreaTaps) {
    average_from(0, dst, src, taps);
}

/// [`average_row`] for the output pixels from `first` on.
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of bytes is a byte")]
pub(super) fn average_from(first: usize, dst: &mut [u8], src: &[u8], taps: &AreaTaps) {
    if src.len() < taps.row_len() {
        return;
    }
    for (i, dst) in dst.iter_mut().enumerate() {
        let (start, weights) = taps.pixel(first + i);
        let sum: u32 = src[start..].iter().zip(weights).map(|(&p, &w)| u32::from(p) * u32::from(w)).sum();
        if !weights.is_empty() {
            *dst = ((sum + 128) >> 8) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_rows_stay_flat() {
        for value in [0, 1, 127, 128, 254, 255] {
            let src = [value; 400];
            let mut out = [7; 100];
            lerp_rows(&mut out, &src, &src, 77);
            assert_eq!(out, [value; 100]);
            average_row(&mut out[..30], &src, &AreaTaps::new(391, 30));
            assert_eq!(out, [value; 100]);
            lerp_row(&mut out, &src, &Window::linear(151, 100));
            assert_eq!(out, [value; 100]);
        }
    }

    #[test]
    fn three_rows_of_equal_weight_give_their_mean() {
        let taps = AreaTaps::new(3, 1);
        let mut out = [0];
        average_rows(&mut out, &[30, 60, 91], 1, taps.pixel(0).1);
        assert_eq!(out, [60]);
    }

    #[test]
    fn a_row_that_is_too_short_is_left_alone() {
        let mut out = [9; 32];
        average_rows(&mut out, &[1; 40], 32, &[128, 128]);
        average_row(&mut out, &[1; 4], &AreaTaps::new(96, 32));
        lerp_row(&mut out, &[1; 4], &Window::linear(32, 32));
        assert_eq!(out, [9; 32]);
    }
}
