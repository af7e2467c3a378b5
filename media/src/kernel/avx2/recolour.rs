//! Conversion of colours, sixteen words at a time.

use super::*;
use crate::kernel::recolour::{self, Recolour};

#[target_feature(enable = "avx2")]
pub(super) fn chroma(u: &mut [u8], v: &mut [u8], shift: &mut [i16], by: &Recolour) {
    let length = u.len().min(v.len()).min(shift.len());
    let (u_chunks, u_rest) = u[..length].as_chunks_mut::<16>();
    let (v_chunks, v_rest) = v[..length].as_chunks_mut::<16>();
    let (shifts, shift_rest) = shift[..length].as_chunks_mut::<16>();
    let factors = [by.shift, by.chroma[0], by.chroma[1]].map(|pair| pair.map(|factor| _mm256_set1_epi16(factor)));
    let middle = _mm256_set1_epi16(128 << 7);
    for ((u, v), shift) in u_chunks.iter_mut().zip(v_chunks).zip(shifts) {
        let (a, b) = (centred(u), centred(v));
        store_words(shift, mixed(a, b, factors[0]));
        store16(u, samples(_mm256_adds_epi16(mixed(a, b, factors[1]), middle)));
        store16(v, samples(_mm256_adds_epi16(mixed(a, b, factors[2]), middle)));
    }
    recolour::recolour_chroma(u_rest, v_rest, shift_rest, by);
}

#[target_feature(enable = "avx2")]
pub(super) fn luma(y: &mut [u8], shift: &[i16], by: &Recolour) {
    let length = y.len().min(shift.len() * 2);
    let (chunks, rest) = y[..length].as_chunks_mut::<32>();
    let shifts = shift.as_chunks::<16>().0;
    let (factor, offset) = (_mm256_set1_epi16(by.luma), _mm256_set1_epi16(by.offset));
    let whole = chunks.len();
    for (y, shift) in chunks.iter_mut().zip(shifts) {
        let shift = load_words(shift);
        // Each word twice: the halves of a vector are doubled apart, so they are first brought into place.
        let apart = _mm256_permute4x64_epi64::<0b11_01_10_00>(shift);
        let doubled = [_mm256_unpacklo_epi16(apart, apart), _mm256_unpackhi_epi16(apart, apart)];
        for (half, shift) in y.as_chunks_mut::<16>().0.iter_mut().zip(doubled) {
            let words = _mm256_slli_epi16::<7>(_mm256_cvtepu8_epi16(load16(half)));
            let scaled = _mm256_adds_epi16(_mm256_mulhrs_epi16(words, factor), offset);
            store16(half, samples(_mm256_adds_epi16(scaled, shift)));
        }
    }
    recolour::recolour_luma(rest, &shift[whole * 16..], by);
}

#[inline]
#[target_feature(enable = "avx2")]
fn centred(samples: &[u8; 16]) -> __m256i {
    let words = _mm256_cvtepu8_epi16(load16(samples));
    _mm256_slli_epi16::<7>(_mm256_sub_epi16(words, _mm256_set1_epi16(128)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn mixed(a: __m256i, b: __m256i, [p, q]: [__m256i; 2]) -> __m256i {
    _mm256_adds_epi16(_mm256_mulhrs_epi16(a, p), _mm256_mulhrs_epi16(b, q))
}

/// Seven binary places rounded away, kept in a byte.
#[inline]
#[target_feature(enable = "avx2")]
fn samples(words: __m256i) -> __m128i {
    let words = _mm256_srai_epi16::<7>(_mm256_adds_epi16(words, _mm256_set1_epi16(64)));
    let bytes = _mm256_permute4x64_epi64::<0b1000>(_mm256_packus_epi16(words, words));
    _mm256_castsi256_si128(bytes)
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector load")]
fn load_words(words: &[i16; 16]) -> __m256i {
    // SAFETY: the array is 32 readable bytes; the load asks for no alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code, reason = "vector store")]
fn store_words(words: &mut [i16; 16], vector: __m256i) {
    // SAFETY: the array is 32 writable bytes that nobody else holds; the store asks for no alignment.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) }
}
