//! Taps by covered area.

use super::linear::groups;

/// The source pixels that an output pixel covers, and what each counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaRun {
    start: usize,
    weights: Vec<u8>,
}

impl AreaRun {
    /// Output pixel `i` covers `[i·src/dst, (i+1)·src/dst)`. Each weight is the difference of the rounded shares up to
    /// both its edges, so that rounding never adds up and a flat area stays flat.
    fn of(i: usize, src: usize, dst: usize) -> Self {
        let (from, to) = (i * src, (i + 1) * src); // in units of 1/dst source pixel
        let (start, end) = (from / dst, to.div_ceil(dst).min(src));
        let share = |pixel: usize| {
            let covered = (pixel * dst).clamp(from, to) - from;
            (covered * 128 + src / 2) / src
        };
        let weight = |pixel: usize| u8::try_from(share(pixel + 1) - share(pixel)).unwrap_or(u8::MAX);
        Self { start, weights: (start..end).map(weight).collect() }
    }

    /// The first source pixel.
    #[inline]
    #[must_use]
    pub fn start(&self) -> usize {
        self.start
    }

    /// What it and those after it count, in 128ths; together 128.
    #[inline]
    #[must_use]
    pub fn weights(&self) -> &[u8] {
        &self.weights
    }
}

/// A run for each output pixel of a row that becomes less than half as long, and the same once more as vectors want it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaTaps {
    runs: Vec<AreaRun>,
    /// Where blocks of eight output pixels begin; none for a row of fewer. The last ends with the row.
    blocks: Vec<usize>,
    windows: Vec<Window>,
    vectors: usize,
    steps: usize,
    #[cfg(target_arch = "x86_64")]
    wide: Vec<WideArea>,
    row_len: usize,
}

/// Two windows of a source row, sixteen bytes each, what to take from them, and its weights.
#[derive(Debug, Clone, PartialEq, Eq)]
#[repr(align(32))]
pub(in crate::kernel) struct Window {
    pub(in crate::kernel) pick: [u8; 32],
    pub(in crate::kernel) weight: [u8; 32],
    /// Where each begins in the row.
    pub(in crate::kernel) base: [usize; 2],
}

/// Sixty-four output pixels: four bytes for each, sixteen pixels from each of four windows of sixty-four bytes.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, PartialEq, Eq)]
#[repr(align(64))]
pub(in crate::kernel) struct WideArea {
    pub(in crate::kernel) pick: [[u8; 64]; 4],
    pub(in crate::kernel) weight: [[u8; 64]; 4],
    pub(in crate::kernel) base: [usize; 4],
    /// The first of the pixels.
    pub(in crate::kernel) to: usize,
}

/// The windows of a row, block by block.
#[derive(Debug, Clone, Copy)]
pub(in crate::kernel) struct Blocks<'a> {
    /// Where each block of eight output pixels begins.
    pub(in crate::kernel) starts: &'a [usize],
    /// `vectors · steps` for each block.
    pub(in crate::kernel) windows: &'a [Window],
    /// How many vectors the sums of a block are spread over: 1, 2 or 4.
    pub(in crate::kernel) vectors: usize,
    /// How many windows add up to one vector.
    pub(in crate::kernel) steps: usize,
}

impl AreaTaps {
    /// The taps for `src` pixels becoming `dst`, less than half as many.
    #[must_use]
    pub fn new(src: usize, dst: usize) -> Self {
        let runs: Vec<_> = (0..dst).map(|i| AreaRun::of(i, src, dst)).collect();
        // Four pixels share a window while it reaches from the first one's start to the last one's fourth tap; then
        // two with eight taps each, then one with sixteen.
        let vectors = match () {
            () if src <= 4 * dst => 1,
            () if src <= 8 * dst => 2,
            () => 4,
        };
        let longest = runs.iter().map(|run| run.weights.len()).max().unwrap_or(0);
        let steps = longest.div_ceil(4 * vectors);
        let blocks: Vec<_> = groups(dst, 8).collect();
        let windows: Vec<_> = blocks.iter().flat_map(|&to| block(&runs[to..to + 8], vectors, steps)).collect();
        #[cfg(target_arch = "x86_64")]
        let wide = groups(dst, 64).map_while(|to| WideArea::new(&runs, to)).collect();
        // Sixty-four bytes from every start, and sixteen from every window.
        let bases = windows.iter().flat_map(|window| window.base).chain([src]);
        let row_len = bases.max().map_or(0, |base| base + super::ROW_MARGIN);
        Self {
            runs,
            blocks,
            windows,
            vectors,
            steps,
            #[cfg(target_arch = "x86_64")]
            wide,
            row_len,
        }
    }

    /// One for each output pixel.
    #[must_use]
    pub fn runs(&self) -> &[AreaRun] {
        &self.runs
    }

    /// Readable bytes that a source row needs; what lies beyond its pixels weighs nothing.
    #[must_use]
    pub fn row_len(&self) -> usize {
        self.row_len
    }

    /// Windows that lie inside [`AreaTaps::row_len`].
    #[inline]
    pub(in crate::kernel) fn blocks(&self) -> Blocks<'_> {
        Blocks { starts: &self.blocks, windows: &self.windows, vectors: self.vectors, steps: self.steps }
    }

    /// The same; none where they do not cover the whole row.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(in crate::kernel) fn wide(&self) -> &[WideArea] {
        let covered = self.wide.last().is_some_and(|last| last.to + 64 == self.runs.len());
        if covered { &self.wide } else { &[] }
    }
}

/// The windows of eight output pixels. In vector `j` the first window feeds pixels `j·g` to `j·g + g − 1` of the
/// first four, the second the same of the last four, `g = 4 / vectors`: pairwise sums then end up in order.
fn block(runs: &[AreaRun], vectors: usize, steps: usize) -> Vec<Window> {
    let (together, reach) = (4 / vectors, 4 * vectors);
    let mut windows = Vec::with_capacity(vectors * steps);
    for (j, step) in (0..vectors).flat_map(|j| (0..steps).map(move |step| (j, step))) {
        let run = |half: usize, i: usize| &runs[half * 4 + j * together + i];
        let base = [0, 1].map(|half| run(half, 0).start + step * reach);
        let mut window = Window { base, pick: [0; 32], weight: [0; 32] };
        for (half, i) in [0, 1].into_iter().flat_map(|half| (0..together).map(move |i| (half, i))) {
            let AreaRun { start, weights } = run(half, i);
            for (k, &weight) in weights.iter().skip(step * reach).take(reach).enumerate() {
                let pick = start + step * reach + k - base[half];
                debug_assert!(pick < 16, "a window holds what its pixels need");
                let place = half * 16 + i * reach + k;
                (window.pick[place], window.weight[place]) = (u8::try_from(pick).unwrap_or(0), weight);
            }
        }
        windows.push(window);
    }
    windows
}

#[cfg(target_arch = "x86_64")]
impl WideArea {
    /// `None` where a run is longer than four or a window too short for sixteen.
    fn new(runs: &[AreaRun], to: usize) -> Option<Self> {
        let mut group = Self { pick: [[0; 64]; 4], weight: [[0; 64]; 4], base: [0; 4], to };
        for (i, runs) in runs[to..to + 64].chunks_exact(16).enumerate() {
            group.base[i] = runs[0].start;
            for (n, run) in runs.iter().enumerate() {
                for (k, &weight) in run.weights.iter().enumerate() {
                    let pick = u8::try_from(run.start + k - group.base[i]).ok().filter(|&pick| pick < 64 && k < 4)?;
                    (group.pick[i][n * 4 + k], group.weight[i][n * 4 + k]) = (pick, weight);
                }
            }
        }
        Some(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_weights_add_up_and_use_every_source_pixel() {
        for (src, dst) in [(3, 1), (720, 240), (721, 240), (1080, 240), (1280, 16), (1920, 17)] {
            let taps = AreaTaps::new(src, dst);
            let mut used = vec![0; src];
            for run in taps.runs() {
                assert_eq!(run.weights().iter().map(|&weight| i32::from(weight)).sum::<i32>(), 128);
                for (k, &weight) in run.weights().iter().enumerate() {
                    used[run.start() + k] += i32::from(weight);
                }
            }
            assert!(used.iter().all(|&weight| weight > 0), "{src} to {dst}");
        }
    }

    #[test]
    fn every_window_lies_inside_the_row() {
        for dst in 1..150_usize {
            for src in [2 * dst + 1, 3 * dst - 1, 3 * dst, 4 * dst, 4 * dst + 1, 8 * dst, 15 * dst + 3] {
                let taps = AreaTaps::new(src.max(2 * dst + 1), dst);
                let Blocks { starts, windows, vectors, steps } = taps.blocks();
                assert_eq!(windows.len(), starts.len() * vectors * steps);
                assert!(windows.iter().flat_map(|window| window.base).all(|base| base + 16 <= taps.row_len()));
                assert!(windows.iter().flat_map(|window| window.pick).all(|pick| pick < 16));
                assert!(starts.last().is_none_or(|last| last + 8 == dst));
                #[cfg(target_arch = "x86_64")]
                for group in taps.wide() {
                    assert!(group.base.iter().all(|base| base + 64 <= taps.row_len()));
                    assert!(group.pick.as_flattened().iter().all(|&pick| pick < 64));
                }
            }
        }
    }
}
