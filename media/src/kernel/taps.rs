//! Where a scaled row takes its pixels from: prepared once for a pair of lengths, read by the scale kernels.
//!
//! Making taps allocates; the kernels that read them do not.

/// Which filter a length is scaled by.
///
/// Up to 2:1 two neighbours carry all the detail there is (at exactly 2:1 their mean is the area); beyond that
/// pixels would fall between the taps and flicker, so every source pixel counts by the area it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Between two neighbours, in 128ths.
    Linear,
    /// By covered area, in 16384ths.
    Area,
}

impl Filter {
    /// The filter for `src` pixels becoming `dst`.
    #[must_use]
    pub fn of(src: usize, dst: usize) -> Self {
        if src > 2 * dst { Self::Area } else { Self::Linear }
    }
}

/// Between which two source pixels an output pixel lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinearTap {
    /// The left or upper one.
    pub index: usize,
    /// Weight of its successor, in 128ths, 0 to 127. The last pixel has no successor and gets 0.
    pub weight: u8,
}

impl LinearTap {
    /// Output pixel `i` of `dst` from `src` pixels: centres on centres, rounded to the nearest 128th, kept inside.
    #[must_use]
    pub fn of(i: usize, src: usize, dst: usize) -> Self {
        let (i, src, dst) = (i as i64, src.max(1) as i64, dst.max(1) as i64);
        let position = (((2 * i + 1) * src - dst) * 128 + dst).div_euclid(2 * dst).clamp(0, (src - 1) * 128);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..src just above")]
        Self { index: (position >> 7) as usize, weight: (position & 127) as u8 }
    }
}

/// Sixteen output pixels of a row: two groups of eight, each from one window of sixteen source bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinearBlock {
    /// Where the window of each group begins.
    pub(super) base: [u32; 2],
    /// Two bytes of the window for each pixel.
    pub(super) pick: [u8; 32],
    /// Their weights, which add up to 128.
    pub(super) weight: [u8; 32],
}

impl LinearBlock {
    /// Source bytes that one group of eight may look at.
    pub const WINDOW: usize = 16;

    /// The blocks for `src` pixels becoming `dst`, at most 2:1. The source row they are used on must have
    /// at least [`LinearBlock::WINDOW`] readable bytes.
    #[must_use]
    pub fn row(src: usize, dst: usize) -> Vec<Self> {
        debug_assert!(src <= 2 * dst, "a window of sixteen bytes feeds eight pixels to 2:1 only");
        (0..dst.div_ceil(16)).map(|block| Self::at(block * 16, src, dst)).collect()
    }

    fn at(first: usize, src: usize, dst: usize) -> Self {
        let mut block = Self { base: [0; 2], pick: [0; 32], weight: [0; 32] };
        let last_window = src.max(Self::WINDOW) - Self::WINDOW;
        for group in 0..2 {
            let tap = |i: usize| LinearTap::of((first + group * 8 + i).min(dst - 1), src, dst);
            // The last windows are moved back inside the row, so that they never read beyond it.
            let base = tap(0).index.min(last_window);
            block.base[group] = u32::try_from(base).unwrap_or(u32::MAX);
            for i in 0..8 {
                let LinearTap { index, weight } = tap(i);
                let at = group * 16 + i * 2;
                let next = (index + 1).min(src.max(1) - 1);
                block.pick[at] = u8::try_from(index - base).unwrap_or(0);
                block.pick[at + 1] = u8::try_from(next - base).unwrap_or(0);
                block.weight[at] = 128 - weight;
                block.weight[at + 1] = weight;
            }
        }
        block
    }
}

/// For each output pixel a run of source pixels and their weights, which add up to 16384.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaTaps {
    run: usize,
    base: Vec<u32>,
    weight: Vec<i16>,
}

impl AreaTaps {
    /// The taps for `src` pixels becoming `dst`, runs padded with weights of zero to a multiple of `align`.
    #[must_use]
    pub fn new(src: usize, dst: usize, align: usize) -> Self {
        let runs: Vec<_> = (0..dst).map(|i| area_run(i, src, dst)).collect();
        let longest = runs.iter().map(|(_, weights)| weights.len()).max().unwrap_or(0);
        let run = longest.next_multiple_of(align.max(1));
        let mut taps = Self { run, base: Vec::with_capacity(dst), weight: Vec::with_capacity(dst * run) };
        for (base, weights) in runs {
            taps.base.push(u32::try_from(base).unwrap_or(u32::MAX));
            taps.weight.extend_from_slice(&weights);
            taps.weight.resize(taps.base.len() * run, 0);
        }
        taps
    }

    /// Source pixels per output pixel, padding included.
    #[must_use]
    pub fn run(&self) -> usize {
        self.run
    }

    /// First source pixel of each output pixel.
    #[must_use]
    pub fn base(&self) -> &[u32] {
        &self.base
    }

    /// Weights, [`AreaTaps::run`] for each output pixel.
    #[must_use]
    pub fn weight(&self) -> &[i16] {
        &self.weight
    }

    /// First source pixel and weights of output pixel `i`; empty beyond the end.
    #[must_use]
    pub fn pixel(&self, i: usize) -> (usize, &[i16]) {
        let base = self.base.get(i).map_or(0, |&base| base as usize);
        (base, self.weight.get(i * self.run..(i + 1) * self.run).unwrap_or(&[]))
    }

    /// Readable bytes that a source row needs, padding included.
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.base.last().map_or(0, |&base| base as usize + self.run)
    }
}

/// Output pixel `i` covers `[i·src/dst, (i+1)·src/dst)`. Each weight is the difference of the rounded shares up to
/// both its edges, so that rounding never adds up and a flat area stays flat.
fn area_run(i: usize, src: usize, dst: usize) -> (usize, Vec<i16>) {
    let (from, to) = (i * src, (i + 1) * src); // in units of 1/dst source pixel
    let (first, end) = (from / dst, to.div_ceil(dst).min(src));
    let share = |pixel: usize| {
        let covered = (pixel * dst).clamp(from, to) - from;
        (covered * 16384 + src / 2) / src
    };
    let weight = |pixel: usize| i16::try_from(share(pixel + 1) - share(pixel)).unwrap_or(i16::MAX);
    (first, (first..end).map(weight).collect())
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
    fn linear_taps_stay_inside_the_source() {
        for (src, dst) in [(1, 1), (1, 9), (2, 1), (17, 9), (402, 360), (405, 720), (1920, 960)] {
            for i in 0..dst {
                let tap = LinearTap::of(i, src, dst);
                assert!(tap.index < src && (tap.index + 1 < src || tap.weight == 0), "{i} of {src} to {dst}: {tap:?}");
            }
        }
    }

    #[test]
    fn every_window_of_a_linear_block_lies_inside_the_row() {
        for src in 1_usize..200 {
            for dst in src.div_ceil(2)..200 {
                for block in LinearBlock::row(src, dst) {
                    for base in block.base {
                        assert!(base as usize + LinearBlock::WINDOW <= src.max(LinearBlock::WINDOW));
                    }
                    assert!(block.pick.iter().all(|&pick| usize::from(pick) < LinearBlock::WINDOW));
                    assert!(block.weight.chunks(2).all(|pair| pair[0] + pair[1] == 128));
                }
            }
        }
    }

    #[test]
    fn area_weights_add_up_and_use_every_source_pixel() {
        for (src, dst) in [(3, 1), (720, 240), (721, 240), (1280, 16), (1920, 17)] {
            let taps = AreaTaps::new(src, dst, 8);
            let mut used = vec![0i32; taps.row_len().max(src)];
            for i in 0..dst {
                let (base, weights) = taps.pixel(i);
                assert_eq!(weights.iter().map(|&weight| i32::from(weight)).sum::<i32>(), 16384);
                for (k, &weight) in weights.iter().enumerate() {
                    used[base + k] += i32::from(weight);
                }
            }
            assert!(used[..src].iter().all(|&weight| weight > 0), "{src} to {dst}");
            assert!(used[src..].iter().all(|&weight| weight == 0), "{src} to {dst}");
        }
    }
}
