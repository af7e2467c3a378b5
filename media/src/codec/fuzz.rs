//! What the fuzzers call, and the test that replays their findings; as [`crate::jitter::fuzz`], for the decoder.

use super::openh264::Decoder;
use super::{SIDE_MAX, SIDE_MIN, VideoDecoder};
use crate::frame::{PictureRef, PlaneRef};

/// Access units of one host, each behind its length in two bytes. Whatever they are, a picture is in bounds and its
/// memory can be read to the end, right after its unit and as the last one.
pub fn decoder(data: &[u8]) {
    let (mut decoder, mut rest) = (Decoder::new(), data);
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (unit, after) = after.split_at(usize::from(u16::from_be_bytes(*length)).min(after.len()));
        rest = after;
        let sum = match decoder.decode(unit) {
            Ok(Some(picture)) => Some(check_picture(picture)),
            Ok(None) | Err(_) => None,
        };
        assert_eq!(decoder.last().map(check_picture), sum, "the last picture is that of the last unit");
    }
}

/// Reads all samples; their sum.
fn check_picture(picture: PictureRef<'_>) -> u64 {
    let (sides, size) = (SIDE_MIN..=SIDE_MAX, picture.size());
    assert!(sides.contains(&size.width) && sides.contains(&size.height), "{size:?}");
    let row_sum = |row: &[u8]| row.iter().map(|&sample| u64::from(sample)).sum::<u64>();
    let sum = |plane: PlaneRef<'_>| -> u64 {
        (0..plane.height).map(|row| row_sum(&plane.data[row * plane.stride..][..plane.width])).sum()
    };
    sum(picture.y) + sum(picture.u) + sum(picture.v)
}
