//! By covered area. Sums of bytes by weights that add up to 128 fit sixteen bits.

use super::*;
use crate::kernel::scale;
use crate::kernel::taps::Window;

#[target_feature(enable = "neon")]
pub(super) fn rows(mut dst: RowsMut<'_>, width: usize, src: Rows<'_>, runs: &[AreaRun]) {
    let ahead = src.ahead();
    for (j, run) in runs.iter().enumerate() {
        let (src, weights) = (src.from(run.start()), run.weights());
        let (Some(dst), Some(_)) = (dst.row(j, width), src.row(weights.len().max(1) - 1, width)) else { return };
        if width < 16 {
            scale::average_bytes(dst, src, 0, weights);
            continue;
        }
        each(dst, |at| {
            let (mut low, mut high) = (vdupq_n_u16(0), vdupq_n_u16(0));
            for (k, &weight) in weights.iter().enumerate() {
                let row = src.row(k, width).unwrap_or_default();
                if at.is_multiple_of(64) {
                    fetch(&row[at..], ahead);
                }
                let (bytes, weight) = (load_at(row, at), vdup_n_u8(weight));
                low = vmlal_u8(low, vget_low_u8(bytes), weight);
                high = vmlal_u8(high, vget_high_u8(bytes), weight);
            }
            vcombine_u8(vrshrn_n_u16::<7>(low), vrshrn_n_u16::<7>(high))
        });
    }
}

#[target_feature(enable = "neon")]
pub(super) fn columns(mut dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &AreaTaps) {
    let blocks = taps.blocks();
    if blocks.starts.is_empty() {
        return scale::average_columns(dst, rows, src, taps);
    }
    let order = match blocks.vectors {
        1 => 0x07_06_05_04_03_02_01_00,
        2 => 0x07_06_03_02_05_04_01_00,
        _ => 0x07_05_03_01_06_04_02_00,
    };
    for j in 0..rows {
        let (Some(dst), Some(src)) = (dst.row(j, taps.runs().len()), src.row(j, taps.row_len())) else { return };
        let per_block = (blocks.vectors * blocks.steps).max(1);
        for (&to, windows) in blocks.starts.iter().zip(blocks.windows.chunks_exact(per_block)) {
            let sums = |vector: usize| sums(src, &windows[vector * blocks.steps..][..blocks.steps]);
            // Pairwise until there is one sum for each pixel; in which order they end up then, `order` knows.
            let all = match blocks.vectors {
                1 => sums(0),
                2 => vpaddq_u16(sums(0), sums(1)),
                _ => vpaddq_u16(vpaddq_u16(sums(0), sums(1)), vpaddq_u16(sums(2), sums(3))),
            };
            let pixels = vtbl1_u8(vrshrn_n_u16::<7>(all), vcreate_u8(order));
            if let Some(dst) = dst.get_mut(to..).and_then(|dst| dst.first_chunk_mut()) {
                store8(dst, pixels);
            }
        }
    }
}

/// Each four bytes of both windows by their weights, over all of `windows`.
#[inline]
#[target_feature(enable = "neon")]
fn sums(src: &[u8], windows: &[Window]) -> uint16x8_t {
    let mut all = vdupq_n_u16(0);
    for window in windows {
        let (picks, weights) = (window.pick.as_chunks().0, window.weight.as_chunks().0);
        let half = |i: usize| {
            let bytes = vqtbl1q_u8(load_at(src, window.base[i]), load(&picks[i]));
            let weight = load(&weights[i]);
            vpaddq_u16(vmull_u8(vget_low_u8(bytes), vget_low_u8(weight)), vmull_high_u8(bytes, weight))
        };
        all = vaddq_u16(all, vpaddq_u16(half(0), half(1)));
    }
    all
}
