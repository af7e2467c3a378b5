//! Blending; no step leaves sixteen bits without a sign.

use super::*;
use crate::kernel::blend as scalar;

#[target_feature(enable = "avx2")]
pub(super) fn blend(dst: &mut [u8], src: &[u8], alpha: &[u8]) {
    let length = dst.len().min(src.len()).min(alpha.len());
    let (chunks, rest) = dst[..length].as_chunks_mut::<32>();
    let (src_chunks, src_rest) = src[..length].as_chunks::<32>();
    let (alpha_chunks, alpha_rest) = alpha[..length].as_chunks::<32>();
    for ((dst, src), alpha) in chunks.iter_mut().zip(src_chunks).zip(alpha_chunks) {
        let mixed = blend32(load32(dst), load32(src), load32(alpha));
        store32(dst, mixed);
    }
    scalar::blend_row(rest, src_rest, alpha_rest);
}

#[target_feature(enable = "avx2")]
pub(super) fn tint(dst: &mut [u8], value: u8, alpha: u8) {
    let (src, alphas) = (_mm256_set1_epi8(value.cast_signed()), _mm256_set1_epi8(alpha.cast_signed()));
    let (chunks, rest) = dst.as_chunks_mut::<32>();
    for dst in chunks {
        let mixed = blend32(load32(dst), src, alphas);
        store32(dst, mixed);
    }
    scalar::tint_row(rest, value, alpha);
}

#[inline]
#[target_feature(enable = "avx2")]
fn blend32(dst: __m256i, src: __m256i, alpha: __m256i) -> __m256i {
    let zero = _mm256_setzero_si256();
    let low = |bytes: __m256i| _mm256_unpacklo_epi8(bytes, zero);
    let high = |bytes: __m256i| _mm256_unpackhi_epi8(bytes, zero);
    _mm256_packus_epi16(blend16(low(dst), low(src), low(alpha)), blend16(high(dst), high(src), high(alpha)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn blend16(dst: __m256i, src: __m256i, alpha: __m256i) -> __m256i {
    let rest = _mm256_sub_epi16(_mm256_set1_epi16(255), alpha);
    let sum = _mm256_add_epi16(_mm256_mullo_epi16(src, alpha), _mm256_mullo_epi16(dst, rest));
    let x = _mm256_add_epi16(sum, _mm256_set1_epi16(128));
    _mm256_srli_epi16::<8>(_mm256_add_epi16(x, _mm256_srli_epi16::<8>(x)))
}
