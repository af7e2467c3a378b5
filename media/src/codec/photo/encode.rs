//! Our pictures as PNG.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageError};

use crate::frame::{PictureRef, Size};

/// A picture of BT.601 limited range as a PNG file.
///
/// # Errors
/// When the encoder fails, which pictures of a real size give it no reason to.
pub fn png(picture: PictureRef<'_>) -> Result<Vec<u8>, ImageError> {
    let Size { width, height } = picture.size();
    let mut rgb = Vec::with_capacity(width * height * 3);
    for row in 0..height {
        let luma = &picture.y.data[row * picture.y.stride..][..width];
        let [u, v] = [picture.u, picture.v].map(|plane| &plane.data[row / 2 * plane.stride..]);
        for (x, &luma) in luma.iter().enumerate() {
            rgb.extend(rgb_of(luma, u[x / 2], v[x / 2]));
        }
    }
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let mut file = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Adaptive);
    encoder.write_image(&rgb, side(width), side(height), ExtendedColorType::Rgb8)?;
    Ok(file)
}

/// ITU-R BT.601-7 §2.5 turned round, in 65536ths, rounded.
fn rgb_of(y: u8, u: u8, v: u8) -> [u8; 3] {
    let (y, u, v) = (i32::from(y) - 16, i32::from(u) - 128, i32::from(v) - 128);
    let grey = 76_309 * y + 32_768;
    let channel = |sum: i32| u8::try_from((sum >> 16).clamp(0, 255)).unwrap_or(u8::MAX);
    [channel(grey + 104_597 * v), channel(grey - 25_675 * u - 53_279 * v), channel(grey + 132_201 * u)]
}
