//! The kernels in 256-bit integer vectors. Formulas and rounding: see the scalar beside each.

mod area;
mod blend;
mod linear;
mod quarter;
mod recolour;
mod thirds;

use std::arch::x86_64::*;

use super::fold::{LINE, fold_bytes, folded};
use super::recolour::Recolour;
use super::rows::{Rows, RowsMut};
use super::taps::{AreaRun, AreaTaps, LinearTap, LinearTaps};

/// A plain function around one that needs AVX2, so that all levels have the same type.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident = $($inner:ident)::+($($arg:ident: $kind:ty),*) $(-> $out:ty)?) => {
        $(#[$doc])*
        #[allow(unsafe_code, reason = "the call that the processor check stands for")]
        pub(super) fn $name($($arg: $kind),*) $(-> $out)? {
            // SAFETY: `Kernels::new` and `fold::fold` alone hand this out, where `Level::is_here` found AVX2.
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
entry! {
    /// [`super::fold::Fold`].
    fold = lines(src: Rows<'_>, width: usize, rows: usize, ahead: bool) -> u8
}

#[target_feature(enable = "avx2")]
fn lines(src: Rows<'_>, width: usize, rows: usize, ahead: bool) -> u8 {
    let (mut all, further) = ([_mm256_setzero_si256(); 2], src.ahead());
    let rest = folded(src, width, rows, |lines| {
        for line in lines {
            if ahead {
                fetch(line, further);
            }
            for (all, half) in all.iter_mut().zip(line.as_chunks().0) {
                *all = _mm256_xor_si256(*all, load32(half));
            }
        }
    });
    let mut bytes = [0; LINE / 2];
    store32(&mut bytes, _mm256_xor_si256(all[0], all[1]));
    fold_bytes(rest, &bytes)
}

/// Has the first rows on their way into the first cache, as many as [`fetch`] is ahead of those that are read.
pub(super) fn begin(src: Rows<'_>, width: usize) {
    for row in (0..src.rows_ahead()).map_while(|row| src.row(row, width)) {
        row.as_chunks().0.iter().for_each(|line| fetch(line, 0));
    }
}

/// Has the row after those on its way.
pub(super) fn follow(src: Rows<'_>, width: usize) {
    src.row(src.rows_ahead(), width).into_iter().flat_map(|row| row.chunks(64)).for_each(|line| fetch_at(line, 0));
}

/// Has the cache line `ahead` bytes after these on its way into the first cache. Source rows are read with pauses, over which
/// the memory is not read ahead by itself.
#[inline(always)]
pub(super) fn fetch(bytes: &[u8; 64], ahead: usize) {
    fetch_at(bytes, ahead);
}

/// The same, of the line in which the byte `at` lies, inside these bytes or beyond.
#[inline(always)]
#[allow(unsafe_code, reason = "a prefetch takes a pointer")]
pub(super) fn fetch_at(bytes: &[u8], at: usize) {
    // SAFETY: a prefetch reads nothing, wherever it points; SSE, which it takes, is part of x86-64.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(bytes.as_ptr().wrapping_add(at).cast()) }
}

/// Rows of at least 32 bytes into one or two, as `mix` says of each 32 columns: whole cache lines of the source between the first
/// 64 columns and the last. The last vector ends with the row: nothing here reads what was written.
#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector loads and stores")]
fn each<const OUT: usize, const ROWS: usize>(
    mut dst: [&mut [u8]; OUT],
    rows: [&[u8]; ROWS],
    ahead: usize,
    mix: impl Fn([__m256i; ROWS]) -> [__m256i; OUT],
) {
    let lengths = dst.iter().map(|dst| dst.len()).chain(rows.iter().map(|row| row.len()));
    let width = lengths.min().unwrap_or(0);
    let (step, apart) = order_ahead(rows, width);
    // No functions: they would not be inlined so many times over, and a call costs more than the work.
    macro_rules! columns {
        ($at:expr) => {{
            let mut vectors = [_mm256_setzero_si256(); ROWS];
            for (vector, row) in vectors.iter_mut().zip(rows) {
                // SAFETY: whoever names columns below has seen that 32 from there on are inside the shortest row.
                *vector = unsafe { load_at(row, $at) };
            }
            for (dst, mixed) in dst.iter_mut().zip(mix(vectors)) {
                // SAFETY: the same.
                unsafe { store_at(dst, $at, mixed) };
            }
        }};
    }
    macro_rules! line {
        ($at:expr, $ahead:expr) => {
            (0..ROWS).for_each(|row| fetch_at(rows[0], step * $at + row * apart + $ahead));
            columns!($at);
            columns!($at + 32);
        };
    }
    if let Some(last) = width.checked_sub(64) {
        let skew = rows[0].as_ptr().addr().wrapping_neg() % 64;
        if skew > 0 {
            line!(0, ahead);
        }
        for at in (skew..last).step_by(64) {
            line!(at, ahead);
        }
        line!(last, ahead + 63);
    } else if let Some(last) = width.checked_sub(32) {
        columns!(0);
        columns!(last);
    }
}

/// In which order lines of some rows are asked for, ahead of when they are read: how much further each next one of a row is, and how
/// far apart those of the rows. Where rows follow each other they are one stretch of memory, which answers sooner to who goes through it
/// from end to end than to who goes along several rows at once.
#[inline]
pub(super) fn order_ahead<const ROWS: usize>(rows: [&[u8]; ROWS], width: usize) -> (usize, usize) {
    let Some(second) = rows.get(1) else { return (1, 0) };
    let stride = second.as_ptr().addr().wrapping_sub(rows[0].as_ptr().addr());
    if stride < width + 64 { (ROWS, 64) } else { (1, stride) }
}

/// Seven binary places rounded away: `(x·2⁸ + 2¹⁴) >> 15` is `(x + 64) >> 7`.
#[inline]
#[target_feature(enable = "avx2")]
fn rounded(words: __m256i) -> __m256i {
    _mm256_mulhrs_epi16(words, _mm256_set1_epi16(1 << 8))
}

/// Sixteen bytes of a row from `low` on and sixteen from `high` on, both of which must be inside it.
#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector load")]
unsafe fn windows(row: &[u8], low: usize, high: usize) -> __m256i {
    debug_assert!(low + 16 <= row.len() && high + 16 <= row.len(), "windows lie inside the row");
    // SAFETY: the caller knows that sixteen bytes from `low` on are inside the row.
    let low = unsafe { _mm_loadu_si128(row.as_ptr().wrapping_add(low).cast()) };
    // SAFETY: the same of `high`.
    let high = unsafe { _mm_loadu_si128(row.as_ptr().wrapping_add(high).cast()) };
    _mm256_set_m128i(high, low)
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector load")]
fn load16(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: the array is 16 readable bytes; the load asks for no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector load")]
fn load32(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the array is 32 readable bytes; the load asks for no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector store")]
fn store16(bytes: &mut [u8; 16], vector: __m128i) {
    // SAFETY: the array is 16 writable bytes that nobody else holds; the store asks for no alignment.
    unsafe { _mm_storeu_si128(bytes.as_mut_ptr().cast(), vector) }
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector store")]
fn store32(bytes: &mut [u8; 32], vector: __m256i) {
    // SAFETY: the array is 32 writable bytes that nobody else holds; the store asks for no alignment.
    unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().cast(), vector) }
}

/// Thirty-two bytes from `at` on, which must be there.
#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector load")]
unsafe fn load_at(bytes: &[u8], at: usize) -> __m256i {
    debug_assert!(at + 32 <= bytes.len(), "columns lie inside the rows");
    // SAFETY: the caller knows that 32 bytes from `at` on are there; the load asks for no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().wrapping_add(at).cast()) }
}

/// Stores at `at`, from where on 32 bytes must be there.
#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector store")]
unsafe fn store_at(bytes: &mut [u8], at: usize, vector: __m256i) {
    debug_assert!(at + 32 <= bytes.len(), "groups lie inside the rows");
    // SAFETY: the caller knows that 32 bytes from `at` on are there; the store asks for no alignment.
    unsafe { _mm256_storeu_si256(bytes.as_mut_ptr().wrapping_add(at).cast(), vector) }
}
