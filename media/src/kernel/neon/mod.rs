//! The kernels in 128-bit vectors of AArch64, every processor of which has them. Formulas and rounding: see the scalar beside
//! each. Products of bytes are sixteen bits wide here, so no weight needs a sign.

mod area;
mod blend;
mod linear;
mod quarter;
mod recolour;
mod thirds;

use std::arch::aarch64::*;

use super::fold::{LINE, fold_bytes, fold_line, folded};
use super::recolour::Recolour;
use super::rows::{Rows, RowsMut};
use super::taps::{AreaRun, AreaTaps, LinearTap, LinearTaps};

/// A plain function around one that needs NEON, so that all levels have the same type.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident = $($inner:ident)::+($($arg:ident: $kind:ty),*)) => {
        $(#[$doc])*
        #[allow(unsafe_code, reason = "the call that the processor check stands for")]
        pub(super) fn $name($($arg: $kind),*) {
            // SAFETY: NEON is part of every AArch64 target that the standard library is built for.
            unsafe { $($inner)::+($($arg),*) }
        }
    };
}

entry! {
    /// [`super::scale::lerp_rows`].
    lerp_rows = linear::rows(dst: RowsMut<'_>, width: usize, src: Rows<'_>, taps: &[LinearTap])
}
entry! {
    /// [`super::scale::lerp_columns`].
    lerp_columns = linear::columns(dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &LinearTaps)
}
entry! {
    /// [`super::scale::average_rows`].
    average_rows = area::rows(dst: RowsMut<'_>, width: usize, src: Rows<'_>, runs: &[AreaRun])
}
entry! {
    /// [`super::scale::average_columns`].
    average_columns = area::columns(dst: RowsMut<'_>, rows: usize, src: Rows<'_>, taps: &AreaTaps)
}
entry! {
    /// [`super::scale::halve`].
    halve = linear::halve(dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>)
}
entry! {
    /// [`super::thirds::thirds`].
    thirds = thirds::thirds(dst: RowsMut<'_>, pairs: usize, src: Rows<'_>, taps: &LinearTaps)
}
entry! {
    /// [`super::scale::quarter`].
    quarter = quarter::quarter(dst: RowsMut<'_>, width: usize, rows: usize, src: Rows<'_>)
}
entry! {
    /// [`super::blend::blend_row`].
    blend_row = blend::blend(dst: &mut [u8], src: &[u8], alpha: &[u8])
}
entry! {
    /// [`super::blend::tint_row`].
    tint_row = blend::tint(dst: &mut [u8], value: u8, alpha: u8)
}
entry! {
    /// [`super::recolour::recolour_chroma`].
    recolour_chroma = recolour::chroma(u: &mut [u8], v: &mut [u8], shift: &mut [i16], by: &Recolour)
}
entry! {
    /// [`super::recolour::recolour_luma`].
    recolour_luma = recolour::luma(y: &mut [u8], shift: &[i16], by: &Recolour)
}

/// [`super::fold::Fold`].
pub(super) fn fold(src: Rows<'_>, width: usize, rows: usize, ahead: bool) -> u8 {
    let (mut all, further) = ([0; LINE], src.ahead());
    let rest = folded(src, width, rows, |lines| {
        for line in lines {
            if ahead {
                fetch(line, further);
            }
            fold_line(&mut all, line);
        }
    });
    fold_bytes(rest, &all)
}

/// Has the first rows on their way into the first cache, as many as [`fetch`] is ahead of those that are read.
pub(super) fn begin(src: Rows<'_>, width: usize) {
    for row in (0..src.rows_ahead()).map_while(|row| src.row(row, width)) {
        row.chunks(64).for_each(|line| fetch(line, 0));
    }
}

/// Has the row after those on its way.
pub(super) fn follow(src: Rows<'_>, width: usize) {
    src.row(src.rows_ahead(), width).into_iter().flat_map(|row| row.chunks(64)).for_each(|line| fetch(line, 0));
}

/// Has the cache line `ahead` bytes after these on its way into the first cache. Source rows are read with pauses, over which
/// the memory is not read ahead by itself.
#[inline(always)]
#[allow(unsafe_code, reason = "there is no other prefetch yet")]
fn fetch(bytes: &[u8], ahead: usize) {
    let line = bytes.as_ptr().wrapping_add(ahead);
    // SAFETY: a prefetch reads nothing, wherever it points.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{line}]", line = in(reg) line, options(nostack, preserves_flags, readonly))
    }
}

/// Rows of at least 16 bytes into one, as `mix` says of the 16 columns from each place on. The last vector ends with the row:
/// nothing here reads what was written.
#[inline]
#[target_feature(enable = "neon")]
fn each(dst: &mut [u8], mix: impl Fn(usize) -> uint8x16_t) {
    let width = dst.len();
    for at in (0..width).step_by(16).map(|at| at.min(width.max(16) - 16)) {
        if let Some(dst) = dst.get_mut(at..).and_then(|dst| dst.first_chunk_mut()) {
            store(dst, mix(at));
        }
    }
}

/// Sixteen bytes from `at` on; zeros where they are not all there.
#[inline]
#[target_feature(enable = "neon")]
fn load_at(bytes: &[u8], at: usize) -> uint8x16_t {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(vdupq_n_u8(0), |bytes| load(bytes))
}

#[inline]
#[target_feature(enable = "neon")]
#[allow(unsafe_code, reason = "vector load")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: the array is 16 readable bytes; the load asks for no alignment.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
#[allow(unsafe_code, reason = "vector store")]
fn store(bytes: &mut [u8; 16], vector: uint8x16_t) {
    // SAFETY: the array is 16 writable bytes that nobody else holds; the store asks for no alignment.
    unsafe { vst1q_u8(bytes.as_mut_ptr(), vector) }
}

#[inline]
#[target_feature(enable = "neon")]
#[allow(unsafe_code, reason = "vector store")]
fn store8(bytes: &mut [u8; 8], vector: uint8x8_t) {
    // SAFETY: the array is 8 writable bytes that nobody else holds; the store asks for no alignment.
    unsafe { vst1_u8(bytes.as_mut_ptr(), vector) }
}
