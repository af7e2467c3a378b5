//! Loops over pixels and samples; the scalar is the specification, SIMD stands beside it.
//!
//! | kernel | does | scalar |
//! |---|---|---|
//! | [`Kernels::lerp_rows`] | between two rows | [`scale::lerp_rows`] |
//! | [`Kernels::lerp_columns`] | rows resampled between neighbours | [`scale::lerp_columns`] |
//! | [`Kernels::average_rows`] | many rows into one | [`scale::average_rows`] |
//! | [`Kernels::average_columns`] | rows shrunk by area | [`scale::average_columns`] |
//! | [`Kernels::halve`] | half as wide and half as high | [`scale::halve`] |
//! | [`Kernels::quarter`] | a quarter as wide and as high | [`scale::quarter`] |
//! | [`Kernels::thirds`] | two rows of each three, and columns between neighbours | [`thirds::thirds`] |
//! | [`Kernels::begin`] | has the first rows in the cache before they are read | nothing |
//! | [`Kernels::follow`] | has the row after those in the cache before it is read | nothing |
//! | [`Kernels::blend_row`] | source over destination by an alpha row | [`blend::blend_row`] |
//! | [`Kernels::tint_row`] | one value over a row at one alpha | [`blend::tint_row`] |
//! | [`Kernels::recolour_chroma`], [`Kernels::recolour_luma`] | other colours into the canvas's | [`recolour`] |
//!
//! **Invariant:** every level gives the bits of the scalar, at every length; a kernel never allocates and never
//! panics, whatever the lengths: it does as much as all its slices allow. Fill and copy are `slice::fill` and
//! `slice::copy_from_slice`, which are already as fast as the memory. [`fold`] measures what the memory takes.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod blend;
pub mod fold;
mod level;
#[cfg(target_arch = "aarch64")]
mod neon;
pub mod recolour;
pub mod rows;
pub mod scale;
pub mod sound;
pub mod taps;
pub mod thirds;

pub use level::Level;
use recolour::Recolour;
use rows::{Rows, RowsMut};
use taps::{AreaRun, AreaTaps, LinearTap, LinearTaps};

/// The kernels of one level, picked once and handed down by value.
#[derive(Debug, Clone, Copy)]
pub struct Kernels {
    level: Level,
    /// See [`scale::lerp_rows`].
    pub lerp_rows: fn(dst: RowsMut<'_>, width: usize, src: Rows<'_>, taps: &[LinearTap]),
    /// See [`scale::lerp_columns`].
    pub lerp_columns: fn(dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &LinearTaps),
    /// See [`scale::average_rows`].
    pub average_rows: fn(dst: RowsMut<'_>, width: usize, src: Rows<'_>, runs: &[AreaRun]),
    /// See [`scale::average_columns`].
    pub average_columns: fn(dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &AreaTaps),
    /// See [`scale::halve`].
    pub halve: fn(dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>),
    /// See [`scale::quarter`].
    pub quarter: fn(dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>),
    /// See [`thirds::thirds`].
    pub thirds: fn(dst: RowsMut<'_>, pairs: usize, src: Rows<'_>, taps: &LinearTaps),
    /// Has the first rows on their way into the cache, `width` bytes of each; the others follow as rows are read. Changes
    /// nothing else.
    pub begin: fn(src: Rows<'_>, width: usize),
    /// Has the one row that follows those of [`Kernels::begin`] on its way, for who reads the first of them now and without a
    /// kernel that asks for what follows.
    pub follow: fn(src: Rows<'_>, width: usize),
    /// See [`blend::blend_row`].
    pub blend_row: fn(dst: &mut [u8], src: &[u8], alpha: &[u8]),
    /// See [`blend::tint_row`].
    pub tint_row: fn(dst: &mut [u8], value: u8, alpha: u8),
    /// See [`recolour::recolour_chroma`].
    pub recolour_chroma: fn(u: &mut [u8], v: &mut [u8], shift: &mut [i16], by: &Recolour),
    /// See [`recolour::recolour_luma`].
    pub recolour_luma: fn(y: &mut [u8], shift: &[i16], by: &Recolour),
}

impl Kernels {
    /// The kernels of `level`, or of the processor's best level below it where it lacks that one.
    #[must_use]
    pub fn new(level: Level) -> Self {
        match level.lowered() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => Self::avx512(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => Self::avx2(),
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx512 | Level::Avx2 => Self::scalar(),
            #[cfg(target_arch = "aarch64")]
            Level::Neon => Self::neon(),
            #[cfg(not(target_arch = "aarch64"))]
            Level::Neon => Self::scalar(),
            Level::Scalar => Self::scalar(),
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
            lerp_columns: scale::lerp_columns,
            average_rows: scale::average_rows,
            average_columns: scale::average_columns,
            halve: scale::halve,
            quarter: scale::quarter,
            thirds: thirds::thirds,
            begin: |_, _| {},
            follow: |_, _| {},
            blend_row: blend::blend_row,
            tint_row: blend::tint_row,
            recolour_chroma: recolour::recolour_chroma,
            recolour_luma: recolour::recolour_luma,
        }
    }

    #[cfg(target_arch = "aarch64")]
    fn neon() -> Self {
        Self {
            level: Level::Neon,
            lerp_rows: neon::lerp_rows,
            lerp_columns: neon::lerp_columns,
            average_rows: neon::average_rows,
            average_columns: neon::average_columns,
            halve: neon::halve,
            quarter: neon::quarter,
            thirds: neon::thirds,
            begin: neon::begin,
            follow: neon::follow,
            blend_row: neon::blend_row,
            tint_row: neon::tint_row,
            recolour_chroma: neon::recolour_chroma,
            recolour_luma: neon::recolour_luma,
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn avx2() -> Self {
        Self {
            level: Level::Avx2,
            lerp_rows: avx2::lerp_rows,
            lerp_columns: avx2::lerp_columns,
            average_rows: avx2::average_rows,
            average_columns: avx2::average_columns,
            halve: avx2::halve,
            quarter: avx2::quarter,
            thirds: avx2::thirds,
            begin: avx2::begin,
            follow: avx2::follow,
            blend_row: avx2::blend_row,
            tint_row: avx2::tint_row,
            recolour_chroma: avx2::recolour_chroma,
            recolour_luma: avx2::recolour_luma,
        }
    }

    /// Recolouring and quarters, which are rare, are AVX2's, and so are means of rows: those wait for the memory, and in wider
    /// vectors waited a fifth longer where it was measured.
    #[cfg(target_arch = "x86_64")]
    fn avx512() -> Self {
        Self {
            level: Level::Avx512,
            lerp_rows: avx512::lerp_rows,
            lerp_columns: avx512::lerp_columns,
            average_columns: avx512::average_columns,
            halve: avx512::halve,
            thirds: avx512::thirds,
            blend_row: avx512::blend_row,
            tint_row: avx512::tint_row,
            ..Self::avx2()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_lowers_the_level_and_never_raises_it() {
        assert_eq!(Kernels::pick(Some(Level::Scalar)).level(), Level::Scalar);
        assert_eq!(Kernels::pick(None).level(), Level::detect());
        for level in Level::ALL {
            assert_eq!(Kernels::pick(Some(level)).level(), level.lowered());
        }
    }
}
