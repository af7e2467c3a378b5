//! The kernels in 512-bit integer vectors. Formulas and rounding: see the scalar beside each. What is shorter than a vector
//! is left to the AVX2 kernels, which every processor with these has.

mod area;
mod blend;
mod linear;
mod thirds;

use std::arch::x86_64::*;

use super::avx2;
use super::fold::{LINE, fold_bytes, folded};
use super::rows::{Rows, RowsMut};
use super::taps::{AreaTaps, LinearTap, LinearTaps};

/// A plain function around one that needs AVX-512, so that all levels have the same type.
macro_rules! entry {
    ($(#[$doc:meta])* $name:ident = $($inner:ident)::+($($arg:ident: $kind:ty),*) $(-> $out:ty)?) => {
        $(#[$doc])*
        #[allow(unsafe_code, reason = "the call that the processor check stands for")]
        pub(super) fn $name($($arg: $kind),*) $(-> $out)? {
            // SAFETY: `Kernels::new` and `fold::fold` alone hand this out, where `Level::is_here` found AVX-512 F, BW, VL and VBMI.
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
    /// [`super::blend::blend_row`].
    blend_row = blend::blend(dst: &mut [u8], src: &[u8], alpha: &[u8])
}
entry! {
    /// [`super::blend::tint_row`].
    tint_row = blend::tint(dst: &mut [u8], value: u8, alpha: u8)
}
entry! {
    /// [`super::fold::Fold`].
    fold = lines(src: Rows<'_>, width: usize, rows: usize, ahead: bool) -> u8
}

#[target_feature(enable = "avx512f,avx512bw")]
fn lines(src: Rows<'_>, width: usize, rows: usize, ahead: bool) -> u8 {
    let (mut all, further) = (_mm512_setzero_si512(), src.ahead());
    let rest = folded(src, width, rows, |lines| {
        for line in lines {
            if ahead {
                avx2::fetch(line, further);
            }
            all = _mm512_xor_si512(all, load(line));
        }
    });
    let mut bytes = [0; LINE];
    store(&mut bytes, all);
    fold_bytes(rest, &bytes)
}

/// Rows of at least 64 bytes into one or two, as `mix` says of each 64 columns. The first and the last vector begin and end with
/// the row; those between begin with cache lines of the source, of which each is then read once, and by one instruction that
/// goes on evenly: a picture that comes from beyond the caches takes a third less. Nothing here reads what was written.
#[inline]
#[target_feature(enable = "avx512f")]
fn each<const OUT: usize, const ROWS: usize>(
    mut dst: [&mut [u8]; OUT],
    rows: [&[u8]; ROWS],
    ahead: usize,
    mix: impl Fn([__m512i; ROWS]) -> [__m512i; OUT],
) {
    let width = dst.iter().map(|dst| dst.len()).min().unwrap_or(0);
    let last = width.max(64) - 64;
    // No function: it would not be inlined three times over, and a call costs more than the work.
    macro_rules! step {
        ($at:expr, $ahead:expr) => {{
            let mut vectors = [_mm512_setzero_si512(); ROWS];
            for (vector, row) in vectors.iter_mut().zip(rows) {
                let Some(line) = row.get($at..).and_then(|row| row.first_chunk()) else { return };
                *vector = load(line);
                avx2::fetch(line, $ahead);
            }
            for (dst, mixed) in dst.iter_mut().zip(mix(vectors)) {
                if let Some(dst) = dst.get_mut($at..).and_then(|dst| dst.first_chunk_mut()) {
                    store(dst, mixed);
                }
            }
        }};
    }
    let skew = rows[0].as_ptr().addr().wrapping_neg() % 64;
    if skew > 0 {
        step!(0, ahead);
    }
    for at in (skew..last).step_by(64) {
        step!(at, ahead);
    }
    step!(last, ahead + 63);
}

/// Seven binary places rounded away: `(x·2⁸ + 2¹⁴) >> 15` is `(x + 64) >> 7`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn rounded(words: __m512i) -> __m512i {
    _mm512_mulhrs_epi16(words, _mm512_set1_epi16(1 << 8))
}

/// Sixty-four bytes of a row from `at` on, which must be inside it.
#[inline]
#[target_feature(enable = "avx512f")]
#[allow(unsafe_code, reason = "vector load")]
unsafe fn window(row: &[u8], at: usize) -> __m512i {
    debug_assert!(at + 64 <= row.len(), "windows lie inside the row");
    // SAFETY: the caller knows that 64 bytes from `at` on are inside the row; the load asks for no alignment.
    unsafe { _mm512_loadu_si512(row.as_ptr().wrapping_add(at).cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
#[allow(unsafe_code, reason = "vector load")]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the array is 64 readable bytes; the load asks for no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
#[allow(unsafe_code, reason = "vector store")]
fn store(bytes: &mut [u8; 64], vector: __m512i) {
    // SAFETY: the array is 64 writable bytes that nobody else holds; the store asks for no alignment.
    unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), vector) }
}

/// Stores at `at`, from where on 64 bytes must be there.
#[inline]
#[target_feature(enable = "avx512f")]
#[allow(unsafe_code, reason = "vector store")]
unsafe fn store_at(bytes: &mut [u8], at: usize, vector: __m512i) {
    debug_assert!(at + 64 <= bytes.len(), "groups lie inside the rows");
    // SAFETY: the caller knows that 64 bytes from `at` on are there; the store asks for no alignment.
    unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().wrapping_add(at).cast(), vector) }
}
