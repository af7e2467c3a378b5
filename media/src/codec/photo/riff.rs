//! How large the frames of a WebP say that they are, before any is decoded.

/// Width and height of each lossy frame (chunk `VP8 `) of a still picture, pixels. Its decoder finds out that a frame is
/// larger than the canvas around it when it has decoded all of it; of a lossless one before.
pub(super) fn lossy_frames(file: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    // RFC 9649 §2.3, §2.4: RIFF, its size and WEBP, then chunks.
    let mut rest = file.get(12..).unwrap_or_default();
    // Each turn takes at least the eight bytes of a chunk's head away.
    let mut chunk = move || {
        let (kind, after) = rest.split_first_chunk::<4>()?;
        let (size, after) = after.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_le_bytes(*size)).unwrap_or(usize::MAX);
        let data = after.get(..size).unwrap_or(after);
        // Of an odd size is one more, which belongs to nobody (RFC 9649 §2.3).
        rest = after.get(size.saturating_add(size & 1)..).unwrap_or_default();
        Some((*kind, data))
    };
    std::iter::from_fn(move || chunk()).filter(|(kind, _)| kind == b"VP8 ").filter_map(|(_, data)| frame_size(data))
}

/// RFC 6386 §9.1: three bytes, three of a start code, then 14 bits of each side below two of how it is shown.
fn frame_size(data: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| Some(u32::from(u16::from_le_bytes([*data.get(at)?, *data.get(at + 1)?]) & 0x3FFF));
    Some((side(6)?, side(8)?))
}
