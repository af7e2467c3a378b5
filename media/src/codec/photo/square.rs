//! A picture of any size and kind becomes a small square.

use image::metadata::Orientation;
use image::{DynamicImage, GenericImageView, Rgb, RgbImage};

use crate::frame::{I420, Size};
use crate::mix::Rgb as Colour;

/// The middle of `whole`, at most `side` pixels wide, each the mean of those that it stands for: of a very large picture of
/// [`LOOKS`] in a row and as many rows of them.
pub(super) fn of(whole: &DynamicImage, turned: Orientation, side: usize) -> I420 {
    let small = if let Some(pixels) = whole.as_rgb8() {
        shrunk(pixels, side, |pixel| pixel.0)
    } else if let Some(pixels) = whole.as_rgba8() {
        shrunk(pixels, side, |pixel| over_white(pixel.0))
    } else {
        // Grey, or sixteen bits a channel: rare, so that asking again for each pixel what they are does not matter.
        shrunk(whole, side, |pixel| over_white(pixel.0))
    };
    let mut small = DynamicImage::ImageRgb8(small);
    small.apply_orientation(turned);
    i420(&small.to_rgb8())
}

/// Pixels that are looked at, of a row that becomes one: more is not seen, and takes longer than the decoding.
const LOOKS: u32 = 5;

/// What is not opaque lies on white, as pages show it.
fn over_white([red, green, blue, alpha]: [u8; 4]) -> [u8; 3] {
    let mixed = |channel: u8| {
        let (channel, alpha) = (u16::from(channel), u16::from(alpha));
        let sum = (channel * alpha + 255 * (255 - alpha) + 127) / 255;
        u8::try_from(sum).unwrap_or(u8::MAX)
    };
    [red, green, blue].map(mixed)
}

fn shrunk<View: GenericImageView>(whole: &View, side: usize, rgb: impl Fn(View::Pixel) -> [u8; 3]) -> RgbImage {
    let (width, height) = whole.dimensions();
    let from = width.min(height);
    let (left, top) = ((width - from) / 2, (height - from) / 2);
    // Even, and not larger than what there is, which is scaled up by better means.
    let to = u32::try_from(side).unwrap_or(u32::MAX).min(from.next_multiple_of(2));
    let span = |i: u32| {
        let edge = |i: u32| u64::from(i) * u64::from(from) / u64::from(to.max(1));
        let begin = u32::try_from(edge(i)).unwrap_or(u32::MAX).min(from - 1);
        let end = u32::try_from(edge(i + 1)).unwrap_or(u32::MAX).clamp(begin + 1, from);
        begin..end
    };
    RgbImage::from_fn(to, to, |x, y| {
        let (mut sum, mut count) = ([0_u32; 3], 0_u32);
        let step = usize::try_from((from / to.max(1)).div_ceil(LOOKS).max(1)).unwrap_or(1);
        for row in span(y).step_by(step) {
            for column in span(x).step_by(step) {
                let pixel = rgb(whole.get_pixel(left + column, top + row));
                sum.iter_mut().zip(pixel).for_each(|(sum, channel)| *sum += u32::from(channel));
                count += 1;
            }
        }
        Rgb(sum.map(|sum| u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX)))
    })
}

/// BT.601 limited range; the colour differences are those of the mean of four pixels.
fn i420(pixels: &RgbImage) -> I420 {
    let (width, height) = pixels.dimensions();
    let size = Size { width: width as usize, height: height as usize };
    let mut picture = I420::black(size);
    let [y, u, v] = picture.planes_mut();
    let colour = |[red, green, blue]: [u8; 3]| Colour(u32::from_be_bytes([0, red, green, blue])).yuv().0;
    for (luma, pixel) in y.iter_mut().zip(pixels.pixels()) {
        *luma = colour(pixel.0)[0];
    }
    for (i, (u, v)) in u.iter_mut().zip(v).enumerate() {
        let columns = (size.width / 2).max(1);
        let (x, y) = (2 * (i % columns), 2 * (i / columns));
        let mean = |channel: usize| {
            let four = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)];
            let sum: u16 =
                four.map(|(x, y)| u16::from(pixels.as_raw()[(y * size.width + x) * 3 + channel])).iter().sum();
            u8::try_from((sum + 2) / 4).unwrap_or(u8::MAX)
        };
        [_, *u, *v] = colour([mean(0), mean(1), mean(2)]);
    }
    picture
}
