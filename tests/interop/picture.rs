//! What a viewer's page shows, pixel by pixel.

use std::cell::Cell;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::chromium::Page;

/// How far two conversions, two encodings and a scaling may take a colour, as a distance in RGB; 2 were seen. The other
/// range alone would be 14 to 17 away, the other matrix 22 to 27.
const COLOUR_TOLERANCE: f64 = 6.0;

/// A colour, 0 to 255 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) u8, pub(crate) u8, pub(crate) u8);

/// A rectangle of the mixed picture, in its pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
}

impl Rgb {
    fn channels(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(f64::from)
    }

    /// Euclidean distance in RGB.
    pub(crate) fn distance(self, other: Self) -> f64 {
        let square = |(a, b): (f64, f64)| (a - b) * (a - b);
        self.channels().into_iter().zip(other.channels()).map(square).sum::<f64>().sqrt()
    }

    /// Is it that colour, as well as video keeps it?
    pub(crate) fn is_near(self, wanted: Self) -> bool {
        self.distance(wanted) <= COLOUR_TOLERANCE
    }

    /// `hsl(hue saturation lightness)` of CSS: degrees, and shares of 1 (CSS Color 4, §7.1).
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 255, rounded")]
    pub(crate) fn of_hsl(hue: f64, saturation: f64, lightness: f64) -> Self {
        let channel = |n: f64| {
            let k = (n + hue / 30.0).rem_euclid(12.0);
            let value =
                lightness - saturation * lightness.min(1.0 - lightness) * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
            (value * 255.0).round() as u8
        };
        Self(channel(0.0), channel(8.0), channel(4.0))
    }
}

/// The mean colour of some pixels.
pub(crate) fn mean(pixels: &[Rgb]) -> Rgb {
    let count = pixels.len().max(1);
    let channel = |of: fn(&Rgb) -> u8| {
        let sum: usize = pixels.iter().map(|pixel| usize::from(of(pixel))).sum();
        u8::try_from(sum / count).expect("a mean of bytes is a byte")
    };
    Rgb(channel(|p| p.0), channel(|p| p.1), channel(|p| p.2))
}

/// Reads pixels of the `<video>` of a page.
pub(crate) struct Viewer<'a> {
    page: &'a Page<'a>,
    reads: Cell<u32>,
}

impl<'a> Viewer<'a> {
    pub(crate) fn new(page: &'a Page<'a>) -> Self {
        Self { page, reads: Cell::new(0) }
    }

    /// The pixels of one spot in the next frame that arrives, row by row; after a second without one, in the last.
    pub(crate) fn read(&self, spot: Spot) -> Vec<Rgb> {
        self.reads.set(self.reads.get() + 1);
        let Spot { x, y, width, height } = spot;
        let values = self.page.evaluate(&format!(
            "(async () => {{
                const video = document.querySelector('#video');
                await Promise.race([
                    new Promise((next) => video.requestVideoFrameCallback(next)),
                    new Promise((late) => setTimeout(late, 1000)),
                ]);
                const canvas = new OffscreenCanvas({width}, {height});
                const pen = canvas.getContext('2d', {{ willReadFrequently: true }});
                pen.drawImage(video, {x}, {y}, {width}, {height}, 0, 0, {width}, {height});
                return Array.from(pen.getImageData(0, 0, {width}, {height}).data);
            }})()"
        ));
        let channel =
            |value: &Value| u8::try_from(value.as_u64().expect("a channel is a number")).expect("of one byte");
        let values = values.as_array().expect("pixels come as an array");
        values.chunks(4).map(|rgba| Rgb(channel(&rgba[0]), channel(&rgba[1]), channel(&rgba[2]))).collect()
    }

    /// Looks at frame after frame until `look` is satisfied; its last complaint is in the panic.
    pub(crate) fn wait_until(&self, what: &str, patience: Duration, look: impl Fn() -> Result<(), String>) {
        let end = Instant::now() + patience;
        let mut seen = 0_u32;
        loop {
            let Err(complaint) = look() else { return };
            seen += 1;
            assert!(Instant::now() < end, "{what}: not in {seen} looks of {patience:?}; last: {complaint}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn css_colours_are_what_css_says() {
        let table = [
            ((0.0, 1.0, 0.5), Rgb(255, 0, 0)),
            ((120.0, 1.0, 0.25), Rgb(0, 128, 0)),
            ((285.0, 0.65, 0.42), Rgb(142, 37, 177)),
            ((240.0, 0.0, 0.5), Rgb(128, 128, 128)),
        ];
        for ((hue, saturation, lightness), rgb) in table {
            assert_eq!(Rgb::of_hsl(hue, saturation, lightness), rgb);
        }
        assert!(Rgb(142, 37, 177).is_near(Rgb(144, 35, 173)) && !Rgb(142, 37, 177).is_near(Rgb(145, 25, 185)));
    }
}
