//! Two rows of each three, and columns by taps: 1080p into 720p, 360p into a third of it.

use super::rows::{Rows, RowsMut};
use super::taps::LinearTaps;

/// `pairs` times two rows of three of `src`, resampled as by [`super::scale::lerp_columns`], but rounded once: with the sums
/// `s = p·(128 − w) + q·w` of a pixel's neighbours in each of the three rows, it is `(s₀ ∘ (s₀ ∘ s₁) + 64) >> 7` in the first row
/// and `(s₂ ∘ (s₂ ∘ s₁) + 64) >> 7` in the second, where `a ∘ b = (a + b + 1) >> 1`. Rows of `src` need [`LinearTaps::row_len`]
/// readable bytes; does nothing from the first row on that is not all there.
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of bytes is a byte")]
pub fn thirds(mut dst: RowsMut<'_>, pairs: usize, src: Rows<'_>, taps: &LinearTaps) {
    for n in 0..pairs {
        let Some([above, middle, below]) = src.several(3 * n, taps.row_len()) else { return };
        for (j, near) in [above, below].into_iter().enumerate() {
            let Some(dst) = dst.row(2 * n + j, taps.taps().len()) else { return };
            for (dst, tap) in dst.iter_mut().zip(taps.taps()) {
                let (pixels, [v, w]) = tap.halves();
                let sum = |row: &[u8]| {
                    let [p, q] = pixels.map(|pixel| u16::from(row[pixel]));
                    p * u16::from(v) + q * u16::from(w)
                };
                let near = sum(near);
                *dst = ((mean(near, mean(near, sum(middle))) + 64) >> 7) as u8;
            }
        }
    }
}

/// Of two sums, which have fifteen bits.
fn mean(a: u16, b: u16) -> u16 {
    (a + b + 1) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of three rows of `src` pixels.
    fn of(src: usize, dst: usize, pixel: impl Fn(usize, usize) -> u8) -> Vec<u8> {
        let taps = LinearTaps::new(src, dst);
        let mut rows = vec![99; 3 * taps.row_len()];
        for (j, row) in rows.chunks_exact_mut(taps.row_len()).enumerate() {
            row[..src].iter_mut().enumerate().for_each(|(i, byte)| *byte = pixel(j, i));
        }
        let mut out = vec![7; 2 * dst];
        thirds(RowsMut::new(&mut out, dst), 1, Rows::new(&rows, taps.row_len()), &taps);
        out
    }

    #[test]
    fn flat_rows_stay_flat() {
        for value in [0, 1, 127, 128, 254, 255] {
            assert_eq!(of(150, 100, |_, _| value), [value; 200]);
        }
    }

    #[test]
    fn each_row_is_by_three_quarters_of_the_nearer_one() {
        let out = of(150, 100, |row, _| [40, 80, 200][row]);
        assert_eq!((&out[..100], &out[100..]), (&[50; 100][..], &[170; 100][..]));
    }

    #[test]
    fn what_is_rounded_twice_elsewhere_is_rounded_once() {
        // 0.75·(0.75·3 + 0.25·1) + 0.25·(0.75·2 + 0.25·1) is 2.3; rounded for each row first, 3 and 2 would give 3.
        let out = of(3, 2, |row, column| [[3, 1, 0], [2, 1, 0], [0; 3]][row][column]);
        assert_eq!(out[0], 2);
    }

    #[test]
    fn what_is_not_all_there_is_left_alone() {
        let taps = LinearTaps::new(96, 64);
        let mut out = [9; 128];
        thirds(RowsMut::new(&mut out, 64), 1, Rows::new(&[1; 3 * 96 - 1], 96), &taps);
        assert_eq!(out, [9; 128]);
        thirds(RowsMut::new(&mut out[..127], 64), 1, Rows::new(&[1; 3 * 96], 96), &taps);
        assert_eq!((&out[..64], &out[64..]), (&[1; 64][..], &[9; 64][..]));
    }
}
