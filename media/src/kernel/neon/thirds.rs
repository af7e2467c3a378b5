//! Two rows of each three: windows of sixteen bytes of each, eight pixels from each window.

use super::*;
use crate::kernel::taps::Narrow;
use crate::kernel::thirds::thirds as scalar;

#[target_feature(enable = "neon")]
pub(super) fn thirds(mut dst: RowsMut<'_>, pairs: usize, src: Rows<'_>, taps: &LinearTaps) {
    if taps.narrow().is_empty() {
        return scalar(dst, pairs, src, taps);
    }
    for n in 0..pairs {
        let Some([above, middle, below]) = src.several(3 * n, taps.row_len()) else { return };
        for (j, near) in [above, below].into_iter().enumerate() {
            let Some(dst) = dst.row(2 * n + j, taps.taps().len()) else { return };
            row(dst, near, middle, taps);
        }
    }
}

#[target_feature(enable = "neon")]
fn row(dst: &mut [u8], near: &[u8], middle: &[u8], taps: &LinearTaps) {
    for group in taps.narrow() {
        let picks = group.pick.as_flattened().as_chunks().0;
        let weights = group.weight.as_flattened().as_chunks().0;
        let windows = picks.iter().zip(weights).zip(group.base);
        for (i, ((pick, weight), base)) in Narrow::ORDER.into_iter().zip(windows) {
            let (pick, weight) = (load(pick), load(weight));
            let (first, second) = (vuzp1q_u8(pick, pick), vuzp2q_u8(pick, pick));
            let (v, w) = (vuzp1q_u8(weight, weight), vuzp2q_u8(weight, weight));
            let sums = |row: &[u8]| {
                let window = load_at(row, base);
                let (p, q) = (vqtbl1_u8(window, vget_low_u8(first)), vqtbl1_u8(window, vget_low_u8(second)));
                vmlal_u8(vmull_u8(p, vget_low_u8(v)), q, vget_low_u8(w))
            };
            let near = sums(near);
            let pixels = vrshrn_n_u16::<7>(vrhaddq_u16(near, vrhaddq_u16(near, sums(middle))));
            if let Some(dst) = dst.get_mut(group.to + 8 * i..).and_then(|dst| dst.first_chunk_mut()) {
                store8(dst, pixels);
            }
        }
    }
}
