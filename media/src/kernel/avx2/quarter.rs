//! Exactly four to one, rounded once.
//!
//! ```text
//! four rows ── pairs added up ──► words, of all four rows ── pairs added up ──► sums of sixteen, rounded ──► bytes
//! ```

use super::*;
use crate::kernel::scale;

#[target_feature(enable = "avx2")]
pub(super) fn quarter(mut dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>) {
    let ahead = src.ahead();
    for j in 0..rows {
        let (Some(dst), Some(four)) = (dst.row(j, width), src.several(4 * j, 4 * width)) else { return };
        let Some(last) = width.checked_sub(32) else {
            scale::quarter_bytes(dst, four);
            continue;
        };
        // The last vector ends with the row: nothing here reads what was written.
        for at in (0..width).step_by(32).map(|at| at.min(last)) {
            let parts = four.map(|row| row.get(4 * at..).and_then(|row| row.first_chunk::<128>()));
            let ([Some(a), Some(b), Some(c), Some(d)], Some(dst)) = (parts, dst[at..].first_chunk_mut()) else {
                return;
            };
            for line in [a, b, c, d].into_iter().flat_map(|row| row.as_chunks().0) {
                fetch(line, ahead);
            }
            thirty_two(dst, [a, b, c, d]);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn thirty_two(dst: &mut [u8; 32], rows: [&[u8; 128]; 4]) {
    let sums = |part: usize| {
        let [a, b, c, d] = rows.map(|row| _mm256_maddubs_epi16(load32(&row.as_chunks().0[part]), _mm256_set1_epi8(1)));
        let words = _mm256_add_epi16(_mm256_add_epi16(a, b), _mm256_add_epi16(c, d));
        _mm256_madd_epi16(words, _mm256_set1_epi16(1))
    };
    // (x·2¹¹ + 2¹⁴) >> 15 is (x + 8) >> 4.
    let mean = |low, high| _mm256_mulhrs_epi16(_mm256_packs_epi32(low, high), _mm256_set1_epi16(1 << 11));
    let pixels = _mm256_packus_epi16(mean(sums(0), sums(1)), mean(sums(2), sums(3)));
    store32(dst, _mm256_permutevar8x32_epi32(pixels, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)));
}
