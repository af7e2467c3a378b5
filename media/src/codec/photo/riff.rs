//! What the chunks of a WebP say, before any is decoded.

/// Width and height of each lossy frame (chunk `VP8 `) of a still picture, pixels. Its decoder finds out that a frame is
/// larger than the canvas around it when it has decoded all of it; of a lossless one before.
pub(super) fn lossy_frames(file: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    chunks(file).filter(|(kind, _)| kind == b"VP8 ").filter_map(|(_, data)| frame_size(data))
}

/// Bytes of each part that is coded without loss: a picture, or the alpha of one.
pub(super) fn lossless_parts(file: &[u8]) -> impl Iterator<Item = usize> {
    chunks(file).filter(|(kind, _)| kind == b"VP8L" || kind == b"ALPH").map(|(_, data)| data.len())
}

/// RFC 9649 §2.3, §2.4: RIFF, its size and WEBP, then chunks: what each is, and its data.
fn chunks(file: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = file.get(12..).unwrap_or_default();
    // Each turn takes at least the eight bytes of a chunk's head away.
    std::iter::from_fn(move || {
        let (kind, after) = rest.split_first_chunk::<4>()?;
        let (size, after) = after.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_le_bytes(*size)).unwrap_or(usize::MAX);
        // Of an odd size is one byte more, which belongs to nobody.
        rest = after.get(size.saturating_add(size & 1)..).unwrap_or_default();
        Some((*kind, after.get(..size).unwrap_or(after)))
    })
}

/// RFC 6386 §9.1: three bytes, three of a start code, then 14 bits of each side below two of how it is shown.
fn frame_size(data: &[u8]) -> Option<(u32, u32)> {
    let side = |at: usize| Some(u32::from(u16::from_le_bytes([*data.get(at)?, *data.get(at + 1)?]) & 0x3FFF));
    Some((side(6)?, side(8)?))
}
