//! A picture of any size and kind becomes a small one of given proportions.

use image::metadata::Orientation;
use image::{DynamicImage, GenericImageView, Rgb, RgbImage};

use crate::frame::{I420, Size};
use crate::mix::Rgb as Colour;

/// The middle of `whole`, at most as large as `size`, each pixel the mean of those that it stands for: of a very large picture of
/// [`LOOKS`] in a row and as many rows of them.
pub(super) fn of(whole: &DynamicImage, turned: Orientation, size: Size) -> I420 {
    // What is turned on its side becomes that large before.
    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let to = if on_its_side(turned) { [size.height, size.width] } else { [size.width, size.height] }.map(side);
    let small = if let Some(pixels) = whole.as_rgb8() {
        shrunk(pixels, to, |pixel| pixel.0)
    } else if let Some(pixels) = whole.as_rgba8() {
        shrunk(pixels, to, |pixel| over_white(pixel.0))
    } else {
        // Grey, or sixteen bits a channel: rare, so that asking again for each pixel what they are does not matter.
        shrunk(whole, to, |pixel| over_white(pixel.0))
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

const fn on_its_side(turned: Orientation) -> bool {
    match turned {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            true
        }
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => false,
    }
}

fn shrunk<View: GenericImageView>(whole: &View, wanted: [u32; 2], rgb: impl Fn(View::Pixel) -> [u8; 3]) -> RgbImage {
    let (width, height) = whole.dimensions();
    let from = largest([width, height], wanted);
    let (left, top) = ((width - from[0]) / 2, (height - from[1]) / 2);
    // Even, and not larger than what there is, which is scaled up by better means.
    let to = [0, 1].map(|axis| wanted[axis].min(from[axis].next_multiple_of(2)));
    let span = |axis: usize, i: u32| {
        let (from, to) = (from[axis], to[axis]);
        let edge = |i: u32| u64::from(i) * u64::from(from) / u64::from(to.max(1));
        let begin = u32::try_from(edge(i)).unwrap_or(u32::MAX).min(from - 1);
        let end = u32::try_from(edge(i + 1)).unwrap_or(u32::MAX).clamp(begin + 1, from);
        begin..end
    };
    let step = |axis: usize| usize::try_from((from[axis] / to[axis].max(1)).div_ceil(LOOKS).max(1)).unwrap_or(1);
    let steps = [step(0), step(1)];
    RgbImage::from_fn(to[0], to[1], |x, y| {
        let (mut sum, mut count) = ([0_u32; 3], 0_u32);
        for row in span(1, y).step_by(steps[1]) {
            for column in span(0, x).step_by(steps[0]) {
                let pixel = rgb(whole.get_pixel(left + column, top + row));
                sum.iter_mut().zip(pixel).for_each(|(sum, channel)| *sum += u32::from(channel));
                count += 1;
            }
        }
        Rgb(sum.map(|sum| u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX)))
    })
}

/// The largest rectangle of the proportions `to` in one that is `from`; both are width and height.
fn largest(from: [u32; 2], to: [u32; 2]) -> [u32; 2] {
    let [from_w, from_h, to_w, to_h] = [from[0], from[1], to[0], to[1]].map(u64::from);
    let side = |pixels: u64| u32::try_from(pixels).unwrap_or(u32::MAX).max(1);
    // Which side bounds it: from_w / to_w against from_h / to_h.
    if from_w * to_h <= from_h * to_w {
        [from[0], side((from_w * to_h / to_w.max(1)).min(from_h))]
    } else {
        [side((from_h * to_w / to_h.max(1)).min(from_w)), from[1]]
    }
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
