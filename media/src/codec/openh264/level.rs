//! The level of an H.264 stream: the smallest whose limits hold (ITU-T H.264 table A-1).

use crate::frame::Size;

/// A level and its limits for the Baseline profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// `level_idc`: ten times the level.
    pub idc: u8,
    /// Macroblocks per second.
    macroblocks_per_second: usize,
    /// Macroblocks per picture.
    macroblocks: usize,
    /// Bits per second (VCL), the most a stream may have.
    pub bitrate_bps_max: u32,
}

impl Level {
    /// The smallest level for `size` at `max_fps` pictures and `bitrate_bps` bits a second; the largest of the table
    /// when none is enough.
    #[must_use]
    pub fn for_stream(size: Size, max_fps: u32, bitrate_bps: u32) -> Self {
        let (columns, rows) = (size.width.div_ceil(16), size.height.div_ceil(16));
        let macroblocks = columns * rows;
        let fits = |level: &Self| {
            // A.3.1: neither side beyond sqrt(8 · MaxFS).
            let side_squared_max = 8 * level.macroblocks;
            macroblocks <= level.macroblocks
                && macroblocks * max_fps as usize <= level.macroblocks_per_second
                && columns * columns <= side_squared_max
                && rows * rows <= side_squared_max
                && bitrate_bps <= level.bitrate_bps_max
        };
        *LEVELS.iter().find(|level| fits(level)).unwrap_or(&LEVELS[LEVELS.len() - 1])
    }
}

const fn level(idc: u8, macroblocks_per_second: usize, macroblocks: usize, kbps: u32) -> Level {
    Level { idc, macroblocks_per_second, macroblocks, bitrate_bps_max: kbps * 1000 }
}

/// Table A-1 without 1b, which Baseline marks by a constraint bit instead.
const LEVELS: [Level; 16] = [
    level(10, 1_485, 99, 64),
    level(11, 3_000, 396, 192),
    level(12, 6_000, 396, 384),
    level(13, 11_880, 396, 768),
    level(20, 11_880, 396, 2_000),
    level(21, 19_800, 792, 4_000),
    level(22, 20_250, 1_620, 4_000),
    level(30, 40_500, 1_620, 10_000),
    level(31, 108_000, 3_600, 14_000),
    level(32, 216_000, 5_120, 20_000),
    level(40, 245_760, 8_192, 20_000),
    level(41, 245_760, 8_192, 50_000),
    level(42, 522_240, 8_704, 50_000),
    level(50, 589_824, 22_080, 135_000),
    level(51, 983_040, 36_864, 240_000),
    level(52, 2_073_600, 36_864, 240_000),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_is_the_smallest_that_holds_the_stream() {
        let idc = |width, height, fps, bps| Level::for_stream(Size { width, height }, fps, bps).idc;
        assert_eq!(idc(720, 1280, 30, 2_500_000), 31);
        assert_eq!(idc(720, 1280, 31, 2_500_000), 32);
        assert_eq!(idc(720, 1280, 60, 2_500_000), 32);
        assert_eq!(idc(720, 1280, 30, 15_000_000), 32);
        assert_eq!(idc(1920, 1080, 30, 4_000_000), 40);
        assert_eq!(idc(1920, 1080, 60, 4_000_000), 42);
        assert_eq!(idc(16, 16, 15, 50_000), 10);
        assert_eq!(idc(1920, 16, 15, 50_000), 31, "a side too long for level 3 (A.3.1)");
    }
}
