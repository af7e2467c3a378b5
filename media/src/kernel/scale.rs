//! Scaling of 8-bit rows, in two steps: rows into one row, then that row to its new length.

use super::taps::{AreaTaps, LinearBlock};

/// `dst = (a·(128 − w) + b·w + 64) >> 7`, `w` in 128ths, at most 128.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of two bytes is a byte")]
pub fn lerp_rows(dst: &mut [u8], a: &[u8], b: &[u8], weight: u8) {
    let weight = u16::from(weight.min(128));
    for ((dst, &a), &b) in dst.iter_mut().zip(a).zip(b) {
        *dst = ((u16::from(a) * (128 - weight) + u16::from(b) * weight + 64) >> 7) as u8;
    }
}

/// `dst = (p·(128 − w) + q·w + 64) >> 7` with `p`, `q` and `w` of each pixel as its block says.
/// A block whose window leaves `src` is passed over.
#[inline]
pub fn lerp_row(dst: &mut [u8], src: &[u8], blocks: &[LinearBlock]) {
    for (dst, block) in dst.chunks_mut(16).zip(blocks) {
        lerp_block(dst, src, block);
    }
}

/// Up to sixteen pixels of [`lerp_row`].
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of two bytes is a byte")]
pub(super) fn lerp_block(dst: &mut [u8], src: &[u8], block: &LinearBlock) {
    for (group, dst) in dst.chunks_mut(8).enumerate().take(2) {
        let base = block.base[group] as usize;
        let Some(window) = src.get(base..base + LinearBlock::WINDOW) else { return };
        for (i, dst) in dst.iter_mut().enumerate() {
            let at = group * 16 + i * 2;
            let pixel = |k: usize| u16::from(window[usize::from(block.pick[at + k] & 15)]);
            let weight = |k: usize| u16::from(block.weight[at + k]);
            *dst = ((pixel(0) * weight(0) + pixel(1) * weight(1) + 64) >> 7) as u8;
        }
    }
}

/// `dst[x] = (Σ src[k·stride + x]·w[k] + 8192) >> 14`; the weights are not negative and add up to 16384.
/// Does nothing when `src` ends before the last row does.
#[inline]
pub fn average_rows(dst: &mut [u8], src: &[u8], stride: usize, weights: &[i16]) {
    if !rows_fit(dst.len(), src.len(), stride, weights.len()) {
        return;
    }
    average_columns(dst, src, stride, weights);
}

/// Whether `rows` rows of `width` bytes lie inside `len` bytes.
pub(super) fn rows_fit(width: usize, len: usize, stride: usize, rows: usize) -> bool {
    rows > 0 && (rows - 1).checked_mul(stride).and_then(|last| last.checked_add(width)).is_some_and(|end| end <= len)
}

/// [`average_rows`] once the lengths are known to fit.
pub(super) fn average_columns(dst: &mut [u8], src: &[u8], stride: usize, weights: &[i16]) {
    for (x, dst) in dst.iter_mut().enumerate() {
        let sum: i32 = weights.iter().enumerate().map(|(k, &w)| i32::from(src[k * stride + x]) * i32::from(w)).sum();
        *dst = narrow(sum);
    }
}

/// `dst[i] = (Σ src[base(i) + k]·w(i, k) + 8192) >> 14` by `taps`. A run that leaves `src` is passed over.
#[inline]
pub fn average_row(dst: &mut [u8], src: &[u8], taps: &AreaTaps) {
    average_from(0, dst, src, taps);
}

/// [`average_row`] for the output pixels from `first` on.
pub(super) fn average_from(first: usize, dst: &mut [u8], src: &[u8], taps: &AreaTaps) {
    for (i, dst) in dst.iter_mut().enumerate() {
        let (base, weights) = taps.pixel(first + i);
        let Some(run) = src.get(base..base + taps.run()).filter(|_| !weights.is_empty()) else { continue };
        *dst = narrow(run.iter().zip(weights).map(|(&p, &w)| i32::from(p) * i32::from(w)).sum());
    }
}

/// Sixteen-thousands back to bytes, rounded.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn narrow(sum: i32) -> u8 {
    ((sum + 8192) >> 14).clamp(0, 255) as u8
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
            average_row(&mut out[..30], &src, &AreaTaps::new(391, 30, 8));
            assert_eq!(out, [value; 100]);
            lerp_row(&mut out, &src, &LinearBlock::row(151, 100));
            assert_eq!(out, [value; 100]);
        }
    }

    #[test]
    fn three_rows_of_equal_weight_give_their_mean() {
        let taps = AreaTaps::new(3, 1, 1);
        let mut out = [0];
        average_rows(&mut out, &[30, 60, 91], 1, taps.pixel(0).1);
        assert_eq!(out, [60]);
    }

    #[test]
    fn a_row_that_is_too_short_is_left_alone() {
        let mut out = [9; 32];
        average_rows(&mut out, &[1; 40], 32, &[8192, 8192]);
        average_row(&mut out, &[1; 4], &AreaTaps::new(96, 32, 8));
        lerp_row(&mut out, &[1; 4], &LinearBlock::row(32, 32));
        assert_eq!(out, [9; 32]);
    }
}
