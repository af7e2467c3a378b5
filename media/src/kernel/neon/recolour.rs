//! Conversion of colours, eight words at a time.

use super::*;
use crate::kernel::recolour;

#[target_feature(enable = "neon")]
pub(super) fn chroma(u: &mut [u8], v: &mut [u8], shift: &mut [i16], by: &Recolour) {
    let length = u.len().min(v.len()).min(shift.len());
    let (u_chunks, u_rest) = u[..length].as_chunks_mut::<8>();
    let (v_chunks, v_rest) = v[..length].as_chunks_mut::<8>();
    let (shifts, shift_rest) = shift[..length].as_chunks_mut::<8>();
    let middle = vdupq_n_s16(128 << 7);
    for ((u, v), shift) in u_chunks.iter_mut().zip(v_chunks).zip(shifts) {
        let (a, b) = (centred(u), centred(v));
        store_words(shift, mixed(a, b, by.shift));
        store8(u, samples(vqaddq_s16(mixed(a, b, by.chroma[0]), middle)));
        store8(v, samples(vqaddq_s16(mixed(a, b, by.chroma[1]), middle)));
    }
    recolour::recolour_chroma(u_rest, v_rest, shift_rest, by);
}

#[target_feature(enable = "neon")]
pub(super) fn luma(y: &mut [u8], shift: &[i16], by: &Recolour) {
    let length = y.len().min(shift.len() * 2);
    let (chunks, rest) = y[..length].as_chunks_mut::<16>();
    let shifts = shift.as_chunks::<8>().0;
    let (factor, offset) = (vdupq_n_s16(by.luma), vdupq_n_s16(by.offset));
    let whole = chunks.len();
    for (y, shift) in chunks.iter_mut().zip(shifts) {
        let (bytes, shift) = (load(y), load_words(shift));
        let half = |bytes: uint8x8_t, shift: int16x8_t| {
            let words = vreinterpretq_s16_u16(vshll_n_u8::<7>(bytes));
            samples(vqaddq_s16(vqaddq_s16(vqrdmulhq_s16(words, factor), offset), shift))
        };
        let low = half(vget_low_u8(bytes), vzip1q_s16(shift, shift));
        let high = half(vget_high_u8(bytes), vzip2q_s16(shift, shift));
        store(y, vcombine_u8(low, high));
    }
    recolour::recolour_luma(rest, &shift[whole * 8..], by);
}

/// Differences with seven binary places.
#[inline]
#[target_feature(enable = "neon")]
fn centred(samples: &[u8; 8]) -> int16x8_t {
    let words = vreinterpretq_s16_u16(vshll_n_u8::<7>(vcreate_u8(u64::from_le_bytes(*samples))));
    vsubq_s16(words, vdupq_n_s16(128 << 7))
}

#[inline]
#[target_feature(enable = "neon")]
fn mixed(a: int16x8_t, b: int16x8_t, [p, q]: [i16; 2]) -> int16x8_t {
    vqaddq_s16(vqrdmulhq_n_s16(a, p), vqrdmulhq_n_s16(b, q))
}

/// Seven binary places rounded away, kept in a byte.
#[inline]
#[target_feature(enable = "neon")]
fn samples(words: int16x8_t) -> uint8x8_t {
    vqmovun_s16(vshrq_n_s16::<7>(vqaddq_s16(words, vdupq_n_s16(64))))
}

#[inline]
#[target_feature(enable = "neon")]
#[allow(unsafe_code, reason = "vector load")]
fn load_words(words: &[i16; 8]) -> int16x8_t {
    // SAFETY: the array is 16 readable bytes; the load asks for no alignment.
    unsafe { vld1q_s16(words.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
#[allow(unsafe_code, reason = "vector store")]
fn store_words(words: &mut [i16; 8], vector: int16x8_t) {
    // SAFETY: the array is 16 writable bytes that nobody else holds; the store asks for no alignment.
    unsafe { vst1q_s16(words.as_mut_ptr(), vector) }
}
