//! Blending; no step leaves sixteen bits without a sign.

use super::*;

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn blend(dst: &mut [u8], src: &[u8], alpha: &[u8]) {
    let length = dst.len().min(src.len()).min(alpha.len());
    let (chunks, rest) = dst[..length].as_chunks_mut::<64>();
    let (src_chunks, src_rest) = src[..length].as_chunks::<64>();
    let (alpha_chunks, alpha_rest) = alpha[..length].as_chunks::<64>();
    for ((dst, src), alpha) in chunks.iter_mut().zip(src_chunks).zip(alpha_chunks) {
        let mixed = blend64(load(dst), load(src), load(alpha));
        store(dst, mixed);
    }
    avx2::blend_row(rest, src_rest, alpha_rest);
}

#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn tint(dst: &mut [u8], value: u8, alpha: u8) {
    let (src, alphas) = (_mm512_set1_epi8(value.cast_signed()), _mm512_set1_epi8(alpha.cast_signed()));
    let (chunks, rest) = dst.as_chunks_mut::<64>();
    for dst in chunks {
        let mixed = blend64(load(dst), src, alphas);
        store(dst, mixed);
    }
    avx2::tint_row(rest, value, alpha);
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn blend64(dst: __m512i, src: __m512i, alpha: __m512i) -> __m512i {
    let zero = _mm512_setzero_si512();
    let low = |bytes: __m512i| _mm512_unpacklo_epi8(bytes, zero);
    let high = |bytes: __m512i| _mm512_unpackhi_epi8(bytes, zero);
    _mm512_packus_epi16(blend_words(low(dst), low(src), low(alpha)), blend_words(high(dst), high(src), high(alpha)))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn blend_words(dst: __m512i, src: __m512i, alpha: __m512i) -> __m512i {
    let rest = _mm512_sub_epi16(_mm512_set1_epi16(255), alpha);
    let sum = _mm512_add_epi16(_mm512_mullo_epi16(src, alpha), _mm512_mullo_epi16(dst, rest));
    let x = _mm512_add_epi16(sum, _mm512_set1_epi16(128));
    _mm512_srli_epi16::<8>(_mm512_add_epi16(x, _mm512_srli_epi16::<8>(x)))
}
