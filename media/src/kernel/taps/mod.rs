//! Where a scaled row takes its pixels from: prepared once for a pair of lengths, read by the scale kernels. All weights are
//! 128ths: whatever they are given to, sums of bytes then fit sixteen bits with a sign, as vector multipliers want them.
//!
//! Making taps allocates; the kernels that read them do not.

mod area;
mod linear;

pub use area::{AreaRun, AreaTaps};
pub use linear::{LinearTap, LinearTaps};

#[cfg(target_arch = "x86_64")]
pub(super) use area::Blocks;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) use area::Window;
#[cfg(target_arch = "aarch64")]
pub(super) use linear::Narrow;

/// Which filter a length is scaled by.
///
/// Up to 2:1 two neighbours carry all the detail there is (at exactly 2:1 their mean is the area); beyond that
/// pixels would fall between the taps and flicker, so every source pixel counts by the area it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Between two neighbours.
    Linear,
    /// By covered area.
    Area,
}

impl Filter {
    /// The filter for `src` pixels becoming `dst`.
    #[must_use]
    pub fn of(src: usize, dst: usize) -> Self {
        if src > 2 * dst { Self::Area } else { Self::Linear }
    }
}

/// Bytes beyond a row's pixels that must be readable, so that whole vectors can be read wherever its pixels are.
pub const ROW_MARGIN: usize = 64;
