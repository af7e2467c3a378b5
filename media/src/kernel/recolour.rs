//! From a source's colours to the canvas's: BT.601 limited range.
//!
//! ```text
//! u' = 128 + p·(u − 128) + q·(v − 128)          each luma sample takes the chroma sample of its 2×2 block
//! v' = 128 + r·(u − 128) + s·(v − 128)
//! y' =   o + k·y + l·(u − 128) + m·(v − 128)    shift = the part of chroma, kept for both rows of the block
//! ```
//! Sixteen bits all along: samples have seven binary places, factors fifteen, products are rounded back to seven, sums
//! saturate. Off the exact values by one at most.

use crate::frame::{Colour, Matrix};

/// The factors of one conversion, all between −1 and 1, in 32768ths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recolour {
    /// `p`, `q`; `r`, `s`.
    pub(super) chroma: [[i16; 2]; 2],
    /// `l`, `m`.
    pub(super) shift: [i16; 2],
    /// `k`.
    pub(super) luma: i16,
    /// `o`, in 128ths.
    pub(super) offset: i16,
}

impl Recolour {
    /// The conversion of pictures of `colour`; `None` when they are as the canvas has them.
    #[must_use]
    pub fn of(colour: Colour) -> Option<Self> {
        if colour == Colour::default() {
            return None;
        }
        // ITU-T H.264 §E.2.1, equations E-1 to E-11: sources decode to R, G, B between 0 and 1, and those encode again.
        let (luma_span, luma_zero, chroma_span) =
            if colour.full_range { (255.0, 0.0, 255.0) } else { (219.0, 16.0, 224.0) };
        let (kr, kb) = weights(colour.matrix);
        let (to_kr, to_kb) = weights(Matrix::Bt601);
        let (red, blue) = (2.0 * (1.0 - kr), 2.0 * (1.0 - kb));
        let kg = 1.0 - kr - kb;
        // What a whole step of each difference adds to R, G, B.
        let by_u = [0.0, -blue * kb / kg, blue];
        let by_v = [red, -red * kr / kg, 0.0];
        let luma = |[r, g, b]: [f64; 3]| to_kr * r + (1.0 - to_kr - to_kb) * g + to_kb * b;
        let u = |rgb: [f64; 3]| (rgb[2] - luma(rgb)) / (2.0 * (1.0 - to_kb));
        let v = |rgb: [f64; 3]| (rgb[0] - luma(rgb)) / (2.0 * (1.0 - to_kr));
        let (chroma, shift) = (224.0 / chroma_span, 219.0 / chroma_span);
        Some(Self {
            chroma: [[u(by_u), u(by_v)], [v(by_u), v(by_v)]].map(|row| row.map(|factor| q15(chroma * factor))),
            shift: [by_u, by_v].map(|rgb| q15(shift * luma(rgb))),
            luma: q15(219.0 / luma_span),
            offset: q7(16.0 - luma_zero * 219.0 / luma_span),
        })
    }
}

/// The parts of red and blue in luma (table E-5).
fn weights(matrix: Matrix) -> (f64, f64) {
    match matrix {
        Matrix::Bt601 => (0.299, 0.114),
        Matrix::Bt709 => (0.2126, 0.0722),
        Matrix::Bt2020 => (0.2627, 0.0593),
    }
}

/// A factor in 32768ths; one becomes the greatest below it.
#[allow(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn q15(factor: f64) -> i16 {
    (factor * 32_768.0).round() as i16
}

#[allow(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn q7(value: f64) -> i16 {
    (value * 128.0).round() as i16
}

/// Converts a row of both chroma planes in place, and leaves in `shift` what each adds to its luma, in 128ths.
#[inline]
pub fn recolour_chroma(u: &mut [u8], v: &mut [u8], shift: &mut [i16], by: &Recolour) {
    for ((u, v), shift) in u.iter_mut().zip(v).zip(shift) {
        let (a, b) = (centred(*u), centred(*v));
        let mixed = |[p, q]: [i16; 2]| times(a, p).saturating_add(times(b, q));
        *shift = mixed(by.shift);
        *u = sample(mixed(by.chroma[0]).saturating_add(128 << 7));
        *v = sample(mixed(by.chroma[1]).saturating_add(128 << 7));
    }
}

/// Converts a row of luma in place; each of `shift` counts for two samples.
#[inline]
pub fn recolour_luma(y: &mut [u8], shift: &[i16], by: &Recolour) {
    for (pair, &shift) in y.chunks_mut(2).zip(shift) {
        for y in pair {
            let scaled = times(i16::from(*y) << 7, by.luma).saturating_add(by.offset);
            *y = sample(scaled.saturating_add(shift));
        }
    }
}

/// A difference with seven binary places.
fn centred(sample: u8) -> i16 {
    (i16::from(sample) - 128) << 7
}

/// `(a·b + 2¹⁴) >> 15`.
#[allow(clippy::cast_possible_truncation, reason = "a factor below one leaves sixteen bits sixteen")]
fn times(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b) + (1 << 14)) >> 15) as i16
}

/// Seven binary places rounded away, kept in a byte.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
fn sample(value: i16) -> u8 {
    (value.saturating_add(64) >> 7).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL_709: Colour = Colour { matrix: Matrix::Bt709, full_range: true };

    #[test]
    fn what_the_canvas_has_already_is_left_alone() {
        assert_eq!(Recolour::of(Colour::default()), None);
    }

    #[test]
    fn pictures_of_any_kind_keep_their_colours() {
        // Red, green and blue of many colours: written as a source of each kind has them, they must come out as BT.601
        // limited range has them, give or take one: the roundings of the source and of the conversion.
        for matrix in [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020] {
            for full_range in [false, true] {
                let Some(by) = Recolour::of(Colour { matrix, full_range }) else { continue };
                for rgb in (0..9 * 9 * 9).map(|n| [n / 81, n / 9 % 9, n % 9].map(|part| f64::from(part) / 8.0)) {
                    let (from, wanted) = (encoded(rgb, matrix, full_range), encoded(rgb, Matrix::Bt601, false));
                    let [mut y, mut u, mut v] = from.map(|value| [value]);
                    let mut shift = [0];
                    recolour_chroma(&mut u, &mut v, &mut shift, &by);
                    recolour_luma(&mut y, &shift, &by);
                    let far = [y[0], u[0], v[0]].into_iter().zip(wanted).any(|(is, wanted)| is.abs_diff(wanted) > 1);
                    assert!(!far, "{rgb:?} in {matrix:?}, full {full_range}: {y:?} {u:?} {v:?}, wanted {wanted:?}");
                }
            }
        }
    }

    #[test]
    fn colours_outside_the_range_are_kept_inside_a_byte() {
        let by = Recolour::of(Colour { full_range: false, ..FULL_709 }).unwrap();
        let (mut y, mut u, mut v, mut shift) = ([255, 0], [255, 0], [255, 0], [0; 2]);
        recolour_chroma(&mut u, &mut v, &mut shift, &by);
        recolour_luma(&mut y, &shift, &by);
        assert_eq!(y, [255, 37]);
        assert_eq!((u[1], v[1]), (15, 11));
    }

    /// Equations E-1 to E-11, rounded.
    fn encoded([r, g, b]: [f64; 3], matrix: Matrix, full_range: bool) -> [u8; 3] {
        let (kr, kb) = weights(matrix);
        let y = kr * r + (1.0 - kr - kb) * g + kb * b;
        let (u, v) = ((b - y) / (2.0 * (1.0 - kb)), (r - y) / (2.0 * (1.0 - kr)));
        let [y, u, v] = if full_range {
            [255.0 * y, 128.0 + 255.0 * u, 128.0 + 255.0 * v]
        } else {
            [16.0 + 219.0 * y, 128.0 + 224.0 * u, 128.0 + 224.0 * v]
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates at both ends")]
        [y, u, v].map(|value| value.round() as u8)
    }
}
