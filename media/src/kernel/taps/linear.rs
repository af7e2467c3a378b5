//! Taps between two neighbours.

use super::ROW_MARGIN;

/// Between which two source pixels an output pixel lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinearTap {
    /// The left or upper one.
    pub index: usize,
    /// Weight of its successor, in 128ths, 0 to 127. The last pixel has no successor and gets 0.
    pub weight: u8,
}

impl LinearTap {
    /// Output pixel `i` of `dst` from `src` pixels: centres on centres, rounded to the nearest 128th, kept inside. Of a row that
    /// grows, the nearer pixel weighs somewhat more than that, as in longer filters, which see more than two.
    #[must_use]
    pub fn of(i: usize, src: usize, dst: usize) -> Self {
        let (i, src, dst) = (i as i64, src.max(1) as i64, dst.max(1) as i64);
        let position = (((2 * i + 1) * src - dst) * 128 + dst).div_euclid(2 * dst).clamp(0, (src - 1) * 128);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..src just above")]
        Self {
            index: (position >> 7) as usize,
            weight: if dst > src { growing(position & 127) } else { position & 127 } as u8,
        }
    }

    /// Both pixels and their weights, none of which is 128, which is no signed byte: a pixel that counts alone is taken
    /// twice by halves, and so no level needs an exception.
    #[inline]
    pub(in crate::kernel) fn halves(self) -> ([usize; 2], [u8; 2]) {
        match self.weight {
            0 => ([self.index; 2], [64; 2]),
            weight => ([self.index, self.index + 1], [128 - weight, weight]),
        }
    }
}

/// `w + w·(128 − w)·(w − 64) / 2¹⁵`: at most three 128ths towards the nearer pixel, none halfway between both and on either. By a
/// quarter what would make a slope stop at each pixel of the source: little enough for it to look straight.
fn growing(weight: i64) -> i64 {
    weight + weight * (128 - weight) * (weight - 64) / (1 << 15)
}

/// The taps of a whole row that is at most halved, and the same once more as vectors want them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinearTaps {
    taps: Vec<LinearTap>,
    /// Of 32 output pixels each; none for a row of fewer. The last ends with the row.
    narrow: Vec<Narrow>,
    /// Of 64.
    #[cfg(target_arch = "x86_64")]
    wide: Vec<Wide>,
    row_len: usize,
}

/// Thirty-two output pixels, eight from each of four windows of sixteen bytes: which bytes of its window, two for each pixel,
/// and their weights. The windows are in the order [`Narrow::ORDER`], in which packing two vectors of 32 words by halves puts
/// the pixels in theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[repr(align(32))]
pub(in crate::kernel) struct Narrow {
    pub(in crate::kernel) pick: [[u8; 32]; 2],
    pub(in crate::kernel) weight: [[u8; 32]; 2],
    /// Where each window begins in the row.
    pub(in crate::kernel) base: [usize; 4],
    /// The first of the pixels.
    pub(in crate::kernel) to: usize,
}

/// Sixty-four output pixels from two windows of sixty-four bytes.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[repr(align(64))]
pub(in crate::kernel) struct Wide {
    pub(in crate::kernel) pick: [[u8; 64]; 2],
    pub(in crate::kernel) weight: [[u8; 64]; 2],
    pub(in crate::kernel) base: [usize; 2],
    pub(in crate::kernel) to: usize,
}

impl LinearTaps {
    /// The taps for `src` pixels becoming `dst`, at least half as many.
    #[must_use]
    pub fn new(src: usize, dst: usize) -> Self {
        debug_assert!(src <= 2 * dst, "a window feeds half as many pixels as it has bytes to 2:1 only");
        let taps: Vec<_> = (0..dst).map(|i| LinearTap::of(i, src, dst)).collect();
        let narrow = groups(dst, 32).map(|to| Narrow::new(&taps, src, to)).collect();
        #[cfg(target_arch = "x86_64")]
        let wide = groups(dst, 64).map(|to| Wide::new(&taps, src, to)).collect();
        // Windows of a row that is as long as the longest end with it.
        let row_len = if src < ROW_MARGIN { src + ROW_MARGIN } else { src };
        Self {
            taps,
            narrow,
            #[cfg(target_arch = "x86_64")]
            wide,
            row_len,
        }
    }

    /// One for each output pixel.
    #[must_use]
    pub fn taps(&self) -> &[LinearTap] {
        &self.taps
    }

    /// Readable bytes that a source row needs; what lies beyond its pixels weighs nothing.
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.row_len
    }

    /// Windows that lie inside [`LinearTaps::row_len`].
    #[inline]
    pub(in crate::kernel) fn narrow(&self) -> &[Narrow] {
        &self.narrow
    }

    /// The same.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(in crate::kernel) fn wide(&self) -> &[Wide] {
        &self.wide
    }
}

/// Where groups of `size` output pixels begin, of which the last ends with the row; none for a row of fewer.
pub(super) fn groups(dst: usize, size: usize) -> impl Iterator<Item = usize> {
    let last = (dst >= size && !dst.is_multiple_of(size)).then(|| dst - size);
    (0..dst / size).map(move |i| i * size).chain(last)
}

impl Narrow {
    /// Which eight of the pixels each window feeds.
    pub(in crate::kernel) const ORDER: [usize; 4] = [0, 2, 1, 3];

    fn new(taps: &[LinearTap], src: usize, to: usize) -> Self {
        let mut group = Self { pick: [[0; 32]; 2], weight: [[0; 32]; 2], base: [0; 4], to };
        let picks = group.pick.as_flattened_mut().as_chunks_mut::<16>().0.iter_mut();
        let weights = group.weight.as_flattened_mut().as_chunks_mut::<16>().0;
        for (i, ((pick, weight), base)) in Self::ORDER.into_iter().zip(picks.zip(weights).zip(&mut group.base)) {
            *base = spread(&taps[to + 8 * i..][..8], src, pick, weight);
        }
        group
    }
}

#[cfg(target_arch = "x86_64")]
impl Wide {
    fn new(taps: &[LinearTap], src: usize, to: usize) -> Self {
        let mut group = Self { pick: [[0; 64]; 2], weight: [[0; 64]; 2], base: [0; 2], to };
        let windows = group.pick.iter_mut().zip(&mut group.weight).zip(&mut group.base);
        for (i, ((pick, weight), base)) in windows.enumerate() {
            *base = spread(&taps[to + 32 * i..][..32], src, pick, weight);
        }
        group
    }
}

/// Writes down what the pixels of `taps` take from a window as long as `pick`, and where it begins: inside a row of `src` pixels
/// that is as long.
fn spread(taps: &[LinearTap], src: usize, pick: &mut [u8], weight: &mut [u8]) -> usize {
    let length = pick.len();
    let first = taps.first().map_or(0, |tap| tap.index);
    let base = src.checked_sub(length).map_or(first, |last| first.min(last));
    for ((tap, pick), weight) in taps.iter().zip(pick.chunks_exact_mut(2)).zip(weight.chunks_exact_mut(2)) {
        let (pixels, weights) = tap.halves();
        for (pick, pixel) in pick.iter_mut().zip(pixels) {
            debug_assert!(pixel - base < length, "a window holds what its pixels need");
            *pick = u8::try_from(pixel - base).unwrap_or(0);
        }
        weight.copy_from_slice(&weights);
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_to_one_takes_the_mean_of_each_pair() {
        for i in 0..50 {
            assert_eq!(LinearTap::of(i, 100, 50), LinearTap { index: 2 * i, weight: 64 });
        }
    }

    #[test]
    fn of_a_row_that_grows_the_nearer_pixel_weighs_more_and_both_sides_are_alike() {
        let weights = [1, 2, 3].map(|i| LinearTap::of(i, 100, 200).weight);
        assert_eq!(weights, [29, 99, 29], "by distance alone: 32, 96, 32");
        assert!((0..=128).all(|weight| growing(weight) + growing(128 - weight) == 128));
        assert!((1..128).all(|weight| (1..128).contains(&growing(weight)) && growing(weight) >= growing(weight - 1)));
    }

    #[test]
    fn linear_taps_stay_inside_the_source() {
        for (src, dst) in [(1, 1), (1, 9), (2, 1), (17, 9), (402, 360), (405, 720), (1920, 960)] {
            for i in 0..dst {
                let tap = LinearTap::of(i, src, dst);
                assert!(tap.index < src && (tap.index + 1 < src || tap.weight == 0), "{i} of {src} to {dst}: {tap:?}");
            }
        }
    }

    #[test]
    fn groups_cover_a_row_and_its_last_ends_with_it() {
        assert_eq!(groups(31, 32).count(), 0);
        assert_eq!(groups(32, 32).collect::<Vec<_>>(), [0]);
        assert_eq!(groups(70, 32).collect::<Vec<_>>(), [0, 32, 38]);
    }

    #[test]
    fn every_window_lies_inside_the_row_and_gives_what_the_taps_say() {
        for src in 1..200_usize {
            for dst in src.div_ceil(2)..200 {
                let taps = LinearTaps::new(src, dst);
                for group in taps.narrow() {
                    for base in group.base {
                        assert!(base + 16 <= taps.row_len());
                    }
                    assert!(group.pick.as_flattened().iter().all(|&pick| pick < 16));
                    assert!(group.weight.as_flattened().chunks(2).all(|pair| pair[0] + pair[1] == 128));
                }
                #[cfg(target_arch = "x86_64")]
                for group in taps.wide() {
                    for base in group.base {
                        assert!(base + 64 <= taps.row_len());
                    }
                    assert!(group.pick.as_flattened().iter().all(|&pick| pick < 64));
                }
            }
        }
    }
}
