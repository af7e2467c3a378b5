//! Blending of 8-bit rows.

/// `dst = round((src·a + dst·(255 − a)) / 255)`, exact for all 8-bit inputs.
#[inline]
pub fn blend_row(dst: &mut [u8], src: &[u8], alpha: &[u8]) {
    for ((dst, &src), &alpha) in dst.iter_mut().zip(src).zip(alpha) {
        *dst = blend(*dst, src, alpha);
    }
}

/// One value laid over a whole row at one alpha, by the formula of [`blend_row`].
pub fn tint_row(dst: &mut [u8], value: u8, alpha: u8) {
    for dst in dst {
        *dst = blend(*dst, value, alpha);
    }
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "a weighted mean of two bytes is a byte")]
fn blend(dst: u8, src: u8, alpha: u8) -> u8 {
    let alpha = u16::from(alpha);
    // (x + 128 + ((x + 128) >> 8)) >> 8 is x / 255 rounded, for every x to 255²; no step leaves 16 bits.
    let x = u16::from(src) * alpha + u16::from(dst) * (255 - alpha) + 128;
    ((x + (x >> 8)) >> 8) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blending_rounds_exactly_for_every_input() {
        for src in 0..=255u8 {
            for alpha in 0..=255u8 {
                for dst in 0..=255u8 {
                    let exact = u32::from(src) * u32::from(alpha) + u32::from(dst) * u32::from(255 - alpha);
                    let rounded = (2 * exact + 255) / 510;
                    assert_eq!(u32::from(blend(dst, src, alpha)), rounded, "{src} over {dst} at {alpha}");
                }
            }
        }
    }
}
