//! Colours: RGB as designers write them, BT.601 limited range as the canvas holds them.

/// `0xRRGGBB`, full range; the uppermost byte means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u32);

/// Y, U and V, limited range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Yuv(pub(crate) [u8; 3]);

impl Rgb {
    /// Red, green, blue.
    pub(super) const fn channels(self) -> [u8; 3] {
        let [_, red, green, blue] = self.0.to_be_bytes();
        [red, green, blue]
    }

    /// ITU-R BT.601-7 §2.5: `Y = 16 + 219·E'Y`, `U = 128 + 224·E'CB`, `V = 128 + 224·E'CR`, in 65536ths, rounded.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "limited range is inside a byte")]
    pub(crate) const fn yuv(self) -> Yuv {
        let [red, green, blue] = self.channels();
        let (red, green, blue) = (red as i32, green as i32, blue as i32);
        let y = 16_829 * red + 33_039 * green + 6_416 * blue;
        let u = -9_714 * red - 19_070 * green + 28_784 * blue;
        let v = 28_784 * red - 24_103 * green - 4_681 * blue;
        Yuv([(16 + ((y + 32_768) >> 16)) as u8, (128 + ((u + 32_768) >> 16)) as u8, (128 + ((v + 32_768) >> 16)) as u8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_cube_are_those_of_bt601() {
        let table = [
            (0x000000, [16, 128, 128]),
            (0xFFFFFF, [235, 128, 128]),
            (0xFF0000, [81, 90, 240]),
            (0x00FF00, [145, 54, 34]),
            (0x0000FF, [41, 240, 110]),
            (0xFFFF00, [210, 16, 146]),
        ];
        for (rgb, yuv) in table {
            assert_eq!(Rgb(rgb).yuv(), Yuv(yuv), "{rgb:06X}");
        }
    }
}
