//! Loops over pixels and samples; the scalar is the specification, SIMD stands beside it.
//!
//! | kernel | does | scalar |
//! |---|---|---|
//! | [`Kernels::lerp_rows`] | two rows into one, 7-bit weight | [`scale::lerp_rows`] |
//! | [`Kernels::lerp_row`] | a row resampled between neighbours | [`scale::lerp_row`] |
//! | [`Kernels::average_rows`] | many rows into one, 8-bit weights | [`scale::average_rows`] |
//! | [`Kernels::average_row`] | a row shrunk by area | [`scale::average_row`] |
//! | [`Kernels::blend_row`] | source over destination by an alpha row | [`blend::blend_row`] |
//! | [`Kernels::recolour_chroma`], [`Kernels::recolour_luma`] | other colours into the canvas's | [`recolour`] |
//!
//! **Invariant:** every level gives the bits of the scalar, at every length; a kernel never allocates and never
//! panics, whatever the lengths: it does as much as all its slices allow. Fill and copy are `slice::fill` and
//! `slice::copy_from_slice`, which are already as fast as the memory.

#[cfg(target_arch = "x86_64")]
mod avx2;
pub mod blend;
pub mod recolour;
pub mod scale;
pub mod sound;
pub mod taps;

use std::fmt;

use recolour::Recolour;
use taps::{AreaTaps, Window};

/// The instruction set that the kernels use, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Plain Rust: the specification, and what processors other than x86-64 get.
    Scalar,
    /// 256-bit integer vectors of x86-64.
    Avx2,
}

impl Level {
    /// All levels, from least to most.
    pub const ALL: [Self; 2] = [Self::Scalar, Self::Avx2];

    /// The best level of this processor.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            return Self::Avx2;
        }
        Self::Scalar
    }

    /// Reads `scalar` or `avx2`, in any case; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(text.trim()))
    }

    /// The name as [`Level::parse`] reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kernels of one level, picked once and handed down by value.
#[derive(Debug, Clone, Copy)]
pub struct Kernels {
    level: Level,
    /// See [`scale::lerp_rows`].
    pub lerp_rows: fn(dst: &mut [u8], a: &[u8], b: &[u8], weight: u8),
    /// See [`scale::lerp_row`].
    pub lerp_row: fn(dst: &mut [u8], src: &[u8], windows: &[Window]),
    /// See [`scale::average_rows`].
    pub average_rows: fn(dst: &mut [u8], src: &[u8], stride: usize, weights: &[u8]),
    /// See [`scale::average_row`].
    pub average_row: fn(dst: &mut [u8], src: &[u8], taps: &AreaTaps),
    /// See [`blend::blend_row`].
    pub blend_row: fn(dst: &mut [u8], src: &[u8], alpha: &[u8]),
    /// See [`recolour::recolour_chroma`].
    pub recolour_chroma: fn(u: &mut [u8], v: &mut [u8], shift: &mut [i16], by: &Recolour),
    /// See [`recolour::recolour_luma`].
    pub recolour_luma: fn(y: &mut [u8], shift: &[i16], by: &Recolour),
}

impl Kernels {
    /// The kernels of `level`, or of the processor's best level where that is less.
    #[must_use]
    pub fn new(level: Level) -> Self {
        match level.min(Level::detect()) {
            Level::Scalar => Self::scalar(),
            Level::Avx2 => Self::avx2(),
        }
    }

    /// The processor's best kernels, or lesser ones where `wish` says so; a wish never raises the level.
    #[must_use]
    pub fn pick(wish: Option<Level>) -> Self {
        Self::new(wish.unwrap_or_else(Level::detect))
    }

    /// The level in use.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    fn scalar() -> Self {
        Self {
            level: Level::Scalar,
            lerp_rows: scale::lerp_rows,
            lerp_row: scale::lerp_row,
            average_rows: scale::average_rows,
            average_row: scale::average_row,
            blend_row: blend::blend_row,
            recolour_chroma: recolour::recolour_chroma,
            recolour_luma: recolour::recolour_luma,
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn avx2() -> Self {
        Self {
            level: Level::Avx2,
            lerp_rows: avx2::lerp_rows,
            lerp_row: avx2::lerp_row,
            average_rows: avx2::average_rows,
            average_row: avx2::average_row,
            blend_row: avx2::blend_row,
            recolour_chroma: avx2::recolour_chroma,
            recolour_luma: avx2::recolour_luma,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn avx2() -> Self {
        Self::scalar()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_back_by_its_name() {
        for level in Level::ALL {
            assert_eq!(Level::parse(&level.to_string().to_uppercase()), Some(level));
        }
        assert_eq!(Level::parse("avx1024"), None);
    }

    #[test]
    fn a_wish_lowers_the_level_and_never_raises_it() {
        assert_eq!(Kernels::pick(Some(Level::Scalar)).level(), Level::Scalar);
        assert_eq!(Kernels::pick(Some(Level::Avx2)).level(), Level::detect());
        assert_eq!(Kernels::pick(None).level(), Level::detect());
    }
}
