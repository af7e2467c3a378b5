//! Blending; no step leaves sixteen bits.

use super::*;
use crate::kernel::blend as scalar;

#[target_feature(enable = "neon")]
pub(super) fn blend(dst: &mut [u8], src: &[u8], alpha: &[u8]) {
    let length = dst.len().min(src.len()).min(alpha.len());
    let (chunks, rest) = dst[..length].as_chunks_mut::<16>();
    let (src_chunks, src_rest) = src[..length].as_chunks::<16>();
    let (alpha_chunks, alpha_rest) = alpha[..length].as_chunks::<16>();
    for ((dst, src), alpha) in chunks.iter_mut().zip(src_chunks).zip(alpha_chunks) {
        let mixed = blend16(load(dst), load(src), load(alpha));
        store(dst, mixed);
    }
    scalar::blend_row(rest, src_rest, alpha_rest);
}

#[target_feature(enable = "neon")]
pub(super) fn tint(dst: &mut [u8], value: u8, alpha: u8) {
    let (chunks, rest) = dst.as_chunks_mut::<16>();
    for dst in chunks {
        let mixed = blend16(load(dst), vdupq_n_u8(value), vdupq_n_u8(alpha));
        store(dst, mixed);
    }
    scalar::tint_row(rest, value, alpha);
}

#[inline]
#[target_feature(enable = "neon")]
fn blend16(dst: uint8x16_t, src: uint8x16_t, alpha: uint8x16_t) -> uint8x16_t {
    let rest = vmvnq_u8(alpha);
    let low = vmull_u8(vget_low_u8(src), vget_low_u8(alpha));
    let low = vmlal_u8(low, vget_low_u8(dst), vget_low_u8(rest));
    let high = vmlal_high_u8(vmull_high_u8(src, alpha), dst, rest);
    vcombine_u8(by_255(low), by_255(high))
}

/// `(x + 128 + ((x + 128) >> 8)) >> 8`.
#[inline]
#[target_feature(enable = "neon")]
fn by_255(words: uint16x8_t) -> uint8x8_t {
    let x = vaddq_u16(words, vdupq_n_u16(128));
    vshrn_n_u16::<8>(vsraq_n_u16::<8>(x, x))
}
