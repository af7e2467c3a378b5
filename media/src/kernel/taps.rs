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
    /// By covered area, in 256ths.
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

/// Two windows of a source row, sixteen bytes each, what to take from them, and its weights: as much as one vector
/// of 32 bytes holds. The scalar reads the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Where each window begins.
    pub(super) base: [u32; 2],
    /// Sixteen places in each window.
    pub(super) pick: [u8; 32],
    /// One for each place.
    pub(super) weight: [u8; 32],
}

impl Window {
    /// Bytes in one window.
    pub const BYTES: usize = 16;

    /// Two windows that weigh nothing.
    fn empty(base: [usize; 2]) -> Self {
        let base = base.map(|base| u32::try_from(base).unwrap_or(u32::MAX));
        Self { base, pick: [0; 32], weight: [0; 32] }
    }

    /// The linear taps for `src` pixels becoming `dst`, at most 2:1: sixteen output pixels from each pair of windows,
    /// two bytes for each. The source row must have at least [`Window::BYTES`] readable bytes.
    #[must_use]
    pub fn linear(src: usize, dst: usize) -> Vec<Self> {
        debug_assert!(src <= 2 * dst, "a window of sixteen bytes feeds eight pixels to 2:1 only");
        (0..dst.div_ceil(16)).map(|block| Self::linear_at(block * 16, src, dst)).collect()
    }

    fn linear_at(first: usize, src: usize, dst: usize) -> Self {
        let tap = |i: usize| LinearTap::of((first + i).min(dst - 1), src, dst);
        // The last windows are moved back inside the row, so that they never read beyond it.
        let last = src.max(Self::BYTES) - Self::BYTES;
        let base = [tap(0).index.min(last), tap(8).index.min(last)];
        let mut window = Self::empty(base);
        for i in 0..16 {
            let LinearTap { index, weight } = tap(i);
            let next = (index + 1).min(src.max(1) - 1);
            window.set(i * 2, index - base[i / 8], 128 - weight);
            window.set(i * 2 + 1, next - base[i / 8], weight);
        }
        window
    }

    fn set(&mut self, place: usize, pick: usize, weight: u8) {
        debug_assert!(pick < Self::BYTES, "a window holds what its pixels need");
        self.pick[place] = u8::try_from(pick).unwrap_or(0);
        self.weight[place] = weight;
    }
}

/// For each output pixel a run of source pixels and their weights, which add up to 256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaTaps {
    start: Vec<usize>,
    weight: Vec<Vec<u8>>,
    windows: Vec<Window>,
    vectors: usize,
    steps: usize,
}

impl AreaTaps {
    /// The taps for `src` pixels becoming `dst`, fewer.
    #[must_use]
    pub fn new(src: usize, dst: usize) -> Self {
        let (start, weight): (Vec<_>, Vec<_>) = (0..dst).map(|i| area_run(i, src, dst)).unzip();
        // Four pixels share a window while it reaches from the first one's start to the last one's fourth tap; then
        // two with eight taps each, then one with sixteen.
        let vectors = match () {
            () if src <= 4 * dst => 1,
            () if src <= 8 * dst => 2,
            () => 4,
        };
        let longest = weight.iter().map(Vec::len).max().unwrap_or(0);
        let mut taps = Self { start, weight, windows: Vec::new(), vectors, steps: longest.div_ceil(4 * vectors) };
        taps.windows = (0..dst.div_ceil(8)).flat_map(|block| taps.block(block)).collect();
        taps
    }

    /// The windows of eight output pixels. In vector `j` the first window feeds pixels `j·g` to `j·g + g − 1` of the
    /// first four, the second the same of the last four, `g = 4 / vectors`: pairwise sums then end up in order.
    fn block(&self, block: usize) -> Vec<Window> {
        let (together, run) = (4 / self.vectors, 4 * self.vectors);
        let mut windows = Vec::with_capacity(self.vectors * self.steps);
        for (j, step) in (0..self.vectors).flat_map(|j| (0..self.steps).map(move |step| (j, step))) {
            let pixel = |half: usize, i: usize| (block * 8 + half * 4 + j * together + i).min(self.start.len() - 1);
            let base = [0, 1].map(|half| self.start[pixel(half, 0)] + step * run);
            let mut window = Window::empty(base);
            for (half, i) in [0, 1].into_iter().flat_map(|half| (0..together).map(move |i| (half, i))) {
                let (start, weights) = self.pixel(pixel(half, i));
                for (k, &weight) in weights.iter().skip(step * run).take(run).enumerate() {
                    window.set(half * 16 + i * run + k, start + step * run + k - base[half], weight);
                }
            }
            windows.push(window);
        }
        windows
    }

    /// First source pixel and weights of output pixel `i`; nothing beyond the end.
    #[must_use]
    pub fn pixel(&self, i: usize) -> (usize, &[u8]) {
        (self.start.get(i).copied().unwrap_or(0), self.weight.get(i).map_or(&[], Vec::as_slice))
    }

    /// The windows of eight output pixels each: how many vectors their sums are spread over, how many windows add up to
    /// one vector, and all windows, vector by vector.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn windows(&self) -> (usize, usize, &[Window]) {
        (self.vectors, self.steps, &self.windows)
    }

    /// Readable bytes that a source row needs; what lies beyond its pixels weighs nothing.
    #[must_use]
    pub fn row_len(&self) -> usize {
        let bases = self.windows.iter().flat_map(|window| window.base);
        bases.max().map_or(0, |base| base as usize + Window::BYTES)
    }
}

/// Output pixel `i` covers `[i·src/dst, (i+1)·src/dst)`. Each weight is the difference of the rounded shares up to
/// both its edges, so that rounding never adds up and a flat area stays flat.
fn area_run(i: usize, src: usize, dst: usize) -> (usize, Vec<u8>) {
    let (from, to) = (i * src, (i + 1) * src); // in units of 1/dst source pixel
    let (first, end) = (from / dst, to.div_ceil(dst).min(src));
    let share = |pixel: usize| {
        let covered = (pixel * dst).clamp(from, to) - from;
        (covered * 256 + src / 2) / src
    };
    let weight = |pixel: usize| u8::try_from(share(pixel + 1) - share(pixel)).unwrap_or(u8::MAX);
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
    fn every_linear_window_lies_inside_the_row() {
        for src in 1..200_usize {
            for dst in src.div_ceil(2)..200 {
                for window in Window::linear(src, dst) {
                    for base in window.base {
                        assert!(base as usize + Window::BYTES <= src.max(Window::BYTES));
                    }
                    assert!(window.pick.iter().all(|&pick| usize::from(pick) < Window::BYTES));
                    assert!(window.weight.chunks(2).all(|pair| pair[0] + pair[1] == 128));
                }
            }
        }
    }

    #[test]
    fn area_weights_add_up_and_use_every_source_pixel() {
        for (src, dst) in [(3, 1), (720, 240), (721, 240), (1080, 240), (1280, 16), (1920, 17)] {
            let taps = AreaTaps::new(src, dst);
            let mut used = vec![0; src];
            for i in 0..dst {
                let (start, weights) = taps.pixel(i);
                assert_eq!(weights.iter().map(|&weight| i32::from(weight)).sum::<i32>(), 256);
                for (k, &weight) in weights.iter().enumerate() {
                    used[start + k] += i32::from(weight);
                }
            }
            assert!(used.iter().all(|&weight| weight > 0), "{src} to {dst}");
        }
    }
}
