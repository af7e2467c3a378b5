//! Exactly four to one, rounded once.

use super::*;
use crate::kernel::scale;

#[target_feature(enable = "neon")]
pub(super) fn quarter(mut dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>) {
    let ahead = src.ahead();
    for j in 0..rows {
        let (Some(dst), Some(four)) = (dst.row(j, width), src.several::<4>(4 * j, 4 * width)) else { return };
        if width < 16 {
            scale::quarter_bytes(dst, four);
            continue;
        }
        each(dst, |at| {
            four.iter().for_each(|row| fetch(&row[4 * at..], ahead));
            // Pairs of sixteen columns, of all four rows.
            let pairs = |at: usize| four.iter().fold(vdupq_n_u16(0), |sums, row| vpadalq_u8(sums, load_at(row, at)));
            let eight = |at: usize| vrshrn_n_u16::<4>(vpaddq_u16(pairs(at), pairs(at + 16)));
            vcombine_u8(eight(4 * at), eight(4 * at + 32))
        });
    }
}
