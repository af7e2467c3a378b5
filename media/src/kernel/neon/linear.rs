//! Between two neighbours, and halving.

use super::*;
use crate::kernel::scale::{self, Between};
use crate::kernel::taps::Narrow;

#[target_feature(enable = "neon")]
pub(super) fn rows(mut dst: RowsMut<'_>, width: usize, src: Rows<'_>, taps: &[LinearTap]) {
    let ahead = src.ahead();
    for (j, tap) in taps.iter().enumerate() {
        let Some(Between { dst, a, b, weights }) = Between::rows(&mut dst, j, width, src, *tap) else { return };
        if width < 16 {
            scale::lerp_bytes(dst, a, b, weights);
            continue;
        }
        let (v, w) = (vdup_n_u8(weights[0]), vdup_n_u8(weights[1]));
        each(dst, |at| {
            if at.is_multiple_of(64) {
                fetch(&a[at..], ahead);
                fetch(&b[at..], ahead);
            }
            let (a, b) = (load_at(a, at), load_at(b, at));
            vcombine_u8(mean(vget_low_u8(a), v, vget_low_u8(b), w), mean(vget_high_u8(a), v, vget_high_u8(b), w))
        });
    }
}

/// `(a·v + b·w + 64) >> 7`.
#[inline]
#[target_feature(enable = "neon")]
fn mean(a: uint8x8_t, v: uint8x8_t, b: uint8x8_t, w: uint8x8_t) -> uint8x8_t {
    vrshrn_n_u16::<7>(vmlal_u8(vmull_u8(a, v), b, w))
}

/// Windows of sixteen bytes, eight pixels from each: its first pixels are looked up in it, then those after them.
#[target_feature(enable = "neon")]
pub(super) fn columns(mut dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &LinearTaps) {
    if taps.narrow().is_empty() {
        return scale::lerp_columns(dst, rows, src, taps);
    }
    for j in 0..rows {
        let (Some(dst), Some(src)) = (dst.row(j, taps.taps().len()), src.row(j, taps.row_len())) else { return };
        for group in taps.narrow() {
            let picks = group.pick.as_flattened().as_chunks().0;
            let weights = group.weight.as_flattened().as_chunks().0;
            let windows = picks.iter().zip(weights).zip(group.base);
            for (i, ((pick, weight), base)) in Narrow::ORDER.into_iter().zip(windows) {
                let (window, pick, weight) = (load_at(src, base), load(pick), load(weight));
                let (first, second) = (vuzp1q_u8(pick, pick), vuzp2q_u8(pick, pick));
                let (v, w) = (vuzp1q_u8(weight, weight), vuzp2q_u8(weight, weight));
                let a = vqtbl1_u8(window, vget_low_u8(first));
                let b = vqtbl1_u8(window, vget_low_u8(second));
                let pixels = mean(a, vget_low_u8(v), b, vget_low_u8(w));
                if let Some(dst) = dst.get_mut(group.to + 8 * i..).and_then(|dst| dst.first_chunk_mut()) {
                    store8(dst, pixels);
                }
            }
        }
    }
}

#[target_feature(enable = "neon")]
pub(super) fn halve(mut dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>) {
    let ahead = src.ahead();
    for j in 0..rows {
        let (Some(dst), Some(above), Some(below)) =
            (dst.row(j, width), src.row(2 * j, 2 * width), src.row(2 * j + 1, 2 * width))
        else {
            return;
        };
        if width < 16 {
            scale::halve_bytes(dst, above, below);
            continue;
        }
        each(dst, |at| {
            if at.is_multiple_of(32) {
                fetch(&above[2 * at..], ahead);
                fetch(&below[2 * at..], ahead);
            }
            let half = |at: usize| {
                let sums = vpadalq_u8(vpaddlq_u8(load_at(above, at)), load_at(below, at));
                vrshrn_n_u16::<2>(sums)
            };
            vcombine_u8(half(2 * at), half(2 * at + 16))
        });
    }
}
