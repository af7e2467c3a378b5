//! Scales one plane of a picture: eight output rows at a time, or four, so that what is read once for a row serves all of them.
//!
//! ```text
//! source rows ──► as many rows mixed, as wide as the source ──► rows of the tile
//!                     (stay in the first cache)
//! ```

use crate::frame::Size;
use crate::kernel::Kernels;
use crate::kernel::rows::{Rows, RowsMut};
use crate::kernel::taps::{AreaTaps, Filter, LinearTap, LinearTaps, ROW_MARGIN};

/// Output rows that are made at once: what is read of weights then serves all of them.
const STRIP: usize = 8;

/// Output rows that are made at once where those take so much of the source that little else stays in the first cache.
const SHORT_STRIP: usize = 4;

/// Bytes of the source that a strip may take: as many as are on their way into the cache meanwhile.
const STRIP_BYTES: usize = 8 << 10;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Everything prepared to scale planes of one size to another.
#[derive(Debug)]
pub(super) struct PlaneScaler {
    src: Size,
    dst: Size,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Copy,
    /// Exactly two to one in both directions.
    Halve,
    /// Exactly four to one in both directions.
    Quarter,
    /// Two rows of each three, and columns by taps, straight into the tile.
    Thirds(LinearTaps),
    /// The rows alone, straight into the tile.
    Rows(RowTaps),
    Both(RowTaps, ColumnTaps, Strip),
}

#[derive(Debug)]
enum RowTaps {
    Linear(Vec<LinearTap>),
    Area(AreaTaps),
}

#[derive(Debug)]
enum ColumnTaps {
    Linear(LinearTaps),
    Area(AreaTaps),
}

/// The rows between both steps.
#[derive(Debug)]
struct Strip {
    bytes: Vec<u8>,
    stride: usize,
}

impl PlaneScaler {
    pub(super) fn new(src: Size, dst: Size) -> Self {
        let shrunk = |by: usize| src.width == by * dst.width && src.height == by * dst.height;
        let way = if src == dst {
            Way::Copy
        } else if shrunk(2) {
            Way::Halve
        } else if shrunk(4) {
            Way::Quarter
        } else if src.width == dst.width {
            Way::Rows(RowTaps::new(src.height, dst.height))
        } else if 2 * src.height == 3 * dst.height
            && src.width >= ROW_MARGIN
            && Filter::of(src.width, dst.width) == Filter::Linear
        {
            Way::Thirds(LinearTaps::new(src.width, dst.width))
        } else {
            let columns = ColumnTaps::new(src.width, dst.width);
            let strip = Strip::new(columns.row_len());
            Way::Both(RowTaps::new(src.height, dst.height), columns, strip)
        };
        Self { src, dst, way }
    }

    /// How many output rows are made at once.
    fn strip(&self) -> usize {
        let taken = (STRIP * self.src.height).div_ceil(self.dst.height.max(1)) * self.src.width;
        if taken <= STRIP_BYTES { STRIP } else { SHORT_STRIP }
    }

    /// From planes of the one size into planes of the other.
    pub(super) fn run(&mut self, kernels: &Kernels, src: Rows<'_>, mut dst: RowsMut<'_>) {
        let Size { width, height } = self.dst;
        (kernels.begin)(src, self.src.width);
        if matches!(self.way, Way::Copy) {
            return copy(kernels, src, dst, self.dst);
        }
        let strip = self.strip();
        for first in (0..height).step_by(strip) {
            let rows = strip.min(height - first);
            let out = dst.from(first);
            match &mut self.way {
                Way::Copy => {}
                Way::Halve => (kernels.halve)(out, width, rows, src.from(2 * first)),
                Way::Quarter => (kernels.quarter)(out, width, rows, src.from(4 * first)),
                Way::Thirds(taps) => (kernels.thirds)(out, rows / 2, src.from(first / 2 * 3), taps),
                Way::Rows(taps) => taps.run(kernels, out, width, src, first, rows),
                Way::Both(taps, columns, strip) => {
                    taps.run(kernels, strip.rows_mut(), self.src.width, src, first, rows);
                    columns.run(kernels, out, rows, strip.rows());
                }
            }
        }
    }
}

/// Rows one after the other.
fn copy(kernels: &Kernels, src: Rows<'_>, mut dst: RowsMut<'_>, Size { width, height }: Size) {
    for i in 0..height {
        (kernels.follow)(src.from(i), width);
        if let (Some(dst), Some(src)) = (dst.row(i, width), src.row(i, width)) {
            dst.copy_from_slice(src);
        }
    }
}

impl RowTaps {
    fn new(src: usize, dst: usize) -> Self {
        match Filter::of(src, dst) {
            Filter::Linear => Self::Linear((0..dst).map(|i| LinearTap::of(i, src, dst)).collect()),
            Filter::Area => Self::Area(AreaTaps::new(src, dst)),
        }
    }

    /// So many output rows from `first` on, `width` bytes each.
    fn run(&self, kernels: &Kernels, dst: RowsMut<'_>, width: usize, src: Rows<'_>, first: usize, rows: usize) {
        match self {
            Self::Linear(taps) => (kernels.lerp_rows)(dst, width, src, &taps[first..first + rows]),
            Self::Area(taps) => (kernels.average_rows)(dst, width, src, &taps.runs()[first..first + rows]),
        }
    }
}

impl ColumnTaps {
    fn new(src: usize, dst: usize) -> Self {
        match Filter::of(src, dst) {
            Filter::Linear => Self::Linear(LinearTaps::new(src, dst)),
            Filter::Area => Self::Area(AreaTaps::new(src, dst)),
        }
    }

    fn row_len(&self) -> usize {
        match self {
            Self::Linear(taps) => taps.row_len(),
            Self::Area(taps) => taps.row_len(),
        }
    }

    fn run(&self, kernels: &Kernels, dst: RowsMut<'_>, rows: usize, src: Rows<'_>) {
        match self {
            Self::Linear(taps) => (kernels.lerp_columns)(dst, rows, src, taps),
            Self::Area(taps) => (kernels.average_columns)(dst, rows, src, taps),
        }
    }
}

impl Strip {
    fn new(row_len: usize) -> Self {
        let stride = row_len.next_multiple_of(LINE);
        Self { bytes: vec![0; stride * STRIP + LINE], stride }
    }

    /// Where its first row begins: with a cache line, so that vectors are written into one and not across two.
    fn start(&self) -> usize {
        self.bytes.as_ptr().align_offset(LINE).min(LINE)
    }

    fn rows(&self) -> Rows<'_> {
        Rows::new(&self.bytes[self.start()..], self.stride)
    }

    fn rows_mut(&mut self) -> RowsMut<'_> {
        let start = self.start();
        RowsMut::new(&mut self.bytes[start..], self.stride)
    }
}
